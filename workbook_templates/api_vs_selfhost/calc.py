"""From tokens to an API's bill and to the cost of one's own service, and to the volume at which they are equal."""

from workbook_templates import shared
from workbook_templates import units as u
from workbook_templates.api_vs_selfhost.inputs import CHIPS, MODELS, TIERS
from workbook_templates.spec import WORD, Line, Months, section

MONTHS = Months(36)

TIME = section(
    "Months",
    Line("years_on", "Years from the start", u.YEARS_FINE, "=(month-1)/12", "the first month has today's prices"),
    Line("switched", "API switched off", u.FLAG, "=(month>migration_months)*1", "until then both are paid", total="sum"),
    Line("factor", "Discount factor", u.FACTOR, "=(1+discount)^(-month/12)", "end of each month"),
    over=MONTHS,
    on="Time",
)

PICKED = section("1  Model and GPU picked, in base units", *MODELS.lines, *CHIPS.lines)

SPEED = section(
    "2  What a GPU does in a second",
    Line("rent", "Rent", u.USD_PER_GPU_HOUR, "=list_rent*rent_level", "at your level of rents"),
    Line("overhead_bytes", "Activations and framework", u.BYTES, "=overhead_gb*1E+09"),
    Line("weights", "Weights", u.BYTES, "=WEIGHT_BYTES(parameters, weight_bits, 0, 0, 0)", "P·b/8, without scales"),
    Line(
        "session",
        "Cache per session",
        u.BYTES,
        "=(kv_values*context+window_values*MIN(context,window_tokens))*kv_value_bytes+state_bytes",
        "2·L·g·d_k·B_v·n, windows and states besides (article 5.2, 5.7)",
    ),
    Line(
        "users",
        "Sessions on a GPU",
        u.USERS,
        "=USERS_PER_GPU(gpu_bytes, weights, session, overhead_bytes)",
        "whole ones (article 5.5)",
    ),
    Line("batch", "Decoded together", u.SEQUENCES, "=IF(users>=1,users,NA())", "#N/A where not one session fits"),
    Line("mean_cache", "Cache read per session", u.BYTES, "=session*cache_fill"),
    Line("token_flops", "Operations for a token", u.FLOP_PER_TOKEN, "=2*active_parameters", "two per parameter"),
    Line(
        "output_rate",
        "Output",
        u.TOKENS_PER_S,
        "=TOKENS_PER_SECOND(weights,mean_cache,bandwidth,batch,achieved_bandwidth,token_flops,peak_flops,achieved_compute)",
        "the slower of reading and computing (article 6.1)",
        key=True,
    ),
    Line(
        "prompt_length",
        "Prompt of a session",
        u.TOKENS,
        "=context*input_parts/(input_parts+output_parts)",
        "the share of the mix",
    ),
    Line(
        "prompt_flops",
        "Operations for a token of it",
        u.FLOP,
        "=2*active_parameters+pair_flops*prompt_length/2",
        "each token looks back over half the prompt on average",
    ),
    Line(
        "prompt_second",
        "Time of a token of it",
        u.TINY_SECONDS,
        "=PREFILL_SECONDS(prompt_flops, peak_flops, achieved_compute)",
        "compute-bound (article 3.1)",
    ),
    Line("input_rate", "Input", u.TOKENS_PER_S, "=1/prompt_second", key=True),
)

WORK = section(
    "3  Work",
    Line("tokens_year", "Tokens a year", u.TOKENS_NARROW, "=monthly_b*1E+09*12"),
    Line("input_tokens", "Input", u.TOKENS_NARROW, "=tokens_year*input_parts/(input_parts+output_parts)"),
    Line("output_tokens", "Output", u.TOKENS_NARROW, "=tokens_year-input_tokens"),
)

BUY = section(
    "4  Bought from an API",
    Line("api_row", "Row of the API picked", u.POSITION, "=MATCH(api,apis.names,0)", "1 = your own"),
    Line(
        "list_input",
        "Input price, list",
        u.USD_PER_MTOK,
        "=IF(api_row=1,own_input_usd,INDEX(apis.input_usd,api_row))",
    ),
    Line(
        "list_output",
        "Output price, list",
        u.USD_PER_MTOK,
        "=IF(api_row=1,own_output_usd,INDEX(apis.output_usd,api_row))",
    ),
    Line("input_price", "Input price", u.USD_PER_MTOK, "=list_input*(1-api_discount)"),
    Line("output_price", "Output price", u.USD_PER_MTOK, "=list_output*(1-api_discount)"),
    Line(
        "blended",
        "Blended price",
        u.USD_PER_MTOK,
        "=BLENDED_PRICE(input_price, output_price, input_parts, output_parts)",
        "the mix's price (article 6.3)",
        key=True,
    ),
    Line(
        "api_bill",
        "API bill, a year",
        u.USD,
        "=API_COST(input_tokens, output_tokens, input_price, output_price)",
        key=True,
    ),
    Line(
        "shared",
        "Evaluation and compliance, due with an API too",
        u.USD_PER_YEAR,
        "=(eval_usd+compliance_usd)*shared_share",
    ),
    Line("api_total", "API, all in", u.USD_PER_YEAR, "=api_bill+shared", "to compare with hosting it oneself", key=True),
)

HOST = section(
    "5  Hosted by oneself",
    Line(
        "work_hours",
        "GPU hours of work, a year",
        u.HOURS,
        "=POOL_HOURS(input_tokens, input_rate, output_tokens, output_rate)",
        "prompts at the one rate, answers at the other",
    ),
    Line(
        "gpus_needed",
        "GPUs that this takes",
        u.PART_GPUS,
        "=work_hours/(8760*utilisation)",
        "at the utilisation that traffic allows",
    ),
    Line(
        "gpus",
        "GPUs",
        u.GPUS,
        f"=MAX(min_gpus,{shared.whole_up('gpus_needed')})",
        "whole ones, and no fewer than the least",
        key=True,
    ),
    Line("included", "Of them, in the tier", u.GPUS, '=IF(rent_in_tier="Yes",min_gpus,0)', "the starting fleet, or none"),
    Line("gpus_paid", "GPUs rented besides", u.GPUS, "=gpus-included"),
    Line("gpu_year", "Rent of a GPU, a year", u.USD, "=rent*8760", "all hours, used or not"),
    Line("staff_low", "Staff, low end", u.USD_PER_YEAR, "=INDEX(tier_low.all,1,MATCH(tier,tiers.all,0))", "of the tier picked"),
    Line("staff_high", "Staff, high end", u.USD_PER_YEAR, "=INDEX(tier_high.all,1,MATCH(tier,tiers.all,0))"),
    Line(
        "staff",
        "Staff and operations",
        u.USD_PER_YEAR,
        "=staff_low+position*(staff_high-staff_low)",
        "article 6.3: $157,500 in the middle of the Minimal tier",
        key=True,
    ),
    Line("rent_bill", "GPU rent", u.USD_PER_YEAR, "=gpus_paid*gpu_year"),
    Line("running", "Egress, logs and storage", u.USD_PER_YEAR, "=tokens_year*running_usd/1E+06"),
    Line("standing", "Staff, evaluation, compliance, a month", u.USD_PER_MONTH, "=(staff+eval_usd+compliance_usd)/12"),
    Line("other", "Evaluation, compliance, running", u.USD_PER_YEAR, "=eval_usd+compliance_usd+running"),
    Line(
        "tco",
        "Hosted by oneself, all in",
        u.USD_PER_YEAR,
        "=SELF_HOST_TCO(staff, gpus_paid, rent, FALSE, other)",
        "staff, GPUs in all hours, and the rest (article 6.3)",
        key=True,
    ),
    Line("saving", "Saving by hosting it", u.USD_PER_YEAR, "=api_total-tco", "negative: the API is cheaper", key=True),
    Line("cheaper", "Cheaper", WORD, '=IF(saving>0,"Self-host","API")', key=True),
    Line(
        "self_mtok", "Hosted, per million tokens", u.USD_PER_MTOK, "=tco/tokens_year*1E+06", "to compare with the blended price"
    ),
    Line("tco_multiple", "Hosted over API", u.RATIO, "=tco/api_total"),
)

EVEN = section(
    "6  Where the two are equal",
    Line("gpu_rate", "A GPU's tokens per second, mixed", u.TOKENS_PER_S, "=tokens_year/(work_hours*3600)"),
    Line(
        "gpu_mtok",
        "GPU cost per million tokens",
        u.USD_PER_MTOK,
        "=COST_PER_MTOK(rent, gpu_rate, utilisation)",
        "output alone at 30%: $0.535; $0.408 where computing is left out, as in the article (6.2)",
    ),
    Line(
        "marginal",
        "Cost of a million tokens more",
        u.USD_PER_MTOK,
        "=gpu_mtok+running_usd",
        "once the starting fleet is full",
        key=True,
    ),
    Line(
        "fixed_year",
        "Fixed costs beyond those of an API",
        u.USD_PER_YEAR,
        "=staff+(eval_usd+compliance_usd)*(1-shared_share)",
        "no token changes them",
    ),
    Line(
        "fleet_rent", "Rent of the starting fleet", u.USD_PER_YEAR, "=(min_gpus-included)*gpu_year", "0 where the tier pays it"
    ),
    Line(
        "fleet_tokens",
        "What it can do in a year",
        u.TOKENS_NARROW,
        "=min_gpus*gpu_rate*3600*8760*utilisation",
        "beyond it GPUs are added",
    ),
    Line(
        "even_within",
        "Equal within the starting fleet",
        u.TOKENS_NARROW,
        "=BREAK_EVEN_TOKENS(fixed_year+fleet_rent, running_usd, blended)",
        "its rent is due at any volume; #N/A where the API costs less than egress and logs",
    ),
    Line(
        "even_beyond",
        "Equal beyond it",
        u.TOKENS_NARROW,
        "=BREAK_EVEN_TOKENS(MAX(0,fixed_year-included*gpu_year), marginal, blended)",
        "the article's way; #N/A = NEVER, each million more costs no less than from the API",
    ),
    Line(
        "break_even",
        "Break-even, tokens a year",
        u.TOKENS_NARROW,
        "=IF(even_within<=fleet_tokens,even_within,even_beyond)",
        "#N/A where it never comes",
        key=True,
    ),
    Line("break_even_b", "Break-even, tokens a month", u.BILLION_TOKENS, "=break_even/12/1E+09", "in billions", key=True),
    Line(
        "price_even",
        "API price at which they are equal",
        u.USD_PER_MTOK,
        "=(tco-shared)/tokens_year*1E+06",
        "at this volume; below it the API is cheaper",
        key=True,
    ),
    Line(
        "smooth_saving",
        "Saving with parts of GPUs",
        u.USD_PER_YEAR,
        "=saving+(gpus-MAX(min_gpus,gpus_needed))*gpu_year",
        "as the break-even counts; whole GPUs cost up to one more",
    ),
)

PROOF = section(
    "7  The break-even put in again",
    Line("api_at", "API, all in, there", u.USD_PER_YEAR, "=break_even*blended/1E+06+shared"),
    Line("gpus_at", "GPUs there", u.PART_GPUS, "=MAX(min_gpus,min_gpus*break_even/fleet_tokens)", "parts of GPUs"),
    Line(
        "self_at",
        "Hosted by oneself, there",
        u.USD_PER_YEAR,
        "=staff+eval_usd+compliance_usd+(gpus_at-included)*gpu_year+break_even*running_usd/1E+06",
    ),
    Line(
        "gap",
        "Difference",
        u.USD_PER_YEAR,
        "=IF(ISNUMBER(break_even),api_at-self_at,0)",
        "none; 0 where there is no break-even",
    ),
    Line(
        "exists",
        "There is one",
        u.FLAG,
        "=MIN(1,(blended>marginal)+(fleet_tokens*(blended-running_usd)/1E+06>=fixed_year+fleet_rent))",
        "1 = each million more is cheaper than from the API, or the starting fleet alone pays",
    ),
    Line(
        "above",
        "Volume is above it",
        u.FLAG,
        "=IF(ISNUMBER(even_beyond),(tokens_year>break_even)*1,(smooth_saving>0)*1)",
        "1 = yes; where each million more is dearer, only a full starting fleet can pay",
    ),
)

BY_TIER = section(
    "Tier by tier, at this volume",
    Line(
        "tier_staff",
        "Staff and operations",
        u.USD_PER_YEAR,
        "=tier_low+position*(tier_high-tier_low)",
        "article 6.3",
    ),
    Line("tier_rent", "GPU rent", u.USD_PER_YEAR, "=rent_bill", "the same fleet for each"),
    Line("tier_other", "Evaluation, compliance, running", u.USD_PER_YEAR, "=other"),
    Line(
        "tier_tco",
        "Hosted by oneself, all in",
        u.USD_PER_YEAR,
        "=SELF_HOST_TCO(tier_staff, gpus_paid, rent, FALSE, other)",
        key=True,
    ),
    Line("tier_saving", "Saving by hosting it", u.USD_PER_YEAR, "=api_total-tier_tco", "negative: the API is cheaper"),
    Line("tier_fixed", "Fixed costs beyond those of an API", u.USD_PER_YEAR, "=tier_staff+fixed_year-staff"),
    Line(
        "tier_within",
        "Equal within the starting fleet",
        u.TOKENS_NARROW,
        "=BREAK_EVEN_TOKENS(tier_fixed+fleet_rent, running_usd, blended)",
    ),
    Line(
        "tier_beyond",
        "Equal beyond it",
        u.TOKENS_NARROW,
        "=BREAK_EVEN_TOKENS(MAX(0,tier_fixed-included*gpu_year), marginal, blended)",
    ),
    Line(
        "tier_even",
        "Break-even, tokens a month",
        u.BILLION_TOKENS,
        "=IF(tier_within<=fleet_tokens,tier_within,tier_beyond)/12/1E+09",
        "in billions; #N/A = never",
        key=True,
    ),
    Line(
        "tier_payback",
        "Months until migration is paid back",
        u.TENTH_MONTHS,
        "=IF(tier_saving>0,migration_usd*12/tier_saving,NA())",
        "at today's prices and volume; #N/A = never",
    ),
    over=TIERS,
)

FLOW = section(
    "Cash by month",
    Line("tokens_m", "Tokens", u.BILLION_TOKENS, "=monthly_b*(1+growth)^years_on", "in billions", total="sum", trend=True),
    Line("price_m", "Blended API price", u.USD_PER_MTOK, "=blended*(1-api_fall)^years_on", trend=True),
    Line("rent_m", "Rent", u.USD_PER_GPU_HOUR, "=rent*(1-rent_fall)^years_on", trend=True),
    Line(
        "gpus_m",
        "GPUs",
        u.GPUS,
        f"=MAX(min_gpus,{shared.whole_up('gpus_needed*tokens_m/monthly_b')})",
        "whole ones",
        trend=True,
    ),
    Line("bill_m", "API bill", u.USD, "=tokens_m*price_m*1000+shared/12", "all in, a month", total="sum", trend=True),
    Line(
        "host_m",
        "Hosted by oneself",
        u.USD,
        "=standing+(gpus_m-included)*rent_m*8760/12+tokens_m*running_usd*1000",
        "all in, a month",
        total="sum",
        trend=True,
    ),
    Line("one_off", "Migration", u.USD, "=(month=1)*migration_usd", "in the first month", total="sum"),
    Line(
        "net",
        "Net cash of moving",
        u.USD,
        "=switched*bill_m-host_m-one_off",
        "what is no longer paid to the API, less what is paid instead",
        key=True,
        total="sum",
        trend=True,
    ),
    Line("cumulative", "Cumulative", u.USD, "=N(cumulative.before)+net", key=True, total="last", trend=True),
    over=MONTHS,
)

RESULT = section(
    "8  Thirty-six months",
    Line("cash", "Cumulative cash after 36 months", u.USD, "=SUM(net.all)", "against staying with the API", key=True),
    Line("npv", "Net present value", u.USD, "=SUMPRODUCT(net.all,factor.all)", "explicit discount factors", key=True),
    Line("deepest", "Money tied up at most", u.USD, "=-MIN(cumulative.all)", "the deepest point of the cumulative cash"),
    Line(
        "payback",
        "Payback, month",
        u.MONTHS,
        '=IF(cash>=0,COUNTIF(cumulative.all,"<0")+1,NA())',
        "months below zero, and one; #N/A where 36 months do not bring it back",
        key=True,
    ),
    Line(
        "cheaper_months",
        "Months in which hosting is cheaper",
        u.MONTHS,
        "=SUMPRODUCT((bill_m.all>host_m.all)*1)",
        "of 36: the API's price falls, the fleet's rent falls, tokens grow",
    ),
)

STEPS = section(
    "9  From people to the whole bill, in thousands a year",
    Line("k_staff", "Staff and operations", u.THOUSAND_USD, "=staff/1000"),
    Line("k_busy", "GPUs at work", u.THOUSAND_USD, "=work_hours*rent/1000"),
    Line("k_idle", "GPUs waiting", u.THOUSAND_USD, "=(gpus*8760-work_hours)*rent/1000", "paid, not used"),
    Line("k_included", "GPUs that the tier pays", u.THOUSAND_USD, "=included*gpu_year/1000"),
    Line("k_care", "Evaluation and compliance", u.THOUSAND_USD, "=(eval_usd+compliance_usd)/1000"),
    Line("k_running", "Egress, logs and storage", u.THOUSAND_USD, "=running/1000"),
    Line("k_parts", "All of it", u.THOUSAND_USD, "=k_staff+k_busy+k_idle-k_included+k_care+k_running"),
    Line("k_tco", "Hosted by oneself", u.THOUSAND_USD, "=tco/1000"),
    Line("k_api", "API", u.THOUSAND_USD, "=api_total/1000"),
)

WORDS = section(
    "10  In words",
    Line("even_figure", "Break-even, for the dashboard", WORD, '=IF(ISNUMBER(break_even),FIXED(break_even_b,0)&" B","never")'),
    Line("payback_figure", "Payback, for the dashboard", WORD, '=IF(ISNUMBER(payback),"month "&FIXED(payback,0),"never")'),
    Line("even_words", "Break-even in a sentence", WORD, '=IF(ISNUMBER(break_even),even_figure&" tokens","none")'),
)

CALC = (TIME, PICKED, SPEED, WORK, BUY, HOST, EVEN, PROOF, BY_TIER, FLOW, RESULT, STEPS, WORDS)

"""From tokens a GPU can serve to what it earns in an hour, what that costs, and what is left."""

from workbook_templates import units as u
from workbook_templates.gpu_margin.inputs import CHIPS, MODELS
from workbook_templates.spec import WORD, Line, section

PICKED_MODEL = section("1  The model picked, in base units", *MODELS.lines)

PICKED_GPU = section(
    "2  The GPU picked, in base units",
    *CHIPS.lines,
    Line("overhead_bytes", "Activations and framework", u.BYTES, "=overhead_gb*1E+09"),
)

REQUEST = section(
    "3  The average request",
    Line("request_tokens", "Tokens of a request", u.TOKENS, "=context*cache_fill", "prompt and answer together"),
    Line(
        "prompt",
        "Prompt",
        u.TOKENS,
        "=request_tokens*input_parts/(input_parts+output_parts)",
        "by the mix",
    ),
    Line("answer", "Answer", u.TOKENS, "=request_tokens-prompt"),
    Line("read_tokens", "Context read per step, mean", u.TOKENS, "=MEAN_CONTEXT(prompt, answer)", "prompt and half the answer"),
    Line("fresh", "Prompt not in the cache", u.TOKENS, "=prompt*(1-cache_hit)", "what prefill has to process"),
    Line(
        "prompt_flops",
        "Operations of the prompt",
        u.FLOP,
        "=fresh*(2*active_parameters+pair_flops*prompt*(1+cache_hit)/2)",
        "2 per parameter; each new token looks back over what is before it (causal: half of article 2.5)",
    ),
    Line(
        "prompt_seconds",
        "Time of the prompt",
        u.SHORT_SECONDS,
        "=PREFILL_SECONDS(prompt_flops, peak_flops, achieved_compute)",
        "compute-bound (article 3.1)",
    ),
    break_before=True,
)

THROUGHPUT = section(
    "4  Throughput of one GPU that is never idle",
    Line(
        "weights", "Weights", u.BYTES, "=WEIGHT_BYTES(parameters, weight_bits, 0, 0, 0)", "P·b/8, without scales (article 5.4)"
    ),
    Line(
        "session",
        "Cache set aside per session",
        u.BYTES,
        "=(kv_values*context+window_values*MIN(context,window_tokens))*kv_value_bytes+state_bytes",
        "2·L·g·d_k·B_v·n, windows and states besides (article 5.2, 5.7)",
    ),
    Line(
        "users",
        "Sessions at once",
        u.USERS,
        "=USERS_PER_GPU(gpu_bytes, weights, session, overhead_bytes)",
        "whole sessions (article 5.5); #N/A where the weights do not fit",
        key=True,
    ),
    Line(
        "batch", "Sequences decoded together", u.SEQUENCES, "=IF(users>=1,users,NA())", "all of them; #N/A where not one fits"
    ),
    Line(
        "mean_cache",
        "Cache read per session and step",
        u.BYTES,
        "=(kv_values*read_tokens+window_values*MIN(read_tokens,window_tokens))*kv_value_bytes+state_bytes",
    ),
    Line(
        "memory_seconds",
        "Step, reading memory",
        u.SHORT_SECONDS,
        "=DECODE_SECONDS(weights, mean_cache, bandwidth, batch, achieved_bandwidth)",
        "weights once, each cache once (article 6.1)",
    ),
    Line(
        "compute_seconds",
        "Step, computing",
        u.SHORT_SECONDS,
        "=batch*2*active_parameters/(peak_flops*achieved_compute)",
        "2 operations per parameter and token",
    ),
    Line(
        "step_seconds", "Step", u.SHORT_SECONDS, "=MAX(memory_seconds,compute_seconds)", "the slower of the two (article 4.2)"
    ),
    Line(
        "out_rate",
        "Output, prompts included",
        u.TOKENS_PER_S,
        "=BATCHED_TOKENS_PER_SECOND(batch, step_seconds, prompt_seconds, answer)",
        "each session that ends is replaced; its prompt takes GPU time too",
        key=True,
    ),
    Line(
        "prompt_time",
        "Time that goes into prompts",
        u.SHARE,
        "=PREFILL_SHARE(prompt_seconds, step_seconds, answer, batch)",
        "the rest writes answers",
    ),
    Line(
        "total_rate",
        "Tokens served, in and out",
        u.TOKENS_PER_S,
        "=out_rate*(input_parts+output_parts)/output_parts",
        "input is sold as well",
    ),
)

OWNERSHIP = section(
    "5  What an hour of the GPU costs, used or not",
    Line("rent", "Rented", u.USD_PER_GPU_HOUR, "=list_rent*rent_level", "power included", key=True),
    Line("capex", "Price with server and network", u.USD, "=gpu_price*(1+server_share)"),
    Line("residual", "Worth at the end", u.USD, "=capex*residual_share"),
    Line("rated_kw", "Rated power, rest of the server included", u.KILOWATTS, "=(gpu_watts+server_watts)/1000"),
    Line(
        "depreciation", "Depreciation", u.USD_PER_GPU_HOUR, "=(capex-residual)/life_years/8760", "straight line over all hours"
    ),
    Line(
        "power_hour",
        "Electricity",
        u.USD_PER_GPU_HOUR,
        "=rated_kw*site_pue*usd_kwh",
        "at rated power all hours, which is cautious",
    ),
    Line("colocation_hour", "Colocation", u.USD_PER_GPU_HOUR, "=rated_kw*colocation*12/8760"),
    Line("cash_hour", "Owned, cash cost", u.USD_PER_GPU_HOUR, "=power_hour+colocation_hour"),
    Line(
        "owned_hour",
        "Owned, booked cost",
        u.USD_PER_GPU_HOUR,
        "=depreciation+cash_hour",
        "what the gross margin bears",
        key=True,
    ),
    Line(
        "full_hour",
        "Owned, cost of capital included",
        u.USD_PER_GPU_HOUR,
        "=PMT(capital_rate,life_years,-capex,residual)/8760+cash_hour",
        "the annuity in the place of depreciation: OWNED_GPU_HOUR's figure",
        key=True,
    ),
    Line(
        "rent_payback",
        "Years until buying beats renting",
        u.YEARS,
        "=IF(rent>cash_hour,capex/((rent-cash_hour)*8760),NA())",
        "the rent saved pays for the GPU; #N/A where it never does",
    ),
    Line(
        "gpu_hour",
        "The one you chose",
        u.USD_PER_GPU_HOUR,
        '=IF(supply="Owned",owned_hour,rent)',
        "rented or owned, as on Inputs",
        key=True,
    ),
    Line("staff_hour", "Staff", u.USD_PER_GPU_HOUR, "=staff_year/fleet_gpus/8760", "shared by the fleet (article 6.3)"),
    Line("fixed_hour", "Cost that no token changes", u.USD_PER_GPU_HOUR, "=gpu_hour+staff_hour", "GPU and staff"),
    break_before=True,
)

MARGIN = section(
    "6  From list price to gross margin, per GPU and hour",
    Line(
        "list_in",
        "Input, cached and fresh, at list",
        u.USD_PER_MTOK,
        "=price_in*(1-cache_hit*(1-cached_price))",
        "cached input is cheaper",
    ),
    Line(
        "list_price",
        "List price of the mix",
        u.USD_PER_MTOK,
        "=BLENDED_PRICE(list_in, price_out, input_parts, output_parts)",
        "a million tokens, in and out",
    ),
    Line(
        "capacity_value",
        "All hours sold at list",
        u.USD_PER_GPU_HOUR,
        "=TOKEN_REVENUE(total_rate, list_price)",
        "what the GPU could earn",
    ),
    Line(
        "list_revenue",
        "Used hours at list",
        u.USD_PER_GPU_HOUR,
        "=TOKEN_REVENUE(total_rate, list_price, utilisation)",
        "article 6.2: idle hours earn nothing",
    ),
    Line("idle_loss", "Idle hours", u.USD_PER_GPU_HOUR, "=capacity_value-list_revenue"),
    Line("free_loss", "Free tier", u.USD_PER_GPU_HOUR, "=list_revenue*free_share"),
    Line("discount_loss", "Discounts", u.USD_PER_GPU_HOUR, "=(list_revenue-free_loss)*discount", "on what is paid"),
    Line(
        "revenue",
        "Revenue",
        u.USD_PER_GPU_HOUR,
        "=list_revenue-free_loss-discount_loss",
        "what is invoiced",
        key=True,
    ),
    Line("fee_cost", "Payment fees", u.USD_PER_GPU_HOUR, "=revenue*payment_fees"),
    Line("support_cost", "Support", u.USD_PER_GPU_HOUR, "=revenue*support_share"),
    Line(
        "cogs",
        "Cost of revenue",
        u.USD_PER_GPU_HOUR,
        "=fee_cost+support_cost+fixed_hour",
        "fees, support, GPU, staff",
        key=True,
    ),
    Line("margin", "Gross margin", u.USD_PER_GPU_HOUR, "=revenue-cogs", "the answer", key=True),
    Line(
        "margin_share",
        "Gross margin, of revenue",
        u.WHOLE_SHARE,
        "=GROSS_MARGIN(list_revenue-free_loss-discount_loss, fee_cost+support_cost+fixed_hour)",
        "negative at a loss",
        key=True,
    ),
    Line(
        "paid_share",
        "if the free tier is booked as marketing",
        u.WHOLE_SHARE,
        "=GROSS_MARGIN(cogs+margin, cogs-fixed_hour*free_share)",
        "as some sellers report it; ours bears it",
    ),
    Line(
        "after_capital",
        "Gross margin after the cost of capital",
        u.USD_PER_GPU_HOUR,
        '=margin-(supply="Owned")*(full_hour-owned_hour)',
        "a rent contains it already",
    ),
    break_before=True,
)

BREAK_EVEN = section(
    "7  Where the margin is zero, and where it is what you aim at",
    Line(
        "kept_share",
        "Kept of a dollar at list",
        u.SHARE,
        "=(1-free_share)*(1-discount)*(1-payment_fees-support_share)",
        "after free tier, discounts, fees, support",
    ),
    Line("kept_price", "Kept of the list price", u.USD_PER_MTOK, "=list_price*kept_share"),
    Line(
        "unit_cost", "GPU and staff per million tokens", u.USD_PER_MTOK, "=COST_PER_MTOK(fixed_hour, total_rate, utilisation)"
    ),
    Line(
        "needed_use",
        "Utilisation needed",
        u.EVEN,
        "=fixed_hour/TOKEN_REVENUE(total_rate, kept_price)",
        "above 100% no traffic is enough",
    ),
    Line(
        "even_use",
        "Break-even utilisation",
        u.SHARE,
        "=BREAK_EVEN_UTILISATION(fixed_hour, total_rate, kept_price)",
        "#N/A where not even full use breaks even (article 6.2)",
        key=True,
    ),
    Line(
        "even_price",
        "Break-even list price of the mix",
        u.USD_PER_MTOK,
        "=unit_cost/kept_share",
        "at the live utilisation",
        key=True,
    ),
    Line(
        "even_out",
        "that is, for output",
        u.USD_PER_MTOK,
        "=price_out*even_price/list_price",
        "input moved in proportion",
    ),
    Line(
        "target_price",
        "List price for the margin aimed at",
        u.USD_PER_MTOK,
        "=PRICE_FOR_MARGIN(unit_cost, payment_fees+support_share+target_margin)/((1-free_share)*(1-discount))",
        "of the mix; fees and support grow with it",
        key=True,
    ),
    Line(
        "target_kept",
        "Left for GPU and staff of a dollar at list",
        u.SHARE,
        "=(1-free_share)*(1-discount)*(1-payment_fees-support_share-target_margin)",
        "at the margin aimed at",
    ),
    Line("target_rise", "List price must change by", u.WHOLE_SHARE, "=target_price/list_price-1", "for that margin"),
    break_before=True,
)

SCALE = section(
    "8  A year, a fleet, a user",
    Line("revenue_year", "Revenue of a GPU in a year", u.USD_PER_YEAR, "=revenue*8760", "utilisation included", key=True),
    Line("margin_year", "Gross margin of a GPU in a year", u.USD_PER_YEAR, "=margin*8760", key=True),
    Line("fleet_year", "Gross margin of the fleet in a year", u.USD_PER_YEAR, "=margin_year*fleet_gpus"),
    Line(
        "owned_payback",
        "Years until an owned GPU pays itself back",
        u.YEARS,
        "=IF(margin+gpu_hour>cash_hour,capex/((margin+gpu_hour-cash_hour)*8760),NA())",
        "from this business, GPU bought; #N/A where it never does",
    ),
    Line(
        "month_requests",
        "Requests of a GPU in a month",
        u.REQUESTS_PER_MONTH,
        "=out_rate*utilisation/answer*3600*8760/12",
    ),
    Line("active_users", "Active users that a GPU serves", u.USERS, "=month_requests/user_requests", "free ones included"),
    Line(
        "user_revenue",
        "Revenue of a paying user",
        u.USD_PER_USER_MONTH,
        "=revenue_year/12/(active_users*(1-free_share))",
        "users are free in proportion to tokens",
    ),
    Line(
        "user_margin",
        "Contribution of a paying user",
        u.USD_PER_USER_MONTH,
        "=margin_year/12/(active_users*(1-free_share))",
        "bears the free users too",
        key=True,
    ),
)

IN_WORDS = section(
    "9  In words, for the dashboard",
    Line("margin_word", "The margin", WORD, '=IF(margin>=0,"a margin of ","a loss of ")&TEXT(ABS(margin_share),"0%")'),
    Line("even_word", "Break-even", WORD, '=IF(needed_use<=1,"at "&TEXT(needed_use,"0%")&" use","at no use")'),
)

CALC = (PICKED_MODEL, PICKED_GPU, REQUEST, THROUGHPUT, OWNERSHIP, MARGIN, BREAK_EVEN, SCALE, IN_WORDS)

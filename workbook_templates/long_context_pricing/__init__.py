"""What to charge for each tier of context: the seat that a session takes, its prefill, and the margin of a price list."""

from datetime import date

from workbook_templates import shared, style
from workbook_templates import units as u
from workbook_templates.long_context_pricing.calc import CALC
from workbook_templates.long_context_pricing.inputs import (
    CACHE_HIT,
    CHIPS,
    FOCUS,
    INPUTS,
    MODELS,
    TARGET_MARGIN,
    TIERS,
    UTILISATION,
)
from workbook_templates.spec import (
    Axis,
    CategoryChart,
    Change,
    Check,
    Grid,
    HeatMap,
    Kpi,
    Levers,
    Line,
    Series,
    Step,
    Strip,
    Table,
    Template,
    TornadoChart,
    Waterfall,
    WaterfallChart,
    XyChart,
    axis,
    only_missing,
)

BY_MARGIN = Grid(
    "by_margin",
    "A  Tier and margin aimed at",
    "The price of a session for the margin; below, how far the list price lies above it (green) or under it (red).",
    axis(FOCUS, *TIERS.values),
    ("at_session_cost", "at_floor", "at_list"),
    axis(TARGET_MARGIN, 0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8),
    (),
    Line("list_over", "List price over it", u.WHOLE_SHARE, "=at_list/price_at-1"),
    steps=(
        Line(
            "price_at",
            "Price",
            u.USD_PER_SESSION,
            "=at_floor/(1-target_margin)",
        ),
    ),
    sign=True,
)

BY_HIT = Grid(
    "by_hit",
    "B  Tier and prefix cache",
    "Price floor where part of the prompt is in the cache already; below, the margin that the list price then leaves.",
    axis(FOCUS, *TIERS.values),
    ("at_seat_cost", "at_prompt", "at_list"),
    axis(CACHE_HIT, 0, 0.2, 0.4, 0.6, 0.8, 1),
    (),
    Line("margin_at", "Gross margin at list", u.WHOLE_SHARE, "=1-floor_at/at_list"),
    steps=(
        Line(
            "flops_at",
            "Operations of the prompt",
            u.FLOP,
            "=at_prompt*(1-cache_hit)*(2*active_parameters+pair_flops*at_prompt*(1+cache_hit)/2)",
        ),
        Line(
            "floor_at",
            "Price floor",
            u.USD_PER_SESSION,
            "=(at_seat_cost+COMPUTE_COST(flops_at, peak_flops, rent, achieved_compute))/utilisation",
        ),
    ),
    sign=True,
    break_before=True,
)

BY_USE = Grid(
    "by_use",
    "C  Tier and utilisation",
    "The margin that the list price leaves by the share of seats that are taken; green earns, red loses.",
    axis(FOCUS, *TIERS.values),
    ("at_session_cost", "at_list"),
    axis(UTILISATION, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9, 1),
    (),
    Line("margin_by_use", "Gross margin at list", u.WHOLE_SHARE, "=1-at_session_cost/utilisation/at_list"),
    sign=True,
    break_before=True,
)

BY_TOKENS = Table(
    "by_tokens",
    "D  Any context",
    "The calculation between the tiers; #N/A where a session does not fit.",
    Axis(
        "at_tokens", (4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288, 1048576), "Context", u.TOKENS, (128, 16_777_216)
    ),
    ("at_seats", "at_seat_hour", "at_seat_cost", "at_prefill_cost", "at_session_cost", "at_floor", "at_target_price"),
)

STEPS = Waterfall(
    "steps",
    "E  From the list to the margin, in a month",
    "Where each bar of the dashboard's waterfall begins and ends.",
    (
        Step("At list", "mix_revenue", "cost"),
        Step("Seats", "mix_seats", "less"),
        Step("Prefills", "mix_prefills", "less"),
        Step("Empty seats", "mix_empty", "less"),
        Step("Margin", "mix_profit", "total"),
    ),
    u.USD_PER_MONTH,
)

SCENARIOS = Strip(
    "scenarios",
    "F  Scenarios side by side",
    "The whole calculation for each scenario's own inputs, whichever is live.",
    (
        "mix_margin",
        "mix_revenue",
        "mix_profit",
        "mix_gpus",
        "losing",
        "at_floor",
        "at_target_price",
        "at_margin",
        "margin_share",
        "seat_multiple",
    ),
    over=(TIERS,),
    break_before=True,
)

LEVERS = Levers(
    "levers",
    "G  Levers on the price floor of the tier looked at",
    "Each column moves one input to its Bull, then to its Bear value; all others stay as they are live.",
    (
        "utilisation",
        "session_minutes",
        "kv_value_bytes",
        "rent_level",
        "prompt_share",
        "cache_hit",
        "achieved_compute",
    ),
    "at_floor",
    "at_seats",
    break_before=True,
)

TEMPLATE = Template(
    name="long_context_pricing",
    title="Long-context pricing",
    reader="Product manager",
    question="What must each tier of context cost so that it pays for the seats it takes, and does the list do so?",
    purpose="From the cache that a session holds to the cost of a seat, the price floor and the margin of a list by tier.",
    how=(
        shared.CHOOSE_SCENARIO,
        "Type your tiers, their mix and your list prices on Inputs_Tiers.",
        "Pick model, GPU and the tier to look at closely on Inputs from the lists.",
        shared.READ_DASHBOARD,
        shared.TRUST_CHECKS,
    ),
    inputs=INPUTS,
    calc=CALC,
    catalogues=(MODELS.catalogue, CHIPS.catalogue),
    blocks=(BY_MARGIN, BY_HIT, BY_USE, BY_TOKENS, STEPS, SCENARIOS, LEVERS),
    kpis=(
        Kpi("Price floor", "at_floor", u.CENTS_PER_SESSION, "a session of the tier looked at"),
        Kpi("Price to aim at", "at_target_price", u.CENTS_PER_SESSION, "for the margin aimed at"),
        Kpi("Margin at list", "at_margin", u.WHOLE_SHARE, "of the tier looked at"),
        Kpi("Surcharge", "at_multiple", u.TIMES, "of the first tier's floor"),
        Kpi("Margin of the list", "mix_margin", u.WHOLE_SHARE, "all tiers, by the mix"),
        Kpi("Tiers below floor", "losing", u.TIERS, "at the list price"),
    ),
    reading=(
        (
            '="Ask $"&FIXED(kpi.at_target_price,2)&" for "&focus_tier&": its floor is $"&FIXED(kpi.at_floor,2)&", '
            'its list price $"&FIXED(at_list,2)&"."'
        ),
        (
            '="The list earns "&TEXT(kpi.mix_margin,"0%")&". At an API\'s prices "&focus_tier&" pays "'
            '&TEXT(at_cover,"0%")&" of its cost."'
        ),
        '=levers.top&" moves that floor most: -$"&FIXED(-levers.better,2)&" to +$"&FIXED(levers.worse,2)&"."',
    ),
    charts=(
        XyChart(
            "Cost of a session by context, every seat taken, $ (log-log)",
            "Curves, both scales logarithmic: seat, prefill and their sum; prefill grows faster and catches up beyond 1M.",
            "by_tokens.across",
            (
                Series("by_tokens.at_session_cost", "Session", colour=style.NAVY, markers=True),
                Series("by_tokens.at_seat_cost", "Seat", colour=style.TEAL, dash=True),
                Series("by_tokens.at_prefill_cost", "Prefill", colour=style.CORAL, dash=True),
            ),
            across="context, tokens",
            format="$0.0000",
            log_x=True,
            log=True,
            span=(1000, 10_000_000),
        ),
        CategoryChart(
            "Gross margin at list, by tier",
            "Columns: gross margin of each tier at its list price; below zero the tier loses.",
            "tier",
            (Series("margin_share", "Gross margin at list", colour=style.TEAL, labels="0%"),),
            format="0%",
        ),
        CategoryChart(
            "Price ladder: floor, list, price for the margin aimed at, $ (log scale)",
            "Columns on a log scale: price floor, list price and price for the margin aimed at, for each tier.",
            "tier",
            (
                Series("floor", "Price floor", colour=style.GREY),
                Series("list_price", "List price", colour=style.AMBER),
                Series("target_price", "For the margin aimed at", colour=style.NAVY),
            ),
            format="$0.000",
            log=True,
        ),
        TornadoChart(
            "Levers on that floor: one input at its Bull or Bear value, $",
            "Tornado: change of the price floor when one input takes its Bull or Bear value, the strongest lever on top.",
            "levers",
        ),
        HeatMap("Gross margin at list, by tier and share of seats taken", "by_use", (0, 1, 2, 3)),
        WaterfallChart(
            "A month at list: what the seats, prefills and empty seats take, $",
            "Waterfall: revenue of the mix at list prices, less seats, prefills and empty seats, to the gross margin.",
            "steps",
            format="$#,##0",
        ),
    ),
    checks=(
        shared.SCENARIO_IS_KNOWN,
        Check("Weights fit in the replica", "weights_rank+overhead_bytes<=gpu_bytes", "Else more GPUs per replica are needed"),
        Check("A session of every tier fits", "MIN(seats.all)>=1", "Else that tier cannot be sold, and the mix has no figure"),
        Check("GPUs per replica are 1, 2, 4 or 8", "MOD(8,tensor_parallel)=0", "Layers and heads split evenly over them"),
        Check("Tiers ascend", "SUMPRODUCT((tier_rank.all-tier_number.all)^2)=0", "Each context longer than the one before"),
        Check("Mix sums to 100%", "ABS(SUM(mix_share.all)-1)<=1E-09", "Shares of the sessions on Inputs_Tiers"),
        Check("Sessions by tier add up", "ABS(sold.total-sessions_month)<=1E-06*sessions_month", "Else the mix is off"),
        Check(
            "Prompt and answers fit the shortest tier",
            "MIN(tier_tokens.all)*prompt_share+answer_tokens<=MIN(tier_tokens.all)",
            "Else its sessions do not hold what is asked of them",
        ),
        Check(
            "Answers are written within the session",
            "MAX(answer_seconds.all)<=session_minutes*60",
            "Every seat taken; else the seat is held longer than it is charged",
        ),
        Check(
            "Tiers below their floor are flagged",
            "SUMPRODUCT((list_price.all<floor.all)*1)=losing",
            "Words against figures",
        ),
        Check(
            "The target price leaves the margin aimed at",
            "SUMPRODUCT((target_price.all*(1-target_margin)/floor.all-1)^2)<=1E-12",
            "Put back, for all tiers",
        ),
        Check(
            "The tier looked at agrees with its column",
            "ABS(INDEX(floor.all,1,at_number)-at_floor)<=1E-09*at_floor",
            "Calc against Calc_Tiers",
        ),
        Check(
            "The month's margin closes",
            "ABS(mix_profit-profit.total)<=1E-09*(mix_cost+mix_revenue)",
            "Summed by tier and by cost",
        ),
        Check(
            "Fleet and cost agree",
            "ABS(mix_gpus*rent*8760/12-mix_cost)<=1E-09*mix_cost",
            "GPUs on average times their rent is the month's cost",
        ),
        Check(
            "Per cent and dollars agree",
            "ABS(mix_margin*mix_revenue-mix_profit)<=1E-09*(mix_cost+mix_revenue)",
            "Two routes to the month's margin",
        ),
        Check(
            "The prompt's part makes the prompt's cost",
            "ABS(prefill_part*at_session_cost-at_prefill_cost)<=1E-09*at_session_cost",
            "Put back, for the tier looked at",
        ),
        Check(
            "What an API's price covers of the floor, put back",
            "ABS(at_cover*at_floor-at_token_price)<=1E-09*at_token_price",
            "For the tier looked at",
        ),
        Check(
            "No error but #N/A in the calculation",
            "ISERR(SUM(calc.values))=FALSE",
            "#N/A where a tier does not fit; any other error is a fault",
            bare=True,
        ),
        Check(
            "No error but #N/A by tier",
            "ISERR(SUM(calc_tiers.values))=FALSE",
            "#N/A where a tier does not fit; any other error is a fault",
            bare=True,
        ),
        only_missing("by_margin", "where a tier does not fit"),
        only_missing("by_hit", "where a tier does not fit"),
        only_missing("by_use", "where a tier does not fit"),
        only_missing("by_tokens", "where that context does not fit"),
        only_missing("steps", "where a tier does not fit"),
        only_missing("scenarios", "where a tier does not fit in a scenario"),
        only_missing("levers", "where a lever's value does not fit"),
        Check("Levers start from the live floor", "ABS(levers.live-at_floor)<=1E-09*at_floor", "Second computation"),
        shared.STRIP_AGREES,
    ),
    headlines=(
        "mix_margin",
        "at_floor",
        "at_target_price",
        "at_list",
        "at_margin",
        "at_multiple",
        "at_seats",
        "at_seat_hour",
        "mix_profit",
        "losing",
    ),
    signs="Prices and costs are positive; margins and changes are signed, minus = loss, or cheaper",
    changes=(Change("1.0.0", date(2026, 11, 25), "First version"),),
)

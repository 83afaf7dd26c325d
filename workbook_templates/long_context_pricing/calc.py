"""From a tier's cache to the seat it takes, from seat and prefill to a session's cost, from cost to price and margin."""

from workbook_templates import units as u
from workbook_templates.long_context_pricing.inputs import CHIPS, MODELS, TIERS
from workbook_templates.spec import WORD, Line, section

PICKED_MODEL = section("1  The model picked, in base units", *MODELS.lines)

PICKED_GPU = section(
    "2  The GPU picked, in base units",
    *CHIPS.lines,
    Line("rent", "Rent of a GPU", u.USD_PER_GPU_HOUR, "=list_rent*rent_level", "at your level of rents"),
    Line("replica_rent", "Rent of a replica", u.USD_PER_HOUR, "=rent*tensor_parallel", "all GPUs that hold one copy"),
    Line("overhead_bytes", "Activations and framework", u.BYTES, "=overhead_gb*1E+09", "of each GPU"),
)

ROOM = section(
    "3  The room for sessions",
    Line(
        "weights", "Weights", u.BYTES, "=WEIGHT_BYTES(parameters, weight_bits, 0, 0, 0)", "P·b/8, without scales (article 5.4)"
    ),
    Line("weights_rank", "Weights on each GPU", u.BYTES, "=weights/tensor_parallel", "a replica's GPUs share them evenly"),
    Line(
        "kv_budget",
        "Left for caches on each GPU",
        u.BYTES,
        "=KV_BUDGET(gpu_bytes, weights_rank, overhead_bytes)",
        "memory - weights - overhead (article 5.4); #N/A where they do not fit",
    ),
    Line("split", "GPUs that share a session's cache", u.RANKS, "=MIN(tensor_parallel,kv_split)", "no more than KV heads"),
    break_before=True,
)


def cost_lines(at: str, tokens: str) -> tuple[Line, ...]:
    """From the tokens of a context to what a session of it costs; ``at`` leads the lines' names."""
    return tuple(
        Line(at + name, label, unit, formula.replace("{at}", at).replace("{tokens}", tokens), note, key)
        for name, label, unit, formula, note, key in (
            (
                "kept_values",
                "KV values of a session",
                u.VALUES,
                "=kv_values*{tokens}+window_values*MIN({tokens},window_tokens)",
                "set aside for the whole context: 2·L·g·d_k·n, windows besides (article 5.2, 5.7)",
                False,
            ),
            (
                "session",
                "Cache of a session, on each GPU",
                u.BYTES,
                "=({at}kept_values*kv_value_bytes+state_bytes)/split",
                "values times their width; recurrent states besides",
                False,
            ),
            (
                "seats",
                "Seats of a replica",
                u.USERS,
                "=USERS_PER_GPU(kv_budget, 0, {at}session, 0)",
                "whole sessions that fit beside the weights (article 5.5)",
                True,
            ),
            ("held", "Seats to share the rent", u.USERS, "=IF({at}seats>=1,{at}seats,NA())", "#N/A where not one fits", False),
            (
                "seat_hour",
                "Cost of a seat for an hour",
                u.USD_PER_USER_HOUR,
                "=USER_HOUR_COST(replica_rent, {at}held)",
                "rent over seats, all taken (article 5.6)",
                True,
            ),
            (
                "seat_cost",
                "Seat",
                u.USD_PER_SESSION,
                "={at}seat_hour*session_minutes/60",
                "for the session's minutes: the users it keeps out",
                False,
            ),
            ("prompt", "Prompt", u.TOKENS, "={tokens}*prompt_share", "processed once; it stays in the seat's cache", False),
            (
                "flops",
                "Operations of the prompt",
                u.FLOP,
                "={at}prompt*(1-cache_hit)*(2*active_parameters+pair_flops*{at}prompt*(1+cache_hit)/2)",
                "2 per parameter; each new token looks back over what is before it (half of article 2.5)",
                False,
            ),
            (
                "prefill_cost",
                "Prefill",
                u.USD_PER_SESSION,
                "=COMPUTE_COST({at}flops, peak_flops, rent, achieved_compute)",
                "its GPU time: it holds up all other sessions of the replica",
                False,
            ),
            ("session_cost", "Session, every seat taken", u.USD_PER_SESSION, "={at}seat_cost+{at}prefill_cost", "", True),
            (
                "floor",
                "Price floor",
                u.USD_PER_SESSION,
                "={at}session_cost/utilisation",
                "seats that stand empty are paid for too: cost at the utilisation",
                True,
            ),
            (
                "target_price",
                "Price for the margin aimed at",
                u.USD_PER_SESSION,
                "={at}floor/(1-target_margin)",
                "floor / (1 - margin), as PRICE_FOR_MARGIN has it for tokens",
                True,
            ),
        )
    )


COSTS = section("What a session costs", *cost_lines("", "tier_tokens"), over=TIERS)

PRICES = section(
    "What it is sold for",
    Line("list_price", "List price", u.USD_PER_SESSION, "=list_usd*price_level", "as on Inputs_Tiers, at your level", key=True),
    Line("margin", "Gross margin at list", u.USD_PER_SESSION, "=list_price-floor"),
    Line(
        "margin_share",
        "Gross margin at list, of the price",
        u.WHOLE_SHARE,
        "=GROSS_MARGIN(list_price, floor)",
        "negative at a loss",
        key=True,
    ),
    Line(
        "verdict",
        "Verdict",
        WORD,
        '=CHOOSE(1+(list_price>=floor)+(list_price>=target_price),"below the floor","below target","on target")',
        "against floor and price for the margin aimed at",
        key=True,
    ),
    Line(
        "seat_multiple",
        "Seat, multiple of the first tier",
        u.TIMES,
        "=seat_hour/INDEX(seat_hour.all,1,1)",
        "35 x at 128K (article 5.6)",
        key=True,
    ),
    Line("cost_multiple", "Session, multiple of the first tier", u.TIMES, "=floor/INDEX(floor.all,1,1)", "prefill included"),
    Line("list_multiple", "List price, multiple of the first tier", u.TIMES, "=list_price/INDEX(list_price.all,1,1)"),
    Line(
        "utilisation_needed",
        "Utilisation at which the list price breaks even",
        u.EVEN,
        "=session_cost/list_price",
        "above 100%: never",
    ),
    over=TIERS,
)

TOKENS = section(
    "The same in a price list by tokens",
    Line(
        "token_price",
        "Session at the API's prices",
        u.USD_PER_SESSION,
        "=API_COST(prompt, answer_tokens, api_in, api_out)",
        "every token at one price, however long its context",
    ),
    Line(
        "token_cover",
        "covers of the floor",
        u.WHOLE_SHARE,
        "=token_price/floor",
        "an API holds no seat between requests, so it can sell cheaper",
        key=True,
    ),
    Line(
        "input_price",
        "Input price for the margin aimed at",
        u.USD_PER_MTOK,
        "=MAX(0,target_price-answer_tokens*api_out/1E+06)/prompt*1E+06",
        "output at the API's price; input carries the rest",
        key=True,
    ),
    over=TIERS,
)

SERVICE = section(
    "What the user sees",
    Line(
        "first_token",
        "Time to first token, alone",
        u.WAIT_SECONDS,
        "=PREFILL_SECONDS(flops, peak_flops, achieved_compute, tensor_parallel)",
        "compute-bound (article 3.1)",
    ),
    Line("batch", "Sequences decoded together", u.SEQUENCES, "=held", "every seat taken"),
    Line("read_tokens", "Context read per step, mean", u.TOKENS, "=MEAN_CONTEXT(prompt, answer_tokens)"),
    Line(
        "read_cache",
        "Cache read per step, on each GPU",
        u.BYTES,
        "=((kv_values*read_tokens+window_values*MIN(read_tokens,window_tokens))*kv_value_bytes+state_bytes)/split",
    ),
    Line(
        "reading",
        "Step, reading memory",
        u.SHORT_SECONDS,
        "=DECODE_SECONDS(weights_rank, read_cache, bandwidth, batch, achieved_bandwidth)",
        "weights once, each cache once (article 6.1)",
    ),
    Line(
        "computing",
        "Step, computing",
        u.SHORT_SECONDS,
        "=batch*2*active_parameters/(tensor_parallel*peak_flops*achieved_compute)",
    ),
    Line(
        "answer_seconds",
        "Time to write the answers",
        u.WAIT_SECONDS,
        "=answer_tokens*MAX(reading,computing)",
        "must fit in the session's minutes",
    ),
    over=TIERS,
)

MONTH = section(
    "A month",
    Line(
        "tier_number",
        "Number",
        u.POSITION,
        "=MATCH(tier,tier.all,0)",
    ),
    Line("tier_rank", "Rank by context", u.POSITION, '=COUNTIF(tier_tokens.all,"<"&tier_tokens)+1', "tiers must ascend"),
    Line("sold", "Sessions", u.SESSIONS_PER_MONTH, "=sessions_month*mix_share", total="sum"),
    Line("revenue", "Revenue at list", u.USD_PER_MONTH, "=sold*list_price", total="sum", key=True),
    Line("seats_paid", "Seats", u.USD_PER_MONTH, "=sold*seat_cost", total="sum"),
    Line("prefills_paid", "Prefills", u.USD_PER_MONTH, "=sold*prefill_cost", total="sum"),
    Line("empty_paid", "Empty seats", u.USD_PER_MONTH, "=sold*(floor-session_cost)", "what the utilisation adds", total="sum"),
    Line("profit", "Gross margin", u.USD_PER_MONTH, "=revenue-seats_paid-prefills_paid-empty_paid", total="sum", key=True),
    Line("replica_gpus", "GPUs on average", u.GPUS_ON_AVERAGE, "=sold*floor/rent*12/8760", "empty seats included", total="sum"),
    over=TIERS,
)

MIX = section(
    "4  All tiers, in a month",
    Line("mix_revenue", "Revenue at list", u.USD_PER_MONTH, "=SUM(revenue.all)", "of all tiers, on Calc_Tiers"),
    Line("mix_seats", "Seats", u.USD_PER_MONTH, "=SUM(seats_paid.all)", "while they are taken"),
    Line("mix_prefills", "Prefills", u.USD_PER_MONTH, "=SUM(prefills_paid.all)"),
    Line("mix_empty", "Empty seats", u.USD_PER_MONTH, "=SUM(empty_paid.all)", "what low utilisation adds"),
    Line("mix_cost", "Cost", u.USD_PER_MONTH, "=mix_seats+mix_prefills+mix_empty"),
    Line("mix_profit", "Gross margin", u.USD_PER_MONTH, "=mix_revenue-mix_cost", key=True),
    Line("mix_margin", "Gross margin, of revenue", u.WHOLE_SHARE, "=mix_profit/mix_revenue", "the whole list", key=True),
    Line("mix_gpus", "GPUs on average", u.GPUS_ON_AVERAGE, "=SUM(replica_gpus.all)", key=True),
    Line("losing", "Tiers below their floor", u.TIERS, '=COUNTIF(verdict.all,"below the floor")', key=True),
    Line("covered", "Tiers that cover their cost", u.TIERS, "=COLUMNS(verdict.all)-losing"),
)

FOCUS = section(
    "5  The tier looked at closely",
    Line("at_number", "Its number", u.POSITION, "=MATCH(focus_tier,tier.all,0)", "the drop-down on Inputs"),
    Line("at_tokens", "Context", u.TOKENS, "=INDEX(tier_tokens.all,1,at_number)", "from Inputs_Tiers"),
    *cost_lines("at_", "at_tokens"),
    Line("at_list", "List price", u.USD_PER_SESSION, "=INDEX(list_usd.all,1,at_number)*price_level", key=True),
    Line(
        "at_margin",
        "Gross margin at list",
        u.WHOLE_SHARE,
        "=GROSS_MARGIN(at_list, at_floor)",
        "negative at a loss",
        key=True,
    ),
    Line("at_multiple", "Price floor, multiple of the first tier", u.TIMES, "=at_floor/INDEX(floor.all,1,1)", key=True),
    Line(
        "prefill_part",
        "Prefill, of a session's cost",
        u.SHARE,
        "=at_prefill_cost/at_session_cost",
        "10% at 128K, 39% at 1M as delivered: there the cost is computation too (against article 5.6)",
    ),
    Line(
        "at_token_price",
        "Session at the API's prices",
        u.USD_PER_SESSION,
        "=API_COST(at_prompt, answer_tokens, api_in, api_out)",
        "an API holds no seat between requests",
    ),
    Line("at_cover", "covers of the floor", u.WHOLE_SHARE, "=at_token_price/at_floor"),
    break_before=True,
)

CALC = (PICKED_MODEL, PICKED_GPU, ROOM, COSTS, PRICES, TOKENS, SERVICE, MONTH, MIX, FOCUS)

"""Eight designs on the two numbers that matter, on cost, and on the article's six demands."""

from datetime import date

from workbook_templates import shared, style
from workbook_templates import units as u
from workbook_templates.architectures.calc import CALC
from workbook_templates.architectures.inputs import CHIPS, CONTEXT, DESIGN, DESIGNS, INPUTS
from workbook_templates.spec import (
    WORD,
    CategoryChart,
    Change,
    Check,
    Grid,
    HeatMap,
    Kpi,
    Levers,
    Line,
    Series,
    Strip,
    Table,
    Template,
    TornadoChart,
    XyChart,
    axis,
    only_missing,
)

COLOURS = (style.NAVY, style.TEAL, style.SKY, style.SLATE, style.AMBER, style.CORAL, style.GREY, style.BLACK)
DASHED = 5  # the number of the last full curve: MoE lies on GQA
CACHE_AT = "kv_token*context+window_token*MIN(context,window_tokens)+state_bytes"

BY_DESIGN = Table(
    "by_design",
    "A  Design by design",
    "The calculation for every design at your context; the last rows compare with MHA.",
    axis(DESIGN, *DESIGNS.values),
    (
        "layers",
        "total_parameters",
        "active_parameters",
        "weights",
        "active_weights",
        "kv_token",
        "state_bytes",
        "cache",
        "weights_gb",
        "cache_gb",
        "step_bytes",
        "token_flops",
        "quadratic_share",
        "users",
        "served",
        "read_bytes",
        "decode_rate",
        "decode_cost",
        "phone_fits",
        "phone_rate",
        "cache_ratio",
        "weights_ratio",
        "moves_cache",
        "moves_weights",
        "score_quadratic",
        "score_cache",
        "score_bytes",
        "score_kernels",
        "score_quantisation",
        "score_quality",
        "points_quadratic",
        "points_cache",
        "points_bytes",
        "points_kernels",
        "points_quantisation",
        "points_quality",
        "score",
        Line("cost_ranked", "Output token, for the ranking", u.USD_PER_MTOK, "=IF(ISNUMBER(decode_cost),decode_cost,1E+12)"),
        Line("cost_ratio", "Output token against the first", u.FINE_EVEN, "=decode_cost/INDEX(by_design.decode_cost,1,1)"),
    ),
    after=(
        Line("best_score", "Highest score", u.POINTS, "=MAX(by_design.score)", key=True),
        Line("best_design", "of", WORD, "=INDEX(by_design.across,1,MATCH(best_score,by_design.score,0))", key=True),
        Line("cheapest", "Cheapest output token", u.USD_PER_MTOK, "=MIN(by_design.cost_ranked)", key=True),
        Line("cheapest_design", "of", WORD, "=INDEX(by_design.across,1,MATCH(cheapest,by_design.cost_ranked,0))", key=True),
        Line(
            "over_active",
            "Designs with more active than stored",
            u.CELLS,
            "=SUMPRODUCT((by_design.active_parameters>by_design.total_parameters)*1)",
        ),
        Line(
            "mha_cache",
            "MHA's cache over the reference",
            u.BYTES,
            '=SUMIF(by_design.across,"MHA",by_design.cache)-COUNTIF(by_design.across,"MHA")*ref_cache',
        ),
        Line(
            "mha_bytes",
            "MHA's bytes of a step over it",
            u.BYTES,
            '=SUMIF(by_design.across,"MHA",by_design.step_bytes)-COUNTIF(by_design.across,"MHA")*ref_bytes',
        ),
        Line(
            "same_score",
            "Score of the design picked, over Calc's",
            u.POINTS,
            "=SUMIF(by_design.across,design,by_design.score)-COUNTIF(by_design.across,design)*score",
        ),
    ),
)

BY_CONTEXT = Grid(
    "by_context",
    "B  Context and design: the cache of a session",
    "What grows for ever, what stops at the window, what never grows.",
    axis(DESIGN, *DESIGNS.values),
    ("kv_token", "window_token", "state_bytes"),
    axis(CONTEXT, 1024, 4096, 8192, 32768, 65536, 131072, 524288),
    (),
    Line("cache_at", "Cache", u.FINE_GB, f"=({CACHE_AT})/1E+09"),
    break_before=True,
)

BY_COST = Grid(
    "by_cost",
    "C  Context and design: an output token",
    "Cache, users, weights read, time of a step, then $ per million tokens; #N/A where not one session fits.",
    axis(DESIGN, *DESIGNS.values),
    (
        "kv_token",
        "window_token",
        "state_bytes",
        "weights",
        "expert_bytes",
        "experts",
        "active",
        "base_flops",
        "pair_flops",
        "window_flops",
    ),
    axis(CONTEXT, 4096, 32768, 131072, 524288),
    (),
    Line("cost_at", "Output token", u.USD_PER_MTOK, "=COST_PER_MTOK(rent, served_at/seconds_at, utilisation)"),
    steps=(
        Line("held_at", "Cache", u.BYTES, f"={CACHE_AT}"),
        Line("fit_at", "Users that fit", u.USERS, "=USERS_PER_GPU(gpu_bytes, weights, held_at, overhead_bytes)"),
        Line("served_at", "Sequences together", u.SEQUENCES, "=IF(fit_at>=1,MIN(fit_at,batch_limit),NA())"),
        Line(
            "read_at",
            "Weights read",
            u.BYTES,
            "=weights-(experts-MOE_EXPERTS_TOUCHED(experts, active, served_at))*expert_bytes",
        ),
        Line(
            "flops_at", "Operations", u.FLOP_PER_TOKEN, "=base_flops+pair_flops*context+window_flops*MIN(context,window_tokens)"
        ),
        Line(
            "seconds_at",
            "Time of a step",
            u.SHORT_SECONDS,
            "=DECODE_SECONDS(read_at, held_at, reached_bandwidth, served_at, 1, flops_at, reached_compute, 1)",
        ),
    ),
    break_before=True,
)

PHONE = Grid(
    "on_phone",
    "D  Context and design: does it fit on the phone?",
    "All weights and the cache of one session against the memory for AI.",
    axis(CONTEXT, 4096, 32768, 131072, 524288, 1048576),
    (),
    axis(DESIGN, *DESIGNS.values),
    ("kv_token", "window_token", "state_bytes", "weights"),
    Line("fits_at", "On the phone", WORD, '=IF(EDGE_FITS(weights, phone_cache, budget_bytes),"fits","too large")'),
    steps=(Line("phone_cache", "Cache", u.BYTES, f"={CACHE_AT}"),),
    winners=(("fits", style.GOOD_FILL), ("too large", style.BAD_FILL)),
    break_before=True,
)

SCENARIOS = Strip(
    "scenarios",
    "E  Scenarios side by side",
    "The whole calculation for each scenario's own inputs, whichever is live.",
    ("decode_cost", "cache", "step_bytes", "served", "phone_rate", "cache_ratio", "score"),
    break_before=True,
)

LEVERS = Levers(
    "levers",
    "F  Levers, one at a time: the output token of the design picked",
    "Each column moves one input to its Bull, then to its Bear value; all others stay as they are live.",
    (
        "utilisation",
        "context",
        "rent_level",
        "batch_limit",
        "weight_bits",
        "kv_value_bytes",
        "achieved_bandwidth",
        "achieved_compute",
    ),
    "decode_cost",
    "users",
    break_before=True,
)

TEMPLATE = Template(
    name="architectures",
    title="Architectures",
    reader="ML-infrastructure lead, researcher",
    question="Which design moves the two numbers that matter, cache and weight bytes, and what is that worth?",
    purpose="From the layers of eight designs to bytes and operations, and from these to cost, the phone, and a score.",
    how=(
        shared.CHOOSE_SCENARIO,
        "Pick design and GPU on Inputs; change the designs on Inputs_Designs, the weights of the demands on Inputs.",
        "Replace what no formula gives (kernels, quantisation, quality) by your own measurements.",
        shared.TRUST_CHECKS,
    ),
    inputs=INPUTS,
    calc=CALC,
    catalogues=(CHIPS.catalogue,),
    blocks=(BY_DESIGN, BY_CONTEXT, BY_COST, PHONE, SCENARIOS, LEVERS),
    kpis=(
        Kpi("Highest score", "best_design", WORD, "six demands, weighted"),
        Kpi("Its points", "best_score", u.POINTS, "of 100"),
        Kpi("Cheapest output token", "cheapest_design", WORD, "at your context and batch"),
        Kpi("Design picked", "decode_cost", u.USD_PER_MTOK, "an output token, at utilisation"),
        Kpi("Its cache", "cache_ratio", u.FINE_EVEN, "of multi-head attention's"),
        Kpi("Its speed on the phone", "phone_rate", u.FINE_TOKENS_PER_S, "tokens per second"),
    ),
    reading=(
        '=kpi.best_design&" scores "&FIXED(kpi.best_score,0)&" of 100; cheapest: "&kpi.cheapest_design&", $"&FIXED(cheapest,3)',
        '=design&" against MHA: "&moves_cache&" cache bytes, "&moves_weights&" weight bytes; phone: "&phone_fits&"."',
        '=levers.top&" moves its cost most: -$"&FIXED(-levers.better,3)&" to +$"&FIXED(levers.worse,3)&"."',
    ),
    charts=(
        XyChart(
            "Cache of a session by context, GB (log-log)",
            "Curves, both scales logarithmic: the cache of a session against the context for eight designs.",
            "by_context.down",
            tuple(
                Series(f"by_context.cells[{i}]", legend=f"by_context.across[{i}]", colour=colour, dash=i > DASHED)
                for i, colour in enumerate(COLOURS)
            ),
            across="context, tokens",
            format="General",
            log_x=True,
            log=True,
            span=(1000, 1_000_000),
            rise=(0.001, 100),
        ),
        CategoryChart(
            "Bytes of a decode step, one stream, GB",
            "Columns stacked: weights and cache that a step reads, for eight designs.",
            "by_design.across",
            (
                Series("by_design.weights_gb", "Weights", colour=style.NAVY),
                Series("by_design.cache_gb", "Cache", colour=style.TEAL),
            ),
            format="0.0",
            stacked=True,
        ),
        CategoryChart(
            "Output token at full batch, $ per million",
            "Columns with labels: the cost of a million output tokens for eight designs.",
            "by_design.across",
            (Series("by_design.decode_cost", "$ per million", colour=style.GREY, labels="$0.00"),),
            format="$0.00",
        ),
        CategoryChart(
            "Score on the six demands, points of 100",
            "Columns stacked: the points of each of six demands, for eight designs.",
            "by_design.across",
            tuple(
                Series(f"by_design.points_{name}", label, colour=colour)
                for (name, label), colour in zip(
                    (
                        ("quadratic", "Quadratic term"),
                        ("cache", "Cache"),
                        ("bytes", "Bytes per step"),
                        ("kernels", "Kernels"),
                        ("quantisation", "Quantisation"),
                        ("quality", "Quality"),
                    ),
                    (style.NAVY, style.TEAL, style.SKY, style.AMBER, style.GREY, style.CORAL),
                    strict=True,
                )
            ),
            format="0",
            stacked=True,
        ),
        HeatMap("Weights and one session on the phone, by context in tokens", "on_phone", (0, 1, 2, 3, 4)),
        TornadoChart(
            "Levers on the design picked, $ per million output tokens",
            "Tornado: change of the cost of an output token when one input takes its Bull or Bear value, the strongest on top.",
            "levers",
            format="$#,##0.00",
        ),
    ),
    checks=(
        shared.SCENARIO_IS_KNOWN,
        shared.NO_ERROR_ON_CALC,
        Check("Design and GPU are in the lists", "ISNUMBER(design_number+chip_row)", "Else pick one from the list on Inputs"),
        Check(
            "All designs are equally deep",
            "SUMPRODUCT((by_design.layers<>ref_layers)*1)=0",
            "Else the comparison says little",
        ),
        Check("No more key-value heads than query heads", "MAX(d_kv.all)<=heads", "Heads are shared, not split"),
        Check("The first design is multi-head attention", "INDEX(d_kv.all,1,1)=heads", "The reference of all ratios"),
        Check(
            "No token passes more experts than there are",
            "SUMPRODUCT((d_active.all>d_experts.all)*1)=0",
            "Active parameters are no more than all",
        ),
        Check("Active parameters are no more than all", "over_active=0", "In every design of A"),
        Check("The weights of the demands make 100%", "ABS(demand_sum-1)<=1E-09", "Else the score is not of 100"),
        Check("At least one session fits", "users>=1", "Of the design picked, on the GPU picked"),
        Check(
            "Cache by two routes",
            "ABS(attention_cache+latent_cache+state_bytes-cache)<=cache*1E-09",
            "Per token times the context, and layer by layer",
        ),
        Check(
            "MHA's cache is the reference's",
            "ABS(mha_cache)<=ref_cache*1E-06",
            "Table A against the closed form on Calc",
        ),
        Check(
            "MHA's bytes are the reference's",
            "ABS(mha_bytes)<=ref_bytes*1E-06",
            "Table A against the closed form on Calc",
        ),
        Check(
            "GQA keeps g/h of MHA's cache",
            "ABS(grouped_ratio-grouped_heads)<=1E-09",
            "A quarter for 32 heads to 8 (article 1.8)",
        ),
        Check(
            "The hybrid keeps the share of its layers that attend",
            "ABS(hybrid_token/grouped_token-hybrid_layers)<=1E-09",
            "6,144 of 16,384 bytes for 6 of 16 (article 5.3); holds while both share heads alike",
        ),
        Check("Windows are flat above the window", "ABS(window_growth-1)<=1E-09", "Twice the context, the same bytes"),
        Check(
            "No score outside 0 to 100",
            "SUMPRODUCT(((by_design.score/100-1/2)^2>1/4+1E-09)*1)=0",
            "All designs of A",
        ),
        Check(
            "The table agrees with the calculation",
            "ABS(same_score)<=1E-06",
            "The design picked, in A and on Calc",
        ),
        only_missing("by_design", "where weights or a session do not fit on the GPU"),
        only_missing("by_cost", "where weights or a session do not fit on the GPU"),
        only_missing("scenarios", "where a scenario's design does not fit"),
        only_missing("levers", "where a lever's value does not fit"),
        Check(
            "Levers start from the live cost",
            "ABS(levers.live-decode_cost)<=decode_cost*1E-09",
            "Second computation on Sensitivity",
        ),
        shared.STRIP_AGREES,
    ),
    headlines=(
        "decode_cost",
        "cache",
        "cache_ratio",
        "kv_token",
        "step_bytes",
        "served",
        "decode_rate",
        "phone_rate",
        "phone_fits",
        "score",
    ),
    changes=(Change("1.0.0", date(2026, 11, 25), "First version"),),
)

"""What one million tokens cost on a rented GPU, and which lever moves it."""

from datetime import date

from workbook_templates import shared, style
from workbook_templates import units as u
from workbook_templates.spec import (
    Axis,
    CategoryChart,
    Change,
    Check,
    Grid,
    Kpi,
    Levers,
    Line,
    Series,
    Step,
    Strip,
    Template,
    TornadoChart,
    Waterfall,
    WaterfallChart,
    XyChart,
    axis,
    only_missing,
)
from workbook_templates.token_cost.calc import CALC
from workbook_templates.token_cost.inputs import CHIPS, CONTEXT, INPUTS, MODELS, UTILISATION

CONTEXTS = (4096, 8192, 16384, 32768, 65536, 131072, 262144)
BY_CONTEXT = Grid(
    "by_context",
    "A  Context and utilisation",
    "The calculation at other contexts; below, its blended cost by utilisation. Bold beats the API, grey fits no user.",
    axis(CONTEXT, *CONTEXTS),
    (
        "linear_share",
        "quadratic_share",
        "session_gb",
        "users",
        "batch_rate",
        "prefill_rate",
        "input_cost_full",
        "output_cost_full",
        "blended_full",
    ),
    axis(UTILISATION, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1),
    (Line("api_level", "API price", u.CENTS_PER_MTOK, "=api_usd"),),
    Line("blended_at", "Blended cost", u.CENTS_PER_MTOK, "=blended_full/utilisation"),
    bold_below="api_usd",
    room="users",
    legend=True,
)

BY_BITS = Grid(
    "by_bits",
    "B  Weight precision and batch",
    "Cost of a million output tokens at the live utilisation; grey = more sequences than fit beside the weights.",
    axis(shared.WEIGHT_BITS, 3, 4, 6, 8, 16),
    (
        "users",
        Line("weights_seconds", "All weights, read once", u.SHORT_SECONDS, "=weights/(bandwidth*achieved_bandwidth)"),
    ),
    Axis("batch", (1, 2, 4, 8, 16, 32, 64), "Sequences decoded together", u.SEQUENCES, (1, 100_000), whole=True),
    (
        Line("read_share", "Share of weights read", u.WHOLE_SHARE, "=MIN(1,batch*active_parameters/parameters)"),
        Line("caches_seconds", "Caches read", u.SHORT_SECONDS, "=batch*mean_cache/(bandwidth*achieved_bandwidth)"),
        "compute_seconds",
    ),
    Line(
        "output_at",
        "Output cost",
        u.CENTS_PER_MTOK,
        "=COST_PER_MTOK(rent, batch/MAX(weights_seconds*read_share+caches_seconds,compute_seconds), utilisation)",
    ),
    room="users",
    room_for="batch",
    break_before=True,
)

STEPS = Waterfall(
    "steps",
    "C  Build-up of the blended cost",
    "Where each bar of the dashboard's build-up begins and ends.",
    (
        Step("Prompts", "build_prompt", "cost"),
        Step("Weights", "build_weights", "cost"),
        Step("Caches", "build_caches", "cost"),
        Step("Idle hours", "build_idle", "waste"),
        Step("Blended", "blended", "total"),
        Step("API", "api_usd", "compare"),
    ),
    u.CENTS_PER_MTOK,
)

SCENARIO_STRIP = Strip(
    "scenarios",
    "D  Scenarios side by side",
    "The whole calculation for each scenario's own inputs, whichever is live.",
    ("users", "batch_rate", "output_cost", "input_cost", "blended", "api_multiple"),
    break_before=True,
)

LEVERS = Levers(
    "levers",
    "E  Levers, one at a time",
    "Each column moves one input to its Bull, then to its Bear value; all others stay as they are live.",
    (
        "utilisation",
        "rent_level",
        "context",
        "weight_bits",
        "kv_value_bytes",
        "cache_fill",
        "achieved_bandwidth",
        "achieved_compute",
    ),
    "blended",
    "users",
    break_before=True,
)

TEMPLATE = Template(
    name="token_cost",
    title="Token cost build-up",
    reader="CFO, ML-infrastructure lead",
    question="What do one million tokens cost on a rented GPU, and which lever moves it?",
    purpose="From operations, bytes and seconds to dollars per million tokens, beside an API's price.",
    how=(
        shared.CHOOSE_SCENARIO,
        shared.PICK_MODEL_AND_GPU,
        shared.READ_DASHBOARD,
        shared.TRUST_CHECKS,
    ),
    inputs=INPUTS,
    calc=CALC,
    catalogues=(MODELS.catalogue, CHIPS.catalogue),
    blocks=(BY_CONTEXT, BY_BITS, STEPS, SCENARIO_STRIP, LEVERS),
    kpis=(
        Kpi("Blended cost", "blended", u.CENTS_PER_MTOK, "per million tokens"),
        Kpi("Against the API", "api_multiple", u.RATIO, "its blended price"),
        Kpi("Output", "output_cost", u.CENTS_PER_MTOK, "per million tokens"),
        Kpi("Input", "input_cost", u.CENTS_PER_MTOK, "per million tokens"),
        Kpi("Users per GPU", "users", u.USERS, "whole sessions"),
        Kpi("Tokens per second", "batch_rate", u.TOKENS_PER_S, "output, one GPU"),
    ),
    reading=(
        '="A million tokens of "&model&" on "&chip&" cost $"&FIXED(kpi.blended,2)&"."',
        '="That is "&FIXED(kpi.api_multiple,2)&" times the price of an API at $"&FIXED(api_usd,3)&"."',
        '=levers.top&" moves it most: -$"&FIXED(-levers.better,2)&" to +$"&FIXED(levers.worse,2)&"."',
    ),
    charts=(
        CategoryChart(
            "Where a prompt's operations go, by context",
            "Columns stacked to 100 %: the linear and the quadratic share of a prompt's operations at seven contexts.",
            "by_context.across",
            (
                Series("by_context.linear_share", colour=style.NAVY),
                Series("by_context.quadratic_share", colour=style.CORAL, labels="0%"),
            ),
            across="context, tokens",
            across_format="#,##0",
            shares=True,
        ),
        XyChart(
            "Blended $/Mtok by utilisation, log scale",
            "Curves on a log scale: blended cost against utilisation at three contexts, the API price, the live scenario.",
            "by_context.down",
            (
                Series("by_context.cells[0]", legend="by_context.legend[0]", colour=style.TEAL, markers=True),
                Series("by_context.cells[3]", legend="by_context.legend[3]", colour=style.NAVY, markers=True),
                Series("by_context.cells[5]", legend="by_context.legend[5]", colour=style.CORAL, markers=True),
                Series("by_context.api_level", "API price", colour=style.GREY, dash=True),
                Series("kpi.blended", "Live", kind="point", x="utilisation", colour=style.AMBER),
            ),
            across="utilisation",
            across_format="0%",
            format="$#,##0.00",
            log=True,
            span=(0, 1),
            steps=0.2,
        ),
        WaterfallChart(
            "What a blended million tokens is made of, $",
            "Waterfall: prompts, weights, caches and idle hours add up to the blended cost; the API price beside it.",
            "steps",
        ),
        TornadoChart(
            "Levers: one input at its Bull or Bear value, $/Mtok",
            "Tornado: change of the blended cost when one input takes its Bull or Bear value, the strongest lever on top.",
            "levers",
        ),
    ),
    checks=(
        shared.SCENARIO_IS_KNOWN,
        shared.NO_ERROR_ON_CALC,
        shared.PICKS_ARE_LISTED,
        Check(
            "Dimensions fit the operations",
            "MAX(size_ratio,1/size_ratio)<=2+(model_row>1)",
            "24Ld²: within 2x of your own model's, 3x of a listed one's",
        ),
        Check(
            "The article's models have its layers",
            "OR(model_row=1,model_row>3,ABS(layer_multiple-1)<=1E-09)",
            "L·(24nd² + 4n²d) operations, no more and no less",
        ),
        shared.WEIGHTS_FIT,
        Check("At least one user fits", "users>=1", "One full session beside the weights"),
        Check("Caches of all users fit", "weights+overhead_bytes+users*session<=gpu_bytes+1", "To the byte"),
        Check(
            "Quadratic share = n/(6d+n)",
            "ABS(quadratic_share-context/(6*share_dim+context))+ABS(linear_share+quadratic_share-1)<=1E-09",
            "Two routes to one number: sums of operations, and d alone",
        ),
        Check(
            "Build-up adds up",
            "ABS(build_prompt+build_weights+build_caches+build_idle-blended)<=blended*1E-09",
            "The waterfall ends at the cost",
        ),
        Check(
            "Full batch never dearer than one stream",
            "output_cost_full<=stream_cost*(1+1E-09)",
            "Sharing the weights cannot cost",
        ),
        only_missing("by_context", "where the model does not fit"),
        only_missing("by_bits", "where the weights do not fit"),
        only_missing("scenarios", "where a scenario's model does not fit"),
        only_missing("levers", "where a lever's value does not fit"),
        Check(
            "Multiples of the API lead back",
            "ABS(api_multiple*api_usd-blended)+ABS(even_utilisation*api_usd-blended_full)<=blended*1E-09",
            "Times the API's price they are the costs",
        ),
        Check(
            "Levers start from the live cost", "ABS(levers.live-blended)<=blended*1E-09", "Second computation on Sensitivity"
        ),
        shared.STRIP_AGREES,
    ),
    headlines=(
        "blended",
        "api_multiple",
        "output_cost",
        "input_cost",
        "output_cost_full",
        "users",
        "batch_rate",
        "stream_rate",
        "session_gb",
        "prefill_seconds",
    ),
    changes=(
        Change("1.1.0", date(2026, 11, 25), "Model and GPU are picked from lists; experts, windows and recurrent states count"),
        Change("1.0.0", date(2026, 11, 23), "First version"),
    ),
)

"""How many GPUs so many concurrent users need at a context."""

from datetime import date

from workbook_templates import shared, style
from workbook_templates import units as u
from workbook_templates.capacity.calc import CALC
from workbook_templates.capacity.inputs import CHIPS, CONTEXT, INPUTS, MODELS, SESSIONS
from workbook_templates.spec import (
    WORD,
    CategoryChart,
    Change,
    Check,
    Grid,
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

CONTEXTS = (4096, 8192, 16384, 32768, 65536, 131072, 262144)
GPUS = ("RTX 4090", "L40S", "A100 SXM 80GB", "H100 SXM", "H200 SXM", "B200 SXM", "B300 SXM")

BY_CHIP = Table(
    "by_chip",
    "A  GPU by GPU",
    "The calculation for other GPUs; pick others in the amber row.",
    axis(CHIPS.choice, *GPUS),
    (
        "users_memory",
        "users_tpot",
        "users_ttft",
        "users",
        "gpus",
        "hourly",
        "user_hour",
        "weights_gb",
        "overhead_used_gb",
        "caches_gb",
        "free_gb",
        Line("ranked", "Fleet, for the ranking", u.USD_PER_HOUR, "=IF(ISNUMBER(hourly),hourly,1E+12)"),
    ),
    after=(
        Line("cheapest", "Cheapest fleet", u.USD_PER_HOUR, "=MIN(by_chip.ranked)", key=True),
        Line("best_chip", "on", WORD, "=INDEX(by_chip.across,1,MATCH(cheapest,by_chip.ranked,0))", key=True),
    ),
)

BY_CONTEXT = Grid(
    "by_context",
    "B  Context and GPU",
    "Sessions by memory, then GPUs of the whole fleet; #N/A where not one session fits the limits.",
    axis(CONTEXT, *CONTEXTS),
    ("session_rank",),
    axis(CHIPS.choice, *GPUS),
    ("gpu_bytes", "users_tpot", "users_ttft"),
    Line("gpus_at", "GPUs", u.GPUS, f"=IF(users_at>=1,{shared.whole_up('needed/users_at')}*tensor_parallel,NA())"),
    steps=(
        Line("fit_at", "Sessions by memory", u.USERS, "=USERS_PER_GPU(gpu_bytes, weights_rank, session_rank, overhead_bytes)"),
        Line("users_at", "Sessions by all limits", u.USERS, "=MIN(fit_at,users_tpot,users_ttft)"),
    ),
    after=(
        Line(
            "unfit",
            "Cells without an answer",
            u.CELLS,
            '=ROWS(by_context.cells)*COLUMNS(by_context.cells)-COUNTIF(by_context.users_at,">=1")',
        ),
    ),
    break_before=True,
    legend=True,
)

BY_BITS = Grid(
    "by_bits",
    "C  Context and weight precision",
    "Sessions that fit in the memory of a replica of the GPU picked.",
    axis(CONTEXT, *CONTEXTS),
    ("session_rank",),
    axis(shared.WEIGHT_BITS, 3, 4, 6, 8, 16),
    ("weights_rank",),
    Line("fit_bits", "Sessions", u.USERS, "=USERS_PER_GPU(gpu_bytes, weights_rank, session_rank, overhead_bytes)"),
    break_before=True,
)

BY_SESSIONS = Table(
    "by_sessions",
    "D  From sessions to GPUs",
    "Whole replicas: the fleet grows in steps.",
    axis(SESSIONS, 10, 25, 50, 100, 200, 400, 700, 1000, 2000),
    ("gpus", "hourly", "spare"),
)

SCENARIOS = Strip(
    "scenarios",
    "E  Scenarios side by side",
    "The whole calculation for each scenario's own inputs, whichever is live.",
    ("users_memory", "users_tpot", "users_ttft", "gpus", "hourly", "used_hour", "spare"),
    break_before=True,
)

LEVERS = Levers(
    "levers",
    "F  Levers, one at a time",
    "Each column moves one input to its Bull, then to its Bear value; all others stay as they are live.",
    ("sessions", "rent_level", "context", "average_context", "weight_bits", "kv_value_bytes", "tpot_ms", "headroom"),
    "hourly",
    "users",
    break_before=True,
)

TEMPLATE = Template(
    name="capacity",
    title="Capacity planner",
    reader="ML-infrastructure lead",
    question="How many GPUs do so many concurrent users need at a context, and which limit binds?",
    purpose="From model and GPU to sessions per replica by memory, by speed and by waiting; from these to GPUs and dollars.",
    how=(
        shared.CHOOSE_SCENARIO,
        shared.PICK_MODEL_AND_GPU,
        shared.READ_DASHBOARD,
        shared.TRUST_CHECKS,
    ),
    inputs=INPUTS,
    calc=CALC,
    catalogues=(MODELS.catalogue, CHIPS.catalogue),
    blocks=(BY_CHIP, BY_CONTEXT, BY_BITS, BY_SESSIONS, SCENARIOS, LEVERS),
    kpis=(
        Kpi("GPUs", "gpus", u.GPUS, "for the peak and headroom"),
        Kpi("Fleet", "hourly", u.USD_PER_HOUR, "rent, all hours"),
        Kpi("Sessions per replica", "users", u.USERS, "by the limit that binds"),
        Kpi("Binding limit", "binding", WORD, "of three"),
        Kpi("Cost per user-hour", "used_hour", u.USD_PER_USER_HOUR, "as used"),
        Kpi("Spare at the peak", "spare", u.SHARE, "headroom and rounding"),
    ),
    reading=(
        '=FIXED(sessions,0)&" sessions of "&model&" need "&FIXED(kpi.gpus,0)&" x "&chip&"; "&LOWER(kpi.binding)&" binds."',
        '="The cheapest of the fleets compared: "&best_chip&" at $"&FIXED(cheapest,2)&" an hour."',
        '=levers.top&" moves it most: -$"&FIXED(-levers.better,2)&" to +$"&FIXED(levers.worse,2)&" an hour."',
    ),
    charts=(
        XyChart(
            "Sessions that fit in a replica's memory, by context (log-log)",
            "Curves, both scales logarithmic: sessions by memory against the context for four GPUs.",
            "by_context.across",
            tuple(
                Series(f"by_context.fit_at[{row},]", legend=f"by_context.down[{row},]", colour=colour, markers=True)
                for row, colour in ((0, style.GREY), (3, style.NAVY), (4, style.TEAL), (6, style.CORAL))
            ),
            across="context, tokens",
            log_x=True,
            log=True,
            span=(1000, 1_000_000),
        ),
        CategoryChart(
            "Where a GPU's memory goes, GB",
            "Columns stacked: weights, framework, caches and what is left over, for seven GPUs.",
            "by_chip.across",
            (
                Series("by_chip.weights_gb", colour=style.NAVY),
                Series("by_chip.overhead_used_gb", colour=style.AMBER),
                Series("by_chip.caches_gb", colour=style.TEAL),
                Series("by_chip.free_gb", colour=style.RULE),
            ),
            stacked=True,
        ),
        XyChart(
            "GPUs by sessions at the peak",
            "A line with markers: GPUs of the fleet against the sessions; the live case as a diamond.",
            "by_sessions.across",
            (
                Series("by_sessions.gpus", "GPUs", colour=style.NAVY, markers=True),
                Series("kpi.gpus", "Live", kind="point", x="sessions", colour=style.AMBER),
            ),
            across="sessions",
        ),
        TornadoChart(
            "Levers: one input at its Bull or Bear value, $ an hour",
            "Tornado: change of the fleet's rent when one input takes its Bull or Bear value, the strongest lever on top.",
            "levers",
            format="$#,##0",
        ),
    ),
    checks=(
        shared.SCENARIO_IS_KNOWN,
        shared.NO_ERROR_ON_CALC,
        shared.PICKS_ARE_LISTED,
        Check("Weights leave room for caches", "kv_budget>0", "Else a replica needs more GPUs"),
        Check("At least one session per replica", "users>=1", "Else no fleet keeps the promise"),
        Check("A replica is 1, 2, 4 or 8 GPUs", "MOD(8,tensor_parallel)=0", "Others split no head evenly"),
        Check(
            "The mean context is no longer than the 95th percentile", "average_context<=context", "Else one of the two is wrong"
        ),
        Check("GPUs serve the sessions planned for", "gpus/tensor_parallel*users>=needed", "Capacity covers peak and headroom"),
        Check(
            "No replica could be spared",
            "(gpus/tensor_parallel-1)*users<needed",
            "One fewer would not serve the sessions planned for",
        ),
        Check(
            "Memory adds up to the GPU's",
            "AND(ABS(weights_gb+overhead_used_gb+caches_gb+free_gb-gpu_bytes/1E+09)<=1E-06,free_gb>=0)",
            "Weights, framework, caches, left over",
        ),
        Check(
            "Time per token is kept at the binding batch",
            "step_seconds<=tpot_ms/1000*(1+1E-09)",
            "Reading weights and caches of all sessions of a replica",
        ),
        Check("Limits agree", "limit_users.total=users", "Two routes to the sessions per replica"),
        Check(
            "What does not fit is #N/A and nothing else",
            "ISNA(SUM(by_context.cells))=(unfit>0)",
            "#N/A in B where not one session fits the limits",
        ),
        only_missing("by_chip", "where weights or a session do not fit"),
        only_missing("by_context", "where weights or a session do not fit"),
        only_missing("by_bits", "where the weights do not fit"),
        only_missing("by_sessions", "where not one session fits"),
        only_missing("scenarios", "where a scenario's model does not fit"),
        only_missing("levers", "where a lever's value does not fit"),
        Check("Levers start from the live fleet", "ABS(levers.live-hourly)<=hourly*1E-09", "Second computation on Sensitivity"),
        shared.STRIP_AGREES,
    ),
    headlines=(
        "gpus",
        "hourly",
        "users",
        "binding",
        "user_hour",
        "used_hour",
        "spare",
        "users_memory",
        "users_tpot",
        "users_ttft",
    ),
    changes=(Change("1.0.0", date(2026, 11, 25), "First version"),),
)

"""From model and GPU to sessions per replica under three limits, and from these to GPUs and dollars."""

from workbook_templates import shared
from workbook_templates import units as u
from workbook_templates.capacity.inputs import CHIPS, MODELS
from workbook_templates.spec import WORD, Cases, Line, section

PICKED_MODEL = section("1  The model picked, in base units", *MODELS.lines)

PICKED_GPU = section(
    "2  The GPU picked, in base units",
    *CHIPS.lines,
    Line("rent", "Rent", u.USD_PER_GPU_HOUR, "=list_rent*rent_level", "at your level of rents"),
    Line("overhead_bytes", "Activations and framework", u.BYTES, "=overhead_gb*1E+09", "of each GPU"),
)

MEMORY = section(
    "3  Memory: the sessions that fit",
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
    Line(
        "kv_session",
        "Cache per session",
        u.BYTES,
        "=(kv_values*context+window_values*MIN(context,window_tokens))*kv_value_bytes+state_bytes",
        "reserved at the 95th percentile: 2·L·g·d_k·B_v·n, windows and states besides (article 5.2, 5.7)",
    ),
    Line("split", "GPUs that share a session's cache", u.RANKS, "=MIN(tensor_parallel,kv_split)", "no more than KV heads"),
    Line("session_rank", "Cache per session on each GPU", u.BYTES, "=kv_session/split"),
    Line(
        "users_memory",
        "Sessions by memory",
        u.USERS,
        "=USERS_PER_GPU(gpu_bytes, weights_rank, session_rank, overhead_bytes)",
        "whole sessions of a replica (article 5.5)",
        key=True,
    ),
)

SPEED = section(
    "4  Speed: the sessions that keep the promise",
    Line(
        "mean_cache",
        "Cache read per session and step",
        u.BYTES,
        "=((kv_values*average_context+window_values*MIN(average_context,window_tokens))*kv_value_bytes+state_bytes)/split",
        "on each GPU, at the mean context",
    ),
    Line(
        "weights_seconds",
        "Step, reading weights",
        u.SHORT_SECONDS,
        "=DECODE_SECONDS(weights_rank, 0, bandwidth, 1, achieved_bandwidth)",
        "once for all sessions (article 6.1)",
    ),
    Line(
        "cache_seconds",
        "Step, reading a session's cache",
        u.SHORT_SECONDS,
        "=mean_cache/(bandwidth*achieved_bandwidth)",
        "for each session",
    ),
    Line(
        "compute_seconds",
        "Step, computing for a session",
        u.SHORT_SECONDS,
        "=2*active_parameters/(tensor_parallel*peak_flops*achieved_compute)",
        "2 operations per parameter and token",
    ),
    Line(
        "by_reading",
        "Sessions while weights bind",
        u.USERS,
        "=(tpot_ms/1000-weights_seconds)/cache_seconds",
        "weights + sessions x cache = the promised time",
    ),
    Line(
        "by_computing",
        "Sessions while computing binds",
        u.USERS,
        "=tpot_ms/1000/(cache_seconds+compute_seconds)",
        "sessions x (cache + computing) = the promised time",
    ),
    Line(
        "users_tpot",
        "Sessions by time per token",
        u.USERS,
        f"=MAX(0,{shared.whole_down('MIN(by_reading,by_computing)')})",
        "the step is caches + the slower of weights and computing",
        key=True,
    ),
    Line(
        "prompt_flops",
        "Operations of a request's prompt",
        u.FLOP,
        "=new_tokens*(2*active_parameters+pair_flops*average_context)",
        "each new token also looks back over the mean context",
    ),
    Line(
        "prompt_seconds",
        "Time of a prompt",
        u.SECONDS,
        "=PREFILL_SECONDS(prompt_flops, peak_flops, achieved_compute, tensor_parallel)",
        "compute-bound (article 3.1)",
    ),
    Line("waiting", "Wait allowed, in prompts", u.RATIO, "=MAX(0,ttft_s/prompt_seconds-1)", "beyond one's own prompt"),
    Line(
        "load_allowed",
        "Share of time for prompts",
        u.SHARE,
        "=2*waiting/(1+2*waiting)",
        "a queue with even service waits load / (2·(1 - load)) prompts (M/D/1)",
    ),
    Line(
        "users_ttft",
        "Sessions by time to first token",
        u.USERS,
        f"={shared.whole_down('load_allowed*request_seconds/prompt_seconds')}",
        "each sends a prompt now and then",
        key=True,
    ),
)

LIMITS = Cases("limits", "Limit", ("Memory", "Time per token", "Time to first token"), "Limits")
BINDING = section(
    "Which limit binds",
    Line("limit_number", "Number", u.POSITION, "=MATCH(limits,limits.all,0)"),
    Line(
        "limit_users",
        "Sessions per replica",
        u.USERS,
        "=CHOOSE(limit_number,users_memory,users_tpot,users_ttft)",
        "the least of them binds",
        total="=MIN(limit_users.all)",
    ),
    Line("limit_slack", "Over the least", u.RATIO, "=limit_users/MAX(limit_users.total,1)", "1.00x binds"),
    over=LIMITS,
)

FLEET = section(
    "5  Fleet and money",
    Line(
        "users", "Sessions per replica", u.USERS, "=MIN(users_memory,users_tpot,users_ttft)", "the least of the three", key=True
    ),
    Line("binding", "What binds", WORD, "=INDEX(limits.all,1,MATCH(users,limit_users.all,0))", "see Calc_Limits"),
    Line("needed", "Sessions to plan for", u.USERS, "=sessions*(1+headroom)", "peak and headroom"),
    Line(
        "replicas",
        "Replicas",
        u.REPLICAS,
        f"=IF(users>=1,{shared.whole_up('needed/users')},NA())",
        "whole ones; #N/A where not one session fits the limits",
    ),
    Line("gpus", "GPUs", u.GPUS, "=replicas*tensor_parallel", "the answer", key=True),
    Line("hourly", "Fleet", u.USD_PER_HOUR, "=gpus*rent", "all GPUs, all hours", key=True),
    Line(
        "user_hour",
        "GPU cost per user-hour, full",
        u.USD_PER_USER_HOUR,
        "=USER_HOUR_COST(tensor_parallel*rent, MAX(users,1))",
        "the article's figure: a replica with every session taken (5.6)",
    ),
    Line(
        "used_hour",
        "GPU cost per user-hour, as used",
        u.USD_PER_USER_HOUR,
        "=hourly*peak_ratio/sessions",
        "over the average number of sessions",
        key=True,
    ),
    Line(
        "step_seconds",
        "Step at that many sessions",
        u.SHORT_SECONDS,
        "=users*cache_seconds+MAX(weights_seconds,users*compute_seconds)",
        "caches, and the slower of weights and computing; no longer than promised",
    ),
    Line("spare", "Spare at the peak", u.SHARE, "=1-sessions/(replicas*users)", "headroom and what rounding up adds", key=True),
)

MEMORY_BAR = section(
    "6  Where a GPU's memory goes, in GB",
    Line("weights_gb", "Weights", u.GB, "=weights_rank/1E+09"),
    Line("overhead_used_gb", "Activations and framework", u.GB, "=overhead_bytes/1E+09"),
    Line("caches_gb", "Caches of the sessions", u.GB, "=users*session_rank/1E+09", "as many as all limits allow"),
    Line("free_gb", "Left over", u.GB, "=gpu_bytes/1E+09-weights_gb-overhead_used_gb-caches_gb"),
)

CALC = (PICKED_MODEL, PICKED_GPU, MEMORY, SPEED, BINDING, FLEET, MEMORY_BAR)

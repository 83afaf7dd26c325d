"""From base units over operations, bytes and seconds to dollars per million tokens."""

from workbook_templates import units as u
from workbook_templates.spec import Line, section

BASE_UNITS = section(
    "1  Base units: every function takes bytes, FLOP, seconds",
    Line("parameters", "Parameters", u.PARAMETERS, "=parameters_b*1E+09", "billions to units"),
    Line("gpu_bytes", "GPU memory", u.BYTES, "=gpu_memory_gb*1E+09", "decimal GB, as vendors count"),
    Line("overhead_bytes", "Activations and framework", u.BYTES, "=overhead_gb*1E+09"),
    Line("bandwidth", "Memory bandwidth", u.BYTES_PER_S, "=bandwidth_gb_s*1E+09"),
    Line("peak_flops", "Peak compute", u.FLOP_PER_S, "=peak_tflops*1E+12"),
    Line(
        "size_ratio",
        "Size by dimensions over parameters",
        u.SIZE,
        "=12*layers*model_dim^2/parameters",
        "12Ld² / P: near 1 where d and L describe a model of that size",
    ),
)

PROMPT = section(
    "2  Prompt: operations of a full context",
    Line("layer_flops", "Operations of a layer", u.FLOP, "=LAYER_FLOPS(context, model_dim)", "24nd² + 4n²d (article 2.7)"),
    Line(
        "quadratic_flops",
        "of which quadratic",
        u.FLOP,
        "=SCORE_FLOPS(context, model_dim)+VALUE_FLOPS(context, model_dim)",
        "4n²d: scores and values (article 2.2, 2.3)",
    ),
    Line("quadratic_share", "Quadratic share", u.SHARE, "=quadratic_flops/layer_flops", "n / (6d + n) (article 2.7)"),
    Line("linear_share", "Linear share", u.SHARE, "=1-quadratic_share"),
    Line("prompt_flops", "Operations of the prompt", u.FLOP, "=layers*layer_flops", "all layers; the output head is left out"),
    Line(
        "prefill_seconds",
        "Prefill time",
        u.SECONDS,
        "=PREFILL_SECONDS(prompt_flops, peak_flops, achieved_compute)",
        "compute-bound: operations over the compute reached",
        key=True,
    ),
    Line("prefill_rate", "Prefill speed", u.TOKENS_PER_S, "=context/prefill_seconds", "input tokens a second, one GPU"),
)

MEMORY = section(
    "3  Memory: who fits on the GPU",
    Line(
        "weights", "Weights", u.BYTES, "=WEIGHT_BYTES(parameters, weight_bits, 0, 0, 0)", "P·b/8, without scales (article 5.4)"
    ),
    Line(
        "kv_per_token",
        "KV cache per token",
        u.BYTES_PER_TOKEN,
        "=KV_BYTES_PER_TOKEN(layers, kv_heads, head_dim, kv_value_bytes)",
        "2·L·g·d_k·B_v (article 5.2)",
    ),
    Line(
        "session",
        "KV cache per session",
        u.BYTES,
        "=KV_BYTES(context, layers, kv_heads, head_dim, kv_value_bytes)",
        "reserved at full context (article 5.3)",
    ),
    Line("session_gb", "KV cache per session", u.GB, "=session/1E+09", "the same in GB", key=True),
    Line(
        "kv_budget_gb",
        "Left for caches",
        u.GB,
        "=KV_BUDGET(gpu_bytes, weights, overhead_bytes)/1E+09",
        "memory - weights - overhead (article 5.4); #N/A where they do not fit",
    ),
    Line(
        "users",
        "Users per GPU",
        u.USERS,
        "=USERS_PER_GPU(gpu_bytes, weights, session, overhead_bytes)",
        "whole sessions only (article 5.5)",
        key=True,
    ),
)

DECODE = section(
    "4  Decode: one token for each user per step",
    Line("mean_cache", "Cache read per user and step", u.BYTES, "=session*cache_fill", "sessions are not full all the time"),
    Line(
        "stream_rate",
        "One stream alone",
        u.TOKENS_PER_S,
        "=TOKENS_PER_SECOND(weights, mean_cache, bandwidth, 1, achieved_bandwidth, 2*parameters, peak_flops, achieved_compute)",
        "the article's case: weights read for a single user (6.1)",
        key=True,
    ),
    Line("batch", "Sequences decoded together", u.SEQUENCES, "=MAX(1,users)", "all users that fit"),
    Line(
        "memory_seconds",
        "Step, reading memory",
        u.SHORT_SECONDS,
        "=DECODE_SECONDS(weights, mean_cache, bandwidth, batch, achieved_bandwidth)",
        "weights once, each cache once",
    ),
    Line(
        "compute_seconds",
        "Step, computing",
        u.SHORT_SECONDS,
        "=batch*2*parameters/(peak_flops*achieved_compute)",
        "2 operations per parameter and token",
    ),
    Line(
        "step_seconds", "Step", u.SHORT_SECONDS, "=MAX(memory_seconds,compute_seconds)", "the slower of the two (article 4.2)"
    ),
    Line("batch_rate", "Full batch", u.TOKENS_PER_S, "=batch/step_seconds", "output tokens a second, one GPU", key=True),
    break_before=True,
)

MONEY = section(
    "5  Money: dollars per million tokens",
    Line(
        "stream_cost",
        "Output, one stream, never idle",
        u.USD_PER_MTOK,
        "=COST_PER_MTOK(gpu_rent, stream_rate)",
        "article 6.2, which prints a thousandth of it",
    ),
    Line(
        "output_cost_full",
        "Output, full batch, never idle",
        u.USD_PER_MTOK,
        "=COST_PER_MTOK(gpu_rent, batch_rate)",
        "batching shares the weights' traffic",
    ),
    Line(
        "output_cost",
        "Output, at utilisation",
        u.USD_PER_MTOK,
        "=COST_PER_MTOK(gpu_rent, batch_rate, utilisation)",
        "idle hours are paid for",
        key=True,
    ),
    Line(
        "input_cost_full",
        "Input, never idle",
        u.USD_PER_MTOK,
        "=COST_PER_MTOK(gpu_rent, prefill_rate)",
        "the GPU's seconds in prefill",
    ),
    Line(
        "input_cost", "Input, at utilisation", u.USD_PER_MTOK, "=COST_PER_MTOK(gpu_rent, prefill_rate, utilisation)", key=True
    ),
    Line(
        "blended_full",
        "Blended, never idle",
        u.USD_PER_MTOK,
        "=BLENDED_PRICE(input_cost_full, output_cost_full, input_parts, output_parts)",
        "each phase pays its own seconds, then the mix",
    ),
    Line(
        "blended",
        "Blended, at utilisation",
        u.USD_PER_MTOK,
        "=BLENDED_PRICE(input_cost, output_cost, input_parts, output_parts)",
        "the answer",
        key=True,
    ),
    Line(
        "api_multiple",
        "Multiple of the API price",
        u.RATIO,
        "=blended/api_usd",
        "above 1 the API is cheaper",
        key=True,
    ),
    Line(
        "even_utilisation",
        "Utilisation that matches the API",
        u.EVEN,
        "=blended_full/api_usd",
        "above 100% no traffic is enough",
    ),
    Line("user_hour", "GPU cost per user-hour", u.USD_PER_USER_HOUR, "=USER_HOUR_COST(gpu_rent, MAX(1,users))", "article 5.6"),
)

BUILD_UP = section(
    "6  Build-up of the blended cost",
    Line(
        "output_part",
        "Output's part, never idle",
        u.USD_PER_MTOK,
        "=output_cost_full*output_parts/(input_parts+output_parts)",
        "split below by bytes read",
    ),
    Line("read_bytes", "Bytes read per step", u.BYTES, "=weights+batch*mean_cache"),
    Line(
        "build_prompt", "Reading prompts", u.USD_PER_MTOK, "=input_cost_full*input_parts/(input_parts+output_parts)", "prefill"
    ),
    Line("build_weights", "Reading weights", u.USD_PER_MTOK, "=output_part*weights/read_bytes", "decode"),
    Line("build_caches", "Reading caches", u.USD_PER_MTOK, "=output_part*batch*mean_cache/read_bytes", "decode"),
    Line("build_idle", "Idle hours", u.USD_PER_MTOK, "=blended_full/utilisation-blended_full", "what low utilisation adds"),
)

CALC = (BASE_UNITS, PROMPT, MEMORY, DECODE, MONEY, BUILD_UP)

"""From base units over operations, bytes and seconds to dollars per million tokens."""

from workbook_templates import units as u
from workbook_templates.spec import Line, section
from workbook_templates.token_cost.inputs import CHIPS, MODELS

PICKED_MODEL = section(
    "1  The model picked, in base units",
    *MODELS.lines,
    Line(
        "size_ratio",
        "Size by dimensions over operations",
        u.SIZE,
        "=24*layers*model_dim^2/linear_flops",
        "24Ld² over the linear operations: 1 for the article's rows; else d, L and size must be near",
    ),
)

PICKED_GPU = section(
    "2  The GPU picked, in base units",
    *CHIPS.lines,
    Line(
        "rent",
        "Rent paid",
        u.USD_PER_GPU_HOUR,
        "=IF(gpu_rent>0,gpu_rent,list_rent*rent_level)",
        "what you agreed on, else the catalogue's at your level of rents",
    ),
    Line("overhead_bytes", "Activations and framework", u.BYTES, "=overhead_gb*1E+09"),
)

PROMPT = section(
    "3  Prompt: operations of a full context",
    Line("window_reach", "Tokens in a sliding window", u.TOKENS, "=MIN(context,window_tokens)", "0 without windows"),
    Line(
        "quadratic_flops",
        "Quadratic operations",
        u.FLOP,
        "=prompt_pair_flops*context^2+prompt_window_flops*window_reach*(2*context-window_reach)",
        "each pair of tokens both ways, as the article counts (2.5); a kernel that masks does half",
    ),
    Line(
        "prompt_flops",
        "Operations of the prompt",
        u.FLOP,
        "=context*linear_flops+quadratic_flops",
        "linear and quadratic, of the model picked; the output head is left out",
    ),
    Line(
        "quadratic_share",
        "Quadratic share",
        u.SHARE,
        "=quadratic_flops/prompt_flops",
        "n / (6d + n) for the article's rows (2.7)",
    ),
    Line("linear_share", "Linear share", u.SHARE, "=1-quadratic_share"),
    Line(
        "layer_flops",
        "Operations of a layer",
        u.FLOP,
        "=LAYER_FLOPS(context, model_dim)",
        "the article's layer, 24nd² + 4n²d (2.7): to compare, prices do not use it",
    ),
    Line(
        "layer_multiple",
        "Prompt against L such layers",
        u.RATIO,
        "=prompt_flops/(layers*layer_flops)",
        "1 for the article's rows; other feed-forward blocks, experts and windows depart from it",
    ),
    Line(
        "pair_ratio",
        "Quadratic operations over 4n²dL",
        u.SIZE,
        "=quadratic_flops/(4*layers*model_dim*context^2)",
        "1 where heads together are as wide as d and no layer has a window",
    ),
    Line(
        "share_dim",
        "d of the layer with the same share",
        u.DIMENSIONS,
        "=model_dim/(size_ratio*pair_ratio)",
        "the article's rows: their own d",
    ),
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
    "4  Memory: who fits on the GPU",
    Line(
        "weights", "Weights", u.BYTES, "=WEIGHT_BYTES(parameters, weight_bits, 0, 0, 0)", "P·b/8, without scales (article 5.4)"
    ),
    Line(
        "kv_per_token",
        "KV cache per token",
        u.BYTES_PER_TOKEN,
        "=kv_values*kv_value_bytes",
        "2·L·g·d_k·B_v (article 5.2), of layers that keep every token",
    ),
    Line(
        "session",
        "KV cache per session",
        u.BYTES,
        "=(kv_values*context+window_values*window_reach)*kv_value_bytes+state_bytes",
        "reserved at full context (article 5.3), windows and states besides",
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
    "5  Decode: one token for each user per step",
    Line(
        "mean_cache",
        "Cache read per user and step",
        u.BYTES,
        "=(kv_values*context*cache_fill+window_values*MIN(context*cache_fill,window_tokens))*kv_value_bytes+state_bytes",
        "sessions are not full all the time",
    ),
    Line(
        "active_weights",
        "Weights that a token uses",
        u.BYTES,
        "=WEIGHT_BYTES(active_parameters, weight_bits, 0, 0, 0)",
        "all of a dense model; of a mixture of experts the active ones",
    ),
    Line(
        "stream_rate",
        "One stream alone",
        u.TOKENS_PER_S,
        "=TOKENS_PER_SECOND(active_weights, mean_cache, bandwidth, 1, achieved_bandwidth, 2*active_parameters,"
        " peak_flops, achieved_compute)",
        "the article's case: weights read for a single user (6.1)",
        key=True,
    ),
    Line("batch", "Sequences decoded together", u.SEQUENCES, "=MAX(1,users)", "all users that fit"),
    Line(
        "weights_read",
        "Weights read per step",
        u.BYTES,
        "=weights*MIN(1,batch*active_parameters/parameters)",
        "once for all; each sequence may call up other experts, at most all",
    ),
    Line(
        "memory_seconds",
        "Step, reading memory",
        u.SHORT_SECONDS,
        "=DECODE_SECONDS(weights_read, mean_cache, bandwidth, batch, achieved_bandwidth)",
        "weights once, each cache once",
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
    Line("batch_rate", "Full batch", u.TOKENS_PER_S, "=batch/step_seconds", "output tokens a second, one GPU", key=True),
)

MONEY = section(
    "6  Money: dollars per million tokens",
    Line(
        "stream_cost",
        "Output, one stream, never idle",
        u.USD_PER_MTOK,
        "=COST_PER_MTOK(rent, stream_rate)",
        "article 6.2, which prints a thousandth of it",
    ),
    Line(
        "output_cost_full",
        "Output, full batch, never idle",
        u.USD_PER_MTOK,
        "=COST_PER_MTOK(rent, batch_rate)",
        "batching shares the weights' traffic",
    ),
    Line(
        "output_cost",
        "Output, at utilisation",
        u.USD_PER_MTOK,
        "=COST_PER_MTOK(rent, batch_rate, utilisation)",
        "idle hours are paid for",
        key=True,
    ),
    Line(
        "input_cost_full",
        "Input, never idle",
        u.USD_PER_MTOK,
        "=COST_PER_MTOK(rent, prefill_rate)",
        "the GPU's seconds in prefill",
    ),
    Line("input_cost", "Input, at utilisation", u.USD_PER_MTOK, "=COST_PER_MTOK(rent, prefill_rate, utilisation)", key=True),
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
    Line("user_hour", "GPU cost per user-hour", u.USD_PER_USER_HOUR, "=USER_HOUR_COST(rent, MAX(1,users))", "article 5.6"),
)

BUILD_UP = section(
    "7  Build-up of the blended cost",
    Line(
        "output_part",
        "Output's part, never idle",
        u.USD_PER_MTOK,
        "=output_cost_full*output_parts/(input_parts+output_parts)",
        "split below by bytes read",
    ),
    Line("read_bytes", "Bytes read per step", u.BYTES, "=weights_read+batch*mean_cache"),
    Line(
        "build_prompt", "Reading prompts", u.USD_PER_MTOK, "=input_cost_full*input_parts/(input_parts+output_parts)", "prefill"
    ),
    Line("build_weights", "Reading weights", u.USD_PER_MTOK, "=output_part*weights_read/read_bytes", "decode"),
    Line("build_caches", "Reading caches", u.USD_PER_MTOK, "=output_part*batch*mean_cache/read_bytes", "decode"),
    Line("build_idle", "Idle hours", u.USD_PER_MTOK, "=blended_full/utilisation-blended_full", "what low utilisation adds"),
)

CALC = (PICKED_MODEL, PICKED_GPU, PROMPT, MEMORY, DECODE, MONEY, BUILD_UP)

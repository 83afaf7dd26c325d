"""From a design's layers to its two numbers, cache and weight bytes, and from these to cost and speed."""

from workbook_templates import units as u
from workbook_templates.architectures.inputs import CHIPS
from workbook_templates.architectures.scores import MOVES, PROOFS, REFERENCE, SCORES
from workbook_templates.spec import WORD, Line, Unit, section


def _picked(name: str, label: str, unit: Unit, note: str = "") -> Line:
    return Line(name, label, unit, f"=INDEX(d_{name}.all,1,design_number)", note)


PICKED = section(
    "1  The design picked",
    Line("design_number", "Number of the design", u.POSITION, "=MATCH(design,designs.all,0)", "its column on Inputs_Designs"),
    _picked("full", "Layers that attend to all", u.LAYERS),
    _picked("latent", "with latent attention", u.LAYERS),
    _picked("window", "with a sliding window", u.LAYERS),
    _picked("other", "with a convolution or recurrence", u.LAYERS),
    _picked("kv", "Key-value heads", u.HEADS),
    _picked("state_heads", "Heads of a state", u.HEADS),
    _picked("state_width", "Width of such a head", u.DIMENSIONS),
    _picked("state", "State per channel", u.VALUES),
    _picked("conv", "Convolution beside a recurrence", u.VALUES),
    _picked("mixer", "Parameters of such an operator", u.SQUARES),
    _picked("experts", "Experts of a layer", u.EXPERTS),
    _picked("active", "Experts of a token", u.EXPERTS),
    _picked("ffn", "Inner dimension of an expert", u.DIMENSIONS),
    Line("layers", "Layers", u.LAYERS, "=full+latent+window+other", "the same in every design"),
)

PICKED_CHIP = section(
    "2  The GPU picked, in base units",
    *CHIPS.lines,
    Line("rent", "Rent", u.USD_PER_GPU_HOUR, "=list_rent*rent_level", "at your level of rents"),
    Line("overhead_bytes", "Activations and framework", u.BYTES, "=overhead_gb*1E+09"),
    Line("reached_bandwidth", "Bandwidth reached", u.BYTES_PER_S, "=bandwidth*achieved_bandwidth"),
    Line("reached_compute", "Compute reached", u.FLOP_PER_S, "=peak_flops*achieved_compute"),
)

SIZE = section(
    "3  Parameters",
    Line(
        "attention_parameters",
        "Attention",
        u.PARAMETERS,
        "=(full+window)*2*model_dim*head_dim*(heads+kv)",
        "queries and output 2d·h·d_k, keys and values 2d·g·d_k (article 1.2, 2.4)",
    ),
    Line(
        "latent_up",
        "Latent attention, by head",
        u.PARAMETERS,
        "=latent*heads*(model_dim*(2*head_dim+rope_dim)+2*latent_dim*head_dim)",
        "queries, output, and keys and values out of the latent vector",
    ),
    Line(
        "latent_down",
        "Latent attention, shared",
        u.PARAMETERS,
        "=latent*model_dim*(latent_dim+rope_dim)",
        "down to the latent vector and the position key",
    ),
    Line("other_parameters", "Convolution or recurrence", u.PARAMETERS, "=other*mixer*model_dim^2"),
    Line(
        "expert_parameters",
        "MLP, one expert in every layer",
        u.PARAMETERS,
        "=3*layers*model_dim*ffn",
        "three matrices of a gated MLP (article 2.6)",
    ),
    Line(
        "router_parameters",
        "Routers",
        u.PARAMETERS,
        "=layers*model_dim*experts*(experts>1)",
        "none where the MLP is dense",
    ),
    Line(
        "shared_parameters",
        "What every token uses besides experts",
        u.PARAMETERS,
        "=attention_parameters+latent_up+latent_down+other_parameters+router_parameters+vocabulary*model_dim",
        "with the embedding, which is the head too",
    ),
    Line(
        "total_parameters",
        "All parameters",
        u.PARAMETERS,
        "=shared_parameters+experts*expert_parameters",
        "what is stored",
        key=True,
    ),
    Line(
        "active_parameters",
        "Active parameters",
        u.PARAMETERS,
        "=shared_parameters+active*expert_parameters",
        "what a token passes through",
        key=True,
    ),
    Line("weights", "All weights", u.BYTES, "=WEIGHT_BYTES(total_parameters, weight_bits, 0, 0, 0)", "P·b/8 (article 5.4)"),
    Line(
        "active_weights",
        "Weights read for one stream",
        u.BYTES,
        "=WEIGHT_BYTES(active_parameters, weight_bits, 0, 0, 0)",
        "the second of the article's two numbers (3.5)",
        key=True,
    ),
    Line("expert_bytes", "of which one expert", u.BYTES, "=WEIGHT_BYTES(expert_parameters, weight_bits, 0, 0, 0)"),
)

CACHE = section(
    "4  Cache",
    Line(
        "attention_token",
        "Layers that attend to all",
        u.BYTES_PER_TOKEN,
        "=KV_BYTES_PER_TOKEN(full, kv, head_dim, kv_value_bytes)",
        "2·L·g·d_k·B_v per token of context (article 5.2)",
    ),
    Line(
        "latent_token",
        "Latent layers, per token",
        u.BYTES,
        "=MLA_KV_BYTES(1, latent, latent_dim, rope_dim, kv_value_bytes)",
        "L·(d_c + d_r)·B_v",
    ),
    Line(
        "kv_token",
        "Cache per token of context",
        u.BYTES_PER_TOKEN,
        "=attention_token+latent_token",
        "what grows for ever",
        key=True,
    ),
    Line(
        "window_token",
        "in windows, until they are full",
        u.BYTES_PER_TOKEN,
        "=KV_BYTES_PER_TOKEN(window, kv, head_dim, kv_value_bytes)",
    ),
    Line(
        "state_bytes",
        "States, at any context",
        u.BYTES,
        "=HYBRID_STATE_BYTES(other, state_heads, state_width, state, state_value_bytes, conv)",
        "small, though not the article's zero (8)",
    ),
    Line(
        "cache",
        "Cache of a session",
        u.BYTES,
        "=kv_token*context+window_token*MIN(context,window_tokens)+state_bytes",
        "the first of the article's two numbers (3.5)",
        key=True,
    ),
    Line(
        "attention_cache",
        "once more: layers that attend",
        u.BYTES,
        "=WINDOW_KV_BYTES(context, window_tokens, full, window, kv, head_dim, kv_value_bytes)",
    ),
    Line(
        "latent_cache",
        "once more: latent layers",
        u.BYTES,
        "=MLA_KV_BYTES(context, latent, latent_dim, rope_dim, kv_value_bytes)",
        "with the states it must give the same",
    ),
    Line("weights_gb", "Weights of a step, one stream", u.GB, "=active_weights/1E+09"),
    Line("cache_gb", "Cache of a step, one stream", u.GB, "=cache/1E+09"),
    Line("step_bytes", "Bytes of a step, one stream", u.BYTES, "=active_weights+cache", "weights and cache", key=True),
)

FLOPS = section(
    "5  Operations",
    Line(
        "pair_flops",
        "Looking back, per token of context",
        u.FLOP_PER_TOKEN,
        "=CONTEXT_FLOPS(full, heads, head_dim, 1)+2*latent*heads*(2*latent_dim+rope_dim)",
        "4·h·d_k per layer; latent layers score and sum latent vectors",
    ),
    Line("window_flops", "in windows", u.FLOP_PER_TOKEN, "=CONTEXT_FLOPS(window, heads, head_dim, 1)"),
    Line(
        "state_flops",
        "States",
        u.FLOP,
        "=4*other*(state_heads*state_width*state+conv)",
        "a multiply-add to update each value, another to read it",
    ),
    Line("base_flops", "Weights and states", u.FLOP, "=2*active_parameters+state_flops", "2 per active parameter"),
    Line(
        "token_flops",
        "Operations of an output token",
        u.FLOP_PER_TOKEN,
        "=base_flops+pair_flops*context+window_flops*MIN(context,window_tokens)",
        "weights, states, and a look back over the context",
        key=True,
    ),
    Line(
        "full_quadratic",
        "Quadratic term, layers that attend to all",
        u.FLOP,
        "=2*full*SCORE_FLOPS(context, model_dim, heads, head_dim, FALSE)",
        "of a prompt: 4n²·h·d_k, scores and sums (article 2.2, 2.3)",
    ),
    Line(
        "latent_quadratic",
        "Quadratic term, latent layers",
        u.FLOP,
        "=2*latent*context^2*heads*(2*head_dim+rope_dim)",
        "scores have the position key besides",
    ),
    Line(
        "quadratic_flops", "Quadratic term", u.FLOP, "=full_quadratic+latent_quadratic", "windows and states grow with n alone"
    ),
    Line(
        "linear_flops",
        "The rest of a prompt",
        u.FLOP,
        "=context*(base_flops+window_flops*MIN(context,window_tokens))",
    ),
    Line(
        "quadratic_share",
        "Quadratic share",
        u.SHARE,
        "=quadratic_flops/(quadratic_flops+linear_flops)",
        "of a prompt",
        key=True,
    ),
)

SERVED = section(
    "6  In the cloud",
    Line(
        "users", "Users that fit", u.USERS, "=USERS_PER_GPU(gpu_bytes, weights, cache, overhead_bytes)", "article 5.5", key=True
    ),
    Line(
        "served",
        "Sequences decoded together",
        u.SEQUENCES,
        "=IF(users>=1,MIN(users,batch_limit),NA())",
        "#N/A where not one fits",
    ),
    Line(
        "touched",
        "Experts that they touch",
        u.EXPERTS,
        "=MOE_EXPERTS_TOUCHED(experts, active, served)",
        "of each layer, at most",
    ),
    Line(
        "read_bytes",
        "Weights read by a step",
        u.BYTES,
        "=weights-(experts-touched)*expert_bytes",
        "a batch reads nearly all experts: no bandwidth saved (article 2.6)",
        key=True,
    ),
    Line(
        "step_seconds",
        "Time of a step",
        u.SHORT_SECONDS,
        "=DECODE_SECONDS(read_bytes, cache, reached_bandwidth, served, 1, token_flops, reached_compute, 1)",
        "caches full, at the rates reached (article 6.1)",
    ),
    Line("decode_rate", "Output, all sequences", u.TOKENS_PER_S, "=served/step_seconds", key=True),
    Line(
        "decode_cost",
        "Output token",
        u.USD_PER_MTOK,
        "=COST_PER_MTOK(rent, decode_rate, utilisation)",
        "GPU alone, at utilisation (article 6.2)",
        key=True,
    ),
)

DEVICE = section(
    "7  On the phone",
    Line("budget_bytes", "Memory for AI", u.BYTES, "=phone_memory_gb*1E+09"),
    Line(
        "phone_fits",
        "Weights and cache there",
        WORD,
        '=IF(EDGE_FITS(weights, cache, budget_bytes),"fits","too large")',
        "article 8",
        key=True,
    ),
    Line(
        "phone_seconds",
        "Time of a token",
        u.SHORT_SECONDS,
        "=DECODE_SECONDS(active_weights, cache, phone_gb_s*1E+09, 1, 1, token_flops, phone_gflops*1E+09, 1)",
        "at full rates (article 4.5)",
    ),
    Line(
        "phone_rate",
        "Output on the phone",
        u.FINE_TOKENS_PER_S,
        "=1/phone_seconds",
        "at full rates, whether it fits or not",
        key=True,
    ),
)

CALC = (PICKED, PICKED_CHIP, SIZE, CACHE, FLOPS, SERVED, DEVICE, REFERENCE, MOVES, SCORES, PROOFS)

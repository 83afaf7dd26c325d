"""A design against plain multi-head attention, and against the six demands of the article's last section."""

from workbook_templates import units as u
from workbook_templates.spec import WORD, Line, section

REFERENCE = section(
    "8  The reference: plain multi-head attention",
    Line("ref_layers", "Layers", u.LAYERS, "=INDEX(d_full.all,1,1)", "the first design, from Inputs_Designs"),
    Line(
        "ref_parameters",
        "Parameters",
        u.PARAMETERS,
        "=ref_layers*model_dim*(4*heads*head_dim+3*INDEX(d_ffn.all,1,1))+vocabulary*model_dim",
        "four attention matrices, three of the MLP",
    ),
    Line("ref_weights", "Weights", u.BYTES, "=WEIGHT_BYTES(ref_parameters, weight_bits, 0, 0, 0)"),
    Line("ref_cache", "Cache of a session", u.BYTES, "=KV_BYTES(context, ref_layers, heads, head_dim, kv_value_bytes)"),
    Line("ref_bytes", "Bytes of a step", u.BYTES, "=ref_weights+ref_cache"),
    Line(
        "ref_quadratic",
        "Quadratic term of a prompt",
        u.FLOP,
        "=2*ref_layers*SCORE_FLOPS(context, model_dim, heads, head_dim, FALSE)",
        "4n²·h·d_k per layer (article 2.3)",
    ),
)

MOVES = section(
    "9  Does the design move the two numbers?",
    Line("cache_ratio", "Cache against MHA", u.FINE_EVEN, "=cache/ref_cache", "", key=True),
    Line("weights_ratio", "Weights of a full batch against MHA", u.FINE_EVEN, "=read_bytes/ref_weights", "", key=True),
    Line(
        "moves_cache",
        "Cache bytes",
        WORD,
        '=CHOOSE(2+SIGN(ROUND((cache_ratio-1)/(2*moved),0)),"fewer","same","more")',
        "a change of 10% counts, or as you say on Inputs",
    ),
    Line(
        "moves_weights",
        "Weight bytes",
        WORD,
        '=CHOOSE(2+SIGN(ROUND((weights_ratio-1)/(2*moved),0)),"fewer","same","more")',
        "if neither moves, the economics do not change (article, highlights)",
    ),
)

SCORES = section(
    "10  The six demands of the article's last section",
    Line(
        "score_quadratic",
        "Reduce the quadratic term",
        u.WHOLE_SHARE,
        "=MAX(0,1-quadratic_flops/ref_quadratic)",
        "computed: the share of MHA's that is gone",
    ),
    Line("score_cache", "Shrink the cache", u.WHOLE_SHARE, "=MAX(0,1-cache_ratio)", "computed, at the context"),
    Line(
        "score_bytes",
        "Move fewer bytes per step",
        u.WHOLE_SHARE,
        "=MAX(0,1-step_bytes/ref_bytes)",
        "computed, one stream",
    ),
    Line(
        "score_kernels",
        "Map to kernels at hand",
        u.WHOLE_SHARE,
        "=((layers-other)*INDEX(d_kernel.all,1,design_number)+other*INDEX(d_kernel_other.all,1,design_number))/layers",
        "typed per operator, averaged over the layers",
    ),
    Line(
        "score_quantisation",
        "Tolerate quantisation",
        u.WHOLE_SHARE,
        "=((layers-other)*INDEX(d_quant.all,1,design_number)+other*INDEX(d_quant_other.all,1,design_number))/layers",
        "typed per operator, averaged over the layers",
    ),
    Line("quality", "Quality against MHA", u.FINE_EVEN, "=INDEX(d_quality.all,1,design_number)", "typed: no formula gives it"),
    Line(
        "score_quality",
        "Quality at 1-3B",
        u.WHOLE_SHARE,
        '=IF(phone_fits="fits",MEDIAN(0,1,1/2+(quality-1)/(2*quality_span)),0)',
        "typed; nothing where it does not fit on the phone",
    ),
    *(
        Line(f"points_{name}", label, u.POINTS, f"=100*demand_{name}*score_{name}", "weight x score")
        for name, label in (
            ("quadratic", "Quadratic term"),
            ("cache", "Cache"),
            ("bytes", "Bytes per step"),
            ("kernels", "Kernels at hand"),
            ("quantisation", "Quantisation"),
            ("quality", "Quality at 1-3B"),
        )
    ),
    Line(
        "score",
        "Score",
        u.POINTS,
        "=points_quadratic+points_cache+points_bytes+points_kernels+points_quantisation+points_quality",
        "of 100",
        key=True,
    ),
    Line(
        "demand_sum",
        "Weights together",
        u.WHOLE_SHARE,
        "=demand_quadratic+demand_cache+demand_bytes+demand_kernels+demand_quantisation+demand_quality",
        "100%",
    ),
)

PROOFS = section(
    "11  Known ratios",
    Line(
        "grouped_token",
        "GQA's cache per token",
        u.BYTES_PER_TOKEN,
        "=KV_BYTES_PER_TOKEN(INDEX(d_full.all,1,2), INDEX(d_kv.all,1,2), head_dim, kv_value_bytes)",
        "16,384 bytes (article 5.3)",
    ),
    Line(
        "grouped_ratio",
        "GQA's cache over MHA's",
        u.SIZE,
        "=grouped_token/KV_BYTES_PER_TOKEN(ref_layers, heads, head_dim, kv_value_bytes)",
        "g/h: a quarter for 32 heads to 8 (article 1.8)",
    ),
    Line("grouped_heads", "Its heads over MHA's", u.SIZE, "=INDEX(d_kv.all,1,2)/heads", "the same"),
    Line(
        "hybrid_token",
        "Hybrid's cache per token",
        u.BYTES_PER_TOKEN,
        "=KV_BYTES_PER_TOKEN(INDEX(d_full.all,1,6), INDEX(d_kv.all,1,6), head_dim, kv_value_bytes)",
        "6,144 bytes (article 5.3)",
    ),
    Line("hybrid_layers", "Hybrid's layers that attend, over all", u.SIZE, "=INDEX(d_full.all,1,6)/ref_layers", "6 of 16"),
    Line(
        "window_growth",
        "Windows at twice the window, over once",
        u.SIZE,
        "=WINDOW_KV_BYTES(2*window_tokens, window_tokens, 0, 1, 1, 1)/(4*window_tokens)",
        "1: flat above the window (a head of one FP16 key and value)",
    ),
)

"""What the reader may change, with bounds and sources: [A x.y] is the article's section, [N] our assumption."""

from pycalc import quantities as q
from workbook_templates import units as u
from workbook_templates.spec import Input, article, ours, section

CONTEXT = Input(
    "context",
    "Context per session",
    q.ContextTokens,
    u.TOKENS,
    (32768, 8192, 65536),
    (128, 4_000_000),
    article("6.1", "32K; Bull 8K and Bear 64K [N]"),
)

UTILISATION = Input(
    "utilisation",
    "Utilisation",
    q.Utilisation,
    u.WHOLE_SHARE,
    (0.3, 0.6, 0.1),
    (0.01, 1),
    article("6.2", "30% for variable traffic, 10% low; Bull [N]"),
)

WEIGHT_BITS = Input(
    "weight_bits",
    "Weight precision",
    q.Bits,
    u.BITS,
    (4, 4, 8),
    (1, 32),
    article("3.1", "INT4, scales left out; Bear: INT8 [N]"),
)

MODEL = section(
    "Model",
    Input(
        "parameters_b",
        "Parameters",
        q.Parameters,
        u.BILLION_PARAMETERS,
        (14, 14, 14),
        (0.1, 2000),
        article("6.1", "the 14B class that matches the API model"),
    ),
    WEIGHT_BITS,
    Input(
        "model_dim",
        "Model dimension",
        q.ModelDim,
        u.DIMENSIONS,
        (5120, 5120, 5120),
        (64, 65536),
        ours("Qwen3 14B, config.json; the article names the model, not its d"),
    ),
    Input("layers", "Layers", q.Layers, u.LAYERS, (32, 32, 32), (1, 512), article("6.1", "the real Qwen3 14B has 40")),
    Input("kv_heads", "KV heads", q.KvHeads, u.HEADS, (8, 8, 8), (1, 256), article("6.1", "grouped-query attention")),
    Input("head_dim", "Head dimension", q.HeadDim, u.DIMENSIONS, (128, 128, 128), (16, 1024), article("6.1", "128 per head")),
    Input(
        "kv_value_bytes",
        "KV cache precision",
        q.BytesPerValue,
        u.BYTES_PER_VALUE,
        (1, 1, 2),
        (0.25, 4),
        article("6.1", "INT8 cache; Bear: FP16 [N]"),
    ),
)

WORKLOAD = section(
    "Workload",
    CONTEXT,
    Input(
        "cache_fill",
        "Average cache fill",
        q.Fraction,
        u.WHOLE_SHARE,
        (0.6, 0.5, 0.8),
        (0.01, 1),
        ours("sessions grow into their reserved context"),
    ),
    Input(
        "input_parts",
        "Input tokens in the mix",
        q.InputParts,
        u.PARTS,
        (3, 3, 3),
        (0, 1000),
        ours("3 : 1 is usual for chat; documents need more"),
    ),
    Input(
        "output_parts",
        "Output tokens in the mix",
        q.OutputParts,
        u.PARTS,
        (1, 1, 1),
        (0.1, 1000),
        ours("the other side of the mix"),
    ),
)

GPU = section(
    "GPU, rented",
    Input(
        "gpu_memory_gb", "Memory", q.GpuBytes, u.WHOLE_GB, (80, 80, 80), (4, 2048), article("5.4", "H100 SXM; GB = 10^9 bytes")
    ),
    Input(
        "bandwidth_gb_s",
        "Memory bandwidth",
        q.Bandwidth,
        u.GB_PER_S,
        (3350, 3350, 3350),
        (20, 50_000),
        article("4.1", "H100 SXM"),
    ),
    Input(
        "peak_tflops",
        "Peak compute",
        q.PeakFlops,
        u.TFLOPS,
        (989, 989, 989),
        (0.05, 50_000),
        article("4.1", "H100 SXM, dense BF16"),
    ),
    Input(
        "overhead_gb",
        "Activations and framework",
        q.OverheadBytes,
        u.GB,
        (2, 1.5, 2.2),
        (0, 256),
        article("5.4", "1-2 GB framework, 50-200 MB activations"),
    ),
    Input(
        "gpu_rent",
        "Rent",
        q.UsdPerHour,
        u.USD_PER_GPU_HOUR,
        (2.5, 2, 4),
        (0.01, 100),
        article("5.6", "H100; Bull and Bear [N]"),
    ),
    UTILISATION,
    Input(
        "achieved_bandwidth",
        "Achieved bandwidth",
        q.Efficiency,
        u.WHOLE_SHARE,
        (0.5, 0.6, 0.4),
        (0.01, 1),
        article("6.1", "40-60% of the ceiling"),
    ),
    Input(
        "achieved_compute",
        "Achieved compute",
        q.ComputeEfficiency,
        u.WHOLE_SHARE,
        (0.4, 0.5, 0.3),
        (0.01, 1),
        ours("a cautious share of peak"),
    ),
)

MARKET = section(
    "Market",
    Input(
        "api_usd",
        "API price, blended",
        q.ApiPrice,
        u.USD_PER_MTOK,
        (0.3, 0.6, 0.175),
        (0.001, 1000),
        article("6.3", "Flash-Lite; Bull: GPT-4o-mini out; Bear: $0.10/$0.40 at 3 : 1 [N]"),
    ),
)

INPUTS = (MODEL, WORKLOAD, GPU, MARKET)

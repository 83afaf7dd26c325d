"""What the reader may change, with bounds and sources: [A x.y] is the article's section, [N] our assumption."""

from pycalc import quantities as q
from workbook_templates import units as u
from workbook_templates.pickers import chip_picker, model_picker
from workbook_templates.spec import Input, article, ours, section

CHIPS = chip_picker(("memory", "bandwidth", "peak", "rent"))
MODELS = model_picker()

WEIGHT_BITS = Input(
    "weight_bits",
    "Weight precision",
    q.Bits,
    u.BITS,
    (4, 4, 8),
    (1, 32),
    article("3.1", "INT4, scales left out; Bear: INT8 [N]"),
)
RENT_LEVEL = Input(
    "rent_level",
    "Rent against the catalogue",
    q.Ratio,
    u.EVEN,
    (1, 0.8, 1.6),
    (0.1, 5),
    ours("of $2.50 for the H100: Bull $2.00, Bear $4.00"),
)
CONTEXT = Input(
    "context",
    "Context, 95th percentile",
    q.ContextTokens,
    u.TOKENS,
    (32768, 16384, 65536),
    (128, 4_000_000),
    ours("memory is set aside for it; the article's middle case is 32K (5.5)"),
)
SESSIONS = Input(
    "sessions",
    "Sessions at the peak",
    q.Users,
    u.USERS,
    (1000, 1000, 2000),
    (1, 10_000_000),
    ours("users served at once, each with a session open"),
)

MODEL = section(
    "Model",
    MODELS.choice,
    WEIGHT_BITS,
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

GPU = section(
    "GPU, rented",
    CHIPS.choice,
    RENT_LEVEL,
    Input(
        "tensor_parallel",
        "GPUs per replica",
        q.Gpus,
        u.GPUS,
        (1, 1, 1),
        (1, 8),
        ours("tensor parallel: 1, 2, 4 or 8 GPUs hold one copy of the model"),
    ),
    Input(
        "overhead_gb",
        "Activations and framework",
        q.OverheadBytes,
        u.GB,
        (2, 1.5, 2.2),
        (0, 256),
        article("5.4", "of each GPU: 1-2 GB framework, 50-200 MB activations"),
    ),
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

DEMAND = section(
    "Demand",
    SESSIONS,
    Input(
        "peak_ratio",
        "Peak over average",
        q.Ratio,
        u.TIMES,
        (3, 2, 4),
        (1, 100),
        ours("the fleet is sized for the peak and paid for all day"),
    ),
    CONTEXT,
    Input(
        "average_context",
        "Context, mean",
        q.ContextTokens,
        u.TOKENS,
        (8192, 4096, 16384),
        (128, 4_000_000),
        ours("what a decode step reads of each session's cache"),
    ),
    Input(
        "new_tokens",
        "New tokens per request",
        q.PromptTokens,
        u.TOKENS,
        (1024, 512, 2048),
        (1, 1_000_000),
        ours("what is not in the cache already and must be processed"),
    ),
    Input(
        "request_seconds",
        "Seconds between requests",
        q.Seconds,
        u.WAIT_SECONDS,
        (60, 60, 30),
        (1, 86_400),
        ours("of one session: reading, thinking, typing"),
    ),
)

PROMISE = section(
    "Promise to the user",
    Input(
        "tpot_ms",
        "Time per output token",
        q.Seconds,
        u.MILLISECONDS,
        (50, 60, 40),
        (1, 10_000),
        ours("50 ms are 20 tokens a second, faster than one reads"),
    ),
    Input(
        "ttft_s",
        "Time to first token",
        q.Seconds,
        u.WAIT_SECONDS,
        (2, 3, 1),
        (0.05, 600),
        ours("mean, the wait for other prompts included"),
    ),
    Input(
        "headroom",
        "Headroom",
        q.Ratio,
        u.EVEN,
        (0.2, 0.1, 0.3),
        (0, 5),
        ours("more than the peak asks for: failures, releases, growth"),
    ),
)

INPUTS = (MODEL, GPU, DEMAND, PROMISE, MODELS.own, CHIPS.own)

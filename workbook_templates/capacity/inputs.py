"""What the reader may change, with bounds and sources: [A x.y] is the article's section, [N] our assumption."""

from pycalc import quantities as q
from workbook_templates import shared
from workbook_templates import units as u
from workbook_templates.pickers import chip_picker, model_picker
from workbook_templates.spec import Input, ours, section

CHIPS = chip_picker(("memory", "bandwidth", "peak", "rent"))
MODELS = model_picker()

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
    shared.WEIGHT_BITS,
    shared.KV_VALUE_BYTES,
)

GPU = section(
    "GPU, rented",
    CHIPS.choice,
    shared.RENT_LEVEL,
    shared.TENSOR_PARALLEL,
    shared.OVERHEAD_OF_EACH,
    shared.ACHIEVED_BANDWIDTH,
    shared.ACHIEVED_COMPUTE,
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

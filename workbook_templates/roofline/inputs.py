"""What the reader may change, with bounds and sources: [A x.y] is the article's section, [N] our assumption."""

from pycalc import quantities as q
from workbook_templates import shared
from workbook_templates import units as u
from workbook_templates.pickers import chip_picker, model_picker
from workbook_templates.spec import Choice, Input, article, ours, section

CHIPS = chip_picker(("memory", "bandwidth", "peak", "peak8", "rent"), optional=("memory", "rent"))
MODELS = model_picker()
NARROW = "8 bits"

BYTES_PER_PARAM = Input(
    "bytes_per_param",
    "Bytes per parameter",
    q.BytesPerParam,
    u.BYTES_PER_VALUE,
    (2, 0.5, 2),
    (0.125, 4),
    article("3.1", "B_p: FP16 2, INT8 1, INT4 0.5; Bull: INT4"),
)
PROMPT = Input(
    "prompt_tokens",
    "Prompt",
    q.PromptTokens,
    u.TOKENS,
    (4096, 4096, 512),
    (1, 1_000_000),
    article("3.1", "n = 4,096; Bear: a short question [N]"),
)
CONTEXT = Input(
    "context",
    "Context read by a decode step",
    q.ContextTokens,
    u.TOKENS,
    (4096, 2048, 32768),
    (1, 4_000_000),
    article("5.5", "4K; Bear: 32K; Bull: 2K [N]"),
)
BATCH = Input(
    "batch",
    "Sequences decoded together",
    q.Batch,
    u.SEQUENCES,
    (32, 128, 1),
    (1, 4096),
    ours("a server with some traffic; Bear: the article's single stream (4.4)"),
)

MODEL = section(
    "Model",
    MODELS.choice,
    BYTES_PER_PARAM,
    Input(
        "kv_value_bytes",
        "Bytes per cached value",
        q.BytesPerValue,
        u.BYTES_PER_VALUE,
        (2, 1, 2),
        (0.25, 4),
        article("3.1", "FP16; Bull: the INT8 cache of section 5.3"),
    ),
    Input(
        "width",
        "Width of the example matrix",
        q.ModelDim,
        u.DIMENSIONS,
        (2048, 2048, 2048),
        (64, 65_536),
        article("3.1", "2,048 x 2,048, to show what activations add to the traffic"),
    ),
)

CHIP = section(
    "Chip",
    CHIPS.choice,
    Choice(
        "arithmetic",
        "Arithmetic",
        ("16 bits", "16 bits", "16 bits"),
        ("16 bits", NARROW),
        article("4.1", "FP16 rates; 8 bits where weights and activations are both FP8 or INT8"),
    ),
    shared.RENT_LEVEL,
    shared.OVERHEAD,
    shared.ACHIEVED_BANDWIDTH,
    shared.ACHIEVED_COMPUTE,
)

WORK = section(
    "Work",
    PROMPT,
    CONTEXT,
    BATCH,
    Input(
        "price_ratio",
        "Output over input price",
        q.Ratio,
        u.TIMES,
        (4, 4, 3),
        (0.1, 100),
        article("3", "a factor of 3 or 4; Flash-Lite asks $0.40 and $0.10 (6.1)"),
    ),
)

INPUTS = (MODEL, CHIP, WORK, MODELS.own, CHIPS.own)

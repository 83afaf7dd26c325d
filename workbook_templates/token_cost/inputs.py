"""What the reader may change, with bounds and sources: [A x.y] is the article's section, [N] our assumption."""

from pycalc import quantities as q
from workbook_templates import shared
from workbook_templates import units as u
from workbook_templates.pickers import PROMPT, chip_picker, model_picker
from workbook_templates.spec import Input, article, ours, section

CHIPS = chip_picker(("memory", "bandwidth", "peak", "rent"))
MODELS = model_picker(fields=("parameters", "active", "kv", "window", "reach", "state", *PROMPT))

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

MODEL = section(
    "Model",
    MODELS.choice,
    shared.WEIGHT_BITS,
    shared.KV_VALUE_BYTES,
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
    shared.INPUT_PARTS,
    shared.OUTPUT_PARTS,
)

GPU = section(
    "GPU, rented",
    CHIPS.choice,
    shared.RENT_LEVEL,
    Input(
        "gpu_rent",
        "Rent agreed, 0 = the catalogue's",
        q.UsdPerHour,
        u.USD_PER_GPU_HOUR,
        (0, 0, 0),
        (0, 100),
        ours("your contract's; it stands whatever the level of rents"),
    ),
    shared.OVERHEAD,
    UTILISATION,
    shared.ACHIEVED_BANDWIDTH,
    shared.ACHIEVED_COMPUTE,
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

INPUTS = (MODEL, WORKLOAD, GPU, MARKET, MODELS.own, CHIPS.own)

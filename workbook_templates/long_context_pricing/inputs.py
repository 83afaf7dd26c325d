"""What the reader may change, with bounds and sources: [A x.y] is the article's section, [N] our assumption."""

from dataclasses import replace

from pycalc import quantities as q
from workbook_templates import shared
from workbook_templates import units as u
from workbook_templates.pickers import chip_picker, model_picker
from workbook_templates.spec import CaseInput, Cases, Choice, Input, article, ours, section

CHIPS = chip_picker(("memory", "bandwidth", "peak", "rent"))
MODELS = model_picker(("Article 7B",) * 3, article("5.5", "7B; the list is the sheet Catalogue_Models"))
TIERS = Cases("tier", "Tier", ("4K", "32K", "128K", "1M"), "Tiers")

FOCUS = Choice(
    "focus_tier",
    "Tier looked at closely",
    ("128K", "128K", "128K"),
    TIERS.values,
    ours("the dashboard's figures and levers are of this one"),
)
TARGET_MARGIN = Input(
    "target_margin",
    "Gross margin aimed at",
    q.Margin,
    u.WHOLE_SHARE,
    (0.6, 0.6, 0.5),
    (0, 0.95),
    ours("software sells at 70% and more, hosting at 30% to 60%"),
)
CACHE_HIT = Input(
    "cache_hit",
    "Prompt found in the prefix cache",
    q.Fraction,
    u.WHOLE_SHARE,
    (0, 0.5, 0),
    (0, 1),
    ours("none; Bull: documents and instructions that sessions share"),
)
UTILISATION = Input(
    "utilisation",
    "Seats taken",
    q.Utilisation,
    u.WHOLE_SHARE,
    (0.3, 0.5, 0.2),
    (0.01, 1),
    article("6.2", "on average, 30% for variable traffic; Bull and Bear [N]"),
)

PRICING = section(
    "Pricing",
    FOCUS,
    TARGET_MARGIN,
    Input(
        "price_level",
        "List prices against those by tier",
        q.Ratio,
        u.EVEN,
        (1, 1.1, 0.9),
        (0.01, 10),
        ours("moves the whole list, on Inputs_Tiers"),
    ),
    Input(
        "api_in",
        "API to compare with, input",
        q.InputPrice,
        u.USD_PER_MTOK,
        (0.1, 0.15, 0.1),
        (0, 1000),
        article("6.1", "Flash-Lite $0.10 in; Bull: GPT-4o-mini's $0.15 [N]"),
    ),
    Input(
        "api_out",
        "API to compare with, output",
        q.OutputPrice,
        u.USD_PER_MTOK,
        (0.4, 0.6, 0.4),
        (0.001, 1000),
        article("6.1", "Flash-Lite $0.40 out; Bull: GPT-4o-mini's $0.60 (6.3)"),
    ),
)

SESSION = section(
    "A session",
    Input(
        "session_minutes",
        "Minutes of a session",
        q.Seconds,
        u.MINUTES,
        (10, 8, 15),
        (0.1, 1440),
        ours("the seat is held while the user reads and types"),
    ),
    Input(
        "prompt_share",
        "Prompt, of the tier's context",
        q.Fraction,
        u.WHOLE_SHARE,
        (0.7, 0.5, 0.9),
        (0.01, 1),
        ours("the seat is set aside for all of it"),
    ),
    Input(
        "answer_tokens",
        "Answers of a session",
        q.GeneratedTokens,
        u.TOKENS,
        (1000, 1000, 400),
        (1, 1_000_000),
        ours("all answers together; written within the session's minutes"),
    ),
    CACHE_HIT,
    UTILISATION,
    Input(
        "sessions_month",
        "Sessions in a month",
        q.Sequences,
        u.SESSIONS_PER_MONTH,
        (1_000_000, 3_000_000, 300_000),
        (1, 1_000_000_000),
        ours("of all tiers; the mix is on Inputs_Tiers"),
    ),
)

SERVING = section(
    "Model as served",
    MODELS.choice,
    replace(shared.WEIGHT_BITS, source=article("5.4", "INT4, scales left out; Bear: INT8 [N]")),
    Input(
        "kv_value_bytes",
        "KV cache precision",
        q.BytesPerValue,
        u.BYTES_PER_VALUE,
        (1, 0.5, 1),
        (0.25, 4),
        article("5.5", "INT8 cache; Bull: 4 bits [N]"),
    ),
    shared.OVERHEAD_OF_EACH,
    shared.ACHIEVED_BANDWIDTH,
    shared.ACHIEVED_COMPUTE,
)

GPU = section(
    "GPU, rented",
    CHIPS.choice,
    shared.RENT_LEVEL_TO_THREE_DOLLARS,
    shared.TENSOR_PARALLEL,
)

LADDER = section(
    "The tiers",
    CaseInput(
        "tier_tokens",
        "Context",
        q.ContextTokens,
        u.TOKENS,
        (4096, 32_768, 131_072, 1_048_576),
        (128, 16_777_216),
        article("5.5", "4K, 32K, 128K; 1M [N]"),
    ),
    CaseInput(
        "mix_share",
        "Share of the sessions",
        q.Fraction,
        u.WHOLE_SHARE,
        (0.7, 0.2, 0.09, 0.01),
        (0, 1),
        ours("most are short; must sum to 100%"),
    ),
    CaseInput(
        "list_usd",
        "List price of a session",
        q.Usd,
        u.USD_PER_SESSION,
        (0.015, 0.06, 0.25, 2),
        (0.0001, 1000),
        ours("a ladder to test: rounder than its cost"),
    ),
    over=TIERS,
)

INPUTS = (PRICING, SESSION, SERVING, GPU, LADDER, MODELS.own, CHIPS.own)

"""What the reader may change, with bounds and sources: [A x.y] is the article's section, [N] our assumption."""

from pycalc import quantities as q
from workbook_templates import shared
from workbook_templates import units as u
from workbook_templates.api_vs_selfhost.prices import api_prices
from workbook_templates.pickers import chip_picker, model_picker
from workbook_templates.spec import CaseInput, Cases, Choice, Input, article, ours, section

CHIPS = chip_picker(("memory", "bandwidth", "peak", "rent"))
MODELS = model_picker(fields=("parameters", "active", "kv", "window", "reach", "state", "attention"))
PRICES = api_prices()
TIER_NAMES = ("Minimal", "Moderate", "Core")
TIERS = Cases("tiers", "Tier", TIER_NAMES, "Tiers")

VOLUME = Input(
    "monthly_b",
    "Tokens a month",
    q.TokenVolume,
    u.BILLION_TOKENS,
    (20, 200, 5),
    (0.01, 100_000),
    ours("a product with a few hundred thousand requests a day; the article gives none"),
)
UTILISATION = Input(
    "utilisation",
    "Utilisation",
    q.Utilisation,
    u.WHOLE_SHARE,
    (0.3, 0.6, 0.1),
    (0.02, 1),
    article("6.2", "30% for variable traffic, 10% low; Bull [N]"),
)
API = Choice(
    "api",
    "API",
    ("Claude 3 Haiku", "Haiku 4.5", "Flash-Lite 2.5"),
    PRICES.name,
    article("6.3", "Haiku at $1.25 out; Bear: Flash-Lite, as able as a 14B (6.1); Bull [N]"),
)
TIER = Choice(
    "tier",
    "Size of the operation",
    ("Minimal", "Minimal", "Moderate"),
    TIER_NAMES,
    article("6.3", "minimal internal deployment, moderate customer-facing, core product"),
)

WORK = section(
    "Work",
    VOLUME,
    shared.INPUT_PARTS,
    shared.OUTPUT_PARTS,
    Input(
        "growth",
        "Growth of tokens, a year",
        q.Ratio,
        u.EVEN,
        (0.3, 1, 0),
        (0, 5),
        ours("in the 36 months looked at"),
    ),
)

BUY = section(
    "API",
    API,
    Input(
        "api_discount",
        "Discount negotiated",
        q.Fraction,
        u.WHOLE_SHARE,
        (0, 0, 0.2),
        (0, 0.9),
        ours("large buyers get 10-20%"),
    ),
    Input(
        "api_fall",
        "Fall of API prices, a year",
        q.Fraction,
        u.WHOLE_SHARE,
        (0.3, 0.15, 0.5),
        (0, 0.95),
        ours("a cautious part of what the last years have seen"),
    ),
)

PEOPLE = section(
    "People and one-off work",
    TIER,
    Input(
        "position",
        "Place in the tier's range",
        q.Position,
        u.WHOLE_SHARE,
        (0.5, 0, 1),
        (0, 1),
        article("6.3", "a range for each tier, here its middle, low and high end"),
    ),
    Choice(
        "rent_in_tier",
        "Tier pays for the first fleet",
        ("No", "No", "No"),
        ("Yes", "No"),
        ours("the article does not say whether its tiers hold the GPUs; Yes: the starting fleet"),
    ),
    Input(
        "eval_usd",
        "Evaluation",
        q.OtherUsd,
        u.USD_PER_YEAR,
        (30_000, 20_000, 60_000),
        (0, 100_000_000),
        ours("the article's evaluation paralysis (6.3) as money: test sets, labels, runs"),
    ),
    Input(
        "compliance_usd",
        "Compliance and security",
        q.OtherUsd,
        u.USD_PER_YEAR,
        (20_000, 10_000, 100_000),
        (0, 100_000_000),
        ours("the article's mounting compliance complexity (6.3) as money"),
    ),
    Input(
        "shared_share",
        "Of both, due with an API too",
        q.Fraction,
        u.WHOLE_SHARE,
        (0.5, 0.75, 0.25),
        (0, 1),
        ours("whoever buys must evaluate and comply as well"),
    ),
    Input(
        "migration_usd",
        "One-off migration",
        q.Usd,
        u.USD,
        (150_000, 75_000, 400_000),
        (0, 1_000_000_000),
        ours("two to three engineers for a quarter, and tests"),
    ),
    Input(
        "migration_months",
        "Months that both are paid",
        q.Months,
        u.MONTHS,
        (3, 2, 6),
        (1, 24),
        ours("the API serves until the own service can"),
    ),
)

FLEET = section(
    "GPUs, rented",
    CHIPS.choice,
    shared.RENT_LEVEL,
    Input(
        "rent_fall",
        "Fall of rents, a year",
        q.Fraction,
        u.WHOLE_SHARE,
        (0.2, 0.3, 0),
        (0, 0.95),
        ours("as new chips come"),
    ),
    UTILISATION,
    Input(
        "min_gpus",
        "GPUs at least",
        q.Gpus,
        u.GPUS,
        (2, 2, 4),
        (1, 1000),
        ours("two, so that one may fail"),
    ),
    Input(
        "running_usd",
        "Egress, logs and storage",
        q.MarginalCost,
        u.USD_PER_MTOK,
        (0.01, 0.005, 0.02),
        (0, 10),
        ours("a few bytes per token out, logs kept for a while"),
    ),
)

MODEL = section(
    "Model",
    MODELS.choice,
    shared.WEIGHT_BITS,
    shared.KV_VALUE_BYTES,
    Input(
        "context",
        "Context per session",
        q.ContextTokens,
        u.TOKENS,
        (4096, 4096, 8192),
        (128, 1_000_000),
        article("5.6", "4K; Bear: 8K [N]"),
    ),
    Input(
        "cache_fill",
        "Average cache fill",
        q.Fraction,
        u.WHOLE_SHARE,
        (1, 0.6, 1),
        (0.01, 1),
        article("6.1", "the article reads full caches; Bull: sessions that grow into them [N]"),
    ),
    shared.OVERHEAD,
    shared.ACHIEVED_BANDWIDTH,
    shared.ACHIEVED_COMPUTE,
)

MONEY = section(
    "Money",
    Input(
        "discount",
        "Discount rate, a year",
        q.Fraction,
        u.WHOLE_SHARE,
        (0.12, 0.1, 0.15),
        (0, 1),
        ours("the firm's cost of capital"),
    ),
)

OWN_API = section(
    f"{PRICES.own}: used where it is picked above",
    Input(
        "own_input_usd",
        "Input price",
        q.InputPrice,
        u.USD_PER_MTOK,
        (0.1, 0.1, 0.1),
        (0, 1000),
        article("6.1", "Flash-Lite, to be replaced by your offer"),
    ),
    Input(
        "own_output_usd",
        "Output price",
        q.OutputPrice,
        u.USD_PER_MTOK,
        (0.4, 0.4, 0.4),
        (0.001, 1000),
        article("6.1", "Flash-Lite, to be replaced by your offer"),
    ),
)

TIER_COSTS = section(
    "Staff and operations by tier, a year",
    CaseInput(
        "tier_low",
        "Low end",
        q.StaffUsd,
        u.USD_PER_YEAR,
        (125_000, 500_000, 6_000_000),
        (1000, 1_000_000_000),
        article("6.3", "$125K, $500K, $6M"),
    ),
    CaseInput(
        "tier_high",
        "High end",
        q.StaffUsd,
        u.USD_PER_YEAR,
        (190_000, 820_000, 12_000_000),
        (1000, 1_000_000_000),
        article("6.3", "$190K, $820K, $12M and more"),
    ),
    over=TIERS,
)

INPUTS = (WORK, BUY, PEOPLE, FLEET, MODEL, MONEY, TIER_COSTS, OWN_API, CHIPS.own, MODELS.own)

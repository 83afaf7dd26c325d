"""What the reader may change, with bounds and sources: [A x.y] is the article's section, [N] our assumption."""

from dataclasses import replace

from pycalc import quantities as q
from workbook_templates import shared
from workbook_templates import units as u
from workbook_templates.pickers import model_picker
from workbook_templates.spec import Input, article, ours, section

MODELS = model_picker(
    ("Llama-3.2-3B", "Llama-3.2-1B", "Llama-3.2-3B"),
    article("7.3", "phones hold 1-3B models; the list is the sheet Catalogue_Models"),
    ("parameters", "active", "kv", "window", "reach", "state"),
)
MAU_M = Input(
    "mau_m",
    "Monthly active users",
    q.Mau,
    u.MILLION_USERS,
    (100, 200, 20),
    (0.01, 10_000),
    article("7.2", "100M; Bull and Bear [N]"),
)
REQUESTS = Input(
    "requests",
    "Requests per user",
    q.RequestsPerMonth,
    u.REQUESTS_PER_MONTH,
    (50, 200, 20),
    (0.1, 10_000),
    article("7.2", "50, and 500 for an always-on assistant; Bull and Bear [N]"),
)
YEARS_AHEAD = Input(
    "years_ahead",
    "Years from today",
    q.Years,
    u.LIFE_YEARS,
    (0, 0, 0),
    (0, 5),
    ours("0 = at today's price and use; the whole workbook moves to that year"),
)
API_USD = Input(
    "api_usd",
    "Cloud price, blended",
    q.ApiPrice,
    u.USD_PER_MTOK,
    (0.3, 0.6, 0.15),
    (0.01, 1000),
    article("7.2", "$0.30; Bull: $0.60 (6.3); Bear [N]"),
)
LICENCE = Input(
    "licence_usd",
    "Model licence",
    q.UsdPerDevice,
    u.USD_PER_DEVICE,
    (0.3, 0.1, 1),
    (0, 50),
    article("7.2", "$0.30; 7.1: $0.10-0.50 at OEM scale, $1-5 for enterprise"),
)
ABLE = Input(
    "able_share",
    "Able devices",
    q.Fraction,
    u.WHOLE_SHARE,
    (0.6, 0.85, 0.35),
    (0.01, 1),
    ours("users whose device can run it; the rest stay in the cloud; the article: all"),
)
FALLBACK = Input(
    "fallback",
    "Sent on to the cloud",
    q.Fraction,
    u.WHOLE_SHARE,
    (0.1, 0.05, 0.3),
    (0, 0.9),
    ours("requests too hard for a small model, or out of memory; the article has none"),
)

USE = section(
    "Users and use",
    MAU_M,
    REQUESTS,
    Input(
        "tokens_per_request",
        "Tokens per request",
        q.TokensPerRequest,
        u.TOKENS,
        (750, 1000, 500),
        (50, 100_000),
        article("7.2", "750, prompt and answer; Bull and Bear [N]"),
    ),
    YEARS_AHEAD,
    Input(
        "use_growth",
        "Growth of requests, a year",
        q.Ratio,
        u.EVEN,
        (0.2, 0.4, 0),
        (0, 3),
        ours("use grows as features are added; counts from the first year on"),
    ),
)

CLOUD = section(
    "Cloud",
    API_USD,
    Input(
        "api_fall",
        "Fall of the price, a year",
        q.Fraction,
        u.WHOLE_SHARE,
        (0.3, 0.15, 0.5),
        (0, 0.6),
        ours("a licence binds for years, the price it is compared with falls"),
    ),
)

DEVICE = section(
    "On the device",
    LICENCE,
    Input(
        "licence_months",
        "Life of device and licence",
        q.Months,
        u.MONTHS,
        (36, 48, 24),
        (1, 120),
        article("7.2", "three years; Bull and Bear [N]"),
    ),
    Input(
        "update_usd",
        "Delivery of an update",
        q.UpdateUsd,
        u.USD_PER_DEVICE,
        (0.03, 0.01, 0.05),
        (0, 5),
        article("7.1", "$0.01-0.05 per device and update"),
    ),
    Input(
        "updates_year",
        "Updates",
        q.UpdatesPerYear,
        u.UPDATES,
        (4, 2, 12),
        (0, 52),
        ours("one a quarter; Bear: one a month"),
    ),
    ABLE,
    FALLBACK,
)

PLATFORM = section(
    "Platforms",
    Input(
        "platforms",
        "Platforms kept up",
        q.Ratio,
        u.PLATFORMS,
        (3, 2, 5),
        (0, 50),
        ours("iOS, Android, Windows; the article says only that the cost is fixed (7.1)"),
    ),
    Input(
        "platform_usd",
        "Engineering per platform",
        q.FixedUsdPerMonth,
        u.USD_PER_MONTH,
        (150_000, 120_000, 200_000),
        (0, 10_000_000),
        ours("six engineers at $300,000 a year with all they cost"),
    ),
    Input(
        "launch_usd",
        "One-off launch",
        q.Usd,
        u.USD,
        (3_000_000, 2_000_000, 6_000_000),
        (0, 1_000_000_000),
        ours("port, tests on devices, roll-out; about half a year of the engineers"),
    ),
)

MODEL = section(
    "Model on the device",
    MODELS.choice,
    Input(
        "weight_bits",
        "Weight precision",
        q.Bits,
        u.BITS,
        (4, 4, 4),
        (1, 16),
        article("8", "INT4 or lower on the device; scales left out"),
    ),
    replace(shared.KV_VALUE_BYTES_THROUGHOUT, source=article("5.2", "INT8 cache")),
    Input(
        "context",
        "Context kept",
        q.ContextTokens,
        u.TOKENS,
        (4096, 4096, 8192),
        (128, 1_000_000),
        article("2.5", "4K is usual at the edge; 7.3: 32K at most"),
    ),
    Input(
        "budget_gb",
        "Memory for AI",
        q.Bytes,
        u.GB,
        (3.5, 4, 3),
        (0.5, 64),
        article("8", "3-4 GB on a phone"),
    ),
)

PHONE = section(
    "The user's phone",
    Input(
        "phone_gb_s",
        "Memory bandwidth",
        q.Bandwidth,
        u.GB_PER_S,
        (51, 77, 51),
        (5, 2000),
        article("4.1", "Snapdragon 8 Elite; Bull: LPDDR5X in full [N]"),
    ),
    Input(
        "phone_efficiency",
        "Achieved bandwidth",
        q.Efficiency,
        u.WHOLE_SHARE,
        (0.5, 0.6, 0.4),
        (0.01, 1),
        article("6.1", "40-60% of the ceiling, as on a GPU"),
    ),
    Input(
        "phone_tflops",
        "Compute reached",
        q.PeakFlops,
        u.TENTH_TFLOPS,
        (5, 10, 1),
        (0.01, 1000),
        ours("a phone's NPU in use; the article's figure is the CPU's 0.05 (4.1)"),
    ),
    Input(
        "answer_share",
        "Answer's share of tokens",
        q.Fraction,
        u.WHOLE_SHARE,
        (0.3, 0.3, 0.3),
        (0.01, 0.99),
        ours("of a request; the answer is generated token by token, the prompt read at once"),
    ),
    Input(
        "device_watts",
        "Power while it runs",
        q.Watts,
        u.WATTS,
        (5, 3, 8),
        (0.1, 200),
        article("7.1", "3-8 W during inference"),
    ),
    Input(
        "power_usd",
        "Electricity",
        q.UsdPerKwh,
        u.USD_PER_KWH,
        (0.17, 0.17, 0.3),
        (0, 5),
        ours("a household's price; the user pays it"),
    ),
    Input(
        "wear_usd",
        "Battery wear, per kWh drawn",
        q.UsdPerKwh,
        u.USD_PER_KWH,
        (6.7, 6.7, 6.7),
        (0, 100),
        ours("$80 for a battery of 15 Wh that bears 800 full charges"),
    ),
    Input(
        "user_share",
        "User's cost that we count",
        q.Fraction,
        u.WHOLE_SHARE,
        (0, 0, 0.25),
        (0, 1),
        ours("0 as in the article, the user pays; Bear: a quarter comes back as complaints"),
    ),
)

ARTICLE = section(
    "The article's case, to compare",
    Input(
        "article_day",
        "Requests a day",
        q.RequestsPerDay,
        u.REQUESTS_PER_DAY,
        (50, 50, 50),
        (0.1, 10_000),
        article("7.2", "50 a DAY here, 50 a MONTH in the crossover: thirty times apart"),
    ),
)

INPUTS = (USE, CLOUD, DEVICE, PLATFORM, MODEL, PHONE, ARTICLE, MODELS.own)

"""What the reader may change, with bounds and sources: [A x.y] is the article's section, [N] our assumption."""

from pycalc import ownership as own
from pycalc import quantities as q
from workbook_templates import shared
from workbook_templates import units as u
from workbook_templates.pickers import chip_picker, model_picker
from workbook_templates.spec import Choice, Input, article, ours, section

CHIPS = chip_picker(("memory", "bandwidth", "peak", "power", "rent"))
MODELS = model_picker()
RENTED, OWNED = "Rented", "Owned"

CONTEXT = Input(
    "context",
    "Context per session",
    q.ContextTokens,
    u.TOKENS,
    (4096, 4096, 8192),
    (128, 4_000_000),
    article("5.5", "4K, the shortest of its three; Bear 8K [N]"),
)
UTILISATION = Input(
    "utilisation",
    "Utilisation",
    q.Utilisation,
    u.WHOLE_SHARE,
    (0.3, 0.6, 0.2),
    (0.01, 1),
    article("6.2", "30% for variable traffic; Bull and Bear [N]"),
)

PRICE = section(
    "Price list and what becomes of it",
    Input(
        "price_in",
        "List price, input",
        q.InputPrice,
        u.USD_PER_MTOK,
        (0.1, 0.15, 0.1),
        (0, 1000),
        article("6.1", "Flash-Lite $0.10 in; Bull: GPT-4o-mini's $0.15 [N]"),
    ),
    Input(
        "price_out",
        "List price, output",
        q.OutputPrice,
        u.USD_PER_MTOK,
        (0.4, 0.6, 0.4),
        (0.001, 1000),
        article("6.1", "Flash-Lite $0.40 out; Bull: GPT-4o-mini's $0.60 (6.3)"),
    ),
    Input(
        "cached_price",
        "Cached input, of its price",
        q.Fraction,
        u.WHOLE_SHARE,
        (0.25, 0.25, 0.1),
        (0, 1),
        ours("usual lists ask 10% to 50% for input found in the cache"),
    ),
    Input(
        "free_share",
        "Free tier, of the tokens",
        q.Fraction,
        u.WHOLE_SHARE,
        (0.2, 0.1, 0.3),
        (0, 0.95),
        ours("trial users and grants: served, not paid"),
    ),
    Input(
        "discount",
        "Discounts on what is paid",
        q.Fraction,
        u.WHOLE_SHARE,
        (0.05, 0, 0.1),
        (0, 0.9),
        ours("volume and commitment, weighted by tokens"),
    ),
    Input(
        "payment_fees",
        "Payment fees, of the revenue",
        q.Fraction,
        u.SHARE,
        (0.029, 0.015, 0.03),
        (0, 0.08),
        ours("cards 2.9%; invoices cost less"),
    ),
    Input(
        "support_share",
        "Support, of the revenue",
        q.Fraction,
        u.WHOLE_SHARE,
        (0.05, 0.03, 0.08),
        (0, 0.1),
        ours("people who answer customers; a cost of revenue"),
    ),
    Input(
        "target_margin",
        "Gross margin aimed at",
        q.Margin,
        u.WHOLE_SHARE,
        (0.6, 0.6, 0.5),
        (0, 0.8),
        ours("software sells at 70% and more, hosting at 30% to 60%"),
    ),
)

WORKLOAD = section(
    "Workload",
    UTILISATION,
    CONTEXT,
    Input(
        "cache_fill",
        "Request, of the context",
        q.Fraction,
        u.WHOLE_SHARE,
        (0.6, 0.5, 0.7),
        (0.01, 1),
        ours("prompt and answer of the average request; memory is set aside for all"),
    ),
    Input(
        "input_parts",
        "Input tokens in the mix",
        q.InputParts,
        u.PARTS,
        (3, 3, 3),
        (0, 10_000),
        ours("3 : 1 is usual for chat; documents need more"),
    ),
    shared.OUTPUT_PARTS,
    Input(
        "cache_hit",
        "Input found in the prefix cache",
        q.Fraction,
        u.WHOLE_SHARE,
        (0, 0.4, 0),
        (0, 1),
        ours("none; Bull: chats that go on, shared instructions"),
    ),
    Input(
        "user_requests",
        "Requests of an active user",
        q.RequestsPerMonth,
        u.REQUESTS_PER_MONTH,
        (500, 500, 500),
        (1, 1_000_000),
        article("7.2", "its always-on assistant; 50 and 100 are its other cases"),
    ),
)

SERVING = section(
    "Model as served",
    MODELS.choice,
    shared.WEIGHT_BITS,
    shared.KV_VALUE_BYTES_THROUGHOUT,
    shared.OVERHEAD,
    shared.ACHIEVED_BANDWIDTH,
    shared.ACHIEVED_COMPUTE,
)

SUPPLY = section(
    "GPU",
    CHIPS.choice,
    Choice(
        "supply",
        "Rented or owned",
        (RENTED, RENTED, RENTED),
        (RENTED, OWNED),
        ours("both are computed; this one bears the margin"),
    ),
    shared.RENT_LEVEL_TO_THREE_DOLLARS,
    Input(
        "fleet_gpus",
        "GPUs in the fleet",
        q.Gpus,
        u.GPUS,
        (64, 256, 32),
        (1, 1_000_000),
        ours("they share the staff below"),
    ),
    Input(
        "staff_year",
        "Staff who run the service",
        q.StaffUsd,
        u.USD_PER_YEAR,
        (157_500, 125_000, 190_000),
        (0, 100_000_000),
        article("6.3", "minimal tier, $125-190K: middle, low, high"),
    ),
)

OWNING = section(
    "GPU, if owned",
    Input(
        "gpu_price",
        "Price of the GPU",
        own.Capex,
        u.USD,
        (30_000, 25_000, 35_000),
        (100, 1_000_000),
        article("5.5", "$30,000+ for an H100; type yours for another; Bull, Bear [N]"),
    ),
    Input(
        "server_share",
        "Server and network, on top",
        q.Ratio,
        u.EVEN,
        (0.15, 0.15, 0.3),
        (0, 3),
        ours("of the GPU's price"),
    ),
    Input(
        "life_years",
        "Years in service",
        own.Life,
        u.YEARS,
        (4, 5, 3),
        (1, 10),
        ours("straight line; hyperscalers book 5 to 6, lenders count on 3 to 4"),
    ),
    Input(
        "residual_share",
        "Worth at the end, of the price",
        q.Fraction,
        u.WHOLE_SHARE,
        (0.1, 0.2, 0),
        (0, 0.9),
        ours("resale after these years"),
    ),
    Input(
        "capital_rate",
        "Cost of capital",
        own.Rate,
        u.YEARLY_SHARE,
        (0.12, 0.1, 0.15),
        (0.001, 0.5),
        ours("not in the gross margin; below it"),
    ),
    Input(
        "server_watts",
        "Rest of the server, per GPU",
        q.Watts,
        u.WATTS,
        (300, 300, 500),
        (0, 5000),
        ours("processors, fans, network: an 8-GPU server is rated 10.2 kW, not 5.6"),
    ),
    Input(
        "site_pue",
        "Power of the site over the machines'",
        own.Pue,
        u.RATIO,
        (1.3, 1.15, 1.5),
        (1, 3),
        ours("PUE; the best sites reach 1.1"),
    ),
    Input(
        "usd_kwh",
        "Electricity",
        q.UsdPerKwh,
        u.USD_PER_KWH,
        (0.08, 0.06, 0.12),
        (0, 1),
        ours("industrial rate in the United States"),
    ),
    Input(
        "colocation",
        "Colocation",
        q.UsdPerMonth,
        u.USD_PER_KW_MONTH,
        (150, 120, 200),
        (0, 2000),
        ours("space, cooling and hands by rated kW, electricity apart"),
    ),
    break_before=True,
)

INPUTS = (PRICE, WORKLOAD, SERVING, SUPPLY, OWNING, MODELS.own, CHIPS.own)

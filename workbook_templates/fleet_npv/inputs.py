"""What the reader may change, with bounds and sources: [A x.y] is the article's section, [N] our assumption."""

from typing import Annotated

from pycalc import ownership
from pycalc import quantities as q
from pycalc.quantities import Numeric, Quantity
from workbook_templates import shared
from workbook_templates import units as u
from workbook_templates.pickers import chip_picker, model_picker
from workbook_templates.spec import CaseInput, Cases, Choice, Input, article, ours, section

CHIPS = chip_picker(("memory", "bandwidth", "peak", "power"))
MODELS = model_picker()
STAFF = Cases("tiers", "Staff tier", ("Minimal", "Moderate", "Core"), "Tiers")

CalendarYear = Annotated[Numeric, Quantity("Y", "year", "Calendar year of the first month", 2000, 2100, whole=True)]
Days = Annotated[Numeric, Quantity("D", "days", "Days until customers pay", 0, 365)]
Lag = Annotated[Numeric, Quantity("m", "months", "Whole months", 0, 120, whole=True)]
MonthlyFall = Annotated[Numeric, Quantity("f", "fraction", "Share by which a price falls each month", 0, 1)]
Rate = Annotated[Numeric, Quantity("r", "fraction", "Rate a year", 0, 10)]

GPU_PRICE = Input(
    "gpu_price",
    "Price of a GPU",
    q.Usd,
    u.USD,
    (30_000, 26_000, 34_000),
    (100, 200_000),
    article("5.5", '"$30,000+" for an H100; Bull and Bear [N]; of the GPU picked below'),
)
UTILISATION = Input(
    "utilisation",
    "Utilisation once ramped up",
    q.Utilisation,
    u.WHOLE_SHARE,
    (0.65, 0.8, 0.4),
    (0.01, 1),
    ours("a shared fleet; one application alone keeps 30% (article 6.2)"),
)
PRICE_FALL = Input(
    "price_fall",
    "Price fall per month",
    MonthlyFall,
    u.SHARE,
    (0.025, 0.02, 0.035),
    (0, 0.2),
    ours("2.5% a month is a quarter in a year; API prices fell faster"),
)
DISCOUNT = Input(
    "discount",
    "Discount rate per year",
    Rate,
    u.WHOLE_SHARE,
    (0.12, 0.10, 0.15),
    (0, 1),
    ours("what the investor asks of a venture like this"),
)

FLEET = section(
    "Fleet",
    Input("gpus", "GPUs", q.GpusPaid, u.GPUS, (64, 64, 64), (1, 100_000), ours("eight servers of eight")),
    GPU_PRICE,
    Input(
        "surround",
        "Server and network, over the GPUs",
        q.Ratio,
        u.EVEN,
        (0.15, 0.15, 0.25),
        (0, 3),
        ours("share of the GPUs' price"),
    ),
    Input(
        "first_year", "Year of month 1", CalendarYear, u.YEAR, (2027, 2027, 2027), (2024, 2060), ours("the order is paid then")
    ),
    Input(
        "install_months", "Months to install", Lag, u.MONTHS, (3, 2, 6), (0, 24), ours("from the payment to the first request")
    ),
    Input("ramp_months", "Months to ramp up", Lag, u.MONTHS, (6, 4, 9), (1, 36), ours("straight line to the full utilisation")),
    Input(
        "life_months",
        "Depreciation, months",
        Lag,
        u.MONTHS,
        (48, 48, 48),
        (12, 60),
        ours("straight line over 48 or 60 months from the first request"),
    ),
    Input(
        "residual",
        "Residual value",
        q.Fraction,
        u.WHOLE_SHARE,
        (0.1, 0.15, 0.05),
        (0, 0.9),
        ours("share of the fleet's cost for which it is sold in the last month"),
    ),
)

MODEL = section(
    "What it serves",
    MODELS.choice,
    CHIPS.choice,
    Input(
        "context",
        "Context per session",
        q.ContextTokens,
        u.TOKENS,
        (4096, 4096, 8192),
        (128, 1_000_000),
        article("5.5", "the article's short case; caches full"),
    ),
    Input("weight_bits", "Weight precision", q.Bits, u.BITS, (4, 4, 4), (1, 32), article("3.1", "INT4, scales left out")),
    shared.KV_VALUE_BYTES_THROUGHOUT,
    Input(
        "overhead_gb",
        "Activations and framework",
        q.OverheadBytes,
        u.GB,
        (2, 2, 2),
        (0, 64),
        article("5.4", "1-2 GB framework, 50-200 MB activations"),
    ),
    Input(
        "achieved_bandwidth",
        "Achieved bandwidth",
        q.Efficiency,
        u.WHOLE_SHARE,
        (0.5, 0.55, 0.4),
        (0.01, 1),
        article("6.1", "40-60% of the ceiling"),
    ),
    Input(
        "achieved_compute",
        "Achieved compute",
        q.ComputeEfficiency,
        u.WHOLE_SHARE,
        (0.4, 0.45, 0.3),
        (0.01, 1),
        ours("a cautious share of peak"),
    ),
)

MARKET = section(
    "Market",
    Input(
        "price",
        "Price of a million output tokens",
        q.SalePrice,
        u.USD_PER_MTOK,
        (0.4, 0.45, 0.35),
        (0.001, 1000),
        article("6.3", "Flash-Lite, output, in month 1; Bull and Bear [N]"),
    ),
    PRICE_FALL,
    UTILISATION,
    Input(
        "fees",
        "Fees and support",
        q.Fraction,
        u.WHOLE_SHARE,
        (0.06, 0.05, 0.08),
        (0, 0.9),
        ours("share of revenue: payments 3%, support 3%"),
    ),
    Input("days_to_pay", "Days until customers pay", Days, u.DAYS, (30, 15, 45), (0, 120), ours("of 30 in a month")),
)

RUNNING = section(
    "Running it",
    Input("pue", "Site power over machines", ownership.Pue, u.SIZE, (1.3, 1.2, 1.4), (1, 3), ours("PUE")),
    Input("power_usd", "Electricity", q.UsdPerKwh, u.USD_PER_KWH, (0.08, 0.06, 0.12), (0, 2), ours("industrial rate")),
    Input(
        "colocation",
        "Colocation, per kW",
        q.UsdPerMonth,
        u.USD_PER_KW_MONTH,
        (130, 110, 160),
        (0, 2000),
        ours("space and cooling a month, electricity apart"),
    ),
    Choice("tier", "Staff tier", ("Minimal",) * 3, STAFF.values, article("6.3", "Minimal: $125-190K a year")),
    Input("tier_place", "Place within the tier", q.Position, u.WHOLE_SHARE, (0.5, 0.25, 1), (0, 1), ours("0% its low end")),
)

FINANCE = section(
    "Finance",
    DISCOUNT,
    Input("tax", "Tax", q.Fraction, u.WHOLE_SHARE, (0.25, 0.25, 0.25), (0, 0.6), ours("losses are relieved as they arise")),
    Input("debt_share", "Debt, share of the fleet", q.Fraction, u.WHOLE_SHARE, (0, 0, 0), (0, 0.95), ours("0%: all equity")),
    Input("interest", "Interest per year", Rate, u.SHARE, (0.09, 0.08, 0.11), (0, 1), ours("on the loan, repaid evenly")),
)

TIERS = section(
    "Staff and operations by tier",
    CaseInput(
        "tier_low",
        "Low end",
        q.StaffUsd,
        u.USD_PER_YEAR,
        (125_000, 500_000, 6_000_000),
        (0, 100_000_000),
        article("6.3", "Minimal, moderate, core: $125K, $500K, $6M a year"),
    ),
    CaseInput(
        "tier_high",
        "High end",
        q.StaffUsd,
        u.USD_PER_YEAR,
        (190_000, 820_000, 12_000_000),
        (0, 100_000_000),
        article("6.3", "Minimal, moderate, core: $190K, $820K, $12M a year"),
    ),
    over=STAFF,
)

INPUTS = (FLEET, MARKET, MODEL, RUNNING, FINANCE, MODELS.own, CHIPS.own, TIERS)

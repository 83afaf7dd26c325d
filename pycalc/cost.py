"""From hours to dollars per million tokens, API against self-hosting (article sections 5.6, 6.2, 6.3)."""

import numpy as np

from pycalc.errors import NeverError
from pycalc.formula import formula
from pycalc.quantities import (
    ApiPrice,
    ComputeEfficiency,
    Cost,
    FixedUsdPerYear,
    Flops,
    Fraction,
    GpusPaid,
    HoursPerYear,
    InputParts,
    InputPrice,
    InputTokens,
    Margin,
    MarginalCost,
    MarginResult,
    OtherUsd,
    OutputParts,
    OutputPrice,
    OutputTokens,
    PeakFlops,
    Position,
    RentIncluded,
    Revenue,
    RevenuePerHour,
    SalePrice,
    StaffTier,
    StaffUsd,
    TokensPerSecond,
    TokenVolume,
    Usd,
    UsdPerHour,
    UsdPerMtok,
    UsdPerUserHour,
    UsdPerYear,
    Users,
    Utilisation,
)
from pycalc.record import ARTICLE
from pycalc.symbolic import require

MILLION = 1e6
SECONDS_PER_HOUR = 3600
HOURS_A_YEAR = 8760


@formula("5.6")
def user_hour_cost(usd_per_hour: UsdPerHour, users: Users) -> UsdPerUserHour:
    """What each of the users served at once costs per hour.

    >>> round(user_hour_cost(2.5, 34), 5)
    0.07353
    """
    return usd_per_hour / users


@formula("6.2")
def cost_per_mtok(usd_per_hour: UsdPerHour, tokens_per_second: TokensPerSecond, utilisation: Utilisation = 1) -> UsdPerMtok:
    """USD per million tokens: a GPU's hourly price over the tokens of its used hours.

    The article prints a thousandth of it, 0.0038.

    >>> cost_per_mtok(2.5, 185)
    3.7537537537537538
    >>> cost_per_mtok(2.5, 185, 0.3)
    12.512512512512513
    """
    return usd_per_hour * MILLION / (SECONDS_PER_HOUR * tokens_per_second * utilisation)


@formula("2", ARTICLE + ", the FLOPs as rented time")
def compute_cost(
    flops: Flops, peak_flops: PeakFlops, usd_per_hour: UsdPerHour, compute_efficiency: ComputeEfficiency = 1
) -> Usd:
    """USD of rented time that a number of operations takes.

    >>> round(compute_cost(549755813888, 989e12, 2.5) * 1e6, 4)
    0.386
    """
    return flops / (peak_flops * compute_efficiency) * usd_per_hour / SECONDS_PER_HOUR


@formula("6.3")
def blended_price(
    input_price: InputPrice, output_price: OutputPrice, input_parts: InputParts, output_parts: OutputParts
) -> UsdPerMtok:
    """Price of a million tokens of a mix of input and output.

    >>> blended_price(0.1, 0.4, 1, 2)
    0.3
    """
    return (input_parts * input_price + output_parts * output_price) / (input_parts + output_parts)


@formula("6.3")
def api_cost(input_tokens: InputTokens, output_tokens: OutputTokens, input_price: InputPrice, output_price: OutputPrice) -> Usd:
    """Bill of an API for so many input and output tokens.

    >>> api_cost(3e9, 1e9, 0.1, 0.4)
    700.0
    """
    return (input_tokens * input_price + output_tokens * output_price) / MILLION


@formula("6.3")
def staff_cost(tier: StaffTier, position: Position = 0.5) -> UsdPerYear:
    """Yearly cost of running an open model by tier: minimal 125-190 k, moderate 500-820 k, core 6-12 M USD.

    >>> staff_cost("minimal")
    157500.0
    >>> staff_cost("core", 1)
    12000000.0
    """
    low = np.where(tier < 2, 125e3, np.where(tier < 3, 500e3, 6e6))
    high = np.where(tier < 2, 190e3, np.where(tier < 3, 820e3, 12e6))
    return low + position * (high - low)


@formula("6.3")
def self_host_tco(
    staff_usd_per_year: StaffUsd,
    gpus: GpusPaid,
    usd_per_hour: UsdPerHour,
    rent_included: RentIncluded = False,
    other_usd_per_year: OtherUsd = 0,
    hours_per_year: HoursPerYear = HOURS_A_YEAR,
) -> UsdPerYear:
    """Yearly cost of hosting a model oneself: staff, GPUs and the rest.

    >>> self_host_tco(157500, 2, 2.5)
    201300.0
    """
    rent = gpus * usd_per_hour * hours_per_year
    return staff_usd_per_year + (1 - rent_included) * rent + other_usd_per_year


@formula("6.3")
def break_even_tokens(
    fixed_usd_per_year: FixedUsdPerYear, marginal_usd_per_mtok: MarginalCost, api_usd_per_mtok: ApiPrice
) -> TokenVolume:
    """Tokens a year above which self-hosting is cheaper than an API; #N/A where its marginal cost is no lower.

    >>> round(break_even_tokens(157500, 0.408, 1.25) / 1e9)
    187
    """
    saved = api_usd_per_mtok - marginal_usd_per_mtok
    reason = "each million tokens costs {own} USD of one's own and {api} from the API"
    saved = require(saved > 0, saved, NeverError, reason, own=marginal_usd_per_mtok, api=api_usd_per_mtok)
    return fixed_usd_per_year / saved * MILLION


@formula("6.2")
def break_even_utilisation(
    usd_per_hour: UsdPerHour, tokens_per_second: TokensPerSecond, sale_usd_per_mtok: SalePrice
) -> Fraction:
    """Utilisation at which the GPU earns its rent; #N/A where not even full use does.

    >>> round(break_even_utilisation(2.5, 5679, 0.4), 4)
    0.3057
    """
    share = usd_per_hour * MILLION / (SECONDS_PER_HOUR * tokens_per_second * sale_usd_per_mtok)
    return require(share <= 1, share, NeverError, "the GPU would have to work {share} times all hours", share=share)


@formula("6.3")
def price_for_margin(cost_usd_per_mtok: MarginalCost, margin: Margin) -> UsdPerMtok:
    """Price of a million tokens that leaves a gross margin: cost / (1 − margin).

    >>> price_for_margin(0.4, 0.6)
    1.0
    """
    return cost_usd_per_mtok / (1 - margin)


@formula("6.3")
def gross_margin(revenue: Revenue, cost: Cost) -> MarginResult:
    """Gross margin, the share of the revenue that the cost leaves; negative at a loss.

    >>> gross_margin(4, 1)
    0.75
    """
    return (revenue - cost) / revenue


@formula("6.3")
def token_revenue(
    tokens_per_second: TokensPerSecond, sale_usd_per_mtok: SalePrice, utilisation: Utilisation = 1
) -> RevenuePerHour:
    """Revenue of a GPU in an hour from the tokens that it sells.

    >>> round(token_revenue(5679, 0.4, 0.3), 4)
    2.4533
    """
    return tokens_per_second * SECONDS_PER_HOUR * utilisation * sale_usd_per_mtok / MILLION

"""The device against the cloud (article section 7)."""

from pycalc.errors import NeverError
from pycalc.formula import formula
from pycalc.quantities import (
    ApiPrice,
    Bytes,
    DeviceUsdPerMonth,
    Fits,
    FixedUsdPerMonth,
    KvBytes,
    Mau,
    Months,
    RequestsPerDay,
    RequestsPerMonth,
    Seconds,
    TokensPerRequest,
    TokenVolume,
    UpdatesPerYear,
    UpdateUsd,
    Usd,
    UsdPerDevice,
    UsdPerKwh,
    UsdPerMonth,
    UsdPerMtok,
    Watts,
    WeightBytes,
    Years,
)
from pycalc.symbolic import require

MILLION = 1e6
DAYS_PER_YEAR = 365
MONTHS_PER_YEAR = 12
JOULES_PER_KWH = 3.6e6


@formula("7.2")
def device_lifetime_tokens(requests_per_day: RequestsPerDay, tokens_per_request: TokensPerRequest, years: Years) -> TokenVolume:
    """Tokens that a device processes over its life.

    >>> device_lifetime_tokens(50, 750, 3)
    41062500.0
    """
    return requests_per_day * DAYS_PER_YEAR * years * tokens_per_request


@formula("7.2")
def edge_cost_per_mtok(usd_per_device: UsdPerDevice, lifetime_tokens: TokenVolume) -> UsdPerMtok:
    """USD per million tokens on the device: its cost over the tokens of its life.

    >>> round(edge_cost_per_mtok(0.3, 41062500), 6)
    0.007306
    """
    return usd_per_device / lifetime_tokens * MILLION


@formula("7.2")
def cloud_monthly_cost(
    mau: Mau, requests_per_month: RequestsPerMonth, tokens_per_request: TokensPerRequest, cloud_usd_per_mtok: ApiPrice
) -> UsdPerMonth:
    """Monthly bill of a cloud API for a fleet of users.

    >>> cloud_monthly_cost(100e6, 50, 750, 0.3)
    1125000.0
    """
    return mau * requests_per_month * tokens_per_request * cloud_usd_per_mtok / MILLION


@formula("7.1")
def device_monthly_cost(
    usd_per_device: UsdPerDevice, months: Months, update_usd: UpdateUsd = 0, updates_per_year: UpdatesPerYear = 0
) -> DeviceUsdPerMonth:
    """Cost of one device in a month: its licence spread over its life, and its updates.

    >>> device_monthly_cost(0.36, 36)
    0.01
    """
    return usd_per_device / months + update_usd * updates_per_year / MONTHS_PER_YEAR


@formula("7.2")
def edge_monthly_cost(
    mau: Mau, device_usd_per_month: DeviceUsdPerMonth, fixed_usd_per_month: FixedUsdPerMonth = 0
) -> UsdPerMonth:
    """Monthly cost of running on the users' devices, whatever they ask of it.

    >>> round(edge_monthly_cost(100e6, 0.3 / 36), 2)
    833333.33
    """
    return mau * device_usd_per_month + fixed_usd_per_month


@formula("7.3")
def edge_energy_cost(watts: Watts, seconds: Seconds, usd_per_kwh: UsdPerKwh) -> Usd:
    """Cost of the electricity that a device draws while it computes.

    >>> edge_energy_cost(5, 3600, 0.2)
    0.001
    """
    return watts * seconds / JOULES_PER_KWH * usd_per_kwh


@formula("8")
def edge_fits(model_bytes: WeightBytes, cache_bytes: KvBytes, memory_budget: Bytes) -> Fits:
    """Whether model and cache fit in what a device has for AI; the article's phones have 3 to 4 GB.

    >>> edge_fits(600e6, 536870912, 3e9)
    True
    """
    return model_bytes + cache_bytes <= memory_budget


@formula("7.2")
def edge_crossover(
    fixed_usd_per_month: FixedUsdPerMonth,
    device_usd_per_month: DeviceUsdPerMonth,
    requests_per_month: RequestsPerMonth,
    tokens_per_request: TokensPerRequest,
    cloud_usd_per_mtok: ApiPrice,
) -> Mau:
    """Monthly active users above which the device is cheaper: 0 where it always is, #N/A where it never is.

    >>> round(edge_crossover(500000, 0.3 / 36, 100, 750, 0.3), 1)
    35294117.6
    """
    cloud = requests_per_month * tokens_per_request * cloud_usd_per_mtok / MILLION
    saved = cloud - device_usd_per_month
    reason = "a user costs {cloud} USD a month in the cloud and {device} on the device"
    saved = require(saved > 0, saved, NeverError, reason, cloud=cloud, device=device_usd_per_month)
    return fixed_usd_per_month / saved


@formula("7.2", together=("fixed_usd_per_month", "mau"))
def edge_crossover_requests(
    device_usd_per_month: DeviceUsdPerMonth,
    tokens_per_request: TokensPerRequest,
    cloud_usd_per_mtok: ApiPrice,
    fixed_usd_per_month: FixedUsdPerMonth = 0,
    mau: Mau = 1,
) -> RequestsPerMonth:
    """Requests per user and month at which device and cloud cost the same; fixed cost and users come together.

    >>> round(edge_crossover_requests(0.3 / 36, 750, 0.3), 3)
    37.037
    """
    per_user = device_usd_per_month + fixed_usd_per_month / mau
    return per_user * MILLION / (tokens_per_request * cloud_usd_per_mtok)

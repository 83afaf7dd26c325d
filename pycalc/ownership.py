"""What an hour of one's own GPU costs: capital, power, staff (serving arithmetic, beside article section 6.3)."""

from typing import Annotated, Any

import numpy as np

from pycalc.formula import formula
from pycalc.quantities import Fraction as Share
from pycalc.quantities import Numeric, Quantity, UsdPerHour, UsdPerKwh, UsdPerYear, Watts

ANNUITY = "annuity: (K − S)·r(1+r)^n / ((1+r)^n − 1) + S·r, any textbook of corporate finance, capital recovery"
BOARD_POWER = "board power measured while serving, TDP·(0.43 + 0.43·activity)"
HOURS_A_YEAR = 8760
IDLE_SHARE = ACTIVE_SHARE = 0.43
KILO = 1000

Capex = Annotated[Numeric, Quantity("K", "USD", "Price of one GPU with its share of server, network and rack", 0, 1e9)]
Residual = Annotated[Numeric, Quantity("S", "USD", "What it sells for at the end", 0, 1e9)]
Rate = Annotated[Numeric, Quantity("r", "1/year", "Cost of capital a year: 0.1 for 10 %", 0, 10)]
Life = Annotated[Numeric, Quantity("n", "years", "Years until it is replaced", 0.1, 100)]
RatedWatts = Annotated[Numeric, Quantity("TDP", "W", "Rated power of the board", 0, 1e6)]
Pue = Annotated[Numeric, Quantity("PUE", "ratio", "Power of the site over power of the machines", 1, 10)]
StaffPerGpu = Annotated[Numeric, Quantity("S_g", "USD/year", "Staff and operations of one GPU in a year", 0, 1e9)]


def _charge(capex_usd: Any, rate: Any, years: Any, residual_usd: Any) -> Any:
    """The annuity; at no interest a straight line, towards which it goes where the rate vanishes."""
    interest = np.maximum(rate, 1e-9)
    annuity = np.where(rate < 1e-6, (1 + rate * (years + 1) / 2) / years, interest / (1 - (1 + interest) ** (-years)))
    return (capex_usd - residual_usd) * annuity + residual_usd * rate


@formula("6.3", ANNUITY)
def capital_charge(capex_usd: Capex, rate: Rate, years: Life, residual_usd: Residual = 0) -> UsdPerYear:
    """What capital costs in a year: the annuity of what is used up, and interest on what is left at the end.

    >>> round(capital_charge(30000, 0.1, 4), 2)
    9464.12
    >>> capital_charge(30000, 0, 4, 6000)
    6000.0
    """
    return _charge(capex_usd, rate, years, residual_usd)


@formula("6.3", BOARD_POWER)
def gpu_watts(rated_watts: RatedWatts, activity: Share = 1) -> Watts:
    """Power that a board draws while it serves, by its activity: 0 waiting, 1 at full load.

    >>> round(gpu_watts(700), 1)
    602.0
    """
    return rated_watts * (IDLE_SHARE + ACTIVE_SHARE * activity)


@formula("6.3", ANNUITY + "; power at the site's PUE")
def owned_gpu_hour(
    capex_usd: Capex,
    watts: Watts,
    rate: Rate,
    years: Life,
    residual_usd: Residual = 0,
    usd_per_kwh: UsdPerKwh = 0.08,
    pue: Pue = 1.25,
    staff_usd_per_year: StaffPerGpu = 0,
) -> UsdPerHour:
    """Cost of one hour of one's own GPU, used or not: capital and staff over all hours of a year, and power.

    >>> round(owned_gpu_hour(30000, 1730, 0.1, 4), 4)
    1.2534
    """
    return (
        _charge(capex_usd, rate, years, residual_usd) + staff_usd_per_year
    ) / HOURS_A_YEAR + watts / KILO * pue * usd_per_kwh

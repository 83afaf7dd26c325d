"""SIMULATE and TORNADO: `pycalc.uncertainty` as tables in a grid."""

from collections.abc import Sequence
from typing import Any

from pycalc.errors import CalcError, CellError
from pycalc.explain import FunctionName, find, without_blanks
from pycalc.tables import Table, table
from pycalc.uncertainty import DRAWS, SEED, DrawCount, Seed, Simulation, Swing
from pycalc.uncertainty import simulate as simulated
from pycalc.uncertainty import tornado as swings

STATISTICS = ["statistic", "value", "unit"]
SWINGS = ["argument", "P10", "P90", "unit", "result at P10", "result at P90", "swing", "result unit", "share of variance"]
ARGUMENT = (
    "Argument {} of that function: a value, or a distribution as a text, tri(150, 185, 220), uniform(2, 3), lognormal(2, 3)"
)
LATIN_HYPERCUBE = "McKay, Beckman and Conover, Technometrics 21 (1979)"
SOBOL = "Sobol', Mathematics and Computers in Simulation 55 (2001)"


@table("0", source=LATIN_HYPERCUBE, repeated=f"{ARGUMENT}.")
def simulate(function_name: FunctionName, draws: DrawCount = DRAWS, seed: Seed = SEED, *argument: Any) -> Table:
    """What a result may be where arguments are distributions: mean, deviation, percentiles, extremes, a row each.

    The base case has each distribution at its median.

    >>> rows = simulate("COST_PER_MTOK", 100_000, 1, "lognormal(2, 3)", 185)
    >>> [f"{name} {value:.2f} {unit}" for name, value, unit in rows if name in ("P10", "P90")]
    ['P10 3.00 USD/Mtok', 'P90 4.50 USD/Mtok']
    """
    args = without_blanks(find(function_name), argument)
    return simulation_rows(simulated(function_name, args, int(draws), int(seed)))


@table("0", source=SOBOL, repeated=f"{ARGUMENT}.")
def tornado(function_name: FunctionName, *argument: Any) -> Table:
    """Which uncertain argument moves a result most: each from its P10 to its P90, the others at their medians.

    >>> [row[0] for row in tornado("COST_PER_MTOK", "lognormal(2, 3)", 185, "tri(0.2, 0.4, 0.6)")]
    ['argument', 'utilisation', 'usd_per_hour']
    """
    args = without_blanks(find(function_name), argument)
    return tornado_rows(swings(function_name, args))


def simulation_rows(result: Simulation) -> list[list[Any]]:
    """A row per statistic: what it is, its value, its unit."""
    percentiles = [(f"P{percentage:g}", value) for percentage, value in result.percentiles.items()]
    of_result = [
        ("mean", result.mean),
        ("standard deviation", result.standard_deviation),
        *percentiles,
        ("min", result.minimum),
        ("max", result.maximum),
        ("base case", _cell(result.base_case)),
    ]
    of_draws = [
        ["share without value", result.without_value, "fraction"],
        ["draws", result.draws, "draws"],
        ["seed", result.seed, ""],
    ]
    return [STATISTICS, *([name, value, result.unit] for name, value in of_result), *of_draws]


def tornado_rows(found: Sequence[Swing]) -> list[list[Any]]:
    """A row per uncertain argument, in the order given."""
    return [SWINGS, *map(_swing_row, found)]


def _swing_row(swing: Swing) -> list[Any]:
    results = map(_cell, (swing.at_low, swing.at_high, swing.swing))
    share = CellError("#N/A") if swing.variance_share is None else swing.variance_share
    return [swing.argument, swing.low, swing.high, swing.unit, *results, swing.result_unit, share]


def _cell(result: float | CalcError) -> float | CellError:
    return CellError(result.code) if isinstance(result, CalcError) else result

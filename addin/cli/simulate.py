"""The command about uncertainty: what a result may be, and which argument moves it."""

from collections.abc import Sequence
from typing import Any

from addin.cli.functions import understood
from addin.cli.output import digits, note, print_json, print_table
from addin.cli.status import RefusedError
from addin.cli.typed import NUMBER, cell_text, json_value
from pycalc.explain import find
from pycalc.uncertainty import Simulation, Swing
from pycalc.uncertainty import simulate as simulated
from pycalc.uncertainty import tornado as swings
from pycalc.uncertainty_tables import simulation_rows, tornado_rows


def simulate(
    name: str, typed: Sequence[str], draws: int, seed: int, percentiles: str, with_tornado: bool, as_json: bool
) -> None:
    """The distribution of a function's result, and what each uncertain argument does to it."""
    spec, args = understood(find(name), typed)
    result = simulated(spec.excel_name, args, draws, seed, _percentages(percentiles))
    found = swings(spec.excel_name, args, draws, seed) if with_tornado else None
    if as_json:
        print_json(_described(result) | ({} if found is None else {"tornado": list(map(_described_swing, found))}))
        return
    _print_rows(simulation_rows(result), title=f"{spec.usage}: {spec.summary}")
    if found is not None:
        print()
        _print_rows(tornado_rows(found), title="Each argument from its P10 to its P90, the others at their medians")
    if result.reason:
        note(f"{result.without_value:.2%} of the draws have no value, the first: {result.reason}")


def _percentages(text: str) -> list[float]:
    """Percentages parted by commas, each once."""
    pieces = [piece.strip() for piece in text.split(",")]
    wrong = [piece for piece in pieces if not NUMBER.fullmatch(piece)]
    if wrong:
        raise RefusedError(f"--percentiles takes numbers from 0 to 100, as in 5,50,95; {wrong[0]!r} is none")
    return list(dict.fromkeys(map(float, pieces)))


def _print_rows(rows: Sequence[Sequence[Any]], title: str) -> None:
    """A table for reading: four digits of what is estimated."""
    headings, *others = rows
    print_table(
        headings, [[digits(cell) if isinstance(cell, float) else cell_text(cell) for cell in row] for row in others], title
    )


def _described(result: Simulation) -> dict[str, Any]:
    return {
        "function": result.function,
        "unit": result.unit,
        "mean": json_value(result.mean),
        "standard_deviation": json_value(result.standard_deviation),
        "percentiles": {f"P{percentage:g}": json_value(value) for percentage, value in result.percentiles.items()},
        "min": json_value(result.minimum),
        "max": json_value(result.maximum),
        "base_case": json_value(result.base_case),
        "share_without_value": json_value(result.without_value),
        "reason": result.reason or None,
        "draws": result.draws,
        "seed": result.seed,
    }


def _described_swing(swing: Swing) -> dict[str, Any]:
    """A share of the variance that does not exist is null."""
    return {
        "argument": swing.argument,
        "p10": json_value(swing.low),
        "p90": json_value(swing.high),
        "unit": swing.unit,
        "result_at_p10": json_value(swing.at_low),
        "result_at_p90": json_value(swing.at_high),
        "swing": json_value(swing.swing),
        "result_unit": swing.result_unit,
        "share_of_variance": json_value(swing.variance_share),
    }

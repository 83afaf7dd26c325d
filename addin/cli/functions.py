"""The commands about worksheet functions: call one, explain one, list all."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from addin.cli.output import note, on_terminal, print_json, print_table
from addin.cli.status import RefusedError
from addin.cli.typed import cell_text, cell_value, json_value, result_cells
from pycalc import FUNCTIONS
from pycalc.cells import bug_id
from pycalc.errors import ArgumentError, CalcError
from pycalc.evaluation import evaluate
from pycalc.explain import explain_rows, find, find_among
from pycalc.lambdas import inline_text, lambda_text
from pycalc.record import Formula, Parameter
from pycalc.symbolic import UntraceableError
from pycalc.tables import TABLE_FUNCTIONS, TableFunction


def call(name: str, typed: Sequence[str], as_json: bool) -> None:
    """One function as a cell would give it; its error values are values."""
    spec, args = understood(find_among(FUNCTIONS | TABLE_FUNCTIONS, name), typed)
    try:
        value = spec.rows(*args) if isinstance(spec, TableFunction) else result_cells(evaluate(spec, args))
    except CalcError as refusal:
        value = refusal
    except Exception as bug:
        _print_value(ArgumentError(f"a fault of ours, {bug_id(bug)}"), as_json)
        raise
    _print_value(value, as_json)
    for citation in _citations(spec, args):
        note(citation)


def _citations(spec: Formula, args: Sequence[Any]) -> list[str]:
    """The sources of figures that were looked up, each once; of what was refused there is none."""
    if spec.cites is None:
        return []
    import numpy as np

    found: dict[str, None] = {}
    for values in set(np.broadcast(*(np.array(arg, dtype=object) for arg in args))):
        with suppress(CalcError):
            found[spec.source_of(values)] = None
    return list(found)


def explain(name: str, typed: Sequence[str]) -> None:
    """The formula with the numbers in it."""
    spec, args = understood(find(name), typed)
    headings, *rows = explain_rows(spec.excel_name, args)
    print_table(headings, [list(map(cell_text, row)) for row in rows], title=f"{spec.usage}: {spec.summary}")


def understood(spec: Formula, typed: Sequence[str]) -> tuple[Formula, list[Any]]:
    """The function and its arguments; what no cell could hold is refused."""
    if fault := spec.count_fault(len(typed)):
        raise RefusedError(fault)
    return spec, [cell_value(text) for text in typed]


def _print_value(value: Any, as_json: bool) -> None:
    if as_json:
        print_json(json_value(value) if isinstance(value, CalcError) else {"value": json_value(value)})
        return
    rows = value if isinstance(value, list) else [[value]]
    for row in rows:
        print("\t".join(map(cell_text, row)))
    for reason in dict.fromkeys(cell.reason for row in rows for cell in row if isinstance(cell, CalcError)):
        note(reason)


def list_functions(as_json: bool) -> None:
    """What there is to call."""
    specs = sorted((FUNCTIONS | TABLE_FUNCTIONS).values(), key=lambda spec: spec.section)
    if as_json:
        print_json(list(map(_described, specs)))
        return
    if on_terminal():
        print_table(("§", "function"), [(s.section, f"{s.usage}  {s.result.unit}\n{s.summary}\n") for s in specs])
        return
    rows = [(spec.section, spec.excel_name, spec.result.unit, spec.summary, spec.usage) for spec in specs]
    print_table(("§", "function", "unit", "gives", "usage"), rows)


def _described(spec: Formula) -> dict[str, Any]:
    return {
        "name": spec.excel_name,
        "arguments": [*map(_described_argument, spec.parameters), *_described_repetition(spec)],
        "unit": spec.result.unit,
        "summary": spec.summary,
        "source": spec.source,
        "section": spec.section,
        "lambda": _traced(lambda: lambda_text(spec)),
        "inline": _traced(lambda: inline_text(spec, [parameter.name for parameter in spec.parameters])),
    }


def _described_argument(parameter: Parameter) -> dict[str, Any]:
    """A choice has no bounds: its texts are part of the meaning; a default that other arguments give is a text."""
    q = parameter.quantity
    default = parameter.default if isinstance(parameter.default, bool | int | float | str) else parameter.default_text
    return {
        "name": parameter.name,
        "symbol": q.symbol,
        "unit": q.unit,
        "default": default if parameter.optional else None,
        "low": None if q.choices else q.low,
        "high": None if q.choices else q.high,
        "meaning": f"{q.meaning}: {q.span}" if q.choices else q.meaning,
    }


def _described_repetition(spec: Formula) -> list[dict[str, Any]]:
    """The arguments that a table function hands on, as one: "argument_1…" stands for all."""
    if not isinstance(spec, TableFunction) or not spec.repeated:
        return []
    none = dict.fromkeys(("default", "low", "high"))
    return [{"name": "argument_1…", "symbol": "…", "unit": "cell", **none, "meaning": spec.repeated.format("1…")}]


def _traced(text: Callable[[], str]) -> str | None:
    """The text, or None where a cell cannot compute the function."""
    try:
        return text()
    except UntraceableError:
        return None

"""Formualizer with our functions registered: the one place that knows how it spells things.

It passes errors as dictionaries and does not hand them on by itself, lets NaN through, and
gives an argument left out as a zero; `call_from_engine` and the marks of
`workbook_templates.headless.calls` put that right.  It knows no LAMBDA: a defined name that
holds one gives way to our function of the same name.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

import formualizer

from pycalc.cells import Cell, worksheet_function
from pycalc.errors import CellError
from workbook_templates.headless.calls import LEFT_OUT, ours

KINDS = {
    "Null": "#NULL!",
    "Div": "#DIV/0!",
    "Value": "#VALUE!",
    "Ref": "#REF!",
    "Name": "#NAME?",
    "Num": "#NUM!",
    "Na": "#N/A",
    "Spill": "#SPILL!",
    "Calc": "#CALC!",
}
CODES = {code: kind for kind, code in KINDS.items()}
FAILURES = {
    "Error": ("NOT_PARSED", "the formula cannot be read", "correct it"),
    "NImpl": ("NOT_COMPUTED", "the formula uses what is not computed here", "write it with other functions"),
    "Circ": ("CIRCULAR", "the formula depends on its own result", "break the circle"),
    "Cancelled": ("NOT_COMPUTED", "the computation was broken off", "compute again"),
    "Name": ("UNKNOWN_NAME", "the formula, or one that it refers to, uses a name that means nothing here", "correct it"),
}
"""Kinds of error that are no value of a cell but a failure to compute it: code, reason, cure."""


class NotComputedError(Exception):
    """The engine gave up: code, reason, cure, and the place (sheet, row, column) if it is known."""

    def __init__(self, code: str, reason: str, cure: str, place: tuple[str, int, int] | None = None) -> None:
        super().__init__(code, reason, cure)
        self.place = place


def call_from_engine(name: str) -> Callable[..., Any]:
    """One of our functions, by its plain name, as a callback of the engine."""
    function = worksheet_function(name)

    def callback(*args: Any) -> Any:
        value = function(*(arg if arg.__class__ is float else _cell(arg) for arg in args))
        return value if value.__class__ is float else _host(value)

    return callback


def _cell(value: Any) -> Any:
    """An argument, from the engine's spelling to ours."""
    if isinstance(value, dict):
        return CellError(KINDS.get(value["kind"], "#VALUE!"))
    if isinstance(value, list):
        return [_cell(element) for element in value]
    return None if value == LEFT_OUT else value


def _host(value: Any) -> Any:
    """A result, from our spelling to the engine's."""
    if isinstance(value, CellError):
        return {"type": "Error", "kind": CODES.get(value.code, "Value")}
    return [[_host(element) for element in row] for row in value] if isinstance(value, list) else value


def configuration() -> Any:
    """One thread, so that results and logs keep one order."""
    evaluation = formualizer.EvaluationConfig()
    evaluation.enable_parallel = False
    return formualizer.WorkbookConfig(eval_config=evaluation)


def unknown_functions(names: Iterable[str]) -> set[str]:
    """Those that neither we nor the engine know: called with nothing, the others refuse or answer."""
    scratch = formualizer.Workbook(config=configuration())
    sheet = scratch.sheet("scratch")

    def known(name: str) -> bool:
        sheet.set_formula(1, 1, f"={name}()")
        answer = scratch.evaluate_cell("scratch", 1, 1)
        return not isinstance(answer, dict) or answer["kind"] != "Name"

    return {name for name in names if ours(name) is None and not known(name)}


class Engine:
    """A workbook loaded and computed."""

    def __init__(self, data: bytes, names: Iterable[str], has_tables: bool = False) -> None:
        # only the slower of the two readers knows Excel tables
        backend = "umya" if has_tables else "native"
        try:
            self._book = formualizer.Workbook.from_bytes(data, backend, config=configuration())
        except Exception as fault:
            raise NotComputedError("NOT_COMPUTED", f"cannot be loaded ({fault})", "save the workbook again") from None
        self._book.set_temporal_egress("serial")
        for name in sorted({name.upper() for name in names}):
            plain = ours(name)
            if plain:
                self._book.register_function(name, call_from_engine(plain))

    def compute(self, places: Iterable[tuple[str, int, int]]) -> None:
        """Every formula; where one stops the engine, find it among the places (sheet, row, column)."""
        try:
            self._book.evaluate_all()
        except Exception as fault:
            culprit = next((found for found in map(self._fault_at, places) if found), None)
            raise culprit or NotComputedError("NOT_COMPUTED", f"stops the engine ({fault})", "simplify it") from None

    def _fault_at(self, place: tuple[str, int, int]) -> NotComputedError | None:
        try:
            self._book.evaluate_cell(*place)
        except Exception as fault:
            return NotComputedError("NOT_COMPUTED", f"the formula is not computed here ({fault})", "write it otherwise", place)
        return None

    def spills(self, sheet: str, address: str) -> bool:
        """Whether the result is a range that fills further cells."""
        title = sheet.replace("'", "''")
        return self._book.inspect_cell(f"'{title}'!{address}", include_values=False).cell.spill is not None

    def is_blocked(self, sheet: str, row: int, column: int) -> bool:
        """Whether the result is a range that has no room."""
        value = self._book.get_value(sheet, row, column)
        return isinstance(value, dict) and value["kind"] == "Spill"

    def set(self, sheet: str, row: int, column: int, value: Cell) -> None:
        """Put a value into a cell; a text that begins with = stays a text."""
        self._book.set_value(sheet, row, column, _host(value))

    def value(self, sheet: str, row: int, column: int) -> Cell:
        """What a cell holds."""
        value = self._book.get_value(sheet, row, column)
        if isinstance(value, float):
            return value if math.isfinite(value) else CellError("#NUM!")
        if isinstance(value, dict) and value["kind"] in FAILURES:
            raise NotComputedError(*FAILURES[value["kind"]], (sheet, row, column))
        return _cell(value)  # type: ignore[no-any-return]

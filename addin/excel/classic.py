"""What crosses between Excel and Python on xlwings' classic path (COM, Windows).

In: an argument left out is None; a cell or range is what it holds, as COM hands it over: floats,
texts, booleans, None for a blank, and errors as whole numbers.  The text "" counts as a blank, as
it does in xlwings.

Out: rows or one value.  An error leaves as its own text, "#NUM!": COM cannot return an error
that a worksheet would take for one, so the add-in's VBA replaces each of these texts by
``CVErr(ERROR_NUMBERS[text])``.  No other result of ours is spelled like an error.

xlwings' own stages look at every cell several times over; `ExactCells` stands in their place.
"""

from collections.abc import Mapping
from typing import Any

from xlwings.conversion import Accessor, Pipeline

from addin.excel.agreed import ERROR_NUMBERS
from pycalc.cells import Cell, Rows
from pycalc.errors import CellError, shorten

COM_ERROR_BASE = 0x800A0000 - (1 << 32)  # COM hands CVErr(n) over as this plus n
READ: Mapping[object, Cell] = {COM_ERROR_BASE + number: CellError(code) for code, number in ERROR_NUMBERS.items()} | {"": None}
"""The values that mean something else than they are."""

CLEAN: frozenset[type] = frozenset((float, bool, type(None)))  # a float is never looked up as an error's number
SHOWN: frozenset[type] = frozenset((float, bool))
"""What crosses as it is, each way."""

BLANK = ""
"""What a cell shows as nothing; COM's own nothing would be shown as 0."""


class ExactCells(Accessor):
    """A converter of xlwings that reads the numbers which the cells hold, and errors of every kind."""

    @classmethod
    def reader(cls, options: Any) -> Any:
        return Pipeline([_read])

    @classmethod
    def writer(cls, options: Any) -> Any:
        return Pipeline([_write])


def _read(context: Any) -> None:
    """``Range.Value`` cuts a cell formatted as currency to four decimals (xlwings #640); ``Value2`` is the number."""
    context.value = from_excel(context.value if context.range is None else context.range.api.Value2)


def _write(context: Any) -> None:
    result = to_excel(context.value)
    context.value = result if isinstance(result, list) else [[result]]


def from_excel(argument: Any) -> Any:
    """An argument as `pycalc.cells` takes it: a range of one cell is a scalar, errors are `CellError`."""
    if not isinstance(argument, tuple | list):
        return _cell(argument)
    rows = [list(row) for row in (argument if isinstance(argument[0], tuple | list) else [argument])]
    if len(rows) == 1 and len(rows[0]) == 1:
        return _cell(rows[0][0])
    return rows if _all_in(rows, CLEAN) else [list(map(_cell, row)) for row in rows]


def to_excel(result: Cell | Rows) -> Any:
    """A result as COM can carry it; a text longer than a spilled cell can hold would fail as a whole (xlwings #456)."""
    if not isinstance(result, list):
        return _variant(result)
    return result if _all_in(result, SHOWN) else [list(map(_variant, row)) for row in result]


def _all_in(rows: Rows, classes: frozenset[type]) -> bool:
    return {cell.__class__ for row in rows for cell in row} <= classes


def _cell(value: Any) -> Any:
    return value if value.__class__ in CLEAN else READ.get(value, value)


def _variant(value: Cell) -> float | str | bool:
    if isinstance(value, CellError):
        return value.code
    if value is None:
        return BLANK
    return shorten(value) if isinstance(value, str) else value

"""What crosses between Excel and Python on xlwings' classic path (COM, Windows).

In: an argument left out is None; a cell or range is a list of rows of floats, texts, booleans,
None for a blank (and for the text "", which xlwings does not tell from one) and errors, as
texts for the seven that xlwings knows and as COM's whole numbers for the newer ones.

Out: rows or one value.  An error leaves as its own text, "#NUM!": COM cannot return an error
that a worksheet would take for one, so the add-in's VBA replaces each of these texts by
``CVErr(ERROR_NUMBERS[text])``.  No other result of ours is spelled like an error.
"""

from collections.abc import Mapping
from typing import Any

from xlwings.conversion import ReadValueFromRangeStage, ValueAccessor

from pycalc.cells import Cell, Rows
from pycalc.errors import CellError, shorten

ERROR_NUMBERS = {
    "#NULL!": 2000,
    "#DIV/0!": 2007,
    "#VALUE!": 2015,
    "#REF!": 2023,
    "#NAME?": 2029,
    "#NUM!": 2036,
    "#N/A": 2042,
    "#GETTING_DATA": 2043,
    "#SPILL!": 2045,
    "#CONNECT!": 2046,
    "#BLOCKED!": 2047,
    "#UNKNOWN!": 2048,
    "#FIELD!": 2049,
    "#CALC!": 2050,
    "#BUSY!": 2051,
}
"""Excel's XlCVError: what VBA's ``CVErr`` takes."""

COM_ERROR_BASE = 0x800A0000 - (1 << 32)  # COM hands CVErr(n) over as this plus n
ERRORS: Mapping[object, CellError] = {code: CellError(code) for code in ERROR_NUMBERS} | {
    COM_ERROR_BASE + number: CellError(code) for code, number in ERROR_NUMBERS.items()
}
CLEAN = frozenset((float, bool, type(None)))  # cross as they are; a float is never looked up as an error's number


def _read_value2(context: Any) -> None:
    """``Range.Value`` cuts a cell formatted as currency to four decimals (xlwings #640); ``Value2`` is the number."""
    if context.range is not None:
        context.value = context.range.api.Value2


class ExactCells(ValueAccessor):
    """xlwings' own reading of an argument, but of the numbers that the cells hold."""

    @staticmethod
    def reader(options: Any) -> Any:
        stages: Any = ValueAccessor.reader(options)  # type: ignore[no-untyped-call]
        return stages.insert_stage(_read_value2, replace=ReadValueFromRangeStage)


def from_excel(argument: Any) -> Any:
    """An argument as `pycalc.cells` takes it: a range of one cell is a scalar, errors are `CellError`."""
    if not isinstance(argument, list):
        return argument
    if len(argument) == 1 and len(argument[0]) == 1:
        return _cell(argument[0][0])
    return argument if _all_clean(argument) else [[_cell(cell) for cell in row] for row in argument]


def to_excel(result: Cell | Rows) -> Any:
    """A result as COM can carry it; a text longer than a spilled cell can hold would fail as a whole (xlwings #456)."""
    if not isinstance(result, list):
        return _variant(result)
    return result if _all_clean(result) else [[_variant(cell) for cell in row] for row in result]


def _all_clean(rows: Rows) -> bool:
    return {cell.__class__ for row in rows for cell in row} <= CLEAN


def _cell(value: Any) -> Any:
    return value if value.__class__ in CLEAN else ERRORS.get(value, value)


def _variant(value: Cell) -> float | str | bool | None:
    if isinstance(value, CellError):
        return value.code
    return shorten(value) if isinstance(value, str) else value

"""What crosses between Excel and Python in xlwings Lite; this module runs inside Excel, from the workbook.

In: an argument left out is None; a cell or range is a list of rows of numbers, whole ones as int, of
texts, truth values, None for a blank, and errors as texts.

Out: rows or one value.  An error leaves as its own text, "#NUM!", which Lite makes the true error.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from pycalc.cells import Cell, Rows, worksheet_function
from pycalc.errors import EXCEL_ERRORS, CellError

READ: dict[object, CellError | None] = {"": None} | {code: CellError(code) for code in EXCEL_ERRORS}
"""The texts that stand for something else."""


def call(name: str, *given: Any) -> Any:
    """The function of that name on what Lite hands over.

    >>> call("MATMUL_FLOPS", [[2]], [[3]], [[4], ["#N/A"]])
    [[48.0], ['#N/A']]
    """
    return to_excel(_on_cells(name)(*map(from_excel, given)))


@cache
def _on_cells(name: str) -> Callable[..., Cell | Rows]:
    return worksheet_function(name)


def from_excel(argument: Any) -> Any:
    """An argument as `pycalc.cells` takes it."""
    return [list(map(_read, row)) for row in argument] if isinstance(argument, list) else _read(argument)


def _read(value: Any) -> Any:
    """A number as every other host has it, a float; currency, dates and the like are pycalc's business."""
    if value.__class__ is int:
        return float(value)
    return READ.get(value, value) if value.__class__ is str else value


def to_excel(result: Cell | Rows) -> Any:
    """A result as Lite can carry it."""
    return [list(map(_shown, row)) for row in result] if isinstance(result, list) else _shown(result)


def _shown(value: Cell) -> Any:
    return value.code if isinstance(value, CellError) else value

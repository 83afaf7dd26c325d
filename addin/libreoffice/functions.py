"""The declared functions as Calc calls them.

In: a cell or a constant is a float or a text, a range a tuple of rows, an argument left out None.
Of a single cell Calc gives a blank as 0; within a range a blank and the text "" are both "".  A
truth value is 1 or 0.  An argument that is an error, or that holds one, never reaches us.  No
other type of parameter tells more: cells themselves come only for types that refuse constants.

Out: always rows, since Calc takes one type of result only; a range of one cell is a value to it.
"""

import logging
from collections.abc import Callable
from typing import Any, TypeAlias

from addin.declared import WorksheetFunction, worksheet_functions
from addin.faults import FaultLog
from addin.libreoffice.errors import error_value
from pycalc.cells import Cell, Rows, worksheet_function
from pycalc.errors import CellError

CalcRows: TypeAlias = tuple[tuple[float | str, ...], ...]


class Functions:
    """What the component serves."""

    def __init__(self) -> None:
        self.declared: dict[str, WorksheetFunction] = {function.name: function for function in worksheet_functions()}
        self._callable: dict[str, Callable[..., CalcRows]] = {}
        _keep_log()

    def function(self, name: str) -> Callable[..., CalcRows]:
        """The function of that name; KeyError where there is none."""
        if name not in self._callable:
            self._callable[name] = calc_function(self.declared[name])
        return self._callable[name]


def calc_function(function: WorksheetFunction) -> Callable[..., CalcRows]:
    """A function on what Calc hands over.

    >>> matmul = {function.name: function for function in worksheet_functions()}["MATMUL_FLOPS"]
    >>> calc_function(matmul)(2.0, 3.0, ((4.0,), (5.0,)))
    ((48.0,), (60.0,))
    """
    on_cells = worksheet_function(function.name)
    required = sum(not argument.optional for argument in function.arguments)

    def call(*given: Any) -> CalcRows:
        arguments = list(map(from_calc, given))
        while len(arguments) > required and arguments[-1] is None:
            arguments.pop()
        return to_calc(on_cells(*arguments))

    return call


def from_calc(argument: Any) -> Any:
    """An argument as `pycalc.cells` takes it; the text "" counts as a blank, as in Excel's add-in.

    >>> from_calc((("",), (1.0,))), from_calc("")
    ([[None], [1.0]], None)
    """
    if isinstance(argument, tuple):
        return [[None if cell == "" else cell for cell in row] for row in argument]
    return None if argument == "" else argument


def to_calc(result: Cell | Rows) -> CalcRows:
    """A result as rows of floats and texts."""
    if isinstance(result, list):
        return tuple(tuple(map(_calc_cell, row)) for row in result)
    return ((_calc_cell(result),),)


def _calc_cell(value: Cell) -> float | str:
    if isinstance(value, CellError):
        return error_value(value.code)
    if value is None:
        return ""
    return value if isinstance(value, str) else float(value)


def _keep_log() -> None:
    """Faults of ours go into our log; the office's process is shared, so other people's do not."""
    logger = logging.getLogger("pycalc")
    if not any(isinstance(handler, FaultLog) for handler in logger.handlers):
        logger.addHandler(FaultLog())

"""A formula as a worksheet calls it: cells in, cells out, every refusal an Excel error.

Both hosts that own a grid, the add-in and the headless engine, stand on `cell_function`;
what differs between them, how the host spells an error or an argument left out, stays
with the host.
"""

import logging
import zlib
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np

from pycalc.errors import CalcError, CellError
from pycalc.evaluation import PLAIN, Outcome, checked, evaluate
from pycalc.formula import FUNCTIONS
from pycalc.record import Formula
from pycalc.tables import TABLE_FUNCTIONS, TableFunction

Cell: TypeAlias = float | str | bool | CellError | None
Rows: TypeAlias = list[list[Cell]]

WORKSHEET_NAMES = frozenset((*FUNCTIONS, *TABLE_FUNCTIONS))
"""What a grid can call: the functions that give a value, and those that give a table."""

log = logging.getLogger(__name__)

MISUSE, NOT_A_NUMBER = CellError("#VALUE!"), CellError("#NUM!")
EPOCH = datetime(1899, 12, 30)  # day 0 of Excel's calendar, right from March 1900 on


def cell_function(spec: Formula) -> Callable[..., Cell | Rows]:
    """The formula on cells: a scalar for scalars, rows where an argument is a range.

    Arguments are what cells hold: numbers, texts, booleans, dates, `CellError`, None for a
    blank or an argument left out, and lists of rows for ranges; a range of one cell is a scalar.

    >>> from pycalc import FUNCTIONS
    >>> matmul = cell_function(FUNCTIONS["MATMUL_FLOPS"])
    >>> matmul(2, 3, 4)
    48.0
    >>> matmul(2, 3, [[4], ["x"]])
    [[48.0], [CellError(code='#VALUE!')]]
    """
    on_scalars = checked(spec)

    def function(*args: Any) -> Cell | Rows:
        if spec.count_fault(len(args)):
            return MISUSE
        while args[spec.required :] and args[-1] is None:  # the fast path knows no blanks
            args = args[:-1]
        held = [value if value.__class__ in PLAIN else _held(value) for value in args]
        if any(value.__class__ is list for value in held):
            return _rows(evaluate(spec, held))
        return _plain(on_scalars(*held))

    return guarded(spec.excel_name, function)


def guarded(name: str, compute: Callable[..., Cell | Rows]) -> Callable[..., Cell | Rows]:
    """Refusals become their Excel error; any other exception is our bug, logged under an id."""

    def function(*args: Any) -> Cell | Rows:
        try:
            return compute(*args)
        except CalcError as refusal:
            return CellError(refusal.code)
        except Exception as bug:
            log.exception("%s: %s%r", bug_id(bug), name, args)
            return MISUSE

    return function


def table_on_cells(table: TableFunction) -> Callable[..., Cell | Rows]:
    """The table function on cells: always rows, or the error of the whole."""

    def function(*args: Any) -> Cell | Rows:
        if table.count_fault(len(args)):
            return MISUSE
        return [list(map(_plain, row)) for row in table.rows(*map(_held, args))]

    return guarded(table.excel_name, function)


def worksheet_function(name: str) -> Callable[..., Cell | Rows]:
    """What a grid calls under one of `WORKSHEET_NAMES`; nothing but cells comes out of it.

    >>> worksheet_function("EXPLAIN")("MATMUL_FLOPS", 2, 3, 4)[-1][:4]
    ['F', 'MATMUL_FLOPS', 48.0, 'FLOP']
    >>> worksheet_function("EXPLAIN")("NO_SUCH")
    CellError(code='#N/A')
    """
    return table_on_cells(TABLE_FUNCTIONS[name]) if name in TABLE_FUNCTIONS else cell_function(FUNCTIONS[name])


def call_on_cells(spec: Formula, args: Sequence[Any]) -> Cell | Rows:
    """One call of `cell_function`."""
    return cell_function(spec)(*args)


def bug_id(bug: BaseException) -> str:
    """The same for the same fault at the same place, so that a log can be searched and counted by it."""
    place = bug.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_qualname}:{place.tb_lineno}" if place else ""
    return f"bug-{zlib.crc32(f'{type(bug).__name__}@{where}'.encode()):08x}"


def serial(moment: date | datetime | time) -> float:
    """The number that a date is in a cell: days since the end of 1899, the time of day as a fraction."""
    if isinstance(moment, time):
        moment = datetime.combine(EPOCH, moment)
    elif not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return (moment.replace(tzinfo=None) - EPOCH).total_seconds() / 86_400


def _held(value: Any) -> Any:
    """What a cell holds, as pycalc takes it: currency and dates are numbers, a range of one cell a scalar."""
    if isinstance(value, list | tuple):
        rows = [row if isinstance(row, list | tuple) else [row] for row in value]
        if len(rows) == 1 and len(rows[0]) == 1:
            return _held(rows[0][0])
        plain = {type(element) for row in rows for element in row} <= PLAIN
        return rows if plain else [[_held(element) for element in row] for row in rows]
    if isinstance(value, Decimal):
        return float(value)
    return serial(value) if isinstance(value, date | time) else value


def _plain(value: Any) -> Cell:
    """A result as a plain Python value; numpy's own types and NaN stay inside."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not -np.inf < value < np.inf:
        return NOT_A_NUMBER
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value  # type: ignore[no-any-return]


def _rows(outcome: Outcome) -> Rows:
    """An array outcome as rows of cells, each bad element its own error."""
    values = np.atleast_2d(outcome.value)
    # among floats only the elements with an error are not finite
    rows: Rows = values.tolist() if values.dtype.kind == "f" else [list(map(_plain, row)) for row in values.tolist()]
    for position, refusal in outcome.errors.items():
        row, column = divmod(position, len(rows[0]))
        rows[row][column] = CellError(refusal.code)
    return rows

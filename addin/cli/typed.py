"""What is typed for a cell, read as a worksheet reads it, and a cell's value as text.

The reading is Excel's where a figure is meant and strict where a guess would be needed:
``1_000``, ``1,000``, ``30%`` and ``nan`` are texts.
"""

import re
from typing import Any

from pycalc.cells import Cell
from pycalc.errors import EXCEL_ERRORS, ArgumentError, CalcError, CellError
from pycalc.evaluation import Outcome

NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
QUOTED = re.compile(r'"(?:[^"]|"")*+"')
ELEMENT = re.compile(rf'((?:{QUOTED.pattern}|[^",;])*+)([,;]|$)')  # never tried again: each place has one reading


def cell_value(text: str) -> Cell | list[list[Cell]]:
    """One argument: a cell, or a range of cells in the braces of an array constant.

    >>> [cell_value(text) for text in ("-1", "80e9", "true", "#N/A", "", '"12"', "swiglu")]
    [-1.0, 80000000000.0, True, CellError(code='#N/A'), None, '12', 'swiglu']
    >>> cell_value("{1,2;3,x}")
    [[1.0, 2.0], [3.0, 'x']]
    """
    return _range(text) if len(text) > 2 and text[0] == "{" and text[-1] == "}" else _cell(text)


def _cell(text: str) -> Cell:
    if NUMBER.fullmatch(text):
        return float(text)
    upper = text.upper()
    if upper in ("TRUE", "FALSE"):
        return upper == "TRUE"
    if upper in EXCEL_ERRORS:
        return CellError(upper)
    if QUOTED.fullmatch(text):
        text = text[1:-1].replace('""', '"')
    return text or None


def _range(text: str) -> Cell | list[list[Cell]]:
    rows: list[list[Any]] = [[]]
    end = 0
    for match in ELEMENT.finditer(inside := text[1:-1]):
        if match.start() != end:
            break
        rows[-1].append(_cell(match[1].strip()))
        end = match.end()
        if not match[2]:
            break
        if match[2] == ";":
            rows.append([])
    if end < len(inside) or len({len(row) for row in rows}) > 1:
        raise ArgumentError(f"{text} is no array: columns are parted by commas, rows of equal length by semicolons")
    return rows if len(rows) > 1 or len(rows[0]) > 1 else rows[0][0]


def result_cells(outcome: Outcome) -> Any:
    """A value, or rows of values in which a refusal stands where there is none."""
    value = outcome.value
    if getattr(value, "ndim", 0) == 0:
        return value
    rows = value.tolist()
    for position, refusal in outcome.errors.items():
        row, column = divmod(position, len(rows[0]))
        rows[row][column] = refusal
    return rows


def cell_text(value: Any) -> str:
    """A cell's value as a worksheet shows it, with all its digits.

    >>> [cell_text(value) for value in (549755813888.0, 0.1, 1e30, True, "memory")]
    ['549755813888', '0.1', '1e+30', 'TRUE', 'memory']
    """
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, CalcError):
        return value.code
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def json_value(value: Any) -> Any:
    """A cell's value in JSON: counts without a fraction, a refusal and an error as an object."""
    if isinstance(value, list):
        return [json_value(element) for element in value]
    if isinstance(value, CalcError):
        return {"error": value.code, "reason": value.reason}
    if isinstance(value, CellError):
        return {"error": value.code}
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e16 else value

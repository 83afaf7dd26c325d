"""A workbook of calls, to be computed by LibreOffice: what each cell must show goes with it."""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pytest
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.formula import ArrayFormula

from pycalc.cells import worksheet_function
from pycalc.errors import CellError

ILLEGAL = CellError("#VALUE!")
"""How an .xlsx file has Calc's own Err:504: of a range that holds an error, and of a wrong count of arguments."""


function = cache(worksheet_function)


class Call(NamedTuple):
    """A formula, the cells that it fills, and what they must hold."""

    text: str
    sheet: str
    place: str
    wanted: list[list[object]]


class Book:
    """Calls in the order in which they are added; those of one kind share a sheet."""

    def __init__(self) -> None:
        self.workbook = openpyxl.Workbook()
        self.workbook.remove(self.workbook.active)
        self.calls: list[Call] = []
        self.used: Counter[str] = Counter()  # rows of each sheet

    def with_literals(self, name, arguments):
        """A call with its arguments in it; those at the end that are left out are not written."""
        while arguments and arguments[-1] is None:
            arguments = arguments[:-1]
        wanted = of_single_values(name, [value if value is None else handed(value) for value in arguments])
        return self.add("literals", [], f"={name}({','.join(map(literal, arguments))})", wanted)

    def with_cells(self, name, arguments):
        """A call of which every argument is a cell."""
        wanted = of_single_values(name, [0.0 if value is None else handed(value) for value in arguments])
        return self.add("cells", [arguments], f"={name}({{}})", wanted)

    def with_columns(self, name, rows):
        """A call of which every argument is a column of cells; it fills a column."""
        columns = [[row[x] for row in rows] for x in range(len(rows[0]))]
        if any(isinstance(value, CellError) for column in columns for value in column):
            wanted = [[ILLEGAL]] * len(rows)
        else:
            wanted = in_rows(function(name)(*([[handed(value)] for value in column] for column in columns)))
        return self.add("columns", rows, f"={name}({{}})", wanted, as_array=True)

    def with_table(self, name, arguments):
        """A call with its arguments in it that fills as many cells as its result has."""
        wanted = in_rows(function(name)(*map(handed, arguments)))
        return self.add("tables", [], f"={name}({','.join(map(literal, arguments))})", wanted, as_array=True)

    def add(self, kind, inputs: Sequence[Sequence[object]], text, wanted, as_array=False):
        """The inputs from column A on, the formula right of them; {} in it are the addresses of the columns."""
        sheet = self.workbook[kind] if kind in self.workbook.sheetnames else self.workbook.create_sheet(kind)
        first = self.used[kind] + 1
        self.used[kind] += max(len(inputs), len(wanted))
        for y, row in enumerate(inputs, first):
            for x, value in enumerate(row, 1):
                write(sheet.cell(y, x), value)
        width, last = max(map(len, inputs), default=0), first + len(inputs) - 1
        letters = [get_column_letter(x) for x in range(1, width + 1)]
        text = text.format(",".join(f"{x}{first}" if last == first else f"{x}{first}:{x}{last}" for x in letters))
        left, right = get_column_letter(width + 1), get_column_letter(width + len(wanted[0]))
        place = f"{left}{first}:{right}{first + len(wanted) - 1}"
        sheet[f"{left}{first}"] = ArrayFormula(place, text) if as_array else text
        call = Call(text, kind, place, wanted)
        self.calls.append(call)
        return call

    def save(self, path: Path) -> Path:
        self.workbook.save(path)
        return path


def write(cell, value):
    cell.value = '=""' if value == "" else str(value) if isinstance(value, CellError) else value
    if isinstance(value, CellError):
        cell.data_type = "e"


def literal(value):
    if value is None:
        return ""
    return '"' + value.replace('"', '""') + '"' if isinstance(value, str) else str(value).upper()


def handed(value):
    """What LibreOffice hands over of a value, all but a blank single cell: truth values as numbers, "" as a blank."""
    if isinstance(value, bool):
        return float(value)
    return None if value == "" else value


def of_single_values(name, arguments):
    """What one cell must show; LibreOffice itself passes on an error, the last argument's first."""
    errors = [value for value in arguments if isinstance(value, CellError)]
    return [[errors[-1]]] if errors else in_rows(function(name)(*arguments))


def in_rows(result):
    return [list(row) for row in result] if isinstance(result, list) else [[result]]


class Answers:
    """The cells of a workbook that LibreOffice has computed and saved."""

    def __init__(self, path: Path) -> None:
        self.values = openpyxl.load_workbook(path, data_only=True)
        self.formulas = openpyxl.load_workbook(path)

    def of(self, call: Call):
        return [list(map(shown, row)) for row in self.values[call.sheet][call.place]]

    def formula(self, call: Call):
        held = self.formulas[call.sheet][call.place.partition(":")[0]].value
        return getattr(held, "text", held)


def shown(cell):
    if cell.data_type == "e":
        return CellError(cell.value)
    return "" if cell.value is None else cell.value


def approximately(rows):
    """Numbers to 1e-12; the file has 15 digits of them."""
    return [
        [value if isinstance(value, str | CellError) else pytest.approx(float(value), rel=1e-12, abs=0) for value in row]
        for row in rows
    ]

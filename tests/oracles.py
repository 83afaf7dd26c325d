"""Other people's engines as judges: one workbook of many formulas, computed by each.

All questions of a run go into one file, because starting an engine costs more than a
thousand formulas.  What each engine does differently from Excel, met while writing these tests:

CellRune 0.2.0 knows LAMBDA, LET, SWITCH, ISBLANK, ISERROR, literal errors and ``_xlpm.`` names as Excel does.
- It evaluates a LAMBDA's arguments that are expressions before those that are references:
  of ``F(A1,1/0)`` with #N/A in A1 the result is #DIV/0!, where Excel passes on the first.
  Ask with references alone.
- It takes a stored empty text for a blank cell; the result of ``=""`` stays a text.
- An argument left out, ``F(1,,2)``, is #VALUE!; a reference to a blank cell stays blank.
Formualizer 0.13.0 knows LET but no LAMBDA, and takes our registered functions for calls.
- An argument left out arrives as 0; the product marks it before the engine sees it.
- A plain formula with a range for a result spills; the product refuses it.
LibreOffice up to 25.2 knows neither, nor our functions: ask it for inline formulas only.
- A power too small for a float is #NUM!, not 0; numbers are saved with 15 digits.
openpyxl writes 16 digits of a number: ask with numbers of 15 to get back what was meant.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pytest
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula

from pycalc.cells import Cell, serial
from pycalc.errors import CellError

SHEET = "Questions"
Answers = list[tuple[Cell, ...]]


class Question(NamedTuple):
    """What the cells of a row hold, and formulas on them: ``{0}`` is the address of the first."""

    inputs: Sequence[Cell]
    formulas: Sequence[str]
    as_arrays: bool = False
    """Whether the formulas compute on whole ranges; else a range where a number is meant is cut to one cell."""


class Asked(NamedTuple):
    """The file in which questions were written down."""

    path: Path
    questions: Sequence[Question]
    first_column: int
    """Where the formulas begin, the same in each row."""

    def addresses(self) -> list[list[str]]:
        return [
            [f"{get_column_letter(self.first_column + i)}{row}" for i in range(len(question.formulas))]
            for row, question in enumerate(self.questions, start=1)
        ]


def ask(path: Path, questions: Sequence[Question], names: Mapping[str, str] | None = None) -> Asked:
    """Write a workbook with a row for each question, and these defined names."""
    asked = Asked(path, questions, 1 + max(len(question.inputs) for question in questions))
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = SHEET
    for row, (question, addresses) in enumerate(zip(questions, asked.addresses(), strict=True), start=1):
        for column, value in enumerate(question.inputs, start=1):
            cell = sheet.cell(row, column, str(value) if isinstance(value, CellError) else value)
            if value == "":
                cell.value = '=""'
            if isinstance(value, CellError):
                cell.data_type = "e"
        references = [f"{get_column_letter(column)}{row}" for column in range(1, len(question.inputs) + 1)]
        for address, formula in zip(addresses, question.formulas, strict=True):
            text = "=" + formula.format(*references)
            sheet[address] = ArrayFormula(address, text) if question.as_arrays else text
    for name, text in (names or {}).items():
        workbook.defined_names[name] = DefinedName(name, attr_text=text)
    workbook.save(path)
    return asked


def formualizer(asked: Asked) -> Answers:
    """Calls of our functions are computed by pycalc, all else by the engine."""
    from workbook_templates.headless.recalculation import recalculate

    values = recalculate(asked.path).on(SHEET)
    return [tuple(values[address] for address in row) for row in asked.addresses()]


def cellrune(asked: Asked) -> Answers:
    """Calls of our functions are computed by the LAMBDA names of the workbook."""
    import cellrune as engine

    first, width = asked.first_column, max(len(question.formulas) for question in asked.questions)
    with engine.Workbook.open_path(asked.path) as workbook:
        workbook.recalculate()
        last = f"{get_column_letter(first + width - 1)}{len(asked.questions)}"
        rows = workbook.read_values(SHEET, f"{get_column_letter(first)}1", last)
    return [tuple(map(_from_cellrune, row[: len(q.formulas)])) for row, q in zip(rows, asked.questions, strict=True)]


def _from_cellrune(held: Mapping[str, object]) -> Cell:
    kind, value = held["kind"], held.get("value")
    if kind == "error":
        return CellError(str(value))
    if kind not in ("number", "text", "logical", "blank"):
        raise AssertionError(f"CellRune did not compute a cell: {held}")
    return value  # type: ignore[return-value]


def libreoffice(asked: Asked) -> Answers:
    """Native formulas only; skips where LibreOffice is not installed, except in CI."""
    program = shutil.which("soffice")
    if program is None:
        missing = "LibreOffice (soffice) is not installed"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    with tempfile.TemporaryDirectory() as folder:
        profile = f"-env:UserInstallation={Path(folder, 'profile').as_uri()}"
        command = [program, profile, "--headless", "--convert-to", "xlsx", "--outdir", folder, str(asked.path)]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        sheet = openpyxl.load_workbook(Path(folder, asked.path.name), data_only=True)[SHEET]
    return [tuple(_from_openpyxl(sheet[address].value) for address in row) for row in asked.addresses()]


def _from_openpyxl(value: object) -> Cell:
    if isinstance(value, str) and value.startswith("#"):
        return CellError(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return serial(value) if hasattr(value, "isoformat") else value  # type: ignore[arg-type, return-value]

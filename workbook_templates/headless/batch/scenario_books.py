"""One workbook per scenario: the template's file with the inputs filled in and every value stored, all else as it was."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from pycalc.cells import Cell
from workbook_templates.headless.formula_book import FormulaBook
from workbook_templates.headless.package import with_parts, write_atomically
from workbook_templates.headless.scenarios import Place
from workbook_templates.headless.sheet_xml import SheetCell, formula_cells, with_values
from workbook_templates.reading import Package

LONGEST = 120  # characters of a file's name before its ending


class ScenarioBooks:
    """The template taken apart once; `write` makes a copy for a scenario."""

    def __init__(self, package: Package, inputs: Sequence[Place], folder: Path) -> None:
        self._package, self.folder = package, folder
        self._inputs = set(inputs)
        book = FormulaBook(package)
        self._parts = book.parts
        self._cells = {sheet: self._read(sheet, part) for sheet, part in book.parts.items()}
        self.formulas = [(sheet, cell.address) for sheet, cell in book.formulas() if (sheet, cell.address) not in self._inputs]

    def _read(self, sheet: str, part: str) -> list[SheetCell]:
        """The cells that are written: formulas, and inputs, whose formulas go."""
        cells = formula_cells(self._package.read(part), {address for title, address in self._inputs if title == sheet})
        for cell in cells:
            if (sheet, cell.address) not in self._inputs:
                continue
            if cell.kind not in ("normal", "member") or (cell.formula and "xl/calcChain.xml" in self._package.names):
                reason = f"{sheet}!{cell.address} holds a formula that other parts of the file refer to"
                raise self._package.refuse("NOT_AN_INPUT", reason, "name the cell that it reads, or leave --workbooks out")
            cell.kind = "input"
        return cells

    def write(self, key: str, values: Mapping[Place, Cell]) -> None:
        """The workbook of a scenario, whole or not at all."""
        changed = {}
        for sheet, part in self._parts.items():
            if cells := self._cells[sheet]:
                on_sheet = {cell.address: values[sheet, cell.address] for cell in cells}
                changed[part] = with_values(self._package.read(part), cells, on_sheet)
        write_atomically(self.folder / file_name(key), with_parts(self._package, changed))


def file_name(key: str) -> str:
    """A name that any file system takes, and another for another key.

    >>> file_name("Q1 2026/north"), file_name("..")
    ('Q1%202026%2Fnorth.xlsx', '%2E..xlsx')
    """
    name = quote(key, safe="")
    if name.startswith("."):
        name = "%2E" + name[1:]
    if len(name) > LONGEST:
        name = f"{name[: LONGEST - 17]}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    return f"{name}.xlsx"

"""Copies of a good workbook with one fault each, their other cells still holding their values."""

import functools
import io
from collections.abc import Callable
from dataclasses import dataclass, replace

from openpyxl import load_workbook
from packages import parts_of, zipped

from workbook_templates.build import build
from workbook_templates.headless.package import with_parts
from workbook_templates.headless.sheet_xml import formula_cells, with_values
from workbook_templates.reading import open_package
from workbook_templates.registry import template
from workbook_templates.rules import check_workbook

AS_IT_WAS = object()
SOME_NUMBER = 1.0  # the stored result of a formula that the good workbook does not have


@dataclass(frozen=True)
class Fault:
    """A change to the workbook, the rule it breaks, and the rules that it breaks besides."""

    rule: str
    also: tuple[str, ...]
    change: Callable
    result: object = AS_IT_WAS
    """The stored result of the place, where the fault lies in that."""
    in_parts: bool = False
    """Whether the change takes the file's parts (name → bytes) instead of an openpyxl workbook."""

    def __str__(self):
        return f"{self.rule}-{self.change.__name__}"


class Faults(list):
    """A table of faults, filled by a decorator; a change returns the place that the rule must name."""

    def seed(self, rule, *also, **options):
        def register(change):
            self.append(Fault(rule, also, change, **options))
            return change

        return register


class Good:
    """A workbook that keeps all rules: the token cost template with its first grid alone, for speed."""

    def __init__(self, folder):
        self.folder, self.path = folder, folder / "good.xlsx"
        whole = template("token_cost")
        dropped = {f"{block.name}." for block in whole.blocks[1:]}

        def kept(text):
            return not any(name in text for name in dropped)

        part = replace(
            whole,
            blocks=whole.blocks[:1],
            charts=whole.charts[:2],
            reading=tuple(filter(kept, whole.reading)),
            checks=tuple(check for check in whole.checks if kept(check.holds)),
        )
        build(part, self.path)
        sheets = load_workbook(self.path, data_only=True).worksheets
        self.results = {(s.title, c.coordinate): c.value for s in sheets for row in s.iter_rows() for c in row}

    @functools.cached_property
    def failed(self):
        """The rules that the workbook breaks as it is: none, or the template needs mending."""
        return set(check_workbook(self.path).failed)

    def with_change(self, change, results=None, result=AS_IT_WAS, name="seeded.xlsx"):
        """The path of a copy with a change to its openpyxl workbook, and what the change returned.

        ``results`` are stored results by sheet and cell, ``result`` that of the returned place.
        """
        book, saved = load_workbook(self.path), io.BytesIO()
        returned = change(book)
        if result is not AS_IT_WAS:
            results = {tuple(returned.split("!")): result}
        book.save(saved)
        path = self.folder / name
        path.write_bytes(saved.getvalue())
        package = open_package(path)
        sheets = {
            part: self._with_results(package.read(part), title, results or {}) for title, part in package.sheet_parts.items()
        }
        path.write_bytes(with_parts(package, sheets))
        return path, returned

    def _with_results(self, data, title, results):
        known = self.results | results
        cells = formula_cells(data)
        return with_values(data, cells, {cell.address: known.get((title, cell.address), SOME_NUMBER) for cell in cells})

    def with_parts_changed(self, change, name="seeded.xlsx"):
        """The same for a change to the parts of the file."""
        parts = parts_of(self.path)
        returned = change(parts)
        path = self.folder / name
        path.write_bytes(zipped(parts))
        return path, returned

    def must_show(self, fault):
        """Check a copy with the fault: it breaks these rules and no other, and names the place.

        What the workbook breaks without it is another test's concern.
        """
        if fault.in_parts:
            path, where = self.with_parts_changed(fault.change)
        else:
            path, where = self.with_change(fault.change, result=fault.result)
        report = check_workbook(path)
        assert set(report.failed) - self.failed == {fault.rule, *fault.also}, report.text()
        assert where in [finding.where for finding in report.findings if finding.rule == fault.rule], report.text()


def row_of(sheet, label):
    """The row with this label in column B."""
    return next(cell.row for cell in sheet["B"] if cell.value == label)


def live(book, label):
    """The live cell of an input."""
    return book["Inputs"][f"D{row_of(book['Inputs'], label)}"]


def base(book, label):
    """The base scenario's value of an input."""
    return book["Inputs"][f"E{row_of(book['Inputs'], label)}"]


def line(book, label):
    """The value of a line of the calculation."""
    return book["Calc"][f"D{row_of(book['Calc'], label)}"]


def flag(book, sheet):
    """The cell that shows the master check on a sheet."""
    return next(cell for cell in book[sheet][2] if "Checks!" in str(cell.value))


def across(book, label):
    """The first cell of a row of the first grid on Sensitivity."""
    return book["Sensitivity"][f"D{row_of(book['Sensitivity'], label)}"]


def where(cell):
    return f"{cell.parent.title}!{cell.coordinate}"


def restyle(cell, like):
    """Give a cell the style of another."""
    cell._style = like._style

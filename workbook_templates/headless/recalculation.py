"""Compute a workbook and store the results in a copy that is otherwise the same file."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pycalc.cells import Cell
from pycalc.errors import CellError
from workbook_templates.headless.engine import NotComputedError
from workbook_templates.headless.engines import FALLBACK, choose
from workbook_templates.headless.formula_book import FormulaBook
from workbook_templates.headless.package import with_parts, write_atomically
from workbook_templates.headless.sheet_xml import with_values
from workbook_templates.reading import open_package


@dataclass(frozen=True)
class Recalculated:
    """What the formulas of a workbook give."""

    values: Mapping[tuple[str, str], Cell]
    """By sheet title and cell address; the other cells of an array's range included."""

    def on(self, sheet: str) -> dict[str, Cell]:
        """The values of one sheet by cell address."""
        return {address: value for (title, address), value in self.values.items() if title == sheet}

    @property
    def errors(self) -> dict[tuple[str, str], CellError]:
        """The cells whose value is an Excel error."""
        return {place: value for place, value in self.values.items() if isinstance(value, CellError)}

    @property
    def counts(self) -> Counter[str]:
        """How many cells hold a number, a text, a truth value, or which error."""
        return Counter(map(_kind, self.values.values()))


def _kind(value: Cell) -> str:
    if isinstance(value, CellError):
        return value.code
    return {bool: "boolean", float: "number", str: "text"}.get(type(value), "blank")


def fill_cached_values(path_in: Path, path_out: Path, engine: str = FALLBACK) -> Recalculated:
    """Copy a workbook with every formula's value stored beside it.

    All else in the file stays: other parts byte by byte, the sheets but for values.  The copy
    appears whole or not at all; both paths may be the same.  Raises `RefusedFileError` for a
    file, and `RefusedCellError` for a cell, that is not computed.
    """
    book = FormulaBook(open_package(path_in))
    result = _results(book) if engine == FALLBACK else _results_by(engine, book)
    changed = {
        part: with_values(book.package.read(part), book.cells[sheet], result.on(sheet))
        for sheet, part in book.parts.items()
        if book.cells[sheet]
    }
    write_atomically(path_out, with_parts(book.package, changed))
    return result


def recalculate(path: Path) -> Recalculated:
    """The values alone; nothing is written."""
    return _results(FormulaBook(open_package(path)))


def _results(book: FormulaBook) -> Recalculated:
    engine = book.computed()
    try:
        return Recalculated({(s, cell.address): engine.value(s, *cell.position) for s, cell in book.formulas()})
    except NotComputedError as fault:
        raise book.refusal(fault) from None


def _results_by(engine: str, book: FormulaBook) -> Recalculated:
    """The values by an engine of scenarios: the workbook as it is, for the only one."""
    places = [(sheet, cell.address) for sheet, cell in book.formulas()]
    found = choose(engine, book.package, [], places).engine.evaluate({})
    return Recalculated({place: column[0] for place, column in found.items()})

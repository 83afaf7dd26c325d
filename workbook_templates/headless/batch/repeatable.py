"""A batch gives the same bytes again: no output may lean on the clock or on chance."""

from collections.abc import Collection, Iterable, Iterator

from pycalc.errors import shorten
from workbook_templates.headless.package import RefusedCellError
from workbook_templates.headless.scenarios import Place
from workbook_templates.rules.book import Book
from workbook_templates.rules.cells import Entry, Sheet
from workbook_templates.rules.references import Reference

CHANGING = {"NOW": "the date", "TODAY": "the date"} | dict.fromkeys(("RAND", "RANDBETWEEN", "RANDARRAY"), "a number")
"""Functions that give another value each time, and what to type in their place."""
SHOWN = 60  # characters of a formula in a refusal


def require_repeatable(book: Book, inputs: Collection[Place], outputs: Iterable[Place]) -> None:
    """Refuse a formula that an output leans on and that gives another value each time; a scenario's own cells count not.

    What only a computation finds, a reference by OFFSET or INDIRECT, is not followed.
    """
    sheets = {sheet.title: sheet for sheet in book.sheets}
    if not any(_changing(entry) for sheet in book.sheets for entry in sheet.formulas.values()):
        return
    open_ = [entry for title, cell in outputs for entry in _formulas(sheets[title], book.read(f"{cell}", title).references)]
    seen = {entry.where for entry in open_}
    while open_:
        entry = open_.pop()
        if (entry.sheet.title, entry.cell.coordinate) in inputs:
            continue
        if name := _changing(entry):
            reason = f"{name} gives another value each time: {shorten(entry.formula.shown, SHOWN)}"
            cure = f"type {CHANGING[name]} there, or name --outputs that do not lean on it"
            raise RefusedCellError("VOLATILE", book.package.file, entry.sheet.title, entry.cell.coordinate, reason, cure)
        for reference in entry.formula.references:
            if reference.sheet in sheets:
                found = [other for other in _formulas(sheets[reference.sheet], [reference]) if other.where not in seen]
                seen.update(other.where for other in found)
                open_ += found


def _changing(entry: Entry) -> str:
    return next((name for name in entry.formula.functions if name in CHANGING), "")


def _formulas(sheet: Sheet, areas: Iterable[Reference]) -> Iterator[Entry]:
    """The formulas within these areas of a sheet."""
    for area in areas:
        if area.is_cell:
            if entry := sheet.formulas.get((area.top, area.left)):
                yield entry
        else:
            yield from (entry for place, entry in sheet.formulas.items() if area.covers(sheet.title, *place))

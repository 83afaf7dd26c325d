"""A batch gives the same bytes again: no output may lean on the clock or on chance."""

from collections.abc import Collection, Iterable

from pycalc.errors import shorten
from workbook_templates.headless.calls import CHANGING
from workbook_templates.headless.package import RefusedCellError
from workbook_templates.headless.scenarios import Place
from workbook_templates.headless.sheet_xml import position
from workbook_templates.rules.book import Book
from workbook_templates.rules.cells import Entry, Sheet
from workbook_templates.rules.formulas import BANNED
from workbook_templates.rules.references import Reference

SHOWN = 60  # characters of a formula in a refusal


def require_repeatable(book: Book, inputs: Collection[Place], outputs: Iterable[Place]) -> None:
    """Refuse a formula that an output leans on and that gives another value each time; a scenario's own cells count not.

    What only a computation finds, a reference by OFFSET or INDIRECT, is not followed.
    """
    sheets = {sheet.title: sheet for sheet in book.sheets}
    if not any(_changing(entry) for sheet in book.sheets for entry in sheet.formulas.values()):
        return
    open_ = [entry for title, cell in outputs if (entry := sheets[title].formulas.get(position(cell)))]
    seen = {entry.where for entry in open_}
    while open_:
        entry = open_.pop()
        if (entry.sheet.title, entry.cell.coordinate) in inputs:
            continue
        if name := _changing(entry):
            reason = f"{name} gives another value each time: {shorten(entry.formula.shown, SHOWN)}"
            cure = f"use {BANNED[name]}, or name --outputs that do not lean on it"
            raise RefusedCellError("VOLATILE", book.package.file, entry.sheet.title, entry.cell.coordinate, reason, cure)
        for reference in entry.formula.references:
            if reference.sheet in sheets:
                found = [other for other in _formulas(sheets[reference.sheet], reference) if other.where not in seen]
                seen.update(other.where for other in found)
                open_ += found


def _changing(entry: Entry) -> str:
    return next((name for name in entry.formula.functions if name in CHANGING), "")


def _formulas(sheet: Sheet, area: Reference) -> list[Entry]:
    """The formulas within an area of a sheet."""
    if area.is_cell:
        entry = sheet.formulas.get((area.top, area.left))
        return [entry] if entry else []
    return [entry for place, entry in sheet.formulas.items() if area.covers(sheet.title, *place)]

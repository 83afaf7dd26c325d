"""R01–R10: the sheets, how they hang together, and that nothing is hidden."""

import re
from collections.abc import Iterator
from typing import Any

from workbook_templates.roles import FLOW, REQUIRED, SHEET_NAMES, Role, role_of
from workbook_templates.rules.book import Book
from workbook_templates.rules.cells import Entry, Sheet
from workbook_templates.rules.record import Finding, rule
from workbook_templates.rules.references import quoted
from workbook_templates.rules.timeline import Timeline

GRID_SIDE = 5  # rows and columns of formulas that make an output sheet a grid
COVER_LABELS = {"purpose": "Purpose", "version": "Version", "unit": "Units", "sign": "Signs", "colo": "Colours"}
KEY_INKS = ("blue", "black", "green")
CODE_PARTS = re.compile(r"vbaproject|vbadata|/macrosheets/|/dialogsheets/|/activex/", re.IGNORECASE)
ADDIN_PARTS = re.compile(r"^xl/webextensions/webextension", re.IGNORECASE)
CUSTOM_PARTS = re.compile(r"^(customXml|customUI|xl/customUI|xl/customProperty)", re.IGNORECASE)
LINK_PARTS = re.compile(r"^xl/(externalLinks|queryTables)/(?!_rels)|^xl/connections\.xml$", re.IGNORECASE)
TIME_RIGHT = "one timeline, each period in the same column on every time sheet"


@rule("R01", "sheets by role: cover, inputs, calc, outputs, checks, log; no unknown role")
def roles(book: Book) -> Iterator[Finding]:
    present = {sheet.role for sheet in book.sheets}
    for role in REQUIRED:
        if role not in present:
            yield Finding("workbook", f"has no sheet with the role {role}", f"a sheet named {SHEET_NAMES[role][0]}")
    for sheet in book.sheets:
        if sheet.role is None:
            yield Finding(quoted(sheet.title), "its name tells no role", "a name that begins with that of a role, such as Calc")


@rule("R02", "cover: purpose, version, units, signs, colour key, working link to every sheet")
def cover(book: Book) -> Iterator[Finding]:
    covers = book.of_role(Role.COVER)
    if not covers:
        yield Finding("workbook", "has no cover", f"a sheet named {SHEET_NAMES[Role.COVER][0]}")
        return
    sheet = covers[0]
    for start, label in COVER_LABELS.items():
        found = [entry for entry in sheet.words() if entry.text.strip().casefold().startswith(start)]
        if not found:
            yield Finding(quoted(sheet.title), f"says nothing of: {label}", f"a row labelled {label} with its text")
        elif start != "colo" and not any(_beside(entry) for entry in found):
            yield Finding(found[0].where, f"{label} is left empty", "the text in the cell to the right")
    version = str(book.workbook.properties.version or "")
    stated = [_beside(entry) for entry in sheet.words() if entry.text.strip().casefold().startswith("version")]
    if version and any(stated) and not any(version in text for text in stated):
        yield Finding(quoted(sheet.title), f"states version {stated[0]}", f"{version}, as the document properties say")
    inks = {book.ink(entry) for entry in sheet.constants.values() if not entry.cell.hyperlink}
    for ink in KEY_INKS:
        if ink not in inks:
            yield Finding(quoted(sheet.title), f"the colour key shows no {ink} sample", f"a cell with a {ink} font in the key")
    yield from _links(book, sheet)


def _beside(entry: Entry) -> str:
    """The text of the next cell to the right that holds anything."""
    return next((other.text for other in entry.sheet.row_of(entry.row) if other.column > entry.column), "")


def _links(book: Book, cover: Sheet) -> Iterator[Finding]:
    linked = set()
    for entry in [*cover.constants.values(), *cover.formulas.values()]:
        target = _link_target(entry)
        if not target:
            continue
        found = {reference.sheet for reference in book.read(target, cover.title).references}
        linked |= found
        if not found & set(book.by_title):
            yield Finding(entry.where, f"links to {target}, which is not there", "a link to a sheet of this workbook")
    for sheet in book.sheets:
        if sheet is not cover and sheet.ws.sheet_state == "visible" and sheet.title not in linked:
            yield Finding(quoted(cover.title), f"has no link to {sheet.title}", f"a link to {quoted(sheet.title)}!A1")


def _link_target(entry: Entry) -> str:
    """Where a link inside the workbook leads, empty for others."""
    if match := re.fullmatch(r'=HYPERLINK\("#([^"]+)".*\)', entry.formula.text, re.IGNORECASE):
        return match[1]
    link = entry.cell.hyperlink
    if link is None:
        return ""
    target = link.target or ""
    return str(link.location or (target[1:] if target.startswith("#") else ""))


@rule("R03", "change log holds the version in document properties")
def log(book: Book) -> Iterator[Finding]:
    version = str(book.workbook.properties.version or "")
    sheets = book.of_role(Role.LOG)
    if not version:
        yield Finding("workbook", "the document properties hold no version", "a version there and in the change log")
    elif not any(entry.text == version for sheet in sheets for entry in sheet.constants.values()):
        where = quoted(sheets[0].title) if sheets else "workbook"
        yield Finding(where, f"no row of a change log holds {version}", f"a row for version {version}")


@rule("R04", "flow inputs -> calc -> outputs, never back (check flag on headers allowed)", judges="formulas")
def flow(book: Book) -> Iterator[Finding]:
    for entry in book.formulas:
        own = FLOW[entry.sheet.role or Role.CALC]
        for title in dict.fromkeys(reference.sheet for reference in entry.formula.references):
            role = role_of(title)
            if title in book.by_title and role is not None and FLOW[role] > own and not book.shows_master(entry):
                what = f"reads {quoted(title)}, a sheet further down the flow"
                yield Finding(entry.where, what, "a formula on the later sheet that reads this one")


@rule("R05", "no external links")
def external_links(book: Book) -> Iterator[Finding]:
    for part in book.package.names:
        if LINK_PARTS.search(part):
            yield Finding(part, "connects the workbook to a source outside it", "break the link; keep the values as inputs")
    for where, formula in book.everywhere:
        for link in formula.external:
            yield Finding(where, f"reads {link}, outside this workbook", "an input with a source on Inputs")


@rule("R06", "nothing hidden (sheets, rows, columns) but declared lists")
def hidden(book: Book) -> Iterator[Finding]:
    for sheet in book.sheets:
        state = sheet.ws.sheet_state
        if state == "veryHidden" or (state != "visible" and sheet.role is not Role.LIST):
            right = f"a visible sheet, or a list named {SHEET_NAMES[Role.LIST][0]}… that can be unhidden"
            yield Finding(quoted(sheet.title), f"the sheet is {state}", right)
        elif state != "visible" and sheet.formulas:
            yield Finding(
                quoted(sheet.title), "the hidden list holds formulas", "constants alone on a list; formulas where they show"
            )
        for kind, dimensions in (("row", sheet.ws.row_dimensions), ("column", sheet.ws.column_dimensions)):
            for key, dimension in dimensions.items():
                size = dimension.height if kind == "row" else (dimension.width if dimension.customWidth else None)
                if (dimension.hidden and not dimension.outlineLevel) or size == 0:
                    yield Finding(
                        f"{quoted(sheet.title)}!{key}:{key}", f"the {kind} is hidden", f"a visible {kind}, or a group"
                    )


@rule("R07", "no merged cells")
def merged(book: Book) -> Iterator[Finding]:
    for sheet in book.sheets:
        for area in sorted(sheet.ws.merged_cells.ranges, key=lambda area: (area.min_row, area.min_col)):
            yield Finding(f"{quoted(sheet.title)}!{area.coord}", "cells are merged", "alignment across the selection")


@rule("R08", "no macros, no content under custom parts")
def macros(book: Book) -> Iterator[Finding]:
    for part in book.package.names:
        if CODE_PARTS.search(part):
            yield Finding(part, "holds macros or controls", "a workbook without code (.xlsx)")
        elif ADDIN_PARTS.search(part):
            yield Finding(part, "carries code or settings of a web add-in", "trust its maker, or make the workbook without it")
        elif CUSTOM_PARTS.search(part):
            yield Finding(part, "is a custom part that no sheet shows", "remove it (File > Info > Inspect Document)")


@rule("R09", "grid lines off, freeze panes on input/calc/output grids")
def panes(book: Book) -> Iterator[Finding]:
    for sheet in book.sheets:
        if sheet.ws.sheet_view.showGridLines is not False:
            yield Finding(quoted(sheet.title), "shows grid lines", "View > Gridlines off")
        is_grid = sheet.role in (Role.INPUTS, Role.TIME, Role.CALC) or (sheet.role is Role.OUTPUTS and _has_grid(sheet))
        if is_grid and not sheet.ws.freeze_panes:
            yield Finding(quoted(sheet.title), "its panes are not frozen", "freeze the headings and labels")


def _has_grid(sheet: Sheet) -> bool:
    """Whether a block of formulas is at least five rows deep and five columns wide."""
    deep = 0
    for row in range(1, max((row for row, _ in sheet.formulas), default=0) + 1):
        columns = {entry.column for entry in sheet.row_of(row) if entry.formula.text}
        wide = any(columns >= set(range(column, column + GRID_SIDE)) for column in columns)
        deep = deep + 1 if wide else 0
        if deep == GRID_SIDE:
            return True
    return False


@rule("R10", "one timeline: same period in the same column on every time sheet (n/a without one)", only_with="timelines")
def one_timeline(book: Book) -> Iterator[Finding]:
    master: Timeline = book.timelines[0]
    numbers = [entry.number for entry in master.periods]
    for before, after, entry in zip(numbers, numbers[1:], master.periods[1:], strict=False):
        if before is not None and after is not None and after <= before:
            yield Finding(entry.where, "is no later than the period before it", TIME_RIGHT)
    for sheet in book.of_role(Role.TIME):
        if sheet.title not in {timeline.sheet.title for timeline in book.timelines}:
            yield Finding(quoted(sheet.title), "has no row of periods at its head", TIME_RIGHT)
    for timeline in book.timelines[1:]:
        fault = next((f for entry in timeline.periods if (f := _period_fault(entry, master))), None)
        if fault is not None:
            yield fault
        elif timeline.periods[0].column != master.periods[0].column:
            what = f"begins in another column than {master.periods[0].where}"
            yield Finding(timeline.periods[0].where, what, TIME_RIGHT)


def _period_fault(entry: Entry, master: Timeline) -> Finding | None:
    """What is wrong with a period, seen from the first timeline."""
    reads: list[Any] = [r for r in entry.formula.references if r.sheet == master.sheet.title and r.is_cell]
    if entry.formula.is_link and reads and reads[0].left != entry.column:
        return Finding(entry.where, "shows the period of another column", TIME_RIGHT)
    twin = master.at(entry.column)
    if twin is None:
        return Finding(entry.where, f"is a period that {quoted(master.sheet.title)} does not have", TIME_RIGHT)
    if entry.number is not None and twin.number is not None and entry.number != twin.number:
        return Finding(entry.where, f"shows {entry.number:g}, {twin.where} shows {twin.number:g}", TIME_RIGHT)
    return None

"""R24, R26–R30: colours, units, names, checks, protection and print."""

import re
from collections.abc import Iterator
from typing import Any

from workbook_templates.roles import SHEET_NAMES, Role
from workbook_templates.rules.book import Book, Name
from workbook_templates.rules.cells import Entry, Sheet
from workbook_templates.rules.colours import ink, resolve
from workbook_templates.rules.record import Finding, rule
from workbook_templates.rules.references import CELLS, LAST_COLUMN, column_number, quoted

MIN_FLAGS = 5
HEADLINE_SIZE = 14
COLOURED_ROLES = (Role.INPUTS, Role.TIME, Role.CALC, Role.OUTPUTS, Role.AUDIT)
NAME = re.compile(r"[a-z][a-z0-9_]*")
CURRENCY = re.compile(r"[$€£¥]|\b(?:USD|EUR|GBP|CHF|JPY)\b")
DATE_FORMAT = re.compile(r"[yd]", re.IGNORECASE)
WORD_UNITS = ("name", "text", "label", "word", "-", "–")
PRINTED_TEXT = re.compile(r'"[^"]*"|\\.|_.|\[[^$][^\]]*\]')  # in a number format: literals, padding, colours


@rule("R24", "font colour: blue input, black same-sheet, green cross-sheet", judges="formulas")
def colours(book: Book) -> Iterator[Finding]:
    for entry in book.inputs:
        if (found := book.ink(entry)) != "blue":
            yield Finding(entry.where, f"is an input in {found}", "a blue font")
    for sheet in book.of_role(*COLOURED_ROLES):
        for entry in sheet.formulas.values():
            if book.shows_master(entry):
                continue
            crosses = any(reference.sheet != sheet.title for reference in entry.formula.references)
            right, found = ("green" if crosses else "black"), book.ink(entry)
            if found != right and (found == "blue" or not _is_headline(entry)):
                reads = "another sheet" if crosses else "its own sheet only"
                yield Finding(entry.where, f"reads {reads}, in {found}", f"a {right} font")


def _is_headline(entry: Entry) -> bool:
    """Whether a result is set off by weight or size, and so may carry the house's colour."""
    return bool(entry.cell.font.b) or (entry.cell.font.sz or 0) >= HEADLINE_SIZE


@rule("R26", "every calc row has a unit that agrees with its number format", judges="formulas")
def units(book: Book) -> Iterator[Finding]:
    sheets = book.of_role(Role.CALC)
    if not any(sheet.formulas for sheet in sheets):
        yield Finding("workbook", "no calc sheet holds a formula: nothing to judge", f"a sheet {SHEET_NAMES[Role.CALC][0]}")
    for sheet in (sheet for sheet in sheets if sheet.formulas):
        headed = [entry for entry in sheet.formulas.values() if sheet.heading("unit", entry.row)]
        if not headed:
            yield Finding(
                quoted(sheet.title), "has no column headed Unit over its formulas", "a column Unit, filled in each row"
            )
        for entry in headed:
            unit = _unit_of_column(sheet, entry) or sheet.under("unit", entry.row)
            right = "the unit in its column" if not unit else _format_fault(unit, entry.cell.number_format)
            if right:
                yield Finding(entry.where, f"unit {unit or 'missing'}, number format {entry.cell.number_format}", right)


def _unit_of_column(sheet: Sheet, entry: Entry) -> str:
    """The unit that a heading states after a comma, such as "Growth, %", for a column that is not in its rows' unit."""
    place = sheet.heading("unit", entry.row)
    found = sheet.constants.get((place[0], entry.column)) if place else None
    unit = found.text.rpartition(", ")[2] if found and ", " in found.text else ""
    return "" if any(sign.isdigit() for sign in unit) else unit  # "A100, 80 GB" is a name


def _format_fault(unit: str, number_format: str) -> str:
    """What the format of a unit should be, empty where it is so."""
    if number_format in ("General", "@"):
        return "" if unit.casefold() in WORD_UNITS else "a number format that shows the unit's precision"
    signs = PRINTED_TEXT.sub("", number_format)
    if unit.startswith("%") != ("%" in signs):
        return "a format in per cent" if unit.startswith("%") else "a format without per cent, or the unit %"
    if bool(CURRENCY.search(unit)) != bool(CURRENCY.search(number_format)):
        return "a format with the currency" if CURRENCY.search(unit) else "a format without a currency, or a unit with it"
    is_date = bool(DATE_FORMAT.search(re.sub(r"\[\$[^\]]*\]", "", signs)))
    if is_date != ("date" in unit.casefold()):
        return "the unit date with a date's format, or neither"
    return ""


@rule("R27", "every defined name resolves, is used, is lower_snake, none hidden")
def names(book: Book) -> Iterator[Finding]:
    uses = list(_uses(book))
    used, known = {text.casefold() for _, text in uses}, {name.name.casefold() for name in book.names}
    for name in book.names:
        where = f"name {name.name}"
        if name.hidden:
            yield Finding(where, "is hidden", "a visible name, or none")
        if "#REF!" in name.formula.text or name.formula.fault:
            yield Finding(where, f"is defined as {name.formula.text[:60]}", "a reference to a cell of this workbook")
        elif not name.formula.is_lambda:
            yield from _name_faults(book, where, name, used)
    for where, text in uses:
        if text.casefold() not in known and "[" not in text:
            yield Finding(where, f"uses {text}, which is not defined", "a defined name or a reference")


def _name_faults(book: Book, where: str, name: Name, used: set[str]) -> Iterator[Finding]:
    """What is wrong with a name that should stand for cells; a LAMBDA is a function and follows other rules."""
    if not name.formula.is_plain or not name.formula.references:
        yield Finding(where, f"stands for {name.formula.text[:60]}, not for a cell", "a cell with unit and source, named")
    for area in name.formula.references:
        sheet = book.by_title.get(area.sheet)
        if sheet is None or not sheet.holds_anything_in(area):
            yield Finding(where, f"stands for {area.shown}, which is empty or not there", "the cell that is meant")
    if name.name.casefold() not in used:
        yield Finding(where, "is used by no formula", "no name where none is needed")
    match = CELLS.fullmatch(name.name)
    if not NAME.fullmatch(name.name) or (match and column_number(match[2]) <= LAST_COLUMN):
        yield Finding(where, "is not in lower_snake, or reads as a cell", "lower case words joined by _")


def _uses(book: Book) -> Iterator[tuple[str, str]]:
    """Where and which names are used: in cells, validations, conditional formats, charts and other names."""
    charted = [(chart.where, book.read(text, "")) for chart in book.charts for text in chart.formulas if text]
    for where, formula in [*book.everywhere, *charted]:
        for text in (*formula.unknown, *(area.name for area in formula.references if area.name)):
            yield where, text.rpartition("!")[2]


@rule("R28", "checks sheet: >=5 flags + master, red/green, master shown on every sheet")
def checks(book: Book) -> Iterator[Finding]:
    sheets = book.of_role(Role.CHECKS)
    if not sheets:
        yield Finding("workbook", "has no checks", f"a sheet named {SHEET_NAMES[Role.CHECKS][0]}")
        return
    master = book.master
    if master is None:
        yield Finding(quoted(sheets[0].title), "no cell sums up the checks", "a master cell that adds the flags")
        return
    flags = {flag.place: flag for flag in book.flags_under(master)}
    if len(flags) < MIN_FLAGS:
        yield Finding(master.where, f"sums up {len(flags)} flags", f"at least {MIN_FLAGS}")
    columns = {flag.column for flag in flags.values()}
    for entry in master.sheet.formulas.values():
        if entry.column in columns and entry is not master and entry.place not in flags:
            yield Finding(entry.where, f"is no part of the master check {master.where}", "a master that covers every flag")
    for entry in (master, *flags.values()):
        if missing := {"red", "green"} - _signals(book, entry):
            yield Finding(
                entry.where, f"never shows {' or '.join(sorted(missing))}", "conditional formats: green for 0, red else"
            )
    yield from _odd_flags(book, master)
    for sheet in book.sheets:
        shows = any(reader.sheet is sheet for reader in book.readers.get(master.place, ()))
        if sheet not in sheets and sheet.ws.sheet_state == "visible" and not shows:
            yield Finding(quoted(sheet.title), "does not show the master check", f"a cell that reads {master.where}")


def _odd_flags(book: Book, master: Entry) -> Iterator[Finding]:
    """The cells that tell of the master by another formula than most; to show it as it is is never wrong."""
    readers = book.readers.get(master.place, ())
    shown = [entry for entry in readers if book.only_reads_master(entry) and not entry.formula.is_link]
    texts = [entry.formula.text for entry in shown]
    common = max(texts, key=texts.count, default="")
    for entry in shown:
        if entry.formula.text != common and 2 * texts.count(common) > len(texts):
            yield Finding(entry.where, f"shows the master check by {entry.formula.shown[:60]}", f"{common}, as elsewhere")


def _signals(book: Book, entry: Entry) -> set[str]:
    """The colours that conditional formats can give to a cell; a scale or icons give both."""
    found: set[str] = set()
    for area in entry.sheet.ws.conditional_formatting:
        if not any(_is_inside(entry, cells) for cells in area.sqref.ranges):
            continue
        for stored in area.rules:
            if stored.type in ("colorScale", "iconSet"):
                return {"red", "green"}
            if stored.dxf is not None:
                found |= {ink(resolve(colour, book.theme)) for colour in _painted(stored.dxf)}
    return found


def _is_inside(entry: Entry, cells: Any) -> bool:
    return bool(cells.min_row <= entry.row <= cells.max_row and cells.min_col <= entry.column <= cells.max_col)


def _painted(style: Any) -> list[Any]:
    """The colours of a conditional format's font and fill."""
    font = [] if style.font is None or style.font.color is None else [style.font.color]
    return font + (
        [style.fill.bgColor, style.fill.fgColor] if style.fill is not None and hasattr(style.fill, "bgColor") else []
    )


@rule("R29", "every sheet protected, formulas locked, inputs open")
def protected(book: Book) -> Iterator[Finding]:
    for sheet in book.sheets:
        if not sheet.ws.protection.sheet:
            yield Finding(quoted(sheet.title), "is not protected", "Review > Protect Sheet (a password is not needed)")
    for entry in book.formulas:
        if not entry.cell.protection.locked:
            yield Finding(entry.where, "is a formula that can be typed over", "locked")
    for entry in book.inputs:
        if entry.cell.protection.locked and book.ink(entry) == "blue":
            yield Finding(entry.where, "is an input that cannot be changed", "unlocked")


@rule("R30", "print set-up, chart titles and axes, document properties")
def printed(book: Book) -> Iterator[Finding]:
    for sheet in book.sheets:
        if sheet.ws.sheet_state == "visible":
            for fault, right in _print_faults(sheet):
                yield Finding(quoted(sheet.title), fault, right)
    for chart in book.charts:
        if not chart.has_title:
            yield Finding(chart.where, "has no title", "a title that says what the reader sees")
        for axis in chart.hidden_axes:
            yield Finding(chart.where, f"shows no {axis}", "an axis that is not deleted")
    for field in ("title", "creator"):
        if not str(getattr(book.workbook.properties, field) or "").strip():
            yield Finding("workbook", f"the document properties hold no {field}", f"File > Info > {field}")


def _print_faults(sheet: Sheet) -> Iterator[tuple[str, str]]:
    if not sheet.ws.print_area:
        yield "has no print area", "the area that holds the sheet's content"
    setup = sheet.ws.sheet_properties.pageSetUpPr
    if setup is None or not setup.fitToPage:
        yield "is not fitted to pages", "one page wide"
    footer = sheet.ws.oddFooter
    if not any((part.text or "").strip() for part in (footer.left, footer.center, footer.right)):
        yield "has no footer", "the workbook's name and version, the sheet and the page"

"""Sheets whose rows have a value in each column: cases side by side, or months.

A case, and a month, stands in the same column on every sheet that has it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from openpyxl.utils import get_column_letter

from workbook_templates import style
from workbook_templates.page import Draft, Local, Page, Place
from workbook_templates.spec import Cases, Line, Months, Over

YEAR = 12
NOTES = {Cases: 66.0, Months: 100.0}
"""The width of the notes; after months it makes printing put twelve of them, not eleven, on a page."""
HEAD = 4  # the row that says what the columns are


@dataclass(frozen=True, slots=True)
class Columns:
    """Where things stand on such a sheet."""

    over: Over
    unit: str
    trend: str
    """The column of sparklines, empty where there are none."""
    total: str
    first: int

    @property
    def letters(self) -> list[str]:
        return [get_column_letter(self.first + i) for i in range(self.over.count)]

    @property
    def last(self) -> str:
        """The column of the notes, after all others."""
        return str(get_column_letter(self.first + self.over.count))

    def place(self, sheet: str, row: int) -> Place:
        """A row of the sheet."""
        letters = self.letters
        return Place(sheet, f"${letters[0]}${row}:${letters[-1]}${row}", by_column=True, total=f"${self.total}${row}")


def columns_of(over: Over) -> Columns:
    """Months have their unit next to the first of them, so that ``name.before`` reads no empty cell there."""
    if isinstance(over, Months):
        return Columns(over, unit="E", trend="C", total="D", first=6)
    return Columns(over, unit="C", trend="", total="D", first=5)


def open_page(draft: Draft, title: str, over: Over, heading: tuple[str, str], tab: str) -> Page:
    """A sheet with its frame and the row that says what the columns are."""
    at = columns_of(over)
    narrow = {letter: 12.5 if isinstance(over, Months) else 17.0 for letter in at.letters}
    sides = {at.unit: 11.0, at.total: 15.0} | ({at.trend: 14.0} if at.trend else {})
    widths = {"B": 38.0, **dict(sorted(sides.items())), **narrow, at.last: NOTES[type(over)]}
    page = Page(draft, title, widths, tab)
    page.frame(*heading, flag=at.letters[0] if isinstance(over, Cases) else at.total)
    head_columns(page, over, "Total" if isinstance(over, Months) else "All", "How")
    return page


def head_columns(page: Page, over: Over, total: str, last: str) -> None:
    """The header row; the first sheet that shows the cases or the months states them, the others read them there."""
    at, row = columns_of(over), page.row
    trend = {at.trend: "Trend"} if at.trend else {}
    page.heads({"B": "Line", at.unit: "Unit", **trend, at.total: total, at.last: last}, at.last, at.unit + at.trend)
    known = page.draft.places.get(over.name)
    before = at.unit  # of months, where the text before the first one counts as 0
    for i, letter in enumerate(at.letters):
        own = over.values[i] if isinstance(over, Cases) else f"=N({before}{row})+1"
        page.put(f"{letter}{row}", f"={known.seen_from(page.title, '', letter)}" if known else own, style.HEAD, "0")
        before = letter
    if known is None:
        page.draft.places[over.name] = at.place(page.title, row)


def draw_rows(page: Page, over: Over, lines: Sequence[Line], places: Mapping[str, Place], local: Local) -> None:
    """Lines as rows from here on, whose places are known already: they may read each other both ways."""
    at, draft = columns_of(over), page.draft
    for line in lines:
        place, row = places[line.name], page.row
        page.label(line.label, line.unit.name, line.key, at.unit)
        for letter in at.letters:
            page.formula(f"{letter}{row}", line.formula, line.unit.tight, line.key, local)
        if at.trend:
            page.put(f"{at.trend}{row}", None, style.KEY_LABEL if line.key else style.LABEL)
        _draw_total(page, line, f"{at.total}{row}", place, local)
        page.put(f"{at.last}{row}", line.note or None, style.KEY_NOTE if line.key else style.NOTE)
        if line.trend and at.trend:
            draft.trends.append((page.title, f"{at.trend}{row}", f"{page.title}!{place.cell.replace('$', '')}"))
        page.row += 1


def _draw_total(page: Page, line: Line, cell: str, place: Place, local: Local) -> None:
    """The cell that sums a row up; it may read the row itself as ``name.all``."""
    own = place.cell.replace("$", "")
    sums = {"sum": f"=SUM({own})", "last": f"={own.rpartition(':')[2]}"}
    if line.total in sums:
        page.put(cell, sums[line.total], style.KEY if line.key else style.CALC, line.unit.format)
    elif line.total:
        page.formula(cell, line.total, line.unit.format, line.key, local)
    else:
        page.put(cell, None, style.KEY_LABEL if line.key else style.LABEL)


def finish_columns(page: Page, over: Over, until: str = "") -> None:
    """Panes frozen beside the labels; months print a year to a page, with the labels on each."""
    at = columns_of(over)
    page.row -= 1
    pages = ceil(over.count / YEAR) + 1 if isinstance(over, Months) else 1
    page.finish(f"1:{HEAD}", freeze=f"{at.letters[0]}{HEAD + 1}", wide=pages)
    if isinstance(over, Months):
        page.sheet.print_title_cols = f"A:{at.unit}"

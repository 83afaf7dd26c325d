"""A sheet being drawn: cells put in named styles, the frame that all sheets share, addresses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.pagebreak import Break

from pycalc.errors import DeclarationError
from workbook_templates import style
from workbook_templates.formulas import Writer, calls_ours, names
from workbook_templates.spec import Template

ROW_HEIGHT = 16.0
CHARACTER, PADDING = 5.25, 3.75  # points of a column: for each character of its width, and besides
PRINTED_WIDTH, PRINTED_HEIGHT = 784, 500  # points of a landscape A4 page within its margins
REPEATED_ROWS = 5
MASTER = "$D$4"
"""The cell of the checks sheet that counts what fails."""
EXCEL_TEXT, EXCEL_ERROR, EXCEL_TITLE = 255, 225, 32
DIGITS, LETTERS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
PARTS = ("all", "total", "before")
"""What may follow the name of a row with columns, after a point."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a name of the spec stands; ``defined`` where the workbook knows it by a name too."""

    sheet: str
    cell: str
    defined: str = ""
    by_column: bool = False
    """Whether it is a row with a value in each column, read by the same column of a formula."""
    total: str = ""
    """The cell that sums such a row up."""

    def cells(self) -> list["Place"]:
        """The cells of a row, one by one."""
        first, _, last = self.cell.partition(":")
        _, left, row = first.split("$")
        columns = range(column_index_from_string(left), column_index_from_string((last or first).split("$")[1]) + 1)
        return [Place(self.sheet, f"${get_column_letter(column)}${row}") for column in columns]

    @property
    def row(self) -> str:
        return self.cell.rpartition("$")[2]

    def seen_from(self, sheet: str, part: str = "", column: str = "") -> str:
        """As a formula on a sheet, in a column, writes it."""
        if self.defined:
            return self.defined
        home = "" if sheet == self.sheet else f"{self.sheet}!"
        if part == "all":
            return home + self.cell
        if part == "total":
            return home + self.total
        if self.by_column:
            letter = get_column_letter(column_index_from_string(column) - 1) if part == "before" else column
            return f"{home}{letter}${self.row}" if home else f"{letter}{self.row}"
        return home + self.cell if home else self.cell.replace("$", "")


Local = Mapping[str, "str | Place"]
"""What names stand for in one block alone: a cell as text, or a place."""


@dataclass
class Draft:
    """The workbook being drawn."""

    template: Template
    book: Any
    writer: Writer
    places: dict[str, Place] = field(default_factory=dict)
    alts: list[str] = field(default_factory=list)
    """The alternative texts of the charts, in order."""
    trends: list[tuple[str, str, str]] = field(default_factory=list)
    """Sparklines: sheet, cell, the range they show."""
    sheets: tuple[str, ...] = ()
    """The tabs in their order."""
    calls: list[tuple[str, str, str, "Local", str]] = field(default_factory=list)
    """Cells that call our functions: sheet, cell, the spec's formula, its local names, the row's label."""

    def __post_init__(self) -> None:
        self.sheets = self.sheets or self.template.sheets

    def formula(self, text: str, sheet: str, local: Local | None = None, column: str = "") -> str:
        """A spec's formula as a cell of the sheet holds it; ``local`` names come first."""
        return "=" + self.writer.text(text, self.resolver(sheet, local or {}, column))

    def is_foreign(self, text: str, sheet: str, local: Local | None = None) -> bool:
        """Whether a formula reads another sheet."""
        found = [self.find(name, local or {})[0] for name in names(text)]
        return any("!" in place if isinstance(place, str) else place.sheet != sheet for place in found)

    def find(self, name: str, local: Local) -> tuple[str | Place, str]:
        """Where a name stands, and which part of its row is meant."""
        base, _, part = name.rpartition(".")
        for known in (local, self.places):
            if name in known:
                return known[name], ""
            if part in PARTS and base in known:
                return known[base], part
        raise DeclarationError(f"{self.template.name}: no row is called {name}")

    def resolver(self, sheet: str, local: Local, column: str) -> Callable[[str], str]:
        """What a name is written as in a column of a sheet."""

        def resolve(name: str) -> str:
            place, part = self.find(name, local)
            return place if isinstance(place, str) else place.seen_from(sheet, part, column)

        return resolve


class Page:
    """One sheet; ``row`` is where the next row goes."""

    def __init__(self, draft: Draft, title: str, widths: Mapping[str, float], tab: str) -> None:
        self.draft, self.title = draft, title
        self.sheet = draft.book.create_sheet(title)
        self.sheet.sheet_properties.tabColor = tab
        self.sheet.sheet_format.defaultRowHeight = ROW_HEIGHT
        self.sheet.sheet_format.customHeight = True
        for letter, width in {"A": 2.0, **widths}.items():
            self.sheet.column_dimensions[letter].width = width
        self.last = list(widths)[-1]
        self.row = self.began = 1
        wide = sum(CHARACTER * width + PADDING for width in (2.0, *widths.values()))
        self.rows_of_page = int(PRINTED_HEIGHT * max(1.0, wide / PRINTED_WIDTH) / ROW_HEIGHT) - REPEATED_ROWS
        """Roughly how many rows a printed page holds besides those that each page repeats."""

    @property
    def columns(self) -> list[str]:
        """The letters from B to the last column."""
        last = self.sheet[f"{self.last}1"].column
        return [get_column_letter(i) for i in range(2, last + 1)]

    def put(self, cell: str, value: Any, named: str, number_format: str = "") -> Any:
        target = self.sheet[cell]
        target.value = value
        target.style = named
        if number_format:
            target.number_format = number_format
        return target

    def height(self, points: float) -> None:
        self.sheet.row_dimensions[self.row].height = points

    def new_page(self) -> None:
        """Printing goes on with this row on a new page."""
        self.sheet.row_breaks.append(Break(id=self.row - 1))
        self.began = self.row

    def over_pages(self, count: int) -> list[int]:
        """The rows of so many lines from here on, one left free at the top of each further page."""
        left, rows = self.rows_of_page - (self.row - self.began), list[int]()
        for _ in range(count):
            if left <= 0:
                left = self.rows_of_page - 1
                rows.append(rows[-1] + 2 if rows else self.row)
            else:
                rows.append(rows[-1] + 1 if rows else self.row)
            left -= 1
        return rows

    def turn_to(self, row: int, heads: Mapping[str, str]) -> None:
        """Go on in this row of `over_pages`: where it is a further page's, below the heading again."""
        if row != self.row:
            self.new_page()
            self.heads(heads)

    def keep(self, rows: int) -> bool:
        """Whether a new page begins here, so that so many rows stay together."""
        while self.row - self.began > self.rows_of_page:  # what is longer than a page went on to the next by itself
            self.began += self.rows_of_page
        breaks = self.row - self.began + rows > self.rows_of_page and self.began < self.row
        if breaks:
            self.new_page()
        return breaks

    def frame(self, title: str, subtitle: str, flag: str = "") -> None:
        """The band with the title, the subtitle, and whether all checks hold, in the last column or that of ``flag``."""
        for letter in self.columns:
            self.put(f"{letter}1", None, style.BAND)
        self.put("B1", title, style.TITLE)
        self.height(30)
        self.row = 2
        self.height(20)
        self.put("B2", subtitle, style.SUBTITLE)
        flag = f"{flag or self.last}2"
        self.put(flag, f'=IF(Checks!{MASTER}=0,"ALL CHECKS OK","CHECK FAILED")', style.FLAG)
        self.sheet.conditional_formatting.add(flag, style.when(f"Checks!{MASTER}>0", colour=style.RED))
        self.row = 4

    def heads(self, texts: Mapping[str, str], left: str = "", middle: str = "C", tall: bool = False) -> None:
        """A header row: texts by column, B and the columns in ``left`` to the left, those in ``middle`` centred."""
        for letter in self.columns:
            named = style.HEAD_LEFT if letter in "B" + left else style.HEAD_MIDDLE if letter in middle else style.HEAD
            self.put(f"{letter}{self.row}", texts.get(letter), named)
        self.height(32 if tall else 20)
        self.row += 1

    def section(self, title: str, gap: bool = True) -> None:
        """A heading over the rows that follow."""
        if gap:
            self.height(12)
            self.row += 1
        for letter in self.columns:
            self.put(f"{letter}{self.row}", None, style.SECTION)
        self.sheet[f"B{self.row}"].value = title
        self.height(20)
        self.row += 1

    def label(self, text: str, unit: str, key: bool = False, column: str = "C") -> None:
        """The label that every row begins with, and its unit."""
        self.put(f"B{self.row}", text, style.KEY_LABEL if key else style.LABEL)
        self.put(f"{column}{self.row}", unit, style.KEY_UNIT if key else style.UNIT)

    def formula(self, cell: str, text: str, number_format: str, key: bool = False, local: Local | None = None) -> None:
        """A computed cell in the colour of what it reads."""
        foreign = self.draft.is_foreign(text, self.title, local)
        named = (style.KEY_LINK if foreign else style.KEY) if key else (style.LINK if foreign else style.CALC)
        self.put(cell, self.draft.formula(text, self.title, local, cell.rstrip(DIGITS)), named, number_format)
        if calls_ours(text):
            label = self.sheet[f"B{cell.lstrip(LETTERS)}"].value
            self.draft.calls.append((self.title, cell, text, dict(local or {}), str(label)))

    def allow_list(self, cells: str, label: str, options: str, words: str) -> None:
        """Data validation: one of a list."""
        self.sheet.add_data_validation(
            DataValidation(
                type="list",
                formula1=options,
                allow_blank=False,
                showErrorMessage=True,
                errorTitle=label[:EXCEL_TITLE],
                error=words[:EXCEL_ERROR],
                showInputMessage=True,
                promptTitle=label[:EXCEL_TITLE],
                prompt=words[:EXCEL_TEXT],
                sqref=cells,
            )
        )

    def allow_numbers(self, cells: str, label: str, bounds: tuple[float, float], whole: bool, words: str, help_: str) -> None:
        """Data validation: numbers between bounds, with the words of the prompt and of the refusal."""
        low, high = bounds
        self.sheet.add_data_validation(
            DataValidation(
                type="whole" if whole else "decimal",
                operator="between",
                formula1=f"{low:.15g}",
                formula2=f"{high:.15g}",
                allow_blank=False,
                showErrorMessage=True,
                errorTitle=label[:EXCEL_TITLE],
                error=f"{label}: {'a whole number ' if whole else ''}{words}"[:EXCEL_ERROR],
                showInputMessage=True,
                promptTitle=label[:EXCEL_TITLE],
                prompt=f"{help_}: {words}"[:EXCEL_TEXT],
                sqref=cells,
            )
        )

    def finish(self, titles: str = "", one_page: bool = False, freeze: str = "", wide: int = 1) -> None:
        """Panes and print: ``titles`` are the rows that each page repeats, ``wide`` is how many pages lie side by side."""
        template = self.draft.template
        if freeze:
            self.sheet.freeze_panes = freeze
        area = f"A1:{self.last}{self.row}"
        style.set_page(self.sheet, area, f"{template.title}, version {template.version}", titles, one_page, wide)

"""The columns of a scenario table bound to the input cells of a workbook, and what each takes."""

import difflib
import math
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from openpyxl.utils import get_column_letter

from pycalc.cells import Cell, serial
from pycalc.errors import CellError, shorten
from workbook_templates.headless.scenarios import Place
from workbook_templates.headless.tables.record import MAX_TEXT, Bad, Field, Written
from workbook_templates.overrides import NUMBER
from workbook_templates.reading import RefusedFileError
from workbook_templates.roles import Role
from workbook_templates.rules.book import Book
from workbook_templates.rules.bounds import Bounds, bounds_of
from workbook_templates.rules.cells import Entry, Sheet
from workbook_templates.rules.references import Reference

DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
PIECE = re.compile(r"""(?:'(?:[^']|'')*'|[^,'])+""")
SHOWN = 40


class Kind(StrEnum):
    """What the input cell holds in the workbook, and so what a scenario may put there."""

    NUMBER = "number"
    DATE = "date"
    TEXT = "text"
    BOOLEAN = "truth value"
    ANY = "value"


@dataclass(frozen=True, slots=True)
class Input:
    """A column of the table and the cells that it fills, one but where the table chooses among scenarios, too."""

    column: str
    places: tuple[Place, ...]
    kind: Kind
    bounds: tuple[Bounds, ...] = ()

    def value(self, field: Field) -> Cell | Bad:
        """The field as the cell's value, or why its row cannot be computed."""
        if not self.bounds and self.kind is Kind.NUMBER and field.__class__ is Written and NUMBER.fullmatch(field):
            number = float(field)  # what most fields are
            if -math.inf < number < math.inf:
                return number
        if isinstance(field, Bad):
            return Bad(field.code, f"{self.column}: {field.reason}")
        if field is None or field == "":
            return Bad("MISSING", f"{self.column} is missing; it must be a {self.kind}")
        if isinstance(field, CellError):
            return Bad("ERROR_CELL", f"{self.column} is {field.code}")
        value = self._typed(field)
        if isinstance(value, float) and not math.isfinite(value):
            return Bad("NOT_FINITE", f"{self.column} is {shorten(str(field), SHOWN)}, no finite number")
        if not self._fits(value):
            return Bad("WRONG_TYPE", f"{self.column} is {_described(field)}; it must be a {self.kind}")
        if isinstance(value, str) and len(value) > MAX_TEXT:
            return Bad("TOO_LONG", f"{self.column} is longer than {MAX_TEXT:,} characters")
        return self._bounded(value) if self.bounds else value

    def _bounded(self, value: Cell) -> Cell | Bad:
        number = float(value) if isinstance(value, bool | float) else None
        text = value if isinstance(value, str) else _text(value)
        for bounds in self.bounds:
            if wrong := bounds.breach(text, number):
                reason = f"{self.column} is {shorten(text, SHOWN)}; the workbook's validation takes {shorten(wrong)}"
                return Bad("OUT_OF_BOUNDS", reason)
        return value

    def _typed(self, field: Cell | Written) -> Cell:
        """A field of a csv file as what the column holds; any other as it is."""
        if not isinstance(field, Written):
            return field
        if self.kind is not Kind.TEXT and NUMBER.fullmatch(field):
            return float(field)
        if self.kind in (Kind.BOOLEAN, Kind.ANY) and field.upper() in ("TRUE", "FALSE"):
            return field.upper() == "TRUE"
        if self.kind is Kind.DATE and DATE.fullmatch(field):
            try:
                return serial(datetime.strptime(field, "%Y-%m-%d"))
            except ValueError:
                return str(field)
        return str(field)

    def _fits(self, value: Cell) -> bool:
        match self.kind:
            case Kind.TEXT:
                return isinstance(value, str)
            case Kind.BOOLEAN:
                return isinstance(value, bool)
            case Kind.ANY:
                return True
        return isinstance(value, float)


def _described(field: Field) -> str:
    return f'the text "{shorten(field, SHOWN)}"' if isinstance(field, str) else shorten(str(field).upper(), SHOWN)


def _text(value: Cell) -> str:
    """A number as a list of choices would hold it."""
    if isinstance(value, bool):
        return str(value).upper()
    return repr(value).removesuffix(".0")


class Places:
    """Where the names and addresses of a workbook lead."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self._titles = {sheet.title.casefold(): sheet.title for sheet in book.sheets}
        self._names = {name.name.casefold(): name for name in book.names if not name.sheet and not name.hidden}

    def area(self, text: str) -> Reference | None:
        """The cells that a defined name, or ``Sheet!A1`` or ``Sheet!A1:B2``, stands for."""
        if (name := self._names.get(text.casefold())) is not None:
            formula = name.formula
            return formula.references[0] if formula.is_plain and len(formula.references) == 1 else None
        formula = self.book.read(text, self.book.sheets[0].title)
        if "!" not in text or not formula.is_plain or len(formula.references) != 1:
            return None
        found = formula.references[0]
        title = self._titles.get(found.sheet.casefold())
        return None if title is None or found.is_whole else found._replace(sheet=title)

    def near(self, text: str) -> str:
        """The names that somebody may have meant, as a hint."""
        names = {key: name.name for key, name in self._names.items() if not name.formula.is_lambda}
        found = difflib.get_close_matches(text.casefold(), names, 3, 0.6)
        return f"did you mean {' or '.join(names[key] for key in found)}?" if found else "name an input, or Sheet!Cell"


def bound_inputs(places: Places, file: str, columns: Sequence[str]) -> tuple[Input, ...]:
    """The inputs that the columns after the first name; raises `RefusedFileError` for the table."""
    if len(columns) < 2:
        reason = "has a column for the key and none for an input"
        raise RefusedFileError("NO_INPUTS", file, reason, "add a column for each input, parted by commas")
    named = [_named(places, file, column) for column in columns[1:]]
    chosen = {(area.sheet, area.cells) for area in named}
    found: dict[Place, Input] = {}
    for column, area in zip(columns[1:], named, strict=True):
        bound = _bound(places.book, column, area, chosen)
        for place in bound.places:
            if place in found:
                reason = f"the columns {found[place].column!r} and {column!r} fill the same cell"
                raise RefusedFileError("DUPLICATE_COLUMN", file, reason, "keep one of them")
            found[place] = bound
    return tuple(dict.fromkeys(found.values()))


def _named(places: Places, file: str, column: str) -> Reference:
    """The cell that a column names."""
    shown = repr(shorten(column, SHOWN))
    area = places.area(column)
    if area is None:
        raise RefusedFileError("UNKNOWN_COLUMN", file, f"the column {shown} is no input of the workbook", places.near(column))
    if not area.is_cell:
        reason = f"the column {shown} means {area.shown}, more than one cell"
        raise RefusedFileError("NOT_AN_INPUT", file, reason, "name one cell")
    sheet = places.book.by_title[area.sheet]
    entry = sheet.get(area.top, area.left)
    if entry is None and (area.top, area.left) not in sheet.ws._cells:
        raise RefusedFileError("NOT_AN_INPUT", file, f"the column {shown} means {area.shown}, an empty cell", "name an input")
    if entry is not None and entry.formula.text and sheet.role is not Role.INPUTS:
        reason = f"the column {shown} means {area.shown}, which holds a formula"
        raise RefusedFileError("NOT_AN_INPUT", file, reason, "name a cell that the formula reads")
    return area


def _bound(book: Book, column: str, area: Reference, chosen: Collection[Place]) -> Input:
    """What a column fills: an address its cell; a live cell's name that cell of the scenario in which a person would type."""
    sheet = book.by_title[area.sheet]
    entry = sheet.get(area.top, area.left)
    is_live = "!" not in column and entry is not None and bool(entry.formula.text)
    cells = _alternatives(book, entry, chosen) if entry is not None and is_live else []
    if cells:
        entry = cells[0]
        area = area._replace(left=entry.column, right=entry.column)
    bounds = tuple(_bounds(book, sheet, area, entry))
    filled = tuple((sheet.title, cell.cell.coordinate) for cell in cells) or ((area.sheet, area.cells),)
    return Input(column, filled, _kind(entry, bounds), bounds)


def _alternatives(book: Book, live: Entry, chosen: Collection[Place]) -> list[Entry]:
    """Of the scenarios' cells among which INDEX chooses the one that it chooses, or all where the table chooses, too."""
    references = live.formula.references
    rows = [r for r in references if not r.is_cell and r.sheet == live.sheet.title and r.top == r.bottom == live.row]
    selectors = [r for r in references if r.is_cell]
    if live.formula.functions != ("INDEX",) or len(rows) != 1 or len(selectors) != 1:
        return []
    cells = [live.sheet.constants.get((live.row, column)) for column in range(rows[0].left, rows[0].right + 1)]
    selector = book.by_title[selectors[0].sheet].get(selectors[0].top, selectors[0].left)
    known = [cell for cell in cells if cell is not None]
    if selector is None or selector.number is None or len(known) < len(cells) or not 1 <= selector.number <= len(cells):
        return []
    drivers = [selectors[0], *(r for r in selector.formula.references if r.is_cell)]
    if any((r.sheet, r.cells) in chosen for r in drivers):
        return known
    return [known[int(selector.number) - 1]]


def _bounds(book: Book, sheet: Sheet, area: Reference, entry: Entry | None) -> Iterable[Bounds]:
    """The cell's own validations; a live cell takes those of the cells that it chooses among."""
    own = [v for v in book.validations if v.sheet is sheet and v.covers(area.top, area.left)]
    if not own and entry is not None and entry.formula.text:
        own_row = (r for r in entry.formula.references if r.sheet == sheet.title and r.top == r.bottom == area.top)
        chosen = next((r for r in own_row if not r.is_cell), area)
        own = [v for v in book.validations if v.sheet is sheet and v.covers(chosen.top, chosen.left)]
    return (bounds for bounds in (bounds_of(book, validation) for validation in own) if bounds is not None)


def _kind(entry: Entry | None, bounds: Sequence[Bounds]) -> Kind:
    """What the cell holds now, or its validation asks for."""
    if entry is not None and entry.cell.is_date:
        return Kind.DATE
    if any(b.is_numeric for b in bounds):
        return Kind.NUMBER
    if entry is None:
        return Kind.ANY
    if entry.formula.text:
        return Kind.TEXT if entry.result.text is not None and entry.result.number is None else Kind.NUMBER
    value = entry.cell.value
    return Kind.BOOLEAN if isinstance(value, bool) else Kind.TEXT if isinstance(value, str) else Kind.NUMBER


def bound_outputs(places: Places, wanted: str | None) -> dict[str, Place]:
    """The cells to read after each scenario by the heading that each gets."""
    file = places.book.package.file
    if wanted is None:
        sheets = places.book.of_role(Role.OUTPUTS)
        found = {
            entry.where: (entry.sheet.title, entry.cell.coordinate)
            for sheet in sheets
            for entry in sorted(sheet.formulas.values(), key=lambda entry: entry.place)
        }
        if not found:
            reason = "no sheet of results holds a formula (Outputs, Summary, Results, Dashboard, ...)"
            raise RefusedFileError("NO_OUTPUTS", file, reason, "name the cells with --outputs")
        return found
    outputs: dict[str, Place] = {}
    for text in (piece.strip() for piece in PIECE.findall(wanted)):
        area = places.area(text) if text else None
        if area is None:
            reason = f"the output {shorten(text, SHOWN)!r} is no name and no cell of the workbook"
            raise RefusedFileError("UNKNOWN_OUTPUT", file, reason, places.near(text))
        if area.is_cell:
            outputs[text] = (area.sheet, area.cells)
            continue
        if (area.right - area.left + 1) * (area.bottom - area.top + 1) > MAX_OUTPUTS:
            raise RefusedFileError("TOO_MANY_OUTPUTS", file, f"{area.shown} is over {MAX_OUTPUTS:,} cells", "name fewer cells")
        for row in range(area.top, area.bottom + 1):
            for column in range(area.left, area.right + 1):
                cell = area._replace(left=column, right=column, top=row, bottom=row)
                outputs[cell.shown] = (area.sheet, f"{get_column_letter(column)}{row}")
    if not outputs:
        raise RefusedFileError("UNKNOWN_OUTPUT", file, "--outputs names nothing", "name cells, parted by commas")
    return outputs


MAX_OUTPUTS = 10_000

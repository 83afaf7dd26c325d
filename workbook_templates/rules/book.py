"""A workbook as the rules see it: read once, every formula taken apart, every name resolved."""

import bisect
import io
import warnings
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

from workbook_templates.reading import SAVE_AGAIN, Package
from workbook_templates.roles import Role, role_of
from workbook_templates.rules import parts
from workbook_templates.rules.cells import NO_RESULT, Entry, Sheet
from workbook_templates.rules.colours import RGB, font_ink, is_filled, theme_colours
from workbook_templates.rules.references import Formula, Reference, Scope, Table, quoted, read_formula
from workbook_templates.rules.timeline import Timeline, find_timelines

NO_MODEL = (Role.COVER, Role.LOG, Role.LIST, Role.CATALOGUE, Role.AUDIT)
"""Roles whose constants are text, data and records, not the model's inputs."""
ABOUT_INPUTS = ("date", "as of", "retrieved", "low", "high", "min", "max", "lowest", "highest", "lower", "upper")
"""Columns of an inputs sheet that describe an input rather than hold one."""
Area = tuple[int, int, int, int]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Name:
    """A defined name; ``sheet`` is set where it is known on one sheet only."""

    name: str
    sheet: str
    hidden: bool
    formula: Formula


@dataclass(frozen=True, slots=True)
class Validated:
    """A validation with its areas on a sheet."""

    sheet: Sheet
    areas: tuple[Area, ...]
    rule: parts.Validation

    def covers(self, row: int, column: int) -> bool:
        return any(top <= row <= bottom and left <= column <= right for left, top, right, bottom in self.areas)


class Book:
    """The workbook of a package."""

    def __init__(self, package: Package) -> None:
        self.package = package
        self.workbook = _load(package)
        self.sheets = [Sheet(ws.title, role_of(ws.title), ws) for ws in self.workbook.worksheets]
        self.by_title = {sheet.title: sheet for sheet in self.sheets}
        self._texts = {(scope.casefold(), name.casefold()): (scope, name, d) for scope, name, d in self._stored_names()}
        self._meanings: dict[tuple[str, str], tuple[Reference, ...]] = {}
        self.scope = Scope([sheet.title for sheet in self.sheets], self.find_name, _tables(self.sheets))
        for sheet in self.sheets:
            self._fill(sheet)

    def _stored_names(self) -> Iterator[tuple[str, str, Any]]:
        for scope, owner in [("", self.workbook), *((sheet.title, sheet.ws) for sheet in self.sheets)]:
            yield from ((scope, name, d) for name, d in owner.defined_names.items() if not name.startswith("_xl"))

    @cached_property
    def names(self) -> tuple[Name, ...]:
        return tuple(
            Name(name, scope, bool(d.hidden), self.read(f"={d.value or ''}", scope)) for scope, name, d in self._texts.values()
        )

    def read(self, text: str, sheet: str, row: int = 1, column: int = 1) -> Formula:
        """A formula that stands outside the cells: of a name, a validation, a conditional format, a chart."""
        return read_formula(text if text.startswith("=") else f"={text}", sheet, row, column, self.scope)

    def find_name(self, sheet: str, name: str) -> tuple[Reference, ...] | None:
        """What a name refers to as seen from a sheet; None where it is not defined."""
        for scope in (sheet.casefold(), ""):
            key = (scope, name.casefold())
            if key in self._texts:
                if key not in self._meanings:
                    self._meanings[key] = ()  # what a name finds of itself in its own definition
                    home, written, stored = self._texts[key]
                    found = self.read(f"={stored.value or ''}", home).references
                    self._meanings[key] = tuple(reference._replace(name=written) for reference in found)
                return self._meanings[key]
        return None

    def _fill(self, sheet: Sheet) -> None:
        results = parts.cached_results(self.package, self.package.sheet_parts[sheet.title])
        cells = sheet.ws._cells  # iter_rows walks the whole rectangle, which one far cell makes endless
        for cell in cells.values():
            if isinstance(cell.value, ArrayFormula | DataTableFormula):
                sheet.spilled |= _area_of(cell.value.ref, cells) - {(cell.row, cell.column)}
        for cell in cells.values():
            place = (int(cell.row), int(cell.column))
            if cell.value is None or place in sheet.spilled:
                continue
            if cell.data_type == "f":
                formula = read_formula(_formula_text(cell.value), sheet.title, *place, self.scope)
                sheet.formulas[place] = Entry(sheet, cell, formula, results.get(cell.coordinate, NO_RESULT))
            else:
                sheet.constants[place] = Entry(sheet, cell)

    @cached_property
    def formulas(self) -> list[Entry]:
        return [entry for sheet in self.sheets for entry in sheet.formulas.values()]

    @cached_property
    def numeric_constants(self) -> list[Entry]:
        """Numbers, dates and switches that are typed into the model's sheets."""
        cells = [entry for sheet in self.sheets if sheet.role not in NO_MODEL for entry in sheet.constants.values()]
        cells += self._read_from_lists
        return [entry for entry in cells if entry.cell.data_type in ("n", "d", "b") and not _describes(entry)]

    @cached_property
    def _read_from_lists(self) -> list[Entry]:
        """What formulas read from sheets that should hold but choices for validations."""
        lists = {sheet.title for sheet in self.of_role(Role.LIST)}
        areas = dict.fromkeys(area for entry in self.formulas for area in entry.formula.references if area.sheet in lists)
        found = {entry.place: entry for area in areas for entry in self.entries(area) if not entry.formula.text}
        return list(found.values())

    @cached_property
    def inputs(self) -> list[Entry]:
        """The numeric constants, and whatever else a sheet leaves open to be typed over."""
        numeric = self.numeric_constants
        known = set(numeric)
        sheets = [sheet for sheet in self.sheets if sheet.role not in NO_MODEL]
        open_cells = [e for sheet in sheets for e in sheet.constants.values() if not e.cell.protection.locked]
        return numeric + [entry for entry in open_cells if entry not in known and not _describes(entry)]

    @cached_property
    def validations(self) -> list[Validated]:
        found = []
        for sheet in self.sheets:
            stored = [_stored_validation(v) for v in sheet.ws.data_validations.dataValidation]
            stored += parts.later_validations(self.package, self.package.sheet_parts[sheet.title])
            found += [Validated(sheet, tuple(_areas(rule.areas)), rule) for rule in stored]
        return found

    def validations_of(self, entry: Entry) -> list[Validated]:
        return [v for v in self.validations if v.sheet is entry.sheet and v.covers(entry.row, entry.column)]

    def look_up(self, text: str, sheet: str) -> list[Entry]:
        """The cells that hold something among those that a text such as ``$E$7:$G$7`` refers to."""
        return [entry for reference in self.read(text, sheet).references for entry in self.entries(reference)]

    def entries(self, area: Reference) -> list[Entry]:
        sheet = self.by_title.get(area.sheet)
        if sheet is None:
            return []
        found = []
        for column in sorted(column for column in sheet.filled_rows if area.left <= column <= area.right):
            rows = sheet.filled_rows[column]
            inside = rows[bisect.bisect_left(rows, area.top) : bisect.bisect_right(rows, area.bottom)]
            found += [entry for row in inside if (entry := sheet.get(row, column)) is not None]
        return sorted(found, key=lambda entry: (entry.row, entry.column))

    @cached_property
    def outside_formulas(self) -> list[tuple[str, Formula]]:
        """Where and what: the formulas of conditional formats and validations."""
        found = []
        for sheet in self.sheets:
            for area in sheet.ws.conditional_formatting:
                texts = [text for rule in area.rules for text in rule.formula or ()]
                found += [
                    (f"{quoted(sheet.title)}!{_areas_text(area.sqref)} conditional format", self.read(t, sheet.title))
                    for t in texts
                ]
        for validated in self.validations:
            place, title = f"{quoted(validated.sheet.title)}!{validated.rule.areas}", validated.sheet.title
            texts = [text for text in (validated.rule.first, validated.rule.second) if text]
            found += [(f"{place} validation", self.read(text, title)) for text in texts]
        return found

    @cached_property
    def everywhere(self) -> list[tuple[str, Formula]]:
        """Where and what: the formulas of cells, conditional formats, validations and names."""
        cells = [(entry.where, entry.formula) for entry in self.formulas]
        return cells + self.outside_formulas + [(f"name {name.name}", name.formula) for name in self.names]

    @cached_property
    def charts(self) -> tuple[parts.Chart, ...]:
        return parts.charts(self.package)

    @cached_property
    def theme(self) -> tuple[RGB, ...]:
        relations = self.package.relations(self.package.workbook_part).values()
        part = next((part for kind, part in relations if kind == "theme" and part in self.package.names), None)
        return theme_colours(self.package.xml(part)) if part else ()

    @cached_property
    def timelines(self) -> list[Timeline]:
        return find_timelines(self.sheets)

    def ink(self, entry: Entry) -> str:
        return font_ink(entry.cell, self.theme)

    def is_filled(self, entry: Entry) -> bool:
        return is_filled(entry.cell, self.theme)

    def of_role(self, *roles: Role) -> list[Sheet]:
        return [sheet for sheet in self.sheets if sheet.role in roles]

    @cached_property
    def readers(self) -> dict[tuple[str, int, int], list[Entry]]:
        """Cell → the formulas that read that very cell, not a range around it."""
        found: dict[tuple[str, int, int], list[Entry]] = defaultdict(list)
        for entry in self.formulas:
            for reference in entry.formula.references:
                if reference.is_cell:
                    found[(reference.sheet, reference.top, reference.left)].append(entry)
        return found

    @cached_property
    def master(self) -> Entry | None:
        """The cell on Checks that sums up the checks: it reads several of them, and most sheets read it."""
        checks = self.of_role(Role.CHECKS)
        best, most = None, (0, 0)
        for entry in (entry for sheet in checks for entry in sheet.formulas.values()):
            flags = len(self.flags_under(entry))
            shown = len({reader.sheet.title for reader in self.readers.get(entry.place, ()) if reader.sheet not in checks})
            if flags > 1 and (shown, flags) > most:
                best, most = entry, (shown, flags)
        return best

    def flags_under(self, entry: Entry) -> list[Entry]:
        """The formulas on its own sheet that a formula reads."""
        own = [reference for reference in entry.formula.references if reference.sheet == entry.sheet.title]
        return [found for reference in own for found in self.entries(reference) if found.formula.text]

    def shows_master(self, entry: Entry) -> bool:
        """Whether a formula does no more than show the master check: it reads nothing else, and nothing reads it."""
        master = self.master
        if master is None or entry.sheet is master.sheet:
            return False
        return self.only_reads_master(entry)

    def only_reads_master(self, entry: Entry) -> bool:
        """Whether a formula, on whichever sheet, reads the master check alone and nothing reads it."""
        master = self.master
        if master is None or self.readers.get(entry.place):
            return False
        return {(r.sheet, r.top, r.left, r.is_cell) for r in entry.formula.references} == {(*master.place, True)}


def _load(package: Package) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the reader drops is read in parts.py
        try:
            return load_workbook(io.BytesIO(package.content))
        except Exception as fault:  # a reader of foreign files may fail anyhow
            raise package.refuse("UNREADABLE", f"cannot be read ({type(fault).__name__}: {fault})", SAVE_AGAIN) from fault


def _area_of(text: str, cells: Any) -> set[tuple[int, int]]:
    """The cells that an array fills; of a huge one, those that the file holds."""
    left, top, right, bottom = range_boundaries(text)
    if (bottom - top + 1) * (right - left + 1) > len(cells) + 10_000:
        return {(row, column) for row, column in cells if top <= row <= bottom and left <= column <= right}
    return {(row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)}


def _tables(sheets: list[Sheet]) -> dict[str, Table]:
    found = {}
    for sheet in sheets:
        for table in sheet.ws.tables.values():
            left, top, right, bottom = range_boundaries(table.ref)
            first, last = top + (table.headerRowCount or 0), bottom - (table.totalsRowCount or 0)
            columns = tuple(column.name for column in table.tableColumns)
            found[table.displayName.casefold()] = Table(Reference(sheet.title, left, first, right, last), columns)
    return found


def _formula_text(value: Any) -> str:
    if isinstance(value, ArrayFormula):
        return str(value.text or "=")
    if isinstance(value, DataTableFormula):
        return f"=TABLE({','.join(cell for cell in (value.r1, value.r2) if cell)})"
    return str(value)


def _describes(entry: Entry) -> bool:
    """Whether an inputs sheet's cell stands in a column about the input: a bound, a date, a source."""
    header = entry.sheet.heading("unit", entry.row) if entry.sheet.role is Role.INPUTS else None
    title = None if header is None else entry.sheet.get(header[0], entry.column)
    words = "" if title is None else title.text.strip().casefold()
    return words in ABOUT_INPUTS or words.startswith("source")


def _stored_validation(stored: Any) -> parts.Validation:
    stops = bool(stored.showErrorMessage) and stored.errorStyle in (None, "stop")
    first, second = stored.formula1 or "", stored.formula2 or ""
    return parts.Validation(
        _areas_text(stored.sqref), stored.type or "none", stored.operator or "between", str(first), str(second), stops
    )


def _areas_text(areas: Any) -> str:
    """The areas of a validation or a conditional format, which openpyxl keeps in no order."""
    return " ".join(sorted(area.coord for area in areas.ranges))


def _areas(text: str) -> Iterator[Area]:
    for part in text.replace("$", "").split():
        try:
            left, top, right, bottom = range_boundaries(part)
        except ValueError:
            continue
        yield left or 1, top or 1, right or 16_384, bottom or 1_048_576

"""A workbook's cells as the file stores them: values, formulas, defined names.

Dates are their serial numbers, as in the file.  A formula that a fill shares is kept once.
"""

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import from_ISO8601

from pycalc.cells import Cell, serial
from pycalc.errors import EXCEL_ERRORS, CellError
from workbook_templates.headless.columnar.parser import Parser, relative_text
from workbook_templates.headless.columnar.refusal import NotColumnar
from workbook_templates.headless.columnar.syntax import Node
from workbook_templates.headless.sheet_xml import position
from workbook_templates.reading import MAIN, Package

Spot: TypeAlias = tuple[int, int]
"""Row and column, counted from one."""

HIDDEN = re.compile(rb"""<(?:\w+:)?row\s[^>]*?\bhidden\s*=\s*["'](?:1|true)["']""")
ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula as it is stored, and the cell whose references its text has."""

    text: str
    key: str
    """The same for the cells that one formula fills."""
    origin: Spot
    area: tuple[int, int, int, int] | None = None
    """The cells that an array formula fills: first row and column, last row and column."""
    is_dynamic: bool = False
    """Whether an array takes as many cells as it has values."""


@dataclass(slots=True)
class Sheet:
    """The cells of a worksheet that hold something."""

    title: str
    values: dict[Spot, Cell] = field(default_factory=dict)
    formulas: dict[Spot, Formula] = field(default_factory=dict)
    shared: dict[str, Formula] = field(default_factory=dict)
    has_hidden_rows: bool = False


class Book:
    """All worksheets and names of a workbook."""

    def __init__(self, package: Package) -> None:
        self.package = package
        root = package.xml(package.workbook_part)
        properties = root.find(f"{{{MAIN}}}workbookPr")
        if properties is not None and properties.get("date1904", "0") not in ("0", "false"):
            raise NotColumnar("CALENDAR", next(iter(package.sheet_parts)), "A1", "counts its dates from 1904")
        kinds = {part: kind for kind, part in package.relations(package.workbook_part).values()}
        self.sheets = [
            _Reader(self, title, part).sheet() if kinds[part] == "worksheet" else Sheet(title)
            for title, part in package.sheet_parts.items()
        ]
        self.positions = {sheet.title.casefold(): i for i, sheet in enumerate(self.sheets)}
        self.names: dict[tuple[int | None, str], str] = {}
        for name in root.iter(f"{{{MAIN}}}definedName"):
            local = name.get("localSheetId")
            self.names[None if local is None else int(local), (name.get("name") or "").casefold()] = name.text or ""
        self._trees: dict[tuple[int | None, str], Node] = {}

    @cached_property
    def texts(self) -> list[str]:
        """The shared strings."""
        relations = self.package.relations(self.package.workbook_part).values()
        part = next((part for kind, part in relations if kind == "sharedStrings"), None)
        return [] if part is None else [text_of(item) for item in self.package.elements(part, f"{{{MAIN}}}si")]

    def named(self, sheet: int, name: str) -> Node | None:
        """What a defined name stands for on a sheet, None where there is no such name.

        Its references are relative to the cell that uses it, as the file stores them for the cell A1.
        """
        title, _, local = name.rpartition("!")
        if title:
            sheet, name = self.positions.get(title.casefold(), -1), local
        key = next((key for key in ((sheet, name.casefold()), (None, name.casefold())) if key in self.names), None)
        if key is None:
            return None
        if key not in self._trees:
            self._trees[key] = Parser(self.names[key], 1, 1).parsed()
        return self._trees[key]


def address(spot: Spot) -> str:
    """
    >>> address((7, 28))
    'AB7'
    """
    return f"{get_column_letter(spot[1])}{spot[0]}"


def text_of(item: Any) -> str:
    """The text of a string, rich or plain, without its phonetic runs."""
    found = (node.text or "" for node in item.iter(f"{{{MAIN}}}t") if not node.getparent().tag.endswith("}rPh"))
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)), "".join(found))


class _Reader:
    """Reads one worksheet."""

    def __init__(self, book: Book, title: str, part: str) -> None:
        self.book, self.part, self.found = book, part, Sheet(title)

    def sheet(self) -> Sheet:
        self.found.has_hidden_rows = HIDDEN.search(self.book.package.read(self.part)) is not None
        for cell in self.book.package.elements(self.part, f"{{{MAIN}}}c"):
            try:
                spot = position(cell.get("r") or "")
            except ValueError:
                raise self.refused("A1", "CELL", "a cell without an address") from None
            formula = cell.find(f"{{{MAIN}}}f")
            if formula is None:
                value = self.value(cell)
                if value is not None:
                    self.found.values[spot] = value
            else:
                self.found.formulas[spot] = self.formula(cell, formula, spot)
        return self.found

    def refused(self, cell: str, code: str, what: str) -> NotColumnar:
        return NotColumnar(code, self.found.title, cell, what)

    def formula(self, cell: Any, element: Any, spot: Spot) -> Formula:
        kind, text = element.get("t", "normal"), element.text or ""
        if kind == "dataTable":
            raise self.refused(address(spot), "DATA_TABLE", "a what-if data table")
        shared = self.found.shared
        if kind == "shared" and not text:
            if element.get("si") not in shared:
                raise self.refused(address(spot), "CELL", "a shared formula without its text")
            return shared[element.get("si")]
        key = relative_text(text, *spot)
        if kind == "array":
            first, _, last = (element.get("ref") or address(spot)).partition(":")
            area = *position(first), *position(last or first)
            return Formula(text, key, spot, area, cell.get("cm") is not None)
        formula = Formula(text, key, spot)
        if kind == "shared":
            shared[element.get("si")] = formula
        return formula

    def value(self, cell: Any) -> Cell:
        kind, held = cell.get("t", "n"), cell.find(f"{{{MAIN}}}v")
        if kind == "inlineStr":
            inline = cell.find(f"{{{MAIN}}}is")
            return "" if inline is None else text_of(inline)
        if held is None or held.text is None:
            return "" if kind == "str" else None
        try:
            return _stored(kind, held.text, self.book.texts)
        except (ValueError, IndexError):
            raise self.refused(cell.get("r"), "CELL", f"a value that cannot be read: {held.text!r}") from None


def _stored(kind: str, text: str, texts: list[str]) -> Cell:
    if kind == "n":
        return float(text)
    if kind == "s":
        return texts[int(text)]
    if kind == "b":
        return text.strip() in ("1", "true")
    if kind == "e":
        return CellError(text if text in EXCEL_ERRORS else "#VALUE!")
    if kind == "d":
        return serial(from_ISO8601(text))
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)

"""The first sheet of a workbook as a table, taken from its XML a row at a time."""

import hashlib
import math
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from pycalc.errors import EXCEL_ERRORS, CellError
from workbook_templates.headless.sheet_xml import DamagedSheetError, position
from workbook_templates.headless.tables.record import MAX_ROWS, Bad, Field, Row, checked_columns
from workbook_templates.overrides import NUMBER
from workbook_templates.reading import MAIN, SAVE_AGAIN, RefusedFileError, open_package

MAX_TABLE_CELLS = 1_000_000
INDEX = re.compile("[0-9]{1,9}")
CELL, FORMULA, VALUE, INLINE, TEXT, RUN = (f"{{{MAIN}}}{tag}" for tag in ("c", "f", "v", "is", "t", "r"))


class XlsxTable:
    """Headings in the first row, a scenario in each row below; formulas count by the values that the file stores."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._package = open_package(file, MAX_TABLE_CELLS)
        title, self._part = next(iter(self._package.sheet_parts.items()))
        rows = self._rows()
        first = next(rows, None)
        if first is None:
            raise RefusedFileError("EMPTY", file, f"sheet {title!r} holds nothing", "put the scenarios on the first sheet")
        names = first.fields
        for number, name in enumerate(names, 1):
            if name is not None and not isinstance(name, str):
                reason = f"{title}: the heading of column {number} is no text"
                raise RefusedFileError("HEADING", file, reason, "name each column in the first row")
        self.columns = checked_columns(file, [name if isinstance(name, str) else "" for name in names])
        self._title = title

    def rows(self) -> Iterator[Row]:
        """The rows below the first that hold anything."""
        rows = self._rows()
        next(rows)
        wanted = len(self.columns)
        for count, row in enumerate(rows, 1):
            fields = list(row.fields)
            if len(fields) > wanted:
                reason = f"{self._title}: row {row.line} reaches beyond the {wanted} headings"
                raise RefusedFileError("RAGGED", self.file, reason, "give each column a heading, or delete what is beside")
            if count > MAX_ROWS:
                raise RefusedFileError("TOO_MANY_ROWS", self.file, f"more than {MAX_ROWS:,} rows", "split the table")
            yield Row(row.line, fields + [None] * (wanted - len(fields)))

    def digest(self) -> str:
        """The SHA-256 of the file as it was read."""
        return hashlib.sha256(self._package.content).hexdigest()

    def _rows(self) -> Iterator[Row]:
        """Each row that holds a value, its blank cells at the end left out."""
        number = 0
        for element in self._package.elements(self._part, f"{{{MAIN}}}row"):
            stated = element.get("r") or ""
            number = int(stated) if INDEX.fullmatch(stated) else number + 1
            fields: list[Field] = []
            for cell in element.iterchildren(CELL):
                column = self._column(cell.get("r"), len(fields) + 1)
                value = self._value(cell)
                if value is not None and column > len(fields):
                    fields += [None] * (column - len(fields))
                    fields[column - 1] = value
                elif value is not None:
                    raise RefusedFileError("CORRUPT", self.file, f"row {number}: cells out of order", SAVE_AGAIN)
            if fields:
                yield Row(number, fields)

    def _column(self, address: str | None, following: int) -> int:
        if address is None:
            return following
        try:
            return position(address)[1]
        except DamagedSheetError as fault:
            raise RefusedFileError("CORRUPT", self.file, f"{self._part}: {fault}", SAVE_AGAIN) from None

    def _value(self, cell: Any) -> Field:
        """What a cell holds; a formula, the value that was stored with it."""
        kind = cell.get("t") or "n"
        if kind == "inlineStr":
            return _text(cell.find(INLINE))
        value = cell.find(VALUE)
        text = "" if value is None else value.text or ""
        if value is None or (kind == "n" and not text):
            if cell.find(FORMULA) is None:
                return None
            return Bad("NO_CACHED_VALUE", "the formula in the cell has no stored value; compute the table in Excel and save it")
        match kind:
            case "n" if NUMBER.fullmatch(text):
                return float(text)
            case "b" if text in ("0", "1"):
                return text == "1"
            case "e" if text in EXCEL_ERRORS:
                return CellError(text)
            case "str":
                return text
            case "s" if INDEX.fullmatch(text) and int(text) < len(self._shared):
                return self._shared[int(text)]
        if kind == "n" and text.lower().lstrip("+-") in ("nan", "inf", "infinity"):
            return math.nan
        return Bad("CORRUPT_CELL", f"the cell holds {text[:40]!r}, which no cell of its kind holds")

    @cached_property
    def _shared(self) -> list[str]:
        """The texts that cells refer to by number."""
        package = self._package
        parts = [part for kind, part in package.relations(package.workbook_part).values() if kind == "sharedStrings"]
        return [_text(element) for part in parts for element in package.elements(part, f"{{{MAIN}}}si")]


def _text(element: Any) -> str:
    """A text, its runs joined, without the readings that are written above some scripts."""
    if element is None:
        return ""
    return "".join(piece.text or "" for piece in element.iter(TEXT) if piece.getparent().tag in (element.tag, RUN))

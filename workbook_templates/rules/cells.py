"""The cells of a workbook: an entry is a cell that holds something, a sheet is a set of them."""

import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from openpyxl.utils.datetime import to_excel

from workbook_templates.roles import Role
from workbook_templates.rules.parts import Result
from workbook_templates.rules.references import Formula, Reference

NO_FORMULA = Formula("")
NO_RESULT = Result(None)


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A cell that holds something: a formula with its stored result, or a constant."""

    sheet: "Sheet"
    cell: Any
    formula: Formula = NO_FORMULA
    result: Result = NO_RESULT

    @property
    def row(self) -> int:
        return int(self.cell.row)

    @property
    def column(self) -> int:
        return int(self.cell.column)

    @property
    def place(self) -> tuple[str, int, int]:
        return self.sheet.title, self.row, self.column

    @property
    def where(self) -> str:
        title, row, column = self.place
        return Reference(title, column, row, column, row).shown

    @property
    def number(self) -> float | None:
        """The value as a number, a date as Excel's day number; None for text and the unknown."""
        if self.formula.text:
            return self.result.number
        value = self.cell.value
        if self.cell.is_date and not isinstance(value, str):
            return float(to_excel(value))
        return float(value) if isinstance(value, int | float) else None

    @property
    def text(self) -> str:
        """The value as text; empty for a formula that was never calculated."""
        return (self.result.text or "") if self.formula.text else str(self.cell.value)


@dataclass(eq=False)
class Sheet:
    """A worksheet: what stands in its cells, by (row, column)."""

    title: str
    role: Role | None
    ws: Any
    formulas: dict[tuple[int, int], Entry] = field(default_factory=dict)
    constants: dict[tuple[int, int], Entry] = field(default_factory=dict)
    spilled: set[tuple[int, int]] = field(default_factory=set)
    """Cells that an array formula or a data table fills from another cell."""

    def get(self, row: int, column: int) -> Entry | None:
        return self.formulas.get((row, column)) or self.constants.get((row, column))

    def words(self) -> Iterator[Entry]:
        """The constants that are text."""
        return (entry for entry in self.constants.values() if isinstance(entry.cell.value, str))

    @cached_property
    def _headings(self) -> dict[str, list[tuple[int, int]]]:
        found: dict[str, list[tuple[int, int]]] = {"unit": [], "source": []}
        for entry in self.words():
            text = entry.text.strip().casefold()
            if text in ("unit", "units"):
                found["unit"].append((entry.row, entry.column))
            elif text.startswith("source"):
                found["source"].append((entry.row, entry.column))
        return found

    def heading(self, word: str, row: int) -> tuple[int, int] | None:
        """Row and column of the nearest heading "unit" or "source" above a row."""
        above = [place for place in self._headings[word] if place[0] < row]
        return max(above, default=None)

    def under(self, word: str, row: int) -> str:
        """The text that a row has under the heading "unit" or "source", empty where it has none."""
        place = self.heading(word, row)
        entry = None if place is None else self.get(row, place[1])
        return "" if entry is None else entry.text.strip()

    def row_of(self, row: int) -> list[Entry]:
        return self._rows.get(row, [])

    @cached_property
    def _rows(self) -> dict[int, list[Entry]]:
        found: dict[int, list[Entry]] = defaultdict(list)
        for entry in sorted([*self.formulas.values(), *self.constants.values()], key=lambda e: e.column):
            found[entry.row].append(entry)
        return dict(found)

    @cached_property
    def formula_rows(self) -> dict[int, list[int]]:
        """Column → the rows that hold a formula, sorted."""
        return _by_column(self.formulas)

    @cached_property
    def filled_rows(self) -> dict[int, list[int]]:
        """Column → the rows that hold anything, sorted."""
        return _by_column(self.formulas.keys() | self.constants.keys() | self.spilled)

    def holds_anything_in(self, area: Reference) -> bool:
        return any(
            bisect.bisect_left(rows, area.top) < bisect.bisect_right(rows, area.bottom)
            for column, rows in self.filled_rows.items()
            if area.left <= column <= area.right
        )


def _by_column(places: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for row, column in sorted(places):
        found[column].append(row)
    return dict(found)

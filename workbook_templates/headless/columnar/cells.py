"""All cells of a workbook that hold something, numbered, and found by area."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from workbook_templates.headless.columnar.book import Book, Formula, Sheet, Spot, address
from workbook_templates.headless.columnar.refusal import NotColumnar

Area = tuple[int, int, int, int]
Ids = NDArray[np.intp]

MOST_PLACES = 20_000_000  # of a sheet's table of its used rows and columns


class SheetCells:
    """The cells of one sheet in a table of the rows and columns that are used."""

    def __init__(self, sheet: Sheet, spots: Iterable[Spot], first_id: int) -> None:
        self.spots = sorted(spots)
        self.rows = sorted({row for row, _ in self.spots})
        self.columns = sorted({column for _, column in self.spots})
        if len(self.rows) * len(self.columns) > MOST_PLACES:
            raise NotColumnar("TOO_LARGE", sheet.title, address(self.spots[-1]), "cells too far apart")
        self.table = np.full((len(self.rows), len(self.columns)), -1, np.intp)
        at_row = {row: i for i, row in enumerate(self.rows)}
        at_column = {column: i for i, column in enumerate(self.columns)}
        self.ids = {spot: first_id + i for i, spot in enumerate(self.spots)}
        for (row, column), cell in self.ids.items():
            self.table[at_row[row], at_column[column]] = cell

    def within(self, area: Area) -> Ids:
        """The cells of an area that hold something."""
        top, left, bottom, right = area
        if top == bottom and left == right:
            cell = self.ids.get((top, left))
            return np.array([] if cell is None else [cell], np.intp)
        found = self.table[
            bisect_left(self.rows, top) : bisect_right(self.rows, bottom),
            bisect_left(self.columns, left) : bisect_right(self.columns, right),
        ]
        return found[found >= 0]

    def laid_out(self, area: Area) -> Ids:
        """The cell at each place of an area, -1 where there is none."""
        top, left, bottom, right = area
        if top == bottom and left == right:
            return np.array([[self.ids.get((top, left), -1)]], np.intp)
        out = np.full((bottom - top + 1, right - left + 1), -1, np.intp)
        up, down = bisect_left(self.rows, top), bisect_right(self.rows, bottom)
        west, east = bisect_left(self.columns, left), bisect_right(self.columns, right)
        if up < down and west < east:
            places = np.ix_(np.array(self.rows[up:down], np.intp) - top, np.array(self.columns[west:east], np.intp) - left)
            out[places] = self.table[up:down, west:east]
        return out


class Cells:
    """The cells of all sheets; an id is a cell's place in the order of sheets, rows and columns."""

    def __init__(self, book: Book, extra: Iterable[tuple[int, Spot]]) -> None:
        self.book = book
        spots: list[set[Spot]] = [set(sheet.values) | set(sheet.formulas) for sheet in book.sheets]
        self.members: dict[tuple[int, Spot], Spot] = {}
        for number, sheet in enumerate(book.sheets):
            for spot, formula in sheet.formulas.items():
                for member in _filled(formula):
                    spots[number].add(member)
                    if member != spot:
                        self.members[number, member] = spot
        for number, spot in extra:
            spots[number].add(spot)
        self.sheets: list[SheetCells] = []
        self.places: list[tuple[int, Spot]] = []
        for number, (sheet, used) in enumerate(zip(book.sheets, spots, strict=True)):
            self.sheets.append(SheetCells(sheet, used, len(self.places)))
            self.places += [(number, spot) for spot in self.sheets[-1].spots]
        self.bottom = max((held.rows[-1] for held in self.sheets if held.rows), default=1)
        self.right = max((held.columns[-1] for held in self.sheets if held.columns), default=1)

    def id(self, sheet: int, spot: Spot) -> int | None:
        return self.sheets[sheet].ids.get(spot)

    def owner(self, cell: int) -> int:
        """The cell whose formula fills this one: another one where it is a member of an array."""
        sheet, spot = self.places[cell]
        return self.sheets[sheet].ids[self.members.get((sheet, spot), spot)]

    def formula(self, cell: int) -> Formula | None:
        sheet, spot = self.places[cell]
        return self.book.sheets[sheet].formulas.get(spot)

    def name(self, cell: int) -> tuple[str, str]:
        """Sheet title and address."""
        sheet, spot = self.places[cell]
        return self.book.sheets[sheet].title, address(spot)


def _filled(formula: Formula) -> Iterator[Spot]:
    if formula.area is not None:
        top, left, bottom, right = formula.area
        yield from ((row, column) for row in range(top, bottom + 1) for column in range(left, right + 1))

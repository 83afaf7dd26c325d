"""Scenarios of a workbook in columns: every cell that changes is an array over the scenarios of a block."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pycalc.cells import Cell
from workbook_templates.headless.columnar.binding import Bound, Constants, Layout, fitting_widths
from workbook_templates.headless.columnar.book import Book, Spot
from workbook_templates.headless.columnar.cells import Cells
from workbook_templates.headless.columnar.context import Context
from workbook_templates.headless.columnar.plan import Plan
from workbook_templates.headless.columnar.refusal import NotColumnar
from workbook_templates.headless.columnar.values import ERROR, MIXED, NUM, NUMBER, Floats, Kinds, cell, stored
from workbook_templates.headless.scenarios import Place
from workbook_templates.headless.sheet_xml import position
from workbook_templates.reading import Package

Column: TypeAlias = tuple[Floats, int | Kinds]


class ColumnarEngine:
    """A workbook compiled for many scenarios; raises `NotColumnar` where it holds what is not known here.

    Not for two threads at once.  Results do not depend on which scenarios are computed together.
    """

    def __init__(self, package: Package, inputs: Sequence[Place], outputs: Sequence[Place]) -> None:
        self.inputs, self.outputs = list(inputs), list(outputs)
        book = Book(package)
        spots = {place: _spot(book, place) for place in (*self.inputs, *self.outputs)}
        cells = Cells(book, spots.values())
        self._ids = {place: cells.sheets[sheet].ids[spot] for place, (sheet, spot) in spots.items()}
        self._context = Context()
        input_ids = [self._ids[place] for place in self.inputs]
        self._plan = Plan(book, cells, self._context, input_ids, [self._ids[place] for place in self.outputs])
        self._constants = Constants(self._plan)
        self._layout = Layout(self._plan, self._constants)
        self._bound: dict[int, Bound] = {}
        self._widths = fitting_widths(max(len(self._layout.rows), 4 * self._layout.largest))
        self._texts = len(self._context.texts.texts)
        # what only shows when it is computed shows now
        self.evaluate({place: [value] for place, value in self.base_values().items()})

    def base_values(self) -> dict[Place, Cell]:
        """What the workbook itself holds in the inputs."""
        return {place: self._constants.base_value(self._ids[place]) for place in self.inputs}

    def evaluate(self, columns: Mapping[Place, Sequence[Cell]]) -> Mapping[Place, list[Cell]]:
        """One list of cell values per output; every column has the same length."""
        texts = self._context.texts
        count = self._count(columns)
        texts.forget(self._texts)
        held: dict[Place, Column] = {}
        for place, column in columns.items():
            pairs = [stored(value, texts) for value in column]
            kinds = np.array([kind for _, kind in pairs], np.uint8)
            uniform = bool(pairs) and bool((kinds == kinds[0]).all())
            held[place] = np.array([num for num, _ in pairs], np.float64), int(kinds[0]) if uniform else kinds
        out: dict[Place, list[Cell]] = {place: [] for place in self.outputs}
        for _, found in self._blocks(held, count):
            for place, (num, kind) in found.items():
                if isinstance(kind, int):
                    out[place] += num.tolist() if kind == NUMBER else [cell(value, kind, texts) for value in num.tolist()]
                else:
                    out[place] += [cell(value, one, texts) for value, one in zip(num.tolist(), kind.tolist(), strict=True)]
        return out

    def evaluate_numbers(self, columns: Mapping[Place, Floats]) -> Mapping[Place, Floats | list[Cell]]:
        """The same for columns of floats; an output that is a number in all scenarios is an array."""
        texts = self._context.texts
        count = self._count(columns)
        texts.forget(self._texts)
        held: dict[Place, Column] = {}
        for place, column in columns.items():
            num = np.asarray(column, np.float64)
            bad = ~np.isfinite(num)
            held[place] = (
                (np.where(bad, NUM, num), np.where(bad, np.uint8(ERROR), np.uint8(NUMBER))) if bad.any() else (num, NUMBER)
            )
        nums = {place: np.empty(count) for place in self.outputs}
        odd: dict[Place, list[tuple[int, list[Cell]]]] = {}
        for start, found in self._blocks(held, count):
            for place, (num, kind) in found.items():
                nums[place][start : start + len(num)] = num
                if not (isinstance(kind, int) and kind == NUMBER):
                    kinds = np.full(len(num), kind, np.uint8)
                    some = [cell(value, one, texts) for value, one in zip(num.tolist(), kinds.tolist(), strict=True)]
                    odd.setdefault(place, []).append((start, some))
        out: dict[Place, Floats | list[Cell]] = dict(nums)
        for place, pieces in odd.items():
            values: list[Cell] = [*nums[place].tolist()]
            for start, some in pieces:
                values[start : start + len(some)] = some
            out[place] = values
        return out

    def _count(self, columns: Mapping[Place, Sequence[Cell] | NDArray[np.float64]]) -> int:
        if set(columns) != set(self.inputs):
            raise ValueError(f"columns are given for {sorted(columns)}; the inputs are {sorted(self.inputs)}")
        lengths = {len(column) for column in columns.values()}
        if len(lengths) > 1:
            raise ValueError(f"the columns differ in length: {sorted(lengths)}")
        return lengths.pop() if lengths else 1

    def _blocks(self, columns: Mapping[Place, Column], count: int) -> Iterator[tuple[int, dict[Place, Column]]]:
        """The outputs of one block of scenarios after the other, with the number of its first."""
        texts = self._context.texts
        kept = len(texts.texts)
        for start in range(0, count, self._widths[-1]):
            texts.forget(kept)
            stop = min(count, start + self._widths[-1])
            bound = self._bound_for(stop - start)
            for place, (num, kind) in columns.items():
                self._fill(bound, self._ids[place], num[start:stop], kind if isinstance(kind, int) else kind[start:stop])
            bound.compute()
            yield start, {place: self._output(bound, self._ids[place], stop - start) for place in self.outputs}

    def _bound_for(self, count: int) -> Bound:
        width = next(width for width in self._widths if width >= count)
        if width not in self._bound:
            self._bound[width] = Bound(self._layout, width)
        return self._bound[width]

    def _fill(self, bound: Bound, input_: int, num: Floats, kind: int | Kinds) -> None:
        """Put an input into the workspace; the last scenario fills what is left of the block."""
        spare = bound.workspace.width - len(num)
        num = np.pad(num, (0, spare), mode="edge")
        kind = kind if isinstance(kind, int) else np.pad(kind, (0, spare), mode="edge")
        bound.workspace.fill(int(bound.slots[input_]), num, kind)

    def _output(self, bound: Bound, output: int, count: int) -> Column:
        if self._plan.varies[output]:
            workspace, slot = bound.workspace, int(bound.slots[output])
        else:
            workspace, slot = self._constants.workspace, int(self._constants.slots[output])
        kind = int(workspace.kind[slot])
        num = np.broadcast_to(workspace.num[slot], bound.workspace.width)[:count] + 0.0  # a cell holds no negative zero
        return num, workspace.kinds[slot][:count] if kind == MIXED else kind


def _spot(book: Book, place: Place) -> tuple[int, Spot]:
    title, address = place
    sheet = book.positions.get(title.casefold())
    if sheet is None:
        raise NotColumnar("UNKNOWN_CELL", title, address, "there is no such sheet")
    try:
        return sheet, position(address)
    except ValueError:
        raise NotColumnar("UNKNOWN_CELL", title, address, "there is no such cell") from None

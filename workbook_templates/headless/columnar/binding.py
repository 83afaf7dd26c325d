"""A plan bound to memory: constants computed once, all else laid out so that references are views."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pycalc.cells import Cell, bug_id
from workbook_templates.headless.columnar.cells import Area, Ids
from workbook_templates.headless.columnar.compiler import Frame, Link, Source
from workbook_templates.headless.columnar.plan import Group, Plan, Step
from workbook_templates.headless.columnar.refusal import NotColumnar, UnsupportedError
from workbook_templates.headless.columnar.values import NA, VALUE, Values, element, error, stored
from workbook_templates.headless.columnar.workspace import Fixed, Lost, Range, Slots, Workspace, as_slice

WIDTHS = (8, 64, 256, 1024, 2048)
"""Scenarios of a block: multiples of eight, so that every block runs through the same vector instructions."""
MOST_BYTES = 1 << 27  # of a block in memory
MOST_TOGETHER = 1 << 22
"""Elements of the ranges of cells that are computed together, in all scenarios of a block."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Piece:
    """Cells of a group whose ranges have the same sizes, with the cells that each reference means, -1 for a blank."""

    group: Group
    cells: list[int]
    references: list[Ids | None]
    """By link: rows × columns × cells, the last one where all cells mean the same range; None where none is in line."""


def pieces(plan: Plan, step: Step, width: int) -> Iterator[Piece]:
    """A step cut so that each piece is one operation on arrays of moderate size in blocks of so many scenarios."""
    links = step.group.links
    alike: dict[tuple[tuple[int, int] | None, ...], list[int]] = {}
    for cell in step.cells:
        alike.setdefault(tuple(map(_size, plan.areas(cell))), []).append(cell)
    for sizes, cells in alike.items():
        largest = max((size[0] * size[1] for size in sizes if size is not None), default=1)
        count = max(1, MOST_TOGETHER // width // largest)
        for start in range(0, len(cells), count):
            some = cells[start : start + count]
            by_link = zip(*map(plan.areas, some), strict=True)
            yield Piece(step.group, some, [_meant(plan, link, areas) for link, areas in zip(links, by_link, strict=True)])


def _size(area: Area | None) -> tuple[int, int] | None:
    return None if area is None else (area[2] - area[0] + 1, area[3] - area[1] + 1)


def _meant(plan: Plan, link: Link, areas: Sequence[Area | None]) -> Ids | None:
    if areas[0] is None:
        return None
    if all(area == areas[0] for area in areas):
        areas = areas[:1]
    sheet = plan.cells.sheets[link.sheet]
    return np.stack([sheet.laid_out(area) for area in areas if area is not None], axis=2)


class _Runner:
    """Computes pieces on a workspace."""

    def __init__(self, plan: Plan, workspace: Workspace, slots: Slots) -> None:
        self.plan, self.workspace, self.slots = plan, workspace, slots

    def frame(self, piece: Piece, sources: Sequence[Source]) -> Frame:
        spots = np.array([self.plan.cells.places[cell][1] for cell in piece.cells], np.float64)
        rows, columns = (Values(spots[:, axis][None, None, :, None].copy()) for axis in (0, 1))
        return Frame(self.plan.context, sources, rows, columns)

    def compute(self, piece: Piece, frame: Frame, out: Slots | slice) -> None:
        """Evaluate a piece and keep its values."""
        formula = piece.group.formula
        try:
            value = piece.group.evaluate(frame)
            if formula.area is None:
                if value.size != (1, 1):
                    raise UnsupportedError("ARRAY_RESULT", "a range as the result of a formula for one cell")
            elif formula.area[:2] == formula.area[2:]:
                if formula.is_dynamic and value.size != (1, 1):
                    raise UnsupportedError("ARRAY_RESULT", "an array of another size than the file has stored")
                value = element(value, 0, 0)
            else:
                self._store_array(piece, value)
                return
            self.workspace.store(out, value)
        except UnsupportedError as fault:
            raise self.plan.refused(piece.cells[0], fault) from None
        except NotColumnar:
            raise
        except Exception as bug:
            if isinstance(bug, ValueError) and "broadcast" in str(bug):
                unlike = UnsupportedError("ARRAY", "arrays whose sizes do not match")
                raise self.plan.refused(piece.cells[0], unlike) from None
            place = self.plan.cells.name(piece.cells[0])
            log.exception("%s: %s!%s", bug_id(bug), *place)
            raise NotColumnar("FAULT", *place, f"an error of this program, {bug_id(bug)}") from None

    def _store_array(self, piece: Piece, value: Values) -> None:
        (owner,) = piece.cells
        area = piece.group.formula.area
        assert area is not None  # noqa: S101 - compute has looked
        rows, columns = area[2] - area[0] + 1, area[3] - area[1] + 1
        if piece.group.formula.is_dynamic and value.size != (rows, columns):
            raise UnsupportedError("ARRAY_RESULT", "an array of another size than the file has stored")
        members = self.plan.filled(owner).reshape(rows, columns)
        for row in range(rows):
            for column in range(columns):
                inside = (value.size[0] in (1, rows) or row < value.size[0]) and (
                    value.size[1] in (1, columns) or column < value.size[1]
                )
                one = element(value, row, column) if inside else error(NA)
                self.workspace.store(np.array([self.slots[members[row, column]]], np.intp), one)


class Constants:
    """The cells that are the same in all scenarios, computed once."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        held = {
            plan.cells.sheets[number].ids[spot]: value
            for number, sheet in enumerate(plan.book.sheets)
            for spot, value in sheet.values.items()
        }
        fixed = [cell for cell in held if not plan.varies[cell]]
        computed = [int(cell) for step in plan.constant for owner in step.cells for cell in plan.filled(owner)]
        self._held = held
        slots = np.zeros(len(plan.cells.places) + 1, np.intp)  # the last place, -1, is a blank
        numbered = sorted({*fixed, *computed})
        slots[numbered] = np.arange(1, len(numbered) + 1)
        self.slots = slots
        self.workspace = Workspace(len(numbered) + 1, 1)
        for cell in fixed:
            num, kind = stored(held[cell], plan.context.texts)
            self.workspace.fill(int(slots[cell]), num, kind)
        runner = _Runner(plan, self.workspace, slots)
        with plan.context.arithmetic():
            for step in plan.constant:
                for piece in pieces(plan, step, WIDTHS[-1]):
                    sources = [self.source(ids) for ids in piece.references]
                    out = as_slice(slots[piece.cells].tolist())
                    runner.compute(piece, runner.frame(piece, sources), out)

    def source(self, ids: Ids | None) -> Source:
        """A reference to constants."""
        return Lost(VALUE) if ids is None else Fixed(Range(self.workspace, self.slots[ids]).read())

    def base_value(self, cell: int) -> Cell:
        """What the workbook itself holds in an input."""
        value = self._held.get(cell)
        return 0.0 if value is None and self.plan.cells.formula(cell) is not None else value


def fitting_widths(rows: int) -> tuple[int, ...]:
    """The widths of blocks of so many cells that memory allows."""
    return (WIDTHS[0], *(width for width in WIDTHS[1:] if width * 8 * rows <= MOST_BYTES))


class Layout:
    """Which cells have a row in a block's workspace: all that change, and constants within ranges of such.

    `largest` counts the elements of the largest range, for each scenario.
    """

    def __init__(self, plan: Plan, constants: Constants) -> None:
        self.plan, self.constants = plan, constants
        moving = [int(cell) for step in plan.moving for owner in step.cells for cell in plan.filled(owner)]
        width = fitting_widths(len(moving))[-1]
        self.pieces = [piece for step in plan.moving for piece in pieces(plan, step, width)]
        self.largest = max((ids.size for piece in self.pieces for ids in piece.references if ids is not None), default=1)
        live = {*plan.inputs, *moving}
        self.beside: set[int] = set()
        for piece in self.pieces:
            for ids in piece.references:
                if ids is not None and self.is_live(ids):
                    self.beside.update(ids[(ids >= 0) & ~plan.varies[ids]].tolist())
        self.rows = sorted(live | self.beside)
        self.slots = np.zeros(len(plan.cells.places) + 1, np.intp)
        self.slots[self.rows] = np.arange(1, len(self.rows) + 1)

    def is_live(self, ids: Ids) -> bool:
        """Whether a reference holds a cell that changes."""
        return bool((self.plan.varies[ids] & (ids >= 0)).any())


class Bound:
    """The moving part of a plan on a workspace of one width."""

    def __init__(self, layout: Layout, width: int) -> None:
        plan, constants = layout.plan, layout.constants
        self.plan = plan
        self.workspace = Workspace(len(layout.rows) + 1, width)
        self.slots = layout.slots
        for cell in layout.beside:
            place = constants.slots[cell]
            self.workspace.fill(
                int(layout.slots[cell]), float(constants.workspace.num[place, 0]), int(constants.workspace.kind[place])
            )
        self._runner = _Runner(plan, self.workspace, layout.slots)
        self._steps: list[tuple[Piece, list[Source], Slots | slice]] = []
        for piece in layout.pieces:
            sources: list[Source] = [
                Range(self.workspace, self.slots[ids]) if ids is not None and layout.is_live(ids) else constants.source(ids)
                for ids in piece.references
            ]
            self._steps.append((piece, sources, as_slice(self.slots[piece.cells].tolist())))
        self._frames = [self._runner.frame(piece, sources) for piece, sources, _ in self._steps]

    def compute(self) -> None:
        """All that depends on the inputs, which are in the workspace."""
        with self.plan.context.arithmetic():
            for (piece, _, out), frame in zip(self._steps, self._frames, strict=True):
                self._runner.compute(piece, frame, out)

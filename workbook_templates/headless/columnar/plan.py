"""A workbook as a plan: which cells the outputs need, in which order, which of them change with the inputs."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from workbook_templates.headless.columnar import forms, forms_of_ranges, forms_of_references, functions
from workbook_templates.headless.columnar.book import Book, Formula
from workbook_templates.headless.columnar.cells import Area, Cells, Ids
from workbook_templates.headless.columnar.compiler import Compiler, Evaluate, Link
from workbook_templates.headless.columnar.context import Context
from workbook_templates.headless.columnar.ordering import components, levels
from workbook_templates.headless.columnar.parser import Parser
from workbook_templates.headless.columnar.refusal import NotColumnar, UnsupportedError
from workbook_templates.headless.columnar.syntax import MAX_COLUMN, MAX_ROW
from workbook_templates.headless.columnar.values import Mask

NESTED = re.compile(r"\b(?:SUBTOTAL|AGGREGATE)\(", re.IGNORECASE)
MOST_OF_A_RANGE = 300_000
KNOWN = (forms, forms_of_ranges, forms_of_references, functions)
"""The modules that enter the functions that are known."""


@dataclass(slots=True, eq=False)
class Group:
    """The cells of a sheet that one formula fills."""

    sheet: int
    formula: Formula
    evaluate: Evaluate
    links: list[Link]
    number: int
    skips_subtotals: bool = False
    cells: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Step:
    """Some cells of a group, computed together."""

    group: Group
    cells: list[int]


class Plan:
    """What is computed to get from inputs to outputs."""

    def __init__(self, book: Book, cells: Cells, context: Context, inputs: Iterable[int], outputs: Sequence[int]) -> None:
        self.book, self.cells, self.context = book, cells, context
        self.inputs = frozenset(inputs)
        self._input_places = frozenset(cells.places[cell] for cell in self.inputs)
        self.groups: list[Group] = []
        self._group_of: dict[int, Group] = {}
        self._areas: dict[int, tuple[Area | None, ...]] = {}
        self._by_key: dict[tuple[object, ...], Group] = {}
        self.varies: Mask = np.zeros(len(cells.places), np.bool_)
        self.varies[list(self.inputs)] = True
        self._require(outputs)
        for group in self.groups:
            group.cells.sort()
        self.steps = list(self._ordered())
        self.constant: list[Step] = []
        self.moving: list[Step] = []
        for step in self.steps:
            self._divide(step)

    def refused(self, cell: int, fault: UnsupportedError) -> NotColumnar:
        """The refusal of a formula, with its cell."""
        return NotColumnar(fault.code, *self.cells.name(cell), fault.what)

    def areas(self, cell: int) -> tuple[Area | None, ...]:
        """The cells that each reference of a cell's formula means; None where none is in line with the cell."""
        if cell not in self._areas:
            self._areas[cell] = tuple(self._area(link, cell) for link in self._group_of[cell].links)
        return self._areas[cell]

    def _area(self, link: Link, cell: int) -> Area | None:
        """Whole rows and columns as far as they are used."""
        _, spot = self.cells.places[cell]
        area = link.area(*spot)
        if area is None:
            return None
        top, left, bottom, right = area
        if bottom == MAX_ROW:
            bottom = max(top, self.cells.bottom)
        if right == MAX_COLUMN:
            right = max(left, self.cells.right)
        if (bottom - top + 1) * (right - left + 1) > MOST_OF_A_RANGE:
            raise self.refused(cell, UnsupportedError("TOO_LARGE", f"a range of over {MOST_OF_A_RANGE:,} cells"))
        return top, left, bottom, right

    def needs(self, cell: int) -> Iterator[Ids]:
        """The cells that the formula of a cell refers to, by reference."""
        for link, area in zip(self._group_of[cell].links, self.areas(cell), strict=True):
            if area is not None:
                yield self.cells.sheets[link.sheet].within(area)

    def _require(self, outputs: Sequence[int]) -> None:
        """Find all formulas that the outputs lean on."""
        open_ = list(dict.fromkeys(outputs))
        seen = set(open_)
        areas: set[tuple[int, Area]] = set()
        while open_:
            cell = open_.pop()
            if cell in self.inputs:
                continue
            owner = self.cells.owner(cell)
            if owner != cell:
                if owner not in seen:
                    seen.add(owner)
                    open_.append(owner)
                continue
            formula = self.cells.formula(cell)
            if formula is None:
                continue
            group = self._group(cell, formula)
            group.cells.append(cell)
            self._group_of[cell] = group
            if group.skips_subtotals:
                self._require_no_subtotal(group, cell)
            for link, area in zip(group.links, self.areas(cell), strict=True):
                if area is None or (link.sheet, area) in areas:
                    continue
                areas.add((link.sheet, area))
                for needed in self.cells.sheets[link.sheet].within(area).tolist():
                    if needed not in seen:
                        seen.add(needed)
                        open_.append(needed)

    def _group(self, cell: int, formula: Formula) -> Group:
        sheet, spot = self.cells.places[cell]
        whole = formula.area is not None and formula.area[:2] != formula.area[2:]
        key = (sheet, formula.key, formula.area is not None, spot if whole else None)
        if key not in self._by_key:
            compiler = Compiler(self.book, self.context, sheet, spot, self._input_places)
            try:
                tree = Parser(formula.text, *formula.origin).parsed()
                evaluate = compiler.compiled(tree, formula.area is not None)
            except UnsupportedError as fault:
                raise self.refused(cell, fault) from None
            except RecursionError:
                raise self.refused(cell, UnsupportedError("NOT_PARSED", "a formula nested too deeply")) from None
            self._by_key[key] = Group(sheet, formula, evaluate, compiler.links, len(self.groups), bool(compiler.nested))
            self.groups.append(self._by_key[key])
        return self._by_key[key]

    def _require_no_subtotal(self, group: Group, cell: int) -> None:
        """A SUBTOTAL does not count others within its ranges; that is not done here."""
        for link, area in zip(group.links, self.areas(cell), strict=True):
            for other in [] if area is None else self.cells.sheets[link.sheet].within(area).tolist():
                formula = self.cells.formula(other)
                if formula is not None and NESTED.search(formula.text):
                    raise self.refused(cell, UnsupportedError("SUBTOTAL", "a SUBTOTAL over cells that hold another"))

    def _ordered(self) -> Iterator[Step]:
        number_of = np.full(len(self.cells.places), -1, np.intp)
        for group in self.groups:
            number_of[group.cells] = group.number
        for (sheet, member), owner in self.cells.members.items():
            number_of[self.cells.sheets[sheet].ids[member]] = number_of[self.cells.sheets[sheet].ids[owner]]
        number_of[list(self.inputs)] = -1
        successors: list[set[int]] = [set() for _ in self.groups]
        known: dict[tuple[int, Area], set[int]] = {}
        for group in self.groups:
            for cell in group.cells:
                for link, area in zip(group.links, self.areas(cell), strict=True):
                    if area is None:
                        continue
                    key = (link.sheet, area)
                    if key not in known:
                        numbers = number_of[self.cells.sheets[link.sheet].within(area)]
                        known[key] = set(numbers[numbers >= 0].tolist())
                    successors[group.number] |= known[key]
        for found in components(len(self.groups), successors):
            if len(found) == 1 and found[0] not in successors[found[0]]:
                yield Step(self.groups[found[0]], self.groups[found[0]].cells)
            else:
                yield from self._by_level(found, number_of)

    def _by_level(self, numbers: list[int], number_of: Ids) -> Iterator[Step]:
        cells = sorted(cell for number in numbers for cell in self.groups[number].cells)
        inside = np.zeros(len(self.groups) + 1, np.bool_)  # the last for what is in no group
        inside[numbers] = True

        def needs(cell: int) -> list[int]:
            found = {int(other) for ids in self.needs(cell) for other in ids[inside[number_of[ids]]]}
            return list({self.cells.owner(other) for other in found})

        try:
            waves = levels(cells, needs)
        except UnsupportedError as fault:
            raise self.refused(cells[0], fault) from None
        for wave in waves:
            by_group: dict[int, list[int]] = {}
            for cell in wave:
                by_group.setdefault(self._group_of[cell].number, []).append(cell)
            for number in sorted(by_group):
                yield Step(self.groups[number], by_group[number])

    def _divide(self, step: Step) -> None:
        """Part the cells that change with the inputs from those that do not."""
        moving = [cell for cell in step.cells if any(self.varies[ids].any() for ids in self.needs(cell))]
        for cell in moving:
            self.varies[self.filled(cell)] = True
        fixed = [cell for cell in step.cells if not self.varies[cell]]
        if fixed:
            self.constant.append(Step(step.group, fixed))
        if moving:
            self.moving.append(Step(step.group, moving))

    def filled(self, cell: int) -> Ids:
        """The cells that the formula of a cell fills: more than one where it is an array."""
        sheet, _ = self.cells.places[cell]
        area = self._group_of[cell].formula.area
        if area is None or area[:2] == area[2:]:
            return np.array([cell], np.intp)
        return self.cells.sheets[sheet].laid_out(area).reshape(-1)

"""The cells of a plan in memory: a row of floats for each, a column for each scenario of a block.

A reference is bound to the rows once.  Where they lie at equal distances, as those of a range
or of a filled formula do, reading is a view and copies nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from workbook_templates.headless.columnar.values import BLANK, ERROR, MIXED, NUMBER, Floats, Kinds, Values

Slots = NDArray[np.intp]


class Workspace:
    """Floats and kinds of cells in a block of scenarios; the first row is a blank."""

    def __init__(self, cells: int, width: int) -> None:
        self.width = width
        self.num: Floats = np.zeros((cells, width))
        self.kind: Kinds = np.zeros(cells, np.uint8)
        """The kind of a cell, MIXED where it changes between scenarios: then `kinds` has it."""
        self.kind[0] = BLANK
        self._kinds: Kinds | None = None

    @property
    def kinds(self) -> Kinds:
        if self._kinds is None:
            self._kinds = np.zeros(self.num.shape, np.uint8)
        return self._kinds

    def store(self, slots: Slots | slice, value: Values) -> None:
        """Keep the values of some cells; a blank is a zero there."""
        num = value.num[0, 0]
        self.num[slots] = num
        kind = value.kind
        if isinstance(kind, int):
            self.kind[slots] = NUMBER if kind == BLANK else kind
            return
        kind = np.where(kind[0, 0] == BLANK, np.uint8(NUMBER), kind[0, 0])
        low, high = kind.min(axis=1), kind.max(axis=1)
        self.kind[slots] = np.where(low == high, low, np.uint8(MIXED))
        if (low != high).any():
            self.kinds[slots] = kind

    def fill(self, slot: int, num: Floats | float, kind: int | Kinds) -> None:
        """Set one cell."""
        self.num[slot] = num
        if isinstance(kind, int):
            self.kind[slot] = kind
        else:
            same = kind.min() == kind.max()
            self.kind[slot] = kind[0] if same else MIXED
            if not same:
                self.kinds[slot] = kind

    def row_kinds(self, slot: int) -> Kinds:
        """The kinds of one cell."""
        kind = self.kind[slot]
        return self.kinds[slot] if kind == MIXED else np.full(self.width, kind, np.uint8)


class Range:
    """A reference of some cells' formula, bound to the rows of a workspace: rows × columns × cells."""

    def __init__(self, workspace: Workspace, slots: Slots) -> None:
        self.workspace, self.slots = workspace, slots
        self.ranged = slots.shape[:2] != (1, 1)
        steps = _steps(slots)
        self._num: Floats | None = None
        self._kind = workspace.kind[slots]
        self._live_kind: Kinds | None = None
        if steps is not None:
            base = int(slots[0, 0, 0])
            pitch = workspace.num.strides[0]
            self._num = as_strided(
                workspace.num[base:],
                (*slots.shape, workspace.width),
                (*(step * pitch for step in steps), workspace.num.strides[1]),
                writeable=False,
            )
            self._live_kind = as_strided(workspace.kind[base:], slots.shape, steps, writeable=False)

    def read(self) -> Values:
        """The values; they must not be written to."""
        num = self.workspace.num[self.slots] if self._num is None else self._num
        kind = self.workspace.kind[self.slots] if self._live_kind is None else self._live_kind
        if not kind.any():
            return Values(num, NUMBER, True)
        first = int(kind[0, 0, 0])
        if (kind == first).all() and first != MIXED:
            return Values(num, first, True)
        if (kind == MIXED).any():
            full = np.where((kind == MIXED)[..., None], self.workspace.kinds[self.slots], kind[..., None])
            return Values(num, full, True)
        return Values(num, kind[..., None].copy(), True)


class Fixed:
    """A reference to cells that are the same in all scenarios."""

    def __init__(self, value: Values) -> None:
        self.value = value

    def read(self) -> Values:
        return self.value


@dataclass(frozen=True, slots=True)
class Lost:
    """A reference that a sheet or a row no longer has."""

    code: float

    def read(self) -> Values:
        return Values(np.full((1, 1, 1, 1), self.code), ERROR, True)


def _steps(slots: Slots) -> tuple[int, int, int] | None:
    """The distances of the rows along each axis, None where they are not equal."""
    steps = []
    for axis in range(3):
        if slots.shape[axis] == 1:
            steps.append(0)
            continue
        distances = np.diff(slots, axis=axis)
        if (distances != distances.flat[0]).any():
            return None
        steps.append(int(distances.flat[0]))
    return steps[0], steps[1], steps[2]


def as_slice(slots: Sequence[int]) -> Slots | slice:
    """The rows to write to, as a slice where they follow each other."""
    if list(slots) == list(range(slots[0], slots[0] + len(slots))):
        return slice(slots[0], slots[0] + len(slots))
    return np.array(slots, np.intp)

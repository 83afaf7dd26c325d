"""A formula on arrays: clean elements together, block by block.

Checks and temporaries of a block stay in the processor's cache, so they cost little beside
the memory traffic of the arrays.  What a block cannot vouch for is named by its position;
the caller puts each such element through the policy alone, which makes an array equal to
its elements by construction.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pycalc.policy import default_value
from pycalc.quantities import Quantity
from pycalc.record import Derived, Formula, Parameter

BLOCK = 1 << 16  # elements; a few such operands fit a processor's cache
PIECE = 1 << 14  # elements looked at together
SMALL = 3  # operations up to which one pass over the whole is cheaper than putting blocks together
Positions = NDArray[np.intp]


def compute(spec: Formula, columns: list[Any], shape: tuple[int, ...]) -> tuple[NDArray[Any], Positions]:
    """The formula over columns (floats, names, arrays of floats, None where left out) of a common shape.

    Returns the values and the flat positions that have none yet; those hold NaN, or None
    where the result is not a number.
    """
    width = math.prod(shape[1:])
    with np.errstate(all="ignore"):
        plan = _Plan(spec, columns, shape)
    with np.errstate(all="call", under="ignore", call=plan.note_fault):
        rows = max(1, shape[0] if spec.operations_on(plan.moving) <= SMALL else BLOCK // max(1, width))
        doubts = [plan.block(start, min(start + rows, shape[0])) for start in range(0, shape[0], rows)]
    out = np.empty(shape) if plan.out is None else plan.out
    if plan.hopeless:
        bad = np.arange(out.size)
    else:
        bad = np.concatenate([np.empty(0, np.intp), *(b + i * rows * width for i, b in enumerate(doubts) if b is not None)])
    if bad.size:
        out = out if out.dtype.kind == "f" else out.astype(object)
        out.reshape(-1)[bad] = np.nan if out.dtype.kind == "f" else None
    return out, bad


def _any_of(masks: list[NDArray[np.bool_]], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.logical_or.reduce(masks) if masks else np.zeros(shape, np.bool_)


class _Range:
    """The check of one quantity on arrays: which elements leave it, None where none does."""

    def __init__(self, q: Quantity) -> None:
        self.low, self.high = (min(q.choices.values()), max(q.choices.values())) if q.choices else (q.low, q.high)
        self.whole = q.whole or q.is_flag
        self.high_bits = np.float64(self.high).view(np.uint64)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Range) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def doubtful(self, array: NDArray[Any]) -> NDArray[np.bool_] | None:
        if array.ndim == 1 and self.whole:  # in pieces, whose temporaries never leave the cache
            inside = all(self._holds(array[start : start + PIECE]) for start in range(0, array.size, PIECE))
        else:
            inside = self._holds(array)
        if inside:
            return None
        good = (array >= self.low) & (array <= self.high)
        mask = ~(good & (array == np.floor(array))) if self.whole else ~good
        return mask if mask.any() else None

    def _holds(self, array: NDArray[Any]) -> bool:
        if self.low == 0:
            # the bits of floats from 0 up are ordered as the floats are, those of all others lie higher: one pass
            inside = array.view(np.uint64).max(initial=0) <= self.high_bits
        else:
            inside = not array.size or (array.min() >= self.low and array.max() <= self.high)  # a NaN passes neither
        return bool(inside) and not (self.whole and (array != np.floor(array)).any())


class _Plan:
    """What is the same for all blocks is settled at once: scalars, short rows, defaults from these."""

    def __init__(self, spec: Formula, columns: list[Any], shape: tuple[int, ...]) -> None:
        self.body, self.refuses, self.shape = spec.body, spec.refuses, shape
        self.hopeless = False  # a scalar is bad, and so every element
        self.faulty = False  # a step of the body has divided by zero or left the finite numbers
        self.sliced: list[tuple[int, _Range, NDArray[Any]]] = []
        self.derived: list[tuple[int, _Range, Callable[..., Any], list[int], list[int]]] = []
        self.values = list(columns)
        self.out: NDArray[Any] | None = None
        self._names = [parameter.name for parameter in spec.parameters]
        moving: set[int] = set()
        samples: dict[int, NDArray[Any]] = {}  # of defaults that are computed block by block
        for i, parameter in sorted(enumerate(spec.parameters), key=lambda item: isinstance(item[1].default, Derived)):
            if self.values[i] is None and isinstance(parameter.default, Derived):
                needs = [self._names.index(name) for name in parameter.default.needs]
                known = {j: self.values[j][:1] if j in moving and j not in samples else self.values[j] for j in needs} | samples
                sample = parameter.default.rule(*[known[j] for j in needs])
                if isinstance(sample, np.ndarray) and moving & {*needs}:
                    range_ = _Range(parameter.quantity)
                    alike = [j for j, checked, _ in self.sliced if checked == range_]
                    self.derived.append((i, range_, parameter.default.rule, needs, alike))
                    moving.add(i)
                    samples[i] = sample
                    continue
            if self._settle(i, parameter):
                moving.add(i)
        self.moving = frozenset(self._names[i] for i in moving)

    def _settle(self, i: int, parameter: Parameter) -> bool:
        """Look at one argument; whether it must be cut and checked block by block."""
        if self.values[i] is None:
            self.values[i] = default_value(parameter, dict(zip(self._names, self.values, strict=True)))
            if self.values[i] is None:  # the body itself settles it
                return False
        column, range_ = self.values[i], _Range(parameter.quantity)
        if isinstance(column, str):
            return False
        if isinstance(column, np.ndarray):
            if (column.ndim == len(self.shape) and column.shape[0] > 1) or range_.doubtful(column) is not None:
                self.sliced.append((i, range_, np.broadcast_to(column, self.shape)))
                return True
        elif range_.doubtful(np.asarray(column, np.float64)) is not None:
            self.hopeless = True
        return False

    def block(self, start: int, stop: int) -> Positions | None:
        """Compute rows from start to stop; the positions within the block that need a closer look."""
        values, masks = self.values, []
        for i, range_, column in self.sliced:
            values[i] = column[start:stop]
            masks.append(range_.doubtful(values[i]))
        for i, *_ in self.derived:
            values[i] = None
        for i, range_, rule, needs, alike in self.derived:
            value = values[i] = rule(*[values[j] for j in needs])
            if not any(value is values[j] for j in alike):
                masks.append(range_.doubtful(np.asarray(value)))
        self.faulty = False
        masks.append(self._store(start, stop, np.asarray(self.body(*values))))
        shape = (stop - start, *self.shape[1:])
        doubts = [np.broadcast_to(mask, shape) for mask in masks if mask is not None]
        if self.faulty:
            return np.flatnonzero(self._faults(_any_of(doubts, shape)))
        return np.flatnonzero(_any_of(doubts, shape)) if doubts else None

    def note_fault(self, *_: Any) -> None:
        """numpy calls it; what follows the fault may hide it, as the lower of infinity and one does."""
        self.faulty = True

    def _faults(self, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The elements in which a step of the body failed: those known, those with a zero, else any."""
        arrays = {i: np.broadcast_to(v, known.shape) for i, v in enumerate(self.values) if isinstance(v, np.ndarray)}
        with_zero = _any_of([known, *(array == 0 for array in arrays.values())], known.shape)
        for suspects in (known, with_zero):
            self.faulty = False
            self.body(*[arrays[i][~suspects] if i in arrays else value for i, value in enumerate(self.values)])
            if not self.faulty:
                return suspects
        return np.full(known.shape, True)

    def _store(self, start: int, stop: int, result: NDArray[Any]) -> NDArray[np.bool_] | None:
        """Keep a block's values; which of them are not finite, None where all are."""
        lent = any(result is value for value in self.values)
        if result.shape == self.shape and result.base is None and result.flags.writeable and not lent:
            self.out = result  # one block is the whole: nothing to put together
        else:
            self.out = np.empty(self.shape, result.dtype) if self.out is None else self.out
            self.out[start:stop] = result
        if result.dtype.kind != "f" or not (self.faulty or self.refuses):
            return None  # finite arguments and no fault: no element can be infinite or NaN
        finite = np.isfinite(result)
        return None if finite.all() else ~finite

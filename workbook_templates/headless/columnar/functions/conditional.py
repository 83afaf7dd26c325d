"""Sums, counts, means and extremes of what meets criteria."""

from collections.abc import Callable, Sequence

import numpy as np

from workbook_templates.headless.columnar.context import Context
from workbook_templates.headless.columnar.functions.aggregates import finished, first_along, spread, total
from workbook_templates.headless.columnar.functions.patterns import Criterion, criterion, matching
from workbook_templates.headless.columnar.functions.registry import Implementation, native
from workbook_templates.headless.columnar.refusal import UnsupportedError
from workbook_templates.headless.columnar.values import (
    BLANK,
    DIV,
    ERROR,
    NUMBER,
    TEXT,
    VALUE,
    Faults,
    Floats,
    Mask,
    Values,
    element,
    error,
    fault,
    joined,
    settled,
    stacked,
)


def meets(context: Context, held: Values, asked: Values) -> Mask:
    """Which elements of a range meet a criterion: elements × cells × scenarios."""
    if asked.size != (1, 1):
        raise UnsupportedError("ARRAY", "a range of criteria")
    num, kind = spread(held)
    wanted, kinds = asked.num[0], asked.kinds[0]
    if kinds.size == 1 and int(kinds.flat[0]) != TEXT:
        return _plain(context, num, kind, int(kinds.flat[0]), wanted)
    if wanted.size == 1 and kinds.size == 1:
        one = criterion(context.string(wanted.flat[0]))
        return matching(context, num, kind, one, one.number)
    shape = np.broadcast_shapes(wanted.shape, kinds.shape)
    wanted, kinds = np.broadcast_to(wanted, shape), np.broadcast_to(kinds, shape)
    result: Mask = np.zeros((1, *shape[1:]), np.bool_)
    for other in {int(one) for one in np.unique(kinds)} - {TEXT}:
        result = np.where(kinds == other, _plain(context, num, kind, other, wanted), result)
    is_text = kinds == TEXT
    if is_text.any():
        result = np.where(is_text, _by_text(context, num, kind, np.where(is_text, wanted, context.texts.number(""))), result)
    return result


def _plain(context: Context, num: Floats, kind: int | np.ndarray, asked: int, operand: Floats) -> Mask:
    return matching(context, num, kind, Criterion("=", NUMBER if asked == BLANK else asked), operand)


def _by_text(context: Context, num: Floats, kind: int | np.ndarray, wanted: Floats) -> Mask:
    """Criteria that are texts and differ: those of one operator are compared together."""
    unique, places = np.unique(wanted, return_inverse=True)
    asked = [criterion(context.string(number)) for number in unique]
    result: Mask = np.zeros((1, *wanted.shape[1:]), np.bool_)
    alike: dict[Criterion, list[int]] = {}
    for i, one in enumerate(asked):
        alike.setdefault(Criterion(one.operator, one.kind, 0.0, one.text), []).append(i)
    operands = np.array([one.number for one in asked])[places].reshape(wanted.shape)
    group = np.empty(len(asked), np.intp)
    for i, members in enumerate(alike.values()):
        group[members] = i
    groups = group[places].reshape(wanted.shape)
    for i, one in enumerate(alike):
        result = np.where(groups == i, matching(context, num, kind, one, operands), result)
    return result


def _chosen(context: Context, pairs: Sequence[Values]) -> Mask | None:
    """Which elements meet all criteria; None where the ranges differ in size."""
    if len({held.size for held in pairs[::2]}) > 1:
        return None
    chosen: Mask = np.ones((1, 1, 1), np.bool_)
    for held, asked in zip(pairs[::2], pairs[1::2], strict=True):
        chosen = chosen & meets(context, held, asked)
    return chosen


def _criteria_faults(pairs: Sequence[Values]) -> None:
    if len(pairs) % 2:
        raise UnsupportedError("ARGUMENTS", "a range without its criterion")


def by_criterion(compute: Implementation, first: int) -> Implementation:
    """The function once for each element where criteria, every second argument from the first on, are arrays."""

    def spread_out(context: Context, *given: Values | None) -> Values:
        places = [i for i in range(first, len(given), 2) if given[i] is not None]
        sizes = [value.size for i in places if (value := given[i]) is not None]
        rows, columns = np.broadcast_shapes(*sizes) if sizes else (1, 1)
        if (rows, columns) == (1, 1):
            return compute(context, *given)
        lines = []
        for row in range(rows):
            line = []
            for column in range(columns):
                some = [element(v, row, column) if i in places and v is not None else v for i, v in enumerate(given)]
                line.append(compute(context, *some))
            lines.append(stacked(line, axis=1))
        return stacked(lines, axis=0)

    return spread_out


Reduce = Callable[[Context, Values, Mask], Values]


def _parts(held: Values, chosen: Mask) -> tuple[Floats, Mask, Faults | None]:
    """The floats of a range, which of them are numbers and chosen, the first error among the chosen."""
    num, kind = spread(held)
    if isinstance(kind, int):
        if kind == NUMBER:
            return num, chosen, None
        faults = (
            first_along(np.broadcast_to(chosen, np.broadcast_shapes(chosen.shape, num.shape)), num) if kind == ERROR else None
        )
        return num, np.zeros((1, 1, 1), np.bool_), faults
    return num, chosen & (kind == NUMBER), first_along(chosen & (kind == ERROR), num)


def _sum(context: Context, held: Values, chosen: Mask) -> Values:
    num, mask, faults = _parts(held, chosen)
    context.faulty = False
    return finished(context, _total(num, mask), faults)


def _total(num: Floats, mask: Mask) -> Floats:
    if mask.shape[1:] == (1, 1):  # the same elements in all scenarios: only these are added
        num = num[np.broadcast_to(mask[:, 0, 0], num.shape[:1])]
        return total(num) if num.shape[0] else np.zeros((1, 1, 1))
    return total(np.where(mask, num, 0.0))


def _average(context: Context, held: Values, chosen: Mask) -> Values:
    num, mask, faults = _parts(held, chosen)
    context.faulty = False
    count = _count(num, mask)
    faults = joined(faults, fault((count == 0)[None], DIV))
    return finished(context, _total(num, mask) / np.maximum(count, 1), faults)


def _count(num: Floats, mask: Mask) -> Floats:
    return np.asarray(np.broadcast_to(mask, (num.shape[0], *mask.shape[1:])).sum(axis=0, dtype=np.float64)[None])


def _extreme(pick: np.ufunc, none: float) -> Reduce:
    def extreme(context: Context, held: Values, chosen: Mask) -> Values:
        num, mask, faults = _parts(held, chosen)
        result = pick.reduce(np.where(mask, num, none), axis=0, keepdims=True)
        return settled(np.where(np.isfinite(result), result, 0.0)[None], faults)

    return extreme


def _single(name: str, reduce: Reduce) -> None:
    def single(context: Context, held: Values, asked: Values, target: Values | None) -> Values:
        target = held if target is None else target
        if target.size != held.size:
            raise UnsupportedError("ARGUMENTS", f"{name} of ranges that differ in size")
        return reduce(context, target, meets(context, held, asked))

    native(name, "rvr", 2)(by_criterion(single, 1))


def _several(name: str, reduce: Reduce) -> None:
    def several(context: Context, target: Values, *pairs: Values) -> Values:
        _criteria_faults(pairs)
        chosen = _chosen(context, pairs)
        if chosen is None or target.size != pairs[0].size:
            return error(VALUE)
        return reduce(context, target, chosen)

    native(name, "rrv", 3, repeated=2)(by_criterion(several, 2))


_single("SUMIF", _sum)
_single("AVERAGEIF", _average)
_several("SUMIFS", _sum)
_several("AVERAGEIFS", _average)
_several("MAXIFS", _extreme(np.maximum, -np.inf))
_several("MINIFS", _extreme(np.minimum, np.inf))


def _countifs(context: Context, *pairs: Values) -> Values:
    _criteria_faults(pairs)
    chosen = _chosen(context, pairs)
    if chosen is None:
        return error(VALUE)
    rows, columns = pairs[0].size
    count = np.broadcast_to(chosen, (rows * columns, *chosen.shape[1:])).sum(axis=0, dtype=np.float64)
    return Values(count[None, None])


native("COUNTIF", "rv")(by_criterion(_countifs, 1))
native("COUNTIFS", "rv", 2, repeated=2)(by_criterion(_countifs, 1))

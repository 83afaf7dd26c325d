"""Ranks, medians, percentiles, deviations: functions of the numbers of ranges."""

from collections.abc import Callable

import numpy as np

from workbook_templates.headless.columnar.context import Context
from workbook_templates.headless.columnar.functions.aggregates import finished, number_of, parts, spread, summed, total
from workbook_templates.headless.columnar.functions.registry import native
from workbook_templates.headless.columnar.refusal import UnsupportedError
from workbook_templates.headless.columnar.values import (
    DIV,
    ERROR,
    NA,
    NUM,
    NUMBER,
    Faults,
    Floats,
    Mask,
    Values,
    fault,
    first_faults,
    joined,
    settled,
    with_faults,
)


def _collected(context: Context, values: tuple[Values, ...]) -> tuple[Floats, Mask | None, Floats, Faults | None]:
    """All numbers along one axis, which of them count, how many, and the first error."""
    found, faults = parts(context, values)
    found = [(num if mask is None or mask.shape[1:] != (1, 1) else num[mask[:, 0, 0]], mask) for num, mask in found]
    found = [(num, None if mask is not None and mask.shape[1:] == (1, 1) else mask) for num, mask in found if num.shape[0]]
    if not found:
        return np.zeros((1, 1, 1)), np.zeros((1, 1, 1), np.bool_), np.zeros((1, 1, 1)), faults
    lanes = np.broadcast_shapes(*(num.shape[1:] for num, _ in found), *(m.shape[1:] for _, m in found if m is not None))
    nums = np.concatenate([np.broadcast_to(num, (num.shape[0], *lanes)) for num, _ in found])
    if all(mask is None for _, mask in found):
        return nums, None, np.full((1, 1, 1), float(nums.shape[0])), faults
    masks = [
        np.ones((num.shape[0], *lanes), np.bool_) if m is None else np.broadcast_to(m, (num.shape[0], *lanes))
        for num, m in found
    ]
    mask = np.concatenate(masks)
    return nums, mask, mask.sum(axis=0, dtype=np.float64)[None], faults


def _sorted(num: Floats, mask: Mask | None) -> Floats:
    """In order, what does not count at the end."""
    return np.sort(num if mask is None else np.where(mask, num, np.inf), axis=0)


def _at(ordered: Floats, place: Floats) -> Floats:
    """The element at a place counted from zero; between two places, between their elements."""
    lanes = np.broadcast_shapes(ordered.shape[1:], place.shape[2:])
    wide = np.broadcast_to(ordered, (ordered.shape[0], *lanes))
    shape = (*place.shape[:2], *lanes)
    flat_place = np.broadcast_to(np.clip(place, 0, ordered.shape[0] - 1), shape).reshape(-1, *lanes)
    low = np.floor(flat_place)
    share = flat_place - low
    first = np.take_along_axis(wide, low.astype(np.intp), axis=0)
    second = np.take_along_axis(wide, np.minimum(low + 1, ordered.shape[0] - 1).astype(np.intp), axis=0)
    found = np.where(share == 0, first, first + share * (np.where(share == 0, first, second) - first))
    return found.reshape(shape)


@native("MEDIAN", "r", 1, repeated=1)
def median(context: Context, *values: Values) -> Values:
    num, mask, count, faults = _collected(context, values)
    result = _at(_sorted(num, mask), ((count - 1) / 2)[None])
    return settled(np.where(np.isfinite(result), result, 0.0), joined(faults, fault((count == 0)[None], NUM)))


def _ranked(from_top: bool) -> Callable[..., Values]:
    def ranked(context: Context, held: Values, which: Values) -> Values:
        num, mask, count, faults = _collected(context, (held,))
        ordered = _sorted(num, mask)

        def pick(asked: Floats) -> tuple[Floats, tuple[Mask, float]]:
            place = np.trunc(asked)
            bad = (place < 1) | (place > count)
            element = _at(ordered, count - place if from_top else place - 1)
            return np.where(bad, 0.0, element), (bad, NUM)

        return with_faults(context.computed(pick, which), faults)

    return ranked


native("LARGE", "rv")(_ranked(True))
native("SMALL", "rv")(_ranked(False))


def _percentile(inclusive: bool, quartile: bool) -> Callable[..., Values]:
    def percentile(context: Context, held: Values, share: Values) -> Values:
        num, mask, count, faults = _collected(context, (held,))
        ordered = _sorted(num, mask)

        def pick(asked: Floats) -> tuple[Floats, tuple[Mask, float]]:
            part = np.trunc(asked) / 4 if quartile else asked
            place = part * (count - 1) if inclusive else part * (count + 1) - 1
            bad = (part < 0) | (part > 1) | (count == 0) | (place < 0) | (place > count - 1)
            return np.where(bad, 0.0, _at(ordered, np.where(bad, 0.0, place))), (bad, NUM)

        return with_faults(context.computed(pick, share), faults)

    return percentile


native("PERCENTILE PERCENTILE.INC", "rv")(_percentile(True, False))
native("PERCENTILE.EXC", "rv")(_percentile(False, False))
native("QUARTILE QUARTILE.INC", "rv")(_percentile(True, True))
native("QUARTILE.EXC", "rv")(_percentile(False, True))


def _variance(sample: bool, root: bool) -> Callable[..., Values]:
    def variance(context: Context, *values: Values) -> Values:
        found, faults = parts(context, values)
        context.faulty = False
        count = number_of(found)
        mean = summed(found) / np.maximum(count, 1)
        squares = summed([((num - mean) ** 2, mask) for num, mask in found])
        divisor = count - 1 if sample else count
        result = squares / np.maximum(divisor, 1)
        result = np.sqrt(result) if root else result
        return finished(context, result, joined(faults, fault((divisor < 1)[None], DIV)))

    return variance


native("STDEV STDEV.S", "r", 1, repeated=1)(_variance(True, True))
native("STDEVP STDEV.P", "r", 1, repeated=1)(_variance(False, True))
native("VAR VAR.S", "r", 1, repeated=1)(_variance(True, False))
native("VARP VAR.P", "r", 1, repeated=1)(_variance(False, False))


def _rank(average: bool) -> Callable[..., Values]:
    def rank(context: Context, value: Values, held: Values, order: Values | None) -> Values:
        number = context.number(value)
        num, kind = spread(held)
        counts: Mask = np.full((1, 1, 1), kind == NUMBER) if isinstance(kind, int) else kind == NUMBER
        way = context.number(order) if order is not None else Values(np.zeros((1, 1, 1, 1)))
        asked, up = number.num, way.num != 0
        if asked.shape[:2] != (1, 1):
            raise UnsupportedError("ARRAY", "the ranks of an array")
        before = np.where(up[0], num < asked[0], num > asked[0]) & counts
        same = (num == asked[0]) & counts
        ties = same.sum(axis=0, dtype=np.float64)[None, None]
        result = before.sum(axis=0, dtype=np.float64)[None, None] + 1
        faults = joined(first_faults((number, way)), fault(ties == 0, NA))
        if held.may_be(ERROR):
            faults = joined(first_faults((number, way)), joined(parts(context, [held])[1], faults))
        return settled(result + (np.maximum(ties, 1) - 1) / 2 if average else result, faults)

    return rank


native("RANK RANK.EQ", "vrv", 2)(_rank(False))
native("RANK.AVG", "vrv", 2)(_rank(True))


def _pairs(context: Context, first: Values, second: Values) -> tuple[Floats, Floats, Floats, Faults | None]:
    """The numbers of two ranges at the same places; a pair without two numbers does not count."""
    (a, kind_a), (b, kind_b) = spread(first), spread(second)
    faults = joined(parts(context, [first])[1], parts(context, [second])[1])
    if a.shape[0] != b.shape[0]:
        return (
            np.zeros((1, 1, 1)),
            np.zeros((1, 1, 1)),
            np.zeros((1, 1, 1)),
            joined(faults, fault(np.ones((1, 1, 1, 1), np.bool_), NA)),
        )
    both = np.ones((1, 1, 1), np.bool_) & (np.asarray(kind_a) == NUMBER) & (np.asarray(kind_b) == NUMBER)
    weight = np.broadcast_to(both, np.broadcast_shapes(both.shape, a.shape, b.shape)).astype(np.float64)
    return np.where(both, a, 0.0), np.where(both, b, 0.0), weight, faults


def _regression(compute: Callable[[Floats, Floats, Floats, Floats, Floats], tuple[Floats, Mask]]) -> Callable[..., Values]:
    """A figure of a line through points, from their means and sums of squares and products."""

    def regression(context: Context, ys: Values, xs: Values) -> Values:
        y, x, weight, faults = _pairs(context, ys, xs)
        context.faulty = False
        count = np.maximum(total(weight), 1)
        mean_x, mean_y = total(x * weight) / count, total(y * weight) / count
        dx, dy = (x - mean_x) * weight, (y - mean_y) * weight
        result, bad = compute(total(dx * dy), total(dx * dx), total(dy * dy), mean_x, mean_y)
        return finished(context, np.where(bad, 0.0, result), joined(faults, fault(bad[None], DIV)))

    return regression


def _safe(divisor: Floats) -> Floats:
    return np.where(divisor == 0, 1.0, divisor)


native("SLOPE", "rr")(_regression(lambda xy, xx, yy, mx, my: (xy / _safe(xx), xx == 0)))
native("INTERCEPT", "rr")(_regression(lambda xy, xx, yy, mx, my: (my - xy / _safe(xx) * mx, xx == 0)))
native("CORREL PEARSON", "rr")(_regression(lambda xy, xx, yy, mx, my: (xy / np.sqrt(_safe(xx * yy)), xx * yy == 0)))
native("RSQ", "rr")(_regression(lambda xy, xx, yy, mx, my: (xy * xy / _safe(xx * yy), xx * yy == 0)))


@native("FORECAST FORECAST.LINEAR", "vrr")
def forecast(context: Context, at: Values, ys: Values, xs: Values) -> Values:
    slope = _regression(lambda xy, xx, yy, mx, my: (xy / _safe(xx), xx == 0))(context, ys, xs)
    base = _regression(lambda xy, xx, yy, mx, my: (my - xy / _safe(xx) * mx, xx == 0))(context, ys, xs)
    return context.computed(lambda x, a, b: a + b * x, at, base, slope)

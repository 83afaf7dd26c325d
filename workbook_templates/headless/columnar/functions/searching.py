"""Where a value lies in a row or column, for each cell and scenario."""

from dataclasses import dataclass

import numpy as np

from workbook_templates.headless.columnar.context import Context
from workbook_templates.headless.columnar.functions.aggregates import spread
from workbook_templates.headless.columnar.functions.patterns import has_wildcards, matches, pattern
from workbook_templates.headless.columnar.operators import collated
from workbook_templates.headless.columnar.values import BLANK, BOOL, ERROR, NUMBER, TEXT, Floats, Kinds, Mask, Values, any_of


@dataclass(frozen=True, slots=True)
class Found:
    """Places counted from zero, and whether there is one; both with the four axes of values."""

    place: Floats
    mask: Mask


def _lanes(array: np.ndarray) -> np.ndarray:
    """Elements × 1 × 1 × cells × scenarios, to be held against keys of four axes."""
    return array[:, None, None]


def exact(context: Context, held: Values, key: Values, wild: bool = True, last: bool = False) -> Found:
    """The first, or last, element equal to the key; a text may hold wildcards."""
    num, kind = spread(held)
    kinds = np.full((1, 1, 1), kind, np.uint8) if isinstance(kind, int) else kind
    if num.shape[1:] == (1, 1) and kinds.shape[1:] == (1, 1):
        return _exact_fixed(context, num[:, 0, 0], np.broadcast_to(kinds[:, 0, 0], num.shape[:1]), key, wild, last)
    if key.are(NUMBER) and isinstance(kind, int) and kind == NUMBER:
        return _first(_lanes(num) == key.num, last)
    return _exact_moving(context, num, kinds, key, wild, last)


def _first(equal: Mask, last: bool) -> Found:
    count = equal.shape[0]
    place = count - 1 - equal[::-1].argmax(axis=0) if last else equal.argmax(axis=0)
    return Found(place.astype(np.float64), any_of(equal))


def _exact_fixed(context: Context, num: Floats, kinds: Kinds, key: Values, wild: bool, last: bool) -> Found:
    """In a vector that is the same in all scenarios: sorted once, searched by halves."""
    shape = np.broadcast_shapes(key.num.shape, key.kinds.shape)
    place, mask = np.zeros(shape), np.zeros(shape, np.bool_)
    for kind in (NUMBER, BOOL, BLANK):
        some = np.flatnonzero(kinds == kind)
        if not some.size or not key.may_be(kind):
            continue
        order = some[np.argsort(num[some], kind="stable")]
        side = np.searchsorted(num[order], key.num, "right" if last else "left") - last
        at = order[np.clip(side, 0, order.size - 1)]
        hit = np.broadcast_to((num[at] == key.num) & (key.kinds == kind), shape)
        place, mask = np.where(hit, at, place), mask | hit
    if key.may_be(TEXT) and (kinds == TEXT).any():
        texts = [(int(i), context.string(num[i])) for i in np.flatnonzero(kinds == TEXT)]
        texts = texts[::-1] if last else texts
        first: dict[str, int] = {}
        for i, text in texts:
            first.setdefault(text.casefold(), i)

        def find(text: str) -> float:
            if wild and has_wildcards(text):
                wanted = pattern(text)
                return float(next((i for i, other in texts if wanted.fullmatch(other)), -1))
            return float(first.get(text.casefold(), -1))

        is_text = np.broadcast_to(key.kinds == TEXT, shape)
        found = context.texts.mapped(np.where(is_text, key.num, context.texts.number("")), find)
        hit = is_text & (found >= 0)
        place, mask = np.where(hit, found, place), mask | hit
    return Found(place, mask)


def _exact_moving(context: Context, num: Floats, kinds: Kinds, key: Values, wild: bool, last: bool) -> Found:
    equal = (_lanes(kinds) == key.kinds) & (_lanes(num) == key.num) & (key.kinds != ERROR)
    if key.may_be(TEXT) and (kinds == TEXT).any():
        empty = context.texts.number("")
        is_text = key.kinds == TEXT
        folded = context.folded(np.where(is_text, key.num, empty))
        held = context.folded(np.where(kinds == TEXT, num, empty))
        both = is_text & (_lanes(kinds) == TEXT)
        equal = np.where(both, _lanes(held) == folded, equal)
        if wild:
            asked = np.where(is_text, key.num, empty)
            for number in np.unique(asked):
                text = context.string(number)
                if has_wildcards(text):
                    like = context.texts.mapped(np.where(kinds == TEXT, num, empty), matches(text))
                    equal = np.where(both & (asked == number), _lanes(like) != 0, equal)
    return _first(equal, last)


def sorted_match(context: Context, held: Values, key: Values, ascending: bool) -> Found:
    """The last element that is not beyond the key, in a sorted vector; elements of another kind are passed over."""
    num, kind = spread(held)
    kinds = np.full((1, 1, 1), kind, np.uint8) if isinstance(kind, int) else kind
    if kinds.shape[1:] != (1, 1) and (kinds == kinds[:, :1, :1]).all():
        kinds = kinds[:, :1, :1]
    kinds = np.broadcast_to(kinds, (num.shape[0], *kinds.shape[1:]))
    shape = np.broadcast_shapes(key.num.shape, key.kinds.shape, (1, 1, *num.shape[1:]), (1, 1, *kinds.shape[1:]))
    place, mask = np.zeros(shape), np.zeros(shape, np.bool_)
    for asked in (NUMBER, TEXT, BOOL):
        if not key.may_be(asked):
            continue
        if kinds.shape[1:] == (1, 1):
            some = np.flatnonzero(kinds[:, 0, 0] == asked)
            if not some.size:
                continue
            values, wanted = _ordered(context, num[some], key, asked)
            at = _halved(values, wanted, ascending)
            spot = some[np.clip(at, 0, some.size - 1)]
        else:
            values, wanted = _ordered(
                context, np.where(kinds == asked, num, context.texts.number("") * (asked == TEXT)), key, asked
            )
            counts = np.broadcast_to(kinds == asked, np.broadcast_shapes(kinds.shape, values.shape))
            spot = at = _ascending(values, counts, wanted) if ascending else _descending(values, counts, wanted)
        hit = np.broadcast_to((key.kinds == asked) & (at >= 0), shape)
        place, mask = np.where(hit, spot, place), mask | hit
    return Found(place, mask)


def _ordered(context: Context, num: Floats, key: Values, kind: int) -> tuple[Floats, Floats]:
    """Elements and keys as floats that compare as the values do."""
    if kind != TEXT:
        return num, key.num
    asked = np.where(key.kinds == TEXT, key.num, context.texts.number(""))
    words = sorted({collated(context.string(number)) for number in np.unique(np.concatenate((num.ravel(), asked.ravel())))})
    rank = {word: float(i) for i, word in enumerate(words)}
    return tuple(context.texts.mapped(some, lambda text: rank[collated(text)]) for some in (num, asked))  # type: ignore[return-value]


def _halved(values: Floats, wanted: Floats, ascending: bool) -> np.ndarray:
    """Excel's search by halves: the last element up to the key, -1 where there is none."""
    if not ascending:
        return _descending(values, np.ones(values.shape, np.bool_), wanted)
    if values.shape[1:] == (1, 1) and (np.diff(values[:, 0, 0]) >= 0).all():
        return np.searchsorted(values[:, 0, 0], wanted, "right") - 1
    lanes = np.broadcast_shapes(values.shape[1:], wanted.shape[2:])
    values = np.broadcast_to(values, (values.shape[0], *lanes))
    wanted = np.broadcast_to(wanted, (*wanted.shape[:2], *lanes))
    low = np.zeros(wanted.shape, np.intp)
    high = np.full(wanted.shape, values.shape[0], np.intp)
    for _ in range(values.shape[0].bit_length()):
        middle = np.minimum((low + high) // 2, values.shape[0] - 1)
        here = np.take_along_axis(values, middle.reshape(-1, *lanes), axis=0).reshape(middle.shape)
        searching = low < high
        up = searching & (here <= wanted)
        low, high = np.where(up, middle + 1, low), np.where(searching & ~up, middle, high)
    return low - 1


def _ascending(values: Floats, counts: Mask, wanted: Floats) -> np.ndarray:
    """The same, one element after the other, where the kinds of the elements change between scenarios."""
    place = np.full(np.broadcast_shapes(wanted.shape, (1, 1, *values.shape[1:])), -1, np.intp)
    going = np.ones(place.shape, np.bool_)
    for i in range(values.shape[0]):
        going &= (values[i] <= wanted) | ~counts[i]
        place = np.where(going & counts[i], i, place)
    return place


def _descending(values: Floats, counts: Mask, wanted: Floats) -> np.ndarray:
    """One element after the other while they are not below the key, the first that is equal to it ending the search."""
    place = np.full(np.broadcast_shapes(wanted.shape, (1, 1, *values.shape[1:])), -1, np.intp)
    going = np.ones(place.shape, np.bool_)
    for i in range(values.shape[0]):
        going &= (values[i] >= wanted) | ~counts[i]
        place = np.where(going & counts[i], i, place)
        going &= (values[i] != wanted) | ~counts[i]
        if not going.any():
            break
    return place


def next_in_order(context: Context, held: Values, key: Values, smaller: bool, last: bool) -> Found:
    """The nearest element below, or above, the key in a vector of any order."""
    num, kind = spread(held)
    kinds = np.full((1, 1, 1), kind, np.uint8) if isinstance(kind, int) else kind
    shape = np.broadcast_shapes(key.num.shape, key.kinds.shape, (1, 1, *num.shape[1:]), (1, 1, *kinds.shape[1:]))
    place, mask = np.zeros(shape), np.zeros(shape, np.bool_)
    for asked in (NUMBER, TEXT):
        if not key.may_be(asked) or not (kinds == asked).any():
            continue
        some = np.where(kinds == asked, num, context.texts.number("") * (asked == TEXT))
        values, wanted = _ordered(context, some, key, asked)
        best = np.full(shape, -np.inf if smaller else np.inf)
        counts = np.broadcast_to(kinds == asked, np.broadcast_shapes(kinds.shape, values.shape))
        for i in range(values.shape[0]):
            inside = (values[i] <= wanted) if smaller else (values[i] >= wanted)
            nearer = (values[i] > best) if smaller else (values[i] < best)
            nearer = nearer | ((values[i] == best) if last else False)
            hit = inside & nearer & counts[i] & (key.kinds == asked)
            best, place, mask = np.where(hit, values[i], best), np.where(hit, i, place), mask | hit
    return Found(place, mask)

"""The operators of formulas, element by element."""

from collections.abc import Callable

import numpy as np

from workbook_templates.headless.columnar.context import Context
from workbook_templates.headless.columnar.values import (
    BLANK,
    BOOL,
    DIV,
    NUM,
    NUMBER,
    TEXT,
    Floats,
    Kinds,
    Mask,
    Values,
    first_faults,
    settled,
)

TINY = 5e-15
"""Numbers that differ by a larger share differ within 15 digits."""


def add(context: Context, left: Values, right: Values) -> Values:
    return context.computed(np.add, left, right)


def subtract(context: Context, left: Values, right: Values) -> Values:
    return context.computed(np.subtract, left, right)


def multiply(context: Context, left: Values, right: Values) -> Values:
    return context.computed(np.multiply, left, right)


def divide(context: Context, left: Values, right: Values) -> Values:
    return context.computed(lambda a, b: (a / b, (b == 0, DIV)) if (b == 0).any() else a / b, left, right)


def power(context: Context, left: Values, right: Values) -> Values:
    return context.computed(powered, left, right)


def powered(base: Floats, exponent: Floats) -> Floats | tuple[Floats, tuple[Mask, float], tuple[Mask, float]]:
    """A power as Excel has it: of zero, #NUM! to the zeroth and #DIV/0! to the negative; odd roots of negatives exist."""
    if exponent.size == 1 and exponent.flat[0] in (1.0, 2.0, 3.0):
        return base if exponent.flat[0] == 1 else base * base if exponent.flat[0] == 2 else base * base * base
    if base.min() > 0:
        return np.asarray(np.power(base, exponent))
    result = np.power(base, exponent)
    with np.errstate(all="ignore"):
        order = np.rint(1 / exponent)
        is_root = (base < 0) & (exponent != np.floor(exponent)) & (np.abs(order * exponent - 1) < 1e-15) & (order % 2 != 0)
        result = np.where(is_root, -np.power(np.abs(base), exponent), result)
    return result, ((base == 0) & (exponent == 0), NUM), ((base == 0) & (exponent < 0), DIV)


def negative(context: Context, value: Values) -> Values:
    return context.computed(np.negative, value)


def percent(context: Context, value: Values) -> Values:
    return context.computed(lambda a: a / 100, value)


def join(context: Context, left: Values, right: Values) -> Values:
    """The & operator."""
    left, right = context.text(left), context.text(right)
    return context.strings(lambda a, b: a + b, left, right)


def nearly_equal(a: Floats, b: Floats, equal: Mask) -> Mask:
    """Numbers that are the same in 15 digits, which is as far as Excel compares them."""
    near = ~equal & (np.abs(a - b) <= TINY * np.abs(a))
    if near.any():
        near = np.broadcast_to(near, equal.shape).copy()
        wide_a, wide_b = np.broadcast_to(a, equal.shape), np.broadcast_to(b, equal.shape)
        for place in zip(*np.nonzero(near), strict=True):
            near[place] = f"{wide_a[place]:.14e}" == f"{wide_b[place]:.14e}"
        return equal | near
    return equal


def order(context: Context, left: Values, right: Values) -> tuple[Floats, Floats]:
    """Floats that compare as the values do: numbers before texts before truth values, a blank as its partner's empty value."""
    kinds_left, kinds_right = _unblanked(left.kinds, right.kinds), _unblanked(right.kinds, left.kinds)
    shape = np.broadcast_shapes(left.num.shape, right.num.shape, kinds_left.shape, kinds_right.shape)
    nums = [np.broadcast_to(value.num, shape).copy() for value in (left, right)]
    kinds = [np.broadcast_to(kind, shape) for kind in (kinds_left, kinds_right)]
    for num, kind, value in zip(nums, kinds, (left, right), strict=True):
        num[(kind == TEXT) & np.broadcast_to(value.kinds == BLANK, shape)] = context.texts.number("")
    pieces = [num[kind == TEXT] for num, kind in zip(nums, kinds, strict=True)]
    if pieces[0].size or pieces[1].size:
        numbers = np.unique(np.concatenate(pieces))
        words = sorted({collated(context.string(number)) for number in numbers})
        rank = {word: float(i) for i, word in enumerate(words)}
        for num, kind in zip(nums, kinds, strict=True):
            mask = kind == TEXT
            num[mask] = context.texts.mapped(num[mask], lambda text: rank[collated(text)])
    differ = kinds[0] != kinds[1]
    if differ.any():
        for num, kind in zip(nums, kinds, strict=True):
            num[differ] = np.array([0.0, 0.0, 1.0, 2.0, 3.0])[kind[differ]]
    return nums[0], nums[1]


SIGNS = """0123456789 !"#$%&()*,./:;?@[\\]^_`{|}~+<=>"""
"""Signs in the order in which Microsoft documents that they are sorted, before the letters."""
RANKS = {sign: i for i, sign in enumerate(SIGNS)}


def collated(text: str) -> tuple[tuple[tuple[int, str], ...], str]:
    """What texts are ordered by: case does not matter; hyphens and apostrophes only between texts that are else alike."""
    folded = text.casefold()
    return tuple((RANKS.get(sign, len(SIGNS)), sign) for sign in folded if sign not in "-'"), folded


def _unblanked(kind: Kinds, other: Kinds) -> Kinds:
    return np.where(kind == BLANK, np.where(other == BLANK, np.uint8(NUMBER), other), kind)


def comparison(compare: Callable[[Floats, Floats], Mask], holds_if_equal: bool) -> Callable[[Context, Values, Values], Values]:
    """A comparison of two values."""

    def compared(context: Context, left: Values, right: Values) -> Values:
        a, b = left.num, right.num
        plain = all(value.are(NUMBER) or value.are(BLANK) for value in (left, right))
        if not plain:
            a, b = order(context, left, right)
        equal = a == b
        same = nearly_equal(a, b, equal)
        result = (compare(a, b) | same) if holds_if_equal else (compare(a, b) & ~same)
        return settled(result.astype(np.float64), None if plain else first_faults((left, right)), BOOL)

    return compared


INFIX: dict[str, Callable[[Context, Values, Values], Values]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "^": power,
    "&": join,
    "=": comparison(np.equal, True),
    "<>": comparison(np.not_equal, False),
    "<": comparison(np.less, False),
    ">": comparison(np.greater, False),
    "<=": comparison(np.less_equal, True),
    ">=": comparison(np.greater_equal, True),
}


def without_noise(value: Values, left: Values, right: Values, minus: bool) -> Values:
    """A last sum or difference whose operands cancel but for noise in the sixteenth digit is zero, as Excel has it."""
    if not all(held.are(NUMBER) for held in (value, left, right)):
        return value
    size, most = np.abs(value.num), np.abs(left.num).max()
    if size.min() > TINY * most or most == 0:
        return value
    near = (size <= TINY * np.abs(left.num)) & (value.num != 0)
    if not near.any():
        return value
    b = right.num if minus else -right.num
    same = nearly_equal(left.num, b, np.broadcast_to(left.num == b, value.num.shape))
    return Values(np.where(same, 0.0, value.num))

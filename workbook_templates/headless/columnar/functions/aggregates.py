"""Sums, means, extremes and counts over ranges and values."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from workbook_templates.headless.columnar.context import Context
from workbook_templates.headless.columnar.functions.registry import native
from workbook_templates.headless.columnar.refusal import UnsupportedError
from workbook_templates.headless.columnar.values import (
    BLANK,
    BOOL,
    DIV,
    ERROR,
    NUM,
    NUMBER,
    SINGLE,
    TEXT,
    VALUE,
    Faults,
    Floats,
    Kinds,
    Mask,
    Values,
    any_of,
    error,
    fault,
    joined,
    settled,
)

Array = TypeVar("Array", Floats, Mask, Kinds)
Part = tuple[Floats, Mask | None]
"""Elements × cells × scenarios, and which of them count: all where there is no mask."""


def flat(array: Array) -> Array:
    """Rows and columns as one axis, in reading order."""
    return array.reshape(-1, *array.shape[2:])


def spread(value: Values) -> tuple[Floats, int | Kinds]:
    """The floats and kinds of a range, its elements along the first axis."""
    if isinstance(value.kind, int):
        return flat(value.num), value.kind
    shape = np.broadcast_shapes(value.num.shape, value.kind.shape)
    num = value.num if value.num.shape[:2] == shape[:2] else np.broadcast_to(value.num, (*shape[:2], *value.num.shape[2:]))
    kind = value.kind if value.kind.shape[:2] == shape[:2] else np.broadcast_to(value.kind, (*shape[:2], *value.kind.shape[2:]))
    return flat(num), flat(kind)


def _flat_faults(faults: Faults) -> Faults:
    mask, codes = faults
    shape = np.broadcast_shapes(mask.shape, codes.shape)
    return flat(np.broadcast_to(mask, shape)), flat(np.broadcast_to(codes, shape))


def first_along(mask: Mask, codes: Floats) -> Faults | None:
    """The first fault along the first axis."""
    if not mask.any():
        return None
    shape = np.broadcast_shapes(mask.shape, codes.shape)
    mask, codes = np.broadcast_to(mask, shape), np.broadcast_to(codes, shape)
    place = mask.argmax(axis=0)[None]
    return any_of(mask)[None, None], np.take_along_axis(codes, place, axis=0)[None]


def parts(context: Context, values: Sequence[Values | None]) -> tuple[list[Part], Faults | None]:
    """The numbers of the arguments, and the first error among them.

    Of a range only numbers count; a value that is given itself must be a number or read as one.
    """
    found: list[Part] = []
    faults: Faults | None = None
    for value in values:
        if value is None:
            continue
        if value.is_many:
            num, kind = spread(value)
            if isinstance(kind, int):
                if kind == NUMBER:
                    found.append((num, None))
                elif kind == ERROR:
                    faults = joined(faults, first_along(np.ones(num.shape, np.bool_), num))
                continue
            faults = joined(faults, first_along(kind == ERROR, num))
            found.append((num, kind == NUMBER))
        else:
            number = context.number(value)
            if number.may_be(ERROR):
                faults = joined(faults, first_along(flat(number.where(ERROR)), flat(number.num)))
            found.append((flat(number.num), None))
    return found, faults


def total(terms: Floats) -> Floats:
    """The sum along the first axis, one term after the other as Excel adds them.

    numpy adds in pairs where only one sum is asked for, in this order where there are many.
    """
    if not terms.size:
        return np.zeros((1, 1, 1))
    if terms.size == terms.shape[0]:
        return np.add.accumulate(terms, axis=0)[-1:]
    return np.add.reduce(terms, axis=0, keepdims=True)


def counted(num: Floats, mask: Mask | None, instead: float) -> Floats:
    """The elements, another number in place of those that do not count."""
    return num if mask is None else np.where(mask, num, instead)


def summed(found: Sequence[Part]) -> Floats:
    """The sum of all parts."""
    result: Floats = np.zeros((1, 1, 1))
    for i, (num, mask) in enumerate(found):
        if mask is not None and mask.shape[1:] == (1, 1):
            num, mask = num[mask[:, 0, 0]], None
        if num.shape[0]:
            part = total(counted(num, mask, 0.0))
            result = part if i == 0 else result + part
    return result


def number_of(found: Sequence[Part]) -> Floats:
    """How many elements count."""
    result: Floats = np.zeros((1, 1, 1))
    for num, mask in found:
        result = result + (num.shape[0] if mask is None else mask.sum(axis=0, dtype=np.float64)[None])
    return result


def finished(context: Context, num: Floats, faults: Faults | None) -> Values:
    """A result, its overflows #NUM!."""
    num = num[None]
    if context.faulty:
        bad = ~np.isfinite(num)
        if bad.any():
            faults = joined(faults, fault(bad, NUM))
            num = np.where(bad, 0.0, num)
    return settled(num, faults)


@native("SUM", "r", 1, repeated=1)
def sum_(context: Context, *values: Values) -> Values:
    found, faults = parts(context, values)
    context.faulty = False
    return finished(context, summed(found), faults)


@native("AVERAGE", "r", 1, repeated=1)
def average(context: Context, *values: Values) -> Values:
    found, faults = parts(context, values)
    context.faulty = False
    count = number_of(found)
    result = summed(found) / np.maximum(count, 1)
    return finished(context, result, joined(faults, fault((count == 0)[None], DIV)))


@native("PRODUCT", "r", 1, repeated=1)
def product(context: Context, *values: Values) -> Values:
    found, faults = parts(context, values)
    context.faulty = False
    result: Floats = np.ones((1, 1, 1))
    for num, mask in found:
        for term in counted(num, mask, 1.0):
            result = result * term
    return finished(context, np.where(number_of(found) == 0, 0.0, result), faults)


def _extreme(pick: Callable[[Floats, Floats], Floats], none: float) -> Callable[..., Values]:
    def extreme(context: Context, *values: Values) -> Values:
        if len(values) == 1 or not all(value.num.shape[:2] == (1, 1) for value in values):
            found, faults = parts(context, values)
            result: Floats | None = None
            for num, mask in found:
                if num.shape[0]:
                    reduced = pick.reduce(counted(num, mask, none), axis=0, keepdims=True)  # type: ignore[attr-defined]
                    result = reduced if result is None else pick(result, reduced)
            result = np.zeros((1, 1, 1)) if result is None else np.where(np.isfinite(result), result, 0.0)
            return settled(result[None], faults)
        if all(value.are(NUMBER) for value in values):
            result = values[0].num
            for value in values[1:]:
                result = pick(result, value.num)
            return Values(result)
        found, faults = parts(context, values)
        result = np.full((1, 1, 1), none)
        for num, mask in found:
            result = pick(result, counted(num, mask, none))
        return settled(np.where(np.isfinite(result), result, 0.0)[None], faults)

    return extreme


native("MAX", "r", 1, repeated=1)(_extreme(np.maximum, -np.inf))
native("MIN", "r", 1, repeated=1)(_extreme(np.minimum, np.inf))


@native("COUNT", "r", 1, repeated=1)
def count(context: Context, *values: Values) -> Values:
    """How many numbers there are; of what is given itself, also what reads as a number."""
    result: Floats = np.zeros((1, 1, 1))
    for value in values:
        if value.is_many:
            num, kind = spread(value)
            if isinstance(kind, int):
                result = result + (num.shape[0] if kind == NUMBER else 0)
            else:
                result = result + (kind == NUMBER).sum(axis=0, dtype=np.float64)[None]
        else:
            result = result + flat(context.number(value).where(ERROR) == 0).astype(np.float64)
    return Values(result[None])


@native("COUNTA", "r", 1, repeated=1)
def counta(context: Context, *values: Values) -> Values:
    result: Floats = np.zeros((1, 1, 1))
    for value in values:
        num, kind = spread(value)
        if isinstance(kind, int):
            result = result + (0 if kind == BLANK and value.is_many else num.shape[0])
        else:
            result = result + (kind != BLANK).sum(axis=0, dtype=np.float64)[None]
    return Values(result[None])


@native("COUNTBLANK", "r")
def countblank(context: Context, value: Values) -> Values:
    """Blanks and empty texts."""
    num, kind = spread(value)
    kinds = np.full((1, 1, 1), kind, np.uint8) if isinstance(kind, int) else kind
    empty = (kinds == BLANK) | ((kinds == TEXT) & (num == context.texts.number("")))
    return Values(np.broadcast_to(empty, np.broadcast_shapes(empty.shape, num.shape)).sum(axis=0, dtype=np.float64)[None, None])


@native("SUMPRODUCT", "a", 1, repeated=1)
def sumproduct(context: Context, *values: Values) -> Values:
    """Products of elements at the same place, what is no number counting as zero."""
    sizes = {value.size for value in values}
    if len(sizes) > 1:
        return error(VALUE)
    faults: Faults | None = None
    product_: Floats | None = None
    context.faulty = False
    for value in values:
        num, kind = spread(value)
        if isinstance(kind, int):
            if kind == ERROR:
                faults = joined(faults, first_along(np.ones(num.shape, np.bool_), num))
            if kind != NUMBER:
                num = np.zeros((num.shape[0], 1, 1))
        else:
            faults = joined(faults, first_along(kind == ERROR, num))
            num = np.where(kind == NUMBER, num, 0.0)
        product_ = num if product_ is None else product_ * num
    if product_ is None:
        raise UnsupportedError("ARGUMENTS", "SUMPRODUCT without arguments")
    return finished(context, total(product_), faults)


@native("SUMSQ", "r", 1, repeated=1)
def sumsq(context: Context, *values: Values) -> Values:
    found, faults = parts(context, values)
    context.faulty = False
    return finished(context, summed([(num * num, mask) for num, mask in found]), faults)


def _logical(combine: Callable[..., Mask], start: bool) -> Callable[..., Values]:
    """AND, OR, XOR: over numbers and truth values; texts and blanks in ranges do not count."""

    def logical(context: Context, *values: Values) -> Values:
        result: Mask = np.full((1, 1, 1), start)
        seen: Mask = np.zeros((1, 1, 1), np.bool_)
        faults: Faults | None = None
        for value in values:
            if value.is_many:
                num, kind = spread(value)
                kinds = np.full((1, 1, 1), kind, np.uint8) if isinstance(kind, int) else kind
                if (kinds == ERROR).any():
                    faults = joined(faults, first_along(kinds == ERROR, num))
                counts = (kinds == NUMBER) | (kinds == BOOL)
                if counts.all():
                    holds, seen = num != 0, np.ones((1, 1, 1), np.bool_)
                else:
                    holds = np.where(counts, num != 0, start)
                    seen = seen | any_of(np.broadcast_to(counts, np.broadcast_shapes(counts.shape, num.shape)))[None]
            else:
                mask, bad = context.truth(value)
                holds, seen = flat(mask), np.ones((1, 1, 1), np.bool_)
                if bad is not None:
                    faults = joined(faults, first_along(*_flat_faults(bad)))
            for term in holds:
                result = combine(result, term)
        if not seen.all():
            faults = joined(faults, fault(~seen[None], VALUE))
        return settled(result[None].astype(np.float64), faults, BOOL)

    return logical


native("AND", "r", 1, repeated=1)(_logical(np.logical_and, True))
native("OR", "r", 1, repeated=1)(_logical(np.logical_or, False))
native("XOR", "r", 1, repeated=1)(_logical(np.logical_xor, False))


@native("NOT", "v")
def not_(context: Context, value: Values) -> Values:
    holds, faults = context.truth(value)
    return settled((~holds).astype(np.float64), faults, BOOL)


TRUE_VALUE, FALSE_VALUE = Values(np.ones(SINGLE), BOOL), Values(np.zeros(SINGLE), BOOL)
native("TRUE", "")(lambda context: TRUE_VALUE)
native("FALSE", "")(lambda context: FALSE_VALUE)

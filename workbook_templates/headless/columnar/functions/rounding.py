"""Rounding, remainders, powers, logarithms, trigonometry: functions of numbers, element by element."""

from collections.abc import Callable
from typing import Any

import numpy as np

from workbook_templates.headless.columnar.context import Context
from workbook_templates.headless.columnar.functions.registry import native
from workbook_templates.headless.columnar.operators import powered
from workbook_templates.headless.columnar.values import DIV, NUM, SINGLE, Floats, Mask, Values

Result = Floats | tuple[Any, ...]
NOISE = 1e-15
"""The share by which a number may miss a decimal of 15 digits that is meant."""

ZERO, ONE, TEN = (Values(np.full(SINGLE, number)) for number in (0.0, 1.0, 10.0))


def elementwise(names: str, count: int, compute: Callable[..., Result], *defaults: Values) -> None:
    """Enter a function of so many numbers, the last ones with defaults."""

    def function(context: Context, *args: Values | None) -> Values:
        missing = count - len(defaults)
        given = [defaults[i - missing] if arg is None else arg for i, arg in enumerate(args)]
        return context.computed(compute, *given)

    native(names, "v" * count, count - len(defaults))(function)


def snapped(quotient: Floats) -> Floats:
    """Quotients that miss a whole number by noise alone, as that number."""
    whole = np.rint(quotient)
    return np.where(np.abs(quotient - whole) <= 1e-15 * np.abs(quotient) * 4, whole, quotient)


def _scaled(direction: Callable[[Floats], Floats]) -> Callable[[Floats, Floats], Floats]:
    """Rounding of the magnitude after as many decimals as asked for."""

    def rounded(number: Floats, digits: Floats) -> Floats:
        if digits.size == 1 and digits.flat[0] == 0:
            return np.copysign(direction(_decimal(np.abs(number))), number) + 0.0
        digits = np.clip(np.trunc(digits), -308, 308)
        # a power of ten is exact up to 22; a negative one is not, so it divides
        up, down = 10.0 ** np.maximum(digits, 0), 10.0 ** np.maximum(-digits, 0)
        size = _decimal(np.abs(number) * up / down)
        result = np.copysign(direction(size), number) / up * down
        return np.where((digits > 15) | ~np.isfinite(size), number, result) + 0.0

    return rounded


def _decimal(size: Floats) -> Floats:
    """Numbers that miss a whole one or a half by noise alone, as that one."""
    near = np.rint(size * 2) * 0.5
    is_noise = np.abs(size - near) <= size * NOISE
    return np.where(is_noise, near, size)


def _half_up(size: Floats) -> Floats:
    """To the nearest whole number, halves up; floor(x + 0.5) would lift 0.49999999999999994."""
    low = np.floor(size)
    return low + (size - low >= 0.5)


round_half_up, round_up, round_down = _scaled(_half_up), _scaled(np.ceil), _scaled(np.floor)
elementwise("ROUND", 2, round_half_up)
elementwise("ROUNDUP", 2, round_up)
elementwise("ROUNDDOWN", 2, round_down)
elementwise("TRUNC", 2, round_down, ZERO)
elementwise("INT", 1, np.floor)
elementwise("ABS", 1, np.abs)
elementwise("SIGN", 1, np.sign)
elementwise("SQRT", 1, np.sqrt)
elementwise("EXP", 1, np.exp)
elementwise("LN", 1, np.log)
elementwise("LOG10", 1, np.log10)
elementwise("POWER", 2, powered)
for _name in "sin cos tan sinh cosh tanh degrees radians".split():
    elementwise(_name.upper(), 1, getattr(np, _name))
for _name, _compute in (("ASIN", np.arcsin), ("ACOS", np.arccos), ("ATAN", np.arctan), ("ASINH", np.arcsinh)):
    elementwise(_name, 1, _compute)
elementwise("ATAN2", 2, lambda x, y: (np.arctan2(y, x), ((x == 0) & (y == 0), DIV)))

PI = Values(np.full(SINGLE, np.pi))
native("PI", "")(lambda context: PI)


def _log(number: Floats, base: Floats) -> Result:
    if base.size == 1 and base.flat[0] == 10.0:
        return np.asarray(np.log10(number))
    return np.log(number) / np.log(base), ((number <= 0) | (base <= 0), NUM), (base == 1, DIV)


elementwise("LOG", 2, _log, TEN)


def _mod(number: Floats, divisor: Floats) -> Result:
    result = number - divisor * np.floor(number / divisor)
    return result, (divisor == 0, DIV)


elementwise("MOD", 2, _mod)
elementwise("QUOTIENT", 2, lambda a, b: (np.trunc(a / b), (b == 0, DIV)))


def _wrong_sign(number: Floats, step: Floats) -> tuple[Mask, float]:
    return (number > 0) & (step < 0), NUM


def _ceiling(number: Floats, step: Floats) -> Result:
    result = np.where(step == 0, 0.0, np.ceil(snapped(number / step)) * step)
    return result + 0.0, _wrong_sign(number, step)


def _floor(number: Floats, step: Floats) -> Result:
    result = np.where(number == 0, 0.0, np.floor(snapped(number / step)) * step)
    return result + 0.0, _wrong_sign(number, step), ((step == 0) & (number != 0), DIV)


def _ceiling_math(number: Floats, step: Floats, mode: Floats) -> Result:
    step = np.abs(step)
    away = (mode != 0) & (number < 0)
    quotient = snapped(number / np.where(step == 0, 1.0, step))
    return np.where(step == 0, 0.0, np.where(away, np.floor(quotient), np.ceil(quotient)) * step) + 0.0


def _floor_math(number: Floats, step: Floats, mode: Floats) -> Result:
    step = np.abs(step)
    toward = (mode != 0) & (number < 0)
    quotient = snapped(number / np.where(step == 0, 1.0, step))
    return np.where(step == 0, 0.0, np.where(toward, np.ceil(quotient), np.floor(quotient)) * step) + 0.0


def _mround(number: Floats, step: Floats) -> Result:
    quotient = snapped(np.abs(number / np.where(step == 0, 1.0, step)) * 2) / 2
    result = np.where(step == 0, 0.0, np.copysign(_half_up(quotient) * np.abs(step), number))
    return result + 0.0, (number * step < 0, NUM)


elementwise("CEILING", 2, _ceiling)
elementwise("FLOOR", 2, _floor)
elementwise("CEILING.MATH", 3, _ceiling_math, ONE, ZERO)
elementwise("FLOOR.MATH", 3, _floor_math, ONE, ZERO)
elementwise("CEILING.PRECISE ISO.CEILING", 2, lambda a, s: _ceiling_math(a, s, np.zeros(1)), ONE)
elementwise("FLOOR.PRECISE", 2, lambda a, s: _floor_math(a, s, np.zeros(1)), ONE)
elementwise("MROUND", 2, _mround)
elementwise("EVEN", 1, lambda a: np.copysign(np.ceil(np.abs(a) / 2) * 2, a) + 0.0)
elementwise("ODD", 1, lambda a: np.where(a == 0, 1.0, np.copysign(np.ceil((np.abs(a) - 1) / 2) * 2 + 1, a)))


def _fact(number: Floats) -> Result:
    table = np.cumprod(np.concatenate(([1.0], np.arange(1.0, 171.0))))
    whole = np.trunc(number)
    bad = (whole < 0) | (whole > 170)
    return table[np.where(bad, 0, whole).astype(np.intp)], (bad, NUM)


elementwise("FACT", 1, _fact)


def _combin(number: Floats, chosen: Floats) -> Result:
    number, chosen = np.trunc(number), np.trunc(chosen)
    bad = (number < 0) | (chosen < 0) | (number < chosen)
    few = np.where(bad, 0.0, np.minimum(chosen, number - chosen))
    result = np.ones(np.broadcast_shapes(number.shape, chosen.shape))
    for i in range(1, int(min(few.max(initial=0.0), 600.0)) + 1):
        result = np.where(i <= few, result * (number - few + i) / i, result)
    return np.rint(result), (bad | (few > 600), NUM)


elementwise("COMBIN", 2, _combin)

"""Kinds of properties: what a function's result must do when its arguments change.

A property takes a function's name and one realistic call, changes arguments and compares.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from calls import of

from pycalc import FUNCTIONS

Values = dict[str, Any]


class Property(NamedTuple):
    """A sentence about a function, and its check on one call."""

    says: str
    check: Callable[[str, Values], None]


def close(left: float, right: float, scale: float = 0) -> bool:
    """Equal but for rounding, which is a share of the numbers or of what they are the difference of."""
    return math.isclose(left, right, rel_tol=1e-11, abs_tol=1e-13 * scale)


def factor(name: str, argument: str) -> float:
    """By how much an argument can grow and stay in its range: where that is short, it shrinks instead."""
    quantity = next(p.quantity for p in FUNCTIONS[name].parameters if p.name == argument)
    return 0.25 if quantity.high <= 1e4 and not quantity.whole else 3


def times(values: Values, by: float, arguments: tuple[str, ...]) -> Values:
    return values | {argument: values[argument] * by for argument in arguments}


def scales(power: float, *arguments: str, **fixed: Any) -> Property:
    """All these arguments times k: the result times k to that power."""

    def check(name: str, values: Values) -> None:
        k = factor(name, arguments[0])
        changed = of(name, times(values | fixed, k, arguments))
        assert close(changed, k**power * of(name, values | fixed))

    return Property(f"scales with power {power} of {', '.join(arguments)}", check)


def linear(*arguments: str) -> list[Property]:
    return [scales(1, argument) for argument in arguments]


def inverse(*arguments: str) -> list[Property]:
    return [scales(-1, argument) for argument in arguments]


def affine(*arguments: str) -> list[Property]:
    """Equal steps of the argument are equal steps of the result."""

    def one(argument: str) -> Property:
        def check(name: str, values: Values) -> None:
            k = factor(name, argument)
            a, b, c = (of(name, times(values, by * k, (argument,))) for by in (1, 2, 3))
            assert close(b - a, c - b, scale=max(map(abs, (a, b, c))))

        return Property(f"steps evenly with {argument}", check)

    return [one(argument) for argument in arguments]


def ordered(sign: int, strict: bool, arguments: tuple[str, ...]) -> list[Property]:
    def one(argument: str) -> Property:
        def check(name: str, values: Values) -> None:
            less, more = sorted((values[argument], values[argument] * factor(name, argument)))
            change = sign * (of(name, values, **{argument: more}) - of(name, values, **{argument: less}))
            assert change > 0 or (change == 0 and not strict)

        return Property(f"{'rises' if sign > 0 else 'falls'} with {argument}{'' if strict else ' or stays'}", check)

    return [one(argument) for argument in arguments]


def rises(*arguments: str) -> list[Property]:
    return ordered(1, True, arguments)


def falls(*arguments: str) -> list[Property]:
    return ordered(-1, True, arguments)


def never_falls(*arguments: str) -> list[Property]:
    return ordered(1, False, arguments)


def never_rises(*arguments: str) -> list[Property]:
    return ordered(-1, False, arguments)


def swaps(*pair: str) -> Property:
    """Two arguments may change places."""

    def check(name: str, values: Values) -> None:
        a, b = pair
        assert close(of(name, values | {a: values[b], b: values[a]}), of(name, values))

    return Property(f"is the same with {pair[0]} and {pair[1]} exchanged", check)


def equals(says: str, sides: Callable[[Values, Any], tuple[Any, Any]]) -> Property:
    """Two numbers computed from the call and its result are equal."""

    def check(name: str, values: Values) -> None:
        left, right = sides(values, of(name, values))
        assert left == right or close(left, right)

    return Property(says, check)


def holds(says: str, condition: Callable[[Values, Any], bool]) -> Property:
    """Something is true of the call and its result."""

    def check(name: str, values: Values) -> None:
        assert condition(values, of(name, values))

    return Property(says, check)


WHOLE = holds("is a whole number", lambda v, r: r == math.floor(r))


def gated(name: str) -> Property:
    def sides(v: Values, r: Any) -> tuple[Any, Any]:
        return of(name, v, activation="swiglu"), 1.5 * of(name, v, activation="gelu")

    return equals("is half as much again where the activation is gated", sides)

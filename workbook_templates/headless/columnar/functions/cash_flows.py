"""Present values and internal rates of return of series of payments."""

import functools
from collections.abc import Callable

import numpy as np

from workbook_templates.headless.columnar.context import Context
from workbook_templates.headless.columnar.functions.aggregates import finished, first_along, parts, spread, total
from workbook_templates.headless.columnar.functions.registry import native
from workbook_templates.headless.columnar.refusal import UnsupportedError
from workbook_templates.headless.columnar.values import (
    BLANK,
    DIV,
    ERROR,
    NUM,
    NUMBER,
    SINGLE,
    VALUE,
    Faults,
    Floats,
    Mask,
    Values,
    any_of,
    fault,
    joined,
    settled,
    with_faults,
)

GUESS = Values(np.full(SINGLE, 0.1))
STEPS = 20  # as Microsoft documents for IRR
HIGHEST = 1e6
SLOW = 0.1  # share of 1 + rate by which a step of Newton's method may lower it
PRECISION = 1e-10  # of a step of Newton's method, which leaves an error of its square


@native("NPV", "vr", 2, repeated=1)
def npv(context: Context, rate: Values, *values: Values) -> Values:
    """Payments at the ends of periods; what is no number in a range takes no period."""
    growth = context.number(rate)
    found, faults = parts(context, values)
    faults = joined((growth.where(ERROR), growth.num) if growth.may_be(ERROR) else None, faults)
    step = 1 + growth.num[0]
    context.faulty = False
    result: Floats = np.zeros((1, 1, 1))
    factor: Floats = np.ones((1, 1, 1))
    for num, mask in found:
        if mask is None:
            factors = np.multiply.accumulate(np.broadcast_to(step, (num.shape[0], *step.shape[1:])), axis=0) * factor
            result = result + total(num / factors)
            factor = factors[-1:]
        else:
            for term, counts in zip(num, np.broadcast_to(mask, np.broadcast_shapes(mask.shape, num.shape)), strict=True):
                factor = np.where(counts, factor * step, factor)
                result = result + np.where(counts, term, 0.0) / factor
    faults = joined(faults, fault((step == 0)[None], DIV))
    return finished(context, result, faults)


def _series(context: Context, value: Values) -> tuple[Floats, Mask | None, Faults | None]:
    """The payments of one argument, which of them count, and the first error."""
    found, faults = parts(context, [value])
    if not found:
        return np.zeros((1, 1, 1)), np.zeros((1, 1, 1), np.bool_), faults
    num, mask = found[0]
    return num, mask, faults


def _compressed(num: Floats, mask: Mask | None) -> tuple[Floats, Mask | None]:
    """Without the elements that count in no scenario."""
    if mask is None or mask.shape[1:] != (1, 1):
        return num, mask
    return num[mask[:, 0, 0]], None


def _moved_up(num: Floats, mask: Mask) -> Floats:
    """The elements that count first, in their order, zeros after them."""
    shape = np.broadcast_shapes(num.shape, mask.shape)
    num, mask = np.where(mask, num, 0.0), np.broadcast_to(mask, shape)
    order = np.argsort(~mask, axis=0, kind="stable")
    return np.take_along_axis(np.broadcast_to(num, shape), order, axis=0)


@native("IRR", "rv", 1)
def irr(context: Context, values: Values, guess: Values | None) -> Values:
    """The rate at which the payments are worth nothing, by Newton's method from the guess."""
    start = context.number(GUESS if guess is None or guess.are(BLANK) else guess)
    num, mask, faults = _series(context, values)
    num, mask = _compressed(num, mask)
    if mask is not None:
        num = _moved_up(num, mask)
    faults = joined(faults, (start.where(ERROR), start.num) if start.may_be(ERROR) else None)
    if not num.shape[0]:
        return with_faults(Values(np.zeros(SINGLE)), joined(faults, fault(np.ones(SINGLE, np.bool_), NUM)))
    one_sign = ~(any_of(num > 0) & any_of(num < 0))[None, None]
    shape = np.broadcast_shapes(num.shape[1:], start.num.shape[2:])
    payments = np.broadcast_to(num, (num.shape[0], *shape)).reshape(num.shape[0], -1)
    first = np.broadcast_to(start.num[0, 0], shape).reshape(-1)
    hopeless = np.broadcast_to(one_sign[0, 0], shape).reshape(-1)
    rates, found = _solved(lambda some: functools.partial(_worth, payments[:, some]), first, ~hopeless)
    bad = ~found.reshape(shape)[None, None]
    return settled(np.where(bad, 0.0, rates.reshape(shape)[None, None]), joined(faults, fault(bad, NUM)))


def _worth(payments: Floats, rate: Floats) -> tuple[Floats, Floats]:
    """By Horner's rule in 1/(1+rate)."""
    discount = 1 / (1 + rate)
    value, slope = np.broadcast_to(payments[-1], rate.shape).copy(), np.zeros(rate.shape)
    for payment in payments[-2::-1]:
        slope *= discount
        slope += value
        value *= discount
        value += payment
    return value, -slope * discount * discount


Worth = Callable[[Floats], tuple[Floats, Floats]]
"""The present value at the rate of each element, and its slope."""
Choice = Callable[[np.ndarray], Worth]
"""The same for some of the elements."""
ROWS = 16  # of the grid that are looked at together
GRID = np.concatenate((-1 + np.geomspace(1e-4, 0.9, 40)[:-1], np.linspace(-0.1, 0.1, 41), np.geomspace(0.1, 1000.0, 60)[1:]))


def _solved(choice: Choice, start: Floats, sensible: Mask) -> tuple[Floats, Mask]:
    """Roots of a present value in the rate, by Newton's method from the start.

    Where that leaves the rates above -1 it is tried again with small steps down, and then on a
    bracket nearest to the start.  Each element takes the same steps whatever is computed beside it.
    """
    rate = start.astype(np.float64).copy()
    found = np.zeros(rate.shape, np.bool_)
    with np.errstate(all="ignore"):
        for is_careful in (False, True):
            lost = np.flatnonzero(sensible & ~found & (start > -1))
            rate[lost] = start[lost]
            _newton(choice, rate, found, lost, is_careful)
        lost = np.flatnonzero(sensible & ~found)
        if lost.size:
            _bracketed(choice, start, rate, found, lost)
    return rate, found


def _newton(choice: Choice, rate: Floats, found: Mask, places: np.ndarray, is_careful: bool) -> None:
    open_ = _eights(places)
    alive = np.ones(open_.shape, np.bool_)
    worth = choice(open_)
    for _ in range(STEPS):
        if not alive.any():
            break
        if alive.sum() * 8 < open_.size * 7:
            open_ = _eights(open_[alive])
            alive = np.ones(open_.shape, np.bool_)
            worth = choice(open_)
        here = rate[open_]
        value, slope = worth(here)
        following = here - value / slope
        if is_careful:
            following = np.maximum(following, here - SLOW * (1 + here))  # never down to where it creeps
        inside = np.isfinite(following) & (following > -1) & (following < HIGHEST)
        rate[open_] = np.where(alive & inside, following, here)
        done = alive & inside & (np.abs(here - following) <= PRECISION * np.maximum(1.0, np.abs(following)))
        found[open_[done]] = True
        alive &= inside & ~done


def _eights(places: np.ndarray) -> np.ndarray:
    """As many as fill the vector instructions, so that it does not matter how many there are."""
    return np.pad(places, (0, -places.size % 8), mode="edge") if places.size else places


def _bracketed(choice: Choice, start: Floats, rate: Floats, found: Mask, lost: np.ndarray) -> None:
    """Look for a change of sign on a grid of rates, take the one nearest to the start, close in on it."""
    lost = _eights(lost)
    worth = choice(lost)
    pieces = [GRID[i : i + ROWS] for i in range(0, GRID.size, ROWS)]
    values = np.concatenate([worth(np.repeat(piece[:, None], lost.size, axis=1))[0] for piece in pieces])
    change = (np.sign(values[:-1]) * np.sign(values[1:]) <= 0) & np.isfinite(values[:-1]) & np.isfinite(values[1:])
    middle = (GRID[:-1] + GRID[1:]) / 2
    distance = np.where(change, np.abs(middle[:, None] - start[lost]), np.inf)
    place = distance.argmin(axis=0)
    low, high = GRID[place], GRID[place + 1]
    sign = np.sign(np.take_along_axis(values, place[None], axis=0)[0])
    here = (low + high) / 2
    done = ~change.any(axis=0)
    has = ~done
    for _ in range(STEPS * 5):
        value, slope = worth(here)
        below = np.sign(value) == sign
        low, high = np.where(below, here, low), np.where(below, high, here)
        following = here - value / slope
        inside = (following > low) & (following < high)
        following = np.where(done, here, np.where(inside, following, (low + high) / 2))
        done |= np.abs(following - here) <= PRECISION
        here = following
        if done.all():
            break
    rate[lost[has]] = here[has]
    found[lost[has]] = True


def _dated(context: Context, values: Values, dates: Values) -> tuple[Floats, Floats, Faults | None]:
    """Payments and the years from the first, for XNPV and XIRR, which take numbers alone."""
    faults: Faults | None = None
    nums = []
    for value in (values, dates):
        num, kind = spread(value)
        if isinstance(kind, int):
            if kind == ERROR:
                faults = joined(faults, first_along(np.ones(num.shape, np.bool_), num))
            elif kind != NUMBER:
                faults = joined(faults, fault(np.ones(SINGLE, np.bool_), VALUE))
        else:
            faults = joined(faults, first_along(kind == ERROR, num))
            other = (kind != NUMBER) & (kind != ERROR)
            if other.any():
                faults = joined(faults, fault(other.any(axis=0)[None, None], VALUE))
        nums.append(num)
    payments, days = nums[0], np.floor(nums[1])
    if payments.shape[0] != days.shape[0]:
        return payments[:1], days[:1], joined(faults, fault(np.ones(SINGLE, np.bool_), NUM))
    early = any_of(days < days[:1])[None, None]
    return payments, (days - days[:1]) / 365, joined(faults, fault(early, NUM))


@native("XNPV", "vrr")
def xnpv(context: Context, rate: Values, values: Values, dates: Values) -> Values:
    growth = context.number(rate)
    payments, years, faults = _dated(context, values, dates)
    faults = joined((growth.where(ERROR), growth.num) if growth.may_be(ERROR) else None, faults)
    context.faulty = False
    base = 1 + growth.num[0]
    bad = base <= 0
    factors = np.power(np.where(bad, 1.0, base), years)
    return finished(context, total(payments / factors), joined(faults, fault(bad[None], NUM)))


def _dated_worth(payments: Floats, years: Floats, rate: Floats) -> tuple[Floats, Floats]:
    if rate.ndim == 2:
        rows = [_dated_worth(payments, years, row) for row in rate]
        return np.stack([value for value, _ in rows]), np.stack([slope for _, slope in rows])
    terms = payments * np.exp(-years * np.log1p(rate))
    return total(terms)[0], -total(terms * years)[0] / (1 + rate)


@native("XIRR", "rrv", 2)
def xirr(context: Context, values: Values, dates: Values, guess: Values | None) -> Values:
    start = context.number(GUESS if guess is None or guess.are(BLANK) else guess)
    num, years, faults = _dated(context, values, dates)
    faults = joined(faults, (start.where(ERROR), start.num) if start.may_be(ERROR) else None)
    shape = np.broadcast_shapes(num.shape[1:], years.shape[1:], start.num.shape[2:])
    payments = np.broadcast_to(num, (num.shape[0], *shape)).reshape(num.shape[0], -1)
    spans = np.broadcast_to(years, (num.shape[0], *shape)).reshape(num.shape[0], -1)
    first = np.broadcast_to(start.num[0, 0], shape).reshape(-1)
    sensible = any_of(payments > 0) & any_of(payments < 0)

    def choice(some: np.ndarray) -> Worth:
        return functools.partial(_dated_worth, payments[:, some], spans[:, some])

    rates, found = _solved(choice, first, sensible)
    bad = ~found.reshape(shape)[None, None]
    return settled(np.where(bad, 0.0, rates.reshape(shape)[None, None]), joined(faults, fault(bad, NUM)))


@native("MIRR", "rvv")
def mirr(context: Context, values: Values, finance: Values, reinvest: Values) -> Values:
    num, mask, faults = _series(context, values)
    num, mask = _compressed(num, mask)
    if mask is not None:
        raise UnsupportedError("ARGUMENTS", "MIRR of values that are not numbers in all scenarios")
    count = num.shape[0]
    periods = np.arange(count, dtype=np.float64)[:, None, None]

    def compute(paid: Floats, earned: Floats) -> tuple[Floats, tuple[Mask, float]]:
        gains = total(np.where(num > 0, num, 0.0) * np.power(1 + earned[0], count - 1 - periods))
        costs = total(np.where(num < 0, num, 0.0) / np.power(1 + paid[0], periods))
        bad = (costs == 0) | (gains == 0) | (count < 2)
        ratio = np.where(bad, 1.0, gains / np.where(bad, -1.0, -costs))
        return (np.power(ratio, 1 / max(count - 1, 1)) - 1)[None], (bad[None], DIV)

    return with_faults(context.computed(compute, finance, reinvest), faults)


@native("FVSCHEDULE", "vr")
def fvschedule(context: Context, principal: Values, schedule: Values) -> Values:
    num, mask, faults = _series(context, schedule)
    rates = num if mask is None else np.where(mask, num, 0.0)

    def compute(start: Floats) -> Floats:
        result = start
        for rate in rates:
            result = result * (1 + rate)
        return result

    return with_faults(context.computed(compute, principal), faults)

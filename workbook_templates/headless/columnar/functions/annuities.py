"""Loans and annuities, depreciation, and rates of interest: closed forms, element by element."""

import numpy as np

from workbook_templates.headless.columnar.context import Context
from workbook_templates.headless.columnar.functions.registry import native
from workbook_templates.headless.columnar.functions.rounding import ZERO, Result, elementwise
from workbook_templates.headless.columnar.values import DIV, NUM, SINGLE, Floats, Mask, Values

GUESS, TWO, TWELVE = (Values(np.full(SINGLE, number)) for number in (0.1, 2.0, 12.0))
RATE_STEPS = 60


def _growth(rate: Floats, periods: Floats) -> Floats:
    return np.asarray(np.power(1 + rate, periods))


def _annuity(rate: Floats, periods: Floats) -> Floats:
    """What payments of one grow to."""
    safe = np.where(rate == 0, 1.0, rate)
    return np.where(rate == 0, periods, (_growth(rate, periods) - 1) / safe)


def _due(type_: Floats) -> Floats:
    return np.asarray(type_ != 0, np.float64)


def payment(rate: Floats, periods: Floats, present: Floats, future: Floats, type_: Floats) -> Floats:
    grown = present * _growth(rate, periods) + future
    return np.asarray(-grown / ((1 + rate * _due(type_)) * _annuity(rate, periods)))


def future_value(rate: Floats, periods: Floats, paid: Floats, present: Floats, type_: Floats) -> Floats:
    return -(present * _growth(rate, periods) + paid * (1 + rate * _due(type_)) * _annuity(rate, periods))


def _pv(rate: Floats, periods: Floats, paid: Floats, future: Floats, type_: Floats) -> Floats:
    return -(future + paid * (1 + rate * _due(type_)) * _annuity(rate, periods)) / _growth(rate, periods)


def interest(rate: Floats, period: Floats, periods: Floats, present: Floats, future: Floats, type_: Floats) -> Floats:
    """The interest in the payment of a period."""
    paid = payment(rate, periods, present, future, type_)
    owed = future_value(rate, period - 1, paid, present, type_) * rate
    due = _due(type_) != 0
    return np.where(due, np.where(period == 1, 0.0, owed / (1 + rate)), owed)


def _no_period(period: Floats, periods: Floats) -> tuple[Mask, float]:
    return (period < 1) | (period >= periods + 1), NUM


def _pmt(rate: Floats, periods: Floats, present: Floats, future: Floats, type_: Floats) -> Result:
    return payment(rate, periods, present, future, type_), (periods == 0, NUM)


elementwise("PMT", 5, _pmt, ZERO, ZERO)
elementwise("FV", 5, future_value, ZERO, ZERO)
elementwise("PV", 5, _pv, ZERO, ZERO)
elementwise("IPMT", 6, lambda r, p, n, v, f, t: (interest(r, p, n, v, f, t), _no_period(p, n)), ZERO, ZERO)
elementwise(
    "PPMT", 6, lambda r, p, n, v, f, t: (payment(r, n, v, f, t) - interest(r, p, n, v, f, t), _no_period(p, n)), ZERO, ZERO
)
elementwise("ISPMT", 4, lambda r, p, n, v: (v * r * (p / n - 1), (n == 0, DIV)))


def _nper(rate: Floats, paid: Floats, present: Floats, future: Floats, type_: Floats) -> Result:
    level = paid * (1 + rate * _due(type_))
    with np.errstate(all="ignore"):
        growing = np.log((level - future * rate) / (level + present * rate)) / np.log(1 + rate)
        flat = -(present + future) / paid
    result = np.where(rate == 0, flat, growing)
    bad = ~np.isfinite(result)
    return np.where(bad, 0.0, result), (bad, NUM)


elementwise("NPER", 5, _nper, ZERO, ZERO)


def _cumulated(is_interest: bool) -> None:
    def cumulated(rate: Floats, periods: Floats, present: Floats, first: Floats, last: Floats, type_: Floats) -> Result:
        first, last = np.ceil(first), np.floor(last)
        bad = (rate <= 0) | (periods <= 0) | (present <= 0) | (first < 1) | (last < first) | (last > periods)
        zero = np.zeros(1)
        paid = payment(rate, periods, present, zero, type_)
        result: Floats = np.zeros(np.broadcast_shapes(rate.shape, periods.shape, present.shape, first.shape, last.shape))
        low, high = (first.min(), min(last.max(), 100_000.0)) if not bad.all() else (1.0, 0.0)
        for period in np.arange(max(low, 1.0), high + 1):
            part = interest(rate, np.full(1, period), periods, present, zero, type_)
            part = part if is_interest else paid - part
            result = result + np.where((first <= period) & (period <= last), part, 0.0)
        return result, (bad | ((type_ != 0) & (type_ != 1)), NUM)

    elementwise("CUMIPMT" if is_interest else "CUMPRINC", 6, cumulated)


_cumulated(True)
_cumulated(False)


@native("RATE", "vvvvvv", 3)
def rate(context: Context, *args: Values | None) -> Values:
    """The rate of an annuity, by Newton's method from the guess."""
    given = [default if arg is None else arg for arg, default in zip(args, (ZERO,) * 5 + (GUESS,), strict=True)]
    return context.computed(_rate, *given)


def _rate(periods: Floats, paid: Floats, present: Floats, future: Floats, type_: Floats, guess: Floats) -> Result:
    shape = np.broadcast_shapes(*(a.shape for a in (periods, paid, present, future, type_, guess)))
    n, p, v, f, due, x = (
        np.broadcast_to(a, shape).reshape(-1).copy() for a in (periods, paid, present, future, _due(type_), guess)
    )
    done = np.zeros(x.shape, np.bool_)
    with np.errstate(all="ignore"):
        for _ in range(RATE_STEPS):
            grown = np.power(1 + x, n)
            slope = n * np.power(1 + x, n - 1)
            near_zero = np.abs(x) < 1e-10
            safe = np.where(near_zero, 1.0, x)
            sums = np.where(near_zero, n, (grown - 1) / safe)
            sums_slope = np.where(near_zero, n * (n - 1) / 2, (slope - sums) / safe)
            level = p * (1 + x * due)
            value = v * grown + level * sums + f
            step = value / (v * slope + level * sums_slope + p * due * sums)
            x = np.where(done, x, x - step)
            done = done | (np.abs(step) < 1e-12 * np.maximum(1.0, np.abs(x)))
            if done.all():
                break
    bad = ~done | ~np.isfinite(x) | (x <= -1)
    return np.where(bad, 0.0, x).reshape(shape), (bad.reshape(shape) | (periods <= 0), NUM)


elementwise("SLN", 3, lambda cost, salvage, life: ((cost - salvage) / life, (life == 0, DIV)))
elementwise(
    "SYD",
    4,
    lambda cost, salvage, life, period: (
        (cost - salvage) * (life - period + 1) * 2 / (life * (life + 1)),
        ((life <= 0) | (period < 1) | (period > life), NUM),
    ),
)


def _db(cost: Floats, salvage: Floats, life: Floats, period: Floats, month: Floats) -> Result:
    """Fixed declining balance; the rate is rounded to three decimals."""
    life, period, month = np.trunc(life), np.trunc(period), np.trunc(month)
    bad = (cost < 0) | (salvage < 0) | (life <= 0) | (period < 1) | (month < 1) | (month > 12)
    bad = bad | (period > life + (month < 12))
    with np.errstate(all="ignore"):
        ratio = np.where(cost == 0, 0.0, salvage / cost)
        share = np.floor((1 - np.power(ratio, 1 / life)) * 1000 + 0.5) / 1000
    first = cost * share * month / 12
    left = (cost - first) * np.power(1 - share, np.maximum(period - 2, 0.0))
    last = left * share * (12 - month) / 12
    result = np.where(period == 1, first, np.where(period == life + 1, last, left * share))
    return np.where(bad, 0.0, result), (bad, NUM)


elementwise("DB", 5, _db, TWELVE)


def _ddb(cost: Floats, salvage: Floats, life: Floats, period: Floats, factor: Floats) -> Result:
    """Declining balance; never below what is salvaged."""
    bad = (cost < 0) | (salvage < 0) | (life <= 0) | (period <= 0) | (period > life) | (factor <= 0)
    share = np.minimum(factor / np.where(life == 0, 1.0, life), 1.0)
    before = cost * np.power(1 - share, np.where(bad, 1.0, period - 1))
    after = np.maximum(cost * np.power(1 - share, np.where(bad, 1.0, period)), salvage)
    return np.maximum(np.maximum(before, salvage) - after, 0.0), (bad, NUM)


elementwise("DDB", 5, _ddb, TWO)
elementwise(
    "EFFECT",
    2,
    lambda r, n: (np.power(1 + r / np.maximum(np.trunc(n), 1.0), np.trunc(n)) - 1, ((r <= 0) | (np.trunc(n) < 1), NUM)),
)
elementwise(
    "NOMINAL",
    2,
    lambda r, n: (
        (np.power(1 + np.maximum(r, 0.0), 1 / np.maximum(np.trunc(n), 1.0)) - 1) * np.trunc(n),
        ((r <= 0) | (np.trunc(n) < 1), NUM),
    ),
)
elementwise("RRI", 3, lambda n, pv, fv: (np.power(fv / pv, 1 / n) - 1, ((n <= 0) | (pv == 0), NUM)))
elementwise(
    "PDURATION",
    3,
    lambda r, pv, fv: ((np.log(fv) - np.log(pv)) / np.log(1 + r), ((r <= 0) | (pv <= 0) | (fv <= 0), NUM)),
)

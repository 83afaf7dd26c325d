"""Dates as serial numbers, days counted as Excel does: it holds 1900 for a leap year."""

from collections.abc import Callable

import numpy as np

from workbook_templates.headless.columnar.context import Context, ErrorCode
from workbook_templates.headless.columnar.functions.registry import native
from workbook_templates.headless.columnar.functions.rounding import ONE, ZERO, Result, elementwise
from workbook_templates.headless.columnar.numerals import parsed
from workbook_templates.headless.columnar.refusal import UnsupportedError
from workbook_templates.headless.columnar.values import ERROR, NUM, NUMBER, TEXT, VALUE, Floats, Mask, Values

LAST = 2_958_465.0  # the last day of 9999
UNIX = 25_569.0  # the first day of 1970
FEBRUARY_29 = 60.0  # the day that 1900 had not


def _outside(serial: Floats) -> Mask:
    return (serial < 0) | (serial >= LAST + 1)


def civil(serial: Floats) -> tuple[Floats, Floats, Floats]:
    """Year, month and day; of numbers that are no dates, anything."""
    day = np.where(_outside(serial), 0.0, np.floor(serial))
    moved = day - UNIX + (day < FEBRUARY_29)
    dates = moved.astype(np.int64).astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    years = months.astype("datetime64[Y]").astype(np.int64) + 1970.0
    month = months.astype(np.int64) % 12 + 1.0
    of_month = (dates - months.astype("datetime64[D]")).astype(np.int64) + 1.0
    special = (day == 0) | (day == FEBRUARY_29)
    if special.any():
        years = np.where(special, 1900.0, years)
        month = np.where(day == 0, 1.0, np.where(day == FEBRUARY_29, 2.0, month))
        of_month = np.where(day == 0, 0.0, np.where(day == FEBRUARY_29, 29.0, of_month))
    return np.asarray(years), np.asarray(month), np.asarray(of_month, np.float64)


def month_start(months: Floats) -> Floats:
    """The serial number of the first day of a month, the months counted from the year 0."""
    held = np.clip(months, 0.0, 120_000.0)
    days = (held - 1970 * 12).astype(np.int64).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    serial = days + UNIX
    return np.asarray(serial - (serial <= FEBRUARY_29), np.float64)


def month_length(months: Floats) -> Floats:
    """The days of a month, counted from the year 0; February 1900 has 29 here."""
    return month_start(months + 1) - month_start(months)


def date_of(year: Floats, month: Floats, day: Floats) -> Result:
    """A date from its parts; months and days beyond their range run on."""
    year, month, day = np.trunc(year), np.trunc(month), np.trunc(day)
    year = year + np.where((year >= 0) & (year < 1900), 1900.0, 0.0)
    months = year * 12 + month - 1
    serial = month_start(months) + day - 1
    return serial, ((year < 0) | (months < 1899 * 12) | _outside(serial), NUM)


elementwise("DATE", 3, date_of)
for _place, _name in enumerate(("YEAR", "MONTH", "DAY")):
    elementwise(_name, 1, lambda serial, place=_place: (civil(serial)[place], (_outside(serial), NUM)))


def edate(start: Floats, count: Floats) -> Result:
    """The same day some months on, the last of the month where that has no such day."""
    year, month, day = civil(start)
    months = year * 12 + month - 1 + np.trunc(count)
    serial = month_start(months) + np.minimum(day, month_length(months)) - 1
    return serial, (_outside(start) | (months < 1900 * 12) | _outside(serial), NUM)


def eomonth(start: Floats, count: Floats) -> Result:
    """The last day of the month that is some months on."""
    year, month, _ = civil(start)
    months = year * 12 + month - 1 + np.trunc(count)
    serial = month_start(months + 1) - 1
    return serial, (_outside(start) | (months < 1900 * 12) | _outside(serial), NUM)


elementwise("EDATE", 2, edate)
elementwise("EOMONTH", 2, eomonth)
elementwise("DAYS", 2, lambda end, start: (np.floor(end) - np.floor(start), (_outside(end) | _outside(start), NUM)))


def _days360(start: Floats, end: Floats, european: Floats) -> Floats:
    y1, m1, d1 = civil(start)
    y2, m2, d2 = civil(end)
    last_1 = (m1 == 2) & (d1 == month_length(y1 * 12 + 1)) & (m1 == 2)
    us1 = np.where((d1 == 31) | last_1, 30.0, d1)
    us2 = np.where((d2 == 31) & (us1 >= 30), 30.0, d2)
    a = np.where(european != 0, np.minimum(d1, 30.0), us1)
    b = np.where(european != 0, np.minimum(d2, 30.0), us2)
    return np.asarray((y2 - y1) * 360 + (m2 - m1) * 30 + (b - a))


elementwise("DAYS360", 3, lambda a, b, e: (_days360(a, b, e), (_outside(a) | _outside(b), NUM)), ZERO)


def _is_leap(year: Floats) -> Mask:
    return np.asarray((year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0)))


def _thirty_360_us(start: Floats, end: Floats) -> Floats:
    """The days of basis 0: the end of February is the thirtieth on both sides."""
    y1, m1, d1 = civil(start)
    y2, m2, d2 = civil(end)
    ends_1 = (m1 == 2) & (d1 == month_length(y1 * 12 + 1))
    ends_2 = (m2 == 2) & (d2 == month_length(y2 * 12 + 1))
    d2 = np.where(ends_1 & ends_2, 30.0, d2)
    d1 = np.where(ends_1, 30.0, d1)
    d2 = np.where((d2 == 31) & (d1 >= 30), 30.0, d2)
    d1 = np.where(d1 == 31, 30.0, d1)
    return np.asarray((y2 - y1) * 360 + (m2 - m1) * 30 + (d2 - d1))


def _average_year(start: Floats, end: Floats) -> Floats:
    """The length of a year for basis 1."""
    y1, m1, d1 = civil(start)
    y2, m2, d2 = civil(end)
    within = (y1 == y2) | ((y2 == y1 + 1) & ((m1 > m2) | ((m1 == m2) & (d1 >= d2))))
    leap_day = (
        ((y1 == y2) & _is_leap(y1))
        | ((y1 != y2) & _is_leap(y1) & ((m1 < 2) | ((m1 == 2) & (d1 <= 29))))
        | ((y1 != y2) & _is_leap(y2) & ((m2 > 2) | ((m2 == 2) & (d2 == 29))))
    )
    several = month_start((y2 + 1) * 12) - month_start(y1 * 12)
    return np.where(within, np.where(leap_day, 366.0, 365.0), several / np.maximum(y2 - y1 + 1, 1))


def _yearfrac(start: Floats, end: Floats, basis: Floats) -> Result:
    start, end, basis = np.floor(start), np.floor(end), np.trunc(basis)
    low, high = np.minimum(start, end), np.maximum(start, end)
    days = high - low
    by_basis: tuple[Callable[[], Floats], ...] = (
        lambda: _thirty_360_us(low, high) / 360,
        lambda: days / _average_year(low, high),
        lambda: days / 360,
        lambda: days / 365,
        lambda: _days360(low, high, np.ones(1)) / 360,
    )
    result = np.zeros(np.broadcast_shapes(days.shape, basis.shape))
    for number, compute in enumerate(by_basis):
        if (basis == number).any():
            result = np.where(basis == number, compute(), result)
    return result, ((basis < 0) | (basis > 4) | _outside(low) | _outside(high), NUM)


elementwise("YEARFRAC", 3, _yearfrac, ZERO)


def _weekday(serial: Floats, kind: Floats) -> Result:
    day = np.floor(serial)
    kind = np.trunc(kind)
    sunday = (day - 1) % 7  # 0 on a Sunday
    first = np.where(kind == 1, 0.0, np.where((kind == 2) | (kind == 3), 1.0, (kind - 10) % 7))
    result = (sunday - first) % 7 + np.where(kind == 3, 0.0, 1.0)
    known = (kind == 1) | (kind == 2) | (kind == 3) | ((kind >= 11) & (kind <= 17))
    return result, (_outside(serial) | ~known, NUM)


elementwise("WEEKDAY", 2, _weekday, ONE)


def _isoweeknum(serial: Floats) -> Result:
    day = np.floor(serial)
    thursday = day - (day - 2) % 7 + 3
    year, _, _ = civil(thursday)
    return np.floor((thursday - month_start(year * 12)) / 7) + 1, (_outside(serial), NUM)


elementwise("ISOWEEKNUM", 1, _isoweeknum)


def _weeknum(serial: Floats, kind: Floats) -> Result:
    if kind.size == 1 and kind.flat[0] == 21:
        return _isoweeknum(serial)
    year, _, _ = civil(serial)
    start = month_start(year * 12)
    kind = np.trunc(kind)
    first = np.where(kind == 1, 0.0, np.where(kind == 2, 1.0, (kind - 10) % 7))
    lead = ((start - 1) % 7 - first) % 7
    known = (kind == 1) | (kind == 2) | ((kind >= 11) & (kind <= 17))
    return np.floor((np.floor(serial) - start + lead) / 7) + 1, (_outside(serial) | ~known, NUM)


elementwise("WEEKNUM", 2, _weeknum, ONE)


def _clock(serial: Floats) -> Floats:
    """Seconds of the day, to the whole second."""
    return np.asarray(np.rint((serial - np.floor(serial)) * 86_400) % 86_400)


elementwise("HOUR", 1, lambda s: (np.floor(_clock(s) / 3600), (s < 0, NUM)))
elementwise("MINUTE", 1, lambda s: (np.floor(_clock(s) / 60) % 60, (s < 0, NUM)))
elementwise("SECOND", 1, lambda s: (_clock(s) % 60, (s < 0, NUM)))


def _time(hour: Floats, minute: Floats, second: Floats) -> Result:
    seconds = np.trunc(hour) * 3600 + np.trunc(minute) * 60 + np.trunc(second)
    return (seconds / 86_400) % 1, (seconds < 0, NUM)


elementwise("TIME", 3, _time)


def _workdays_until(day: Floats, free: Floats) -> Floats:
    """The days from Monday to Friday up to and with this one, counted from a Saturday, but for holidays."""
    weeks, rest = np.divmod(day, 7)
    count = weeks * 5 + np.clip(rest - 1, 0, 5)  # day 0 is a Saturday
    holidays = np.unique(np.floor(free))
    holidays = holidays[(holidays % 7) >= 2]
    return np.asarray(count + np.searchsorted(holidays, day, "right") * -1.0)


def _holidays(context: Context, value: Values | None) -> Floats:
    if value is None:
        return np.zeros(0)
    if value.num.shape[2:] != (1, 1):
        raise UnsupportedError("ARGUMENTS", "holidays that change between scenarios")
    kinds = np.broadcast_to(value.kinds, value.num.shape)
    if (kinds == ERROR).any() or (kinds == TEXT).any():
        raise UnsupportedError("ARGUMENTS", "holidays that are no dates")
    return np.asarray(value.num[kinds == NUMBER])


@native("NETWORKDAYS", "vvr", 2)
def networkdays(context: Context, start: Values, end: Values, free: Values | None) -> Values:
    """Days from Monday to Friday, both ends counted, without holidays."""
    days = _holidays(context, free)

    def compute(first: Floats, last: Floats) -> Result:
        low, high = np.floor(np.minimum(first, last)), np.floor(np.maximum(first, last))
        count = _workdays_until(high, days) - _workdays_until(low - 1, days)
        return np.where(first > last, -count, count), (_outside(low) | _outside(high), NUM)

    return context.computed(compute, start, end)


@native("WORKDAY", "vvr", 2)
def workday(context: Context, start: Values, count: Values, free: Values | None) -> Values:
    """The date so many working days on."""
    days = _holidays(context, free)

    def compute(first: Floats, steps: Floats) -> Result:
        first, steps = np.floor(first), np.trunc(steps)
        base = _workdays_until(np.where(steps < 0, first - 1, first), days)
        wanted = base + steps + (steps < 0)
        low = np.floor(first + np.minimum(steps * 3, 0) - len(days) * 2 - 7)
        high = np.floor(first + np.maximum(steps * 3, 0) + len(days) * 2 + 7)
        for _ in range(64):  # the first day up to which there are as many
            middle = np.floor((low + high) / 2)
            enough = _workdays_until(middle, days) >= wanted
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
            if (high - low <= 1).all():
                break
        result = np.where(steps == 0, first, high)
        return result, (_outside(result) | _outside(first), NUM)

    return context.computed(compute, start, count)


@native("DATEVALUE", "v")
def datevalue(context: Context, value: Values) -> Values:
    """The day of a text; a number is no text."""

    def read(text: str | float) -> float:
        number = parsed(text) if isinstance(text, str) and not _is_plain(text) else None
        return ErrorCode(VALUE) if number is None else float(np.floor(number))

    return context.strings(read, value)


def _is_plain(text: str) -> bool:
    return text.strip().replace(".", "").replace(",", "").isdigit()


def _datedif(start: Floats, end: Floats, unit: str) -> Floats:
    y1, m1, d1 = civil(start)
    y2, m2, d2 = civil(end)
    months = (y2 - y1) * 12 + (m2 - m1) - (d2 < d1)
    if unit == "D":
        return np.asarray(np.floor(end) - np.floor(start))
    if unit == "M":
        return np.asarray(months)
    if unit == "Y":
        return np.asarray(np.floor(months / 12))
    return np.asarray(months % 12)


@native("DATEDIF", "vvv")
def datedif(context: Context, start: Values, end: Values, unit: Values) -> Values:
    word = context.text(unit)
    name = context.string(word.num.flat[0]).upper() if word.num.size == 1 else ""
    if name not in ("D", "M", "Y", "YM"):
        raise UnsupportedError("ARGUMENTS", f"DATEDIF with the unit {name!r}")
    return context.computed(lambda a, b: (_datedif(a, b, name), ((a > b) | _outside(a) | _outside(b), NUM)), start, end)

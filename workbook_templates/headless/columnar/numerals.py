"""Numbers as texts and texts as numbers, as a cell shows and reads them."""

import math
import re
from datetime import date

from pycalc.cells import serial

NUMERAL = re.compile(
    r"(?P<sign>[-+]?)\s*(?P<currency>\$?)\s*(?P<inner>[-+]?)"
    r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]*)(?P<fraction>\.[0-9]*)?(?P<power>E[-+]?[0-9]{1,3})?\s*(?P<percent>%?)",
    re.IGNORECASE,
)
ISO_DATE = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})")
US_DATE = re.compile(r"([0-9]{1,2})[-/]([0-9]{1,2})[-/]([0-9]{4}|[0-9]{2})")
WORDED_DATE = re.compile(r"([0-9]{1,2})[- ]([A-Za-z]{3,9})[- ]([0-9]{4}|[0-9]{2})|([A-Za-z]{3,9}) ([0-9]{1,2}), ?([0-9]{4})")
TIME = re.compile(r"([0-9]{1,3}):([0-9]{2})(?::([0-9]{2}(?:\.[0-9]+)?))?(?:\s*([AP]M))?", re.IGNORECASE)
MONTHS = ("january february march april may june july august september october november december").split()


def parsed(text: str) -> float | None:
    """The number, date or time that a text reads as in arithmetic, None where it is none.

    >>> [parsed(text) for text in ("12", " 1,234.5 ", "-$3", "5%", "(7)", "1e3", "2026-03-05", "6:00", "x", "")]
    [12.0, 1234.5, -3.0, 0.05, -7.0, 1000.0, 46086.0, 0.25, None, None]
    """
    text = text.strip()
    if text.startswith("(") and text.endswith(")") and not text.startswith(("(-", "(+", "((")):
        inner = _numeral(text[1:-1])
        return None if inner is None else -inner
    number = _numeral(text)
    return _moment(text) if number is None else number


def _numeral(text: str) -> float | None:
    match = NUMERAL.fullmatch(text)
    if match is None or not (match["whole"] or len(match["fraction"] or "") > 1) or (match["sign"] and match["inner"]):
        return None
    number = float(match["whole"].replace(",", "") + (match["fraction"] or "") + (match["power"] or ""))
    if not math.isfinite(number):
        return None
    number = number / 100 if match["percent"] else number
    return -number if "-" in (match["sign"], match["inner"]) else number


def _moment(text: str) -> float | None:
    day, _, clock = text.partition(" ") if ISO_DATE.match(text) or US_DATE.match(text) else ("", "", text)
    if not day:
        worded = WORDED_DATE.match(text)
        if worded:
            day, clock = worded[0], text[worded.end() :].strip()
    days = _days(day) if day else 0.0
    hours = _hours(clock.strip()) if clock else 0.0 if day else None
    return None if days is None or hours is None else days + hours


def _days(text: str) -> float | None:
    try:
        if match := ISO_DATE.fullmatch(text):
            return serial_of(int(match[1]), int(match[2]), int(match[3]))
        if match := US_DATE.fullmatch(text):
            return serial_of(_year(match[3]), int(match[1]), int(match[2]))
        if match := WORDED_DATE.fullmatch(text):
            day, word, year = (match[1], match[2], match[3]) if match[1] else (match[5], match[4], match[6])
            month = next((i for i, name in enumerate(MONTHS, 1) if word.lower() in (name, name[:3])), 0)
            return serial_of(_year(year), month, int(day))
    except ValueError:
        return None
    return None


def serial_of(year: int, month: int, day: int) -> float | None:
    """The serial number of a date that there is."""
    number = serial(date(year, month, day))
    number -= number < 61  # a leap day that 1900 had not is counted by Excel
    return number if number >= 1 else None


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) == 4 else year + (2000 if year < 30 else 1900)


def _hours(text: str) -> float | None:
    match = TIME.fullmatch(text)
    if match is None:
        return None
    hours, minutes, seconds = int(match[1]), int(match[2]), float(match[3] or 0)
    if minutes > 59 or seconds >= 60 or (match[4] and not 1 <= hours <= 12):
        return None
    if match[4]:
        hours = hours % 12 + 12 * (match[4].upper() == "PM")
    return (hours * 3600 + minutes * 60 + seconds) / 86_400


def general(number: float) -> str:
    """A number as & and text functions write it: 15 digits, an exponent where it would be longer than 20 characters.

    >>> [general(number) for number in (1.5, -2.0, 1 / 3, 1e19, 1e20, 1e-5, 1 / 30000, 1e-10)]
    ['1.5', '-2', '0.333333333333333', '10000000000000000000', '1E+20', '0.00001', '3.33333333333333E-05', '0.0000000001']
    """
    if number == 0:
        return "0"
    digits, _, power = f"{number:.14E}".partition("E")
    exponent = int(power)
    digits = digits.rstrip("0").rstrip(".")
    fraction = max(0, len(digits.lstrip("-").replace(".", "")) - 1 - exponent)
    decimal = f"{float(f'{number:.14E}'):.{fraction}f}"
    return decimal if len(decimal.lstrip("-")) <= 20 else f"{digits}E{exponent:+03d}"

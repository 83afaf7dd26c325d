"""Numbers as texts in the formats of cells: the codes of TEXT that models use.

What is not known raises ValueError with the format.
"""

import functools
import math
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import numpy as np

from workbook_templates.headless.columnar.functions.dates import civil
from workbook_templates.headless.columnar.numerals import MONTHS, general

TOKEN = re.compile(
    r"""(?P<quoted>"[^"]*")|\\(?P<escaped>.)|_(?P<space>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]|(?P<ampm>AM/PM|A/P)"""
    r"""|(?P<general>General)|(?P<date>[yY]+|[mM]+|[dD]+|[hH]+|[sS]+(?:\.0+)?)|(?P<power>E[+-]0+)|(?P<other>.)""",
    re.IGNORECASE | re.DOTALL,
)
COLOURS = re.compile(r"black|white|red|green|blue|yellow|magenta|cyan|color ?[0-9]+|\$[^\]]*", re.IGNORECASE)
CONDITION = re.compile(r"(<=|>=|<>|=|<|>)(-?[0-9.]+)")
WEEKDAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split()


class NoDateError(Exception):
    """A number that no date format shows."""


@dataclass(frozen=True, slots=True)
class Section:
    """One of the parts between semicolons: its pieces by kind, and the numbers that it is for."""

    pieces: tuple[tuple[str, str], ...]
    condition: tuple[str, float] | None

    @property
    def is_date(self) -> bool:
        return any(kind in ("date", "elapsed", "ampm") for kind, _ in self.pieces)

    @property
    def is_general(self) -> bool:
        return any(kind == "general" for kind, _ in self.pieces)

    @property
    def is_text(self) -> bool:
        return any(kind == "other" and text == "@" for kind, text in self.pieces)


def formatted(number: float, code: str) -> str:
    """The number in a format.

    >>> [formatted(1234.567, code) for code in ("#,##0.0", "0.00%", "0.00E+00", "$#,##0;($#,##0)", "0", "0.0,")]
    ['1,234.6', '123456.70%', '1.23E+03', '$1,235', '1235', '1.2']
    >>> [formatted(46086.25, code) for code in ("yyyy-mm-dd", "d mmm yy", "dddd h:mm AM/PM")]
    ['2026-03-05', '5 Mar 26', 'Thursday 6:00 AM']
    """
    sections = _sections(code)
    if not sections:
        return ""
    section, magnitude = _chosen(sections, number, code)
    if section.is_date:
        return _dated(section, number)
    if section.is_text:
        return "".join(general(magnitude) if text == "@" else text for _, text in section.pieces)
    if section.is_general:
        return "".join(general(magnitude) if kind == "general" else text for kind, text in section.pieces)
    return _numeric(section, magnitude, code)


@functools.lru_cache(maxsize=512)
def _sections(code: str) -> tuple[Section, ...]:
    parts: list[list[tuple[str, str]]] = [[]]
    conditions: list[tuple[str, float] | None] = [None]
    for match in TOKEN.finditer(code):
        kind, text = match.lastgroup or "", match[match.lastgroup or 0]
        if kind == "other" and text == ";":
            parts.append([])
            conditions.append(None)
        elif kind in ("quoted", "escaped"):
            parts[-1].append(("literal", text.strip('"') if kind == "quoted" else text))
        elif kind == "space":
            parts[-1].append(("literal", " "))
        elif kind == "bracket":
            condition = CONDITION.fullmatch(text)
            if condition:
                conditions[-1] = condition[1], float(condition[2])
            elif re.fullmatch("h+|m+|s+", text, re.IGNORECASE):
                parts[-1].append(("elapsed", text.lower()))
            elif text.startswith("$"):
                parts[-1].append(("literal", text[1:].partition("-")[0]))
            elif not COLOURS.fullmatch(text):
                raise ValueError(code)
        elif kind != "fill":
            parts[-1].append((kind, text))
    return tuple(Section(tuple(pieces), condition) for pieces, condition in zip(parts, conditions, strict=True) if code)


def _chosen(sections: tuple[Section, ...], number: float, code: str) -> tuple[Section, float]:
    """The section for a number, and the number as it shows it: without a sign where a section is for negatives."""
    if any(section.condition for section in sections):
        for section in sections:
            if section.condition is None or _holds(section.condition, number):
                return section, number
        raise ValueError(code)
    if number < 0 and len(sections) > 1:
        return sections[1], -number
    if number == 0 and len(sections) > 2:
        return sections[2], 0.0
    return sections[0], number


def _holds(condition: tuple[str, float], number: float) -> bool:
    sign, edge = condition
    return {"<": number < edge, ">": number > edge, "<=": number <= edge, ">=": number >= edge, "=": number == edge}.get(
        sign, number != edge
    )


def rounded(number: float, places: int) -> Decimal:
    """Half up in decimal, from the 15 digits that Excel shows."""
    exact = Decimal(f"{number:.14e}")
    return exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def fixed(number: float, places: float, plain: float) -> str:
    """As FIXED writes it.

    >>> fixed(1234.567, 1, 0), fixed(1234.567, -1, 1), fixed(-0.04, 1, 0)
    ('1,234.6', '1230', '0.0')
    """
    digits = int(places)
    value = rounded(number, digits)
    value = value or abs(value)
    text = f"{value:f}" if digits >= 0 else f"{value.to_integral_value():f}"
    whole, _, fraction = text.partition(".")
    whole = whole if plain else f"{int(whole):,}" if whole not in ("-0", "0") else whole
    return f"{whole}.{fraction}" if fraction else whole


def _numeric(section: Section, number: float, code: str) -> str:
    pieces = list(section.pieces)
    symbols = "".join(text for kind, text in pieces if kind == "other")
    digits = [i for i, (kind, text) in enumerate(pieces) if kind == "other" and text in "0#?"]
    if not digits:
        text = "".join(t for kind, t in pieces if kind != "power")
        return f"-{text}" if number < 0 and text else text
    if "/" in symbols:
        raise ValueError(code)
    number *= 100.0 ** symbols.count("%")
    last = digits[-1]
    commas = 0
    while last + 1 < len(pieces) and pieces[last + 1] == ("other", ","):
        commas += 1
        del pieces[last + 1]
    number /= 1000.0**commas
    power = next((i for i, (kind, _) in enumerate(pieces) if kind == "power"), None)
    if power is not None:
        return _scientific(pieces, power, number)
    return _placed(pieces, number, negative=number < 0)


def _point(pieces: list[tuple[str, str]]) -> int | None:
    return next((i for i, piece in enumerate(pieces) if piece == ("other", ".")), None)


def _placed(pieces: list[tuple[str, str]], number: float, negative: bool) -> str:
    """The digits of a number in the places of a format."""
    point = _point(pieces)
    marks = [i for i, (kind, text) in enumerate(pieces) if kind == "other" and text in "0#?"]
    before = [i for i in marks if point is None or i < point]
    after = [i for i in marks if point is not None and i > point]
    grouped = any(pieces[i] == ("other", ",") for i in range(before[0] if before else 0, before[-1] if before else 0))
    value = abs(rounded(number, len(after)))
    whole, _, fraction = f"{value:f}".partition(".")
    whole = whole.lstrip("0")
    needed = sum(pieces[i][1] == "0" for i in before)
    first_zero = next((n for n, i in enumerate(before) if pieces[i][1] == "0"), len(before))
    whole = whole.rjust(len(before) - first_zero if needed else 0, "0")
    for i in reversed(after):
        if pieces[i][1] == "0" or not fraction.endswith("0"):
            break
        fraction = fraction[:-1]
    out: dict[int, str] = {}
    shown = _grouped(whole) if grouped else whole
    if len(before) > 1 and _interrupted(pieces, before):
        rest = whole.rjust(len(before))
        for n, i in enumerate(before):
            out[i] = rest[n + len(rest) - len(before)].strip() if n else rest[: len(rest) - len(before) + 1].strip()
    elif before:
        out = dict.fromkeys(before, "")
        out[before[0]] = shown
    for n, i in enumerate(after):
        out[i] = fraction[n] if n < len(fraction) else " " if pieces[i][1] == "?" else ""
    text = "".join(
        out[i] if i in out else "" if (kind, part) == ("other", ",") and before and before[0] < i < before[-1] else part
        for i, (kind, part) in enumerate(pieces)
    )
    if not before and point is not None:
        text = "".join(out.get(i, part) for i, (_, part) in enumerate(pieces))
        head = text.index(".")
        text = text[:head] + whole + text[head:]
    return f"-{text}" if negative and value else text


def _interrupted(pieces: list[tuple[str, str]], before: list[int]) -> bool:
    """Whether other signs stand between the digits, as in 000-0000."""
    return any(i not in before and pieces[i] != ("other", ",") for i in range(before[0], before[-1]))


def _grouped(whole: str) -> str:
    out = ""
    while len(whole) > 3:
        out, whole = f",{whole[-3:]}{out}", whole[:-3]
    return whole + out


def _scientific(pieces: list[tuple[str, str]], power: int, number: float) -> str:
    mantissa, code = pieces[:power], pieces[power][1]
    point = _point(mantissa)
    marks = [i for i, (kind, text) in enumerate(mantissa) if kind == "other" and text in "0#?"]
    before = max(1, sum(point is None or i < point for i in marks))
    after = sum(point is not None and i > point for i in marks)
    exponent = 0 if number == 0 else math.floor(math.log10(abs(number)))
    exponent = exponent // before * before if before > 1 else exponent
    scaled = number / 10.0**exponent if exponent > -300 else number * 10.0**-exponent
    if abs(rounded(scaled, after)) >= 10**before:
        exponent += before
        scaled /= 10.0**before
    sign = "-" if exponent < 0 else "+" if "+" in code else ""
    tail = "".join(text for _, text in pieces[power + 1 :])
    return f"{_placed(mantissa, scaled, number < 0)}E{sign}{str(abs(exponent)).rjust(len(code) - 2, '0')}{tail}"


def _dated(section: Section, number: float) -> str:
    if number < 0 or number >= 2_958_466:
        raise NoDateError
    finest = max((len(text) - text.find(".") - 1 for kind, text in section.pieces if kind == "date" and "." in text), default=0)
    seconds = round((number - math.floor(number)) * 86_400, finest)
    day = math.floor(number) + (seconds >= 86_400)
    seconds = seconds % 86_400
    shows_seconds = any(kind == "date" and text[0] in "sS" for kind, text in section.pieces)
    if not shows_seconds:
        seconds = math.floor(seconds + 1e-9)
    year, month, of_month = (int(part[0]) for part in civil(np.array([float(day)])))
    clock = any(kind == "ampm" for kind, _ in section.pieces)
    hours, minutes = int(seconds // 3600), int(seconds // 60 % 60)
    out = []
    pieces = section.pieces
    for i, (kind, text) in enumerate(pieces):
        low = text.lower()
        if kind == "elapsed":
            total = number * 86_400
            amount = {"h": total // 3600, "m": total // 60, "s": total}[low[0]]
            out.append(str(int(amount + 1e-6)).rjust(len(low), "0"))
        elif kind == "ampm":
            out.append(("PM" if hours >= 12 else "AM") if len(text) > 3 else "P" if hours >= 12 else "A")
        elif kind != "date":
            out.append(text)
        elif low[0] == "y":
            out.append(f"{year:04d}" if len(low) > 2 else f"{year % 100:02d}")
        elif low[0] == "d":
            name = WEEKDAYS[int((day - 1) % 7)]
            out.append({1: str(of_month), 2: f"{of_month:02d}", 3: name[:3]}.get(len(low), name))
        elif low[0] == "h":
            hour = (hours % 12 or 12) if clock else hours
            out.append(str(hour).rjust(min(len(low), 2), "0"))
        elif low[0] == "s":
            whole = f"{int(seconds % 60):0{min(len(low.partition('.')[0]), 2)}d}"
            out.append(whole + (f"{seconds % 1:.{finest}f}"[1:] if "." in low else ""))
        elif _is_minute(pieces, i):
            out.append(str(minutes).rjust(min(len(low), 2), "0"))
        else:
            name = MONTHS[month - 1].capitalize()
            out.append({1: str(month), 2: f"{month:02d}", 3: name[:3], 5: name[0]}.get(len(low), name))
    return "".join(out)


def _is_minute(pieces: tuple[tuple[str, str], ...], place: int) -> bool:
    """Whether an m means minutes: after hours or before seconds."""
    if len(pieces[place][1]) > 2:
        return False
    before = [text[0].lower() for kind, text in pieces[:place] if kind in ("date", "elapsed")]
    after = [text[0].lower() for kind, text in pieces[place + 1 :] if kind in ("date", "elapsed")]
    return (bool(before) and before[-1] == "h") or (bool(after) and after[0] == "s")

"""Texts: cut, joined, searched, changed, read as numbers."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from workbook_templates.headless.columnar.context import Context, ErrorCode
from workbook_templates.headless.columnar.functions.formats import NoDateError, fixed, formatted
from workbook_templates.headless.columnar.functions.patterns import WILD, pattern
from workbook_templates.headless.columnar.functions.registry import native
from workbook_templates.headless.columnar.numerals import parsed
from workbook_templates.headless.columnar.refusal import UnsupportedError
from workbook_templates.headless.columnar.values import (
    BOOL,
    ERROR,
    SINGLE,
    TEXT,
    VALUE,
    Values,
    choose,
    constant,
    fault,
    first_faults,
    with_faults,
)

LONGEST = 32_767
ONE, TWO = Values(np.ones(SINGLE)), Values(np.full(SINGLE, 2.0))


def texts(names: str, modes: str, compute: Callable[..., Any], *defaults: Values) -> None:
    """Enter a function of texts (t) and numbers (n), the last arguments with defaults."""
    least = len(modes) - len(defaults)

    def function(context: Context, *args: Values | None) -> Values:
        given = [defaults[i - least] if arg is None else arg for i, arg in enumerate(args)]
        read = [context.text(arg) if mode == "t" else context.number(arg) for arg, mode in zip(given, modes, strict=True)]
        return context.strings(compute, *read)

    native(names, "v" * len(modes), least)(function)


def _left(text: str, count: float) -> Any:
    return ErrorCode(VALUE) if count < 0 else text[: int(count)]


def _right(text: str, count: float) -> Any:
    return ErrorCode(VALUE) if count < 0 else text[max(len(text) - int(count), 0) :]


def _mid(text: str, start: float, count: float) -> Any:
    return ErrorCode(VALUE) if start < 1 or count < 0 else text[int(start) - 1 : int(start) - 1 + int(count)]


def _find(wanted: str, text: str, start: float) -> Any:
    place = -1 if start < 1 or start > len(text) + 1 else text.find(wanted, int(start) - 1)
    return ErrorCode(VALUE) if place < 0 else float(place + 1)


def _search(wanted: str, text: str, start: float) -> Any:
    if start < 1 or start > len(text) + 1:
        return ErrorCode(VALUE)
    if WILD.search(wanted):
        match = pattern(wanted).search(text, int(start) - 1)
        return ErrorCode(VALUE) if match is None else float(match.start() + 1)
    place = text.lower().find(wanted.lower(), int(start) - 1)
    return ErrorCode(VALUE) if place < 0 else float(place + 1)


def _proper(text: str) -> str:
    return re.sub(r"[^\W\d_]+", lambda match: match[0][0].upper() + match[0][1:].lower(), text)


def _rept(text: str, count: float) -> Any:
    return ErrorCode(VALUE) if count < 0 or len(text) * int(count) > LONGEST else text * int(count)


def _replace(text: str, start: float, count: float, new: str) -> Any:
    if start < 1 or count < 0:
        return ErrorCode(VALUE)
    return text[: int(start) - 1] + new + text[int(start) - 1 + int(count) :]


texts("LEN", "t", lambda text: float(len(text)))
texts("LEFT", "tn", _left, ONE)
texts("RIGHT", "tn", _right, ONE)
texts("MID", "tnn", _mid)
texts("UPPER", "t", str.upper)
texts("LOWER", "t", str.lower)
texts("PROPER", "t", _proper)
texts("TRIM", "t", lambda text: " ".join(filter(None, text.split(" "))))
texts("CLEAN", "t", lambda text: "".join(c for c in text if ord(c) >= 32))
texts("FIND", "ttn", _find, ONE)
texts("SEARCH", "ttn", _search, ONE)
texts("REPT", "tn", _rept)
texts("REPLACE", "tnnt", _replace)
texts("EXACT", "tt", lambda a, b: a == b)
texts("CHAR", "n", lambda code: bytes([int(code)]).decode("cp1252", "replace") if 1 <= code < 256 else ErrorCode(VALUE))
texts("UNICHAR", "n", lambda code: chr(int(code)) if 1 <= code < 0x110000 else ErrorCode(VALUE))
texts("CODE", "t", lambda text: float(text[0].encode("cp1252", "replace")[0]) if text else ErrorCode(VALUE))
texts("UNICODE", "t", lambda text: float(ord(text[0])) if text else ErrorCode(VALUE))


def _substitute(text: str, old: str, new: str, which: float) -> Any:
    if which < 0:  # stands for all
        return text.replace(old, new) if old else text
    if which < 1:
        return ErrorCode(VALUE)
    place = -1
    for _ in range(int(which)):
        place = text.find(old, place + 1) if old else -1
        if place < 0:
            return text
    return text[:place] + new + text[place + len(old) :]


@native("SUBSTITUTE", "vvvv", 3)
def substitute(context: Context, text: Values, old: Values, new: Values, which: Values | None) -> Values:
    words = [context.text(value) for value in (text, old, new)]
    if which is None:
        return context.strings(_substitute, *words, Values(np.full(SINGLE, -1.0)))
    number = context.number(which)
    asked = Values(np.where(number.num < 1, 0.0, number.num), number.kind)
    return context.strings(_substitute, *words, asked)


@native("CONCATENATE", "v", 1, repeated=1)
def concatenate(context: Context, *values: Values) -> Values:
    return context.strings(lambda *words: "".join(words), *(context.text(value) for value in values))


def _elements(context: Context, value: Values) -> list[Values]:
    """The elements of a range as texts, each a single value."""
    rows, columns = value.size
    if (rows, columns) == (1, 1):
        return [context.text(value)]
    num = np.broadcast_to(value.num, (rows, columns, *value.num.shape[2:]))
    kind = value.kind if isinstance(value.kind, int) else np.broadcast_to(value.kind, (rows, columns, *value.kind.shape[2:]))
    found = []
    for row in range(rows):
        for column in range(columns):
            here = (slice(row, row + 1), slice(column, column + 1))
            found.append(context.text(Values(num[here], kind if isinstance(kind, int) else kind[here])))
    return found


@native("CONCAT", "r", 1, repeated=1)
def concat(context: Context, *values: Values) -> Values:
    words = [word for value in values for word in _elements(context, value)]
    return context.strings(lambda *pieces: "".join(pieces), *words)


@native("TEXTJOIN", "vvr", 3, repeated=1)
def textjoin(context: Context, between: Values, skip: Values, *values: Values) -> Values:
    holds, faults = context.truth(skip)
    words = [word for value in values for word in _elements(context, value)]

    def join(separator: str, skips: float, *pieces: str) -> Any:
        joined = separator.join(filter(None, pieces) if skips else pieces)
        return joined if len(joined) <= LONGEST else ErrorCode(VALUE)

    result = context.strings(join, context.text(between), Values(holds.astype(np.float64)), *words)
    return with_faults(result, faults)


@native("VALUE", "v")
def value_(context: Context, value: Values) -> Values:
    """What a text reads as; a truth value is none."""
    number = context.number(value)
    return with_faults(number, fault(value.where(BOOL), VALUE))


@native("NUMBERVALUE", "vvv", 1)
def numbervalue(context: Context, text: Values, point: Values | None, group: Values | None) -> Values:
    marks = [
        context.text(mark) if mark is not None else constant(default, context.texts)
        for mark, default in ((point, "."), (group, ","))
    ]

    def read(word: str, decimal: str, thousands: str) -> Any:
        word = word.replace(" ", "").replace(thousands[:1] or "\0", "").replace(decimal[:1] or "\0", ".")
        number = 0.0 if not word else parsed(word)
        return ErrorCode(VALUE) if number is None else number

    return context.strings(read, context.text(text), *marks)


def _formatted(number: float, code: str) -> Any:
    try:
        return formatted(number, code)
    except NoDateError:
        return ErrorCode(VALUE)


@native("TEXT", "vv")
def text_(context: Context, value: Values, pattern_: Values) -> Values:
    """A number in a format; a text that reads as a number is one, other texts stay."""
    form = context.text(pattern_)
    if not form.are(TEXT):
        return with_faults(value, first_faults([form]))
    number = context.number(value)
    readable = ~number.where(ERROR) & ~value.where(BOOL)
    plain = context.text(value)
    if not readable.any():
        return with_faults(plain, first_faults([value]))
    numbers = Values(np.where(readable, number.num, 0.0))
    try:
        shown = context.strings(_formatted, numbers, form)
    except ValueError as fault:
        raise UnsupportedError("FORMAT", f"TEXT with the format {fault}") from None
    return with_faults(choose(readable, shown, plain), first_faults([value, form]))


@native("FIXED", "vvv", 1)
def fixed_(context: Context, value: Values, digits: Values | None, plain: Values | None) -> Values:
    holds, faults = (np.zeros(SINGLE, np.bool_), None) if plain is None else context.truth(plain)
    places = TWO if digits is None else context.number(digits)
    result = context.strings(fixed, context.number(value), places, Values(holds.astype(np.float64)))
    return with_faults(result, faults)


@native("HYPERLINK", "vv", 1)
def hyperlink(context: Context, target: Values, shown: Values | None) -> Values:
    return context.text(target) if shown is None else shown


@native("DOLLAR", "vv", 1)
def dollar(context: Context, value: Values, digits: Values | None) -> Values:
    def shown(number: float, places: float) -> str:
        text = fixed(abs(number), places, 0.0)
        return f"(${text})" if number < 0 and float(text.replace(",", "")) else f"${text}"

    return context.strings(shown, context.number(value), TWO if digits is None else context.number(digits))

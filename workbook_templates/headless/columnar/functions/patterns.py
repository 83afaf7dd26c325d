"""Texts with wildcards, and the criteria of SUMIF and its like."""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pycalc.errors import EXCEL_ERRORS
from workbook_templates.headless.columnar.context import Context
from workbook_templates.headless.columnar.numerals import parsed
from workbook_templates.headless.columnar.operators import collated
from workbook_templates.headless.columnar.values import BLANK, BOOL, ERROR, NUMBER, TEXT, Floats, Kinds, Mask

OPERATOR = re.compile(r"<=|>=|<>|[<>=]")
WILD = re.compile(r"~?[*?]|~~")


@functools.lru_cache(maxsize=4096)
def pattern(text: str) -> re.Pattern[str]:
    """What matches a text with wildcards: * any, ? one character, ~ before those that are meant.

    >>> [bool(pattern("a*b?").fullmatch(text)) for text in ("AxxBc", "ab", "abc")]
    [True, False, True]
    """
    pieces, done = [], 0
    for match in WILD.finditer(text):
        pieces.append(re.escape(text[done : match.start()]))
        pieces.append({"*": ".*", "?": "."}.get(match[0], re.escape(match[0][-1])))
        done = match.end()
    return re.compile("".join([*pieces, re.escape(text[done:])]), re.IGNORECASE | re.DOTALL)


def matches(text: str) -> Callable[[str], float]:
    """One for texts that match, zero for others."""
    wanted = pattern(text)
    return lambda other: float(wanted.fullmatch(other) is not None)


def has_wildcards(text: str) -> bool:
    return WILD.search(text) is not None


@dataclass(frozen=True, slots=True)
class Criterion:
    """A comparison with a number, a text, a truth value, an error, or with being blank."""

    operator: str
    kind: int
    number: float = 0.0
    text: str = ""


@functools.lru_cache(maxsize=65_536)
def criterion(text: str) -> Criterion:
    """
    >>> criterion(">=5"), criterion("a*").kind == TEXT
    (Criterion(operator='>=', kind=0, number=5.0, text=''), True)
    """
    match = OPERATOR.match(text)
    operator, operand = (match[0], text[match.end() :]) if match else ("=", text)
    if not operand:
        return Criterion(operator, BLANK if match else TEXT)
    number = parsed(operand)
    if number is not None:
        return Criterion(operator, NUMBER, number)
    if operand.upper() in ("TRUE", "FALSE"):
        return Criterion(operator, BOOL, float(operand.upper() == "TRUE"))
    if operand.upper() in EXCEL_ERRORS:
        return Criterion(operator, ERROR, float(EXCEL_ERRORS.index(operand.upper())))
    return Criterion(operator, TEXT, 0.0, operand)


def compared(operator: str, values: Floats, operand: Floats | float) -> Mask:
    compare = {"=": np.equal, "<>": np.not_equal, "<": np.less, ">": np.greater, "<=": np.less_equal, ">=": np.greater_equal}
    return np.asarray(compare[operator](values, operand))


def matching(context: Context, num: Floats, kind: int | Kinds, asked: Criterion, operand: Floats | float) -> Mask:
    """Which elements meet a criterion; the operand is the number of each scenario."""
    kinds = np.full((1,) * num.ndim, kind, np.uint8) if isinstance(kind, int) else kind
    if asked.kind in (NUMBER, BOOL, ERROR):
        found = (kinds == asked.kind) & compared(asked.operator, num, operand)
        if asked.kind == NUMBER and asked.operator in ("=", "<>") and (kinds == TEXT).any():
            read = context.texts.mapped(np.where(kinds == TEXT, num, context.texts.number("")), _number)
            alike = (kinds == TEXT) & (read == operand)
            found = found | alike if asked.operator == "=" else found & ~alike
        if asked.operator == "<>":
            other = kinds != asked.kind
            if asked.kind == NUMBER and (kinds == TEXT).any():
                other = other & ~alike
            found = found | other
        return np.asarray(found)
    if asked.kind == BLANK:
        if asked.operator in ("=", "<>"):
            return np.asarray((kinds == BLANK) == (asked.operator == "="))
        return np.zeros(kinds.shape, np.bool_)
    return _text_matching(context, num, kinds, asked)


def _text_matching(context: Context, num: Floats, kinds: Kinds, asked: Criterion) -> Mask:
    is_text = kinds == TEXT
    if not is_text.any():
        hits = np.zeros((1,) * num.ndim, np.bool_)
    else:
        texts = np.where(is_text, num, context.texts.number(""))
        if asked.operator in ("=", "<>"):
            hits = context.texts.mapped(texts, matches(asked.text)) != 0
        else:
            edge = collated(asked.text)
            order = context.texts.mapped(texts, lambda text: float((collated(text) > edge) - (collated(text) < edge)))
            hits = compared(asked.operator, order, 0.0)
        hits = hits & is_text
    if not asked.text and asked.operator == "=":
        hits = hits | (kinds == BLANK)
    return ~hits if asked.operator == "<>" else hits


def _number(text: str) -> float:
    number = parsed(text)
    return np.nan if number is None else number

"""What the evaluation of a formula shares: texts, faults of the arithmetic, coercions of values.

numpy says after every operation whether anything overflowed or was undefined; `Context.computed`
listens, and looks at the elements only then.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from workbook_templates.headless.columnar.numerals import general, parsed
from workbook_templates.headless.columnar.refusal import UnsupportedError
from workbook_templates.headless.columnar.values import (
    BLANK,
    BOOL,
    ERROR,
    NUM,
    NUMBER,
    SINGLE,
    TEXT,
    VALUE,
    Faults,
    Floats,
    Mask,
    Texts,
    Values,
    fault,
    first_faults,
    joined,
    settled,
)

DEEPEST_CALLS = 150
OMITTED = Values(np.zeros(SINGLE), BLANK)
"""An argument between commas that is not there."""


class Context:
    """One engine's; not for two threads at once."""

    def __init__(self) -> None:
        self.texts = Texts()
        self.faulty = False
        self._depth = 0

    def note_fault(self, *_: Any) -> None:
        """numpy calls it."""
        self.faulty = True

    @contextmanager
    def arithmetic(self) -> Iterator[None]:
        """numpy reports its faults here."""
        with np.errstate(all="call", under="ignore", call=self.note_fault):
            yield

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """One call of a LAMBDA within another."""
        self._depth += 1
        try:
            if self._depth > DEEPEST_CALLS:
                raise UnsupportedError("RECURSION", f"LAMBDA calls nested deeper than {DEEPEST_CALLS}")
            yield
        finally:
            self._depth -= 1

    def computed(self, compute: Callable[..., Any], *args: Values) -> Values:
        """A function of numbers, element by element.

        It gives floats, or floats and the faults that it knows of, the first taking precedence;
        what is not finite is #NUM!.  Errors among the arguments go before, the first argument's first.
        """
        self.faulty = False
        if all(arg.kind.__class__ is int and arg.kind == NUMBER for arg in args):  # the usual case, kept short
            result = compute(*[arg.num for arg in args])
            if not self.faulty and not isinstance(result, tuple):
                return Values(result)
            self.faulty = False
        numbers = [self.number(arg) for arg in args]
        result = compute(*[number.num for number in numbers])
        known: list[tuple[Mask, float]] = []
        if isinstance(result, tuple):
            result, *known = result
        faults = first_faults(numbers)
        for mask, code in known:
            if mask.any():
                faults = joined(faults, fault(mask, code))
        if self.faulty:
            bad = ~np.isfinite(result)
            if bad.any():
                faults = joined(faults, fault(bad, NUM))
                result = np.where(bad, 0.0, result)
        return settled(result, faults)

    def number(self, value: Values) -> Values:
        """As arithmetic takes it: a text that reads as a number is one, others are #VALUE!."""
        kind = value.kind
        if isinstance(kind, int):
            if kind == TEXT:
                num = self.texts.mapped(value.num, _parsed_or_nan)
                bad = np.isnan(num)
                return settled(np.where(bad, 0.0, num), fault(bad, VALUE))
            return value if kind in (NUMBER, ERROR) else Values(value.num, NUMBER)
        is_text = kind == TEXT
        faults: Faults | None = (kind == ERROR, value.num)
        if not is_text.any():
            return settled(value.num, faults)
        where = np.broadcast_to(is_text, np.broadcast_shapes(is_text.shape, value.num.shape))
        num = np.broadcast_to(value.num, where.shape).copy()
        num[where] = self.texts.mapped(num[where], _parsed_or_nan)
        bad = np.isnan(num)
        num[bad] = 0.0
        return settled(num, joined(faults, fault(bad, VALUE)))

    def truth(self, value: Values) -> tuple[Mask, Faults | None]:
        """As IF takes it: a number other than zero holds, "TRUE" and "FALSE" are read, other texts are #VALUE!."""
        kind = value.kind
        if isinstance(kind, int) and kind in (NUMBER, BOOL, BLANK):
            return value.num != 0, None
        num, faults = value.num, first_faults([value])
        if value.may_be(TEXT):
            where = np.broadcast_to(value.where(TEXT), np.broadcast_shapes(value.kinds.shape, num.shape))
            num = np.broadcast_to(num, where.shape).copy()
            num[where] = self.texts.mapped(num[where], _truth_or_nan)
            faults = joined(faults, fault(np.isnan(num), VALUE))
        return num != 0, faults

    def text(self, value: Values) -> Values:
        """As & takes it: numbers as the General format shows them, TRUE and FALSE, a blank as the empty text."""
        if value.are(TEXT) or value.are(ERROR):
            return value
        return self.relabelled(value, lambda num, kind: _text(self.texts, num, kind))

    def relabelled(self, value: Values, text: Callable[[float, int], str]) -> Values:
        """A text made from each value but errors; values that are equal are looked at once."""
        shape = np.broadcast_shapes(value.num.shape, value.kinds.shape)
        kinds = np.broadcast_to(value.kinds, shape)
        pairs = np.empty(shape, np.dtype([("num", "f8"), ("kind", "u1")]))
        pairs["num"], pairs["kind"] = value.num, kinds
        unique, places = np.unique(pairs, return_inverse=True)
        made = [num if kind == ERROR else self.texts.number(text(float(num), int(kind))) for num, kind in unique.tolist()]
        num = np.array(made, np.float64)[places].reshape(shape)
        return Values(num, np.where(kinds == ERROR, np.uint8(ERROR), np.uint8(TEXT)) if value.may_be(ERROR) else TEXT)

    def string(self, num: float) -> str:
        """The text that a float stands for."""
        return self.texts.texts[int(num)]

    def strings(self, compute: Callable[..., Any], *args: Values) -> Values:
        """A function of texts and numbers, element by element, each distinct set of arguments looked at once.

        An argument whose kind is TEXT arrives as a str, a number as a float.  A result is a str, a
        float, a bool, or an `ErrorCode`.
        """
        faults = first_faults(args)
        shape = np.broadcast_shapes(*(arg.num.shape for arg in args), *(arg.kinds.shape for arg in args))
        table = np.stack([np.broadcast_to(arg.num, shape).reshape(-1) for arg in args], axis=1)
        bad = None if faults is None else np.broadcast_to(faults[0], shape).reshape(-1)
        unique, places = np.unique(table, axis=0, return_inverse=True)
        is_text = [arg.may_be(TEXT) for arg in args]
        needed = np.ones(len(unique), bool)
        if bad is not None:
            needed[:] = False
            needed[places.reshape(-1)[~bad]] = True
        nums, kinds = np.zeros(len(unique)), np.full(len(unique), NUMBER, np.uint8)
        for i in np.flatnonzero(needed):
            row = [self.string(num) if text else num for num, text in zip(unique[i].tolist(), is_text, strict=True)]
            nums[i], kinds[i] = self._result(compute(*row))
        same = len(set(kinds[needed].tolist())) == 1
        kind = int(kinds[needed][0]) if same else kinds[places].reshape(shape)
        value = Values(nums[places].reshape(shape), kind)
        if faults is None:
            return value
        return Values(np.where(faults[0], faults[1], value.num), np.where(faults[0], np.uint8(ERROR), value.kinds))

    def _result(self, result: Any) -> tuple[float, int]:
        if isinstance(result, str):
            return float(self.texts.number(result)), TEXT
        if isinstance(result, bool):
            return float(result), BOOL
        if isinstance(result, ErrorCode):
            return float(result), ERROR
        return float(result), NUMBER

    def folded(self, numbers: Floats) -> Floats:
        """The numbers of the texts in one case, so that texts that Excel holds equal have the same."""
        return self.texts.mapped(numbers, lambda text: float(self.texts.number(text.casefold())))


class ErrorCode(float):
    """An error as the result of a function of texts."""


def _parsed_or_nan(text: str) -> float:
    number = parsed(text)
    return np.nan if number is None else number


def _truth_or_nan(text: str) -> float:
    return {"TRUE": 1.0, "FALSE": 0.0}.get(text.upper(), np.nan)


def _text(texts: Texts, num: float, kind: int) -> str:
    if kind == TEXT:
        return texts.texts[int(num)]
    if kind == BOOL:
        return "TRUE" if num else "FALSE"
    return "" if kind == BLANK else general(num)

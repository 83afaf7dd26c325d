"""What kind of value something is."""

from collections.abc import Callable

import numpy as np

from workbook_templates.headless.columnar.context import Context
from workbook_templates.headless.columnar.functions.registry import native
from workbook_templates.headless.columnar.values import (
    BLANK,
    BOOL,
    ERROR,
    NA,
    NUMBER,
    SINGLE,
    TEXT,
    Kinds,
    Values,
    choose,
    error,
    fault,
    settled,
    stored,
    truth,
)


def _kind_test(names: str, test: Callable[[Kinds, Values], np.ndarray]) -> None:
    native(names, "v")(lambda context, value: truth(test(value.full_kinds, value)))


_kind_test("ISNUMBER", lambda kinds, value: kinds == NUMBER)
_kind_test("ISTEXT", lambda kinds, value: kinds == TEXT)
_kind_test("ISNONTEXT", lambda kinds, value: kinds != TEXT)
_kind_test("ISLOGICAL", lambda kinds, value: kinds == BOOL)
_kind_test("ISBLANK", lambda kinds, value: kinds == BLANK)
_kind_test("ISERROR", lambda kinds, value: kinds == ERROR)
_kind_test("ISNA", lambda kinds, value: (kinds == ERROR) & (value.num == NA))
_kind_test("ISERR", lambda kinds, value: (kinds == ERROR) & (value.num != NA))

NOT_AVAILABLE = error(NA)
native("NA", "")(lambda context: NOT_AVAILABLE)


def _parity(odd: bool) -> Callable[..., Values]:
    def parity(context: Context, value: Values) -> Values:
        number = context.number(value)
        rest = np.trunc(np.abs(number.num)) % 2
        return settled((rest == odd).astype(np.float64), (number.where(ERROR), number.num), BOOL)

    return parity


native("ISODD", "v")(_parity(True))
native("ISEVEN", "v")(_parity(False))


@native("N", "v")
def n(context: Context, value: Values) -> Values:
    """A number from a number or a truth value, zero from all else but errors."""
    kinds = value.kinds
    keeps = (kinds == NUMBER) | (kinds == BOOL)
    return settled(np.where(keeps, value.num, 0.0), (kinds == ERROR, value.num))


@native("T", "v")
def t(context: Context, value: Values) -> Values:
    """A text or an error as it is, the empty text from all else."""
    num, kind = stored("", context.texts)
    return choose((value.kinds == TEXT) | (value.kinds == ERROR), value, Values(np.full(SINGLE, num), kind))


@native("TYPE", "v")
def type_(context: Context, value: Values) -> Values:
    numbers = np.array([1.0, 1.0, 2.0, 4.0, 16.0])
    return Values(numbers[value.full_kinds])


@native("ERROR.TYPE", "v")
def error_type(context: Context, value: Values) -> Values:
    """The number of an error, as Microsoft lists them."""
    is_error = np.broadcast_to(value.kinds == ERROR, np.broadcast_shapes(value.kinds.shape, value.num.shape))
    return settled(np.where(is_error, value.num + 1, 0.0), fault(~is_error, NA))

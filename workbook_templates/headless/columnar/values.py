"""Values of many cells in many scenarios at once.

Every array has four axes: rows and columns of a range or an array constant, cells that share
one formula, scenarios.  An axis along which nothing changes has the length one.  A value is a
float and a kind: a text stands in the float by its number in `Texts`, an error by its place in
`EXCEL_ERRORS`, a truth value as 0 or 1, a blank as 0.  Where all values are of one kind, which
is the fast path, the kind is that one number and no array.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pycalc.cells import Cell
from pycalc.errors import EXCEL_ERRORS, CellError

NUMBER, BLANK, TEXT, BOOL, ERROR = range(5)
MIXED = 255
"""Stands for kinds that change from one scenario to the next."""

Floats: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]
Kinds: TypeAlias = NDArray[np.uint8]
Faults: TypeAlias = tuple[Mask, Floats]
"""Where something is an error, and which."""

NULL, DIV, VALUE, REF, NAME, NUM, NA = (
    float(EXCEL_ERRORS.index(code)) for code in ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A")
)
SPILL, CALC = (float(EXCEL_ERRORS.index(code)) for code in ("#SPILL!", "#CALC!"))
SINGLE = (1, 1, 1, 1)


@dataclass(slots=True, eq=False)
class Values:
    """Floats and their kinds; `ranged` where they come from a range or an array, whose texts a sum passes over."""

    num: Floats
    kind: int | Kinds = NUMBER
    ranged: bool = False

    @property
    def kinds(self) -> Kinds:
        """The kinds as an array that broadcasts with the floats."""
        return np.full(SINGLE, self.kind, np.uint8) if isinstance(self.kind, int) else self.kind

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        shape = self.num.shape if isinstance(self.kind, int) else np.broadcast_shapes(self.num.shape, self.kind.shape)
        return shape[0], shape[1]

    @property
    def is_many(self) -> bool:
        """Whether these are the elements of a range or an array, of which sums take the numbers alone."""
        return self.ranged or self.size != (1, 1)

    @property
    def full_kinds(self) -> Kinds:
        """The kind of every element."""
        kinds = self.kinds
        return np.broadcast_to(kinds, np.broadcast_shapes(kinds.shape, self.num.shape))

    def are(self, kind: int) -> bool:
        """Whether all values are of this kind, known without a look at each."""
        return isinstance(self.kind, int) and self.kind == kind

    def may_be(self, kind: int) -> bool:
        """Whether any value is of this kind."""
        return self.kind == kind if isinstance(self.kind, int) else bool((self.kind == kind).any())

    def where(self, kind: int) -> Mask:
        """Where the values are of this kind."""
        return np.asarray(self.kinds == kind)


class Texts:
    """Texts and the numbers that stand for them."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number that stands for a text."""
        found = self._numbers.get(text)
        if found is None:
            found = self._numbers[text] = len(self.texts)
            self.texts.append(text)
        return found

    def forget(self, count: int) -> None:
        """Keep only the first so many texts: those of a block of scenarios go with it."""
        for text in self.texts[count:]:
            del self._numbers[text]
        del self.texts[count:]

    def mapped(self, numbers: Floats, change: Callable[[str], float]) -> Floats:
        """What each text becomes; every text is looked at once."""
        unique, places = np.unique(numbers, return_inverse=True)
        changed = np.array([change(self.texts[int(number)]) for number in unique], np.float64)
        return changed[places].reshape(numbers.shape)


def constant(value: Cell, texts: Texts) -> Values:
    """One cell's value, the same in all scenarios."""
    num, kind = stored(value, texts)
    return Values(np.full(SINGLE, num), kind)


def stored(value: Cell, texts: Texts) -> tuple[float, int]:
    """A cell's value as a float and its kind."""
    if value is None:
        return 0.0, BLANK
    if isinstance(value, bool | np.bool_):
        return float(value), BOOL
    if isinstance(value, str):
        return float(texts.number(value)), TEXT
    if isinstance(value, CellError):
        return float(EXCEL_ERRORS.index(value.code)), ERROR
    number = float(value)
    return (number, NUMBER) if -np.inf < number < np.inf else (NUM, ERROR)


def cell(num: float, kind: int, texts: Texts) -> Cell:
    """The value of a cell from its float and kind.

    >>> texts = Texts()
    >>> [cell(*stored(value, texts), texts) for value in (1.5, True, "a", None, CellError("#N/A"))]
    [1.5, True, 'a', None, CellError(code='#N/A')]
    """
    if kind == NUMBER:
        return num
    if kind == TEXT:
        return texts.texts[int(num)]
    if kind == BOOL:
        return num != 0
    return CellError(EXCEL_ERRORS[int(num)]) if kind == ERROR else None


def any_of(mask: Mask) -> Mask:
    """Whether any holds along the first axis."""
    return np.asarray(mask.any(axis=0))


def fault(mask: Mask | np.bool_, code: float) -> Faults:
    """One error where the mask holds."""
    return np.asarray(mask), np.full(SINGLE, code)


def error(code: float) -> Values:
    """One error."""
    return Values(np.full(SINGLE, code), ERROR)


def truth(mask: Mask) -> Values:
    """Truth values."""
    return Values(mask.astype(np.float64), BOOL)


def first_faults(values: Iterable[Values]) -> Faults | None:
    """Where any of the values is an error, and the first one's error there."""
    found: Faults | None = None
    for value in values:
        if value.may_be(ERROR):
            found = joined(found, (value.where(ERROR), value.num))
    return found


def joined(first: Faults | None, second: Faults | None) -> Faults | None:
    """The first's errors and, where it has none, the second's."""
    if first is None or second is None:
        return first or second
    return first[0] | second[0], np.where(first[0], first[1], second[1])


def settled(num: Floats, faults: Faults | None, kind: int = NUMBER) -> Values:
    """The floats as values, errors where there are faults."""
    if faults is None or not faults[0].any():
        return Values(num, kind)
    mask, codes = faults
    return Values(np.where(mask, codes, num), np.where(mask, np.uint8(ERROR), np.uint8(kind)))


def with_faults(value: Values, faults: Faults | None) -> Values:
    """The values, errors where there are faults."""
    if faults is None or not faults[0].any():
        return value
    mask, codes = faults
    return Values(np.where(mask, codes, value.num), np.where(mask, np.uint8(ERROR), value.kinds), value.ranged)


def choose(mask: Mask, yes: Values, no: Values) -> Values:
    """One value where the mask holds and the other elsewhere."""
    num = np.where(mask, yes.num, no.num)
    ranged = yes.ranged and no.ranged
    if isinstance(yes.kind, int) and isinstance(no.kind, int) and yes.kind == no.kind:
        return Values(num, yes.kind, ranged)
    return Values(num, np.where(mask, yes.kinds, no.kinds), ranged)


def element(value: Values, row: int, column: int) -> Values:
    """One element of an array; a single row or column stands for all."""
    rows, columns = value.size
    row, column = min(row, rows - 1), min(column, columns - 1)
    place = (slice(row, row + 1), slice(column, column + 1))
    num = np.broadcast_to(value.num, (rows, columns, *value.num.shape[2:]))[place]
    kind = value.kind
    if not isinstance(kind, int):
        kind = np.broadcast_to(kind, (rows, columns, *kind.shape[2:]))[place]
    return Values(num, kind)


def stacked(values: list[Values], axis: int) -> Values:
    """Values side by side or under each other, as an array."""
    lanes = np.broadcast_shapes(*(value.num.shape[2:] for value in values), *(value.kinds.shape[2:] for value in values))
    num = np.concatenate([np.broadcast_to(value.num, (*value.num.shape[:2], *lanes)) for value in values], axis=axis)
    if all(value.are(NUMBER) for value in values):
        return Values(num, NUMBER, ranged=True)
    kinds = [np.broadcast_to(value.full_kinds, (*value.num.shape[:2], *lanes)) for value in values]
    return Values(num, np.concatenate(kinds, axis=axis), ranged=True)


def plain(value: Values) -> Values:
    """A reference as the value of a formula: a blank is a zero."""
    if isinstance(value.kind, int):
        return Values(value.num, NUMBER if value.kind == BLANK else value.kind)
    return Values(value.num, np.where(value.kind == BLANK, np.uint8(NUMBER), value.kind))

"""Rows: inputs, choices, lines, and the sections and columns in which they stand.

A formula is text over names: of inputs, of lines, of an axis where a grid moves one, and of
what a block lists in its docstring.  It is written in base units, as the functions are, and
leaves optional arguments out where their defaults hold; the renderer writes them in.

A line that stands once is read by its name.  Of one that has a value in each column, the bare
name is the value in the same column, ``name.all`` the whole row, ``name.total`` the cell that
sums it up, ``name.before`` the month before (before the first month a text, so read it by N()).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, get_args

from pycalc.errors import DeclarationError
from pycalc.quantities import Quantity

SCENARIOS = ("Base", "Bull", "Bear")
PERCENT = "%"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as a sheet shows it: its name, how many base units it makes, its number format."""

    name: str
    base: str
    scale: float = 1
    format: str = "#,##0"
    narrow: str = ""
    """The format where columns are narrow; the same unless it is given."""

    @property
    def tight(self) -> str:
        """The format for narrow columns."""
        return self.narrow or self.format

    @property
    def change(self) -> str:
        """The format of a difference, with its sign."""
        return f"+{self.format};-{self.format};{self.format}"

    def shown(self, bounds: tuple[float, float]) -> str:
        """Bounds in words, for the sheet and its prompts."""
        return " to ".join(f"{bound:.0%}" if self.name == PERCENT else f"{bound:,.10g}" for bound in bounds)

    def spelt(self, bounds: tuple[float, float]) -> str:
        """Bounds in words with the unit."""
        return self.shown(bounds) + ("" if self.name == PERCENT else f" {self.name}")


WORD = Unit("name", "text", format="General")


def quantity(annotated: Any) -> Quantity:
    """The quantity of one of `pycalc.quantities`' types."""
    found = next((item for item in get_args(annotated) if isinstance(item, Quantity)), None)
    if found is None:
        raise DeclarationError(f"{annotated!r} is not annotated with a quantity")
    return found


def article(section: str, text: str) -> str:
    """The source of a figure that the article gives."""
    return f"[A {section}] {text}"


def ours(text: str) -> str:
    """The source of a figure that the article does not give: our assumption, and why."""
    return f"[N] {text}"


@dataclass(frozen=True, slots=True)
class Numbers:
    """A row of numbers that the reader may change, all in the sheet's unit and within the same bounds."""

    name: str
    label: str
    kind: Any
    """One of `pycalc.quantities`' types."""
    unit: Unit
    values: tuple[float, ...]
    bounds: tuple[float, float]
    source: str

    def __post_init__(self) -> None:
        if self.unit.base != self.quantity.unit:
            raise DeclarationError(f"{self.name}: {self.unit.name} measures {self.unit.base}, not {self.quantity.unit}")
        low, high = (bound * self.unit.scale for bound in self.bounds)
        if not self.quantity.low <= low < high <= self.quantity.high:
            raise DeclarationError(f"{self.name}: {self.allowed} leaves {self.quantity.span}")
        for value in self.values:
            if self.fault(value):
                raise DeclarationError(f"{self.name}: {value:g} is not {self.allowed}")

    @property
    def quantity(self) -> Quantity:
        return quantity(self.kind)

    @property
    def whole(self) -> bool:
        return self.quantity.whole

    @property
    def allowed(self) -> str:
        """The bounds as the sheet and refusals say them."""
        return self.unit.shown(self.bounds)

    def fault(self, value: float) -> bool:
        """Whether the value is out of bounds, or not whole where only whole ones make sense."""
        low, high = self.bounds
        return not low <= value <= high or (self.whole and value % 1 != 0)


@dataclass(frozen=True, slots=True)
class Input(Numbers):
    """One value for each scenario.

    ``name`` becomes the defined name of the live value; a scaled unit shows in it.
    """


@dataclass(frozen=True, slots=True)
class CaseInput(Numbers):
    """One value for each of the `Cases` of its section, the same in every scenario."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A text for each scenario, out of a list: a catalogue's names (by the table's name) or the texts themselves."""

    name: str
    label: str
    values: tuple[str, str, str]
    options: str | tuple[str, ...]
    source: str

    unit: ClassVar[Unit] = WORD

    def __post_init__(self) -> None:
        if not isinstance(self.options, str) and (strange := set(self.values) - set(self.options)):
            raise DeclarationError(f"{self.name}: {', '.join(sorted(strange))} is none of {', '.join(self.options)}")


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the calculation: its name in formulas, its unit, how it is computed, and why so."""

    name: str
    label: str
    unit: Unit
    formula: str
    note: str = ""
    key: bool = False
    """A result that the reader came for: drawn as such."""
    total: str = ""
    """What sums a row of columns up: "sum", "last", or a formula of its own; empty where nothing does."""
    trend: bool = False
    """Whether a sparkline shows the course over the months."""


@dataclass(frozen=True, slots=True)
class Cases:
    """A fixed set of things, a column each on every sheet that holds them: tiers, designs, offers.

    ``name`` is that of the row of their labels.  With ``options`` (a catalogue's name) each label is picked from it.
    """

    name: str
    label: str
    values: tuple[str, ...]
    word: str
    """The second part of its sheets' names: Inputs_Tiers, Calc_Tiers."""
    options: str = ""

    @property
    def count(self) -> int:
        return len(self.values)

    @property
    def sheet(self) -> str:
        return f"Calc_{self.word}"


@dataclass(frozen=True, slots=True)
class Months:
    """Months 1 to ``count``, a column each, the same on every sheet over time; ``name`` is that of the row that counts."""

    count: int
    name: str = "month"
    word: str = "Months"

    @property
    def sheet(self) -> str:
        return f"Calc_{self.word}"


Over = Cases | Months
Row = Input | CaseInput | Choice | Line


@dataclass(frozen=True, slots=True)
class Section:
    """Rows under a heading; ``over`` says what they have columns of."""

    title: str
    rows: tuple[Row, ...]
    break_before: bool = False
    """Whether it begins a new printed page."""
    over: Over | None = None
    on: str = ""
    """The sheet, where it is not the usual one: "Time" for flags and dates."""

    @property
    def sheet(self) -> str:
        """The sheet of the calculation on which it stands."""
        return self.on or (self.over.sheet if self.over else "Calc")

    def lines(self) -> Iterator[Line]:
        return (row for row in self.rows if isinstance(row, Line))


def section(title: str, *rows: Row, break_before: bool = False, over: Over | None = None, on: str = "") -> Section:
    """A section, its rows as arguments."""
    return Section(title, rows, break_before, over, on)

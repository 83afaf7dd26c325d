"""What a template may say: a workbook as values, without a word about how it is drawn.

A formula is text over names: of inputs, of lines, of an axis where a grid moves one, and of
what a grid lists in its docstring.  It is written in base units, as the functions are, and
leaves optional arguments out where their defaults hold; the renderer writes them in.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, get_args

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

    def shown(self, bounds: tuple[float, float]) -> str:
        """Bounds in words, for the sheet and its prompts."""
        return " to ".join(f"{bound:.0%}" if self.name == PERCENT else f"{bound:,.10g}" for bound in bounds)

    def spelt(self, bounds: tuple[float, float]) -> str:
        """Bounds in words with the unit."""
        return self.shown(bounds) + ("" if self.name == PERCENT else f" {self.name}")


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
class Input:
    """A row that the reader may change: one value for each scenario, in the sheet's unit.

    ``name`` becomes the defined name of the live value; a scaled unit shows in it.
    """

    name: str
    label: str
    kind: Any
    """One of `pycalc.quantities`' types."""
    unit: Unit
    values: tuple[float, float, float]
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
class Line:
    """A row of the calculation: its name in formulas, its unit, how it is computed, and why so."""

    name: str
    label: str
    unit: Unit
    formula: str
    note: str = ""
    key: bool = False
    """A result that the reader came for: drawn as such."""


@dataclass(frozen=True, slots=True)
class Section:
    """Rows under a heading."""

    title: str
    rows: tuple[Input | Line, ...]
    break_before: bool = False
    """Whether it begins a new printed page."""


def section(title: str, *rows: Input | Line, break_before: bool = False) -> Section:
    """A section, its rows as arguments."""
    return Section(title, rows, break_before)


@dataclass(frozen=True, slots=True)
class Axis:
    """Values that a grid gives to one input, or to one line."""

    name: str
    values: tuple[float, ...]
    label: str
    unit: Unit
    bounds: tuple[float, float]
    whole: bool = False


def axis(over: Input, *values: float) -> Axis:
    """An axis over an input, whose label, unit and bounds it takes."""
    return Axis(over.name, values, over.label, over.unit, over.bounds, over.whole)


@dataclass(frozen=True, slots=True)
class Grid:
    """The model recomputed for the values of one axis, and one cell formula over two axes.

    ``across`` runs over the columns.  Under it stand ``lines``: names of lines of the
    calculation, with every line between them and the axis, and further lines of the grid's own.
    ``down`` runs over the rows, its own lines to the right.  In ``cell`` a name is the row's,
    the column's or the model's, in this order.
    """

    name: str
    title: str
    reading: str
    across: Axis
    lines: tuple[str | Line, ...]
    down: Axis
    down_lines: tuple[str | Line, ...]
    cell: Line
    bold_below: str = ""
    """The input below which a cell is printed bold."""
    room: str = ""
    """The across line that says how many fit; a cell is greyed where that is less than ``room_for``."""
    room_for: str = "1"
    """A number, or the down axis."""
    break_before: bool = False


@dataclass(frozen=True, slots=True)
class Strip:
    """The model recomputed for every scenario side by side, whichever is live."""

    name: str
    title: str
    reading: str
    outputs: tuple[str, ...]
    break_before: bool = False


@dataclass(frozen=True, slots=True)
class Levers:
    """The model recomputed with one input at a time at its Bull and its Bear value; a sorted table of the swings.

    Formulas elsewhere may use ``<name>.live`` (the output with no lever moved) and ``<name>.top``,
    ``<name>.better``, ``<name>.worse`` (the strongest lever's label and two changes).  Where the
    line ``room`` is below 1 or has no number, the case does not fit and its change counts as none.
    """

    name: str
    title: str
    reading: str
    drivers: tuple[str, ...]
    output: str
    room: str
    break_before: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A bar of a waterfall: a line, and whether it adds to the last, sums up, or is there to compare."""

    label: str
    line: str
    kind: str
    """"cost", "waste", "total" or "compare"."""


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Steps that add up to a total, with where each bar begins and ends."""

    name: str
    title: str
    reading: str
    steps: tuple[Step, ...]
    unit: Unit
    break_before: bool = False


Block = Grid | Strip | Levers | Waterfall


@dataclass(frozen=True, slots=True)
class ShareChart:
    """Columns stacked to 100 %: lines of a grid over its across axis."""

    title: str
    alt: str
    grid: str
    lines: tuple[str, ...]
    labelled: str


@dataclass(frozen=True, slots=True)
class CurveChart:
    """The cells of a grid over its down axis on a logarithmic scale: a curve per chosen column.

    ``level`` is a line of the down axis drawn dashed; ``point`` the live x and y.
    """

    title: str
    alt: str
    grid: str
    columns: tuple[int, ...]
    level: str
    point: tuple[str, str]


@dataclass(frozen=True, slots=True)
class WaterfallChart:
    """The bars of a `Waterfall`."""

    title: str
    alt: str
    waterfall: str


@dataclass(frozen=True, slots=True)
class TornadoChart:
    """The sorted swings of `Levers`: better to one side, worse to the other."""

    title: str
    alt: str
    levers: str


Chart = ShareChart | CurveChart | WaterfallChart | TornadoChart


@dataclass(frozen=True, slots=True)
class Kpi:
    """A figure of the band on the dashboard; ``formula`` is a name."""

    label: str
    name: str
    unit: Unit
    caption: str


@dataclass(frozen=True, slots=True)
class Check:
    """A condition that must hold; the sheet shows 0 where it does, 1 where it does not or cannot be computed."""

    label: str
    holds: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the change log."""

    version: str
    when: date
    what: str


@dataclass(frozen=True, slots=True)
class Template:
    """A whole workbook."""

    name: str
    title: str
    reader: str
    question: str
    purpose: str
    how: tuple[str, ...]
    """Steps for the reader, on the cover."""
    inputs: tuple[Section, ...]
    calc: tuple[Section, ...]
    blocks: tuple[Block, ...]
    kpis: tuple[Kpi, ...]
    reading: tuple[str, ...]
    """Formulas that put the result in words."""
    charts: tuple[Chart, ...]
    checks: tuple[Check, ...]
    headlines: tuple[str, ...]
    """Names of the lines that the command line prints."""
    changes: tuple[Change, ...]
    """Newest first; the first one's version and date are the workbook's."""
    scenario: str = field(default=SCENARIOS[0])
    sheets: tuple[str, ...] = ("Cover", "Inputs", "Calc", "Sensitivity", "Dashboard", "Checks", "ChangeLog")

    @property
    def version(self) -> str:
        return self.changes[0].version

    @property
    def when(self) -> date:
        return self.changes[0].when

    def all_inputs(self) -> Iterator[Input]:
        for section in self.inputs:
            yield from (row for row in section.rows if isinstance(row, Input))

    def all_lines(self) -> Iterator[Line]:
        for section in self.calc:
            yield from (row for row in section.rows if isinstance(row, Line))

"""What stands on the sensitivity sheet: the calculation once more for other values."""

from dataclasses import dataclass

from workbook_templates.spec.rows import WORD, Choice, Input, Line, Over, Unit


@dataclass(frozen=True, slots=True)
class Axis:
    """Values that a grid gives to one input, or to one line; with ``options`` they are picked from a list."""

    name: str
    values: tuple[float | str, ...]
    label: str
    unit: Unit
    bounds: tuple[float, float] = (0, 0)
    whole: bool = False
    options: str | tuple[str, ...] = ""


def axis(over: Input | Choice, *values: float | str) -> Axis:
    """An axis over an input, whose label, unit and bounds it takes."""
    if isinstance(over, Choice):
        return Axis(over.name, values, over.label, WORD, options=over.options)
    return Axis(over.name, values, over.label, over.unit, over.bounds, over.whole)


@dataclass(frozen=True, slots=True)
class Table:
    """The model recomputed for the values of one axis, a column each.

    Under the axis stand ``lines``: names of lines of the calculation, with every line between
    them and the axis, and further lines of the table's own.  Formulas elsewhere read
    ``<name>.<line>`` and ``<name>.across``; ``legend`` adds a row ``<name>.legend`` of the
    axis in words, for charts.
    """

    name: str
    title: str
    reading: str
    across: Axis
    lines: tuple[str | Line, ...]
    after: tuple[Line, ...] = ()
    """Lines that stand once below it and read its rows, or any other of the sheet, as ``<block>.<row>``."""
    legend: bool = False
    break_before: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A `Table`, and under it one cell formula over two axes.

    ``down`` runs over the rows, its own lines to the right.  In ``cell`` a name is the row's,
    the column's or the model's, in this order.  ``steps`` are cells before it, a matrix each,
    that later ones read by name.  Formulas elsewhere read ``<name>.cells``.
    """

    name: str
    title: str
    reading: str
    across: Axis
    lines: tuple[str | Line, ...]
    down: Axis
    down_lines: tuple[str | Line, ...]
    cell: Line
    steps: tuple[Line, ...] = ()
    bold_below: str = ""
    """The name of a live value below which a cell is printed bold."""
    bold_above: str = ""
    winners: tuple[tuple[str, str], ...] = ()
    """Texts that a cell may hold and the colour of each, instead of the heat map."""
    sign: bool = False
    """Whether cells are coloured by their sign, green above zero and red below, instead of the heat map."""
    room: str = ""
    """The across line that says how many fit; a cell is greyed where that is less than ``room_for``."""
    room_for: str = "1"
    """A number, or the down axis."""
    after: tuple[Line, ...] = ()
    """As in a `Table`."""
    legend: bool = False
    break_before: bool = False


@dataclass(frozen=True, slots=True)
class Strip:
    """The model recomputed for every scenario side by side, whichever is live.

    Lines with columns stand on a sheet of their own for each ``over``, a block for each scenario;
    formulas read such a row as ``<name>.<scenario>.<line>``, a line that stands once as ``<name>.<line>``;
    ``<name>.off`` says line by line, by 0 or 1, whether the live scenario is off the calculation.
    """

    name: str
    title: str
    reading: str
    outputs: tuple[str, ...]
    over: tuple[Over, ...] = ()
    """What lines of it have columns of."""
    break_before: bool = False


@dataclass(frozen=True, slots=True)
class Levers:
    """The model recomputed with one input at a time at its Bull and its Bear value; a sorted table of the swings.

    Formulas elsewhere may use ``<name>.live`` (the output with no lever moved) and ``<name>.top``,
    ``<name>.better``, ``<name>.worse`` (the strongest lever's label and two changes).  Where the
    line ``room`` is below 1 or has no number, the case does not fit and its change counts as none;
    without ``room``, where the output has no number.
    """

    name: str
    title: str
    reading: str
    drivers: tuple[str, ...]
    output: str
    room: str = ""
    more_is_better: bool = False
    break_before: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A bar of a waterfall: a line, and whether it adds to the last, is taken off, sums up, or is there to compare."""

    label: str
    line: str
    kind: str
    """"cost" or "waste" (added), "less" (taken off), "total" or "compare" (from zero)."""


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Steps that add up to a total, with where each bar begins and ends."""

    name: str
    title: str
    reading: str
    steps: tuple[Step, ...]
    unit: Unit
    millions: bool = False
    """Whether the chart's labels say millions; the cells do not."""
    break_before: bool = False


Block = Table | Grid | Strip | Levers | Waterfall

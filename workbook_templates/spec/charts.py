"""Charts as values: where their series stand, and how they are to be read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Series:
    """A row or column of cells by its name; ``label`` is what the legend says.

    ``name[i]`` is the i-th column of an area, such as ``by_context.cells[3]``, ``name[i,]`` the i-th row.  Without ``label``
    the legend shows what stands in the cells' own row under the heading Line.
    """

    values: str
    label: str = ""
    kind: str = "column"
    """"column", "line" or "area" in a `CategoryChart`; in an `XyChart` a curve, or with "point" a diamond."""
    colour: str = ""
    dash: bool = False
    markers: bool = False
    second: bool = False
    """Whether it is read on the axis to the right."""
    labels: str = ""
    """The number format of data labels, where it carries them."""
    x: str = ""
    """Its own x values, in an `XyChart`."""
    legend: str = ""
    """The name of a cell whose text is the legend; ``name[i]`` the i-th of a row, ``name[i,]`` of a column."""


@dataclass(frozen=True, slots=True)
class CategoryChart:
    """Columns, lines and areas over categories; ``stacked`` piles them up, ``shares`` to 100 %."""

    title: str
    alt: str
    categories: str
    series: tuple[Series, ...]
    across: str = ""
    up: str = ""
    second: str = ""
    format: str = "#,##0"
    second_format: str = "0%"
    across_format: str = "General"
    stacked: bool = False
    shares: bool = False
    bars: bool = False
    """Whether it lies on its side."""
    log: bool = False
    every: int = 1
    """How many categories apart their labels stand."""


@dataclass(frozen=True, slots=True)
class XyChart:
    """Curves and points over a number; either axis may be logarithmic."""

    title: str
    alt: str
    x: str
    series: tuple[Series, ...]
    across: str = ""
    up: str = ""
    across_format: str = "#,##0"
    format: str = "#,##0"
    log_x: bool = False
    log: bool = False
    span: tuple[float, float] | None = None
    """The ends of the x axis."""
    rise: tuple[float, float] | None = None
    """The ends of the y axis."""
    steps: float = 0
    """How far apart the marks of the x axis stand."""


@dataclass(frozen=True, slots=True)
class WaterfallChart:
    """The bars of a `Waterfall`."""

    title: str
    alt: str
    waterfall: str
    format: str = "$#,##0.00"


@dataclass(frozen=True, slots=True)
class TornadoChart:
    """The sorted swings of `Levers`: better to one side, worse to the other."""

    title: str
    alt: str
    levers: str
    format: str = "$#,##0.00"
    words: tuple[str, str] = ("Cheaper", "Dearer")


@dataclass(frozen=True, slots=True)
class HeatMap:
    """The cells of a `Grid` shown in the place of a chart, with its colours; the columns by their number."""

    title: str
    grid: str
    columns: tuple[int, ...]

    @property
    def runs(self) -> list[list[int]]:
        """The positions, among those shown, of columns that stand side by side in the grid, too."""
        found: list[list[int]] = []
        for i, column in enumerate(self.columns):
            if i and column == self.columns[i - 1] + 1:
                found[-1].append(i)
            else:
                found.append([i])
        return found


Chart = CategoryChart | XyChart | WaterfallChart | TornadoChart | HeatMap

"""A formula as a tree, its references relative to the cell that holds it."""

from dataclasses import dataclass
from typing import TypeAlias

from pycalc.cells import Cell

MAX_ROW, MAX_COLUMN = 1_048_576, 16_384


@dataclass(frozen=True, slots=True)
class Corner:
    """A row and a column; one that is not fixed is counted from the formula's cell."""

    row: int
    column: int
    fixed_row: bool
    fixed_column: bool

    def at(self, row: int, column: int) -> tuple[int, int]:
        """Where it lies for a formula in this cell; what leaves the sheet comes in at its other side."""
        return (
            self.row if self.fixed_row else (row + self.row - 1) % MAX_ROW + 1,
            self.column if self.fixed_column else (column + self.column - 1) % MAX_COLUMN + 1,
        )


@dataclass(frozen=True, slots=True)
class Literal:
    value: Cell


@dataclass(frozen=True, slots=True)
class ArrayLiteral:
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Omitted:
    """An argument between commas that is not there."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A cell or a range; without a sheet, of the formula's own."""

    sheet: str | None
    first: Corner
    last: Corner

    def area(self, row: int, column: int) -> tuple[int, int, int, int]:
        """First row, first column, last row, last column for a formula in this cell."""
        (top, left), (bottom, right) = self.first.at(row, column), self.last.at(row, column)
        return min(top, bottom), min(left, right), max(top, bottom), max(left, right)


@dataclass(frozen=True, slots=True)
class Named:
    """A defined name, or a name that LET or LAMBDA gives."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function called by its name."""

    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Invocation:
    """A LAMBDA called on the spot."""

    function: "Node"
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Prefix:
    operator: str
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Grouped:
    """What stands in brackets."""

    inner: "Node"


@dataclass(frozen=True, slots=True)
class Percent:
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Infix:
    operator: str
    left: "Node"
    right: "Node"


Node: TypeAlias = Literal | ArrayLiteral | Omitted | Reference | Named | Call | Invocation | Prefix | Grouped | Percent | Infix

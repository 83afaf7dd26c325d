"""The frozen snapshot of a catalogue that a workbook carries: rows with figures, source and date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pycalc.errors import DeclarationError
from workbook_templates.spec.rows import Unit


@dataclass(frozen=True, slots=True)
class Column:
    """A figure that every row has, in the sheet's unit; formulas read it as ``<table>.<name>``."""

    name: str
    label: str
    unit: Unit
    zero: str = ""
    """What a 0 is shown as, where it is no figure."""

    @property
    def format(self) -> str:
        return f'{self.unit.format};-{self.unit.format};"{self.zero}"' if self.zero else self.unit.format


@dataclass(frozen=True, slots=True)
class Datum:
    """A row: a name to pick it by, a figure for each column, whence and of which day they are."""

    name: str
    figures: tuple[float, ...]
    source: str
    date: date


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A sheet of rows to pick from; formulas read ``<name>.names`` and the columns.

    The first name on it is ``own``: whoever picks that works with the figures typed on Inputs.
    """

    name: str
    title: str
    word: str
    """The second part of its sheet's name."""
    own: str
    columns: tuple[Column, ...]
    rows: tuple[Datum, ...]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row.figures) != len(self.columns):
                raise DeclarationError(
                    f"{self.name}: {row.name} has {len(row.figures)} figures for {len(self.columns)} columns"
                )

    @property
    def sheet(self) -> str:
        return f"Catalogue_{self.word}"

    @property
    def options(self) -> Sequence[str]:
        """What may be picked."""
        return (self.own, *(row.name for row in self.rows))

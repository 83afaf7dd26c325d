"""Figures that somebody states, each a line that computes it: a table of claims."""

from collections.abc import Iterator
from dataclasses import dataclass

from workbook_templates.spec.blocks import Strip
from workbook_templates.spec.rows import Line, Section

STATED_PARTS = (
    *("section", "claim", "printed", "recomputed", "difference", "verdict", "figure", "both", "log_ratio", "size"),
    *("known", "gap", "values", "recorded", "low", "high", "from", "to", "furthest", "furthest_labels", "number", "short"),
)
"""What formulas and charts read of such a sheet, by ``<sheet in small letters>.<part>``: a column of the table each."""


@dataclass(frozen=True, slots=True)
class Stated(Line):
    """A line beside the figure that somebody states of it, all in the line's unit.

    The figure lies from ``low`` to ``high``, 0 where none is stated; it holds where the line gives
    from ``bounds[0]`` to ``bounds[1]``, which allow for the digits that are printed, and is near
    where it is off by less than ``near``.
    """

    at: str = ""
    """The section of the source."""
    printed: str = ""
    """The figure as the source prints it."""
    in_short: str = ""
    """The figure with its unit, for charts."""
    low: float = 0
    high: float = 0
    bounds: tuple[float, float] = (1, 0)
    near: float = 0
    binary: float = 0
    """The figure if its MB or GB were powers of 1024; 0 where it is in no bytes."""
    otherwise: str = ""
    """The verdict where it neither holds nor is near, nor is right in powers of 1024."""
    known: float = 0
    """What the line must give for the values that the workbook is delivered with, computed elsewhere; 0 for nothing."""
    recorded: str = ""
    """The verdict that was recorded elsewhere."""


@dataclass(frozen=True, slots=True)
class StatedStrip(Strip):
    """A strip over stated figures that says for each scenario which hold.

    ``count`` is the line that counts those of the live scenario.
    """

    count: str = ""


def is_stated(section: Section) -> bool:
    """Whether a section is a table of stated figures."""
    return any(isinstance(row, Stated) for row in section.rows)


def stated_names(sections: tuple[Section, ...]) -> Iterator[str]:
    """The names by which formulas read the tables."""
    for section in filter(is_stated, sections):
        yield from (f"{section.sheet.lower()}.{part}" for part in STATED_PARTS)

"""What every engine of scenarios offers: a workbook, its inputs and outputs, and columns of values in and out."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

from pycalc.cells import Cell
from workbook_templates.reading import Package

Place: TypeAlias = tuple[str, str]
"""Sheet title, cell address without $."""


class ScenarioEngine(Protocol):
    """A workbook made ready to be computed for many scenarios."""

    def __init__(self, package: Package, inputs: Sequence[Place], outputs: Sequence[Place]) -> None: ...

    def evaluate(self, columns: Mapping[Place, Sequence[Cell]]) -> Mapping[Place, list[Cell]]:
        """One list of cell values (float, str, bool, None, CellError) per output; every column has the same length."""

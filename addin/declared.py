"""What every host registers: the declared functions, formulas and tables alike."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pycalc import FUNCTIONS
from pycalc.record import Parameter
from pycalc.tables import TABLE_FUNCTIONS, TableArgument

NAMESPACE = "LLMECON"
"""What Excel shows before the name of a custom function, with a full stop between."""


class WorksheetFunction(NamedTuple):
    """A function as Excel lists it."""

    name: str
    summary: str
    arguments: Sequence[Parameter | TableArgument]


def worksheet_functions() -> Iterator[WorksheetFunction]:
    """All declared functions, in the order of declaration, those that give tables last."""
    for name, formula in FUNCTIONS.items():
        yield WorksheetFunction(name, formula.summary, formula.parameters)
    for name, table in TABLE_FUNCTIONS.items():
        yield WorksheetFunction(name, table.summary, table.arguments)

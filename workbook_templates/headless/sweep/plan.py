"""Which columns of a table are arguments of a function, and what one batch of them gives."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pycalc.errors import EXCEL_ERRORS, CalcError, CellError
from pycalc.evaluation import evaluate
from pycalc.quantities import Quantity
from pycalc.record import Formula
from workbook_templates.overrides import NUMBER
from workbook_templates.reading import RefusedFileError

TYPO = 0.8
"""How like an argument's name a column must be to be taken for a slip."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A function bound to the columns of a table."""

    spec: Formula
    columns: tuple[str, ...]
    positions: tuple[int | None, ...]
    """For each argument the column that it takes, None where it is left out."""

    @property
    def result(self) -> str:
        return self.spec.name

    @property
    def error(self) -> str:
        return f"{self.spec.name}_error"

    @property
    def gives_numbers(self) -> bool:
        return self.spec.result.is_number

    def quantity_of(self, column: int) -> Quantity | None:
        """What a column means, if it is an argument."""
        found = (p.quantity for p, at in zip(self.spec.parameters, self.positions, strict=True) if at == column)
        return next(found, None)

    def compute(self, arguments: Sequence[Any], size: int) -> tuple[Any, list[tuple[int, CalcError]]]:
        """The results of a batch, given the arguments that are not left out, and the errors of its bad elements."""
        values = iter(arguments)
        bound = [None if at is None else next(values) for at in self.positions]
        while bound and bound[-1] is None:
            bound.pop()
        if not size:
            return np.empty(0), []
        try:
            outcome = evaluate(self.spec, bound)
        except CalcError as refusal:  # what belongs together is not all there: no row has a value
            return np.full(size, np.nan), [(row, refusal) for row in range(size)]
        return outcome.value, sorted(outcome.errors.items())


def planned(spec: Formula, file: str, columns: Sequence[str]) -> Plan:
    """The plan, if all required arguments have a column and none is a slip; raises `RefusedFileError`."""
    names = {parameter.name: i for i, parameter in enumerate(spec.parameters)}
    positions: list[int | None] = [None] * len(names)
    for at, column in enumerate(columns):
        if column in names:
            positions[names[column]] = at
        elif near := difflib.get_close_matches(column.strip().lower(), names, 1, TYPO):
            reason = f"the column {column[:60]!r} is no argument of {spec.usage}"
            raise RefusedFileError("UNKNOWN_COLUMN", file, reason, f"did you mean {near[0]}?")
    missing = [p.name for p, at in zip(spec.parameters, positions, strict=True) if at is None and not p.optional]
    if missing:
        reason = f"has no column {missing[0]}, which {spec.usage} needs"
        raise RefusedFileError("MISSING_COLUMN", file, reason, "head a column with that name")
    plan = Plan(spec, tuple(columns), tuple(positions))
    for taken in (plan.result, plan.error):
        if taken in columns:
            raise RefusedFileError("DUPLICATE_COLUMN", file, f"has a column {taken}, the name of the result", "rename it")
    return plan


def written_cell(text: str, quantity: Quantity) -> Any:
    """A field of a csv file as the cell that it stands for.

    >>> from pycalc import FUNCTIONS
    >>> tokens = FUNCTIONS["KV_BYTES"].parameters[0].quantity
    >>> [written_cell(text, tokens) for text in ("4096", "1_000", "", "#N/A")]
    [4096.0, '1_000', None, CellError(code='#N/A')]
    """
    if not text:
        return None
    if text in EXCEL_ERRORS:
        return CellError(text)
    if quantity.is_flag and text.upper() in ("TRUE", "FALSE"):
        return text.upper() == "TRUE"
    return float(text) if not quantity.is_text and NUMBER.fullmatch(text) else text

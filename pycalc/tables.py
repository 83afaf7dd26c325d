"""Table functions: those that answer a cell with rows, which spill.

``@table`` reads a signature of quantities as ``@formula`` does, and registers the declaration in
``TABLE_FUNCTIONS``.  Every host serves them: a grid under `pycalc.cells.WORKSHEET_NAMES`, the
add-in with its help, the headless engine, ``llmecon call`` and ``llmecon functions``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, TypeAlias

from pycalc import policy
from pycalc.errors import DeclarationError
from pycalc.formula import FUNCTIONS, read, register
from pycalc.quantities import Quantity
from pycalc.record import Formula

Table: TypeAlias = Annotated[list[list[Any]], Quantity("-", "table", "Rows of cells")]


class TableArgument(NamedTuple):
    """One argument as a host declares it."""

    name: str
    optional: bool
    help: str


@dataclass(frozen=True)
class TableFunction(Formula):
    """A declaration whose body gives rows of equal length.

    Their cells are numbers, texts, truth values, None where blank, and `CellError` where there is no value.
    """

    repeated: str = ""
    """Help of the arguments that follow the parameters, {} being the number of each; empty where none may."""

    @property
    def arguments(self) -> list[TableArgument]:
        """All arguments that a host declares; those that repeat are as many as any function takes."""
        fixed = [TableArgument(p.name, p.optional, p.help) for p in self.parameters]
        if not self.repeated:
            return fixed
        most = max(len(spec.parameters) for spec in FUNCTIONS.values())
        return fixed + [TableArgument(f"argument_{i}", True, self.repeated.format(i)) for i in range(1, most + 1)]

    @property
    def usage(self) -> str:
        shown = super().usage
        return f"{shown[:-1]}, argument_1, …)" if self.repeated else shown

    def count_fault(self, count: int) -> str | None:
        if not self.repeated:
            return super().count_fault(count)
        return None if count >= self.required else f"{self.usage} takes at least {self.required} arguments, not {count}"

    def rows(self, *cells: Any) -> list[list[Any]]:
        """The table for what cells hold, None where one is blank or left out.

        Arguments that are declared go through the policy of errors, ranges and defaults; those
        that repeat reach the body as they are.  Raises CalcError; TypeError for a wrong count.
        """
        count = len(self.parameters)
        values = policy.settled(self, self.bind(cells[:count]))
        return [["" if cell is None else cell for cell in row] for row in self.body(*values, *cells[count:])]


TABLE_FUNCTIONS: dict[str, TableFunction] = {}
"""Every declared table function by its Excel name, in the order of declaration."""

Body: TypeAlias = Callable[..., list[list[Any]]]


def table(section: str, source: str, repeated: str = "") -> Callable[[Body], Body]:
    """Declare a table function: where it is from, and the help of ``*args`` where the body has them.

    The signature, the docstring (a sentence, an example) and the rules are those of ``@formula``;
    the result is annotated `Table`, and an optional argument may have the default None, which the
    body then gets.  The body gets numbers as floats, a choice as the number that it stands for, a
    truth value as 1.0 or 0.0, a name as the text; what it refuses it raises as a CalcError that
    says of which function.  The module must be imported by ``pycalc/__init__.py``.

    >>> from pycalc.quantities import Gpus
    >>> @table("5.4", source="an example")
    ... def racks(gpus: Gpus = 8) -> Table:
    ...     '''Racks by their size.
    ...
    ...     >>> racks(16)[1]
    ...     ['racks', 2.0]
    ...     '''
    ...     return [["figure", "value"], ["racks", gpus / 8]]
    >>> declared = TABLE_FUNCTIONS.pop("RACKS")
    >>> declared.rows(None)
    [['figure', 'value'], ['racks', 1.0]]
    >>> declared.rows(1.5)
    Traceback (most recent call last):
    pycalc.errors.DomainError: RACKS: gpus is 1.5 GPUs; it must be a whole number from 1 to 1e+06
    """

    def declare(body: Body) -> Body:
        why = "gives a table, which no formula does"
        spec = read(TableFunction, body, bool(repeated), section=section, source=source, untraceable=why, repeated=repeated)
        if spec.excel_name in FUNCTIONS:
            raise DeclarationError(f"{spec.name}: a formula has that name")
        register(spec, TABLE_FUNCTIONS)
        return body

    return declare

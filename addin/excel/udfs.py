"""Every declared function as an Excel function: the module that the add-in names to xlwings.

xlwings reads the functions off this module: their signatures become the VBA wrappers', their
help the function wizard's.  One adapter serves all of them, so that nothing has to be written
here, or can be forgotten, when a function is declared.  EXPLAIN alone is not declared: it
gives a table, not a number.
"""

import inspect
import logging
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from addin.faults import FaultLog
from pycalc import FUNCTIONS, cells

try:
    import xlwings
except ImportError as missing:
    raise ImportError('the Excel functions need xlwings: pip install "llmecon[excel]"', name="xlwings") from missing

from addin.excel.classic import ExactCells, from_excel, to_excel

CATEGORY = "LLM economics"


class Argument(NamedTuple):
    name: str
    optional: bool
    help: str

    @property
    def declared(self) -> inspect.Parameter:
        default = None if self.optional else inspect.Parameter.empty
        return inspect.Parameter(self.name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default)


def excel_function(name: str, summary: str, arguments: Sequence[Argument]) -> Callable[..., Any]:
    """A function on what xlwings hands over, registered with it; its signature is names and defaults, no hints."""
    on_cells = cells.worksheet_function(name)

    def function(*given: Any) -> Any:
        return to_excel(on_cells(*map(from_excel, given)))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = summary
    function.__annotations__ = {}
    function.__signature__ = inspect.Signature([argument.declared for argument in arguments])  # type: ignore[attr-defined]
    adapter: Callable[..., Any] = function
    for argument in arguments:
        adapter = xlwings.arg(argument.name, ExactCells, ndim=2, err_to_str=True, doc=argument.help)(adapter)
    return xlwings.func(category=CATEGORY)(adapter)


def functions() -> dict[str, Callable[..., Any]]:
    """The adapters by worksheet name."""
    made = {}
    for name, spec in FUNCTIONS.items():
        arguments = [Argument(parameter.name, parameter.optional, parameter.help) for parameter in spec.parameters]
        made[name] = excel_function(name, spec.summary, arguments)
    summary = "A call with the numbers in it: each argument's symbol, unit and meaning, the formula, the result, the source."
    most = max(len(spec.parameters) for spec in FUNCTIONS.values())
    explained = Argument("function_name", False, 'The function to explain, a text: "KV_BYTES".')
    values = (Argument(f"argument_{i}", True, f"Argument {i} of that function, one value.") for i in range(1, most + 1))
    made[cells.EXPLAIN] = excel_function(cells.EXPLAIN, summary, [explained, *values])
    return made


globals().update(functions())
if hasattr(globals()[cells.EXPLAIN], "__xlfunc__"):  # Excel itself hosts us, which shows no traceback and keeps no log
    logging.getLogger().addHandler(FaultLog())

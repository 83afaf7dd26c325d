"""Every declared function as an Excel function: the module that the add-in names to xlwings.

xlwings reads the functions off this module: their signatures become the VBA wrappers', their
help the function wizard's.  One adapter serves all of them, so that nothing has to be written
here, or can be forgotten, when a function is declared.
"""

import inspect
import logging
from collections.abc import Callable, Sequence
from typing import Any

from addin.faults import FaultLog
from pycalc import cells
from pycalc.record import Parameter
from pycalc.tables import TableArgument

try:
    import xlwings
except ImportError as missing:
    raise ImportError('the Excel functions need xlwings: pip install "llmecon[excel]"', name="xlwings") from missing

from addin.declared import worksheet_functions
from addin.excel.agreed import CATEGORY
from addin.excel.classic import ExactCells


def excel_function(name: str, summary: str, arguments: Sequence[Parameter | TableArgument]) -> Callable[..., Any]:
    """A function on what xlwings hands over, registered with it; its signature is names and defaults, no hints."""
    on_cells = cells.worksheet_function(name)

    def function(*given: Any) -> Any:
        return on_cells(*given)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = summary
    function.__annotations__ = {}
    function.__signature__ = inspect.Signature(list(map(_declared, arguments)))  # type: ignore[attr-defined]
    adapter: Callable[..., Any] = function
    for argument in arguments:
        adapter = xlwings.arg(argument.name, ExactCells, doc=argument.help)(adapter)
    return xlwings.func(category=CATEGORY)(xlwings.ret(ExactCells)(adapter))


def _declared(argument: Parameter | TableArgument) -> inspect.Parameter:
    default = None if argument.optional else inspect.Parameter.empty
    return inspect.Parameter(argument.name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default)


def functions() -> dict[str, Callable[..., Any]]:
    """The adapters by worksheet name."""
    return {name: excel_function(name, summary, arguments) for name, summary, arguments in worksheet_functions()}


ADAPTERS = functions()
globals().update(ADAPTERS)
if any(hasattr(adapter, "__xlfunc__") for adapter in ADAPTERS.values()):
    # Excel itself hosts us, which shows no traceback and keeps no log
    logging.getLogger().addHandler(FaultLog())

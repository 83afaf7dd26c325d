"""In a bundle, the ``__init__`` of the package genai-prices, whose other modules are its own.

Its own ``__init__`` loads what fetches new prices.  The modules of data name pydantic, a compiled
package, in annotations and for reading JSON, neither of which a look-up needs: where it is not
installed, something that does nothing stands in for it while they load, and for them alone.
"""

import importlib
import importlib.util
import sys
import typing
from types import ModuleType
from typing import Any


class StandIn(ModuleType):
    """A module in which every name is a function that does nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


def load(package: str) -> None:
    """Import the package's data."""
    needed = {"pydantic": StandIn("pydantic"), "typing_extensions": typing}
    missing = {name: module for name, module in needed.items() if importlib.util.find_spec(name) is None}
    sys.modules.update(missing)
    try:
        importlib.import_module(f"{package}.data")
    finally:
        for name in missing:
            del sys.modules[name]


if __name__ == "genai_prices":
    load(__name__)

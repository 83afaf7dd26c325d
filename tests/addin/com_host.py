"""The classic Excel host without Windows: xlwings' real UDF module and COM server over a stubbed pywin32.

`install` changes the process for good (stub modules, xlwings' decorators), so tests run it in a
process of its own, see the fixture `excel`.  What is not xlwings' own code here is what
pywin32 and Excel would supply.
"""

import ctypes
import datetime
import importlib
import io
import os
import sys
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import MagicMock, patch

MODULE = "addin.excel.udfs"
MISSING = -2147352572  # DISP_E_PARAMNOTFOUND, an optional Variant that VBA was not given
RANGE_INTERFACE = "{00020846-0000-0000-C000-000000000046}"
PYWIN32 = (
    "pythoncom",
    "pywintypes",
    "win32api",
    "win32con",
    "win32event",
    "win32gui",
    "win32process",
    "win32timezone",
    "win32com",
    "win32com.client",
    "win32com.server",
    "win32com.server.dispatcher",
    "win32com.server.policy",
    "win32com.server.util",
)


class ComError(Exception):
    """pywintypes.com_error."""


@dataclass(frozen=True)
class ExcelRange:
    """Cells as pywin32 shows them: a value or a tuple of rows; ``shown`` is what the lossy ``Range.Value`` gives."""

    Value2: Any
    shown: Any = None

    Worksheet = Row = Column = MagicMock()  # xlwings asks for them, and uses none

    @property
    def Rows(self):  # noqa: N802
        return SimpleNamespace(Count=len(self.Value2) if isinstance(self.Value2, tuple) else 1)

    @property
    def Columns(self):  # noqa: N802
        return SimpleNamespace(Count=len(self.Value2[0]) if isinstance(self.Value2, tuple) else 1)

    @property
    def Value(self):  # noqa: N802
        return self.Value2 if self.shown is None else self.shown

    @property
    def _oleobj_(self):
        attributes = SimpleNamespace(iid=RANGE_INTERFACE)
        return SimpleNamespace(GetTypeInfo=lambda: SimpleNamespace(GetTypeAttr=lambda: attributes))


def install(fault_log):
    """Make this process one in which our module has registered with the real classic xlwings."""
    os.environ["LLMECON_LOG"] = str(fault_log)
    for name in PYWIN32:
        sys.modules[name] = _stub(name)
    ctypes.windll = ctypes.oledll = MagicMock()
    with patch("ctypes.PyDLL"):
        import xlwings
        from xlwings import _xlwindows, com_server, udfs

    xlwings._xlwindows = _xlwindows
    xlwings.engines.add(xlwings.Engine(impl=_xlwindows.engine))
    xlwings.func, xlwings.arg, xlwings.ret = udfs.xlfunc, udfs.xlarg, udfs.xlret
    com_server.loop.close()  # it serves asynchronous functions only
    importlib.import_module(MODULE)


def _stub(name):
    module = ModuleType(name)
    module.__path__ = []
    module.__getattr__ = lambda attribute: vars(module).setdefault(attribute, MagicMock(name=f"{name}.{attribute}"))
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)
    if name == "pywintypes":
        module.com_error, module.IID, module.TimeType = ComError, str, type("TimeType", (datetime.datetime,), {})
    if name == "pythoncom":
        module.IID_IDispatch = "IDispatch"
        module.TypeIIDs = {"IDispatch": type("PyIDispatch", (), {})}
    if name == "win32com.client":
        for interface in ("CDispatch", "CoClassBaseClass", "DispatchBaseClass", "DispatchEx", "Dispatch"):
            setattr(module, interface, type(interface, (), {}))
    if name == "win32com.server.util":
        module.unwrap = _refuse_to_unwrap
    return module


def _refuse_to_unwrap(value):
    raise ComError(f"{value!r} is no wrapped Python object")


def call(function, *arguments):
    """What the cell's VBA wrapper gets for these Variants: numbers are floats, ranges `ExcelRange`, omissions MISSING."""
    from xlwings.com_server import XLPython

    return XLPython().CallUDF(MODULE, function, arguments, None, None)


def call_all(function, points):
    """`call` at each of many points."""
    return [call(function, *point) for point in points]


def vba(book="llmecon.xlam"):
    """The wrappers' source as xlwings' own import writes it."""
    from xlwings.udfs import generate_vba_wrapper

    text = io.StringIO()
    generate_vba_wrapper(MODULE, importlib.import_module(MODULE), text, SimpleNamespace(Name=book))
    return text.getvalue()


def registered():
    """What xlwings knows of each function, by name."""
    module = importlib.import_module(MODULE)
    return {name: function.__xlfunc__ for name, function in vars(module).items() if hasattr(function, "__xlfunc__")}

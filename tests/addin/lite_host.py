"""xlwings Lite's part, in any Python where nothing of ours is installed: runs ``main.py``, calls what it registered.

Reads main.py and calls.json in the folder that it is given, writes said.json there; further folders are
where numpy is.  It knows of Lite what its documentation says; nothing is imported from xlwings.
"""

import inspect
import json
import sys
from pathlib import Path
from types import ModuleType

REGISTERED = {}
SAFE = 2**53  # beyond it a whole number of JavaScript is a float in Python


def func(function=None, *, namespace=""):
    """Registers a function that `arg` has declared."""
    if function is None:
        return lambda function: func(function, namespace=namespace)
    REGISTERED[f"{namespace}.{function.__name__}"] = function
    return function


def arg(name, **options):
    """Options of one argument, which must be there."""

    def declare(function):
        assert name in inspect.signature(function).parameters, f"{function.__name__} has no {name}"
        function.__dict__.setdefault("options", {})[name] = options
        return function

    return declare


def run(text):
    """The module in Excel's Python; what it lacks there is raised, and all that was registered before it stays."""
    xlwings = ModuleType("xlwings")
    xlwings.func, xlwings.arg = func, arg
    sys.modules["xlwings"] = xlwings
    module = sys.modules["main"] = ModuleType("main")
    exec(compile(text, "main.py", "exec"), module.__dict__)  # noqa: S102 - as Lite does


def call(function, given):
    """As a cell: null where left out, then the default; else rows, since every argument asks for two dimensions."""
    parameters = list(inspect.signature(function).parameters.values())
    default = [None if parameter.default is parameter.empty else parameter.default for parameter in parameters]
    shown = [rows(value) for value in given]
    arguments = [shown[i] if i < len(shown) and shown[i] is not None else default[i] for i in range(len(parameters))]
    return function(*arguments)


def rows(value):
    """A cell or a range; "" for a blank is None to Lite's reader."""
    if value is None:
        return None
    table = value if isinstance(value, list) else [[value]]
    return [[None if cell == "" else from_javascript(cell) for cell in row] for row in table]


def from_javascript(cell):
    whole = isinstance(cell, float) and cell.is_integer() and abs(cell) < SAFE
    return int(cell) if whole else cell


def declared(function):
    """What Lite tells Excel of a function, and what it must not have."""
    parameters = inspect.signature(function).parameters.values()
    return {
        "summary": function.__doc__,
        "hints": sorted(function.__annotations__),
        "kinds": sorted({parameter.kind.name for parameter in parameters}),
        "arguments": [{"name": p.name, "optional": p.default is not p.empty, **function.options[p.name]} for p in parameters],
    }


def unpacked(folder):
    """The files that main.py put there, by path."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return sorted(path.relative_to(folder).as_posix() for path in files)


def main(folder):
    said = {"python": sys.version, "missing": None}
    try:
        run((folder / "main.py").read_text("utf-8"))
    except ModuleNotFoundError as missing:
        said["missing"] = missing.name
    said["functions"] = {name: declared(function) for name, function in REGISTERED.items()}
    said["unpacked"] = unpacked(Path(sys.path[0]))
    if said["missing"] is None:
        asked = json.loads((folder / "calls.json").read_text("utf-8"))
        said["answers"] = [call(REGISTERED[name], given) for name, given in asked]
        said["numpy"] = sys.modules["numpy"].__version__
        said["default integer"] = sys.modules["numpy"].array([1]).dtype.name
    said["modules"] = sorted(
        name for name, module in sys.modules.items() if "." not in name and "llmecon-" in str(getattr(module, "__file__", ""))
    )
    said["loaded"] = sorted(name for name in sys.modules if "." not in name)
    (folder / "said.json").write_text(json.dumps(said, allow_nan=False), "utf-8")


if __name__ == "__main__":
    sys.path.extend(sys.argv[2:])
    main(Path(sys.argv[1]))

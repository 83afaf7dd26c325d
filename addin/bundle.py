"""The Python that the extension brings: our packages as far as its functions need them, and the table of API prices."""

from collections.abc import Iterator
from importlib.metadata import distribution
from importlib.resources import files
from importlib.resources.abc import Traversable

OURS = (
    "addin/__init__.py",
    "addin/faults.py",
    "addin/excel/__init__.py",
    "addin/excel/agreed.py",
    "addin/libreoffice/__init__.py",
    "addin/libreoffice/errors.py",
    "addin/libreoffice/functions.py",
)
"""Beside all of pycalc."""

PRICES = "genai-prices"
PRICES_STAND_IN = "prices_package.py"
LEFT_OUT = {"__init__.py", "__main__.py", "_cli.py", "update_prices.py"}
"""What of the package of prices would need more packages, or the network."""


def bundle() -> dict[str, bytes]:
    """The files by their paths."""
    found = {path: files(path.partition("/")[0]).joinpath(path.partition("/")[2]).read_bytes() for path in OURS}
    found.update((f"pycalc/{path}", file.read_bytes()) for path, file in _below(files("pycalc")))
    found.update(_prices())
    return found


def _below(folder: Traversable, path: str = "") -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _below(entry, f"{path}{entry.name}/")
        elif entry.is_file() and not entry.name.startswith("."):
            yield f"{path}{entry.name}", entry


def _prices() -> Iterator[tuple[str, bytes]]:
    """The package's own files with its licence, but for an ``__init__`` of ours; its version is read from its metadata."""
    package = distribution(PRICES)
    for path in package.files or ():
        kept = path.suffix == ".py" and path.name not in LEFT_OUT
        told = path.parent.name.endswith(".dist-info") and path.name == "METADATA"
        licence = path.parent.name == "licenses"
        if kept or told or licence:
            yield path.as_posix(), path.read_binary()
    ours = files("addin.libreoffice").joinpath(PRICES_STAND_IN).read_bytes()
    yield f"{PRICES.replace('-', '_')}/__init__.py", ours

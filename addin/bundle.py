"""The Python that a host brings where nothing is installed: pycalc, what of the add-in it runs, the table of API prices."""

from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from importlib.resources import files
from importlib.resources.abc import Traversable

PRICES = "genai-prices"
PRICES_STAND_IN = "prices_package.py"
LEFT_OUT = {"__init__.py", "__main__.py", "_cli.py", "update_prices.py"}
"""What of the package of prices would need more packages, or the network."""


def bundle(hosts: Iterable[str]) -> dict[str, bytes]:
    """The files by their paths; ``hosts`` names those of the add-in, such as "lite/cells.py"."""
    found = {f"addin/{path}": files("addin").joinpath(path).read_bytes() for path in ("__init__.py", *hosts)}
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
    ours = files("addin").joinpath(PRICES_STAND_IN).read_bytes()
    yield f"{PRICES.replace('-', '_')}/__init__.py", ours

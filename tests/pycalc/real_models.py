"""Other people's counts, and the config.json files that they are of; origins.csv there names the sources."""

import csv
from functools import cache
from pathlib import Path

from pycalc.architecture import Architecture, load

FOLDER = Path(__file__).parents[1] / "reference" / "architecture"


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a table."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def config(name: str) -> Path:
    """The config.json of a model."""
    return FOLDER / "configs" / f"{name}.json"


@cache
def model(name: str) -> Architecture:
    """The model, read."""
    return load(str(config(name)))

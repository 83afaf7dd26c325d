"""Chips, rents, API prices and models: every row with its source and date.

Ours are read from the TOML files beside this module when first asked for, prices from the
package genai-prices.  A user's own file overrides them row by row; see `store.user_file`.
"""

from pathlib import Path

from pycalc.catalog.prices import SIDES, prices
from pycalc.catalog.records import STALE_DAYS, CatalogError, Chip, Entry, Model, Price, Rent
from pycalc.catalog.snapshot import snapshot
from pycalc.catalog.store import catalog, user_file

__all__ = [
    "SIDES",
    "STALE_DAYS",
    "CatalogError",
    "Chip",
    "Entry",
    "Model",
    "Price",
    "Rent",
    "catalog",
    "find_chip",
    "find_model",
    "find_price",
    "model_config_path",
    "prices",
    "rents_of",
    "snapshot",
    "user_file",
]


def find_chip(name: str) -> Chip:
    """The chip of that name, in any spelling; an unknown or ambiguous one is refused with its neighbours.

    >>> find_chip("nvidia h100-sxm5 80GB").bandwidth
    3350000000000.0
    >>> find_chip("A100")
    Traceback (most recent call last):
    pycalc.errors.UnknownNameError: the chip "A100" has variants, say which: A100 PCIe 80GB, A100 SXM 40GB, A100 SXM 80GB
    """
    return catalog().chips.find(name)


def find_model(name: str) -> Model:
    """The model of that name, in any spelling."""
    return catalog().models.find(name)


def find_price(model: str) -> Price:
    """What an API asks for that model; the maker's own price where several sell it, or "provider/model"."""
    return prices().find(model)


def rents_of(chip: str) -> list[Rent]:
    """What others ask for an hour of that chip, by term and price."""
    name = find_chip(chip).name
    return [rent for rent in catalog().rents if rent.name == name]


def model_config_path(name: str) -> Path:
    """The config.json of the model of that name."""
    return find_model(name).path

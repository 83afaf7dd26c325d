"""What an hour of a chip costs: rent by the catalogue, or ownership with capital, power and staff."""

import statistics
from dataclasses import dataclass

from pycalc.catalog import Chip, catalog
from pycalc.errors import DomainError


@dataclass(frozen=True, slots=True)
class Money:
    """The price of one chip's hour, how much of the time it works at the estimated rate, and where the price is from."""

    usd_per_gpu_hour: float
    utilisation: float = 1.0
    source: str = "as given"

    def __post_init__(self) -> None:
        if not 0 <= self.usd_per_gpu_hour <= 1e6:
            raise DomainError(f"usd_per_hour is {self.usd_per_gpu_hour!r}; it must be from 0 to 1e+06")
        if not 0 < self.utilisation <= 1:
            raise DomainError(f"utilisation is {self.utilisation!r}; it must be above 0 and up to 1")


def rented(chip: Chip, utilisation: float = 1.0) -> Money | None:
    """The median of the offers on demand that the catalogue holds for the chip; None where it holds none."""
    offers = [rent for rent in catalog().rents if rent.name == chip.name and rent.term == "on demand"]
    if not offers:
        return None
    prices = [rent.usd_per_hour for rent in offers]
    newest = max(rent.date for rent in offers)
    source = (
        f"median of {len(offers)} offers on demand, {min(prices):g} to {max(prices):g} USD/hour, the newest of {newest}; "
        f"llmecon gpus lists them"
    )
    return Money(statistics.median(prices), utilisation, source)

"""The rows of the catalogues: each with its source and the day for which it stands."""

import datetime
from dataclasses import dataclass
from pathlib import Path

from pycalc.errors import NotAvailableError

STALE_DAYS = 90
"""A row older than this says so wherever it is used."""
TIERS = {
    "vendor": "the maker's own figure",
    "article": "a figure of the article that this package follows",
    "secondary": "somebody who quotes the maker",
    "community": "a table that users keep",
    "unverified": "no copy of the original was found",
}
TERMS = ("on demand", "spot", "1 year", "3 years", "owned")
GENERATIONS = (
    *("Volta", "Turing", "Ampere", "Ada", "Hopper", "Blackwell"),
    *("CDNA", "CDNA 2", "CDNA 3", "CDNA 4", "RDNA 2", "RDNA 3", "RDNA 3.5", "RDNA 4"),
    *("Xe", "Xe2", "Gaudi", "TPU v4", "TPU v5", "TPU v6", "Trainium", "Groq LPU", "WSE"),
    *("Apple M1", "Apple M2", "Apple M3", "Apple M4", "Apple M5", "Apple M6"),
    *("Snapdragon", "AmpereOne", "Cortex-A76"),
)
"""The families of chips, as their makers call them, whose software gets like shares of the peaks."""


class CatalogError(NotAvailableError):
    """A catalogue file that breaks its schema; the text names file, row and field."""


def today() -> datetime.date:
    """The day against which rows are old; tests put their own here."""
    return datetime.date.today()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What every row has.

    ``date`` is the day on which a chip or a model was last compared with its source, and the day
    for which the source states a rent or a price.
    """

    name: str
    source: str
    date: datetime.date
    tier: str = "secondary"
    note: str = ""
    user: bool = False
    """Whether the row is the user's own and overrides ours."""

    @property
    def age_days(self) -> int:
        return (today() - self.date).days

    @property
    def stale(self) -> bool:
        return self.age_days > STALE_DAYS

    @property
    def marks(self) -> tuple[str, ...]:
        """What a reader must know before trusting the row."""
        old = (f"{self.age_days} days old",) if self.stale else ()
        return (*(("user",) if self.user else ()), *old)

    @property
    def citation(self) -> str:
        """Source, standing and day in one line."""
        return "; ".join((*self.marks, self.tier, self.date.isoformat(), self.source))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip(Entry):
    """A chip, in base units; None where the maker publishes nothing.  Peaks are dense, without sparsity."""

    vendor: str
    kind: str
    generation: str = ""
    """One of GENERATIONS; empty where a user's row does not say."""
    brand: str = ""
    aliases: tuple[str, ...] = ()
    memory: float | None = None
    bandwidth: float | None = None
    power: float | None = None
    link: float | None = None
    """Of all direct links to other chips (NVLink, Infinity Fabric, ICI) together, in one direction."""
    pcie: float | None = None
    """In one direction, over the lanes that the card has."""
    fp32_flops: float | None = None
    fp16_flops: float | None = None
    bf16_flops: float | None = None
    fp8_flops: float | None = None
    fp4_flops: float | None = None
    int8_ops: float | None = None
    stated_flops: float | None = None
    """A peak whose precision the source does not name."""

    @property
    def peak_flops(self) -> float | None:
        """The 16-bit peak; where there is none, the peak that the source states without a precision."""
        return next((peak for peak in (self.bf16_flops, self.fp16_flops, self.stated_flops) if peak is not None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rent(Entry):
    """What one hour of one chip costs; ``name`` is the chip's."""

    usd_per_hour: float
    term: str
    provider: str
    region: str = ""
    gpus: int = 1
    """How many chips the offer rents at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model(Entry):
    """A model by its config.json, which is packaged beside the catalogue."""

    maker: str
    config: str
    """The name of its file beside ours, or for a user's row the path."""
    aliases: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """The config.json; a user's path is absolute and stays itself."""
        return Path(__file__).parent / "configs" / self.config


@dataclass(frozen=True, slots=True, kw_only=True)
class Price(Entry):
    """What an API asks for a million tokens; None where it states nothing."""

    provider: str
    model: str
    aliases: tuple[str, ...] = ()
    input_usd_per_mtok: float | None = None
    output_usd_per_mtok: float | None = None
    cached_input_usd_per_mtok: float | None = None

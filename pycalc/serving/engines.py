"""Engines and how much of a chip they reach: presets and measured constants, each row with its source."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from importlib.resources import files
from typing import Any

from pycalc.catalog import Chip
from pycalc.catalog.names import Named, Names
from pycalc.errors import DomainError, UnknownNameError

GIB = float(1 << 30)
AUTO = "auto"
ANY = "any"
STACKED_BANDWIDTH = 0.9e12
"""bytes/s from which a data-centre chip has HBM: the slowest with it has 0.90, the fastest without 0.86."""
GGUF_WIDTHS = ((3.3, 3.95), (4.51, 4.99), (5.5, 5.75), (6.5, 6.62), (8.5, 8.5))
"""Mean widths that only GGUF files have: Q3_K, Q4_K and Q4_0, Q5_K, Q6_K, Q8_0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What an engine reserves, batches and splits by default; memory in bytes."""

    name: str
    family: str
    source: str
    note: str = ""
    memory_fraction: float
    overhead: tuple[float, float, float]
    """Low, mid and high, bytes of one GPU."""
    routed_overhead: float = 0.0
    """High end for a mixture of experts, where that is more."""
    block_tokens: int = 1
    most_sequences: int = 1
    per_rank: bool = False
    """Whether each rank has as many sequences of its own where experts are shared (attention data-parallel)."""
    chunk_tokens: int = 8192
    splits_layers: bool = False
    """Whether several GPUs hold layers, which makes no single answer faster."""
    widens: str = "layers"
    rest_bits: float = 16
    shares_experts: bool = False
    """Whether GPUs that hold a mixture of experts together can share experts, and keep attention to themselves."""
    accumulates_narrow: bool = False
    """Whether products are summed in 16 bits, for which GeForce chips have twice the rate that is published."""
    computes_wide: bool = False
    """Whether narrow weights are widened to 16 bits before they are multiplied."""
    aliases: tuple[str, ...] = ()


CONSTANTS: Mapping[str, tuple[float, float, str]] = {
    "weights": (0.05, 1.0, "share of the bandwidth reached while weights stream"),
    "cache": (0.05, 1.0, "share of the bandwidth reached while caches are read"),
    "compute_16": (0.01, 1.0, "share of the 16-bit peak that matrix products reach"),
    "compute_8": (0.01, 1.0, "share of the 8-bit peak"),
    "compute_4": (0.01, 1.0, "share of the 4-bit peak"),
    "attention": (0.01, 1.0, "share of the 16-bit peak that attention over a prompt reaches"),
    "experts": (0.02, 1.0, "compute that routed experts reach, as a share of that of dense matrices"),
    "layer_s": (0.0, 2e-2, "seconds per layer and step: launches"),
    "routed_layer_s": (0.0, 2e-2, "seconds per layer of experts and step besides: routing, gathering"),
    "sequence_s": (0.0, 1e-3, "seconds per sequence and step: sampling, scheduling"),
    "prompt_s": (0.0, 0.2, "seconds per prompt: admission"),
    "hop_s": (0.0, 1e-2, "seconds before the bytes of an all-reduce or of a hand-over flow"),
    "link": (0.05, 1.0, "share of the links' bandwidth that collectives reach"),
}
"""The constants of a system: low and high bound, meaning."""


@dataclass(frozen=True, slots=True)
class Efficiency:
    """What an engine reaches on a class of chips; ``spread`` is the ratio that nine of ten measurements keep to."""

    weights: float = 0.85
    cache: float = 0.8
    compute_16: float = 0.6
    compute_8: float = 0.55
    compute_4: float = 0.3
    attention: float = 0.4
    experts: float = 0.3
    layer_s: float = 50e-6
    routed_layer_s: float = 0.0
    sequence_s: float = 2e-6
    prompt_s: float = 1e-3
    hop_s: float = 10e-6
    link: float = 0.7
    spread: float = 1.5
    routed_spread: float = 1.5
    """The same for mixtures of experts."""
    prompt_spread: float = 1.8
    """The same for the time of a prompt."""
    rows: int = 0
    """Measurements that it was fitted to."""
    source: str = ""

    def __post_init__(self) -> None:
        for name, (low, high, meaning) in CONSTANTS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise DomainError(f"the constant {name} ({meaning}) is {value!r}; it must be from {low:g} to {high:g}")
        for name in ("spread", "routed_spread", "prompt_spread"):
            if not 1 <= getattr(self, name) <= 20:
                raise DomainError(f"{name} is {getattr(self, name)!r}; it must be from 1 to 20")

    def changed(self, values: Mapping[str, float]) -> "Efficiency":
        """With some constants replaced."""
        return replace(self, **values)  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Profile:
    """A family's constants by class of chip, or a user's own for one system."""

    name: str
    by_class: Mapping[str, Efficiency] = field(default_factory=dict)

    def on(self, chip: Chip) -> tuple[Efficiency, str]:
        """The constants for a chip, and of which class they are."""
        for name in (*chip_classes(chip), ANY):
            if name in self.by_class:
                return self.by_class[name], name
        raise UnknownNameError(f"no constants of {self.name} for {chip.name}; there are {', '.join(self.by_class)}")


def chip_classes(chip: Chip) -> tuple[str, ...]:
    """From the closest to the widest: generation with HBM or without, the family of the generation.

    >>> from pycalc.catalog import catalog
    >>> chip_classes(catalog().chips.find("A100 SXM 80GB")), chip_classes(catalog().chips.find("Apple M2 Pro"))
    (('Ampere HBM', 'HBM'), ('Apple M2', 'Apple'))
    """
    stacked = chip.kind == "data centre" and (chip.bandwidth or 0) >= STACKED_BANDWIDTH
    generation = chip.generation or chip.vendor
    if stacked:
        return f"{generation} HBM", "HBM"
    return generation, generation.split()[0] if chip.vendor != "NVIDIA" else "NVIDIA"


@cache
def engines() -> Names[Engine]:
    """The presets by name."""
    table = _table("engines.toml")
    rows = (_engine(row, table["sources"]) for row in table["engine"])
    return Names("engine", rows, lambda engine: Named(engine.name, engine.aliases))


@cache
def profiles() -> Mapping[str, Profile]:
    """The fitted constants by family."""
    table = _table("efficiency.toml")
    found: dict[str, dict[str, Efficiency]] = {}
    known = {f.name for f in fields(Efficiency)}
    for row in table["efficiency"]:
        values = {key: value for key, value in row.items() if key in known}
        found.setdefault(row["family"], {})[row["chips"]] = Efficiency(**values | {"source": table["sources"][row["source"]]})
    return {family: Profile(family, rows) for family, rows in found.items()}


def choose_engine(name: str, chip: Chip, weight_bits: float | None) -> tuple[Engine, str]:
    """The engine of that name; for "auto" the one that a chip of the kind usually runs, with the reason."""
    if name.lower() != AUTO:
        return engines().find(name), "as asked"
    if chip.kind == "phone":
        return engines().find("ExecuTorch"), "the usual on a phone"
    if chip.kind != "data centre":
        return engines().find("llama.cpp"), f"the usual on a chip of the kind {chip.kind}"
    if weight_bits is not None and any(low <= weight_bits <= high for low, high in GGUF_WIDTHS):
        return engines().find("llama.cpp"), f"{weight_bits:g} bits a weight is the width of a GGUF file"
    return engines().find("vLLM"), "the usual in a data centre"


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((files("pycalc.serving") / name).read_text("utf-8"))


def _engine(row: Mapping[str, Any], sources: Mapping[str, str]) -> Engine:
    scaled = {"overhead_gib", "routed_overhead_gib"}
    values = {key: value for key, value in row.items() if key not in scaled}
    low, mid, high = (gib * GIB for gib in row["overhead_gib"])
    return Engine(
        **values
        | {
            "source": sources[row["source"]],
            "aliases": tuple(row.get("aliases", ())),
            "overhead": (low, mid, high),
            "routed_overhead": row.get("routed_overhead_gib", 0) * GIB,
        }
    )

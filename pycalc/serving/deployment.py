"""A model on chips under an engine: names resolved, groups formed, memory shared out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pycalc.architecture import Architecture
from pycalc.catalog import Chip
from pycalc.errors import DoesNotFitError, DomainError, NotAvailableError
from pycalc.serving.engines import AUTO, GIB, Engine, Profile, choose_engine, profiles
from pycalc.serving.timing import Hardware, Replica, Speculation
from pycalc.serving.work import WIDE_BITS, Work, native_widths

VISIBLE = 0.985
"""Of the advertised size, read as GiB, what an engine sees: 23.58 GiB on a 24 GB RTX 3090, 178.4 on a B200 of 180."""
UNIFIED = 0.75
"""Of a memory that CPU and GPU share, what the GPU may take (Metal's recommended working set)."""
UNIFIED_KINDS = ("apple", "phone")
BRIDGED_KINDS = ("consumer", "workstation")
"""Whose links are a bridge that joins two cards only."""
PCIE = 32e9
"""bytes/s of 16 lanes of PCIe 4, where a chip's own links are not known."""
UNNAMED_SPREAD = 1.25
"""The least ratio where nobody says which engine it will be: those of one chip differ by so much."""
WIDTH_BITS = {"compute_16": 16, "compute_8": 8, "compute_4": 4}
FP8_BITS = 8
FP4_BITS = 4.6
"""Up to which width weights count as 4-bit floats: NVFP4 has 4.5 with its scales."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of one chip: what the engine may take, what weights and the rest need."""

    usable: float
    weights: float
    overhead: tuple[float, float, float]
    """Low, mid, high."""

    def left(self, which: int = 1, usable: float | None = None) -> float:
        """For caches, at the low, mid or high overhead; not below 0."""
        return max((self.usable if usable is None else usable) - self.weights - self.overhead[which], 0.0)


@dataclass(frozen=True)
class Deployment:
    """One or more equal replicas of a model, with what was assumed of them."""

    model: str
    chip: Chip
    engine: Engine
    replica: Replica
    replicas: int
    memory: Memory
    most_sequences: int
    assumptions: Mapping[str, str]
    engine_unnamed: bool = False

    @property
    def gpus(self) -> int:
        return self.replica.chips * self.replicas

    @property
    def routed(self) -> bool:
        return bool(self.replica.work.routed)

    @property
    def spread(self) -> float:
        """Ratio that nine of ten measurements keep to."""
        e = self.replica.efficiency
        known = e.routed_spread if self.routed else e.spread
        return max(known, UNNAMED_SPREAD) if self.engine_unnamed else known

    def room(self, context: Any) -> Any:
        """Bytes that one sequence of so many tokens takes on one chip, in whole pages."""
        page = self.engine.block_tokens
        tokens = np.ceil(np.asarray(context, float) / page) * page
        r = self.replica
        return r.work.cache_room(tokens, r.widths.cache, r.ranks) / r.stages

    def users(self, context: Any, which: int = 1) -> Any:
        """Whole sequences of so many tokens that one replica holds, at the low, mid or high overhead."""
        groups = self.replica.tensor if self.replica.expert_parallel else 1
        with np.errstate(divide="ignore"):
            fit = np.floor(self.memory.left(which) / self.room(context)) * groups
        return np.minimum(fit, self.most_sequences)

    def users_at_most(self, context: Any) -> Any:
        """Sequences beyond which not even the whole memory would do."""
        groups = self.replica.tensor if self.replica.expert_parallel else 1
        whole = (self.chip.memory or np.inf) / 1e9 * GIB
        with np.errstate(divide="ignore"):
            return np.floor(max(whole - self.memory.weights, 0.0) / self.room(context)) * groups


def deploy(
    architecture: Architecture,
    chip: Chip,
    *,
    name: str = "",
    gpus: int = 1,
    tensor: int | None = None,
    stages: int | None = None,
    expert_parallel: bool | None = None,
    weight_bits: float | None = None,
    kv_bits: float = WIDE_BITS,
    engine: str = AUTO,
    memory_fraction: float | None = None,
    profile: Profile | None = None,
    speculation: Speculation | None = None,
) -> Deployment:
    """Put a model on ``gpus`` equal chips, split ``tensor``-wise and in layer ``stages``, in as many copies as that leaves.

    Raises DoesNotFitError where the weights do not fit, DomainError where the chips do not divide,
    NotAvailableError where a chip's bandwidth or memory is not public.
    """
    if chip.bandwidth is None or chip.memory is None:
        raise NotAvailableError(f"no public figure of {chip.name} for {'bandwidth' if chip.bandwidth is None else 'memory'}")
    preset, why = choose_engine(engine, chip, weight_bits)
    tensor, stages, replicas = _split(gpus, tensor, stages, preset)
    efficiency, of_class = (profile or profiles()[preset.family]).on(chip)
    widths = native_widths(
        architecture,
        weight_bits,
        kv_bits,
        preset.rest_bits if weight_bits is None or weight_bits < WIDE_BITS else WIDE_BITS,
        preset.widens,
    )
    work = Work(architecture)
    if expert_parallel and not work.routed:
        raise DomainError(f"expert parallelism is for mixtures of experts; {name or architecture.model_type} has no experts")
    hardware, link_note = _hardware(chip, preset, widths.weights, tensor * stages)
    replica = Replica(
        work, widths, hardware, efficiency, tensor, stages, bool(expert_parallel), preset.chunk_tokens, speculation
    )
    memory = _memory(chip, preset, replica, memory_fraction)
    per_rank = preset.per_rank and bool(expert_parallel)
    constants = profile.name if profile else preset.family
    note = f"; {preset.note}" if preset.note else ""
    spared = {"layers": "layers", "file": "mean of the file", "experts": "experts"}[widths.scope]
    low, mid, high = (part / GIB for part in memory.overhead)
    assumed = {
        "engine": f"{preset.name}, {why}; {preset.source}{note}",
        "constants": f"{constants} on {of_class}: {efficiency.source}; {efficiency.rows} measurements",
        "widths": (
            f"{widths.weights:.4g} bits a weight ({spared}), {widths.rest:g} for the rest, {widths.cache:g} a cached value"
        ),
        "arithmetic": f"matrix products in {WIDTH_BITS[hardware.narrow]} bits, attention in 16",
        "chip": f"{chip.name}: {chip.bandwidth / 1e9:g} GB/s, {chip.memory / 1e9:g} GB; {chip.citation}",
        "split": f"tensor {tensor}, stages {stages}, replicas {replicas}"
        + (", experts in parallel" if expert_parallel else ""),
        "memory": (
            f"{memory.usable / GIB:.4g} GiB of each chip usable, weights {memory.weights / GIB:.4g}, "
            f"overhead {mid:.3g} ({low:.3g} to {high:.3g})"
        ),
    }
    if replica.chips > 1:
        assumed["links"] = link_note
    if hardware.peak_16 is None:
        assumed["compute"] = f"no public peak of {chip.name}: whatever is bound by compute has no figure"
    deployment = Deployment(
        name or architecture.model_type, chip, preset, replica, replicas, memory,
        preset.most_sequences * (tensor if per_rank else 1), assumed, engine.lower() == AUTO and profile is None,
    )  # fmt: skip
    _require_fit(deployment)
    return deployment


def _split(gpus: int, tensor: int | None, stages: int | None, engine: Engine) -> tuple[int, int, int]:
    """How the chips are grouped: an engine splits matrices or layers over all of them unless told otherwise."""
    if tensor is None and stages is None:
        tensor, stages = (1, gpus) if engine.splits_layers else (gpus, 1)
    elif tensor is None or stages is None:
        tensor, stages = tensor or 1, stages or 1
    if gpus % (tensor * stages):
        raise DomainError(f"{gpus} GPUs are no multiple of {tensor} × {stages}, the chips of one copy of the model")
    return tensor, stages, gpus // (tensor * stages)


def _hardware(chip: Chip, engine: Engine, weight_bits: float, group: int) -> tuple[Hardware, str]:
    """The chip's figures as the engine uses them."""
    accumulation = 2 if engine.accumulates_narrow and (chip.vendor, chip.kind) == ("NVIDIA", "consumer") else 1
    link, note = PCIE, "PCIe 4 with 16 lanes, as nothing is known of the chip's own links"
    bridged = chip.kind in BRIDGED_KINDS and group > 2
    if chip.link and not bridged:
        link, note = chip.link, f"{chip.link / 1e9:g} GB/s in one direction between chips, all as within one node"
    elif chip.pcie:
        link, note = chip.pcie, f"{chip.pcie / 1e9:g} GB/s of PCIe in one direction, as no other links join them"
    narrow: tuple[float | None, str] = (None, "compute_16")
    if not engine.computes_wide:
        if weight_bits <= FP4_BITS and chip.fp4_flops:
            narrow = chip.fp4_flops, "compute_4"
        elif weight_bits == FP8_BITS and (chip.fp8_flops or chip.int8_ops):
            narrow = chip.fp8_flops or chip.int8_ops, "compute_8"
    peak = chip.peak_flops and chip.peak_flops * accumulation
    return Hardware(chip.bandwidth or 0.0, peak, narrow[0], narrow[1], link), note


def _memory(chip: Chip, engine: Engine, replica: Replica, fraction: float | None) -> Memory:
    share = UNIFIED if chip.kind in UNIFIED_KINDS and fraction is None else VISIBLE
    usable = (chip.memory or 0.0) / 1e9 * GIB * share * (engine.memory_fraction if fraction is None else fraction)
    low, mid, high = engine.overhead
    if replica.work.routed:
        high = max(high, engine.routed_overhead)
    return Memory(usable, _weights_per_chip(replica), (low, mid, high))


def _weights_per_chip(replica: Replica) -> float:
    """A chip's share of the weights; under expert parallelism each has all that is no expert."""
    whole = replica.work.memory_bytes(replica.widths)
    if not replica.expert_parallel:
        return whole / replica.chips
    routed = float(replica.work.routed_bytes(np.inf, replica.widths))
    return (whole - routed + routed / replica.tensor) / replica.stages


def _require_fit(deployment: Deployment) -> None:
    memory, chip = deployment.memory, deployment.chip
    whole = (chip.memory or 0.0) / 1e9 * GIB
    if memory.weights > min(whole, max(memory.usable, VISIBLE * whole)):
        raise DoesNotFitError(
            f"{deployment.model} needs {memory.weights / GIB:.4g} GiB on each of {deployment.replica.chips} {chip.name}, "
            f"which offers {memory.usable / GIB:.4g}; give more GPUs or fewer bits"
        )

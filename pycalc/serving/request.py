"""A request in a user's words, model and chip by name, as an estimate: what the command and the cells stand on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from pycalc.architecture import Architecture
from pycalc.catalog import Chip, catalog
from pycalc.errors import DoesNotFitError, DomainError
from pycalc.serving.deployment import Deployment, deploy
from pycalc.serving.engines import AUTO, Profile
from pycalc.serving.estimate import Band, Estimate, Load, demands, estimate, settled, timed
from pycalc.serving.money import Money, rented
from pycalc.serving.timing import Speculation
from pycalc.serving.work import WIDE_BITS


@dataclass(frozen=True, slots=True)
class Setup:
    """How a model is deployed; None where the engine or the model's files settle it."""

    gpus: int = 1
    tensor: int | None = None
    stages: int | None = None
    expert_parallel: bool | None = None
    weight_bits: float | None = None
    kv_bits: float = WIDE_BITS
    engine: str = AUTO
    memory_fraction: float | None = None
    profile: Profile | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An estimate with what it rests on."""

    estimate: Estimate
    deployment: Deployment
    money: Money | None
    assumptions: Mapping[str, str]


def answer(
    architecture: Architecture,
    chip: Chip,
    setup: Setup,
    load: Load,
    *,
    name: str = "",
    usd_per_hour: float | None = None,
    utilisation: float = 1.0,
    draft: Architecture | None = None,
    draft_tokens: float = 0,
    acceptance: float = 0.7,
) -> Answer:
    """The estimate for a model on chips; without a price of one's own the median rent of the catalogue.

    Where no rent is known the figures in USD are NaN.  A ``draft`` model proposes ``draft_tokens`` at a time.
    """
    deployment = layout(architecture, chip, setup, load, name)
    assumed = dict(deployment.assumptions)
    if draft_tokens:
        deployment, assumed["speculation"] = _speculating(deployment, chip, setup, load, draft, draft_tokens, acceptance)
    money = Money(usd_per_hour, utilisation) if usd_per_hour is not None else rented(chip, utilisation)
    found = estimate(deployment, load, money or Money(0.0, utilisation))
    if money is None:
        nothing: dict[str, Any] = {
            figure: Band(*(value * np.nan for value in getattr(found, figure))) for figure in _priced(found)
        }
        found = replace(found, **nothing)
    assumed["load"] = _load_text(load)
    if load.batch is not None and np.any(found.batch * deployment.replicas > found.max_users.mid):
        assumed["batch"] = (
            f"more than the {float(np.min(found.max_users.mid)):g} that fit by the engine's own share of the memory"
        )
    assumed["money"] = (
        f"{money.usd_per_gpu_hour:g} USD per GPU and hour ({money.source}), utilisation {money.utilisation:g}"
        if money
        else f"no rent of {chip.name} is known; give usd_per_hour"
    )
    assumed["band"] = (
        f"nine of ten measurements kept within a factor of {deployment.spread:.2f} of such an estimate, "
        f"times of prompts {deployment.replica.efficiency.prompt_spread:.2f}; never above the roofline"
    )
    return Answer(found, deployment, money, assumed)


def place(architecture: Architecture, chip: Chip, setup: Setup, name: str = "") -> Deployment:
    """The deployment; settled once for equal requests, as a sheet repeats them thousands of times."""
    return _placed(_Same(architecture), chip, setup, name)


def layout(architecture: Architecture, chip: Chip, setup: Setup, load: Load, name: str = "") -> Deployment:
    """The deployment; a mixture of experts on several chips in the layout with the higher throughput at this load.

    Engines split each layer over the chips, or share the experts out and keep attention to each chip's own sequences.
    """
    deployment = place(architecture, chip, setup, name)
    open_choice = setup.expert_parallel is None and deployment.routed and deployment.replica.tensor > 1
    if not open_choice or not deployment.engine.shares_experts:
        return deployment
    try:
        shared = place(architecture, chip, replace(setup, expert_parallel=True), name)
        best = max((deployment, shared), key=lambda one: _throughput(one, load))
    except DoesNotFitError:
        return deployment
    return best


def _throughput(deployment: Deployment, load: Load) -> float:
    settled_load, batch, _ = settled(deployment, load)
    asked = demands(deployment, settled_load, batch)
    times = timed(deployment, settled_load, batch, asked, deployment.replica.efficiency)
    return float(np.median(times.figures()["tokens_per_s"]))


class _Same:
    """An architecture by identity: comparing all its layers would cost more than a deployment."""

    __slots__ = ("architecture",)

    def __init__(self, architecture: Architecture) -> None:
        self.architecture = architecture

    def __hash__(self) -> int:
        return id(self.architecture)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.architecture is other.architecture


@lru_cache(maxsize=512)
def _placed(same: _Same, chip: Chip, setup: Setup, name: str) -> Deployment:
    return deploy(
        same.architecture,
        chip,
        name=name,
        gpus=setup.gpus,
        tensor=setup.tensor,
        stages=setup.stages,
        expert_parallel=setup.expert_parallel,
        weight_bits=setup.weight_bits,
        kv_bits=setup.kv_bits,
        engine=setup.engine,
        memory_fraction=setup.memory_fraction,
        profile=setup.profile,
    )


def _speculating(
    deployment: Deployment,
    chip: Chip,
    setup: Setup,
    load: Load,
    draft: Architecture | None,
    tokens: float,
    acceptance: float,
) -> tuple[Deployment, str]:
    """With the draft model on the same chips, at 16 bits or as its files have it, for a batch of one."""
    if not 0 < tokens <= 64 or tokens % 1:
        raise DomainError(f"draft_tokens is {tokens:g}; it must be a whole number from 1 to 64")
    if not 0 <= acceptance <= 1:
        raise DomainError(f"acceptance is {acceptance:g}; it must be from 0 to 1")
    seconds = 0.0
    if draft is not None:
        drafter = place(draft, chip, replace(setup, weight_bits=None, expert_parallel=None))
        context = float(np.max(load.input_tokens)) + float(np.max(load.output_tokens)) / 2
        batch = 1.0 if load.batch is None else float(np.max(load.batch))
        seconds = float(drafter.replica.step(batch, context).on(drafter.replica.efficiency).seconds)
    speculation = Speculation(tokens, acceptance, seconds)
    text = (
        f"{tokens:g} draft tokens at {acceptance:g} acceptance give {speculation.emitted:.3g} a step; "
        f"a draft step takes {seconds * 1e3:.3g} ms"
    )
    return replace(deployment, replica=replace(deployment.replica, speculation=speculation)), text


def _priced(found: Estimate) -> list[str]:
    return [name for name in Estimate.__dataclass_fields__ if name.startswith("usd_")]


def _load_text(load: Load) -> str:
    def shown(value: Any) -> str:
        low, high = float(np.min(value)), float(np.max(value))
        return f"{low:g}" if low == high else f"{low:g} to {high:g}"

    batch = "as many as fit and keep the targets" if load.batch is None else shown(load.batch)
    cached = "" if not np.any(load.cached) else f", of which {shown(load.cached)} cached"
    targets = [
        f"{name} at most {value:g} s" for name, value in (("TTFT", load.ttft_target), ("TPOT", load.tpot_target)) if value
    ]
    return f"{shown(load.input_tokens)} tokens in{cached}, {shown(load.output_tokens)} out, batch {batch}" + "".join(
        f", {target}" for target in targets
    )


def find_chip(name: str) -> Chip:
    """A chip by its name, in any spelling."""
    return catalog().chips.find(name)

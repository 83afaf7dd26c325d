"""A load on a deployment: time to first token, time per token, throughput, users and cost, with a band.

In continuous batching each of B sequences is replaced as it ends, so that a cycle of one answer per place takes
B prefills and one answer's decode steps: all figures under load follow from that.
"""

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from pycalc.errors import DoesNotFitError, DomainError, NeverError
from pycalc.serving.deployment import Deployment
from pycalc.serving.engines import Efficiency
from pycalc.serving.money import Money
from pycalc.serving.timing import PERFECT, Demand, Step

MILLION = 1e6
HOUR = 3600
BISECTIONS = 40
TINY = 1e-12


class Band(NamedTuple):
    """An estimate: the mid value, and between which nine of ten measurements are to be expected."""

    low: Any
    mid: Any
    high: Any


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked of one replica; numbers or arrays that broadcast.

    ``batch`` None means as many sequences as fit and keep the targets.  ``cached`` is the share of the prompt
    that an earlier one left in the cache.  Targets are in seconds: of the first token and of each later one, under load.
    """

    input_tokens: Any = 1024
    output_tokens: Any = 512
    batch: Any = None
    cached: Any = 0.0
    ttft_target: float | None = None
    tpot_target: float | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a deployment does under a load; times in seconds, rates for the whole deployment, USD."""

    ttft_s: Band
    ttft_loaded_s: Band
    tpot_s: Band
    tpot_loaded_s: Band
    tokens_per_s_user: Band
    tokens_per_s: Band
    input_tokens_per_s: Band
    requests_per_s: Band
    prefill_pool_tokens_per_s: Band
    decode_pool_tokens_per_s: Band
    max_users: Band
    batch: Any
    prefill_share: Any
    usd_per_mtok_input: Band
    usd_per_mtok_cached_input: Band
    usd_per_mtok_output: Band
    usd_per_mtok_blended: Band
    usd_per_request: Band
    bound_by: Any
    users_bound_by: Any
    step: Step


UNITS = {
    "ttft_s": ("s", "time to first token of a prompt that finds the GPUs free"),
    "ttft_loaded_s": ("s", "the same when prompts wait for one another"),
    "tpot_s": ("s", "time per output token: a decode step of the batch"),
    "tpot_loaded_s": ("s", "the same with other users' prompts in between"),
    "tokens_per_s_user": ("tokens/s", "output of one user, 1 / tpot_s"),
    "tokens_per_s": ("tokens/s", "output of all users together, prefill included"),
    "input_tokens_per_s": ("tokens/s", "prompts processed at the same time"),
    "requests_per_s": ("requests/s", "requests served"),
    "prefill_pool_tokens_per_s": ("tokens/s", "input, were the GPUs a pool that only processes prompts"),
    "decode_pool_tokens_per_s": ("tokens/s", "output, were they a pool that only generates"),
    "max_users": ("users", "sequences that memory and engine hold at once"),
    "batch": ("sequences", "decoded together on one replica"),
    "prefill_share": ("fraction", "of the time that goes into prompts"),
    "usd_per_mtok_input": ("USD/Mtok", "GPU time of prefill per million input tokens"),
    "usd_per_mtok_cached_input": ("USD/Mtok", "what a million more cached input tokens take"),
    "usd_per_mtok_output": ("USD/Mtok", "GPU time of decoding per million output tokens"),
    "usd_per_mtok_blended": ("USD/Mtok", "of all tokens in the mix of the load"),
    "usd_per_request": ("USD", "of one request"),
    "bound_by": ("", "the largest part of a decode step"),
    "users_bound_by": ("", "what limits max_users, or the batch where targets are given"),
}
"""Unit and meaning of each figure of an `Estimate`."""
COMPUTED = frozenset(
    ("ttft_s", "ttft_loaded_s", "prefill_pool_tokens_per_s", "usd_per_mtok_input", "usd_per_mtok_cached_input")
)
"""Figures that have no value where the chip's peak is not public."""
FIGURES = tuple(field.name for field in fields(Estimate) if field.name in UNITS)


class Demands(NamedTuple):
    """What a load asks of a replica, at full rates."""

    alone: Demand
    share: Demand
    step: Demand


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds of a load: a prompt alone, its share under load, a decode step; from these all else follows."""

    first: Any
    share: Any
    step: Any
    input_tokens: Any
    output_tokens: Any
    batch: Any
    copies: int = 1
    emitted: float = 1.0
    """Tokens that a step gives each sequence."""

    @property
    def tpot(self) -> Any:
        return self.step / self.emitted

    @property
    def decoding(self) -> Any:
        """All steps of an answer; its first token comes with the prompt."""
        return np.maximum(self.output_tokens - 1, 0) * self.tpot

    @property
    def busy(self) -> Any:
        """Share of the time that goes into prompts."""
        return self.batch * self.share / (self.batch * self.share + self.decoding)

    @property
    def requests_per_s(self) -> Any:
        return self.copies * self.batch / (self.batch * self.share + self.decoding)

    @property
    def tpot_loaded(self) -> Any:
        """A token's time where the other users' prompts are processed in between."""
        return self.tpot + np.maximum(self.batch - 1, 0) * self.share / np.maximum(self.output_tokens, 1)

    @property
    def first_loaded(self) -> Any:
        """A prompt waits for the step that runs and, as in a queue of even service times, for other prompts."""
        busy = np.minimum(self.busy, 0.999)
        return self.first + np.where(self.batch > 1, self.step / 2 + busy * self.share / (2 * (1 - busy)), 0.0)

    def figures(self) -> dict[str, Any]:
        """Times and throughput."""
        requests = self.requests_per_s
        return {
            "ttft_s": self.first,
            "ttft_loaded_s": self.first_loaded,
            "tpot_s": self.tpot,
            "tpot_loaded_s": self.tpot_loaded,
            "tokens_per_s_user": 1 / self.tpot,
            "tokens_per_s": requests * self.output_tokens,
            "input_tokens_per_s": requests * self.input_tokens,
            "requests_per_s": requests,
            "prefill_pool_tokens_per_s": self.copies * self.input_tokens / np.maximum(self.share, TINY),
            "decode_pool_tokens_per_s": self.copies * self.batch / self.tpot,
        }


def estimate(deployment: Deployment, load: Load, money: Money) -> Estimate:
    """What the deployment does under the load.

    Raises DoesNotFitError where not one sequence fits or the batch asked for is larger than the whole memory would
    hold, and NeverError where no batch keeps the targets; DomainError for a load that is none.
    """
    load = _arrays(load)
    longest = load.input_tokens + load.output_tokens
    users = Band(*(deployment.users(longest, which) for which in (2, 1, 0)))
    batch, limit = _batch(deployment, load, users.mid)
    asked = demands(deployment, load, batch)
    efficiency = deployment.replica.efficiency
    times = timed(deployment, load, batch, asked, efficiency)
    perfect = timed(deployment, load, batch, asked, PERFECT)
    figures = times.figures() | _costs(deployment, load, times, asked, efficiency, money)
    best = perfect.figures() | _costs(deployment, load, perfect, asked, PERFECT, money)
    best["ttft_loaded_s"] = best["ttft_s"]  # a queue may be longer where steps are faster
    spreads = dict.fromkeys(PROMPTS, efficiency.prompt_spread)
    bands = {
        name: _band(value, best[name], spreads.get(name, deployment.spread), name in RATES) for name, value in figures.items()
    }
    step = asked.step.on(efficiency)
    return Estimate(
        **bands,
        max_users=Band(*(found * deployment.replicas for found in users)),
        batch=batch,
        prefill_share=times.busy,
        bound_by=step.bound_by(),
        users_bound_by=limit,
        step=step,
    )


PROMPTS = COMPUTED
RATES = frozenset(
    (
        "tokens_per_s_user",
        "tokens_per_s",
        "input_tokens_per_s",
        "requests_per_s",
        "prefill_pool_tokens_per_s",
        "decode_pool_tokens_per_s",
    )
)


def _arrays(load: Load) -> Load:
    values = [np.asarray(value, float) for value in (load.input_tokens, load.output_tokens, load.cached)]
    for name, value, low, high in zip(
        ("input_tokens", "output_tokens", "cached"), values, (0, 0, 0), (1e9, 1e9, 1), strict=True
    ):
        if not np.all((value >= low) & (value <= high)):
            raise DomainError(f"{name} is {_first_bad(value, low, high)}; it must be from {low:g} to {high:g}")
    if load.batch is not None:
        batch = np.asarray(load.batch, float)
        if not np.all((batch >= 1) & (batch <= 1e6)):
            raise DomainError(f"batch is {_first_bad(batch, 1, 1e6)}; it must be from 1 to 1e+06")
        values.append(batch)
    shape = np.broadcast_shapes(*(value.shape for value in values))
    wide = [np.broadcast_to(value, shape) for value in values]
    return Load(wide[0], wide[1], wide[3] if load.batch is not None else None, wide[2], load.ttft_target, load.tpot_target)


def _first_bad(value: Any, low: float, high: float) -> float:
    bad = value[~((value >= low) & (value <= high))]
    return float(bad.reshape(-1)[0])


def demands(deployment: Deployment, load: Load, batch: Any) -> Demands:
    """What the load asks at full rates."""
    replica = deployment.replica
    new = load.input_tokens * (1 - load.cached)
    past = load.input_tokens - new
    context = np.maximum(load.input_tokens + (load.output_tokens - 1) / 2 + 1, 1)
    return Demands(replica.prefill_alone(new, past), replica.prefill_share(new, past), replica.step(batch, context))


def timed(deployment: Deployment, load: Load, batch: Any, asked: Demands, efficiency: Efficiency) -> Times:
    """Seconds at what a system reaches."""
    speculation = deployment.replica.speculation
    first, share, step = (demand.on(efficiency).seconds for demand in asked)
    emitted = speculation.emitted if speculation else 1.0
    return Times(first, share, step, load.input_tokens, load.output_tokens, batch, deployment.replicas, emitted)


def settled(deployment: Deployment, load: Load) -> tuple[Load, Any, Any]:
    """The load as arrays, the batch of each point, and what limits it."""
    load = _arrays(load)
    users = deployment.users(load.input_tokens + load.output_tokens)
    return load, *_batch(deployment, load, users)


def _batch(deployment: Deployment, load: Load, users: Any) -> tuple[Any, Any]:
    """The batch of each point and what limits it."""
    if load.batch is not None:
        most = deployment.users_at_most(load.input_tokens + load.output_tokens)
        if np.any(load.batch > np.maximum(most, users)):
            raise DoesNotFitError(
                f"a batch of {float(np.max(load.batch)):g} does not fit: {deployment.gpus // deployment.replicas} "
                f"{deployment.chip.name} hold {float(np.min(users)):g} sequences of so many tokens"
            )
        return load.batch, np.full(load.batch.shape, "the batch asked for")
    if np.any(users < 1):
        raise DoesNotFitError(
            f"{deployment.model} fits, but beside it not one sequence of "
            f"{float(np.max(load.input_tokens + load.output_tokens)):.15g} tokens"
        )
    limit = np.where(users >= deployment.most_sequences, "sequences of the engine", "memory")
    if load.tpot_target is None and load.ttft_target is None:
        return users, limit
    return _within_targets(deployment, load, users, limit)


def _within_targets(deployment: Deployment, load: Load, users: Any, limit: Any) -> tuple[Any, Any]:
    """The largest whole batch that keeps the targets under load, by bisection: both times grow with it."""
    asked, efficiency = demands(deployment, load, users), deployment.replica.efficiency
    context = load.input_tokens + (load.output_tokens - 1) / 2 + 1

    def keeps(batch: Any) -> Any:
        step = deployment.replica.step(batch, context)
        times = timed(deployment, load, batch, asked._replace(step=step), efficiency)
        kept = np.ones(batch.shape, bool)
        if load.tpot_target is not None:
            kept &= times.tpot_loaded <= load.tpot_target
        if load.ttft_target is not None:
            kept &= times.first_loaded <= load.ttft_target
        return kept

    low, high = np.ones(users.shape), users.copy()
    if not np.all(keeps(low)):
        raise NeverError("not even a batch of one keeps the targets of latency")
    free = keeps(high)
    for _ in range(BISECTIONS):
        middle = np.floor((low + high + 1) / 2)
        kept = keeps(middle)
        low, high = np.where(kept, middle, low), np.where(kept, high, middle - 1)
        if np.all(low >= high):
            break
    return np.where(free, users, low), np.where(free, limit, "latency")


def _costs(
    deployment: Deployment, load: Load, times: Times, asked: Demands, efficiency: Efficiency, money: Money
) -> dict[str, Any]:
    """GPU time by phase: of prefill to the input, of decoding to the output."""
    n_in, n_out = load.input_tokens, load.output_tokens
    rent = money.usd_per_gpu_hour * deployment.replica.chips / (HOUR * money.utilisation)
    decoding = times.decoding / times.batch
    request = rent * (times.share + decoding)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "usd_per_mtok_input": rent * times.share * MILLION / n_in,
            "usd_per_mtok_cached_input": rent * _cached_seconds(deployment, load, efficiency) * MILLION,
            "usd_per_mtok_output": rent * decoding * MILLION / n_out,
            "usd_per_mtok_blended": request * MILLION / (n_in + n_out),
            "usd_per_request": request,
        }


def _cached_seconds(deployment: Deployment, load: Load, efficiency: Efficiency) -> Any:
    """What a token that the cache already holds adds to a prompt: the attention that the new ones pay to it."""
    work, hw = deployment.replica.work, deployment.replica.hardware
    new = np.maximum(load.input_tokens * (1 - load.cached), 1.0)
    past = np.maximum(load.input_tokens - new, 1.0)
    flops = (work.attention_flops(new, past) - work.attention_flops(new, 0.0)) / past
    return flops / ((hw.peak_16 or np.inf) * efficiency.attention * deployment.replica.chips)


def _band(mid: Any, best: Any, spread: float, rate: bool) -> Band:
    """The mid value and its spread, never better than the roofline."""
    if rate:
        return Band(mid / spread, np.minimum(mid, best), np.minimum(mid * spread, best))
    return Band(np.maximum(mid / spread, np.minimum(best, mid)), mid, mid * spread)

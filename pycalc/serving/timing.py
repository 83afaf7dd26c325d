"""Seconds of prefill and of decode steps on a group of chips, term by term.

The decode step follows Austin et al., "How to Scale Your Model" (2025), inference chapter: caches read, plus the
slower of streaming the weights once for the batch and computing, plus launches; collectives are added.  All
methods take numpy arrays for batch, tokens and context and give arrays.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from pycalc.serving.engines import Efficiency
from pycalc.serving.work import Widths, Work

RESIDUAL_BYTES = 2
"""Activations cross the links in 16 bits."""
DISPATCHED_BYTES = 3
"""A token goes to its experts in 8 bits and comes back in 16."""
PERFECT = Efficiency(
    weights=0.96, cache=0.96, compute_16=0.9, compute_8=0.9, compute_4=0.9, attention=0.9, experts=1.0,
    layer_s=0, routed_layer_s=0, sequence_s=0, prompt_s=0, hop_s=0, link=1.0, spread=1.0,
)  # fmt: skip
"""The roofline less what no system was ever seen to reach (0.93 of the bandwidth, 0.81 of the compute)."""


@dataclass(frozen=True, slots=True)
class Hardware:
    """One chip's figures in base units, and the links of a group of equal chips."""

    bandwidth: float
    peak_16: float | None
    """FLOP/s in 16 bits; None where it is not public, and then nothing that is bound by compute has a time."""
    peak_narrow: float | None = None
    """FLOP/s in the width of the weights, where the engine computes in it."""
    narrow: str = "compute_16"
    """Which of `WIDTHS` says how much of that is reached."""
    link: float = 1.0
    """bytes/s in one direction, for collectives."""


@dataclass(frozen=True, slots=True)
class Speculation:
    """A draft model proposes tokens, the model verifies them at once."""

    tokens: float
    acceptance: float
    draft_s: float
    """Seconds of one step of the draft model."""

    @property
    def emitted(self) -> float:
        """Tokens a step gives on average: (1 − a^(g+1)) / (1 − a)."""
        a, g = self.acceptance, self.tokens
        return g + 1 if a == 1 else (1 - a ** (g + 1)) / (1 - a)


class Step(NamedTuple):
    """The parts of a pass in seconds; the weights stream while the matrices compute, caches while attention does."""

    weights: Any
    compute: Any
    cache: Any
    attention: Any
    launches: Any
    links: Any
    draft: Any

    @property
    def seconds(self) -> Any:
        slower = np.maximum(self.weights, self.compute)
        return slower + np.maximum(self.cache, self.attention) + self.launches + self.links + self.draft

    def bound_by(self) -> Any:
        """The name of the largest part."""
        return np.array(BOUNDS)[np.argmax(np.stack(np.broadcast_arrays(*self)), axis=0)]


BOUNDS = (
    "weight bandwidth",
    "compute",
    "cache bandwidth",
    "attention compute",
    "launches",
    "links",
    "draft model",
)
WIDTHS = ("compute_16", "compute_8", "compute_4")
"""The constants for matrices, by the place that `Demand.narrow` names."""


class Demand(NamedTuple):
    """What a pass asks, whatever share of the peaks is reached: seconds at full rates, and counts of what takes fixed time."""

    weights: Any
    dense: Any
    routed: Any
    head: Any
    cache: Any
    attention: Any
    links: Any
    layers: Any
    routed_layers: Any
    sequences: Any
    prompts: Any
    hops: Any
    draft: Any
    narrow: Any

    def on(self, e: Efficiency) -> Step:
        """The parts at what a system reaches."""
        matrices = np.array([e.compute_16, e.compute_8, e.compute_4])[self.narrow]
        return Step(
            weights=self.weights / e.weights,
            compute=(self.dense + self.routed / e.experts) / matrices + self.head / e.compute_16,
            cache=self.cache / e.cache,
            attention=self.attention / e.attention,
            launches=(
                e.layer_s * self.layers
                + e.routed_layer_s * self.routed_layers
                + e.sequence_s * self.sequences
                + e.prompt_s * self.prompts
            ),
            links=e.hop_s * self.hops + self.links / e.link,
            draft=self.draft,
        )


@dataclass(frozen=True, slots=True)
class Replica:
    """One copy of a model on ``tensor`` × ``stages`` chips.

    With ``expert_parallel`` the chips of the group share the experts and keep attention to themselves, each for
    its own sequences.  Layer stages hand over to each other: they hold more, and speed up no single answer.
    """

    work: Work
    widths: Widths
    hardware: Hardware
    efficiency: Efficiency
    tensor: int = 1
    stages: int = 1
    expert_parallel: bool = False
    chunk_tokens: int = 8192
    speculation: Speculation | None = None

    @property
    def ranks(self) -> int:
        """Among how many chips each layer's attention is split."""
        return 1 if self.expert_parallel else self.tensor

    @property
    def chips(self) -> int:
        return self.tensor * self.stages

    def step(self, batch: Any, context: Any) -> Demand:
        """A decode step for ``batch`` sequences whose mean context is ``context``."""
        work, spec = self.work, self.speculation
        together = np.maximum(np.asarray(batch, float) / self.stages, 1.0)
        tokens = together * (spec.tokens + 1) if spec else together
        read = together * work.cache_read(context, self.widths.cache, self.ranks) / self.hardware.bandwidth
        return self._demand(
            tokens,
            streamed=self._weight_seconds(tokens),
            heads=tokens,
            attention=tokens * work.attention_flops(1, np.maximum(context - 1, 0)),
            passes=1.0,
            cache=read / self.tensor if self.expert_parallel else read,
            sequences=together / self.tensor if self.expert_parallel else together,
            draft=spec.tokens * spec.draft_s if spec else 0.0,
        )

    def prefill_alone(self, tokens: Any, past: Any = 0) -> Demand:
        """A prompt of ``tokens`` new tokens after ``past`` cached ones, by itself, in passes of the engine's chunks."""
        tokens = np.asarray(tokens, float)
        passes = np.maximum(np.ceil(tokens / self.chunk_tokens), 1.0)
        # stages work on different chunks at once, as far as there are chunks
        flow = (passes + self.stages - 1) / (passes * self.stages)
        streamed = passes * self._weight_seconds(np.minimum(tokens, self.chunk_tokens))
        return self._prefill(tokens, past, passes, streamed, flow)

    def prefill_share(self, tokens: Any, past: Any = 0) -> Demand:
        """What a prompt takes of the group under load, where passes are filled with the tokens of many."""
        tokens = np.asarray(tokens, float)
        passes = tokens / self.chunk_tokens
        streamed = passes * self._weight_seconds(float(self.chunk_tokens))
        return self._prefill(tokens, past, passes, streamed, 1 / self.stages)

    def _prefill(self, tokens: Any, past: Any, passes: Any, streamed: Any, flow: Any) -> Demand:
        attention = self.work.attention_flops(tokens, past)
        demand = self._demand(tokens, streamed, 1.0, attention, passes, prompts=1.0)
        body = {name: getattr(demand, name) * flow for name in ("weights", "dense", "routed", "head", "attention")}
        return demand._replace(**body)

    def _demand(
        self,
        tokens: Any,
        streamed: Any,
        heads: Any,
        attention: Any,
        passes: Any,
        cache: Any = 0.0,
        sequences: Any = 0.0,
        prompts: Any = 0.0,
        draft: Any = 0.0,
    ) -> Demand:
        """Operations and transfers of so many tokens, as seconds of the whole group at its peaks."""
        hw, work = self.hardware, self.work
        zero = 0.0 * tokens
        wide = (hw.peak_16 or np.inf) * self.tensor
        narrow = (hw.peak_narrow or hw.peak_16 or np.inf) * self.tensor
        hops, links = self._linking(tokens, passes)
        return Demand(
            weights=streamed + zero,
            dense=tokens * work.token_flops.dense / narrow,
            routed=tokens * work.token_flops.routed / narrow,
            head=heads * work.head_flops / wide + zero,
            cache=cache + zero,
            attention=attention / wide + zero,
            links=links + zero,
            layers=passes * work.layers + zero,
            routed_layers=passes * work.routed_layers + zero,
            sequences=sequences + zero,
            prompts=prompts + zero,
            hops=hops + zero,
            draft=draft + zero,
            narrow=WIDTHS.index(hw.narrow) + np.zeros(np.shape(tokens), int),
        )

    def _weight_seconds(self, tokens: Any) -> Any:
        """Weights once, of experts those that so many tokens reach; each stage streams its own, one after another."""
        dense = self.work.dense_bytes(self.widths) / self.ranks
        routed = self.work.routed_bytes(tokens, self.widths) / self.tensor
        return (dense + routed) / self.hardware.bandwidth

    def _linking(self, tokens: Any, passes: Any) -> tuple[Any, Any]:
        """Hops, and seconds at the links' full rate, of collectives and of hand-overs between stages."""
        work, n, link = self.work, self.tensor, self.hardware.link
        hops = (self.stages - 1) * passes
        moved = (self.stages - 1) * tokens * work.model_dim * RESIDUAL_BYTES
        if n > 1 and not self.expert_parallel:
            hops = hops + 2 * work.layers * passes
            moved = moved + 2 * work.layers * tokens * 2 * (n - 1) / n * work.model_dim * RESIDUAL_BYTES
        elif n > 1:
            hops = hops + 2 * work.routed_layers * passes
            moved = moved + work.routed_layers * tokens / n * work.experts_used * work.model_dim * DISPATCHED_BYTES
        return hops, moved / link

"""What a forward pass asks of the hardware: bytes streamed, operations, cache read, for whole models in any width.

Everything takes numpy arrays for tokens, batch and context.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from pycalc.architecture import Architecture
from pycalc.architecture.mixers import Attending, Mixer
from pycalc.architecture.parts import Experts
from pycalc.errors import NotAvailableError

WIDE_BITS = 16
SCOPES = ("layers", "file", "experts")


@dataclass(frozen=True, slots=True)
class Widths:
    """Bits per weight and per cached value, scales included, and which weights are narrowed.

    ``scope``: "layers" leaves embeddings and head at ``rest`` bits, "experts" all but routed experts,
    "file" is the mean over a whole file, as GGUF names it.
    """

    weights: float
    cache: float = WIDE_BITS
    rest: float = WIDE_BITS
    scope: str = "layers"

    @property
    def layers(self) -> float:
        return self.rest if self.scope == "experts" else self.weights

    @property
    def head(self) -> float:
        return self.weights if self.scope == "file" else self.rest


class Routed(NamedTuple):
    """Matrices of routed experts, of one kind: in how many layers, of how many experts, how many a token uses."""

    layers: int
    experts: int
    used: int
    weights: int

    def touched(self, tokens: Any) -> Any:
        """Experts that so many tokens reach in a layer under uniform routing, an upper bound."""
        return (
            self.experts * -np.expm1(np.asarray(tokens) * np.log1p(-self.used / self.experts))
            if self.experts > self.used
            else self.experts
        )


class Operations(NamedTuple):
    """FLOPs of a pass by what executes them."""

    dense: Any
    routed: Any
    attention: Any


@dataclass(frozen=True)
class Work:
    """A model as work: every figure is for the whole model unless ``ranks`` share it."""

    architecture: Architecture

    @cached_property
    def layers(self) -> int:
        return len(self.architecture.layers)

    @cached_property
    def model_dim(self) -> int:
        return self.architecture.head.inputs

    @cached_property
    def routed(self) -> tuple[Routed, ...]:
        found = (
            (count, matrix)
            for layer, count in self.architecture.kinds.items()
            for part in layer.parts
            if isinstance(part, Experts)
            for matrix in part.routed.matrices()
        )
        return tuple(Routed(count, m.copies, m.used, m.inputs * m.outputs) for count, m in found)

    @cached_property
    def routed_layers(self) -> int:
        """Layers with experts."""
        kinds = self.architecture.kinds.items()
        return sum(count for layer, count in kinds if any(isinstance(part, Experts) for part in layer.parts))

    @cached_property
    def experts_used(self) -> int:
        """Experts that a token uses in a layer."""
        return max((routed.used for routed in self.routed), default=0)

    @cached_property
    def dense_weights(self) -> int:
        """Weights that every token passes through, the head left out."""
        kinds = self.architecture.kinds.items()
        layers = sum(count * part.weights for layer, count in kinds for part in layer.parts)
        around = sum(part.weights for part in self.architecture.around)
        return layers + around - sum(r.layers * r.experts * r.weights for r in self.routed)

    @cached_property
    def head_weights(self) -> int:
        return self.architecture.head.weights

    def memory_bytes(self, widths: Widths) -> float:
        """All that is stored, embeddings among it; what files were found to hold, where they were read at that width."""
        total = self.architecture.parameters().total
        if widths.scope == "file":
            return total * widths.weights / 8
        routed = sum(r.layers * r.experts * r.weights for r in self.routed)
        rest = total - routed - self.dense_weights
        return (routed * widths.weights + self.dense_weights * widths.layers + rest * max(widths.rest, widths.head)) / 8

    def dense_bytes(self, widths: Widths) -> float:
        """Streamed by every pass: the layers' dense matrices and the head."""
        return (self.dense_weights * widths.layers + self.head_weights * widths.head) / 8

    def routed_bytes(self, tokens: Any, widths: Widths) -> Any:
        """Streamed of the experts that so many tokens reach."""
        return sum(r.layers * r.touched(tokens) * r.weights for r in self.routed) * widths.weights / 8

    @cached_property
    def token_flops(self) -> Operations:
        """Of one token's matrices, the head and what depends on the context left out."""
        flops = self.architecture.flops(1)
        routed = sum(2 * r.layers * r.used * r.weights for r in self.routed)
        return Operations(float(flops.linear + flops.recurrence - routed), float(routed), 0.0)

    @cached_property
    def head_flops(self) -> float:
        return float(self.architecture.head.token_flops)

    def attention_flops(self, tokens: Any, past: Any) -> Any:
        """Scores and sums of ``tokens`` new tokens after ``past``."""
        return self.architecture.flops(np.asarray(tokens, float), np.asarray(past, float)).attention_matmul

    def cache_read(self, context: Any, bits: float, ranks: int = 1) -> Any:
        """Bytes that one of ``ranks`` reads of one sequence's cache in a step, and of its states, which it writes too."""
        read = sum(count * m.read_bytes(context, bits) / _shards(m, ranks) for m, count in self._mixers)
        return read + 2 * self.architecture.state_bytes() / ranks

    def cache_room(self, context: Any, bits: float, ranks: int = 1, windows_kept: bool = False) -> Any:
        """Bytes that one of ``ranks`` sets aside for one sequence; ``windows_kept`` where the engine keeps all tokens."""
        if windows_kept:
            per_token = self.architecture.kv_bytes_without_windows(1, bits) / ranks
            return per_token * context + self.architecture.state_bytes() / ranks
        room = sum(count * m.stored_bytes(context, bits) / _shards(m, ranks) for m, count in self._mixers)
        return room + self.architecture.state_bytes() / ranks

    @cached_property
    def _mixers(self) -> tuple[tuple[Mixer, int], ...]:
        return tuple((mixer, count) for layer, count in self.architecture.kinds.items() for mixer in layer.mixers)


def native_widths(architecture: Architecture, weights: float | None, cache: float, rest: float, scope: str) -> Widths:
    """The widths of a deployment: as asked, else as the model's own files have them, else 16 bits.

    Raises NotAvailableError where the files are quantised in a way that is not understood and no width is given.
    """
    native = architecture.native
    if native and native.experts_only:
        scope = "experts"
    if weights is None and architecture.stored:
        return Widths(architecture.stored.bits, cache, rest, "file")
    if weights is None and native:
        if native.bits is None:
            raise NotAvailableError(f"the model is quantised by {native.method}, whose width is not known; give weight_bits")
        weights = native.bits
    return Widths(WIDE_BITS if weights is None else weights, cache, rest, scope)


def _shards(mixer: Mixer, ranks: int) -> int:
    return mixer.shards(ranks) if isinstance(mixer, Attending) else 1

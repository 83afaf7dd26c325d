"""A whole model: embeddings, layers, head; its parameters, FLOPs and bytes.

Conventions.  Parameters are those of the text model: no vision or audio tower, no layer for
multi-token prediction.  A tied head is no parameter and still computes.  FLOPs count matrix
products, attention's two products and recurrences, two operations per weight or pair and value.
"""

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

from pycalc.architecture.mixers import Attending, Mixer, in_bytes
from pycalc.architecture.parts import Matrix, Part, Table
from pycalc.architecture.quantisation import Native
from pycalc.architecture.reach import Count, greater

EXACT_BYTES = 4
WHOLE_BITS = 16


@dataclass(frozen=True, slots=True)
class Layer(Part):
    """Mixers and feed-forward blocks of one layer, with the norms between them."""

    mixers: tuple[Mixer, ...] = ()
    blocks: tuple[Part, ...] = ()
    norms: int = 0

    @property
    def parts(self) -> tuple[Part, ...]:
        return *self.mixers, *self.blocks

    @property
    def parameters(self) -> int:
        return self.norms + sum(part.parameters for part in self.parts)

    @property
    def active(self) -> int:
        return self.norms + sum(part.active for part in self.parts)

    @property
    def weights(self) -> int:
        return sum(part.weights for part in self.parts)

    @property
    def token_flops(self) -> int:
        return sum(part.token_flops for part in self.parts)

    def flops(self, tokens: Count, past: Count = 0, square: bool = False) -> "LayerFlops":
        """Operations for ``tokens`` new tokens after ``past``."""
        steps = sum(mixer.step_flops for mixer in self.mixers)
        return LayerFlops(
            attention_matmul=sum((mixer.attention_flops(tokens, past, square) for mixer in self.mixers), 0 * tokens),
            linear=self.token_flops * tokens,
            recurrence=steps * tokens,
        )


@dataclass(frozen=True, slots=True)
class LayerFlops:
    """Operations of a layer by kind."""

    attention_matmul: Count
    linear: Count
    recurrence: Count

    @property
    def total(self) -> Count:
        return self.attention_matmul + self.linear + self.recurrence


@dataclass(frozen=True, slots=True)
class Flops:
    """Operations of a forward pass.

    ``linear`` leaves the head out; ``layers`` adds attention's products and recurrences to it;
    ``lm_head`` counts every position, though serving needs only the last.
    """

    attention_matmul: Count
    linear: Count
    recurrence: Count
    lm_head: Count

    @property
    def layers(self) -> Count:
        return self.attention_matmul + self.linear + self.recurrence

    @property
    def total(self) -> Count:
        return self.layers + self.lm_head


@dataclass(frozen=True, slots=True)
class Parameters:
    """Counts of parameters."""

    total: int
    active: int
    embedding: int
    lm_head: int


@dataclass(frozen=True, slots=True)
class Stored:
    """What files hold of a text model: its weights as they are, with the scales of quantised ones.

    >>> Stored(1_000, 2_250, tensors=12, left_out=0, files=1).bits
    18.0
    """

    parameters: int
    bytes: int
    tensors: int
    left_out: int
    files: int

    @property
    def bits(self) -> float:
        """Bits per parameter."""
        return 8 * self.bytes / self.parameters

    def __str__(self) -> str:
        out = f"; {self.left_out} others left out" if self.left_out else ""
        return f"weights as stored: {self.tensors} tensors, {self.bits:.4g} bits per parameter{out}"


@dataclass(frozen=True)
class Architecture:
    """A decoder as its config.json describes it.

    ``around`` holds what surrounds the layers: position tables, projections, the final norm.
    ``state_bits`` is the width of the convolutions' states, the model's own.  ``notes`` say which
    documented defaults stand for fields that the file leaves out.  ``stored`` is known where the
    files of the weights were read too, ``native`` where the config.json says how they are quantised.
    """

    model_type: str
    embedding: Table
    layers: tuple[Layer, ...]
    head: Matrix
    tied: bool
    around: tuple[Part, ...] = ()
    state_bits: int = WHOLE_BITS
    notes: tuple[str, ...] = field(default=(), compare=False)
    stored: Stored | None = field(default=None, compare=False)
    native: Native | None = field(default=None, compare=False)

    @cached_property
    def kinds(self) -> Counter[Layer]:
        """The different layers and how often each occurs."""
        return Counter(self.layers)

    def parameters(self) -> Parameters:
        """Stored, active, in the token embedding and in the head."""
        head = 0 if self.tied else self.head.parameters
        rest = self.embedding.parameters + head
        return Parameters(
            total=rest + sum(part.parameters for part in self.around) + self._sum("parameters"),
            active=rest + sum(part.active for part in self.around) + self._sum("active"),
            embedding=self.embedding.parameters,
            lm_head=head,
        )

    def _sum(self, what: str) -> int:
        return sum(count * getattr(layer, what) for layer, count in self.kinds.items())

    def flops(self, tokens: Count, past: Count = 0, square: bool = False) -> Flops:
        """Operations for ``tokens`` new tokens after ``past``; whole numbers or arrays."""
        attention, linear, recurrence = 0 * tokens, sum(part.token_flops for part in self.around) * tokens, 0 * tokens
        for layer, count in self.kinds.items():
            flops = layer.flops(tokens, past, square)
            attention = attention + count * flops.attention_matmul
            linear = linear + count * flops.linear
            recurrence = recurrence + count * flops.recurrence
        return Flops(attention, linear, recurrence, self.head.token_flops * tokens)

    def kv_bytes_per_token(self, bits: float = WHOLE_BITS) -> Count:
        """What one more token adds to the cache once every window is full."""
        return sum(count * mixer.cache_bytes_per_token(bits) for layer, count in self.kinds.items() for mixer in layer.mixers)

    def rank_kv_bytes_per_token(self, ranks: int, bits: float = WHOLE_BITS) -> Count:
        """The same on one of ``ranks`` that share each layer: heads are split among them, a latent cache is not."""
        return sum(
            count * mixer.cache_bytes_per_token(bits) / mixer.shards(ranks)
            for layer, count in self.kinds.items()
            for mixer in layer.mixers
            if isinstance(mixer, Attending)
        )

    def kv_bytes(self, tokens: Count, bits: float = WHOLE_BITS) -> Count:
        """What a step at this context reads of the cache, each byte once, all ranks together."""
        return sum(
            (count * mixer.read_bytes(tokens, bits) for layer, count in self.kinds.items() for mixer in layer.mixers),
            0 * tokens,
        )

    def kv_reserved_bytes(self, tokens: Count, bits: float = WHOLE_BITS) -> Count:
        """What the cache needs room for at this context: windows full at most, no padding."""
        return sum(
            (count * mixer.stored_bytes(tokens, bits) for layer, count in self.kinds.items() for mixer in layer.mixers),
            0 * tokens,
        )

    def kv_bytes_without_windows(self, tokens: Count, bits: float = WHOLE_BITS) -> Count:
        """What an engine sets aside that keeps every token in every layer, windows or not."""
        per_token = sum(
            count * in_bytes(mixer.entry, bits)
            for layer, count in self.kinds.items()
            for mixer in layer.mixers
            if isinstance(mixer, Attending) and not mixer.shares_cache
        )
        return per_token * tokens

    def state_bytes(self) -> int:
        """Recurrent states of one sequence in 32 bits and those of convolutions at the model's width."""
        states = [
            (count * state.values, EXACT_BYTES if state.exact else self.state_bits // 8)
            for layer, count in self.kinds.items()
            for mixer in layer.mixers
            for state in mixer.states
        ]
        return sum(values * width for values, width in states)

    def weight_bytes(self, bits: float = WHOLE_BITS) -> Count:
        """The weights, the layers' matrices at ``bits``; the rest keeps 16 where they are narrower.

        ``bits`` includes the scales: 4.25 for groups of 128 in 4 bits.
        """
        narrowed = self._sum("weights")
        rest = self.parameters().total - narrowed
        return in_bytes(narrowed, bits) + in_bytes(rest, greater(bits, WHOLE_BITS))

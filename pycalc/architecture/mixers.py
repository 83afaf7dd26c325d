"""What mixes tokens: attention in its forms, and recurrences with a state of constant size."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from pycalc.architecture.parts import Matrix, Part
from pycalc.architecture.reach import EVERYTHING, Count, Reach, lesser

SCALE_BYTES = 4
"""The scale that engines store beside an 8-bit key of an indexer."""


@dataclass(frozen=True, slots=True)
class State:
    """Values kept per sequence; recurrent states in 32 bits, convolutions at the model's width."""

    values: int
    exact: bool = True


class Mixer(Part):
    """A part that sees other tokens.  This base sees none."""

    __slots__ = ()

    def attention_flops(self, tokens: Count, past: Count, square: bool) -> Count:
        """Operations of scores and of the sum of values."""
        return 0 * tokens

    def linear_flops(self, tokens: Count, past: Count) -> Count:
        """Operations of the linear maps for the new tokens."""
        return self.token_flops * tokens

    @property
    def step_flops(self) -> int:
        """Operations of recurrences and short convolutions per new token."""
        return 0

    def cache_bytes_per_token(self, bits: float) -> Count:
        """What one more token adds to the cache once every window is full."""
        return 0

    def read_bytes(self, tokens: Count, bits: float) -> Count:
        """What a step at this context reads of the cache."""
        return 0 * tokens

    def stored_bytes(self, tokens: Count, bits: float) -> Count:
        """What the cache holds at this context."""
        return 0 * tokens

    @property
    def states(self) -> tuple[State, ...]:
        """What is kept per sequence whatever its length."""
        return ()


def in_bytes(values: Count, bits: float) -> Count:
    """The bytes of so many values; whole where they come out whole."""
    if isinstance(values, int) and isinstance(bits, int) and values * bits % 8 == 0:
        return values * bits // 8
    return values * bits / 8


@dataclass(frozen=True, slots=True)
class NoMixer(Mixer):
    """A layer without one."""


@dataclass(frozen=True, slots=True)
class Indexer(Part):
    """The small attention that picks the tokens of sparse attention; its keys have a cache of their own.

    ``query_inputs`` is the width of what its queries are made from: the model's or a low rank.
    """

    model_dim: int
    query_inputs: int
    heads: int
    head_dim: int
    norm: int = 0
    weighted: bool = True
    """Whether a learned map weighs the heads."""

    def matrices(self) -> Iterator[Matrix]:
        yield Matrix(self.query_inputs, self.heads * self.head_dim)
        yield Matrix(self.model_dim, self.head_dim)
        if self.weighted:
            yield Matrix(self.model_dim, self.heads)

    @property
    def vectors(self) -> int:
        return self.norm

    @property
    def pair_flops(self) -> int:
        """The heads' products, and their weighted sum."""
        return 2 * self.heads * (self.head_dim + self.weighted)

    def key_bytes(self, bits: float) -> Count:
        """One key; 8 bits and less carry a scale: DeepSeek's 128 values take 132 bytes."""
        return in_bytes(self.head_dim, bits) + SCALE_BYTES * (bits <= 8)


class Attending(Mixer, ABC):
    """Attention over a cache of keys and values, or of what they are made from."""

    __slots__ = ()

    reach: Reach
    indexer: Indexer | None
    shares_cache: bool

    @property
    @abstractmethod
    def pair_flops(self) -> int:
        """Operations per pair of query and key."""

    @property
    @abstractmethod
    def entry(self) -> int:
        """Values that the cache holds per token."""

    def shards(self, ranks: int) -> int:
        """Into how many different parts tensor parallelism over so many ranks splits the cache."""
        return 1

    def attention_flops(self, tokens: Count, past: Count, square: bool) -> Count:
        flops = self.pair_flops * self.reach.pairs(tokens, past, square)
        if self.indexer:
            flops = flops + self.indexer.pair_flops * EVERYTHING.pairs(tokens, past, square)
        return flops

    def cache_bytes_per_token(self, bits: float) -> Count:
        own = 0 if self.shares_cache or not self.reach.grows else in_bytes(self.entry, bits)
        return own + (self.indexer.key_bytes(bits) if self.indexer else 0)

    def read_bytes(self, tokens: Count, bits: float) -> Count:
        return self._bytes(self.reach.read(tokens), tokens, bits)

    def stored_bytes(self, tokens: Count, bits: float) -> Count:
        return self._bytes(self.reach.stored(tokens), tokens, bits)

    def _bytes(self, entries: Count, tokens: Count, bits: float) -> Count:
        """A cache that belongs to another layer is counted there."""
        own = 0 * entries if self.shares_cache else in_bytes(self.entry * entries, bits)
        return own + (self.indexer.key_bytes(bits) * tokens if self.indexer else 0)


@dataclass(frozen=True, slots=True)
class Attention(Attending):
    """Attention with a key and a value per KV head: MHA, GQA, MQA.

    >>> llama = Attention(4096, heads=32, kv_heads=8, head_dim=128)
    >>> llama.parameters, llama.cache_bytes_per_token(16), llama.attention_flops(1, 4095, False)
    (41943040, 4096, 67108864)
    """

    model_dim: int
    heads: int
    kv_heads: int
    head_dim: int
    value_dim: int | None = None
    reach: Reach = EVERYTHING
    qkv_bias: bool = False
    output_bias: bool = False
    norm: int = 0
    """Parameters of the norms of queries, keys and values, and of what follows attention."""
    extra: tuple[Matrix, ...] = ()
    """Further maps: an output gate, a map of the input."""
    sinks: int = 0
    key_is_value: bool = False
    """The values are the keys' projection: one matrix for both, two entries in the cache."""
    makes_keys: bool = True
    shares_cache: bool = False
    """Keys and values are those of an earlier layer."""
    input_dim: int | None = None
    """Width of what queries, keys and values are made from, where it is not the model's."""
    output_dim: int | None = None
    indexer: Indexer | None = None

    @property
    def value_width(self) -> int:
        return self.value_dim or self.head_dim

    def matrices(self) -> Iterator[Matrix]:
        inputs = self.input_dim or self.model_dim
        yield Matrix(inputs, self.heads * self.head_dim, self.qkv_bias)
        if self.makes_keys:
            yield Matrix(inputs, self.kv_heads * self.head_dim, self.qkv_bias)
            if not self.key_is_value:
                yield Matrix(inputs, self.kv_heads * self.value_width, self.qkv_bias)
        yield Matrix(self.heads * self.value_width, self.output_dim or self.model_dim, self.output_bias)
        yield from self.extra
        if self.indexer:
            yield from self.indexer.matrices()

    @property
    def vectors(self) -> int:
        return self.norm + self.sinks + (self.indexer.vectors if self.indexer else 0)

    @property
    def pair_flops(self) -> int:
        return 2 * self.heads * (self.head_dim + self.value_width)

    @property
    def entry(self) -> int:
        return self.kv_heads * (self.head_dim + self.value_width)

    def shards(self, ranks: int) -> int:
        """A head of keys and values is not split: with more ranks than heads each has copies."""
        return min(ranks, self.kv_heads)


@dataclass(frozen=True, slots=True)
class LatentAttention(Attending):
    """Multi-head latent attention (DeepSeek): the cache holds one compressed vector for all heads.

    Keys and values are expanded from it, or the expansion is absorbed into queries and outputs; an
    engine takes what costs less, and so does the count.  The new tokens' own expansion costs the
    same either way.
    """

    model_dim: int
    heads: int
    query_rank: int | None
    latent: int
    nope_dim: int
    rope_dim: int
    value_dim: int
    reach: Reach = EVERYTHING
    bias: bool = False
    extra: tuple[Matrix, ...] = ()
    indexer: Indexer | None = None
    query_norm: bool = True
    shares_cache: bool = False

    def matrices(self) -> Iterator[Matrix]:
        queries = self.heads * (self.nope_dim + self.rope_dim)
        if self.query_rank:
            yield Matrix(self.model_dim, self.query_rank, self.bias)
            yield Matrix(self.query_rank, queries)
        else:
            yield Matrix(self.model_dim, queries)
        yield Matrix(self.model_dim, self.latent + self.rope_dim, self.bias)
        yield self.expansion
        yield Matrix(self.heads * self.value_dim, self.model_dim, self.bias)
        yield from self.extra
        if self.indexer:
            yield from self.indexer.matrices()

    @property
    def expansion(self) -> Matrix:
        """From the compressed vector to every head's key and value."""
        return Matrix(self.latent, self.heads * (self.nope_dim + self.value_dim))

    @property
    def vectors(self) -> int:
        norms = self.latent + (self.query_rank or 0) * self.query_norm
        return norms + (self.indexer.vectors if self.indexer else 0)

    @property
    def pair_flops(self) -> int:
        return 2 * self.heads * (self.nope_dim + self.rope_dim + self.value_dim)

    @property
    def absorbed_pair_flops(self) -> int:
        """Operations per pair where queries meet the compressed vectors themselves."""
        return 2 * self.heads * (2 * self.latent + self.rope_dim)

    @property
    def entry(self) -> int:
        return self.latent + self.rope_dim

    def attention_flops(self, tokens: Count, past: Count, square: bool) -> Count:
        pairs = self.reach.pairs(tokens, past, square)
        again = self.expansion.token_flops * self.reach.held(past)
        flops = lesser(self.pair_flops * pairs + again, self.absorbed_pair_flops * pairs)
        if self.indexer:
            flops = flops + self.indexer.pair_flops * EVERYTHING.pairs(tokens, past, square)
        return flops


@dataclass(frozen=True, slots=True)
class Recurrence(Mixer):
    """A mixer whose past is a state of constant size: Mamba, delta nets, linear attention, short convolutions.

    ``state`` values are kept in 32 bits, and ``conv_channels`` × ``conv_kernel`` at the model's width.
    ``per_state`` counts the operations on each value of the state per token.
    """

    maps: tuple[Matrix, ...]
    extra: int = 0
    conv_channels: int = 0
    conv_kernel: int = 0
    conv_bias: bool = False
    state: int = 0
    per_state: int = 0

    def matrices(self) -> Iterator[Matrix]:
        yield from self.maps

    @property
    def vectors(self) -> int:
        return self.extra + self.conv_channels * (self.conv_kernel + self.conv_bias)

    @property
    def step_flops(self) -> int:
        return 2 * self.conv_channels * self.conv_kernel + self.per_state * self.state

    @property
    def states(self) -> tuple[State, ...]:
        return State(self.state), State(self.conv_channels * self.conv_kernel, exact=False)

"""Attention over a window and over compressed entries, one for each few tokens before it (DeepSeek V4)."""

from collections.abc import Iterator
from dataclasses import dataclass

from pycalc.architecture.mixers import SCALE_BYTES, Mixer, in_bytes
from pycalc.architecture.parts import Matrix, Part
from pycalc.architecture.reach import Count, Window, lesser


@dataclass(frozen=True, slots=True)
class Entries:
    """Compressed entries: one per ``rate`` tokens once they are complete; a query sees the ``best`` or all.

    >>> entries = Entries(4, best=2)
    >>> entries.pairs(8, 0), entries.pairs(4, 8), entries.read(15), entries.stored(15)
    (6, 8, 2, 3)
    """

    rate: int
    best: int | None = None

    def pairs(self, tokens: Count, past: Count, square: bool = False) -> Count:
        """Pairs of new queries and the entries that they see; all that there are in the end, where ``square``."""
        if square:
            return tokens * self.stored(past + tokens)
        return self._seen(past + tokens) - self._seen(past)

    def all_pairs(self, tokens: Count, past: Count, square: bool = False) -> Count:
        """The same for who sees all entries: the indexer."""
        return Entries(self.rate).pairs(tokens, past, square)

    def _seen(self, tokens: Count) -> Count:
        filling = tokens if self.best is None else lesser(tokens, self.best * self.rate)
        whole = filling // self.rate
        growing = self.rate * (whole * (whole - 1) // 2) + whole * (filling - whole * self.rate + 1)
        return growing + (tokens - filling) * (self.best or 0)

    def read(self, tokens: Count) -> Count:
        """Entries that the last token attends to."""
        return self.stored(tokens) if self.best is None else lesser(self.stored(tokens), self.best)

    def stored(self, tokens: Count) -> Count:
        """Entries kept."""
        return tokens // self.rate


@dataclass(frozen=True, slots=True)
class Compressor(Part):
    """Pools ``rate`` tokens into an entry of ``head_dim``, from projections ``overlap`` times as wide."""

    model_dim: int
    head_dim: int
    rate: int
    overlap: int

    def matrices(self) -> Iterator[Matrix]:
        projection = Matrix(self.model_dim, self.overlap * self.head_dim)
        yield projection
        yield projection

    @property
    def vectors(self) -> int:
        return self.rate * self.overlap * self.head_dim + self.head_dim


@dataclass(frozen=True, slots=True)
class CompressedAttention(Mixer):
    """Queries through a low rank, one key for all heads that is its value too, outputs through low ranks by group.

    The tokens that wait to be compressed, fewer than ``rate``, are left out of the cache's bytes.
    """

    model_dim: int
    heads: int
    head_dim: int
    query_rank: int
    groups: int
    output_rank: int
    window: Window
    entries: Entries | None = None
    compressor: Compressor | None = None
    index_heads: int = 0
    index_compressor: Compressor | None = None

    def matrices(self) -> Iterator[Matrix]:
        yield Matrix(self.model_dim, self.query_rank)
        yield Matrix(self.query_rank, self.heads * self.head_dim)
        yield Matrix(self.model_dim, self.head_dim)
        share = self.heads * self.head_dim // self.groups
        yield Matrix(share, self.output_rank, copies=self.groups, used=self.groups)
        yield Matrix(self.groups * self.output_rank, self.model_dim)
        for compressor in (self.compressor, self.index_compressor):
            if compressor:
                yield from compressor.matrices()
        if self.index_compressor:
            yield Matrix(self.query_rank, self.index_heads * self.index_compressor.head_dim)
            yield Matrix(self.model_dim, self.index_heads)

    @property
    def vectors(self) -> int:
        own = self.heads + self.query_rank + self.head_dim
        return own + sum(part.vectors for part in (self.compressor, self.index_compressor) if part)

    def attention_flops(self, tokens: Count, past: Count, square: bool) -> Count:
        pairs = self.window.pairs(tokens, past, square)
        flops = 0 * tokens
        if self.entries:
            pairs = pairs + self.entries.pairs(tokens, past, square)
            if self.index_compressor:
                each = 2 * self.index_heads * (self.index_compressor.head_dim + 1)
                flops = each * self.entries.all_pairs(tokens, past, square)
        return flops + 4 * self.heads * self.head_dim * pairs

    def cache_bytes_per_token(self, bits: float) -> Count:
        """A mean: an entry is added once per ``rate`` tokens."""
        if not self.entries:
            return 0
        return (in_bytes(self.head_dim, bits) + self._index_bytes(bits)) / self.entries.rate

    def _index_bytes(self, bits: float) -> Count:
        if not self.index_compressor:
            return 0
        return in_bytes(self.index_compressor.head_dim, bits) + (SCALE_BYTES if bits <= 8 else 0)

    def read_bytes(self, tokens: Count, bits: float) -> Count:
        return self._bytes(self.window.read(tokens), self.entries.read(tokens) if self.entries else 0, tokens, bits)

    def stored_bytes(self, tokens: Count, bits: float) -> Count:
        return self._bytes(self.window.stored(tokens), self.entries.stored(tokens) if self.entries else 0, tokens, bits)

    def _bytes(self, near: Count, far: Count, tokens: Count, bits: float) -> Count:
        own = in_bytes(self.head_dim * (near + far), bits)
        return own + (self._index_bytes(bits) * self.entries.stored(tokens) if self.entries else 0)

"""How far back attention looks: pairs of query and key, and entries of the cache, counted exactly.

Counts take whole numbers, which stay exact at any size, or numpy arrays of float64.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

Count: TypeAlias = Any
"""A whole number, or an array of float64 whose elements are whole."""


def lesser(a: Count, b: Count) -> Count:
    """The smaller, without leaving Python's whole numbers where both are whole."""
    return min(a, b) if isinstance(a, int) and isinstance(b, int) else np.minimum(a, b)


def greater(a: Count, b: Count) -> Count:
    """The larger, likewise."""
    return max(a, b) if isinstance(a, int) and isinstance(b, int) else np.maximum(a, b)


def triangle(n: Count) -> Count:
    """1 + 2 + … + n.

    >>> triangle(4096)
    8390656
    """
    return n * (n + 1) // 2


@dataclass(frozen=True, slots=True)
class Reach:
    """Attention to every token so far; the cache grows with each."""

    grows = True

    def pairs(self, tokens: Count, past: Count, square: bool = False) -> Count:
        """Pairs of each of ``tokens`` new queries with the keys that it sees.

        ``square`` counts what a masked product computes: every new query against every key at hand,
        those that the cache still holds and the new ones.

        >>> Reach().pairs(4, 0), Reach().pairs(4, 0, square=True), Reach().pairs(1, 4095)
        (10, 16, 4096)
        """
        if square:
            return tokens * (self.held(past) + tokens)
        return self._seen(past + tokens) - self._seen(past)

    def _seen(self, tokens: Count) -> Count:
        """Pairs among the first ``tokens`` positions."""
        return triangle(tokens)

    def held(self, past: Count) -> Count:
        """Keys of the past that the next token finds."""
        return past

    def read(self, tokens: Count) -> Count:
        """Entries of the cache that the last of ``tokens`` attends to, its own among them."""
        return tokens

    def stored(self, tokens: Count) -> Count:
        """Entries for which the cache needs room."""
        return tokens


@dataclass(frozen=True, slots=True)
class Window(Reach):
    """Attention to the last ``size`` tokens, the query's own among them.

    >>> Window(1024).pairs(1500, 0), Window(1024).pairs(1, 1499), Window(1024).read(1500)
    (1012224, 1024, 1024)
    """

    size: int

    grows = False

    def _seen(self, tokens: Count) -> Count:
        filling = lesser(tokens, self.size)
        return triangle(filling) + (tokens - filling) * self.size

    def held(self, past: Count) -> Count:
        return lesser(past, self.size - 1)

    def read(self, tokens: Count) -> Count:
        return lesser(tokens, self.size)

    def stored(self, tokens: Count) -> Count:
        return lesser(tokens, self.size)


@dataclass(frozen=True, slots=True)
class Chunk(Reach):
    """Attention within blocks of ``size`` tokens (Llama 4).

    >>> Chunk(8192).read(8192), Chunk(8192).read(8193), Chunk(8192).pairs(8194, 0) - Chunk(8192).pairs(8192, 0)
    (8192, 1, 3)
    >>> Chunk(8192).read(0)
    0
    """

    size: int

    grows = False

    def _seen(self, tokens: Count) -> Count:
        return tokens // self.size * triangle(self.size) + triangle(tokens % self.size)

    def held(self, past: Count) -> Count:
        return past % self.size

    def read(self, tokens: Count) -> Count:
        full = (tokens - lesser(tokens, 1)) // self.size
        return tokens - full * self.size

    def stored(self, tokens: Count) -> Count:
        return lesser(tokens, self.size)


@dataclass(frozen=True, slots=True)
class Selected(Reach):
    """Attention to the ``size`` best tokens that an indexer picks; the cache keeps all of them.

    >>> Selected(2048).read(100_000), Selected(2048).stored(100_000)
    (2048, 100000)
    """

    size: int

    def _seen(self, tokens: Count) -> Count:
        filling = lesser(tokens, self.size)
        return triangle(filling) + (tokens - filling) * self.size

    def read(self, tokens: Count) -> Count:
        return lesser(tokens, self.size)


@dataclass(frozen=True, slots=True)
class SelectedBlocks(Reach):
    """Attention to the ``count`` best blocks of ``size`` tokens, the query's own block among them.

    >>> SelectedBlocks(16, 128).read(2048), SelectedBlocks(16, 128).read(2049), SelectedBlocks(16, 128).pairs(1, 2048)
    (2048, 1921, 1921)
    """

    count: int
    size: int

    def _seen(self, tokens: Count) -> Count:
        filling = lesser(tokens, self.count * self.size)
        rest = tokens - filling
        within = rest // self.size * triangle(self.size) + triangle(rest % self.size)
        return triangle(filling) + rest * (self.count - 1) * self.size + within

    def read(self, tokens: Count) -> Count:
        rest = tokens - lesser(tokens, self.count * self.size)
        blocks_beyond = (rest + self.size - 1) // self.size
        return tokens - blocks_beyond * self.size


EVERYTHING = Reach()

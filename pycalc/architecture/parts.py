"""What a model is built of: matrices, vectors, convolutions, tables; feed-forward blocks and norms.

A part answers what it stores, what one token uses of it and what it computes per new token.
Counted are multiplications and additions of matrix products, two per weight: norms, activations,
softmax and positions are left out, as counters of torch leave them out.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Matrix:
    """``copies`` equal linear maps, of which each token goes through ``used``.

    >>> expert = Matrix(4096, 14336, copies=8, used=2)
    >>> expert.parameters, expert.active, expert.token_flops
    (469762048, 117440512, 234881024)
    """

    inputs: int
    outputs: int
    bias: bool = False
    copies: int = 1
    used: int = 1

    @property
    def weights(self) -> int:
        return self.copies * self.inputs * self.outputs

    @property
    def parameters(self) -> int:
        return self.copies * self._each

    @property
    def active(self) -> int:
        return self.used * self._each

    @property
    def _each(self) -> int:
        return (self.inputs + self.bias) * self.outputs

    @property
    def token_flops(self) -> int:
        return 2 * self.used * self.inputs * self.outputs


class Part:
    """A part with matrices, and parameters that are no matrix: norms, scales, filters, tables."""

    __slots__ = ()

    def matrices(self) -> Iterator[Matrix]:
        """The linear maps."""
        yield from ()

    @property
    def vectors(self) -> int:
        """Parameters outside matrices, all of them used by every token."""
        return 0

    @property
    def parameters(self) -> int:
        """Stored parameters."""
        return self.vectors + sum(matrix.parameters for matrix in self.matrices())

    @property
    def active(self) -> int:
        """Parameters that one token uses."""
        return self.vectors + sum(matrix.active for matrix in self.matrices())

    @property
    def weights(self) -> int:
        """Parameters in matrices, those that a quantisation scheme narrows."""
        return sum(matrix.weights for matrix in self.matrices())

    @property
    def token_flops(self) -> int:
        """Operations of the matrices for one token."""
        return sum(matrix.token_flops for matrix in self.matrices())


@dataclass(frozen=True, slots=True)
class Loose(Part):
    """Matrices and vectors that belong to no block, or that no kind of block describes."""

    maps: tuple[Matrix, ...] = ()
    extra: int = 0

    def matrices(self) -> Iterator[Matrix]:
        yield from self.maps

    @property
    def vectors(self) -> int:
        return self.extra


@dataclass(frozen=True, slots=True)
class FeedForward(Part):
    """An MLP of two matrices, or of three where it is gated.

    >>> FeedForward(4096, 14336).parameters
    176160768
    """

    model_dim: int
    width: int
    gated: bool = True
    bias: bool = False
    extra: int = 0
    """Vectors of its own: an inner norm, a trained activation."""
    copies: int = 1
    used: int = 1

    def matrices(self) -> Iterator[Matrix]:
        up = Matrix(self.model_dim, self.width, self.bias, self.copies, self.used)
        yield up
        if self.gated:
            yield up
        yield Matrix(self.width, self.model_dim, self.bias, self.copies, self.used)

    @property
    def vectors(self) -> int:
        return self.extra


@dataclass(frozen=True, slots=True)
class Experts(Part):
    """A mixture of experts: a router, the routed experts and what runs beside them for every token.

    ``correction`` counts trained offsets of the router's scores; those that are kept as buffers
    are no parameters.  ``latent`` holds the maps into and out of a narrower space of the experts.

    >>> mixtral = Experts(Matrix(4096, 8), FeedForward(4096, 14336, copies=8, used=2))
    >>> mixtral.parameters, mixtral.active
    (1409318912, 352354304)
    """

    router: Matrix
    routed: FeedForward
    shared: FeedForward | None = None
    shared_gate: bool = False
    beside: FeedForward | None = None
    correction: int = 0
    latent: tuple[Matrix, ...] = ()

    def matrices(self) -> Iterator[Matrix]:
        yield self.router
        yield from self.latent
        for block in (self.routed, self.shared, self.beside):
            if block:
                yield from block.matrices()
        if self.shared_gate:
            yield Matrix(self.router.inputs, 1)

    @property
    def vectors(self) -> int:
        blocks = (self.routed, self.shared, self.beside)
        return self.correction + sum(block.vectors for block in blocks if block)


@dataclass(frozen=True, slots=True)
class Table(Part):
    """Rows that are looked up, not multiplied: token, position and per-layer embeddings."""

    rows: int
    columns: int

    @property
    def vectors(self) -> int:
        return self.rows * self.columns


NOTHING = Loose()

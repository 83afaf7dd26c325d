"""Floating-point operations of a transformer layer and its parts (article section 2)."""

from typing import Any

from pycalc.errors import DomainError
from pycalc.formula import formula
from pycalc.quantities import (
    Activation,
    ActiveExperts,
    Batch,
    Bytes,
    BytesPerValue,
    Causal,
    Columns,
    Experts,
    FfnDim,
    Flops,
    Fraction,
    HeadDim,
    Heads,
    Inner,
    KvHeads,
    Layers,
    ModelDim,
    RoutedExperts,
    Rows,
    SharedExperts,
    Tiled,
    Tokens,
    Vocabulary,
)
from pycalc.record import derived
from pycalc.symbolic import require


def _is_one(value: Any) -> bool:
    """Whether a division by it can be spared; an array or a symbol is not asked."""
    return isinstance(value, float) and value == 1


HEADS = derived(lambda model_dim, head_dim: 1.0 if head_dim is None else model_dim / head_dim, "model_dim/head_dim")
KV_HEADS = derived(lambda heads: heads, "heads")
HEAD_DIM = derived(lambda model_dim, heads: model_dim if _is_one(heads) else model_dim / heads, "model_dim/heads")
FFN_DIM = derived(
    lambda model_dim, activation: 8 / activation * model_dim,
    "8*model_dim/matrices: 4*model_dim for two matrices, 8/3*model_dim for three",
)


def _share_counted(causal: Any) -> Any:
    """One for the whole square, one half under a causal mask."""
    return 1 - causal / 2


def _layer(tokens: Any, model_dim: Any, heads: Any, kv_heads: Any, head_dim: Any, causal: Any, mlp: Any) -> Any:
    """Attention and an MLP of 2·m·d_ff operations per token and dimension: n·(d·(4(h + g)·d_k + mlp) + 4f·h·d_k·n)."""
    linear = model_dim * (4 * (heads + kv_heads) * head_dim + mlp)
    return tokens * (linear + 4 * _share_counted(causal) * heads * head_dim * tokens)


def _mlp(tokens: Any, model_dim: Any, ffn_dim: Any, matrices: Any) -> Any:
    return 2 * matrices * tokens * model_dim * ffn_dim


@formula("2")
def matmul_flops(rows: Rows, inner: Inner, columns: Columns) -> Flops:
    """Operations of a matrix product, (a x b) times (b x c): 2abc.

    >>> matmul_flops(4096, 2048, 2048)
    34359738368.0
    """
    return 2 * rows * inner * columns


@formula("2.1")
def qkv_flops(
    tokens: Tokens, model_dim: ModelDim, heads: Heads = HEADS, kv_heads: KvHeads = KV_HEADS, head_dim: HeadDim = HEAD_DIM
) -> Flops:
    """Operations of the query, key and value projections: 2n·d·(h + 2g)·d_k, which is 6nd² without grouping.

    >>> qkv_flops(4096, 2048)
    103079215104.0
    """
    return 2 * tokens * model_dim * (heads + 2 * kv_heads) * head_dim


@formula("2.2")
def score_flops(
    tokens: Tokens, model_dim: ModelDim, heads: Heads = HEADS, head_dim: HeadDim = HEAD_DIM, causal: Causal = False
) -> Flops:
    """Operations of the score matrix, queries times keys: 2n²·h·d_k, which is 2n²d.

    >>> score_flops(4096, 2048)
    68719476736.0
    """
    return 2 * _share_counted(causal) * heads * tokens**2 * head_dim


@formula("2.3")
def value_flops(
    tokens: Tokens, model_dim: ModelDim, heads: Heads = HEADS, head_dim: HeadDim = HEAD_DIM, causal: Causal = False
) -> Flops:
    """Operations of the weighted sum of values: 2n²·h·d_k, which is 2n²d.

    >>> value_flops(4096, 2048)
    68719476736.0
    """
    return 2 * _share_counted(causal) * heads * tokens**2 * head_dim


@formula("2.4")
def output_flops(tokens: Tokens, model_dim: ModelDim, heads: Heads = HEADS, head_dim: HeadDim = HEAD_DIM) -> Flops:
    """Operations of attention's output projection: 2n·h·d_k·d, which is 2nd².

    >>> output_flops(4096, 2048)
    34359738368.0
    """
    return 2 * tokens * heads * head_dim * model_dim


@formula("2.5")
def attention_flops(
    tokens: Tokens,
    model_dim: ModelDim,
    heads: Heads = HEADS,
    kv_heads: KvHeads = KV_HEADS,
    head_dim: HeadDim = HEAD_DIM,
    causal: Causal = False,
) -> Flops:
    """Operations of a layer's attention: 8nd² + 4n²d, or exactly 4n·d·d_k·(h + g) + 4f·n²·h·d_k.

    >>> attention_flops(4096, 2048)
    274877906944.0
    """
    return _layer(tokens, model_dim, heads, kv_heads, head_dim, causal, 0)


@formula("2.6")
def mlp_flops(tokens: Tokens, model_dim: ModelDim, ffn_dim: FfnDim = FFN_DIM, activation: Activation = "gelu") -> Flops:
    """Operations of a layer's MLP: 2·m·n·d·d_ff with m = 2 matrices, 3 where the activation is gated; 16nd² by default.

    >>> mlp_flops(4096, 2048)
    274877906944.0
    >>> mlp_flops(4096, 2048, 8192, "swiglu")
    412316860416.0
    """
    return _mlp(tokens, model_dim, ffn_dim, activation)


@formula("2.6")
def moe_flops(
    tokens: Tokens,
    model_dim: ModelDim,
    ffn_dim: FfnDim,
    active: ActiveExperts,
    shared_experts: SharedExperts = 0,
    activation: Activation = "gelu",
    routed_experts: RoutedExperts = 0,
) -> Flops:
    """Operations of a mixture of experts: each token passes k routed and s shared ones; the router adds 2n·d·E.

    Mixtral 8x7B, two experts of width 14336, with its router:

    >>> moe_flops(1, 4096, 14336, 2, 0, "swiglu", 8)
    704708608.0
    """
    return _mlp(tokens, model_dim, ffn_dim, activation) * (active + shared_experts) + 2 * tokens * model_dim * routed_experts


@formula(
    "2.6",
    'DeepSeek-AI, "DeepSeek-V3 Technical Report" (2024), 256 experts of which 8; E·(1 − (1 − k/E)^B) under uniform routing',
)
def moe_experts_touched(experts: Experts, active: ActiveExperts, batch: Batch) -> Experts:
    """Experts of a layer that a batch touches under uniform routing, an upper bound: E·(1 − (1 − k/E)^B).

    >>> round(moe_experts_touched(256, 8, 16), 1)
    102.0
    """
    reason = "active is {active}; it must be no more than experts, {experts}"
    idle = require(active <= experts, 1 - active / experts, DomainError, reason, active=active, experts=experts)
    return experts * (1 - idle**batch)


@formula("2.7")
def layer_flops(
    tokens: Tokens,
    model_dim: ModelDim,
    heads: Heads = HEADS,
    kv_heads: KvHeads = KV_HEADS,
    head_dim: HeadDim = HEAD_DIM,
    ffn_dim: FfnDim = FFN_DIM,
    activation: Activation = "gelu",
    causal: Causal = False,
) -> Flops:
    """Operations of one transformer layer: the article's 24nd² + 4n²d, or the exact layer with all arguments.

    >>> layer_flops(4096, 2048)
    549755813888.0

    Llama 3.2 1B, whose layer is 29nd² + 4n²d:

    >>> layer_flops(4096, 2048, 32, 8, 64, 8192, "swiglu")
    635655159808.0
    """
    return _layer(tokens, model_dim, heads, kv_heads, head_dim, causal, 2 * activation * ffn_dim)


@formula("2.7")
def transformer_flops(
    tokens: Tokens,
    model_dim: ModelDim,
    layers: Layers,
    heads: Heads = HEADS,
    kv_heads: KvHeads = KV_HEADS,
    head_dim: HeadDim = HEAD_DIM,
    ffn_dim: FfnDim = FFN_DIM,
    activation: Activation = "gelu",
    causal: Causal = False,
    vocabulary: Vocabulary = 0,
) -> Flops:
    """Operations of a stack of equal layers, plus 2n·d·V where an output head runs on every token.

    >>> transformer_flops(4096, 2048, 16)
    8796093022208.0
    """
    layer = _layer(tokens, model_dim, heads, kv_heads, head_dim, causal, 2 * activation * ffn_dim)
    return layers * layer + 2 * vocabulary * tokens * model_dim


@formula("2.7")
def quadratic_share(tokens: Tokens, model_dim: ModelDim) -> Fraction:
    """Share of a layer's operations that grows with the square of the context: n / (6d + n).

    >>> quadratic_share(4096, 2048)
    0.25
    """
    return tokens / (6 * model_dim + tokens)


@formula("2.5")
def attention_crossover(model_dim: ModelDim) -> Tokens:
    """Context at which attention's quadratic term equals its projections: 4n²d = 8nd² at n = 2d.

    >>> attention_crossover(2048)
    4096.0
    """
    return 2 * model_dim


@formula("2.7")
def layer_crossover(model_dim: ModelDim) -> Tokens:
    """Context at which the quadratic term equals all else in the layer: 4n²d = 24nd² at n = 6d.

    >>> layer_crossover(2048)
    12288.0
    """
    return 6 * model_dim


@formula("1.3", 'Dao et al., "FlashAttention" (2022), section 3.2: reads and writes of standard and tiled attention')
def attention_traffic(
    tokens: Tokens, heads: Heads, head_dim: HeadDim, bytes_per_value: BytesPerValue = 2, tiled: Tiled = False
) -> Bytes:
    """Memory traffic of one layer's attention over a prompt: tiling spares the n×n matrix, not the operations.

    Queries, keys, values and outputs move once; without tiling the scores and the weights are
    each written and read back, 4h·n² values more.

    >>> attention_traffic(4096, 32, 64)
    4362076160.0
    >>> attention_traffic(4096, 32, 64, 2, True)
    67108864.0
    """
    vectors = 4 * tokens * heads * head_dim
    return bytes_per_value * (vectors + 4 * (1 - tiled) * heads * tokens**2)

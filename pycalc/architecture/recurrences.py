"""The recurrences in use, as mixers.

Operations on the state are counted as the recurrence is written, one token after another:
Mamba 7 per value (decay of the input 2, of the state 1, its sum 2, reading 2), Mamba 2 with one
decay per head 5, gated delta rule 7 (decay 1, prediction 2, correction 2, reading 2), linear
attention 5.  An engine that works in chunks computes more.
"""

from pycalc.architecture.mixers import Recurrence
from pycalc.architecture.parts import Matrix


def mamba(
    model_dim: int,
    inner: int,
    state: int,
    kernel: int,
    rank: int,
    *,
    bias: bool = False,
    conv_bias: bool = True,
    norms: int = 0,
    blocks: int = 1,
) -> Recurrence:
    """Mamba, in ``blocks`` heads of the inner width where it has several (Zamba)."""
    width = inner // blocks
    return Recurrence(
        (
            Matrix(model_dim, 2 * inner, bias),
            Matrix(width, rank + 2 * state, copies=blocks, used=blocks),
            Matrix(rank, width, True, copies=blocks, used=blocks),
            Matrix(inner, model_dim, bias),
        ),
        extra=inner * state + inner + norms,
        conv_channels=inner,
        conv_kernel=kernel,
        conv_bias=conv_bias,
        state=inner * state,
        per_state=7,
    )


def mamba2(
    model_dim: int,
    heads: int,
    head_dim: int,
    groups: int,
    state: int,
    kernel: int,
    *,
    bias: bool = False,
    conv_bias: bool = True,
    norm: bool = True,
    output_dim: int | None = None,
) -> Recurrence:
    """Mamba 2: one decay per head, keys and queries shared by groups of heads."""
    inner = heads * head_dim
    channels = inner + 2 * groups * state
    return Recurrence(
        (Matrix(model_dim, inner + channels + heads, bias), Matrix(inner, output_dim or model_dim, bias)),
        extra=3 * heads + inner * norm,
        conv_channels=channels,
        conv_kernel=kernel,
        conv_bias=conv_bias,
        state=inner * state,
        per_state=5,
    )


def gated_delta_net(model_dim: int, key_heads: int, key_dim: int, value_heads: int, value_dim: int, kernel: int) -> Recurrence:
    """The gated delta rule (Qwen3-Next): projections of queries, keys, values, gate, decay and step."""
    keys, values = key_heads * key_dim, value_heads * value_dim
    return Recurrence(
        (
            Matrix(model_dim, 2 * keys + 2 * values),
            Matrix(model_dim, 2 * value_heads),
            Matrix(values, model_dim),
        ),
        extra=2 * value_heads + value_dim,
        conv_channels=2 * keys + values,
        conv_kernel=kernel,
        state=value_heads * key_dim * value_dim,
        per_state=7,
    )


def lightning_attention(model_dim: int, heads: int, head_dim: int) -> Recurrence:
    """Linear attention with a fixed decay per head, a norm and an output gate (MiniMax-01)."""
    inner = heads * head_dim
    return Recurrence(
        (Matrix(model_dim, 3 * inner), Matrix(model_dim, inner), Matrix(inner, model_dim)),
        extra=inner,
        state=heads * head_dim * head_dim,
        per_state=5,
    )


def short_convolution(model_dim: int, kernel: int, bias: bool = False) -> Recurrence:
    """A gated convolution over the last few tokens (LFM2)."""
    return Recurrence(
        (Matrix(model_dim, 3 * model_dim, bias), Matrix(model_dim, model_dim, bias)),
        conv_channels=model_dim,
        conv_kernel=kernel,
        conv_bias=bias,
    )

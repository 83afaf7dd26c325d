"""The key-value cache and its variants (article sections 5.2 and 5.3)."""

import numpy as np

from pycalc.formula import formula
from pycalc.quantities import (
    BlockTokens,
    Bytes,
    BytesPerValue,
    CacheLayers,
    ContextTokens,
    ConvElements,
    GlobalLayers,
    HeadDim,
    KvBytesPerToken,
    KvHeads,
    LatentDim,
    RopeDim,
    Sequences,
    StateDim,
    StateLayers,
    WindowLayers,
    WindowTokens,
)


@formula("5.2")
def kv_bytes_per_token(
    layers: CacheLayers, kv_heads: KvHeads, head_dim: HeadDim, bytes_per_value: BytesPerValue = 2
) -> KvBytesPerToken:
    """Bytes that each token adds to a key-value cache: 2·L·g·d_k·B_v, a key and a value per layer and head.

    >>> kv_bytes_per_token(16, 8, 64, 1)
    16384.0
    """
    return 2 * layers * kv_heads * head_dim * bytes_per_value


@formula("5.2")
def kv_bytes(
    tokens: ContextTokens,
    layers: CacheLayers,
    kv_heads: KvHeads,
    head_dim: HeadDim,
    bytes_per_value: BytesPerValue = 2,
    sequences: Sequences = 1,
) -> Bytes:
    """Memory of the key-value cache of equal-length sequences: 2·L·g·d_k·B_v·n per sequence.

    >>> kv_bytes(32768, 16, 8, 64, 1)
    536870912.0
    """
    return 2 * layers * kv_heads * head_dim * bytes_per_value * sequences * tokens


@formula("5.2", 'DeepSeek-AI, "DeepSeek-V2" (2024), section 2.1: latent attention keeps d_c + d_r values per token and layer')
def mla_kv_bytes(
    tokens: ContextTokens,
    layers: CacheLayers,
    latent_dim: LatentDim,
    rope_dim: RopeDim,
    bytes_per_value: BytesPerValue = 2,
    sequences: Sequences = 1,
) -> Bytes:
    """Memory of a latent attention cache: L·(d_c + d_r)·B_v·n, shared by all heads and not split by tensor parallelism.

    DeepSeek-V3 keeps 512 + 64 values per token in each of 61 layers:

    >>> mla_kv_bytes(1, 61, 512, 64)
    70272.0
    """
    return layers * (latent_dim + rope_dim) * bytes_per_value * sequences * tokens


@formula("5.7", 'Gemma Team, "Gemma 3 Technical Report" (2025): local layers keep their window, global ones the context')
def window_kv_bytes(
    tokens: ContextTokens,
    window: WindowTokens,
    global_layers: GlobalLayers,
    window_layers: WindowLayers,
    kv_heads: KvHeads,
    head_dim: HeadDim,
    bytes_per_value: BytesPerValue = 2,
    sequences: Sequences = 1,
) -> Bytes:
    """Bytes read from the cache where some layers slide over a window: they read min(n, w) tokens, the global ones n.

    Engines may reserve more than is read.

    >>> window_kv_bytes(32768, 4096, 4, 28, 8, 128, 1)
    503316480.0
    """
    kept = global_layers * tokens + window_layers * np.minimum(tokens, window)
    return 2 * kv_heads * head_dim * bytes_per_value * kept * sequences


@formula("5.7", 'Gu, Dao, "Mamba" (2023) and Dao, Gu, "Mamba-2" (2024): a constant state per layer and sequence')
def hybrid_state_bytes(
    layers: StateLayers,
    heads: KvHeads,
    head_dim: HeadDim,
    state_dim: StateDim,
    bytes_per_value: BytesPerValue = 2,
    conv_elements: ConvElements = 0,
    sequences: Sequences = 1,
) -> Bytes:
    """Memory of recurrent layers, the same at any context: (heads·d_k·N + convolution) values per layer and sequence.

    >>> hybrid_state_bytes(48, 32, 128, 128, 4)
    100663296.0
    """
    return layers * (heads * head_dim * state_dim + conv_elements) * bytes_per_value * sequences


@formula("5.5", 'Kwon et al., "PagedAttention" (2023): the cache is handed out in pages; vLLM uses 16 tokens')
def paged_tokens(tokens: ContextTokens, block_tokens: BlockTokens = 16) -> ContextTokens:
    """Tokens for which an engine with a paged cache sets memory aside: whole pages.

    >>> paged_tokens(1000)
    1008.0
    """
    return np.ceil(tokens / block_tokens) * block_tokens

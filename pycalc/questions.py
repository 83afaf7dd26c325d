"""The article's five opening questions, in operations, bytes and dollars.

How much does one attention head cost?  What do more layers do to memory traffic?  How does
another activation change the work?  What does a longer context cost in bandwidth?  How does
the growing cache change the revenue of a GPU?
"""

from typing import Any

import numpy as np

from pycalc.cost import MILLION, SECONDS_PER_HOUR
from pycalc.errors import NeverError
from pycalc.flops import FFN_DIM, HEAD_DIM, HEADS, KV_HEADS
from pycalc.formula import formula
from pycalc.memory import FRAMEWORK_BYTES, left_for_caches
from pycalc.quantities import (
    Activation,
    AddedLayers,
    Bandwidth,
    Batch,
    BytesPerParam,
    BytesPerValue,
    CacheFill,
    CacheLayers,
    Causal,
    ComputeEfficiency,
    ContextTokens,
    Efficiency,
    ExtraTokens,
    FfnDim,
    Flops,
    FlopsPerToken,
    GpuBytes,
    HeadDim,
    Heads,
    KvBytesPerToken,
    KvHeads,
    Margin,
    ModelDim,
    OverheadBytes,
    PeakFlops,
    QueriesPerKv,
    RevenuePerHour,
    SalePrice,
    Sequences,
    StepBytes,
    Tokens,
    Usd,
    UsdPerHour,
    UsdPerMtok,
    Utilisation,
    WeightBytes,
)
from pycalc.record import ARTICLE
from pycalc.symbolic import require

OWN = ARTICLE + ", the question of its opening, answered from"


def _rented(seconds: Any, usd_per_hour: Any) -> Any:
    return seconds * usd_per_hour / SECONDS_PER_HOUR


def _head_flops(tokens: Any, model_dim: Any, head_dim: Any, queries_per_kv: Any, causal: Any) -> Any:
    projections = 4 * tokens * model_dim * head_dim * (1 + 1 / queries_per_kv)
    return projections + 4 * (1 - causal / 2) * tokens**2 * head_dim


@formula("0", OWN + " sections 2.1 to 2.5")
def head_flops(
    tokens: Tokens, model_dim: ModelDim, head_dim: HeadDim, queries_per_kv: QueriesPerKv = 1, causal: Causal = False
) -> Flops:
    """Operations of one query head over a prompt: its projections, its share of keys and values, scores and sums.

    One of 32 heads is a 32nd of the layer's attention:

    >>> head_flops(4096, 2048, 64) * 32
    274877906944.0
    """
    return _head_flops(tokens, model_dim, head_dim, queries_per_kv, causal)


@formula("0", OWN + " sections 3.2 and 5.2")
def head_traffic(
    context_tokens: ContextTokens,
    model_dim: ModelDim,
    head_dim: HeadDim,
    queries_per_kv: QueriesPerKv = 1,
    bytes_per_param: BytesPerParam = 2,
    bytes_per_value: BytesPerValue = 2,
    batch: Batch = 1,
) -> StepBytes:
    """Bytes that one query head moves in a decode step: its weights once, its share of each sequence's cache.

    >>> head_traffic(4096, 2048, 64)
    2097152.0
    """
    weights = 2 * model_dim * head_dim * (1 + 1 / queries_per_kv) * bytes_per_param
    return weights + batch * 2 * context_tokens * head_dim / queries_per_kv * bytes_per_value


@formula("0", OWN + " section 2 and the rent of section 5.6")
def head_cost(
    tokens: Tokens,
    model_dim: ModelDim,
    head_dim: HeadDim,
    peak_flops: PeakFlops,
    usd_per_hour: UsdPerHour,
    queries_per_kv: QueriesPerKv = 1,
    causal: Causal = False,
    compute_efficiency: ComputeEfficiency = 1,
) -> Usd:
    """USD that one head of one layer costs for one prompt, as rented compute.

    >>> round(head_cost(4096, 2048, 64, 989e12, 2.5) * 1e9, 3)
    6.032
    """
    work = _head_flops(tokens, model_dim, head_dim, queries_per_kv, causal)
    return _rented(work / (peak_flops * compute_efficiency), usd_per_hour)


@formula("0", OWN + " sections 2, 3.2 and 5.2")
def layer_traffic(
    added_layers: AddedLayers,
    context_tokens: ContextTokens,
    model_dim: ModelDim,
    heads: Heads = HEADS,
    kv_heads: KvHeads = KV_HEADS,
    head_dim: HeadDim = HEAD_DIM,
    ffn_dim: FfnDim = FFN_DIM,
    activation: Activation = "gelu",
    bytes_per_param: BytesPerParam = 2,
    bytes_per_value: BytesPerValue = 2,
    batch: Batch = 1,
) -> StepBytes:
    """Bytes that so many layers add to a decode step: their weights once, each sequence's cache.

    Four more layers of Llama 3.2 1B at 4096 tokens:

    >>> layer_traffic(4, 4096, 2048, 32, 8, 64, 8192, "swiglu")
    520093696.0
    """
    weights = 2 * model_dim * head_dim * (heads + kv_heads) + activation * model_dim * ffn_dim
    cache = 2 * kv_heads * head_dim * context_tokens
    return added_layers * (weights * bytes_per_param + batch * cache * bytes_per_value)


@formula("0", OWN + " sections 5.6 and 6.1")
def layer_cost(
    step_bytes: StepBytes, bandwidth: Bandwidth, usd_per_hour: UsdPerHour, batch: Batch = 1, efficiency: Efficiency = 1
) -> UsdPerMtok:
    """USD per million generated tokens that bytes added to each decode step cost; LAYER_TRAFFIC gives the bytes.

    >>> round(layer_cost(520093696, 3350e9, 2.5), 4)
    0.1078
    """
    return _rented(step_bytes / (bandwidth * efficiency), usd_per_hour) / batch * MILLION


@formula("0", OWN + " sections 2.6 and 3.2")
def mlp_traffic(
    model_dim: ModelDim, ffn_dim: FfnDim = FFN_DIM, activation: Activation = "gelu", bytes_per_param: BytesPerParam = 2
) -> StepBytes:
    """Bytes of a layer's MLP weights that each decode step streams: m·d·d_ff·B_p, m by the activation.

    >>> mlp_traffic(2048, 8192, "swiglu")
    100663296.0
    """
    return activation * model_dim * ffn_dim * bytes_per_param


@formula("0", OWN + " section 2.6 and the rent of section 5.6")
def mlp_cost(
    tokens: Tokens,
    model_dim: ModelDim,
    peak_flops: PeakFlops,
    usd_per_hour: UsdPerHour,
    ffn_dim: FfnDim = FFN_DIM,
    activation: Activation = "gelu",
    compute_efficiency: ComputeEfficiency = 1,
) -> Usd:
    """USD that a layer's MLP costs for one prompt, as rented compute, by its activation.

    >>> round(mlp_cost(4096, 2048, 989e12, 2.5, 8192, "swiglu") / mlp_cost(4096, 2048, 989e12, 2.5, 8192, "gelu"), 9)
    1.5
    """
    work = 2 * activation * tokens * model_dim * ffn_dim
    return _rented(work / (peak_flops * compute_efficiency), usd_per_hour)


@formula("0", OWN + " section 2.5 with n = 1 against the cache")
def context_flops(layers: CacheLayers, heads: Heads, head_dim: HeadDim, extra_tokens: ExtraTokens = 1) -> FlopsPerToken:
    """Operations that more context adds to each generated token: 4·L·h·d_k per token of context.

    >>> context_flops(16, 32, 64)
    131072.0
    """
    return 4 * layers * heads * head_dim * extra_tokens


@formula("0", OWN + " section 5.2")
def context_traffic(
    layers: CacheLayers,
    kv_heads: KvHeads,
    head_dim: HeadDim,
    bytes_per_value: BytesPerValue = 2,
    extra_tokens: ExtraTokens = 1,
    sequences: Sequences = 1,
) -> StepBytes:
    """Bytes that more context adds to each decode step: the cache of the extra tokens is read every time.

    >>> context_traffic(16, 8, 64, 1)
    16384.0
    """
    return 2 * layers * kv_heads * head_dim * bytes_per_value * extra_tokens * sequences


@formula("0", OWN + " sections 5.2, 5.6 and 6.1")
def context_cost(
    layers: CacheLayers,
    kv_heads: KvHeads,
    head_dim: HeadDim,
    bandwidth: Bandwidth,
    usd_per_hour: UsdPerHour,
    bytes_per_value: BytesPerValue = 2,
    extra_tokens: ExtraTokens = 1,
    efficiency: Efficiency = 1,
) -> UsdPerMtok:
    """USD per million generated tokens that more context costs in bandwidth; the batch does not change it.

    Each sequence reads its own cache, so sharing a step with others saves nothing here.

    >>> round(context_cost(16, 8, 64, 3350e9, 2.5, 1, 32768), 4)
    0.1113
    """
    added = 2 * layers * kv_heads * head_dim * bytes_per_value * extra_tokens
    return _rented(added / (bandwidth * efficiency), usd_per_hour) * MILLION


@formula("0", OWN + " sections 5.5, 6.1 and 6.3")
def revenue_per_gpu_hour(
    context_tokens: ContextTokens,
    kv_bytes_per_token: KvBytesPerToken,
    gpu_bytes: GpuBytes,
    weight_bytes: WeightBytes,
    bandwidth: Bandwidth,
    sale_usd_per_mtok: SalePrice,
    overhead_bytes: OverheadBytes = FRAMEWORK_BYTES,
    efficiency: Efficiency = 1,
    utilisation: Utilisation = 1,
    cache_fill: CacheFill = 1,
) -> RevenuePerHour:
    """Revenue of a GPU in an hour at a context: as many whole users as fit, each step reading weights and caches.

    Eight times the context, an eighth of the users, an eighth of the revenue:

    >>> round(revenue_per_gpu_hour(4096, 65536, 80e9, 7e9, 3350e9, 0.4, 2e9, 0.5), 2)
    8.18
    >>> round(revenue_per_gpu_hour(32768, 65536, 80e9, 7e9, 3350e9, 0.4, 2e9, 0.5), 2)
    1.02
    """
    cache = kv_bytes_per_token * context_tokens
    users = np.floor(left_for_caches(gpu_bytes, weight_bytes, overhead_bytes) / cache)
    rate = users * bandwidth * efficiency / (weight_bytes + users * cache * cache_fill)
    return rate * SECONDS_PER_HOUR * utilisation * sale_usd_per_mtok / MILLION


@formula("0", "Inverse of REVENUE_PER_GPU_HOUR in the context, exact for whole users")
def context_for_margin(
    usd_per_hour: UsdPerHour,
    margin: Margin,
    kv_bytes_per_token: KvBytesPerToken,
    gpu_bytes: GpuBytes,
    weight_bytes: WeightBytes,
    bandwidth: Bandwidth,
    sale_usd_per_mtok: SalePrice,
    overhead_bytes: OverheadBytes = FRAMEWORK_BYTES,
    efficiency: Efficiency = 1,
    utilisation: Utilisation = 1,
    cache_fill: CacheFill = 1,
) -> ContextTokens:
    """Longest context, in whole tokens, at which a GPU still earns the gross margin; #N/A where none does.

    With U users the step allows a context up to (U·β/R − W)/(U·m), R the rate that the margin
    asks for, and memory one up to pool/(U·m): the first grows with U, the second falls, so one
    of the two whole numbers beside their crossing is best.

    >>> context_for_margin(2.5, 0.5, 65536, 80e9, 7e9, 3350e9, 0.4, 2e9, 0.5)
    6697.0
    """
    pool = left_for_caches(gpu_bytes, weight_bytes, overhead_bytes)
    rate = usd_per_hour * MILLION / (SECONDS_PER_HOUR * (1 - margin) * utilisation * sale_usd_per_mtok)
    reach = bandwidth * efficiency
    crossing = (weight_bytes + pool * cache_fill) * rate / reach
    # caches that no step reads leave memory alone to set the context
    fewer, more = np.where(cache_fill > 0, np.floor(crossing), 0), np.maximum(np.ceil(crossing), 1)
    fill = np.where(cache_fill > 0, cache_fill, 1)
    some, asked = np.maximum(fewer, 1), np.where(fewer >= 1, rate, 1)
    by_step = np.where(fewer >= 1, (some * reach / asked - weight_bytes) / (some * kv_bytes_per_token * fill), 0)
    by_memory = pool / (more * kv_bytes_per_token)
    longest = np.floor(np.maximum(by_step, by_memory))
    return require(longest >= 1, longest, NeverError, "not even a context of one token leaves the margin")

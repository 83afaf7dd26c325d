"""Weights, the memory that is left for caches, and the users that fit (article sections 5.4 and 5.5)."""

from typing import Any

import numpy as np

from pycalc.errors import DoesNotFitError, DomainError
from pycalc.formula import formula
from pycalc.quantities import (
    Bits,
    Bytes,
    ContextTokens,
    GpuBytes,
    GroupSize,
    KvBytes,
    KvBytesPerToken,
    MemoryFraction,
    OverheadBytes,
    Parameters,
    ScaleBits,
    Users,
    WeightBytes,
    WideParameters,
    ZeroBits,
)
from pycalc.symbolic import require

FRAMEWORK_BYTES = 2e9
"""Activations and framework, article section 5.4: 1 to 2 GB and 50 to 200 MB."""


def left_for_caches(gpu_bytes: Any, weight_bytes: Any, overhead_bytes: Any) -> Any:
    """Memory beside weights and overhead, refused where these alone are too much."""
    left = gpu_bytes - weight_bytes - overhead_bytes
    reason = "weights and overhead take {need} bytes, the GPU offers {have}"
    return require(left >= 0, left, DoesNotFitError, reason, need=weight_bytes + overhead_bytes, have=gpu_bytes)


def bits_with_scales(bits: Any, group_size: Any, scale_bits: Any, zero_bits: Any) -> Any:
    """Bits per weight with its share of the group's scale and zero point."""
    return bits + np.where(group_size > 0, (scale_bits + zero_bits) / np.maximum(group_size, 1), 0)


@formula("5.4")
def weight_bytes(
    parameters: Parameters,
    bits: Bits,
    group_size: GroupSize = 0,
    scale_bits: ScaleBits = 16,
    zero_bits: ZeroBits = 0,
    wide_parameters: WideParameters = 0,
) -> WeightBytes:
    """Memory of the weights: P·b/8 bytes, plus a scale and a zero point per group, plus what stays at 16 bits.

    >>> weight_bytes(7e9, 4)
    3500000000.0

    Groups of 128 with a 16-bit scale and a 4-bit zero point, 4.156 bits a weight:

    >>> weight_bytes(7e9, 4, 128, 16, 4)
    3636718750.0
    """
    narrow = parameters - wide_parameters
    reason = "wide_parameters is {wide}; it must be no more than parameters, {total}"
    narrow = require(narrow >= 0, narrow, DomainError, reason, wide=wide_parameters, total=parameters)
    return narrow * bits_with_scales(bits, group_size, scale_bits, zero_bits) / 8 + 2 * wide_parameters


@formula("5.4")
def kv_budget(
    gpu_bytes: GpuBytes,
    weight_bytes: WeightBytes,
    overhead_bytes: OverheadBytes = FRAMEWORK_BYTES,
    memory_fraction: MemoryFraction = 1,
) -> Bytes:
    """Memory left for caches beside weights, activations and framework; #N/A where these alone do not fit.

    >>> kv_budget(80e9, 3.5e9)
    74500000000.0
    """
    return left_for_caches(gpu_bytes * memory_fraction, weight_bytes, overhead_bytes)


@formula("5.5")
def users_per_gpu(
    gpu_bytes: GpuBytes, weight_bytes: WeightBytes, kv_bytes_per_user: KvBytes, overhead_bytes: OverheadBytes = FRAMEWORK_BYTES
) -> Users:
    """Whole users whose caches fit beside the weights: 0 where not one does, #N/A where the weights do not fit.

    >>> users_per_gpu(80e9, 3.5e9, 268435456, 2e9)
    277.0
    """
    return np.floor(left_for_caches(gpu_bytes, weight_bytes, overhead_bytes) / kv_bytes_per_user)


@formula("5.5")
def max_context(
    gpu_bytes: GpuBytes,
    weight_bytes: WeightBytes,
    kv_bytes_per_token: KvBytesPerToken,
    users: Users = 1,
    overhead_bytes: OverheadBytes = FRAMEWORK_BYTES,
) -> ContextTokens:
    """Longest context, in whole tokens, that so many users can have at once.

    >>> max_context(80e9, 3.5e9, 65536, 34)
    33434.0
    """
    return np.floor(left_for_caches(gpu_bytes, weight_bytes, overhead_bytes) / (kv_bytes_per_token * users))

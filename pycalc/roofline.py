"""Arithmetic intensity and the roofline (article sections 3 and 4)."""

import numpy as np

from pycalc.formula import formula
from pycalc.quantities import (
    AttainableFlops,
    Bandwidth,
    Batch,
    Bound,
    BytesPerParam,
    BytesPerValue,
    Columns,
    Fraction,
    Inner,
    Intensity,
    PeakFlops,
    QueriesPerKv,
    Rows,
    Tokens,
)


@formula("3.1")
def prefill_intensity(tokens: Tokens, bytes_per_param: BytesPerParam) -> Intensity:
    """Operations per byte of a prompt's projections when the weights dominate the traffic: 2n / B_p.

    >>> prefill_intensity(4096, 2)
    4096.0
    """
    return 2 * tokens / bytes_per_param


@formula("3.1", 'Williams, Waterman, Patterson, "Roofline" (2009); all three matrices counted once')
def matmul_intensity(rows: Rows, inner: Inner, columns: Columns, bytes_per_value: BytesPerValue = 2) -> Intensity:
    """Operations per byte of a matrix product, activations counted too: 2abc / (B_v·(ab + bc + ac)).

    The article's prefill with its activations, 819 rather than 4096:

    >>> round(matmul_intensity(4096, 2048, 2048), 1)
    819.2
    """
    return 2 * rows * inner * columns / (bytes_per_value * (rows * inner + inner * columns + rows * columns))


@formula("3.1")
def attention_intensity(tokens: Tokens, bytes_per_value: BytesPerValue) -> Intensity:
    """Operations per byte of a prompt's attention scores where the n×n matrix stays on the chip: n / B_v.

    >>> attention_intensity(4096, 2)
    2048.0
    """
    return tokens / bytes_per_value


@formula("3.2")
def decode_intensity(bytes_per_param: BytesPerParam, batch: Batch = 1) -> Intensity:
    """Operations per byte of weights in a decode step: 2B / B_p, which is 1 for one sequence at FP16.

    >>> decode_intensity(2)
    1.0
    >>> decode_intensity(0.5)
    4.0
    """
    return 2 * batch / bytes_per_param


@formula("3.2", 'Ainslie et al., "GQA" (2023): h/g query heads read each key and value')
def decode_attention_intensity(bytes_per_value: BytesPerValue, queries_per_kv: QueriesPerKv = 1) -> Intensity:
    """Operations per byte of cache in a decode step: 2·(h/g) / B_v, whatever the batch and the context.

    >>> decode_attention_intensity(2)
    1.0
    """
    return 2 * queries_per_kv / bytes_per_value


@formula("4.2")
def ridge_point(peak_flops: PeakFlops, bandwidth: Bandwidth) -> Intensity:
    """Intensity above which the chip is bound by compute: peak over bandwidth.

    >>> round(ridge_point(989e12, 3350e9), 2)
    295.22
    """
    return peak_flops / bandwidth


@formula("4.2")
def roofline(peak_flops: PeakFlops, bandwidth: Bandwidth, intensity: Intensity) -> AttainableFlops:
    """Compute that the chip can reach: the lower of its peak and bandwidth times intensity.

    >>> roofline(989e12, 3350e9, 1)
    3350000000000.0
    """
    return np.minimum(peak_flops, bandwidth * intensity)


@formula("4.2")
def bound_by(peak_flops: PeakFlops, bandwidth: Bandwidth, intensity: Intensity) -> Bound:
    """What binds at an intensity: "memory" below the ridge point, "compute" from it on.

    >>> bound_by(989e12, 3350e9, 1)
    'memory'
    >>> bound_by(50e9, 51e9, 4)
    'compute'
    """
    return np.where(bandwidth * intensity < peak_flops, "memory", "compute")


@formula("4.4")
def compute_utilisation(peak_flops: PeakFlops, bandwidth: Bandwidth, intensity: Intensity) -> Fraction:
    """Share of the peak compute that can be used at an intensity, at most 1.

    >>> round(compute_utilisation(989e12, 3350e9, 1), 6)
    0.003387
    """
    return np.minimum(bandwidth * intensity, peak_flops) / peak_flops


@formula("4.2")
def batch_to_ridge(peak_flops: PeakFlops, bandwidth: Bandwidth, bytes_per_param: BytesPerParam) -> Batch:
    """Sequences decoded together at which the weights' intensity reaches the ridge point, caches apart.

    >>> round(batch_to_ridge(989e12, 3350e9, 2), 2)
    295.22
    """
    return peak_flops / bandwidth * bytes_per_param / 2

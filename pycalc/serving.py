"""Seconds and tokens per second (article section 6.1)."""

from typing import Any

import numpy as np

from pycalc.formula import formula
from pycalc.quantities import (
    Bandwidth,
    Batch,
    ComputeEfficiency,
    ContextTokens,
    Efficiency,
    Flops,
    FlopsPerToken,
    GeneratedTokens,
    Gpus,
    KvBytes,
    LaunchSeconds,
    PeakFlops,
    PromptTokens,
    Seconds,
    TokensPerSecond,
    WeightBytes,
)

STEP_SOURCE = 'Austin et al., "How to Scale Your Model" (2025), inference chapter; article section 6.1 with the defaults'


def _step(
    weight_bytes: Any,
    kv_bytes: Any,
    bandwidth: Any,
    batch: Any,
    efficiency: Any,
    flops_per_token: Any,
    peak_flops: Any,
    compute_efficiency: Any,
    launch_seconds: Any,
) -> Any:
    reach = bandwidth * efficiency
    compute = batch * flops_per_token / (peak_flops * compute_efficiency)
    return batch * kv_bytes / reach + np.maximum(weight_bytes / reach, compute) + launch_seconds


@formula("6.1", STEP_SOURCE, together=("flops_per_token", "peak_flops"))
def decode_seconds(
    weight_bytes: WeightBytes,
    kv_bytes: KvBytes,
    bandwidth: Bandwidth,
    batch: Batch = 1,
    efficiency: Efficiency = 1,
    flops_per_token: FlopsPerToken = 0,
    peak_flops: PeakFlops = 1,
    compute_efficiency: ComputeEfficiency = 1,
    launch_seconds: LaunchSeconds = 0,
) -> Seconds:
    """Time of a decode step: caches read, plus the slower of streaming the weights and computing, plus launches.

    The weights stream once for the whole batch, each sequence's cache is read once.  With three
    arguments it is the article's bytes over bandwidth; the compute term needs both its arguments.

    >>> round(decode_seconds(7e9, 2147483648, 3350e9), 6)
    0.002731
    """
    return _step(
        weight_bytes, kv_bytes, bandwidth, batch, efficiency, flops_per_token, peak_flops, compute_efficiency, launch_seconds
    )


@formula("6.1", STEP_SOURCE, together=("flops_per_token", "peak_flops"))
def tokens_per_second(
    weight_bytes: WeightBytes,
    kv_bytes: KvBytes,
    bandwidth: Bandwidth,
    batch: Batch = 1,
    efficiency: Efficiency = 1,
    flops_per_token: FlopsPerToken = 0,
    peak_flops: PeakFlops = 1,
    compute_efficiency: ComputeEfficiency = 1,
    launch_seconds: LaunchSeconds = 0,
) -> TokensPerSecond:
    """Tokens generated per second by all sequences of a batch: the batch over the time of a decode step.

    >>> round(tokens_per_second(7e9, 2147483648, 3350e9), 2)
    366.22
    """
    return batch / _step(
        weight_bytes, kv_bytes, bandwidth, batch, efficiency, flops_per_token, peak_flops, compute_efficiency, launch_seconds
    )


@formula("3.4")
def prefill_seconds(flops: Flops, peak_flops: PeakFlops, compute_efficiency: ComputeEfficiency = 1, gpus: Gpus = 1) -> Seconds:
    """Time to process a prompt, the better part of the time to first token: operations over compute reached.

    >>> prefill_seconds(989e12, 989e12, 0.5)
    2.0
    """
    return flops / (peak_flops * compute_efficiency * gpus)


@formula("3.3", "mean over i = 1 … n_out of the context read at step i: n_in + (n_out − 1)/2 + 1")
def mean_context(prompt_tokens: PromptTokens, generated_tokens: GeneratedTokens) -> ContextTokens:
    """Mean context read while an answer is generated: prompt plus half the answer; the prompt where none is.

    >>> mean_context(1000, 201)
    1101.0
    """
    return prompt_tokens + np.where(generated_tokens > 0, (generated_tokens - 1) / 2 + 1, 0)

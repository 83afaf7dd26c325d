"""Seconds and tokens per second (article section 6.1)."""

from typing import Annotated, Any

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
    Fraction,
    GeneratedTokens,
    Gpus,
    InputTokens,
    KvBytes,
    LaunchSeconds,
    Numeric,
    OutputTokens,
    PeakFlops,
    PromptTokens,
    Quantity,
    Ratio,
    Seconds,
    TokensPerSecond,
    WeightBytes,
)

SECONDS_PER_HOUR = 3600

DraftTokens = Annotated[Numeric, Quantity("g", "tokens", "Tokens that a draft model proposes at a time", 0, 64, whole=True)]
Acceptance = Annotated[Numeric, Quantity("a", "fraction", "Chance that a proposed token is accepted", 0, 1)]
TokensPerStep = Annotated[Numeric, Quantity("x", "tokens/step", "Tokens of a sequence per step", 0, 65)]
DraftCost = Annotated[Numeric, Quantity("c_d", "ratio", "A draft step's time over a plain decode step's", 0, 1e3)]
VerifyCost = Annotated[Numeric, Quantity("c_v", "ratio", "A verifying step's time over a plain decode step's", 0, 1e3)]
StepSeconds = Annotated[Numeric, Quantity("t_s", "s", "Time of a decode step of the batch")]
PromptSeconds = Annotated[Numeric, Quantity("t_p", "s", "Time that one prompt takes of the GPU")]
InputRate = Annotated[Numeric, Quantity("R_in", "tokens/s", "Input tokens that a machine processes in a second")]
OutputRate = Annotated[Numeric, Quantity("R_out", "tokens/s", "Output tokens that a machine generates in a second")]
MessageBytes = Annotated[Numeric, Quantity("m", "bytes", "Bytes that each GPU holds of the sum", 0, 1e15)]
LinkBandwidth = Annotated[Numeric, Quantity("β_l", "bytes/s", "Bandwidth of a GPU's links in one direction", 0, 1e15)]
Hours = Annotated[Numeric, Quantity("h", "hours", "Machine hours")]

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


CONTINUOUS = "continuous batching in closed form: a cycle of B answers is B prefills and one answer's steps"
SPECULATION = "Leviathan et al., Fast Inference from Transformers via Speculative Decoding (2023), equation 1"
RING = "ring all-reduce: 2(n − 1)/n of the bytes over each link, after a fixed delay"


@formula("6.1", CONTINUOUS)
def prefill_share(
    prefill_seconds: PromptSeconds, step_seconds: StepSeconds, generated_tokens: GeneratedTokens, batch: Batch = 1
) -> Fraction:
    """Share of the GPU's time that goes into prompts: t_pre / (t_pre + n_out·t_step/B).

    >>> prefill_share(0.1, 0.02, 500, 100)
    0.5
    """
    return prefill_seconds / (prefill_seconds + generated_tokens * step_seconds / batch)


@formula("6.1", CONTINUOUS)
def batched_tokens_per_second(
    batch: Batch, step_seconds: StepSeconds, prefill_seconds: PromptSeconds, generated_tokens: GeneratedTokens
) -> TokensPerSecond:
    """Output of all sequences together where each is replaced as it ends, prompts included.

    >>> batched_tokens_per_second(100, 0.02, 0.1, 500)
    2500.0
    """
    return batch * generated_tokens / (batch * prefill_seconds + generated_tokens * step_seconds)


def _emitted(draft_tokens: Any, acceptance: Any) -> Any:
    rest = np.maximum(1 - acceptance, 1e-12)
    return np.where(acceptance < 1, (1 - acceptance ** (draft_tokens + 1)) / rest, draft_tokens + 1)


@formula("6.1", SPECULATION)
def speculative_tokens(draft_tokens: DraftTokens, acceptance: Acceptance) -> TokensPerStep:
    """Tokens that a step of speculative decoding gives on average: (1 − a^(g+1)) / (1 − a).

    >>> speculative_tokens(4, 0.5), speculative_tokens(4, 1)
    (1.9375, 5.0)
    """
    return _emitted(draft_tokens, acceptance)


@formula("6.1", SPECULATION)
def speculative_speedup(
    draft_tokens: DraftTokens, acceptance: Acceptance, draft_cost: DraftCost = 0, verify_cost: VerifyCost = 1
) -> Ratio:
    """How much faster speculation makes an answer; below 1 it makes it slower.

    >>> round(speculative_speedup(4, 0.8, 0.05, 1.1), 3)
    2.586
    """
    return _emitted(draft_tokens, acceptance) / (verify_cost + draft_tokens * draft_cost)


@formula("6.1", RING)
def allreduce_seconds(
    message_bytes: MessageBytes, gpus: Gpus, link_bandwidth: LinkBandwidth, delay_seconds: LaunchSeconds = 0
) -> Seconds:
    """Time of summing so many bytes over GPUs that share a layer; tensor parallelism does it twice a layer.

    >>> round(allreduce_seconds(8192 * 2, 8, 450e9, 1e-5) * 1e6, 3)
    10.064
    """
    return delay_seconds + 2 * (gpus - 1) / gpus * message_bytes / link_bandwidth


@formula("6.2", "two pools, each busy with its own phase: T_in/R_in + T_out/R_out")
def pool_hours(
    input_tokens: InputTokens,
    input_tokens_per_second: InputRate,
    output_tokens: OutputTokens,
    output_tokens_per_second: OutputRate,
) -> Hours:
    """Machine hours of disaggregated serving: some machines process prompts, others generate.

    DeepSeek's day of 608 billion tokens in and 168 out, at 73,700 and 14,800 a second and node:

    >>> round(pool_hours(608e9, 73.7e3, 168e9, 14.8e3) / 24, 2)
    226.86
    """
    return (input_tokens / input_tokens_per_second + output_tokens / output_tokens_per_second) / SECONDS_PER_HOUR

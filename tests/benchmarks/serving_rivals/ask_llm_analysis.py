"""llm-analysis: latency and memory of dense transformers from 2023, any GPU, batch and tensor parallelism.

Its README puts the efficiencies of inference at up to 0.7 of the arithmetic and 0.9 of the bandwidth, where its defaults
of 1 are lower bounds of the latency.
"""

import logging

from harness import known_chip, known_shape, nearest, serve
from llm_analysis.analysis import LLMAnalysis
from llm_analysis.config import (
    GPUConfig,
    ModelConfig,
    ParallelismConfig,
    get_dtype_config_by_name,
    get_gpu_config_by_name,
)

GPUS = {
    "A100 SXM 80GB": "a100-sxm-80gb",
    "A100 SXM 40GB": "a100-sxm-40gb",
    "A100 PCIe 80GB": "a100-pcie-80gb",
    "A10G": "a10g-pcie-24gb",
    "RTX A6000": "a6000-48gb",
    "H100 SXM": "h100-sxm-80gb",
    "H100 PCIe": "h100-pcie-80gb",
    "V100 SXM2 32GB": "v100-sxm-32gb",
}
DTYPES = {16: "w16a16e16", 8: "w8a16e16", 4: "w4a16e16"}
FULL = {"fp8": "w8a8e16", "nvfp4": "w4a4e16"}
"""Formats in which the arithmetic is as narrow as the weights."""
PCIE, MESSAGE_SECONDS = 64, 8e-6


def gpu(row):
    """Its own entry, else the figures of the catalogue."""
    chip = known_chip(row, "memory", "bandwidth", "flops")
    if chip["name"] in GPUS:
        return get_gpu_config_by_name(GPUS[chip["name"]])
    return GPUConfig(
        name=chip["name"],
        mem_per_GPU_in_GB=chip["memory"] / 1e9,
        hbm_bandwidth_in_GB_per_sec=chip["bandwidth"] / 1e9,
        intra_node_bandwidth_in_GB_per_sec=(chip["link"] or PCIE * 1e9) / 1e9,
        intra_node_min_message_latency=MESSAGE_SECONDS,
        peak_fp16_TFLOPS=chip["flops"] / 1e12,
    )


def model(row):
    """Every field of its description."""
    shape = known_shape(row)
    return ModelConfig(
        name=row["model"],
        num_layers=shape["layers"],
        n_head=shape["heads"],
        hidden_dim=shape["hidden"],
        vocab_size=shape["vocab"],
        num_key_value_heads=shape["kv_heads"],
        expansion_ratio=(shape["expert_width"] if shape["experts"] > 1 else shape["intermediate"]) / shape["hidden"],
        moe_num_experts=shape["experts"],
        moe_top_k=max(1, shape["top_k"]),
    )


def answer(row):
    dtype = FULL.get(row["format"]) or nearest(DTYPES, row["weight_bits"])
    analysis = LLMAnalysis(
        model(row),
        gpu(row),
        get_dtype_config_by_name(dtype),
        ParallelismConfig(tp_size=row["n_gpus"]),
        flops_efficiency=0.7,
        hbm_memory_efficiency=0.9,
    )
    found = analysis.inference(
        batch_size_per_gpu=row["batch"],
        seq_len=max(1, row["isl"]),
        num_tokens_to_generate=row["osl"],
        kv_cache_dtype_bytes=row["kv_bits"] / 8,
    )
    return {
        "step_s": found["decode_latency"],
        "prefill_s": found["prefill_latency"],
        "output_tok_s": found["total_tokens_per_sec"],
    }


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    serve("llm-analysis", answer)

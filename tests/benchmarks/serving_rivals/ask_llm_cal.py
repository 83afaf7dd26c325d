"""llm-cal: one sequence, by bandwidth and fixed utilisations; its table of data-centre GPUs, or the catalogue's figures."""

from harness import RefusedError, known_chip, one_sequence, serve
from llm_cal.architecture.detector import detect
from llm_cal.architecture.formulas.weight import estimate_total_params
from llm_cal.hardware.loader import GPUSpec, lookup
from llm_cal.performance.compute import estimate_decode, estimate_prefill

GPUS = {
    "A100 SXM 80GB": "A100-80G",
    "A100 SXM 40GB": "A100-40G",
    "A10G": "A10G",
    "A40": "A40",
    "B200 SXM": "B200",
    "GB200": "GB200",
    "H100 SXM": "H100",
    "H200 SXM": "H200",
    "H800 SXM": "H800",
    "L4": "L4",
    "L40S": "L40S",
    "MI300X": "MI300X",
    "MI325X": "MI325X",
    "RTX 4090": "RTX4090",
    "RTX 6000 Ada": "RTX6000-Ada",
}


def gpu(row):
    """Its own entry, else the figures of the catalogue; decoding needs no arithmetic, so that it may be unknown there."""
    chip = known_chip(row, "memory", "bandwidth")
    if chip["name"] in GPUS:
        return lookup(GPUS[chip["name"]])
    return GPUSpec(
        id=chip["name"],
        memory_gb=int(chip["memory"] / 1e9),
        nvlink_bandwidth_gbps=int((chip["link"] or 0) / 1e9),
        memory_bandwidth_gbps=int(chip["bandwidth"] / 1e9),
        fp16_tflops=(chip["flops"] or 0) / 1e12,
        fp8_support=bool(chip["fp8_flops"]),
        fp4_support=bool(chip["fp4_flops"]),
    )


def active_ratio(moe):
    """The share of the experts that a token uses, as its evaluator has it."""
    return moe and (moe.num_experts_per_tok + moe.num_shared_experts) / (moe.num_routed_experts + moe.num_shared_experts)


def answer(row):
    """Its figure per GPU, since it takes a tenth off a cluster of one too; of mixtures its figure of active experts only."""
    one_sequence(row)
    if row["config"] is None:
        raise RefusedError("no config of the model")
    described, card = detect(row["config"]), gpu(row)
    decode = estimate_decode(
        described, row["weight_bytes"], card, row["n_gpus"], moe_active_params_ratio=active_ratio(described.moe)
    )
    prefill = estimate_prefill(described, estimate_total_params(described).value, card, row["n_gpus"], max(1, row["isl"]))
    per_second = decode.moe_active_tokens_per_sec or decode.per_gpu_tokens_per_sec
    return {"step_s": 1 / per_second.value, "prefill_s": prefill.latency_ms.value / 1e3 or None}


if __name__ == "__main__":
    serve("llm-cal", answer)

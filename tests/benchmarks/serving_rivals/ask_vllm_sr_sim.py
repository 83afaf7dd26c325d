"""vllm-sr-sim: the profile that its fleet simulator computes from hardware, dimensions and tensor parallelism.

Its one width is both weights' and cache's.
"""

from fleet_sim import ProfileBuilder, ServingConfig
from fleet_sim.hardware import HardwareSpec, get_hardware
from fleet_sim.models import ModelSpec
from harness import known_chip, known_shape, serve

GPUS = {
    "A100 SXM 80GB": "a100_sxm",
    "H100 SXM": "h100_sxm",
    "H200 SXM": "h200_sxm",
    "B200 SXM": "b200_sxm",
    "GB200": "gb200",
    "GB300": "gb300",
    "L40S": "l40s",
    "Arc Pro B60": "b60",
}
PCIE = 64e9


def hardware(row):
    """Its own entry, else the figures of the catalogue; one sequence decodes without a word of arithmetic."""
    chip = known_chip(row, "memory", "bandwidth", *(() if row["kind"] == "b1" else ("flops",)))
    if chip["name"] in GPUS:
        return get_hardware(GPUS[chip["name"]])
    return HardwareSpec(
        name=chip["name"],
        mem_bw=chip["bandwidth"],
        mem_capacity=int(chip["memory"]),
        fp16_tc_flops=chip["flops"] or 0,
        fp8_tc_flops=chip["fp8_flops"] or 0,
        nvlink_bw=chip["link"] or PCIE,
        inter_node_bw=PCIE,
        pcie_bw=chip["pcie"] or PCIE,
        sm_version=0,
        power=chip["power"] or 0,
        cost_per_hr=0,
    )


def model(row):
    """Every field of its description; the width of the heads it derives."""
    shape = known_shape(row)
    mixture = shape["experts"] > 1
    return ModelSpec(
        name=row["model"],
        n_layers=shape["layers"],
        n_heads=shape["heads"],
        n_kv_heads=shape["kv_heads"],
        hidden_size=shape["hidden"],
        intermediate_size=shape["expert_width"] if mixture else shape["intermediate"],
        vocab_size=shape["vocab"],
        max_position=0,
        moe_intermediate_size=shape["expert_width"] if mixture else 0,
        n_experts=shape["experts"] if mixture else 0,
        n_experts_topk=shape["top_k"],
        n_shared_experts=shape["shared"],
    )


def answer(row):
    prompt, generated = max(1, row["isl"]), row["osl"]
    serving = ServingConfig(
        tp=row["n_gpus"],
        dtype_bytes=row["weight_bits"] / 8,
        mean_ctx_tokens=prompt + generated // 2,
        max_slots=row["batch"],
    )
    profile = ProfileBuilder().build(hardware(row), model(row), serving)
    longest = prompt + generated
    if row["kind"] in ("batched", "maxload"):
        return {"output_tok_s": generated * profile.throughput(longest, prompt, generated)}
    return {
        "step_s": profile.iter_latency(row["batch"], prompt + generated / 2),
        "prefill_s": row["batch"] * profile.service_time(prompt, 0, longest),
    }


if __name__ == "__main__":
    serve("vllm-sr-sim", answer)

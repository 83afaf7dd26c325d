"""berth-placement: a roofline with fitted efficiencies, any chip and batch; it chooses the number of devices itself."""

from dataclasses import replace

from berth import FLEET, ModelSpec, SiliconProfile, WorkloadSpec
from berth.estimate import estimate
from berth.workload import profile
from harness import RefusedError, known_chip, known_shape, serve

GPUS = {
    "A100 SXM 80GB": "a100-80g",
    "H100 SXM": "h100-sxm",
    "H100 PCIe": "h100-pcie",
    "H200 SXM": "h200-sxm",
    "B200 SXM": "b200",
    "MI300X": "mi300x",
    "L40S": "l40s",
    "TPU v5e": "tpu-v5e",
    "TPU v6e": "tpu-v6e",
}
DOLLARS = 1.0
"""The price, which no figure here depends on."""


def silicon(row):
    """Its own entry, else the figures of the catalogue with its default efficiencies."""
    chip = known_chip(row, "memory", "bandwidth", "flops")
    if chip["name"] in GPUS:
        return FLEET[GPUS[chip["name"]]]
    return SiliconProfile(
        chip["name"],
        "gpu",
        peak_tflops=chip["flops"] / 1e12,
        hbm_bw_tbs=chip["bandwidth"] / 1e12,
        mem_gb=chip["memory"] / 1e9,
        base_price_hr=DOLLARS,
        fp8_tflops=chip["fp8_flops"] and chip["fp8_flops"] / 1e12,
        fp4_tflops=chip["fp4_flops"] and chip["fp4_flops"] / 1e12,
    )


def model(row):
    shape = known_shape(row)
    latent = {"attn": "mla", "kv_lora_rank": shape["latent"], "qk_rope_head_dim": shape["rope"]} if shape["latent"] else {}
    spec = ModelSpec(
        row["model"],
        total_params_b=row["parameters"] / 1e9,
        active_params_b=row["active_parameters"] / 1e9,
        n_layers=shape["layers"],
        n_kv_heads=shape["kv_heads"],
        head_dim=shape["head_dim"],
        n_heads=shape["heads"],
        **latent,
    )
    return replace(spec, bytes_per_param=row["weight_bytes"] / row["parameters"], bytes_per_kv=row["kv_bits"] / 8)


def answer(row):
    work = WorkloadSpec(
        model(row), avg_prompt_tokens=max(1, row["isl"]), avg_output_tokens=row["osl"], target_batch=row["batch"]
    )
    found = estimate(profile(work), silicon(row), DOLLARS)
    if not found.feasible or found.n_devices != row["n_gpus"]:
        raise RefusedError(found.reason or f"it chooses {found.n_devices} devices")
    return {"step_s": found.tpot_ms / 1e3, "prefill_s": row["batch"] * found.ttft_ms / 1e3}


if __name__ == "__main__":
    serve("berth-placement", answer)

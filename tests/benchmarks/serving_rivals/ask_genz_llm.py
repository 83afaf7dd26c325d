"""genz-llm: operators on a roofline, any chip, batch and tensor parallelism; one width for weights, cache and arithmetic."""

import shutil
from functools import cache
from pathlib import Path

from GenZ import decode_moddeling, prefill_moddeling
from GenZ.Models import ModelConfig
from GenZ.Models.get_language_model import DATA_PATH
from harness import known_chip, known_shape, nearest, serve

SYSTEMS = {
    "A100 SXM 80GB": "A100_80GB_GPU",
    "A100 SXM 40GB": "A100_40GB_GPU",
    "H100 SXM": "H100_GPU",
    "GB200": "GB200",
    "MI300X": "MI300X",
    "MI325X": "MI325X",
    "TPU v5e": "TPUv5e",
    "TPU v5p": "TPUv5p",
    "TPU v4": "TPUv4",
}
WIDTHS = {16: "bf16", 8: "fp8", 4: "int4", 2: "int2", 6: "fp6"}
PCIE = 64e9


def system(row):
    """Its own entry, else the figures of the catalogue."""
    chip = known_chip(row, "memory", "bandwidth", "flops")
    return SYSTEMS.get(chip["name"]) or {
        "Flops": chip["flops"] / 1e12,
        "Memory_size": chip["memory"] / 1e9,
        "Memory_BW": chip["bandwidth"] / 1e9,
        "ICN": (chip["link"] or PCIE) / 1e9,
        "real_values": True,
    }


@cache
def model(name, **shape):
    """Its description; a shared expert is one more that every token uses, since its decode step knows only one kind."""
    experts = (
        {"num_experts": shape["experts"], "expert_top_k": shape["top_k"] + shape["shared"]} if shape["experts"] > 1 else {}
    )
    return ModelConfig(
        model=name,
        vocab_size=shape["vocab"],
        hidden_size=shape["hidden"],
        intermediate_size=shape["expert_width"] if experts else shape["intermediate"],
        num_ffi=2,
        num_decoder_layers=shape["layers"],
        num_attention_heads=shape["heads"],
        num_key_value_heads=shape["kv_heads"],
        head_dim=shape["head_dim"],
        **experts,
    )


def answer(row):
    known_shape(row)
    shared = {
        "model": model(row["model"], **row["shape"]),
        "batch_size": row["batch"],
        "input_tokens": max(1, row["isl"]),
        "system_name": system(row),
        "bits": nearest(WIDTHS, row["weight_bits"]),
        "tensor_parallel": row["n_gpus"],
    }
    prefill = prefill_moddeling(**shared)["Latency"] / 1e3
    if row["kind"] == "prefill":
        return {"prefill_s": prefill}
    step = decode_moddeling(output_tokens=row["osl"] // 2, Bb=1, **shared)["Latency"] / 1e3
    return {"step_s": step, "prefill_s": prefill}


if __name__ == "__main__":
    found = Path(DATA_PATH).exists()
    serve("genz-llm", answer)
    if not found:  # it writes a table of operators for every estimate and never removes one
        shutil.rmtree(DATA_PATH)

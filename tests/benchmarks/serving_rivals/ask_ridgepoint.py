"""ridgepoint: one sequence by its own table of GPUs, calibrated on vLLM; a config.json is handed to it as the Hub would."""

import json
import tempfile
from pathlib import Path

import ridgepoint
import ridgepoint.hf
from harness import RefusedError, listed, one_sequence, serve

GPUS = {
    "A100 SXM 80GB": "a100-80gb",
    "A100 PCIe 80GB": "a100-80gb",
    "A100 SXM 40GB": "a100-40gb",
    "H100 SXM": "h100-80gb",
    "H200 SXM": "h200-141gb",
    "B200 SXM": "b200-192gb",
    "L40S": "l40s-48gb",
    "MI300X": "mi300x-192gb",
    "RTX 3090": "rtx3090-24gb",
    "RTX 4090": "rtx4090-24gb",
    "RTX 5090": "rtx5090-32gb",
}
DTYPES = {
    "f16": "fp16",
    "fp8": "fp8",
    "int8": "int8",
    "int4": "awq",
    "awq": "awq",
    "exl2": "gptq",
    "mxfp4": "awq",
    "q8_0": "q8_0",
    "q4_0": "q4_0",
    "q4_k_m": "q4_k_m",
}
"""Its formats.  It has no MXFP4, whose width is AWQ's."""


HUB = Path(tempfile.mkdtemp())
PARAMETERS = {}


def on_hub(row):
    """The name under which its reading of the Hub finds the row's config.json and parameters."""
    name = f"hub/{row['model']}"
    if name not in PARAMETERS:
        path = HUB / name / "config.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(row["config"]), "utf-8")
        PARAMETERS[name] = row["parameters"]
    return name


def answer(row):
    one_sequence(row)
    if row["config"] is None:
        raise RefusedError("no config of the model")
    text = ridgepoint.fit(
        on_hub(row),
        listed(GPUS, row["chip"]["name"] if row["chip"] else row["gpu"], "GPU"),
        count=row["n_gpus"],
        engine="llamacpp" if row["engine"] == "llama.cpp" else "vllm",
        dtype=listed(DTYPES, row["format"], "format"),
        kv_cache_dtype="fp8" if row["kv_bits"] == 8 else "fp16",
        ctx=max(1, row["isl"] + row["osl"] // 2),
        prompt=max(1, row["isl"]),
        as_json=True,
    )
    found = json.loads(text)
    if not found["verdict"]["serves"]:
        raise RefusedError("does not fit")
    return {"step_s": 1 / found["speed"]["decode_tok_s"]["best"], "prefill_s": found["speed"]["ttft_s"]["best"]}


if __name__ == "__main__":
    ridgepoint.hf.hf_hub_download = lambda repo_id, filename, revision: str(HUB / repo_id / filename)
    ridgepoint.hf._params_from_index = lambda repo, *rest: PARAMETERS[repo]
    serve("ridgepoint", answer)

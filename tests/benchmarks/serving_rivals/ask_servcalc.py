"""servcalc: batches on one GPU, from config.json, an engine profile and its own table of GPUs."""

from harness import RefusedError, known_chip, listed, serve
from servcalc import GpuSpec, Workload, estimate, profiles

GPUS = {
    "A100 SXM 80GB": "A100 80GB",
    "A100 SXM 40GB": "A100 40GB",
    "H100 SXM": "H100 80GB",
    "H800 SXM": "H800 80GB",
    "H200 SXM": "H200",
    "B200 SXM": "B200",
}
OWN = (
    "RTX 3060, RTX 3070, RTX 3080, RTX 3080 Ti, RTX 3090, RTX 3090 Ti, RTX 4070 Ti, RTX 4070 Ti Super, RTX 4080, RTX 4090, "
    "RTX 5070 Ti, RTX 5080, RTX 5090, T4, A10, A40, RTX A6000, RTX 6000 Ada, L4, L40S"
).split(", ")
QUANTS = {
    "f16": None,
    "fp8": "fp8",
    "int8": "gptq_8",
    "int4": "awq",
    "awq": "awq",
    "exl2": "gptq",
    "q8_0": "gguf_q8_0",
    "q4_0": "gguf_q4_0",
    "q4_k_m": "gguf_q4_k_m",
    "nvfp4": "fp8",
}
"""Its formats.  It has no NVFP4: the curve of 8 bits, with the true bytes."""
TRUE_BYTES = ("exl2", "nvfp4")


def gpu(row):
    """Its own entry, else the figures of the catalogue."""
    name = row["chip"]["name"] if row["chip"] else row["gpu"]
    if name in GPUS or name in OWN:
        return GPUS.get(name, name)
    chip = known_chip(row, "memory", "bandwidth", "flops")
    return GpuSpec(name, int(chip["memory"]), chip["bandwidth"] / 1e9, chip["flops"] / 1e12)


def profile(row, context):
    """The engine of the row: its profiles of ollama and transformers, else vLLM's.

    A batch that starts together is its static batching.  Under full load vLLM's continuous batching has TensorRT-LLM's
    default budget of 8,192 tokens a step and no limit of sequences, since the rows state none.
    """
    quant = listed(QUANTS, row["format"], "format")
    if row["engine"] == "llama.cpp":
        return profiles.ollama(num_parallel=1, num_ctx=max(2048, context), quant=quant, batching="static")
    if row["engine"] == "transformers":
        return profiles.hf(quant=quant)
    more = {"quant": quant, "kv_bits": row["kv_bits"], "max_seqs": None}
    if row["kind"] == "maxload":
        return profiles.vllm(token_budget=8192, **more)
    return profiles.vllm(chunked=False, batching="static", **more)


def answer(row):
    if row["n_gpus"] != 1:
        raise RefusedError("one GPU only")
    if row["config"] is None:
        raise RefusedError("no config of the model")
    work = Workload(max(1, row["isl"]), max(2, row["osl"]), (row["batch"],))
    true = {"weight_bytes": row["weight_bytes"]} if row["file"] or row["format"] in TRUE_BYTES else {}
    engine = profile(row, work.prompt_len + work.gen_len)
    point = estimate(row["config"], gpu(row), workload=work, profile=engine, **true).points[0]
    if row["kind"] == "maxload":
        return {"output_tok_s": point.total_tok_s.mid}
    return {"step_s": point.itl_ms.mid / 1e3, "prefill_s": point.ttft_ms.mid / 1e3}


if __name__ == "__main__":
    serve("servcalc", answer)

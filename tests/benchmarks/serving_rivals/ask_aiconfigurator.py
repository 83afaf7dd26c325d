"""aiconfigurator: NVIDIA's own, kernels measured on its data-centre GPUs, for TensorRT-LLM by default.

What its `cli_estimate` does for one deployment, taken apart so that its engine is built once per deployment, as its
own sweeps do: their speed is thousands of times that of single calls.
"""

import json
import logging
import tempfile
from functools import cache
from pathlib import Path

from aiconfigurator.sdk.backends.factory import get_backend
from aiconfigurator.sdk.config import RuntimeConfig
from aiconfigurator.sdk.config_builders import build_model_config
from aiconfigurator.sdk.inference_session import InferenceSession
from aiconfigurator.sdk.models import check_is_moe, get_model, resolve_context_fmha_by_data, resolve_nvfp4_for_system
from aiconfigurator.sdk.moe_comm_resolver import resolve_model_config_moe_comm
from aiconfigurator.sdk.perf_database import get_database_view, get_latest_database_version
from harness import RefusedError, listed, serve

BACKEND = "trtllm"
TOKENS_A_STEP = 8192
"""TensorRT-LLM's default budget, for prompts in flight beside the batch."""
MEASURED, FILLED_IN = "SILICON", "HYBRID"
"""Its modes: by default only kernels that were measured; where one is missing, calculated ones beside them."""
SYSTEMS = {
    "A30": "a30",
    "A100 PCIe 80GB": "a100_pcie",
    "A100 SXM 80GB": "a100_sxm",
    "Arc Pro B60": "b60",
    "B200 SXM": "b200_sxm",
    "B300 SXM": "b300_sxm",
    "GB200": "gb200",
    "GB300": "gb300",
    "H100 PCIe": "h100_pcie",
    "H100 SXM": "h100_sxm",
    "H200 SXM": "h200_sxm",
    "L4": "l4",
    "L40S": "l40s",
    "RTX PRO 6000 Blackwell": "rtx_pro_6000_server",
}
GEMM = {
    "f16": "bfloat16",
    "fp8": "fp8",
    "int8": "int8_wo",
    "int4": "int4_wo",
    "awq": "int4_wo",
    "exl2": "int4_wo",
    "mxfp4": "bfloat16",
    "nvfp4": "nvfp4",
    "q8_0": "int8_wo",
    "q4_0": "int4_wo",
    "q4_k_m": "int4_wo",
}
EXPERTS = {
    "f16": "bfloat16",
    "fp8": "fp8",
    "int4": "int4_wo",
    "awq": "int4_wo",
    "mxfp4": "w4a16_mxfp4",
    "nvfp4": "nvfp4",
    "q4_0": "int4_wo",
    "q4_k_m": "int4_wo",
}
"""Its formats of a mixture's experts; it has none of 8 bits by name."""
FOLDER = Path(tempfile.mkdtemp())


@cache
def model_path(name, config):
    """A folder with the model's config.json, which it reads as it would the Hub's."""
    folder = FOLDER / name
    folder.mkdir()
    (folder / "config.json").write_text(config, "utf-8")
    return str(folder)


@cache
def database(system, mode):
    version = get_latest_database_version(system=system, backend=BACKEND)
    if version is None:
        raise RefusedError(f"no measured kernels of {system}")
    return get_database_view(system, BACKEND, version, allow_missing_data=mode != MEASURED, database_mode=mode)


@cache
def session(path, system, gpus, gemm, experts, kv, static, mode):
    """Its engine of a deployment; the experts of a mixture lie on all GPUs."""
    settings = build_model_config(gpus, 1, 1, 1, gpus, gemm_quant_mode=gemm, kvcache_quant_mode=kv, moe_quant_mode=experts)
    kernels = database(system, mode)
    if static and check_is_moe(path):
        resolve_model_config_moe_comm(
            settings,
            model_path=path,
            backend_name=BACKEND,
            database=kernels,
            required_phases=("context", "generation"),
            fmha_quant_mode_explicit=False,
            kvcache_quant_mode_explicit=True,
        )
    resolve_context_fmha_by_data(settings, path, kernels, BACKEND, is_context_role=True)
    resolve_nvfp4_for_system(settings, system, path, backend_name=BACKEND)
    return InferenceSession(get_model(path, settings, BACKEND), kernels, get_backend(BACKEND))


def deployed(row, static, mode):
    """The engine of a row."""
    if row["config"] is None:
        raise RefusedError("no config of the model")
    system = listed(SYSTEMS, row["chip"] and row["chip"]["name"], "system")
    gemm = listed(GEMM, row["format"], "format")
    kv = "fp8" if row["kv_bits"] == 8 else "bfloat16"
    path = model_path(row["model"], json.dumps(row["config"]))
    return session(path, system, row["n_gpus"], gemm, EXPERTS.get(row["format"]), kv, static, mode)


def estimated(row, mode):
    """Batches that start together by its static mode, full load by its mode of batching in flight."""
    static = row["kind"] != "maxload"
    engine = deployed(row, static, mode)
    prompt = max(1, row["isl"])
    load = RuntimeConfig(batch_size=row["batch"], isl=prompt, osl=max(2, row["osl"]), engine_step_backend="rust")
    found = engine.run_static(load, mode="static") if static else engine.run_agg(load, ctx_tokens=max(TOKENS_A_STEP, prompt))
    if not static and found.check_oom():
        raise RefusedError("out of memory")
    return found.get_result_dict()


INCOMPLETE = set()
"""Deployments of which a kernel was found not to be measured."""


def answer(row):
    deployment = (row["model"], row["chip"] and row["chip"]["name"], row["n_gpus"], row["format"], row["kv_bits"])
    if deployment not in INCOMPLETE:
        try:
            result = estimated(row, MEASURED)
        except RefusedError:
            raise
        except Exception:
            INCOMPLETE.add(deployment)
    if deployment in INCOMPLETE:
        result = estimated(row, FILLED_IN)
    if row["kind"] in ("batched", "maxload"):
        return {"output_tok_s": result["tokens/s"]}
    return {"step_s": result["tpot"] / 1e3, "prefill_s": result["ttft"] / 1e3}


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    serve("aiconfigurator", answer)

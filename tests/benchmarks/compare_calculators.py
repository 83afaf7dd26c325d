"""Five models through this package and five other calculators, judged by counts of the real model code.

    python -m venv rivals
    rivals/bin/pip install llm-analysis==0.2.2 llm-flops==0.0.1 kvfit==0.3.0 hf-mem==0.5.6 vramcalc==0.1.2
    python tests/benchmarks/compare_calculators.py --rivals rivals/bin/python -o docs/comparison.md

The others live in an environment of their own, so that none of them becomes a dependency; one that
is not installed there is left out with a line that says so.  None of them needs the network: each
is given the same config.json.  Run by hand; `tests/test_comparison.py` holds the page to what this
package computes.
"""

import argparse
import csv
import datetime
import json
import logging
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "tests" / "reference" / "architecture"
TOKENS = 4096
MODELS = {
    "Meta-Llama-3.1-8B": "grouped queries",
    "Mixtral-8x7B-v0.1": "8 experts, 2 used",
    "Gemma-3-27b-it": "5 of 6 layers slide over 1,024 tokens",
    "DeepSeek-V3": "latent attention, 256 experts and a shared one",
    "Qwen3-Next-80B-A3B": "3 of 4 layers are recurrent, 512 experts",
}
FIGURES = {
    "parameters": ("Parameters stored", "parameters", 0.001),
    "cache": (f"Cache and states of one sequence of {TOKENS:,} tokens at 16 bits", "bytes", 0.01),
    "flops": (f"FLOPs of a prompt of {TOKENS:,} tokens, head on every token, masked products in full", "FLOP", 0.005),
}
"""Heading, unit, and the relative error up to which a figure is right."""


# ---- the others, asked by an interpreter that has them


def llm_analysis(config):
    """Its own model description, every field of it filled; its Hugging Face route would leave the MLP's width out."""
    from llm_analysis.analysis import LLMAnalysis
    from llm_analysis.config import ModelConfig, get_dtype_config_by_name, get_gpu_config_by_name

    logging.disable(logging.WARNING)
    described = ModelConfig(
        name="model",
        num_layers=config["num_hidden_layers"],
        n_head=config["num_attention_heads"],
        hidden_dim=config["hidden_size"],
        vocab_size=config["vocab_size"],
        num_key_value_heads=config["num_key_value_heads"],
        expansion_ratio=(config.get("moe_intermediate_size") or config["intermediate_size"]) / config["hidden_size"],
        moe_num_experts=next((config[k] for k in ("num_local_experts", "n_routed_experts", "num_experts") if k in config), 1),
        moe_top_k=config.get("num_experts_per_tok", 1),
    )
    found = LLMAnalysis(described, get_gpu_config_by_name("a100-sxm-80gb"), get_dtype_config_by_name("w16a16e16"))
    return {
        "parameters": found.get_num_params_total(),
        "cache": found.get_memory_kv_cache_per_layer(1, TOKENS) * described.num_layers,
        "flops": found.get_num_flops_fwd_total(1, TOKENS),
    }


def llm_flops(config):
    """What ``get_config`` does with a config.json that it has fetched; without its estimate of elementwise operations."""
    from llmflops.flops import forward_flops
    from llmflops.memory import kv_cache_bytes, parameter_count
    from llmflops.registry import _map_hf_config

    described = _map_hf_config("model", config)
    return {
        "parameters": parameter_count(described).total,
        "cache": kv_cache_bytes(described, 1, TOKENS, "bf16"),
        "flops": forward_flops(described, 1, TOKENS, count_elementwise=False).total,
    }


def kvfit(config):
    from kvfit import estimate_cache

    return {"cache": estimate_cache(config, context_tokens=TOKENS).total_bytes}


def hf_mem(config):
    from hf_mem.safetensors.kv_cache import compute_safetensors_kv_cache_size

    return {"cache": compute_safetensors_kv_cache_size(config, "BF16", TOKENS)}


def vramcalc(config):
    from vramcalc.arch import Arch
    from vramcalc.memory import kv_cache

    described = Arch.from_config(config)
    return {"parameters": described.param_count(), "cache": kv_cache(described, 1, TOKENS, 2)}


class Rival(NamedTuple):
    """How a calculator is asked, its licence and date, and why its figures are what they are."""

    ask: Callable[[dict[str, Any]], dict[str, float]]
    origin: str
    why: str


RIVALS = {
    "llm-analysis": Rival(
        llm_analysis,
        "Apache-2.0, November 2023",
        why="Made for dense models of its day. Two matrices in every MLP, where gated ones have three; its MLP FLOPs are 16nd² "
        "whatever the width; one table for embedding and head; heads as wide as d/h. Shared experts, windows, latents and "
        "recurrences cannot be described to it, so a latent cache becomes 128 full heads.",
    ),
    "llm-flops": Rival(
        llm_flops,
        "MIT, July 2026",
        why="Exact where all layers are alike. A sliding window is applied to every layer, Gemma's global ones too; latent "
        "attention is cached rightly and computed as plain heads of 56; recurrent layers are taken for attention.",
    ),
    "kvfit": Rival(
        kvfit,
        "MIT, September 2026",
        why="Caches only, and right on all five; it refuses what it does not understand. It keeps three columns of the "
        "convolution's state where transformers keeps four: 0.3 %. Weights come from the Hub's list of files.",
    ),
    "hf-mem": Rival(
        hf_mem,
        "MIT, September 2026",
        why="Caches only; weights come from the headers of the Hub's files. Layers with a window are counted in full on "
        "purpose, as the most that an engine may set aside, and so are recurrent ones; a latent cache as 128 full heads.",
    ),
    "vramcalc": Rival(
        vramcalc,
        "MIT, October 2026",
        why="Right on what it knows: dense Llama, Mistral, Qwen2, Gemma and Gemma 2. It refuses all others by name, which is "
        "no error.",
    ),
}


def figures_of_rivals():
    """By calculator: its version and its figures by model, or why there are none."""
    answers = {}
    for name, rival in RIVALS.items():
        try:
            answers[name] = {"version": version(name)}
        except PackageNotFoundError:
            continue
        for model in MODELS:
            try:
                answers[name][model] = rival.ask(json.loads((REFERENCE / "configs" / f"{model}.json").read_text("utf-8")))
            except Exception as refusal:  # whatever it raises is its answer
                answers[name][model] = {"refused": f"{type(refusal).__name__}: {refusal}"}
    return answers


# ---- the truth, and ours


def rows(table, model):
    with (REFERENCE / table).open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["model"] == model]


def truth(model):
    """Parameters and FLOPs as torch counts them, and the tensors of a real cache, layer by layer."""
    config = json.loads((REFERENCE / "configs" / f"{model}.json").read_text("utf-8"))
    kinds = config.get("layer_types") or ["all alike"] * config["num_hidden_layers"]
    cached = {kinds[int(r["layer_index"])]: int(r["bytes"]) for r in rows("cache.csv", model) if int(r["n_tokens"]) == TOKENS}
    counted = [*rows("flops.csv", model), *rows("flops_hybrid.csv", model)]
    return {
        "parameters": int(rows("parameters.csv", model)[0]["params_total"]),
        "cache": sum(cached[kind] for kind in kinds),
        "flops": next(int(row["flops_total"]) for row in counted if (row["n"], row["past"]) == (str(TOKENS), "0")),
    }


def ours(model):
    from pycalc import model_flops, model_parameters, model_sequence_bytes

    return {
        "parameters": model_parameters(model),
        "cache": model_sequence_bytes(model, TOKENS),
        "flops": model_flops(model, TOKENS, 0, True),
    }


# ---- the page


def error_text(found, right, tolerance):
    """The signed error; bold where it is more than the figure's own conventions explain."""
    if found == right:
        return "exact"
    error = found / right - 1
    digits = 0 if abs(error) >= 0.1 else 2 if abs(error) >= 1e-4 else 4
    text = f"{error:+.{digits}%}"
    return text if abs(error) <= tolerance else f"**{text}**"


def cell(answer, figure, right):
    if "refused" in answer:
        return "refused"
    return error_text(answer[figure], right, FIGURES[figure][2]) if figure in answer else "-"


def table(figure, answers):
    """One figure of all models: the truth, then each calculator's error."""
    columns = [name for name in answers if any(figure in answers[name].get(model, {}) for model in MODELS)]
    yield f"| model | truth | llmecon | {' | '.join(columns)} |"
    yield "|---|--:" + "|--:" * (1 + len(columns)) + "|"
    for model in MODELS:
        right = truth(model)[figure]
        cells = [error_text(ours(model)[figure], right, FIGURES[figure][2])]
        cells += [cell(answers[name][model], figure, right) for name in columns]
        yield f"| {model} | {right:,} | {' | '.join(cells)} |"


def page(answers):
    today = datetime.date.today()
    yield "# Five models, six calculators"
    yield ""
    yield (
        f"Written by `tests/benchmarks/compare_calculators.py` on {today:%d %B %Y}; its docstring says how to repeat it. Each "
        "calculator gets the same config.json, and llm-analysis, whose own reading of it leaves widths and experts out, every "
        "field of its own description. A cell is the calculator's error against the truth: **bold** is wrong (more "
        "than 0.1 % of parameters, 1 % of bytes, 0.5 % of FLOPs), - means that it does not answer the question, refused that "
        "it says so."
    )
    yield ""
    yield (
        "The truth is what the real model code does, built by transformers 5.23.0 on the meta device: parameters and FLOPs "
        "counted by torch, bytes summed over the tensors of its cache (`tests/reference/architecture`). A counter of torch "
        "masks nothing, so causal attention is compared in full, which `--square` and `MODEL_FLOPS(…, TRUE)` ask for."
    )
    for figure, (heading, unit, _) in FIGURES.items():
        yield from ("", f"## {heading}", "", f"In {unit}." if unit != "parameters" else "The text model, a tied head once.", "")
        yield from table(figure, answers)
    yield from ("", "## The models", "")
    yield from (f"- {model}: {what}" for model, what in MODELS.items())
    yield from ("", "## Who is right, and why", "")
    yield (
        "- **llmecon**: parameters to the last one. Windows hold their full 1,024 tokens where transformers drops the oldest "
        "key before a step: 0.06 % of Gemma's cache. The recurrence of Qwen3-Next is counted step by step, where torch counts "
        "its chunked form without the scan: 0.5 % of the FLOPs."
    )
    for name, rival in RIVALS.items():
        if name in answers:
            yield f"- **{name}** {answers[name]['version']} ({rival.origin}): {rival.why}"


def main():
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--rivals", default=sys.executable, help="Python of the environment that holds the others")
    options.add_argument("-o", "--output", type=Path, help="the page to write; else it is printed")
    options.add_argument("--ask", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.ask:
        print(json.dumps(figures_of_rivals()))
        return
    asked = subprocess.run([chosen.rivals, __file__, "--ask"], capture_output=True, text=True, check=True)
    answers = json.loads(asked.stdout.splitlines()[-1])
    for name in RIVALS:
        if name not in answers:
            print(f"{name} is not installed in that environment and is left out", file=sys.stderr)
        for model in MODELS:
            if "refused" in answers.get(name, {}).get(model, {}):
                print(f"{name} on {model}: {answers[name][model]['refused']}", file=sys.stderr)
    text = "\n".join(page(answers)) + "\n"
    print(text)
    if chosen.output:
        chosen.output.write_text(text, "utf-8")


if __name__ == "__main__":
    main()

"""Speeds of serving by this package and by other calculators from PyPI, judged by the same measured rows, in one run.

    python tests/benchmarks/compare_serving.py --truth throughput.csv --configs configs -o docs/serving-comparison.md

Each rival lives in an environment of its own, made where it is missing in the folder of `--venvs`, so that none of them
becomes a dependency; `serving_rivals` holds an adapter for each, which asks it through its documented interface at its
defaults.  A row that a rival cannot do is not answered, and its error is that of the rows which it answers.  Where a rival
has no entry for a GPU but takes figures, it gets those of this package's catalogue.

Read of a row: `b1` the tokens per second of one sequence; `batched_decode` those of all sequences while they decode;
`batched` and `maxload` the output tokens per second of all sequences with their prompts' time, as the engine reports them;
`prefill` the prompt tokens per second.  A rival that gives the seconds of a step and of the prompts, but no such total, is
helped to it: batch · answer / (prompts + answer · step).  A row of full load does not state its batch; all get the same, the
largest that fits: (0.9 · memory − weights) over the cache of a sequence at its full length.  Ours finds its own.
"""

import argparse
import csv
import datetime
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import venv
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import serving_truth

from pycalc.errors import CalcError
from pycalc.serving.engines import engines
from pycalc.serving.estimate import Load, demands, settled, timed
from pycalc.version import __version__

MANY = 2000
"""Loads of a deployment that are estimated at once, to time ours."""
ADAPTERS = Path(__file__).parent / "serving_rivals"
KINDS = ("b1", "batched_decode", "batched", "maxload", "prefill")
MEASURED = {
    "b1": "decode_tok_s_per_user",
    "batched_decode": "total_tok_s",
    "batched": "total_tok_s",
    "maxload": "total_tok_s",
    "prefill": "prefill_tok_s",
}
ANSWER = 500
"""Tokens of an answer where a row names none; a prompt of which it says nothing, or only that it is short, has none."""
BUDGET = 0.9
"""The share of a GPU's memory for weights and caches, where the batch is not stated."""

Row = dict[str, Any]
Answer = dict[str, Any]


class Rival(NamedTuple):
    """What pip installs, the adapter that asks it, and the licence and month of that release."""

    requirement: str
    adapter: str
    origin: str
    takes: str


RIVALS = {
    "aiconfigurator": Rival(
        "aiconfigurator==0.12.0",
        "ask_aiconfigurator.py",
        "Apache-2.0, September 2026",
        "NVIDIA's own: kernels measured on its data-centre GPUs, under TensorRT-LLM. Its static mode, of full load its mode of "
        "batching in flight with TensorRT-LLM's 8,192 tokens a step; where a kernel was not measured, its hybrid mode. Its "
        "speed is that of an engine built once per deployment, as in its sweeps; a single call takes about a second.",
    ),
    "genz-llm": Rival(
        "genz-llm==0.0.16",
        "ask_genz_llm.py",
        "MIT, March 2025",
        "A roofline by operators, any chip, batch and tensor parallelism. One width, of whole bits, for weights and cache.",
    ),
    "servcalc": Rival(
        "servcalc==0.1.0",
        "ask_servcalc.py",
        "MIT, October 2026",
        "Dense Llama, Mistral, Qwen2 and Gemma on one GPU, with profiles of vLLM, ollama and transformers.",
    ),
    "llm-analysis": Rival(
        "llm-analysis==0.2.2",
        "ask_llm_analysis.py",
        "Apache-2.0, November 2023",
        "Dense models of its day; efficiencies of 0.7 and 0.9, which its README recommends for inference.",
    ),
    "berth-placement": Rival(
        "berth-placement==0.8.0",
        "ask_berth.py",
        "Apache-2.0, 2026",
        "A roofline with efficiencies of its own for a dozen chips. It chooses the number of devices; other numbers are not "
        "answered.",
    ),
    "vllm-sr-sim": Rival(
        "vllm-sr-sim==0.1.0.dev20260713123629",
        "ask_vllm_sr_sim.py",
        "Apache-2.0, July 2026",
        "The profile that the fleet simulator of vLLM's router computes from hardware and dimensions. One width for weights "
        "and cache, and no arithmetic in a decode step.",
    ),
    "ridgepoint": Rival(
        "ridgepoint==0.1.2",
        "ask_ridgepoint.py",
        "MIT, September 2026",
        "One sequence on its own table of GPUs, calibrated on vLLM.",
    ),
    "llm-cal": Rival(
        "llm-cal==0.2.0",
        "ask_llm_cal.py",
        "Apache-2.0, April 2026",
        "One sequence by fixed utilisations of bandwidth and arithmetic.",
    ),
    "whichllm": Rival(
        "whichllm==0.5.21",
        "ask_whichllm.py",
        "MIT, October 2026",
        "One sequence under llama.cpp on desks; thousands of GPUs, Apple's and bare processors.",
    ),
}


# ---- the rows


FORMATS = {
    "bf16": "f16",
    "fp16": "f16",
    "F16": "f16",
    "int8": "int8",
    "int4": "int4",
    "4-bit": "int4",
    "awq": "awq",
    "EXL2/GPTQ": "exl2",
    "Q8_0": "q8_0",
    "Q4_0": "q4_0",
    "Q4_K_M": "q4_k_m",
    "MXFP4": "mxfp4",
    "fp8": "fp8",
    "fp4": "nvfp4",
}
"""First word of a row's type of weights: what the adapters call it."""
ENGINES = {"llama.cpp": "llama.cpp", "ollama": "llama.cpp", "HF ": "transformers", "TensorRT-LLM": "tensorrt-llm"}
NAMED = {
    "A100": "A100 SXM 80GB",
    "A100 80GB": "A100 SXM 80GB",
    "Spark": "DGX Spark",
    "MI300X-class": "MI300X",
    "Framework Mainboard": "Ryzen AI Max+ 395",
}
"""Cards of which a row leaves the variant open, and machines that it names in place of their chip."""


def chip_names(text: str) -> Iterator[str]:
    """What a row's machine may be called, the longest first: as written, the card of a computer, without memory and cores."""
    text = text.replace("\N{NON-BREAKING HYPHEN}", "-")
    yield text
    if inner := re.search(r"\((?:Nvidia|AMD|Intel)? ?((?:RTX|RX|GTX|Radeon|Arc|Pro|AI Pro|A\d|M\d|\d{4}|Spark)[^)]*)\)", text):
        text = inner[1]
    text = re.sub(r"\(.*?\)", "", text).strip()
    yield text
    text = re.sub(r"\b\d+ ?GB\b", "", text).strip()
    yield text
    yield re.sub(r"\b\d+-core( GPU)?|Mac Studio", "", text, flags=re.IGNORECASE).strip(" -")


def chip_of(text: str) -> tuple[str, dict[str, Any] | None]:
    """The plain name of a row's chip, and the catalogue's figures of it if it is there."""
    from pycalc.catalog import catalog
    from pycalc.errors import UnknownNameError

    figures = ("vendor", "memory", "bandwidth", "power", "link", "pcie", "fp8_flops", "fp4_flops")
    names = list(chip_names(text))
    for name in names:
        try:
            chip = catalog().chips.find(NAMED.get(name, name))
        except UnknownNameError:
            continue
        told = {figure: getattr(chip, figure, None) for figure in figures}
        return chip.name, {"name": chip.name, "flops": chip.bf16_flops or chip.fp16_flops, **told}
    return re.sub(r"^(?=\d{4})", "RX " if "AMD" in text else "RTX ", names[-1]), None


def config_of(name: str, configs: Path) -> Path | None:
    """The config.json of that name, of the folder given or of the catalogue."""
    from pycalc.catalog import catalog
    from pycalc.errors import UnknownNameError

    path = configs / f"{name}.json"
    if path.is_file():
        return path
    try:
        return Path(catalog().models.find(name).path)
    except UnknownNameError:
        return None


def shape_of(config: dict[str, Any]) -> dict[str, int] | None:
    """The dimensions by which rivals that read no config.json are told of a model; nothing where they are not plain."""
    text = config.get("text_config", config)

    def field(*names: str, default: int = 0) -> int:
        return next((int(text[name]) for name in names if text.get(name) is not None), default)

    layers, heads, hidden = (
        field("num_hidden_layers", "n_layer"),
        field("num_attention_heads", "n_head"),
        field("hidden_size", "n_embd"),
    )
    if not (layers and heads and hidden):
        return None
    experts = field("num_local_experts", "n_routed_experts", "num_experts", default=1)
    width = field("intermediate_size", "ffn_hidden_size", "n_inner", default=4 * hidden)
    return {
        "layers": layers,
        "hidden": hidden,
        "heads": heads,
        "kv_heads": field("num_key_value_heads", "num_kv_heads", default=heads),
        "head_dim": field("head_dim", default=hidden // heads),
        "intermediate": width,
        "vocab": field("vocab_size"),
        "experts": experts,
        "top_k": field("num_experts_per_tok") if experts > 1 else 0,
        "shared": field("n_shared_experts", "num_shared_experts", default=int("llama4" in text.get("model_type", ""))),
        "expert_width": field("moe_intermediate_size", default=width),
        "latent": field("kv_lora_rank"),
        "rope": field("qk_rope_head_dim"),
    }


def format_of(record: dict[str, str]) -> str:
    """The format of the weights; ollama's default of gpt-oss is its MXFP4."""
    stated = record["weight_dtype"]
    if "MXFP4" in stated and "gpt-oss" in record["cfg"]:
        return "mxfp4"
    return next((name for start, name in FORMATS.items() if stated.startswith(start)), "f16")


def tokens_of(record: dict[str, str], engine: str) -> tuple[int, int]:
    """Tokens of the prompt and of the answer; llama-bench generates from an empty context, its prompt is another test."""
    prompt, generated = (int(record[name]) if record[name].isdigit() else None for name in ("isl", "osl"))
    return (0 if engine == "llama.cpp" else prompt or 0), generated or ANSWER


def model_of(name: str, configs: Path) -> Row:
    """A row's model: its config.json, its dimensions and its numbers of parameters, as far as they are known."""
    from pycalc.architecture import load
    from pycalc.errors import CalcError

    told: Row = {"model": name, "config": None, "shape": None, "parameters": None, "active_parameters": None}
    path = config_of(name, configs)
    if path is None:
        return told
    told["config"] = json.loads(path.read_text("utf-8"))
    told["shape"] = shape_of(told["config"])
    try:
        counts = load(str(path)).parameters()
    except CalcError as refusal:
        print(f"{name}: {refusal}", file=sys.stderr)
        return told
    return told | {"parameters": int(counts.total), "active_parameters": int(counts.active)}


def fitting_batch(row: Row) -> int:
    """The largest batch whose caches at full length fit beside the weights."""
    shape, chip = row["shape"], row["chip"]
    if not shape or not chip:
        return 1
    per_token = 2 * shape["layers"] * shape["kv_heads"] * shape["head_dim"] * row["kv_bits"] / 8
    room = BUDGET * chip["memory"] * row["n_gpus"] - row["weight_bytes"]
    return max(1, int(room / (per_token * (row["isl"] + row["osl"]))))


def row_of(record: dict[str, str], configs: Path) -> Row:
    """A measured row as the adapters get it, and what it measured."""
    gpu, chip = chip_of(record["gpu"])
    engine = next((name for start, name in ENGINES.items() if record["system"].startswith(start)), "vllm")
    prompt, generated = tokens_of(record, engine)
    row = {
        "id": record["id"],
        "kind": record["kind"],
        "measured": float(record[MEASURED[record["kind"]]]),
        "engine": engine,
        "gpu": gpu,
        "chip": chip,
        "cpu": "CPU" in record["system"] or "CPU" in record["gpu"],
        "n_gpus": int(record["n_gpus"]),
        "isl": prompt,
        "osl": generated,
        "format": format_of(record),
        "weight_bits": float(record["weight_bits"] or 16),
        "kv_bits": 8 if record["kv_dtype"] in ("fp8", "q8_0") else 16,
        "file": bool(record["weights_GB"]),
        **model_of(record["cfg"], configs),
    }
    stored = float(record["weights_GB"]) * 1e9 if row["file"] else (row["parameters"] or 0) * row["weight_bits"] / 8
    row["weight_bytes"] = int(stored)
    row |= {"record": record, "configs": configs}
    row["batch"] = int(record["batch"]) if record["batch"].isdigit() else fitting_batch(row)
    return row


def comparable(record: dict[str, str]) -> bool:
    """Whether a row states a speed of a kind compared, a model and whole GPUs; of one sequence only one."""
    if record["kind"] not in KINDS or not record["cfg"] or not record["n_gpus"].isdigit():
        return False
    stated = re.fullmatch(r"[\d.]+", record[MEASURED[record["kind"]]])
    return bool(stated) and (record["kind"] != "b1" or record["n_gpus"] == "1")


def rows_of(truth: Path, configs: Path) -> list[Row]:
    """The rows of a table like throughput.csv that can be compared."""
    with truth.open(encoding="utf-8", newline="") as file:
        return [row_of(record, configs) for record in csv.DictReader(file) if comparable(record)]


def plain(row: Row) -> Row:
    """What an adapter is told: not where things are, nor what the table says besides."""
    return {key: value for key, value in row.items() if key not in ("record", "configs")}


# ---- the answers


def environment(folder: Path, requirement: str) -> Path:
    """The Python of an environment that holds the requirement, made if it is not there."""
    home = folder / requirement.replace("==", "-")
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (home / "ready").exists():
        print(f"installing {requirement}", file=sys.stderr)
        venv.create(home, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", requirement], check=True)
        (home / "ready").touch()
    return python


def asked(rival: Rival, rows: list[Row], venvs: Path) -> dict[str, Any]:
    """What a rival answers, asked in its own environment and an empty folder, on one thread and without the network."""
    python = environment(venvs, rival.requirement)
    alone = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore"}
    with tempfile.TemporaryDirectory() as empty:
        ran = subprocess.run(
            [python, ADAPTERS / rival.adapter],
            input=json.dumps([plain(row) for row in rows]),
            capture_output=True,
            text=True,
            cwd=empty,
            env={**os.environ, **alone, "TMPDIR": empty},
            check=False,
        )
    if ran.returncode:
        raise SystemExit(f"{rival.adapter} failed:\n{ran.stderr[-4000:]}")
    return json.loads(ran.stdout)


def predicted(row: Row, answer: Answer) -> float | None:
    """What an answer says of the figure that the row measured."""
    step, prefill, total = (answer.get(name) for name in ("step_s", "prefill_s", "output_tok_s"))
    batch = row["batch"]
    if row["kind"] == "prefill":
        return prefill and batch * row["isl"] / prefill
    if row["kind"] in ("b1", "batched_decode"):
        return step and batch / step
    return total or (step and prefill and batch * row["osl"] / (prefill + row["osl"] * step))


def observed(row: Row) -> Any:
    """The row as this package's own validation reads it; None where it has no answer."""
    with suppress(CalcError):
        return serving_truth.observation(row["record"], row["configs"])
    return None


def ours(rows: list[Row], left_out: dict[str, float] | None = None) -> list[float | None]:
    """This package's predictions of what the rows measured; nothing where it has no answer.

    ``left_out`` holds the estimate over the measurement of each row, from constants fitted without its system and chip.
    """
    return [_ours(row, left_out) for row in rows]


def _ours(row: Row, left_out: dict[str, float] | None) -> float | None:
    observation = observed(row)
    if observation is None:
        return None
    if left_out is not None:
        ratio = left_out.get(f"{row['id']} {row['kind']}")
        predicted_figure = None if ratio is None else ratio * observation.measured
    else:
        predicted_figure = observation.predicted(observation.deployment.replica.efficiency)
    if predicted_figure is None or observation.figure == "tokens_per_s":
        return predicted_figure
    sequences = 1 if row["kind"] == "b1" else row["isl"] if row["kind"] == "prefill" else row["batch"]
    return sequences / predicted_figure


def ours_per_cpu_second(rows: list[Row]) -> float:
    """This package's estimates per second of CPU time: each row's deployment under many loads at once, in arrays."""
    placed = [observation for row in rows if (observation := observed(row))]
    grow = np.linspace(0.0, 0.5, MANY)
    done, began = 0, time.process_time()
    for observation in placed:
        load = observation.load
        batch = None if load.batch is None else np.full(MANY, float(load.batch))
        figures = estimated(observation.deployment, Load(load.input_tokens + grow, load.output_tokens, batch))
        done += figures["tpot_s"].size
    return done / (time.process_time() - began)


def ours_one_by_one(rows: list[Row]) -> float:
    """The same with a call for each estimate, as a rival is asked."""
    placed = [observation for row in rows if (observation := observed(row))]
    began = time.process_time()
    for observation in placed:
        load = observation.load
        estimated(observation.deployment, Load(load.input_tokens + 0.5, load.output_tokens, load.batch))
    return len(placed) / (time.process_time() - began)


def estimated(deployment: Any, load: Load) -> dict[str, Any]:
    """Times and throughput of a load, as serve-estimate computes them."""
    asked_load, batch, _ = settled(deployment, load)
    asked_of = demands(deployment, asked_load, batch)
    return timed(deployment, asked_load, batch, asked_of, deployment.replica.efficiency).figures()


class Column(NamedTuple):
    """One calculator: its version, its predictions by row, and its estimates per second of CPU time."""

    version: str
    values: list[float | None]
    speed: float | None


OURS = "llmecon"
LEFT_OUT = "llmecon, its system left out"
ONE_BY_ONE = "llmecon, one call each"


def our_columns(rows: list[Row], ratios: Path | None) -> dict[str, Column]:
    """With the packaged constants, and with those that the row's own system on its chip had no part in."""
    found = {OURS: Column(__version__, ours(rows), ours_per_cpu_second(rows))}
    if ratios:
        lines = [line.split("\t") for line in ratios.read_text("utf-8").splitlines()]
        own = {row["id"]: engines().find(row["record"]["system"]).family for row in rows if observed(row)}
        left_out = {key: float(ratio) for family, key, ratio in lines if own.get(key.split()[0]) == family}
        found[LEFT_OUT] = Column(__version__, ours(rows, left_out), None)
    return found


def rival_column(name: str, rows: list[Row], venvs: Path) -> Column:
    told = asked(RIVALS[name], rows, venvs)
    reasons = [re.sub(r"'[^']*'|[\d.]+", "…", answer["refused"]) for answer in told["answers"] if "refused" in answer]
    for reason, times in Counter(reasons).most_common():
        print(f"{name} refuses {times}: {reason}", file=sys.stderr)
    values = [predicted(row, answer) for row, answer in zip(rows, told["answers"], strict=True)]
    return Column(told["version"], values, told["per_cpu_second"])


# ---- the page


def errors(rows: list[Row], values: Iterable[float | None]) -> dict[str, float]:
    """The absolute percentage error of each row that is answered."""
    return {row["id"]: abs(value / row["measured"] - 1) for row, value in zip(rows, values, strict=True) if value}


def spread(found: Iterable[float]) -> list[str]:
    """The median, the 90th percentile and the worst."""
    values = list(found)
    if not values:
        return ["-", "-", "-"]
    return [f"{value:.1%}" for value in (np.median(values), np.percentile(values, 90), max(values))]


def kind_table(kind: str, rows: list[Row], columns: dict[str, Column], us: dict[str, Column]) -> Iterator[str]:
    """All calculators on the rows of a kind, and ours on those that each answers too."""
    chosen = [row["kind"] == kind for row in rows]
    of_kind = [row for row, is_it in zip(rows, chosen, strict=True) if is_it]

    def found(column: Column) -> dict[str, float]:
        return errors(of_kind, [value for value, is_it in zip(column.values, chosen, strict=True) if is_it])

    beside, our_errors = list(us.items())[-1][0], found(list(us.values())[-1])
    yield f"| calculator | answered | median | 90 % within | worst | rows of both | it | {beside} |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|"
    for name, column in us.items():
        mine = found(column)
        yield f"| {name} | {len(mine)} of {len(of_kind)} | {' | '.join(spread(mine.values()))} | | | |"
    for name, column in columns.items():
        theirs = found(column)
        both = [row for row in theirs if row in our_errors]
        pair = [" / ".join(spread(those[row] for row in both)[:2]) for those in (theirs, our_errors)]
        cells = [f"{len(theirs)} of {len(of_kind)}", *spread(theirs.values()), str(len(both)), *pair]
        yield f"| {name} | {' | '.join(cells)} |"


def speed_table(columns: dict[str, Column]) -> Iterator[str]:
    yield "| calculator | estimates per CPU second |"
    yield "|---|--:|"
    for name, column in columns.items():
        yield f"| {name} | {f'{column.speed:,.0f}' if column.speed else '-'} |"


TITLES = {
    "b1": "One sequence: tokens per second",
    "batched_decode": "A batch that decodes: output tokens per second",
    "batched": "A batch with its prompts: output tokens per second",
    "maxload": "Full load: output tokens per second, the batch by memory",
    "prefill": "A prompt: tokens per second",
}


def page(rows: list[Row], columns: dict[str, Column], us: dict[str, Column], one_by_one: float) -> Iterator[str]:
    today = datetime.date.today()
    yield "# Speeds of serving, measured and calculated"
    yield ""
    yield (
        f"Written by `tests/benchmarks/compare_serving.py` on {today:%d %B %Y}, from {len(rows)} measured rows; its docstring "
        "says how to repeat it and how a row is read. An error is |predicted / measured − 1|. Each rival is judged by the rows "
        "that it answers; the last three columns have the rows that both answer, median and 90 % within. Our constants are "
        "fitted to such rows: «left out» has estimates from constants to which the row's own system on its chip contributed "
        "nothing. For modern servers the fit also uses the measurements that aiconfigurator-core ships (times per token, not "
        "its kernel database)."
    )
    for kind in KINDS:
        yield from ("", f"## {TITLES[kind]}", "")
        yield from kind_table(kind, rows, columns, us)
    yield from ("", "## How fast they answer", "")
    yield "Each row over and over in random order, all read before; ours in arrays. Starting and importing is not in it."
    yield ""
    yield from speed_table({OURS: us[OURS], ONE_BY_ONE: Column(__version__, [], one_by_one), **columns})
    yield from ("", "## The rivals", "")
    for name, column in columns.items():
        yield f"- **{name}** {column.version} ({RIVALS[name].origin}): {RIVALS[name].takes}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--truth", type=Path, required=True, help="the measured rows, a CSV file")
    options.add_argument("--configs", type=Path, required=True, help="folder of config.json files, one NAME.json per model")
    options.add_argument("--rivals", default=",".join(RIVALS), help="which of them, separated by commas")
    options.add_argument("--venvs", type=Path, help="folder that keeps their environments; else a temporary one")
    options.add_argument("--left-out", type=Path, help="ratios that fit_serving.py wrote, each row's system left out")
    options.add_argument("-o", "--output", type=Path, help="the page to write; else it is printed")
    options.add_argument("--rows", type=Path, help="a JSON file for the rows with every prediction")
    chosen = options.parse_args()
    rows = rows_of(chosen.truth, chosen.configs)
    with ExitStack() as stack:
        venvs = (chosen.venvs or Path(stack.enter_context(tempfile.TemporaryDirectory()))).absolute()
        columns = {name: rival_column(name, rows, venvs) for name in chosen.rivals.split(",")}
    us = our_columns(rows, chosen.left_out)
    if chosen.rows:
        told = {**us, **columns}
        by_row = [
            {**plain(row), "predicted": {name: told[name].values[index] for name in told}, "config": None}
            for index, row in enumerate(rows)
        ]
        chosen.rows.write_text(json.dumps(by_row, indent=1), "utf-8")
    text = "\n".join(page(rows, columns, us, ours_one_by_one(rows))) + "\n"
    if chosen.output:
        chosen.output.write_text(text, "utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()

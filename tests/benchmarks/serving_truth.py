"""Measured systems as observations.

Two tables: one like shared/truth/throughput.csv, a published figure a row; and silicon_sample.csv of PyPI's
aiconfigurator-core (Apache-2.0), which has times per token of vLLM, TensorRT-LLM and SGLang under load.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from pycalc.architecture import Architecture
from pycalc.architecture import load as load_model
from pycalc.catalog import Chip, catalog
from pycalc.catalog.records import CatalogError
from pycalc.errors import CalcError
from pycalc.serving.calibration import Observation, Table
from pycalc.serving.engines import Profile, engines
from pycalc.serving.estimate import Load
from pycalc.serving.request import Setup, layout
from pycalc.serving.request import place as place_at

GENERATED = 500.0
"""Tokens of an answer where a row names none."""
COMPUTERS = {
    "A100": "A100 SXM 80GB",
    "A100 80GB": "A100 SXM 80GB",
    "Dell Pro Max with GB10": "DGX Spark",
    "Mac Studio (M3 Ultra 512GB)": "Apple M3 Ultra",
    "M1 Max Mac Studio": "Apple M1 Max",
    "M3 Max 40": "Apple M3 Max 40-core",
    "Framework Mainboard": "Ryzen AI Max+ 395",
    "MI300X-class": "MI300X",
}
"""What a text that begins so means: computers by their chip, and chips of which the source does not name the variant."""
IN_A_PC = re.compile(r"\((?:Nvidia|AMD|Intel) ([^)]*)\)|\(([^)]*?) (?:CPU|GPU|NPU)\)")


@dataclass(frozen=True)
class Row:
    """A measurement, its group (one system on one chip), and why it cannot be estimated, if so."""

    id: str
    kind: str
    """As in the table; "prompt" is the prefill that a row of batch 1 states besides."""
    system: str
    gpu: str
    observation: Observation | None
    refused: str = ""
    routed: bool = False

    @property
    def group(self) -> tuple[str, ...]:
        """One system on one chip; of the many loads that are measured there, those of one model."""
        model = self.observation.deployment.model if self.observation and self.kind == "loaded" else ""
        return self.system, self.gpu, model


def number(text: str) -> float | None:
    """The number that a cell begins with; None where it holds none."""
    match = re.match(r"[\d.]+", text.strip())
    return float(match[0]) if match else None


def chip_of(text: str) -> Chip:
    """The chip that a text names, also one inside a computer."""
    exact = [chip for start, chip in COMPUTERS.items() if text == start or (len(start) > 9 and text.startswith(start))]
    if exact:
        return catalog().chips.find(exact[0])
    names = [text, *(part for found in IN_A_PC.finditer(text) for part in found.groups() if part)]
    names += [re.sub(r"\s*\(.*", "", text), re.sub(r"\s+\d+[- ‑]core.*$", "", text, flags=re.I)]
    for name in names:
        try:
            return catalog().chips.find(name)
        except CalcError:
            continue
    return catalog().chips.find(text)


@cache
def model_of(name: str, folder: Path) -> Architecture:
    """From the folder of config.json files, else from the catalogue."""
    path = folder / f"{name}.json"
    return load_model(str(path) if path.exists() else name)


def rows(table: Path, configs: Path, profiles: dict[str, Profile] | None = None) -> Iterator[Row]:
    """Every row of the table; with other constants than the packaged, where they are given by family."""
    with table.open(encoding="utf-8", newline="") as file:
        for record in csv.DictReader(file):
            yield _row(record, configs, profiles)
            if record["kind"] == "b1" and number(record["prefill_tok_s"]) and prompt_tokens(record):
                yield _row(record | {"kind": "prompt"}, configs, profiles)


def prompt_tokens(record: dict[str, str]) -> float:
    """Tokens of the prompt of which a row of batch 1 states the speed; llama-bench's own where it names none."""
    return number(record["isl"]) or (1024.0 if "2024-05" in record["system"] else 0.0)


def _row(record: dict[str, str], configs: Path, profiles: dict[str, Profile] | None) -> Row:
    base = {key: record[key] for key in ("id", "kind", "system", "gpu")}
    try:
        found = observation(record, configs, profiles)
    except CatalogError:
        raise
    except CalcError as refusal:
        return Row(**base, observation=None, refused=refusal.reason)
    return Row(**base, observation=found, routed=found.deployment.routed)


def observation(record: dict[str, str], configs: Path, profiles: dict[str, Profile] | None = None) -> Observation:
    """A record of the first table; CalcError where it cannot be estimated."""
    if not record["cfg"]:
        raise CalcError("names no config.json")
    engine = engines().find(record["system"])
    architecture = model_of(record["cfg"], configs)
    bits = number(record["weight_bits"]) or 16
    if "q8 rest" in record["weight_dtype"] or record["cfg"].startswith("gpt-oss"):
        bits = 4.25
    setup = Setup(
        gpus=int(number(record["n_gpus"]) or 1),
        weight_bits=bits,
        kv_bits=8 if record["kv_dtype"] in ("fp8", "q8_0") else 16,
        engine=record["system"],
        profile=profiles[engine.family] if profiles else None,
    )
    load = _load(record)
    deployment = layout(architecture, chip_of(record["gpu"]), setup, load, record["model"])
    return Observation(deployment, load, *_measured(record), name=record["id"])


def _load(record: dict[str, str]) -> Load:
    n_in, n_out = number(record["isl"]) or 0.0, number(record["osl"]) or GENERATED
    if record["kind"] == "prompt":
        return Load(prompt_tokens(record), 1, 1)
    if record["kind"] == "b1" and "llama.cpp" in record["system"]:
        n_in = 0.0  # llama-bench generates from an empty context; its prompt is another test
    return Load(n_in, n_out, number(record["batch"]))


def _measured(record: dict[str, str]) -> tuple[str, float]:
    if record["kind"] == "prompt":
        return "ttft_s", prompt_tokens(record) / float(record["prefill_tok_s"])
    if record["kind"] == "prefill":
        return "ttft_s", float(record["ttft_ms"]) / 1000
    if record["kind"] in ("batched", "maxload"):
        return "tokens_per_s", float(record["total_tok_s"])
    speed = number(record["decode_tok_s_per_user"])
    if speed is None or record["kind"] == "production":
        raise CalcError("states no speed of one deployment")
    return "tpot_s", 1 / speed


SILICON_CHIPS = {
    "h100_sxm": "H100 SXM",
    "h200_sxm": "H200 SXM",
    "b200_sxm": "B200 SXM",
    "gb200": "GB200",
    "b300_sxm": "B300 SXM",
    "gb300": "GB300",
}
SILICON_ENGINES = {"trtllm": "TensorRT-LLM", "sglang": "SGLang", "vllm": "vLLM"}
SILICON_WIDTHS = {"fp8": 8.0, "fp8_block": 8.0, "nvfp4": 4.5}
NATIVE = ("gpt-oss", "Kimi")
"""Models whose own files are narrow: the table's width is that of the whole, not of the weights."""
LARGEST_NODE = 8
CONCURRENCY = re.compile(r"silicon_concurrency=(\d+)")


def silicon(table: Path, profiles: dict[str, Profile] | None = None) -> Iterator[Row]:
    """Times per token under load, prompts in between; equal settings measured several times count once, by their median."""
    alike: dict[tuple[object, ...], list[float]] = {}
    with table.open(encoding="utf-8", newline="") as file:
        for record in csv.DictReader(file):
            if (key := _silicon_key(record)) is not None:
                alike.setdefault(key, []).append(float(record["silicon_tpot_ms"]) / 1000)
    for place, (key, times) in enumerate(sorted(alike.items(), key=str)):
        name, system, backend, tensor, bits, n_in, n_out, concurrent, own_attention = key
        row = {"id": f"S{place:04}", "kind": "loaded", "system": SILICON_ENGINES[str(backend)], "gpu": str(system)}
        try:
            setup = Setup(
                tensor, tensor, None, own_attention, bits, 8, row["system"],
                profile=profiles[engines().find(row["system"]).family] if profiles else None,
            )  # fmt: skip
            architecture = _silicon_model(str(name))
            chip = catalog().chips.find(SILICON_CHIPS[str(system)])
            deployment = place_at(architecture, chip, setup, str(name).rpartition("/")[2])
            load = Load(n_in, n_out, concurrent)
            found = Observation(deployment, load, "tpot_loaded_s", float(np.median(times)), row["id"])
            Table([found])
        except CatalogError:
            raise
        except CalcError as refusal:
            yield Row(**row, observation=None, refused=refusal.reason)
            continue
        yield Row(**row, observation=found, routed=deployment.routed)


def _silicon_key(record: dict[str, str]) -> tuple[object, ...] | None:
    """What tells settings apart; None for rows of several stages or nodes, of split phases, or of unstated widths."""
    tensor = number(record["tp_size"])
    mode = record["gemm_quant_mode"] or record["precision"]
    known = mode in SILICON_WIDTHS or mode == "bf16" or any(name in record["model_path"] for name in NATIVE)
    if record["mode"] != "agg" or record["pp_size"] != "1" or not known or not tensor or tensor > LARGEST_NODE:
        return None
    stated = CONCURRENCY.search(record["silicon_data_source"])
    concurrent = float(stated[1]) if stated else number(record["batch_size"])
    native = any(name in record["model_path"] for name in NATIVE)
    bits = None if native else SILICON_WIDTHS.get(mode, 16.0)
    own_attention = (number(record["attention_dp_size"]) or 1) > 1
    sizes = float(record["isl"]), float(record["osl"]), concurrent
    return record["model_path"], record["system"], record["backend"], int(tensor), bits, *sizes, own_attention


@cache
def _silicon_model(path: str) -> Architecture:
    """By the name after the maker's, without what names a quantised or tuned copy."""
    name = re.sub(r"-(NVFP4|FP8|Instruct|0528)", "", path.rpartition("/")[2])
    return load_model(name)

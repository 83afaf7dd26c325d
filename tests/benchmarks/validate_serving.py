"""The serving model against measured systems, as a report.

    python tests/benchmarks/validate_serving.py --truth CSV --configs DIR --silicon CSV -o docs/serving-validation.md

Each row is estimated twice: with the packaged constants, and with constants fitted without its own group, one system
on one chip, which is what a system that nobody has measured may expect.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import fit_serving
import numpy as np
import serving_truth
from serving_truth import Row

from pycalc.serving.engines import chip_classes
from pycalc.serving.timing import PERFECT

WORST = 14
TOLERANCE = 1e-9

Cause = tuple[Callable[[Row], bool], str]


def _is(system: str = "", gpu: str = "", kind: str = "", **more: str) -> Callable[[Row], bool]:
    def holds(row: Row) -> bool:
        model = row.observation.deployment.model if row.observation else ""
        named = system in row.system and gpu in row.gpu and kind in row.kind and more.get("model", "") in model
        return named and row.id in more.get("ids", row.id)

    return holds


CAUSES: Sequence[Cause] = (
    (_is("GEMV", kind="batched_decode"), "kernels for one sequence, which stream the weights once for each"),
    (_is("GEMV", kind="prompt"), "the same kernels take a prompt token by token"),
    (_is("GEMM", kind="batched_decode"), "stands beside the GEMV rows in one family; at batch 8 its kernels do better"),
    (_is("GEMM", kind="prompt"), "one family with GEMV, whose prompts are several times slower: the constants lie between"),
    (
        _is("2024-05", "A100", kind="prompt", ids="D0073 D0116"),
        "F16 prompts eight times slower than 4-bit ones on the same card: a slow path of that build",
    ),
    (
        _is("2024-05", "L40S", kind="prompt", ids="D0064 D0108"),
        "F16 slower than 4 bits, against all other Ada cards: a slow path of that build",
    ),
    (_is("2024-05", "5000 Ada", kind="prompt", ids="D0085"), "F16 over four cards slower than on one of them"),
    (
        _is("2024-05", kind="prompt"),
        "prompts of F16 and of 4 bits, GeForce and workstation cards, share one constant of compute",
    ),
    (_is("Vulkan"), "Vulkan builds: few rows, and no tensor cores on that card then"),
    (_is("ollama", "Pi "), "a card on one lane of PCIe behind a Raspberry Pi: the host is the limit"),
    (_is("ollama", "Arc"), "a driver that was new then"),
    (_is("ollama", "6700 XT"), "through Vulkan on a Raspberry Pi"),
    (_is("ollama/llama.cpp CPU"), "a CPU: cores, not bandwidth, are the limit"),
    (_is("ollama", "Thelio"), "Vulkan or ROCm on an Arm host"),
    (
        _is("v0.5", "H200", ids="D0452"),
        "its caches are larger than the source's own throughput allows: half the batch would fit the figure",
    ),
    (_is("TensorRT-LLM v0"), "kernels of 2023 read a grouped cache once per query head"),
    (_is("(2023-10)"), "builds of 2023 that lost time between GPUs without NVLink"),
    (_is("TensorRT-LLM v1.0", model="Llama-4"), "batch and parallelism of the run are not stated; experts are loaded unevenly"),
    (_is("TensorRT-LLM v1.0", model="Qwen3-30B"), "small experts keep little of the 4-bit peak"),
    (_is("llama.cpp", "GB10", model="gpt-oss"), "two builds months apart on one machine: the first reached half"),
    (
        _is("llama.cpp", kind="prompt", model="gpt-oss"),
        "prompts of mixtures: the compute of routed experts differs between builds",
    ),
    (
        _is("vLLM", "h100", "loaded", model="gpt-oss-120b"),
        "5 ms a token at 512 sequences, as at a few: the row's concurrency is doubtful",
    ),
    (
        _is("TensorRT-LLM", "b200", "loaded", model="DeepSeek-R1-NVFP4"),
        "85 ms a token at 40 sequences and at 80: a setting that the row does not state",
    ),
    (
        _is("vLLM", "h200", "loaded", model="Llama-3.1-8B"),
        "answers of 100 tokens after prompts of 8,000: which users' prompts lie in between is chance",
    ),
    (
        _is("SGLang", "b300", "loaded", model="DeepSeek-V3"),
        "prompts take three times as long as on the B200 rows of the same engine: early support of the chip",
    ),
    (_is("llama.cpp", "M1 Max", model="70B"), "42 GB on a machine of 64: its GPU may not take all of that"),
)
"""Why rows are far off, where their sources or other rows tell; the first that holds."""


@dataclass(frozen=True)
class Result:
    """A row with its estimates over the measurement, in terms of speed."""

    row: Row
    ratio: float
    left_out: float
    spread: float
    above_roofline: bool

    @property
    def family(self) -> str:
        return fit_serving.family_of(self.row)

    @property
    def inside(self) -> bool:
        return 1 / self.spread - TOLERANCE <= self.ratio <= self.spread + TOLERANCE

    @property
    def inside_left_out(self) -> bool:
        return 1 / self.spread - TOLERANCE <= self.left_out <= self.spread + TOLERANCE


def results(table: Path, configs: Path, silicon: Path | None, ratios: Path | None) -> tuple[list[Result], list[Row]]:
    """Every row that can be estimated, and those that cannot; ``ratios`` is what the fit wrote of rows left out."""
    rows = list(serving_truth.rows(table, configs))
    rows += serving_truth.silicon(silicon) if silicon else []
    known = [row for row in rows if row.observation and fit_serving.usable(row)]
    families = {f"{row.id} {row.kind}": fit_serving.family_of(row) for row in known}
    if ratios:
        lines = (line.split("\t") for line in ratios.read_text("utf-8").splitlines())
        found = {(family, key): float(ratio) for family, key, ratio in lines}
    else:
        found = {
            (family, key): ratio
            for family in sorted(set(families.values()))
            for key, ratio in fit_serving.left_out(family, known).items()
        }
    left_out = {key: found[family, key] for key, family in families.items()}
    return [_result(row, left_out) for row in known], [row for row in rows if row not in known]


def _result(row: Row, left_out: dict[str, float]) -> Result:
    observation = row.observation
    efficiency = observation.deployment.replica.efficiency
    ratio = observation.predicted(efficiency) / observation.measured
    best = observation.predicted(PERFECT)
    faster = (
        ratio * observation.measured > best if observation.figure == "tokens_per_s" else ratio * observation.measured < best
    )
    prompt = row.kind in fit_serving.PROMPT_KINDS
    spread = efficiency.prompt_spread if prompt else observation.deployment.spread
    return Result(row, ratio, left_out[f"{row.id} {row.kind}"], spread, faster)


def summary(title: str, groups: dict[str, list[Result]]) -> list[str]:
    lines = [
        f"| {title} | rows | median error | 90th percentile | inside band | left out: median | 90th percentile | inside band |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, some in groups.items():
        errors = np.abs(np.array([r.ratio for r in some]) - 1)
        out = np.abs(np.array([r.left_out for r in some]) - 1)
        inside = np.mean([r.inside for r in some])
        inside_out = np.mean([r.inside_left_out for r in some])
        lines.append(
            f"| {name} | {len(some)} | {np.median(errors):.1%} | {np.quantile(errors, 0.9):.0%} | {inside:.0%} | "
            f"{np.median(out):.1%} | {np.quantile(out, 0.9):.0%} | {inside_out:.0%} |"
        )
    return lines


KINDS = {
    "b1": "batch 1",
    "prompt": "prompt, batch 1",
    "prefill": "first token",
    "batched": "batched",
    "batched_decode": "batched decode",
    "maxload": "full load",
    "loaded": "per token under load",
}


def kind_of(result: Result) -> str:
    what = "mixtures" if result.row.routed else "dense"
    several = "" if result.row.observation.deployment.gpus == 1 else ", several GPUs"
    return f"{KINDS[result.row.kind]}, {what}{several}"


def grouped(found: Iterable[Result], key: Callable[[Result], str]) -> dict[str, list[Result]]:
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in found:
        groups[key(result)].append(result)
    return dict(sorted(groups.items()))


def worst(found: Sequence[Result]) -> list[str]:
    lines = ["| row | system | chip | model | estimate / measurement | why |", "|---|---|---|---|---|---|"]
    for result in sorted(found, key=lambda r: -abs(np.log(r.ratio)))[:WORST]:
        row = result.row
        why = next((text for holds, text in CAUSES if holds(row)), "not known")
        o = row.observation
        lines.append(f"| {row.id} {row.kind} | {row.system} | {row.gpu} | {o.deployment.model} | {result.ratio:.2f} | {why} |")
    return lines


def report(found: Sequence[Result], refused: Sequence[Row]) -> str:
    decoding = [r for r in found if r.row.kind not in fit_serving.PROMPT_KINDS]
    prompts = [r for r in found if r.row.kind in fit_serving.PROMPT_KINDS]
    above = sum(r.above_roofline for r in found)
    whys = defaultdict(list)
    for row in refused:
        whys[reason(row)].append(row.id)
    return "\n".join(
        [
            "# Serving estimates against measured systems",
            "",
            "Made by `python tests/benchmarks/validate_serving.py`, which a person can run again on any table of the same",
            "columns, with the times per token under load that PyPI's aiconfigurator-core 0.12.0 publishes. An error is",
            '|estimate / measurement − 1| of the mid estimate; "inside band" is the share of measurements between low and',
            'high. "Left out" repeats both with constants to which the row\'s own group, one system on one chip, has',
            "contributed nothing: what a system that is not in the table may expect. Constants are fitted by family of",
            "engines and class of chips, never by row; `tests/benchmarks/fit_serving.py` states the method.",
            "",
            f"{len(found)} estimates; {above} of them above the roofline.",
            "",
            "## By kind",
            "",
            *summary("kind", grouped(found, kind_of)),
            "",
            "## By engine, generation of tokens",
            "",
            *summary("family", grouped(decoding, lambda r: r.family)),
            "",
            "## By engine, prompts",
            "",
            *summary("family", grouped(prompts, lambda r: r.family)),
            "",
            "## By class of chips, generation of tokens",
            "",
            *summary("class", grouped(decoding, lambda r: chip_classes(r.row.observation.deployment.chip)[0])),
            "",
            "## Farthest off, generation of tokens",
            "",
            *worst(decoding),
            "",
            "## Farthest off, prompts",
            "",
            *worst(prompts),
            "",
            "## Not estimated",
            "",
            *(
                f"- {why}: {len(ids)} rows ({', '.join(ids[:8])}{', …' if len(ids) > 8 else ''})"
                for why, ids in sorted(whys.items())
            ),
            "",
        ]
    )


def reason(row: Row) -> str:
    """Why a row has no estimate, in groups."""
    if row.observation:
        return "prompts on chips whose peak compute is not public"
    if row.kind == "production":
        return "a whole fleet; the test of DeepSeek's day covers it"
    if row.refused.startswith("no chip"):
        return "a computer whose processor is not in the catalogue"
    if "give more GPUs" in row.refused:
        return "weights that by their stated width do not fit: the row's width is that of another part of the model"
    if row.refused.startswith("a batch of"):
        return "more sequences at a time than fit: the surplus waited"
    if row.refused.startswith("no model"):
        return "a model that is not in the catalogue"
    return row.refused.partition(";")[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--truth", type=Path, required=True, help="measurements, a table like throughput.csv")
    parser.add_argument("--configs", type=Path, required=True, help="folder of config.json files by name")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--silicon", type=Path, help="silicon_sample.csv of PyPI's aiconfigurator-core")
    parser.add_argument("--left-out", type=Path, help="what fit_serving.py --ratios wrote; else the fits are repeated")
    args = parser.parse_args()
    args.output.write_text(report(*results(args.truth, args.configs, args.silicon, args.left_out)), "utf-8")


if __name__ == "__main__":
    main()

"""Fit the packaged constants of serving to measurements.

    python tests/benchmarks/fit_serving.py --truth CSV --configs DIR -o pycalc/serving/efficiency.toml

Method, stated once: for each family of engines the constants of the class "any" are fitted to all its rows, with the
literature's values as the prior; then those of each class of chips, with "any" as the prior
(`pycalc.serving.calibration` says how).  The rows of a kind weigh together as the square root of their number.  A row's
spread is taken with its own group left out of all fits: one system on one chip, of the many loads one model there.
"""

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
import serving_truth
from serving_truth import Row

from pycalc.serving.calibration import LOOSE, Observation, fit, spread_of
from pycalc.serving.engines import ANY, Efficiency, Profile, chip_classes, engines

TIMES = ("weights", "cache", "layer_s", "hop_s")
PROMPTS = ("compute_16", "attention", "prompt_s")
SERVERS = ("compute_8", "compute_4", "experts", "routed_layer_s", "sequence_s", "link")
EVERYTHING = (*TIMES, *PROMPTS, *SERVERS)
LOCAL = (*TIMES, "compute_16", "attention", "experts")
"""The constants that batches of one and prompts by themselves tell."""
JAX = "Austin et al., How to Scale Your Model, as fitted to a measured kernel database (dense 0.6B to 70B, batch to 1024)"
SERVER = Efficiency(
    weights=0.82,
    cache=0.85,
    layer_s=38e-6,
    routed_layer_s=20e-6,
    sequence_s=4e-6,
    prompt_s=3e-4,
    compute_16=0.65,
    compute_8=0.56,
    compute_4=0.3,
    hop_s=8e-6,
)
PRIORS: Mapping[str, Efficiency] = {
    "vllm": SERVER,
    "trtllm": SERVER,
    "sglang": SERVER,
    "trtllm 2023": Efficiency(weights=0.8, cache=0.6, layer_s=60e-6),
    "vllm 2023": Efficiency(weights=0.75, layer_s=250e-6, hop_s=50e-6),
    "llama.cpp": Efficiency(weights=0.93, layer_s=60e-6, compute_16=0.5),
    "llama.cpp 2024": Efficiency(weights=0.93, layer_s=90e-6, compute_16=0.5),
    "llama.cpp 2023": Efficiency(weights=0.8, layer_s=200e-6, hop_s=1e-3),
    "exllama": Efficiency(weights=0.9, layer_s=40e-6),
    "awq": Efficiency(weights=0.85, layer_s=60e-6),
    "transformers": Efficiency(weights=0.85, layer_s=100e-6),
    "gpt-fast": Efficiency(weights=0.85, layer_s=60e-6, hop_s=5e-6),
    "mlc": Efficiency(weights=0.88, layer_s=60e-6, hop_s=30e-6),
    "phone": Efficiency(weights=0.6, layer_s=500e-6),
}
MODERN = ("vllm", "trtllm", "sglang")
CLASS_PRIORS: Mapping[str, Mapping[str, float]] = {
    "Hopper HBM": {"weights": 0.83, "cache": 0.86, "layer_s": 38e-6},
    "Blackwell HBM": {"weights": 0.78, "cache": 0.87, "layer_s": 33e-6},
    "Ampere HBM": {"weights": 0.73, "cache": 0.76, "layer_s": 48e-6},
}
"""Of the modern servers."""
HELD: Mapping[str, float] = {
    "weights": 0.1, "cache": 0.15, "layer_s": 0.15, "hop_s": 0.2, "compute_16": 0.1, "experts": 0.4, "link": 0.25,
    "routed_layer_s": 0.8, "sequence_s": 0.3, "prompt_s": 0.4,
}  # fmt: skip
"""How far their constants may go from the prior, where full loads cannot tell what the literature measured."""
POOLED = {"llama.cpp": ("llama.cpp", "llama.cpp 2024")}
"""Families whose rows count for another too: who names no build may have either."""
SOURCES = "figures that makers and users published; PyPI aiconfigurator-core 0.12.0 silicon_sample.csv"
FEWEST = 3
PROMPT_KINDS = ("prompt", "prefill")


def constants_of(family: str) -> tuple[str, ...]:
    return EVERYTHING if family in (*MODERN, "trtllm 2023") else LOCAL


def family_of(row: Row) -> str:
    return engines().find(row.system).family


def members(family: str, rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if family_of(row) in POOLED.get(family, (family,))]


def fitted(family: str, rows: Sequence[Row]) -> Profile:
    """The family's constants by class, from these rows."""
    mine = members(family, rows)
    loose = HELD if family in MODERN else LOOSE
    pooled = fit(observations(mine), PRIORS[family], constants_of(family), loose, weights(mine)) if mine else PRIORS[family]
    by_class: dict[str, list[Row]] = defaultdict(list)
    for row in mine:
        for name in chip_classes(row.observation.deployment.chip):
            by_class[name].append(row)
    found = {ANY: pooled.changed({"rows": len(mine)})}
    for name, some in sorted(by_class.items()):
        if len(some) >= FEWEST:
            prior = pooled.changed(CLASS_PRIORS.get(name, {}) if family in MODERN else {})
            found[name] = fit(observations(some), prior, constants_of(family), loose, weights(some)).changed(
                {"rows": len(some)}
            )
    for name, values in CLASS_PRIORS.items() if family in MODERN else ():
        if name not in found:
            found[name] = pooled.changed(values)
    return Profile(family, found)


def weights(rows: Sequence[Row]) -> list[float]:
    """The rows of each kind weigh together as the square root of their number: no source drowns another."""
    counts = Counter(row.kind for row in rows)
    raw = [counts[row.kind] ** -0.5 for row in rows]
    return [weight * len(rows) / sum(raw) for weight in raw]


def observations(rows: Iterable[Row]) -> list[Observation]:
    return [row.observation for row in rows if row.observation]


def left_out(family: str, rows: Sequence[Row]) -> dict[str, float]:
    """Estimate over measurement for each row, from constants that its own group had no part in."""
    ratios: dict[str, float] = {}
    mine = members(family, rows)
    for group in sorted({row.group for row in mine}):
        profile = fitted(family, [row for row in mine if row.group != group])
        for row in mine:
            if row.group == group:
                chip = row.observation.deployment.chip
                ratio = row.observation.predicted(profile.on(chip)[0]) / row.observation.measured
                ratios[f"{row.id} {row.kind}"] = ratio
        print(f"{family}: without {', '.join(group)}", file=sys.stderr, flush=True)
    return ratios


def with_spreads(profile: Profile, rows: Sequence[Row], ratios: Mapping[str, float]) -> Profile:
    """Each class with the ratio within which nine of ten of its rows are; never less than the family's own."""
    mine = members(profile.name, rows)
    out: dict[str, Efficiency] = {}

    def spread(some: Sequence[Row], default: float) -> float:
        known = [ratios[f"{row.id} {row.kind}"] for row in some if f"{row.id} {row.kind}" in ratios]
        return spread_of(known) if len(known) >= FEWEST else default

    def own_and_shared(some: Sequence[Row], shared: float) -> float:
        # few rows that agree say little: part of the way, in logarithms, to the family's; rows that disagree say it
        own = spread(some, shared)
        weight = min(len(some) / 20, 1.0)
        return max(own if own > shared else float(np.exp(weight * np.log(own) + (1 - weight) * np.log(shared))), 1.08)

    kinds = {
        "spread": [row for row in mine if row.kind not in PROMPT_KINDS and not row.routed],
        "routed_spread": [row for row in mine if row.kind not in PROMPT_KINDS and row.routed],
        "prompt_spread": [row for row in mine if row.kind in PROMPT_KINDS],
    }
    shared = {"spread": spread(kinds["spread"], 1.5)}
    shared["routed_spread"] = spread(kinds["routed_spread"], max(shared["spread"], 1.6))
    shared["prompt_spread"] = spread(kinds["prompt_spread"], max(shared["spread"], 1.8))
    for name, efficiency in profile.by_class.items():
        found = {}
        for kind, all_rows in kinds.items():
            some = [row for row in all_rows if name in chip_classes(row.observation.deployment.chip)]
            found[kind] = own_and_shared(some, shared[kind]) if name != ANY else shared[kind] * 1.1
        out[name] = efficiency.changed(found)
    return Profile(profile.name, out)


def text(profiles: Sequence[Profile], table: str) -> str:
    """The packaged file."""
    lines = [
        "# Shares of peaks and fixed times, by family of engines and class of chips.  Written by",
        "# tests/benchmarks/fit_serving.py, whose head states the method.  Constants that no row of a",
        "# class tells are those of the prior.",
        "",
        "[sources]",
        f'fit = "{table}; posterior mode under Laplace errors, prior: the class any, there the literature"',
        f'prior = "{JAX}; otherwise the engine\'s relatives; no measurement"',
        "",
    ]
    numbers = [f.name for f in fields(Efficiency) if f.name not in ("rows", "source")]
    for profile in profiles:
        for name, e in profile.by_class.items():
            lines += ["[[efficiency]]", f'family = "{profile.name}"', f'chips = "{name}"']
            lines += [f"{n} = {float(f'{getattr(e, n):.4g}')!r}" for n in numbers]
            lines += [f"rows = {e.rows}", f'source = "{"fit" if e.rows else "prior"}"', ""]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--truth", type=Path, required=True, help="measurements, a table like throughput.csv")
    parser.add_argument("--configs", type=Path, required=True, help="folder of config.json files by name")
    parser.add_argument("--silicon", type=Path, help="silicon_sample.csv of PyPI's aiconfigurator-core")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--ratios", type=Path, help="also write each row's ratio with its group left out, as CSV")
    parser.add_argument("--family", help="only this one")
    args = parser.parse_args()
    start = {family: Profile(family, {ANY: prior}) for family, prior in PRIORS.items()}
    rows = list(serving_truth.rows(args.truth, args.configs, start))
    rows += serving_truth.silicon(args.silicon, start) if args.silicon else []
    rows = [row for row in rows if row.observation and usable(row)]
    profiles, ratios = [], {}
    for family in [args.family] if args.family else PRIORS:
        profile = fitted(family, rows)
        found = left_out(family, rows)
        profiles.append(with_spreads(profile, rows, found))
        ratios |= {f"{family}\t{key}": ratio for key, ratio in found.items()}
    args.output.write_text(text(profiles, SOURCES), "utf-8")
    if args.ratios:
        args.ratios.write_text("".join(f"{key}\t{ratio:.4f}\n" for key, ratio in ratios.items()), "utf-8")


def usable(row: Row) -> bool:
    """A prompt's time can be told only where the chip's peak is public."""
    return row.kind != "prompt" or row.observation.deployment.replica.hardware.peak_16 is not None


if __name__ == "__main__":
    main()

"""The commands ``llmecon serve-estimate`` and ``calibrate``: seconds, users and dollars of a served model."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from addin.cli.output import digits, note, print_json, print_table
from addin.cli.status import RefusedError
from pycalc.architecture import load
from pycalc.architecture.document import shown
from pycalc.catalog import prices
from pycalc.cost import MILLION, SECONDS_PER_HOUR, blended_price
from pycalc.serving.estimate import UNITS, Load
from pycalc.serving.profile import Calibration, calibrate, profile_text, read_profile
from pycalc.serving.report import figures
from pycalc.serving.request import Answer, Setup, answer, find_chip
from workbook_templates.headless.package import write_atomically

GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Options:
    """What was typed."""

    gpus: int
    tensor: int | None
    stages: int | None
    expert_parallel: bool | None
    batch: float | None
    input_tokens: float
    output_tokens: float
    cached: float
    weight_bits: float | None
    kv_bits: float
    engine: str
    memory_fraction: float | None
    profile: Path | None
    usd_per_hour: float | None
    utilisation: float
    ttft_target: float | None
    tpot_target: float | None
    api: str | None
    draft: str | None
    draft_tokens: int
    acceptance: float


def serve_estimate(name: str, gpu: str, given: Options, as_json: bool) -> None:
    """The estimate for one model on one kind of chip."""
    _require_ranges(given)
    architecture = load(name)
    setup = Setup(
        given.gpus, given.tensor, given.stages, given.expert_parallel, given.weight_bits, given.kv_bits, given.engine,
        given.memory_fraction, read_profile(given.profile) if given.profile else None,
    )  # fmt: skip
    asked = Load(given.input_tokens, given.output_tokens, given.batch, given.cached, given.ttft_target, given.tpot_target)
    found = answer(
        architecture,
        find_chip(gpu),
        setup,
        asked,
        name=shown(name),
        usd_per_hour=given.usd_per_hour,
        utilisation=given.utilisation,
        draft=load(given.draft) if given.draft else None,
        draft_tokens=given.draft_tokens or (4 if given.draft else 0),
        acceptance=given.acceptance,
    )
    for line in architecture.notes:
        note(f"llmecon: {line}")
    against = _against(found, given.api, given.input_tokens, given.output_tokens) if given.api else None
    if as_json:
        print_json(_document(found) | ({"api": against} if against else {}))
    else:
        _print(found, against)


def _against(found: Answer, api: str, n_in: float, n_out: float) -> dict[str, Any]:
    """The same load bought from an API, and what the GPUs would earn at its prices."""
    price = prices().find(api)
    if price.input_usd_per_mtok is None or price.output_usd_per_mtok is None:
        raise RefusedError(f"{price.name} states no price for {'input' if price.input_usd_per_mtok is None else 'output'}")
    blended = float(blended_price(price.input_usd_per_mtok, price.output_usd_per_mtok, n_in, n_out))
    requests = float(found.estimate.requests_per_s.mid) / found.deployment.gpus
    utilisation = found.money.utilisation if found.money else 1.0
    revenue = requests * blended * (n_in + n_out) / MILLION * SECONDS_PER_HOUR * utilisation
    cost = found.money.usd_per_gpu_hour if found.money else None
    own = float(found.estimate.usd_per_mtok_blended.mid)
    return {
        "name": price.name,
        "usd_per_mtok_blended": blended,
        "own_over_api": own / blended if cost is not None and blended else None,
        "revenue_usd_per_gpu_hour": revenue,
        "margin": (revenue - cost) / revenue if cost is not None and revenue else None,
        "break_even_utilisation": utilisation * cost / revenue if cost is not None and revenue else None,
        "source": price.citation,
    }


API_MEANINGS = {
    "usd_per_mtok_blended": ("USD/Mtok", "the API's price for the same mix"),
    "own_over_api": ("ratio", "own cost over that price, mid"),
    "revenue_usd_per_gpu_hour": ("USD/hour", "what a GPU would earn at that price, at the utilisation"),
    "margin": ("fraction", "of that revenue, after the GPU's price"),
    "break_even_utilisation": ("fraction", "at which the GPU earns its price; above 1 it never does"),
}


def _require_ranges(given: Options) -> None:
    """Options whose range no later check knows."""
    limits = (
        ("--gpus", given.gpus, 1, 100_000),
        ("--tp", given.tensor, 1, 100_000),
        ("--pp", given.stages, 1, 10_000),
        ("--weight-bits", given.weight_bits, 0.5, 32),
        ("--kv-bits", given.kv_bits, 0.5, 64),
        ("--memory-fraction", given.memory_fraction, 0.01, 1),
        ("--ttft-target", given.ttft_target, 1e-6, 1e6),
        ("--tpot-target", given.tpot_target, 1e-6, 1e6),
    )
    for option, value, low, high in limits:
        if value is not None and not low <= value <= high:
            raise RefusedError(f"{option} is {value:g}; it must be from {low:g} to {high:g}")


def _document(found: Answer) -> dict[str, Any]:
    deployment = found.deployment
    return {
        "model": deployment.model,
        "gpu": deployment.chip.name,
        "gpus": deployment.gpus,
        "engine": deployment.engine.name,
        **figures(found),
        "decode_step_s": {name: float(part) for name, part in found.estimate.step._asdict().items()},
        "assumptions": dict(found.assumptions),
    }


def _print(found: Answer, against: dict[str, Any] | None) -> None:
    deployment = found.deployment
    rows = []
    for name, value in figures(found).items():
        unit, meaning = UNITS[name]
        if isinstance(value, dict):
            cells = tuple(digits(value[level]) for level in ("low", "mid", "high"))
        elif isinstance(value, float):
            cells = ("", digits(value), "")
        else:
            cells = ("", value or "unknown", "")
        rows.append((name, *cells, unit, meaning))
    if against:
        for name, (unit, meaning) in API_MEANINGS.items():
            value = against[name]
            shown_value = "unknown" if value is None else digits(value)
            rows.append((f"api {name}", "", shown_value, "", unit, f"{meaning}; {against['name']}"))
    title = f"{deployment.model} on {deployment.gpus} × {deployment.chip.name}, {deployment.engine.name}"
    print_table(("figure", "low", "mid", "high", "unit", "meaning"), rows, title=title)
    print()
    print_table(("assumed", ""), list(found.assumptions.items()))


def calibrate_file(rows: Path, out: Path, name: str | None, defaults: dict[str, str | None]) -> None:
    """Constants from measurements, written as a profile."""
    if out.suffix.lower() != ".toml":
        raise RefusedError(f"{out}: the name of this file must end in .toml")
    given = {key: value for key, value in defaults.items() if value is not None}
    found = calibrate(rows, name or out.stem, given)
    write_atomically(out, profile_text(found, f"llmecon calibrate {rows.name}").encode())
    _report(found, out)


def _report(found: Calibration, out: Path) -> None:
    rows = [
        ("measurements", str(found.rows), ""),
        ("median error", f"{found.median_error:.1%}", f"{found.before:.1%} with the packaged constants"),
        ("worst error", f"{found.worst_error:.1%}", f"line {found.worst_line}"),
        ("median error left out", f"{found.left_out:.1%}", "each row estimated from the others: what a new one may have"),
    ]
    print_table((str(out), "", ""), rows)
    if found.worst_error > 0.5:
        note(f"llmecon: line {found.worst_line} is far from what the others tell: another system, or another figure?")

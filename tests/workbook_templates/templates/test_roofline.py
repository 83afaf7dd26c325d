"""The roofline workbook: the article's ridge points and intensities, a recomputation in Python, a fault for every check."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import template_values as said
import workbook_engines as engines

import pycalc
from pycalc.errors import CellError
from workbook_templates.build import build
from workbook_templates.overrides import with_overrides
from workbook_templates.registry import template
from workbook_templates.render import render
from workbook_templates.spec import SCENARIOS

ROOFLINE = template("roofline")
PLACES = render(ROOFLINE).places
PHONE = "Snapdragon 8 Elite"


def results(folder: Path, **overrides: Any) -> Mapping[str, Any]:
    """The lines of the calculation that stand once, by name, and what a row of a block holds, by column."""
    build(ROOFLINE, folder / "b.xlsx", "addin", overrides)
    values = engines.stored(folder / "b.xlsx")
    shown = {line.name: PLACES[line.name] for line in ROOFLINE.all_lines()} | PLACES
    found: dict[str, Any] = {}
    for name, place in shown.items():
        if ":" in place.cell:
            first, last = (int(part.rpartition("$")[2]) for part in place.cell.split(":"))
            if first == last:
                found[name] = [values.get((place.sheet, at.cell.replace("$", ""))) for at in place.cells()]
        elif ":" not in place.cell:
            found[name] = values.get((place.sheet, place.cell.replace("$", "")))
    return found


@pytest.mark.parametrize(
    ("overrides", "line", "value"),
    [
        ({}, "ridge", 295.22),
        ({"chip": "A100 SXM 80GB"}, "ridge", 153.02),
        ({"chip": PHONE}, "ridge", 0.98),
        ({}, "prefill_intensity", 4096),
        ({}, "prefill_exact", 819.2),
        ({}, "prompt_attention", 2048),
        ({}, "alone_intensity", 1),
        ({"bytes_per_param": 1}, "alone_intensity", 2),
        ({"bytes_per_param": 0.5}, "alone_intensity", 4),
        ({}, "alone_share", 0.003387),
        ({"bytes_per_param": 0.5}, "alone_share", 0.01355),
        ({}, "batch_ridge", 295.22),
        ({"chip": PHONE, "bytes_per_param": 0.5}, "alone_share", 1),
        ({}, "compute_gap", 19780),
        ({}, "bandwidth_gap", 65.69),
        ({"arithmetic": "8 bits"}, "ridge", 590.75),
    ],
)
def test_figures_of_the_article(tmp_path: Path, overrides: dict[str, Any], line: str, value: float) -> None:
    assert results(tmp_path, **overrides)[line] == pytest.approx(value, rel=1e-3)


@pytest.mark.parametrize("batch", [1, 512])
def test_attention_of_multi_head_fp16_has_intensity_one_at_any_batch(tmp_path: Path, batch: int) -> None:
    own = {"model": "Own model", "own_kv_heads": 40, "own_head_dim": 128, "own_model_dim": 5120}
    found = results(tmp_path, **own, batch=batch)
    assert found["attention_intensity"] == found["cache_part"] == 1


def test_what_binds_on_each_chip(tmp_path: Path) -> None:
    found = results(tmp_path, bytes_per_param=0.5, batch=1)
    assert found["phone_bound"] == "compute"
    assert found["by_chip.alone_bound"] == ["memory"] * 6 + ["compute"]
    assert found["by_chip.prefill_bound"] == ["compute"] * 7
    assert found["by_chip.ridge"] == pytest.approx([295.22, 153.02, 206.04, 281.25, 246.60, 403.33, 0.98], rel=1e-3)


def computed_in_python(x: Mapping[str, Any]) -> dict[str, Any]:
    """The H100 and the article's 14B model, put to pycalc's functions and to plain arithmetic."""
    peak, bandwidth = 989e12, 3350e9
    weights = pycalc.weight_bytes(14e9, 8 * x["bytes_per_param"])
    cache = pycalc.kv_bytes(x["context"], 32, 8, 128, x["kv_value_bytes"])
    flops = 2 * 14e9 + pycalc.context_flops(32, 40, 128, x["context"])
    moved = weights + x["batch"] * cache
    intensity = x["batch"] * flops / moved
    ridge = pycalc.ridge_point(peak, bandwidth)
    seconds = pycalc.decode_seconds(
        weights, cache, bandwidth, x["batch"], x["achieved_bandwidth"], flops, peak, x["achieved_compute"]
    )
    n = x["prompt_tokens"]
    prompt = n * 2 * 14e9 + pycalc.score_flops(n, 5120, 40, 128, True) * 32 * 2
    reading = weights / bandwidth / x["achieved_bandwidth"]
    prefill = max(reading, pycalc.prefill_seconds(prompt, peak, x["achieved_compute"]))
    rent = 2.5 * x["rent_level"]
    crossing = ridge * weights / (flops - ridge * cache) if flops > ridge * cache else CellError("#N/A")
    return {
        "prefill_share": min(1, 2 * n / x["bytes_per_param"] / ridge),
        "attention_intensity": pycalc.decode_attention_intensity(x["kv_value_bytes"], 5),
        "step_intensity": intensity,
        "step_share": min(1, intensity / ridge),
        "step_bound": "memory" if intensity < ridge else "compute",
        "crossing": crossing,
        "ceiling_share": min(1, flops / cache / ridge),
        "fit_batch": pycalc.users_per_gpu(80e9, weights, cache, x["overhead_gb"] * 1e9),
        "decode_rate": x["batch"] / seconds,
        "work_hour": rent * x["batch"] * flops / peak / seconds,
        "weights_wait": max(0, weights / bandwidth - x["batch"] * flops / peak) / seconds,
        "decode_cost": pycalc.cost_per_mtok(rent, x["batch"] / seconds),
        "prefill_cost": pycalc.cost_per_mtok(rent, n / prefill),
        "cost_ratio": seconds / x["batch"] / (prefill / n),
    }


@pytest.mark.parametrize(
    "overrides",
    [
        {},
        {"scenario": "Bull"},
        {"scenario": "Bear"},
        {"batch": 600, "context": 256, "kv_value_bytes": 0.5, "prompt_tokens": 10},
        {"bytes_per_param": 1, "context": 1000, "achieved_compute": 0.02},
    ],
)
def test_key_figures_equal_pycalc(tmp_path: Path, overrides: dict[str, Any]) -> None:
    chosen = with_overrides(ROOFLINE, overrides)
    live = {row.name: row.values[SCENARIOS.index(chosen.scenario)] for row in chosen.all_inputs()}
    found = results(tmp_path, **overrides)
    for name, value in computed_in_python(live).items():
        expected = pytest.approx(value, rel=1e-12) if isinstance(value, float) else value
        assert found[name] == expected, name


def test_remedies_are_workbooks_of_their_own(tmp_path: Path) -> None:
    """Twice the batch, half the weight bytes and half the cache bytes, each typed in instead."""
    live = results(tmp_path)
    for i, overrides in ((2, {"bytes_per_param": 1}), (3, {"kv_value_bytes": 1}), (4, {"batch": 64})):
        again = results(tmp_path, **overrides)["decode_rate"]
        assert live["gain"][i] == pytest.approx(again / live["decode_rate"] - 1), overrides
    assert live["gain"][:2] == [1, 0]


def test_a_chip_that_nobody_rents_is_said_and_no_fault(tmp_path: Path) -> None:
    built = build(ROOFLINE, tmp_path / "b.xlsx", "addin", {"chip": PHONE})
    assert built.failing == ()
    found = results(tmp_path, chip=PHONE)
    assert str(found["decode_cost"]) == str(found["fit_batch"]) == "#N/A"
    assert (found["work_words"], found["held"], found["reaching"]) == ("no rent known", "an unknown batch", "One stream")


def test_a_batch_that_does_not_fit_is_said(tmp_path: Path) -> None:
    assert "The batch fits in memory" in build(ROOFLINE, tmp_path / "b.xlsx", "addin", {"batch": 94}).failing
    assert build(ROOFLINE, tmp_path / "b.xlsx", "addin", {"batch": 93}).failing == ()


FAULTS = {
    "Scenario is one of the three": ("scenario", "Best"),
    "No error but #N/A in the calculation": ("sharing", "=1/0"),
    "No error but #N/A in the remedies": ("remedy_rate", "=1/0"),
    "Model and chip are in the lists": ("chip", "H101"),
    "The batch fits in memory": ("overhead_bytes", "=60E9"),
    "No roof is higher than the peak": ("by_chip.cells", "=990"),
    "Each roof turns once, at its ridge": ("by_chip.ridge", "=400"),
    "Half the peak at half the ridge, all beyond": ("ridge", "=100"),
    "Batch to the ridge, by substitution": ("batch_ridge", "=300"),
    "With caches too": ("crossing_proof", "=0.9"),
    "The whole step lies between its weights and its caches": ("step_intensity", "=40"),
    "The batch that fits reaches no more than an endless one": ("fit_batch", "=10^9*(0-1)"),
    "INT4 decode on the phone is bound by compute": ("phone_rate", "=5E12"),
    "The hour adds up": ("step_seconds", "=0.001"),
    "No wait is negative": ("weights_wait", "=-0.1"),
    "Parts of the rent add up": ("cache_hour", "=9"),
    "The gap to the phone, put back": ("compute_gap", "=9"),
    "No remedy makes it slower": ("remedy_compute", "=1E9"),
    "No error but #N/A in by chip": ("by_chip.bandwidth", "=1/0"),
    "No error but #N/A in by context": ("by_context.cells", "=1/0"),
    "No error but #N/A in scenarios": ("scenarios.step_share", "=1/0"),
    "No error but #N/A in levers": ("levers.betters", "=1/0"),
    "The waterfall holds no error": ("hour.bases", "=1/0"),
    "Levers start from the live cost": ("decode_cost", "=0.7"),
    "Scenario strip agrees": ("scenarios.step_share", "=0.5"),
}


def test_every_check_has_a_fault() -> None:
    assert [check.label for check in ROOFLINE.checks] == list(FAULTS)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "roofline.xlsx"
    assert build(ROOFLINE, path, "inline").failing == ()
    return path


@pytest.mark.parametrize("label", FAULTS)
def test_a_fault_raises_its_flag_on_every_sheet(label: str, sound: Path, tmp_path: Path) -> None:
    assert said.silent(ROOFLINE.name, label, sound, tmp_path / "faulty.xlsx", *FAULTS[label]) == []

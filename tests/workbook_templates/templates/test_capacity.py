"""The capacity planner: the article's users, three limits recomputed in Python, checks that can fail."""

import math
from pathlib import Path
from typing import Any

import pytest
import template_values as said
import workbook_engines as engines
from openpyxl.utils.cell import coordinate_from_string

import pycalc
from workbook_templates.build import build
from workbook_templates.registry import template
from workbook_templates.render import render

CAPACITY = template("capacity")
PLACES = render(CAPACITY).places
ARTICLE = {"model": "Article 7B"}


def results(tmp_path: Path, **overrides: Any) -> dict[str, Any]:
    """The lines of Calc and Sensitivity by name."""
    path = tmp_path / "capacity.xlsx"
    build(CAPACITY, path, "addin", overrides)
    values = engines.stored(path)
    return {name: values.get((place.sheet, place.cell.replace("$", ""))) for name, place in PLACES.items()}


@pytest.mark.parametrize(
    ("context", "users", "user_hour"),
    [(4096, 277, 0.009), (32768, 34, 0.074), (131072, 8, 0.3125)],  # the article's 278 at 4K would not fit
)
def test_the_articles_users_and_what_an_hour_of_one_costs(context: int, users: int, user_hour: float, tmp_path: Path) -> None:
    unbound = {"tpot_ms": 10_000, "ttft_s": 600, "average_context": 128, "request_seconds": 86_400}
    found = results(tmp_path, context=context, **ARTICLE, **unbound)
    assert found["users_memory"] == found["users"] == users
    assert found["user_hour"] == pytest.approx(user_hour, abs=5e-4)


def test_sessions_that_just_fit_need_no_more_replicas_for_the_computer_s_rounding(tmp_path: Path) -> None:
    """700 sessions and 10 % are 770, 55 replicas of 14; in floating point they are a hair more."""
    found = results(tmp_path, scenario="Bull", weight_bits=28.7587, context=29042.9, sessions=700)
    assert 700 * (1 + 0.1) > 770
    assert (found["users"], found["replicas"]) == (14, 55)


def in_python(bits: float, sessions: float, tp: int) -> dict[str, float]:
    """The same question put to pycalc's own functions, the batch found by trying."""
    memory, bandwidth, peak = 80e9, 3350e9 * 0.5, 989e12 * 0.4
    weights = pycalc.weight_bytes(14e9, bits) / tp
    cache = pycalc.kv_bytes(32768, 32, 8, 128, 1) / tp
    read = pycalc.kv_bytes(8192, 32, 8, 128, 1) / tp
    by_memory = pycalc.users_per_gpu(memory, weights, cache, 2e9)
    batch = 0
    while pycalc.decode_seconds(weights, read, bandwidth, batch + 1, 1, 2 * 14e9 / tp, peak) <= 0.050:
        batch += 1
    flops = 1024 * (2 * 14e9 + 4 * 32 * 5120 * 8192)
    prompt = pycalc.prefill_seconds(flops, peak, 1, tp)
    load = 0.0
    while prompt * (1 + (load + 1e-5) / (2 * (1 - load - 1e-5))) <= 2:
        load += 1e-5
    by_waiting = load * 60 / prompt
    users = min(by_memory, batch, math.floor(by_waiting))
    replicas = math.ceil(sessions * 1.2 / users)
    return {
        "users_memory": by_memory,
        "users_tpot": batch,
        "users_ttft": by_waiting,
        "gpus": replicas * tp,
        "hourly": replicas * tp * 2.5,
    }


@pytest.mark.parametrize(("bits", "sessions", "tp"), [(4, 1000, 1), (8, 777, 2), (16, 50, 4)])
def test_three_limits_and_the_fleet_as_computed_in_python(bits: float, sessions: float, tp: int, tmp_path: Path) -> None:
    found = results(tmp_path, weight_bits=bits, sessions=sessions, tensor_parallel=tp)
    for name, value in in_python(bits, sessions, tp).items():
        assert found[name] == pytest.approx(value, rel=2e-3 if name == "users_ttft" else 1e-12), name


def test_what_binds_is_named(tmp_path: Path) -> None:
    assert results(tmp_path)["binding"] == "Memory"
    assert results(tmp_path, tpot_ms=7)["binding"] == "Time per token"
    assert results(tmp_path, request_seconds=1)["binding"] == "Time to first token"


def test_another_model_and_another_gpu_change_the_answer(tmp_path: Path) -> None:
    base, gpu, model = (results(tmp_path, **more) for more in ({}, {"chip": "B200 SXM"}, {"model": "Meta-Llama-3.1-8B"}))
    for name in ("users_memory", "users_tpot", "users_ttft", "gpus", "hourly"):
        assert base[name] != gpu[name], name
    assert base["users_ttft"] < model["users_ttft"]
    assert model["kv_values"] == pycalc.model_kv_bytes_per_token("Llama 3.1 8B", 8)


def test_own_figures_hold_where_the_own_row_is_picked(tmp_path: Path) -> None:
    own = {"model": "own model", "chip": "Own GPU", "own_layers": 40, "own_memory_gb": 48, "own_rent": 1.25}
    found = results(tmp_path, **own)
    assert found["kv_values"] == 2 * 40 * 8 * 128
    assert (found["gpu_bytes"], found["rent"]) == (48e9, 1.25)
    assert results(tmp_path, own_layers=40)["kv_values"] == 2 * 32 * 8 * 128


def test_a_windowed_model_reserves_no_more_than_its_windows(tmp_path: Path) -> None:
    for context in (1024, 131072):
        found = results(tmp_path, model="Gemma-3-27b-it", context=context, kv_value_bytes=2, average_context=1024)
        assert found["kv_session"] == pytest.approx(pycalc.model_kv_reserved_bytes("Gemma 3 27B", context), rel=1e-9)


FAULTS = {
    "Scenario is one of the three": ("scenario", "Best"),
    "The calculation holds no error": ("user_hour", "=1/0"),
    "Model and GPU are in the lists": ("model_row", "=NA()"),
    "Weights leave room for caches": ("kv_budget", "=0"),
    "At least one session per replica": ("users", "=0"),
    "A replica is 1, 2, 4 or 8 GPUs": ("tensor_parallel", "=3"),
    "The mean context is no longer than the 95th percentile": ("average_context", "=40000"),
    "GPUs serve the sessions planned for": ("gpus", "=36"),
    "No replica could be spared": ("gpus", "=38"),
    "Memory adds up to the GPU's": ("free_gb", "=1"),
    "Time per token is kept at the binding batch": ("step_seconds", "=0.051"),
    "Limits agree": ("users", "=32"),
    "What does not fit is #N/A and nothing else": ("unfit", "=0"),
    "Levers start from the live fleet": ("hourly", "=90"),
    "Scenario strip agrees": ("hourly", "=90"),
}
BLOCKS = [check.label for check in CAPACITY.checks if check.label.startswith("No error but #N/A in ")]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "capacity.xlsx"
    assert build(CAPACITY, path, "inline").failing == ()
    return path


def test_every_check_has_a_fault() -> None:
    assert {check.label for check in CAPACITY.checks} == {*FAULTS, *BLOCKS}


@pytest.mark.parametrize("label", FAULTS)
def test_a_fault_raises_its_flag_on_every_sheet(label: str, sound: Path, tmp_path: Path) -> None:
    assert said.silent(CAPACITY.name, label, sound, tmp_path / "faulty.xlsx", *FAULTS[label]) == []


@pytest.mark.parametrize("label", BLOCKS)
def test_an_error_other_than_missing_in_a_block_raises_its_flag(label: str, sound: Path, tmp_path: Path) -> None:
    block = label.removeprefix("No error but #N/A in ").replace(" ", "_")
    _, row = coordinate_from_string(said.at(PLACES[f"{block}.area"])[1])
    where = ("Sensitivity", f"D{row + 1}")
    assert said.silent(CAPACITY.name, label, sound, tmp_path / "faulty.xlsx", where, "=1/0") == []

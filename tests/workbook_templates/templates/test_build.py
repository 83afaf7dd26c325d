"""Making a workbook: overrides, refusals, the same bytes every time, nothing left behind by a failure."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from workbook_templates import build as building
from workbook_templates.build import build
from workbook_templates.overrides import RefusedOverrideError, with_overrides
from workbook_templates.registry import TEMPLATES, UnknownTemplateError, template, templates
from workbook_templates.spec import SCENARIOS

TOKEN_COST = template("token_cost")


def inputs(overrides: dict[str, Any]) -> dict[str, tuple[float, ...]]:
    return {row.name: row.values for row in with_overrides(TOKEN_COST, overrides).all_inputs()}


def test_an_override_takes_the_base_scenarios_place() -> None:
    assert inputs({"utilisation": "0.25", "own_layers": 40.0})["utilisation"] == (0.25, 0.6, 0.1)
    assert inputs({"own_layers": "4e1"})["own_layers"] == (40, 32, 32)


def test_an_override_follows_the_scenario_that_is_chosen() -> None:
    changed = with_overrides(TOKEN_COST, {"scenario": "bear", "gpu_rent": 3})
    assert changed.scenario == "Bear"
    assert inputs({"scenario": "Bear", "gpu_rent": 3})["gpu_rent"] == (0, 0, 3)


def test_the_source_says_that_a_value_was_set() -> None:
    changed = {row.name: row.source for row in with_overrides(TOKEN_COST, {"gpu_rent": 3}).all_inputs()}
    assert changed["gpu_rent"].startswith("[set] Base given")
    assert changed["utilisation"].startswith("[A 6.2]")


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"utilization": 0.3}, "no input is called 'utilization'; did you mean utilisation?"),
        ({"util": 0.3}, "no input is called 'util'; did you mean utilisation?"),
        ({"zzz": 1}, "no input is called 'zzz'; there are model, weight_bits"),
        ({"utilisation": 30}, "utilisation is 30; it must be a number from 0.01 to 1 (a fraction, 0.3 for 30%)"),
        ({"own_layers": 3.5}, "own_layers is 3.5; it must be a whole number from 1 to 512 layers"),
        ({"own_layers": True}, "own_layers is True, not a number"),
        ({"context": "32K"}, "context is '32K', not a number; it must be a number from 128 to 4e+06 tokens"),
        ({"context": "1_000"}, "context is '1_000', not a number"),
        ({"context": "١٢٣٤"}, "not a number"),
        ({"gpu_rent": "nan"}, "gpu_rent is 'nan', not a number"),
        ({"gpu_rent": float("nan")}, "gpu_rent is nan; it must be a number from 0 to 100 $/GPU-hour"),
        ({"gpu_rent": float("inf")}, "gpu_rent is inf; it must be"),
        ({"parameters_b": 7}, "no input is called 'parameters_b'; did you mean own_parameters_b?"),
        ({"model": "Qwen4"}, "model is 'Qwen4'; it must be one of its list, such as Qwen3-"),
        ({"scenario": "Best"}, "scenario is 'Best'; it must be one of Base, Bull, Bear"),
    ],
)
def test_a_bad_override_is_refused_in_one_line(overrides: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(RefusedOverrideError) as refusal:
        build(TOKEN_COST, tmp_path / "b.xlsx", "addin", overrides)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", ["addin", "inline"])
def test_the_same_bytes_in_another_process_and_time_zone(mode: str, tmp_path: Path) -> None:
    here, there = tmp_path / "here.xlsx", tmp_path / "there.xlsx"
    build(TOKEN_COST, here, mode)  # type: ignore[arg-type]
    program = (
        "import sys; from pathlib import Path; from workbook_templates.build import build;"
        "from workbook_templates.registry import template; build(template('token_cost'), Path(sys.argv[1]), sys.argv[2])"
    )
    surroundings = os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program, str(there), mode], check=True, env=surroundings)
    assert here.read_bytes() == there.read_bytes()


def test_all_dates_in_the_file_are_the_versions(tmp_path: Path) -> None:
    build(TOKEN_COST, tmp_path / "b.xlsx")
    with zipfile.ZipFile(tmp_path / "b.xlsx") as archive:
        assert {info.date_time[:3] for info in archive.infolist()} == {(2026, 11, 25)}
        core = archive.read("docProps/core.xml").decode()
    assert core.count("2026-11-25T00:00:00Z") == 2


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "b.xlsx"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(building, "fill_cached_values", fail)
    with pytest.raises(OSError, match="no space"):
        build(TOKEN_COST, path)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("b.xlsx", b"old")]


def test_an_old_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "b.xlsx"
    path.write_bytes(b"old")
    build(TOKEN_COST, path)
    assert openpyxl.load_workbook(path).sheetnames == list(TOKEN_COST.sheets)


def test_headlines_are_the_values_of_the_file(tmp_path: Path) -> None:
    built = build(TOKEN_COST, tmp_path / "b.xlsx")
    assert [found.name for found in built.headlines] == list(TOKEN_COST.headlines)
    first = built.headlines[0]
    assert (first.label, first.unit) == ("Blended, at utilisation", "$/Mtok")
    sheet = openpyxl.load_workbook(tmp_path / "b.xlsx", data_only=True)["Dashboard"]
    assert sheet["B5"].value == first.value == pytest.approx(0.70105001)


def test_every_listed_template_is_found_by_its_name() -> None:
    assert [found.name for found in templates()] == list(TEMPLATES)
    with pytest.raises(UnknownTemplateError, match="did you mean token_cost"):
        template("tokencost")


def test_every_scenario_can_be_live(tmp_path: Path) -> None:
    for scenario in SCENARIOS:
        assert build(TOKEN_COST, tmp_path / "b.xlsx", "inline", {"scenario": scenario}).failing == ()

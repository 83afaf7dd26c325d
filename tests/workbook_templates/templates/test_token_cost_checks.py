"""Every check of the token cost workbook can fail, and the flag of every sheet follows."""

from pathlib import Path

import pytest
import template_values as said
from openpyxl.utils.cell import coordinate_from_string

from workbook_templates.build import build
from workbook_templates.registry import template
from workbook_templates.render import render

TOKEN_COST = template("token_cost")
PLACES = render(TOKEN_COST).places

FAULTS = {
    "Scenario is one of the three": ("scenario", "Best"),
    "The calculation holds no error": ("user_hour", "=1/0"),
    "Model and GPU are in the lists": ("chip_row", "=NA()"),
    "Dimensions fit the operations": ("size_ratio", "=0.3"),
    "The article's models have its layers": ("prompt_flops", "=1.39E15"),
    "Weights fit in the GPU": ("weights", "=79E9"),
    "At least one user fits": ("users", "=0"),
    "Caches of all users fit": ("users", "=34"),
    "Quadratic share = n/(6d+n)": ("quadratic_share", "=0.5"),
    "Build-up adds up": ("build_idle", "=0"),
    "Full batch never dearer than one stream": ("stream_cost", "=0.1"),
    "Multiples of the API lead back": ("api_multiple", "=2"),
    "Levers start from the live cost": ("blended", "=0.7"),
    "Scenario strip agrees": ("blended", "=0.7"),
}
BLOCKS = [check.label for check in TOKEN_COST.checks if check.label.startswith("No error but #N/A in ")]


def test_every_check_has_a_fault() -> None:
    assert {check.label for check in TOKEN_COST.checks} == {*FAULTS, *BLOCKS}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "token_cost.xlsx"
    assert build(TOKEN_COST, path, "inline").failing == ()
    return path


@pytest.mark.parametrize("label", FAULTS)
def test_a_fault_raises_its_flag_on_every_sheet(label: str, sound: Path, tmp_path: Path) -> None:
    assert said.silent(TOKEN_COST.name, label, sound, tmp_path / "faulty.xlsx", *FAULTS[label]) == []


@pytest.mark.parametrize("label", BLOCKS)
def test_an_error_other_than_missing_in_a_block_raises_its_flag(label: str, sound: Path, tmp_path: Path) -> None:
    block = label.removeprefix("No error but #N/A in ").replace(" ", "_")
    _, row = coordinate_from_string(said.at(PLACES[f"{block}.area"])[1])
    where = ("Sensitivity", f"D{row + 1}")
    assert said.silent(TOKEN_COST.name, label, sound, tmp_path / "faulty.xlsx", where, "=1/0") == []


def test_a_model_that_does_not_fit_is_said_not_guessed(tmp_path: Path) -> None:
    built = build(TOKEN_COST, tmp_path / "b.xlsx", "addin", {"model": "Llama-3.3-70B-Instruct", "weight_bits": 16})
    assert {"Weights fit in the GPU", "At least one user fits", "The calculation holds no error"} <= set(built.failing)
    shown = {found.name: str(found.value) for found in built.headlines}
    assert shown["users"] == shown["blended"] == "#N/A"


def test_dimensions_that_are_not_the_own_models_are_found(tmp_path: Path) -> None:
    own = {"model": "Own model", "own_active_b": 70, "own_parameters_b": 70}
    assert build(TOKEN_COST, tmp_path / "b.xlsx", "addin", own).failing == ("Dimensions fit the operations",)
    assert build(TOKEN_COST, tmp_path / "b.xlsx", "addin", own | {"own_layers": 80, "own_model_dim": 8192}).failing == ()

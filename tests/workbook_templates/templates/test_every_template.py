"""What must hold of every template, in both modes and every scenario, whatever it computes.

`--random-inputs N` draws N sets of inputs for each template; a few by default.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import workbook_engines as engines
from random_inputs import random_sets

import pycalc
from pycalc.errors import CellError
from workbook_templates.build import build
from workbook_templates.headless.recalculation import fill_cached_values
from workbook_templates.overrides import with_overrides
from workbook_templates.package import workbook_bytes
from workbook_templates.registry import TEMPLATES, template
from workbook_templates.render import render
from workbook_templates.rules import check_workbook
from workbook_templates.spec import SCENARIOS

MODES = ("addin", "inline")
NAMES = tuple(TEMPLATES)
CASES = [
    pytest.param(name, mode, scenario, marks=pytest.mark.slow if mode == "inline" and scenario != SCENARIOS[0] else ())
    for name in NAMES
    for mode in MODES
    for scenario in SCENARIOS
]
"""Plain formulas in the other scenarios are held to the calls by a test of their own; `pytest -m slow` does all again."""

MISSING = CellError("#N/A")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The workbook of a template, mode and overrides, made once."""
    folder = tmp_path_factory.mktemp("templates")

    @cache
    def made(name: str, mode: str, overrides: tuple[tuple[str, Any], ...]) -> Path:
        path = folder / f"{name}_{len(list(folder.iterdir()))}.xlsx"
        build(template(name), path, mode, dict(overrides))  # type: ignore[arg-type]
        return path

    return lambda name, mode, **overrides: made(name, mode, tuple(sorted(overrides.items())))


@pytest.mark.parametrize(("name", "mode", "scenario"), CASES)
def test_the_thirty_rules_hold(files: Callable[..., Path], name: str, mode: str, scenario: str) -> None:
    report = check_workbook(files(name, mode, scenario=scenario))
    assert report.passed, report.text()


@pytest.mark.parametrize(("name", "mode", "scenario"), CASES)
def test_every_check_holds_for_the_values_it_is_delivered_with(
    files: Callable[..., Path], name: str, mode: str, scenario: str
) -> None:
    checks = engines.stored(files(name, mode, scenario=scenario))
    flags = {place: value for place, value in checks.items() if place[0] == "Checks" and place[1].startswith("D")}
    assert flags.pop(("Checks", "D4")) == 0
    assert [place for place, value in flags.items() if value != 0] == []


@pytest.mark.parametrize(("name", "mode", "scenario"), CASES)
def test_every_cell_is_the_same_in_two_engines_and_in_the_file(
    files: Callable[..., Path], name: str, mode: str, scenario: str
) -> None:
    path = files(name, mode, scenario=scenario)
    independent = engines.cellrune(path)
    assert engines.differences(engines.formualizer(path), independent) == []
    assert engines.differences(engines.stored(path), independent) == []


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("name", NAMES)
def test_calls_of_our_functions_and_plain_formulas_give_the_same(files: Callable[..., Path], name: str, scenario: str) -> None:
    calls, plain = (engines.stored(files(name, mode, scenario=scenario)) for mode in MODES)
    assert engines.differences(calls, plain) == []
    assert faults(plain) == []


def faults(values: engines.Values) -> list[str]:
    """The cells that hold nothing, or an error other than #N/A."""
    return [
        f"{'!'.join(place)}: {value!r}"
        for place, value in values.items()
        if value is None or value == "" or (isinstance(value, CellError) and value != MISSING)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_libreoffice_computes_the_plain_formulas_to_the_same(tmp_path: Path, files: Callable[..., Path], name: str) -> None:
    bare = tmp_path / "bare.xlsx"  # without stored values, which LibreOffice would believe
    bare.write_bytes(workbook_bytes(render(template(name), inline=True)))
    assert engines.differences(engines.libreoffice(bare, tmp_path), engines.stored(files(name, "inline"))) == []


@pytest.mark.parametrize("name", NAMES)
def test_no_plain_workbook_calls_our_functions(files: Callable[..., Path], name: str) -> None:
    plain, calls = (openpyxl.load_workbook(files(name, mode)) for mode in ("inline", "addin"))
    lambdas = {defined for defined in calls.defined_names if defined.isupper()}
    assert lambdas <= pycalc.FUNCTIONS.keys()
    assert set(calls.defined_names) - lambdas == set(plain.defined_names)
    texts = [cell.value for sheet in plain for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert not [text for text in texts if any(f"{function}(" in text for function in pycalc.FUNCTIONS)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", NAMES)
def test_the_same_bytes_again(name: str, mode: str, files: Callable[..., Path], tmp_path: Path) -> None:
    build(template(name), tmp_path / "again.xlsx", mode)  # type: ignore[arg-type]
    assert (tmp_path / "again.xlsx").read_bytes() == files(name, mode).read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_inputs_anywhere_inside_their_bounds(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Two engines agree, plain formulas agree with calls, no error but #N/A, and Checks says when there is one."""
    for overrides in random_sets(name, request.config.getoption("--random-inputs")):
        chosen = with_overrides(template(name), overrides)
        paths = {mode: tmp_path / f"{mode}.xlsx" for mode in MODES}
        for mode, path in paths.items():
            path.write_bytes(workbook_bytes(render(chosen, inline=mode == "inline")))
        values = engines.formualizer(paths["addin"])
        assert engines.differences(values, engines.cellrune(paths["inline"], values)) == [], overrides
        assert faults(values) == [], overrides
        missing = {place for place, value in values.items() if value == MISSING}
        if missing and values["Checks", "D4"] == 0:
            fill_cached_values(paths["addin"], paths["addin"])
            assert {finding.where for finding in check_workbook(paths["addin"]).findings} == set(), overrides

"""The token cost workbook: figures right in every engine, checks that can fail, one page that prints."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import workbook_engines as engines

import pycalc
from pycalc.errors import CellError
from workbook_templates.build import Built, build
from workbook_templates.overrides import with_overrides
from workbook_templates.package import workbook_bytes
from workbook_templates.registry import template
from workbook_templates.render import render
from workbook_templates.rules import check_workbook
from workbook_templates.spec import SCENARIOS, Template

TOKEN_COST = template("token_cost")
MODES = ("addin", "inline")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A finished workbook by mode and overrides, made once."""
    made: dict[tuple[Any, ...], Path] = {}
    folder = tmp_path_factory.mktemp("token_cost")

    def file(mode: str, **overrides: str | float) -> Path:
        key = (mode, *sorted(overrides.items()))
        if key not in made:
            made[key] = folder / f"{len(made)}.xlsx"
            build(TOKEN_COST, made[key], mode, overrides)  # type: ignore[arg-type]
        return made[key]

    return file


def results(values: engines.Values, chosen: Template = TOKEN_COST) -> dict[str, Any]:
    """The lines of the calculation by name."""
    places = render(chosen).places
    return {line.name: values["Calc", places[line.name].cell.replace("$", "")] for line in chosen.all_lines()}


def headline(built: Built, name: str) -> Any:
    return next(found.value for found in built.headlines if found.name == name)


def computed_in_python(x: dict[str, float]) -> dict[str, float]:
    """The same question put to pycalc's own functions."""
    weights = pycalc.weight_bytes(x["parameters_b"] * 1e9, x["weight_bits"])
    session = pycalc.kv_bytes(x["context"], x["layers"], x["kv_heads"], x["head_dim"], x["kv_value_bytes"])
    users = pycalc.users_per_gpu(x["gpu_memory_gb"] * 1e9, weights, session, x["overhead_gb"] * 1e9)
    bandwidth, peak = x["bandwidth_gb_s"] * 1e9, x["peak_tflops"] * 1e12
    reading = pycalc.decode_seconds(weights, session * x["cache_fill"], bandwidth, users, x["achieved_bandwidth"])
    computing = pycalc.prefill_seconds(2 * x["parameters_b"] * 1e9 * users, peak, x["achieved_compute"])
    prompt = x["layers"] * pycalc.layer_flops(x["context"], x["model_dim"])
    prefill = pycalc.prefill_seconds(prompt, peak, x["achieved_compute"])
    output = pycalc.cost_per_mtok(x["gpu_rent"], users / max(reading, computing), x["utilisation"])
    given = pycalc.cost_per_mtok(x["gpu_rent"], x["context"] / prefill, x["utilisation"])
    blended = pycalc.blended_price(given, output, x["input_parts"], x["output_parts"])
    return {
        "session_gb": session / 1e9,
        "users": users,
        "quadratic_share": pycalc.quadratic_share(x["context"], x["model_dim"]),
        "layer_flops": pycalc.layer_flops(x["context"], x["model_dim"]),
        "prefill_seconds": prefill,
        "batch_rate": users / max(reading, computing),
        "output_cost": output,
        "input_cost": given,
        "blended": blended,
        "api_multiple": blended / x["api_usd"],
    }


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("mode", MODES)
def test_every_cell_is_the_same_in_both_engines_and_in_the_file(files: Callable[..., Path], mode: str, scenario: str) -> None:
    path = files(mode, scenario=scenario)
    independent = engines.cellrune(path)
    assert len(independent) > 900
    assert engines.differences(engines.formualizer(path), independent) == []
    assert engines.differences(engines.stored(path), independent) == []


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_calls_and_plain_formulas_give_the_same(files: Callable[..., Path], scenario: str) -> None:
    calls, plain = (engines.stored(files(mode, scenario=scenario)) for mode in MODES)
    assert engines.differences(calls, plain) == []
    assert not [place for place, value in plain.items() if value is None or isinstance(value, CellError)]


def test_libreoffice_computes_the_plain_formulas_to_the_same(tmp_path: Path, files: Callable[..., Path]) -> None:
    bare = tmp_path / "bare.xlsx"  # without stored values, which LibreOffice would believe
    bare.write_bytes(workbook_bytes(render(TOKEN_COST, inline=True)))
    assert engines.differences(engines.libreoffice(bare, tmp_path), engines.stored(files("inline"))) == []


@pytest.mark.parametrize(
    "overrides",
    [
        {},
        {"scenario": "Bull"},
        {"scenario": "Bear"},
        {"context": 1000.5, "kv_heads": 1, "parameters_b": 7, "achieved_compute": 0.2},  # bound by compute
        {"gpu_memory_gb": 192, "bandwidth_gb_s": 5300, "peak_tflops": 1307, "context": 131072, "kv_value_bytes": 2},
    ],
)
def test_key_figures_equal_pycalc(files: Callable[..., Path], overrides: dict[str, Any]) -> None:
    chosen = with_overrides(TOKEN_COST, overrides)
    live = {row.name: row.values[SCENARIOS.index(chosen.scenario)] for row in chosen.all_inputs()}
    found = results(engines.stored(files("addin", **overrides)))
    for name, value in computed_in_python(live).items():
        assert found[name] == pytest.approx(value, rel=1e-12), name


FULL = {"utilisation": 1, "cache_fill": 1}


@pytest.mark.parametrize(
    ("overrides", "line", "value"),
    [
        (FULL, "users", 33),
        (FULL, "output_cost_full", 0.978),
        (FULL | {"context": 4096}, "users", 264),
        (FULL | {"context": 4096}, "output_cost_full", 0.122),
        ({}, "output_cost_full", 0.622),
        (FULL, "stream_rate", 183.11),  # half of the article's ceiling, 366.22 tokens/s
        ({"context": 4096, "model_dim": 2048, "layers": 16}, "quadratic_share", 0.25),
        ({"parameters_b": 7, "context": 4096}, "users", 277),  # the article's 278 would not fit
        ({"parameters_b": 7}, "users", 34),
        ({"parameters_b": 7, "context": 131072}, "user_hour", 0.3125),
    ],
)
def test_figures_of_the_article(files: Callable[..., Path], overrides: dict[str, Any], line: str, value: float) -> None:
    assert results(engines.stored(files("addin", **overrides)))[line] == pytest.approx(value, rel=1e-3, abs=5e-4)


def test_one_stream_at_the_articles_speed_costs_what_it_should_have_printed(tmp_path: Path) -> None:
    """185 tokens/s, 2.50 USD: 3.754 USD per million, a thousand times the article's 0.0038."""
    share = 0.5 * 185 / 183.11046670919396
    built = build(TOKEN_COST, tmp_path / "b.xlsx", "addin", FULL | {"achieved_bandwidth": share})
    assert headline(built, "stream_rate") == pytest.approx(185)
    values = results(engines.stored(tmp_path / "b.xlsx"))
    assert values["stream_cost"] == pytest.approx(3.754, abs=5e-4)


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("mode", MODES)
def test_all_thirty_rules_hold(files: Callable[..., Path], mode: str, scenario: str) -> None:
    report = check_workbook(files(mode, scenario=scenario))
    assert report.findings == ()


def test_no_plain_workbook_calls_our_functions(files: Callable[..., Path]) -> None:
    plain, calls = (openpyxl.load_workbook(files(mode)) for mode in ("inline", "addin"))
    lambdas = {name for name in calls.defined_names if name.isupper()}
    assert {"LAYER_FLOPS", "KV_BYTES", "USERS_PER_GPU", "COST_PER_MTOK"} <= lambdas <= pycalc.FUNCTIONS.keys()
    assert set(calls.defined_names) - lambdas == set(plain.defined_names)
    texts = [cell.value for sheet in plain for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert not [text for text in texts if any(f"{name}(" in text for name in pycalc.FUNCTIONS)]


def test_the_grids_agree_with_the_calculation(files: Callable[..., Path]) -> None:
    values = engines.stored(files("addin"))
    places, live = render(TOKEN_COST).places, results(values)
    at_32k = places["by_context.blended_full"].cells()[3]
    assert values["Sensitivity", at_32k.cell.replace("$", "")] == pytest.approx(live["blended_full"])
    top_left = places["by_context.cells"].cells()[0].cell.replace("$", "")
    four_k = places["by_context.blended_full"].cells()[0].cell.replace("$", "")
    assert values["Sensitivity", top_left] == pytest.approx(values["Sensitivity", four_k] / 0.05)


def ranking(values: engines.Values) -> list[tuple[Any, ...]]:
    places = render(TOKEN_COST).places
    first, last = (int(part.rpartition("$")[2]) for part in places["levers.tops"].cell.split(":"))
    return [tuple(values["Sensitivity", f"{letter}{row}"] for letter in "BDEF") for row in range(first, last + 1)]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_levers_are_sorted_by_their_swing(files: Callable[..., Path], scenario: str) -> None:
    rows = ranking(engines.stored(files("addin", scenario=scenario)))
    assert len({row[0] for row in rows}) == len(rows) == 8
    assert [row[3] for row in rows] == sorted((row[3] for row in rows), reverse=True)
    assert all(row[1] <= 0 <= row[2] for row in rows)


def test_the_strongest_lever_swings_as_two_other_workbooks_say(files: Callable[..., Path]) -> None:
    live, bull, bear = (
        results(engines.stored(files("addin", **more)))["blended"] for more in ({}, {"utilisation": 0.6}, {"utilisation": 0.1})
    )
    assert ranking(engines.stored(files("addin")))[0] == pytest.approx(
        ("Utilisation", bull - live, bear - live, bear - bull), abs=2e-6
    )


def test_levers_of_equal_swing_keep_a_row_each(tmp_path: Path) -> None:
    """Half the utilisation and twice the rent cost the same, but for the last bit."""
    values = {"utilisation": (0.3, 0.3, 0.15), "gpu_rent": (2.5, 2.5, 5.0)}
    sections = tuple(
        replace(s, rows=tuple(replace(r, values=values.get(r.name, r.values)) for r in s.rows)) for s in TOKEN_COST.inputs
    )
    build(replace(TOKEN_COST, inputs=sections), tmp_path / "b.xlsx")
    rows = ranking(engines.cellrune(tmp_path / "b.xlsx"))
    tied = [row for row in rows if row[0] in ("Utilisation", "Rent")]
    assert len(tied) == 2
    assert tied[0][3] == tied[1][3]


def test_a_lever_that_does_not_fit_leaves_the_others_standing(files: Callable[..., Path]) -> None:
    """32B at 4 bits fits on 24 GB, at its Bear value of 8 bits it does not."""
    values = engines.stored(files("addin", parameters_b=32, gpu_memory_gb=24))
    rows = {row[0]: row[1:] for row in ranking(values)}
    assert rows["Weight precision"] == (0, 0, 0)
    assert rows["Utilisation"][2] > 0

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
from workbook_templates.pickers import ARTICLE_MODELS
from workbook_templates.registry import template
from workbook_templates.render import render
from workbook_templates.rules import check_workbook
from workbook_templates.spec import SCENARIOS, Template
from workbook_templates.token_cost.inputs import MODELS

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


ARTICLE = {"parameters": 14e9, "layers": 32, "kv_heads": 8, "head_dim": 128, "model_dim": 5120}
H100 = {"memory": 80e9, "bandwidth": 3350e9, "peak": 989e12, "rent": 2.5}
OWN_7B = {"model": "Own model", "own_parameters_b": 7, "own_active_b": 7}


def computed_in_python(x: dict[str, float], model: dict[str, float], gpu: dict[str, float]) -> dict[str, float]:
    """The same question put to pycalc's own functions: a dense model with full attention on one GPU."""
    rent = x["gpu_rent"] or gpu["rent"] * x["rent_level"]
    weights = pycalc.weight_bytes(model["parameters"], x["weight_bits"])
    session = pycalc.kv_bytes(x["context"], model["layers"], model["kv_heads"], model["head_dim"], x["kv_value_bytes"])
    users = pycalc.users_per_gpu(gpu["memory"], weights, session, x["overhead_gb"] * 1e9)
    reading = pycalc.decode_seconds(weights, session * x["cache_fill"], gpu["bandwidth"], users, x["achieved_bandwidth"])
    computing = pycalc.prefill_seconds(2 * model["parameters"] * users, gpu["peak"], x["achieved_compute"])
    pairs = 4 * model["layers"] * model["model_dim"] * x["context"] ** 2
    prompt = model.get("linear", 0) * x["context"] + pairs
    if "linear" not in model:
        prompt = model["layers"] * pycalc.layer_flops(x["context"], model["model_dim"])
    prefill = pycalc.prefill_seconds(prompt, gpu["peak"], x["achieved_compute"])
    output = pycalc.cost_per_mtok(rent, users / max(reading, computing), x["utilisation"])
    given = pycalc.cost_per_mtok(rent, x["context"] / prefill, x["utilisation"])
    blended = pycalc.blended_price(given, output, x["input_parts"], x["output_parts"])
    return {
        "session_gb": session / 1e9,
        "users": users,
        "quadratic_share": pairs / prompt,
        "layer_flops": pycalc.layer_flops(x["context"], model["model_dim"]),
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


OWN_GPU = {"own_memory_gb": 192, "own_bandwidth_gb_s": 5300, "own_peak_tflops": 1307, "own_rent": 1.75, "chip": "Own GPU"}


@pytest.mark.parametrize(
    ("overrides", "model", "gpu"),
    [
        ({}, ARTICLE, H100),
        ({"scenario": "Bull"}, ARTICLE, H100),
        ({"scenario": "Bear"}, ARTICLE, H100),
        ({"scenario": "Bear", "gpu_rent": 3}, ARTICLE, H100),
        (
            OWN_7B | {"context": 1000.5, "own_kv_heads": 1, "achieved_compute": 0.2},  # bound by compute
            ARTICLE | {"parameters": 7e9, "kv_heads": 1, "linear": 14e9},
            H100,
        ),
        (
            OWN_GPU | {"context": 131072, "kv_value_bytes": 2, "model": "Article 7B"},
            ARTICLE | {"parameters": 7e9, "model_dim": 4096},
            {"memory": 192e9, "bandwidth": 5300e9, "peak": 1307e12, "rent": 1.75},
        ),
    ],
)
def test_key_figures_equal_pycalc(
    files: Callable[..., Path], overrides: dict[str, Any], model: dict[str, float], gpu: dict[str, float]
) -> None:
    chosen = with_overrides(TOKEN_COST, overrides)
    live = {row.name: row.values[SCENARIOS.index(chosen.scenario)] for row in chosen.all_inputs()}
    found = results(engines.stored(files("addin", **overrides)))
    for name, value in computed_in_python(live, model, gpu).items():  # type: ignore[arg-type]
        assert found[name] == pytest.approx(value, rel=1e-12), name


@pytest.mark.parametrize(
    ("model", "pycalc_name"),
    [
        ("Meta-Llama-3.1-8B", "Llama 3.1 8B"),
        ("Qwen3-30B-A3B", "Qwen3-30B-A3B"),  # experts; heads together wider than d
        ("Gemma-3-27b-it", "Gemma 3 27B"),  # windows in five of six layers
        ("Kimi-K2-Instruct", "Kimi-K2-Instruct"),  # latent attention
        ("Qwen3-Next-80B-A3B", "Qwen3-Next-80B-A3B"),  # recurrent layers
    ],
)
@pytest.mark.parametrize("context", [512, 32768])
def test_a_listed_models_prompt_is_what_its_architecture_computes(
    files: Callable[..., Path], model: str, pycalc_name: str, context: int
) -> None:
    """A masked prompt of pycalc's: all linear work, and half of the pairs that the workbook counts."""
    found = results(engines.stored(files("addin", model=model, context=context, chip="B300 SXM", weight_bits=1)))
    masked = context * found["linear_flops"] + found["quadratic_flops"] / 2
    assert masked == pytest.approx(pycalc.model_flops(pycalc_name, context, part="layers"), rel=2e-4)
    session = pycalc.model_sequence_bytes(pycalc_name, context, 8)
    assert found["session"] == pytest.approx(session, rel=2e-3)
    active = pycalc.model_parameters(pycalc_name, True)
    assert found["compute_seconds"] == pytest.approx(found["batch"] * 2 * active / (found["peak_flops"] * 0.4))


def test_every_listed_model_has_a_prompt_that_its_architecture_computes() -> None:
    """Chunks of Llama 4 are counted as windows, which misses up to 5 %; all others are right."""
    for row in MODELS.catalogue.rows[len(ARTICLE_MODELS) :]:
        figure = dict(zip((column.name for column in MODELS.catalogue.columns), row.figures, strict=True))
        for tokens in (512, 8192, 131072):
            reach = min(tokens, figure["window_tokens"])
            pairs = figure["prompt_pair_flops"] * tokens**2
            pairs += figure["prompt_window_flops"] * reach * (2 * tokens - reach)
            exact = pycalc.model_flops(row.name, tokens, part="layers")
            near = 0.05 if "Llama-4" in row.name else 3e-4
            assert figure["linear_flops"] * tokens + pairs / 2 == pytest.approx(exact, rel=near), row.name
        assert figure["layers"] == pycalc.model_spec(row.name, "layers")


@pytest.mark.parametrize(("model", "dim"), [("Article 7B", 4096), ("Article 14B", 5120)])
@pytest.mark.parametrize("context", [4096, 131072])
def test_the_articles_models_have_the_articles_share(files: Callable[..., Path], model: str, dim: int, context: int) -> None:
    found = results(engines.stored(files("addin", model=model, context=context)))
    assert found["quadratic_share"] == pytest.approx(context / (6 * dim + context), rel=1e-12)
    assert found["share_dim"] == pytest.approx(dim)
    assert found["prompt_flops"] == pytest.approx(32 * pycalc.layer_flops(context, dim))


def test_another_model_and_another_gpu_change_the_answer(files: Callable[..., Path]) -> None:
    base, gpu, model = (
        results(engines.stored(files("addin", **more))) for more in ({}, {"chip": "B200 SXM"}, {"model": "Qwen3-14B"})
    )
    for name in ("users", "prefill_seconds", "stream_rate", "batch_rate", "output_cost", "input_cost", "blended"):
        assert base[name] != gpu[name], name
        assert base[name] != model[name], name


def test_a_mixture_of_experts_reads_what_its_tokens_use(files: Callable[..., Path]) -> None:
    """One token calls up its own experts; many together at most all, so that a full batch pays for all of them."""
    more = {"model": "Mixtral-8x7B-v0.1", "chip": "B300 SXM"}
    found = results(engines.stored(files("addin", **more)))
    active, stored = (pycalc.model_parameters("Mixtral 8x7B", flag) for flag in (True, False))
    alone = pycalc.decode_seconds(active / 2, found["mean_cache"], found["bandwidth"], 1, 0.5)
    assert found["stream_rate"] == pytest.approx(1 / alone)
    assert found["weights_read"] == stored / 2
    few = results(engines.stored(files("addin", **more, context=2_400_000)))
    assert 1 <= few["batch"] < 4
    assert few["weights_read"] == pytest.approx(min(stored, few["batch"] * active) / 2)


def test_an_agreed_rent_stands_in_every_scenario(files: Callable[..., Path]) -> None:
    for scenario, level in (("Base", 1), ("Bear", 1.6)):
        assert results(engines.stored(files("addin", scenario=scenario)))["rent"] == 2.5 * level
        assert results(engines.stored(files("addin", scenario=scenario, gpu_rent=3)))["rent"] == 3


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
        ({"model": "Article 7B", "context": 24576}, "quadratic_share", 0.5),  # n = 6d
        ({"model": "Article 7B", "context": 4096}, "users", 277),  # the article's 278 would not fit
        ({"model": "Article 7B"}, "users", 34),
        (OWN_7B | {"context": 131072}, "user_hour", 0.3125),
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
    assert {"LAYER_FLOPS", "KV_BUDGET", "USERS_PER_GPU", "COST_PER_MTOK"} <= lambdas <= pycalc.FUNCTIONS.keys()
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
    values = {"utilisation": (0.3, 0.3, 0.15), "rent_level": (1, 1, 2)}
    sections = tuple(
        replace(s, rows=tuple(replace(r, values=values.get(r.name, r.values)) for r in s.rows)) for s in TOKEN_COST.inputs
    )
    build(replace(TOKEN_COST, inputs=sections), tmp_path / "b.xlsx")
    rows = ranking(engines.cellrune(tmp_path / "b.xlsx"))
    tied = [row for row in rows if row[0] in ("Utilisation", "Rent against the catalogue")]
    assert len(tied) == 2
    assert tied[0][3] == tied[1][3]


def test_a_lever_that_does_not_fit_leaves_the_others_standing(files: Callable[..., Path]) -> None:
    """32B at 4 bits fits on 24 GB, at its Bear value of 8 bits it does not."""
    values = engines.stored(files("addin", model="Qwen3-32B", chip="RTX 4090", context=8192))
    rows = {row[0]: row[1:] for row in ranking(values)}
    assert rows["Weight precision"] == (0, 0, 0)
    assert rows["Utilisation"][2] > 0

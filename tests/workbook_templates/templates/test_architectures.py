"""The architectures workbook: published sizes and the article's ratios, a recomputation in Python, a fault for every check."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import template_values as said
import workbook_engines as engines

import pycalc
from workbook_templates.architectures.inputs import DESIGNS
from workbook_templates.build import build
from workbook_templates.overrides import with_overrides
from workbook_templates.registry import template
from workbook_templates.render import render
from workbook_templates.spec import SCENARIOS

ARCHITECTURES = template("architectures")
PLACES = render(ARCHITECTURES).places
NAMES = DESIGNS.values


def results(folder: Path, **overrides: Any) -> Mapping[str, Any]:
    """Every place by its name: a value, or those of a row."""
    build(ARCHITECTURES, folder / "b.xlsx", "addin", overrides)
    values = engines.stored(folder / "b.xlsx")
    found: dict[str, Any] = {}
    for name, place in PLACES.items():
        if ":" not in place.cell:
            found[name] = values.get((place.sheet, place.cell.replace("$", "")))
        elif len({part.rpartition("$")[2] for part in place.cell.split(":")}) == 1:
            found[name] = [values.get((place.sheet, at.cell.replace("$", ""))) for at in place.cells()]
    return found


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    return results(tmp_path_factory.mktemp("base"))


def by_design(found: Mapping[str, Any], line: str) -> dict[str, Any]:
    return dict(zip(NAMES, found[f"by_design.{line}"], strict=True))


def test_cache_per_token_of_the_article(base: Mapping[str, Any]) -> None:
    """16,384 bytes with 8 heads, 6,144 with 6 of 16 layers (5.3), four times as much without grouping (1.8)."""
    assert by_design(base, "kv_token") == {
        "MHA": 65536,
        "GQA": 16384,
        "MQA": 2048,
        "MLA": 16 * 576,
        "Sliding": 3 * 1024,
        "Hybrid": 6144,
        "MoE": 16384,
        "SSM": 0,
    }


def test_sizes_are_those_of_published_models(base: Mapping[str, Any]) -> None:
    """GQA is Llama 3.2 1B but for its norms; the hybrid keeps what LFM2 1.2B keeps."""
    total = by_design(base, "total_parameters")
    assert total["GQA"] == pytest.approx(pycalc.model_parameters("Llama-3.2-1B"), rel=1e-4)
    assert by_design(base, "kv_token")["GQA"] == pycalc.model_kv_bytes_per_token("Llama-3.2-1B", 8)
    assert by_design(base, "kv_token")["Hybrid"] == pycalc.model_kv_bytes_per_token("LFM2-1.2B", 8)
    assert by_design(base, "state_bytes")["Hybrid"] == pycalc.model_state_bytes("LFM2-1.2B")


def test_latent_parameters_are_those_of_deepseek(tmp_path: Path) -> None:
    """V3's latent attention without query compression: W_Q, W_DKV with W_KR, W_UK with W_UV, W_O."""
    shape = {"model_dim": 7168, "heads": 128, "head_dim": 128}
    found = results(tmp_path, **shape, design="MLA")
    matrices = 7168 * 128 * (128 + 64) + 7168 * (512 + 64) + 512 * 128 * (128 + 128) + 128 * 128 * 7168
    assert found["latent_up"] + found["latent_down"] == 16 * matrices


def test_the_cache_at_each_context(base: Mapping[str, Any]) -> None:
    at_32k = by_design(base, "cache")
    assert at_32k["GQA"] == 16384 * 32768
    assert at_32k["Hybrid"] == 6144 * 32768 + pycalc.hybrid_state_bytes(10, 32, 64, 3)
    assert at_32k["Sliding"] == pycalc.window_kv_bytes(32768, 4096, 3, 13, 8, 64, 1)
    assert at_32k["MLA"] == pycalc.mla_kv_bytes(32768, 16, 512, 64, 1)
    assert at_32k["SSM"] == pycalc.hybrid_state_bytes(16, 64, 64, 128, 2, 13056)


def test_which_of_the_two_numbers_each_design_moves(base: Mapping[str, Any]) -> None:
    """A batch reads nearly all of MoE's experts (2.6); a recurrence of 6d² is a tenth of the model more than MHA's 4d²."""
    caches, weights = by_design(base, "moves_cache"), by_design(base, "moves_weights")
    assert caches == {name: "same" if name == "MHA" else "fewer" for name in NAMES}
    assert {name for name in NAMES if weights[name] == "more"} == {"MoE", "SSM"}
    assert by_design(base, "weights_ratio")["SSM"] < 1.11 < 4 < by_design(base, "weights_ratio")["MoE"]
    assert by_design(base, "active_weights")["MoE"] < 1.01 * by_design(base, "active_weights")["GQA"]
    assert by_design(base, "phone_fits") == {name: "too large" if name == "MoE" else "fits" for name in NAMES}


def test_scores_of_the_extremes(base: Mapping[str, Any]) -> None:
    assert by_design(base, "score_quadratic") == pytest.approx(
        {"MHA": 0, "GQA": 0, "MQA": 0, "MLA": 0, "Sliding": 13 / 16, "Hybrid": 10 / 16, "MoE": 0, "SSM": 1}
    )
    assert by_design(base, "score_cache")["MHA"] == by_design(base, "score_bytes")["MHA"] == 0
    assert by_design(base, "score_kernels")["SSM"] == 0
    assert by_design(base, "score_quality")["MHA"] == 0.5
    assert base["best_score"] == max(by_design(base, "score").values())
    assert by_design(base, "score")[base["best_design"]] == base["best_score"]
    assert by_design(base, "decode_cost")[base["cheapest_design"]] == base["cheapest"]


def computed_in_python(x: Mapping[str, Any], experts: int, active: int, expert_ffn: float) -> dict[str, float]:
    """GQA, dense or with experts, on an H100, put to pycalc's functions."""
    d, h, dk, n = x["model_dim"], x["heads"], x["head_dim"], x["context"]
    attention = 16 * (2 * d * h * dk + 2 * d * 8 * dk)
    expert = 16 * 3 * d * expert_ffn
    router = 16 * d * experts if experts > 1 else 0
    shared = attention + router + x["vocabulary"] * d
    total, used = shared + experts * expert, shared + active * expert
    weights, step_weights, one = (pycalc.weight_bytes(count, x["weight_bits"]) for count in (total, used, expert))
    cache = pycalc.kv_bytes(n, 16, 8, dk, x["kv_value_bytes"])
    flops = 2 * used + pycalc.context_flops(16, h, dk, n)
    users = pycalc.users_per_gpu(80e9, weights, cache, x["overhead_gb"] * 1e9)
    batch = min(users, x["batch_limit"])
    read = weights - (experts - pycalc.moe_experts_touched(experts, active, batch)) * one
    rate = pycalc.tokens_per_second(read, cache, 3350e9, batch, x["achieved_bandwidth"], flops, 989e12, x["achieved_compute"])
    return {
        "total_parameters": total,
        "active_parameters": used,
        "step_bytes": step_weights + cache,
        "token_flops": flops,
        "users": users,
        "read_bytes": read,
        "decode_rate": rate,
        "decode_cost": pycalc.cost_per_mtok(2.5 * x["rent_level"], rate, x["utilisation"]),
        "phone_rate": pycalc.tokens_per_second(
            step_weights, cache, x["phone_gb_s"] * 1e9, 1, 1, flops, x["phone_gflops"] * 1e9
        ),
        "quadratic_share": 1 / (1 + 2 * used * n / (2 * 16 * pycalc.score_flops(n, d, h, dk))),
    }


@pytest.mark.parametrize(("design", "experts"), [("GQA", (1, 1, 8192)), ("MoE", (32, 4, 2048))])
@pytest.mark.parametrize("overrides", [{}, {"scenario": "Bull"}, {"scenario": "Bear"}, {"context": 1000, "vocabulary": 0}])
def test_key_figures_equal_pycalc(tmp_path: Path, design: str, experts: Any, overrides: dict[str, Any]) -> None:
    chosen = with_overrides(ARCHITECTURES, overrides)
    live = {row.name: row.values[SCENARIOS.index(chosen.scenario)] for row in chosen.all_inputs()}
    found = results(tmp_path, **overrides, design=design)
    for name, value in computed_in_python(live, *experts).items():
        assert found[name] == pytest.approx(value, rel=1e-12), name


def test_the_dense_share_is_the_articles_where_its_layer_holds(tmp_path: Path) -> None:
    """24nd² + 4n²d: an MLP of 16nd² is a gated one of 8d/3; quadratic share n/(6d + n) (2.7)."""
    found = results(tmp_path, design="MHA", vocabulary=0, model_dim=6144, heads=32, head_dim=192, context=4096)
    layer = 8 * 6144**2 + 6 * 6144 * 8192
    assert 3 * 8192 == 4 * 6144
    assert found["quadratic_share"] == pytest.approx(4 * 4096 * 6144 / (layer + 4 * 4096 * 6144))


FAULTS = {
    "Scenario is one of the three": ("scenario", "Best"),
    "The calculation holds no error": ("score_bytes", "=1/0"),
    "Design and GPU are in the lists": ("design", "RNN"),
    "All designs are equally deep": ("by_design.layers", "=15"),
    "No more key-value heads than query heads": ("d_kv", 64),
    "The first design is multi-head attention": ("d_kv", 16),
    "No token passes more experts than there are": ("d_active", 2),
    "Active parameters are no more than all": ("by_design.active_parameters", "=1E12"),
    "The weights of the demands make 100%": ("demand_cache", "=0.3"),
    "At least one session fits": ("users", "=0"),
    "Cache by two routes": ("latent_cache", "=1E9"),
    "MHA's cache is the reference's": ("by_design.cache", "=1E9"),
    "MHA's bytes are the reference's": ("by_design.step_bytes", "=1E9"),
    "GQA keeps g/h of MHA's cache": ("grouped_token", "=16000"),
    "The hybrid keeps the share of its layers that attend": ("hybrid_token", "=6000"),
    "Windows are flat above the window": ("window_growth", "=2"),
    "No score outside 0 to 100": ("by_design.score", "=101"),
    "The table agrees with the calculation": ("score", "=80"),
    "No error but #N/A in by design": ("by_design.layers", "=1/0"),
    "No error but #N/A in by cost": ("by_cost.cells", "=1/0"),
    "No error but #N/A in scenarios": ("scenarios.score", "=1/0"),
    "No error but #N/A in levers": ("levers.betters", "=1/0"),
    "Levers start from the live cost": ("decode_cost", "=0.2"),
    "Scenario strip agrees": ("decode_cost", "=0.2"),
}


def test_every_check_has_a_fault() -> None:
    assert [check.label for check in ARCHITECTURES.checks] == list(FAULTS)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "architectures.xlsx"
    assert build(ARCHITECTURES, path, "inline").failing == ()
    return path


@pytest.mark.parametrize("label", FAULTS)
def test_a_fault_raises_its_flag_on_every_sheet(label: str, sound: Path, tmp_path: Path) -> None:
    assert said.silent(ARCHITECTURES.name, label, sound, tmp_path / "faulty.xlsx", *FAULTS[label]) == []

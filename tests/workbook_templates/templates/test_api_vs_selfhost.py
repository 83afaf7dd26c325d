"""The self-hosting workbook: the article's break-evens, every figure against pycalc, checks that can fail."""

import math
from pathlib import Path
from typing import Any

import pytest
import template_values as said

import pycalc
from pycalc.catalog.prices import prices
from pycalc.errors import CellError, NeverError
from workbook_templates.build import build
from workbook_templates.registry import template
from workbook_templates.spec import SCENARIOS

NAME = "api_vs_selfhost"
NA = CellError("#N/A")
ARTICLE = {
    "eval_usd": 0,
    "compliance_usd": 0,
    "running_usd": 0,
    "input_parts": 0,
    "chip": "Own GPU",
    "own_peak_tflops": 50_000,
}
"""Staff and GPUs alone, every token generated, computing left out: 5,679 tokens/s on an H100's bandwidth."""


@pytest.mark.parametrize(
    ("overrides", "line", "value"),
    [
        ({}, "staff", 157_500),
        (ARTICLE, "output_rate", 5679),
        (ARTICLE, "marginal", 0.408),
        (ARTICLE | {"api": "[A] Haiku"}, "break_even", 187e9),
        (ARTICLE | {"api": "[A] GPT-4o-mini"}, "break_even", 819e9),
        (ARTICLE | {"utilisation": 1}, "marginal", 0.122),
        (ARTICLE | {"chip": "H100 SXM"}, "marginal", 0.535),  # with the time of computing, which the article leaves out
    ],
)
def test_figures_of_the_article(tmp_path: Path, overrides: dict[str, Any], line: str, value: float) -> None:
    assert said.lines(NAME, tmp_path / "b.xlsx", **overrides)[line] == pytest.approx(value, rel=3e-3)


def test_against_flash_lite_it_never_pays(tmp_path: Path) -> None:
    found = said.lines(NAME, tmp_path / "b.xlsx", **ARTICLE, api="[A] Flash-Lite")
    assert (found["break_even"], found["even_figure"]) == (NA, "never")


@pytest.mark.parametrize("position", [0, 0.5, 1])
@pytest.mark.parametrize("tier", ["Minimal", "Moderate", "Core"])
def test_staff_is_the_tiers(tmp_path: Path, tier: str, position: float) -> None:
    found = said.lines(NAME, tmp_path / "b.xlsx", tier=tier, position=position)
    assert found["staff"] == pycalc.staff_cost(tier.lower(), position)


def computed_in_python(x: dict[str, Any], price: tuple[float, float]) -> dict[str, Any]:
    """The article's 14B on an H100, put to pycalc and to plain arithmetic."""
    weights = pycalc.weight_bytes(14e9, x["weight_bits"])
    session = pycalc.kv_bytes(x["context"], 32, 8, 128, x["kv_value_bytes"])
    users = pycalc.users_per_gpu(80e9, weights, session, x["overhead_gb"] * 1e9)
    output_rate = users / pycalc.decode_seconds(
        weights, session * x["cache_fill"], 3350e9, users, x["achieved_bandwidth"], 28e9, 989e12, x["achieved_compute"]
    )
    parts = x["input_parts"] + x["output_parts"]
    prompt = x["context"] * x["input_parts"] / parts
    input_rate = 989e12 * x["achieved_compute"] / (28e9 + 4 * 32 * 5120 * prompt / 2)
    rent = 2.5 * x["rent_level"]
    tokens = x["monthly_b"] * 12e9
    hours = pycalc.pool_hours(tokens * x["input_parts"] / parts, input_rate, tokens * x["output_parts"] / parts, output_rate)
    gpus = max(x["min_gpus"], math.ceil(hours / 8760 / x["utilisation"]))
    blended = pycalc.blended_price(*price, x["input_parts"], x["output_parts"]) * (1 - x["api_discount"])
    care = x["eval_usd"] + x["compliance_usd"]
    staff = pycalc.staff_cost(x["tier"].lower(), x["position"])
    tco = pycalc.self_host_tco(staff, gpus, rent, False, care + tokens * x["running_usd"] / 1e6)
    api = blended * tokens / 1e6 + care * x["shared_share"]
    fixed = staff + care * (1 - x["shared_share"])
    marginal = hours * rent / x["utilisation"] / tokens * 1e6 + x["running_usd"]
    fleet = x["min_gpus"] * rent * 8760
    capacity = tokens * x["min_gpus"] * 8760 * x["utilisation"] / hours
    even = pycalc.break_even_tokens(fixed + fleet, x["running_usd"], blended)
    if even > capacity:
        try:
            even = pycalc.break_even_tokens(fixed, marginal, blended)
        except NeverError:
            even = NA
    flows = cash_by_month(x, tokens, blended, rent, hours, care, staff)
    running = [sum(flows[: i + 1]) for i in range(36)]
    return {
        "output_rate": output_rate,
        "input_rate": input_rate,
        "gpus": gpus,
        "api_total": api,
        "tco": tco,
        "saving": api - tco,
        "marginal": marginal,
        "break_even": even,
        "cash": sum(flows),
        "npv": sum(flow / (1 + x["discount"]) ** ((i + 1) / 12) for i, flow in enumerate(flows)),
        "deepest": -min(running),
        "payback": sum(cash < 0 for cash in running) + 1 if running[-1] >= 0 else NA,
    }


def cash_by_month(
    x: dict[str, Any], tokens: float, blended: float, rent: float, hours: float, care: float, staff: float
) -> list[float]:
    """What moving brings in each of the months, month by month."""
    flows = []
    for month in range(36):
        years = month / 12
        grown = (1 + x["growth"]) ** years
        bill = tokens / 12 * grown * blended * (1 - x["api_fall"]) ** years / 1e6 + care * x["shared_share"] / 12
        gpus = max(x["min_gpus"], math.ceil(hours * grown / 8760 / x["utilisation"]))
        host = (
            (staff + care) / 12
            + gpus * rent * (1 - x["rent_fall"]) ** years * 730
            + tokens / 12 * grown * x["running_usd"] / 1e6
        )
        flows.append(bill * (month >= x["migration_months"]) - host - x["migration_usd"] * (month == 0))
    return flows


@pytest.mark.parametrize(
    "overrides",
    [
        *({"scenario": scenario} for scenario in SCENARIOS),
        {"monthly_b": 150, "growth": 1.5, "api_fall": 0.1, "migration_months": 5},
        {"monthly_b": 3, "api": "Sonnet 4.5", "min_gpus": 4},  # equal within the starting fleet
    ],
)
def test_key_figures_equal_pycalc(tmp_path: Path, overrides: dict[str, Any]) -> None:
    found, x = said.lines(NAME, tmp_path / "b.xlsx", **overrides), said.inputs(NAME, overrides)
    full = {
        "Claude 3 Haiku": "anthropic/claude-3-haiku",
        "Haiku 4.5": "anthropic/claude-haiku-4-5",
        "Flash-Lite 2.5": "google/gemini-2.5-flash-lite",
        "Sonnet 4.5": "anthropic/claude-sonnet-4-5",
    }
    asked = prices().find(full[x["api"]])
    assert asked.input_usd_per_mtok is not None
    assert asked.output_usd_per_mtok is not None
    for name, value in computed_in_python(x, (asked.input_usd_per_mtok, asked.output_usd_per_mtok)).items():
        assert found[name] == (value if isinstance(value, CellError) else pytest.approx(value, rel=1e-9)), name


@pytest.mark.parametrize("overrides", [{}, {"rent_in_tier": "Yes"}, {"api": "Sonnet 4.5"}])
def test_the_saving_turns_at_the_break_even(tmp_path: Path, overrides: dict[str, Any]) -> None:
    """The break-even of one workbook, put into others as their volume; whole GPUs cost up to one more."""
    even = said.lines(NAME, tmp_path / "b.xlsx", **overrides)["break_even_b"]
    for share, sign in ((0.99, -1), (1.01, 1)):
        there = said.lines(NAME, tmp_path / "b.xlsx", **overrides, monthly_b=even * share)
        assert there["smooth_saving"] * sign > 0
        assert there["smooth_saving"] - there["gpu_year"] <= there["saving"] <= there["smooth_saving"]


def test_an_offer_at_the_price_of_equality_leaves_nothing(tmp_path: Path) -> None:
    price = said.lines(NAME, tmp_path / "b.xlsx")["price_even"]
    offer = {"api": "Own price", "own_input_usd": price, "own_output_usd": price}
    assert said.lines(NAME, tmp_path / "b.xlsx", **offer)["saving"] == pytest.approx(0, abs=1e-6)


def test_a_tier_that_holds_the_fleet_saves_its_rent(tmp_path: Path) -> None:
    apart, held = (said.lines(NAME, tmp_path / "b.xlsx", rent_in_tier=held)["tco"] for held in ("No", "Yes"))
    assert apart - held == pytest.approx(2 * 2.5 * 8760)


def test_break_evens_by_tier_are_those_of_three_workbooks(tmp_path: Path) -> None:
    evens = [said.lines(NAME, tmp_path / "b.xlsx", tier=tier)["break_even_b"] for tier in ("Minimal", "Moderate", "Core")]
    said.lines(NAME, tmp_path / "b.xlsx")
    assert said.row(NAME, tmp_path / "b.xlsx", "tier_even") == pytest.approx(evens)


def test_a_model_that_does_not_fit_is_said(tmp_path: Path) -> None:
    built = build(template(NAME), tmp_path / "b.xlsx", "addin", {"model": "DeepSeek-V3"})
    assert {"Both costs are numbers", "At least one session fits a GPU"} <= set(built.failing)
    assert "No error but #N/A in the calculation" not in built.failing


FAULTS: dict[str, tuple[str, str | float]] = {
    "Scenario is one of the three": ("scenario", "Best"),
    "Both costs are numbers": ("staff", "=NA()"),
    "No error but #N/A in the calculation": ("npv", "=1/0"),
    "No error but #N/A tier by tier": ("tier_even", "=1/0"),
    "The months hold no error": ("rent_m", "=1/0"),
    "API, model and GPU are in the lists": ("api", "GPT-9"),
    "Volume is positive": ("tokens_year", "=0"),
    "At least one session fits a GPU": ("users", "=0"),
    "Bill = blended price x volume": ("api_bill", "=1"),
    "Lines of the hosting cost add up": ("rent_bill", "=0"),
    "Waterfall ends at the hosting cost": ("k_busy", "=0"),
    "GPUs do the work": ("gpus", "=1"),
    "Low end of each tier is below its high end": ("tier_low", 999_000_000),
    "Staff is that of the tier picked": ("staff", "=1"),
    "Break-even is missing only where there is none": ("break_even", "=NA()"),
    "Costs are equal at the break-even": ("break_even", "=83E9"),
    "Break-even and saving agree": ("above", "=0"),
    "Both are paid while migrating": ("switched", "=1"),
    "Cash adds up": ("cumulative", "=0"),
    "First month is a twelfth of the year": ("standing", "=0"),
    "No error but #N/A in by volume": ("by_volume.tco", "=1/0"),
    "No error but #N/A in by api": ("by_api.saving", "=1/0"),
    "No error but #N/A in scenarios": ("scenarios.saving", "=1/0"),
    "Levers start from the live saving": ("saving", "=1"),
    "The cheaper one is named": ("cheaper", "API"),
    "Never is said where it never comes": ("even_figure", "never"),
    "Hosting per token and over the API, put back": ("self_mtok", "=1"),
    "Scenario strip agrees": ("saving", "=1"),
}


def test_every_check_has_a_fault() -> None:
    assert [check.label for check in template(NAME).checks] == list(FAULTS)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Bull scenario, in which hosting pays."""
    path = tmp_path_factory.mktemp("sound") / "api_vs_selfhost.xlsx"
    assert build(template(NAME), path, "inline", {"scenario": "Bull"}).failing == ()
    return path


@pytest.mark.parametrize("label", FAULTS)
def test_a_fault_raises_its_flag_on_every_sheet(label: str, sound: Path, tmp_path: Path) -> None:
    assert said.silent(NAME, label, sound, tmp_path / "faulty.xlsx", *FAULTS[label]) == []

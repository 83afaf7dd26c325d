"""The margin workbook: the article's revenue, an independent recomputation, and a fault for every check."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import template_values as said
import workbook_engines as engines

import pycalc
from pycalc.errors import CellError
from workbook_templates import style
from workbook_templates.build import build
from workbook_templates.overrides import with_overrides
from workbook_templates.registry import template
from workbook_templates.render import render
from workbook_templates.spec import SCENARIOS

GPU_MARGIN = template("gpu_margin")
PLACES = render(GPU_MARGIN).places
NEVER = CellError("#N/A")

FULL_CACHES = {"cache_fill": 1, "input_parts": 4095, "output_parts": 1, "cache_hit": 1, "cached_price": 0}
"""A step that reads 4,096 tokens of each session, prompts that cost neither time nor money: the article's case."""


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, Any]]:
    """The calculation's lines by name, as another engine computes them."""
    folder = tmp_path_factory.mktemp("gpu_margin")

    def compute(**overrides: str | float) -> dict[str, Any]:
        path = folder / f"{len(list(folder.iterdir()))}.xlsx"
        build(GPU_MARGIN, path, "addin", overrides)
        values = engines.cellrune(path)
        return {line.name: values["Calc", PLACES[line.name].cell.replace("$", "")] for line in GPU_MARGIN.all_lines()}

    return compute


def test_the_articles_revenue_is_less_than_the_rent(computed: Callable[..., dict[str, Any]]) -> None:
    """14B, 4K, 5,679 tokens/s, 30 %, 0.40 USD per million: 2.45 USD an hour, which 2.50 USD rent."""
    found = computed(**FULL_CACHES)
    assert found["users"] == 264
    assert found["out_rate"] == pytest.approx(5679, abs=0.5)
    assert found["list_revenue"] == pytest.approx(2.4533, abs=5e-4)
    assert found["rent"] == 2.5
    assert found["list_revenue"] == pytest.approx(
        pycalc.revenue_per_gpu_hour(4096, 65536, 80e9, 7e9, 3350e9, 0.4, 2e9, 0.5, 0.3), rel=1e-12
    )


def test_with_nothing_given_away_it_breaks_even_at_the_rent_over_the_revenue(computed: Callable[..., dict[str, Any]]) -> None:
    nothing = dict.fromkeys(("free_share", "discount", "payment_fees", "support_share", "staff_year"), 0)
    found = computed(**FULL_CACHES, **nothing)
    assert found["even_use"] == pytest.approx(pycalc.break_even_utilisation(2.5, found["out_rate"], 0.4), rel=1e-12)
    assert found["even_use"] == pytest.approx(0.3057, abs=1e-4)
    assert computed(**FULL_CACHES, **nothing, utilisation=found["even_use"])["margin"] == pytest.approx(0, abs=1e-9)


def test_electricity_of_the_board_alone(computed: Callable[..., dict[str, Any]]) -> None:
    """0.7 kW, PUE 1.3, 0.08 USD per kWh."""
    assert computed(server_watts=0)["power_hour"] == pytest.approx(0.0728, rel=1e-12)


def computed_in_python(x: dict[str, Any]) -> dict[str, float]:
    """The same question put to pycalc, for the article's 14B model on an H100."""
    kv, parameters, pair = 2 * 32 * 8 * 128 * x["kv_value_bytes"], 14e9, 4 * 32 * 5120
    weights = pycalc.weight_bytes(parameters, x["weight_bits"])
    users = pycalc.users_per_gpu(80e9, weights, kv * x["context"], x["overhead_gb"] * 1e9)
    tokens = x["context"] * x["cache_fill"]
    answer = tokens * x["output_parts"] / (x["input_parts"] + x["output_parts"])
    prompt, hit = tokens - answer, x["cache_hit"]
    work = 2 * parameters * prompt * (1 - hit) + pair * (prompt**2 - (hit * prompt) ** 2) / 2
    prefill = pycalc.prefill_seconds(work, 989e12, x["achieved_compute"])
    read = kv * pycalc.mean_context(prompt, answer)
    reading = pycalc.decode_seconds(weights, read, 3350e9, users, x["achieved_bandwidth"])
    computing = pycalc.prefill_seconds(2 * parameters * users, 989e12, x["achieved_compute"])
    rate = pycalc.batched_tokens_per_second(users, max(reading, computing), prefill, answer)
    sold = rate * 3600 * x["utilisation"]
    inputs = sold * prompt / answer
    worth = pycalc.api_cost(inputs * (1 - hit), sold, x["price_in"], x["price_out"])
    worth += pycalc.api_cost(inputs * hit, 0, x["price_in"] * x["cached_price"], 0)
    revenue = worth * (1 - x["free_share"]) * (1 - x["discount"])
    capex, watts = x["gpu_price"] * (1 + x["server_share"]), 700 + x["server_watts"]
    site = x["colocation"] * 12 * watts / 1000
    owned, full = (
        pycalc.owned_gpu_hour(
            capex, watts, rate, x["life_years"], capex * x["residual_share"], x["usd_kwh"], x["site_pue"], site
        )
        for rate in (0, x["capital_rate"])
    )
    gpu = owned if x["supply"] == "Owned" else 2.5 * x["rent_level"]
    cost = revenue * (x["payment_fees"] + x["support_share"]) + gpu + x["staff_year"] / x["fleet_gpus"] / 8760
    return {
        "users": users,
        "out_rate": rate,
        "list_revenue": worth,
        "revenue": revenue,
        "owned_hour": owned,
        "full_hour": full,
        "cogs": cost,
        "margin": revenue - cost,
        "margin_share": pycalc.gross_margin(revenue, cost),
        "margin_year": (revenue - cost) * 8760,
        "user_margin": (revenue - cost) / (sold / answer) * x["user_requests"] / (1 - x["free_share"]),
    }


@pytest.mark.parametrize(
    "overrides",
    [
        {},
        {"scenario": "Bull"},
        {"scenario": "Bear"},
        {"supply": "Owned", "capital_rate": 0.2, "life_years": 5, "residual_share": 0.25},
        {"cache_hit": 0.5, "cached_price": 0.1, "input_parts": 10, "context": 32768},
        {"achieved_compute": 0.1, "context": 1024},  # bound by compute
    ],
)
def test_key_figures_equal_pycalc(computed: Callable[..., dict[str, Any]], overrides: dict[str, Any]) -> None:
    chosen = with_overrides(GPU_MARGIN, overrides)
    live = {row.name: row.values[SCENARIOS.index(chosen.scenario)] for row in chosen.all_inputs()}
    found = computed(**overrides)
    for name, value in computed_in_python(live).items():
        assert found[name] == pytest.approx(value, rel=1e-11), name


@pytest.mark.parametrize(("name", "figure"), [("utilisation", "needed_use"), ("price_out", "even_out")])
def test_break_even_put_back_leaves_no_margin(computed: Callable[..., dict[str, Any]], name: str, figure: str) -> None:
    """With input free, so that the price of output alone is the price of the mix."""
    value = computed(price_in=0)[figure]
    assert computed(price_in=0, **{name: value})["margin"] == pytest.approx(0, abs=1e-9)


def test_the_target_price_leaves_the_margin_aimed_at(computed: Callable[..., dict[str, Any]]) -> None:
    found = computed()
    rise = 1 + found["target_rise"]
    assert computed(price_in=0.1 * rise, price_out=0.4 * rise)["margin_share"] == pytest.approx(0.6, rel=1e-9)


def test_what_never_happens_is_said_not_guessed(computed: Callable[..., dict[str, Any]]) -> None:
    found = computed(price_in=0.001, price_out=0.001, rent_level=0.1)
    assert found["even_use"] == found["owned_payback"] == found["rent_payback"] == NEVER
    assert found["needed_use"] > 1
    assert found["even_word"] == "at no use"


def test_a_model_that_does_not_fit(tmp_path: Path) -> None:
    built = build(GPU_MARGIN, tmp_path / "b.xlsx", "addin", {"chip": "RTX 4090", "model": "Meta-Llama-3.1-70B"})
    assert {"Weights fit in the GPU", "At least one session fits"} <= set(built.failing)
    assert {str(found.value) for found in built.headlines if found.name in ("margin", "revenue")} == {"#N/A"}


FAULTS = {
    "Scenario is one of the three": ("scenario", "Best"),
    "GPU is rented or owned": ("supply", "Leased"),
    "Weights fit in the GPU": ("weights", "=79E9"),
    "At least one session fits": ("users", "=0"),
    "Caches of all sessions fit": ("users", "=300"),
    "Revenue bridge closes": ("discount_loss", "=0"),
    "Margin bridge closes": ("margin", "=1"),
    "Per cent and dollars agree": ("margin_share", "=0.5"),
    "Break-even utilisation leaves no margin": ("needed_use", "=0.4"),
    "Break-even is #N/A beyond all hours, else a number": ("even_use", "=NA()"),
    "Break-even price leaves no margin": ("even_price", "=0.2"),
    "Target price leaves the margin aimed at": ("target_price", "=0.3"),
    "Paybacks are #N/A only where never": ("rent_payback", "=NA()"),
    "Cash cost is the year's bill": ("power_hour", "=0.2"),
    "Users pay the revenue": ("active_users", "=1"),
    "Requests write the year's tokens": ("month_requests", "=1000"),
    "Users leave the margin": ("user_margin", "=1"),
    "No error but #N/A in the calculation": ("fleet_year", "=1/0"),
    "No error but #N/A in steps": ("steps.area", "=1/0"),
    "No error but #N/A in by use": ("by_use.margin", "=1/0"),
    "No error but #N/A in by price": ("by_price.cells", "=1/0"),
    "No error but #N/A in by context": ("by_context.cells", "=1/0"),
    "No error but #N/A in by chip": ("by_chip.margin", "=1/0"),
    "No error but #N/A in scenarios": ("scenarios.margin_year", "=1/0"),
    "No error but #N/A in levers": ("levers.betters", "=1/0"),
    "Levers start from the live margin": ("margin", "=1"),
    "Scenario strip agrees": ("margin", "=1"),
}


def test_every_check_has_a_fault() -> None:
    assert [check.label for check in GPU_MARGIN.checks] == list(FAULTS)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "gpu_margin.xlsx"
    assert build(GPU_MARGIN, path, "inline").failing == ()
    return path


@pytest.mark.parametrize("label", FAULTS)
def test_a_fault_raises_its_flag_on_every_sheet(label: str, sound: Path, tmp_path: Path) -> None:
    assert said.silent(GPU_MARGIN.name, label, sound, tmp_path / "faulty.xlsx", *FAULTS[label]) == []


def test_a_loss_is_drawn_in_the_colour_of_a_loss(sound: Path) -> None:
    """Of the waterfall's totals, revenue stands above zero and the margin below it."""
    waterfall = openpyxl.load_workbook(sound)["Dashboard"]._charts[0]
    above, below = ({point.idx: point.spPr.solidFill.srgbClr for point in waterfall.series[part].dPt} for part in (1, 3))
    assert (above[4], below[9]) == (style.TEAL, style.CORAL)

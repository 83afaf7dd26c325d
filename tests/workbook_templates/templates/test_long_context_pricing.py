"""The pricing workbook: the article's seats, an independent recomputation, and a fault for every check."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import template_values as said
import workbook_engines as engines

import pycalc
from pycalc.errors import CellError
from workbook_templates.build import build
from workbook_templates.long_context_pricing.inputs import TIERS
from workbook_templates.overrides import with_overrides
from workbook_templates.registry import template
from workbook_templates.render import render
from workbook_templates.spec import SCENARIOS

PRICING = template("long_context_pricing")
PLACES = render(PRICING).places
NEVER = CellError("#N/A")
Computed = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory) -> Computed:
    """The calculation's lines by name, as another engine computes them; a list of four where they are by tier."""
    folder = tmp_path_factory.mktemp("long_context_pricing")

    def compute(**overrides: str | float) -> dict[str, Any]:
        path = folder / f"{len(list(folder.iterdir()))}.xlsx"
        build(PRICING, path, "addin", overrides)
        return lines(engines.cellrune(path))

    return compute


def lines(values: engines.Values) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for line in PRICING.all_lines():
        place = PLACES[line.name]
        cells = [values[cell.sheet, cell.cell.replace("$", "")] for cell in place.cells()]
        found[line.name] = cells if place.by_column else cells[0]
    return found


def test_seats_and_their_cost_are_the_articles(computed: Computed) -> None:
    """278 (277 that fit), 34 and 8 users; 0.009, 0.074, 0.31 USD an hour; 35 times at 128K."""
    found = computed()
    assert found["seats"][:3] == [277, 34, 8]
    assert found["seat_hour"][:3] == pytest.approx([0.009, 0.074, 0.3125], abs=5e-4)
    assert round(found["seat_multiple"][2]) == 35
    assert found["session"][0] == pycalc.kv_bytes(4096, 32, 8, 128, 1)


def by_tier(x: dict[str, Any]) -> Iterator[dict[str, float]]:
    """The same question put to pycalc, for the article's 7B model on an H100."""
    kv, parameters, pair = 2 * 32 * 8 * 128 * x["kv_value_bytes"], 7e9, 4 * 32 * 4096
    rent = 2.5 * x["rent_level"]
    weights = pycalc.weight_bytes(parameters, x["weight_bits"])
    for tokens, listed in zip(x["tier_tokens"], x["list_usd"], strict=True):
        seats = pycalc.users_per_gpu(80e9, weights, kv * tokens, x["overhead_gb"] * 1e9)
        prompt, hit = tokens * x["prompt_share"], x["cache_hit"]
        work = 2 * parameters * prompt * (1 - hit) + pair * (prompt**2 - (hit * prompt) ** 2) / 2
        seconds = pycalc.prefill_seconds(work, 989e12, x["achieved_compute"])
        seat = pycalc.user_hour_cost(rent, seats) * x["session_minutes"] / 60
        floor = (seat + rent * seconds / 3600) / x["utilisation"]
        read = kv * pycalc.mean_context(prompt, x["answer_tokens"])
        reading = pycalc.decode_seconds(weights, read, 3350e9, seats, x["achieved_bandwidth"])
        computing = pycalc.prefill_seconds(2 * parameters * seats, 989e12, x["achieved_compute"])
        yield {
            "seats": seats,
            "seat_cost": seat,
            "first_token": seconds,
            "floor": floor,
            "target_price": pycalc.price_for_margin(floor, x["target_margin"]),
            "margin_share": pycalc.gross_margin(listed * x["price_level"], floor),
            "token_price": (prompt * x["api_in"] + x["answer_tokens"] * x["api_out"]) / 1e6,
            "answer_seconds": x["answer_tokens"] * max(reading, computing),
            "revenue": listed * x["price_level"],
            "gpus": floor / rent / 730,
        }


@pytest.mark.parametrize(
    "overrides",
    [
        {},
        {"scenario": "Bull", "focus_tier": "32K"},
        {"scenario": "Bear", "focus_tier": "4K"},
        {"cache_hit": 0.6, "prompt_share": 0.5, "session_minutes": 30, "focus_tier": "1M"},
        {"utilisation": 0.75, "rent_level": 0.5, "target_margin": 0.3, "price_level": 2},
    ],
)
def test_key_figures_equal_pycalc(computed: Computed, overrides: dict[str, Any]) -> None:
    chosen = with_overrides(PRICING, overrides)
    live: dict[str, Any] = {row.name: row.values[SCENARIOS.index(chosen.scenario)] for row in chosen.all_inputs()}
    live |= {row.name: row.values for row in chosen.case_inputs()}
    found, tiers = computed(**overrides), list(by_tier(live))
    for name in ("seats", "seat_cost", "first_token", "floor", "target_price", "margin_share", "token_price", "answer_seconds"):
        assert found[name] == pytest.approx([tier[name] for tier in tiers], rel=1e-11), name
    looked_at = tiers[TIERS.values.index(live["focus_tier"])]
    assert found["at_floor"] == pytest.approx(looked_at["floor"], rel=1e-11)
    assert found["at_margin"] == pytest.approx(looked_at["margin_share"], rel=1e-11)
    sold = [live["sessions_month"] * share for share in live["mix_share"]]
    revenue = sum(n * tier["revenue"] for n, tier in zip(sold, tiers, strict=True))
    cost = sum(n * tier["floor"] for n, tier in zip(sold, tiers, strict=True))
    assert found["mix_margin"] == pytest.approx(1 - cost / revenue, rel=1e-10)
    assert found["mix_gpus"] == pytest.approx(sum(n * tier["gpus"] for n, tier in zip(sold, tiers, strict=True)), rel=1e-10)
    assert found["losing"] == sum(tier["revenue"] < tier["floor"] for tier in tiers)


def test_the_list_pays_at_the_utilisation_that_it_needs(computed: Computed) -> None:
    needed = computed()["utilisation_needed"][2]
    assert computed(utilisation=needed)["at_margin"] == pytest.approx(0, abs=1e-12)


def test_an_input_price_that_reaches_the_margin(computed: Computed) -> None:
    """Sold by tokens at that input price, a session brings the price aimed at."""
    found = computed()
    price = found["input_price"][2]
    assert computed(api_in=price)["token_price"][2] == pytest.approx(found["target_price"][2], rel=1e-12)


def test_prefill_is_a_tenth_at_128k_and_a_third_at_a_million(computed: Computed) -> None:
    """The article has no cost in computation; its attention grows with the square and catches up."""
    parts = [computed(focus_tier=tier)["prefill_part"] for tier in ("4K", "128K", "1M")]
    assert parts == pytest.approx([0.045, 0.105, 0.390], abs=0.005)


def test_a_tier_that_does_not_fit_is_said_not_guessed(tmp_path: Path) -> None:
    built = build(PRICING, tmp_path / "b.xlsx", "addin", {"kv_value_bytes": 2})
    assert "A session of every tier fits" in built.failing
    found = lines(engines.stored(tmp_path / "b.xlsx"))
    assert found["seats"] == [138, 17, 4, 0]
    assert found["floor"][3] == found["mix_margin"] == NEVER
    assert found["at_floor"] > 0


FAULTS = {
    "Scenario is one of the three": ("scenario", "Best"),
    "Weights fit in the replica": ("weights_rank", "=79E9"),
    "A session of every tier fits": ("seats", "=0"),
    "GPUs per replica are 1, 2, 4 or 8": ("tensor_parallel", 3),
    "Tiers ascend": ("tier_tokens", 32_768),
    "Mix sums to 100%": ("mix_share", 0.6),
    "Sessions by tier add up": ("sold", "=1"),
    "Prompt and answers fit the shortest tier": ("answer_tokens", 2000),
    "Answers are written within the session": ("session_minutes", 0.5),
    "Tiers below their floor are flagged": ("verdict", "below the floor"),
    "The target price leaves the margin aimed at": ("target_price", "=1"),
    "The tier looked at agrees with its column": ("at_floor", "=1"),
    "The month's margin closes": ("profit", "=1"),
    "Fleet and cost agree": ("mix_gpus", "=1"),
    "Per cent and dollars agree": ("mix_margin", "=0.1"),
    "The prompt's part makes the prompt's cost": ("prefill_part", "=0.9"),
    "What an API's price covers of the floor, put back": ("at_cover", "=1"),
    "No error but #N/A in the calculation": ("at_multiple", "=1/0"),
    "No error but #N/A by tier": ("list_multiple", "=1/0"),
    "No error but #N/A in by margin": ("by_margin.cells", "=1/0"),
    "No error but #N/A in by hit": ("by_hit.cells", "=1/0"),
    "No error but #N/A in by use": ("by_use.cells", "=1/0"),
    "No error but #N/A in by tokens": ("by_tokens.at_floor", "=1/0"),
    "No error but #N/A in steps": ("steps.area", "=1/0"),
    "No error but #N/A in scenarios": ("scenarios.mix_margin", "=1/0"),
    "No error but #N/A in levers": ("levers.betters", "=1/0"),
    "Levers start from the live floor": ("at_floor", "=1"),
    "Scenario strip agrees": ("mix_revenue", "=1"),
}


def test_every_check_has_a_fault() -> None:
    assert [check.label for check in PRICING.checks] == list(FAULTS)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "long_context_pricing.xlsx"
    assert build(PRICING, path, "inline").failing == ()
    return path


@pytest.mark.parametrize("label", FAULTS)
def test_a_fault_raises_its_flag_on_every_sheet(label: str, sound: Path, tmp_path: Path) -> None:
    assert said.silent(PRICING.name, label, sound, tmp_path / "faulty.xlsx", *FAULTS[label]) == []

"""The edge workbook: the article's crossings, both thresholds against pycalc, checks that can fail."""

from pathlib import Path
from typing import Any

import pytest
import template_values as said

import pycalc
from pycalc.errors import CellError, NeverError
from pycalc.models import architecture
from workbook_templates.build import build
from workbook_templates.registry import template
from workbook_templates.spec import SCENARIOS

NAME = "edge_vs_cloud"
ARTICLE = {"able_share": 1, "fallback": 0, "updates_year": 0, "platforms": 0}
"""Every phone can, nothing is sent on, the licence is the only cost."""
MILLION = {"platforms": 1, "platform_usd": 1e6 - 100e6 * 0.3 / 36}
"""What the article's $1.0M holds besides the licences."""
NA = CellError("#N/A")


@pytest.mark.parametrize(
    ("overrides", "line", "value"),
    [
        ({}, "cloud_all", 1.125e6),
        ({"requests": 100}, "cloud_all", 2.25e6),
        ({"requests": 500}, "cloud_all", 11.25e6),
        (ARTICLE, "edge_total", 833_333.33),
        (ARTICLE, "cross_requests", 37.037),
        (ARTICLE, "article_requests", 37.037),
        (ARTICLE | MILLION, "edge_total", 1e6),
        (ARTICLE | MILLION, "cross_requests", 44.444),
        (ARTICLE | MILLION, "cross_users", 57_142_857),  # $166,667 over $0.011250 - $0.008333 a user
        (ARTICLE | MILLION | {"requests": 500}, "edge_multiple", 11.25),  # the article's 11x
        (ARTICLE, "cross_users", 0),  # without a fixed cost any number of users does
        ({}, "day_tokens", 41_062_500),
        ({}, "day_mtok", 0.0073059),
        ({}, "life_tokens", 1.35e6),
        ({}, "life_mtok", 0.22222),
    ],
)
def test_figures_of_the_article(tmp_path: Path, overrides: dict[str, Any], line: str, value: float) -> None:
    assert said.lines(NAME, tmp_path / "b.xlsx", **overrides)[line] == pytest.approx(value, rel=1e-4)


def computed_in_python(x: dict[str, Any]) -> dict[str, Any]:
    """The same question put to pycalc and to plain arithmetic."""
    model = architecture(x["model"])
    active = model.parameters().active
    weights = model.parameters().total * x["weight_bits"] / 8
    cache = model.kv_bytes(x["context"], 8 * x["kv_value_bytes"]) + model.state_bytes()
    rate = pycalc.tokens_per_second(
        weights * active / model.parameters().total,
        cache,
        x["phone_gb_s"] * 1e9,
        1,
        x["phone_efficiency"],
        2 * active,
        x["phone_tflops"] * 1e12,
    )
    prompt = x["tokens_per_request"] * (1 - x["answer_share"])
    seconds = pycalc.prefill_seconds(prompt * 2 * active, x["phone_tflops"] * 1e12) + (x["tokens_per_request"] - prompt) / rate
    joules = x["device_watts"] * seconds
    phone = joules / 3.6e6 * (x["power_usd"] + x["wear_usd"]) / x["tokens_per_request"] * 1e6
    counted = phone * x["user_share"]
    users, able = x["mau_m"] * 1e6, x["mau_m"] * 1e6 * x["able_share"]
    requests = x["requests"] * (1 + x["use_growth"]) ** x["years_ahead"]
    price = x["api_usd"] * (1 - x["api_fall"]) ** x["years_ahead"]
    kept = x["tokens_per_request"] * (1 - x["fallback"])
    device = x["licence_usd"] / x["licence_months"] + x["update_usd"] * x["updates_year"] / 12
    fixed = x["platforms"] * x["platform_usd"]
    all_tokens, moved = users * requests * x["tokens_per_request"], able * requests * kept
    cloud = all_tokens * price / 1e6
    edge = able * device + fixed + (all_tokens - moved) * price / 1e6 + moved * counted / 1e6
    found = {
        "answer_rate": rate,
        "request_seconds": seconds,
        "phone_mtok": phone,
        "cloud_all": cloud,
        "edge_total": edge,
        "saving": cloud - edge,
        "price_even": (able * device + fixed) / moved * 1e6 + counted,
        "cross_requests": pycalc.edge_crossover_requests(device, kept, price - counted, fixed, able),
    }
    try:
        found["cross_users"] = pycalc.edge_crossover(fixed, device, requests, kept, price - counted) / x["able_share"]
    except NeverError:
        found["cross_users"] = NA
    return found


@pytest.mark.parametrize(
    "overrides",
    [
        *({"scenario": scenario} for scenario in SCENARIOS),
        {"requests": 500, "years_ahead": 2, "user_share": 0.5},
        {"model": "LFM2-1.2B", "context": 32768, "mau_m": 3, "requests": 900},
    ],
)
def test_key_figures_equal_pycalc(tmp_path: Path, overrides: dict[str, Any]) -> None:
    found = said.lines(NAME, tmp_path / "b.xlsx", **overrides)
    for name, value in computed_in_python(said.inputs(NAME, overrides)).items():
        # the snapshot keeps parameters and states with fewer digits than the model has
        assert found[name] == (value if isinstance(value, CellError) else pytest.approx(value, rel=1e-6)), name


def test_at_each_threshold_the_saving_turns(tmp_path: Path) -> None:
    """The thresholds of one workbook, put into others as inputs."""
    crossing = said.lines(NAME, tmp_path / "b.xlsx")["cross_requests"]
    for requests, sign in ((crossing * 0.999, -1), (crossing * 1.001, 1)):
        assert said.lines(NAME, tmp_path / "b.xlsx", requests=requests)["saving"] * sign > 0
    many = {"requests": 300.0}
    users = said.lines(NAME, tmp_path / "b.xlsx", **many)["cross_users"] / 1e6
    for mau, sign in ((users * 0.999, -1), (users * 1.001, 1)):
        assert said.lines(NAME, tmp_path / "b.xlsx", mau_m=mau, **many)["saving"] * sign > 0


def test_a_licence_and_a_price_at_their_limit_leave_nothing(tmp_path: Path) -> None:
    use = {"requests": 300}
    found = said.lines(NAME, tmp_path / "b.xlsx", **use)
    assert found["licence_even"] > 0
    for limit in ({"licence_usd": found["licence_even"]}, {"api_usd": found["price_even"]}):
        assert said.lines(NAME, tmp_path / "b.xlsx", **use, **limit)["saving"] == pytest.approx(0, abs=1e-3)


def test_no_threshold_is_said_and_declared(tmp_path: Path) -> None:
    """Where the battery costs the user more than the cloud asks, and that counts, the device never wins."""
    overrides = {"user_share": 1, "wear_usd": 20}
    built = build(template(NAME), tmp_path / "b.xlsx", "addin", overrides)
    assert built.failing == ()
    found = said.lines(NAME, tmp_path / "b.xlsx", **overrides)
    assert (found["cross_requests"], found["cross_users"], found["payback"]) == (NA, NA, NA)
    assert (found["requests_figure"], found["users_figure"], found["requests_words"]) == ("none", "none", "never")


def test_the_map_of_winners_turns_where_the_threshold_says(tmp_path: Path) -> None:
    said.lines(NAME, tmp_path / "b.xlsx")
    requests = said.row(NAME, tmp_path / "b.xlsx", "by_requests.requests_then")
    cheaper = said.row(NAME, tmp_path / "b.xlsx", "by_requests.cheaper")
    assert cheaper == ["Device" if value > 127.572 else "Cloud" for value in requests]


FAULTS: dict[str, tuple[str, str | float]] = {
    "Scenario is one of the three": ("scenario", "Best"),
    "Both bills are numbers": ("cloud_kept", "=NA()"),
    "No error but #N/A in the calculation": ("day_tokens", "=1/0"),
    "Threshold of requests is missing only where there is none": ("cross_requests", "=NA()"),
    "Threshold of users is missing only where there is none": ("cross_users", "=NA()"),
    "Payback is missing only where nothing is saved": ("payback", "=NA()"),
    "Bills are equal at the threshold of requests": ("cross_requests", "=9.1"),
    "Bills are equal at the threshold of users": ("cross_users", "=3E6"),
    "Thresholds and saving agree": ("above", "=0"),
    "Gain per user adds up to the saving": ("user_gain", "=1"),
    "Waterfall ends at the bill with devices": ("m_updates", "=0"),
    "Tokens of a device's life, two routes": ("life_tokens", "=1350000"),
    "The article's cost per token from its own days": ("day_mtok", "=0.0073"),
    "Model and cache fit the device": ("fits", '="no"'),
    "The device wins in C where it saves, and nowhere else": ("winners.cells", '="Device"'),
    "No error but #N/A in by requests": ("by_requests.saving", "=1/0"),
    "No error but #N/A in by mau": ("by_mau.cross_requests", "=1/0"),
    "No error but #N/A in by licence": ("by_licence.cells", "=1/0"),
    "No error but #N/A in by year": ("by_year.saving", "=1/0"),
    "No error but #N/A in scenarios": ("scenarios.saving", "=1/0"),
    "Levers start from the live saving": ("saving", "=1"),
    "None is said where there is none": ("users_figure", "none"),
    "No licence is named where none pays": ("licence_figure", "none"),
    "Nothing is saved where the phone costs more": ("saved_mtok", "=NA()"),
    "A user's bill, put back": ("cloud_user", "=1"),
    "Scenario strip agrees": ("saving", "=1"),
}


def test_every_check_has_a_fault() -> None:
    assert [check.label for check in template(NAME).checks] == list(FAULTS)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Bull scenario, in which both thresholds exist."""
    path = tmp_path_factory.mktemp("sound") / "edge_vs_cloud.xlsx"
    assert build(template(NAME), path, "inline", {"scenario": "Bull"}).failing == ()
    return path


@pytest.mark.parametrize("label", FAULTS)
def test_a_fault_raises_its_flag_on_every_sheet(label: str, sound: Path, tmp_path: Path) -> None:
    assert said.silent(NAME, label, sound, tmp_path / "faulty.xlsx", *FAULTS[label]) == []

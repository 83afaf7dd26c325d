"""The fleet's value: sixty months recomputed in plain Python, corkscrews, IRR, and checks that can fail."""

from pathlib import Path
from typing import Any

import pytest
import template_values as said
import workbook_engines as engines

import pycalc
from workbook_templates.build import build
from workbook_templates.overrides import with_overrides
from workbook_templates.registry import template
from workbook_templates.render import render
from workbook_templates.spec import SCENARIOS, Input

FLEET = template("fleet_npv")
PLACES = render(FLEET).places


def results(path: Path, **overrides: Any) -> dict[str, Any]:
    """The rows that stand once, by name; of those over months a list."""
    build(FLEET, path, "addin", overrides)
    values = engines.stored(path)

    def value(sheet: str, cell: str) -> Any:
        return values.get((sheet, cell.replace("$", "")))

    return {
        name: [value(place.sheet, one.cell) for one in place.cells()] if place.by_column else value(place.sheet, place.cell)
        for name, place in PLACES.items()
    }


def live(overrides: dict[str, Any]) -> dict[str, float]:
    chosen = with_overrides(FLEET, overrides)
    at = SCENARIOS.index(chosen.scenario)
    return {row.name: row.values[at] for row in chosen.all_inputs() if isinstance(row, Input)}


def in_python(x: dict[str, float]) -> tuple[list[float], list[float]]:
    """Free cash flow and cash to the owners, month by month: no formula of the workbook is used."""
    weights = pycalc.weight_bytes(14e9, x["weight_bits"])
    cache = pycalc.kv_bytes(x["context"], 32, 8, 128, x["kv_value_bytes"])
    users = pycalc.users_per_gpu(80e9, weights, cache, x["overhead_gb"] * 1e9)
    bandwidth, peak = 3350e9 * x["achieved_bandwidth"], 989e12 * x["achieved_compute"]
    rate = pycalc.tokens_per_second(weights, cache, bandwidth, users, 1, 2 * 14e9, peak)
    capex = x["gpus"] * x["gpu_price"] * (1 + x["surround"])
    kilowatts = x["gpus"] * 0.7 * x["pue"]
    staff = 125_000 + x["tier_place"] * 65_000
    book = owed = 0.0
    loan = 0.0
    flows, owners = [], []
    for month in range(1, 61):
        share = min(1.0, max(0.0, month - x["install_months"]) / x["ramp_months"])
        serves = month > x["install_months"]
        price = x["price"] * (1 - x["price_fall"]) ** (month - 1)
        mtok = x["gpus"] * rate * 3600 * 730 * x["utilisation"] * share / 1e6
        revenue = mtok * price
        costs = revenue * x["fees"] + staff / 12
        if serves:
            costs += kilowatts * (730 * x["power_usd"] + x["colocation"])
        bought = capex if month == 1 else 0.0
        worn = capex * (1 - x["residual"]) / x["life_months"]
        depreciation = worn if serves and month <= x["install_months"] + x["life_months"] else 0.0
        book += bought - depreciation
        proceeds = capex * x["residual"] if month == 60 else 0.0
        scrapped = book if month == 60 else 0.0
        book -= scrapped
        profit = revenue - costs - depreciation + proceeds - scrapped
        still_owed = 0.0 if month == 60 else revenue * x["days_to_pay"] * 12 / 365
        flow = revenue - costs - profit * x["tax"] - bought + proceeds - (still_owed - owed)
        owed = still_owed
        interest = loan * x["interest"] / 12
        drawn = capex * x["debt_share"] if month == 1 else 0.0
        repaid = capex * x["debt_share"] / 59 if month > 1 else 0.0
        loan += drawn - repaid
        flows.append(flow)
        owners.append(flow + drawn - repaid - interest * (1 - x["tax"]))
    return flows, owners


SETS: list[dict[str, Any]] = [
    {},
    {"scenario": "Bull"},
    {"scenario": "Bear"},
    {"install_months": 0, "ramp_months": 1, "life_months": 60, "residual": 0, "debt_share": 0.6, "price_fall": 0},
    {"install_months": 24, "ramp_months": 36, "life_months": 60, "residual": 0.3, "tax": 0, "days_to_pay": 90},
]


@pytest.mark.parametrize("overrides", SETS)
def test_sixty_months_as_computed_in_python(overrides: dict[str, Any], tmp_path: Path) -> None:
    found, x = results(tmp_path / "f.xlsx", **overrides), live(overrides)
    flows, owners = in_python(x)
    assert found["fcf"] == pytest.approx(flows, rel=1e-9, abs=1e-4)
    assert found["owners_cash"] == pytest.approx(owners, rel=1e-9, abs=1e-4)
    month_rate = (1 + x["discount"]) ** (1 / 12)
    npv = sum(flow / month_rate**month for month, flow in enumerate(flows, start=1))
    assert found["npv"] == pytest.approx(npv, rel=1e-9)
    assert found["npv_closed"] == pytest.approx(npv, rel=1e-9)
    running = [sum(flows[: i + 1]) for i in range(60)]
    assert found["peak_funding"] == pytest.approx(-min(running))
    if running[-1] >= 0:
        assert found["payback"] == sum(cash < 0 for cash in running) + 1
        assert abs(sum(f / (1 + found["irr_month"]) ** t for t, f in enumerate(flows, start=1))) < 1
    else:
        assert str(found["payback"]) == str(found["irr"]) == "#N/A"


def test_what_a_month_opens_with_is_what_the_last_one_closed_with(tmp_path: Path) -> None:
    found = results(tmp_path / "f.xlsx", debt_share=0.5)
    for opening, closing in (
        ("assets_open", "assets_close"),
        ("owed_open", "owed_close"),
        ("cash_open", "cumulative"),
        ("loan_open", "loan_close"),
        ("retained_open", "retained"),
    ):
        assert found[opening][0] == 0
        assert found[opening][1:] == found[closing][:-1], opening
    assert found["assets_close"][-1] == pytest.approx(0, abs=1e-6)
    assert found["loan_close"][-1] == pytest.approx(0, abs=1e-6)
    assert set(found["imbalance"]) == {0}
    assert [sum(kind) for kind in zip(found["installing"], found["ramping"], found["steady"], strict=True)] == [1] * 60


def test_the_fleet_is_worth_nothing_at_its_even_price(tmp_path: Path) -> None:
    price = results(tmp_path / "f.xlsx")["even_price"]
    assert results(tmp_path / "f.xlsx", price=price)["npv"] == pytest.approx(0, abs=1)


def test_the_grids_say_what_other_workbooks_say(tmp_path: Path) -> None:
    build(FLEET, tmp_path / "f.xlsx")
    values = engines.stored(tmp_path / "f.xlsx")
    for grid, column, row, overrides in (
        ("by_fall", 5, 1, {"price_fall": 0.04, "discount": 0.08}),
        ("by_price", 2, 4, {"utilisation": 0.5, "gpu_price": 40_000}),
    ):
        top = PLACES[f"{grid}.cells"].cells()[column]
        letter, first = top.cell.split("$")[1:]
        cell = f"{letter}{int(first) + row}"
        assert values["Sensitivity", cell] == pytest.approx(results(tmp_path / "g.xlsx", **overrides)["npv"], rel=1e-9)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_beside_the_live_one_is_what_it_is_when_live(scenario: str, tmp_path: Path) -> None:
    beside, alone = results(tmp_path / "f.xlsx"), results(tmp_path / "g.xlsx", scenario=scenario)
    assert beside[f"scenarios.{scenario}.cumulative"] == pytest.approx(alone["cumulative"], rel=1e-9, abs=1e-4)


def test_the_irr_is_found_where_a_search_from_ten_per_cent_a_month_fails(tmp_path: Path) -> None:
    """CellRune's, as Excel's default; these flows return 0.6 % a month."""
    unusual = {"install_months": 8, "life_months": 13, "own_power_w": 4749.09}
    build(FLEET, tmp_path / "f.xlsx", "inline", unusual)
    values, other = engines.stored(tmp_path / "f.xlsx"), engines.cellrune(tmp_path / "f.xlsx")
    place = said.at(PLACES["irr_month"])
    assert values[place] == pytest.approx(other[place], rel=1e-9) == pytest.approx(0.005907583826, rel=1e-9)


FAULTS = {
    "Scenario is one of the three": ("scenario", "Best"),
    "Every month is one of three kinds": ("steady", "=0"),
    "The months hold no error": ("present", "=1/0"),
    "Model and GPU are in the lists": ("model_row", "=NA()"),
    "At least one user fits": ("users", "=0"),
    "Fixed assets close": ("assets_open", "=0"),
    "Depreciation comes down to the residual": ("assets_open", "=0"),
    "Cumulative cash is the sum of all months": ("cash_open", "=0"),
    "All is paid and repaid": ("loan_close", "=1"),
    "The balance closes every month": ("net_income", "=0"),
    "Years add up to the months": ("fcf_y", "=0"),
    "NPV = closed form": ("fee_cost", "=0"),
    "Present values add up to NPV": ("pv_staff", "=0"),
    "NPV at the IRR is zero": ("irr_month", "=0.02"),
    "No IRR only where money never comes back": ("irr", "=NA()"),
    "No payback only where it never comes": ("payback", "=NA()"),
    "No month's IRR but where there is one": ("irr_month", "=NA()"),
    "No error but #N/A in scenarios": ("scenarios.npv", "=1/0"),
    "No error but #N/A in levers": ("levers.better", "=1/0"),
    "Levers start from the live value": ("levers.live", "=0"),
    "Scenario strip agrees": ("scenarios.npv", "=0"),
}


def test_every_check_has_a_fault() -> None:
    assert [check.label for check in FLEET.checks] == list(FAULTS)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "fleet_npv.xlsx"
    assert build(FLEET, path, "inline").failing == ()
    return path


@pytest.mark.parametrize("label", FAULTS)
def test_a_fault_raises_its_flag_on_every_sheet(label: str, sound: Path, tmp_path: Path) -> None:
    """In a row with columns the fault sits in a month in which the fleet serves."""
    name, text = FAULTS[label]
    cells = PLACES[name].cells()
    where = said.at(cells[min(20, len(cells) - 1) if PLACES[name].by_column else 0])
    assert said.silent(FLEET.name, label, sound, tmp_path / "faulty.xlsx", where, text) == []

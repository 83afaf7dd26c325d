"""The workbook of the article's figures against pycalc, the anchors of the commission, and faults for every check."""

from pathlib import Path

import openpyxl
import pytest
import template_values as said
import workbook_engines as engines

import pycalc.claims
from pycalc.claims import Verdict, claims
from pycalc.cost import cost_per_mtok
from pycalc.memory import users_per_gpu
from workbook_templates.article_claims.claims import FORMULAS, STATED, name_of
from workbook_templates.build import build
from workbook_templates.registry import template
from workbook_templates.render import render

ARTICLE = template("article_claims")
PLACES = render(ARTICLE).places
BULL = {"H100_PRICE": 2.0, "RATE": 220, "PHONE_FLOPS": 4e12, "FRAMEWORK_BYTES": 1.05e9, "LICENCE": 0.1}
"""What the scenario changes, under pycalc's names."""


@pytest.fixture(scope="module")
def values(tmp_path_factory):
    """What the cells of a scenario hold, by the name of the line."""
    folder = tmp_path_factory.mktemp("claims")

    def computed(scenario):
        path = folder / f"{scenario}.xlsx"
        if not path.exists():
            assert build(ARTICLE, path, "addin", {"scenario": scenario}).failing == ()
        cells = engines.stored(path)
        return lambda name: cells[PLACES[name].sheet, PLACES[name].cell.replace("$", "")]

    return computed


def test_every_figure_has_a_formula_of_its_own():
    assert list(FORMULAS) == [claim.id for claim in claims()]
    constant = [row.name for row in STATED if not any(sign.isalpha() for sign in row.formula)]
    assert constant == []


@pytest.mark.parametrize("scenario", ["Base", "Bull"])
def test_every_figure_is_what_pycalc_gives(values, monkeypatch, scenario):
    for name, value in BULL.items() if scenario == "Bull" else ():
        monkeypatch.setattr(pycalc.claims, name, value)
    value = values(scenario)
    for claim in claims():
        unit, _ = FORMULAS[claim.id]
        found = value(name_of(claim.id))
        if claim.recomputed is None:
            assert str(found) == "#N/A"
        else:
            assert found * unit.scale == pytest.approx(claim.recomputed, rel=1e-12), claim.id


def test_live_verdicts_are_the_recorded_ones(tmp_path):
    path = tmp_path / "base.xlsx"
    build(ARTICLE, path, "inline")
    sheet = openpyxl.load_workbook(path, data_only=True)["Calc_Claims"]
    rows = [int(PLACES[name_of(claim.id)].row) for claim in claims()]
    assert [sheet[f"H{row}"].value for row in rows] == [str(claim.verdict) for claim in claims()]
    assert sheet["E" + PLACES["c_6_2_mtok_full"].row].value == "~$0.0038"
    assert sheet["E" + PLACES["c_6_1_tps"].row].value == "~370"
    assert sheet["E" + PLACES["c_2_7_share_1k"].row].value == "~8%"


def test_the_answer_is_pycalcs_count_and_its_own_arithmetic(values):
    base = values("Base")
    verdicts = [claim.verdict for claim in claims()]
    assert base("agree") == verdicts.count(Verdict.AGREES) == 62
    assert base("wrong") == verdicts.count(Verdict.WRONG) + verdicts.count(Verdict.INCONSISTENT) == 8
    assert base("slips") == verdicts.count(Verdict.IMPRECISE) + verdicts.count(Verdict.UNITS) == 8
    assert base("floor") == pytest.approx(2.5e6 / (3600 * 185), rel=1e-12)
    assert base("needed_rate") == pytest.approx(2.5e6 / (3600 * 0.0038), rel=1e-12)


def test_anchors_of_the_commission(values):
    base = values("Base")
    assert base("c_5_5_users_4k") == 277
    assert base("c_5_5_users_32k") == 34
    assert base("c_5_5_users_128k") == 8
    assert base("c_5_6_35x") == pytest.approx(34.75)
    assert base("c_4_2_ridge_h100") == pytest.approx(295.2, abs=0.05)
    assert base("c_7_2_crossover_requests") == pytest.approx(44.4, abs=0.05)  # at the printed 1.0M; 37.0 at the licence alone
    assert base("batch_cost") == pytest.approx(0.978, abs=0.0005)
    assert base("held_sequences") == users_per_gpu(80e9, 7e9, 2**31, 2e9) == 33


def test_the_harsher_end(values):
    bear = values("Bear")
    assert bear("floor") == pytest.approx(cost_per_mtok(4, 150), rel=1e-12)
    assert bear("c_6_1_weights") == pytest.approx(14.8 * 4.5 / 8, rel=1e-12)
    assert bear("c_6_1_kv") == pytest.approx(2 * 40 * 8 * 128 * 32768 / 1e9, rel=1e-12)
    assert bear("c_6_3_blend") == pytest.approx(0.175, rel=1e-12)


def test_a_figure_that_no_longer_holds_changes_its_verdict(tmp_path):
    built = build(ARTICLE, tmp_path / "rent.xlsx", "addin", {"h100_rent": 3})
    assert set(built.failing) == {"Base gives what pycalc gives", "Base has the recorded verdicts"}
    built = build(ARTICLE, tmp_path / "bull.xlsx", "addin", {"h100_rent": 3, "scenario": "Bull"})
    assert built.failing == ()


FAULTS = {
    "Scenario is one of the three": ("scenario", "Best"),
    "The calculation holds no error": ("weights_7b", "=1/0"),
    "No error but #N/A among the figures": ("c_1_4_std", "=1/0"),
    "No error but #N/A in scenarios": ("scenarios.c_1_4_std", "=1/0"),
    "Every figure has its computation": ("c_1_4_std", "=NA()"),
    "Verdict counts sum to the rows": ("with_verdict", "=60"),
    "Chapters sum to the rows": ("in_chapter", "=60"),
    "Chapters hold what verdicts count": ("hold", "=5"),
    "Chapters miss what verdicts count": ("not_right", "=5"),
    "Base gives what pycalc gives": ("c_1_4_std", "=8.00001"),
    "Base has the recorded verdicts": ("c_1_4_std", "=9"),
    "Scenario strip counts as many": ("scenarios.agree", "=61"),
    "Scenario strip gives the same figures": ("scenarios.c_1_4_std", "=8.00001"),
    "Printed ranges are in order": ("calc_claims.low", "=5000"),
    "The largest slip leads back to the print": ("floor_factor", "=988"),
    "The speed for the print costs the print": ("needed_rate", "=182749"),
    "The phone for the print takes as long": ("phone_needed", "=4000"),
    "A full batch pays the rent": ("batch_cost", "=1"),
    "Licence and share lead back": ("share_agree", "=0.8"),
    "A token's cost times a million": ("c_6_2_per_token", "=0.0000038"),
}


def test_every_check_has_a_fault():
    assert [check.label for check in ARTICLE.checks] == list(FAULTS)


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "article_claims.xlsx"
    assert build(ARTICLE, path, "inline").failing == ()
    return path


@pytest.mark.parametrize("label", FAULTS)
def test_a_fault_raises_its_flag_on_every_sheet(label, sound, tmp_path):
    assert said.silent(ARTICLE.name, label, sound, tmp_path / "faulty.xlsx", *FAULTS[label]) == []

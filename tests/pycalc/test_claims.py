"""The article's figures: what is right against the figures of the commission, verdicts against the difference."""

import csv
import math
import tomllib
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest

import pycalc.claims
from pycalc.claims import RECOMPUTE, Verdict, claims, section_titles

CLAIMS = claims()
ONE_SIDED = [claim for claim in CLAIMS if claim.verdict in (Verdict.ASSUMPTION, Verdict.DERIVED)]
TWO_SIDED = [claim for claim in CLAIMS if claim not in ONE_SIDED]
REFERENCE = Path(__file__).parents[1] / "reference" / "claims_recomputed.csv"
INPUTS = {"n": 4096, "B_p": 2}  # of the figure that the article gives as a formula
BINARY = {"MB": 2**20 / 10**6, "GB": 2**30 / 10**9}


def number_or_text(text):
    try:
        return float(text)
    except ValueError:
        return text or None


@pytest.fixture(scope="module")
def reference():
    lines = REFERENCE.read_text("utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def by_id(values):
    return pytest.mark.parametrize("claim", values, ids=lambda claim: claim.id)


def units_off(claim):
    """By how many units of the article's last digit its figure misses what is right."""
    last_digit = Decimal(1).scaleb(claim.article.as_tuple().exponent)
    return float(abs(Decimal(claim.recomputed) - claim.article) / last_digit)


def text_holds(claim):
    """Whether what is right lies above the article's bound, inside its range, or is what its formula gives."""
    text, value = claim.article, claim.recomputed
    if text.startswith(">"):
        return value > float(text[1:])
    if "/" in text:
        over, under = text.split("/")
        return value == INPUTS[over] / INPUTS[under]
    low, high = map(float, text.split("-"))
    return low <= value <= high


def agrees(claim):
    """The one rule of precision, as the meaning of the verdict states it."""
    return text_holds(claim) if isinstance(claim.article, str) else units_off(claim) <= (1 if claim.about else 0.5)


def is_cured(claim):
    """Whether the article's figure is exact in MiB or GiB, and not in the MB or GB that it names."""
    return claim.recomputed != claim.article and any(
        math.isclose(claim.recomputed / binary, float(claim.article), rel_tol=1e-12) for binary in BINARY.values()
    )


def test_what_is_right_equals_what_the_commission_recomputed(reference):
    assert [claim.id for claim in CLAIMS] == [row["id"] for row in reference]
    for claim, row in zip(CLAIMS, reference, strict=True):
        right = number_or_text(row["recomputed"])
        assert claim.recomputed == (right and pytest.approx(right, rel=1e-12)), claim.id


def test_the_articles_figures_are_copied_faithfully(reference):
    assert [claim.article_value for claim in CLAIMS] == [number_or_text(row["article_value"]) for row in reference]


@by_id(TWO_SIDED)
def test_a_verdict_says_what_the_difference_is(claim):
    near = isinstance(claim.article, Decimal) and units_off(claim) < 2
    expected = {
        Verdict.AGREES: agrees(claim) and not (claim.unit == "bytes" and is_cured(claim)),
        Verdict.IMPRECISE: near and not agrees(claim),
        Verdict.UNITS: claim.unit == "bytes" and is_cured(claim),
        Verdict.WRONG: not near and not agrees(claim),
        Verdict.INCONSISTENT: not near and not agrees(claim),
    }
    assert expected[claim.verdict]


@by_id(ONE_SIDED)
def test_a_verdict_says_which_side_has_no_figure(claim):
    assert (claim.article is None) == (claim.verdict == Verdict.DERIVED)
    assert (claim.recomputed is None) == (claim.verdict == Verdict.ASSUMPTION)


def test_what_does_not_simply_agree_says_why():
    silent = {claim.id for claim in CLAIMS if claim.verdict not in (Verdict.AGREES, Verdict.ASSUMPTION) and not claim.note}
    assert silent == set()


def test_what_is_right_is_computed_and_never_stored(monkeypatch):
    rows = tomllib.loads((files("pycalc") / "claims.toml").read_text("utf-8"))["claims"]
    assert [row["id"] for row in rows] == list(RECOMPUTE)
    assert not any("recomputed" in row for row in rows)
    monkeypatch.setattr(pycalc.claims, "cost_per_mtok", lambda *args: 42.0)
    assert next(claim for claim in claims() if claim.id == "6.2-mtok-full").recomputed == 42


def test_every_section_has_a_title_and_every_title_a_figure():
    assert set(section_titles()) == {claim.section for claim in CLAIMS}


@by_id([claim for claim in CLAIMS if claim.section != "highlights"])
def test_an_id_begins_with_its_section(claim):
    assert claim.id.startswith(f"{claim.section}-")

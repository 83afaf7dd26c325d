"""The report: as plain text, as JSON, and in which status each rule can end."""

import itertools
import json

import pytest

from workbook_templates.rules.record import MAX_FINDINGS, RULES, Finding, Report, Rule, Verdict, gathered, rule

FINDINGS = tuple(Finding(f"Calc!{column}7", "holds 0.3", "an input", "R17") for column in "DEF")


class EmptyBook:
    formulas = ()
    timelines = ()


def verdict_of(found=(), **needs):
    return Rule("R99", "nothing is odd", lambda book: list(found), **needs).verdict(EmptyBook())


def test_a_rule_passes_fails_or_does_not_apply():
    assert verdict_of().status == "PASS"
    assert verdict_of(FINDINGS).status == "FAIL"
    assert verdict_of(FINDINGS).findings[0].rule == "R99"
    assert verdict_of(only_with="timelines").status == "N/A"


def test_a_rule_with_nothing_to_judge_fails():
    (finding,) = verdict_of(judges="formulas").findings
    assert finding.what == "holds no formulas: nothing to judge"


def test_a_rule_that_is_broken_everywhere_is_not_listed_without_end():
    endless = (Finding(f"Calc!D{row}", "holds 0.3", "an input") for row in itertools.count(1))
    found = Rule("R99", "nothing is odd", lambda book: endless).verdict(EmptyBook()).findings
    assert len(found) == MAX_FINDINGS
    assert found[-1].what == "breaks this rule 10,000 times or more"


def test_a_rule_is_stated_once():
    with pytest.raises(ValueError, match="R01 is stated twice"):
        rule("R01", "again")(lambda book: ())


def test_the_report_as_json_and_text():
    verdicts = (
        Verdict(RULES["R10"], (), "the workbook has no timelines"),
        Verdict(RULES["R17"], FINDINGS),
        Verdict(RULES["R07"], ()),
    )
    report = Report("book.xlsx", verdicts)
    assert not report.passed
    assert report.failed == ("R17",)
    document = json.loads(json.dumps(report.to_json()))
    assert document["passed"] is False
    assert [(r["id"], r["status"], len(r["findings"])) for r in document["rules"]] == [
        ("R10", "N/A", 0),
        ("R17", "FAIL", 3),
        ("R07", "PASS", 0),
    ]
    assert document["rules"][0]["reason"] == "the workbook has no timelines"
    assert document["rules"][1]["findings"][0] == {"where": "Calc!D7", "what": "holds 0.3", "right": "an input"}
    lines = report.text().splitlines()
    assert lines[2] == "       Calc!D7:F7: holds 0.3; right: an input"
    assert lines[-1] == "book.xlsx: 2 rules hold, 1 broken"


def test_a_long_list_is_cut_in_text_and_whole_in_json():
    many = tuple(Finding(f"Calc!D{row}", f"holds {row}", "an input") for row in range(1, 41))
    report = Report("book.xlsx", (Verdict(RULES["R17"], many),))
    assert "       and 28 more" in report.text()
    assert len(report.to_json()["rules"][0]["findings"]) == 40


def test_findings_that_are_no_cells_or_differ_stay_apart():
    found = [
        Finding("Calc", "a", "b"),
        Finding("Calc!B2", "a", "b"),
        Finding("Calc!B3", "c", "b"),
        Finding("'My sheet'!B2", "a", "b"),
    ]
    assert list(gathered(found)) == found

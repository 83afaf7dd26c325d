"""Workbooks that keep all rules pass them all, so that what fails elsewhere is the seeded fault."""

from importlib import import_module

import pytest

from workbook_templates.build import build
from workbook_templates.registry import TEMPLATES, template
from workbook_templates.rules import RULES, check_workbook
from workbook_templates.spec import Months

NOT_APPLICABLE = {"R10": "the workbook has no timelines"}


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_rule_applies_to_every_template(name, tmp_path):
    """But the one about timelines, where a workbook has none; that they hold is tested with the templates."""
    chosen = template(name)
    build(chosen, tmp_path / "book.xlsx")
    report = check_workbook(tmp_path / "book.xlsx")
    has_months = any(isinstance(section.over, Months) for section in chosen.calc)
    not_applicable = {} if has_months else NOT_APPLICABLE
    assert {v.rule.id: v.not_applicable for v in report.verdicts if v.status == "N/A"} == not_applicable
    assert len(report.verdicts) == len(RULES) == 30


def test_a_copy_without_a_fault_keeps_every_rule(good):
    """What the seeding does besides the fault breaks nothing."""
    path, _ = good.with_change(lambda book: None)
    report = check_workbook(path)
    assert report.passed, report.text()
    assert {v.rule.id for v in report.verdicts if v.status == "N/A"} == set(NOT_APPLICABLE)


def test_a_copy_of_the_parts_without_a_fault_keeps_every_rule(good):
    path, _ = good.with_parts_changed(lambda parts: None)
    assert check_workbook(path).passed


def test_every_rule_is_broken_by_some_seeded_fault():
    tables = [import_module(f"test_{part}_faults").FAULTS for part in ("structure", "inputs", "formulas", "presentation")]
    seeded = {fault.rule for table in tables for fault in table}
    assert seeded | {"R10"} == set(RULES)  # R10 has a module of its own, test_timeline

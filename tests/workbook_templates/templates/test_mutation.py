"""A small mutation run: the tool breaks what it says, and what it breaks is noticed."""

import random

import openpyxl
import pytest
import workbook_mutation as mutation

from workbook_templates.headless.recalculation import recalculate
from workbook_templates.registry import template
from workbook_templates.render import render

PLACES = render(template("token_cost"), inline=True).places
USERS, OVERHEAD = (PLACES[name].cell.replace("$", "") for name in ("users", "overhead_bytes"))
KINDS = {
    "=SUM(D3:D9)*2": {
        ("function swapped", "MAX(D3:D9)*2"),
        ("operator swapped", "SUM(D3:D9)/2"),
        ("factor dropped", "SUM(D3:D9)"),
        ("constant altered", "SUM(D3:D9)*3"),
        ("constant altered", "SUM(D3:D9)*2.2"),
        ("reference shifted", "SUM(D3:D10)*2"),
        ("reference shifted", "SUM(D3:D8)*2"),
        ("reference shifted", "SUM(D3:E9)*2"),
        ("reference shifted", "SUM(D3:C9)*2"),
        ("sign flipped", "-(SUM(D3:D9)*2)"),
        ("replaced by its value", None),
    },
    "=KV_BYTES(rent,Calc!$D$5)": {
        ("arguments swapped", "KV_BYTES(Calc!$D$5,rent)"),
        ("reference shifted", "KV_BYTES(context,Calc!$D$5)"),
        ("reference shifted", "KV_BYTES(rent,Calc!$D$6)"),
        ("reference shifted", "KV_BYTES(rent,Calc!$D$4)"),
        ("reference shifted", "KV_BYTES(rent,Calc!$E$5)"),
        ("reference shifted", "KV_BYTES(rent,Calc!$C$5)"),
        ("anchor dropped", "KV_BYTES(rent,Calc!D$5)"),
        ("sign flipped", "-(KV_BYTES(rent,Calc!$D$5))"),
        ("replaced by its value", None),
    },
}


@pytest.mark.parametrize("formula", KINDS)
def test_every_change_of_a_formula(formula):
    assert set(mutation.changes(formula[1:], ["context", "rent"], True)) == KINDS[formula]


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    return mutation.Subject("token_cost", "inline", tmp_path_factory.mktemp("mutation"))


def test_a_mutant_is_the_workbook_with_one_other_cell(subject, tmp_path):
    mutant = mutation.Mutant("Calc", USERS, "constant altered", "", "12")
    typed_over = mutation.Mutant("Calc", USERS, "value", "", None)
    mutation.mutate(subject.delivered, tmp_path / "m.xlsx", mutant)
    mutation.mutate(subject.delivered, tmp_path / "v.xlsx", typed_over)
    sound, changed, value = (
        {(sheet.title, cell.coordinate): cell.value for sheet in openpyxl.load_workbook(path) for row in sheet for cell in row}
        for path in (subject.delivered, tmp_path / "m.xlsx", tmp_path / "v.xlsx")
    )
    for other in (changed, value):
        assert {place for place in sound if sound[place] != other[place]} == {("Calc", USERS)}
    assert (changed["Calc", USERS], value["Calc", USERS]) == ("=12", 33)


def test_the_engine_gives_what_the_changed_file_does(subject, tmp_path):
    """Cells changed in a workbook that stays loaded, and the workbook as it was afterwards."""
    book = subject.scenarios[0]
    for mutant in subject.mutants(5, random.Random(1)):
        mutation.mutate(subject.delivered, tmp_path / "m.xlsx", mutant)
        values = book.values(mutant, subject.sound[mutant.sheet, mutant.address])
        from_file = recalculate(tmp_path / "m.xlsx").values
        assert {place: value for place, value in values.items() if place in from_file} == from_file, mutant


def test_what_breaks_the_answer_is_noticed_and_what_changes_nothing_is_not(subject):
    def fate(cell, kind, after):
        return subject.fate(mutation.Mutant("Calc", cell, kind, subject.scenarios[0].cells["Calc", cell].formula, after))

    assert fate(USERS, "constant altered", "34") == "checks"  # one user too many
    assert fate(USERS, "replaced by its value", None) == "checks"  # the scenarios have others
    assert fate(USERS, "constant altered", f"{USERS}+1") == "refused"  # a circle
    assert fate(OVERHEAD, "factors swapped", "1E+09*overhead_gb") == "equivalent"


def test_ten_mutants_at_random(subject):
    mutants = subject.mutants(10, random.Random(0))
    assert len(set(mutants)) == 10
    fates = [subject.fate(mutant) for mutant in mutants]
    assert "survived" not in fates, [str(mutant) for mutant, fate in zip(mutants, fates, strict=True) if fate == "survived"]

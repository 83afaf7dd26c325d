"""R16 down a column: a cell that leaves what is filled down, in the middle and at the ends; what may differ there."""

import openpyxl
import pytest

from workbook_templates.build import build
from workbook_templates.registry import template
from workbook_templates.render import render
from workbook_templates.rules import check_workbook

TOKEN_COST = template("token_cost")
PLACES = render(TOKEN_COST, inline=True).places


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    path = tmp_path_factory.mktemp("filled") / "token_cost.xlsx"
    build(TOKEN_COST, path, "inline")
    return path


def broken_runs(path):
    return {finding.where for finding in check_workbook(path).findings if finding.rule == "R16"}


@pytest.mark.parametrize("place", ["by_bits.compute_seconds", "levers.betters", "by_context.across"])
@pytest.mark.parametrize("position", [0, 2, -1])
def test_a_cell_that_leaves_its_column_is_found_wherever_it_stands(place, position, sound, tmp_path):
    book = openpyxl.load_workbook(sound)
    sheet = book["Sensitivity"]
    cells = [cell for row in sheet[PLACES[place].cell] for cell in row]
    cell = cells[position]
    is_formula = cell.data_type == "f"
    cell.value = f"=-({str(cell.value)[1:]})" if is_formula else cell.value
    book.save(tmp_path / "odd.xlsx")
    assert broken_runs(tmp_path / "odd.xlsx") == ({f"Sensitivity!{cell.coordinate}"} if is_formula else set())


def columns(tmp_path, formulas):
    """A sheet with these formulas down column D, beside a column that repeats one formula in every row."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Calc"
    for row, formula in enumerate(formulas, start=5):
        sheet[f"B{row}"], sheet[f"C{row}"], sheet[f"E{row}"] = row, f"=B{row}*2", f"=D{row}*3"
        sheet[f"D{row}"] = formula.format(row=row, before=row - 1)
    book.save(tmp_path / "columns.xlsx")
    return broken_runs(tmp_path / "columns.xlsx")


SAME = ["=C{row}+1"] * 6


def test_a_balance_that_is_opened_and_a_total_are_in_order(tmp_path):
    assert columns(tmp_path, SAME) == set()
    assert columns(tmp_path, ["=B4", *["=D{before}*2"] * 5]) == set()
    assert columns(tmp_path, ["=C{row}*7", *["=D{before}*2"] * 5]) == set()
    assert columns(tmp_path, [*SAME, "=SUM(D5:D10)"]) == set()


def test_ends_that_differ_are_found(tmp_path):
    assert columns(tmp_path, ["=C{row}-1", *SAME]) == {"Calc!D5"}
    assert columns(tmp_path, [*SAME, "=C{row}-1"]) == {"Calc!D11"}
    assert columns(tmp_path, [*SAME[:3], "=C{row}-1", *SAME]) == {"Calc!D8"}

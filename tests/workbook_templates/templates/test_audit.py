"""The audit sheet: four routes to each call of our functions, and a cell gone wrong that shows."""

from pathlib import Path

import openpyxl
import pytest
import workbook_engines as engines

from workbook_templates.build import build
from workbook_templates.registry import TEMPLATES, template
from workbook_templates.render import render
from workbook_templates.rules import check_workbook

MODES = ("addin", pytest.param("inline", marks=pytest.mark.slow))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", TEMPLATES)
def test_all_routes_give_the_same(name: str, mode: str, tmp_path: Path) -> None:
    path = tmp_path / "audit.xlsx"
    build(template(name), path, mode, audit=True)  # type: ignore[arg-type]
    report = check_workbook(path)
    assert report.passed, report.text()
    sheet = openpyxl.load_workbook(path, data_only=True)["Audit"]
    assert sheet["D4"].value <= 1e-12
    rows = list(sheet.iter_rows(min_row=8, min_col=3, max_col=6, values_only=True))
    assert sheet["D5"].value == len(rows)
    for row in rows:
        assert row == pytest.approx([row[0]] * 4, rel=1e-12), row
    independent = engines.cellrune(path)
    largest = max(value for (title, cell), value in independent.items() if title == "Audit" and cell[0] == "G")
    assert largest <= 1e-9


def test_a_cell_that_was_changed_shows_as_a_difference(tmp_path: Path) -> None:
    path = tmp_path / "audit.xlsx"
    build(template("token_cost"), path, audit=True)
    book = openpyxl.load_workbook(path)
    audited = {book["Audit"].cell(row, 2).value: row for row in range(8, book["Audit"].max_row + 1)}
    cell = render(template("token_cost")).places["layer_flops"].cell.replace("$", "")
    row = audited[f"Calc!{cell}"]
    book["Calc"][cell] = "=1E+12"
    book.save(path)
    values = engines.cellrune(path)
    assert values["Audit", f"G{row}"] > 0.1  # type: ignore[operator]
    assert values["Audit", "D4"] == max(value for (title, cell), value in values.items() if title == "Audit" and cell[0] == "G")


def test_a_workbook_has_no_audit_sheet_unless_asked(tmp_path: Path) -> None:
    build(template("token_cost"), tmp_path / "plain.xlsx")
    assert "Audit" not in openpyxl.load_workbook(tmp_path / "plain.xlsx").sheetnames

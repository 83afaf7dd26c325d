"""Workbooks as other programs save them: arrays, tables, later validations, indexed colours, far cells."""

import re
import time

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Color, Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula
from seeding import base

from workbook_templates.reading import RefusedFileError, open_package
from workbook_templates.rules import check_workbook
from workbook_templates.rules.book import Book
from workbook_templates.rules.circles import circles
from workbook_templates.rules.colours import ink, is_filled, resolve


@pytest.fixture
def opened(tmp_path):
    """The view of a workbook that a function fills."""

    def fill(change):
        book = Workbook()
        book.active.title = "Calc"
        change(book, book.active)
        book.save(tmp_path / "book.xlsx")
        return Book(open_package(tmp_path / "book.xlsx"))

    return fill


def test_the_cells_of_an_array_are_results_not_constants(opened):
    def change(book, sheet):
        sheet["B2"] = ArrayFormula("B2:B4", "=ROW(A1:A3)")
        for row in (3, 4):
            sheet[f"B{row}"] = row - 1
        sheet["C2"] = "=B4*2"
        sheet["C3"] = "=B5"

    book = opened(change)
    assert book.numeric_constants == []
    assert [entry.where for entry in book.formulas] == ["Calc!B2", "Calc!C2", "Calc!C3"]
    assert book.sheets[0].holds_anything_in(book.formulas[1].formula.references[0])
    assert not book.sheets[0].holds_anything_in(book.formulas[2].formula.references[0])


def test_a_far_cell_costs_nothing(opened):
    def change(book, sheet):
        sheet["A1"] = "=ZZ900000"
        sheet["ZZ900000"] = 1

    began = time.process_time()
    book = opened(change)
    assert [entry.where for entry in book.numeric_constants] == ["Calc!ZZ900000"]
    assert time.process_time() - began < 5


def test_circles_are_found_through_ranges_of_any_size(opened):
    """Running totals over a long column: the square of its length would take minutes."""
    rows = 3_000

    def change(book, sheet):
        for row in range(1, rows + 1):
            sheet[f"A{row}"] = f"=SUM($B$1:B{row})"
            sheet[f"B{row}"] = f"={row}" if row != 2_000 else "=A1500"
        sheet["C1"] = "=SUM(A:A)+C2"
        sheet["C2"] = "=C3"
        sheet["C3"] = "=SUM(C1:C2)"

    book = opened(change)
    began = time.process_time()
    found = [{entry.where for entry in circle} for circle in circles(book)]
    assert {"Calc!C1", "Calc!C2", "Calc!C3"} in found
    assert all(circle <= {"Calc!C1", "Calc!C2", "Calc!C3"} for circle in found)
    assert time.process_time() - began < 5


def test_a_circle_inside_a_long_column_is_found(opened):
    def change(book, sheet):
        for row in range(1, 1_001):
            sheet[f"A{row}"] = f"=SUM($B$1:B{row})"
            sheet[f"B{row}"] = "=1" if row != 500 else "=A500"

    assert [{entry.where for entry in circle} for circle in circles(opened(change))] == [{"Calc!A500", "Calc!B500"}]


def test_a_name_of_a_sheet_comes_before_one_of_the_workbook(opened):
    def change(book, sheet):
        other = book.create_sheet("Inputs")
        book.defined_names["rate"] = DefinedName("rate", attr_text="Inputs!$A$1")
        sheet.defined_names["rate"] = DefinedName("rate", attr_text="Calc!$Z$9")
        book.defined_names["itself"] = DefinedName("itself", attr_text="itself+rate")
        sheet["A1"] = other["A1"] = "=rate"
        sheet["A2"] = "=itself"

    book = opened(change)
    assert [entry.formula.references[0].shown for entry in book.formulas] == ["Calc!Z9", "Inputs!A1", "Inputs!A1"]


THEME = ((255, 255, 255), (0, 0, 0), (238, 236, 225), (31, 73, 125), (79, 129, 189))


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        (None, "black"),
        (Color(rgb="FF0000FF"), "blue"),
        (Color(rgb="FF0070C0"), "blue"),
        (Color(rgb="FF000080"), "navy"),
        (Color(rgb="FF008000"), "green"),
        (Color(rgb="FF00B050"), "green"),
        (Color(rgb="FFC00000"), "red"),
        (Color(rgb="FF333333"), "black"),
        (Color(rgb="FF808080"), "grey"),
        (Color(rgb="FFFFFFFF"), "white"),
        (Color(rgb="FFED7D31"), "another colour"),
        (Color(theme=1), "black"),
        (Color(theme=0), "white"),
        (Color(theme=4), "blue"),
        (Color(theme=1, tint=0.5), "grey"),
        (Color(indexed=12), "blue"),
        (Color(indexed=64), "black"),
        (Color(theme=99), "black"),
    ],
)
def test_colours_are_named_as_a_reader_sees_them(colour, name):
    assert ink(resolve(colour, THEME)) == name


def test_a_fill_is_one_that_can_be_seen():
    sheet = Workbook().active
    fills = {
        "A1": PatternFill(),
        "A2": PatternFill("solid", fgColor="FFFFFF"),
        "A3": PatternFill("solid", fgColor=Color(theme=0)),
        "A4": PatternFill("solid", fgColor=Color(theme=0, tint=-0.05)),
        "A5": PatternFill("solid", fgColor="FFF8E1"),
    }
    for cell, fill in fills.items():
        sheet[cell].fill = fill
        sheet[cell].font = Font(color="0000FF")
    assert [is_filled(sheet[cell], THEME) for cell in fills] == [False, False, False, True, True]


def test_a_bare_workbook_breaks_rules_and_breaks_nothing_else(tmp_path):
    book = Workbook()
    book.save(tmp_path / "bare.xlsx")
    report = check_workbook(tmp_path / "bare.xlsx")
    assert {"R01", "R02", "R03", "R11", "R16", "R23", "R25", "R26", "R28", "R29", "R30"} <= set(report.failed)
    assert not [verdict for verdict in report.verdicts if verdict.status == "N/A" and verdict.rule.id != "R10"]


def test_a_file_that_no_reader_understands_is_refused(good):
    def spoil(parts):
        parts["xl/styles.xml"] = b"<styleSheet><fonts><font><b val='perhaps'/></font></fonts></styleSheet>"

    path, _ = good.with_parts_changed(spoil)
    with pytest.raises(RefusedFileError) as caught:
        check_workbook(path)
    assert caught.value.code == "UNREADABLE"


@pytest.mark.parametrize("moved", [True, False])
def test_validations_of_later_excels_count(good, moved):
    """Excel keeps a list that refers to another sheet in an extension, which openpyxl drops."""
    part = open_package(good.path).sheet_parts["Inputs"]
    row = base(load_workbook(good.path), "Rent").row

    def move_to_the_extension(parts):
        text = parts[part].decode()
        (rule,) = re.findall(rf'<dataValidation [^>]*sqref="E{row}:G{row}".*?</dataValidation>', text)
        low, high = re.search("<formula1>(.*?)</formula1><formula2>(.*?)</formula2>", rule).groups()
        later = (
            '<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}" '
            'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main">'
            '<x14:dataValidations xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main" count="1">'
            '<x14:dataValidation type="decimal" showErrorMessage="1">'
            f"<x14:formula1><xm:f>{low}</xm:f></x14:formula1><x14:formula2><xm:f>{high}</xm:f></x14:formula2>"
            f"<xm:sqref>E{row}:G{row}</xm:sqref></x14:dataValidation></x14:dataValidations></ext></extLst>"
        )
        parts[part] = text.replace(rule, "").replace("</worksheet>", later * moved + "</worksheet>").encode()

    path, _ = good.with_parts_changed(move_to_the_extension)
    assert check_workbook(path).failed == (() if moved else ("R13",))

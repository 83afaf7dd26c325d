"""Each rule on formulas and their results, broken once and more."""

import re

import pytest
from openpyxl import load_workbook
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Font
from openpyxl.workbook.defined_name import DefinedName
from seeding import Faults, across, line, live, restyle, where

from pycalc.errors import CellError
from workbook_templates.headless.sheet_xml import formula_cells, with_values
from workbook_templates.rules import check_workbook

FAULTS = Faults()
BLENDED = "Blended, at utilisation"
SPEED = "Prefill speed"


def formula(label, text, *also, rule):
    """A fault that is one formula of the calculation, written over a line's own."""

    def change(book):
        cell = line(book, label)
        cell.value = text.format(own=cell.value[1:], row=cell.row, above=cell.row - 1, two_above=cell.row - 2)
        return where(cell)

    change.__name__ = text[1:30]
    FAULTS.seed(rule, *also)(change)


@FAULTS.seed("R16")
def one_odd_cell_in_a_grid(book):
    first = across(book, "Linear share")
    cell = first.offset(column=2)
    cell.value = first.value
    return where(cell)


@FAULTS.seed("R16")
def one_odd_row_in_a_grid(book):
    """All cells of a row of a two-way grid are wrong in the same way: the columns tell."""
    sheet = book["Sensitivity"]
    grid = [
        (cell.row, cell.column) for row in sheet.iter_rows() for cell in row if re.match(r"=[A-Z]\$\d+/\$C", str(cell.value))
    ]
    odd = min(grid)[0] + 2
    for row, column in grid:
        if row == odd:
            sheet.cell(row, column).value = sheet.cell(row, column).value.replace("/$C", "*$C")
    return f"Sensitivity!D{odd}"


@FAULTS.seed("R16")
def one_odd_cell_in_a_table_two_columns_wide(book):
    sheet, model = book["Sensitivity"], across(book, SPEED)
    for row in range(200, 206):
        for column, letter in ((4, "D"), (5, "E")):
            restyle(sheet.cell(row, column), model)
            sheet.cell(row, column).value = f"={letter}${model.row}*2"
    sheet["E203"].value = f"=E${model.row + 1}*2"
    return "Sensitivity!E203"


@FAULTS.seed("R16", "R11", "R13", "R24")
def a_number_typed_over_a_cell_of_a_grid(book):
    cell = across(book, "Linear share").offset(column=2)
    cell.value = 4.08
    return where(cell)


formula(BLENDED, "={own}*0.3", rule="R17")
formula(BLENDED, "={own}*30%", rule="R17")
formula(BLENDED, '={own}*"0.3"', rule="R17")
formula(BLENDED, "={own}*SUM({{1,5}})", rule="R17")
formula(BLENDED, "={own}-1E-09", rule="R17")
formula(BLENDED, "={own}+0*" + "+0*".join(["D{above}"] * 30), rule="R18")
formula(BLENDED, "={own}\n+0", rule="R18")
formula(SPEED, "=IF(D{above}>0,IF(D{above}<1,context/D{above},0),0)", rule="R19")
formula(SPEED, "=SUM(ABS(ABS(ABS(ABS(D{above})))))", "R24", rule="R19")
formula(BLENDED, "={own}+0*TODAY()", rule="R20")
formula(BLENDED, "={own}+NPV(D{above},D{above})", rule="R20")
formula(SPEED, "=IFERROR(context/D{above},0)", rule="R21")
formula(SPEED, "=_xlfn.IFNA(context/D{above},0)", rule="R21")
formula(SPEED, "=AGGREGATE(2,6,D{above})*context", rule="R21")
formula(SPEED, "=context*SUM(Inputs!$A:$A)", "R25", rule="R22")
formula(SPEED, "=context*SUM(Inputs!$9:$9)", rule="R22")
formula(SPEED, "=context/D{row}", rule="R23")
formula(SPEED, "=context/SUM(D{two_above}:D{row})", rule="R23")
formula(SPEED, "=context/Z99", rule="R25")
formula(SPEED, "=context/SUM(Y98:Z99)", rule="R25")
formula(SPEED, "=context/#REF!", rule="R25")
formula(SPEED, "=context/Workings!A1", rule="R25")
formula(SPEED, "=context/D{above})", "R24", rule="R25")


@FAULTS.seed("R20", "R27")
def a_volatile_name(book):
    book.defined_names["rows_so_far"] = DefinedName("rows_so_far", attr_text="OFFSET(Inputs!$D$9,0,0)")
    cell = line(book, SPEED)
    cell.value += "+0*rows_so_far"
    return "name rows_so_far"


@FAULTS.seed("R20")
def a_volatile_conditional_format(book):
    rule = FormulaRule(["NOW()>Inputs!$D$9"], font=Font(bold=True))
    book["Calc"].conditional_formatting.add("D6", rule)
    return "Calc!D6 conditional format"


@FAULTS.seed("R22")
def a_daisy_chain(book):
    sheet = book["Dashboard"]
    sheet["B20"].value, sheet["B21"].value = f"={where(line(book, BLENDED))}", "=B20"
    restyle(sheet["B20"], line(book, "Operations of a layer"))
    restyle(sheet["B21"], line(book, "Linear share"))
    return "Dashboard!B21"


@FAULTS.seed("R23")
def a_circle_through_a_name(book):
    cell = live(book, "Rent")
    cell.value = f"=INDEX(E{cell.row}:G{cell.row},1,$D$5)+0*own_rent"
    return where(cell)


@FAULTS.seed("R23")
def iteration_switched_on(book):
    book.calculation.iterate = True
    return "workbook"


@FAULTS.seed("R25", result=CellError("#DIV/0!"))
def an_error(book):
    return where(line(book, BLENDED))


@FAULTS.seed("R25", result=CellError("#N/A"))
def an_answer_that_is_not_available_and_not_declared(book):
    return where(line(book, BLENDED))


@FAULTS.seed("R25", result="")
def an_empty_text(book):
    return where(line(book, BLENDED))


@FAULTS.seed("R25", result=None)
def one_formula_never_calculated(book):
    return where(line(book, BLENDED))


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_in_the_formulas_is_found(good, fault):
    good.must_show(fault)


def test_a_workbook_that_was_never_calculated_is_found(good):
    def forget(parts):
        for part in [part for part in parts if part.startswith("xl/worksheets/sheet")]:
            cells = formula_cells(parts[part])
            parts[part] = with_values(parts[part], cells, dict.fromkeys(cell.address for cell in cells))

    path, _ = good.with_parts_changed(forget)
    report = check_workbook(path)
    assert report.failed == ("R25",)
    assert [finding.where for finding in report.findings] == ["workbook"]


@pytest.mark.parametrize(("label", "passes"), [("Cells that show #N/A: no number exists there", True), ("Some cells", False)])
def test_an_answer_that_is_not_available_passes_where_checks_declares_it(good, label, passes):
    """Checks must count the cell by ISNA, in a row whose words speak of #N/A."""

    def declare(book):
        sheet = book["Checks"]
        cell = line(book, BLENDED)
        sheet["B30"], sheet["F30"] = label, f"=SUMPRODUCT(--ISNA({where(cell)}))"
        return where(cell)

    path, _ = good.with_change(declare, result=CellError("#N/A"))
    assert check_workbook(path).failed == (() if passes else ("R25",))


def test_a_check_may_tell_it_from_other_errors_by_iserr(good):
    def declare(book):
        sheet, cell = book["Checks"], line(book, BLENDED)
        sheet["B30"], sheet["F30"] = "#N/A where no number exists", f"=IF(ISERR(SUM({where(cell)})),1,0)"
        return where(cell)

    path, _ = good.with_change(declare, result=CellError("#N/A"))
    assert check_workbook(path).failed == ()


@pytest.mark.parametrize("declared", [True, False])
def test_a_cell_that_only_shows_a_declared_answer_is_declared_with_it(good, declared):
    def show(book):
        sheet, cell = book["Checks"], line(book, BLENDED)
        words = "#N/A where no number exists" if declared else "some cells"
        sheet["B30"], sheet["F30"] = words, f"=IF(ISNA({where(cell)}),1,0)"
        return where(cell)

    def shown_on_the_dashboard(book):
        show(book)
        return "Dashboard!B5"  # the figure, a link to that line

    path, _ = good.with_change(shown_on_the_dashboard, result=CellError("#N/A"))
    report = check_workbook(path)
    assert [finding.where for finding in report.findings] == ([] if declared else ["Dashboard!B5"])


def test_checks_may_forgive_a_rounding_error_and_catch_an_error(good):
    """The good workbook does both: tolerances and IFERROR on Checks alone."""
    texts = [str(cell.value) for row in load_workbook(good.path)["Checks"].iter_rows() for cell in row]
    assert any("1E-09" in text for text in texts)
    assert any("IFERROR" in text for text in texts)


def test_totals_at_the_end_of_a_run_and_tables_of_columns_are_in_line(good):
    def add_a_table(book):
        sheet, model = book["Sensitivity"], across(book, SPEED)

        def write(cell, text):
            restyle(sheet[cell], model)
            sheet[cell].value = text

        for row in range(200, 206):
            write(f"D{row}", f"=D{model.row}")
            write(f"E{row}", f"=D{row}*2")
            write(f"F{row}", f"=E{row}/D{row}")
        for column in "DEF":
            write(f"{column}206", f"=SUM({column}200:{column}205)")
            write(f"{column}210", f"={column}{model.row}*2")
        write("G210", "=SUM(D210:F210)")

    path, _ = good.with_change(add_a_table)
    assert check_workbook(path).passed, check_workbook(path).text()

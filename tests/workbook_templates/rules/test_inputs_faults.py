"""Each rule on the inputs of a workbook, broken once and more."""

import pytest
from openpyxl.styles import Color, Font, PatternFill, Protection
from openpyxl.worksheet.datavalidation import DataValidation
from seeding import Faults, across, base, line, live, restyle, where

from workbook_templates.reading import open_package
from workbook_templates.rules import check_workbook
from workbook_templates.rules.book import Book
from workbook_templates.rules.inputs import SCENARIOS, options_of, selectors

FAULTS = Faults()


def validation_of(cell):
    """The validation that covers a cell."""
    return next(v for v in cell.parent.data_validations.dataValidation if cell.coordinate in v.sqref)


def drop_validation(cell):
    validations = cell.parent.data_validations.dataValidation
    validations.remove(validation_of(cell))


@FAULTS.seed("R11", "R13", "R24")
def a_number_typed_over_a_calculation(book):
    cell = line(book, "Blended, at utilisation")
    cell.value = 4.08
    return where(cell)


@FAULTS.seed("R11", "R24")
def an_input_in_black(book):
    cell = base(book, "Rent")
    cell.font = Font(name="Calibri", color="FF000000")
    return where(cell)


@FAULTS.seed("R11")
def an_input_without_a_fill(book):
    cell = base(book, "Rent")
    cell.fill = PatternFill()
    return where(cell)


@FAULTS.seed("R11")
def an_input_filled_with_white(book):
    cell = base(book, "Rent")
    cell.fill = PatternFill("solid", fgColor="FFFFFF")
    return where(cell)


@FAULTS.seed("R11", "R29")
def a_locked_input(book):
    cell = base(book, "Rent")
    cell.protection = Protection(locked=True)
    return where(cell)


@FAULTS.seed("R12")
def an_input_without_a_source(book):
    cell = base(book, "Rent")
    book["Inputs"][f"I{cell.row}"].value = None
    return where(cell)


@FAULTS.seed("R12")
def an_input_without_a_unit(book):
    cell = base(book, "Rent")
    book["Inputs"][f"C{cell.row}"].value = None
    return where(cell)


@FAULTS.seed("R12")
def a_catalogue_row_without_a_source(book):
    sheet = book.create_sheet("Catalogue")
    sheet.sheet_view.showGridLines = False
    sheet.protection.sheet = True
    sheet.sheet_properties.pageSetUpPr = book["Calc"].sheet_properties.pageSetUpPr
    sheet.print_area = "A1:D4"
    sheet.oddFooter.left.text = "Catalogue"
    sheet["A1"] = "=Checks!$D$4"
    for row, values in enumerate((("GPU", "Unit", "Memory", "Source"), ("A", "GB", 80, "vendor"), ("B", "GB", 96, None)), 2):
        for column, value in enumerate(values, 1):
            sheet.cell(row, column, value)
    cover = book["Cover"]
    restyle(cover["B33"], cover["B20"])
    cover["B33"].value, cover["B33"].hyperlink = "Catalogue", "#Catalogue!A1"
    return "Catalogue!C4"


@FAULTS.seed("R13")
def an_input_without_validation(book):
    cell = base(book, "Rent")
    drop_validation(cell)
    return where(cell)


@FAULTS.seed("R13")
def an_axis_without_validation(book):
    cell = across(book, "Context per session")
    drop_validation(cell)
    return where(cell)


@FAULTS.seed("R13")
def a_validation_that_only_warns(book):
    cell = base(book, "Rent")
    validation_of(cell).errorStyle = "warning"
    return where(cell)


@FAULTS.seed("R13")
def a_validation_that_says_nothing(book):
    cell = base(book, "Rent")
    validation_of(cell).showErrorMessage = False
    return where(cell)


@FAULTS.seed("R14")
def a_default_out_of_its_bounds(book):
    cell = base(book, "Rent")
    cell.value = 99_999
    return where(cell)


@FAULTS.seed("R14")
def a_fraction_where_a_whole_number_is_asked(book):
    cell = base(book, "KV heads")
    cell.value = 8.5
    return where(cell)


@FAULTS.seed("R14")
def a_choice_that_its_list_does_not_offer(book):
    cell = book["Inputs"]["D4"]
    cell.value = "Boom"
    return where(cell)


@FAULTS.seed("R14")
def a_bound_read_from_a_cell(book):
    """The bound stands in the bear scenario's cell, which holds less than the base value."""
    cell = base(book, "Context per session")
    drop_validation(cell)
    rule = DataValidation(type="decimal", operator="greaterThan", formula1=f"$G${cell.row}", showErrorMessage=True)
    rule.add(f"E{cell.row}:G{cell.row}")
    cell.parent.add_data_validation(rule)
    return where(cell)


@FAULTS.seed("R15", "R12", "R13")
def no_scenario_selector(book):
    cell = book["Inputs"]["D4"]
    drop_validation(cell)
    return "workbook"


@FAULTS.seed("R15")
def a_scenario_row_that_is_never_live(book):
    cell = live(book, "Rent")
    cell.value = f"=E{cell.row}"
    return f"Inputs!E{cell.row}"


@FAULTS.seed("R15")
def two_scenarios_only(book):
    cell = book["Inputs"]["D4"]
    validation_of(cell).formula1 = '"Base,Bull"'
    return where(cell)


@FAULTS.seed("R15")
def a_second_selector(book):
    sheet = book["Inputs"]
    restyle(sheet["G4"], sheet["D4"])
    sheet["G4"].value = "Bull"
    rule = DataValidation(type="list", formula1="$E$7:$G$7", allow_blank=False, showErrorMessage=True, sqref="G4")
    sheet.add_data_validation(rule)
    cell = live(book, "Rent")
    cell.value = f"=INDEX(E{cell.row}:G{cell.row},1,MATCH($G$4,$E$7:$G$7,0))"
    return "Inputs!G4"


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_in_the_inputs_is_found(good, fault):
    good.must_show(fault)


def test_a_theme_colour_counts_as_the_blue_that_it_is(good):
    """Accent 1 of the office theme is blue, accent 2 is not, however the file says it."""

    def in_theme(number):
        def change(book):
            base(book, "Rent").font = Font(name="Calibri", color=Color(theme=number))

        return check_workbook(good.with_change(change)[0]).failed

    assert in_theme(4) == ()
    assert in_theme(5) == ("R11", "R24")


def test_one_selector_with_enough_scenarios_is_what_the_good_workbook_has(good):
    book = Book(open_package(good.path))
    (selector,) = selectors(book)
    options = [options_of(book, validation) for validation in book.validations_of(selector)]
    assert selector.where == "Inputs!D4"
    assert [len(found) for found in options] == [SCENARIOS]

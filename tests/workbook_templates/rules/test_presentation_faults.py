"""Each rule on colours, units, names, checks, protection and print, broken once and more."""

import re

import pytest
from openpyxl.styles import Color, Font, Protection
from openpyxl.workbook.defined_name import DefinedName
from seeding import Faults, base, flag, line, live, row_of, where

from workbook_templates.rules import check_workbook

FAULTS = Faults()
LAYER = "Operations of a layer"
COST = "Blended, at utilisation"
SPEED = "Prefill speed"


@FAULTS.seed("R24")
def a_cross_sheet_formula_in_black(book):
    cell = line(book, LAYER)
    cell.font = Font(name="Calibri", size=10, color="000000")
    return where(cell)


@FAULTS.seed("R24")
def a_same_sheet_formula_in_green(book):
    cell = line(book, "Linear share")
    cell.font = Font(name="Calibri", size=10, color="007A33")
    return where(cell)


@FAULTS.seed("R24")
def a_bold_formula_in_blue(book):
    """Weight excuses the house's colour, never the colour of inputs."""
    cell = line(book, COST)
    cell.font = Font(name="Calibri", size=11, bold=True, color="0000FF")
    return where(cell)


@FAULTS.seed("R24")
def a_formula_in_a_theme_blue(book):
    cell = line(book, "Linear share")
    cell.font = Font(name="Calibri", size=10, color=Color(theme=4))
    return where(cell)


@FAULTS.seed("R24")
def a_selector_in_black(book):
    cell = book["Inputs"]["D4"]
    cell.font = Font(name="Calibri", size=10, color="000000")
    return where(cell)


@FAULTS.seed("R26")
def a_line_without_a_unit(book):
    cell = line(book, COST)
    book["Calc"][f"C{cell.row}"].value = None
    return where(cell)


@FAULTS.seed("R26")
def no_unit_column(book):
    book["Calc"]["C4"].value = "Note"
    return "Calc"


@FAULTS.seed("R26", "R01", "R25")
def no_calculation_at_all_on_calc(book):
    """The rule has nothing to judge, and says so."""
    book["Calc"].title = "Sensitivity_2"
    cover = book["Cover"]
    cover[f"B{row_of(cover, 'Calc')}"].hyperlink.location = "Sensitivity_2!A1"
    return "workbook"


@FAULTS.seed("R26")
def a_heading_with_another_unit_than_the_column(book):
    """A unit after a comma in a column's heading goes before that of the row: per cent here, the rows' formats are not."""
    book["Calc"]["D4"].value = "Value, %"
    return "Calc!D6"


def number_format(label, text):
    """A fault that is the number format of a line."""

    def change(book):
        cell = line(book, label)
        cell.number_format = text
        return where(cell)

    change.__name__ = f"{label.replace(' ', '_')}_shown_as_{text}"
    FAULTS.seed("R26")(change)


number_format(COST, "0.00")
number_format(COST, "General")
number_format(COST, "0%")
number_format("Quadratic share", "0.00")
number_format("Quadratic share", '0.0"%"')
number_format(SPEED, "0%")
number_format(SPEED, "$#,##0")
number_format(SPEED, "yyyy-mm-dd")


def name(text, refers_to):
    """A fault that is a defined name."""

    def change(book):
        book.defined_names[text] = DefinedName(text, attr_text=refers_to)
        return f"name {text}"

    change.__name__ = f"{text}_for_{refers_to}"
    FAULTS.seed("R27")(change)


name("never_used", "Inputs!$D$9")
name("nothing_there", "Inputs!$A$99")
name("deleted_cell", "Inputs!#REF!")
name("lost_sheet", "Workings!$A$1")
name("hidden_constant", "0.3")
name("hidden_logic", "Inputs!$D$9*2")


def used_name(text, *also, **options):
    """A fault that is a name which a formula uses."""

    def change(book):
        cell = live(book, "Rent")
        book.defined_names[text] = DefinedName(text, attr_text=f"Inputs!$D${cell.row}", **options)
        line(book, LAYER).value += f"+0*{text}"
        return f"name {text}"

    change.__name__ = "_".join((text, *options))
    FAULTS.seed("R27", *also)(change)


used_name("GpuRent")
used_name("fp16", "R25")  # Excel reads the cell FP16, which is empty
used_name("rent_twice", hidden=True)


@FAULTS.seed("R27")
def a_name_that_is_not_defined(book):
    cell = line(book, LAYER)
    cell.value += "+0*gpu_rnt"
    return where(cell)


@FAULTS.seed("R28")
def too_few_checks(book):
    sheet = book["Checks"]
    first = row_of(sheet, "Check") + 1
    for row in sheet.iter_rows(min_row=first + 4):
        for cell in row:
            cell.value = None
    sheet["D4"].value = f"=SUM(D{first}:D{first + 3})"
    return "Checks!D4"


@FAULTS.seed("R28")
def a_check_that_the_master_does_not_count(book):
    sheet = book["Checks"]
    first, last = re.fullmatch(r"=SUM\((\w+):(\w+)\)", sheet["D4"].value).groups()
    sheet["D4"].value = f"=SUM({first}:D{sheet[last].row - 1})"
    return f"Checks!{last}"


@FAULTS.seed("R28", "R04")
def no_master(book):
    sheet = book["Checks"]
    sheet["D4"].value = f"=D{row_of(sheet, 'Check') + 1}"
    return "Checks"


@FAULTS.seed("R28")
def checks_that_never_turn_red(book):
    book["Checks"].conditional_formatting = type(book["Checks"].conditional_formatting)()
    return "Checks!D4"


@FAULTS.seed("R28")
def a_flag_that_says_the_opposite(book):
    cell = flag(book, "Checks")
    cell.value = cell.value.replace("=0,", ">0,")
    return where(cell)


@FAULTS.seed("R28")
def a_sheet_that_does_not_show_the_master(book):
    flag(book, "Calc").value = None
    return "Calc"


@FAULTS.seed("R29")
def an_unprotected_sheet(book):
    book["Calc"].protection.sheet = False
    return "Calc"


@FAULTS.seed("R29")
def a_formula_that_can_be_typed_over(book):
    cell = line(book, COST)
    cell.protection = Protection(locked=False)
    return where(cell)


@FAULTS.seed("R29", "R11")
def an_input_that_cannot_be_changed(book):
    cell = base(book, "Rent")
    cell.protection = Protection(locked=True)
    return where(cell)


@FAULTS.seed("R30")
def a_sheet_without_a_print_area(book):
    book["Calc"].print_area = None
    return "Calc"


@FAULTS.seed("R30")
def a_sheet_that_is_not_fitted(book):
    book["Calc"].sheet_properties.pageSetUpPr.fitToPage = False
    return "Calc"


@FAULTS.seed("R30")
def a_sheet_without_a_footer(book):
    footer = book["Calc"].oddFooter
    footer.left.text = footer.center.text = footer.right.text = None
    return "Calc"


@FAULTS.seed("R30")
def no_title_in_the_properties(book):
    book.properties.title = ""
    return "workbook"


def chart(pattern, replacement, title):
    """A fault in the XML of a chart, which openpyxl would not show."""

    def change(parts):
        old = parts["xl/charts/chart1.xml"]
        parts["xl/charts/chart1.xml"] = re.sub(pattern, replacement, old, flags=re.DOTALL)
        assert parts["xl/charts/chart1.xml"] != old
        return "Dashboard chart 1"

    change.__name__ = title
    FAULTS.seed("R30", in_parts=True)(change)


chart(rb"<(c:)?chart><(?:c:)?title>.*?</(?:c:)?title>", rb"<\1chart>", "a_chart_without_a_title")
chart(rb"(<(?:c:)?delete val=)\"0\"", rb'\1"1"', "a_chart_without_axes")
chart(rb"<(?:c:)?delete val=\"0\" ?/>", b"", "a_chart_whose_axes_Excel_would_hide")


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_in_the_presentation_is_found(good, fault):
    good.must_show(fault)


def test_the_names_of_our_functions_are_exempt_but_must_resolve(good):
    """LAMBDA names are capital, and may stand there unused; a broken one is still a fault."""

    def spoil(book):
        names = book.defined_names
        assert "KV_BUDGET" in names
        names["KV_BUDGET_UNUSED"] = DefinedName("KV_BUDGET_UNUSED", attr_text=names["KV_BUDGET"].attr_text)
        names["KV_BUDGET_BROKEN"] = DefinedName("KV_BUDGET_BROKEN", attr_text="_xlfn.LAMBDA(_xlpm.n,_xlpm.n*#REF!)")

    report = check_workbook(good.with_change(spoil)[0])
    assert [(finding.rule, finding.where) for finding in report.findings] == [("R27", "name KV_BUDGET_BROKEN")]

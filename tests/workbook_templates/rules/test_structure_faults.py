"""Each rule on the structure of a workbook, broken once and more."""

import re

import pytest
from openpyxl.workbook.defined_name import DefinedName
from seeding import Faults, across, flag, line, restyle, row_of, where

from workbook_templates.rules import check_workbook

FAULTS = Faults()


@FAULTS.seed("R01", "R25")
def a_sheet_whose_name_tells_no_role(book):
    book["Dashboard"].title = "Front"
    cover = book["Cover"]
    cell = cover[f"B{row_of(cover, 'Dashboard')}"]
    cell.hyperlink.location = "'Front'!A1"
    return "Front"


@FAULTS.seed("R01", "R03")
def no_change_log(book):
    book["ChangeLog"].title = "Outputs_Old"
    cover = book["Cover"]
    cover[f"B{row_of(cover, 'ChangeLog')}"].hyperlink.location = "Outputs_Old!A1"
    return "workbook"


@FAULTS.seed("R02")
def a_cover_without_the_sign_convention(book):
    cover = book["Cover"]
    cover[f"B{row_of(cover, 'Signs')}"].value = None
    return "Cover"


@FAULTS.seed("R02")
def a_cover_with_an_empty_purpose(book):
    cover = book["Cover"]
    row = row_of(cover, "Purpose")
    cover[f"C{row}"].value = None
    return f"Cover!B{row}"


@FAULTS.seed("R02")
def a_cover_of_another_version(book):
    cover = book["Cover"]
    cover[f"C{row_of(cover, 'Version')}"].value = "0.0.1"
    return "Cover"


@FAULTS.seed("R02")
def a_sheet_without_a_link(book):
    cover = book["Cover"]
    cover[f"B{row_of(cover, 'Calc')}"].hyperlink = None
    return "Cover"


@FAULTS.seed("R02")
def a_link_to_nowhere(book):
    cover = book["Cover"]
    cell = cover[f"B{row_of(cover, 'Calc')}"]
    cell.hyperlink.location = "'Workings'!A1"
    return where(cell)


@FAULTS.seed("R02")
def a_colour_key_without_blue(book):
    cover = book["Cover"]
    first = row_of(cover, "Colours") + 1
    restyle(cover[f"B{first}"], cover[f"B{first + 1}"])
    return "Cover"


@FAULTS.seed("R03")
def a_log_without_the_current_version(book):
    book["ChangeLog"]["B5"].value = "0.9.0"
    return "ChangeLog"


@FAULTS.seed("R03")
def no_version_in_the_properties(book):
    book.properties.version = None
    return "workbook"


@FAULTS.seed("R04")
def an_input_that_reads_a_result(book):
    cell = book["Inputs"][f"H{row_of(book['Inputs'], 'Rent')}"]
    restyle(cell, line(book, "Operations of a layer"))
    cell.value = f"={where(line(book, 'Operations of a layer'))}"
    return where(cell)


@FAULTS.seed("R04")
def a_calculation_that_reads_a_sensitivity(book):
    cell = line(book, "Operations of a layer")
    cell.value += f"+0*{where(across(book, 'Context per session'))}"
    return where(cell)


@FAULTS.seed("R04")
def a_calculation_that_uses_the_master_check(book):
    """The flag in a header is there to be seen: once a formula reads it, it is part of the model."""
    shown = flag(book, "Sensitivity")
    restyle(book["Dashboard"]["B20"], line(book, "Operations of a layer"))
    book["Dashboard"]["B20"].value = f"={where(shown)}"
    return where(shown)


@FAULTS.seed("R05")
def a_formula_that_reads_another_workbook(book):
    cell = line(book, "KV cache per token")
    cell.value = "=[1]Sheet1!$A$1+kv_value_bytes"
    return where(cell)


@FAULTS.seed("R05", "R27")
def a_name_that_reads_another_workbook(book):
    book.defined_names["their_rate"] = DefinedName("their_rate", attr_text="'C:\\models\\[rates.xlsx]Rates'!$A$1")
    return "name their_rate"


@FAULTS.seed("R05", in_parts=True)
def a_stored_link_to_another_workbook(parts):
    parts["xl/externalLinks/externalLink1.xml"] = b"<externalLink/>"
    return "xl/externalLinks/externalLink1.xml"


@FAULTS.seed("R05", in_parts=True)
def a_data_connection(parts):
    parts["xl/connections.xml"] = b"<connections/>"
    return "xl/connections.xml"


@FAULTS.seed("R06")
def a_hidden_sheet(book):
    book["Calc"].sheet_state = "hidden"
    return "Calc"


@FAULTS.seed("R06")
def a_sheet_that_no_menu_shows(book):
    book["Dashboard"].sheet_state = "veryHidden"
    return "Dashboard"


@FAULTS.seed("R06")
def a_hidden_row(book):
    book["Calc"].row_dimensions[20].hidden = True
    return "Calc!20:20"


@FAULTS.seed("R06")
def a_hidden_column(book):
    book["Inputs"].column_dimensions["G"].hidden = True
    return "Inputs!G:G"


@FAULTS.seed("R06", in_parts=True)
def a_row_of_no_height(parts):
    sheet = "xl/worksheets/sheet3.xml"
    parts[sheet] = re.sub(rb'(<row r="20") ?(?:ht="[^"]*")?', rb'\1 ht="0" ', parts[sheet])
    return "Calc!20:20"


@FAULTS.seed("R07")
def merged_cells(book):
    book["Cover"].merge_cells("B40:D40")
    return "Cover!B40:D40"


@FAULTS.seed("R08", in_parts=True)
def a_custom_part(parts):
    parts["customXml/item1.xml"] = b"<notes>what no sheet shows</notes>"
    return "customXml/item1.xml"


@FAULTS.seed("R09")
def grid_lines(book):
    book["Checks"].sheet_view.showGridLines = True
    return "Checks"


@FAULTS.seed("R09")
def a_calculation_without_frozen_panes(book):
    book["Calc"].freeze_panes = None
    return "Calc"


@FAULTS.seed("R09")
def a_grid_without_frozen_panes(book):
    book["Sensitivity"].freeze_panes = None
    return "Sensitivity"


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_in_the_structure_is_found(good, fault):
    good.must_show(fault)


def test_macros_are_found_in_a_workbook_that_admits_to_them(good):
    """Under the name .xlsx the reader refuses them; see test_reading."""

    def hold_macros(parts):
        parts["xl/vbaProject.bin"] = b"\xcc\x61"
        types = parts["[Content_Types].xml"]
        plain, macro = b"spreadsheetml.sheet.main+xml", b"ms-excel.sheet.macroEnabled.main+xml"
        parts["[Content_Types].xml"] = types.replace(b"vnd.openxmlformats-officedocument." + plain, b"vnd." + macro)

    path, _ = good.with_parts_changed(hold_macros, "macros.xlsm")
    report = check_workbook(path)
    assert report.failed == ("R08",)
    assert [finding.where for finding in report.findings] == ["xl/vbaProject.bin"]


def a_hidden_list(book):
    sheet = book.create_sheet("List_Scenarios")
    sheet.sheet_state = "hidden"
    sheet.sheet_view.showGridLines = False
    sheet.protection.sheet = True
    sheet["A1"], sheet["A2"] = "Base", 0.3
    return sheet


def test_a_hidden_list_and_a_folded_group_are_declared(good):
    def hide_what_may_be_hidden(book):
        a_hidden_list(book)
        book["Calc"].row_dimensions.group(15, 17, hidden=True)

    path, _ = good.with_change(hide_what_may_be_hidden)
    assert check_workbook(path).passed


def test_a_hidden_list_is_no_place_for_inputs_and_formulas(good):
    def hide_what_may_not(book):
        sheet = a_hidden_list(book)
        sheet["A3"] = "=A2*2"
        line(book, "Operations of a layer").value += "+0*List_Scenarios!A2"

    report = check_workbook(good.with_change(hide_what_may_not)[0])
    found = {(finding.rule, finding.where) for finding in report.findings}
    assert {("R06", "List_Scenarios"), ("R11", "List_Scenarios!A2"), ("R13", "List_Scenarios!A2")} <= found

"""The sheets that every workbook has: cover, inputs, calculation, checks, change log."""

from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.hyperlink import Hyperlink

from workbook_templates import style
from workbook_templates.page import MASTER, Draft, Page, Place
from workbook_templates.spec import SCENARIOS, Input

SCENARIO_COLUMNS = dict(zip(SCENARIOS, "EFG", strict=True))
SELECTOR, INDEX = "$D$4", "$D$5"
SIGNS = "All amounts are costs and positive; changes are signed, minus = cheaper"
UNITS = "$ = US dollars; Mtok = a million tokens; GB = 10^9 bytes; fractions are shown in %"
COLOURS = (
    (style.INPUT, "Input: yours to change"),
    (style.CALC, "Formula that reads this sheet"),
    (style.LINK, "Formula that reads another sheet"),
    (style.KEY, "Result"),
)
PURPOSES = {
    "Inputs": "Assumptions: three scenarios, units, bounds, sources",
    "Calc": "One row, one step, from base units to dollars",
    "Sensitivity": "Grids, scenarios side by side, levers",
    "Dashboard": "The answer on one page",
    "Checks": "What must hold for the figures to be right",
    "ChangeLog": "Versions",
}


def draw_inputs(draft: Draft) -> None:
    """The selector, and for each input its live value, three scenarios, bounds and source."""
    widths = {"B": 27, "C": 11, "D": 13, "E": 12, "F": 12, "G": 12, "H": 19, "I": 62}
    page = Page(draft, "Inputs", widths, style.AMBER)
    page.frame("Inputs", "Amber cells are yours to change; everything else follows")
    _draw_selector(page)
    page.row = 7
    scenarios = {column: name for name, column in SCENARIO_COLUMNS.items()}
    page.heads({"B": "Input", "C": "Unit", "D": "Live", **scenarios, "H": "Allowed", "I": "Source"}, "I", "CH")
    for i, section in enumerate(draft.template.inputs):
        page.section(section.title, gap=i > 0)
        for row in section.rows:
            if isinstance(row, Input):
                _draw_input(page, row)
    page.finish("1:7", freeze="D8", one_page=True)


def _draw_selector(page: Page) -> None:
    first, last = min(SCENARIO_COLUMNS.values()), max(SCENARIO_COLUMNS.values())
    header = f"${first}$7:${last}$7"
    page.put("B4", "Active scenario", style.KEY_LABEL)
    page.put("C4", "name", style.KEY_UNIT)
    page.put("D4", page.draft.template.scenario, style.INPUT)
    page.put("E4", "← choose here; the column Live and all sheets follow", style.SUBTITLE)
    page.put("B5", "Scenario number", style.LABEL)
    page.put("C5", "#", style.UNIT)
    page.put("D5", f"=MATCH({SELECTOR.replace('$', '')},{header.replace('$', '')},0)", style.CALC, "0")
    page.sheet.add_data_validation(
        DataValidation(
            type="list",
            formula1=header,
            allow_blank=False,
            showErrorMessage=True,
            errorTitle="Scenario",
            error=f"One of {', '.join(SCENARIOS)}",
            showInputMessage=True,
            promptTitle="Scenario",
            prompt=f"One of {', '.join(SCENARIOS)}",
            sqref="D4",
        )
    )
    page.draft.places["scenario"] = Place("Inputs", SELECTOR)
    page.draft.places["scenario_index"] = Place("Inputs", INDEX)


def _draw_input(page: Page, row: Input) -> None:
    r, q = page.row, row.quantity
    page.label(row.label, row.unit.name)
    page.put(f"D{r}", f"=INDEX(E{r}:G{r},1,{INDEX})", style.LIVE, row.unit.format)
    for column, value in zip(SCENARIO_COLUMNS.values(), row.values, strict=True):
        page.put(f"{column}{r}", value, style.INPUT, row.unit.format)
    page.put(f"H{r}", row.allowed, style.UNIT)
    page.put(f"I{r}", row.source, style.NOTE)
    words = row.unit.spelt(row.bounds)
    page.allow_numbers(f"E{r}:G{r}", row.label, row.bounds, row.whole, words, f"{q.symbol}: {q.meaning}")
    page.draft.places[row.name] = Place("Inputs", f"$D${r}", row.name)
    page.row += 1


def draw_calc(draft: Draft) -> None:
    """One row, one step."""
    page = Page(draft, "Calc", {"B": 38, "C": 13, "D": 19, "E": 66}, style.GREY)
    page.frame("Calculation", "One row, one step; green reads Inputs, black reads this sheet")
    page.heads({"B": "Line", "C": "Unit", "D": "Value", "E": "How"}, "E")
    first = page.row
    for i, section in enumerate(draft.template.calc):
        if section.break_before:
            page.new_page()
        page.section(section.title, gap=i > 0 and not section.break_before)
        for line in section.rows:
            if isinstance(line, Input):
                continue
            r = page.row
            page.label(line.label, line.unit.name, line.key)
            page.formula(f"D{r}", line.formula, line.unit.format, line.key)
            page.put(f"E{r}", line.note or None, style.KEY_NOTE if line.key else style.NOTE)
            draft.places[line.name] = Place("Calc", f"$D${r}")
            page.row += 1
    draft.places["calc.values"] = Place("Calc", f"$D${first}:$D${page.row - 1}")
    page.finish("1:4", freeze="D5")


def draw_checks(draft: Draft) -> None:
    """0 where a condition holds, 1 where it does not or cannot be computed; the sum is every sheet's flag."""
    page = Page(draft, "Checks", {"B": 44, "C": 10, "D": 12, "E": 66}, style.CORAL)
    page.frame("Checks", "0 = holds, 1 = fails or cannot be computed; the count is shown on every sheet")
    first, last = 7, 6 + len(draft.template.checks)
    page.label("Checks that fail", "count", key=True)
    page.put(MASTER.replace("$", ""), f"=SUM(D{first}:D{last})", style.KEY, "0")
    page.row = 6
    page.heads({"B": "Check", "C": "Unit", "D": "Fails", "E": "Meaning"}, "E")
    for check in draft.template.checks:
        page.label(check.label, "flag")
        page.formula(f"D{page.row}", f"=IFERROR(IF({check.holds},0,1),1)", "0")
        page.put(f"E{page.row}", check.meaning, style.NOTE)
        draft.places[check.label] = Place("Checks", f"$D${page.row}")
        page.row += 1
    for cells in ("D4", f"D{first}:D{last}"):
        top = cells.partition(":")[0]
        for rule in (
            style.when(f"{top}=0", colour=style.GREEN, fill=style.GOOD_FILL, bold=True),
            style.when(f"{top}>0", colour=style.RED, fill=style.BAD_FILL, bold=True),
        ):
            page.sheet.conditional_formatting.add(cells, rule)
    page.finish("1:6", freeze="D7", one_page=True)


def draw_log(draft: Draft) -> None:
    """The versions, newest first."""
    page = Page(draft, "ChangeLog", {"B": 14, "C": 16, "D": 18, "E": 84}, style.NAVY)
    page.frame("Change log", "Newest first")
    page.heads({"B": "Version", "C": "Date", "D": "Author", "E": "Change"}, "CDE")
    for change in draft.template.changes:
        for letter, text in zip("BCDE", (change.version, change.when.isoformat(), "llmecon", change.what), strict=True):
            page.put(f"{letter}{page.row}", text, style.LABEL)
        page.row += 1
    page.finish(freeze="B5", one_page=True)


def draw_cover(draft: Draft) -> None:
    """What it is for, how it is read, and a link to every sheet."""
    template = draft.template
    page = Page(draft, "Cover", {"B": 24, "C": 86, "D": 22}, style.NAVY)
    page.frame(template.title, template.question)
    facts = (
        ("Purpose", template.purpose),
        ("For", template.reader),
        ("Version", template.version),
        ("Date", template.when.isoformat()),
        ("Units", UNITS),
        ("Signs", SIGNS),
        ("Sources", "[A x.y] = section of the article behind the functions; [N] = our assumption, to be replaced by yours"),
        ("Functions", _functions_note(draft)),
    )
    for label, text in facts:
        _pair(page, label, text, style.LABEL)
    page.section("How to use it")
    for i, step in enumerate(template.how, start=1):
        _pair(page, f"Step {i}", step, style.LABEL)
    page.section("Sheets")
    for title in template.sheets[1:]:
        cell = f"B{page.row}"
        _pair(page, title, PURPOSES[title], style.LABEL)
        page.sheet[cell].hyperlink = Hyperlink(ref=cell, location=f"'{title}'!A1", display=title)
        page.sheet[cell].style = style.HYPER
    page.section("Colours")
    for named, meaning in COLOURS:
        _pair(page, "Aa 123", meaning, named)
    page.row -= 1
    page.finish(one_page=True)


def _pair(page: Page, left: str, right: str, named: str) -> None:
    page.put(f"B{page.row}", left, named)
    page.put(f"C{page.row}", right, style.LABEL)
    page.put(f"D{page.row}", None, style.LABEL)
    page.row += 1


def _functions_note(draft: Draft) -> str:
    if draft.writer.inline:
        return "Written out as plain formulas, which run in any spreadsheet"
    return "LAMBDA names of this workbook (Excel 365); older Excel and LibreOffice need the llmecon add-in"

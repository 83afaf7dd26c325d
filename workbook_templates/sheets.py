"""The sheets that every workbook has besides those of the model: cover, checks, change log."""

from openpyxl.worksheet.hyperlink import Hyperlink

from workbook_templates import style
from workbook_templates.page import MASTER, Draft, Page, Place

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
    "Time": "The months, and what each of them is",
    "Audit": "Each call of our functions by four routes",
    "Calc_Claims": "Every figure as printed, computed again, with the verdict",
    "Catalogue_Claims": "What is printed, in its digits, and what follows from them",
}
PURPOSES_BY_START = {
    "Inputs_": "Assumptions, a value for each column",
    "Calc_": "One row, one formula over all columns",
    "Sensitivity_": "Every scenario, month by month or case by case",
    "Catalogue_": "What the pickers offer, with source and date",
}


def draw_checks(draft: Draft) -> None:
    """0 where a condition holds, 1 where it does not or cannot be computed; the sum is every sheet's flag."""
    page = Page(draft, "Checks", {"B": 44, "C": 10, "D": 12, "E": 66}, style.CORAL)
    page.frame("Checks", "0 = holds, 1 = fails or cannot be computed; the count is shown on every sheet")
    checks = tuple(draft.template.all_checks())
    first, last = 7, 6 + len(checks)
    page.label("Checks that fail", "count", key=True)
    page.put(MASTER.replace("$", ""), f"=SUM(D{first}:D{last})", style.KEY, "0")
    page.row = 6
    page.heads({"B": "Check", "C": "Unit", "D": "Fails", "E": "Meaning"}, "E")
    for check in checks:
        page.label(check.label, "flag")
        flag = f"IF({check.holds},0,1)"
        page.formula(f"D{page.row}", f"={flag}" if check.bare else f"=IFERROR({flag},{check.otherwise})", "0")
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
        ("Signs", template.signs),
        ("Sources", "[A x.y] = section of the article behind the functions; [N] = our assumption, to be replaced by yours"),
        ("Functions", _functions_note(draft)),
    )
    for label, text in facts:
        _pair(page, label, text, style.LABEL)
    page.section("How to use it")
    for i, step in enumerate(template.how, start=1):
        _pair(page, f"Step {i}", step, style.LABEL)
    page.section("Sheets")
    for title in draft.sheets[1:]:
        cell = f"B{page.row}"
        _pair(page, title, _purpose(title), style.LABEL)
        page.sheet[cell].hyperlink = Hyperlink(ref=cell, location=f"'{title}'!A1", display=title)
        page.sheet[cell].style = style.HYPER
    page.section("Colours")
    for named, meaning in COLOURS:
        _pair(page, "Aa 123", meaning, named)
    page.row -= 1
    page.finish(one_page=True)


def _purpose(title: str) -> str:
    """What a sheet is for; one of several of a kind says so by its first word."""
    start, mark, _ = title.partition("_")
    return PURPOSES.get(title) or PURPOSES_BY_START[start + mark]


def _pair(page: Page, left: str, right: str, named: str) -> None:
    page.put(f"B{page.row}", left, named)
    page.put(f"C{page.row}", right, style.LABEL)
    page.put(f"D{page.row}", None, style.LABEL)
    page.row += 1


def _functions_note(draft: Draft) -> str:
    if draft.writer.inline:
        return "Written out as plain formulas, which run in any spreadsheet"
    return "LAMBDA names of this workbook (Excel 365); older Excel and LibreOffice need the llmecon add-in"

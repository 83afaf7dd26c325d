"""The sheets where the reader types: the scenarios, and tables with a value for each case."""

from workbook_templates import style
from workbook_templates.columns import HEAD, columns_of, open_page
from workbook_templates.page import Draft, Page, Place
from workbook_templates.spec import SCENARIOS, CaseInput, Cases, Choice, Input, Section
from workbook_templates.spec.book import case_sheet

SCENARIO_COLUMNS = dict(zip(SCENARIOS, "EFG", strict=True))
ROWS_OF_A_PAGE = 50
SELECTOR, INDEX = "$D$4", "$D$5"


def draw_inputs(draft: Draft) -> None:
    """The selector, and for each input its live value, three scenarios, bounds and source; then the tables of cases."""
    template = draft.template
    wide = 19 if any(isinstance(row, Choice) for row in template.all_inputs()) else 12
    widths = {"B": 27, "C": 11, "D": max(13, wide), "E": wide, "F": wide, "G": wide, "H": 19, "I": 62}
    page = Page(draft, "Inputs", widths, style.AMBER)
    page.frame("Inputs", "Amber cells are yours to change; everything else follows")
    _draw_selector(page)
    page.row = 7
    scenarios = {column: name for name, column in SCENARIO_COLUMNS.items()}
    page.heads({"B": "Input", "C": "Unit", "D": "Live", **scenarios, "H": "Allowed", "I": "Source"}, "I", "CH")
    sections = [section for section in template.inputs if section.over is None]
    broken = any(section.break_before for section in sections)
    one_page = not broken and page.row + sum(len(section.rows) + 2 for section in sections) <= ROWS_OF_A_PAGE
    for i, section in enumerate(sections):
        if section.break_before:
            page.new_page()
        breaks = section.break_before or (not one_page and i > 0 and page.keep(len(section.rows) + 2))
        page.section(section.title, gap=i > 0 and not breaks)
        for row in section.rows:
            if isinstance(row, Input):
                _draw_input(page, row)
            elif isinstance(row, Choice):
                _draw_choice(page, row)
    page.finish("1:7", freeze="D8", one_page=one_page)
    for over in dict.fromkeys(section.over for section in template.inputs if isinstance(section.over, Cases)):
        _draw_cases(draft, over, [section for section in template.inputs if section.over == over])


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
    page.allow_list("D4", "Scenario", header, f"One of {', '.join(SCENARIOS)}")
    page.draft.places["scenario"] = Place("Inputs", SELECTOR)
    page.draft.places["scenario_index"] = Place("Inputs", INDEX)


def _draw_input(page: Page, row: Input) -> None:
    r, q = page.row, row.quantity
    _draw_scenarios(page, row)
    page.put(f"H{r}", row.allowed, style.UNIT)
    words = row.unit.spelt(row.bounds)
    page.allow_numbers(f"E{r}:G{r}", row.label, row.bounds, row.whole, words, f"{q.symbol}: {q.meaning}")
    page.row += 1


def _draw_choice(page: Page, row: Choice) -> None:
    r = page.row
    _draw_scenarios(page, row)
    page.put(f"H{r}", "from the list", style.UNIT)
    options, words = options_of(page.draft, row.options)
    page.allow_list(f"E{r}:G{r}", row.label, options, words)
    page.row += 1


def options_of(draft: Draft, options: str | tuple[str, ...]) -> tuple[str, str]:
    """A list as a validation writes it, and in words."""
    if isinstance(options, str):
        table = draft.template.catalogue(options)
        return f"{table.sheet}!{draft.places[f'{options}.names'].cell}", f"A name from the sheet {table.sheet}"
    return f'"{",".join(options)}"', f"One of {', '.join(options)}"


def _draw_scenarios(page: Page, row: Input | Choice) -> None:
    """Label, unit, the live value, a value for each scenario, and the source."""
    r = page.row
    page.label(row.label, row.unit.name)
    page.put(f"D{r}", f"=INDEX(E{r}:G{r},1,{INDEX})", style.LIVE, row.unit.format)
    for column, value in zip(SCENARIO_COLUMNS.values(), row.values, strict=True):
        page.put(f"{column}{r}", value, style.INPUT, row.unit.format)
    page.put(f"I{r}", row.source, style.NOTE)
    page.draft.places[row.name] = Place("Inputs", f"$D${r}", row.name)


def _draw_cases(draft: Draft, over: Cases, sections: list[Section]) -> None:
    """A row for each input, a column for each case."""
    at = columns_of(over)
    heading = f"Inputs by {over.label.lower()}", "Amber cells are yours to change; they hold in every scenario"
    page = open_page(draft, case_sheet(over), over, heading, style.AMBER)
    page.put(f"{at.total}{HEAD}", "Allowed", style.HEAD_MIDDLE)
    page.put(f"{at.last}{HEAD}", "Source", style.HEAD_LEFT)
    if over.options:
        _draw_picks(page, over)
    for i, section in enumerate(sections):
        page.section(section.title, gap=i > 0)
        for row in section.rows:
            if isinstance(row, CaseInput):
                _draw_case_input(page, over, row)
    page.row -= 1
    page.finish(f"1:{HEAD}", freeze=f"{at.letters[0]}{HEAD + 1}", one_page=True)


def _draw_case_input(page: Page, over: Cases, row: CaseInput) -> None:
    at, r, q = columns_of(over), page.row, row.quantity
    page.label(row.label, row.unit.name, column=at.unit)
    for letter, value in zip(at.letters, row.values, strict=True):
        page.put(f"{letter}{r}", value, style.INPUT, row.unit.tight)
    page.put(f"{at.total}{r}", row.allowed, style.UNIT)
    page.put(f"{at.last}{r}", row.source, style.NOTE)
    cells = f"{at.letters[0]}{r}:{at.letters[-1]}{r}"
    page.allow_numbers(cells, row.label, row.bounds, row.whole, row.unit.spelt(row.bounds), f"{q.symbol}: {q.meaning}")
    page.draft.places[row.name] = at.place(page.title, r)
    page.row += 1


def _draw_picks(page: Page, over: Cases) -> None:
    """The cases picked from a catalogue; the header shows them."""
    at, r = columns_of(over), page.row
    page.label(over.label, "name", column=at.unit)
    options, words = options_of(page.draft, over.options)
    for letter, value in zip(at.letters, over.values, strict=True):
        page.put(f"{letter}{r}", value, style.INPUT)
        page.put(f"{letter}{HEAD}", f"={letter}{r}", style.HEAD)
    page.put(f"{at.total}{r}", "from the list", style.UNIT)
    page.put(f"{at.last}{r}", "picked from the catalogue", style.NOTE)
    page.allow_list(f"{at.letters[0]}{r}:{at.letters[-1]}{r}", over.label, options, words)
    page.draft.places[over.name] = at.place(page.title, r)
    page.row += 1

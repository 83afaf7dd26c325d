"""The sheets of the calculation: rows that stand once, and rows with columns, in the order of computing."""

from workbook_templates import style
from workbook_templates.columns import HEAD, columns_of, draw_rows, finish_columns, open_page
from workbook_templates.page import Draft, Page, Place
from workbook_templates.spec import Cases, Months, Over, Section, is_stated
from workbook_templates.stated_sheets import draw_stated

HEADINGS = {
    "Calc": ("Calculation", "One row, one step; green reads other sheets, black reads this one"),
    "Time": ("Time", "The months, and what each of them is"),
}


def draw_calc(draft: Draft) -> None:
    """Section by section; each goes on its own sheet, and reads what stands before it, there or elsewhere."""
    pages: dict[str, tuple[Page, Over | None]] = {}
    for title in draft.template.sheets:
        over = next((section.over for section in draft.template.calc if section.sheet == title), None)
        if any(section.sheet == title and not is_stated(section) for section in draft.template.calc):
            pages[title] = _open(draft, title, over), over
    for section in draft.template.calc:
        if is_stated(section):
            draw_stated(draft, section)
            continue
        page, over = pages[section.sheet]
        first = page.row <= HEAD + 1
        if section.break_before:
            page.new_page()
        breaks = section.break_before or page.keep(len(section.rows) + 2)
        page.section(section.title, gap=not first and not breaks)
        _draw_scalars(page, section) if over is None else _draw_section(page, over, section)
    for title, (page, over) in pages.items():
        if over is None:
            draft.places[f"{title.lower()}.values"] = Place(title, f"$D$5:$D${page.row - 1}")
            page.finish("1:4", freeze="D5")
        else:
            at = columns_of(over)
            draft.places[f"{title.lower()}.values"] = Place(title, f"${at.total}$5:${at.letters[-1]}${page.row - 1}")
            finish_columns(page, over)


def _open(draft: Draft, title: str, over: Over | None) -> Page:
    if over is not None:
        return open_page(draft, title, over, _heading(title, over), style.GREY)
    page = Page(draft, title, {"B": 38, "C": 13, "D": 19, "E": 66}, style.GREY)
    page.frame(*_heading(title, over))
    page.heads({"B": "Line", "C": "Unit", "D": "Value", "E": "How"}, "E")
    return page


def _heading(title: str, over: Over | None) -> tuple[str, str]:
    if title in HEADINGS:
        return HEADINGS[title]
    if isinstance(over, Cases):
        return f"Calculation by {over.label.lower()}", "One row, one formula over all columns"
    if isinstance(over, Months):
        return "Calculation by month", "One row, one formula over all months"
    return title.replace("_", " "), HEADINGS["Calc"][1]


def _draw_scalars(page: Page, section: Section) -> None:
    for line in section.lines():
        r = page.row
        page.label(line.label, line.unit.name, line.key)
        page.formula(f"D{r}", line.formula, line.unit.format, line.key)
        page.put(f"E{r}", line.note or None, style.KEY_NOTE if line.key else style.NOTE)
        page.draft.places[line.name] = Place(page.title, f"$D${r}")
        page.row += 1


def _draw_section(page: Page, over: Over, section: Section) -> None:
    """All places first: an opening balance reads the closing one, further down, of the month before."""
    lines = list(section.lines())
    at = columns_of(over)
    page.draft.places |= {line.name: at.place(page.title, page.row + i) for i, line in enumerate(lines)}
    draw_rows(page, over, lines, page.draft.places, {})

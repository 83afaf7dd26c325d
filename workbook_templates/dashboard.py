"""The answer on one page: figures, what they say in words, all scenarios, charts and heat maps."""

from typing import Any

from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, TwoCellAnchor

from workbook_templates import style
from workbook_templates.charts import draw_chart
from workbook_templates.heat_maps import draw_heat_map
from workbook_templates.page import Draft, Page, Place
from workbook_templates.spec import HeatMap, Kpi, Strip

COLUMNS = "BCDEFGHIJKLM"
WIDTH = 14.5
CHART_ROWS = {4: 15, 6: 12}
"""How high a chart is where so many stand on the page, at most."""
SCENARIOS_FROM = 6  # the first of the columns that show the scenarios
GAP = 60_000  # EMU between charts
COLUMN, ROW = 1_008_000, 203_200  # EMU of a column and of a row, a little less than they are


def draw_dashboard(draft: Draft) -> None:
    """Figures on top, then words, then charts two by two."""
    template = draft.template
    page = Page(draft, "Dashboard", dict.fromkeys(COLUMNS, WIDTH), style.TEAL)
    page.frame(template.title, template.question)
    page.row = 3
    page.height(6)
    for i, kpi in enumerate(template.kpis):
        _draw_kpi(page, kpi, COLUMNS[2 * i : 2 * i + 2])
    for row, points in ((4, 16), (5, 32), (6, 15), (7, 8)):
        page.sheet.row_dimensions[row].height = points
    page.row = 8
    for text in template.reading:
        page.put(f"B{page.row}", draft.formula(text, page.title), style.READING)
        page.height(18)
        page.row += 1
    for block in template.blocks:
        if isinstance(block, Strip):
            _draw_scenarios(page, block)
    page.height(8)
    page.row += 1
    _draw_charts(page)
    page.row -= 1
    has_grid = any(isinstance(spec, HeatMap) for spec in template.charts)
    page.finish(one_page=True, freeze="A4" if has_grid else "")


def _draw_kpi(page: Page, kpi: Kpi, columns: str) -> None:
    first, second = list(columns)
    place = page.draft.places[kpi.name].seen_from(page.title)
    page.draft.places[f"kpi.{kpi.name}"] = Place(page.title, f"${first}$5")
    for row, value, named, number_format in (
        (4, kpi.label, style.KPI_LABEL, ""),
        (5, f"={place}", style.KPI_VALUE, kpi.unit.format),
        (6, kpi.caption, style.KPI_CAPTION, ""),
    ):
        page.put(f"{first}{row}", value, named, number_format)
        page.put(f"{second}{row}", None, named)


def _draw_scenarios(page: Page, strip: Strip) -> None:
    """Beside the words, the answer in each scenario, the live one marked."""
    draft, (top, bottom) = page.draft, (page.row - 2, page.row - 1)
    live = draft.places["scenario"].seen_from(page.title)
    headline = draft.template.headlines[0]
    sources = [draft.places[f"{strip.name}.{part}"].cells() for part in ("names", headline)]
    unit = next(line.unit for line in draft.template.all_lines() if line.name == headline)
    unit = next((kpi.unit for kpi in draft.template.kpis if kpi.name == headline), unit)
    area = f"${COLUMNS[SCENARIOS_FROM]}${bottom}:${COLUMNS[-1]}${bottom}"
    draft.places[f"shown.{strip.name}.{headline}"] = Place(page.title, area)
    for i, (name, value) in enumerate(zip(*sources, strict=True)):
        first, second = list(COLUMNS[SCENARIOS_FROM + 2 * i :][:2])
        page.put(f"{first}{top}", f"={name.seen_from(page.title)}", style.SCENARIO)
        page.put(f"{first}{bottom}", f"={value.seen_from(page.title)}", style.SCENARIO_VALUE, unit.format)
        page.put(f"{second}{top}", None, style.SCENARIO)
        page.put(f"{second}{bottom}", None, style.SCENARIO_VALUE)
        marked = style.when(f"${first}${top}={live}", colour=style.WHITE, fill=style.TEAL)
        page.sheet.conditional_formatting.add(f"{first}{top}:{second}{bottom}", marked)


def _draw_charts(page: Page) -> None:
    """Two by two; a heat map takes the place of a chart."""
    top, half, charts = page.row, len(COLUMNS) // 2, page.draft.template.charts
    rows = next(rows for most, rows in CHART_ROWS.items() if len(charts) <= most)
    for i, spec in enumerate(charts):
        left, upper = 1 + half * (i % 2), top - 1 + rows * (i // 2)
        if isinstance(spec, HeatMap):
            draw_heat_map(page, spec, COLUMNS[left - 1 : left - 1 + half], upper + 1, rows)
            continue
        chart = draw_chart(page.draft, spec)
        chart.anchor = _anchor(left, upper, left + half, upper + rows, i % 2 == 0)
        page.sheet.add_chart(chart)
        page.draft.alts.append(spec.alt)
    page.row = top + rows * ((len(charts) + 1) // 2)


def _anchor(left: int, top: int, right: int, bottom: int, is_left: bool) -> Any:
    start = AnchorMarker(col=left, row=top, colOff=0 if is_left else GAP, rowOff=GAP)
    end = AnchorMarker(col=right - 1, row=bottom - 1, colOff=COLUMN - GAP // (1 if is_left else 4), rowOff=ROW - GAP // 2)
    return TwoCellAnchor(editAs="oneCell", _from=start, to=end)

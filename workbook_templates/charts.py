"""The charts of a template, drawn from cells: openpyxl's defaults mended, one look for all."""

from typing import Any

from openpyxl.chart import BarChart, Reference, ScatterChart, Series
from openpyxl.chart.data_source import AxDataSource, StrRef
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.marker import DataPoint, Marker
from openpyxl.chart.series import SeriesLabel
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText, Text
from openpyxl.chart.title import Title
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import CharacterProperties, Font, Paragraph, ParagraphProperties, RegularTextRun, RichTextProperties
from openpyxl.utils.cell import range_boundaries

from workbook_templates import style
from workbook_templates.page import Draft
from workbook_templates.spec import Chart, CurveChart, Grid, ShareChart, TornadoChart, Waterfall, WaterfallChart

GRID_LINE, AXIS_LINE, INK = "E6EAF0", "B8C0CC", "404B5A"
POINT = 12700  # EMU
BAR_COLOURS = {"cost": style.NAVY, "waste": style.AMBER, "total": style.TEAL, "compare": style.GREY}
CURVE_COLOURS = (style.TEAL, style.NAVY, style.CORAL)
DOLLARS = "$#,##0.00"


def draw_chart(draft: Draft, spec: Chart) -> Any:
    """The openpyxl chart of a spec."""
    if isinstance(spec, ShareChart):
        return _share_chart(draft, spec)
    if isinstance(spec, CurveChart):
        return _curve_chart(draft, spec)
    return _waterfall_chart(draft, spec) if isinstance(spec, WaterfallChart) else _tornado_chart(draft, spec)


def _cells(draft: Draft, name: str) -> Reference:
    place = draft.places[name]
    left, top, right, bottom = range_boundaries(place.cell)
    return Reference(draft.book[place.sheet], min_col=left, min_row=top, max_col=right, max_row=bottom)


def _part(cells: Reference, **bounds: int) -> Reference:
    kept = {key: getattr(cells, key) for key in ("min_col", "min_row", "max_col", "max_row")}
    return Reference(cells.worksheet, **(kept | bounds))


def _line(colour: str = "", points: float = 0.5, dash: str = "") -> LineProperties:
    if not colour:
        return LineProperties(noFill=True)
    return LineProperties(solidFill=colour, w=int(points * POINT), prstDash=dash or None)


def _fill(colour: str) -> GraphicalProperties:
    return GraphicalProperties(solidFill=colour, ln=_line()) if colour else GraphicalProperties(noFill=True, ln=_line())


def _letters(size: float, bold: bool = False, colour: str = INK) -> CharacterProperties:
    return CharacterProperties(sz=int(size * 100), b=bold, solidFill=colour, latin=Font(typeface=style.FACE))


def _text(size: float = 9, bold: bool = False, colour: str = INK) -> RichText:
    look = _letters(size, bold, colour)
    return RichText(RichTextProperties(), p=[Paragraph(pPr=ParagraphProperties(defRPr=look), endParaRPr=look)])


def _title(text: str, size: float, bold: bool, colour: str) -> Title:
    look = _letters(size, bold, colour)
    paragraph = Paragraph(pPr=ParagraphProperties(defRPr=look), r=[RegularTextRun(rPr=look, t=text)])
    return Title(tx=Text(rich=RichText(RichTextProperties(), p=[paragraph])), overlay=False)


def _series(values: Reference, title: str = "", title_cell: str = "") -> Any:
    made = Series(values, title=title or None)
    if title_cell:
        made.tx = SeriesLabel(strRef=StrRef(f=title_cell))
    made.invertIfNegative = None
    return made


def _labels(number_format: str, position: str | None, colour: str = INK) -> DataLabelList:
    labels = DataLabelList(numFmt=number_format, dLblPos=position, txPr=_text(9, True, colour))
    labels.showVal = True
    labels.showSerName = labels.showCatName = labels.showLegendKey = labels.showPercent = False
    return labels


def _mend(chart: Any, title: str, across: str, up: str, across_format: str, up_format: str) -> None:
    """One look: white, hairline frame, 9 point text, pale grid lines on the value axis only."""
    chart.title = _title(title, 11, True, style.NAVY)
    chart.style = None
    chart.roundedCorners = chart.varyColors = False
    chart.graphical_properties = GraphicalProperties(solidFill=style.WHITE, ln=_line("D9DEE6"))
    for axis, name, number_format in ((chart.x_axis, across, across_format), (chart.y_axis, up, up_format)):
        axis.delete = False
        axis.txPr = _text()
        axis.graphicalProperties = GraphicalProperties(ln=_line(AXIS_LINE))
        axis.majorTickMark = "none"
        axis.title = _title(name, 9, False, style.SLATE) if name else None
        axis.number_format = number_format
        axis.numFmt.sourceLinked = False
    chart.x_axis.majorGridlines = None
    chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=_line(GRID_LINE))
    if chart.legend:
        chart.legend.position = "b"
        chart.legend.txPr = _text()
        chart.legend.overlay = False


def _columns(draft: Draft, direction: str = "col") -> BarChart:
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = direction, "stacked", 100, 45
    return chart


def _add(chart: BarChart, values: Reference, colour: str, categories: Reference, **title: str) -> Any:
    series = _series(values, **title)
    series.graphicalProperties = _fill(colour)
    series.invertIfNegative = False
    series.cat = AxDataSource(strRef=StrRef(f=str(categories)))
    chart.series.append(series)
    return series


def _share_chart(draft: Draft, spec: ShareChart) -> BarChart:
    chart = _columns(draft)
    chart.grouping = "percentStacked"
    for line, colour in zip(spec.lines, (style.NAVY, style.CORAL), strict=True):
        values = _cells(draft, f"{spec.grid}.{line}")
        label = f"'{values.worksheet.title}'!$B${values.min_row}"
        series = _add(chart, values, colour, _cells(draft, f"{spec.grid}.across"), title_cell=label)
        if line == spec.labelled:
            series.dLbls = _labels("0%", "ctr", style.WHITE)
    _mend(chart, spec.title, "context, tokens", "", "#,##0", "0%")
    return chart


def _curve_chart(draft: Draft, spec: CurveChart) -> ScatterChart:
    chart = ScatterChart()
    chart.scatterStyle = "lineMarker"
    cells, legend, down = (_cells(draft, f"{spec.grid}.{part}") for part in ("cells", "legend", "down"))
    for column, colour in zip(spec.columns, CURVE_COLOURS, strict=True):
        at = cells.min_col + column
        head = _part(legend, min_col=at, max_col=at)
        series = Series(_part(cells, min_col=at, max_col=at), down)
        series.tx = SeriesLabel(strRef=StrRef(f=str(head)))
        _draw_curve(series, colour, 2.25, marker="circle")
        chart.series.append(series)
    level = Series(_cells(draft, f"{spec.grid}.{spec.level}"), down, title="API price")
    _draw_curve(level, style.GREY, 1.5, dash="dash")
    chart.series.append(level)
    x, y = (_cells(draft, name) for name in spec.point)
    point = Series(y, x, title="Live")
    _draw_curve(point, style.AMBER, 0, marker="diamond", size=13)
    chart.series.append(point)
    grid = next(block for block in draft.template.blocks if isinstance(block, Grid) and block.name == spec.grid)
    _mend(chart, spec.title, grid.down.label.lower(), "", grid.down.unit.format, DOLLARS)
    chart.y_axis.scaling.logBase = 10
    chart.x_axis.scaling.min, chart.x_axis.scaling.max, chart.x_axis.majorUnit = 0, 1, 0.2
    chart.x_axis.crosses = chart.y_axis.crosses = "min"
    return chart


def _draw_curve(series: Any, colour: str, points: float, dash: str = "", marker: str = "none", size: int = 5) -> None:
    series.smooth = False
    series.graphicalProperties = GraphicalProperties(ln=_line(colour if points else "", points, dash))
    series.marker = Marker(symbol=marker, size=size if marker != "none" else None)
    if marker != "none":
        series.marker.graphicalProperties = GraphicalProperties(solidFill=colour, ln=_line(style.WHITE))


def _waterfall_chart(draft: Draft, spec: WaterfallChart) -> BarChart:
    waterfall = next(b for b in draft.template.blocks if isinstance(b, Waterfall) and b.name == spec.waterfall)
    labels = _cells(draft, f"{spec.waterfall}.labels")
    chart = _columns(draft)
    _add(chart, _cells(draft, f"{spec.waterfall}.bases"), "", labels, title="Begins at")
    heights = _add(chart, _cells(draft, f"{spec.waterfall}.heights"), style.NAVY, labels, title="Height")
    for i, step in enumerate(waterfall.steps):
        heights.dPt.append(DataPoint(idx=i, invertIfNegative=False, spPr=_fill(BAR_COLOURS[step.kind])))
    chart.legend = None
    _mend(chart, spec.title, "", "", "General", DOLLARS)
    return chart


def _tornado_chart(draft: Draft, spec: TornadoChart) -> BarChart:
    labels = _cells(draft, f"{spec.levers}.tops")
    chart = _columns(draft, "bar")
    for part, title, colour in (("betters", "Cheaper", style.TEAL), ("worses", "Dearer", style.CORAL)):
        _add(chart, _cells(draft, f"{spec.levers}.{part}"), colour, labels, title=title)
    _mend(chart, spec.title, "", "", "General", "+$0.00;-$0.00;$0")
    chart.x_axis.scaling.orientation = "maxMin"
    chart.x_axis.tickLblPos = "low"
    chart.y_axis.crosses = "max"
    return chart

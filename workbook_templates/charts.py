"""The charts of a template, drawn from cells."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from openpyxl.chart import AreaChart, BarChart, LineChart, Reference, ScatterChart
from openpyxl.chart import Series as Drawn
from openpyxl.chart.data_source import AxDataSource, StrRef
from openpyxl.chart.marker import DataPoint, Marker
from openpyxl.chart.series import SeriesLabel
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.utils.cell import range_boundaries

from workbook_templates import style
from workbook_templates.chart_style import data_labels, fill, heading, line, mend, series, text
from workbook_templates.page import Draft
from workbook_templates.spec import CategoryChart, Series, TornadoChart, Waterfall, WaterfallChart, XyChart

BAR_COLOURS = {"cost": style.NAVY, "waste": style.AMBER, "less": style.CORAL, "total": style.TEAL, "compare": style.GREY}
COLOURS = (style.NAVY, style.TEAL, style.CORAL, style.AMBER, style.GREY, style.SKY, style.SLATE)
SECOND_AXIS = 200
MANY = 6  # series whose legend still fits under a chart
PART = re.compile(r"(.+)\[([0-9]+)(,?)\]")


def draw_chart(draft: Draft, spec: Any) -> Any:
    """The openpyxl chart of a spec."""
    if isinstance(spec, CategoryChart):
        return _category_chart(draft, spec)
    if isinstance(spec, XyChart):
        return _xy_chart(draft, spec)
    return _waterfall_chart(draft, spec) if isinstance(spec, WaterfallChart) else _tornado_chart(draft, spec)


def cells_of(draft: Draft, name: str) -> Reference:
    """The cells of a name; of ``name[i]`` the i-th column, of ``name[i,]`` the i-th row."""
    match = PART.fullmatch(name)
    place = draft.places[match[1] if match else name]
    left, top, right, bottom = range_boundaries(place.cell)
    if match and match[3]:
        top = bottom = top + int(match[2])
    elif match:
        left = right = left + int(match[2])
    return Reference(draft.book[place.sheet], min_col=left, min_row=top, max_col=right, max_row=bottom)


def _series(draft: Draft, spec: Series, position: int, x: Reference | None = None) -> Any:
    """A series in its colour, named by its label, by a cell, or by the label of its row."""
    values = cells_of(draft, spec.values)
    label_cell = str(cells_of(draft, spec.legend)) if spec.legend else f"'{values.worksheet.title}'!$B${values.min_row}"
    made = Drawn(values, x) if x is not None else series(values)
    made.tx = SeriesLabel(strRef=StrRef(f=label_cell)) if not spec.label else SeriesLabel(v=spec.label)
    colour = spec.colour or COLOURS[position % len(COLOURS)]
    if x is not None or spec.kind == "line":
        drawn = spec.kind == "line" or x is not None
        cells = (values.max_row - values.min_row + 1) * (values.max_col - values.min_col + 1)
        _draw_curve(made, colour, 2.25 if drawn and spec.kind != "point" else 0, spec, cells)
    else:
        made.graphicalProperties = fill(colour)
        made.invertIfNegative = False if spec.kind == "column" else None
    if spec.labels:
        inside = spec.kind == "column" and colour in (style.NAVY, style.TEAL, style.CORAL, style.SLATE)
        made.dLbls = data_labels(spec.labels, "ctr" if inside else None, style.WHITE if inside else style.SLATE)
    return made


def _draw_curve(made: Any, colour: str, points: float, spec: Series, cells: int) -> None:
    made.smooth = False
    made.graphicalProperties = GraphicalProperties(ln=line(colour if points else "", points, "dash" if spec.dash else ""))
    symbol = "diamond" if spec.kind == "point" else "circle" if spec.markers else "none"
    diamond = 13 if cells == 1 else 8
    made.marker = Marker(symbol=symbol, size=diamond if spec.kind == "point" else 5 if spec.markers else None)
    if symbol != "none":
        made.marker.graphicalProperties = GraphicalProperties(solidFill=colour, ln=line(style.WHITE))


def _category_chart(draft: Draft, spec: CategoryChart) -> Any:
    """Areas behind, columns before them, lines in front; what is read to the right has an axis of its own."""
    categories = AxDataSource(strRef=StrRef(f=str(cells_of(draft, spec.categories))))
    drawn = [(one, _series(draft, one, i)) for i, one in enumerate(spec.series)]
    for one, made in drawn:
        made.cat = categories
        if spec.shares and one.labels:
            made.dLbls = data_labels(one.labels, "ctr", style.WHITE)
    charts: list[Any] = []
    for kind, second in (("area", False), ("column", False), ("line", False), ("column", True), ("line", True)):
        found = [made for one, made in drawn if (one.kind, one.second) == (kind, second)]
        if found:
            charts.append(_plot(spec, kind, found, second))
    first = charts[0]
    mend(first, spec.title, spec.across, spec.up, spec.across_format, "0%" if spec.shares else spec.format)
    for other in charts[1:]:
        if other.y_axis.axId == SECOND_AXIS:
            _second_axis(other.y_axis, spec)
        first += other
    first.x_axis.tickLblSkip = first.x_axis.tickMarkSkip = spec.every if spec.every > 1 else None
    first.x_axis.tickLblPos = "low"
    if spec.log:
        first.y_axis.scaling.logBase = 10
        first.x_axis.crosses = first.y_axis.crosses = "min"
    if spec.bars:
        first.x_axis.scaling.orientation = "maxMin"
        first.y_axis.crosses = "max"
    if len(spec.series) == 1:
        first.legend = None
    return first


def _plot(spec: CategoryChart, kind: str, found: Sequence[Any], second: bool) -> Any:
    chart: Any = {"area": AreaChart, "column": BarChart, "line": LineChart}[kind]()
    if kind == "column":
        chart.type, chart.gapWidth = ("bar" if spec.bars else "col"), 45
        chart.grouping = "percentStacked" if spec.shares else "stacked" if spec.stacked else "clustered"
        chart.overlap = 100 if spec.stacked or spec.shares else 0
    elif kind == "area":
        chart.grouping = "percentStacked" if spec.shares else "stacked" if spec.stacked else "standard"
    chart.series.extend(found)
    if second:
        chart.y_axis.axId = SECOND_AXIS
    return chart


def _second_axis(axis: Any, spec: CategoryChart) -> None:
    axis.delete = False
    axis.crosses, axis.majorGridlines, axis.majorTickMark = "max", None, "none"
    axis.txPr, axis.graphicalProperties = text(), GraphicalProperties(ln=line())
    axis.title = heading(spec.second, 9, False, style.SLATE) if spec.second else None
    axis.number_format = spec.second_format
    axis.numFmt.sourceLinked = False


def _xy_chart(draft: Draft, spec: XyChart) -> ScatterChart:
    chart = ScatterChart()
    chart.scatterStyle = "lineMarker"
    for i, one in enumerate(spec.series):
        chart.series.append(_series(draft, one, i, cells_of(draft, one.x or spec.x)))
    mend(chart, spec.title, spec.across, spec.up, spec.across_format, spec.format)
    for axis, is_log, ends in ((chart.x_axis, spec.log_x, spec.span), (chart.y_axis, spec.log, spec.rise)):
        axis.scaling.logBase = 10 if is_log else None
        axis.scaling.min, axis.scaling.max = ends or (None, None)
    if len(spec.series) > MANY:
        chart.legend.position = "r"
    chart.x_axis.majorUnit = spec.steps or None
    chart.x_axis.crosses = chart.y_axis.crosses = "min"
    return chart


def _stack(parts: Iterator[tuple[Any, str]], labels: Reference, direction: str) -> BarChart:
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = direction, "stacked", 100, 45
    for made, colour in parts:
        made.graphicalProperties, made.invertIfNegative = fill(colour), False
        made.cat = AxDataSource(strRef=StrRef(f=str(labels)))
        chart.series.append(made)
    return chart


def _waterfall_chart(draft: Draft, spec: WaterfallChart) -> BarChart:
    """Unseen bars up to where a bar begins, above zero and below it, and the bars on them; a total below zero is a loss."""
    waterfall = next(b for b in draft.template.blocks if isinstance(b, Waterfall) and b.name == spec.waterfall)
    labels = cells_of(draft, f"{spec.waterfall}.labels")
    parts = (("bases", "Up from"), ("heights", "Up by"), ("low_bases", "Down from"), ("low_heights", "Down by"))
    drawn = [(series(cells_of(draft, f"{spec.waterfall}.{part}"), label), "") for part, label in parts]
    chart = _stack(iter(drawn), labels, "col")
    for made, is_low in ((chart.series[1], False), (chart.series[3], True)):
        for i, step in enumerate(waterfall.steps):
            colour = style.CORAL if is_low and step.kind == "total" else BAR_COLOURS[step.kind]
            made.dPt.append(DataPoint(idx=i, invertIfNegative=False, spPr=fill(colour)))
    chart.legend = None
    mend(chart, spec.title, "", "", "General", spec.format)
    chart.x_axis.tickLblPos = "low"
    return chart


def _tornado_chart(draft: Draft, spec: TornadoChart) -> BarChart:
    sides = zip(("betters", "worses"), spec.words, (style.TEAL, style.CORAL), strict=True)
    drawn = [(series(cells_of(draft, f"{spec.levers}.{part}"), word), colour) for part, word, colour in sides]
    chart = _stack(iter(drawn), cells_of(draft, f"{spec.levers}.tops"), "bar")
    mend(chart, spec.title, "", "", "General", f"+{spec.format};-{spec.format};0")
    chart.x_axis.scaling.orientation = "maxMin"
    chart.x_axis.tickLblPos = "low"
    chart.y_axis.crosses = "max"
    return chart

"""The look of all charts: openpyxl's defaults mended."""

from typing import Any

from openpyxl.chart import Reference, Series
from openpyxl.chart.data_source import StrRef
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.series import SeriesLabel
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText, Text
from openpyxl.chart.title import Title
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import CharacterProperties, Font, Paragraph, ParagraphProperties, RegularTextRun, RichTextProperties

from workbook_templates import style

GRID_LINE, AXIS_LINE, INK = "E6EAF0", "B8C0CC", "404B5A"
POINT = 12700  # EMU


def line(colour: str = "", points: float = 0.5, dash: str = "") -> LineProperties:
    if not colour:
        return LineProperties(noFill=True)
    return LineProperties(solidFill=colour, w=int(points * POINT), prstDash=dash or None)


def fill(colour: str) -> GraphicalProperties:
    return GraphicalProperties(solidFill=colour, ln=line()) if colour else GraphicalProperties(noFill=True, ln=line())


def _letters(size: float, bold: bool = False, colour: str = INK) -> CharacterProperties:
    return CharacterProperties(sz=int(size * 100), b=bold, solidFill=colour, latin=Font(typeface=style.FACE))


def text(size: float = 9, bold: bool = False, colour: str = INK) -> RichText:
    look = _letters(size, bold, colour)
    return RichText(RichTextProperties(), p=[Paragraph(pPr=ParagraphProperties(defRPr=look), endParaRPr=look)])


def heading(text: str, size: float, bold: bool, colour: str) -> Title:
    look = _letters(size, bold, colour)
    paragraph = Paragraph(pPr=ParagraphProperties(defRPr=look), r=[RegularTextRun(rPr=look, t=text)])
    return Title(tx=Text(rich=RichText(RichTextProperties(), p=[paragraph])), overlay=False)


def series(values: Reference, label: str = "", label_cell: str = "") -> Any:
    """A series named by a text, or by a cell."""
    made = Series(values, title=label or None)
    if label_cell:
        made.tx = SeriesLabel(strRef=StrRef(f=label_cell))
    made.invertIfNegative = None
    return made


def data_labels(number_format: str, position: str | None, colour: str = INK) -> DataLabelList:
    labels = DataLabelList(numFmt=number_format, dLblPos=position, txPr=text(9, True, colour))
    labels.showVal = True
    labels.showSerName = labels.showCatName = labels.showLegendKey = labels.showPercent = False
    return labels


def mend(chart: Any, title: str, across: str, up: str, across_format: str, up_format: str) -> None:
    """One look: white, hairline frame, 9 point text, pale grid lines on the value axis only."""
    chart.title = heading(title, 11, True, style.NAVY)
    chart.style = None
    chart.roundedCorners = chart.varyColors = False
    chart.graphical_properties = GraphicalProperties(solidFill=style.WHITE, ln=line("D9DEE6"))
    for axis, name, number_format in ((chart.x_axis, across, across_format), (chart.y_axis, up, up_format)):
        axis.delete = False
        axis.txPr = text()
        axis.graphicalProperties = GraphicalProperties(ln=line(AXIS_LINE))
        axis.majorTickMark = "none"
        axis.title = heading(name, 9, False, style.SLATE) if name else None
        axis.number_format = number_format
        axis.numFmt.sourceLinked = False
    chart.x_axis.majorGridlines = None
    chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=line(GRID_LINE))
    if chart.legend:
        chart.legend.position = "b"
        chart.legend.txPr = text()
        chart.legend.overlay = False

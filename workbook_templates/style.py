"""How a workbook looks: the palette, the named styles, page set-up.

Colours follow Wall Street practice: blue on amber may be changed, black is computed on this
sheet, green reads another sheet.
"""

from typing import Any

from openpyxl.formatting.rule import Rule
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Protection, Side
from openpyxl.styles.differential import DifferentialStyle

FACE = "Calibri"
NAVY, TEAL, AMBER, CORAL = "1F3A5F", "2A9D8F", "E9A23B", "D1495B"
SKY, PALE_TEAL = "6FA8DC", "BFE3DE"
GREY, SLATE, RULE, PALE, WHITE = "8A94A6", "5B6675", "C9D0DA", "F3F6FA", "FFFFFF"
BLUE, BLACK, GREEN, RED = "0000FF", "000000", "00682F", "B00020"
INPUT_FILL, INPUT_EDGE, KEY_FILL = "FFF6DC", "E3C878", "E6EEF7"
GOOD_FILL, BAD_FILL = "DDF1E4", "F9D9DC"
HEAT = ("FFFFFF", "CFE3F1")

INPUT, LIVE, CALC, LINK = "Model input", "Model live input", "Model formula", "Model link"
KEY, KEY_LINK, KEY_LABEL, KEY_UNIT, KEY_NOTE = (f"Model result{part}" for part in ("", " link", " label", " unit", " note"))
LABEL, UNIT, NOTE = "Model label", "Model unit", "Model note"
HEAD, HEAD_LEFT, HEAD_MIDDLE, SECTION = "Model header", "Model header left", "Model header middle", "Model section"
TITLE, BAND, SUBTITLE, FLAG, HYPER = "Model title", "Model band", "Model subtitle", "Model flag", "Model hyperlink"
KPI_LABEL, KPI_VALUE, KPI_CAPTION, READING = "Model figure label", "Model figure", "Model figure caption", "Model reading"
SCENARIO, SCENARIO_VALUE = "Model scenario", "Model scenario figure"


def _fill(colour: str) -> PatternFill:
    return PatternFill("solid", fgColor=colour)


def _font(size: float = 10, colour: str = BLACK, **more: Any) -> Font:
    return Font(name=FACE, size=size, color=colour, **more)


_HAIR = Side(style="hair", color=RULE)
_ROW = Border(bottom=_HAIR)
_RIGHT = Alignment(horizontal="right", vertical="center", indent=1)
_LEFT = Alignment(horizontal="left", vertical="center", indent=1)
_MIDDLE = Alignment(horizontal="center", vertical="center")
_SPREAD = Alignment(horizontal="centerContinuous", vertical="center")
_KEY_EDGE = Border(top=Side(style="hair", color=NAVY), bottom=Side(style="hair", color=NAVY))
_BOX = Border(*(Side(style="hair", color=INPUT_EDGE),) * 4)


def named_styles() -> list[NamedStyle]:
    """The styles that every cell of a workbook takes one of; they show in Excel's style gallery."""

    def style(
        name: str, font: Font, alignment: Alignment, border: Border = _ROW, fill: str = "", locked: bool = True
    ) -> NamedStyle:
        made = NamedStyle(name, font=font, alignment=alignment, border=border, protection=Protection(locked=locked))
        if fill:
            made.fill = _fill(fill)
        return made

    plain = Border()
    figure_edge = Border(bottom=Side(style="medium", color=TEAL))
    return [
        style(INPUT, _font(colour=BLUE), _RIGHT, _BOX, INPUT_FILL, locked=False),
        style(CALC, _font(), _RIGHT),
        style(LINK, _font(colour=GREEN), _RIGHT),
        style(KEY, _font(bold=True), _RIGHT, _KEY_EDGE, KEY_FILL),
        style(KEY_LINK, _font(colour=GREEN, bold=True), _RIGHT, _KEY_EDGE, KEY_FILL),
        style(LIVE, _font(bold=True), _RIGHT, fill=KEY_FILL),
        style(LABEL, _font(), _LEFT),
        style(KEY_LABEL, _font(colour=NAVY, bold=True), _LEFT, _KEY_EDGE, KEY_FILL),
        style(UNIT, _font(9, SLATE, italic=True), _MIDDLE),
        style(KEY_UNIT, _font(9, SLATE, italic=True), _MIDDLE, _KEY_EDGE, KEY_FILL),
        style(NOTE, _font(9, SLATE), _LEFT),
        style(KEY_NOTE, _font(9, SLATE), _LEFT, _KEY_EDGE, KEY_FILL),
        style(HEAD, _font(10, WHITE, bold=True), _RIGHT, plain, NAVY),
        style(
            HEAD_MIDDLE,
            _font(10, WHITE, bold=True),
            Alignment(horizontal="center", vertical="center", wrap_text=True),
            plain,
            NAVY,
        ),
        style(HEAD_LEFT, _font(10, WHITE, bold=True), _LEFT, plain, NAVY),
        style(SECTION, _font(11, NAVY, bold=True), _LEFT, Border(bottom=Side(style="thin", color=NAVY))),
        style(TITLE, _font(16, WHITE, bold=True), _LEFT, plain, NAVY),
        style(BAND, _font(10, WHITE), _RIGHT, plain, NAVY),
        style(SUBTITLE, _font(10, SLATE), _LEFT, plain),
        style(FLAG, _font(10, GREEN, bold=True), _RIGHT, plain),
        style(HYPER, _font(10, "1155CC", underline="single"), _LEFT),
        style(KPI_LABEL, _font(9, SLATE, bold=True), _SPREAD, plain, PALE),
        style(KPI_VALUE, _font(20, NAVY, bold=True), _SPREAD, plain, PALE),
        style(KPI_CAPTION, _font(8, GREY), _SPREAD, figure_edge, PALE),
        style(SCENARIO, _font(9, SLATE, bold=True), _SPREAD, plain, PALE),
        style(SCENARIO_VALUE, _font(12, NAVY, bold=True), _SPREAD, plain, PALE),
        style(READING, _font(11, NAVY, bold=True), _LEFT, plain),
    ]


def differential(colour: str = "", fill: str = "", bold: bool | None = None) -> DifferentialStyle:
    """What a conditional format changes."""
    font = Font(color=colour or None, bold=bold) if colour or bold is not None else None
    return DifferentialStyle(font=font, fill=PatternFill(bgColor=fill) if fill else None)


def when(formula: str, **looks: Any) -> Rule:
    """A conditional format by formula."""
    return Rule(type="expression", formula=[formula], dxf=differential(**looks))


def set_page(sheet: Any, area: str, footer: str, titles: str = "", one_page: bool = False, wide: int = 1) -> None:
    """Landscape A4, so many pages wide (and one high), with footer; no grid lines; protected without a password."""
    sheet.sheet_view.showGridLines = False
    sheet.sheet_view.zoomScale = 90
    sheet.print_area = area
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth = wide
    sheet.page_setup.fitToHeight = 1 if one_page else 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_options.horizontalCentered = True
    margins = sheet.page_margins
    margins.left = margins.right = 0.4
    margins.top, margins.bottom, margins.header, margins.footer = 0.45, 0.6, 0.2, 0.3
    if titles:
        sheet.print_title_rows = titles
    for part, text in (
        (sheet.oddFooter.left, footer),
        (sheet.oddFooter.center, "&A"),
        (sheet.oddFooter.right, "Page &P of &N"),
    ):
        part.text, part.size, part.font, part.color = text, 8, FACE, GREY
    protection = sheet.protection
    protection.sheet = True
    protection.formatColumns = protection.formatRows = False

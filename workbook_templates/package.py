"""The bytes of a workbook: the same for the same draft, whenever and wherever it is written.

openpyxl stamps the hour of saving into the file, and cannot write the alternative text of a
chart, sparklines, nor say that a label's number format is its own.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from xml.sax.saxutils import quoteattr

from workbook_templates import style
from workbook_templates.page import Draft

CORE = "docProps/core.xml"
STAMP = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
FRAME_NAME = re.compile(rb'<(\w+:)?cNvPr id="\d+" name="Chart \d+"')
SHEET = re.compile(r"xl/worksheets/sheet(\d+)\.xml")
SHEET_END = b"</worksheet>"
SPARKLINES = (
    '<extLst><ext xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main" '
    'xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main" uri="{05C60535-1F16-4fd2-B633-F4F36F0B64E0}">'
    '<x14:sparklineGroups><x14:sparklineGroup lineWeight="1.25" displayEmptyCellsAs="gap" displayXAxis="1">'
    '<x14:colorSeries rgb="FF%s"/><x14:colorNegative rgb="FF%s"/><x14:colorAxis rgb="FF%s"/>'
    "<x14:sparklines>%s</x14:sparklines></x14:sparklineGroup></x14:sparklineGroups></ext></extLst>"
)
"""What Excel 2010 and later keep of small line charts in cells, at the end of a sheet."""
OWN_FORMAT = re.compile(rb'(<(?:c:)?numFmt formatCode="[^"]*") ?/>')


def workbook_bytes(draft: Draft) -> bytes:
    """The file, its only dates those of the template's version."""
    raw, out = io.BytesIO(), io.BytesIO()
    draft.book.save(raw)
    when = draft.template.when
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        alts = iter(draft.alts)
        for info in source.infolist():
            entry = zipfile.ZipInfo(info.filename, (when.year, when.month, when.day, 0, 0, 0))
            entry.external_attr = 0o600 << 16
            data = _part(info.filename, source.read(info), when, alts)
            if match := SHEET.fullmatch(info.filename):
                data = _with_trends(data, draft, draft.book.worksheets[int(match[1]) - 1].title)
            target.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _with_trends(data: bytes, draft: Draft, sheet: str) -> bytes:
    """A sheet with its sparklines."""
    found = [(cell, shown) for title, cell, shown in draft.trends if title == sheet]
    if not found:
        return data
    lines = "".join(f"<x14:sparkline><xm:f>{shown}</xm:f><xm:sqref>{cell}</xm:sqref></x14:sparkline>" for cell, shown in found)
    text = SPARKLINES % (style.NAVY, style.CORAL, style.RULE, lines)
    return data.replace(SHEET_END, text.encode() + SHEET_END)


def _part(name: str, data: bytes, when: date, alts: Iterator[str]) -> bytes:
    if name == CORE:
        return STAMP.sub(rb"\g<1>" + f"{when.isoformat()}T00:00:00Z".encode(), data)
    if name.startswith("xl/drawings/drawing"):
        return FRAME_NAME.sub(lambda match: match[0] + f" descr={quoteattr(next(alts))}".encode(), data)
    if name.startswith("xl/charts/"):
        return OWN_FORMAT.sub(rb'\1 sourceLinked="0"/>', data)
    return data

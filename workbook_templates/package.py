"""The bytes of a workbook: the same for the same draft, whenever and wherever it is written.

openpyxl stamps the hour of saving into the file, and cannot write the alternative text of a
chart nor say that a label's number format is its own.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from xml.sax.saxutils import quoteattr

from workbook_templates.page import Draft

CORE = "docProps/core.xml"
STAMP = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")
FRAME_NAME = re.compile(rb'<(\w+:)?cNvPr id="\d+" name="Chart \d+"')
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
            target.writestr(entry, _part(info.filename, source.read(info), when, alts), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _part(name: str, data: bytes, when: date, alts: Iterator[str]) -> bytes:
    if name == CORE:
        return STAMP.sub(rb"\g<1>" + f"{when.isoformat()}T00:00:00Z".encode(), data)
    if name.startswith("xl/drawings/drawing"):
        return FRAME_NAME.sub(lambda match: match[0] + f" descr={quoteattr(next(alts))}".encode(), data)
    if name.startswith("xl/charts/"):
        return OWN_FORMAT.sub(rb'\1 sourceLinked="0"/>', data)
    return data

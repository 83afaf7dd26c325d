"""A finished batch as a workbook of one sheet, written a row at a time: texts inline, no formula anywhere."""

import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from openpyxl.utils import get_column_letter

from pycalc.cells import Cell
from pycalc.errors import CellError
from workbook_templates.headless.batch.shards import Shard
from workbook_templates.headless.batch.texts import number_text

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
SHEET = "xl/worksheets/sheet1.xml"
PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{TYPE}.styles+xml"/>'
    f'<Override PartName="/{SHEET}" ContentType="{TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
    '<sheet name="Scenarios" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet xmlns="{MAIN}">'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}
PANE = (
    '<sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
)
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def write_xlsx(path: Path, headings: Sequence[str], shards: Callable[[], Iterable[Shard]]) -> None:
    """The same bytes for the same cells: the parts bear no date."""
    letters = [get_column_letter(i) for i in range(1, len(headings) + 1)]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in PARTS.items():
            archive.writestr(_entry(name), HEAD + text)
        with archive.open(_entry(SHEET), "w", force_zip64=True) as part:
            part.write(f'{HEAD}<worksheet xmlns="{MAIN}">{PANE}<sheetData>'.encode())
            part.write(_row(1, letters, headings, ' s="1"').encode())
            number = 1
            for shard in shards():
                if not shard.keys:
                    continue
                rows: list[str] = []
                for cells in zip(shard.keys, *(column.cells() for column in shard.columns), strict=True):
                    number += 1
                    rows.append(_row(number, letters, cells))
                part.write("".join(rows).encode())
            part.write(b"</sheetData></worksheet>")


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
    return entry


def _row(number: int, letters: Sequence[str], cells: Sequence[Cell], style: str = "") -> str:
    inside = "".join(_cell(f'{letter}{number}"{style}', cell) for letter, cell in zip(letters, cells, strict=True))
    return f'<row r="{number}">{inside}</row>'


def _cell(place: str, cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return f'<c r="{place} t="b"><v>{int(cell)}</v></c>'
        case float():
            return f'<c r="{place}><v>{number_text(cell)}</v></c>'
        case CellError():
            return f'<c r="{place} t="e"><v>{cell.code}</v></c>'
    text = escape(CONTROL.sub(lambda match: f"_x{ord(match[0]):04X}_", cell))
    return f'<c r="{place} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'

"""Hostile files of every class that strict reading answers for, each with the code that it must be refused with."""

import io
import os
import re
import struct
import zipfile

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from packages import parts_of, zipped

SHEET = "xl/worksheets/sheet1.xml"
BOOK = "xl/workbook.xml"
STYLES = "xl/styles.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook():
    """A sound workbook of one input, one formula, one name, as parts."""
    book, saved = openpyxl.Workbook(), io.BytesIO()
    inputs, outputs = book.active, book.create_sheet("Summary")
    inputs.title = "Inputs"
    inputs["B2"] = 1
    outputs["B2"] = "=x*2"
    book.defined_names["x"] = openpyxl.workbook.defined_name.DefinedName("x", attr_text="Inputs!$B$2")
    book.save(saved)
    return parts_of(saved.getvalue())


PARTS = workbook()
SOUND = zipped(PARTS)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
FORMULAS = "xl/worksheets/sheet2.xml"


def with_part(name, data):
    return zipped(PARTS | {name: data})


def after_rows(text, part=SHEET):
    return with_part(part, PARTS[part].replace(b"</sheetData>", b"</sheetData>" + text))


def more_rows(text):
    return with_part(SHEET, PARTS[SHEET].replace(b"</sheetData>", text + b"</sheetData>"))


def formula(text):
    return with_part(FORMULAS, PARTS[FORMULAS].replace(b"x*2", text))


def patched(content, mark, offset, data):
    content = bytearray(content)
    at = content.index(mark) + offset
    content[at : at + len(data)] = data
    return bytes(content)


def lying_length():
    content = bytearray(SOUND)
    entry = content.rindex(SHEET.encode()) - 46
    (length,) = struct.unpack_from("<I", content, entry + 24)
    struct.pack_into("<I", content, entry + 24, length - 40)
    return bytes(content)


def broken_stream():
    """Bytes that no deflate stream begins with, under a part's sound name."""
    content = bytearray(SOUND)
    start = content.index(SHEET.encode()) + len(SHEET)
    content[start : start + 8] = b"\xff" * 8
    return bytes(content)


def overlapping():
    content = bytearray(SOUND)
    first = content.index(b"PK\x01\x02")
    second = content.index(b"PK\x01\x02", first + 4)
    content[second + 42 : second + 46] = content[first + 42 : first + 46]
    return bytes(content)


def linked_member():
    out = io.BytesIO(SOUND)
    with zipfile.ZipFile(out, "a") as archive:
        link = zipfile.ZipInfo("xl/media/link.xml")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return out.getvalue()


def names(count):
    added = b"".join(b'<definedName name="n%d">Inputs!$B$2</definedName>' % i for i in range(count))
    return with_part(BOOK, PARTS[BOOK].replace(b"<definedNames>", b"<definedNames>" + added))


def rows_of_cells(count):
    return more_rows(b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (r, r) for r in range(10, 10 + count)))


LAUGHS = b'<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = b'<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


def declared(part, text):
    data = PARTS[part]
    head, sign, body = data.partition(b"?>") if data.startswith(b"<?xml") else (b"", b"", data)
    return with_part(part, head + sign + text + body)


def typed(old, new):
    return with_part("[Content_Types].xml", PARTS["[Content_Types].xml"].replace(old, new))


BOOKS = {
    "empty.xlsx": (b"", "EMPTY"),
    "text.xlsx": (b"month,users\n1,2\n", "NOT_A_WORKBOOK"),
    "page.xlsx": (b"\xef\xbb\xbf<html><table><tr><td>1</td></tr></table>", "NOT_A_WORKBOOK"),
    "old.xlsx": (OLE + bytes(600), "OLD_EXCEL"),
    "secret.xlsx": (OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "ENCRYPTED"),
    "half.xlsx": (SOUND[: len(SOUND) // 2], "TRUNCATED"),
    "no_directory.xlsx": (b"PK\x03\x04" + bytes(40), "TRUNCATED"),
    "document.xlsx": (typed(b"spreadsheetml.sheet", b"wordprocessingml.document"), "NOT_A_WORKBOOK"),
    "binary.xlsx": (typed(b"spreadsheetml.sheet.main+xml", b"sheet.binary.macroEnabled.main"), "NOT_A_WORKBOOK"),
    "open_document.xlsx": (zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}), "NOT_A_WORKBOOK"),
    "macros.xlsx": (with_part("xl/vbaProject.bin", b"\0"), "MACROS"),
    "damaged.xlsx": (patched(zipped(PARTS, zipfile.ZIP_STORED), b"<sheetData>", 3, b"\xff"), "CORRUPT"),
    "broken_stream.xlsx": (broken_stream(), "CORRUPT"),
    "lying_length.xlsx": (lying_length(), "CORRUPT"),
    "bomb.xlsx": (with_part("xl/media/image1.png", bytes(64 << 20)), "ZIP_BOMB"),
    "xml_bomb.xlsx": (after_rows(b"<!--" + b" " * (80 << 20) + b"-->"), "ZIP_BOMB"),
    "overlap.xlsx": (overlapping(), "ZIP_BOMB"),
    "many_parts.xlsx": (zipped(PARTS | {f"xl/media/{i}.bin": b"" for i in range(2_001)}), "TOO_MANY_PARTS"),
    "twin_part.xlsx": (with_part("xl/Workbook.xml", b"<workbook/>"), "DUPLICATE_PART"),
    "climbing.xlsx": (with_part("../evil.xml", b"<a/>"), "UNSAFE_PATH"),
    "rooted.xlsx": (with_part("/etc/evil.xml", b"<a/>"), "UNSAFE_PATH"),
    "linked_member.xlsx": (linked_member(), "UNSAFE_PATH"),
    "locked_member.xlsx": (patched(SOUND, b"PK\x01\x02", 8, b"\x01"), "ENCRYPTED"),
    "no_sheet.xlsx": (zipped({k: v for k, v in PARTS.items() if k != SHEET}), "MISSING_PART"),
    "no_types.xlsx": (zipped({k: v for k, v in PARTS.items() if k != "[Content_Types].xml"}), "MISSING_PART"),
    "laughs.xlsx": (declared(BOOK, LAUGHS), "DTD"),
    "laughs_in_sheet.xlsx": (declared(SHEET, LAUGHS), "DTD"),
    "reads_files.xlsx": (declared(STYLES, OUTSIDE), "DTD"),
    "utf16.xlsx": (with_part(SHEET, PARTS[SHEET].decode().encode("utf-16")), "ENCODING"),
    "utf7.xlsx": (with_part(SHEET, b'<?xml version="1.0" encoding="UTF-7"?>' + PARTS[SHEET]), "ENCODING"),
    "latin.xlsx": (with_part(SHEET, b'<?xml version="1.0" encoding="iso-8859-1"?>' + PARTS[SHEET]), "ENCODING"),
    "torn_xml.xlsx": (with_part(BOOK, PARTS[BOOK][:-5]), "CORRUPT"),
    "deep_xml.xlsx": (with_part(BOOK, PARTS[BOOK].replace(b"<sheets>", b"<a>" * 5_000 + b"<sheets>")), "CORRUPT"),
    "strict.xlsx": (
        with_part(BOOK, PARTS[BOOK].replace(MAIN.encode(), b"http://purl.oclc.org/ooxml/spreadsheetml/main")),
        "STRICT_XML",
    ),
    "many_cells.xlsx": (rows_of_cells(250_001), "TOO_MANY_CELLS"),
    "twin_cell.xlsx": (
        with_part(SHEET, re.sub(rb'(<c r="B2".*?</c>)', rb"\1\1", PARTS[SHEET], count=1)),
        "DUPLICATE_CELL",
    ),
    "far_cell.xlsx": (more_rows(b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'), "FAR_CELL"),
    "no_address.xlsx": (more_rows(b'<row r="9"><c r="ABCD9"><v>1</v></c></row>'), "CORRUPT"),
    "merges.xlsx": (after_rows(b'<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'), "TOO_MANY_CELLS"),
    "links.xlsx": (after_rows(b'<hyperlinks><hyperlink ref="A1:ZZ9999" location="x"/></hyperlinks>'), "TOO_MANY_CELLS"),
    "merge_of_nothing.xlsx": (after_rows(b'<mergeCells><mergeCell ref="A1:A99999999999"/></mergeCells>'), "CORRUPT"),
    "styles.xlsx": (
        with_part(STYLES, PARTS[STYLES].replace(b"</cellXfs>", b"<xf/>" * 70_000 + b"</cellXfs>")),
        "TOO_MANY_FORMATS",
    ),
    "names.xlsx": (names(20_001), "TOO_MANY_NAMES"),
    "a_million_names.xlsx": (names(300_000), "TOO_MANY_ELEMENTS"),
    "validations.xlsx": (
        after_rows(b"".join(b'<dataValidation sqref="A%d"/>' % i for i in range(1, 250_000))),
        "TOO_MANY_ELEMENTS",
    ),
    "long_formula.xlsx": (formula(b"1" + b"+1" * 5_000), "FORMULA_LENGTH"),
    "deep_formula.xlsx": (formula(b"(" * 1_000 + b"1" + b")" * 1_000), "FORMULA_DEPTH"),
    "deep_calls.xlsx": (formula(b"ABS(" * 70 + b"1" + b")" * 70), "FORMULA_DEPTH"),
    "circle.xlsx": (formula(b"B2+1"), "CIRCULAR"),
    "other_book.xlsx": (formula(b"[1]Sheet1!$A$1"), "EXTERNAL_LINK"),
    "dde.xlsx": (formula(b"cmd|'/c calc'!A1"), "DDE"),
    "dde_link.xlsx": (
        with_part(
            "xl/externalLinks/externalLink1.xml", b'<externalLink><ddeLink ddeService="cmd" ddeTopic="x"/></externalLink>'
        ),
        "DDE",
    ),
    "gibberish.xlsx": (formula(b"SUM(1,,"), "NOT_PARSED"),
    "unknown_function.xlsx": (formula(b"EXEC(1)"), "UNKNOWN_FUNCTION"),
}


def parquet(columns, **options):
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, **options)
    return out.getvalue()


TABLE = parquet({"key": ["a"], "x": [1.0]})


def xlsx_table(rows):
    book, saved = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(saved)
    return saved.getvalue()


def xlsx_table_with(old, new):
    """A table in which one place of the sheet's XML is another."""
    with zipfile.ZipFile(io.BytesIO(xlsx_table([("key", "x"), ("a", 1)]))) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    return zipped(parts | {SHEET: parts[SHEET].replace(old, new)})


TABLES = {
    "empty.csv": (b"", "EMPTY"),
    "only_a_mark.csv": (b"\xef\xbb\xbf", "EMPTY"),
    "ragged.csv": (b"key,x\na,1\nb,2,3\n", "RAGGED"),
    "short.csv": (b"key,x\na\n", "RAGGED"),
    "semicolons.csv": (b"key;x\na;1,5\n", "SEPARATOR"),
    "tabs.csv": (b"key\tx\na\t1\n", "SEPARATOR"),
    "twin_heading.csv": (b"key,x,X\na,1,2\n", "DUPLICATE_COLUMN"),
    "no_heading.csv": (b"key,\na,1\n", "HEADING"),
    "no_inputs.csv": (b"key\na\n", "NO_INPUTS"),
    "unknown.csv": (b"key,xx\na,1\n", "UNKNOWN_COLUMN"),
    "no_input.csv": (b"key,Summary!B2\na,1\n", "NOT_AN_INPUT"),
    "range.csv": (b"key,Inputs!B2:B3\na,1\n", "NOT_AN_INPUT"),
    "empty_cell.csv": (b"key,Inputs!ZZ99\na,1\n", "NOT_AN_INPUT"),
    "same_cell.csv": (b"key,x,Inputs!B2\na,1,1\n", "DUPLICATE_COLUMN"),
    "open_quote.csv": (b'key,x\n"a,1\n', "QUOTES"),
    "stray_quote.csv": (b'key,x\n"a"b,1\n', "QUOTES"),
    "zero_byte.csv": (b"key,x\na\0,1\n", "NOT_TEXT"),
    "latin1.csv": ("key,x\nMünchen,1\n".encode("latin-1"), "ENCODING"),
    "utf16.csv": ("key,x\na,1\n".encode("utf-16"), "ENCODING"),
    "old_macintosh.csv": (b"key,x\ra,1\rb,2\r", "LINE_ENDS"),
    "long_field.csv": (b"key,x\n" + b"a" * 40_000 + b",1\n", "TOO_LONG"),
    "long_line.csv": (b"key,x\n" + b"," * (2 << 20) + b"\n", "TOO_LONG"),
    "no_line.csv": (b"a" * (8 << 20), "TOO_LONG"),
    "wide.csv": (b",".join(b"c%d" % i for i in range(2_000)) + b"\n", "TOO_MANY_COLUMNS"),
    "tall.csv": (b"key,x\n" + b"a,1\n" * 1_048_576, "TOO_MANY_ROWS"),
    "workbook.csv": (SOUND, "NOT_A_TABLE"),
    "parquet.csv": (TABLE, "NOT_A_TABLE"),
    "table.txt": (b"key,x\na,1\n", "UNKNOWN_KIND"),
    "text.parquet": (b"key,x\na,1\n", "NOT_A_TABLE"),
    "empty.parquet": (b"", "EMPTY"),
    "half.parquet": (TABLE[: len(TABLE) // 2], "TRUNCATED"),
    "long_footer.parquet": (TABLE[:-8] + b"\xff\xff\xff\x7fPAR1", "CORRUPT"),
    "wrong_footer.parquet": (TABLE[:-60] + bytes(52) + TABLE[-8:], "CORRUPT"),
    "nested.parquet": (parquet({"key": ["a"], "x": [[1.0, 2.0]]}), "NESTED"),
    "struct.parquet": (parquet({"key": ["a"], "x": [{"a": 1}]}), "NESTED"),
    "bytes.parquet": (parquet({"key": ["a"], "x": [b"1"]}), "NESTED"),
    "unknown.parquet": (parquet({"key": ["a"], "z": [1.0]}), "UNKNOWN_COLUMN"),
    "empty.xlsx": (xlsx_table([]), "EMPTY"),
    "ragged.xlsx": (xlsx_table([("key", "x"), ("a", 1, 2)]), "RAGGED"),
    "numbers.xlsx": (xlsx_table([("key", 1), ("a", 1)]), "HEADING"),
    "gap.xlsx": (xlsx_table([("key", None, "x"), ("a", 1, 1)]), "HEADING"),
    "unknown.xlsx": (xlsx_table([("key", "z"), ("a", 1)]), "UNKNOWN_COLUMN"),
    "macros.xlsx": (with_part("xl/vbaProject.bin", b"\0"), "MACROS"),
    "odd_address.xlsx": (xlsx_table_with(b'r="A2"', b'r="\'2"'), "CORRUPT"),
    "twin_in_disguise.xlsx": (xlsx_table_with(b'r="B2"', b'r="A&#50;"'), "CORRUPT"),
}


def strange(folder):
    """What is no file at all, by the code with which it is refused."""
    os.mkfifo(folder / "pipe.csv")
    os.mkfifo(folder / "pipe.xlsx")
    (folder / "folder.xlsx").mkdir()
    (folder / "folder.csv").mkdir()
    (folder / "zero.csv").symlink_to("/dev/zero")
    (folder / "link.xlsx").symlink_to("/etc/passwd")
    return {
        "pipe.csv": "NOT_A_FILE",
        "pipe.xlsx": "NOT_A_FILE",
        "folder.xlsx": "NOT_A_FILE",
        "folder.csv": "NOT_A_FILE",
        "zero.csv": "SYMLINK",
        "link.xlsx": "SYMLINK",
        "absent.csv": "MISSING",
    }

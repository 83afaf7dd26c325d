"""Files that no reader may see: each is refused in one line that says what to do."""

import io
import os
import re
import struct
import zipfile

import pytest
from openpyxl import Workbook
from packages import parts_of, zipped

from workbook_templates import reading
from workbook_templates.reading import RefusedFileError, open_package


@pytest.fixture
def parts():
    """A workbook's parts by name."""
    book, saved = Workbook(), io.BytesIO()
    book.active["A1"] = 1
    book.active["B2"] = "=A1"
    book.save(saved)
    return parts_of(saved.getvalue())


@pytest.fixture
def refused(tmp_path):
    """Writes content to a file and gives the code with which it is refused."""

    def judge(content, name="book.xlsx"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else zipped(content))
        with pytest.raises(RefusedFileError) as caught:
            open_package(path)
        line = str(caught.value)
        assert line.startswith(f"{caught.value.code}: {path}: ")
        assert line.endswith(caught.value.cure)
        assert line.isprintable()
        return caught.value.code

    return judge


def test_a_workbook_opens_and_gives_its_parts(parts, tmp_path):
    (tmp_path / "book.xlsx").write_bytes(zipped(parts))
    package = open_package(tmp_path / "book.xlsx")
    assert package.sheet_parts == {"Sheet": "xl/worksheets/sheet1.xml"}
    assert package.read("xl/workbook.xml") == parts["xl/workbook.xml"]
    assert package.relations("xl/workbook.xml")["rId1"] == ("worksheet", "xl/worksheets/sheet1.xml")


def code_of(path):
    with pytest.raises(RefusedFileError) as caught:
        open_package(path)
    return caught.value.code


def test_what_is_not_a_file_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.xlsx")
    (tmp_path / "book.xlsx").write_bytes(b"")
    (tmp_path / "link.xlsx").symlink_to(tmp_path / "book.xlsx")
    assert code_of(tmp_path / "absent.xlsx") == "MISSING"
    assert code_of(tmp_path / "book.xlsx" / "inside.xlsx") == "MISSING"
    assert code_of(tmp_path) == "NOT_A_FILE"
    assert code_of(tmp_path / "pipe.xlsx") == "NOT_A_FILE"
    assert code_of("/dev/zero") == "NOT_A_FILE"
    assert code_of(tmp_path / "link.xlsx") == "SYMLINK"
    assert code_of("zero\0byte.xlsx") == "UNREADABLE"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "EMPTY"),
        (b"month,users\n1,2\n", "NOT_A_WORKBOOK"),
        (b"\xef\xbb\xbf<html><table>", "NOT_A_WORKBOOK"),
        (reading.OLE_MAGIC + bytes(600), "OLD_EXCEL"),
        (reading.OLE_MAGIC + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "ENCRYPTED"),
        (b"PK\x03\x04" + bytes(40), "TRUNCATED"),
        ({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}, "NOT_A_WORKBOOK"),
        ({"word/document.xml": b"<document/>"}, "NOT_A_WORKBOOK"),
    ],
)
def test_other_kinds_of_files_are_told_by_their_content(refused, content, code):
    assert refused(content) == code


def test_a_file_over_the_size_limit_is_refused(refused, monkeypatch):
    monkeypatch.setattr(reading, "MAX_FILE", 1000)
    assert refused(b"PK\x03\x04" + bytes(997)) == "TOO_LARGE"


def test_a_truncated_workbook_is_refused(refused, parts):
    whole = zipped(parts)
    assert refused(whole[: len(whole) // 2]) == "TRUNCATED"
    assert refused(whole[:-30]) == "TRUNCATED"


def test_a_damaged_part_is_refused(refused, parts):
    content = bytearray(zipped(parts, zipfile.ZIP_STORED))
    content[content.index(b"<sheetData>") + 3] ^= 0xFF
    assert refused(bytes(content)) == "CORRUPT"


def test_a_part_with_a_false_length_is_refused(refused, parts):
    content = bytearray(zipped(parts))
    name = b"xl/worksheets/sheet1.xml"
    entry = content.rindex(name) - 46  # its record in the directory, where the length stands at 24
    assert content[entry : entry + 4] == b"PK\x01\x02"
    (length,) = struct.unpack_from("<I", content, entry + 24)
    struct.pack_into("<I", content, entry + 24, length - 40)
    assert refused(bytes(content)) == "CORRUPT"


@pytest.mark.parametrize("kind", ["wordprocessingml.document", "presentationml.presentation"])
def test_other_office_files_are_refused(refused, parts, kind):
    types = parts["[Content_Types].xml"].replace(b"spreadsheetml.sheet", kind.encode())
    assert refused(parts | {"[Content_Types].xml": types}, "book.docx") == "NOT_A_WORKBOOK"


def test_a_strict_open_xml_workbook_is_refused_with_its_cure(refused, parts):
    strict = parts["xl/workbook.xml"].replace(reading.MAIN.encode(), reading.STRICT_MAIN.encode())
    assert refused(parts | {"xl/workbook.xml": strict}) == "STRICT_XML"


@pytest.mark.parametrize(
    "missing", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml", "xl/_rels/workbook.xml.rels"]
)
def test_a_missing_part_is_refused(refused, parts, missing):
    del parts[missing]
    assert refused(parts) == "MISSING_PART"


def test_macros_are_refused_under_a_name_that_promises_none(refused, parts):
    assert refused(parts | {"xl/vbaProject.bin": b"\0"}) == "MACROS"


def test_bombs_are_refused_before_they_are_unpacked(refused, parts, monkeypatch):
    assert refused(parts | {"xl/media/image1.png": bytes(64 * reading.MIB)}) == "ZIP_BOMB"
    assert refused(parts | {f"xl/media/{i}.bin": b"" for i in range(reading.MAX_MEMBERS)}) == "TOO_MANY_PARTS"
    monkeypatch.setattr(reading, "MAX_UNPACKED", 10_000)
    assert refused(parts) == "ZIP_BOMB"


def test_overlapping_parts_are_refused(refused, parts):
    """Two entries of the directory that share one body: the quoted-overlap bomb in small."""
    content = bytearray(zipped(parts))
    first = content.index(b"PK\x01\x02")
    second = content.index(b"PK\x01\x02", first + 4)
    content[second + 42 : second + 46] = content[first + 42 : first + 46]
    assert refused(bytes(content)) == "ZIP_BOMB"


def test_parts_that_come_twice_or_lead_out_are_refused(refused, parts):
    assert refused(parts | {"xl/Workbook.xml": b"<workbook/>"}) == "DUPLICATE_PART"
    for name in ("../evil.xml", "/etc/evil.xml", "xl\\..\\evil.xml", "C:evil.xml"):
        assert refused(parts | {name: b"<a/>"}) == "UNSAFE_PATH", name


def test_a_member_that_is_a_link_is_refused(refused, parts):
    out = io.BytesIO(zipped(parts))
    with zipfile.ZipFile(out, "a") as archive:
        link = zipfile.ZipInfo("xl/media/link.xml")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert refused(out.getvalue()) == "UNSAFE_PATH"


def test_an_encrypted_member_is_refused(refused, parts):
    content = bytearray(zipped(parts))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert refused(bytes(content)) == "ENCRYPTED"


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml", "docProps/core.xml"])
def test_document_types_and_entities_are_refused_in_every_part(refused, parts, part):
    laughs = b'<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    head, _, body = parts[part].partition(b"?>") if parts[part].startswith(b"<?xml") else (b"", b"", parts[part])
    assert refused(parts | {part: (head + b"?>" if head else b"") + laughs + body}) == "DTD"


def test_xml_that_is_not_utf8_is_refused(refused, parts):
    sheet = parts["xl/worksheets/sheet1.xml"]
    for data in (sheet.decode().encode("utf-16"), b'<?xml version="1.0" encoding="UTF-7"?>' + sheet, b"\0" + sheet):
        assert refused(parts | {"xl/worksheets/sheet1.xml": data}) == "ENCODING"


def test_xml_that_is_not_well_formed_is_refused(refused, parts):
    assert refused(parts | {"xl/workbook.xml": parts["xl/workbook.xml"][:-5]}) == "CORRUPT"


@pytest.mark.parametrize(
    "sheets", [b'<sheet name="" sheetId="1" r:id="rId1"/>', b'<sheet name="A" sheetId="1" r:id="rId1"/>' * 2]
)
def test_sheets_without_a_name_of_their_own_are_refused(refused, parts, sheets):
    """What else names its sheets would take one for another."""
    space = f'<sheets xmlns:r="{reading.DOCUMENT_RELATIONS}">'.encode()
    book = re.sub(rb"<sheets>.*</sheets>", space + sheets + b"</sheets>", parts["xl/workbook.xml"])
    assert refused(parts | {"xl/workbook.xml": book}) == "CORRUPT"


def test_a_cell_that_comes_twice_is_refused(refused, parts):
    """Readers disagree on which of the two counts."""
    sheet = re.sub(rb'(<c r="A1".*?</c>)', rb"\1\1", parts["xl/worksheets/sheet1.xml"], count=1)
    assert refused(parts | {"xl/worksheets/sheet1.xml": sheet}) == "DUPLICATE_CELL"


def test_what_a_reader_would_swell_on_is_refused(refused, parts, monkeypatch):
    sheet = parts["xl/worksheets/sheet1.xml"]

    def with_end(text):
        return parts | {"xl/worksheets/sheet1.xml": sheet.replace(b"</sheetData>", b"</sheetData>" + text)}

    assert refused(with_end(b'<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>')) == "TOO_MANY_CELLS"
    assert refused(with_end(b'<hyperlinks><hyperlink ref="A1:ZZ9999" location="x"/></hyperlinks>')) == "TOO_MANY_CELLS"
    assert refused(with_end(b'<mergeCells><mergeCell ref="A1:A99999999999999"/></mergeCells>')) == "CORRUPT"
    styles = parts["xl/styles.xml"].replace(b"</cellXfs>", b"<xf/>" * 70_000 + b"</cellXfs>")
    assert refused(parts | {"xl/styles.xml": styles}) == "TOO_MANY_FORMATS"
    monkeypatch.setattr(reading, "MAX_CELLS", 1)
    assert refused(parts) == "TOO_MANY_CELLS"


def test_a_hostile_name_stays_on_one_line(tmp_path):
    (tmp_path / "two\u2028lines\x1b[31m.xlsx").write_bytes(b"text")
    with pytest.raises(RefusedFileError) as caught:
        open_package(tmp_path / "two\u2028lines\x1b[31m.xlsx")
    assert str(caught.value).startswith(f"NOT_A_WORKBOOK: {tmp_path}/two?lines?[31m.xlsx: ")

"""VBA projects: the compression, the directory, the properties, read back by what others wrote and by the definition."""

import importlib
import os
import random
import re
import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vba_reader import container, decompress

from addin.excel.ovba import Kind, Module, compress, project

NOISE = random.Random(1).randbytes(3 * 4096)
HARD = {
    "nothing": b"",
    "one byte": b"a",
    "two bytes": b"ab",
    "one byte repeated": b"a" * 10_000,
    "just below a chunk": b"ab" * 2047 + b"c",
    "a chunk": b"ab" * 2048,
    "just above a chunk": b"ab" * 2048 + b"c",
    "incompressible chunks": NOISE,
    "an incompressible chunk and a bit": NOISE[:4096] + b"end",
    "incompressible, short": NOISE[:3600],
    "nearly incompressible": bytes(NOISE[i] if i % 37 else 0 for i in range(8192)),
    "a match across the whole chunk": NOISE[:2048] * 2,
    "source": b"Function A(b, c)\r\n    A = b + c\r\nEnd Function\r\n" * 500,
}
WORDS = st.lists(st.sampled_from([b"If ", b"Then", b"x", b" = ", b"\r\n", b"Function", bytes(7)]), max_size=3000).map(b"".join)
MODULES = [Module("ThisWorkbook", "", Kind.WORKBOOK), Module("Code", "Sub A()\nEnd Sub"), Module("Thing", "", Kind.CLASS)]


@pytest.mark.parametrize("data", HARD.values(), ids=HARD)
def test_hard_cases_come_back(data):
    packed = compress(data)
    assert decompress(packed) == data
    assert len(packed) <= 1 + len(data) + 2 * (len(data) // 4096 + 1) + 512


@given(st.binary(max_size=3000) | WORDS)
def test_anything_comes_back(data):
    assert decompress(compress(data)) == data


@given(st.integers(0, 4096), st.integers(0, 4096), st.integers(1, 60))
def test_runs_come_back_wherever_they_lie(before, between, length):
    """The widths of a copy's two halves depend on where in the chunk it stands."""
    run = NOISE[-length:]
    data = bytes(before) + run + bytes([1]) * between + run
    assert decompress(compress(data)) == data


def test_source_becomes_much_smaller():
    assert len(compress(HARD["source"])) < len(HARD["source"]) / 10


def test_an_incompressible_rest_is_refused_and_not_padded():
    with pytest.raises(ValueError, match="whole chunks"):
        compress(NOISE[:4000])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of oletools itself
@pytest.mark.parametrize("data", HARD.values(), ids=HARD)
def test_oletools_reads_the_same(data):
    if importlib.util.find_spec("oletools") is None and not os.environ.get("CI"):
        pytest.skip("oletools, an independent reader, is not installed")
    olevba = importlib.import_module("oletools.olevba")
    assert bytes(olevba.decompress_stream(bytearray(compress(data)))) == data


# ---- the project


def records(directory):
    """The directory's records in order: number and data."""
    at = 0
    while at < len(directory):
        number, size = struct.unpack_from("<HI", directory, at)
        size = 6 if number == 9 else size  # the version's length does not count its second part
        yield number, directory[at + 6 : at + 6 + size]
        at += 6 + size
    assert at == len(directory)


def test_every_module_is_in_the_directory_and_in_a_stream_of_its_own():
    streams = container(project("demo", MODULES))
    found = list(records(decompress(streams["VBA/dir"])))
    assert [data.decode() for number, data in found if number == 0x19] == ["ThisWorkbook", "Code", "Thing"]
    assert [data.decode("utf-16-le") for number, data in found if number == 0x32] == ["ThisWorkbook", "Code", "Thing"]
    assert [number for number, _ in found if number in (0x21, 0x22)] == [0x22, 0x21, 0x22]
    assert dict(found)[0x0F] == struct.pack("<H", 3)
    assert dict(found)[0x04] == b"demo"
    assert [data for number, data in found if number == 0x31] == [bytes(4)] * 3, "the source begins where the stream does"
    assert {name: decompress(streams[f"VBA/{name}"]) for name in ("ThisWorkbook", "Code", "Thing")} == {
        module.name: module.source for module in MODULES
    }


def test_the_records_come_in_the_order_of_the_definition():
    numbers = [number for number, _ in records(decompress(container(project("demo", MODULES))["VBA/dir"]))]
    first = [0x01, 0x02, 0x14, 0x03, 0x04, 0x05, 0x40, 0x06, 0x3D, 0x07, 0x08, 0x09, 0x0C, 0x3C]
    library, module = [0x16, 0x3E, 0x0D], [0x19, 0x47, 0x1A, 0x32, 0x1C, 0x48, 0x31, 0x1E, 0x2C]
    procedures, other = [*module, 0x21, 0x2B], [*module, 0x22, 0x2B]
    assert numbers == [*first, *library * 2, 0x0F, 0x13, *other, *procedures, *other, 0x10]


def test_the_properties_name_the_modules_and_protect_nothing():
    text = container(project("demo", MODULES))["PROJECT"].decode()
    assert re.findall(r"^(?:Document|Module|Class)=.*$", text.replace("\r", ""), re.MULTILINE) == [
        "Document=ThisWorkbook/&H00000000",
        "Module=Code",
        "Class=Thing",
    ]
    identity = re.search(r'^ID="(\{[0-9A-F-]{36}\})"', text)[1]
    values = {key: plain(bytes.fromhex(re.search(f'{key}="([0-9A-F]+)"', text)[1]), identity) for key in ("CMG", "DPB", "GC")}
    assert values == {"CMG": bytes(4), "DPB": bytes(1), "GC": b"\xff"}


@pytest.mark.parametrize(
    ("written", "means"),
    [("67659249B64FCD53CD53CD53CD53", bytes(4)), ("7A788F7EA37FA37FA3", bytes(1)), ("8D8F789798AB99AB9954", b"\xff")],
)
def test_what_excel_itself_wrote_means_the_same(written, means):
    """Of a workbook among xlwings' own tests that Excel saved."""
    assert plain(bytes.fromhex(written), "{85AD1DFC-3045-4D2F-B47B-3AAB6693923A}") == means


def plain(data, identity):
    """A property made readable again, by the definition's decryption (2.4.3.3)."""
    seed, version, key = data[0], data[0] ^ data[1], data[0] ^ data[2]
    assert (version, key) == (2, sum(identity.encode()) & 0xFF)
    out, known = [], key
    for (before, _), byte in zip(pairwise(data[1:]), data[3:], strict=False):
        known = byte ^ (before + known & 0xFF)
        out.append(known)
    ignored = (seed & 6) // 2
    assert struct.unpack("<I", bytes(out[ignored : ignored + 4]))[0] == len(out) - ignored - 4
    return bytes(out[ignored + 4 :])


def test_a_document_and_a_class_say_what_they_are():
    by_name = {module.name: module.source.decode() for module in MODULES}
    assert by_name["Code"] == 'Attribute VB_Name = "Code"\r\nSub A()\r\nEnd Sub\r\n'
    assert "VB_PredeclaredId = True" in by_name["ThisWorkbook"]
    assert "{00020819-0000-0000-C000-000000000046}" in by_name["ThisWorkbook"]
    assert "VB_PredeclaredId = False" in by_name["Thing"]


def test_a_letter_that_not_every_code_page_has_is_refused():
    with pytest.raises(UnicodeEncodeError):
        project("demo", [Module("Code", "' β")])

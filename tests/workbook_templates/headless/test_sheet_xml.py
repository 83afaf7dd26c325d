"""Cached values spliced into XML that other programs wrote."""

import math
import xml.etree.ElementTree as ElementTree

import pytest

from pycalc.errors import CellError
from workbook_templates.headless.sheet_xml import DamagedSheetError, formula_cells, position, stored, with_formulas, with_values


def sheet(cells: str, prefix: str = "") -> bytes:
    name = f":{prefix}" if prefix else ""
    tag = f"{prefix}:" if prefix else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\r\n<!-- as others write it --><{tag}worksheet xmlns{name}="urn:x">'
        f'<{tag}sheetData><{tag}row r="1">{cells}</{tag}row></{tag}sheetData></{tag}worksheet>\n'
    ).encode()


def filled(cells: str, *values, prefix: str = "") -> str:
    data = sheet(cells, prefix)
    found = formula_cells(data)
    result = with_values(data, found, dict(zip((cell.address for cell in found), values, strict=True)))
    ElementTree.fromstring(result)  # noqa: S314
    head, tail = sheet("|", prefix).decode().split("|")
    assert result.decode().startswith(head)
    assert result.decode().endswith(tail)
    return result.decode()[len(head) : -len(tail)]


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ('<c r="A1"><f>1+1</f></c>', 2.0, '<c r="A1"><f>1+1</f><v>2</v></c>'),
        ('<c r="A1"><f>1+1</f><v></v></c>', 2.5, '<c r="A1"><f>1+1</f><v>2.5</v></c>'),
        ('<c r="A1"><f>1+1</f><v/></c>', 2.5, '<c r="A1"><f>1+1</f><v>2.5</v></c>'),
        ('<c t="str" r="A1" s="3"><f>B1</f><v>old</v></c>', 2.0, '<c r="A1" s="3"><f>B1</f><v>2</v></c>'),
        ("<c r='A1' t='e' s='3' ><f>B1</f><v>#N/A</v></c >", True, "<c r='A1' s='3' t=\"b\"><f>B1</f><v>1</v></c>"),
        ('<c r="A1"><f>B1</f><v>1</v></c>', "a<b & c", '<c r="A1" t="str"><f>B1</f><v>a&lt;b &amp; c</v></c>'),
        ('<c r="A1"><f>B1</f><v>1</v></c>', CellError("#N/A"), '<c r="A1" t="e"><f>B1</f><v>#N/A</v></c>'),
        ('<c r="A1"><f>B1</f><v>1</v></c>', None, '<c r="A1"><f>B1</f></c>'),
        ('<c r="A1"><f t="shared" si="0"/><v>1</v></c>', 3.0, '<c r="A1"><f t="shared" si="0"/><v>3</v></c>'),
        ('<c r="A1"><f>"t=""s"" &gt;"</f><v>1</v></c>', "", '<c r="A1" t="str"><f>"t=""s"" &gt;"</f><v></v></c>'),
        (
            '<c r="A1" x="a>b t=\'s\'" t="inlineStr"><f><![CDATA[1<2]]></f><is><t>x</t></is><extLst><v>9</v></extLst></c>',
            True,
            '<c r="A1" x="a>b t=\'s\'" t="b"><f><![CDATA[1<2]]></f><v>1</v><extLst><v>9</v></extLst></c>',
        ),
        (
            '<c r="A1"><f t="array" ref="A1:B1">{1,2}</f></c><c r="B1" s="2"/><c r="C1" s="2"/>',
            7.0,
            '<c r="A1"><f t="array" ref="A1:B1">{1,2}</f><v>7</v></c><c r="B1" s="2"><v>8</v></c><c r="C1" s="2"/>',
        ),
    ],
)
def test_only_the_value_and_its_type_change(before, value, after):
    assert filled(before, *([value, 8.0] if "array" in before else [value])) == after
    assert filled(after, *([value, 8.0] if "array" in before else [value])) == after


def test_cells_without_a_formula_stay_as_they_are():
    cells = '<c r="A1" t="s"><v>0</v></c><c r="B1"><f>A1</f></c><c r="C1" t="e"><v>#N/A</v></c>'
    assert filled(cells, 1.0) == cells.replace("<f>A1</f>", "<f>A1</f><v>1</v>")


def test_a_prefixed_namespace_is_kept():
    assert filled('<x:c r="A1"><x:f>1</x:f></x:c>', 1.0, prefix="x") == '<x:c r="A1"><x:f>1</x:f><x:v>1</x:v></x:c>'


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (1e22, "", "1e+22"),
        (-0.0, "", "0"),
        (0.1 + 0.2, "", "0.30000000000000004"),
        (False, "b", "0"),
        (46086.25, "", "46086.25"),
        ("a\x07_x0041_\r\n", "str", "a_x0007__x005F_x0041__x000D_\n"),
    ],
)
def test_how_values_are_stored(value, kind, text):
    assert stored(value) == (kind, text)
    if isinstance(value, float):
        assert float(text) == value
        assert math.copysign(1, float(text)) == 1, "Excel has no negative zero"


def test_formulas_are_read_as_text_and_can_be_replaced():
    data = sheet('<c r="A1"><f>IF(B1&gt;2,"a&amp;b",1)</f><v>1</v></c><c r="C1"><f t="shared" ref="C1:C2" si="0">B1</f></c>')
    assert [(cell.formula, cell.position) for cell in formula_cells(data)] == [('IF(B1>2,"a&b",1)', (1, 1)), ("B1", (1, 3))]
    again = with_formulas(data, {1: 'B1&"<"'})
    assert again == data.replace(b'si="0">B1<', b'si="0">B1&amp;"&lt;"<')


def test_addresses():
    assert [position(address) for address in ("A1", "$Z$9", "AA10", "XFD1048576")] == [
        (1, 1),
        (9, 26),
        (10, 27),
        (1048576, 16384),
    ]
    with pytest.raises(DamagedSheetError, match="'1A'"):
        position("1A")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x/>', "document type"),
        (b"<worksheet><c></worksheet>", "mismatched tag"),
        (b"<worksheet>", "no element"),
    ],
)
def test_damaged_xml_is_refused(data, words):
    with pytest.raises(DamagedSheetError, match=words):
        formula_cells(data)

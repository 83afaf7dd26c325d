"""The formula cells of a worksheet's XML, and new cached values spliced into its bytes.

Only the ``<v>`` element and the ``t`` attribute of the cells that hold a value computed by
a formula change; every other byte of the part stays.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape

from pycalc.cells import Cell
from pycalc.errors import CellError

TAG = re.compile(rb"""<[^"'>]*(?:"[^"]*"[^"'>]*|'[^']*'[^"'>]*)*>""")
ATTRIBUTE = re.compile(rb"""\s+([\w:.-]+)\s*=\s*("[^"]*"|'[^']*')""")
ADDRESS = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")
CONTROL = re.compile("[\x00-\x08\x0b-\x1f]|_(?=x[0-9A-Fa-f]{4}_)")


class DamagedSheetError(ValueError):
    """The XML of a sheet is not what a spreadsheet program writes."""


@dataclass(slots=True)
class Span:
    """Where an element lies in the bytes."""

    name: str
    start: int
    tag_end: int
    end: int = 0


@dataclass(slots=True)
class SheetCell:
    """A cell whose value a formula gives: its own, or that of an array it belongs to."""

    address: str
    span: Span
    children: list[Span] = field(default_factory=list)
    formula: str | None = None
    """As the file stores it; None in the other cells of an array, empty where another cell shares its text."""
    kind: str = "member"
    """How the file stores the formula: normal, shared, array, dataTable; a member has none of its own, an input loses it."""

    @property
    def position(self) -> tuple[int, int]:
        return position(self.address)


def position(address: str) -> tuple[int, int]:
    """Row and column, counted from one.

    >>> position("AB7")
    (7, 28)
    """
    match = ADDRESS.fullmatch(address)
    if not match:
        raise DamagedSheetError(f"{address!r} is no cell address")
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return int(match[2]), column


class _Scanner:
    """Walks the part once and keeps the cells that formulas fill."""

    def __init__(self, data: bytes, also: Collection[str]) -> None:
        self.data, self.also = data, also
        self.found: list[SheetCell] = []
        self.arrays: list[tuple[tuple[int, int], tuple[int, int]]] = []
        self.cell: SheetCell | None = None
        self.child: Span | None = None
        self.text: list[str] | None = None
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters

    def doctype(self, *_: object) -> None:
        raise DamagedSheetError("it declares a document type, which no spreadsheet program writes")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "c" and self.cell is None:
            self.cell = SheetCell(attributes.get("r", ""), self.span(tag))
        elif self.cell is not None and self.child is None:
            self.child = self.span(tag)
            if name == "f":
                self.formula(self.cell, attributes)

    def formula(self, cell: SheetCell, attributes: dict[str, str]) -> None:
        cell.formula, self.text = "", []
        cell.kind = attributes.get("t", "normal")
        first, _, last = attributes.get("ref", "").partition(":")
        if cell.kind == "array" and last:
            self.arrays.append((position(first), position(last)))

    def characters(self, text: str) -> None:
        if self.text is not None:
            self.text.append(text)

    def end(self, tag: str) -> None:
        if self.child is not None and self.cell is not None:
            if tag == self.child.name:
                self.close(self.child)
                self.cell.children.append(self.child)
                self.child = None
                if self.text is not None:
                    self.cell.formula, self.text = "".join(self.text), None
        elif self.cell is not None and tag == self.cell.span.name:
            self.close(self.cell.span)
            is_filled = self.cell.formula is not None or (self.arrays and self.in_array(self.cell.position))
            if is_filled or self.cell.address in self.also:
                self.found.append(self.cell)
            self.cell = None

    def in_array(self, place: tuple[int, int]) -> bool:
        return any(a <= place[0] <= c and b <= place[1] <= d for (a, b), (c, d) in self.arrays)

    def span(self, tag: str) -> Span:
        start = self.parser.CurrentByteIndex
        return Span(tag, start, self.tag_end(start))

    def close(self, span: Span) -> None:
        empty = self.data[span.tag_end - 2 : span.tag_end] == b"/>"
        span.end = span.tag_end if empty else self.tag_end(self.parser.CurrentByteIndex)

    def tag_end(self, start: int) -> int:
        match = TAG.match(self.data, start)
        if not match:
            raise DamagedSheetError(f"no tag at byte {start}")
        return match.end()


def formula_cells(data: bytes, also: Collection[str] = ()) -> list[SheetCell]:
    """Every cell that a formula fills, and those at other addresses, in the order of the file."""
    scanner = _Scanner(data, also)
    try:
        scanner.parser.Parse(data, True)
    except expat.ExpatError as fault:
        raise DamagedSheetError(str(fault)) from None
    return scanner.found


def with_values(data: bytes, cells: Iterable[SheetCell], values: Mapping[str, Cell]) -> bytes:
    """The part with these cells holding their cached values, given by address."""
    pieces, done = [], 0
    for cell in cells:
        pieces += [data[done : cell.span.start], _cell_bytes(data, cell, values[cell.address])]
        done = cell.span.end
    return b"".join([*pieces, data[done:]])


def with_formulas(data: bytes, texts: dict[int, str]) -> bytes:
    """The part with the formulas of these cells replaced, by the place of the cell in `formula_cells`."""
    pieces, done, cells = [], 0, formula_cells(data)
    for index, text in sorted(texts.items()):
        body = next(child for child in cells[index].children if _local(child) == "f")
        pieces += [data[done : body.tag_end], escape(text).encode()]
        done = data.rindex(b"</", body.tag_end, body.end)
    return b"".join([*pieces, data[done:]])


def _local(span: Span) -> str:
    return span.name.rpartition(":")[2]


def _cell_bytes(data: bytes, cell: SheetCell, value: Cell) -> bytes:
    kind, text = stored(value)
    tag = data[cell.span.start : cell.span.tag_end]
    tag = ATTRIBUTE.sub(lambda match: b"" if match[1] == b"t" else match[0], tag)
    tag = tag.removesuffix(b">").removesuffix(b"/").rstrip() + (f' t="{kind}"'.encode() if kind else b"") + b">"
    prefix = cell.span.name[: -len("c")]
    if cell.kind == "input" and kind == "str":
        return tag.replace(b't="str"', b't="inlineStr"') + _inline(cell, text or "")
    formulas = [child for child in cell.children if _local(child) == "f" and cell.kind != "input"]
    others = [child for child in cell.children if _local(child) not in ("f", "v", "is")]
    cached = b"" if text is None else f"<{prefix}v>{text}</{prefix}v>".encode()
    raw = [data[child.start : child.end] for child in formulas]
    raw += [cached, *(data[child.start : child.end] for child in others)]
    return b"".join([tag, *raw, f"</{prefix}c>".encode()])


def _inline(cell: SheetCell, text: str) -> bytes:
    """A text that no formula gives."""
    prefix = cell.span.name[: -len("c")]
    return f'<{prefix}is><{prefix}t xml:space="preserve">{text}</{prefix}t></{prefix}is></{prefix}c>'.encode()


def stored(value: Cell) -> tuple[str, str | None]:
    """The type attribute and the text under which a file stores a value.

    >>> stored(0.1), stored(True), stored(512.0)
    (('', '0.1'), ('b', '1'), ('', '512'))
    """
    if value is None:
        return "", None
    if isinstance(value, bool):
        return "b", str(int(value))
    if isinstance(value, CellError):
        return "e", value.code
    if isinstance(value, str):
        return "str", escape(CONTROL.sub(lambda match: f"_x{ord(match[0]):04X}_", value))
    return "", repr(float(value) + 0.0).removesuffix(".0")

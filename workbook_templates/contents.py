"""What the parts of a workbook may hold: bounds on what a reader would build, and what no model needs."""

import functools
import re
from collections.abc import Iterable
from html import unescape

from workbook_templates.opened import DISTRUST, SAVE_AGAIN, SPLIT, Package

MAX_FORMATS = 65_490  # what Excel itself allows
MAX_SPREAD = 200_000  # cells under merges and links: readers make an object for each
MAX_NAMES = 20_000
MAX_EXTENT = 1_000_000_000  # cells of the rectangle around all: one far cell makes it endless for some readers
MAX_ELEMENTS = 200_000  # XML elements of a part besides its cells; a shared text has two or three
MAX_TEXT_ELEMENTS = 2_000_000
TAGS_OF_A_CELL = 8  # with those of its value, its formula and its text, and their ends
MAX_DEPTH, MAX_FORMULA = 64, 8_192  # levels and characters; Excel's own limits

CELL = re.compile(rb"""<(?:\w+:)?c(?=[\s/>])(?:[^>]*?\sr\s*=\s*["']([^"']*)["'])?""")
FORMAT = re.compile(rb"<(?:\w+:)?xf[\s/>]")
NAME = re.compile(rb"<(?:\w+:)?definedName[\s>]")
SPREAD = re.compile(rb"""<(?:\w+:)?(?:mergeCell|hyperlink)\s[^>]*?\bref\s*=\s*["']([^"']*)["']""")
AREA = re.compile(rb"([A-Z]{1,3})([0-9]{1,7})(?::([A-Z]{1,3})([0-9]{1,7}))?")
FORMULA = re.compile(rb"<(?:\w+:)?f(?:\s[^>]*)?>([^<]{2,})</")
LIVE_LINK = re.compile(rb"<(?:\w+:)?(?:ddeLink|oleLink)[\s>]")
DDE = re.compile(r"""(?:^|[=(,+*/&<>-])\s*[\w.]+\|(?:'[^']*'|\w+)!""")
TEXT = re.compile(r'"[^"]*"')
BRACKET = re.compile(r'"(?:[^"]|"")*"|[(){}]')


def check_contents(package: Package, max_cells: int) -> None:
    """Raise `RefusedFileError` for what would swell a reader or reach out of the file."""
    _check_parts(package)
    cells = spread = 0
    for title, part in package.sheet_parts.items():
        data = package.read(part)
        addresses = [match.group(1) for match in CELL.finditer(data)]
        cells += len(addresses)
        if cells > max_cells:
            raise package.refuse("TOO_MANY_CELLS", f"more than {max_cells:,} cells, at sheet {title!r}", SPLIT)
        if data.count(b"<") > TAGS_OF_A_CELL * len(addresses) + MAX_ELEMENTS:
            raise package.refuse("TOO_MANY_ELEMENTS", f"sheet {title!r} holds over {MAX_ELEMENTS:,} other things", SPLIT)
        _check_addresses(package, title, [address for address in addresses if address])
        for match in SPREAD.finditer(data):
            area = AREA.fullmatch(match.group(1))
            if area is None:
                raise package.refuse("CORRUPT", f"{title} merges or links no proper area", SAVE_AGAIN)
            spread += _size(*area.groups())
        if spread > MAX_SPREAD:
            raise package.refuse("TOO_MANY_CELLS", f"merges or links over {MAX_SPREAD:,} cells", "remove the large merges")
        _check_formulas(package, title, data)


def _check_parts(package: Package) -> None:
    main = package.workbook_part
    styles = next((part for kind, part in package.relations(main).values() if kind == "styles"), None)
    if styles in package.names and len(FORMAT.findall(package.read(styles or ""))) > MAX_FORMATS:
        raise package.refuse("TOO_MANY_FORMATS", f"more than {MAX_FORMATS:,} cell formats", SAVE_AGAIN)
    if len(NAME.findall(package.read(main))) > MAX_NAMES:
        raise package.refuse("TOO_MANY_NAMES", f"more than {MAX_NAMES:,} defined names", "delete those that nothing uses")
    sheets = set(package.sheet_parts.values())
    for name in package.names:
        if name in sheets or not name.lower().endswith((".xml", ".rels", ".vml")):
            continue
        data = package.read(name)
        if data.count(b"<") > (MAX_TEXT_ELEMENTS if name.endswith("sharedStrings.xml") else 2 * MAX_ELEMENTS):
            raise package.refuse("TOO_MANY_ELEMENTS", f"{name} holds more than a reader can take", SPLIT)
        if LIVE_LINK.search(data):
            raise package.refuse("DDE", f"{name} fetches values from another program", DISTRUST)


def _check_addresses(package: Package, title: str, addresses: list[bytes]) -> None:
    """No cell twice, none far away."""
    twice = _first_repeated(addresses)
    if twice is not None:
        raise package.refuse("DUPLICATE_CELL", f"{title}!{_shown(twice)} is there twice", SAVE_AGAIN)
    right = bottom = 0
    for address in addresses:
        match = AREA.fullmatch(address)
        if match is None or match[3]:
            raise package.refuse("CORRUPT", f"{title}: {_shown(address)} is no cell", SAVE_AGAIN)
        right, bottom = max(right, _column(match[1])), max(bottom, int(match[2]))
        if right * bottom > MAX_EXTENT:
            cure = "delete that cell with its row and column"
            raise package.refuse("FAR_CELL", f"{title}!{_shown(address)} is far from all else", cure)


def _check_formulas(package: Package, title: str, data: bytes) -> None:
    for match in FORMULA.finditer(data):
        text = unescape(match[1].decode("utf-8", "replace"))
        code, reason, cure = _formula_fault(text)
        if code:
            near = [found[1] for found in CELL.finditer(data, max(0, match.start() - 2_000), match.start())]
            cell = _shown(near[-1]) if near and near[-1] else "a cell"
            raise package.refuse(code, f"{title}!{cell}: {reason}", cure)


def _formula_fault(text: str) -> tuple[str, str, str]:
    if len(text) > MAX_FORMULA:
        return "FORMULA_LENGTH", f"a formula of {len(text):,} characters; Excel takes {MAX_FORMULA:,}", "split the formula"
    if "|" in text and DDE.search(TEXT.sub("", text)):
        return "DDE", "the formula fetches a value from another program", DISTRUST
    if text.count("(") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        return "FORMULA_DEPTH", f"a formula nested deeper than {MAX_DEPTH} levels", "split the formula"
    return "", "", ""


def _depth(text: str) -> int:
    level = deepest = 0
    for match in BRACKET.finditer(text):
        if match[0] in "({":
            level += 1
            deepest = max(deepest, level)
        elif match[0] in ")}":
            level -= 1
    return deepest


def _shown(address: bytes) -> str:
    return address.decode("ascii", "replace")[:20]


def _first_repeated(items: Iterable[bytes]) -> bytes | None:
    seen: set[bytes] = set()
    for item in items:
        if item in seen:
            return item
        seen.add(item)
    return None


def _column(letters: bytes) -> int:
    return functools.reduce(lambda number, letter: 26 * number + letter - 64, letters, 0)


def _size(left: bytes, top: bytes, right: bytes | None, bottom: bytes | None) -> int:
    """How many cells an area covers, a single cell's address being one."""
    if right is None or bottom is None:
        return 1
    return (abs(_column(right) - _column(left)) + 1) * (abs(int(bottom) - int(top)) + 1)

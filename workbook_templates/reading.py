"""Workbooks that others made, opened strictly: everything odd is refused before a reader sees it.

The file is read once, within bounds; each check speaks of a hostile or broken shape that stock
readers are known to take for good, to hang on or to swell with.  A refusal is one line.
"""

import functools
import io
import os
import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, BinaryIO

MIB = 1 << 20
MAX_FILE = 64 * MIB
MAX_MEMBERS = 2_000
MAX_UNPACKED = 256 * MIB
MAX_RATIO = 100  # unpacked to packed; the sheets of real models stay under 30
RATIO_FREE = MIB  # members smaller than this are harmless at any ratio
MAX_CELLS = 250_000  # a cell takes some 800 bytes in memory once read
MAX_FORMATS = 65_490  # what Excel itself allows
MAX_SPREAD = 1_000_000  # cells under merges and links: readers make an object for each

FETCH_AGAIN = "fetch the file again"
SAVE_AGAIN = "save the workbook again in Excel"
SAVE_AS_XLSX = "save it as .xlsx in Excel"
SPLIT = "split the workbook"
DISTRUST = "do not trust this file"

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
PACKAGE_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
DOCUMENT_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
MACRO_TYPES = (
    "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    "application/vnd.ms-excel.addin.macroEnabled.main+xml",
    "application/vnd.ms-excel.template.macroEnabled.main+xml",
)
OTHER_TYPES = {
    "wordprocessingml": "a Word document",
    "presentationml": "a PowerPoint presentation",
    "sheet.binary": "a binary workbook (.xlsb)",
    "template.main": "a template (.xltx)",
}
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
XML_NAMES = (".xml", ".rels", ".vml")
DECLARED_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']+)["']""")
CELL = re.compile(rb"""<(?:\w+:)?c(?=[\s/>])(?:[^>]*?\sr\s*=\s*["']([^"']*)["'])?""")
FORMAT = re.compile(rb"<(?:\w+:)?xf[\s/>]")
SPREAD = re.compile(rb"""<(?:\w+:)?(?:mergeCell|hyperlink)\s[^>]*?\bref\s*=\s*["']([^"']*)["']""")
AREA = re.compile(rb"([A-Z]{1,3})([0-9]{1,7})(?::([A-Z]{1,3})([0-9]{1,7}))?")


class RefusedFileError(ValueError):
    """A file that no reader may see; ``code`` names the class of fault, ``cure`` what to do."""

    def __init__(self, code: str, file: str, reason: str, cure: str) -> None:
        self.code, self.file, self.reason, self.cure = code, file, reason, cure
        super().__init__(f"{code}: {_printable(file)}: {_printable(reason)}; {cure}")


def _printable(text: str) -> str:
    """One line without control characters, whatever a file's or member's name holds."""
    return "".join(c if c.isprintable() else "?" for c in text)


@dataclass(frozen=True)
class Package:
    """The parts of a workbook, taken from one reading of the file."""

    file: str
    content: bytes

    @cached_property
    def zip(self) -> zipfile.ZipFile:
        return zipfile.ZipFile(io.BytesIO(self.content))

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(self.zip.namelist())

    def refuse(self, code: str, reason: str, cure: str) -> RefusedFileError:
        return RefusedFileError(code, self.file, reason, cure)

    def read(self, part: str) -> bytes:
        """The bytes of a part that must be there."""
        try:
            info = self.zip.getinfo(part)
        except KeyError:
            raise self.refuse("MISSING_PART", f"{part} is missing", SAVE_AGAIN) from None
        try:
            with self.zip.open(info) as stream:
                data = stream.read(info.file_size + 1)
        except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, ValueError, RuntimeError) as fault:
            raise self.refuse("CORRUPT", f"{part} cannot be unpacked ({fault})", FETCH_AGAIN) from None
        if len(data) != info.file_size:
            raise self.refuse("CORRUPT", f"{part} is not as long as it says", FETCH_AGAIN)
        return data

    def xml(self, part: str) -> Any:
        """The root element of a part."""
        from lxml import etree

        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            return etree.fromstring(self.read(part), parser)
        except etree.XMLSyntaxError as fault:
            raise self.refuse("CORRUPT", f"{part} is not well-formed XML ({fault})", SAVE_AGAIN) from None

    def elements(self, part: str, *tags: str) -> Iterator[Any]:
        """The elements of a part with these tags, one at a time: the tree of a large sheet is never whole."""
        from lxml import etree

        data = io.BytesIO(self.read(part))
        walk = etree.iterparse(data, tag=tags, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            for _, element in walk:
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
        except etree.XMLSyntaxError as fault:
            raise self.refuse("CORRUPT", f"{part} is not well-formed XML ({fault})", SAVE_AGAIN) from None

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """What a part points at inside the package: id → (kind, part)."""
        folder, _, name = part.rpartition("/")
        path = f"{folder}/_rels/{name}.rels".lstrip("/")
        if path not in self.names:
            return {}
        found = {}
        for relation in self.xml(path).iter(f"{{{PACKAGE_RELATIONS}}}Relationship"):
            if relation.get("TargetMode") != "External":
                kind = (relation.get("Type") or "").rpartition("/")[2]
                found[relation.get("Id") or ""] = (kind, _joined(folder, relation.get("Target") or ""))
        return found

    @cached_property
    def content_types(self) -> dict[str, str]:
        """Part → content type, for the parts that have one of their own."""
        root = self.xml("[Content_Types].xml")
        return {(o.get("PartName") or "").lstrip("/"): o.get("ContentType") or "" for o in root.iter("{*}Override")}

    @cached_property
    def workbook_part(self) -> str:
        parts = [part for kind, part in self.relations("").values() if kind == "officeDocument"]
        if len(parts) != 1:
            raise self.refuse("NOT_A_WORKBOOK", "the package names no main document", SAVE_AS_XLSX)
        return parts[0]

    @cached_property
    def sheet_parts(self) -> dict[str, str]:
        """Sheet name → part, in the order of the tabs."""
        relations = self.relations(self.workbook_part)
        found: dict[str, str] = {}
        for sheet in self.xml(self.workbook_part).iter(f"{{{MAIN}}}sheet"):
            name, key = sheet.get("name") or "", sheet.get(f"{{{DOCUMENT_RELATIONS}}}id") or ""
            if not name or name.casefold() in (known.casefold() for known in found):
                raise self.refuse("CORRUPT", f"two sheets are called {name!r}" if name else "a sheet has no name", SAVE_AGAIN)
            if key not in relations:
                raise self.refuse("MISSING_PART", f"sheet {name!r} has no part", SAVE_AGAIN)
            found[name] = relations[key][1]
        return found


def _joined(folder: str, target: str) -> str:
    if target.startswith("/"):
        return target.lstrip("/")
    steps: list[str] = []
    for step in f"{folder}/{target}".split("/"):
        if step == "..":
            steps = steps[:-1]
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(steps)


def open_package(path: str | os.PathLike[str]) -> Package:
    """The workbook's parts, or a `RefusedFileError` that says what is wrong with the file."""
    file = os.fspath(path)
    package = Package(file, _content(file))
    _check_kind(package)
    _check_members(package)
    _check_xml(package)
    _check_document(package)
    _check_sheets(package)
    return package


def open_regular(file: str, wanted: str = "a workbook") -> BinaryIO:
    """A regular file to read; opened so that a pipe cannot hang and a link cannot lead away."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if os.path.islink(file):
        raise RefusedFileError("SYMLINK", file, "is a symbolic link", "name the file itself")
    try:
        descriptor = os.open(file, flags)
    except (FileNotFoundError, NotADirectoryError):
        raise RefusedFileError("MISSING", file, "does not exist", "check the name") from None
    except (OSError, ValueError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) and fault.strerror else str(fault)
        raise RefusedFileError("UNREADABLE", file, f"cannot be opened ({reason})", "check its permissions") from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise RefusedFileError("NOT_A_FILE", file, "is a folder", f"name {wanted} in it")
        raise RefusedFileError("NOT_A_FILE", file, "is a pipe or a device", "name a regular file")
    return open(descriptor, "rb")


def _content(file: str) -> bytes:
    """All bytes of the file, within bounds."""
    with open_regular(file) as stream:
        content = stream.read(MAX_FILE + 1)
    if not content:
        raise RefusedFileError("EMPTY", file, "is empty", FETCH_AGAIN)
    if len(content) > MAX_FILE:
        raise RefusedFileError("TOO_LARGE", file, f"is larger than {MAX_FILE // MIB} MiB", SPLIT)
    return content


def _check_kind(package: Package) -> None:
    content = package.content
    if content.startswith(OLE_MAGIC):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise package.refuse("ENCRYPTED", "is protected by a password to open", "save a copy without that password")
        raise package.refuse("OLD_EXCEL", "is an Excel 97-2003 file", "save it as .xlsx")
    if not content.startswith(b"PK\x03\x04"):
        start = content[:512].lstrip(b"\xef\xbb\xbf\r\n\t ")
        what = "is HTML or XML text" if start.startswith(b"<") else "is not a zip package"
        raise package.refuse("NOT_A_WORKBOOK", f"{what}, whatever its name says", SAVE_AS_XLSX)
    try:
        names = package.zip.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as fault:
        raise package.refuse("TRUNCATED", f"the zip directory cannot be read ({fault})", FETCH_AGAIN) from None
    if "mimetype" in names:
        raise package.refuse("NOT_A_WORKBOOK", "is an OpenDocument file", "save it as .xlsx")


def _check_members(package: Package) -> None:
    members = package.zip.infolist()
    if len(members) > MAX_MEMBERS:
        raise package.refuse("TOO_MANY_PARTS", f"{len(members)} parts, over {MAX_MEMBERS}", SAVE_AGAIN)
    seen: set[str] = set()
    end = 0
    for info in sorted(members, key=lambda member: member.header_offset):
        name = info.filename
        if name.casefold() in seen:
            raise package.refuse("DUPLICATE_PART", f"{name} is there twice", SAVE_AGAIN)
        seen.add(name.casefold())
        if ".." in PurePosixPath(name).parts or name.startswith("/") or "\\" in name or ":" in name:
            raise package.refuse("UNSAFE_PATH", f"{name} leads out of the package", DISTRUST)
        if stat.S_ISLNK(info.external_attr >> 16):
            raise package.refuse("UNSAFE_PATH", f"{name} is a symbolic link", DISTRUST)
        if info.flag_bits & 0x1:
            raise package.refuse("ENCRYPTED", f"{name} is encrypted", "save a copy without a password")
        if info.header_offset < end:
            raise package.refuse("ZIP_BOMB", f"{name} overlaps another part", DISTRUST)
        end = info.header_offset + 30 + len(name.encode()) + info.compress_size
        if info.file_size > RATIO_FREE and info.file_size > MAX_RATIO * info.compress_size:
            raise package.refuse("ZIP_BOMB", f"{name} swells more than {MAX_RATIO} times", DISTRUST)
    if sum(info.file_size for info in members) > MAX_UNPACKED:
        raise package.refuse("ZIP_BOMB", f"more than {MAX_UNPACKED // MIB} MiB unpacked", SPLIT)


def _check_xml(package: Package) -> None:
    for name in package.names:
        if not name.lower().endswith(XML_NAMES):
            continue
        data = package.read(name)
        declared = DECLARED_ENCODING.match(data[:256].removeprefix(b"\xef\xbb\xbf"))
        encoding = declared.group(1).decode("ascii", "replace").lower() if declared else "utf-8"
        if b"\0" in data[:4] or data[:2] in (b"\xff\xfe", b"\xfe\xff") or encoding not in ("utf-8", "us-ascii", "ascii"):
            raise package.refuse("ENCODING", f"{name} is not UTF-8", SAVE_AGAIN)
        if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
            raise package.refuse("DTD", f"{name} declares a document type or entities", DISTRUST)


def _check_document(package: Package) -> None:
    main = package.workbook_part
    kind = package.content_types.get(main, "")
    for mark, what in OTHER_TYPES.items():
        if mark in kind:
            raise package.refuse("NOT_A_WORKBOOK", f"is {what}", SAVE_AS_XLSX)
    if kind != WORKBOOK_TYPE and kind not in MACRO_TYPES:
        raise package.refuse("NOT_A_WORKBOOK", f"the main part has the type {kind or 'none'}", SAVE_AS_XLSX)
    has_macros = kind in MACRO_TYPES or any("vbaproject" in name.lower() for name in package.names)
    if has_macros and package.file.lower().endswith(".xlsx"):
        raise package.refuse("MACROS", "holds macros under the name .xlsx", "do not trust it, or name it .xlsm")
    if package.xml(main).tag == f"{{{STRICT_MAIN}}}workbook":
        raise package.refuse("STRICT_XML", "is a Strict Open XML workbook", "save it as Excel Workbook (.xlsx)")
    if not package.sheet_parts:
        raise package.refuse("MISSING_PART", "holds no sheet", SAVE_AGAIN)
    for part in package.sheet_parts.values():
        if part not in package.names:
            raise package.refuse("MISSING_PART", f"{part} is missing", SAVE_AGAIN)


def _check_sheets(package: Package) -> None:
    """Bound what a reader would build: cells, formats, merged areas; and no cell twice."""
    cells = spread = 0
    for title, part in package.sheet_parts.items():
        data = package.read(part)
        addresses = [match.group(1) for match in CELL.finditer(data)]
        cells += len(addresses)
        if cells > MAX_CELLS:
            raise package.refuse("TOO_MANY_CELLS", f"more than {MAX_CELLS:,} cells, at sheet {title!r}", SPLIT)
        twice = _first_repeated(address for address in addresses if address)
        if twice is not None:
            address = twice.decode("ascii", "replace")
            raise package.refuse("DUPLICATE_CELL", f"{title}!{address} is there twice", SAVE_AGAIN)
        for match in SPREAD.finditer(data):
            area = AREA.fullmatch(match.group(1))
            if area is None:
                raise package.refuse("CORRUPT", f"{title} merges or links no proper area", SAVE_AGAIN)
            spread += _size(*area.groups())
        if spread > MAX_SPREAD:
            raise package.refuse("TOO_MANY_CELLS", f"merges or links over {MAX_SPREAD:,} cells", "remove the large merges")
    styles = next((part for kind, part in package.relations(package.workbook_part).values() if kind == "styles"), None)
    if styles in package.names and len(FORMAT.findall(package.read(styles or ""))) > MAX_FORMATS:
        raise package.refuse("TOO_MANY_FORMATS", f"more than {MAX_FORMATS:,} cell formats", SAVE_AGAIN)


def _first_repeated(items: Iterator[bytes]) -> bytes | None:
    seen: set[bytes] = set()
    for item in items:
        if item in seen:
            return item
        seen.add(item)
    return None


def _size(left: bytes, top: bytes, right: bytes | None, bottom: bytes | None) -> int:
    """How many cells an area covers, a single cell's address being one."""
    if right is None or bottom is None:
        return 1
    columns = [functools.reduce(lambda number, letter: 26 * number + letter - 64, letters, 0) for letters in (left, right)]
    return (abs(columns[1] - columns[0]) + 1) * (abs(int(bottom) - int(top)) + 1)

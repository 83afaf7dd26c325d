"""Workbooks that others made, opened strictly: everything odd is refused before a reader sees it.

The file is read once, within bounds; each check speaks of a hostile or broken shape that stock
readers are known to take for good, to hang on or to swell with.  A refusal is one line.
"""

import os
import re
import stat
from pathlib import PurePosixPath
from typing import BinaryIO

from workbook_templates.contents import check_contents
from workbook_templates.opened import (
    DISTRUST,
    DOCUMENT_RELATIONS,
    FETCH_AGAIN,
    MAIN,
    SAVE_AGAIN,
    SAVE_AS_XLSX,
    SPLIT,
    ZIP_FAULTS,
    Package,
    RefusedFileError,
)

__all__ = [
    "DISTRUST",
    "DOCUMENT_RELATIONS",
    "FETCH_AGAIN",
    "MAIN",
    "SAVE_AGAIN",
    "SPLIT",
    "Package",
    "RefusedFileError",
    "open_package",
    "open_regular",
]

MIB = 1 << 20
MAX_FILE = 64 * MIB
MAX_MEMBERS = 2_000
MAX_UNPACKED = 256 * MIB
MAX_XML = 64 * MIB  # of one part; 250,000 cells take 30
MAX_CELLS = 250_000  # a cell takes some 800 bytes in memory once read
MAX_RATIO = 100  # unpacked to packed; the sheets of real models stay under 30
RATIO_FREE = MIB  # members smaller than this are harmless at any ratio

STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
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


def open_package(path: str | os.PathLike[str], max_cells: int | None = None) -> Package:
    """The workbook's parts, or a `RefusedFileError` that says what is wrong with the file."""
    file = os.fspath(path)
    package = Package(file, _content(file))
    _check_kind(package)
    _check_members(package)
    _check_xml(package)
    _check_document(package)
    check_contents(package, max_cells or MAX_CELLS)
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
    except ZIP_FAULTS as fault:
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
        if info.file_size > MAX_XML and name.lower().endswith(XML_NAMES):
            raise package.refuse("TOO_LARGE", f"{name} is larger than {MAX_XML // MIB} MiB", SPLIT)
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

"""A workbook's package taken apart: its parts, relations and sheets, and the refusal of what is not one."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

FETCH_AGAIN = "fetch the file again"
SAVE_AGAIN = "save the workbook again in Excel"
SAVE_AS_XLSX = "save it as .xlsx in Excel"
SPLIT = "split the workbook"
DISTRUST = "do not trust this file"
MAX_TAGS = 200_000
"""Of a part that is read into memory as a tree."""
ZIP_FAULTS = (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, ValueError, RuntimeError, zlib.error)
"""What reading a damaged package can raise."""

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
DOCUMENT_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


class RefusedFileError(ValueError):
    """A file that no reader may see; ``code`` names the class of fault, ``cure`` what to do."""

    def __init__(self, code: str, file: str, reason: str, cure: str) -> None:
        self.code, self.file, self.reason, self.cure = code, file, reason, cure
        super().__init__(f"{code}: {_printable(file)}: {_printable(reason)}; {cure}")

    def __reduce__(self) -> tuple[Any, ...]:
        """What a process tells another of it."""
        return RefusedFileError, (self.code, self.file, self.reason, self.cure)


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
        except ZIP_FAULTS as fault:
            raise self.refuse("CORRUPT", f"{part} cannot be unpacked ({fault})", FETCH_AGAIN) from None
        if len(data) != info.file_size:
            raise self.refuse("CORRUPT", f"{part} is not as long as it says", FETCH_AGAIN)
        return data

    def xml(self, part: str) -> Any:
        """The root element of a part."""
        from lxml import etree

        data = self.read(part)
        if data.count(b"<") > MAX_TAGS:
            raise self.refuse("TOO_MANY_ELEMENTS", f"{part} holds more than a reader can take", SAVE_AGAIN)
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            return etree.fromstring(data, parser)
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

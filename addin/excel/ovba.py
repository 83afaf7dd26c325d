"""VBA projects [MS-OVBA]: module texts as the ``vbaProject.bin`` that Excel compiles when it opens the file.

Only the source is written.  The compiled form beside it, which Excel keeps for speed, is left
out: its version is marked as unknown, so that Excel compiles the source anew.
"""

import struct
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from addin.excel.compound import compound_file

CHUNK = 4096  # bytes that are compressed for themselves
CODE_PAGE = 1252
NO_COMPILED_FORM = bytes.fromhex("cc61ffff000100")
LIBRARIES = {  # as Excel itself refers to them
    "stdole": "*\\G{00020430-0000-0000-C000-000000000046}#2.0#0#C:\\Windows\\System32\\stdole2.tlb#OLE Automation",
    "Office": "*\\G{2DF8D04C-5BFA-101B-BDE5-00AA0044DE52}#2.0#0#C:\\Program Files\\Common Files\\Microsoft Shared"
    "\\OFFICE16\\MSO.DLL#Microsoft Office 16.0 Object Library",
}


class Kind(Enum):
    """What a module is: its line in the project, and the attributes before its text."""

    PROCEDURES = ("Module={}", "")
    CLASS = ("Class={}", "FCFB3D2A-A0FA-1068-A738-08002B3371B5")
    WORKBOOK = ("Document={}/&H00000000", "00020819-0000-0000-C000-000000000046")
    WORKSHEET = ("Document={}/&H00000000", "00020820-0000-0000-C000-000000000046")


@dataclass(frozen=True)
class Module:
    """A module: its name, its text without the attributes of the whole, and its kind."""

    name: str
    text: str
    kind: Kind = Kind.PROCEDURES

    @property
    def source(self) -> bytes:
        """What is stored; ASCII, since VBA reads it in whatever code page the user's Windows has."""
        _, base = self.kind.value
        lines = [f'Attribute VB_Name = "{self.name}"']
        if base:
            document = self.kind is not Kind.CLASS
            lines.append(f'Attribute VB_Base = "0{{{base}}}"')
            lines += [f"Attribute VB_{name} = False" for name in ("GlobalNameSpace", "Creatable")]
            lines += [f"Attribute VB_{name} = {document}" for name in ("PredeclaredId", "Exposed")]
            lines += ["Attribute VB_TemplateDerived = False", f"Attribute VB_Customizable = {document}"]
        return "\r\n".join([*lines, *self.text.splitlines(), ""]).encode("ascii")


def project(name: str, modules: Sequence[Module]) -> bytes:
    """The ``vbaProject.bin`` of these modules; the same modules give the same bytes."""
    streams = {module.name: compress(module.source) for module in modules}
    storage = streams | {"dir": compress(_directory(name, modules)), "_VBA_PROJECT": NO_COMPILED_FORM}
    names = b"".join(_ansi(module.name) + b"\0" + _unicode(module.name) + b"\0\0" for module in modules)
    return compound_file({"PROJECT": _ansi(_properties(name, modules)), "PROJECTwm": names + b"\0\0", "VBA": storage})


# ---- compression (2.4.1)


def compress(data: bytes) -> bytes:
    """A compressed container, which every stream of source and the project's directory is."""
    return b"\x01" + b"".join(_compressed(data[at : at + CHUNK]) for at in range(0, len(data), CHUNK))


def _compressed(chunk: bytes) -> bytes:
    body, at = bytearray(), 0
    while at < len(chunk):
        flags_at, flags = len(body), 0
        body.append(0)
        for bit in range(8):
            if at < len(chunk):
                token, length = _token(chunk, at)
                flags |= (length > 1) << bit
                body += token
                at += length
        body[flags_at] = flags
    if len(body) <= CHUNK:
        return struct.pack("<H", 0xB000 | len(body) - 1) + body
    if len(chunk) < CHUNK:
        raise ValueError("what cannot be compressed is stored as it is in whole chunks of 4,096 bytes only")
    return struct.pack("<H", 0x3000 | CHUNK - 1) + chunk


def _token(chunk: bytes, at: int) -> tuple[bytes, int]:
    """What stands for the bytes from a place on, and how many: a copy of three or more, else one byte itself."""
    offset_bits = max((at - 1).bit_length(), 4)
    start, length = _longest_match(chunk, at, min((0xFFFF >> offset_bits) + 3, len(chunk) - at))
    if length < 3:
        return chunk[at : at + 1], 1
    return struct.pack("<H", at - start - 1 << 16 - offset_bits | length - 3), length


def _longest_match(chunk: bytes, at: int, limit: int) -> tuple[int, int]:
    """Where the longest run begins that equals what comes at a place, and its length; it may run into that place."""
    best, length, start = 0, 2, 0
    while length < limit:
        start = chunk.find(chunk[at : at + length + 1], start, at + length)
        if start < 0:
            break
        best = start
        while length < limit and chunk[start + length] == chunk[at + length]:
            length += 1
        start += 1
    return best, length


# ---- the project's directory (2.3.4.2)


def _record(number: int, data: bytes = b"") -> bytes:
    return struct.pack("<HI", number, len(data)) + data


def _long(value: int) -> bytes:
    return struct.pack("<I", value)


def _short(value: int) -> bytes:
    return struct.pack("<H", value)


def _ansi(text: str) -> bytes:
    return text.encode("ascii")


def _unicode(text: str) -> bytes:
    return text.encode("utf-16-le")


def _directory(name: str, modules: Sequence[Module]) -> bytes:
    english, windows_64 = _long(0x409), _long(3)
    records = [
        _record(0x01, windows_64),
        _record(0x02, english),
        _record(0x14, english),
        _record(0x03, _short(CODE_PAGE)),
        _record(0x04, _ansi(name)),
        _record(0x05) + _record(0x40),  # description
        _record(0x06) + _record(0x3D),  # help file
        _record(0x07, _long(0)),
        _record(0x08, _long(0)),
        _short(0x09) + _long(4) + _long(1) + _short(0),  # a version; the length counts its first part only
        _record(0x0C) + _record(0x3C),  # compilation constants
        *(_library(library, place) for library, place in LIBRARIES.items()),
        _record(0x0F, _short(len(modules))),
        _record(0x13, _short(0xFFFF)),
        *map(_entry, modules),
        _record(0x10),
    ]
    return b"".join(records)


def _library(name: str, place: str) -> bytes:
    registered = _long(len(place)) + _ansi(place) + bytes(6)
    return _record(0x16, _ansi(name)) + _record(0x3E, _unicode(name)) + _record(0x0D, registered)


def _entry(module: Module) -> bytes:
    ansi, wide = _ansi(module.name), _unicode(module.name)
    records = [
        _record(0x19, ansi) + _record(0x47, wide),
        _record(0x1A, ansi) + _record(0x32, wide),  # the stream, named alike
        _record(0x1C) + _record(0x48),  # description
        _record(0x31, _long(0)),  # the source begins at once: nothing compiled stands before it
        _record(0x1E, _long(0)),
        _record(0x2C, _short(0xFFFF)),
        _record(0x21 if module.kind is Kind.PROCEDURES else 0x22),
        _record(0x2B),
    ]
    return b"".join(records)


# ---- the project's properties (2.3.1)


def _properties(name: str, modules: Sequence[Module]) -> str:
    identity = f"{{{uuid.uuid5(uuid.NAMESPACE_OID, name)}}}".upper()
    lines = [
        f'ID="{identity}"',
        *(module.kind.value[0].format(module.name) for module in modules),
        f'Name="{name}"',
        'HelpContextID="0"',
        'VersionCompatible32="393222000"',
        f'CMG="{_obscured(bytes(4), identity)}"',  # not protected
        f'DPB="{_obscured(bytes(1), identity)}"',  # no password
        f'GC="{_obscured(bytes([0xFF]), identity)}"',  # visible
        "",
        "[Host Extender Info]",
        "&H00000001={3832D640-CF90-11CF-8E43-00A0C911005A};VBE;&H00000000",
        "",
        "[Workspace]",
        *(f"{module.name}=0, 0, 0, 0, C" for module in modules),
        "",
    ]
    return "\r\n".join(lines)


def _obscured(data: bytes, identity: str, seed: int = 0x5D) -> str:
    """A property in the writing of 2.4.3.2, which hides nothing: each byte is combined with the two before."""
    key = sum(_ansi(identity)) & 0xFF
    out = bytearray([seed, seed ^ 2, seed ^ key])
    plain = key
    for byte in bytes([7] * ((seed & 6) // 2)) + _long(len(data)) + data:
        out.append(byte ^ (out[-2] + plain & 0xFF))
        plain = byte
    return out.hex().upper()

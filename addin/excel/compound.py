"""Compound files [MS-CFB]: the folders and streams in one file that a VBA project is kept in.

Version 3, written once and never changed: sectors of 512 bytes, streams under 4,096 bytes in
mini sectors of 64, and no more than the 109 table sectors that the header itself can list.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import TypeAlias, Union

Tree: TypeAlias = Mapping[str, Union[bytes, "Tree"]]
"""A folder: its streams and folders by name."""

SECTOR, MINI_SECTOR, ENTRY = 512, 64, 128
MINI_CUTOFF = 4096  # bytes from which on a stream has sectors of its own
PER_SECTOR = SECTOR // 4  # numbers of a table in one sector
IN_HEADER = 109  # sectors of the allocation table that the header lists
FREE, END_OF_CHAIN, TABLE_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
NOBODY = 0xFFFFFFFF  # no entry of the directory
STORAGE, STREAM, ROOT = 1, 2, 5
RED, BLACK = 0, 1


@dataclass
class _Entry:
    """A line of the directory; the links are places in it."""

    name: str
    content: bytes | None
    left: int = NOBODY
    right: int = NOBODY
    child: int = NOBODY
    colour: int = BLACK
    start: int = 0
    size: int = 0

    @property
    def order(self) -> tuple[int, str]:
        """Siblings go by length first, then by letters without regard to case."""
        return len(self.name.encode("utf-16-le")), self.name.upper()

    def packed(self, kind: int) -> bytes:
        name = self.name.encode("utf-16-le") + b"\0\0"
        if len(name) > 64:
            raise ValueError(f"{self.name!r}: a name of a compound file has at most 31 characters")
        head = struct.pack("<64sHBB3I", name, len(name), kind, self.colour, self.left, self.right, self.child)
        return head + bytes(36) + struct.pack("<IQ", self.start, self.size)  # no class, no flags, no times


class _Sectors:
    """Contents cut into sectors of one size, and the table that says which sector follows which."""

    def __init__(self, size: int) -> None:
        self.size, self.table, self.data = size, list[int](), bytearray()

    def store(self, content: bytes) -> int:
        """Put a content at the end; the place of its first sector."""
        if not content:
            return END_OF_CHAIN
        first, count = len(self.table), -(-len(content) // self.size)
        self.table += [*range(first + 1, first + count), END_OF_CHAIN]
        self.data += content.ljust(count * self.size, b"\0")
        return first


def compound_file(tree: Tree) -> bytes:
    """The file that holds this folder; the same folder gives the same bytes."""
    directory = _directory(tree)
    sectors, mini = _Sectors(SECTOR), _Sectors(MINI_SECTOR)
    for entry in directory[1:]:
        if entry.content is not None:
            entry.size = len(entry.content)
            entry.start = (mini if entry.size < MINI_CUTOFF else sectors).store(entry.content)
    directory[0].start, directory[0].size = sectors.store(bytes(mini.data)), len(mini.data)
    mini_table = _numbers(mini.table)
    mini_start = sectors.store(mini_table)
    directory_start = sectors.store(_packed(directory))
    table_start, tables = len(sectors.table), _table_sectors(len(sectors.table))
    table = _numbers(sectors.table + [TABLE_SECTOR] * tables)
    places = [*range(table_start, table_start + tables), *[FREE] * (IN_HEADER - tables)]
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<5H6x", 0x3E, 3, 0xFFFE, SECTOR.bit_length() - 1, MINI_SECTOR.bit_length() - 1)
    header += struct.pack("<4I", 0, tables, directory_start, 0)
    header += struct.pack("<5I", MINI_CUTOFF, mini_start, len(mini_table) // SECTOR, END_OF_CHAIN, 0)
    return header + struct.pack(f"<{IN_HEADER}I", *places) + bytes(sectors.data) + table


def _directory(tree: Tree) -> list[_Entry]:
    """The entries, the root first; the members of a folder hang below it as a red-black tree."""
    entries = [_Entry("Root Entry", None)]

    def enter(folder: Tree, owner: _Entry) -> None:
        first = len(entries)
        members = sorted(
            (_Entry(name, held if isinstance(held, bytes) else None) for name, held in folder.items()), key=attrgetter("order")
        )
        entries.extend(members)
        owner.child = _linked(members, first, len(members).bit_length() - 1)
        if members:
            entries[owner.child].colour = BLACK
        for member in members:
            held = folder[member.name]
            if not isinstance(held, bytes):
                enter(held, member)

    enter(tree, entries[0])
    return entries


def _linked(members: list[_Entry], first: int, depth: int) -> int:
    """Link sorted members, entered from ``first`` on, as a tree halved at each step; the place of its top.

    Halving leaves gaps in the deepest level only, so that with this level red, and all others
    black, every way down meets as many black entries.
    """
    if not members:
        return NOBODY
    middle = len(members) // 2
    top = members[middle]
    top.left = _linked(members[:middle], first, depth - 1)
    top.right = _linked(members[middle + 1 :], first + middle + 1, depth - 1)
    top.colour = BLACK if depth else RED
    return first + middle


def _packed(directory: list[_Entry]) -> bytes:
    """The directory in whole sectors, the rest of the last one unused entries."""
    unused = bytes(68) + struct.pack("<3I", NOBODY, NOBODY, NOBODY) + bytes(48)
    return b"".join(chain(_lines(directory), [unused] * (-len(directory) % (SECTOR // ENTRY))))


def _lines(directory: list[_Entry]) -> Iterator[bytes]:
    yield directory[0].packed(ROOT)
    for entry in directory[1:]:
        yield entry.packed(STORAGE if entry.content is None else STREAM)


def _numbers(table: list[int]) -> bytes:
    """A table in whole sectors."""
    filled = table + [FREE] * (-len(table) % PER_SECTOR)
    return struct.pack(f"<{len(filled)}I", *filled)


def _table_sectors(sectors: int) -> int:
    """How many sectors the table takes that lists so many others and itself."""
    count = 1
    while count * PER_SECTOR < sectors + count:
        count += 1
    if count > IN_HEADER:
        raise ValueError("a compound file of more than 7 MB is not written here")
    return count

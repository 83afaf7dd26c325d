"""What a table is, whatever file it stands in."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from pycalc.cells import Cell
from workbook_templates.reading import RefusedFileError, open_regular

MAX_COLUMNS = 1_000
MAX_ROWS = 1_048_575  # what a sheet holds below its headings
MAX_TEXT = 32_767  # characters that a cell holds


class Written(str):
    """A field as a csv file writes it: a text, or a number if its column is one of numbers."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Bad:
    """A cell without a value that could be used, and why."""

    code: str
    reason: str


Field: TypeAlias = Cell | Written | Bad


@dataclass(frozen=True, slots=True)
class Row:
    """The fields of a row, and the line or row of the file where it begins."""

    line: int
    fields: Sequence[Field]


class Table(Protocol):
    """Named columns, and rows that can be gone through more than once."""

    file: str
    columns: tuple[str, ...]

    def rows(self) -> Iterator[Row]:
        """Each row, as many fields as there are columns; raises `RefusedFileError`."""

    def digest(self) -> str:
        """What tells this file from any other."""


def digest_of(file: str) -> str:
    """The SHA-256 of a file."""
    digest = hashlib.sha256()
    with open_regular(file, "a table") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def checked_columns(file: str, names: Sequence[str]) -> tuple[str, ...]:
    """The headings, if each is one."""
    if len(names) > MAX_COLUMNS:
        reason = f"{len(names):,} columns, over {MAX_COLUMNS:,}"
        raise RefusedFileError("TOO_MANY_COLUMNS", file, reason, "leave out the columns that are not inputs")
    seen: dict[str, int] = {}
    for number, name in enumerate(names, 1):
        if not name.strip():
            raise RefusedFileError("HEADING", file, f"column {number} has no heading", "name each column in the first row")
        if name.casefold() in seen:
            reason = f"columns {seen[name.casefold()]} and {number} are both called {name[:60]!r}"
            raise RefusedFileError("DUPLICATE_COLUMN", file, reason, "keep one of them")
        seen[name.casefold()] = number
    return tuple(names)

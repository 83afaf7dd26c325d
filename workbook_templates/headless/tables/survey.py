"""A first walk through a table: every fault of the file is found before anything is computed."""

import hashlib
from array import array
from dataclasses import dataclass

import numpy as np

from workbook_templates.headless.tables.record import Bad, Field, Table


@dataclass(frozen=True, slots=True)
class Survey:
    """What a table holds."""

    rows: int
    doubtful: frozenset[int]
    """The marks of keys that come more than once, by which a repeated key is known without keeping all keys."""


def survey(table: Table) -> Survey:
    """Count the rows and find the keys that come twice, eight bytes a row; raises `RefusedFileError`."""
    marks = array("Q", (mark(row.fields[0]) for row in table.rows()))
    found, counts = np.unique(np.frombuffer(marks, dtype=np.uint64), return_counts=True)
    return Survey(len(marks), frozenset(found[counts > 1].tolist()))


def mark(key: Field) -> int:
    """Eight bytes that stand for a key."""
    return int.from_bytes(hashlib.blake2b(key_text(key).encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def key_text(key: Field) -> str:
    """A key as text: a whole number without a fraction; nothing where the cell has no value."""
    if key is None or isinstance(key, Bad):
        return ""
    if isinstance(key, bool):
        return str(key).upper()
    return repr(key).removesuffix(".0") if isinstance(key, float) else str(key)

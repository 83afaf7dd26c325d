"""A shard: some consecutive rows of a batch with their results, and its form on disk.

On disk it is a line of JSON that tells the length and digest of what follows: for each column
either its numbers as 64-bit floats or its cells as JSON.  A file that is not whole, or of another
plan, is no shard.
"""

import hashlib
import json
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from pycalc.cells import Cell
from pycalc.errors import CellError

NOT_A_NUMBER = CellError("#NUM!")


class Lost(NamedTuple):
    """A row that has no results."""

    row: int
    line: int
    key: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Column:
    """The cells of a column, packed: 64-bit floats where all are numbers, else JSON."""

    kind: str
    """Which types are in it: f number, b truth value, s text, e error, n blank."""
    data: bytes

    @classmethod
    def of(cls, cells: "Sequence[Cell] | np.ndarray[Any, np.dtype[np.float64]]") -> "Column":
        if isinstance(cells, np.ndarray) or set(map(type, cells)) <= {float}:
            numbers = np.asarray(cells, dtype="<f8") + 0.0  # no negative zero
            if np.isfinite(numbers).all():
                return cls("f" if len(numbers) else "", numbers.tobytes())
        packed = list(map(_packed, cells.tolist() if isinstance(cells, np.ndarray) else cells))
        kinds = {"f" if isinstance(p, float) else _KINDS.get(type(p), "e") for p in packed}
        return cls("".join(sorted(kinds | {"j"})), json.dumps(packed, allow_nan=False).encode())

    def cells(self) -> list[Cell]:
        """The cells again."""
        if "j" in self.kind:
            return [CellError(cell["e"]) if isinstance(cell, dict) else cell for cell in json.loads(self.data)]
        return [*self.numbers()]

    def numbers(self) -> list[float]:
        """The cells, all of which are numbers."""
        return np.frombuffer(self.data, dtype="<f8").tolist()  # type: ignore[no-any-return]


_KINDS: dict[type[Any], str] = {bool: "b", str: "s", type(None): "n"}


def _packed(cell: Cell) -> Any:
    if isinstance(cell, CellError):
        return {"e": cell.code}
    if isinstance(cell, float):
        return cell + 0.0 if math.isfinite(cell) else {"e": NOT_A_NUMBER.code}
    return cell


@dataclass(frozen=True, slots=True)
class Shard:
    """Rows ``start`` to ``stop`` of the table, without those that are lost."""

    start: int
    stop: int
    keys: Sequence[str]
    columns: Sequence[Column]
    """Inputs, then outputs."""
    lost: Sequence[Lost]

    def to_bytes(self, plan: str) -> bytes:
        """The shard as a file of a plan."""
        pieces = [json.dumps(list(self.keys)).encode(), json.dumps(self.lost).encode(), *(c.data for c in self.columns)]
        body = b"".join(pieces)
        head = {
            "plan": plan,
            "start": self.start,
            "stop": self.stop,
            "sha256": hashlib.sha256(body).hexdigest(),
            "lengths": list(map(len, pieces)),
            "kinds": [column.kind for column in self.columns],
        }
        return json.dumps(head).encode() + b"\n" + body

    @classmethod
    def from_bytes(cls, data: bytes, plan: str) -> "Shard | None":
        """The shard, if the file is whole and of this plan."""
        line, _, body = data.partition(b"\n")
        try:
            head = json.loads(line)
            if head["plan"] != plan or head["sha256"] != hashlib.sha256(body).hexdigest():
                return None
        except (ValueError, TypeError, KeyError):
            return None
        keys, lost, *columns = _split(body, head["lengths"])
        return cls(
            head["start"],
            head["stop"],
            json.loads(keys),
            [Column(kind, data) for kind, data in zip(head["kinds"], columns, strict=True)],
            [Lost(*fields) for fields in json.loads(lost)],
        )


def _split(body: bytes, lengths: Sequence[int]) -> Iterator[bytes]:
    done = 0
    for length in lengths:
        yield body[done : done + length]
        done += length


if sys.byteorder != "little":  # the floats of a file are read as the machine has them
    raise ImportError("batches are computed on little-endian machines only")

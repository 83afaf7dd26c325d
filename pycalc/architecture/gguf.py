"""The header of a .gguf file: its keys and its tensors; the weights themselves are not read.

The format is that of docs/gguf.md in github.com/ggml-org/ggml, versions 2 and 3, little-endian.
Blocks of quantised types, as values and bytes, are those of `GGML_QUANT_SIZES` in gguf-py of
github.com/ggml-org/llama.cpp, whose numbers for types these are too.
"""

import os
import struct
from dataclasses import dataclass
from math import prod
from typing import Any

from pycalc.architecture.document import NAME_ROOM, ConfigError, open_regular, shown
from pycalc.architecture.tensors import Tensor
from pycalc.errors import shorten

MAX_HEADER = 64 << 20
"""Headers hold the tokenizer too; of those seen with 260,000 tokens none has 20 MiB."""
MOST_KEYS = 10_000
MOST_TENSORS = 200_000
MOST_DIMENSIONS = 4
MOST_KEPT = 10_000
"""Longer arrays belong to the tokenizer and are passed over."""
LARGEST = 2**63 - 1
MAGIC = b"GGUF"
VERSIONS = (2, 3)
STRING, ARRAY, BOOL = 8, 9, 7
SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", BOOL: "<B", 10: "<Q", 11: "<q", 12: "<d"}
LENGTH = struct.Struct("<Q")
ALIGNMENT = "general.alignment"

TYPES = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
}
"""By number: name, values and bytes of a block; only types in which weights are kept."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself."""

    keys: dict[str, Any]
    tensors: list[Tensor]


def is_gguf(path: str) -> bool:
    """Whether it is a regular file that begins as GGUF does, whatever its name."""
    try:
        with open_regular(path, shown(path), "a .gguf file") as stream:
            return stream.read(len(MAGIC)) == MAGIC
    except ConfigError:
        return False


def read_header(path: str | os.PathLike[str]) -> Header:
    """The keys and tensors of the file, checked against its size."""
    name = shown(path)
    with open_regular(path, name, "a .gguf file") as stream:
        size = os.fstat(stream.fileno()).st_size
        cursor = _Cursor(stream.read(MAX_HEADER), size, name)
    _check_start(cursor)
    tensor_count, key_count = (cursor.count("Q", most) for most in (MOST_TENSORS, MOST_KEYS))
    keys: dict[str, Any] = {}
    for _ in range(key_count):
        key = cursor.text()
        if key in keys:
            raise cursor.refuse(f"the key {shown(key)} occurs twice")
        keys[key] = cursor.value(cursor.number("<I"), key)
    listed = [_listed(cursor) for _ in range(tensor_count)]
    if len({tensor.name for tensor, _ in listed}) != len(listed):
        raise cursor.refuse("a name of a tensor occurs twice")
    _check_coverage(cursor, listed, keys.get(ALIGNMENT, 32))
    return Header(keys, [tensor for tensor, _ in listed])


class _Cursor:
    """A place in the header; what would lead beyond its end is refused."""

    def __init__(self, data: bytes, size: int, name: str) -> None:
        self.data, self.size, self.name = data, size, name
        self.at = 0

    def refuse(self, reason: str) -> ConfigError:
        return ConfigError(f"{self.name}: {reason}")

    def skip(self, length: int) -> int:
        """Move on; gives where it stood."""
        before, self.at = self.at, self.at + length
        if self.at > len(self.data):
            room = f"has more than {MAX_HEADER >> 20} MiB of header" if self.size > len(self.data) else "ends within its header"
            raise self.refuse(room)
        return before

    def number(self, form: str) -> Any:
        return struct.unpack_from(form, self.data, self.skip(struct.calcsize(form)))[0]

    def count(self, form: str, most: int) -> int:
        found: int = self.number(f"<{form}")
        if found > most:
            raise self.refuse(f"says that {found:,} follow at byte {self.at - 8:,}; up to {most:,} are read")
        return found

    def text(self) -> str:
        length = self.count("Q", MAX_HEADER)
        start = self.skip(length)
        try:
            return self.data[start : self.at].decode()
        except UnicodeDecodeError:
            raise self.refuse(f"the text at byte {start:,} is not UTF-8") from None

    def value(self, kind: int, key: str) -> Any:
        """A value; None for a long array or one of texts."""
        if kind == STRING:
            return self.text()
        if kind == ARRAY:
            return self._array(key)
        if kind not in SCALARS:
            raise self.refuse(f"the key {shown(key)} has a value of type {kind}, which is not known")
        found = self.number(SCALARS[kind])
        return bool(found) if kind == BOOL else found

    def _array(self, key: str) -> Any:
        kind, count = self.number("<I"), self.count("Q", MAX_HEADER)
        if kind == STRING:
            self._pass_over_texts(count)
            return None
        if kind not in SCALARS:
            raise self.refuse(f"the key {shown(key)} holds an array of type {kind}, which is not understood")
        form = SCALARS[kind]
        start = self.skip(count * struct.calcsize(form))
        if count > MOST_KEPT:
            return None
        found = struct.unpack_from(f"<{count}{form[1]}", self.data, start)
        return [bool(one) for one in found] if kind == BOOL else list(found)

    def _pass_over_texts(self, count: int) -> None:
        """Half a million texts of a tokenizer: the one loop that is worth being quick."""
        at, last, length = self.at, len(self.data) - LENGTH.size, LENGTH.unpack_from
        for _ in range(count):
            if at > last:
                break
            at += LENGTH.size + length(self.data, at)[0]
        else:
            self.skip(at - self.at)
            return
        self.skip(len(self.data))


def _check_start(cursor: _Cursor) -> None:
    if cursor.size < 24 or cursor.data[:4] != MAGIC:
        pointer = cursor.data.startswith(b"version ")
        raise cursor.refuse(
            "is a pointer of Git LFS, not the file itself" if pointer else "is no GGUF file: it does not begin so"
        )
    cursor.skip(4)
    version = cursor.number("<I")
    if version & 0xFFFF == 0 and version:
        raise cursor.refuse("is big-endian; little-endian files are read")
    if version not in VERSIONS:
        raise cursor.refuse(f"is of version {version}; versions 2 and 3 are read")


def _listed(cursor: _Cursor) -> tuple[Tensor, int]:
    """A tensor and where its data begin."""
    name = cursor.text()
    where = f"the tensor {shorten(ascii(name)[1:-1], NAME_ROOM)}"
    dimensions = cursor.number("<I")
    if not 0 < dimensions <= MOST_DIMENSIONS:
        raise cursor.refuse(f"{where} has {dimensions} dimensions; 1 to {MOST_DIMENSIONS} are meant")
    shape = tuple(cursor.number("<Q") for _ in range(dimensions))
    kind = cursor.number("<I")
    offset: int = cursor.number("<Q")
    if kind not in TYPES:
        raise cursor.refuse(f"{where} has the type {kind}, which is not known for weights")
    label, values, size = TYPES[kind]
    numbers = prod(shape)
    if not 0 < numbers <= LARGEST or shape[0] % values:
        raise cursor.refuse(f"{where} has a shape that does not fit whole blocks of {label}")
    return Tensor(name, label, shape, numbers // values * size), offset


def _check_coverage(cursor: _Cursor, listed: list[tuple[Tensor, int]], alignment: Any) -> None:
    """Each tensor begins at the first aligned byte behind the one before, and the last ends within the file."""
    if type(alignment) is not int or not 0 < alignment <= 1 << 20 or alignment & (alignment - 1):
        raise cursor.refuse(f"{ALIGNMENT} is no power of two up to 2^20")
    reached = 0
    for tensor, offset in sorted(listed, key=lambda one: one[1]):
        if offset != reached:
            raise cursor.refuse(f"its tensors overlap or leave a gap at byte {min(offset, reached):,} of the data")
        end = offset + tensor.bytes
        reached = -(-end // alignment) * alignment
        if -(-cursor.at // alignment) * alignment + end > cursor.size:
            raise cursor.refuse(f"ends within the tensor {shorten(ascii(tensor.name)[1:-1], NAME_ROOM)}")

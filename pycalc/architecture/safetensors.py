"""The header of a .safetensors file: each tensor's type, shape and bytes; the weights themselves are not read.

The format, a length in 8 bytes, a JSON header and the data without gaps, is that of the README of
github.com/huggingface/safetensors; its widths of types are those of `Dtype` in the reference implementation.
"""

import os
from collections.abc import Mapping
from typing import Any

from pycalc.architecture.document import NAME_ROOM, ConfigError, open_regular, parse_config, shown
from pycalc.architecture.tensors import Tensor
from pycalc.errors import shorten

MAX_HEADER = 16 << 20
"""DeepSeek V3 in one file, 90,000 tensors, would need 11 MiB."""
MOST_DIMENSIONS = 8
LARGEST = 2**63 - 1
LENGTH_BYTES = 8
METADATA = "__metadata__"
LFS_POINTER = b"version "

TYPE_BITS = {
    **dict.fromkeys(("F4",), 4),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
}


def read_tensors(path: str | os.PathLike[str]) -> list[Tensor]:
    """The tensors that the file's header lists, checked against the file's size."""
    name = shown(path)
    with open_regular(path, name, "a .safetensors file") as stream:
        size = os.fstat(stream.fileno()).st_size
        start = stream.read(LENGTH_BYTES)
        if len(start) < LENGTH_BYTES:
            raise ConfigError(f"{name}: has {len(start)} bytes, too few for a .safetensors file")
        if start == LFS_POINTER:
            raise ConfigError(f"{name}: is a pointer of Git LFS, not the file itself")
        length = int.from_bytes(start, "little")
        if length > MAX_HEADER:
            raise ConfigError(f"{name}: says that its header has {length:,} bytes; up to {MAX_HEADER:,} are read")
        if length > size - LENGTH_BYTES:
            raise ConfigError(f"{name}: ends within its header of {length:,} bytes")
        header = stream.read(length)
    if not header.startswith(b"{"):
        raise ConfigError(f"{name}: has a header that does not begin with {{, so it is no .safetensors file")
    entries = parse_config(header, name)
    _check_metadata(entries.pop(METADATA, {}), name)
    tensors = [_tensor(key, entry, name) for key, entry in entries.items()]
    _check_coverage([entries[key]["data_offsets"] for key in entries], size - LENGTH_BYTES - length, name)
    return tensors


def _check_metadata(metadata: Any, name: str) -> None:
    if not isinstance(metadata, Mapping) or not all(isinstance(value, str) for value in metadata.values()):
        raise ConfigError(f"{name}: {METADATA} is no object of texts")


def _tensor(key: str, entry: Any, name: str) -> Tensor:
    where = f"{name}: tensor {shorten(ascii(key)[1:-1], NAME_ROOM)}"
    if not isinstance(entry, Mapping) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise ConfigError(f"{where} is not described by dtype, shape and data_offsets")
    kind, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(kind, str) or kind not in TYPE_BITS:
        raise ConfigError(f"{where} has the type {shorten(ascii(kind), NAME_ROOM)}, which is not known")
    if not _wholes(shape) or len(shape) > MOST_DIMENSIONS:
        raise ConfigError(f"{where} has a shape that is no list of up to {MOST_DIMENSIONS} whole numbers from 0")
    if not _wholes(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise ConfigError(f"{where} has data_offsets that are no begin and end")
    tensor = Tensor(key, kind, tuple(shape), offsets[1] - offsets[0])
    if tensor.numbers * TYPE_BITS[kind] != 8 * tensor.bytes:
        raise ConfigError(f"{where} holds {tensor.bytes:,} bytes, which do not fit its shape and type {kind}")
    return tensor


def _wholes(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and 0 <= value <= LARGEST for value in values)


def _check_coverage(spans: list[list[int]], room: int, name: str) -> None:
    """As the reference implementation asks: no gap, no overlap, nothing beyond the end or left over."""
    reached = 0
    for begin, end in sorted(spans):
        if begin != reached:
            raise ConfigError(f"{name}: its tensors overlap or leave a gap at byte {min(begin, reached):,} of the data")
        reached = end
    if reached != room:
        raise ConfigError(f"{name}: its tensors need {reached:,} bytes of data; the file has {room:,}")

"""The add-in's icon in the sizes that Office asks for: bars of a chart, drawn by arithmetic.

The PNG is written by hand with stored blocks, so that its bytes depend on no version of zlib.
"""

import struct
import zlib

SIZES = (16, 32, 64, 80)
GRID = 16  # the design's own squares a side; each size is a multiple
BLUE, WHITE = b"\x1f\x4e\x79", b"\xff\xff\xff"
BARS = ((2, 9), (6, 6), (10, 3))  # left edge and top; each is three squares wide and stands on the floor
FLOOR = 13


def png(size: int) -> bytes:
    """The icon as a PNG of two colours.

    >>> png(16)[:4], len(png(16)), len(png(80))
    (b'\\x89PNG', 134, 966)
    """
    scale = size // GRID
    rows = b"".join(_row(y // scale, scale) for y in range(size))
    header = struct.pack(">IIBBBBB", size, size, 1, 3, 0, 0, 0)  # one bit a pixel, colours from a palette
    chunks = ((b"IHDR", header), (b"PLTE", BLUE + WHITE), (b"IDAT", _stored(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _row(y: int, scale: int) -> bytes:
    """One line of pixels, behind the byte that says it is not filtered."""
    bits = "".join(str(int(_is_bar(x, y))) * scale for x in range(GRID))
    return b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big")


def _is_bar(x: int, y: int) -> bool:
    return any(left <= x < left + 3 and top <= y < FLOOR for left, top in BARS)


def _stored(data: bytes) -> bytes:
    """A zlib stream of one block that is not compressed, which holds up to 65,535 bytes."""
    length = struct.pack("<HH", len(data), len(data) ^ 0xFFFF)
    return b"\x78\x01\x01" + length + data + struct.pack(">I", zlib.adler32(data))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

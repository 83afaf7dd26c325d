"""Compound files, read back by olefile and, where it does not look, by their definition."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vba_reader import container

from addin.excel.compound import BLACK, NOBODY, RED, compound_file

SIZES = [0, 1, 63, 64, 65, 511, 512, 513, 4032, 4095, 4096, 4097, 65_535, 65_536, 200_000]
NAMES = st.text("abcXYZ_0123 .", min_size=1, max_size=31)
FOLDERS = st.dictionaries(NAMES, st.binary(max_size=5000), max_size=20)


def pattern(size):
    """Bytes that show where they were taken from."""
    return b"".join(struct.pack("<I", i) for i in range(size // 4 + 1))[:size]


@pytest.mark.parametrize("size", SIZES)
def test_a_stream_of_any_size_comes_back(size):
    streams = {"alone": pattern(size), "beside": b"x" * 100}
    assert container(compound_file(streams)) == streams


def test_many_streams_and_folders_come_back():
    tree = {f"stream {i}": pattern(i * 37) for i in range(150)}
    data = compound_file(tree | {"folder": {"in": {"inner": pattern(9000)}, "empty": b""}})
    assert container(data) == tree | {"folder/in/inner": pattern(9000), "folder/empty": b""}


@given(FOLDERS.filter(lambda folder: len({name.upper() for name in folder}) == len(folder)))
def test_any_folder_comes_back(folder):
    data = compound_file(folder)
    assert container(data) == folder
    assert len(data) % 512 == 0


def entries(data):
    """The directory's lines: name, kind, colour, links."""
    start = struct.unpack_from("<I", data, 48)[0]
    table = struct.unpack_from("<I", data, 76)[0]
    follows = struct.unpack_from("<128I", data, 512 * (table + 1))
    found = []
    while start < 0xFFFFFFFA:
        for place in range(512 * (start + 1), 512 * (start + 2), 128):
            size, kind, colour, *links = struct.unpack_from("<HBB3I", data, place + 64)
            found.append((data[place : place + max(size - 2, 0)].decode("utf-16-le"), kind, colour, *links))
        start = follows[start]
    return found


@pytest.mark.parametrize("count", range(1, 40))
def test_siblings_hang_as_a_red_black_tree(count):
    names = ["ab"[i % 2] * (i // 2 + 1) for i in range(count)]
    lines = entries(compound_file(dict.fromkeys(reversed(names), b"")))
    in_order = []

    def blacks_below(place, parent_is_red):
        if place == NOBODY:
            return 0
        name, _, colour, left, right, _ = lines[place]
        assert not (colour == RED and parent_is_red)
        height = blacks_below(left, colour == RED)
        in_order.append(name)
        assert blacks_below(right, colour == RED) == height, "every way down meets as many black ones"
        return height + colour

    top = lines[0][-1]
    assert lines[top][2] == BLACK
    blacks_below(top, parent_is_red=False)
    assert in_order == sorted(names, key=lambda name: (len(name), name.upper()))


def test_what_cannot_be_written_is_refused():
    with pytest.raises(ValueError, match="at most 31 characters"):
        compound_file({"a" * 32: b""})
    with pytest.raises(ValueError, match="7 MB"):
        compound_file({"large": bytes(8_000_000)})


def test_the_same_folder_gives_the_same_bytes():
    one, other = {"a": b"1", "b": pattern(5000)}, {"b": pattern(5000), "a": b"1"}
    assert compound_file(one) == compound_file(other)

"""VBA projects read back: the file by olefile, the compression by its definition [MS-OVBA 2.4.1.3]."""

import io
import zipfile

import olefile

COMPILED = ("dir", "_VBA_PROJECT")


def container(data):
    """A compound file's streams by path."""
    with olefile.OleFileIO(io.BytesIO(data)) as file:
        return {"/".join(path): file.openstream(path).read() for path in file.listdir()}


def sources(xlam):
    """The modules' sources in an add-in, by name, as they were before they were compressed."""
    streams = container(zipfile.ZipFile(io.BytesIO(xlam)).read("xl/vbaProject.bin"))
    modules = {path.removeprefix("VBA/"): data for path, data in streams.items() if path.startswith("VBA/")}
    return {name: decompress(data) for name, data in modules.items() if name not in COMPILED}


def decompress(data):
    assert data[0] == 1
    plain, at = bytearray(), 1
    while at < len(data):
        header = int.from_bytes(data[at : at + 2], "little")
        assert header >> 12 & 7 == 3
        end = at + (header & 0xFFF) + 3
        body = data[at + 2 : end]
        assert len(data) >= end
        plain += _chunk(body) if header >> 15 else body
        at = end
        assert at == len(data) or len(plain) % 4096 == 0, "only the last chunk may be shorter"
    return bytes(plain)


def _chunk(body):
    plain, at = bytearray(), 0
    while at < len(body):
        flags, at = body[at], at + 1
        for bit in range(8):
            if at < len(body):
                copied = flags >> bit & 1
                plain += _copy(plain, body[at : at + 2]) if copied else body[at : at + 1]
                at += 1 + copied
    return plain


def _copy(plain, token):
    token = int.from_bytes(token, "little")
    offset_bits = 4
    while 1 << offset_bits < len(plain):
        offset_bits += 1
    offset, length = (token >> 16 - offset_bits) + 1, (token & 0xFFFF >> offset_bits) + 3
    assert offset <= len(plain)
    run = plain[-offset:]
    return (run * (length // len(run) + 1))[:length]

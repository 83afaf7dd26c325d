"""The type library that a Calc add-in must bring: the interface whose methods are our functions.

LibreOffice's own compiler of type libraries is part of its SDK, which few machines have, so the
file is written here, in the binary UNOIDL format that every version since 4.1 reads: a header,
one interface, and the module that holds it.  Little-endian; a text is its length and its bytes;
a name that maps look up is zero-terminated.  An interface is a kind, its bases, and its methods,
of which each has a result type, parameters with a direction and a type, and no exceptions.
"""

import struct
from collections.abc import Mapping, Sequence

MAGIC = b"UNOIDL\xff\x00"
MODULE, INTERFACE = 0, 5
BASE = "com.sun.star.uno.XInterface"
IN = b"\x00"
NONE = b"\x00\x00\x00\x00"


def type_library(module: str, interface: str, methods: Mapping[str, Sequence[str]]) -> bytes:
    """The file: each method takes its parameters as ``any`` and gives an ``any``.

    >>> type_library("ours", "XOurs", {"twice": ["number"]})[:8]
    b'UNOIDL\\xff\\x00'
    """
    body = b"".join(
        [
            bytes([INTERFACE]),
            _count(1) + _text(BASE),
            NONE,  # optional bases
            NONE,  # attributes
            _count(len(methods)),
            *(_method(name, parameters) for name, parameters in methods.items()),
        ]
    )
    image = bytearray(len(MAGIC) + 8)

    def add(part: bytes) -> int:
        image.extend(part)
        return len(image) - len(part)

    interface_at = add(body)
    interface_name_at = add(_name(interface))
    module_at = add(bytes([MODULE]) + _count(1) + struct.pack("<II", interface_name_at, interface_at))
    module_name_at = add(_name(module))
    root_at = add(struct.pack("<II", module_name_at, module_at))
    image[: len(MAGIC) + 8] = MAGIC + struct.pack("<II", root_at, 1)
    return bytes(image)


def _method(name: str, parameters: Sequence[str]) -> bytes:
    listed = (IN + _text(parameter) + _text("any") for parameter in parameters)
    return b"".join([_text(name), _text("[][]any"), _count(len(parameters)), *listed, NONE])


def _count(number: int) -> bytes:
    return struct.pack("<I", number)


def _text(text: str) -> bytes:
    data = text.encode("ascii")
    return _count(len(data)) + data


def _name(text: str) -> bytes:
    return text.encode("ascii") + b"\x00"

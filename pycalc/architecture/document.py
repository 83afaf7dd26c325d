"""A config.json read strictly: what is no plain JSON object of a modest size is refused in one line."""

import json
import os
import stat
from collections.abc import Mapping
from typing import Any, BinaryIO

from pycalc.errors import NotAvailableError, shorten

MAX_BYTES = 4 << 20
"""The largest config.json seen, with its list of unquantised layers, has 90 kB."""
MAX_DEPTH = 32
NAME_ROOM = 60


class ConfigError(NotAvailableError):
    """A config.json that cannot be read, or a field or architecture that is not understood; names file and field."""


def read_config(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The object in the file."""
    name = shown(path)
    return parse_config(_read(path, name), name)


def shown(path: str | os.PathLike[str]) -> str:
    """A path for a message: its end, without characters that could steer a terminal."""
    text = "".join(character if character.isprintable() else "?" for character in os.fsdecode(path))
    return text if len(text) <= NAME_ROOM else "…" + text[1 - NAME_ROOM :]


def open_regular(path: str | os.PathLike[str], name: str, wanted: str) -> BinaryIO:
    """A regular file to read; opened without waiting, so that a FIFO does not hang."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise ConfigError(f"{name}: there is no such file") from None
    except (OSError, ValueError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) and failure.strerror else failure
        raise ConfigError(f"{name}: cannot be opened: {reason}") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise ConfigError(f"{name}: is no regular file; give the path of {wanted}")
    return open(handle, "rb")


def _read(path: str | os.PathLike[str], name: str) -> bytes:
    """At most `MAX_BYTES` of a regular file."""
    with open_regular(path, name, "a config.json") as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{name}: is larger than {MAX_BYTES >> 20} MiB, which no config.json is")
    return data


def parse_config(data: bytes, name: str) -> dict[str, Any]:
    """The object in the bytes of a config.json called ``name``.

    >>> parse_config(b'{"model_type": "llama", "model_type": "gpt2"}', "config.json")
    Traceback (most recent call last):
    pycalc.architecture.document.ConfigError: config.json: the field model_type occurs twice
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        raise ConfigError(f"{name}: is not UTF-8 text at byte {failure.start}") from None
    if not text.strip():
        raise ConfigError(f"{name}: is empty")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for key, value in pairs:
            if key in fields:
                raise ConfigError(f"{name}: the field {shorten(ascii(key)[1:-1], NAME_ROOM)} occurs twice")
            fields[key] = value
        return fields

    def beyond_json(constant: str) -> float:
        """Infinity is written for time_step_limit and means what it says; NaN means that something broke."""
        if constant == "NaN":
            raise ConfigError(f"{name}: holds NaN, which is no number")
        return float(constant)

    if _depth(text) > MAX_DEPTH:
        raise ConfigError(f"{name}: is nested deeper than {MAX_DEPTH} levels")
    try:
        document = json.loads(text, object_pairs_hook=once, parse_constant=beyond_json)
    except json.JSONDecodeError as failure:
        raise ConfigError(f"{name}: is no JSON at line {failure.lineno}, column {failure.colno}: {failure.msg}") from None
    except ConfigError:
        raise
    except ValueError:
        raise ConfigError(f"{name}: holds a number with thousands of digits") from None
    if not isinstance(document, Mapping):
        raise ConfigError(f"{name}: holds no JSON object; a config.json begins with {{")
    return dict(document)


def _depth(text: str) -> int:
    """How deep brackets nest at most; those inside texts count too, so it is a bound from above only in odd files."""
    level = deepest = 0
    for character in text:
        if character in "[{":
            level += 1
            deepest = max(deepest, level)
        elif character in "]}":
            level -= 1
    return deepest

"""What the installation put on a machine, written down before it is put there, and how each kind is taken away.

Only what is written here is removed, so what others put beside it stays; each removal may be
repeated, and what is gone already is no fault, so that one cut short can be run again.
"""

import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from addin.excel import registration
from addin.excel.windows import Windows


class Made(NamedTuple):
    """One thing that is ours: its kind, one of `REMOVE`, and its path or key."""

    kind: str
    where: str


class Journal:
    """The list of a machine, kept in a file; ``lost`` says that there is a file but no list to be read in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.version, self.made, self.lost = "", list[Made](), False
        with suppress(FileNotFoundError):
            self._read(path.read_text("utf-8"))

    def _read(self, text: str) -> None:
        try:
            held: dict[str, Any] = json.loads(text)
            self.made = [Made(str(kind), str(where)) for kind, where in held["made"]]
            self.version = str(held["version"])
        except (ValueError, KeyError, TypeError):
            self.lost, self.made = True, []

    def record(self, kind: str, where: str | Path) -> None:
        """Write down what is about to be made; once is enough."""
        made = Made(kind, str(where))
        if made not in self.made:
            self.made.append(made)
            self.save()

    def finish(self, version: str) -> None:
        """Write down which version is installed now."""
        self.version = version
        self.save()

    def save(self) -> None:
        """Replace the file in one go."""
        beside = self.path.with_suffix(".new")
        held = {"version": self.version, "made": self.made}
        beside.write_text(json.dumps(held, indent=1), "utf-8")
        os.replace(beside, self.path)

    def restore(self, made: list[Made]) -> None:
        """Hold again what was there before."""
        self.made = made
        if made:
            self.save()
        else:
            self.remove()

    def remove(self) -> None:
        """There is nothing more to take away."""
        for path in (self.path, self.path.with_suffix(".new")):
            path.unlink(missing_ok=True)


def kept(path: Path) -> Path:
    """Where the old one is while it is replaced."""
    return path.with_name(f"{path.name}.old")


def new(path: Path) -> Path:
    """Where the new one is until it is whole."""
    return path.with_name(f"{path.stem}.new{path.suffix}")


def remove_file(path: str | Path) -> None:
    """Remove a file; one that is not there does no harm."""
    Path(path).unlink(missing_ok=True)


def remove_tree(folder: str | Path) -> None:
    """Remove a folder with all that is in it; one that is not there does no harm."""
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)


def remove_empty(folder: str | Path) -> None:
    """Remove a folder in which there is nothing."""
    if os.path.isdir(folder) and not os.listdir(folder):
        os.rmdir(folder)


def _remove_with_neighbours(remove: Callable[[Path], object], where: str) -> None:
    """What is ours, and what an installation that was killed left beside it."""
    path = Path(where)
    for each in (new(path), kept(path), path):
        remove(each)


def _remove_empty_key(windows: Windows, key: str) -> None:
    if not windows.registry.values(key):
        windows.registry.delete_key(key)


REMOVE: dict[str, Callable[[Windows, str], None]] = {
    "folder": lambda windows, where: remove_empty(where),
    "environment": lambda windows, where: _remove_with_neighbours(remove_tree, where),
    "file": lambda windows, where: _remove_with_neighbours(remove_file, where),
    "key": _remove_empty_key,
    "trusted location": lambda windows, where: registration.untrust(windows.registry, Path(where)),
    "registration": lambda windows, where: registration.unregister(windows.registry, Path(where)),
}


def is_gone(windows: Windows, made: Made) -> bool:
    """Whether it was removed, or stays because of what others have put into it."""
    if made.kind == "key":
        return bool(windows.registry.missing(made.where))
    return made.kind not in ("folder", "environment", "file") or not os.path.exists(made.where)

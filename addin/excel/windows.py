"""What the installation and its doctor ask of Windows: registry, folders, commands, and whether Excel runs.

Written from the documentation of what it calls and tested with a registry in memory; it was
not run on Windows.  Modules that only Windows has are imported when they are first needed.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from addin.cli.status import RefusedError

EXCEL_WINDOW = "XLMAIN"  # the class of Excel's main window, which an Excel without a visible window has as well
STORE = ("windowsapps", "pythonsoftwarefoundation.python")  # in the path of what the Microsoft Store installed


class Value(NamedTuple):
    """A registry value as it is stored; ``kind`` is winreg's number of its type."""

    data: Any
    kind: int


class Registry:
    r"""Keys by their whole path, such as ``HKCU\Software``; what is absent reads as empty."""

    def __init__(self) -> None:
        self._winreg: Any = import_module("winreg")

    def values(self, key: str) -> dict[str, Value]:
        """The values of a key by name, in the registry's own spelling."""
        with suppress(FileNotFoundError), self._open(key) as handle:
            count = self._winreg.QueryInfoKey(handle)[1]
            rows = [self._winreg.EnumValue(handle, index) for index in range(count)]
            return {name: Value(data, kind) for name, data, kind in rows}
        return {}

    def get(self, key: str, name: str) -> Any:
        """The data of one value, variables such as %APPDATA% replaced; None where there is none."""
        for found, value in self.values(key).items():
            if found.casefold() == name.casefold():
                return self.expanded(value)
        return None

    def expanded(self, value: Value) -> Any:
        """The data, and where its type says so with variables replaced."""
        if value.kind == self._winreg.REG_EXPAND_SZ:
            return self._winreg.ExpandEnvironmentStrings(value.data)
        return value.data

    def subkeys(self, key: str) -> list[str]:
        """The names of the keys right below."""
        with suppress(FileNotFoundError), self._open(key) as handle:
            return [self._winreg.EnumKey(handle, index) for index in range(self._winreg.QueryInfoKey(handle)[0])]
        return []

    def missing(self, key: str) -> list[str]:
        """Which of this key and those above it are not there, the uppermost first."""
        parts = key.split("\\")
        return [each for count in range(2, len(parts) + 1) if not self._exists(each := "\\".join(parts[:count]))]

    def create(self, key: str) -> None:
        """Make a key, and those above it."""
        access = self._winreg.KEY_WRITE | self._winreg.KEY_WOW64_64KEY
        hive, path = self._split(key)
        self._winreg.CreateKeyEx(hive, path, 0, access).Close()

    def set(self, key: str, name: str, data: str | int) -> None:
        """Write a text or a number; the key must be there."""
        self.put(key, name, Value(data, self._winreg.REG_SZ if isinstance(data, str) else self._winreg.REG_DWORD))

    def put(self, key: str, name: str, value: Value) -> None:
        """Write a value just as it was read."""
        with self._open(key, write=True) as handle:
            self._winreg.SetValueEx(handle, name, 0, value.kind, value.data)

    def delete(self, key: str, name: str) -> None:
        """Remove a value that may be absent."""
        with suppress(FileNotFoundError), self._open(key, write=True) as handle:
            self._winreg.DeleteValue(handle, name)

    def delete_key(self, key: str) -> None:
        """Remove a key with its values; one that has keys below stays, one that is absent does no harm."""
        if not self.subkeys(key):
            with suppress(FileNotFoundError):
                self._winreg.DeleteKey(*self._split(key))

    def _exists(self, key: str) -> bool:
        with suppress(FileNotFoundError):
            self._open(key).Close()
            return True
        return False

    def _open(self, key: str, write: bool = False) -> Any:
        access = self._winreg.KEY_READ | self._winreg.KEY_WOW64_64KEY | (self._winreg.KEY_WRITE if write else 0)
        hive, path = self._split(key)
        return self._winreg.OpenKey(hive, path, 0, access)

    def _split(self, key: str) -> tuple[Any, str]:
        root, _, path = key.partition("\\")
        hives = {"HKCU": self._winreg.HKEY_CURRENT_USER, "HKLM": self._winreg.HKEY_LOCAL_MACHINE}
        return hives[root], path


class Finished(NamedTuple):
    """How a command ended and what it said."""

    status: int
    out: str
    err: str


Run: TypeAlias = Callable[[Sequence[str], float], Finished]


def run(command: Sequence[str], seconds: float) -> Finished:
    """Run a command to its end, without a window and without input; one that takes too long is an OSError."""
    try:
        done = subprocess.run(  # noqa: S603  the words are ours: an interpreter, its switches, paths
            list(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired as slow:
        raise TimeoutError(f"{Path(command[0]).name} had not ended after {seconds:.0f} seconds") from slow
    return Finished(done.returncode, done.stdout, done.stderr)


def excel_runs() -> bool:
    """Whether an Excel of this session is open, also one that hangs on invisibly (xlwings #2082)."""
    return bool(import_module("ctypes").windll.user32.FindWindowW(EXCEL_WINDOW, None))


def fits_the_code_page(path: Path) -> bool:
    """Whether VBA can hand the path to a DLL: ``LoadLibraryA`` and ``CreateProcessA`` take the system's code page only."""
    try:
        str(path).encode("mbcs")
    except UnicodeEncodeError:
        return False
    return True


def from_store(path: str | Path) -> bool:
    """Whether the Microsoft Store installed what lies there: it writes to copies of AppData and HKCU that none else sees."""
    return any(mark in str(path).casefold() for mark in STORE)


@dataclass(frozen=True)
class Windows:
    """A user's Windows, and where our things are in it; tests hand in another."""

    local: Path
    roaming: Path
    registry: Registry
    run: Run = run
    excel_runs: Callable[[], bool] = excel_runs
    fits_the_code_page: Callable[[Path], bool] = fits_the_code_page
    python: Path = field(default_factory=lambda: Path(sys.executable))
    base: Path = field(default_factory=lambda: Path(sys.base_prefix))

    @property
    def home(self) -> Path:
        """Our own folder, which does not follow the user to other machines."""
        return self.local / "llmecon"

    @property
    def journal(self) -> Path:
        """What was done, for `uninstall`."""
        return self.home / "installation.json"

    @property
    def environment(self) -> Path:
        """The Python that computes for Excel, and nothing else."""
        return self.home / "venv"

    @property
    def interpreter(self) -> Path:
        """Its interpreter: Excel starts this file and no other, whatever Python is found first elsewhere."""
        return self.environment / "Scripts" / "python.exe"

    @property
    def addins(self) -> Path:
        """A folder of ours below Excel's for add-ins: Excel trusts all that is in it, so nothing else may be."""
        return self.roaming / "Microsoft" / "AddIns" / "llmecon"

    @property
    def addin(self) -> Path:
        """The add-in; its place never changes, since workbooks that use it remember the path (xlwings #2082)."""
        return self.addins / "llmecon.xlam"


ON_A_MAC = "Excel on a Mac takes what llmecon addin officejs writes, or xlwings Lite"
ELSEWHERE = "LibreOffice takes what llmecon addin libreoffice writes; Excel on the web takes officejs, or xlwings Lite"


def is_windows() -> bool:
    """Whether this is Windows."""
    return os.name == "nt"


def here(command: str, environ: Mapping[str, str] = os.environ) -> Windows:
    """This machine, where it is one with Windows; elsewhere a refusal that says what applies instead."""
    if not is_windows():
        raise RefusedError(f"addin {command} is for Excel on Windows. {instead()}")
    return Windows(_folder(environ, "LOCALAPPDATA"), _folder(environ, "APPDATA"), Registry())


def instead(platform: str = sys.platform) -> str:
    """What applies where there is no Excel for Windows."""
    return ON_A_MAC if platform == "darwin" else ELSEWHERE


def _folder(environ: Mapping[str, str], name: str) -> Path:
    if found := environ.get(name):
        return Path(found)
    raise RefusedError(f"the variable {name} is not set; run this in a window of the user who works with Excel")

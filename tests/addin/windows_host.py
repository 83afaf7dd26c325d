"""A Windows in memory and in a folder: a registry behind winreg's own functions, and commands that only pretend.

`winreg` is what `addin.excel.windows.Registry` imports, so the real code of ours runs on it.
"""

import contextlib
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace

from addin.excel import environment
from addin.excel.agreed import XLWINGS
from addin.excel.windows import Finished, Registry, Windows
from pycalc.version import __version__

KINDS = {"REG_SZ": 1, "REG_EXPAND_SZ": 2, "REG_BINARY": 3, "REG_DWORD": 4}


class Handle:
    """What OpenKey gives."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.Close()

    def Close(self):  # noqa: N802
        self.path = None


class Winreg(ModuleType):
    """winreg on a dictionary of keys; names are found in any case, as Windows does."""

    HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE = "HKCU", "HKLM"
    KEY_READ, KEY_WRITE, KEY_WOW64_64KEY = 0x20019, 0x20006, 0x100

    def __init__(self):
        super().__init__("winreg")
        vars(self).update(KINDS)
        self.keys = {"HKCU": {}, "HKLM": {}}
        self.denied = {}

    def _found(self, hive, path=""):
        wanted = (f"{hive}\\{path}" if path else hive).casefold()
        return next((key for key in self.keys if key.casefold() == wanted), None)

    def _refuse(self, what, where):
        for part, error in self.denied.items():
            if part.casefold() in f"{what} {where}".casefold():
                raise error

    def OpenKey(self, hive, path, reserved, access):  # noqa: N802
        assert reserved == 0
        assert access & self.KEY_WOW64_64KEY
        self._refuse("OpenKey", path)
        if found := self._found(hive, path):
            return Handle(found)
        raise FileNotFoundError(2, "The system cannot find the file specified")

    def CreateKeyEx(self, hive, path, reserved, access):  # noqa: N802
        assert (reserved, access) == (0, self.KEY_WRITE | self.KEY_WOW64_64KEY)
        self._refuse("CreateKeyEx", path)
        above = hive
        for part in path.split("\\"):
            above = self._found(above, part) or f"{above}\\{part}"
            self.keys.setdefault(above, {})
        return Handle(above)

    def DeleteKey(self, hive, path):  # noqa: N802
        found = self._found(hive, path)
        self._refuse("DeleteKey", path)
        if not found:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        if self._below(found):
            raise PermissionError(5, "Access is denied")
        del self.keys[found]

    def _below(self, path):
        inside = [key for key in self.keys if key.startswith(f"{path}\\")]
        return [key for key in inside if "\\" not in key.removeprefix(f"{path}\\")]

    def QueryInfoKey(self, handle):  # noqa: N802
        return len(self._below(handle.path)), len(self.keys[handle.path]), 0

    def EnumKey(self, handle, index):  # noqa: N802
        return self._below(handle.path)[index].removeprefix(f"{handle.path}\\")

    def EnumValue(self, handle, index):  # noqa: N802
        name, (data, kind) = list(self.keys[handle.path].items())[index]
        return name, data, kind

    def SetValueEx(self, handle, name, reserved, kind, data):  # noqa: N802
        assert reserved == 0
        assert isinstance(data, int if kind == KINDS["REG_DWORD"] else bytes if kind == KINDS["REG_BINARY"] else str)
        self._refuse("SetValueEx", f"{handle.path} {name}")
        values = self.keys[handle.path]
        values[self._named(values, name) or name] = (data, kind)

    def DeleteValue(self, handle, name):  # noqa: N802
        values = self.keys[handle.path]
        self._refuse("DeleteValue", f"{handle.path} {name}")
        if not (found := self._named(values, name)):
            raise FileNotFoundError(2, "The system cannot find the file specified")
        del values[found]

    def _named(self, values, name):
        return next((each for each in values if each.casefold() == name.casefold()), None)

    def ExpandEnvironmentStrings(self, text):  # noqa: N802
        return text.replace("%APPDATA%", self.roaming)

    def write(self, key, **values):
        """Lay a key with texts, numbers and bytes as a test wants it; (text, kind) for another kind."""
        hive, _, path = key.partition("\\")
        self.CreateKeyEx(hive, path, 0, self.KEY_WRITE | self.KEY_WOW64_64KEY)
        kinds = {str: "REG_SZ", int: "REG_DWORD", bytes: "REG_BINARY"}
        found = self.keys[self._found(hive, path)]
        found.update({n: v if isinstance(v, tuple) else (v, KINDS[kinds[type(v)]]) for n, v in values.items()})


@dataclass
class Commands:
    """Python, pip and our probe, pretended: what they would make is there afterwards; ``answers`` says otherwise."""

    windows: Windows = None
    answers: dict = field(default_factory=dict)
    versions: dict = field(default_factory=dict)
    origin: str | None = None
    libraries: bool = True
    ran: list = field(default_factory=list)

    def __call__(self, command, seconds):
        assert seconds > 0
        kind = self.kind(command)
        self.ran.append(kind)
        answer = self.answers.get(kind)
        if isinstance(answer, BaseException):
            self.leave_half_done(kind)
            raise answer
        if isinstance(answer, Finished):
            self.leave_half_done(kind)
            return answer
        done = getattr(self, f"do_{kind}")(command)
        return Finished(0, done or "", "")

    def kind(self, command):
        if command[1:3] == ["-m", "venv"]:
            assert Path(command[0]) == self.windows.python
            return "venv"
        assert Path(command[0]) == self.windows.interpreter
        if command[1:3] == ["-m", "pip"]:
            return "pip"
        assert command[1:3] == ["-I", str(environment.PROBE)]
        if not self.windows.interpreter.is_file():
            raise FileNotFoundError(2, "No such file or directory", command[0])
        return command[3]

    def leave_half_done(self, kind):
        if kind in ("venv", "pip"):
            self.windows.environment.mkdir(parents=True, exist_ok=True)
            (self.windows.environment / "half.txt").write_text("half", "utf-8")

    def do_venv(self, command):
        scripts = Path(command[3]) / "Scripts"
        scripts.mkdir(parents=True)
        (scripts / "python.exe").write_bytes(b"MZ")

    def do_pip(self, command):
        self.wanted = command[-1]
        versions = {"python": "3.12.4", "prefix": str(self.windows.environment), "numpy": "2.4.6", "numpy_error": ""}
        versions |= {"llmecon": __version__, "xlwings": XLWINGS, "origin": self.origin} | self.versions
        (self.windows.environment / "facts.json").write_text(json.dumps(versions), "utf-8")
        for library in environment.libraries(self.windows) if self.libraries else ():
            library.write_bytes(b"MZ")

    def do_facts(self, command):
        return "a line of something else\n" + (self.windows.environment / "facts.json").read_text("utf-8")

    def do_classic(self, command):
        return json.dumps({"number": 2.5e6 / (3600 * 185), "error": "#NUM!"})

    do_server = do_classic


@dataclass
class Machine:
    """All that a test looks at."""

    windows: Windows
    winreg: Winreg
    commands: Commands
    root: Path
    excel: bool = False

    def files(self):
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes() if path.is_file() else None
            for path in sorted(self.root.rglob("*"))
        }

    def state(self):
        """Everything that an installation may change."""
        return self.files(), json.loads(json.dumps(self.winreg.keys, default=repr))


def build(interpreter):
    """An add-in that needs no building."""
    return f"add-in of {__version__} for {interpreter}".encode()


def machine(folder, patch):
    """A Windows with folders of a user and the start of Excel's own registry."""
    winreg, commands = Winreg(), Commands()
    patch.setitem(sys.modules, "winreg", winreg)
    local, roaming = folder / "Local", folder / "Roaming"
    local.mkdir()
    (roaming / "Microsoft").mkdir(parents=True)
    winreg.roaming = str(roaming)
    made = Machine(None, winreg, commands, folder)
    made.windows = Windows(
        local,
        roaming,
        Registry(),
        run=commands,
        excel_runs=lambda: made.excel,
        fits_the_code_page=lambda path: str(path).isascii(),
        python=Path("/py") / "python.exe",
        base=Path("/py"),
    )
    commands.windows = made.windows
    patch.setattr(environment, "distribution", lambda name: SimpleNamespace(read_text=lambda file: commands.origin))
    return made


@contextlib.contextmanager
def unchanged(machine):
    """Nothing at all differs afterwards."""
    before = machine.state()
    yield
    assert machine.state() == before

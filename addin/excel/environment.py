"""The Python of its own that computes for Excel, made by the one that runs and filled from where that one came from."""

import json
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from addin.cli.status import RefusedError
from addin.excel.agreed import XLWINGS
from addin.excel.windows import Windows
from pycalc.version import __version__

PROBE = Path(__file__).with_name("probe.py")
SLOW, QUICK = 1800.0, 120.0  # seconds for pip over a slow line, and for a start of Python
DISTRIBUTION = "llmecon"


def requirement() -> str:
    """What pip is to install: this version, from the file, folder or repository that the running one came from.

    A name alone is asked of an index only where the running one came from an index too: elsewhere
    a stranger may hold it.
    """
    try:
        origin = distribution(DISTRIBUTION).read_text("direct_url.json")
    except PackageNotFoundError:
        raise RefusedError('this llmecon is not an installed one; install it first: pip install "llmecon[excel]"') from None
    if origin is None:
        return f"{DISTRIBUTION}[excel]=={__version__}"
    return f"{DISTRIBUTION}[excel] @ {_address(json.loads(origin))}"


def _address(origin: Mapping[str, Any]) -> str:
    """A direct_url.json (PEP 610) as pip takes it back."""
    url = str(origin["url"])
    if repository := origin.get("vcs_info"):
        folder = f"#subdirectory={origin['subdirectory']}" if origin.get("subdirectory") else ""
        return f"{repository['vcs']}+{url}@{repository['commit_id']}{folder}"
    parts = urlsplit(url)
    if parts.scheme == "file" and not (path := Path(url2pathname(parts.path))).exists():
        raise RefusedError(f"{path}: llmecon was installed from it, and it is gone; put it back, or install llmecon anew")
    return url


def facts(windows: Windows) -> dict[str, Any]:
    """What the environment's interpreter says of itself, see `addin.excel.probe`; raises OSError where it does not start."""
    return probe(windows, "facts", QUICK)


def probe(windows: Windows, what: str, seconds: float) -> dict[str, Any]:
    """Let the environment's interpreter find something out, isolated as in Excel's own call."""
    done = windows.run([str(windows.interpreter), "-I", str(PROBE), what], seconds)
    try:
        found: dict[str, Any] = json.loads(done.out.splitlines()[-1])
    except (ValueError, IndexError):
        raise OSError(last_words(f"{done.out}\n{done.err}") or f"it ended with status {done.status}") from None
    if "wrong" in found:
        raise OSError(found["wrong"])
    return found


def fault(windows: Windows, found: Mapping[str, Any]) -> str:
    """What keeps an environment from being the right one, or nothing."""
    if found["llmecon"] != __version__:
        return f"it has llmecon {found['llmecon'] or 'not at all'}, not {__version__}"
    if found["xlwings"] != XLWINGS:
        return f"it has xlwings {found['xlwings'] or 'not at all'}, not {XLWINGS}"
    if found["numpy_error"]:
        return f"numpy does not load: {found['numpy_error']}"
    absent = [path.name for path in libraries(windows) if not path.is_file()]
    return f"{', '.join(absent)} missing" if absent else ""


def libraries(windows: Windows) -> list[Path]:
    """xlwings' DLLs for an Excel of 64 and of 32 bits, where its VBA looks for them: beside Scripts."""
    return [windows.environment / f"xlwings{bits}-{XLWINGS}.dll" for bits in (64, 32)]


def is_current(windows: Windows) -> bool:
    """Whether there is nothing to do: the right versions, from the same file; what is in a folder may have changed."""
    origin = distribution(DISTRIBUTION).read_text("direct_url.json")
    if not windows.interpreter.is_file() or (origin and "dir_info" in json.loads(origin)):
        return False
    try:
        found = facts(windows)
    except OSError:
        return False
    same = (json.loads(origin) if origin else None) == (json.loads(found["origin"]) if found["origin"] else None)
    return same and not fault(windows, found)


def make(windows: Windows, wanted: str) -> None:
    """Make the environment and let it prove itself; whoever calls takes away what a failure leaves."""
    _do(windows, [str(windows.python), "-m", "venv", str(windows.environment)], "venv")
    pip = [str(windows.interpreter), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", wanted]
    _do(windows, pip, "pip")
    if wrong := fault(windows, facts(windows)):
        raise OSError(f"the new environment is of no use: {wrong}")


def _do(windows: Windows, command: list[str], name: str) -> None:
    done = windows.run(command, SLOW)
    if done.status:
        raise OSError(f"{name} ended with status {done.status}: {last_words(done.err or done.out)}")


def last_words(said: str) -> str:
    """The line that says most: pip's last ERROR, else a traceback's last line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    return (errors or lines or [""])[-1]

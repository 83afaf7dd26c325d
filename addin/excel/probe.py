"""Run by the environment's interpreter, as a file: what is installed there, and whether it computes for Excel.

``facts`` imports nothing of ours, so that it answers in a broken environment too.  ``classic``
calls functions as xlwings' server does, within the process.  ``server`` starts that server with
the words of our VBA and calls it over COM, as Excel does.  Each prints one line of JSON.
pywin32 is there on Windows only, where none of this was run.
"""

import json
import subprocess
import sys
import time
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any

MODULE = "addin.excel.udfs"
CALLS = {
    "number": ("COST_PER_MTOK", (2.5, 185.0)),
    "error": ("KV_BYTES", (-1.0, 16.0, 8.0, 64.0, 1.0)),
}
"""What is asked: a call that gives a number and one that gives an error."""

PATIENCE = 60.0  # seconds until the server must have registered
NOT_REGISTERED = -2147221164  # REGDB_E_CLASSNOTREG, which Excel shows as "Could not activate Python COM server"
SERVER = "import xlwings; xlwings.serve('{clsid}')"


def facts() -> dict[str, Any]:
    """Versions, and whether numpy loads."""
    origin = None
    if version_of("llmecon"):
        origin = distribution("llmecon").read_text("direct_url.json")
    try:
        import_module("numpy")
        numpy_error = ""
    except Exception as broken:
        numpy_error = f"{type(broken).__name__}: {broken}"
    return {
        "python": ".".join(map(str, sys.version_info[:3])),
        "prefix": sys.prefix,
        "llmecon": version_of("llmecon"),
        "xlwings": version_of("xlwings"),
        "numpy": version_of("numpy"),
        "numpy_error": numpy_error,
        "origin": origin,
    }


def version_of(name: str) -> str | None:
    """The installed version of a distribution."""
    try:
        return distribution(name).version
    except PackageNotFoundError:
        return None


def classic() -> dict[str, Any]:
    """The calls on xlwings' own server object, without COM between."""
    return _answers(import_module("xlwings.com_server").XLPython())


def server() -> dict[str, Any]:
    """The calls over COM, on a server that is started as Excel starts it and registers itself in memory only."""
    com = import_module("pythoncom")
    client = import_module("win32com.client")
    clsid = str(com.CreateGuid())
    words = [sys.executable, "-I", "-c", SERVER.format(clsid=clsid)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            return _answers(_activated(com, client, clsid, process))
        finally:
            process.kill()


def _activated(com: Any, client: Any, clsid: str, process: "subprocess.Popen[str]") -> Any:
    """The server's object, once it is there."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return client.Dispatch(clsid, clsctx=com.CLSCTX_LOCAL_SERVER)
        except com.com_error as refusal:
            if refusal.hresult != NOT_REGISTERED:
                raise
        if process.poll() is not None:
            said = (process.stderr.read() if process.stderr else "").strip().splitlines()
            raise OSError(f"the server ended: {said[-1] if said else process.returncode}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"the server had not registered after {PATIENCE:.0f} seconds")
        time.sleep(0.1)


def _answers(xlpython: Any) -> dict[str, Any]:
    return {what: xlpython.CallUDF(MODULE, name, args, None, None) for what, (name, args) in CALLS.items()}


def main(what: str) -> None:
    """Answer one question; what goes wrong is an answer too."""
    try:
        found = {"facts": facts, "classic": classic, "server": server}[what]()
    except Exception as wrong:
        found = {"wrong": f"{type(wrong).__name__}: {wrong}"}
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])

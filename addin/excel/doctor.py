"""``llmecon addin doctor``: what the add-in needs, each thing checked by itself and named with its cure.

The checks follow the way of a call: from Excel's settings over the add-in's file and the DLL to
Python and back with a number.  Where there is no Windows those that are about Excel do not
apply.  They were tested against a machine in memory, and not run on Windows.
"""

import math
import os
import platform
import sys
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

from addin.cli.output import note, print_json, print_table
from addin.cli.status import Status
from addin.excel import environment, policies, registration
from addin.excel.agreed import XLWINGS
from addin.excel.installation import Build, build_addin
from addin.excel.journal import Journal
from addin.excel.probe import CALLS, facts, version_of
from addin.excel.windows import Windows, from_store, here, instead, is_windows
from addin.faults import log_path
from pycalc.version import __version__

OK, FAILED, NOT_APPLICABLE = "ok", "failed", "not applicable"

REPAIR = "close Excel and run: llmecon addin install"
ASK = "ask your administrator, who made this setting; until then workbooks made by llmecon new compute without the add-in"
TRUST_CENTER = "in Excel: File, Options, Trust Center, Trust Center Settings"
EXCEL_PATH = r"HKLM\Software\Microsoft\Windows\CurrentVersion\App Paths\excel.exe"
FROM_INTERNET = 3  # Windows' zone of downloads; 4 is that of sites that are known as bad
NUMBER, ERROR = 2.5e6 / (3600 * 185), "#NUM!"  # what the calls of `probe` must give
PATIENCE = 150.0  # seconds; a first start of Python under a virus scanner is slow


class Verdict(NamedTuple):
    """What a check found, and where it failed what would help."""

    state: str
    found: str
    cure: str = ""


class Finding(NamedTuple):
    """A verdict under its check's name: a line of the table, an object of the JSON."""

    check: str
    state: str
    found: str
    cure: str


def ok(found: str) -> Verdict:
    """It is as it must be."""
    return Verdict(OK, found)


def failed(found: str, cure: str = REPAIR) -> Verdict:
    """It is not."""
    return Verdict(FAILED, found, cure)


class Patient:
    """The machine that is examined; what several checks need is found out once, an OSError if it cannot be."""

    def __init__(self, windows: Windows, build: Build = build_addin) -> None:
        self.windows, self.registry, self.build = windows, windows.registry, build

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What the environment's Python says of itself."""
        if not self.windows.interpreter.is_file():
            raise FileNotFoundError(f"there is no {self.windows.interpreter}")
        return environment.facts(self.windows)

    @cached_property
    def served(self) -> dict[str, Any]:
        """What the functions give over COM."""
        return self.facts and environment.probe(self.windows, "server", PATIENCE)

    @cached_property
    def computed(self) -> dict[str, Any]:
        """What they give to xlwings within one process."""
        return self.facts and environment.probe(self.windows, "classic", PATIENCE)


def excel(patient: Patient) -> Verdict:
    """Excel itself, and not the Microsoft Store's, which cannot start a COM server (xlwings #1476)."""
    path = str(patient.registry.get(EXCEL_PATH, "") or "")
    if not path:
        return failed("Windows knows of no Excel", "install Excel 2016 or newer, or Microsoft 365")
    if from_store(path):
        return failed(
            f"{path} is the Microsoft Store's", "install Office from office.com instead; the Store's cannot start Python"
        )
    return ok(path)


def macro_settings(patient: Patient) -> Verdict:
    """The Trust Center, the administrator's policies included."""
    found = list(policies.blocked_macros(patient.registry))
    return _blocked(found) or ok("an add-in in a trusted folder may load")


def programs(patient: Patient) -> Verdict:
    """Microsoft Defender's rules about what Excel may start."""
    found = list(policies.blocked_processes(patient.registry))
    return _blocked(found) or ok("no rule that can be read keeps Excel from starting Python")


def _blocked(found: list[policies.Found]) -> Verdict | None:
    if not found:
        return None
    cure = ASK if any(each.by_administrator for each in found) else TRUST_CENTER
    return failed("; ".join(f"{each.meaning} ({each.where})" for each in found), cure)


def addin_file(patient: Patient) -> Verdict:
    """The add-in's file, byte for byte what this version builds for that interpreter."""
    path = patient.windows.addin
    if not path.is_file():
        return failed(f"there is no {path}")
    if path.read_bytes() != patient.build(str(patient.windows.interpreter)):
        version = Journal(patient.windows.journal).version or "unknown"
        return failed(f"{path} is not what llmecon {__version__} builds; it was installed by version {version}")
    return ok(f"{path}, of llmecon {__version__}")


def mark_of_the_web(patient: Patient) -> Verdict:
    """Whether Windows takes the file for a download, whose macros it blocks."""
    path = patient.windows.addin
    if not path.is_file():
        return failed(f"there is no {path}")
    try:
        with open(f"{path}:Zone.Identifier", encoding="utf-8", errors="replace") as stream:
            mark = stream.read()
    except FileNotFoundError:
        return ok("none: the file was made on this machine")
    zone = next((line.partition("=")[2].strip() for line in mark.splitlines() if line.startswith("ZoneId")), "")
    if zone.isdigit() and int(zone) < FROM_INTERNET:
        return ok(f"zone {zone}, which is not blocked")
    return failed(
        f"{path} is marked as a download", "in its Properties tick Unblock; or delete it, and run: llmecon addin install"
    )


def trusted_location(patient: Patient) -> Verdict:
    """Whether Excel runs the macros of what is in the folder."""
    folder = patient.windows.addins
    return ok(str(folder)) if registration.trusted(patient.registry, folder) else failed(f"Excel does not trust {folder}")


def registered(patient: Patient) -> Verdict:
    """Whether Excel opens the add-in when it starts."""
    if name := registration.registered(patient.registry, patient.windows.addin):
        return ok(f"{name} opens it when Excel starts")
    if registration.listed(patient.registry, patient.windows.addin):
        return failed(
            "its tick is off", "in Excel: File, Options, Add-ins, Go; tick LLM economics, or run: llmecon addin install"
        )
    return failed("Excel has no entry for it")


def not_disabled(patient: Patient) -> Verdict:
    """Whether Excel has put the add-in aside after a crash."""
    if registration.disabled(patient.registry, patient.windows.addin):
        return failed(
            "Excel put it aside after a crash", "in Excel: File, Options, Add-ins, Manage: Disabled Items, Go; enable it"
        )
    return ok("it is not among the disabled items")


def interpreter(patient: Patient) -> Verdict:
    """The environment's Python: there, starting, and with this very version of llmecon."""
    found, windows = patient.facts, patient.windows
    if found["llmecon"] != __version__:
        return failed(f"{windows.interpreter} has llmecon {found['llmecon'] or 'not at all'}; this is {__version__}")
    return ok(f"Python {found['python']} with llmecon {__version__}: {windows.interpreter}")


def xlwings(patient: Patient) -> Verdict:
    """The one version whose DLL the add-in's VBA names."""
    version = patient.facts["xlwings"]
    return ok(version) if version == XLWINGS else failed(f"xlwings {version or 'is missing'}; the add-in needs {XLWINGS}")


def dll(patient: Patient) -> Verdict:
    """xlwings' DLLs, for either kind of Excel, on a path that VBA can pass on."""
    absent = [str(path) for path in environment.libraries(patient.windows) if not path.is_file()]
    if absent:
        return failed(f"missing: {', '.join(absent)}")
    if not patient.windows.fits_the_code_page(patient.windows.environment):
        cure = "use the add-in that llmecon addin officejs writes, which needs no DLL"
        return failed(f"Windows' code page lacks a character of {patient.windows.environment}", cure)
    return ok(", ".join(path.name for path in environment.libraries(patient.windows)))


def numpy(patient: Patient) -> Verdict:
    """What all arithmetic on ranges needs."""
    if wrong := patient.facts["numpy_error"]:
        return failed(wrong)
    return ok(f"numpy {patient.facts['numpy']}")


def functions(patient: Patient) -> Verdict:
    """A number and an error by the way of a classic add-in, without Excel and COM."""
    return _judged(patient.computed)


def com_server(patient: Patient) -> Verdict:
    """The same from a server that is started with the words of the add-in and called as Excel calls it."""
    return _judged(patient.served)


def _judged(answers: dict[str, Any]) -> Verdict:
    shown = "; ".join(f"{call[0]} gives {answers[what]}" for what, call in CALLS.items())
    number = answers["number"]
    right = isinstance(number, float) and math.isclose(number, NUMBER, rel_tol=1e-12) and str(answers["error"]) == ERROR
    return ok(shown) if right else failed(f"{shown}; right is {NUMBER} and {ERROR}")


def log_file(patient: Patient | None = None) -> Verdict:
    """Where faults of ours are written, and whether they can be."""
    path = log_path()
    there = next(each for each in (path, *path.parents) if each.exists())
    return ok(str(path)) if os.access(there, os.W_OK) else failed(f"{there} cannot be written to", "name a file in LLMECON_LOG")


CHECKS: dict[str, Callable[[Patient], Verdict]] = {
    "Excel": excel,
    "macro settings": macro_settings,
    "Defender rules": programs,
    "add-in file": addin_file,
    "mark of the web": mark_of_the_web,
    "trusted location": trusted_location,
    "registration": registered,
    "disabled items": not_disabled,
    "interpreter": interpreter,
    "xlwings": xlwings,
    "DLL": dll,
    "numpy": numpy,
    "functions": functions,
    "COM server": com_server,
    "log file": log_file,
}


def examine(patient: Patient) -> Iterator[Finding]:
    """All checks; one that cannot be carried out has failed, and keeps no other from it."""
    for name, check in CHECKS.items():
        try:
            verdict = check(patient)
        except OSError as wrong:
            verdict = failed(" ".join(str(wrong).split()))
        yield Finding(name, *verdict)


def own_interpreter() -> Verdict:
    """The Python that runs this."""
    return ok(f"Python {platform.python_version()} with llmecon {__version__}: {sys.executable}")


def own_xlwings() -> Verdict:
    """xlwings is here to build and test with, and does no harm where it is missing."""
    version = version_of("xlwings")
    if version is None:
        return Verdict(NOT_APPLICABLE, "not installed; only Excel on Windows needs it")
    return ok(version) if version == XLWINGS else failed(f"xlwings {version}, not {XLWINGS}", 'pip install "llmecon[excel]"')


def own_numpy() -> Verdict:
    """The same that is asked of the environment on Windows."""
    found = facts()
    return failed(found["numpy_error"], "install llmecon anew") if found["numpy_error"] else ok(f"numpy {found['numpy']}")


def own_functions() -> Verdict:
    """The calls on what every host calls."""
    from pycalc.cells import worksheet_function

    return _judged({what: worksheet_function(name)(*args) for what, (name, args) in CALLS.items()})


ELSEWHERE: dict[str, Callable[[], Verdict]] = {
    "interpreter": own_interpreter,
    "xlwings": own_xlwings,
    "numpy": own_numpy,
    "functions": own_functions,
    "log file": log_file,
}


def examine_elsewhere() -> Iterator[Finding]:
    """What there is to check without Windows: the Python side."""
    for name in CHECKS:
        check = ELSEWHERE.get(name, lambda: Verdict(NOT_APPLICABLE, "not applicable on this system"))
        yield Finding(name, *check())


def command_doctor(as_json: bool) -> int:
    """Examine, and show all that was found; the status says whether anything failed."""
    findings = list(examine(Patient(here("doctor"))) if is_windows() else examine_elsewhere())
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        print_table(Finding._fields, findings)
        if not is_windows():
            note(f"llmecon: {instead()}")
    return Status.FINDINGS if any(finding.state == FAILED for finding in findings) else Status.DONE

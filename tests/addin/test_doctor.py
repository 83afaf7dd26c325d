"""The doctor on a Windows in memory: all well after an installation, and each fault found by its own check."""

import json
import re
import subprocess
import sys
from types import SimpleNamespace

import com_host
import pytest
import windows_host
from conftest import ROOT
from windows_host import build

from addin.excel import doctor, environment, installation, policies, probe, registration, windows
from addin.excel.agreed import XLWINGS
from addin.excel.doctor import CHECKS, FAILED, OK, Patient, examine
from addin.excel.windows import Finished
from pycalc.cells import worksheet_function
from pycalc.version import __version__

POLICIES = r"HKCU\Software\Policies\Microsoft\Office\16.0"
RULES = r"HKLM\Software\Policies\Microsoft\Windows Defender\Windows Defender Exploit Guard\ASR\Rules"


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine on which all is well."""
    monkeypatch.setenv("LLMECON_LOG", str(tmp_path / "Local" / "llmecon" / "faults.log"))
    made = windows_host.machine(tmp_path, monkeypatch)
    made.winreg.write(doctor.EXCEL_PATH, **{"": r"D:\Office\EXCEL.EXE"})
    installation.install(made.windows, build)
    return made


def findings(machine):
    return {finding.check: finding for finding in examine(Patient(machine.windows, build))}


def failing(machine):
    return {name: finding for name, finding in findings(machine).items() if finding.state != OK}


def test_after_an_installation_all_is_well(machine):
    found = findings(machine)
    assert list(found) == list(CHECKS)
    assert {finding.state for finding in found.values()} == {OK}
    assert all(finding.found and not finding.cure for finding in found.values())
    assert found["interpreter"].found == f"Python 3.12.4 with llmecon {__version__}: {machine.windows.interpreter}"
    assert found["registration"].found == "OPEN opens it when Excel starts"


def test_a_machine_without_us_is_told_to_install(tmp_path, monkeypatch):
    machine = windows_host.machine(tmp_path, monkeypatch)
    found = failing(machine)
    assert list(found) == [
        name for name in CHECKS if name not in ("macro settings", "Defender rules", "disabled items", "log file")
    ]
    assert all(finding.cure for finding in found.values())
    assert found["numpy"].found == f"there is no {machine.windows.interpreter}"


def say(machine, **facts):
    """Let the environment's Python say something else of itself."""
    path = machine.windows.environment / "facts.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | facts), "utf-8")


def answer(machine, kind, **answers):
    machine.commands.answers[kind] = Finished(0, json.dumps(answers), "")


FAULTS = {
    "no Excel": (lambda m: m.winreg.keys.pop(doctor.EXCEL_PATH), ["Excel"], "knows of no Excel", "install Excel"),
    "the Store's Excel": (
        lambda m: m.winreg.write(doctor.EXCEL_PATH, **{"": r"C:\Program Files\WindowsApps\x\EXCEL.EXE"}),
        ["Excel"],
        "Microsoft Store's",
        "office.com",
    ),
    "no file": (lambda m: m.windows.addin.unlink(), ["add-in file", "mark of the web"], "there is no", "addin install"),
    "another file": (
        lambda m: m.windows.addin.write_bytes(b"changed"),
        ["add-in file"],
        f"is not what llmecon {__version__} builds; it was installed by version {__version__}",
        "addin install",
    ),
    "a download": (
        lambda m: m.windows.addins.joinpath("llmecon.xlam:Zone.Identifier").write_text("[ZoneTransfer]\nZoneId=3\n"),
        ["mark of the web"],
        "marked as a download",
        "Unblock",
    ),
    "not trusted": (
        lambda m: m.winreg.keys.pop(rf"{registration.TRUSTED}\Location20"),
        ["trusted location"],
        "does not trust",
        "addin install",
    ),
    "not registered": (
        lambda m: m.winreg.keys[registration.OPTIONS].clear(),
        ["registration"],
        "no entry",
        "addin install",
    ),
    "not ticked": (
        lambda m: (
            m.winreg.keys[registration.OPTIONS].clear(),
            m.winreg.write(registration.UNTICKED, **{str(m.windows.addin): ""}),
        ),
        ["registration"],
        "its tick is off",
        "tick LLM economics",
    ),
    "put aside": (
        lambda m: m.winreg.write(
            registration.DISABLED, x=b"\1\0\0\0" * 3 + f"{str(m.windows.addin).lower()}\0".encode("utf-16-le")
        ),
        ["disabled items"],
        "after a crash",
        "Disabled Items",
    ),
    "no interpreter": (
        lambda m: m.windows.interpreter.unlink(),
        ["interpreter", "xlwings", "numpy", "functions", "COM server"],
        "there is no",
        "addin install",
    ),
    "an interpreter that does not start": (
        lambda m: m.commands.answers.update(facts=Finished(1, "", "Fatal Python error: no encodings\n")),
        ["interpreter", "xlwings", "numpy", "functions", "COM server"],
        "Fatal Python error: no encodings",
        "addin install",
    ),
    "another version": (lambda m: say(m, llmecon="0.0.1"), ["interpreter"], "has llmecon 0.0.1; this is", "addin install"),
    "no llmecon": (lambda m: say(m, llmecon=None), ["interpreter"], "has llmecon not at all", "addin install"),
    "another xlwings": (lambda m: say(m, xlwings="0.30"), ["xlwings"], f"xlwings 0.30; the add-in needs {XLWINGS}", "install"),
    "no xlwings": (lambda m: say(m, xlwings=None), ["xlwings"], "xlwings is missing", "addin install"),
    "numpy is broken": (lambda m: say(m, numpy_error="ImportError: DLL"), ["numpy"], "ImportError: DLL", "addin install"),
    "no DLL": (
        lambda m: environment.libraries(m.windows)[0].unlink(),
        ["DLL"],
        f"xlwings64-{XLWINGS}.dll",
        "addin install",
    ),
    "wrong number": (
        lambda m: answer(m, "classic", number=3.75, error="#NUM!"),
        ["functions"],
        "COST_PER_MTOK gives 3.75; KV_BYTES gives #NUM!; right is 3.7537",
        "addin install",
    ),
    "no error": (lambda m: answer(m, "classic", number=doctor.NUMBER, error=0.0), ["functions"], "gives 0.0", "install"),
    "no number": (lambda m: answer(m, "classic", number="#VALUE!", error="#NUM!"), ["functions"], "gives #VALUE!", "install"),
    "no server": (
        lambda m: answer(m, "server", wrong="TimeoutError: the server had not registered"),
        ["COM server"],
        "the server had not registered",
        "addin install",
    ),
    "a server that answers wrongly": (
        lambda m: answer(m, "server", number=1.0, error="#NUM!"),
        ["COM server"],
        "gives 1.0",
        "addin install",
    ),
    "VBA off": (lambda m: m.winreg.write(rf"{POLICIES}\Common", vbaoff=1), ["macro settings"], "VBA is switched off", "admin"),
    "own setting": (
        lambda m: m.winreg.write(rf"{policies.OWN}\Excel\Security", DisableAllAddins=1),
        ["macro settings"],
        "all add-ins are switched off",
        "Trust Center",
    ),
    "unlisted": (
        lambda m: m.winreg.write(rf"{POLICIES}\Excel\Resiliency", RestrictToList=1),
        ["macro settings"],
        "only listed add-ins may load",
        "administrator",
    ),
    "no location of one's own": (
        lambda m: m.winreg.write(rf"{POLICIES}\Common\Security\Trusted Locations", **{"allow user locations": 0}),
        ["macro settings"],
        "only an administrator's folders are trusted",
        "administrator",
    ),
    "no child processes": (
        lambda m: m.winreg.write(RULES, **{"D4F940AB-401B-4EFC-AADC-AD5F3C50688A": "1"}),
        ["Defender rules"],
        "may start no program",
        "administrator",
    ),
    "no calls of Windows": (
        lambda m: m.winreg.write(
            policies.DEFENDER[2], ASRRules="D4F940AB-401B-4EFC-AADC-AD5F3C50688A=2|92E97FA1-2EDF-4476-BDD6-9DD0B4DDDC7B=6"
        ),
        ["Defender rules"],
        "may not call Windows",
        "administrator",
    ),
    "a registry that cannot be read": (
        lambda m: m.winreg.denied.update({"OpenKey Software\\Policies": PermissionError(5, "Access is denied")}),
        ["macro settings"],
        "Access is denied",
        "",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_by_its_check_and_by_no_other(machine, fault):
    cause, checks, found, cure = FAULTS[fault]
    cause(machine)
    failed = failing(machine)
    assert list(failed) == checks
    assert {finding.state for finding in failed.values()} == {FAILED}
    for finding in failed.values():
        assert found in finding.found
        assert cure in finding.cure


HARMLESS = {
    "an audited rule": lambda m: m.winreg.write(RULES, **{"d4f940ab-401b-4efc-aadc-ad5f3c50688a": "2"}),
    "a listed add-in": lambda m: (
        m.winreg.write(rf"{POLICIES}\Excel\Resiliency", RestrictToList=1),
        m.winreg.write(rf"{POLICIES}\Excel\Resiliency\AddinList", **{"llmecon.xlam": "1"}),
    ),
    "macros off elsewhere": lambda m: m.winreg.write(rf"{POLICIES}\Excel\Security", VBAWarnings=4),
    "a policy that is off": lambda m: m.winreg.write(rf"{POLICIES}\Common", VBAOff=0),
    "the intranet's mark": lambda m: m.windows.addins.joinpath("llmecon.xlam:Zone.Identifier").write_text("ZoneId=1\n"),
    "another disabled item": lambda m: m.winreg.write(registration.DISABLED, x="D:\\b.xlam\0".encode("utf-16-le"), y=1),
    "a number in another last digit": lambda m: answer(m, "server", number=3.753753753753754, error="#NUM!"),
}


@pytest.mark.parametrize("what", HARMLESS)
def test_what_does_no_harm_is_no_finding(machine, what):
    HARMLESS[what](machine)
    assert failing(machine) == {}


def test_a_mark_that_says_nothing_is_taken_seriously(machine):
    machine.windows.addins.joinpath("llmecon.xlam:Zone.Identifier").write_text("[ZoneTransfer]\n")
    assert list(failing(machine)) == ["mark of the web"]


def test_a_path_that_vba_cannot_pass_on_is_a_finding(machine):
    odd = windows.Windows(**(vars(machine.windows) | {"fits_the_code_page": lambda path: False}))
    found = [finding for finding in examine(Patient(odd, build)) if finding.state != OK]
    assert [finding.check for finding in found] == ["DLL"]
    assert "officejs" in found[0].cure


def test_a_log_that_cannot_be_written_is_a_finding(machine, monkeypatch):
    monkeypatch.setattr(doctor.os, "access", lambda path, mode: False)
    assert "LLMECON_LOG" in failing(machine)["log file"].cure


def test_the_interpreter_is_asked_once(machine):
    machine.commands.ran.clear()
    findings(machine)
    assert machine.commands.ran == ["facts", "classic", "server"]


@pytest.fixture
def on_windows(machine, monkeypatch):
    monkeypatch.setattr(doctor, "is_windows", lambda: True)
    monkeypatch.setattr(doctor, "here", lambda command: machine.windows)
    monkeypatch.setattr(doctor.Patient.__init__, "__defaults__", (build,))
    return machine


def test_the_command_says_so_by_its_status(on_windows, llmecon):
    assert llmecon("addin", "doctor").status == 0
    on_windows.windows.addin.unlink()
    run = llmecon("addin", "doctor")
    assert (run.status, run.err) == (3, "")
    assert run.out.splitlines()[0].split() == ["check", "state", "found", "cure"]
    document = llmecon("addin", "doctor", "--json").document
    assert [finding["check"] for finding in document] == list(CHECKS)
    assert {tuple(finding) for finding in document} == {("check", "state", "found", "cure")}
    assert [finding["check"] for finding in document if finding["state"] == "failed"] == ["add-in file", "mark of the web"]


def test_elsewhere_the_python_side_is_checked(llmecon):
    run = llmecon("addin", "doctor", "--json")
    assert (run.status, run.err) == (0, "")
    states = {finding["check"]: finding["state"] for finding in run.document}
    assert list(states) == list(CHECKS)
    assert {name for name, state in states.items() if state == OK} == set(doctor.ELSEWHERE)
    assert set(states.values()) == {OK, "not applicable"}
    assert "LibreOffice" in llmecon("addin", "doctor").err


@pytest.mark.parametrize(("version", "state"), [(None, "not applicable"), ("0.1", "failed")])
def test_elsewhere_xlwings_may_be_missing_but_not_another(monkeypatch, llmecon, version, state):
    monkeypatch.setattr(doctor, "version_of", lambda name: version)
    run = llmecon("addin", "doctor", "--json")
    assert run.status == (3 if state == "failed" else 0)
    assert next(finding["state"] for finding in run.document if finding["check"] == "xlwings") == state


def test_elsewhere_a_broken_numpy_is_a_finding(monkeypatch):
    monkeypatch.setattr(doctor, "facts", lambda: {"numpy_error": "ImportError: x", "numpy": None})
    assert doctor.own_numpy().state == FAILED


def run_probe(*words):
    done = subprocess.run([sys.executable, "-I", environment.PROBE, *words], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_the_probe_says_what_is_installed():
    found = run_probe("facts")
    assert (found["llmecon"], found["xlwings"], found["numpy_error"]) == (__version__, XLWINGS, "")
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))


def test_the_probe_says_what_is_missing(monkeypatch):
    def missing(name):
        raise probe.PackageNotFoundError(name)

    monkeypatch.setattr(probe, "distribution", missing)
    monkeypatch.setitem(sys.modules, "numpy", None)
    found = probe.facts()
    assert (found["llmecon"], found["xlwings"], found["origin"]) == (None, None, None)
    assert found["numpy_error"].startswith("ModuleNotFoundError")


@pytest.mark.parametrize("what", ["classic", "server"])
def test_the_probe_of_a_python_without_pywin32_says_so(what):
    assert "pywin32" in run_probe(what)["wrong"] or "pythoncom" in run_probe(what)["wrong"]


def test_the_calls_give_the_right_answers_on_xlwings_own_server(excel):
    answers = excel(probe.classic)
    assert doctor._judged(answers) == doctor.ok("COST_PER_MTOK gives 3.7537537537537538; KV_BYTES gives #NUM!")


class Com(SimpleNamespace):
    """pythoncom and win32com.client: a server that is there at the third try."""

    com_error = com_host.ComError
    CLSCTX_LOCAL_SERVER = 4
    tries = 0

    def CreateGuid(self):  # noqa: N802
        return "{0A}"

    def Dispatch(self, clsid, clsctx):  # noqa: N802
        assert (clsid, clsctx) == ("{0A}", 4)
        self.tries += 1
        if self.tries < self.there:
            refusal = self.com_error()
            refusal.hresult = self.hresult
            raise refusal
        return SimpleNamespace(CallUDF=lambda module, name, args, book, caller: (module, name))


def with_com(monkeypatch, server, there=3, hresult=probe.NOT_REGISTERED):
    com = Com(there=there, hresult=hresult)
    for name in ("pythoncom", "win32com", "win32com.client"):
        monkeypatch.setitem(sys.modules, name, com)
    monkeypatch.setattr(probe, "SERVER", server)
    monkeypatch.setattr(probe, "PATIENCE", 5.0)


def test_the_server_is_started_and_asked_when_it_has_registered(monkeypatch):
    with_com(monkeypatch, "import time; time.sleep(60) # {clsid}")
    assert probe.server()["number"] == ("addin.excel.udfs", "COST_PER_MTOK")


def test_a_server_that_ends_or_never_registers_is_told_apart(monkeypatch):
    with_com(monkeypatch, "raise SystemExit('no pywin32 {clsid}')", there=1000)
    with pytest.raises(OSError, match=r"the server ended: no pywin32 \{0A\}"):
        probe.server()
    with_com(monkeypatch, "import time; time.sleep(60)", there=1000)
    monkeypatch.setattr(probe, "PATIENCE", 0.0)
    with pytest.raises(TimeoutError, match="had not registered"):
        probe.server()


def test_another_error_of_com_is_not_waited_out(monkeypatch):
    with_com(monkeypatch, "import time; time.sleep(60)", hresult=-2147024891)
    with pytest.raises(com_host.ComError):
        probe.server()


def test_the_probe_prints_one_document(monkeypatch, capsys):
    monkeypatch.setattr(probe, "classic", lambda: {"number": 1.0})
    probe.main("classic")
    assert json.loads(capsys.readouterr().out) == {"number": 1.0}


def test_the_server_is_started_with_the_words_of_the_add_in():
    vba = (environment.PROBE.parent / "vba" / "PythonServer.cls").read_text("utf-8")
    assert probe.SERVER.format(clsid="$(CLSID)") in vba
    assert ' -I -c ""' in vba


def of_the_page():
    """The formulas of docs/excel-checks.md with plain arguments, each with what must be seen beside it."""
    page = (ROOT / "docs" / "excel-checks.md").read_text("utf-8")
    for row in (line.split("|") for line in page.splitlines() if re.match(r"\| [45] \|", line)):
        formulas = re.findall(r"`=(\w+)\(([-\d.,]+)\)`", row[2])
        yield from zip(formulas, re.findall(r"`([-#\w./!]+)`", row[3])[: len(formulas)], strict=True)


@pytest.mark.parametrize(("formula", "seen"), list(of_the_page()))
def test_the_page_of_checks_says_what_the_functions_give(formula, seen):
    value = worksheet_function(formula[0])(*map(float, formula[1].split(",")))
    assert getattr(value, "code", None) == seen or f"{value:.7g}" == seen or f"{value:.0f}" == seen


def test_the_page_of_checks_knows_the_ranges_and_the_doctor():
    page = (ROOT / "docs" / "excel-checks.md").read_text("utf-8")
    spilt = worksheet_function("KV_BYTES")([[4096.0], [-1.0], [8192.0]], 32.0, 8.0, 128.0, 1.0)
    assert "`, `".join(f"{c[0]:.0f}" if isinstance(c[0], float) else c[0].code for c in spilt) in page
    changed = worksheet_function("KV_BYTES")([[4096.0], [2048.0], [8192.0]], 32.0, 8.0, 128.0, 1.0)
    assert f"`{sum(row[0] for row in changed):.0f}`" in page
    assert len(CHECKS) == 15
    assert "Fifteen checks" in page
    assert all(step in page for step in installation.STEPS)

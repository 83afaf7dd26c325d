"""The installation in Excel on a Windows in memory: each step, each failure of it, and the way back."""

import json
import sys
from pathlib import Path

import pytest
import windows_host
from windows_host import Winreg, build, unchanged

from addin.cli.status import RefusedError
from addin.excel import environment, installation, registration, windows
from addin.excel.agreed import XLWINGS
from addin.excel.journal import Journal
from addin.excel.windows import Finished, Registry
from pycalc.version import __version__

OTHERS = '/R "D:\\Tools\\solver.xlam"'


@pytest.fixture
def machine(tmp_path, monkeypatch):
    made = windows_host.machine(tmp_path, monkeypatch)
    made.winreg.write(registration.OPTIONS, OPEN=OTHERS, OPEN1='"D:\\other.xlam"', Maximized=3)
    made.winreg.write(rf"{registration.TRUSTED}\Location0", Path=("%APPDATA%\\Microsoft\\Excel\\XLSTART\\", 2))
    return made


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A Windows on which Excel has never run."""
    return windows_host.machine(tmp_path, monkeypatch)


def install(machine, build=build):
    return dict(installation.install(machine.windows, build))


def opened(machine):
    return {name: entry for _, name, entry in registration.opened(machine.windows.registry)}


def test_everything_is_where_excel_and_its_add_in_look_for_it(machine):
    assert install(machine) == dict.fromkeys(installation.STEPS, "done")
    where = machine.windows
    assert where.interpreter == machine.root / "Local" / "llmecon" / "venv" / "Scripts" / "python.exe"
    assert where.addin == machine.root / "Roaming" / "Microsoft" / "AddIns" / "llmecon" / "llmecon.xlam"
    assert where.addin.read_bytes() == build(where.interpreter)
    assert (where.environment / f"xlwings64-{XLWINGS}.dll").is_file()
    assert machine.commands.ran == ["venv", "pip", "facts"]
    assert not [name for name in machine.files() if ".new" in name or ".old" in name]


def test_the_entry_comes_after_those_of_others(machine):
    install(machine)
    assert opened(machine) == {"OPEN": OTHERS, "OPEN1": '"D:\\other.xlam"', "OPEN2": f'"{machine.windows.addin}"'}


def test_only_the_add_ins_own_folder_is_trusted(machine):
    install(machine)
    location = machine.winreg.keys[rf"{registration.TRUSTED}\Location20"]
    assert location["Path"] == (f"{machine.windows.addins}\\", 1)
    assert location["AllowSubFolders"] == (0, 4)
    assert registration.trusted(machine.windows.registry, machine.windows.addins)
    assert not registration.trusted(machine.windows.registry, machine.windows.addins.parent)
    assert not registration.trusted(machine.windows.registry, machine.windows.addins / "below")


def test_a_second_run_changes_nothing(machine):
    install(machine)
    with unchanged(machine):
        assert install(machine) == dict.fromkeys(installation.STEPS, "was so already")
    assert machine.commands.ran.count("pip") == 1


def test_it_works_where_excel_never_ran(bare):
    assert set(install(bare).values()) == {"done"}
    assert opened(bare) == {"OPEN": f'"{bare.windows.addin}"'}


@pytest.mark.parametrize("fixture", ["machine", "bare"])
def test_uninstall_leaves_what_was_before_and_nothing_else(request, fixture):
    machine = request.getfixturevalue(fixture)
    with unchanged(machine):
        install(machine)
        removed = installation.uninstall(machine.windows)
    assert [made.kind for made in removed if made.kind not in ("key", "folder")] == [
        "registration",
        "trusted location",
        "file",
        "environment",
    ]


def test_uninstall_leaves_what_others_put_there(machine):
    install(machine)
    theirs = [machine.windows.addins / "theirs.xlam", machine.windows.home / "faults.log"]
    for path in theirs:
        path.write_text("theirs", "utf-8")
    machine.winreg.write(registration.OPTIONS, OPEN3='"D:\\late.xlam"')
    installation.uninstall(machine.windows)
    assert all(path.is_file() for path in theirs)
    assert not machine.windows.environment.exists()
    assert not machine.windows.journal.exists()
    assert opened(machine) == {"OPEN": OTHERS, "OPEN1": '"D:\\other.xlam"', "OPEN2": '"D:\\late.xlam"'}


def test_a_second_uninstall_has_nothing_to_do(machine):
    install(machine)
    installation.uninstall(machine.windows)
    with unchanged(machine):
        assert installation.uninstall(machine.windows) == []


def test_what_excel_and_the_user_changed_meanwhile_is_found(machine):
    """Excel numbers its list anew; an add-in whose tick is off is on another list; a location has another key."""
    install(machine)
    options = machine.winreg.keys[registration.OPTIONS]
    del options["OPEN2"]
    machine.winreg.write(registration.UNTICKED, **{str(machine.windows.addin).upper(): ""})
    machine.winreg.keys[rf"{registration.TRUSTED}\Location3"] = machine.winreg.keys.pop(rf"{registration.TRUSTED}\Location20")
    installation.uninstall(machine.windows)
    assert machine.winreg.keys[registration.UNTICKED] == {}
    assert rf"{registration.TRUSTED}\Location3" not in machine.winreg.keys


def test_installing_again_ticks_the_add_in_again(machine):
    install(machine)
    registration.unregister(machine.windows.registry, machine.windows.addin)
    machine.winreg.write(registration.UNTICKED, **{str(machine.windows.addin): ""})
    assert install(machine)["registration"] == "done"
    assert machine.winreg.keys[registration.UNTICKED] == {}


@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_entry_is_taken_out_of_the_middle_without_a_gap(machine, place):
    entries = [("D:\\a.xlam", 1), ("%APPDATA%\\b.xlam", 2)]
    entries.insert(place, (f'"{machine.windows.addin}"', 1))
    machine.winreg.keys[registration.OPTIONS] = {f"OPEN{i or ''}": entry for i, entry in enumerate(entries)}
    registration.unregister(machine.windows.registry, machine.windows.addin)
    assert machine.winreg.keys[registration.OPTIONS] == {"OPEN": ("D:\\a.xlam", 1), "OPEN1": ("%APPDATA%\\b.xlam", 2)}


def test_a_gap_of_others_is_filled_and_what_is_beyond_it_kept(machine):
    machine.winreg.keys[registration.OPTIONS] = {"OPEN": ("a", 1), "OPEN2": ("c", 1)}
    registration.register(machine.windows.registry, machine.windows.addin)
    assert list(opened(machine)) == ["OPEN", "OPEN1", "OPEN2"]
    registration.unregister(machine.windows.registry, machine.windows.addin)
    assert sorted(opened(machine).values()) == ["a", "c"]


def test_a_location_that_was_trusted_before_stays(machine):
    key = rf"{registration.TRUSTED}\Location7"
    machine.winreg.write(key, Path="%APPDATA%\\Microsoft\\AddIns\\", AllowSubFolders=1)
    machine.winreg.keys[key]["Path"] = ("%APPDATA%\\Microsoft\\AddIns\\", 2)
    with unchanged(machine):
        assert install(machine)["trusted location"] == "was so already"
        installation.uninstall(machine.windows)


FAILURES = {
    "venv": ("environment", {"venv": Finished(1, "", "Error: no ensurepip\n")}, "no ensurepip"),
    "pip": ("environment", {"pip": Finished(1, "", "ERROR: No matching distribution\nhint: x\n")}, "No matching distribution"),
    "pip hangs": ("environment", {"pip": TimeoutError("python.exe had not ended")}, "had not ended"),
    "no pip": ("environment", {"pip": FileNotFoundError(2, "No such file", "python.exe")}, "python.exe: No such file"),
    "mute": ("environment", {"facts": Finished(9, "", "")}, "ended with status 9"),
    "traceback": ("environment", {"facts": Finished(1, "x\n", "Traceback\nImportError: DLL\n")}, "ImportError: DLL"),
    "probe fails": ("environment", {"facts": Finished(0, '{"wrong": "OSError: x"}\n', "")}, "OSError: x"),
}


@pytest.fixture
def former(machine):
    """The machine with a former version of ours."""
    machine.commands.versions["llmecon"] = "0.0.1"
    machine.commands.do_venv(["", "", "", machine.windows.environment])
    machine.commands.do_pip(["former"])
    machine.commands.versions.clear()
    Journal(machine.windows.journal).record("environment", machine.windows.environment)
    machine.windows.addins.mkdir(parents=True)
    machine.windows.addin.write_bytes(b"former add-in")
    Journal(machine.windows.journal).record("file", machine.windows.addin)
    registration.trust(machine.windows.registry, machine.windows.addins)
    registration.register(machine.windows.registry, machine.windows.addin)
    return machine


@pytest.fixture(params=["machine", "former"])
def before(request):
    """The machine as it was before an installation that fails: without us, or with a former version."""
    return request.getfixturevalue(request.param)


def test_a_former_version_is_replaced(former):
    assert list(install(former).values()) == ["done", "done", "was so already", "was so already"]
    assert former.windows.addin.read_bytes() == build(former.windows.interpreter)
    assert not [name for name in former.files() if ".new" in name or ".old" in name]


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_of_the_environment_leaves_what_was_before(before, failure):
    step, before.commands.answers, said = FAILURES[failure]
    with unchanged(before), pytest.raises(OSError, match=f"step 1 of 4, {step}: .*{said}.*; all of it is undone"):
        install(before)


@pytest.mark.parametrize(
    ("versions", "said"),
    [
        ({"llmecon": "9.9.9"}, "llmecon 9.9.9, not"),
        ({"llmecon": None}, "llmecon not at all"),
        ({"xlwings": "0.1"}, f"xlwings 0.1, not {XLWINGS}"),
        ({"xlwings": None}, "xlwings not at all"),
        ({"numpy_error": "ImportError: x"}, "numpy does not load: ImportError: x"),
    ],
)
def test_an_environment_that_came_out_wrong_is_not_kept(before, versions, said):
    before.commands.versions = versions
    with unchanged(before), pytest.raises(OSError, match=said):
        install(before)


def test_an_environment_without_the_dlls_is_not_kept(before):
    before.commands.libraries = False
    with unchanged(before), pytest.raises(OSError, match=rf"xlwings64-{XLWINGS}\.dll, xlwings32-{XLWINGS}\.dll missing"):
        install(before)


def test_a_builder_that_cannot_write_or_is_at_fault_changes_nothing(before, capsys):
    with unchanged(before), pytest.raises(OSError, match="step 2 of 4, add-in: disk full; all of it is undone"):
        install(before, raising(OSError("disk full")))
    with unchanged(before), pytest.raises(ValueError, match="ours"):
        install(before, raising(ValueError("ours")))
    assert "stopped at step 2 of 4, add-in; all of it is undone" in capsys.readouterr().err


@pytest.mark.parametrize("ending", [KeyboardInterrupt(), SystemExit(143)])
def test_a_user_who_stops_it_gets_everything_back(before, ending):
    with unchanged(before), pytest.raises(type(ending)):
        install(before, raising(ending))


def raising(error):
    def build(interpreter):
        raise error

    return build


@pytest.mark.parametrize("name", ["llmecon.xlam", "llmecon.xlam.old", "venv.old"])
def test_what_cannot_be_replaced_is_kept(former, monkeypatch, name):
    real, failed = installation.os.replace, []

    def replace(source, target):
        if Path(target).name == name and not failed:  # the way back goes the same way
            failed.append(name)
            raise PermissionError(13, "Access is denied", str(target))
        real(source, target)

    monkeypatch.setattr(installation.os, "replace", replace)
    with unchanged(former), pytest.raises(OSError, match=f"{name}: Access is denied; all of it is undone"):
        install(former)
    assert failed


DENIED = {
    "CreateKeyEx": ("trusted location", r"CreateKeyEx Software\Microsoft\Office\16.0\Excel\Security\Trusted Locations"),
    "Path": ("trusted location", r"Location20 Path"),
    "Description": ("trusted location", r"Location20 Description"),
    "OPEN": ("registration", r"Options OPEN"),
}


@pytest.mark.parametrize("what", DENIED)
def test_a_registry_that_refuses_is_as_it_was(machine, what):
    step, machine.winreg.denied = DENIED[what][0], {DENIED[what][1]: PermissionError(5, "Access is denied", "registry")}
    number = list(installation.STEPS).index(step) + 1
    with (
        unchanged(machine),
        pytest.raises(OSError, match=f"step {number} of 4, {step}: registry: Access is denied; all of it is undone"),
    ):
        install(machine)


def test_what_resists_the_way_back_is_said_and_stays_in_the_journal(machine, monkeypatch):
    resisting = PermissionError(13, "Access is denied", "venv")
    monkeypatch.setattr(installation, "remove_tree", raising_when(lambda path: Path(path).name == "venv", resisting))
    with pytest.raises(OSError, match="disk full; llmecon addin uninstall removes what is left: venv: Access is denied"):
        install(machine, raising(OSError("disk full")))
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "winreg", machine.winreg)
    assert "environment" in [made.kind for made in Journal(machine.windows.journal).made]
    installation.uninstall(machine.windows)
    assert not machine.windows.home.exists()


def raising_when(condition, error):
    from addin.excel.journal import remove_tree

    def remove(path):
        if condition(path):
            raise error
        remove_tree(path)

    return remove


def test_the_old_environment_that_cannot_be_cleared_away_is_only_mentioned(former, monkeypatch, capsys):
    error = PermissionError(13, "Access is denied", "venv.old")
    held = raising_when(lambda path: Path(path).name == "venv.old" and Path(path).exists(), error)
    monkeypatch.setattr(installation, "remove_tree", held)
    assert install(former)["environment"] == "done"
    assert "could not be removed: venv.old: Access is denied" in capsys.readouterr().err
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "winreg", former.winreg)
    installation.uninstall(former.windows)
    assert not former.windows.home.exists()


KILLED = [*FAILURES, *DENIED, "build"]


@pytest.mark.parametrize("how", KILLED)
def test_after_a_death_half_way_both_commands_put_it_right(machine, monkeypatch, how):
    """Nothing is taken back by a process that is gone; the journal was ahead of it."""
    clean = machine.state()
    monkeypatch.setattr(installation.Installation, "take_back", lambda run, before: [])
    if how in FAILURES:
        machine.commands.answers = FAILURES[how][1]
    elif how in DENIED:
        machine.winreg.denied = {DENIED[how][1]: PermissionError(5, "dead")}
    with pytest.raises(OSError, match="step"):
        install(machine, raising(OSError("dead")) if how == "build" else build)
    machine.commands.answers, machine.winreg.denied = {}, {}
    assert install(machine)["environment"] in ("done", "was so already")
    assert registration.registered(machine.windows.registry, machine.windows.addin)
    installation.uninstall(machine.windows)
    assert machine.state() == clean


def test_uninstall_goes_on_after_a_failure_and_can_be_repeated(machine, monkeypatch):
    clean = machine.state()
    install(machine)
    machine.winreg.denied = {"DeleteKey": PermissionError(5, "Access is denied", "registry")}
    with pytest.raises(OSError, match=r"not all could be removed: registry: Access is denied.*; repeat this"):
        installation.uninstall(machine.windows)
    assert not machine.windows.environment.exists()
    assert machine.windows.journal.exists()
    machine.winreg.denied = {}
    installation.uninstall(machine.windows)
    assert machine.state() == clean


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"made": 3, "version": ""}'])
def test_without_a_readable_journal_what_can_only_be_ours_is_removed(machine, text):
    install(machine)
    machine.windows.journal.write_text(text, "utf-8")
    kinds = [made.kind for made in installation.uninstall(machine.windows)]
    assert kinds == ["registration", "trusted location", "file", "folder"]
    assert machine.windows.environment.exists()
    assert not machine.windows.addins.exists()
    with pytest.raises(RefusedError, match="something that this command did not make"):
        install(machine)


def test_excel_must_be_closed(machine):
    install(machine)
    machine.excel = True
    for command in (installation.install, installation.uninstall):
        with unchanged(machine), pytest.raises(RefusedError, match=r"Excel is open.*Task Manager"):
            command(machine.windows)


def replaced(machine, **fields):
    return windows.Windows(**(vars(machine.windows) | fields))


def test_the_stores_python_is_refused(machine):
    base = Path("/Program Files/WindowsApps/PythonSoftwareFoundation.Python.3.12_x64")
    with unchanged(machine), pytest.raises(RefusedError, match=r"Excel cannot see; install Python from python\.org"):
        installation.install(replaced(machine, base=base), build)


def test_a_path_that_vba_cannot_hold_is_refused(machine):
    with unchanged(machine), pytest.raises(RefusedError, match="code page lacks"):
        installation.install(replaced(machine, local=machine.root / "Łukasz"), build)


def test_the_environments_own_python_replaces_and_removes_nothing(machine):
    install(machine)
    inside = replaced(machine, python=machine.windows.interpreter)
    with unchanged(machine):
        assert set(dict(installation.install(inside, build)).values()) == {"was so already"}
        with pytest.raises(RefusedError, match="would have to remove itself"):
            installation.uninstall(inside)
        (machine.windows.environment / "facts.json").rename(machine.windows.environment / "gone.json")
        with pytest.raises(RefusedError, match="would have to replace itself"):
            installation.install(inside, build)
        (machine.windows.environment / "gone.json").rename(machine.windows.environment / "facts.json")


def test_an_environment_of_somebody_elses_is_left_alone(machine):
    machine.windows.environment.mkdir(parents=True)
    with unchanged(machine), pytest.raises(RefusedError, match="did not make; move it away"):
        install(machine)


@pytest.mark.parametrize(
    ("origin", "wanted"),
    [
        (None, f"llmecon[excel]=={__version__}"),
        ({"url": "https://x.test/llmecon.whl", "archive_info": {}}, "llmecon[excel] @ https://x.test/llmecon.whl"),
        (
            {"url": "https://x.test/r.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}, "subdirectory": "py"},
            "llmecon[excel] @ git+https://x.test/r.git@abc#subdirectory=py",
        ),
    ],
)
def test_the_environment_is_filled_from_where_this_one_came_from(machine, origin, wanted):
    machine.commands.origin = json.dumps(origin) if origin else None
    install(machine)
    assert machine.commands.wanted == wanted


def test_a_wheel_on_this_machine_is_taken_again_and_missed_where_it_is_gone(machine):
    wheel = machine.root / "my files" / "llmecon.whl"
    wheel.parent.mkdir()
    wheel.write_bytes(b"PK")
    machine.commands.origin = json.dumps({"url": wheel.as_uri(), "archive_info": {}})
    install(machine)
    assert machine.commands.wanted == f"llmecon[excel] @ {wheel.as_uri()}"
    assert install(machine)["environment"] == "was so already"
    installation.uninstall(machine.windows)
    wheel.unlink()
    with unchanged(machine), pytest.raises(RefusedError, match="it is gone; put it back"):
        install(machine)


def test_a_folder_of_sources_is_installed_each_time(machine):
    machine.commands.origin = json.dumps({"url": machine.root.as_uri(), "dir_info": {"editable": True}})
    install(machine)
    assert install(machine)["environment"] == "done"


def test_another_source_is_another_environment(machine):
    install(machine)
    machine.commands.origin = json.dumps({"url": "https://x.test/llmecon.whl", "archive_info": {}})
    assert install(machine)["environment"] == "done"


def test_what_is_not_installed_cannot_install(machine, monkeypatch):
    def missing(name):
        raise environment.PackageNotFoundError(name)

    monkeypatch.setattr(environment, "distribution", missing)
    with pytest.raises(RefusedError, match="pip install"):
        environment.requirement()


def test_the_commands_show_what_they_did(machine, monkeypatch, llmecon):
    monkeypatch.setattr(installation, "here", lambda command: machine.windows)
    first = llmecon("addin", "install")
    assert (first.status, first.out.count("done")) == (0, 4)
    assert "=COST_PER_MTOK(2.5,185)" in first.err
    (machine.windows.addins / "theirs.txt").write_text("theirs", "utf-8")
    last = llmecon("addin", "uninstall")
    assert last.status == 0
    assert str(machine.windows.addin) in last.out
    assert f"did not make: {machine.windows.addins}" in last.err
    again = llmecon("addin", "uninstall")
    assert (again.status, again.out, again.err) == (0, "", "llmecon: nothing is installed\n")


def test_an_environment_that_is_not_on_the_list_is_named(machine, monkeypatch, llmecon):
    monkeypatch.setattr(installation, "here", lambda command: machine.windows)
    machine.windows.environment.mkdir(parents=True)
    run = llmecon("addin", "uninstall")
    assert (run.status, machine.windows.environment.is_dir()) == (0, True)
    assert f"did not make: {machine.windows.environment}" in run.err


def test_the_commands_end_as_all_do(machine, monkeypatch, llmecon):
    monkeypatch.setattr(installation, "here", lambda command: machine.windows)
    machine.commands.answers = {"pip": Finished(1, "", "ERROR: no network")}
    failed = llmecon("addin", "install")
    assert (failed.status, failed.out) == (74, "")
    assert failed.err.endswith("step 1 of 4, environment: pip ended with status 1: ERROR: no network; all of it is undone\n")
    machine.excel = True
    assert llmecon("addin", "install").status == 2


@pytest.mark.parametrize("command", ["install", "uninstall"])
def test_elsewhere_one_line_says_what_applies(llmecon, command):
    run = llmecon("addin", command)
    assert (run.status, run.out, run.err.count("\n")) == (2, "", 1)
    assert "llmecon addin libreoffice" in run.err


def test_a_mac_has_its_own_line():
    assert "officejs" in windows.instead("darwin")
    assert "libreoffice" in windows.instead("linux")


def test_this_windows_is_found_by_its_variables(monkeypatch, tmp_path):
    monkeypatch.setattr(windows, "is_windows", lambda: True)
    monkeypatch.setitem(sys.modules, "winreg", Winreg())
    found = windows.here("install", {"LOCALAPPDATA": str(tmp_path), "APPDATA": str(tmp_path / "Roaming")})
    assert found.home == tmp_path / "llmecon"
    assert found.python == Path(sys.executable)
    with pytest.raises(RefusedError, match="APPDATA is not set"):
        windows.here("install", {"LOCALAPPDATA": str(tmp_path)})


def test_a_command_is_run_to_its_end():
    done = windows.run([sys.executable, "-c", "import sys; print('ö'); sys.exit(3)"], 60)
    assert (done.status, done.err) == (3, "")
    with pytest.raises(TimeoutError, match="had not ended after 0 seconds"):
        windows.run([sys.executable, "-c", "import time; time.sleep(60)"], 0.2)


@pytest.mark.parametrize(("window", "runs"), [(0, False), (1234, True)])
def test_excel_is_known_by_its_window(monkeypatch, window, runs):
    import ctypes
    from types import SimpleNamespace

    asked = []
    user32 = SimpleNamespace(FindWindowW=lambda *names: asked.append(names) or window)
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(user32=user32), raising=False)
    assert windows.excel_runs() is runs
    assert asked == [("XLMAIN", None)]


def test_the_code_page_decides_which_paths_can_be_used():
    import codecs

    def mbcs(name):
        return codecs.lookup("cp1252") if name == "mbcs" else None

    codecs.register(mbcs)
    try:
        assert windows.fits_the_code_page(Path("Müller"))
        assert not windows.fits_the_code_page(Path("Łukasz"))
    finally:
        codecs.unregister(mbcs)


def test_the_registry_reads_and_writes_as_winreg_does(machine):
    registry, key = Registry(), r"HKCU\Software\Some\Key"
    assert registry.values(key) == {}
    assert registry.subkeys(key) == []
    assert registry.missing(key) == [r"HKCU\Software\Some", key]
    registry.create(key)
    assert registry.missing(key) == []
    registry.set(key, "Text", "x")
    registry.set(key, "Number", 1)
    assert (registry.get(key, "TEXT"), registry.get(key, "number"), registry.get(key, "none")) == ("x", 1, None)
    machine.winreg.write(key, Variable=("%APPDATA%\\x", 2))
    assert registry.get(key, "Variable") == f"{machine.windows.roaming}\\x"
    assert registry.values(key)["Variable"].data == "%APPDATA%\\x"
    registry.delete(key, "Text")
    registry.delete(key, "Text")
    registry.delete_key(r"HKCU\Software\Some")
    assert registry.missing(key) == []
    registry.delete_key(key)
    registry.delete_key(key)
    assert registry.missing(key) == [key]

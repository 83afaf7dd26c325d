"""How runs end: each failure its exit status, no traceback for anybody, whole streams or none."""

import errno
import os
import signal
import subprocess
import sys

import pytest

from addin.cli import functions
from workbook_templates.reading import RefusedFileError

WAITING = """
import time
import addin.cli.functions

def call(*args):
    try:
        print("ready", flush=True)
        time.sleep(60)
    finally:
        print("cleaned up", flush=True)

addin.cli.functions.call = call
from addin.cli import main
main()
"""

posix = pytest.mark.skipif(os.name != "posix", reason="Windows ends processes otherwise")


@pytest.fixture
def failing(llmecon, monkeypatch):
    """Runs a command whose work ends in the given way."""

    def run(ending):
        def call(*args):
            raise ending

        monkeypatch.setattr(functions, "call", call)
        return llmecon("call", "LAYER_FLOPS")

    return run


@pytest.mark.parametrize(
    ("ending", "status", "line"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "out.xlsx"), 74, "llmecon: out.xlsx: No space left on device\n"),
        (PermissionError(errno.EACCES, "Permission denied", "out.xlsx"), 74, "llmecon: out.xlsx: Permission denied\n"),
        (RefusedFileError("EMPTY", "a.xlsx", "is empty", "fetch it"), 2, "llmecon: EMPTY: a.xlsx: is empty; fetch it\n"),
        (ImportError("No module named 'numpy'"), 70, "llmecon: the installation is broken: No module named 'numpy'\n"),
        (KeyboardInterrupt(), 130, ""),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 141, ""),
    ],
)
def test_every_ending_has_one_line_and_one_status(failing, ending, status, line):
    run = failing(ending)
    assert (run.status, run.out, run.err) == (status, "", line)


def test_a_fault_of_ours_is_logged_under_the_id_that_is_told(failing, tmp_path):
    run = failing(ZeroDivisionError("seeded"))
    assert run.status == 70
    assert run.err.count("\n") == 1
    assert "Traceback" not in run.err
    told = run.err.split("ours, ")[1].split()[0]
    log = (tmp_path / "faults.log").read_text()
    assert told in log
    assert "ZeroDivisionError: seeded" in log


def test_a_fault_whose_log_cannot_be_written_says_how_to_see_it(failing, tmp_path):
    (tmp_path / "faults.log").mkdir()
    run = failing(ZeroDivisionError("seeded"))
    assert run.status == 70
    assert "LLMECON_DEBUG=1" in run.err


def test_a_traceback_is_shown_to_whom_asks_for_it(failing, monkeypatch):
    monkeypatch.setenv("LLMECON_DEBUG", "1")
    run = failing(ZeroDivisionError("seeded"))
    assert run.status == 70
    assert "ZeroDivisionError: seeded" in run.err


def test_a_fault_inside_a_function_is_an_error_value_and_no_success(llmecon, monkeypatch):
    def evaluate(spec, args):
        raise ZeroDivisionError("seeded")

    monkeypatch.setattr(functions, "evaluate", evaluate)
    run = llmecon("call", "--json", "LAYER_FLOPS", "1", "1")
    assert run.status == 70
    assert run.document["error"] == "#VALUE!"
    assert run.document["reason"].split()[-1] in run.err


@posix
@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130)])
def test_a_signal_ends_the_work_after_its_cleaning_up(start, name, status):
    process = start("-c", WAITING, "call", "X")
    assert process.stdout.readline() == "ready\n"
    process.send_signal(getattr(signal, name))
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (status, "cleaned up\n", "")


@posix
def test_a_signal_that_is_ignored_stays_ignored(start):
    process = start("-c", "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + WAITING, "call", "X")
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.2)


@posix
def test_a_reader_that_goes_away_is_not_spoken_of(start):
    read, write = os.pipe()
    process = start("-m", "addin.cli", "functions", stdout=write)
    os.close(write)
    os.close(read)
    assert (process.communicate()[1], process.returncode) == ("", 141)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no full device")
@pytest.mark.parametrize("words", ["functions --json", "--help", "templates"])
def test_a_full_disk_is_an_io_error(start, words):
    with open("/dev/full", "w") as full:
        process = start("-m", "addin.cli", *words.split(), stdout=full)
        _, err = process.communicate()
    assert (process.returncode, err) == (74, "llmecon: No space left on device\n")


@posix
def test_nobody_listening_on_stderr_changes_nothing(start):
    words = f"exec '{sys.executable}' -m addin.cli call KV_BYTES -1 16 8 64 2>&-"
    process = start("-c", "import os, sys; os.execl('/bin/sh', 'sh', '-c', sys.argv[1])", words)
    assert (process.communicate(), process.returncode) == (("#NUM!\n", ""), 0)


@posix
def test_a_terminal_gets_a_table_that_fits(start):
    import pty

    outer, inner = pty.openpty()
    process = start("-m", "addin.cli", "functions", stdout=inner, env={"COLUMNS": "80", "TERM": "dumb"})
    os.close(inner)
    printed = b""
    try:
        while chunk := os.read(outer, 65536):
            printed += chunk
    except OSError:  # how Linux says that the terminal is closed
        pass
    os.close(outer)
    lines = printed.decode().splitlines()
    assert process.wait() == 0
    assert "function" in lines[1]
    assert any("[bytes_per_value]" in line for line in lines)
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("locale", ["C", "en_US.ISO-8859-1"])
def test_any_locale_prints(start, locale):
    env = {"LC_ALL": locale, "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    process = start("-m", "addin.cli", "functions", env=env)
    assert process.communicate()[1] == ""
    assert process.returncode == 0


def test_help_needs_neither_numpy_nor_a_reader_of_workbooks(start):
    script = "import sys\nfrom addin.cli import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    process = start("-c", script, "--help")
    out, modules = process.communicate()
    assert "Usage: llmecon" in out
    heavy = {"numpy", "openpyxl", "lxml", "formualizer", "pandas", "pycalc", "workbook_templates", "pydantic", "rich"}
    assert not heavy & set(modules.split())


@pytest.mark.parametrize(
    "words",
    [("run", "b.xlsx", "--scenarios", "s.csv", "-o", "o.csv"), ("sweep", "KV_BYTES", "--table", "t.csv", "-o", "o.csv")],
)
def test_where_python_has_no_locks_and_limits_batches_say_so(start, words):
    """As on Windows."""
    script = "import sys\nsys.modules.update(fcntl=None, resource=None)\nfrom addin.cli import main\nmain()"
    process = start("-c", script, *words)
    assert process.communicate() == ("", "llmecon: this command needs Linux or macOS; on Windows run it in WSL\n")
    assert process.returncode == 2


def test_where_python_has_no_locks_and_limits_all_else_works(start):
    script = "import sys\nsys.modules.update(fcntl=None, resource=None)\nfrom addin.cli import main\nmain()"
    process = start("-c", script, "check", "missing.xlsx")
    assert process.communicate()[1].startswith("llmecon: MISSING: missing.xlsx: ")
    assert process.returncode == 2

"""How a run of the command line ends: each kind of failure has one line and one exit status.

0 done; 2 refused (usage, arguments, a file); 3 done, with findings; 70 a fault of ours, logged
under an id; 74 reading or writing failed; 75 another run has the output; 128+n stopped by a signal.  Never 1, which Python and
shells use for anything.  LLMECON_DEBUG=1 prints the traceback besides.
"""

import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import IntEnum
from types import FrameType
from typing import Any

import typer

from addin.cli.output import note
from addin.faults import FaultLog, log_path


class Status(IntEnum):
    """Exit statuses, those above 64 as in sysexits.h."""

    DONE = 0
    REFUSED = 2
    FINDINGS = 3
    FAULT = 70
    IO_ERROR = 74
    BUSY = 75
    INTERRUPTED = 128 + 2
    READER_GONE = 128 + 13


UNIX_ONLY = ("fcntl", "resource")
"""What Python has not on Windows: locks that end with their process, and limits of memory."""


class RefusedError(Exception):
    """What was asked cannot be done as asked; the message says why and what would do."""


class Stopped(BaseException):
    """A signal asked the process to end; raised so that half-written files are removed on the way out."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.status = 128 + number


def run(args: Sequence[str]) -> int:
    """Run one command line in this process and return its exit status."""
    from addin.cli.app import command

    try:
        status = _invoke(command(), list(args) or ["--help"])
        if sys.stdout:
            sys.stdout.flush()
    except BaseException as ending:
        if os.environ.get("LLMECON_DEBUG"):
            with suppress(OSError):
                traceback.print_exception(ending)
        return _status_of(ending)
    return status


def _invoke(command: Any, args: list[str]) -> int:
    try:
        with command.make_context("llmecon", args) as context:
            command.invoke(context)
    except typer.Exit as done:
        return done.exit_code
    return Status.DONE


def _status_of(ending: BaseException) -> int:
    """The one place where an exception becomes an exit status and a line for the user."""
    match ending:
        case typer.TyperException():
            return _refuse(_usage(ending))
        case RefusedError():
            return _refuse(f"llmecon: {ending}")
        case Stopped():
            return ending.status
        case KeyboardInterrupt():
            return Status.INTERRUPTED
        case BrokenPipeError():
            return Status.READER_GONE
        case OSError():
            name = f"{ending.filename}: " if ending.filename else ""
            note(f"llmecon: {name}{ending.strerror or ending}")
            return Status.IO_ERROR
        case ImportError(name=name) if name in UNIX_ONLY:
            return _refuse("llmecon: this command needs Linux or macOS; on Windows run it in WSL")
        case ImportError():
            note(f"llmecon: the installation is broken: {ending}")
            return Status.FAULT
    from workbook_templates.headless.batch import BusyError

    if isinstance(ending, BusyError):
        note(f"llmecon: {ending}")
        return Status.BUSY
    return _refuse(f"llmecon: {ending}") if isinstance(ending, _refusals()) else _fault(ending)


def _refusals() -> tuple[type[Exception], ...]:
    """What the packages below raise where a user's value or file is not as it must be."""
    from pycalc.errors import CalcError
    from workbook_templates.overrides import RefusedOverrideError
    from workbook_templates.reading import RefusedFileError
    from workbook_templates.registry import UnknownTemplateError

    return CalcError, RefusedFileError, RefusedOverrideError, UnknownTemplateError


def _refuse(line: str) -> int:
    note(line)
    return Status.REFUSED


def _usage(misuse: typer.TyperException) -> str:
    """What was typed wrongly, in one line that says where help is."""
    context = getattr(misuse, "ctx", None)
    path = context.command_path if context else "llmecon"
    message = " ".join(misuse.format_message().replace("Value error, ", "").split())
    return f"{path}: {message} (see {path} --help)"


def _fault(bug: BaseException) -> int:
    from pycalc.cells import bug_id

    log = FaultLog()
    logger = logging.getLogger(__name__)
    logger.addHandler(log)
    logger.propagate = False
    logger.error("%s: %s", bug_id(bug), sys.argv[1:], exc_info=bug)
    logger.removeHandler(log)
    where = f"logged in {log_path()}" if log.written else "run it again with LLMECON_DEBUG=1 to see where"
    note(f"llmecon: a fault of ours, {bug_id(bug)} ({type(bug).__name__}); {where}")
    return Status.FAULT


def at_process_level(work: Callable[[], int]) -> int:
    """Run with the process's own signals, log and streams set up, and let it end without Python's last words."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # SIGHUP is not known on Windows; nohup ignores it
        if number and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _stop)
    logging.getLogger().addHandler(FaultLog())
    if sys.stdout:
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    status = work()
    if status in (Status.READER_GONE, Status.IO_ERROR):
        _abandon_stdout()
    return status


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped(number)


def _abandon_stdout() -> None:
    """What stdout still holds cannot be written: keep Python from trying, and complaining, at exit."""
    with suppress(OSError, AttributeError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

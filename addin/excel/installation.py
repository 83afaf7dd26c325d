"""``llmecon addin install`` and ``uninstall``: Excel on Windows made ready in four steps, and each of them undone.

A step writes into the journal what it is about to make, and hands over how to take it back, so
that an installation that fails, or is stopped, leaves what was there before: also an older
version of ours.  Each step looks first whether there is anything to do.  None of this was run
on Windows, see `addin.excel.windows`.
"""

import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TypeAlias

from addin.cli.output import note, print_table
from addin.cli.status import RefusedError, Status
from addin.excel import environment, registration
from addin.excel.journal import REMOVE, Journal, Made, is_gone, kept, new, remove_empty, remove_file, remove_tree
from addin.excel.windows import Windows, from_store, here
from pycalc.version import __version__

Build: TypeAlias = Callable[[str], bytes]
Undo: TypeAlias = Callable[[], object]

DONE, ALREADY = "done", "was so already"
EXCEL_IS_OPEN = (
    "Excel is open, and would write its own list of add-ins when it ends; close it, "
    "and where no window is to be seen end EXCEL.EXE in the Task Manager, then repeat this"
)


def build_addin(interpreter: str) -> bytes:
    """The add-in that starts this interpreter."""
    from addin.excel.xlam import build

    return build(interpreter)


class Installation:
    """One run: the machine, its journal, how to take back what was done so far, and what to clear away at its end."""

    def __init__(self, windows: Windows, build: Build) -> None:
        self.windows, self.build = windows, build
        self.journal = Journal(windows.journal)
        self.undo: list[Undo] = []
        self.tidy: list[Undo] = []

    def folder(self, path: Path) -> None:
        """Make a folder, and those above it, each of them recorded."""
        for each in (*reversed(path.parents), path):
            if not each.exists():
                self.journal.record("folder", each)
                each.mkdir()
                self.undo.append(partial(remove_empty, each))

    def key(self, key: str) -> None:
        """Make a registry key, and those above it, each of them recorded."""
        registry = self.windows.registry
        for each in registry.missing(key):
            self.journal.record("key", each)
            registry.create(each)
            self.undo.append(partial(registry.delete_key, each))

    def set_aside(self, path: Path, remove: Callable[[Path], object]) -> None:
        """Keep what is to be replaced until all is done, and bring it back where it is not."""
        remove(kept(path))
        if path.exists():
            os.replace(path, kept(path))
            self.tidy.append(partial(remove, kept(path)))
            self.undo.append(partial(os.replace, kept(path), path))
        self.undo.append(partial(remove, path))

    def take_back(self, before: list[Made]) -> list[str]:
        """Undo all, the last first; the journal then is as it was, unless something resisted, which is returned."""
        failures = attempts(reversed(self.undo))
        if not failures:
            self.journal.restore(before)
            remove_empty(self.windows.home)
        return failures


def attempts(actions: Iterable[Undo]) -> list[str]:
    """Do all of these, whichever fails; what failed, in words."""
    failures = []
    for action in actions:
        try:
            action()
        except OSError as failure:
            failures.append(reason(failure))
    return failures


def make_environment(run: Installation) -> str:
    """The environment, made anew unless the right one is there."""
    windows = run.windows
    if environment.is_current(windows):
        return ALREADY
    wanted = environment.requirement()
    note(f"llmecon: making {windows.environment}; pip fetches what it needs, which takes a minute or a few")
    run.journal.record("environment", windows.environment)
    run.set_aside(windows.environment, remove_tree)
    environment.make(windows, wanted)
    return DONE


def make_addin(run: Installation) -> str:
    """The add-in, built on this machine: it holds the machine's paths, and is no download that Windows blocks."""
    addin = run.windows.addin
    run.folder(addin.parent)
    run.journal.record("file", addin)
    built = run.build(str(run.windows.interpreter))
    if addin.is_file() and addin.read_bytes() == built:
        return ALREADY
    run.undo.append(partial(remove_file, new(addin)))
    new(addin).write_bytes(built)
    run.set_aside(addin, remove_file)
    os.replace(new(addin), addin)
    return DONE


def trust_folder(run: Installation) -> str:
    """The folder of the add-in, and no other, trusted by Excel."""
    registry, folder = run.windows.registry, run.windows.addins
    if registration.trusted(registry, folder):
        return ALREADY
    run.key(registration.TRUSTED)
    run.journal.record("trusted location", folder)
    run.undo.append(partial(registration.untrust, registry, folder))
    registration.trust(registry, folder)
    return DONE


def register(run: Installation) -> str:
    """The add-in on the list of those that Excel opens."""
    registry, addin = run.windows.registry, run.windows.addin
    run.key(registration.OPTIONS)
    run.journal.record("registration", addin)
    if registration.registered(registry, addin):
        return ALREADY
    run.undo.append(partial(registration.unregister, registry, addin))
    registration.register(registry, addin)
    return DONE


STEPS: dict[str, Callable[[Installation], str]] = {
    "environment": make_environment,
    "add-in": make_addin,
    "trusted location": trust_folder,
    "registration": register,
}


def install(windows: Windows, build: Build = build_addin) -> list[tuple[str, str]]:
    """Take all steps, or none: what each did; an error says at which it stopped, with all undone."""
    refuse_where_in_vain(windows)
    windows.home.mkdir(parents=True, exist_ok=True)
    run = Installation(windows, build)
    before, outcomes, at = list(run.journal.made), [], ""
    try:
        for number, (name, step) in enumerate(STEPS.items(), 1):
            at = f"step {number} of {len(STEPS)}, {name}"
            outcomes.append((name, step(run)))
        run.journal.finish(__version__)
    except BaseException as failure:
        left = run.take_back(before)
        undone = f"llmecon addin uninstall removes what is left: {'; '.join(left)}" if left else "all of it is undone"
        if isinstance(failure, RefusedError):
            raise RefusedError(f"{at}: {failure}; {undone}") from failure
        if isinstance(failure, OSError):
            raise OSError(f"{at}: {reason(failure)}; {undone}") from failure
        note(f"llmecon: stopped at {at}; {undone}")
        raise
    for failed in attempts(run.tidy):
        note(f"llmecon: what was replaced could not be removed: {failed}")
    return outcomes


def reason(failure: BaseException) -> str:
    """What an error says, with the file that it is about."""
    if isinstance(failure, OSError) and failure.filename:
        return f"{failure.filename}: {failure.strerror}"
    return str(failure)


def refuse_where_in_vain(windows: Windows) -> None:
    """What would fail in Excel, or could not be undone, is not begun."""
    if windows.excel_runs():
        raise RefusedError(EXCEL_IS_OPEN)
    if from_store(windows.base):
        raise RefusedError(
            f"{windows.base}: what a Python of the Microsoft Store writes, Excel cannot see; "
            "install Python from python.org and llmecon with it"
        )
    if not windows.fits_the_code_page(windows.environment):
        raise RefusedError(
            f"{windows.environment}: Windows' code page lacks a character of this path, so Excel's macros cannot use it; "
            "the add-in that llmecon addin officejs writes can"
        )
    if windows.environment in windows.python.parents and not environment.is_current(windows):
        raise RefusedError(f"{windows.python} would have to replace itself; run this with the Python that you installed")
    ours = Made("environment", str(windows.environment)) in Journal(windows.journal).made
    if windows.environment.exists() and not ours:
        raise RefusedError(f"{windows.environment}: there is something that this command did not make; move it away")


def uninstall(windows: Windows) -> list[Made]:
    """Undo what the journal holds, the last first; what is gone is returned."""
    if windows.excel_runs():
        raise RefusedError(EXCEL_IS_OPEN)
    if windows.environment in windows.python.parents:
        raise RefusedError(f"{windows.python} would have to remove itself; run this with the Python that you installed")
    journal = Journal(windows.journal)
    made = list(reversed(journal.made or _unmistakable(windows)))
    if failures := attempts(partial(REMOVE[each.kind], windows, each.where) for each in made):
        raise OSError(f"not all could be removed: {'; '.join(failures)}; repeat this when the cause is gone")
    journal.remove()
    remove_empty(windows.home)
    return [each for each in made if is_gone(windows, each)]


def _unmistakable(windows: Windows) -> list[Made]:
    """Where the journal is gone: what can only be ours. The environment is not among it, somebody may work in it."""
    registry, addin = windows.registry, windows.addin
    found = {
        Made("folder", str(windows.addins)): windows.addins.is_dir(),
        Made("file", str(addin)): addin.is_file(),
        Made("trusted location", str(windows.addins)): registration.trusted(registry, windows.addins),
        Made("registration", str(addin)): registration.listed(registry, addin),
    }
    return [made for made, there in found.items() if there]


def command_install() -> int:
    """Install, show what was done, and what to do now."""
    windows = here("install")
    outcomes = install(windows)
    places = {"environment": windows.environment, "add-in": windows.addin, "trusted location": windows.addins}
    rows = [(name, outcome, str(places.get(name, windows.addin))) for name, outcome in outcomes]
    print_table(("step", "outcome", "where"), rows)
    note("llmecon: start Excel and type =COST_PER_MTOK(2.5,185) in a cell: 3.7538; llmecon addin doctor finds what is wrong")
    return Status.DONE


def command_uninstall() -> int:
    """Uninstall, show what was removed and what was left."""
    windows = here("uninstall")
    outcomes = uninstall(windows)
    if not outcomes and not windows.environment.exists():
        note("llmecon: nothing is installed")
        return Status.DONE
    print_table(("removed", "where"), outcomes)
    for path in (windows.environment, windows.addins, windows.home):
        if path.exists():
            note(f"llmecon: left, since it holds what install did not make: {path}")
    return Status.DONE

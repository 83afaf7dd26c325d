"""The command that computes a workbook for every row of a table."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from addin.cli.output import note
from addin.cli.status import RefusedError, Status
from addin.cli.workbooks import require_place
from workbook_templates.headless.batch.run import Options, Progress, Report, Summary, quarantine_path
from workbook_templates.headless.batch.run import run as compute
from workbook_templates.headless.tables import KINDS

SECONDS_BETWEEN_LINES = 5.0
MOST_WORKERS = 512


def run(book: Path, scenarios: Path, out: Path, outputs: str | None, options: Options) -> Status:
    """Every scenario's results in one file, what could not be computed in another."""
    require_result(out, (book, scenarios))
    with progress() as report:
        summary = compute(book, scenarios, out, outputs, options, report)
    if summary.note:
        note(f"llmecon: {summary.note}")
    print(_shown(out, summary))
    return Status.FINDINGS if summary.lost else Status.DONE


def options(engine: str, workers: int | None, row_seconds: float, dask: str | None, workbooks: Path | None) -> Options:
    """What was typed; refused where it makes no sense."""
    if workers is not None and not 1 <= workers <= MOST_WORKERS:
        raise RefusedError(f"--workers is {workers}; it must be a whole number from 1 to {MOST_WORKERS}")
    if not row_seconds > 0:
        raise RefusedError(f"--row-seconds is {row_seconds:g}; it must be a number above 0")
    given = {} if workers is None else {"workers": workers}
    return Options(engine, row_seconds=row_seconds, dask=dask, workbooks=workbooks, **given)


def _shown(out: Path, summary: Summary) -> str:
    lost = f", {summary.lost:,} quarantined in {quarantine_path(out)}" if summary.lost else ""
    before = ", complete already" if summary.was_complete else ""
    return f"{out}: {summary.rows:,} scenarios by {summary.engine}{lost}{before}"


def require_result(out: Path, sources: tuple[Path, ...]) -> None:
    """Refuse a result of another kind, or in the place of what it is made from."""
    if out.suffix.lower() not in KINDS:
        raise RefusedError(f"{out}: the name of this file must end in {', '.join(KINDS[:-1])} or {KINDS[-1]}")
    require_place(out, out.suffix)
    for source in sources:
        if out.exists() and source.exists() and out.samefile(source):
            raise RefusedError(f"{out}: is read by this command; give the result another name")


@contextmanager
def progress() -> Iterator[Report]:
    """Reports on stderr: a bar on a terminal, elsewhere a line now and then."""
    if sys.stderr is not None and sys.stderr.isatty():
        with _bar() as report:
            yield report
    else:
        yield _lines()


def _lines() -> Report:
    last = time.monotonic()

    def report(state: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= SECONDS_BETWEEN_LINES or state.done == state.total:
            last = time.monotonic()
            note(f"llmecon: {state.done:,} of {state.total:,} scenarios, {state.lost:,} quarantined")

    return report


@contextmanager
def _bar() -> Iterator[Report]:
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.BarColumn(),
        rich.MofNCompleteColumn(),
        rich.TextColumn("{task.description}"),
        rich.TimeRemainingColumn(),
    )
    with rich.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("scenarios", total=None)

        def report(state: Progress) -> None:
            words = f"scenarios, {state.lost:,} quarantined" if state.lost else "scenarios"
            bar.update(task, completed=state.done, total=state.total, description=words)

        yield report

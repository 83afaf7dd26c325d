"""A batch from end to end: read and bound, computed in shards, published whole.

What is published is the output, then the file of quarantined rows, then the manifest, which
alone makes the run complete.  Whatever stops the process before, the next run goes on from the
shards that are on the disk, and gives the bytes that an undisturbed run would give.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

from pycalc.version import __version__
from workbook_templates.headless.batch.binding import Input, Places, bound_inputs, bound_outputs
from workbook_templates.headless.batch.cluster import Cluster, workers
from workbook_templates.headless.batch.pool import Pool
from workbook_templates.headless.batch.repeatable import require_repeatable
from workbook_templates.headless.batch.results import write_quarantine, writer_for
from workbook_templates.headless.batch.scenario_books import ScenarioBooks
from workbook_templates.headless.batch.shards import Lost, Shard
from workbook_templates.headless.batch.store import Store, sync_folder
from workbook_templates.headless.batch.task import Feed
from workbook_templates.headless.batch.worker import Job
from workbook_templates.headless.scenarios import Place
from workbook_templates.headless.tables import Survey, Table, open_table, survey
from workbook_templates.headless.tables.parquet_table import arrow
from workbook_templates.reading import Package, RefusedFileError, open_package
from workbook_templates.rules.book import Book

FORMAT = 1
"""Of shards and manifests; a change makes those of earlier versions stale."""
MEMORY = 2 << 30
ROW_SECONDS = 20.0
SHEET_ROWS, SHEET_COLUMNS = 1_048_576, 16_384


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is: rows done, of how many, and how many of these are quarantined."""

    done: int
    total: int
    lost: int


Report: TypeAlias = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How to compute; none of it changes the result but the engine."""

    engine: str = "auto"
    workers: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    row_seconds: float = ROW_SECONDS
    memory: int = MEMORY
    dask: str | None = None
    """The address of a Dask scheduler, to compute there."""
    workbooks: Path | None = None
    """A folder for one workbook per scenario."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a batch came to."""

    rows: int
    lost: int
    engine: str
    note: str
    was_complete: bool


def quarantine_path(out: Path) -> Path:
    """Where the rows without results are listed."""
    return out.with_name(f"{out.name}.quarantine.csv")


def manifest_path(out: Path) -> Path:
    """What says of which inputs an output is the result."""
    return out.with_name(f"{out.name}.manifest.json")


def run(book: Path, scenarios: Path, out: Path, outputs: str | None, options: Options, report: Report) -> Summary:
    """Compute the workbook for every row of the table; raises `RefusedFileError`, `BusyError` or OSError."""
    table = open_table(scenarios)
    package = open_package(book)
    places = Places(Book(package))
    inputs = bound_inputs(places, table.file, table.columns)
    found = bound_outputs(places, outputs)
    require_repeatable(places.book, {place for column in inputs for place in column.places}, found.values())
    _require_room(out, table, inputs, found)
    with Store(out) as store:
        batch = _Batch(package, table, inputs, found, out, options, store)
        return batch.published() or batch.computed(report)


def _require_room(out: Path, table: Table, inputs: Sequence[Input], outputs: Mapping[str, Place]) -> None:
    """Refuse before computing what the result's file could not hold, or its rows could not be told by."""
    if out.suffix.lower() == ".parquet":
        arrow(str(out))
    taken = {column.column.casefold() for column in inputs} | {table.columns[0].casefold()}
    twice = next((heading for heading in outputs if heading.casefold() in taken), None)
    if twice is not None:
        cure = "leave it out of --outputs, or out of the table"
        raise RefusedFileError("DUPLICATE_COLUMN", table.file, f"{twice} is a column of the table and an output", cure)
    if out.suffix.lower() == ".xlsx" and len(table.columns) + len(outputs) > SHEET_COLUMNS:
        raise RefusedFileError("TOO_MANY_COLUMNS", str(out), f"over {SHEET_COLUMNS:,} columns", "name fewer --outputs")


class _Batch:
    def __init__(
        self,
        package: Package,
        table: Table,
        inputs: Sequence[Input],
        outputs: dict[str, Place],
        out: Path,
        options: Options,
        store: Store,
    ) -> None:
        self.package, self.table, self.inputs, self.outputs = package, table, inputs, outputs
        self.out, self.options, self.store = out, options, store
        self.headings = [*table.columns, *outputs]
        places = [place for column in inputs for place in column.places]
        self.books = ScenarioBooks(package, places, options.workbooks) if options.workbooks else None
        known = set(outputs.values())
        self.hidden = [place for place in self.books.formulas if place not in known] if self.books else []
        """Outputs that only the workbooks show."""
        self.sources = {
            "book": {"name": Path(package.file).name, "sha256": hashlib.sha256(package.content).hexdigest()},
            "scenarios": {"name": Path(table.file).name, "sha256": table.digest()},
        }
        self.plan = self._plan()

    def _plan(self) -> str:
        """The digest of all that the bytes of the result depend on."""
        parts = {
            "format": FORMAT,
            "llmecon": __version__,
            "engines": [version(name) for name in ("formualizer", "numpy")],
            "engine": self.options.engine,
            "limits": [self.options.row_seconds, self.options.memory],
            "sources": [source["sha256"] for source in self.sources.values()],
            "headings": self.headings,
            "outputs": [*self.outputs.values(), *self.hidden],
            "kind": self.out.suffix.lower(),
        }
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def published(self) -> Summary | None:
        """The result, if an earlier run of the same plan has published it and it is untouched."""
        try:
            stored = json.loads(manifest_path(self.out).read_bytes())
            if stored["plan"] != self.plan:
                return None
            for name, digest in stored["files"].items():
                with self.out.with_name(name).open("rb") as file:
                    if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                        return None
            counts = stored["rows"]
            if self.books and len(list(self.books.folder.glob("*.xlsx"))) < counts["computed"]:
                return None
            self.store.remove()  # what a run that was stopped at its very end has left
            return Summary(counts["computed"], counts["quarantined"], stored["engine"], stored["note"], True)
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            return None

    def computed(self, report: Report) -> Summary:
        walked = survey(self.table)
        if self.out.suffix.lower() == ".xlsx" and walked.rows >= SHEET_ROWS:
            reason = f"a sheet does not hold {walked.rows:,} rows"
            raise RefusedFileError("TOO_MANY_ROWS", str(self.out), reason, "take .csv or .parquet")
        done = self.store.resume(self.plan)
        job = Job(
            self.package.file,
            self.package.content,
            self.options.engine,
            [column.places for column in self.inputs],
            [*self.outputs.values(), *self.hidden],
            self.options.memory,
        )
        with workers(job, self.options.dask, self.options.workers, self.options.row_seconds) as pool:
            ready = pool.start()
            self._compute(pool, Feed(self.table, self.inputs, walked, done), walked, report)
        if self.table.digest() != self.sources["scenarios"]["sha256"]:
            raise RefusedFileError("CHANGED", self.table.file, "was changed while it was read", "run it again")
        return self._publish(walked, ready.engine, ready.note)

    def _compute(self, pool: Pool | Cluster, feed: Feed, walked: Survey, report: Report) -> None:
        before = list(self.store.shards(self.plan))
        done, lost = sum(shard.stop - shard.start for shard in before), sum(len(shard.lost) for shard in before)
        report(Progress(done, walked.rows, lost))
        for answer in pool.run(feed):
            task, failed = answer.task, answer.failed
            shard = task.failed(failed.code, failed.reason) if failed else task.shard(answer.outputs)
            self.store.save(shard, self.plan)
            done, lost = done + shard.stop - shard.start, lost + len(shard.lost)
            report(Progress(done, walked.rows, lost))

    def _publish(self, walked: Survey, engine: str, note: str) -> Summary:
        """Write all, then give it its names: the output first, the manifest last."""
        output, quarantine = self.store.draft("output"), self.store.draft("quarantine")
        writer_for(self.out.suffix)(output, self.headings, self._shown)
        self._write_books()
        lost = sum(len(shard.lost) for shard in self.store.shards(self.plan))
        write_quarantine(quarantine, self._lost())
        places = {output: self.out} | ({quarantine: quarantine_path(self.out)} if lost else {})
        manifest = {
            "plan": self.plan,
            "llmecon": __version__,
            "engine": engine,
            "note": note,
            "rows": {"computed": walked.rows - lost, "quarantined": lost},
            **self.sources,
            "inputs": {column.column: ", ".join(map("!".join, column.places)) for column in self.inputs},
            "outputs": {heading: "!".join(place) for heading, place in self.outputs.items()},
            "files": {place.name: _synced_digest(draft) for draft, place in places.items()},
        }
        draft = self.store.draft("manifest")
        draft.write_bytes(_json(manifest))
        _synced_digest(draft)
        for source, target in places.items():
            source.replace(target)
        if not lost:
            quarantine_path(self.out).unlink(missing_ok=True)
        sync_folder(self.out.parent)
        draft.replace(manifest_path(self.out))
        sync_folder(self.out.parent)
        self.store.remove()
        return Summary(walked.rows - lost, lost, engine, note, False)

    def _shown(self) -> Iterator[Shard]:
        """The shards without what only the workbooks show."""
        for shard in self.store.shards(self.plan):
            yield replace(shard, columns=shard.columns[: len(self.headings) - 1])

    def _write_books(self) -> None:
        if self.books is None:
            return
        self.books.folder.mkdir(exist_ok=True)
        filled = [*(column.places for column in self.inputs), *((place,) for place in (*self.outputs.values(), *self.hidden))]
        for shard in self.store.shards(self.plan):
            columns = [column.cells() for column in shard.columns]
            for row, key in enumerate(shard.keys):
                held = zip(filled, columns, strict=True)
                self.books.write(key, {place: column[row] for places, column in held for place in places})

    def _lost(self) -> Iterator[Lost]:
        for shard in self.store.shards(self.plan):
            yield from shard.lost


def _json(document: Any) -> bytes:
    return json.dumps(document, indent=2, ensure_ascii=True).encode() + b"\n"


def _synced_digest(path: Path) -> str:
    """See that a file is on the disk, and tell its digest."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()

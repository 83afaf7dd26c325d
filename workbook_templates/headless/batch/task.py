"""The rows of a table as tasks: what can be computed with what is lost between, in stretches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pycalc.cells import Cell
from pycalc.errors import shorten
from workbook_templates.headless.batch.binding import Input
from workbook_templates.headless.batch.shards import Column, Lost, Shard
from workbook_templates.headless.tables import Bad, Row, Table
from workbook_templates.headless.tables.record import Field
from workbook_templates.headless.tables.survey import Survey, key_text, mark

Span: TypeAlias = tuple[int, int]
MAX_KEY = 255


@dataclass(slots=True)
class Task:
    """Rows ``start`` to ``stop`` of the table: those to compute, and those that are lost already."""

    start: int
    stop: int
    rows: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    columns: list[list[Cell]] = field(default_factory=list)
    """A column for each input."""
    lost: list[Lost] = field(default_factory=list)
    tries: int = 0

    @property
    def size(self) -> int:
        return len(self.rows)

    def halves(self) -> tuple["Task", "Task"]:
        """The task as two that cover the same rows."""
        half = self.size // 2
        middle = self.rows[half]
        return self._part(self.start, middle, slice(half)), self._part(middle, self.stop, slice(half, None))

    def _part(self, start: int, stop: int, part: slice) -> "Task":
        columns = [column[part] for column in self.columns]
        lost = [lost for lost in self.lost if start <= lost.row < stop]
        return Task(start, stop, self.rows[part], self.lines[part], self.keys[part], columns, lost)

    def shard(self, outputs: Sequence[Column]) -> Shard:
        """The task done."""
        return Shard(self.start, self.stop, self.keys, [*map(Column.of, self.columns), *outputs], self.lost)

    def failed(self, code: str, reason: str) -> Shard:
        """The task, of a single row, without a result."""
        lost = Lost(self.rows[0], self.lines[0], self.keys[0], code, reason)
        return Shard(self.start, self.stop, [], [], sorted([*self.lost, lost]))


class Feed:
    """The tasks of a table that are not done yet, one after another."""

    def __init__(self, table: Table, inputs: Sequence[Input], survey: Survey, done: Sequence[Span]) -> None:
        self._inputs, self._doubtful = inputs, survey.doubtful
        self._rows = enumerate(table.rows())
        self._todo = _between(done, survey.rows)
        self._left: Span = (0, 0)
        self._seen: set[str] = set()

    def __call__(self, size: int, /) -> Task | None:
        """The next of at most so many rows; None after the last."""
        if self._left[0] == self._left[1]:
            self._left = next(self._todo, (0, 0))
            if self._left[0] == self._left[1]:
                return None
        start, end = self._left
        stop = min(end, start + size)
        self._left = (stop, end)
        task = Task(start, stop, columns=[[] for _ in self._inputs])
        for index, row in self._rows:
            key, fault = self._key(row.fields[0])
            if index >= start:
                self._add(task, index, row, key, fault)
            if index == stop - 1:
                return task
        raise EOFError("the table has fewer rows than before")

    def _key(self, field: Field) -> tuple[str, Bad | None]:
        """The key as text, and why its row has none."""
        key = key_text(field)
        if not key:
            return key, Bad("MISSING", field.reason if isinstance(field, Bad) else "the key is missing")
        if len(key) > MAX_KEY:
            return key[:MAX_KEY], Bad("TOO_LONG", f"the key is longer than {MAX_KEY} characters")
        if self._doubtful and mark(field) in self._doubtful:
            if key in self._seen:
                return key, Bad("DUPLICATE_KEY", f"the key {shorten(key, 60)} has come before")
            self._seen.add(key)
        return key, None

    def _add(self, task: Task, index: int, row: Row, key: str, fault: Bad | None) -> None:
        values = [column.value(field) for column, field in zip(self._inputs, row.fields[1:], strict=True)]
        fault = fault or next((value for value in values if isinstance(value, Bad)), None)
        if fault is not None:
            task.lost.append(Lost(index, row.line, key, fault.code, fault.reason))
            return
        task.rows.append(index)
        task.lines.append(row.line)
        task.keys.append(key)
        for cells, value in zip(task.columns, values, strict=True):
            cells.append(value)  # type: ignore[arg-type] # no Bad is left


def _between(done: Sequence[Span], rows: int) -> Iterator[Span]:
    """The stretches that are not done."""
    at = 0
    for start, stop in [*done, (rows, rows)]:
        if at < start:
            yield at, start
        at = max(at, stop)

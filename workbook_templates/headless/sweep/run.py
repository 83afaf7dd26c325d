"""A sweep from end to end, for every pair of csv and parquet."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from pycalc.errors import CellError
from pycalc.record import Formula
from workbook_templates.headless.batch.texts import cell_text as plain_text
from workbook_templates.headless.batch.texts import key_text, safe_text
from workbook_templates.headless.sweep.draft import draft_of
from workbook_templates.headless.sweep.plan import planned, written_cell
from workbook_templates.headless.tables.csv_table import CsvTable
from workbook_templates.headless.tables.parquet_table import arrow, batches, checked_file
from workbook_templates.reading import RefusedFileError

ROWS = 1 << 17
"""Of a batch: a few columns of it stay near the processor."""
CSV_ROWS = 1 << 14

Report: TypeAlias = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep came to: its rows, how many have an error, and the first of these."""

    rows: int
    errors: int
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows: the columns of the table, as the file has them, and the arguments as cells or arrays."""

    size: int
    carried: Any
    arguments: Sequence[Any]


def sweep(spec: Formula, table: Path, out: Path, report: Report) -> Sweep:
    """The function for every row of the table; raises `RefusedFileError`, `BusyError` or OSError."""
    kinds = {path.suffix.lower() for path in (table, out)}
    if strange := kinds - {".csv", ".parquet"}:
        raise RefusedFileError("UNKNOWN_KIND", str(table), f"a sweep takes no {strange.pop()}", "take .csv or .parquet")
    source = _ParquetSource(spec, table) if table.suffix.lower() == ".parquet" else _CsvSource(spec, table)
    rows = errors = 0
    reason = ""
    with draft_of(out) as draft, ExitStack() as stack:
        sink = _parquet_sink if out.suffix.lower() == ".parquet" else _csv_sink
        write = sink(source, draft, stack)
        for batch in source.batches():
            values, refusals = source.plan.compute(batch.arguments, batch.size)
            write(batch, values, {row: refusal.code for row, refusal in refusals})
            rows, errors = rows + batch.size, errors + len(refusals)
            reason = reason or (refusals[0][1].reason if refusals else "")
            report(rows)
        stack.close()
    return Sweep(rows, errors, reason)


class _ParquetSource:
    """Record batches, whose columns of numbers become arrays without a look at each."""

    def __init__(self, spec: Formula, table: Path) -> None:
        self.file = str(table)
        self._opened = checked_file(self.file, None)
        self.schema = self._opened.schema_arrow
        self.plan = planned(spec, self.file, self.schema.names)

    def batches(self) -> Iterator[Batch]:
        for batch in batches(self._opened, self.file, ROWS):
            arguments = [self._argument(batch.column(at)) for at in self.plan.positions if at is not None]
            yield Batch(batch.num_rows, batch, arguments)

    def _argument(self, column: Any) -> Any:
        pa, _ = arrow(self.file)
        kind = column.type
        if not column.null_count and (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
            return column.to_numpy(zero_copy_only=False).astype(np.float64, copy=False)
        return column.to_pylist()

    def fields(self) -> list[Any]:
        return list(self.schema)

    def columns(self, batch: Batch) -> list[Any]:
        return list(batch.carried.columns)

    def texts(self, batch: Batch) -> list[list[str]]:
        return [[_text(cell) for cell in column.to_pylist()] for column in batch.carried.columns]


class _CsvSource:
    """Lines, read strictly; their numbers are looked at one by one."""

    def __init__(self, spec: Formula, table: Path) -> None:
        self.file = str(table)
        self._table = CsvTable(self.file, None)
        self.plan = planned(spec, self.file, self._table.columns)

    def batches(self) -> Iterator[Batch]:
        lines: list[Sequence[str]] = []
        for row in self._table.rows():
            lines.append(row.fields)  # type: ignore[arg-type] # of a csv file all are texts
            if len(lines) == CSV_ROWS:
                yield self._batch(lines)
                lines = []
        if lines:
            yield self._batch(lines)

    def _batch(self, lines: list[Sequence[str]]) -> Batch:
        columns = list(zip(*lines, strict=True))
        arguments = [self._cells(at, columns[at]) for at in self.plan.positions if at is not None]
        return Batch(len(lines), columns, arguments)

    def _cells(self, at: int, column: Sequence[str]) -> list[Any]:
        quantity = self.plan.quantity_of(at)
        return list(column) if quantity is None else [written_cell(text, quantity) for text in column]

    def fields(self) -> list[Any]:
        """Arguments that are numbers as numbers, all else as text."""
        pa, _ = arrow(self.file)
        kinds = [pa.float64() if self._is_number(at) else pa.string() for at in range(len(self.plan.columns))]
        return [pa.field(name, kind) for name, kind in zip(self.plan.columns, kinds, strict=True)]

    def _is_number(self, at: int) -> bool:
        quantity = self.plan.quantity_of(at)
        return quantity is not None and quantity.is_number

    def columns(self, batch: Batch) -> list[Any]:
        pa, _ = arrow(self.file)
        found = []
        for at, texts in enumerate(batch.carried):
            if self._is_number(at):
                cells = self._cells(at, texts)
                found.append(pa.array([cell if isinstance(cell, float) else None for cell in cells], pa.float64()))
            else:
                found.append(pa.array(list(map(str, texts)), pa.string()))
        return found

    def texts(self, batch: Batch) -> list[list[str]]:
        return [list(map(key_text, column)) for column in batch.carried]


Write: TypeAlias = Callable[[Batch, Any, dict[int, str]], None]


def _parquet_sink(source: _ParquetSource | _CsvSource, draft: Path, stack: ExitStack) -> Write:
    """The table's columns, the result, and the code of its error where there is none."""
    pa, pq = arrow(str(draft))
    plan = source.plan
    result = pa.float64() if plan.gives_numbers else pa.string()
    schema = pa.schema([*source.fields(), pa.field(plan.result, result), pa.field(plan.error, pa.string())])
    writer = stack.enter_context(pq.ParquetWriter(draft, schema))
    nothing: dict[int, Any] = {}

    def no_errors(size: int) -> Any:
        if size not in nothing:
            nothing[size] = pa.nulls(size, pa.string())
        return nothing[size]

    def write(batch: Batch, values: Any, errors: dict[int, str]) -> None:
        if plan.gives_numbers:
            mask = None
            if errors:
                mask = np.zeros(batch.size, np.bool_)
                mask[list(errors)] = True
            numbers = pa.array(np.asarray(values, np.float64), result, mask=mask)
        else:
            texts = [None if cell is None else plain_text(cell) for cell in np.asarray(values, object).tolist()]
            numbers = pa.array(texts, result)
        codes = pa.array([errors.get(row) for row in range(batch.size)], pa.string()) if errors else no_errors(batch.size)
        writer.write_batch(pa.record_batch([*source.columns(batch), numbers, codes], schema=schema))

    return write


def _csv_sink(source: _ParquetSource | _CsvSource, draft: Path, stack: ExitStack) -> Write:
    """The table's columns and the result, or its error in the same cell."""
    file = stack.enter_context(draft.open("w", encoding="utf-8", newline=""))
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(map(safe_text, [*source.plan.columns, source.plan.result]))

    def write(batch: Batch, values: Any, errors: dict[int, str]) -> None:
        results = [errors.get(row) or _text(value) for row, value in enumerate(np.asarray(values).tolist())]
        writer.writerows(zip(*source.texts(batch), results, strict=True))

    return write


def _text(cell: Any) -> str:
    if cell is None or isinstance(cell, str | bool | float | CellError):
        return plain_text(cell)
    return key_text(str(cell))

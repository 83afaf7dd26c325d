"""A parquet file as a table, a batch of rows at a time."""

import datetime
import decimal
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pycalc.cells import serial
from workbook_templates.headless.tables.record import Bad, Field, Row, checked_columns, digest_of
from workbook_templates.reading import FETCH_AGAIN, SPLIT, RefusedFileError, open_regular

MAX_ROWS = 20_000_000
MAX_FOOTER = 16 << 20
MAX_CHUNK = 128 << 20  # of a column in a row group, unpacked
TRIAL = "import sys; from workbook_templates.headless.tables.parquet_table import trial; trial(*sys.argv[1:])"
TRIAL_MEMORY = 8 << 30  # of addresses, most of which are never touched
BATCH = 1_024  # few, because each text may be long


def arrow(file: str) -> tuple[Any, Any]:
    """pyarrow and its parquet module; without them a parquet file is refused."""
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError:
        cure = "install llmecon[parquet], or take .csv"
        raise RefusedFileError("NO_PARQUET", file, "needs pyarrow, which is not installed", cure) from None


def checked_file(file: str, max_rows: int | None = MAX_ROWS) -> Any:
    """The file opened by pyarrow, after a trial in another process: a broken file can end the process that reads it."""
    _check_frame(file)
    arrow(file)
    state = os.stat(file)
    mark = (file, max_rows, state.st_ino, state.st_size, state.st_mtime_ns)
    if mark not in _tried:
        _try(file, max_rows)
        _tried.add(mark)
    return _opened(file)


_tried: set[tuple[str | int | None, ...]] = set()


def _check_frame(file: str) -> None:
    """What can be seen without a reader: the marks at both ends, and the footer's length."""
    with open_regular(file, "a table") as stream:
        start = stream.read(4)
        size = stream.seek(0, 2)
        stream.seek(max(0, size - 8))
        end = stream.read(8)
    if not size:
        raise RefusedFileError("EMPTY", file, "is empty", FETCH_AGAIN)
    if start == b"PARE" or end[4:] == b"PARE":
        raise RefusedFileError("ENCRYPTED", file, "is encrypted", "save it without encryption")
    if start != b"PAR1":
        raise RefusedFileError("NOT_A_TABLE", file, "is no parquet file, whatever its name says", "name it for what it is")
    if end[4:] != b"PAR1" or size < 12:
        raise RefusedFileError("TRUNCATED", file, "ends before its footer", FETCH_AGAIN)
    if int.from_bytes(end[:4], "little") > min(MAX_FOOTER, size):
        raise RefusedFileError("CORRUPT", file, "its footer is longer than it can be", FETCH_AGAIN)


def _try(file: str, max_rows: int | None) -> None:
    """Read the whole file elsewhere; whatever happens there is a refusal here."""
    command = [sys.executable, "-P", "-c", TRIAL, file, json.dumps(max_rows)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(  # noqa: S603 - this very Python
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, check=False
    )
    if done.returncode == 0:
        return
    try:
        code, reason, cure = json.loads(done.stdout)
    except ValueError:
        code, reason, cure = "CORRUPT", "ends the process that reads it", FETCH_AGAIN
    raise RefusedFileError(code, file, reason, cure)


def trial(file: str, max_rows: str) -> None:
    """The other process: sound or not, it says so, or ends."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (TRIAL_MEMORY, TRIAL_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        inspect(file, json.loads(max_rows))
    except RefusedFileError as refusal:
        print(json.dumps([refusal.code, refusal.reason, refusal.cure]))
        sys.exit(2)
    except MemoryError:
        print(json.dumps(["TOO_LARGE", "takes more memory to read than it may", "write smaller row groups"]))
        sys.exit(2)


def inspect(file: str, max_rows: int | None) -> None:
    """Look at all that will be used: the schema, the sizes, and every page."""
    pa, _ = arrow(file)
    opened = _opened(file)
    schema = opened.schema_arrow
    checked_columns(file, schema.names)
    for field in schema:
        if not _is_flat(pa, field.type):
            reason = f"the column {field.name!r} holds {field.type}"
            raise RefusedFileError("NESTED", file, reason, "take numbers, texts, dates or truth values")
    _check_sizes(opened, file, max_rows)
    with _as_refusal(file):
        for batch in batches(opened, file):
            batch.validate(full=True)


def _opened(file: str) -> Any:
    _, pq = arrow(file)
    limits = {"thrift_string_size_limit": MAX_FOOTER, "thrift_container_size_limit": 1_000_000}
    with _as_refusal(file):
        opened = pq.ParquetFile(file, memory_map=False, **limits)
        opened.schema_arrow  # noqa: B018 - it is made when it is first asked for
        return opened


@contextmanager
def _as_refusal(file: str) -> Iterator[None]:
    """What pyarrow raises on a broken file, as our own words."""
    pa, _ = arrow(file)
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, OverflowError, KeyError) as fault:
        if isinstance(fault, RefusedFileError):
            raise
        raise RefusedFileError("CORRUPT", file, f"cannot be read ({_line(fault)})", FETCH_AGAIN) from None


def _check_sizes(opened: Any, file: str, max_rows: int | None) -> None:
    metadata = opened.metadata
    if max_rows is not None and metadata.num_rows > max_rows:
        raise RefusedFileError("TOO_MANY_ROWS", file, f"{metadata.num_rows:,} rows, over {max_rows:,}", SPLIT)
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for column in range(group.num_columns):
            if group.column(column).total_uncompressed_size > MAX_CHUNK:
                reason = f"row group {number} unpacks to over {MAX_CHUNK >> 20} MiB a column"
                raise RefusedFileError("TOO_LARGE", file, reason, "write smaller row groups")


def _is_flat(pa: Any, kind: Any) -> bool:
    types = pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    tests = (
        types.is_integer, types.is_floating, types.is_decimal, types.is_boolean, types.is_string, types.is_large_string,
        types.is_date, types.is_timestamp, types.is_null,
    )  # fmt: skip
    return any(test(kind) for test in tests)


def batches(opened: Any, file: str, size: int = BATCH) -> Iterator[Any]:
    """The record batches; a file that breaks in the middle is refused."""
    with _as_refusal(file):
        for group in range(opened.num_row_groups):  # one at a time: pyarrow would read far ahead
            yield from opened.iter_batches(batch_size=size, row_groups=[group])


class ParquetTable:
    """Scenarios in a parquet file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.columns: tuple[str, ...] = tuple(checked_file(file).schema_arrow.names)

    def rows(self) -> Iterator[Row]:
        """Each row; its number counts from one."""
        number = 0
        for batch in batches(checked_file(self.file), self.file):
            keys, *others = (column.to_pylist() for column in batch.columns)
            columns = [list(map(_key, keys)), *(list(map(_field, cells)) for cells in others)]
            for fields in zip(*columns, strict=True):
                number += 1
                yield Row(number, fields)

    def digest(self) -> str:
        """The SHA-256 of the file."""
        return digest_of(self.file)


def _key(value: Any) -> Field:
    """A key, whose digits all count."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else _field(value)


def _field(value: Any) -> Field:
    """A value as a cell holds it: whole numbers as floats if these hold them, dates as day numbers."""
    if value is None or isinstance(value, float | bool | str):
        return value
    if isinstance(value, int):
        return float(value) if abs(value) <= 1 << 53 else Bad("TOO_LONG", f"{value} has more digits than a number keeps")
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, datetime.date):
        return serial(value)
    return Bad("CORRUPT_CELL", f"{str(value)[:40]!r} is nothing that a cell holds")


def _line(fault: BaseException) -> str:
    return " ".join(str(fault).split())[:120]

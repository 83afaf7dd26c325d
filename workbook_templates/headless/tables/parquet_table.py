"""A parquet file as a table, a batch of rows at a time."""

import datetime
import decimal
import importlib
from collections.abc import Iterator
from typing import Any

from pycalc.cells import serial
from workbook_templates.headless.tables.record import Bad, Field, Row, checked_columns, digest_of
from workbook_templates.reading import FETCH_AGAIN, SPLIT, RefusedFileError, open_regular

MAX_ROWS = 20_000_000
MAX_FOOTER = 16 << 20
MAX_CHUNK = 128 << 20  # of a column in a row group, unpacked
BATCH = 1_024  # few, because each text may be long


def arrow(file: str) -> tuple[Any, Any]:
    """pyarrow and its parquet module; without them a parquet file is refused."""
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError:
        cure = "install llmecon[parquet], or take .csv"
        raise RefusedFileError("NO_PARQUET", file, "needs pyarrow, which is not installed", cure) from None


def checked_file(file: str, max_rows: int | None = MAX_ROWS) -> Any:
    """The file opened by pyarrow, if it is sound and what it says of itself is within bounds."""
    pa, pq = arrow(file)
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
    try:
        opened = pq.ParquetFile(
            file, memory_map=False, thrift_string_size_limit=MAX_FOOTER, thrift_container_size_limit=1_000_000
        )
        schema = opened.schema_arrow
    except (pa.ArrowException, OSError, ValueError, OverflowError) as fault:
        raise RefusedFileError("CORRUPT", file, f"cannot be read ({_line(fault)})", FETCH_AGAIN) from None
    checked_columns(file, schema.names)
    for field in schema:
        if not _is_flat(pa, field.type):
            reason = f"the column {field.name!r} holds {field.type}"
            raise RefusedFileError("NESTED", file, reason, "take numbers, texts, dates or truth values")
    _check_sizes(opened, file, max_rows)
    return opened


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
    pa, _ = arrow(file)
    try:
        for group in range(opened.num_row_groups):  # one at a time: pyarrow would read far ahead
            yield from opened.iter_batches(batch_size=size, row_groups=[group])
    except (pa.ArrowException, OSError, ValueError, OverflowError) as fault:
        raise RefusedFileError("CORRUPT", file, f"cannot be read ({_line(fault)})", FETCH_AGAIN) from None


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

"""A finished batch as the file that was asked for: csv, xlsx or parquet, the same bytes for the same cells."""

import csv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from workbook_templates.headless.batch.parquet_result import write_parquet
from workbook_templates.headless.batch.shards import Lost, Shard
from workbook_templates.headless.batch.texts import column_texts, key_text, safe_text
from workbook_templates.headless.batch.xlsx_result import write_xlsx

Writer: TypeAlias = Callable[[Path, Sequence[str], Callable[[], Iterable[Shard]]], None]
"""Writes to a path, under these headings, shards that it may go through more than once."""


def write_csv(path: Path, headings: Sequence[str], shards: Callable[[], Iterable[Shard]]) -> None:
    """One line per row, in UTF-8."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(map(safe_text, headings))
        for shard in shards():
            if shard.keys:
                writer.writerows(zip(map(key_text, shard.keys), *map(column_texts, shard.columns), strict=True))


def write_quarantine(path: Path, lost: Iterable[Lost]) -> None:
    """Which rows have no results, and why."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("line", "key", "code", "reason"))
        writer.writerows((row.line, key_text(row.key), row.code, safe_text(row.reason)) for row in lost)


def writer_for(suffix: str) -> Writer:
    """What writes files of this name."""
    return WRITERS[suffix.lower()]


WRITERS: dict[str, Writer] = {".csv": write_csv, ".xlsx": write_xlsx, ".parquet": write_parquet}

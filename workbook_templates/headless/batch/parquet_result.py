"""A finished batch as a parquet file: a column of one kind keeps it, a mixed one becomes text, errors stand apart."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pycalc.cells import Cell
from pycalc.errors import CellError
from workbook_templates.headless.batch.shards import Shard
from workbook_templates.headless.batch.texts import number_text
from workbook_templates.headless.tables.parquet_table import arrow

ROWS = 65_536  # of a row group, whatever the shards
ERRORS = "errors"
"""The last column: which cells of the row are errors, as ``Summary!B5=#NUM!; …``; null where none is."""


def write_parquet(path: Path, headings: Sequence[str], shards: Callable[[], Iterable[Shard]]) -> None:
    """The same bytes for the same cells: row groups do not follow the shards."""
    pa, pq = arrow(str(path))
    kinds = _kinds(shards(), len(headings) - 1)
    types = {"f": pa.float64(), "b": pa.bool_(), "s": pa.string()}
    fields = [(headings[0], pa.string())]
    fields += [(heading, types[kind]) for heading, kind in zip(headings[1:], kinds, strict=True)]
    fields.append((_free(ERRORS, headings), pa.string()))
    schema = pa.schema(fields)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for columns in _groups(shards(), headings, kinds):
            arrays = [pa.array(column, type=field.type) for column, field in zip(columns, schema, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema), row_group_size=ROWS)


def _free(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _kinds(shards: Iterable[Shard], count: int) -> list[str]:
    """What each column holds in all rows: one kind, or text for all."""
    found: list[set[str]] = [set() for _ in range(count)]
    for shard in shards:
        for kinds, column in zip(found, shard.columns if shard.keys else (), strict=False):
            kinds |= set(column.kind) & set("fbs")
    return [kinds.pop() if len(kinds) == 1 else "s" if kinds else "f" for kinds in found]


def _groups(shards: Iterable[Shard], headings: Sequence[str], kinds: Sequence[str]) -> Iterator[list[list[Any]]]:
    """The columns of each row group."""
    group: list[list[Any]] = [[] for _ in range(len(headings) + 1)]
    for shard in shards:
        if not shard.keys:
            continue
        columns = [column.cells() for column in shard.columns]
        cells = [shard.keys, *map(_plain, columns, kinds), _errors(columns, headings[1:])]
        at = 0
        while at < len(shard.keys):
            room = ROWS - len(group[0])
            for column, source in zip(group, cells, strict=True):
                column += source[at : at + room]
            at += room
            if len(group[0]) == ROWS:
                yield group
                group = [[] for _ in range(len(headings) + 1)]
    if group[0]:
        yield group


def _plain(cells: Sequence[Cell], kind: str) -> list[Any]:
    if kind != "s":
        return [None if isinstance(cell, CellError) else cell for cell in cells]
    return [_text(cell) for cell in cells]


def _text(cell: Cell) -> str | None:
    match cell:
        case None | CellError():
            return None
        case bool():
            return str(cell).upper()
        case float():
            return number_text(cell)
    return cell


def _errors(columns: Sequence[Sequence[Cell]], headings: Sequence[str]) -> list[str | None]:
    found: list[str | None] = [None] * len(columns[0])
    for column, heading in zip(columns, headings, strict=True):
        for row, cell in enumerate(column):
            if isinstance(cell, CellError):
                before = found[row]
                found[row] = f"{heading}={cell.code}" if before is None else f"{before}; {heading}={cell.code}"
    return found

"""Tables of scenarios that others made, read strictly: csv, xlsx, parquet.

A fault of the file is a refusal; a fault of a cell is left to whoever knows what its column means.
"""

from pathlib import Path

from workbook_templates.headless.tables.csv_table import CsvTable
from workbook_templates.headless.tables.parquet_table import ParquetTable
from workbook_templates.headless.tables.record import Bad, Row, Table, Written
from workbook_templates.headless.tables.survey import Survey, survey
from workbook_templates.headless.tables.xlsx_table import XlsxTable
from workbook_templates.reading import RefusedFileError

__all__ = ["Bad", "Row", "Survey", "Table", "Written", "open_table", "survey"]

KINDS = (".csv", ".xlsx", ".parquet")
"""What a table, and what a result, may be."""


def open_table(path: Path) -> Table:
    """The table in a file, told by its name; raises `RefusedFileError`."""
    match path.suffix.lower():
        case ".csv":
            return CsvTable(str(path))
        case ".xlsx":
            return XlsxTable(str(path))
        case ".parquet":
            return ParquetTable(str(path))
    raise RefusedFileError("UNKNOWN_KIND", str(path), f"is not named as one of {', '.join(KINDS)}", "save it as one of these")

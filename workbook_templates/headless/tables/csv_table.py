"""Comma-separated values as RFC 4180 has them, in UTF-8; what would be a guess is refused."""

import csv
from collections.abc import Iterator

from workbook_templates.headless.tables.record import MAX_ROWS, MAX_TEXT, Row, Written, checked_columns, digest_of
from workbook_templates.reading import FETCH_AGAIN, SPLIT, RefusedFileError, open_regular

MAX_LINE = 1 << 20
BOM = b"\xef\xbb\xbf"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
AS_UTF_8 = "save it as CSV UTF-8 (comma delimited)"
OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
MAGIC = {b"PK\x03\x04": "a zip package or a workbook", b"\xd0\xcf\x11\xe0": "an old workbook", b"PAR1": "a parquet file"}


class CsvTable:
    """A csv file with headings in its first line."""

    def __init__(self, file: str, max_rows: int | None = MAX_ROWS) -> None:
        self.file, self._max_rows = file, max_rows
        records = self._records()
        _, names = next(records, (0, []))
        if not names:
            raise self._refuse("EMPTY", "is empty", FETCH_AGAIN)
        if len(names) == 1:
            for sign, what in OTHER_SEPARATORS.items():
                if sign in names[0]:
                    raise self._refuse("SEPARATOR", f"line 1: its columns are parted by {what}", AS_UTF_8)
        self.columns = checked_columns(file, names)

    def rows(self) -> Iterator[Row]:
        """The lines below the first; empty ones are passed over."""
        records = self._records()
        next(records)
        wanted = len(self.columns)
        for count, (line, fields) in enumerate(records, 1):
            if len(fields) != wanted:
                reason = f"line {line}: {len(fields)} fields where the first line has {wanted}"
                raise self._refuse("RAGGED", reason, "put texts that hold commas in quotes, or fill in what is missing")
            if self._max_rows is not None and count > self._max_rows:
                raise self._refuse("TOO_MANY_ROWS", f"more than {self._max_rows:,} rows", SPLIT.replace("workbook", "table"))
            yield Row(line, list(map(Written, fields)))

    def digest(self) -> str:
        """The SHA-256 of the file."""
        return digest_of(self.file)

    def _refuse(self, code: str, reason: str, cure: str) -> RefusedFileError:
        return RefusedFileError(code, self.file, reason, cure)

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Each record with the line on which it begins."""
        reader = csv.reader(self._lines(), strict=True)
        csv.field_size_limit(MAX_TEXT)
        while True:
            line = reader.line_num + 1
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as fault:
                raise self._fault(line, str(fault)) from None
            if fields:
                yield line, fields

    def _fault(self, line: int, fault: str) -> RefusedFileError:
        if "field larger" in fault:
            cure = f"shorten it to {MAX_TEXT:,} characters, or close its quotes"
            return self._refuse("TOO_LONG", f"line {line}: a field without end", cure)
        if "new-line" in fault:
            return self._refuse("LINE_ENDS", f"line {line}: lines end as on the old Macintosh", AS_UTF_8)
        return self._refuse("QUOTES", f"line {line}: quotes that are not paired", 'write a quote inside a field as ""')

    def _lines(self) -> Iterator[str]:
        """Lines of text; what is no UTF-8 text is told by its line."""
        with open_regular(self.file, "a table") as stream:
            start = stream.read(len(BOM) + 1)
            stream.seek(len(BOM) if start.startswith(BOM) else 0)
            if start[:2] in UTF_16:
                raise self._refuse("ENCODING", "is UTF-16", AS_UTF_8)
            if start in MAGIC:
                raise self._refuse("NOT_A_TABLE", f"is {MAGIC[start]}, whatever its name says", "name it for what it is")
            number = 0
            while raw := stream.readline(MAX_LINE + 1):
                number += 1
                if len(raw) > MAX_LINE:
                    raise self._refuse("TOO_LONG", f"line {number} is longer than {MAX_LINE >> 20} MiB", "shorten it")
                if b"\0" in raw:
                    raise self._refuse("NOT_TEXT", f"line {number}: a zero byte", AS_UTF_8)
                try:
                    yield raw.decode("utf-8")
                except UnicodeDecodeError as fault:
                    byte = raw[fault.start]
                    raise self._refuse("ENCODING", f"line {number}: byte 0x{byte:02X} is no UTF-8", AS_UTF_8) from None

"""The row of periods at the head of a sheet that runs over time."""

from collections.abc import Iterable
from dataclasses import dataclass

from workbook_templates.roles import Role
from workbook_templates.rules.cells import Entry, Sheet

HEADER_ROWS = 12  # where a row of periods is looked for
PERIODS = 12  # how many make a timeline on a sheet that is not a time sheet by its name
FEW_PERIODS = 3


@dataclass(frozen=True, slots=True)
class Timeline:
    """A run of cells that count periods, left to right."""

    sheet: Sheet
    periods: tuple[Entry, ...]

    def at(self, column: int) -> Entry | None:
        return next((entry for entry in self.periods if entry.column == column), None)


def find_timelines(sheets: Iterable[Sheet]) -> list[Timeline]:
    """The timeline of each sheet that has one, that of the time sheet first."""
    found = [timeline for sheet in sheets if (timeline := find_timeline(sheet)) is not None]
    return sorted(found, key=lambda timeline: timeline.sheet.role is not Role.TIME)


def find_timeline(sheet: Sheet) -> Timeline | None:
    """The first row at a sheet's head that counts periods."""
    enough = FEW_PERIODS if sheet.role is Role.TIME else PERIODS
    for row in range(1, HEADER_ROWS + 1):
        run: list[Entry] = []
        for entry in [*sheet.row_of(row), None]:
            if entry is not None and (not run or _follows(run[-1], entry)):
                run.append(entry)
                continue
            if len(run) >= enough:
                return Timeline(sheet, tuple(run))
            run = [] if entry is None else [entry]
    return None


def _follows(before: Entry, entry: Entry) -> bool:
    """Whether a cell is the period after its left neighbour's."""
    is_text = not before.formula.text and before.number is None
    if entry.column != before.column + 1 or is_text:
        return False
    if not entry.formula.text:
        a, b = before.number, entry.number
        return (
            not before.formula.text and a is not None and b is not None and (b - a == 1 or _is_date_step(before, entry, b - a))
        )
    reads = entry.formula.references
    if before.formula.text and before.formula.shape != entry.formula.shape:
        return _steps(entry) and not _steps(before)  # the first period may be given otherwise
    return _steps(entry) or (entry.formula.is_link and reads[0].sheet != entry.sheet.title)


def _steps(entry: Entry) -> bool:
    """Whether a formula counts on from its left neighbour and reads nothing else in another column."""
    reads = [reference for reference in entry.formula.references if not reference.name]
    left = (entry.row, entry.column - 1)
    counts_on = set(entry.formula.functions) <= {"EDATE", "EOMONTH", "DATE", "YEAR", "MONTH", "DAY", "N"}
    return counts_on and len(reads) == 1 and reads[0].covers(entry.sheet.title, *left) and reads[0].is_cell


def _is_date_step(before: Entry, entry: Entry, step: float) -> bool:
    return bool(before.cell.is_date and entry.cell.is_date) and 1 <= step <= 366

"""R16–R23: what a formula may say."""

import re
from collections.abc import Iterator
from typing import Final

from workbook_templates.roles import Role
from workbook_templates.rules.book import Book
from workbook_templates.rules.cells import Entry, Sheet
from workbook_templates.rules.circles import circles
from workbook_templates.rules.record import Finding, rule
from workbook_templates.rules.references import Formula

MAX_LENGTH = 120
MAX_CALLS = 4

CONSTANTS: Final[dict[float, str]] = {
    0: "nothing; exact match; rounding to units",
    1: "one; a row or column position; the complement 1 - x",
    2: "a multiplication and an addition per weight; keys and values (article 2.1, 5.2); halves and squares",
    3: "three matrices of a gated MLP; cubes; thousandths in rounding",
    4: "the coefficient of n²d (article 2.5); quarters of a year",
    6: "the coefficient in n/(6d + n) (article 2.7)",
    7: "days in a week",
    8: "bits in a byte; the coefficient of nd² in attention (article 2.5)",
    10: "the base of logarithms and powers of ten",
    12: "months in a year; the parameters of a layer over d² (24nd² are two operations each)",
    16: "the coefficient of nd² in the MLP (article 2.6)",
    24: "hours in a day; the coefficient of nd² in a layer (article 2.7)",
    52: "weeks in a year",
    60: "seconds in a minute, minutes in an hour",
    100: "parts in a hundred",
    365: "days in a year",
    1_000: "kilo",
    1_024: "kibi",
    3_600: "seconds in an hour",
    8_760: "hours in a year",
    86_400: "seconds in a day",
    1e6: "mega, a million tokens",
    1_048_576: "mebi",
    1e9: "giga, a billion",
    1_073_741_824: "gibi",
    1e12: "tera, a trillion",
    1e15: "peta",
}
"""The numbers that a formula may hold, each with its reason: identities, units, the article's own coefficients."""

TOLERANCES = frozenset(10.0**-power for power in range(3, 13))
"""What Checks may forgive when it compares two routes to one number."""

BANNED: Final[dict[str, str]] = {
    "OFFSET": "INDEX",
    "INDIRECT": "a direct reference, or INDEX",
    "NOW": "a date on Inputs",
    "TODAY": "a date on Inputs",
    "RAND": "a table of draws",
    "RANDBETWEEN": "a table of draws",
    "RANDARRAY": "a table of draws",
    "CELL": "the value itself on Inputs",
    "INFO": "the value itself on Inputs",
    "NPV": "a row of discount factors and SUMPRODUCT",
    "RTD": "an input with a source",
    "WEBSERVICE": "an input with a source",
    "CALL": "a formula",
    "EVALUATE": "a formula",
    "REGISTER.ID": "a formula",
}
"""Functions that recalculate without cause, reach outside, or discount a period too early; and what to use."""

MASKS = frozenset(("IFERROR", "IFNA", "ISERROR", "ISERR", "ISNA", "ERROR.TYPE", "AGGREGATE"))
TOTALS = frozenset(("SUM", "SUBTOTAL", "AVERAGE", "MIN", "MAX", "COUNT", "COUNTA", "PRODUCT", "MEDIAN"))
TELL_MISSING = frozenset(("ISNA", "ISERR"))
SHORT_RUN = 3  # how many formulas make a run whose majority counts
FILLED_DOWN = 5  # how many of one formula make a column that was filled down, with no grid beside it
FILLED_BESIDE = 4  # how many next to a cell whose row is one of a table's
GRID_SHARE = 0.7  # how much of a stretch down a column has one formula before the rest is odd
ROW_BEFORE, ROW_AFTER = re.compile(r"(?<![!:])R\[-"), re.compile(r"(?<![!:])R\[[1-9]")  # on the own sheet, in a shape
Run = list[Entry]


@rule("R16", "one row, one formula (R1C1-equal along a run)", judges="formulas")
def one_formula(book: Book) -> Iterator[Finding]:
    for sheet in book.sheets:
        if sheet.role in (Role.COVER, Role.LOG):
            continue
        for entry, model in {**dict(_rows_out_of_line(sheet)), **dict(_cells_out_of_line(sheet))}.items():
            yield Finding(
                entry.where, f"breaks the run: {entry.formula.shown[:60]}", f"the formula of {model.where}, copied here"
            )
        yield from _overwritten(sheet)


def _runs(sheet: Sheet, *, down: bool) -> Iterator[Run]:
    """The formulas that stand next to each other in a row, or under each other in a column."""
    run: Run = []
    for place in sorted(sheet.formulas, key=lambda place: place[::-1] if down else place):
        entry = sheet.formulas[place]
        before = (place[0] - 1, place[1]) if down else (place[0], place[1] - 1)
        if run and (run[-1].row, run[-1].column) != before:
            yield run
            run = []
        run.append(entry)
    if run:
        yield run


def _cells_out_of_line(sheet: Sheet) -> Iterator[tuple[Entry, Entry]]:
    """The cells whose formula is not that of most of their row, each with a cell that has it.

    A cell that agrees with the one above or below belongs to a table of columns, and a total
    at an end of the run sums it up: neither is out of line.
    """
    for run in _runs(sheet, down=False):
        shapes = [entry.formula.shape for entry in run]
        common = max(set(shapes), key=shapes.count)
        if len(run) < SHORT_RUN or 2 * shapes.count(common) <= len(run):
            continue
        for entry in run:
            near = [sheet.formulas.get((entry.row + step, entry.column)) for step in (-1, 1)]
            in_table = any(other is not None and other.formula.shape == entry.formula.shape for other in near)
            sums_up = entry in (run[0], run[-1]) and _is_total(entry, run)
            if entry.formula.shape != common and not in_table and not sums_up:
                yield entry, run[shapes.index(common)]


def _rows_out_of_line(sheet: Sheet) -> Iterator[tuple[Entry, Entry]]:
    """The cells that leave what has one formula down their column: a grid, a long column, or a table."""
    odd = {entry.place: (entry, model, count) for run in _runs(sheet, down=True) for entry, model, count in _interruptions(run)}
    for entry, model, count in odd.values():
        beside = [sheet.formulas.get((model.row, model.column + step)) for step in (-1, 1)]
        in_grid = any(other is not None and other.formula.shape == model.formula.shape for other in beside)
        if in_grid or (count >= FILLED_DOWN and not _is_closing(entry, model)):
            yield entry, model
    for run in _runs(sheet, down=True):
        yield from _odd_neighbours(sheet, run)


def _odd_neighbours(sheet: Sheet, run: Run) -> Iterator[tuple[Entry, Entry]]:
    """The cells beside several that were filled down, whose row repeats the neighbouring one elsewhere but not here.

    A cell that opens a balance, where those below read the row before, is in order; so is a total.
    """
    for i, entry in enumerate(run):
        for near, reads in ((run[i + 1 : i + 1 + FILLED_BESIDE], ROW_BEFORE), (run[:i][-FILLED_BESIDE:][::-1], ROW_AFTER)):
            shapes = {other.formula.shape for other in near}
            if len(near) < FILLED_BESIDE or len(shapes) > 1 or entry.formula.shape in shapes or reads.search("".join(shapes)):
                continue
            in_order = entry.formula.is_link or _is_total(entry, run)
            if not in_order and _repeats(sheet, entry, near[0].row):
                yield entry, near[0]


def _is_closing(entry: Entry, model: Entry) -> bool:
    """Whether a cell shows another among formulas that do not: a closing balance among sums."""
    return entry.formula.is_link and not model.formula.is_link


def _repeats(sheet: Sheet, entry: Entry, row: int) -> bool:
    """Whether another cell of an entry's row has the formula that the neighbouring row has there."""
    others = (other for other in sheet.row_of(entry.row) if other.formula.text and other.column != entry.column)
    twins = ((other, sheet.formulas.get((row, other.column))) for other in others)
    return any(twin is not None and twin.formula.shape == other.formula.shape for other, twin in twins)


def _interruptions(run: Run) -> Iterator[tuple[Entry, Entry, int]]:
    """The cells down a column that interrupt what otherwise has one formula, and how often that stands; totals may."""
    places: dict[str, list[int]] = {}
    for i, entry in enumerate(run):
        places.setdefault(entry.formula.shape, []).append(i)
    for found in places.values():
        first, length = found[0], found[-1] - found[0] + 1
        if SHORT_RUN <= len(found) < length and len(found) >= GRID_SHARE * length:
            inside = [entry for entry in run[first : first + length] if entry.formula.shape != run[first].formula.shape]
            yield from ((entry, run[first], len(found)) for entry in inside if not _is_total(entry, run))


def _is_total(entry: Entry, run: Run) -> bool:
    """Whether a formula does no more than sum up others of its run."""
    formula = entry.formula
    if not formula.functions or not TOTALS.issuperset(formula.functions):
        return False
    return all(any(area.covers(*other.place) for other in run if other is not entry) for area in formula.references)


def _overwritten(sheet: Sheet) -> Iterator[Finding]:
    """Numbers, and texts in a column, that are typed over a formula: the cells to both sides share one."""
    for (row, column), entry in sheet.constants.items():
        for down, kinds in ((0, "n"), (1, "ns")):
            one, other = (sheet.formulas.get((row + step * down, column + step * (1 - down))) for step in (-1, 1))
            if entry.cell.data_type in kinds and one and other and one.formula.shape == other.formula.shape:
                yield Finding(entry.where, f"{entry.text} is typed over a formula", f"the formula of {one.where}, copied here")
                break


def _of_the_model(book: Book) -> list[Entry]:
    """The formulas that a person wrote; an audit sheet repeats them as text generated from the functions."""
    return [entry for entry in book.formulas if entry.sheet.role is not Role.AUDIT]


@rule("R17", "no embedded constants outside the unit/identity white list", judges="formulas")
def embedded_constants(book: Book) -> Iterator[Finding]:
    for entry in _of_the_model(book):
        forgiven = TOLERANCES if entry.sheet.role is Role.CHECKS else frozenset()
        odd = [number for number in entry.formula.numbers if number not in CONSTANTS and number not in forgiven]
        if odd:
            right = "an input with unit and source, read from there"
            yield Finding(entry.where, f"holds the number {', '.join(f'{number:g}' for number in dict.fromkeys(odd))}", right)


@rule("R18", f"formula no longer than {MAX_LENGTH} characters, one line", judges="formulas")
def short(book: Book) -> Iterator[Finding]:
    for entry in _of_the_model(book):
        shown = entry.formula.shown
        if len(shown) > MAX_LENGTH:
            yield Finding(entry.where, f"is {len(shown)} characters long", f"two cells of at most {MAX_LENGTH} characters each")
        if "\n" in shown:
            yield Finding(entry.where, "has a line break", "one line")


@rule("R19", f"no nested IF; at most {MAX_CALLS} function calls", judges="formulas")
def simple(book: Book) -> Iterator[Finding]:
    for entry in _of_the_model(book):
        if entry.formula.nested_if:
            yield Finding(entry.where, "has an IF inside an IF", "a flag in a cell of its own, or INDEX")
        count = len(entry.formula.functions)
        if count > MAX_CALLS:
            yield Finding(entry.where, f"calls {count} functions", f"two cells of at most {MAX_CALLS} calls each")


@rule("R20", "no volatile or banned function (OFFSET, INDIRECT, NOW, TODAY, RAND, CELL, NPV)", judges="formulas")
def banned(book: Book) -> Iterator[Finding]:
    for where, formula in book.everywhere:
        for function in dict.fromkeys(formula.functions):
            if function in BANNED:
                yield Finding(where, f"calls {function}", BANNED[function])


@rule("R21", "no error masking (IFERROR...) outside Checks", judges="formulas")
def masks(book: Book) -> Iterator[Finding]:
    for entry in book.formulas:
        found = MASKS.intersection(entry.formula.functions)
        if found and entry.sheet.role not in (Role.CHECKS, Role.AUDIT):
            right = "a formula that cannot fail, or an error that Checks counts"
            yield Finding(entry.where, f"hides errors by {', '.join(sorted(found))}", right)


@rule("R22", "no daisy chains (a pure link to a pure link); no whole-column ranges", judges="formulas")
def direct(book: Book) -> Iterator[Finding]:
    for entry in book.formulas:
        if entry.formula.is_link:
            for source in book.entries(entry.formula.references[0]):
                if source.formula.is_link:
                    end = book.entries(source.formula.references[0])
                    right = f"a link to {end[0].where}" if end else "a link to the first cell of the chain"
                    yield Finding(entry.where, f"links to {source.where}, itself only a link", right)
        for area in entry.formula.references:
            if area.is_whole:
                yield Finding(entry.where, "reads a whole column or row", "the rows that hold data, or a table's column")


@rule("R23", "no circular reference; iteration off", judges="formulas")
def no_circle(book: Book) -> Iterator[Finding]:
    for path in circles(book):
        shown = " → ".join(entry.where for entry in path[:6]) + (" → …" if len(path) > 6 else f" → {path[0].where}")
        yield Finding(
            path[0].where, f"depends on itself: {shown}", "an opening balance, or the equation solved for the unknown"
        )
    if getattr(book.workbook.calculation, "iterate", False):  # a file may say nothing of calculation
        yield Finding("workbook", "iterative calculation is on", "File > Options > Formulas > iterative calculation off")


@rule("R25", "recalculated: no error, no blank result; no reference to an empty cell", judges="formulas")
def recalculated(book: Book) -> Iterator[Finding]:
    computed = [entry for entry in book.formulas if entry.result.text is not None]
    if not computed:
        what = f"was never calculated: {len(book.formulas)} formulas hold no value"
        yield Finding("workbook", what, "the file saved by Excel, or by llmecon recalc")
    for entry in book.formulas:
        if computed:
            yield from _result_faults(book, entry)
        if entry.formula.fault:
            yield Finding(entry.where, f"its formula cannot be read: {entry.formula.fault}", "a formula that Excel accepts")
        if "#REF!" in entry.formula.text:
            yield Finding(entry.where, "refers to a deleted cell (#REF!)", "a reference to the cell that is meant")
        for area in dict.fromkeys(entry.formula.references):
            if area.sheet not in book.by_title:
                yield Finding(entry.where, f"reads the sheet {area.sheet}, which is not there", "a sheet of this workbook")
            elif not book.by_title[area.sheet].holds_anything_in(area):
                yield Finding(entry.where, f"reads {area.shown}, which is empty", "a reference to the cell that is meant")


def _result_faults(book: Book, entry: Entry) -> Iterator[Finding]:
    text = entry.result.text
    if text is None:
        yield Finding(entry.where, "was never calculated", "the file saved by Excel, or by llmecon recalc")
    elif text == "":
        yield Finding(entry.where, "gives an empty text", "a number or a word that says what it found")
    elif entry.result.is_error and not (text == "#N/A" and _is_declared(book, entry)):
        right = "no error; #N/A only where Checks tells it by ISNA or ISERR, in a row that says why"
        yield Finding(entry.where, f"gives {text}", right)


def _is_declared(book: Book, entry: Entry) -> bool:
    """Whether Checks tells the #N/A of this very cell from other errors, in a row whose text speaks of #N/A.

    #N/A is this calculator's answer where no number exists (a break-even that is never
    reached).  It passes only as a declared answer: an error that nobody announced is a fault.
    A cell that only shows another one is declared with that.
    """
    if entry.formula.is_link:
        return all(_is_declared(book, source) for source in book.entries(entry.formula.references[0]))
    for sheet in book.of_role(Role.CHECKS):
        for check in sheet.formulas.values():
            tells = TELL_MISSING.intersection(check.formula.functions) and _reads(check.formula, entry)
            if tells and any("#N/A" in other.text for other in sheet.row_of(check.row) if not other.formula.text):
                return True
    return False


def _reads(formula: Formula, entry: Entry) -> bool:
    return any(area.covers(*entry.place) for area in formula.references)

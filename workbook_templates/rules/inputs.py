"""R11–R15: the inputs, their marks, their sources, their bounds, and the scenario that is live."""

import re
from collections.abc import Iterator

from workbook_templates.roles import Role
from workbook_templates.rules.book import Book
from workbook_templates.rules.bounds import bounds_of, options_of
from workbook_templates.rules.cells import Entry
from workbook_templates.rules.record import Finding, rule

SCENARIOS = 3
CHOOSERS = ("INDEX", "CHOOSE")


@rule("R11", "every numeric constant is blue, filled and unlocked (an input)", judges="numeric_constants")
def marked(book: Book) -> Iterator[Finding]:
    for entry in book.numeric_constants:
        ink = book.ink(entry)
        faults = [f"its font is {ink}, not blue"] if ink != "blue" else []
        faults += [] if book.is_filled(entry) else ["it has no fill"]
        faults += ["it is locked"] if entry.cell.protection.locked else []
        if faults:
            right = "a formula where it is calculated; the input style where it is an input"
            yield Finding(entry.where, f"holds {entry.text}, but {', '.join(faults)}", right)


@rule("R12", "every input row has a unit and a source", judges="inputs")
def sourced(book: Book) -> Iterator[Finding]:
    choosers = {entry.place for entry in selectors(book)}
    rows = {(e.sheet.title, e.row): e for e in reversed(book.inputs) if e.sheet.role is Role.INPUTS and e.place not in choosers}
    catalogue = [entry for sheet in book.of_role(Role.CATALOGUE) for entry in sheet.constants.values()]
    data = {(e.sheet.title, e.row): e for e in reversed(catalogue) if e.cell.data_type == "n"}
    for entry, words in [*((e, ("unit", "source")) for e in rows.values()), *((e, ("source",)) for e in data.values())]:
        for word in words:
            if not entry.sheet.under(word, entry.row):
                yield Finding(entry.where, f"its row has no {word}", f"the {word} in the column headed {word.title()}")


@rule("R13", "every input has data validation", judges="inputs")
def validated(book: Book) -> Iterator[Finding]:
    for entry in book.inputs:
        found = [validation.rule for validation in book.validations_of(entry) if validation.rule.kind != "none"]
        if not found:
            yield Finding(entry.where, "takes any value", "a validation with its bounds, or a list")
        elif not any(stored.stops for stored in found):
            yield Finding(entry.where, "its validation lets a wrong value pass", "the error style Stop, with the alert on")


@rule("R14", "every default lies in its own validation bounds", judges="inputs")
def in_bounds(book: Book) -> Iterator[Finding]:
    if not any(book.validations_of(entry) for entry in book.inputs):
        yield Finding("workbook", "no input has bounds: nothing to judge", "a validation for every input")
    for entry in book.inputs:
        for validation in book.validations_of(entry):
            bounds = bounds_of(book, validation)
            allowed = bounds.breach(entry.text, entry.number) if bounds else ""
            if allowed:
                yield Finding(entry.where, f"holds {entry.text}, which its own validation refuses", allowed)


@rule("R15", "one scenario selector (list) feeding INDEX/CHOOSE live cells, >=3 scenarios", judges="inputs")
def selector(book: Book) -> Iterator[Finding]:
    found = selectors(book)
    if not found:
        right = f"one cell with a list of {SCENARIOS} scenarios that picks each live value by INDEX or CHOOSE"
        yield Finding("workbook", "no list selects which scenario is live", right)
        return
    for entry in found[1:]:
        yield Finding(entry.where, f"is a second selector beside {found[0].where}", "one selector for all inputs")
    for validation in book.validations_of(found[0]):
        options = options_of(book, validation)
        if validation.rule.kind == "list" and len(options) < SCENARIOS:
            yield Finding(found[0].where, f"offers {len(options)} scenarios", f"at least {SCENARIOS}")
    yield from _dead_rows(book)


def _dead_rows(book: Book) -> Iterator[Finding]:
    """Rows that hold a value for each scenario and no live cell."""
    live = live_cells(book)
    rows = {(entry.sheet.title, entry.row) for entry in live}
    columns = {(e.sheet.title, column) for e in live for column in _choices(e)}
    held: dict[tuple[str, int], list[Entry]] = {}
    for entry in book.numeric_constants:
        if (entry.sheet.title, entry.column) in columns:
            held.setdefault((entry.sheet.title, entry.row), []).append(entry)
    for row, entries in held.items():
        if len(entries) >= SCENARIOS and row not in rows:
            yield Finding(entries[0].where, "the scenarios of its row feed no live cell", "INDEX over them by the selector")


def _choices(entry: Entry) -> set[int]:
    """The columns of its own row among which a live cell chooses."""
    own = [r for r in entry.formula.references if r.sheet == entry.sheet.title and r.top == r.bottom == entry.row]
    return {column for reference in own for column in range(reference.left, reference.right + 1)}


def live_cells(book: Book) -> list[Entry]:
    """The formulas on inputs sheets that choose among the values of their own row."""
    inputs = [entry for sheet in book.of_role(Role.INPUTS) for entry in sheet.formulas.values()]
    choosing = [entry for entry in inputs if re.match(rf"=({'|'.join(CHOOSERS)})\(", entry.formula.shown)]
    return [entry for entry in choosing if len(_choices(entry)) >= SCENARIOS]


def selectors(book: Book) -> list[Entry]:
    """The cells with a list that live cells depend on, themselves or through one formula between."""
    found: dict[tuple[str, int, int], Entry] = {}
    for entry in live_cells(book):
        near = [e for r in entry.formula.references if r.is_cell for e in book.entries(r)]
        far = [e for between in near for r in between.formula.references if r.is_cell for e in book.entries(r)]
        for candidate in (*near, *far):
            if any(v.rule.kind == "list" for v in book.validations_of(candidate)):
                found[candidate.place] = candidate
    return list(found.values())

"""Which lines of a calculation must be computed again when some names move."""

from collections.abc import Collection, Iterable, Iterator

from workbook_templates.formulas import names
from workbook_templates.page import PARTS
from workbook_templates.spec import Line


def rows_of(formula: str) -> Iterator[str]:
    """The rows that a formula reads, in part or as a whole.

    >>> list(rows_of("=SUM(cash.all)+N(cash.before)-scenarios.cash"))
    ['cash', 'cash', 'scenarios.cash']
    """
    for name in names(formula):
        base, _, part = name.rpartition(".")
        yield base if part in PARTS else name


def moved_lines(lines: Iterable[Line], moved: Collection[str], wanted: Collection[str]) -> tuple[Line, ...]:
    """The lines that depend on what moved and that the wanted ones need, in the calculation's order.

    >>> from workbook_templates.units import SECONDS
    >>> a, b, c = (Line(n, n, SECONDS, f) for n, f in (("a", "=x+1"), ("b", "=y+1"), ("c", "=a+b")))
    >>> [line.name for line in moved_lines((a, b, c), {"x"}, {"c"})]
    ['a', 'c']
    """
    ordered = tuple(lines)
    reads = {line.name: set(rows_of(line.formula)) | set(rows_of(_total(line))) for line in ordered}
    affected = _closed({name: {r for r in reads if name in reads[r]} for name in {*reads, *moved}}, moved)
    needed = _closed(reads, wanted)
    return tuple(line for line in ordered if line.name in affected and line.name in needed and line.name not in moved)


def _total(line: Line) -> str:
    """The formula that sums a row up, where it has one of its own."""
    return line.total if line.total[:1] == "=" else "=0"


def _closed(edges: dict[str, set[str]], start: Collection[str]) -> set[str]:
    """What can be reached: an opening balance reads a closing one further down, so one pass is not enough."""
    found, ahead = set(start), list(start)
    while ahead:
        fresh = edges.get(ahead.pop(), set()) - found
        found |= fresh
        ahead += fresh
    return found

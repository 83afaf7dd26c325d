"""Which lines of a calculation must be computed again when some names move."""

from collections.abc import Collection, Iterable

from workbook_templates.formulas import names
from workbook_templates.spec import Line


def moved_lines(lines: Iterable[Line], moved: Collection[str], wanted: Collection[str]) -> tuple[Line, ...]:
    """The lines that depend on what moved and that the wanted ones need, in the calculation's order.

    >>> from workbook_templates.units import SECONDS
    >>> a, b, c = (Line(n, n, SECONDS, f) for n, f in (("a", "=x+1"), ("b", "=y+1"), ("c", "=a+b")))
    >>> [line.name for line in moved_lines((a, b, c), {"x"}, {"c"})]
    ['a', 'c']
    """
    ordered = tuple(lines)
    affected = set(moved)
    for line in ordered:
        if affected.intersection(names(line.formula)):
            affected.add(line.name)
    needed = set(wanted)
    for line in reversed(ordered):
        if line.name in needed:
            needed.update(names(line.formula))
    return tuple(line for line in ordered if line.name in affected and line.name in needed and line.name not in moved)

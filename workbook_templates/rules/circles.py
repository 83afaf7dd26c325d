"""Circular references, found in time near to the number of references, however large the ranges.

A range reads all of its cells.  Written out as such, a column of running totals has edges by the
square of its length; so each column of formulas carries a binary tree of its stretches, and a
range points at the few stretches that make it up.
"""

import bisect
from collections.abc import Iterator
from typing import TYPE_CHECKING

from workbook_templates.rules.cells import Entry
from workbook_templates.rules.references import Reference

if TYPE_CHECKING:
    from workbook_templates.rules.book import Book

Stretch = tuple[str, int, int, int]  # sheet, column, and a half-open span in its list of rows
Node = Entry | Stretch


def circles(book: "Book") -> list[list[Entry]]:
    """The circles among the formulas, each as the cells along it; one for each that a walk closes."""
    done: set[Node] = set()
    found = []
    for start in book.formulas:
        if start in done:
            continue
        path: list[Node] = [start]
        position: dict[Node, int] = {start: 0}
        ahead = [_read_by(start, book)]
        while path:
            node = next(ahead[-1], None)
            if node is None:
                last = path.pop()
                ahead.pop()
                del position[last]
                done.add(last)
            elif node in position:
                found.append([step for step in path[position[node] :] if isinstance(step, Entry)])
            elif node not in done:
                position[node] = len(path)
                path.append(node)
                ahead.append(_read_by(node, book))
    return found


def _read_by(node: Node, book: "Book") -> Iterator[Node]:
    """What a formula reads, or what a stretch is made of."""
    if isinstance(node, Entry):
        for area in node.formula.references:
            yield from _stretches(area, book)
        return
    title, column, low, high = node
    sheet = book.by_title[title]
    if high - low == 1:
        yield sheet.formulas[(sheet.formula_rows[column][low], column)]
    else:
        middle = (low + high) // 2
        yield from ((title, column, low, middle), (title, column, middle, high))


def _stretches(area: Reference, book: "Book") -> Iterator[Node]:
    sheet = book.by_title.get(area.sheet)
    if sheet is None:
        return
    if area.is_cell:
        if (entry := sheet.formulas.get((area.top, area.left))) is not None:
            yield entry
        return
    for column, rows in sheet.formula_rows.items():
        if area.left <= column <= area.right:
            first, last = bisect.bisect_left(rows, area.top), bisect.bisect_right(rows, area.bottom)
            yield from _cover((sheet.title, column, 0, len(rows)), first, last)


def _cover(stretch: Stretch, first: int, last: int) -> Iterator[Stretch]:
    """The fewest stretches of the tree that make up a span."""
    title, column, low, high = stretch
    if last <= low or high <= first:
        return
    if first <= low and high <= last:
        yield stretch
        return
    middle = (low + high) // 2
    yield from _cover((title, column, low, middle), first, last)
    yield from _cover((title, column, middle, high), first, last)

"""What commands print: results on stdout, words about them on stderr, JSON as one document."""

import json
import math
import sys
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

PROSE = 16  # characters of a cell, on average, above which a column gets what the others leave
LONGEST = 96  # characters of a cell that its column makes room for; a longer one moves its own row only
WIDEST = 26  # characters of a word that is not broken


def note(line: str) -> None:
    """One line for the user on stderr, whatever names are in it; that nobody listens there stops no work."""
    if sys.stderr is None:
        return
    try:
        print("".join(c if c.isprintable() else "?" for c in line), file=sys.stderr, flush=True)
    except OSError:
        sys.stderr = None


def print_json(document: Any) -> None:
    """The one document of a run; ASCII, so that it reads the same in any locale."""
    print(json.dumps(document, indent=2 if isinstance(document, list) else None, allow_nan=False))


def digits(value: float) -> str:
    """A number for reading: four digits, or all of a whole one.

    >>> digits(197.80000000000001), digits(3.7537e-06), digits(16384.000000000002)
    ('197.8', '0.000003754', '16,384')
    """
    whole = round(value)
    if math.isclose(value, whole, rel_tol=1e-12):
        return f"{whole:,}"
    return f"{Decimal(f'{value:.4g}'):,f}"


def on_terminal() -> bool:
    """Whether somebody reads stdout as it comes."""
    return bool(sys.stdout and sys.stdout.isatty())


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> None:
    """A table fitted to the terminal, or where nobody looks, a line per row for grep and awk."""
    if on_terminal():
        _print_fitted(headings, rows, title)
        return
    columns = zip(headings, *rows, strict=True)
    widths = [max(len(cell) for cell in column if len(cell) <= LONGEST) for column in columns]
    for row in (headings, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _print_fitted(headings: Sequence[str], rows: Sequence[Sequence[str]], title: str) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    heading = Text(title, "bold") if title else None
    table = Table(title=heading, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for column in zip(headings, *rows, strict=True):
        is_prose = sum(map(len, column)) > PROSE * len(column)
        width = None if is_prose else min(WIDEST, max(len(word) for cell in column for word in cell.split()))
        table.add_column(column[0], overflow="fold", width=width)
    for row in rows:
        table.add_row(*map(Text, row))  # not markup: an optional argument is [in brackets]
    Console().print(table)

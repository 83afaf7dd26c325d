"""The command about the article's figures: what it says, what is right, and why."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

from addin.cli.output import digits, on_terminal, print_json, print_table
from addin.cli.typed import json_value
from pycalc.claims import Claim, Verdict, claims, section_titles

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table
    from rich.text import Text

STYLES = {
    Verdict.AGREES: "green",
    Verdict.IMPRECISE: "yellow",
    Verdict.UNITS: "yellow",
    Verdict.WRONG: "bold red",
    Verdict.INCONSISTENT: "bold red",
    Verdict.ASSUMPTION: "cyan",
    Verdict.DERIVED: "cyan",
}
SCALES: dict[str, tuple[tuple[int, str], ...]] = {
    "bytes": ((9, "GB"), (6, "MB"), (0, "bytes")),
    "FLOP": ((12, "TFLOP"), (9, "GFLOP"), (0, "FLOP")),
    "params": ((9, "billion"),),
    "comparisons": ((6, "million"),),
    "tokens": ((6, "M tokens"), (0, "tokens")),
    "requests/user/month": ((0, "requests a month"),),
    "USD/month": ((6, "M USD/month"),),
    "s": ((0, "s"), (-3, "ms")),
    "fraction": ((-2, "%"),),
    "ratio": ((0, "×"),),
    "1": ((0, ""),),
}
"""By unit, the powers of ten in which it is shown, largest first, and what it is called there."""
WIDEST = 112  # characters of a line that is still easily read


def list_claims(as_json: bool) -> None:
    """Every figure of the article beside what its own inputs give."""
    examined = claims()
    if as_json:
        print_json([_described(claim) for claim in examined])
        return
    sections = list(section_titles())
    examined = tuple(sorted(examined, key=lambda claim: sections.index(claim.section)))
    if on_terminal():
        from rich.console import Console

        console = Console()
        console.print(report(examined), width=min(console.width, WIDEST))
        return
    rows = [(claim.section, claim.id, claim.claim, *_shown(claim), claim.verdict, claim.note) for claim in examined]
    print_table(("§", "id", "figure", "article", "right", "unit", "verdict", "why"), rows)


def _described(claim: Claim) -> dict[str, object]:
    return {
        "id": claim.id,
        "section": claim.section,
        "claim": claim.claim,
        "article_value": json_value(claim.article_value),
        "recomputed": json_value(claim.recomputed),
        "unit": claim.unit,
        "verdict": claim.verdict,
        "note": claim.note,
    }


def _shown(claim: Claim) -> tuple[str, str, str]:
    """What the article says, what is right, and their unit.

    The article's figure keeps its own digits; ours has four or, where it is whole, all.
    """
    leading = claim.article if isinstance(claim.article, Decimal) else claim.recomputed
    power, label = _scale(claim.unit, float(leading or 0))
    if isinstance(claim.article, Decimal):
        said = "~" * claim.about + f"{claim.article.scaleb(-power):,f}"
    else:
        said = claim.article or "-"
    right = "-" if claim.recomputed is None else digits(claim.recomputed / 10.0**power)
    return said, right, label


def _scale(unit: str, value: float) -> tuple[int, str]:
    """The power of ten in which a value reads best, and what the unit is called there.

    >>> _scale("bytes", 512e6), _scale("bytes", 16384), _scale("fraction", 0.0034), _scale("USD/hour", 0.31)
    ((6, 'MB'), (0, 'bytes'), (-2, '%'), (0, 'USD/hour'))
    """
    scales = SCALES.get(unit, ((0, unit),))
    return next(((power, label) for power, label in scales if value >= 10.0**power), scales[-1])


def report(examined: Sequence[Claim]) -> "Group":
    """What a terminal shows: the figures by section, then what the verdicts mean and how many figures each has."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.rule import Rule
    from rich.text import Text

    lines: list[RenderableType] = [_line(*map(Text, ("The article on", "says", "is right", "verdict"))), Rule(style="dim")]
    titles = section_titles()
    for section, group in groupby(examined, key=lambda claim: claim.section):
        number = f"{section}  " if section[0].isdigit() else ""
        lines.append(Text(f"{number}{titles[section]}", "bold"))
        for claim in group:
            said, right, unit = _shown(claim)
            ours = f"{right}{unit}" if unit == "×" else f"{right} {unit}"
            lines.append(_line(Text(claim.claim), Text(said), Text(ours), Text(claim.verdict, STYLES[claim.verdict])))
            if claim.note:
                lines.append(Padding(Text(claim.note, "italic"), (0, 0, 0, 4)))
        lines.append(Text())
    return Group(*lines, Rule(style="dim"), _legend(examined))


def _line(*cells: "Text") -> "Table":
    """The columns of a figure; a line of its own, so that what stands between them may be as wide as the terminal."""
    from rich.table import Table

    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(width=0)
    table.add_column(ratio=1, overflow="fold")
    table.add_column(width=10, justify="right")
    table.add_column(width=18, justify="right")
    table.add_column(width=12)
    table.add_row("", *cells)
    return table


def _legend(examined: Sequence[Claim]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    counts = Counter(claim.verdict for claim in examined)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    for verdict in Verdict:
        table.add_row(str(counts[verdict]), Text(verdict, STYLES[verdict]), verdict.meaning)
    return table

"""A rule, what it finds, and the report that a reviewer reads."""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from workbook_templates.rules.references import Reference, column_number

if TYPE_CHECKING:
    from workbook_templates.rules.book import Book

CELL = re.compile(r"(.+)!([A-Z]{1,3})([0-9]+)")
MAX_FINDINGS = 10_000  # of one rule; a book with more is no better known by a list of all
SHOWN = 12  # findings of one rule that the text form prints; JSON holds all


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a rule is broken: the cell, sheet or part, what is there, what would be right."""

    where: str
    what: str
    right: str
    rule: str = ""


Judge = Callable[["Book"], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule by its id; ``judges`` and ``only_with`` name what the `Book` must hold for it.

    A rule that finds nothing to judge fails, except where its own text allows for that:
    then ``only_with`` names what is missing, and the rule does not apply.
    """

    id: str
    title: str
    judge: Judge
    judges: str = ""
    only_with: str = ""

    def verdict(self, book: "Book") -> "Verdict":
        if self.only_with and not getattr(book, self.only_with):
            return Verdict(self, (), f"the workbook has no {_words(self.only_with)}")
        if self.judges and not getattr(book, self.judges):
            words = _words(self.judges)
            found = [Finding("workbook", f"holds no {words}: nothing to judge", f"a model with {words}")]
        else:
            found = list(itertools.islice(self.judge(book), MAX_FINDINGS))
            if len(found) == MAX_FINDINGS:
                found[-1] = Finding("workbook", f"breaks this rule {MAX_FINDINGS:,} times or more", "see the findings before")
        return Verdict(self, tuple(replace(finding, rule=self.id) for finding in found))


def _words(attribute: str) -> str:
    return attribute.replace("_", " ")


RULES: dict[str, Rule] = {}
"""Every rule by its id."""


def rule(key: str, title: str, *, judges: str = "", only_with: str = "") -> Callable[[Judge], Judge]:
    """Register a judge under its id with the rule's own text."""

    def register(judge: Judge) -> Judge:
        if key in RULES:
            raise ValueError(f"{key} is stated twice")
        RULES[key] = Rule(key, title, judge, judges, only_with)
        return judge

    return register


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says of a workbook."""

    rule: Rule
    findings: tuple[Finding, ...]
    not_applicable: str = ""

    @property
    def status(self) -> str:
        if self.not_applicable:
            return "N/A"
        return "FAIL" if self.findings else "PASS"


@dataclass(frozen=True, slots=True)
class Report:
    """The verdicts of all rules on one file."""

    file: str
    verdicts: tuple[Verdict, ...]

    @property
    def passed(self) -> bool:
        return not self.findings

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for verdict in self.verdicts for finding in verdict.findings)

    @property
    def failed(self) -> tuple[str, ...]:
        """The ids of the rules that are broken."""
        return tuple(verdict.rule.id for verdict in self.verdicts if verdict.findings)

    def to_json(self) -> dict[str, Any]:
        """Plain values, ready for ``json.dumps``."""
        return {
            "file": self.file,
            "passed": self.passed,
            "failed": list(self.failed),
            "rules": [_rule_json(verdict) for verdict in self.verdicts],
        }

    def text(self) -> str:
        """The report as plain lines: a line per rule, its findings under it, cells that share one as a range."""
        lines = []
        for verdict in self.verdicts:
            note = f"  ({verdict.not_applicable})" if verdict.not_applicable else ""
            lines.append(f"{verdict.rule.id}  {verdict.status:4}  {verdict.rule.title}{note}")
            found = list(gathered(verdict.findings))
            lines += [f"       {f.where}: {f.what}; right: {f.right}" for f in found[:SHOWN]]
            if len(found) > SHOWN:
                lines.append(f"       and {len(found) - SHOWN} more")
        broken = len(self.failed)
        lines.append(f"{self.file}: {len(self.verdicts) - broken} rules hold, {broken} broken")
        return "\n".join(lines)


def _rule_json(verdict: Verdict) -> dict[str, Any]:
    findings = [{"where": f.where, "what": f.what, "right": f.right} for f in verdict.findings]
    entry = {"id": verdict.rule.id, "title": verdict.rule.title, "status": verdict.status, "findings": findings}
    return entry | ({"reason": verdict.not_applicable} if verdict.not_applicable else {})


def gathered(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings with those that say the same of neighbouring cells made one, about a range.

    >>> cells = [Finding(f"Calc!{cell}", "is red", "black") for cell in ("B2", "C2", "B3", "C3", "E9")]
    >>> [finding.where for finding in gathered(cells)]
    ['Calc!B2:C3', 'Calc!E9']
    """
    alike: dict[tuple[str, str, str], list[tuple[Finding, str, int, int]]] = {}
    for finding in findings:
        match = CELL.fullmatch(finding.where)
        row, column = (int(match[3]), column_number(match[2])) if match else (0, 0)
        sheet = match[1] if match else finding.where
        alike.setdefault((sheet, finding.what, finding.right), []).append((finding, sheet, row, column))
    for group in alike.values():
        first, sheet, row, _ = group[0]
        if len(group) == 1 or not row:
            yield from (finding for finding, *_ in group)
            continue
        for top, left, bottom, right in _rectangles({(row, column) for _, _, row, column in group}):
            yield replace(first, where=f"{sheet}!{Reference(sheet, left, top, right, bottom).cells}")


def _rectangles(cells: set[tuple[int, int]]) -> list[tuple[int, int, int, int]]:
    """Cells as few rectangles: runs in a row first, then runs of the same columns under each other."""
    runs: list[tuple[int, int, int, int]] = []
    for row, column in sorted(cells):
        if runs and runs[-1][0] == row and runs[-1][3] == column - 1:
            runs[-1] = (*runs[-1][:3], column)
        else:
            runs.append((row, column, row, column))
    found: dict[tuple[int, int, int], tuple[int, int, int, int]] = {}
    for top, left, bottom, right in runs:
        above = found.pop((top - 1, left, right), None)
        found[(bottom, left, right)] = (above[0] if above else top, left, bottom, right)
    return sorted(found.values())

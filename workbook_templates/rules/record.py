"""A rule, what it finds, and the report that a reviewer reads."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbook_templates.rules.book import Book

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
            found = list(self.judge(book))
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
        """The report as plain lines: a line per rule, its findings under it."""
        lines = []
        for verdict in self.verdicts:
            note = f"  ({verdict.not_applicable})" if verdict.not_applicable else ""
            lines.append(f"{verdict.rule.id}  {verdict.status:4}  {verdict.rule.title}{note}")
            lines += [f"       {f.where}: {f.what}; right: {f.right}" for f in verdict.findings[:SHOWN]]
            if len(verdict.findings) > SHOWN:
                lines.append(f"       and {len(verdict.findings) - SHOWN} more")
        broken = len(self.failed)
        lines.append(f"{self.file}: {len(self.verdicts) - broken} rules hold, {broken} broken")
        return "\n".join(lines)


def _rule_json(verdict: Verdict) -> dict[str, Any]:
    findings = [{"where": f.where, "what": f.what, "right": f.right} for f in verdict.findings]
    entry = {"id": verdict.rule.id, "title": verdict.rule.title, "status": verdict.status, "findings": findings}
    return entry | ({"reason": verdict.not_applicable} if verdict.not_applicable else {})

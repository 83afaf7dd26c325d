"""What a data validation allows, taken apart once and asked for many values."""

from collections.abc import Callable
from dataclasses import dataclass

from workbook_templates.rules.book import Book, Validated

NUMERIC_KINDS = ("whole", "decimal", "date", "time")
COMPARISONS: dict[str, Callable[[float, float, float], bool]] = {
    "between": lambda value, low, high: low <= value <= high,
    "notBetween": lambda value, low, high: not low <= value <= high,
    "equal": lambda value, low, _: value == low,
    "notEqual": lambda value, low, _: value != low,
    "greaterThan": lambda value, low, _: value > low,
    "lessThan": lambda value, low, _: value < low,
    "greaterThanOrEqual": lambda value, low, _: value >= low,
    "lessThanOrEqual": lambda value, low, _: value <= low,
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """A validation as values: a list of texts, or a comparison with one or two numbers."""

    kind: str
    operator: str = "between"
    low: float = 0
    high: float = 0
    options: tuple[str, ...] = ()

    @property
    def is_numeric(self) -> bool:
        return self.kind in NUMERIC_KINDS

    def breach(self, text: str, number: float | None) -> str:
        """What is allowed, where a value, given as text and as number, breaks it; else nothing."""
        if self.kind == "list":
            return "" if text in self.options else f"one of {', '.join(self.options)}"
        value = float(len(text)) if self.kind == "textLength" else number
        words = f"{self.operator} {self.low:g}" + (f" and {self.high:g}" if _two_sided(self.operator) else "")
        if value is None:
            return f"a number {words}"
        if self.kind == "whole" and value % 1:
            return f"a whole number {words}"
        return "" if COMPARISONS[self.operator](value, self.low, self.high) else words


def bounds_of(book: Book, validation: Validated) -> Bounds | None:
    """The bounds as values; None where they are a formula that is not judged here, or nothing is asked."""
    stored = validation.rule
    if stored.kind == "list":
        options = tuple(options_of(book, validation))
        return Bounds("list", options=options) if options else None
    if stored.kind not in (*NUMERIC_KINDS, "textLength") or stored.operator not in COMPARISONS:
        return None
    low, high = (_bound(book, text, validation.sheet.title) for text in (stored.first, stored.second))
    if low is None or (_two_sided(stored.operator) and high is None):
        return None
    return Bounds(stored.kind, stored.operator, low, high or 0)


def _two_sided(operator: str) -> bool:
    return operator in ("between", "notBetween")


def _bound(book: Book, text: str, sheet: str) -> float | None:
    """A bound as a number: written out, or in the cell it refers to."""
    try:
        return float(text)
    except ValueError:
        found = book.look_up(text, sheet) if text else []
        return found[0].number if len(found) == 1 else None


def options_of(book: Book, validation: Validated) -> list[str]:
    """The choices of a list, written out or in the cells it refers to."""
    text = validation.rule.first
    if text.startswith('"'):
        return [option.strip() for option in text.strip('"').split(",")]
    return [entry.text for entry in book.look_up(text, validation.sheet.title)]

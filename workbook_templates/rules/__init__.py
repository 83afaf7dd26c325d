"""The thirty rules of a model, and the check of a workbook against them.

>>> sorted(RULES) == [f"R{number:02}" for number in range(1, 31)]
True
"""

import os

from workbook_templates.reading import open_package
from workbook_templates.rules import formulas, inputs, presentation, structure
from workbook_templates.rules.book import Book
from workbook_templates.rules.record import RULES, Finding, Report, Rule, Verdict

__all__ = ["RULES", "Finding", "Report", "Rule", "Verdict", "check_workbook", "formulas", "inputs", "presentation", "structure"]


def check_workbook(path: str | os.PathLike[str]) -> Report:
    """The verdict of every rule on a workbook; a file that cannot be trusted raises `RefusedFileError`."""
    book = Book(open_package(path))
    return Report(os.fspath(path), tuple(RULES[key].verdict(book) for key in sorted(RULES)))

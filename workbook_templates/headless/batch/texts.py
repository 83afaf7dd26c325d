"""Cells as the text of a csv file, in which a spreadsheet will see no formula."""

from collections.abc import Sequence

from pycalc.cells import Cell
from workbook_templates.headless.batch.shards import Column
from workbook_templates.overrides import NUMBER

STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def number_text(value: float) -> str:
    """A number with all its digits.

    >>> number_text(0.1), number_text(512.0)
    ('0.1', '512')
    """
    return repr(value).removesuffix(".0")


def safe_text(text: str) -> str:
    """A text that stays one: what a spreadsheet would take for a formula gets a quote before it.

    >>> safe_text("=1+1"), safe_text("a=1")
    ("'=1+1", 'a=1')
    """
    return f"'{text}" if text.startswith(STARTS_A_FORMULA) else text


def key_text(key: str) -> str:
    """A key, which may be a number below zero.

    >>> key_text("-5"), key_text("-5+1")
    ('-5', "'-5+1")
    """
    return key if NUMBER.fullmatch(key) else safe_text(key)


def cell_text(cell: Cell) -> str:
    """A cell of any kind; nothing for a blank."""
    match cell:
        case None:
            return ""
        case bool():
            return str(cell).upper()
        case str():
            return safe_text(cell)
        case float():
            return number_text(cell)
    return str(cell)


def column_texts(column: Column) -> Sequence[str]:
    """A column as texts."""
    if column.kind == "f":
        return [text.removesuffix(".0") for text in map(repr, column.numbers())]
    return list(map(cell_text, column.cells()))

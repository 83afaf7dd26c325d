"""A formula read once: what it refers to, calls and holds, and its shape wherever it is copied."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token, TokenizerError
from openpyxl.utils import get_column_letter

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
STORED_PREFIX = re.compile(r"_xlfn\.|_xlws\.|_xlpm\.|_xlop\.", re.IGNORECASE)
UNSEEN_FUNCTIONS = frozenset(("ANCHORARRAY", "SINGLE"))  # how files store the signs # and @
SHEET_PREFIX = re.compile(r"(?:'((?:[^']|'')+)'|([^'!\[\]]+))!(.+)", re.DOTALL)
EXTERNAL = re.compile(r"\[[^\]]*\][^!]*'?!|^[^!]*\|[^!]*'?!")  # [1]Sheet!A1, and DDE's server|topic!item
CELLS = re.compile(r"(\$?)([A-Za-z]{1,3})(\$?)([0-9]{1,7})(?::(\$?)([A-Za-z]{1,3})(\$?)([0-9]{1,7}))?")
COLUMNS = re.compile(r"\$?([A-Za-z]{1,3}):\$?([A-Za-z]{1,3})")
ROWS = re.compile(r"\$?([0-9]{1,7}):\$?([0-9]{1,7})")
TABLE = re.compile(r"(\w*)\[(.*)\]", re.DOTALL)


def quoted(sheet: str) -> str:
    """A sheet's name as a reference writes it."""
    return sheet if re.fullmatch(r"[^\W\d]\w*", sheet) else "'" + sheet.replace("'", "''") + "'"


class Reference(NamedTuple):
    """A rectangle of cells that a formula reads; ``name`` where it is reached through one."""

    sheet: str
    left: int
    top: int
    right: int
    bottom: int
    name: str = ""

    @property
    def is_cell(self) -> bool:
        return self.left == self.right and self.top == self.bottom

    @property
    def is_whole(self) -> bool:
        """Whether it is a whole column or row."""
        return (self.top == 1 and self.bottom == LAST_ROW) or (self.left == 1 and self.right == LAST_COLUMN)

    @property
    def cells(self) -> str:
        """The rectangle without its sheet, such as D5:D9."""
        first, last = (f"{get_column_letter(c)}{r}" for r, c in ((self.top, self.left), (self.bottom, self.right)))
        return first if self.is_cell else f"{first}:{last}"

    @property
    def shown(self) -> str:
        """The rectangle as a formula writes it, such as Calc!D5:D9."""
        return f"{quoted(self.sheet)}!{self.cells}"

    def covers(self, sheet: str, row: int, column: int) -> bool:
        return self.sheet == sheet and self.top <= row <= self.bottom and self.left <= column <= self.right


class Table(NamedTuple):
    """An Excel table: where its data rows are and what its columns are called."""

    area: Reference
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Formula:
    """What the rules need to know of a formula; ``fault`` where it cannot be read."""

    text: str
    shape: str = ""
    references: tuple[Reference, ...] = ()
    functions: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()
    nested_if: bool = False
    is_plain: bool = False
    """Whether it is one reference and nothing else."""
    is_link: bool = False
    """Whether it only shows another cell."""
    unknown: tuple[str, ...] = ()
    external: tuple[str, ...] = ()
    fault: str = ""

    @property
    def shown(self) -> str:
        """The text as Excel shows it, without the prefixes that files store."""
        return STORED_PREFIX.sub("", self.text)

    @property
    def is_lambda(self) -> bool:
        return self.functions[:1] == ("LAMBDA",)


@dataclass(frozen=True)
class Scope:
    """What the operands of a formula may stand for: sheets, names and tables."""

    sheets: Sequence[str]
    find_name: Callable[[str, str], tuple[Reference, ...] | None]
    """Sheet and name → its references, None where there is no such name."""
    tables: dict[str, Table]


@lru_cache(maxsize=16_384)
def column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + ord(letter) - 64
    return number


def read_formula(text: str, sheet: str, row: int, column: int, scope: Scope) -> Formula:
    """The formula of a cell, taken apart."""
    try:
        tokens = _tokens(text)
    except (TokenizerError, IndexError, AttributeError) as fault:
        return Formula(text, fault=str(fault) or "cannot be read")
    references: list[Reference] = []
    unknown: list[str] = []
    external: list[str] = []
    shape: list[str] = []
    for token in tokens:
        if token.type != Token.OPERAND or token.subtype != Token.RANGE:
            shape.append(token.value)
        elif EXTERNAL.search(token.value):
            external.append(token.value)
            shape.append(token.value)
        else:
            found, key = _operand(token.value, sheet, row, column, scope)
            references += found or ()
            unknown += [token.value] if found is None else []
            shape.append(key)
    functions, nested = _calls(tokens)
    operands = [token for token in tokens if token.type == Token.OPERAND]
    is_link = len(operands) == 1 and len(references) == 1 and references[0].is_cell and not functions
    is_link = is_link and all(t.type in (Token.OPERAND, Token.PAREN) or t.value == "+" for t in tokens)
    return Formula(
        text,
        shape=" ".join(shape),
        references=tuple(references),
        functions=functions,
        numbers=tuple(_numbers(tokens)),
        nested_if=nested,
        is_plain=len(tokens) == len(operands) == 1,
        is_link=is_link,
        unknown=tuple(unknown),
        external=tuple(external),
    )


@lru_cache(maxsize=4_096)
def _tokens(text: str) -> tuple[Any, ...]:
    """The signs of a formula without white space; headers and names repeat within and across workbooks."""
    return tuple(token for token in Tokenizer(text).items if token.type != Token.WSPACE)


def _operand(text: str, sheet: str, row: int, column: int, scope: Scope) -> tuple[tuple[Reference, ...] | None, str]:
    """What an operand refers to (None: unknown) and how it reads in every copy of the formula."""
    prefix = SHEET_PREFIX.fullmatch(text)
    home, body = sheet, text
    if prefix:
        home, body = (prefix[1] or prefix[2]).replace("''", "'"), prefix[3]
    if match := CELLS.fullmatch(body):
        area, key = _cells(match, row, column)
    elif match := COLUMNS.fullmatch(body):
        area, key = (column_number(match[1]), 1, column_number(match[2]), LAST_ROW), body
    elif match := ROWS.fullmatch(body):
        area, key = (1, int(match[1]), LAST_COLUMN, int(match[2])), body
    elif body.startswith("_xl"):
        return (), body  # a parameter of LET or LAMBDA
    elif (match := TABLE.fullmatch(body)) and (found := _table(match, sheet, row, column, scope)) is not None:
        return (found,), text
    else:
        return scope.find_name(home, body), text.casefold()
    left, top, right, bottom = area
    sheets = _between(home, scope.sheets) if ":" in home else (home,)
    span = (min(left, right), min(top, bottom), max(left, right), max(top, bottom))
    return tuple(Reference(title, *span) for title in sheets), f"{home}!{key}" if prefix else key


def _cells(match: re.Match[str], row: int, column: int) -> tuple[tuple[int, int, int, int], str]:
    left, top = column_number(match[2]), int(match[4])
    key = _relative(match[3], top, row, "R") + _relative(match[1], left, column, "C")
    if match[6] is None:
        return (left, top, left, top), key
    right, bottom = column_number(match[6]), int(match[8])
    key = f"{key}:{_relative(match[7], bottom, row, 'R')}{_relative(match[5], right, column, 'C')}"
    return (left, top, right, bottom), key


def _relative(dollar: str, position: int, own: int, letter: str) -> str:
    return f"{letter}{position}" if dollar else f"{letter}[{position - own}]"


def _between(span: str, sheets: Sequence[str]) -> tuple[str, ...]:
    """The sheets of a reference such as ``Jan:Dec!A1``."""
    first, _, last = span.partition(":")
    if first not in sheets or last not in sheets:
        return (span,)
    return tuple(sheets[sheets.index(first) : sheets.index(last) + 1])


def _table(match: re.Match[str], sheet: str, row: int, column: int, scope: Scope) -> Reference | None:
    """The cells of a structured reference: one column of a table, its own row, or all of it."""
    table = scope.tables.get(match[1].casefold())
    if table is None and not match[1]:
        table = next((t for t in scope.tables.values() if t.area.covers(sheet, row, column)), None)
    if table is None:
        return None
    area, inner = table.area, match[2]
    written = f"[{inner.lstrip('@')}]".casefold()
    positions = [i for i, column in enumerate(table.columns) if f"[{column}]".casefold() in written]
    left, right = (area.left + min(positions), area.left + max(positions)) if positions else (area.left, area.right)
    own_row = "@" in inner or "#This Row" in inner
    return Reference(area.sheet, left, row if own_row else area.top, right, row if own_row else area.bottom)


def _calls(tokens: Sequence[Any]) -> tuple[tuple[str, ...], bool]:
    """The functions in order of their opening, and whether an IF stands inside an IF."""
    functions: list[str] = []
    stack: list[str] = []
    nested = False
    for token in tokens:
        if token.type != Token.FUNC:
            continue
        if token.subtype == Token.CLOSE:
            del stack[-1:]
            continue
        name = STORED_PREFIX.sub("", token.value[:-1]).upper().lstrip("@")
        nested = nested or (name == "IF" and "IF" in stack)
        stack.append(name)
        if name not in UNSEEN_FUNCTIONS:
            functions.append(name)
    return tuple(functions), nested


def _numbers(tokens: Sequence[Any]) -> list[float]:
    """The numbers written into a formula, a text that is a number included, signs and percent applied."""
    found: list[float] = []
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type == Token.OPERAND and token.subtype in (Token.NUMBER, Token.TEXT):
            try:
                found.append(float(token.value.strip('"')))
            except ValueError:
                continue
        elif token.type == Token.OP_POST and before is not None and before.subtype == Token.NUMBER:
            found[-1] /= 100
    return found

"""A formula's text as a tree: openpyxl's tokenizer, and Excel's precedence climbed on its tokens.

>>> Parser("-2^B$3", 1, 1).parsed()
Infix(operator='^', left=Prefix(operator='-', operand=Literal(value=2.0)), right=Reference(sheet=None, \
first=Corner(row=3, column=1, fixed_row=True, fixed_column=False), \
last=Corner(row=3, column=1, fixed_row=True, fixed_column=False)))
"""

import re

from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token, TokenizerError

from pycalc.cells import Cell
from pycalc.errors import EXCEL_ERRORS, CellError
from workbook_templates.headless.columnar.refusal import UnsupportedError
from workbook_templates.headless.columnar.syntax import (
    MAX_COLUMN,
    MAX_ROW,
    ArrayLiteral,
    Call,
    Corner,
    Grouped,
    Infix,
    Invocation,
    Literal,
    Named,
    Node,
    Omitted,
    Percent,
    Prefix,
    Reference,
)

STRENGTH = {"^": 5, "*": 4, "/": 4, "+": 3, "-": 3, "&": 2} | dict.fromkeys(("=", "<>", "<", ">", "<=", ">="), 1)
DEEPEST = 64  # levels of nesting that Excel allows

SHEET = r"""(?:'(?P<quoted>(?:[^']|'')+)'|(?P<bare>[^\s'!:\[\]]+))!"""
CORNER = re.compile(r"(\$?)([A-Z]{1,3})(\$?)([1-9][0-9]{0,6})", re.IGNORECASE)
CELLS = re.compile(
    rf"(?:{SHEET})?(?:(?P<first>\$?[A-Z]{{1,3}}\$?[1-9][0-9]{{0,6}})(?::(?P<last>\$?[A-Z]{{1,3}}\$?[1-9][0-9]{{0,6}}))?"
    r"|(?P<columns>\$?[A-Z]{1,3}:\$?[A-Z]{1,3})|(?P<rows>\$?[0-9]{1,7}:\$?[0-9]{1,7}))",
    re.IGNORECASE,
)
NAME = re.compile(rf"(?:{SHEET})?(?P<name>[^\W\d][\w.\\?]*|\\[\w.\\?]*)")
RELATIVE = re.compile(
    r""""(?:[^"]|"")*"|'(?:[^']|'')*'!?"""
    r"|(?<![\w.$\\])(\$?)([A-Za-z]{1,3})(\$?)([1-9][0-9]{0,6})(?![\w.(\\!])"
    r"|(?<![\w.$:\\])(\$?[A-Za-z]{1,3}:\$?[A-Za-z]{1,3}|\$?[0-9]{1,7}:\$?[0-9]{1,7})(?![\w.(\\!:])"
)


def column_number(letters: str) -> int:
    """
    >>> column_number("AB")
    28
    """
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def relative_text(formula: str, row: int, column: int) -> str:
    """A text that is the same for all cells that are filled with one formula.

    >>> relative_text('A1&"A1"&B$2', 1, 2) == relative_text('B2&"A1"&C$2', 2, 3)
    True
    """

    def relative(match: re.Match[str]) -> str:
        fixed_column, letters, fixed_row, digits, lines = match.groups()
        if lines is not None:
            return _relative_lines(lines, row, column)
        if letters is None:
            return match[0]
        across = f"C{column_number(letters)}" if fixed_column else f"C[{column_number(letters) - column}]"
        down = f"R{digits}" if fixed_row else f"R[{int(digits) - row}]"
        return f"\0{down}{across}"

    return RELATIVE.sub(relative, formula)


def _relative_lines(lines: str, row: int, column: int) -> str:
    ends = []
    for end in lines.split(":"):
        word = end.removeprefix("$")
        number, origin = (int(word), row) if word.isdigit() else (column_number(word), column)
        ends.append(f"\0{number}" if end.startswith("$") else f"\0[{number - origin}]")
    return ":".join(ends)


class Parser:
    """Reads one formula of the cell in this row and column."""

    def __init__(self, formula: str, row: int, column: int) -> None:
        self.row, self.column = row, column
        try:
            tokens = Tokenizer(f"={formula}").items
        except (TokenizerError, IndexError) as fault:
            raise UnsupportedError("NOT_PARSED", f"the formula cannot be read ({fault})") from None
        self.tokens = _without_spaces(tokens)
        self.at = self.depth = 0
        self.in_invocation = False  # whose commas the tokenizer takes for unions

    def parsed(self) -> Node:
        """The whole formula."""
        node = self._expression(0)
        if self.at < len(self.tokens):
            raise self._unexpected()
        return node

    @property
    def token(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _is(self, kind: str, subtype: str | None = None) -> bool:
        token = self.token
        return token is not None and token.type == kind and (subtype is None or token.subtype == subtype)

    def _take(self) -> Token:
        if self.token is None:
            raise UnsupportedError("NOT_PARSED", "the formula ends too early")
        self.at += 1
        return self.tokens[self.at - 1]

    def _unexpected(self) -> UnsupportedError:
        token = self.token
        if token is None:
            return UnsupportedError("NOT_PARSED", "the formula ends too early")
        if token.value == "," or token.type == Token.WSPACE:
            return UnsupportedError("REFERENCE", "a union or an intersection of ranges")
        return UnsupportedError("NOT_PARSED", f"{token.value!r} is not expected")

    def _expression(self, least: int) -> Node:
        self.depth += 1
        if self.depth > DEEPEST * 4:
            raise UnsupportedError("NOT_PARSED", f"it is nested deeper than {DEEPEST} levels")
        left = self._operand()
        while self._is(Token.OP_IN):
            operator = self.tokens[self.at].value
            if operator == "," and self.in_invocation:
                break
            if operator not in STRENGTH:
                raise UnsupportedError("REFERENCE", "a union, an intersection or a range made by an expression")
            if STRENGTH[operator] <= least:
                break
            self.at += 1
            left = Infix(operator, left, self._expression(STRENGTH[operator]))
        self.depth -= 1
        return left

    def _operand(self) -> Node:
        signs = []
        while self._is(Token.OP_PRE):
            signs.append(self._take().value)
        node = self._atom()
        while self._is(Token.PAREN, Token.OPEN):
            self.at += 1
            node = Invocation(node, self._arguments(Token.PAREN))
        for sign in reversed(signs):
            node = Prefix(sign, node)
        while self._is(Token.OP_POST):
            self.at += 1
            node = Percent(node)
        return node

    def _atom(self) -> Node:
        token = self._take()
        if token.type == Token.FUNC and token.subtype == Token.OPEN:
            return Call(token.value[:-1], self._arguments(Token.FUNC))
        if token.type == Token.PAREN and token.subtype == Token.OPEN:
            outer, self.in_invocation = self.in_invocation, False
            node = self._expression(0)
            if not self._is(Token.PAREN, Token.CLOSE):
                raise self._unexpected()
            self.at, self.in_invocation = self.at + 1, outer
            return Grouped(node)
        if token.type == Token.ARRAY and token.subtype == Token.OPEN:
            return self._array()
        if token.type != Token.OPERAND:
            self.at -= 1
            raise self._unexpected()
        if token.subtype == Token.RANGE:
            return self._reference(token.value)
        return Literal(_literal(token))

    def _arguments(self, bracket: str) -> tuple[Node, ...]:
        if self._is(bracket, Token.CLOSE):
            self.at += 1
            return ()
        outer, self.in_invocation = self.in_invocation, bracket == Token.PAREN
        arguments: list[Node] = []
        while True:
            arguments.append(Omitted() if self._ends_argument(bracket) else self._expression(0))
            if not self._ends_argument(bracket):
                raise self._unexpected()
            if self._take().subtype == Token.CLOSE:
                self.in_invocation = outer
                return tuple(arguments)

    def _ends_argument(self, bracket: str) -> bool:
        comma = self.in_invocation and self._is(Token.OP_IN) and self.tokens[self.at].value == ","
        return comma or self._is(Token.SEP, Token.ARG) or self._is(bracket, Token.CLOSE)

    def _array(self) -> Node:
        rows: list[list[Cell]] = [[]]
        while not self._is(Token.ARRAY, Token.CLOSE):
            sign = self._take().value if self._is(Token.OP_PRE) else "+"
            token = self._take()
            if token.type == Token.SEP:
                if token.subtype == Token.ROW:
                    rows.append([])
                continue
            if token.type != Token.OPERAND or token.subtype == Token.RANGE:
                raise UnsupportedError("NOT_PARSED", f"{token.value!r} is not expected in an array")
            value = _literal(token)
            rows[-1].append(-value if sign == "-" and isinstance(value, float) else value)
        self.at += 1
        if len({len(row) for row in rows}) != 1:
            raise UnsupportedError("NOT_PARSED", "the rows of an array differ in length")
        return ArrayLiteral(tuple(map(tuple, rows)))

    def _reference(self, text: str) -> Node:
        text = text.removeprefix("@")
        match = CELLS.fullmatch(text)
        if match is None:
            return _named(text)
        if set(match["quoted"] or "") & set(":["):
            raise UnsupportedError("REFERENCE", f"a reference that is not read here: {text}")
        first, last = self._corners(match)
        if max(first.row if first.fixed_row else 0, last.row if last.fixed_row else 0) > MAX_ROW:
            return _named(text)
        return Reference(_sheet(match), first, last)

    def _corners(self, match: re.Match[str]) -> tuple[Corner, Corner]:
        if match["columns"]:
            ends = [self._corner(*_dollar(end), "$", "1") for end in match["columns"].split(":")]
            return ends[0], Corner(MAX_ROW, ends[1].column, True, ends[1].fixed_column)
        if match["rows"]:
            rows = [_dollar(end) for end in match["rows"].split(":")]
            ends = [self._corner("$", "A", fixed, digits) for fixed, digits in rows]
            return ends[0], Corner(ends[1].row, MAX_COLUMN, ends[1].fixed_row, True)
        first = self._corner(*_parts(match["first"]))
        return first, self._corner(*_parts(match["last"])) if match["last"] else first

    def _corner(self, fixed_column: str, letters: str, fixed_row: str, digits: str) -> Corner:
        row, column = int(digits), column_number(letters)
        return Corner(
            row if fixed_row else row - self.row,
            column if fixed_column else column - self.column,
            bool(fixed_row),
            bool(fixed_column),
        )


def _dollar(end: str) -> tuple[str, str]:
    return "$" * end.startswith("$"), end.removeprefix("$")


def _parts(corner: str) -> tuple[str, str, str, str]:
    match = CORNER.fullmatch(corner)
    assert match is not None  # noqa: S101 - CELLS has matched the same text
    return match[1], match[2], match[3], match[4]


def _sheet(match: re.Match[str]) -> str | None:
    return match["quoted"].replace("''", "'") if match["quoted"] else match["bare"]


def _named(text: str) -> Node:
    match = NAME.fullmatch(text)
    if match is None:
        what = "a structured reference" if "[" in text else "a reference"
        raise UnsupportedError("REFERENCE", f"{what} that is not read here: {text}")
    return Named(match["name"] if _sheet(match) is None else f"{_sheet(match)}!{match['name']}")


def _literal(token: Token) -> Cell:
    text = token.value
    if token.subtype == Token.NUMBER:
        return float(text)
    if token.subtype == Token.TEXT:
        return str(text[1:-1].replace('""', '"'))
    if token.subtype == Token.LOGICAL:
        return bool(text.upper() == "TRUE")
    if text.upper() in EXCEL_ERRORS:
        return CellError(text.upper())
    raise UnsupportedError("NOT_PARSED", f"{text!r} is not expected")


def _without_spaces(tokens: list[Token]) -> list[Token]:
    """The tokens without white space, but for that between two operands, which is an intersection."""
    kept: list[Token] = []
    for i, token in enumerate(tokens):
        if token.type == Token.WSPACE:
            following = next((later for later in tokens[i + 1 :] if later.type != Token.WSPACE), None)
            starts = following is not None and (
                following.type == Token.OPERAND
                or (following.type in (Token.FUNC, Token.PAREN) and following.subtype == Token.OPEN)
            )
            ends = bool(kept) and (kept[-1].type == Token.OPERAND or kept[-1].subtype == Token.CLOSE)
            if not (starts and ends):
                continue
        kept.append(token)
    return kept

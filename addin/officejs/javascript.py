"""Print a traced body as JavaScript: doubles, in the body's own order, so that it gives what Python gives.

A division by what may be zero is a call of ``quotient`` and a power that may fail one of ``power``:
JavaScript would go on with infinity, where the policy wants an error.  These and ``refuse`` are in
``runtime.js``.  A node used more than once is bound to a name once, as LET does in a LAMBDA.
"""

import json
import math
import re
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pycalc.symbolic import Symbol, UntraceableError

CONDITION, AND, EQUAL, COMPARE, SUM, PRODUCT, POWER, UNARY, ATOM = range(1, 10)
INFIX = {
    "add": ("+", SUM),
    "subtract": ("-", SUM),
    "multiply": ("*", PRODUCT),
    "divide": ("/", PRODUCT),
    "logical_and": ("&&", AND),
    "less": ("<", COMPARE),
    "less_equal": ("<=", COMPARE),
    "greater": (">", COMPARE),
    "greater_equal": (">=", COMPARE),
    "equal": ("===", EQUAL),
    "not_equal": ("!==", EQUAL),
}
CALLS = {
    "minimum": "Math.min",
    "maximum": "Math.max",
    "floor": "Math.floor",
    "ceil": "Math.ceil",
    "sqrt": "Math.sqrt",
    "exp": "Math.exp",
    "log": "Math.log",
    "log2": "Math.log2",
    "log10": "Math.log10",
    "divide": "quotient",
    "power": "power",
}
ERRORS = {
    "#DIV/0!": "divisionByZero",
    "#N/A": "notAvailable",
    "#NUM!": "invalidNumber",
    "#VALUE!": "invalidValue",
}
"""The errors that a custom function may give, by Excel's spelling: members of CustomFunctions.ErrorCode."""

HELPERS = frozenset("quotient power refuse declare".split())
RESERVED = HELPERS | frozenset(  # ECMA-262, strict code, and the values that look like names
    """
    arguments async await break case catch class const continue debugger default delete do else enum eval export
    extends false finally for function get if implements import in instanceof interface let NaN new null of package
    private protected public return set static super switch this throw true try typeof undefined var void while
    with yield Infinity Math CustomFunctions ErrorCode
    """.split()
)


WIDTH = 120  # characters of a line
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
LEGIBLE = 2  # characters that digits may be longer than an exponent, being easier to read


def identifier(name: str) -> str:
    """An argument's name where JavaScript has not taken it for itself."""
    return f"{name}_" if name in RESERVED else name


def number_text(value: float) -> str:
    """A literal of a double, all of it, since JavaScript reads what Python writes: in digits, or with an exponent.

    >>> number_text(3600), number_text(8 / 3), number_text(-0.5), number_text(1234567)
    ('3600', '2.6666666666666665', '-0.5', '1234567')
    >>> number_text(1e6), number_text(-12e6), number_text(1e30), number_text(1e-9)
    ('1e6', '-1.2e7', '1e30', '1e-9')
    """
    if not math.isfinite(value):
        raise UntraceableError(f"{value!r} has no literal")
    plain = repr(float(value)).removesuffix(".0")
    mantissa, _, exponent = f"{Decimal(plain).normalize():e}".partition("e")
    short = f"{mantissa}e{int(exponent or 0)}"
    return short if "e" in plain or len(short) + LEGIBLE < len(plain) else plain


@dataclass
class Printer:
    """Prints nodes; ``bound`` maps the id of a node to the name that holds it."""

    bound: dict[int, str] = field(default_factory=dict)

    def text(self, value: Any) -> str:
        return self._binding(value)[0]

    def _operand(self, value: Any, need: int) -> str:
        text, binding = self._binding(value)
        return text if binding >= need else f"({text})"

    def _binding(self, value: Any) -> tuple[str, int]:
        """The text of a value and how tightly its outermost operator binds."""
        if not isinstance(value, Symbol):
            return _constant(value)
        if id(value) in self.bound:
            return self.bound[id(value)], ATOM
        op, args = value.op, value.args
        if op == "name":
            return identifier(args[0]), ATOM
        if op == "error":
            return f"refuse(ErrorCode.{ERRORS[args[0]]})", ATOM
        if op == "if":
            condition, yes = (self._operand(argument, CONDITION + 1) for argument in args[:2])
            return f"{condition} ? {yes} : {self._operand(args[2], CONDITION)}", CONDITION
        if op == "negative":
            return f"-{self._operand(args[0], ATOM)}", UNARY
        if op == "power" and not _is_guarded(op, args):
            return f"{self._operand(args[0], ATOM)} ** {self._operand(args[1], UNARY)}", POWER
        if op in INFIX and not _is_guarded(op, args):
            sign, strength = INFIX[op]
            # the right operand keeps its parentheses: JavaScript adds in the body's order
            return f"{self._operand(args[0], strength)} {sign} {self._operand(args[1], strength + 1)}", strength
        if op not in CALLS:
            raise UntraceableError(f"{op} has no counterpart in JavaScript")
        return f"{CALLS[op]}({', '.join(map(self.text, args))})", ATOM


def _constant(value: Any) -> tuple[str, int]:
    if value is None:
        return "null", ATOM
    if isinstance(value, str):
        return json.dumps(value), ATOM
    text = number_text(float(value))  # np.where makes arrays of no dimension
    return text, UNARY if text.startswith("-") else ATOM


def _is_guarded(op: str, args: Sequence[Any]) -> bool:
    """Whether a division may have no divisor, or a power no value."""
    if op not in ("divide", "power"):
        return False
    right = args[1]
    return isinstance(right, Symbol) or (right == 0 if op == "divide" else right < 0)


def expression(body: Any) -> str:
    """A body in one expression."""
    return Printer().text(body)


def statements(body: Any) -> Sequence[str]:
    """A body as the inside of a function: constants for its parts, then what it returns.

    A part is bound that is used more than once, and a branch that may refuse: numpy computes both
    branches of a condition, and so an error in either is the result.
    """
    printer, lines = Printer(), list[str]()
    nodes = list(body.walk()) if isinstance(body, Symbol) else []
    uses = Counter(id(operand) for node in nodes for operand in node.args if isinstance(operand, Symbol))
    branches = {id(operand) for node in nodes if node.op == "if" for operand in node.args[1:] if _may_refuse(operand)}
    for node in nodes:
        if node.op not in ("name", "error") and (uses[id(node)] > 1 or id(node) in branches):
            text = printer.text(node)
            printer.bound[id(node)] = f"part_{len(lines) + 1}"
            lines.append(f"const {printer.bound[id(node)]} = {text};")
    return [*lines, f"return {printer.text(body)};"]


def _may_refuse(value: Any) -> bool:
    """Whether a part holds a division or a power that may fail, or an error."""
    if not isinstance(value, Symbol):
        return False
    return any(_is_guarded(node.op, node.args) or node.op == "error" for node in value.walk())


def wrapped(line: str, first: str = "  ", rest: str = "    ") -> str:
    """A line broken where it has spaces, which JavaScript allows but within a string; with the indents of its lines."""
    held = STRING.sub(lambda string: string[0].replace(" ", "\0"), line)
    lines = textwrap.wrap(
        held, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines).replace("\0", " ") + "\n"

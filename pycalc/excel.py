"""Print a traced body as Excel text: a formula for a cell, or the body of a LAMBDA.

A cell's text must run in any spreadsheet: no LET, MIN and MAX for the minimum of scalars.
A LAMBDA's text lifts over ranges, so the minimum is an IF (MIN would fold a range), names
carry Excel's ``_xlpm.`` and a node used twice is bound once by LET.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pycalc.symbolic import Symbol, UntraceableError, call

COMPARE, SUM, PRODUCT, POWER, MINUS, ATOM = 1, 3, 4, 5, 6, 9
INFIX = {
    "add": ("+", SUM),
    "subtract": ("-", SUM),
    "multiply": ("*", PRODUCT),
    "divide": ("/", PRODUCT),
    "logical_and": ("*", PRODUCT),
    "power": ("^", POWER),
    "less": ("<", COMPARE),
    "less_equal": ("<=", COMPARE),
    "greater": (">", COMPARE),
    "greater_equal": (">=", COMPARE),
    "equal": ("=", COMPARE),
    "not_equal": ("<>", COMPARE),
}
CALLS = {"floor": "INT", "sqrt": "SQRT", "log": "LN", "log10": "LOG10", "exp": "EXP"}
MAX_DENOMINATOR = 1000
PARAMETER = "_xlpm."
NEWER_FUNCTIONS = {"LET", "LAMBDA", "SWITCH"}  # stored with a prefix, absent from Excel 2016


def number_text(value: float) -> str:
    """The shortest text that Excel, which keeps 15 digits, reads back as this number."""
    text = f"{value:.15g}"
    if float(text) != value:
        raise UntraceableError(f"{value!r} needs more than Excel's 15 digits")
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa}E{int(exponent):+d}" if exponent else mantissa


@dataclass
class Printer:
    """Prints nodes; ``bound`` maps the id of a node to the LET name that holds it."""

    minimum_as_if: bool = False
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
        if op in ("name", "error"):
            return args[0], ATOM
        if op in INFIX:
            sign, strength = INFIX[op]
            # the right operand keeps its parentheses: the cell adds in the body's order
            return f"{self._operand(args[0], strength)}{sign}{self._operand(args[1], strength + 1)}", strength
        if op == "negative":
            return f"-{self._operand(args[0], MINUS)}", MINUS
        return self._call(op, args)

    def _call(self, op: str, args: tuple[Any, ...]) -> tuple[str, int]:
        if op == "call":
            function = f"_xlfn.{args[0]}" if args[0] in NEWER_FUNCTIONS else args[0]
            return f"{function}({','.join(map(self.text, args[1:]))})", ATOM
        texts = [self.text(argument) for argument in args]
        if op == "if":
            return f"IF({','.join(texts)})", ATOM
        if op in ("minimum", "maximum"):
            if self.minimum_as_if:
                sign = "<" if op == "minimum" else ">"
                left, right = (self._operand(argument, COMPARE + 1) for argument in args)
                return f"IF({left}{sign}{right},{texts[0]},{texts[1]})", ATOM
            return f"{op[:3].upper()}({','.join(texts)})", ATOM
        if op == "ceil":
            return f"-INT(-{self._operand(args[0], MINUS)})", MINUS
        if op == "log2":
            return f"LOG({texts[0]},2)", ATOM
        return f"{CALLS[op]}({texts[0]})", ATOM


def _constant(value: Any) -> tuple[str, int]:
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"', ATOM
    if isinstance(value, bool):
        return str(value).upper(), ATOM
    value = float(value)  # np.where makes arrays of no dimension
    if value != float(f"{value:.15g}"):  # a third has no 15 digits, but it has a quotient
        from fractions import Fraction  # rarely needed, and dear to import

        fraction = Fraction(value).limit_denominator(MAX_DENOMINATOR)
        if float(fraction) == value:
            return f"{fraction.numerator}/{fraction.denominator}", PRODUCT
    text = number_text(value)
    return text, MINUS if text.startswith("-") else ATOM


def cell_text(body: Any) -> str:
    """A body as a formula for a cell, without the equals sign."""
    return Printer().text(body)


def let_text(body: Any) -> str:
    """A body as the inside of a LAMBDA: what is used more than once is bound by LET."""
    printer = Printer(minimum_as_if=True)
    if not isinstance(body, Symbol):
        return printer.text(body)
    nodes = list(body.walk())
    uses = Counter(id(operand) for node in nodes for operand in _uses(node) if isinstance(operand, Symbol))
    bindings: list[str] = []
    for node in nodes:
        if uses[id(node)] > 1 and node.op not in ("name", "error"):
            text = printer.text(node)
            printer.bound[id(node)] = f"{PARAMETER}part_{len(bindings) // 2 + 1}"
            bindings += [printer.bound[id(node)], text]
    text = printer.text(body)
    return f"_xlfn.LET({','.join([*bindings, text])})" if bindings else text


def _uses(node: Symbol) -> tuple[Any, ...]:
    """The operands as often as they are printed: a minimum as IF prints each twice."""
    return node.args * 2 if node.op in ("minimum", "maximum") else node.args


def all_hold(conditions: list[Any]) -> Any:
    """Conditions joined by product: unlike AND, it lifts over ranges."""
    product = conditions[0]
    for condition in conditions[1:]:
        product = Symbol("logical_and", product, condition)
    return product


def text_switch(symbol: Any, choices: Mapping[str, float], otherwise: Any) -> Any:
    """The number that a text choice stands for, looked up in the cell."""
    pairs: list[Any] = [item for pair in choices.items() for item in pair]
    return call("SWITCH", call("LOWER", symbol), *pairs, otherwise)

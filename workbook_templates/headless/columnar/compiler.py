"""A formula's tree as a function that computes it for all cells and scenarios of a block.

Names are resolved, functions looked up, references numbered.  What is not known here raises
`UnsupportedError`.  The mode says what becomes of a range: where one value is meant it is cut
to the cell in line with the formula's own, as Excel does; a function that takes ranges gets
it whole; in an array formula, and in SUMPRODUCT, all is computed element by element.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import TypeAlias

import numpy as np

from pycalc.formula import FUNCTIONS
from pycalc.tables import TABLE_FUNCTIONS
from workbook_templates.headless.calls import CHANGING, ours
from workbook_templates.headless.columnar import operators
from workbook_templates.headless.columnar.book import Book, Spot
from workbook_templates.headless.columnar.context import OMITTED, Context
from workbook_templates.headless.columnar.functions.declared import call_declared
from workbook_templates.headless.columnar.functions.registry import NATIVE, Native
from workbook_templates.headless.columnar.parser import Parser
from workbook_templates.headless.columnar.refusal import UnsupportedError
from workbook_templates.headless.columnar.syntax import (
    ArrayLiteral,
    Call,
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
from workbook_templates.headless.columnar.values import NAME, NUMBER, REF, Floats, Values, constant, error, stored
from workbook_templates.headless.columnar.workspace import Fixed, Lost, Range

Source: TypeAlias = Range | Fixed | Lost
NAMESPACES = ("_XLFN.", "_XLWS.", "_XLUDF.")
VOLATILE = (*CHANGING, "CELL", "INFO")


class Mode(Enum):
    """What a range becomes."""

    ONE = auto()
    """The one value in line with the formula's cell."""
    RANGE = auto()
    """A range, if it stands there itself; what computes with one would be cut to one value."""
    CUT = auto()
    """Within such an expression, where engines differ: refused."""
    ARRAY = auto()
    """Every element is computed."""

    @property
    def within(self) -> "Mode":
        """The mode of the operands of what is in this mode."""
        return Mode.CUT if self is Mode.RANGE else self

    def of(self, letter: str) -> "Mode":
        """The mode of an argument that is declared by this letter."""
        if self is Mode.ARRAY or letter == "a":
            return Mode.ARRAY
        return Mode.RANGE if letter == "r" else self.within


@dataclass(slots=True)
class Frame:
    """What a formula is computed on: its bound references, the cells that hold it, the names of LET and LAMBDA."""

    context: Context
    sources: Sequence[Source]
    rows: Values
    columns: Values
    variables: dict[str, Values] = field(default_factory=dict)


Evaluate: TypeAlias = Callable[[Frame], Values]


@dataclass(frozen=True, slots=True)
class Link:
    """A reference of a formula: its sheet, and whether it is cut to the cell in line."""

    sheet: int
    reference: Reference
    is_cut: bool

    def area(self, row: int, column: int) -> tuple[int, int, int, int] | None:
        """The cells meant by a formula in this cell, None where no cell is in line."""
        top, left, bottom, right = self.reference.area(row, column)
        if not self.is_cut or (top == bottom and left == right):
            return top, left, bottom, right
        if left == right and top <= row <= bottom:
            return row, left, row, left
        if top == bottom and left <= column <= right:
            return top, column, top, column
        return None


@dataclass(frozen=True, slots=True)
class Lambda:
    """A function that a formula or a name defines."""

    parameters: tuple[str, ...]
    body: list[Evaluate]
    """Of one element, once it is compiled: a function may call itself."""
    closure: bool
    """Whether it sees the names around it."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that LET and LAMBDA have given so far."""

    variables: frozenset[str] = frozenset()
    functions: tuple[tuple[str, Lambda], ...] = ()

    def function(self, name: str) -> Lambda | None:
        return next((function for known, function in reversed(self.functions) if known == name), None)


Form: TypeAlias = Callable[["Compiler", tuple[Node, ...], Mode], Evaluate]
FORMS: dict[str, Form] = {}
"""Functions that look at their arguments as they are written; the modules of forms enter them."""
RANGES: dict[str, Callable[["Compiler", Reference, tuple[Node, ...], Mode], Evaluate]] = {}
"""Functions that end a range, as in A1:INDEX(…)."""


class Compiler:
    """Compiles the formula that cells of one sheet share."""

    def __init__(self, book: Book, context: Context, sheet: int, origin: Spot, inputs: frozenset[tuple[int, Spot]]) -> None:
        self.book, self.context, self.sheet, self.origin, self.inputs = book, context, sheet, origin, inputs
        self.links: list[Link] = []
        self.nested: set[int] = set()
        """Sheets on which a SUBTOTAL leaves out the cells that hold others."""
        self.scope = Scope()
        self._named: dict[tuple[int, str], Lambda] = {}
        self._open: list[str] = []

    def compiled(self, node: Node, is_array: bool) -> Evaluate:
        """The whole formula."""
        if is_array or not isinstance(node, Infix) or node.operator not in "+-":
            return self.node(node, Mode.ARRAY if is_array else Mode.ONE)
        left, right, minus = self.node(node.left, Mode.ONE), self.node(node.right, Mode.ONE), node.operator == "-"
        compute = operators.INFIX[node.operator]

        def last(frame: Frame) -> Values:
            a, b = left(frame), right(frame)
            return operators.without_noise(compute(frame.context, a, b), a, b, minus)

        return last

    def node(self, node: Node, mode: Mode) -> Evaluate:
        """A part of the formula."""
        match node:
            case Literal(value):
                held = constant(value, self.context.texts)
                return lambda frame: held
            case ArrayLiteral(rows):
                return self._array(ArrayLiteral(((rows[0][0],),)) if mode is Mode.ONE else node)
            case Omitted():
                return lambda frame: OMITTED
            case Reference():
                return self.reference(node, mode)
            case Named(name):
                return self._name(name, mode)
            case Grouped(within):
                return self.node(within, mode)
            case Prefix(operator, operand):
                return self._prefix(operator, self.node(operand, mode.within))
            case Percent(operand):
                inner = self.node(operand, mode.within)
                return lambda frame: operators.percent(frame.context, inner(frame))
            case Infix(operator, left, right):
                return self._infix(operator, self.node(left, mode.within), self.node(right, mode.within))
            case Invocation(function, arguments):
                made = self._function(function)
                if made is None:
                    raise UnsupportedError("LAMBDA", "a call of what is no LAMBDA")
                return self._invoke(made, arguments, mode)
            case Call():
                return self._call(node, mode)

    def _prefix(self, operator: str, operand: Evaluate) -> Evaluate:
        if operator == "-":
            return lambda frame: operators.negative(frame.context, operand(frame))
        if operator == "+":
            return operand
        raise UnsupportedError("NOT_PARSED", f"the operator {operator}")

    def _infix(self, operator: str, left: Evaluate, right: Evaluate) -> Evaluate:
        compute = operators.INFIX[operator]
        return lambda frame: compute(frame.context, left(frame), right(frame))

    def _array(self, node: ArrayLiteral) -> Evaluate:
        cells = [[stored(value, self.context.texts) for value in row] for row in node.rows]
        num = np.array([[c[0] for c in row] for row in cells], np.float64)[:, :, None, None]
        kind = np.array([[c[1] for c in row] for row in cells], np.uint8)[:, :, None, None]
        held = Values(num, kind if kind.any() else NUMBER, True)
        return lambda frame: held

    def reference(self, node: Reference, mode: Mode) -> Evaluate:
        """A cell or a range."""
        if node.sheet is None:
            sheet = self.sheet
        else:
            found = self.book.positions.get(node.sheet.casefold())
            if found is None:
                return _constantly(error(REF))
            sheet = found
        is_single = node.first == node.last
        if not is_single and mode is Mode.CUT:
            raise UnsupportedError(
                "INTERSECTION", "a range where one value is meant, within an expression that is given a range"
            )
        link = Link(sheet, node, not is_single and mode is Mode.ONE)
        if link not in self.links:
            self.links.append(link)
        place = self.links.index(link)
        return lambda frame: frame.sources[place].read()

    def _name(self, name: str, mode: Mode) -> Evaluate:
        key = variable(name)
        if key in self.scope.variables:
            return self._variable(key, mode)
        node = self.book.named(self.sheet, name)
        if node is None:
            return _constantly(error(NAME))
        if _is_lambda(node) or self.scope.function(key):
            raise UnsupportedError("LAMBDA", f"the function {name} as a value")
        with self.opened(name.casefold()):
            return self.node(node, mode)

    def _variable(self, key: str, mode: Mode) -> Evaluate:
        def read(frame: Frame) -> Values:
            value = frame.variables[key]
            if mode in (Mode.ONE, Mode.CUT) and value.ranged and value.size != (1, 1):
                raise UnsupportedError("INTERSECTION", f"the range {key} where one value is meant")
            return value

        return read

    @contextmanager
    def opened(self, name: str) -> Iterator[None]:
        """While a defined name is looked into, which must not lead back to itself."""
        if name in self._open:
            raise UnsupportedError("CIRCULAR", f"the name {name} refers to itself")
        self._open.append(name)
        yield
        self._open.pop()

    @contextmanager
    def scoped(self, scope: Scope) -> Iterator[None]:
        """While other names of LET and LAMBDA hold."""
        outer, self.scope = self.scope, scope
        yield
        self.scope = outer

    def _call(self, node: Call, mode: Mode) -> Evaluate:
        start, colon, name = node.name.rpartition(":")
        if colon:
            first = Parser(start, *self.origin).parsed()
            if plain_name(name) != "INDEX" or not isinstance(first, Reference):
                raise UnsupportedError("REFERENCE", "a range made by an expression")
            return RANGES["INDEX"](self, first, node.arguments, mode)
        declared = ours(node.name)
        if declared:
            return self._declared(node, declared, mode)
        name = plain_name(node.name)
        known = self.scope.function(variable(node.name))
        if known is None and name not in FORMS and name not in NATIVE:
            known = self._lambda_name(node.name)
        if known is not None:
            return self._invoke(known, node.arguments, mode)
        if name in FORMS:
            return FORMS[name](self, node.arguments, mode)
        if name in NATIVE:
            return self.native(name, NATIVE[name], node.arguments, mode)
        if name in VOLATILE:
            raise UnsupportedError("VOLATILE", f"the function {name}")
        raise UnsupportedError("UNKNOWN_FUNCTION", f"the function {name}")

    def native(self, name: str, native: Native, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
        if len(arguments) < native.least or (native.most is not None and len(arguments) > native.most):
            raise UnsupportedError("ARGUMENTS", f"{name} with {len(arguments)} arguments")
        parts = [self.node(argument, mode.of(native.mode(i))) for i, argument in enumerate(arguments)]
        compute = native.compute
        rest: list[None] = [None] * ((native.most or 0) - len(parts))
        return lambda frame: compute(frame.context, *[part(frame) for part in parts], *rest)

    def _declared(self, node: Call, name: str, mode: Mode) -> Evaluate:
        if name in TABLE_FUNCTIONS:
            raise UnsupportedError("UNKNOWN_FUNCTION", f"the function {name}, which gives a table")
        spec = FUNCTIONS[name]
        inner = Mode.ARRAY if mode is Mode.RANGE else mode
        parts = [self.node(argument, inner) for argument in node.arguments]
        return lambda frame: call_declared(frame.context, spec, [part(frame) for part in parts])

    def _lambda_name(self, name: str) -> Lambda | None:
        """The LAMBDA that a defined name holds."""
        key = (self.sheet, name.casefold())
        if key not in self._named:
            node = self.book.named(self.sheet, name)
            if node is None or not _is_lambda(node):
                return None
            assert isinstance(node, Call)  # noqa: S101 - so says _is_lambda
            made = self._named[key] = Lambda(_parameters(node), [], False)
            with self.scoped(Scope(frozenset(made.parameters))):
                made.body.append(self.node(node.arguments[-1], Mode.ONE))
        return self._named[key]

    def _function(self, node: Node) -> Lambda | None:
        """The LAMBDA that is written out here, or that a name stands for."""
        if isinstance(node, Named):
            return self.scope.function(variable(node.name)) or self._lambda_name(node.name)
        if isinstance(node, Grouped):
            return self._function(node.inner)
        if not _is_lambda(node):
            return None
        assert isinstance(node, Call)  # noqa: S101 - so says _is_lambda
        made = Lambda(_parameters(node), [], True)
        with self.scoped(replace(self.scope, variables=self.scope.variables | set(made.parameters))):
            made.body.append(self.node(node.arguments[-1], Mode.ONE))
        return made

    def function(self, node: Node) -> Lambda | None:
        """A LAMBDA given where a value is bound."""
        return self._function(node) if _is_lambda(node) or isinstance(node, Named) else None

    def _invoke(self, function: Lambda, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
        parameters = function.parameters
        if len(arguments) > len(parameters):
            raise UnsupportedError("ARGUMENTS", f"a LAMBDA of {len(parameters)} parameters with {len(arguments)} arguments")
        parts = [self.node(argument, Mode.ARRAY if mode is Mode.ARRAY else Mode.RANGE) for argument in arguments]
        missing = [OMITTED] * (len(parameters) - len(parts))

        def invoke(frame: Frame) -> Values:
            given = dict(zip(parameters, [*(part(frame) for part in parts), *missing], strict=True))
            variables = frame.variables | given if function.closure else given
            with frame.context.deeper():
                return function.body[0](replace(frame, variables=variables))

        return invoke


def _constantly(value: Values) -> Evaluate:
    return lambda frame: value


def plain_name(name: str) -> str:
    """
    >>> plain_name("_xlfn._xlws.FILTER")
    'FILTER'
    """
    name = name.upper()
    for space in NAMESPACES:
        name = name.removeprefix(space)
    return name


def variable(name: str) -> str:
    """The name of a parameter, however the file marks it."""
    return name.casefold().removeprefix("_xlpm.").removeprefix("_xlop.")


def _is_lambda(node: Node) -> bool:
    return isinstance(node, Call) and plain_name(node.name) == "LAMBDA" and bool(node.arguments)


def _parameters(node: Call) -> tuple[str, ...]:
    names = []
    for argument in node.arguments[:-1]:
        if not isinstance(argument, Named):
            raise UnsupportedError("LAMBDA", "a parameter that is no name")
        names.append(variable(argument.name))
    return tuple(names)


__all__ = ["Compiler", "Evaluate", "Floats", "Frame", "Lambda", "Link", "Mode", "Scope", "Source", "variable"]

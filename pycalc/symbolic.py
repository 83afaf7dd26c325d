"""A formula's body as a tree: numpy's ufunc protocol run on symbols instead of numbers.

A `Symbol` stands for an argument.  Arithmetic, the ufuncs below and ``np.where`` build a
tree of nodes; `pycalc.excel` prints the tree as Excel text, so a cell's formula is derived
from the very body that computes floats and arrays.  What has no counterpart in a cell
raises `UntraceableError`, naming it.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from pycalc.errors import CalcError

UFUNCS = frozenset(
    """
    add subtract multiply divide power negative floor ceil sqrt log log2 log10 exp minimum maximum less
    less_equal greater greater_equal equal not_equal logical_and
    """.split()
)


class UntraceableError(TypeError):
    """The body uses something that a cell cannot compute."""


class Symbol(NDArrayOperatorsMixin):
    """A node: ``op`` is a ufunc's name, or "name", "if", "error", "call"; leaves hold text."""

    __slots__ = ("args", "op")

    def __init__(self, op: str, *args: Any) -> None:
        self.op, self.args = op, args

    def __repr__(self) -> str:
        return f"Symbol({self.op}: {', '.join(map(repr, self.args))})"

    def __bool__(self) -> bool:
        raise UntraceableError("use np.where instead of if, and * instead of and")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        name = ufunc.__name__
        if method != "__call__" or options or name not in UFUNCS:
            raise UntraceableError(f"{name} has no counterpart in a cell")
        return _simplified(name, inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        if function is not np.where or options:
            raise UntraceableError(f"{function.__name__} has no counterpart in a cell")
        condition, yes, no = args
        if not isinstance(condition, Symbol):
            return yes if condition else no
        return Symbol("if", condition, yes, no)

    def walk(self) -> Iterator["Symbol"]:
        """Every node once, operands before the node that uses them."""
        seen: set[int] = set()

        def visit(node: Symbol) -> Iterator[Symbol]:
            if id(node) in seen:
                return
            seen.add(id(node))
            for operand in node.args:
                if isinstance(operand, Symbol):
                    yield from visit(operand)
            yield node

        return visit(self)


def _is(value: Any, number: float) -> bool:
    return not isinstance(value, Symbol) and value == number


def _simplified(name: str, inputs: tuple[Any, ...]) -> Any:
    """Drop what changes no value: a default of one or zero need not show in a cell."""
    if len(inputs) == 2:
        left, right = inputs
        if name in ("multiply", "divide", "power") and _is(right, 1):
            return left
        if name in ("add", "subtract") and _is(right, 0):
            return left
        if (name == "multiply" and _is(left, 1)) or (name == "add" and _is(left, 0)):
            return right
    return Symbol(name, *inputs)


def name(text: str) -> Symbol:
    """A leaf: a parameter, a defined name, a cell address, or any text that binds as an atom."""
    return Symbol("name", text)


def call(function: str, *args: Any) -> Symbol:
    """A call of a worksheet function, for the checks around a body."""
    return Symbol("call", function, *args)


def error(code: str) -> Symbol:
    """A literal Excel error."""
    return Symbol("error", code)


def require(condition: Any, value: Any, refusal: type[CalcError], reason: str, **facts: Any) -> Any:
    """The value where the condition holds, else a refusal.

    On floats the refusal is raised, its reason filled with the facts; in an array the element
    becomes NaN (the caller finds the reason by asking for that element alone); on symbols a
    cell shows the refusal's Excel error.
    """
    if isinstance(condition, Symbol):
        return Symbol("if", condition, value, error(refusal.code))
    if isinstance(condition, np.ndarray):
        return np.where(condition, value, np.nan)
    if not condition:
        raise refusal(reason.format(**{key: f"{float(fact):.6g}" for key, fact in facts.items()}))
    return value

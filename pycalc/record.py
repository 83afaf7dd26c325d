"""The record that a declaration becomes: a formula, its parameters, its defaults."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pycalc import symbolic
from pycalc.quantities import Quantity

ARTICLE = 'Devansh, "The Real Cost of Running AI"'
ARITHMETIC = frozenset(("name", "add", "subtract", "multiply", "divide", "negative", "power"))
REQUIRED: Final = object()


@dataclass(frozen=True, slots=True)
class Derived:
    """A default that other arguments give; `rule` takes them by name and may find None there."""

    rule: Callable[..., Any]
    words: str

    @property
    def needs(self) -> tuple[str, ...]:
        return self.rule.__code__.co_varnames[: self.rule.__code__.co_argcount]


def derived(rule: Callable[..., Any], words: str) -> Any:
    """Declare a default as an expression of the other arguments, with its text for help."""
    return Derived(rule, words)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a formula."""

    name: str
    quantity: Quantity
    default: Any = REQUIRED

    @property
    def optional(self) -> bool:
        return self.default is not REQUIRED

    @property
    def default_text(self) -> str:
        """The default as a user would type it: a number, a text, or an expression."""
        if isinstance(self.default, Derived):
            return self.default.words
        if isinstance(self.default, bool):
            return str(self.default).upper()
        if self.default is None:
            return "settled by the function"
        return f"{self.default:g}" if isinstance(self.default, float | int) else str(self.default)

    @property
    def help(self) -> str:
        """What the function wizard shows for the argument."""
        q = self.quantity
        head = f"{q.symbol} [{q.unit}]" if q.is_number else q.symbol
        default = f" Default: {self.default_text}." if self.optional else ""
        return f"{head}: {q.meaning}, {q.span}.{default}"


@dataclass(frozen=True)
class Formula:
    """Everything that a host needs to know of a function."""

    name: str
    parameters: tuple[Parameter, ...]
    result: Quantity
    summary: str
    section: str
    source: str
    body: Callable[..., Any] = field(repr=False)
    together: tuple[str, ...] = ()
    """Optional arguments that are given all or not at all."""
    untraceable: str = ""
    """Why no cell can compute the body (it iterates, it looks things up); empty where one can."""
    cites: Callable[..., str] | None = field(default=None, repr=False)
    """Given the same arguments, the source of the very figure, where the function looks one up."""

    @property
    def excel_name(self) -> str:
        return self.name.upper()

    def require_traceable(self) -> None:
        """Raise UntraceableError where the formula declares that no cell can compute it."""
        if self.untraceable:
            raise symbolic.UntraceableError(f"{self.excel_name}: {self.untraceable}")

    def traced(self) -> Any:
        """The body run on its own argument names: the tree from which Excel text is made."""
        self.require_traceable()
        return self.body(*(symbolic.name(parameter.name) for parameter in self.parameters))

    @functools.cached_property
    def runs_on_floats(self) -> bool:
        """Whether the body is plain arithmetic, which Python floats do faster than numpy's."""
        traced = None if self.untraceable else self.traced()
        return isinstance(traced, symbolic.Symbol) and {node.op for node in traced.walk()} <= ARITHMETIC

    @functools.cached_property
    def refuses(self) -> bool:
        """Whether the body itself may answer with an error: in an array, with NaN."""
        traced = None if self.untraceable else self.traced()
        return not isinstance(traced, symbolic.Symbol) or any(node.op == "error" for node in traced.walk())

    def operations_on(self, names: frozenset[str]) -> int:
        """How many operations the body does on the arguments so named: the rest are done once."""
        if names not in self._operations:
            moving: set[int] = set()
            traced = None if self.untraceable else self.traced()
            for node in traced.walk() if isinstance(traced, symbolic.Symbol) else ():
                if (node.op == "name" and node.args[0] in names) or any(id(operand) in moving for operand in node.args):
                    moving.add(id(node))
            self._operations[names] = len(moving) - len(names)
        return self._operations[names]

    @functools.cached_property
    def _operations(self) -> dict[frozenset[str], int]:
        return {}

    @property
    def required(self) -> int:
        """How many arguments a call must give."""
        return sum(not parameter.optional for parameter in self.parameters)

    @property
    def reference(self) -> str:
        """Where the formula is from, as a reader would look it up."""
        return f"{self.source}, section {self.section}" if self.source == ARTICLE else self.source

    def source_of(self, values: Sequence[Any]) -> str:
        """The source of the result for these arguments."""
        return self.cites(*values) if self.cites else self.reference

    @property
    def usage(self) -> str:
        """The call as documentation writes it: optional arguments in brackets."""
        shown = (f"[{p.name}]" if p.optional else p.name for p in self.parameters)
        return f"{self.excel_name}({', '.join(shown)})"

    def count_fault(self, count: int) -> str | None:
        """What is wrong with that many arguments, if anything."""
        if self.required <= count <= len(self.parameters):
            return None
        want = f"{self.required}" if self.required == len(self.parameters) else f"{self.required} to {len(self.parameters)}"
        return f"{self.usage} takes {want} arguments, not {count}"

    def bind(self, args: Sequence[Any], named: dict[str, Any] | None = None) -> list[Any]:
        """Arguments in the order of the parameters; None where an optional one is left out."""
        fault = self.count_fault(len(args)) if len(args) > len(self.parameters) or not named else None
        if fault:
            raise TypeError(fault)
        bound = [*args, *([None] * (len(self.parameters) - len(args)))]
        positions = {parameter.name: i for i, parameter in enumerate(self.parameters)}
        for key, value in (named or {}).items():
            if key not in positions or positions[key] < len(args):
                raise TypeError(f"{self.usage} has no free argument {key!r}")
            bound[positions[key]] = value
        for parameter, value in zip(self.parameters[len(args) :], bound[len(args) :], strict=True):
            if value is None and not parameter.optional and parameter.name not in (named or {}):
                raise TypeError(f"{self.usage} needs the argument {parameter.name!r}")
        return bound

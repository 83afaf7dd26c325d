"""One declaration per function: a signature of quantities and a plain body.

``@formula`` reads the signature and docstring of a function into a `Formula`, registers it
under its Excel name, and returns the checked Python function.  Every host (worksheet,
command line, headless engine, reference text) is a projection of that record.
"""

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, ParamSpec, TypeVar, get_args

from pycalc import symbolic
from pycalc.errors import TEXT_LIMIT, DeclarationError
from pycalc.quantities import Quantity

P = ParamSpec("P")
R = TypeVar("R")

ARTICLE = 'Devansh, "The Real Cost of Running AI"'
ARITHMETIC = frozenset(("name", "add", "subtract", "multiply", "divide", "negative", "power"))
REQUIRED: Final = object()
MAX_ARGUMENTS = 60  # of a worksheet function written in VBA
CELL_ADDRESS = re.compile(r"[A-Za-z]{1,3}[0-9]+|[RrCc]")
EXCEL_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
VBA_KEYWORDS = frozenset(
    "and as boolean byref byte byval call case close const date declare dim do double each else end enum error "
    "event exit false for friend function get global if implements in input integer is let like long loop me mod "
    "name new next not nothing null on open option optional or private property public redim resume return select "
    "set single static step stop string sub then to true type until variant wend while width with xor".split()
)


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
        return f"{self.default:g}" if isinstance(self.default, float | int) else str(self.default)

    @property
    def help(self) -> str:
        """What the function wizard shows for the argument."""
        q = self.quantity
        head = q.symbol if q.choices or q.is_flag else f"{q.symbol} [{q.unit}]"
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

    @property
    def excel_name(self) -> str:
        return self.name.upper()

    def traced(self) -> Any:
        """The body run on its own argument names: the tree from which Excel text is made."""
        return self.body(*(symbolic.name(parameter.name) for parameter in self.parameters))

    @functools.cached_property
    def runs_on_floats(self) -> bool:
        """Whether the body is plain arithmetic, which Python floats do faster than numpy's."""
        traced = self.traced()
        return isinstance(traced, symbolic.Symbol) and {node.op for node in traced.walk()} <= ARITHMETIC

    @property
    def required(self) -> int:
        """How many arguments a call must give."""
        return sum(not parameter.optional for parameter in self.parameters)

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


FUNCTIONS: dict[str, Formula] = {}
"""Every declared formula by its Excel name, in the order of declaration."""


def formula(section: str, source: str = ARTICLE, together: tuple[str, ...] = ()) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare a function: ``section`` of the article, ``source`` where it is another."""

    def declare(body: Callable[P, R]) -> Callable[P, R]:
        from pycalc.evaluation import checked  # the evaluator knows this record

        spec = _read(body, section, source, together)
        if spec.excel_name in FUNCTIONS:
            raise DeclarationError(f"{spec.name}: declared twice")
        FUNCTIONS[spec.excel_name] = spec
        function = functools.wraps(body)(checked(spec))
        function.__doc__ = documentation(spec)
        return function

    return declare


def _read(body: Callable[..., Any], section: str, source: str, together: tuple[str, ...]) -> Formula:
    name, code = body.__name__, body.__code__
    names = code.co_varnames[: code.co_argcount]
    defaults = dict(zip(names[len(names) - len(body.__defaults__ or ()) :], body.__defaults__ or (), strict=True))
    if code.co_kwonlyargcount or code.co_flags & 0x0C:
        raise DeclarationError(f"{name}: a cell has no keyword-only or starred arguments")
    parameters = tuple(Parameter(p, _quantity(body, p), defaults.get(p, REQUIRED)) for p in names)
    summary = (body.__doc__ or "").strip().partition("\n")[0]
    spec = Formula(name, parameters, _quantity(body, "return"), summary, section, source, body, together)
    _require_complete(spec, body.__doc__ or "")
    return spec


def _quantity(body: Callable[..., Any], name: str) -> Quantity:
    metadata = get_args(body.__annotations__.get(name))
    if len(metadata) < 2 or not isinstance(metadata[1], Quantity):
        raise DeclarationError(f"{body.__name__}: {name} is not annotated with a quantity")
    return metadata[1]


def _require_complete(spec: Formula, doc: str) -> None:
    """Refuse, at import, a declaration that some host could not show."""

    def demand(holds: object, fault: str) -> None:
        if not holds:
            raise DeclarationError(f"{spec.name}: {fault}")

    demand(spec.summary.endswith("."), "the docstring begins with no sentence that ends in a full stop")
    demand(len(spec.summary) <= TEXT_LIMIT, f"the summary is longer than {TEXT_LIMIT} characters")
    demand(re.search(rf">>> .*\b{spec.name}\(", doc), "the docstring holds no example")
    demand(spec.section and spec.source, "no section or no source")
    demand(EXCEL_NAME.fullmatch(spec.excel_name) and not CELL_ADDRESS.fullmatch(spec.excel_name), "illegal Excel name")
    demand(spec.result.unit, "the result has no unit")
    demand(len(spec.parameters) <= MAX_ARGUMENTS, f"more than {MAX_ARGUMENTS} arguments")
    lowered = [p.name.lower() for p in spec.parameters]
    demand(len(set(lowered)) == len(lowered), "two arguments differ only by case")
    demand(set(spec.together) <= set(lowered), "together names an unknown argument")
    optional_seen = False
    for parameter in spec.parameters:
        demand(parameter.quantity.unit, f"{parameter.name} has no unit")
        demand(parameter.name.lower() not in VBA_KEYWORDS, f"{parameter.name} is a keyword of VBA")
        demand(not CELL_ADDRESS.fullmatch(parameter.name), f"{parameter.name} is a cell address")
        demand(len(parameter.help) <= TEXT_LIMIT, f"the help of {parameter.name} is longer than {TEXT_LIMIT} characters")
        demand(parameter.optional or not optional_seen, f"{parameter.name} is required after an optional argument")
        optional_seen = optional_seen or parameter.optional


def documentation(spec: Formula) -> str:
    """The body's docstring with what the declaration already says: units, ranges, errors, source."""
    doc = spec.body.__doc__ or ""
    lines = [f"    {p.name} : {p.help}" for p in spec.parameters]
    reference = f"{spec.source}, §{spec.section}" if spec.source == ARTICLE else spec.source
    return (
        f"{doc.rstrip()}\n\n    Scalars give a scalar; arrays broadcast, a bad element becoming NaN.\n\n"
        f"    Parameters\n    ----------\n" + "\n".join(lines) + "\n\n"
        f"    Returns\n    -------\n    {spec.result.symbol} [{spec.result.unit}]: {spec.result.meaning}\n\n"
        f"    Raises\n    ------\n    CalcError: see `pycalc.errors`; ``code`` is the Excel error of the case.\n\n"
        f"    References\n    ----------\n    {reference}\n"
    )

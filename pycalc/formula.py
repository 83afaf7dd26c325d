"""One declaration per function: a signature of quantities and a plain body.

``@formula`` reads the signature and docstring of a function into a `Formula`, registers it
under its Excel name, and returns the checked Python function.  Every host (worksheet,
command line, headless engine, reference text) is a projection of that record.
"""

import functools
import inspect
import re
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, get_args

from pycalc.errors import TEXT_LIMIT, DeclarationError
from pycalc.evaluation import checked
from pycalc.float_faults import numpy_reports, reporting
from pycalc.quantities import Quantity
from pycalc.record import ARTICLE, REQUIRED, Formula, Parameter

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Formula)

MAX_ARGUMENTS = 60  # of a worksheet function written in VBA
CELL_ADDRESS = re.compile(r"[A-Za-z]{1,3}[0-9]+|[RrCc]")
EXCEL_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
VBA_KEYWORDS = frozenset(  # MS-VBAL 3.3.5.2, and the words that only some statements reserve
    """
    abs addressof and any array as attribute boolean byref byte byval call case cbool cbyte ccur cdate cdbl cdec
    cdecl cint circle clng clnglng clngptr close const csng cstr currency cvar cverr date debug decimal declare
    defbool defbyte defcur defdate defdbl defdec defint deflng deflnglng deflngptr defobj defsng defstr defvar
    dim do doevents double each else elseif empty end endif enum eqv erase error event exit false fix for friend
    function get global gosub goto if imp implements in input inputb int integer is lbound len lenb let like
    lineinput lock long longlong longptr loop lset me mod name new next not nothing null on open option optional or
    paramarray preserve print private property pset public put raiseevent redim rem resume return rset scale
    seek select set sgn shared single spc static step stop string sub tab then to true type typeof ubound unlock
    until variant vb_base vb_control wend while width with withevents write xor
    """.split()
)


FUNCTIONS: dict[str, Formula] = {}
"""Every declared formula by its Excel name, in the order of declaration."""


def formula(
    section: str,
    source: str = ARTICLE,
    together: tuple[str, ...] = (),
    untraceable: str = "",
    cites: Callable[..., str] | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare a function: ``section`` of the article, ``source`` where it is another.

    ``together`` names optional arguments that are given all or not at all; ``untraceable`` says
    why no cell can compute the body, where that is so: the function then has no Excel text.
    ``cites`` takes the arguments and gives the source of the very figure that is looked up.
    """

    def declare(body: Callable[P, R]) -> Callable[P, R]:
        spec = read(Formula, body, section=section, source=source, together=together, untraceable=untraceable, cites=cites)
        if not (untraceable or numpy_reports()):
            spec = reporting(spec)
        register(spec, FUNCTIONS)
        function = functools.wraps(body)(checked(spec))
        function.__doc__ = documentation(spec)
        return function

    return declare


def register(spec: F, registry: dict[str, F]) -> None:
    """Enter a declaration under its Excel name."""
    earlier = registry.get(spec.excel_name)
    if earlier and _place(earlier.body) != _place(spec.body):  # the same lines may be loaded anew
        raise DeclarationError(f"{spec.name}: declared twice")
    registry[spec.excel_name] = spec


def _place(body: Callable[..., Any]) -> tuple[str, int]:
    return body.__module__, inspect.unwrap(body).__code__.co_firstlineno


def read(kind: type[F], body: Callable[..., Any], starred: bool = False, **declared: Any) -> F:
    """The record of a body's signature and docstring; ``starred`` where trailing arguments without end are meant."""
    name, code = body.__name__, body.__code__
    names = code.co_varnames[: code.co_argcount]
    defaults = dict(zip(names[len(names) - len(body.__defaults__ or ()) :], body.__defaults__ or (), strict=True))
    if code.co_kwonlyargcount or code.co_flags & (0x08 if starred else 0x0C):
        raise DeclarationError(f"{name}: a cell has no keyword-only or starred arguments")
    parameters = tuple(Parameter(p, _quantity(body, p), defaults.get(p, REQUIRED)) for p in names)
    summary = (body.__doc__ or "").strip().partition("\n")[0]
    spec = kind(name, parameters, _quantity(body, "return"), summary, body=body, **declared)
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
        demand(parameter.name.lower() != spec.name, f"{parameter.name} is the function's own name, which VBA declares twice")
        demand(not CELL_ADDRESS.fullmatch(parameter.name), f"{parameter.name} is a cell address")
        demand(len(parameter.help) <= TEXT_LIMIT, f"the help of {parameter.name} is longer than {TEXT_LIMIT} characters")
        demand(parameter.optional or not optional_seen, f"{parameter.name} is required after an optional argument")
        optional_seen = optional_seen or parameter.optional


def documentation(spec: Formula) -> str:
    """The body's docstring with what the declaration already says: units, ranges, errors, source."""
    doc = spec.body.__doc__ or ""
    lines = [f"    {p.name} : {p.help}" for p in spec.parameters]
    return (
        f"{doc.rstrip()}\n\n    Scalars give a scalar; arrays broadcast, a bad element becoming NaN.\n\n"
        f"    Parameters\n    ----------\n" + "\n".join(lines) + "\n\n"
        f"    Returns\n    -------\n    {spec.result.symbol} [{spec.result.unit}]: {spec.result.meaning}\n\n"
        f"    Raises\n    ------\n    CalcError: see `pycalc.errors`; ``code`` is the Excel error of the case.\n\n"
        f"    References\n    ----------\n    {spec.reference}\n"
    )

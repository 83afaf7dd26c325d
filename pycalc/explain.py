"""A formula with the numbers in it: symbols, units, defaults, source, result."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

from pycalc.errors import ArgumentError, CalcError, ShapeError, UnknownNameError
from pycalc.evaluation import evaluate
from pycalc.excel import cell_text, number_text
from pycalc.formula import FUNCTIONS
from pycalc.policy import with_defaults
from pycalc.quantities import Quantity, Text
from pycalc.record import Formula, Parameter
from pycalc.symbolic import Symbol, UntraceableError, name
from pycalc.tables import Table, table

F = TypeVar("F", bound=Formula)

HEADER = ["symbol", "name", "value", "unit", "source"]

FunctionName = Annotated[Text, Quantity("name", "text", 'Name of a worksheet function, "KV_BYTES"')]


def find(function: str) -> Formula:
    """The declaration of a formula by its worksheet name; an unknown one is refused with its neighbours."""
    return find_among(FUNCTIONS, function)


def find_among(registry: Mapping[str, F], function: str) -> F:
    """The same in another registry of declarations."""
    spec = registry.get(function.upper())
    if spec is None:
        import difflib  # only a slip needs it, and it is dear to import

        near = difflib.get_close_matches(function.upper(), registry, n=3)
        raise UnknownNameError(f"no function {function!r}" + (f"; near: {', '.join(near)}" if near else ""))
    return spec


@table("0", source="the declaration of that function", repeated="Argument {} of that function, one value.")
def explain(function_name: FunctionName, *argument: Any) -> Table:
    """A call with the numbers in it: each argument's symbol, unit and meaning, the formula, the result, the source.

    What is left out at the end, after the required arguments, counts as not given.

    >>> explain("MATMUL_FLOPS", 2, 3, 4)[-1][:4]
    ['F', 'MATMUL_FLOPS', 48.0, 'FLOP']
    """
    return explain_rows(function_name, without_blanks(find(function_name), argument))


def without_blanks(spec: Formula, args: Sequence[Any]) -> list[Any]:
    """The arguments without those left out at the end; a required one that is blank stays where it is."""
    count = len(args)
    while count > spec.required and args[count - 1] is None:
        count -= 1
    return list(args[:count])


def explain_rows(function: str, args: Sequence[Any]) -> list[list[Any]]:
    """A table of five columns: a row per argument, the formula in symbols and in numbers, the result.

    Raises UnknownNameError for an unknown function, ArgumentError for a wrong count of arguments.
    A call that is refused is explained too: the result is its Excel error, the source the reason.

    >>> explain_rows("KV_BYTES_PER_TOKEN", [16, 8, 64, 1])[-3:-1]
    [['=', '2*L_attn*g*d_k*B_v', '', '', 'in symbols'], ['=', '2*16*8*64*1', '', '', 'in numbers']]
    """
    spec = find(function)
    fault = spec.count_fault(len(args))
    if fault:
        raise ArgumentError(fault)
    if any(isinstance(value, list | tuple) for value in args):
        raise ShapeError("EXPLAIN takes one value per argument, not a range")
    try:
        value = evaluate(spec, args).value
    except CalcError as refusal:
        rows = [_argument_row(p, value, None) for p, value in zip(spec.parameters, spec.bind(args), strict=True)]
        return [HEADER, *rows, [spec.result.symbol, spec.excel_name, refusal.code, spec.result.unit, refusal.reason]]
    bound = spec.bind(args)
    numbers = with_defaults(spec, [_number(p, v) for p, v in zip(spec.parameters, bound, strict=True)])
    rows = [_argument_row(p, v, n) for p, v, n in zip(spec.parameters, bound, numbers, strict=True)]
    result = [spec.result.symbol, spec.excel_name, value, spec.result.unit, spec.source_of(numbers)]
    return [HEADER, *rows, *_formula_rows(spec, bound, numbers), result]


def _number(parameter: Parameter, value: Any) -> Any:
    """What the body works on; the call has been checked before."""
    choices = parameter.quantity.choices
    if value is None:
        return None
    if parameter.quantity.is_text:
        return value
    return choices[str(value).lower()] if choices else float(value)


def _argument_row(parameter: Parameter, given: Any, number: Any) -> list[Any]:
    q = parameter.quantity
    shown = given
    if given is None:
        shown = parameter.default if q.choices else number
    how = f"default: {parameter.default_text}" if given is None and parameter.optional else "given"
    unit = q.unit if q.is_number else ""
    return [q.symbol, parameter.name, "" if shown is None else shown, unit, f"{how}; {q.meaning}"]


def _formula_rows(spec: Formula, bound: Sequence[Any], numbers: Sequence[float]) -> list[list[Any]]:
    """The body in symbols, defaults settled, and the same with the numbers in place."""
    if spec.untraceable:
        return [["=", "", "", "", f"no formula: {spec.untraceable}"]]
    symbols: list[Any] = [
        None if given is None else _symbol(parameter, number)
        for parameter, given, number in zip(spec.parameters, bound, numbers, strict=True)
    ]
    texts: list[Any] = [None if given is None else _spelled(number) for given, number in zip(bound, numbers, strict=True)]
    rows = []
    for values, how in ((symbols, "in symbols"), (texts, "in numbers")):
        try:
            rows.append(["=", cell_text(spec.body(*with_defaults(spec, values))), "", "", how])
        except UntraceableError as fault:
            rows.append(["=", "", "", "", f"no formula {how}: {fault}"])
    return rows


def _symbol(parameter: Parameter, number: float) -> Any:
    q = parameter.quantity
    if q.choices or q.is_flag:
        return number
    return name(q.symbol if q.symbol.replace("_", "").isalnum() else f"({q.symbol})")


def _spelled(number: float) -> Symbol:
    try:
        return name(number_text(number))
    except UntraceableError:
        return name(repr(number))

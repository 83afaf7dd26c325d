"""The error policy for one set of arguments, in the order in which it is applied.

An Excel error is passed on, the first argument's first; then a blank, a text or a boolean
where a number is meant is an argument error; then come the ranges; then what the body
refuses; then zero divisors and overflow.
"""

import math
import numbers
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from pycalc.errors import ArgumentError, CalcError, CellError, DivisionError, DomainError, InputError, shorten
from pycalc.record import Derived, Formula, Parameter

SHOWN = 40  # characters of an offending value in an error


def one(spec: Formula, bound: Sequence[Any]) -> Any:
    """The value for scalars, or the first refusal; None stands for an argument left out or blank."""
    return run(spec, settled(spec, bound))


def settled(spec: Formula, bound: Sequence[Any]) -> list[Any]:
    """What the body works on: the arguments as numbers and names, defaults filled in; or the first refusal."""
    bound = scalars_plain(bound)
    for parameter, value in zip(spec.parameters, bound, strict=True):
        if isinstance(value, CellError):
            raise InputError(spec.excel_name, parameter.name, value)
    require_together(spec, bound)
    given = [None if v is None and p.optional else number(spec, p, v) for p, v in zip(spec.parameters, bound, strict=True)]
    for parameter, value in zip(spec.parameters, given, strict=True):
        if value is not None:
            require_in_range(spec, parameter, value)
    values = with_defaults(spec, given)
    for parameter, left_out, value in zip(spec.parameters, given, values, strict=True):
        if left_out is None and value is not None:
            require_in_range(spec, parameter, value, f", by default {parameter.default_text}")
    return values


def scalars_plain(bound: Sequence[Any]) -> list[Any]:
    """numpy's scalars as Python's, whose integers do not wrap."""
    return [value.item() if getattr(value, "ndim", None) == 0 else value for value in bound]


def require_together(spec: Formula, bound: Sequence[Any]) -> None:
    """Refuse some without the others of the arguments that belong together."""
    given = {p.name for p, value in zip(spec.parameters, bound, strict=True) if p.name in spec.together and value is not None}
    if given and given != set(spec.together):
        raise ArgumentError(f"{spec.excel_name}: {' and '.join(spec.together)} are given together or not at all")


def number(spec: Formula, parameter: Parameter, value: Any) -> Any:
    """A cell's value as the number that it stands for; a name stays a text."""
    q = parameter.quantity
    if value is None:
        raise ArgumentError(f"{spec.excel_name}: {parameter.name} is blank; it must be {q.span}")
    if q.is_text and isinstance(value, str) and value:
        return value
    if q.choices and isinstance(value, str) and value.lower() in q.choices:
        return q.choices[value.lower()]
    if not (q.choices or q.is_text) and is_number(parameter, value):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    shown = f'the text "{shorten(value, SHOWN)}"' if isinstance(value, str) else shorten(repr(value), SHOWN)
    raise ArgumentError(f"{spec.excel_name}: {parameter.name} is {shown}; it must be {q.span}")


def is_number(parameter: Parameter, value: Any) -> bool:
    """Whether the value is a number, or the truth value that a flag takes."""
    if isinstance(value, bool | np.bool_):
        return parameter.quantity.is_flag
    return isinstance(value, numbers.Real)


def require_in_range(spec: Formula, parameter: Parameter, value: float, origin: str = "") -> None:
    q = parameter.quantity
    if q.choices or q.is_text:
        return
    if not q.low <= value <= q.high or ((q.whole or q.is_flag) and value % 1):
        unit = "" if q.unit == "1" or q.is_flag else f" {q.unit}"
        raise DomainError(f"{spec.excel_name}: {parameter.name} is {value:.15g}{unit}{origin}; it must be {q.span}")


def with_defaults(spec: Formula, values: Sequence[Any]) -> list[Any]:
    """Fill what is left out: constants first, then the defaults that other arguments give, in order."""
    by_name = {parameter.name: value for parameter, value in zip(spec.parameters, values, strict=True)}
    left_out = [parameter for parameter in spec.parameters if by_name[parameter.name] is None]
    for parameter in sorted(left_out, key=lambda p: isinstance(p.default, Derived)):
        by_name[parameter.name] = default_value(parameter, by_name)
    return list(by_name.values())


def default_value(parameter: Parameter, others: Mapping[str, Any]) -> Any:
    """The number that stands for an argument left out; None where the body itself settles it."""
    default = parameter.default
    if isinstance(default, Derived):
        return default.rule(*(others[name] for name in default.needs))
    if default is None or parameter.quantity.is_text:
        return default
    return parameter.quantity.choices[default] if parameter.quantity.choices else float(default)


def run(spec: Formula, values: Sequence[Any]) -> Any:
    """The body on checked floats: a float, a text or a truth value."""
    try:
        with np.errstate(divide="raise", over="raise", invalid="raise"):
            result = spec.body(*values)
    except ZeroDivisionError:
        _refuse_division(spec, values)
    except FloatingPointError as fault:
        if "divide" in str(fault) and not str(fault).startswith("overflow"):
            _refuse_division(spec, values)
        _refuse_overflow(spec)
    except OverflowError:
        _refuse_overflow(spec)
    except CalcError as refusal:  # a body does not know its name
        raise type(refusal)(f"{spec.excel_name}: {refusal.reason}") from None
    if isinstance(result, np.ndarray | np.generic):
        result = result.item()
    if isinstance(result, float) and not math.isfinite(result):
        _refuse_overflow(spec)
    return result


def _refuse_division(spec: Formula, values: Sequence[Any]) -> NoReturn:
    # an argument that is zero unless one says otherwise is nobody's divisor
    zeros = [p.name for p, value in zip(spec.parameters, values, strict=True) if value == 0 and p.default != 0]
    *others, last = zeros or [""]
    blame = f"; {', '.join(others)} and {last} are 0" if others else f"; {last} is 0" if last else ""
    raise DivisionError(f"{spec.excel_name}: division by zero{blame}")


def _refuse_overflow(spec: Formula) -> NoReturn:
    raise DomainError(f"{spec.excel_name}: the result is larger than a cell can hold")

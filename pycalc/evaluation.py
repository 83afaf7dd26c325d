"""Run a formula on what users give: numbers, arrays, blanks, texts, errors.

The policy, in the order in which it is applied to one set of arguments: an Excel error is
passed on, the first argument's first; a blank, a text or a boolean where a number is meant
is an argument error; then come the ranges; then what the body refuses; then zero divisors
and overflow.  An array's clean elements are computed together, block by block so that
checks and temporaries stay in the processor's cache; each other element goes through the
policy alone, which makes an array equal to its elements by construction.
"""

import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from pycalc.errors import ArgumentError, CalcError, CellError, DivisionError, DomainError, InputError, ShapeError, shorten
from pycalc.record import Derived, Formula, Parameter
from pycalc.symbolic import Symbol

PLAIN: frozenset[type[Any]] = frozenset((float, int))
BLOCK = 1 << 15  # elements; a handful of such operands fit a core's private cache
SHOWN = 40  # characters of an offending value in an error


@dataclass(frozen=True, slots=True)
class Outcome:
    """A value, or an array of values and the error of each element that has none."""

    value: Any
    errors: Mapping[int, CalcError] = field(default_factory=dict)
    """By position in the flattened array; such an element's value is NaN or None."""


def checked(spec: Formula) -> Callable[..., Any]:
    """The public Python function of a formula."""
    limits = [_limits(parameter) for parameter in spec.parameters]
    tails = _tails(spec)
    body = spec.body

    def function(*args: Any, **named: Any) -> Any:
        if len(args) in tails and not named and spec.runs_on_floats:
            for value, (low, high, whole) in zip(args, limits, strict=False):
                if value.__class__ not in PLAIN or not low <= value <= high or (whole and value % 1):
                    break
            else:
                try:
                    result = body(*map(float, args), *tails[len(args)])
                    if -math.inf < result < math.inf:
                        return result
                except ArithmeticError:
                    pass  # the full policy below finds the words
        bound = spec.bind(args, named)
        if any(isinstance(value, Symbol) for value in bound):
            return body(*with_defaults(spec, bound))
        if any(_is_array(value) for value in bound):
            return _many(spec, bound, explain=False).value
        return _one(spec, bound)

    return function


def _tails(spec: Formula) -> dict[int, tuple[float, ...]]:
    """By the count of arguments given: the constant defaults of those left out, where all are constants."""
    tails: dict[int, tuple[float, ...]] = {}
    tail: tuple[float, ...] = ()
    for given in range(len(spec.parameters), spec.required - 1, -1):
        tails[given] = tail
        if given > spec.required:
            parameter = spec.parameters[given - 1]
            if isinstance(parameter.default, Derived):
                break
            tail = (default_value(parameter, {}), *tail)
    return tails


def evaluate(spec: Formula, args: Sequence[Any]) -> Outcome:
    """As a worksheet wants it: errors are part of the outcome, one per element.

    Raises CalcError where all arguments are scalars, or their shapes do not broadcast.
    """
    bound = spec.bind(args)
    if any(_is_array(value) for value in bound):
        return _many(spec, bound, explain=True)
    return Outcome(_one(spec, bound))


def _limits(parameter: Parameter) -> tuple[float, float, bool]:
    """The fast check's bounds; what is not a plain number never passes them."""
    q = parameter.quantity
    return (math.inf, -math.inf, False) if q.choices or q.is_flag else (q.low, q.high, q.whole)


def _is_array(value: Any) -> bool:
    return isinstance(value, list | tuple) or (not isinstance(value, np.generic) and getattr(value, "ndim", 0) > 0)


# ---------------------------------------------------------------- one set of arguments


def _one(spec: Formula, bound: Sequence[Any]) -> Any:
    """The whole policy for scalars: the value, or the first refusal."""
    bound = [value.item() if getattr(value, "ndim", None) == 0 else value for value in bound]
    for parameter, value in zip(spec.parameters, bound, strict=True):
        if isinstance(value, CellError):
            raise InputError(parameter.name, value)
    _require_together(spec, bound)
    given = [None if v is None and p.optional else _number(spec, p, v) for p, v in zip(spec.parameters, bound, strict=True)]
    for parameter, number in zip(spec.parameters, given, strict=True):
        if number is not None:
            _require_in_range(spec, parameter, number)
    values = with_defaults(spec, given)
    for parameter, number, value in zip(spec.parameters, given, values, strict=True):
        if number is None:
            _require_in_range(spec, parameter, value)
    return _run(spec, spec.body, values)


def _require_together(spec: Formula, bound: Sequence[Any]) -> None:
    given = {p.name for p, value in zip(spec.parameters, bound, strict=True) if p.name in spec.together and value is not None}
    if given and given != set(spec.together):
        raise ArgumentError(f"{spec.excel_name}: {' and '.join(spec.together)} are given together or not at all")


def _number(spec: Formula, parameter: Parameter, value: Any) -> float:
    """A cell's value as the number that it stands for."""
    q = parameter.quantity
    if value is None:
        raise ArgumentError(f"{spec.excel_name}: {parameter.name} is blank; it must be {q.span}")
    if q.choices and isinstance(value, str) and value.lower() in q.choices:
        return q.choices[value.lower()]
    if q.choices is None and (q.is_flag or not isinstance(value, bool | np.bool_)) and _is_real(value):
        try:
            return float(value)
        except OverflowError:
            return math.inf
    shown = f'the text "{shorten(value, SHOWN)}"' if isinstance(value, str) else shorten(repr(value), SHOWN)
    raise ArgumentError(f"{spec.excel_name}: {parameter.name} is {shown}; it must be {q.span}")


def _is_real(value: Any) -> bool:
    return isinstance(value, numbers.Real | np.bool_)


def _require_in_range(spec: Formula, parameter: Parameter, number: float) -> None:
    q = parameter.quantity
    if q.choices:
        return
    if not q.low <= number <= q.high or ((q.whole or q.is_flag) and number % 1):
        raise DomainError(f"{spec.excel_name}: {parameter.name} is {number:.15g} {q.unit}; it must be {q.span}")


def with_defaults(spec: Formula, values: Sequence[Any]) -> list[Any]:
    """Fill what is left out: constants first, then the defaults that other arguments give, in order."""
    by_name = {parameter.name: value for parameter, value in zip(spec.parameters, values, strict=True)}
    left_out = [parameter for parameter in spec.parameters if by_name[parameter.name] is None]
    for parameter in sorted(left_out, key=lambda p: isinstance(p.default, Derived)):
        by_name[parameter.name] = default_value(parameter, by_name)
    return list(by_name.values())


def default_value(parameter: Parameter, others: Mapping[str, Any]) -> Any:
    """The number that stands for an argument left out."""
    default = parameter.default
    if isinstance(default, Derived):
        return default.rule(*(others[name] for name in default.needs))
    return parameter.quantity.choices[default] if parameter.quantity.choices else float(default)


def _run(spec: Formula, body: Callable[..., Any], values: list[Any]) -> Any:
    """The body on checked floats."""
    try:
        with np.errstate(divide="raise", over="raise", invalid="raise"):
            result = body(*values)
    except ZeroDivisionError:
        _refuse_division(spec, values)
    except FloatingPointError as fault:
        if "divide" in str(fault):
            _refuse_division(spec, values)
        _refuse_overflow(spec)
    except OverflowError:
        _refuse_overflow(spec)
    if isinstance(result, float):
        if not math.isfinite(result):
            _refuse_overflow(spec)
        return float(result)
    result = result.item() if isinstance(result, np.ndarray | np.generic) else result
    if isinstance(result, float) and not math.isfinite(result):
        _refuse_overflow(spec)
    return result


def _refuse_division(spec: Formula, values: Sequence[Any]) -> NoReturn:
    zeros = [p.name for p, value in zip(spec.parameters, values, strict=True) if value == 0]
    raise DivisionError(f"{spec.excel_name}: division by zero" + (f"; {' and '.join(zeros)} is 0" if zeros else ""))


def _refuse_overflow(spec: Formula) -> NoReturn:
    raise DomainError(f"{spec.excel_name}: the result is larger than a cell can hold")


# ---------------------------------------------------------------- arrays


def _many(spec: Formula, bound: Sequence[Any], explain: bool) -> Outcome:
    """Arrays: clean elements together, each other element by `_one`."""
    _require_together(spec, bound)
    raw = [_raw(value) if _is_array(value) else value for value in bound]
    if not explain:
        _require_good_scalars(spec, raw)
    try:
        shape = np.broadcast_shapes(*(value.shape for value in raw if isinstance(value, np.ndarray)))
    except ValueError:
        shapes = ", ".join(
            f"{p.name} {v.shape}" for p, v in zip(spec.parameters, raw, strict=True) if isinstance(v, np.ndarray)
        )
        raise ShapeError(f"{spec.excel_name}: the shapes do not broadcast: {shapes}") from None
    columns = [_column(parameter, value) for parameter, value in zip(spec.parameters, raw, strict=True)]
    numeric = not any(isinstance(value, np.ndarray) and value.dtype == object for value in raw)
    values, bad = _compute(spec, columns, shape)
    errors: dict[int, CalcError] = {}
    if not bad.size or (numeric and not explain):
        return Outcome(values, errors)
    flat, spread = values.reshape(-1), [np.broadcast_to(v, shape).reshape(-1) if isinstance(v, np.ndarray) else v for v in raw]
    for position in bad.tolist():
        try:
            flat[position] = _one(spec, [v[position] if isinstance(v, np.ndarray) else v for v in spread])
        except CalcError as refusal:
            errors[position] = refusal
    return Outcome(flat.reshape(shape), errors)


def _raw(value: Any) -> NDArray[Any]:
    """An array of floats, or of objects where an element is not a plain number."""
    if isinstance(value, list | tuple):
        array = np.array(value, dtype=object)
        if not set(map(type, array.reshape(-1))) <= PLAIN:
            return array
        try:
            return array.astype(np.float64)
        except OverflowError:
            return array
    array = np.asarray(value)
    if array.dtype.kind in "fiu":
        return array.astype(np.float64, copy=False)
    return array.astype(object)


def _require_good_scalars(spec: Formula, raw: Sequence[Any]) -> None:
    """In Python a bad scalar beside arrays is the caller's slip: refuse the call."""
    for parameter, value in zip(spec.parameters, raw, strict=True):
        if not isinstance(value, np.ndarray) and not (value is None and parameter.optional):
            if isinstance(value, CellError):
                raise InputError(parameter.name, value)
            _require_in_range(spec, parameter, _number(spec, parameter, value))


def _column(parameter: Parameter, value: Any) -> Any:
    """An argument as float or array of floats, NaN where it needs a closer look."""
    q = parameter.quantity
    if isinstance(value, np.ndarray):
        if value.dtype != object:
            return np.full(value.shape, np.nan) if q.choices else value
        look_up = {} if q.choices is None else q.choices
        cells: list[Any] = value.reshape(-1).tolist()
        held = [cell if cell.__class__ in PLAIN and not look_up else look_up.get(str(cell).lower(), np.nan) for cell in cells]
        return np.array([float(number) if abs(number) <= q.high else np.nan for number in held]).reshape(value.shape)
    if value is None:
        return None if parameter.optional else np.nan
    if q.choices:
        return q.choices.get(str(value).lower(), np.nan)
    if not _is_real(value) or (isinstance(value, bool | np.bool_) and not q.is_flag) or abs(value) > q.high:
        return np.nan
    return float(value)


def _compute(spec: Formula, columns: list[Any], shape: tuple[int, ...]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """The body over blocks of rows; also the flat positions that have no value yet."""
    width = math.prod(shape[1:])
    rows = max(1, BLOCK // max(1, width))
    with np.errstate(all="ignore"):
        plan = _Plan(spec, columns, shape)
        blocks = [plan.block(start, min(start + rows, shape[0])) for start in range(0, shape[0], rows)]
    return plan.gathered(blocks, rows * width)


class _Plan:
    """What is the same for all blocks is looked at once: scalars, short rows, defaults from these."""

    def __init__(self, spec: Formula, columns: list[Any], shape: tuple[int, ...]) -> None:
        self.spec, self.shape = spec, shape
        self.hopeless = False
        self.sliced: list[tuple[int, Parameter, NDArray[Any]]] = []
        self.derived: list[tuple[int, Parameter]] = []
        self.values = list(columns)
        moving: set[str] = set()
        pairs = enumerate(zip(spec.parameters, columns, strict=True))
        for i, (parameter, column) in sorted(pairs, key=lambda item: isinstance(item[1][0].default, Derived)):
            if column is None:
                if isinstance(parameter.default, Derived) and moving & {*parameter.default.needs}:
                    self.derived.append((i, parameter))
                    moving.add(parameter.name)
                    continue
                column = default_value(parameter, self._named())
            self.values[i] = column
            if self._moves(parameter, column):
                self.sliced.append((i, parameter, np.broadcast_to(column, shape)))
                moving.add(parameter.name)
        self.out: NDArray[Any] | None = None

    def _named(self) -> dict[str, Any]:
        return {parameter.name: value for parameter, value in zip(self.spec.parameters, self.values, strict=True)}

    def _moves(self, parameter: Parameter, column: Any) -> bool:
        """Whether the argument must be cut and checked block by block."""
        if isinstance(column, np.ndarray) and column.ndim == len(self.shape) and column.shape[0] > 1:
            return True
        doubtful = _doubtful(parameter, column) is not None
        self.hopeless = self.hopeless or (doubtful and not isinstance(column, np.ndarray))
        return doubtful and isinstance(column, np.ndarray)

    def block(self, start: int, stop: int) -> NDArray[np.intp] | None:
        """Compute rows from start to stop; the positions within the block that need a closer look."""
        shape, values, masks = (stop - start, *self.shape[1:]), self.values, []
        for i, parameter, column in self.sliced:
            values[i] = column[start:stop]
            masks.append(_doubtful(parameter, values[i]))
        for i, _ in self.derived:
            values[i] = None
        for i, parameter in self.derived:
            values[i] = default_value(parameter, self._named())
            masks.append(_doubtful(parameter, values[i]))
        result = np.asarray(self.spec.body(*values))
        if self.out is None:
            self.out = np.empty(self.shape, result.dtype)
        out = self.out[start:stop]
        out[...] = result
        if out.dtype.kind == "f" and not np.isfinite(result).all():
            masks.append(~np.isfinite(result))
        doubts = [np.broadcast_to(mask, shape) for mask in masks if mask is not None]
        return np.flatnonzero(np.logical_or.reduce(doubts)) if doubts else None

    def gathered(self, blocks: list[NDArray[np.intp] | None], step: int) -> tuple[NDArray[Any], NDArray[np.intp]]:
        """The whole array, its positions without a value set to NaN or None."""
        out = np.empty(self.shape) if self.out is None else self.out
        if self.hopeless:
            bad = np.arange(out.size)
        else:
            bad = np.concatenate([np.empty(0, np.intp), *(b + i * step for i, b in enumerate(blocks) if b is not None)])
        if bad.size:
            out = out if out.dtype.kind == "f" else out.astype(object)
            out.reshape(-1)[bad] = np.nan if out.dtype.kind == "f" else None
        return out, bad


def _doubtful(parameter: Parameter, value: Any) -> NDArray[np.bool_] | None:
    """Which elements leave the range; None where none does (two reductions decide it)."""
    q = parameter.quantity
    array = np.asarray(value)
    whole = q.whole or q.is_flag
    if array.size == 0:
        return None
    low, high = (1.0, 3.0) if q.choices else (q.low, q.high)
    if array.min() >= low and array.max() <= high and not (whole and (array != np.floor(array)).any()):
        return None
    good = (array >= low) & (array <= high)
    return ~(good & (array == np.floor(array))) if whole else ~good

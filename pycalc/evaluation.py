"""Run a formula on what users give: numbers, arrays, blanks, texts, errors."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pycalc import blocks, policy
from pycalc.errors import CalcError, CellError, InputError, ShapeError
from pycalc.record import Derived, Formula, Parameter
from pycalc.symbolic import Symbol

PLAIN: frozenset[type[Any]] = frozenset((float, int))
LOOKED_AT = 1000  # doubtful elements that are put through the policy even where nobody asks for reasons
NEVER = (math.inf, -math.inf, False)  # bounds that no number keeps


@dataclass(frozen=True, slots=True)
class Outcome:
    """A value, or an array of values and the error of each element that has none."""

    value: Any
    errors: Mapping[int, CalcError] = field(default_factory=dict)
    """By position in the flattened array; such an element's value is NaN or None."""


def evaluate(spec: Formula, args: Sequence[Any]) -> Outcome:
    """As a worksheet wants it: errors are part of the outcome, one per element.

    Raises CalcError where all arguments are scalars, or their shapes do not broadcast.
    """
    bound = spec.bind(args)
    if any(_is_array(value) for value in bound):
        return _many(spec, bound, explain=True)
    return Outcome(policy.one(spec, bound))


def checked(spec: Formula) -> Callable[..., Any]:
    """The public Python function of a formula."""
    limits = [_limits(parameter) for parameter in spec.parameters]
    completions = _completions(spec)
    body = spec.body

    def function(*args: Any, **named: Any) -> Any:
        if not named and len(args) in completions:
            # plain numbers in range need no more than this; all else goes the long way
            for value, (low, high, whole) in zip(args, limits, strict=False):
                if value.__class__ not in PLAIN or not low <= value <= high or (whole and value % 1):
                    break
            else:
                constants, derived = completions[len(args)]
                values = [*map(float, args), *constants]
                try:
                    for i, rule, needs in derived:
                        value = values[i] = rule(*[values[j] for j in needs])
                        low, high, whole = limits[i]
                        if not low <= value <= high or (whole and value % 1):
                            return policy.one(spec, spec.bind(args))
                    if not spec.runs_on_floats:
                        return policy.run(spec, values)
                    result = body(*values)
                    if -math.inf < result < math.inf:
                        return result
                except ArithmeticError:
                    pass  # the policy finds the words
        bound = spec.bind(args, named)
        if any(isinstance(value, Symbol) for value in bound):
            return body(*policy.with_defaults(spec, bound))
        if any(_is_array(value) for value in bound):
            return _many(spec, bound, explain=False).value
        return policy.one(spec, bound)

    return function


def _limits(parameter: Parameter) -> tuple[float, float, bool]:
    """The fast check's bounds; what is not a number never passes it."""
    q = parameter.quantity
    return (q.low, q.high, q.whole) if q.is_number else NEVER


Completion = tuple[tuple[float | None, ...], tuple[tuple[int, Callable[..., Any], tuple[int, ...]], ...]]


def _completions(spec: Formula) -> dict[int, Completion]:
    """By the count of arguments given: the constants that follow, and the rules that fill their gaps."""
    positions = {parameter.name: i for i, parameter in enumerate(spec.parameters)}
    completions: dict[int, Completion] = {}
    for given in range(spec.required, len(spec.parameters) + 1):
        left_out = list(enumerate(spec.parameters))[given:]
        constants = tuple(None if isinstance(p.default, Derived) else policy.default_value(p, {}) for _, p in left_out)
        derived = tuple(
            (i, p.default.rule, tuple(positions[name] for name in p.default.needs))
            for i, p in left_out
            if isinstance(p.default, Derived)
        )
        if not any(name in spec.together and positions[name] < given for name in spec.together):
            completions[given] = constants, derived
    completions[len(spec.parameters)] = (), ()
    return completions


def _is_array(value: Any) -> bool:
    return isinstance(value, list | tuple) or (not isinstance(value, np.generic) and getattr(value, "ndim", 0) > 0)


def _many(spec: Formula, bound: Sequence[Any], explain: bool) -> Outcome:
    """Arrays: clean elements in blocks, each other element by the policy alone.

    Without ``explain`` an element that is a number but has no value is NaN, and no reason is
    looked for.
    """
    bound = policy.scalars_plain(bound)
    policy.require_together(spec, bound)
    raw = [_raw(value) if _is_array(value) else value for value in bound]
    if not explain:
        _require_good_scalars(spec, raw)
    arrays = [value for value in raw if isinstance(value, np.ndarray)]
    try:
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
    except ValueError:
        shapes = (f"{p.name} {v.shape}" for p, v in zip(spec.parameters, raw, strict=True) if isinstance(v, np.ndarray))
        raise ShapeError(f"{spec.excel_name}: the shapes do not broadcast: {', '.join(shapes)}") from None
    named = [i for i, p in enumerate(spec.parameters) if p.quantity.is_text and isinstance(raw[i], np.ndarray)]
    if named:
        return _by_name(spec, raw, shape, named, explain)
    columns = [_column(parameter, value) for parameter, value in zip(spec.parameters, raw, strict=True)]
    try:
        values, bad = blocks.compute(spec, columns, shape)
    except (CalcError, ArithmeticError):  # scalars alone make the body refuse, whatever the arrays hold
        outcome = _singly(spec, raw, shape)
        if outcome.errors and not explain:
            raise next(iter(outcome.errors.values())) from None
        return outcome
    few = bad.size <= LOOKED_AT  # a step may overflow on the way to a value: the policy knows which do
    if not bad.size or (not explain and not few and all(array.dtype != object for array in arrays)):
        return Outcome(values)
    flat = values.reshape(-1)
    errors = _one_by_one(spec, raw, shape, bad.tolist(), flat)
    return Outcome(flat.reshape(shape), errors)


def _by_name(spec: Formula, raw: Sequence[Any], shape: tuple[int, ...], named: Sequence[int], explain: bool) -> Outcome:
    """Elements whose names are the same together, so that a name is looked up once, not once for each."""
    spread = [np.broadcast_to(value, shape).reshape(-1) if isinstance(value, np.ndarray) else value for value in raw]
    alike: dict[tuple[Any, ...], list[int]] = {}
    nameless: list[int] = []
    for position, names in enumerate(zip(*(spread[i].tolist() for i in named), strict=True)):
        (alike.setdefault(names, []) if all(isinstance(name, str) for name in names) else nameless).append(position)
    values = np.full(math.prod(shape), None, dtype=object)
    errors = _one_by_one(spec, raw, shape, nameless, values)
    for positions in alike.values():
        some = [
            v[positions[0]] if i in named else v[positions].tolist() if isinstance(v, np.ndarray) else v
            for i, v in enumerate(spread)
        ]
        try:
            outcome = evaluate(spec, some) if explain else Outcome(checked(spec)(*some))
        except CalcError as refusal:
            errors |= dict.fromkeys(positions, refusal)
            continue
        values[positions] = outcome.value
        errors |= {positions[place]: refusal for place, refusal in outcome.errors.items()}
    if set(map(type, values)) <= {float, type(None)}:
        values = np.array(values, dtype=np.float64)  # None becomes NaN
    return Outcome(values.reshape(shape), errors)


def _singly(spec: Formula, raw: Sequence[Any], shape: tuple[int, ...]) -> Outcome:
    """Every element by the policy alone: where a name changes from one to the next, or scalars refuse."""
    values = np.full(math.prod(shape), None, dtype=object)
    errors = _one_by_one(spec, raw, shape, range(values.size), values)
    if set(map(type, values)) <= {float, type(None)}:
        values = np.array(values, dtype=np.float64)  # None becomes NaN
    return Outcome(values.reshape(shape), errors)


def _one_by_one(
    spec: Formula, raw: Sequence[Any], shape: tuple[int, ...], positions: Iterable[int], values: NDArray[Any]
) -> dict[int, CalcError]:
    """Put elements through the policy: fill in the values that they have, return the refusals of the others."""
    spread = [np.broadcast_to(value, shape).reshape(-1) if isinstance(value, np.ndarray) else value for value in raw]
    errors: dict[int, CalcError] = {}
    for position in positions:
        try:
            values[position] = policy.one(spec, [v[position] if isinstance(v, np.ndarray) else v for v in spread])
        except CalcError as refusal:
            errors[position] = refusal
    return errors


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
    return array.astype(np.float64 if array.dtype.kind in "fiu" else object, copy=False)


def _require_good_scalars(spec: Formula, raw: Sequence[Any]) -> None:
    """In Python a bad scalar beside arrays is the caller's slip: refuse the call."""
    for parameter, value in zip(spec.parameters, raw, strict=True):
        if isinstance(value, CellError):
            raise InputError(spec.excel_name, parameter.name, value)
    for parameter, value in zip(spec.parameters, raw, strict=True):
        if not isinstance(value, np.ndarray) and not (value is None and parameter.optional):
            policy.require_in_range(spec, parameter, policy.number(spec, parameter, value))


def _column(parameter: Parameter, value: Any) -> Any:
    """An argument as float or array of floats, NaN where the policy must have a closer look."""
    q = parameter.quantity
    if q.is_text and isinstance(value, str) and value:
        return value
    if isinstance(value, np.ndarray):
        if value.dtype != object:
            return np.full(value.shape, np.nan) if q.choices or q.is_text else value
        cells: list[Any] = value.reshape(-1).tolist()
        return np.array([_doubtless(parameter, cell) for cell in cells]).reshape(value.shape)
    if value is None and parameter.optional:
        return None
    return _doubtless(parameter, value)


def _doubtless(parameter: Parameter, value: Any) -> float:
    """A scalar as the number that it stands for; NaN where that is not plain."""
    q = parameter.quantity
    if q.choices:
        return q.choices.get(value.lower(), math.nan) if isinstance(value, str) else math.nan
    if q.is_text:
        return math.nan
    return float(value) if policy.is_number(parameter, value) and q.low <= value <= q.high else math.nan

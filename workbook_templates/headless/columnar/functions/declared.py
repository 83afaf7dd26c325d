"""Our own functions on whole columns, as `pycalc.evaluation` computes arrays."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from pycalc.errors import EXCEL_ERRORS, CalcError
from pycalc.evaluation import evaluate
from pycalc.record import Formula
from workbook_templates.headless.columnar.context import OMITTED, Context
from workbook_templates.headless.columnar.values import (
    ERROR,
    NUM,
    NUMBER,
    SINGLE,
    VALUE,
    Mask,
    Values,
    cell,
    error,
    first_faults,
    stored,
)


def call_declared(context: Context, spec: Formula, arguments: Sequence[Values]) -> Values:
    """One call for all cells and scenarios; every refusal is the Excel error of its element.

    An error among the arguments is passed on, the first one's first, without the call.
    """
    if spec.count_fault(len(arguments)):
        return error(VALUE)
    faults = first_faults(value for value in arguments if value is not OMITTED)
    if faults is None or not faults[0].any():
        return _called(context, spec, arguments)
    shape = np.broadcast_shapes(*chain.from_iterable((value.num.shape, value.kinds.shape) for value in arguments))
    sound, num = ~np.broadcast_to(faults[0], shape), np.broadcast_to(faults[1], shape).copy()
    if not sound.any():
        return Values(num, ERROR)
    found = _called(context, spec, [_picked(value, sound) for value in arguments])
    kind = np.full(shape, ERROR, np.uint8)
    num[sound], kind[sound] = found.num.reshape(-1), found.full_kinds.reshape(-1)
    return Values(num, kind)


def _picked(value: Values, sound: Mask) -> Values:
    """The elements where no argument is an error, as scenarios of one cell."""
    if value is OMITTED or (value.num.size == 1 and value.kinds.size == 1):
        return value
    num = np.broadcast_to(value.num, sound.shape)[sound].reshape(1, 1, 1, -1)
    kinds = np.broadcast_to(value.kinds, sound.shape)[sound].reshape(1, 1, 1, -1)
    return Values(num, int(kinds.flat[0]) if (kinds == kinds.flat[0]).all() else kinds)


def _called(context: Context, spec: Formula, arguments: Sequence[Values]) -> Values:
    given = [_given(context, value) for value in arguments]
    shapes = [np.shape(value) for value in given if isinstance(value, np.ndarray)]
    shape = np.broadcast_shapes(*shapes) if shapes else SINGLE
    lanes = shape[-2:]
    if shape[:2] == (1, 1):  # the checks of pycalc run over the first axis in pieces
        given = [value[0, 0] if isinstance(value, np.ndarray) else value for value in given]
    try:
        outcome = evaluate(spec, given)
    except CalcError as refusal:
        return error(float(EXCEL_ERRORS.index(refusal.code)))
    result = outcome.value
    if not isinstance(result, np.ndarray):
        num, kind = stored(result, context.texts)
        return Values(np.full(SINGLE, num), kind)
    full = (*shape[:2], *lanes)
    return _values(context, result, {place: fault.code for place, fault in outcome.errors.items()}, full)


def _given(context: Context, value: Values) -> Any:
    """An argument as pycalc takes it: a scalar, floats, or objects where not all are numbers."""
    if value is OMITTED:
        return None
    if value.num.size == 1 and value.kinds.size == 1:
        return cell(float(value.num.flat[0]), int(value.kinds.flat[0]), context.texts)
    if value.are(NUMBER):
        return value.num
    shape = np.broadcast_shapes(value.num.shape, value.kinds.shape)
    nums, kinds = np.broadcast_to(value.num, shape).reshape(-1), np.broadcast_to(value.kinds, shape).reshape(-1)
    objects = np.empty(nums.size, object)
    objects[:] = [cell(num, kind, context.texts) for num, kind in zip(nums.tolist(), kinds.tolist(), strict=True)]
    return objects.reshape(shape)


def _values(context: Context, result: np.ndarray[Any, Any], errors: dict[int, str], shape: tuple[int, ...]) -> Values:
    if result.dtype.kind == "f":
        num, finite = result.reshape(shape), np.isfinite(result).reshape(shape)
        if finite.all():
            return Values(num)
        num = np.where(finite, num, NUM)
        for place, code in errors.items():
            num.reshape(-1)[place] = EXCEL_ERRORS.index(code)
        return Values(num, np.where(finite, np.uint8(NUMBER), np.uint8(ERROR)))
    cells = [stored(value, context.texts) for value in result.reshape(-1).tolist()]
    num = np.array([num for num, _ in cells], np.float64)
    kind = np.array([kind for _, kind in cells], np.uint8)
    for place, code in errors.items():
        num[place], kind[place] = EXCEL_ERRORS.index(code), ERROR
    uniform = int(kind[0]) if (kind == kind[0]).all() else kind.reshape(shape)
    return Values(num.reshape(shape), uniform)

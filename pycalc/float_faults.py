"""numpy's floating-point faults where the processor tells none: WebAssembly, in which Excel runs xlwings Lite's Python.

`pycalc.evaluation` learns from ``np.errstate`` that a step has divided by zero or left the finite numbers, even where what
follows hides it.  WebAssembly has no such flags, so there numpy raises nothing and calls nobody.  Here the
results themselves are looked at, step by step, and numpy's own settings then say what is done about a fault.
"""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from pycalc.record import Formula
from pycalc.symbolic import Symbol

WORDS = {"divide": "divide by zero", "over": "overflow", "invalid": "invalid value"}
"""As numpy words its faults."""

ZERO_MATTERS = {np.divide: 1, np.power: 0, np.log: 0, np.log2: 0, np.log10: 0}
"""The operand that, being zero, makes a result infinite or none at all."""


def numpy_reports() -> bool:
    """Whether a fault is told where it happens."""
    heard: list[Any] = []
    with np.errstate(all="call", call=lambda *fault: heard.append(fault)):
        np.array([1.0]) / np.array([0.0])
    return bool(heard)


def reporting(spec: Formula) -> Formula:
    """The formula with a body whose steps are watched; where Python's own floats do, they report for themselves."""

    @functools.wraps(spec.body)
    def body(*values: Any) -> Any:
        if any(isinstance(value, np.ndarray) for value in values):
            values = tuple(_watched(value) if isinstance(value, np.ndarray) else value for value in values)
        elif not spec.runs_on_floats and not any(isinstance(value, Symbol) for value in values):
            values = tuple(_watched(value) if isinstance(value, float) else value for value in values)
        return _plain(spec.body(*values))

    return dataclasses.replace(spec, body=body)


class _Steps:
    """What numpy asks of operands that want to see each step done on them."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        given = list(map(_plain, inputs))
        with np.errstate(all="ignore"):
            result = getattr(ufunc, method)(*given, **options)
        for kind in faults(ufunc, given, result):
            _act(kind, ufunc.__name__)
        return _watched(result)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _watched(function(*map(_plain, args), **kwargs))


class WatchedArray(_Steps, np.ndarray):
    """An array whose steps are seen."""


class WatchedFloat(_Steps, NDArrayOperatorsMixin, float):  # type: ignore[misc]
    """A float whose steps are seen; each is numpy's, so that an overflow is reported which Python's floats hide."""


def _watched(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.ndim:
        return value.view(WatchedArray)
    number = value.item() if isinstance(value, np.ndarray | np.generic) else value
    return WatchedFloat(number) if isinstance(number, float) else number


def _plain(value: Any) -> Any:
    if isinstance(value, WatchedArray):
        return value.view(np.ndarray)
    return float(value) if isinstance(value, WatchedFloat) else value


def faults(ufunc: np.ufunc, given: Sequence[Any], result: Any) -> list[str]:
    """The kinds of fault by which finite numbers gave a result that is not.

    >>> faults(np.divide, [np.array([1.0, 0.0]), 0.0], np.array([np.inf, np.nan]))
    ['divide']
    >>> faults(np.multiply, [1e200, 1e200], np.inf)
    ['over']
    """
    values = np.asarray(result)
    if values.dtype.kind != "f" or np.isfinite(values).all():
        return []
    lost = ~np.isfinite(values) & np.logical_and.reduce(np.broadcast_arrays(*map(np.isfinite, given)))
    by_zero = lost & (np.asarray(given[ZERO_MATTERS[ufunc]]) == 0) if ufunc in ZERO_MATTERS else np.False_
    found = {"divide": by_zero, "over": lost & ~by_zero & np.isinf(values), "invalid": lost & ~by_zero & np.isnan(values)}
    return [kind for kind, where in found.items() if where.any()]


def _act(kind: str, name: str) -> None:
    """What ``np.errstate`` asks for."""
    words, asked, told = f"{WORDS[kind]} encountered in {name}", dict(np.geterr())[kind], np.geterrcall()
    if asked == "raise":
        raise FloatingPointError(words)
    if asked == "call" and callable(told):
        told(words, 0)

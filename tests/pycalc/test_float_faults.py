"""Faults of floating point found in results alone: those of which numpy hears from the processor."""

import itertools
from unittest.mock import patch

import numpy as np
import pytest

import pycalc.formula as declaration
from pycalc import FUNCTIONS
from pycalc.errors import CalcError
from pycalc.float_faults import WORDS, faults, numpy_reports

OPERANDS = [0.0, 1.0, -1.0, 3.5, 1e-300, 1e200, -1e200, 1e308]


@pytest.mark.parametrize("ufunc", [np.add, np.subtract, np.multiply, np.divide, np.power, np.minimum, np.maximum])
def test_a_fault_of_two_operands_is_the_one_that_numpy_tells(ufunc):
    for one, other in itertools.product(OPERANDS, repeat=2):
        if ufunc is not np.divide or (one, other) != (0, 0):  # Python calls that a division by zero, as Excel does
            assert faults(ufunc, [one, other], quiet(ufunc, one, other)) == told(ufunc, one, other), (one, other)


@pytest.mark.parametrize("ufunc", [np.exp, np.log, np.log2, np.log10, np.sqrt, np.floor, np.ceil, np.negative])
def test_a_fault_of_one_operand_is_the_one_that_numpy_tells(ufunc):
    for operand in OPERANDS:
        assert faults(ufunc, [operand], quiet(ufunc, operand)) == told(ufunc, operand), operand


def quiet(ufunc, *operands):
    with np.errstate(all="ignore"):
        return ufunc(*map(np.float64, operands))


def told(ufunc, *operands):
    """The kinds of fault that numpy has heard of from the processor."""
    heard = []
    with np.errstate(all="call", under="ignore", call=lambda words, _: heard.append(words)):
        ufunc(*map(np.float64, operands))
    return [next(kind for kind, words in WORDS.items() if words.startswith(fault)) for fault in heard]


def test_this_numpy_reports_and_so_no_body_is_watched():
    assert numpy_reports()
    assert not [name for name, spec in FUNCTIONS.items() if hasattr(spec.body, "__wrapped__")]


def test_where_numpy_reports_nothing_a_formula_is_declared_with_a_body_that_does():
    body = FUNCTIONS["RIDGE_POINT"].body
    with patch.dict(FUNCTIONS), patch.object(declaration, "numpy_reports", lambda: False):
        ridge_point = declaration.formula("4.4")(body)
        assert FUNCTIONS["RIDGE_POINT"].body.__wrapped__ is body
    assert ridge_point(1e15, 1e12) == 1000
    assert np.isnan(ridge_point(np.array([1e15, 1e15]), np.array([0.0, 1e12]))).tolist() == [True, False]
    with pytest.raises(CalcError) as raised:
        ridge_point(1e15, 0)
    assert raised.value.code == "#DIV/0!"

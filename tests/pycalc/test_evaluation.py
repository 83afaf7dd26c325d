"""Arrays equal their elements: values, errors and shapes, also where blocks meet."""

import dataclasses
import math

import numpy as np
import pytest
from calls import NAMES, calls, middle, realistic
from hypothesis import given, settings
from hypothesis import strategies as st

import pycalc
from pycalc import FUNCTIONS, CalcError, CellError, blocks, evaluate
from pycalc.evaluation import checked

HOSTILE = [
    *(None, "", "12", "swiglu", "core", True, False, 1j, CellError("#N/A"), CellError("#REF!")),
    *(math.nan, math.inf, -math.inf, -1, 10**400, 1e31),
]
EDGES = [0.0, -0.0, 0.5, 1.0, 2.0, 1e-300, 5e-324, 1e6, 1e15, 1e30, np.float32(3), np.int64(7)]


def rows(spec, least, most):
    """Rows of arguments: realistic ones, at an edge, or with something bad in them."""
    clean = st.tuples(*(realistic(spec, parameter) for parameter in spec.parameters))

    def spoiled(row, places, values):
        spots = dict(zip(places, values, strict=False))
        return tuple(spots.get(i, value) for i, value in enumerate(row))

    places = st.lists(st.integers(0, len(spec.parameters) - 1), min_size=1, max_size=3)
    odd = st.lists(st.sampled_from(EDGES) | st.sampled_from(HOSTILE), min_size=3, max_size=3)
    return st.lists(clean | st.builds(spoiled, clean, places, odd), min_size=least, max_size=most)


def alone(spec, row):
    """What a row gives by itself: its value, or its error's class and text."""
    try:
        return evaluate(spec, row).value
    except CalcError as error:
        return type(error), error.code, error.reason


def same(got, want):
    """Equal, but for the last digits of a power, which numpy and Python compute each in their own way."""
    if isinstance(want, float):
        return got == want or math.isclose(got, want, rel_tol=1e-14)
    return got == want


def assert_equals_elements(spec, args, elements):
    """The outcome of arrays is that of each set of elements alone."""
    found = evaluate(spec, args)
    flat = found.value.reshape(-1).tolist()
    assert len(flat) == len(elements)
    for position, element in enumerate(elements):
        want = alone(spec, element)
        if isinstance(want, tuple):
            error = found.errors[position]
            assert (type(error), error.code, error.reason) == want
            assert flat[position] is None or math.isnan(flat[position])
        else:
            assert position not in found.errors
            assert same(flat[position], want), (element, flat[position], want)
    return found


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", 3)
    monkeypatch.setattr(blocks, "SMALL", -1)


@pytest.mark.parametrize("name", NAMES)
def test_arrays_equal_their_elements(name, small_blocks):
    spec = FUNCTIONS[name]

    @settings(max_examples=8)
    @given(rows(spec, least=4, most=5))
    def holds(table):
        columns = [list(column) for column in zip(*table, strict=True)]
        found = assert_equals_elements(spec, columns, table)
        python = checked(spec)(*columns).reshape(-1).tolist()
        for position, (value, want) in enumerate(zip(python, found.value.tolist(), strict=True)):
            assert value == want or (position in found.errors and (value is None or math.isnan(value)))

    holds()


@pytest.mark.parametrize("name", NAMES)
def test_scalars_beside_arrays_equal_their_elements(name, small_blocks):
    """Some arguments change from row to row, others are one value or left out."""
    spec = FUNCTIONS[name]
    kinds = st.tuples(*(st.sampled_from("array scalar blank".split()) for _ in spec.parameters))

    @settings(max_examples=6)
    @given(rows(spec, least=4, most=5), kinds)
    def holds(table, kinds):
        kinds = ["array", *kinds[1:]] if "array" not in kinds else kinds
        args = list(zip(*table, strict=True))
        for i, (parameter, kind) in enumerate(zip(spec.parameters, kinds, strict=True)):
            blank = kind == "blank" and parameter.optional
            args[i] = list(args[i]) if kind == "array" else None if blank else args[i][0]
        if len({value is None for p, value in zip(spec.parameters, args, strict=True) if p.name in spec.together}) > 1:
            return  # one given without the other refuses the call as a whole
        elements = [[value[k] if isinstance(value, list) else value for value in args] for k in range(len(table))]
        assert_equals_elements(spec, args, elements)

    holds()


@pytest.mark.parametrize("name", [name for name in NAMES if len(FUNCTIONS[name].parameters) > 1])
def test_a_column_across_a_row(name, small_blocks):
    """The first argument down, the last across, a third dimension over them where there are three."""
    spec = FUNCTIONS[name]

    @settings(max_examples=3)
    @given(rows(spec, least=5, most=5))
    def holds(table):
        base = list(table[0])
        down, across = [row[0] for row in table], [row[-1] for row in table[:4]]
        args = [[[value] for value in down], *base[1:-1], [across]]
        elements = [[first, *base[1:-1], last] for first in down for last in across]
        if spec.together and None in base:
            return
        assert assert_equals_elements(spec, args, elements).value.shape == (5, 4)
        if len(base) > 2 and isinstance(base[1], float):
            cube = np.array([base[1], base[1] * 2]).reshape(2, 1, 1)
            elements = [[a, b, *base[2:-1], c] for b in cube.reshape(-1).tolist() for a in down for c in across]
            assert assert_equals_elements(spec, [args[0], cube, *args[2:]], elements).value.shape == (2, 5, 4)

    holds()


@pytest.mark.parametrize("rows_", [blocks.BLOCK - 1, blocks.BLOCK, blocks.BLOCK + 1, 2 * blocks.BLOCK + 3])
def test_blocks_meet_without_a_seam(rows_):
    rng = np.random.default_rng(rows_)
    n, d = np.floor(rng.uniform(1, 1e5, rows_)), np.floor(rng.uniform(64, 8192, rows_))
    bad = sorted({0, blocks.BLOCK - 2, blocks.BLOCK - 1, blocks.BLOCK, rows_ - 1} & {*range(rows_)})
    n[bad] = -1
    want = 24 * n * d**2 + 4 * n**2 * d
    want[bad] = np.nan
    found = evaluate(FUNCTIONS["LAYER_FLOPS"], [n, d])
    assert sorted(found.errors) == bad
    np.testing.assert_allclose(found.value, want, rtol=1e-14)
    np.testing.assert_allclose(pycalc.layer_flops(n, d), want, rtol=1e-14)
    texts = pycalc.bound_by(n, 1, d)
    assert [position for position, text in enumerate(texts) if text is None] == bad
    good = n >= 0
    assert (texts[good] == np.where(d[good] < n[good], "memory", "compute")).all()


@pytest.mark.parametrize(
    "shape", [(blocks.BLOCK + 5, 2), (2, blocks.BLOCK + 5), (3, 5, blocks.BLOCK // 4), (1, blocks.BLOCK + 1)]
)
def test_blocks_of_many_dimensions(shape):
    n = np.arange(1.0, math.prod(shape) + 1).reshape(shape)
    n[-1, ..., -1] = n[0, ..., 0] = np.nan
    found = evaluate(FUNCTIONS["LAYER_FLOPS"], [n, 64, None, None, None, None, "glu"])
    np.testing.assert_allclose(found.value, 24 * n * 64**2 + 4 * n**2 * 64, rtol=1e-14)
    assert sorted(found.errors) == np.flatnonzero(np.isnan(n)).tolist()
    row = np.arange(shape[-1], dtype=float) + 1
    np.testing.assert_allclose(pycalc.score_flops(n, row), np.where(np.isnan(n), np.nan, 4 * n**2 * row / 2), rtol=1e-14)


def test_defaults_that_follow_arrays_are_checked_in_every_block(small_blocks):
    dims = np.array([64.0, 64, 65, 64, 66, 64, 64])
    found = evaluate(FUNCTIONS["QKV_FLOPS"], [1, dims, 4])
    assert sorted(found.errors) == [2, 4]
    assert "head_dim is 16.25, by default model_dim/heads" in found.errors[2].reason
    heads = np.array([1.0, 2, 3, 4, 5, 6, 64])
    found = evaluate(FUNCTIONS["QKV_FLOPS"], [1, 64, heads])
    assert sorted(found.errors) == [2, 4, 5]
    assert np.isnan(pycalc.qkv_flops(1, 64, heads)).tolist() == [False, False, True, False, True, True, False]
    assert pycalc.qkv_flops(1, dims, head_dim=1)[0] == 6 * 64 * 64


MATMUL = FUNCTIONS["MATMUL_FLOPS"]


@pytest.mark.parametrize("shape", [(4,), (1, 4), (4, 1), (1, 1, 4)])
def test_a_body_that_returns_its_argument_does_not_lend_it(shape):
    ours = np.array([1.0, 2.0, -3.0, 4.0]).reshape(shape)
    before = ours.copy()
    result = checked(dataclasses.replace(MATMUL, body=lambda rows, inner, columns: rows))(ours, 1, 1)
    assert np.isnan(result).reshape(-1).tolist() == [False, False, True, False]
    assert (ours == before).all()
    assert not np.shares_memory(ours, result)


@pytest.mark.parametrize("shape", [(4,), (1, 4), (4, 1), (1, 1, 4), (1,)])
def test_nor_where_all_is_well(shape):
    ours = np.ones(shape)
    result = checked(dataclasses.replace(MATMUL, body=lambda rows, inner, columns: rows))(ours, 1, 1)
    assert (result == 1).all()
    assert not np.shares_memory(ours, result)


def test_blocks_are_no_larger_than_said(monkeypatch):
    """Large work is done block by block; what is quickly done, all at once."""
    seen = []

    def body(rows, inner, columns):
        seen.append(getattr(rows, "shape", ()))
        return 2 * rows * inner * columns

    def shapes(rows):
        seen.clear()
        checked(dataclasses.replace(MATMUL, body=body))(rows, np.ones(np.shape(rows)), np.ones(np.shape(rows)))
        return [shape for shape in seen if shape]

    monkeypatch.setattr(blocks, "BLOCK", 4)
    monkeypatch.setattr(blocks, "SMALL", 2)
    assert shapes(np.ones(10)) == [(4,), (4,), (2,)]
    assert shapes(np.ones((5, 2))) == [(2, 2), (2, 2), (1, 2)]
    assert shapes(np.ones((3, 9))) == [(1, 9)] * 3, "never less than a row"
    monkeypatch.setattr(blocks, "SMALL", 3)
    assert shapes(np.ones(10)) == [(10,)]


def test_a_default_that_divides_by_a_bad_element_is_no_fault_of_ours():
    found = evaluate(FUNCTIONS["QKV_FLOPS"], [1, 64, [0.0, 4.0]])
    assert sorted(found.errors) == [0]
    assert found.errors[0].reason == "QKV_FLOPS: heads is 0 heads; it must be a whole number from 1 to 1e+06"


def test_a_body_of_one_value_fills_the_shape():
    found = evaluate(dataclasses.replace(MATMUL, body=lambda rows, inner, columns: 7.0), [[1, 2, "x"], 1, [[1], [2]]])
    assert found.value[:, :2].tolist() == [[7, 7], [7, 7]]
    assert sorted(found.errors) == [2, 5]


def test_one_faulty_step_spoils_no_other_element(small_blocks):
    """A division by zero that the body hides is found among elements with harmless zeros."""
    overhead = np.zeros(8)
    bandwidth = np.array([1e12, 1e12, 0, 1e12, 1e12, 1e12, 1e12, 0])
    found = evaluate(FUNCTIONS["TOKENS_PER_SECOND"], [[1e9] * 8, 1e6, bandwidth, 2, 1, None, None, 1, overhead])
    assert {i: e.code for i, e in found.errors.items()} == {2: "#DIV/0!", 7: "#DIV/0!"}
    assert found.value[0] == pytest.approx(2 / (1e9 / 1e12 + 2e6 / 1e12), rel=1e-14)
    tiny = np.array([1e-200, 1, 1e-200])
    found = evaluate(FUNCTIONS["TOKENS_PER_SECOND"], [1e9, 1e6, tiny, 2, tiny])
    assert {i: e.code for i, e in found.errors.items()} == {0: "#DIV/0!", 2: "#DIV/0!"}, "the product underflows to zero"


def test_an_outcome_without_arrays_has_no_errors():
    outcome = evaluate(MATMUL, [1, 2, 3])
    assert (outcome.value, outcome.errors) == (12, {})
    with pytest.raises(CalcError, match="MATMUL_FLOPS: rows is -1; it must be"):
        evaluate(MATMUL, [-1, 2, 3])
    assert alone(FUNCTIONS["KV_BYTES"], list(middle(FUNCTIONS["KV_BYTES"]).values())) > 0


@pytest.mark.parametrize("name", NAMES)
def test_arguments_by_name_are_the_same_call(name):
    spec, function = FUNCTIONS[name], checked(FUNCTIONS[name])

    @given(calls(spec), st.integers(0, 11))
    def holds(values, given_by_place):
        args = [values[parameter.name] for parameter in spec.parameters]
        by_name = {parameter.name: values[parameter.name] for parameter in spec.parameters[given_by_place:]}
        assert function(*args[:given_by_place], **by_name) == function(*args)

    holds()

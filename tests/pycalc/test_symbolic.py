"""Bodies run on symbols: what becomes a tree, what is simplified, what is refused."""

import numpy as np
import pytest

import pycalc
from pycalc import FUNCTIONS
from pycalc.errors import DomainError, NeverError
from pycalc.symbolic import UFUNCS, Symbol, UntraceableError, call, error, name, require

A, B = name("a"), name("b")


def shape(value):
    """A tree as nested tuples, which compare."""
    if not isinstance(value, Symbol):
        return value
    if value.op == "name":
        return value.args[0]
    return (value.op, *map(shape, value.args))


@pytest.mark.parametrize(
    ("tree", "nodes"),
    [
        (A + B, ("add", "a", "b")),
        (A - 2, ("subtract", "a", 2)),
        (2 - A, ("subtract", 2, "a")),
        (2 * A, ("multiply", 2, "a")),
        (A / B, ("divide", "a", "b")),
        (1 / A, ("divide", 1, "a")),
        (A**2, ("power", "a", 2)),
        (2**A, ("power", 2, "a")),
        (-A, ("negative", "a")),
        (A < B, ("less", "a", "b")),
        (A <= 1, ("less_equal", "a", 1)),
        (A > B, ("greater", "a", "b")),
        (A >= B, ("greater_equal", "a", "b")),
        (A == B, ("equal", "a", "b")),
        (A != B, ("not_equal", "a", "b")),
        (np.floor(A), ("floor", "a")),
        (np.ceil(A), ("ceil", "a")),
        (np.sqrt(A), ("sqrt", "a")),
        (np.log(A), ("log", "a")),
        (np.log2(A), ("log2", "a")),
        (np.log10(A), ("log10", "a")),
        (np.exp(A), ("exp", "a")),
        (np.minimum(A, 1), ("minimum", "a", 1)),
        (np.maximum(0, A), ("maximum", 0, "a")),
        (np.where(A > 0, A, B), ("if", ("greater", "a", 0), "a", "b")),
        (np.float64(2) * A, ("multiply", 2, "a")),
        (call("INT", A, 2), ("call", "INT", "a", 2)),
        (error("#N/A"), ("error", "#N/A")),
    ],
)
def test_what_becomes_a_tree(tree, nodes):
    assert shape(tree) == nodes


@pytest.mark.parametrize(
    "same",
    [
        A * 1,
        1 * A,
        1.0 * A,
        A / 1,
        A**1,
        A + 0,
        0 + A,
        A - 0,
        0.0 + A,
        np.where(True, A, B),
        np.where(0, B, A),
        np.where(np.True_, A, B),
    ],
)
def test_what_changes_no_value_is_dropped(same):
    assert same is A


@pytest.mark.parametrize(
    ("kept", "nodes"),
    [
        (1 / A, ("divide", 1, "a")),
        (0 - A, ("subtract", 0, "a")),
        (A * 0, ("multiply", "a", 0)),
        (A + 1, ("add", "a", 1)),
        (1 + A, ("add", 1, "a")),
        (A - 1, ("subtract", "a", 1)),
        (1 - A, ("subtract", 1, "a")),
        (0 * A, ("multiply", 0, "a")),
        (A / 0, ("divide", "a", 0)),
        (A**0, ("power", "a", 0)),
        (1**A, ("power", 1, "a")),
        (np.maximum(A, 0), ("maximum", "a", 0)),
        (np.minimum(A, 1), ("minimum", "a", 1)),
    ],
)
def test_what_changes_a_value_is_kept(kept, nodes):
    assert shape(kept) == nodes


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda: bool(A), "use np.where instead of if, and * instead of and"),
        (lambda: A > 0 and B > 0, "use np.where instead of if, and * instead of and"),
        (lambda: max(A, B), "use np.where instead of if, and * instead of and"),
        (lambda: A // B, "floor_divide has no counterpart in a cell"),
        (lambda: A % B, "remainder has no counterpart in a cell"),
        (lambda: np.sin(A), "sin has no counterpart in a cell"),
        (lambda: abs(A), "absolute has no counterpart in a cell"),
        (lambda: np.add.reduce(A), "add has no counterpart in a cell"),
        (lambda: np.add(A, B, dtype=float), "add has no counterpart in a cell"),
        (lambda: np.sum(A), "sum has no counterpart in a cell"),
        (lambda: np.clip(A, 0, 1), "clip has no counterpart in a cell"),
        (lambda: np.concatenate([A, B]), "concatenate has no counterpart in a cell"),
    ],
)
def test_what_no_cell_computes_is_refused_by_name(act, says):
    with pytest.raises(UntraceableError) as refused:
        act()
    assert str(refused.value) == says


def test_operands_come_before_the_node_that_uses_them_and_once():
    shared = A * B
    tree = shared + np.sqrt(shared)
    assert [node.op for node in tree.walk()] == ["name", "name", "multiply", "sqrt", "add"]
    assert [node.op for node in A.walk()] == ["name"]


def test_a_tree_says_what_it_is():
    assert repr(A + 2) == "Symbol(add: Symbol(name: 'a'), 2)"


class TestRequire:
    def test_on_floats(self):
        assert require(True, 5.0, NeverError, "never") == 5
        with pytest.raises(NeverError, match=r"^1.5 is not above 2e\+09$"):
            require(False, 5.0, NeverError, "{a} is not above {b}", a=1.5, b=2e9)
        with pytest.raises(DomainError, match=r"^0.123457 is odd$"):
            require(np.False_, 5.0, DomainError, "{a} is odd", a=np.float64(0.123456789))

    def test_on_arrays(self):
        value = require(np.array([True, False]), np.array([1.0, 2.0]), NeverError, "never")
        assert value[0] == 1
        assert np.isnan(value[1])

    def test_on_symbols(self):
        assert shape(require(A > 0, B, NeverError, "never")) == ("if", ("greater", "a", 0), "b", ("error", "#N/A"))
        assert shape(require(A > 0, B, DomainError, "no")) == ("if", ("greater", "a", 0), "b", ("error", "#NUM!"))


def test_the_public_function_takes_symbols():
    assert shape(pycalc.matmul_flops(A, B, 4)) == ("multiply", ("multiply", ("multiply", 2, "a"), "b"), 4)
    assert shape(pycalc.kv_bytes_per_token(A, 8, 64)) == shape(2 * A * 8 * 64 * 2)


@pytest.mark.parametrize("name_", sorted(name for name, spec in FUNCTIONS.items() if not spec.untraceable))
def test_every_body_is_traced_from_its_own_arguments(name_):
    spec = FUNCTIONS[name_]
    traced = spec.traced()
    assert isinstance(traced, Symbol)
    used = {node.args[0] for node in traced.walk() if node.op == "name"}
    unused = {"SCORE_FLOPS": {"model_dim"}, "VALUE_FLOPS": {"model_dim"}}.get(name_, set())
    assert used == {parameter.name for parameter in spec.parameters} - unused, "an argument that changes nothing is a slip"
    assert {node.op for node in traced.walk()} <= UFUNCS | {"name", "if", "error"}

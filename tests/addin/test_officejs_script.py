"""How a traced body reads in JavaScript: operators, precedence, literals, names, what is bound and what is refused."""

import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from addin.officejs import functions
from addin.officejs.javascript import WIDTH, expression, identifier, number_text, statements, wrapped
from pycalc.errors import DomainError, NeverError
from pycalc.symbolic import UFUNCS, Symbol, UntraceableError, call, name, require

A, B, C = name("a"), name("b"), name("c")
SCRIPT = functions.script(functions.included())


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (A + B - C, "a + b - c"),
        (A - (B + C), "a - (b + c)"),
        (A + (B + C), "a + (b + c)"),
        (A * (B * C), "a * (b * c)"),
        ((A + B) * C, "(a + b) * c"),
        (A / 8 * B, "a / 8 * b"),
        (A / B, "quotient(a, b)"),
        (A / 0, "quotient(a, 0)"),
        (1 / (A * B), "quotient(1, a * b)"),
        (A**2, "a ** 2"),
        ((A**2) ** 3, "(a ** 2) ** 3"),
        ((-A) ** 2, "(-a) ** 2"),
        (-(A**2), "-(a ** 2)"),
        (-(A * -B), "-(a * -b)"),
        (A - -B, "a - -b"),
        (A * -2, "a * -2"),
        (A**-1, "power(a, -1)"),
        (A**B, "power(a, b)"),
        (2**A, "power(2, a)"),
        (A < B, "a < b"),
        (A <= 1, "a <= 1"),
        (A > B, "a > b"),
        (A >= B, "a >= b"),
        (A == B, "a === b"),
        (A != B, "a !== b"),
        (np.logical_and(A < B, B < C), "a < b && b < c"),
        ((A < B) * C, "(a < b) * c"),
        (np.minimum(A, B + 1), "Math.min(a, b + 1)"),
        (np.maximum(0, A), "Math.max(0, a)"),
        (np.floor(A), "Math.floor(a)"),
        (np.ceil(A), "Math.ceil(a)"),
        (np.sqrt(A), "Math.sqrt(a)"),
        (np.exp(A), "Math.exp(a)"),
        (np.log(A), "Math.log(a)"),
        (np.log2(A), "Math.log2(a)"),
        (np.log10(A), "Math.log10(a)"),
        (np.where(A > 0, B, C), "a > 0 ? b : c"),
        (np.where(A > 0, B, np.where(A < 0, C, 1)), "a > 0 ? b : a < 0 ? c : 1"),
        (np.where(A > 0, np.where(B > 0, 1, 2), 3), "a > 0 ? (b > 0 ? 1 : 2) : 3"),
        (1 + np.where(A > 0, B, C), "1 + (a > 0 ? b : c)"),
        (np.where(A > 0, "memory", 'a "quoted" text'), 'a > 0 ? "memory" : "a \\"quoted\\" text"'),
        (require(A > 0, B, NeverError, "never"), "a > 0 ? b : refuse(ErrorCode.notAvailable)"),
        (require(A > 0, B, DomainError, "no"), "a > 0 ? b : refuse(ErrorCode.invalidNumber)"),
        (1e6 * A, "1e6 * a"),
        (True * A + np.float64(0.1), "a + 0.1"),
    ],
)
def test_a_tree_in_javascript(body, text):
    assert expression(body) == text


def test_every_operation_that_can_be_traced_has_a_counterpart():
    for op in UFUNCS:
        assert expression(Symbol(op, A) if getattr(np, op).nin == 1 else Symbol(op, A, B))


@pytest.mark.parametrize(
    ("body", "says"),
    [(call("INT", A), "call has no counterpart in JavaScript"), (A + float("inf"), "inf has no literal")],
)
def test_what_javascript_cannot_say_is_refused(body, says):
    with pytest.raises(UntraceableError, match=f"^{says}$"):
        expression(body)


def test_a_part_that_is_used_twice_is_bound_once():
    shared = A * B
    assert statements(shared + np.sqrt(shared) - A) == ["const part_1 = a * b;", "return part_1 + Math.sqrt(part_1) - a;"]
    assert statements(2.0) == ["return 2;"]


def test_a_branch_that_may_refuse_is_computed_whichever_is_taken():
    """As numpy does; the error that a requirement names is no such branch, and what cannot fail stays in its place."""
    assert statements(np.where(A > 0, B / A, B * 2)) == ["const part_1 = quotient(b, a);", "return a > 0 ? part_1 : b * 2;"]
    inner = require(A > 0, A, NeverError, "never")
    assert statements(np.where(B > 0, inner + 1, C / 2)) == [
        "const part_1 = (a > 0 ? a : refuse(ErrorCode.notAvailable)) + 1;",
        "return b > 0 ? part_1 : c / 2;",
    ]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_literal_is_the_number(value):
    assert float(number_text(value)) == value


def test_a_name_that_javascript_keeps_for_itself_is_changed():
    assert identifier("tokens") == "tokens"
    assert [identifier(word) for word in ("class", "new", "quotient", "Infinity")] == [
        "class_",
        "new_",
        "quotient_",
        "Infinity_",
    ]
    assert expression(name("class") + 1) == "class_ + 1"


def test_a_long_line_is_broken_but_not_within_a_string():
    line = f'f("{"two words " * 20}", {", ".join(f"argument_{i}" for i in range(20))});'
    lines = wrapped(line).splitlines()
    assert len(lines) > 1
    assert " ".join(part.strip() for part in lines) == line
    assert max(len(part) for part in SCRIPT.splitlines()) <= WIDTH + len(" */")


def test_each_function_reads_as_declared():
    assert (
        """
/** Memory of the key-value cache of equal-length sequences: 2·L·g·d_k·B_v·n per sequence. */
function KV_BYTES(tokens, layers, kv_heads, head_dim, bytes_per_value, sequences) {
  return 2 * layers * kv_heads * head_dim * bytes_per_value * sequences * tokens;
}
declare("KV_BYTES", KV_BYTES, [
  { name: "tokens", low: 0, high: 1e15 },
  { name: "layers", low: 0, high: 1e6, whole: true },
  { name: "kv_heads", low: 1, high: 1e6, whole: true },
  { name: "head_dim", low: 1, high: 1e9, whole: true },
  { name: "bytes_per_value", low: 0, high: 16, otherwise: 2 },
  { name: "sequences", low: 0, high: 1e12, otherwise: 1 },
]);
"""
        in SCRIPT
    )
    on_one_line = " ".join(SCRIPT.split())
    assert "otherwise: ({ model_dim, head_dim }) => head_dim === null ? 1 : quotient(model_dim, head_dim) }" in on_one_line
    assert '], ["fixed_usd_per_month", "mau"]);' in SCRIPT


def test_the_script_asks_nothing_of_anybody():
    """No code from texts, no network, no other script: what is in the file is all."""
    assert not re.findall(r"\b(?:eval|Function|fetch|XMLHttpRequest|import|require|setTimeout)\b", code_of(SCRIPT))
    assert set(re.findall(r"CustomFunctions\.\w+", SCRIPT)) == {
        "CustomFunctions.Error",
        "CustomFunctions.ErrorCode",
        "CustomFunctions.associate",
    }


def code_of(script):
    """A script without comments and strings."""
    return re.sub(r'/\*.*?\*/|//[^\n]*|"[^"\n]*"', "", script, flags=re.DOTALL)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_node_takes_the_script_for_a_script(tmp_path):
    path = tmp_path / "functions.js"
    path.write_text(SCRIPT, "utf-8")
    assert subprocess.run(["node", "--check", path], check=False).returncode == 0


def test_the_bytes_depend_on_nothing_but_the_declarations():
    hashed = "import hashlib; from addin.officejs.package import LOCAL_URL, build"
    program = f"{hashed}; print(hashlib.sha256(repr(build(LOCAL_URL)).encode()).hexdigest())"
    runs = [
        subprocess.run([sys.executable, "-c", program], env=os.environ | env, capture_output=True, check=True).stdout
        for env in ({"PYTHONHASHSEED": "1", "TZ": "UTC"}, {"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo", "LC_ALL": "C"})
    ]
    assert runs[0] == runs[1]

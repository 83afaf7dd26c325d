"""Trees as Excel text: operators and their order, constants, LET, and random trees in an engine."""

import math
import random
import re

import numpy as np
import pytest
from oracles import Question, ask, cellrune

from pycalc import FUNCTIONS
from pycalc.excel import Printer, all_hold, cell_text, let_text, number_text, text_switch
from pycalc.lambdas import LAMBDA_LIMIT, inline_text, lambda_text
from pycalc.symbolic import Symbol, UntraceableError, call, error, name

A, B, C = name("a"), name("b"), name("c")


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (A + B + C, "a+b+c"),
        (A + (B + C), "a+(b+c)"),
        (A - (B - C), "a-(b-c)"),
        (A - B - C, "a-b-c"),
        (A * B / C, "a*b/c"),
        (A / (B * C), "a/(b*c)"),
        (A * (B / C), "a*(b/c)"),
        ((A + B) * C, "(a+b)*c"),
        (A + B * C, "a+b*c"),
        (A * B + C, "a*b+c"),
        (A**B**C, "a^(b^c)"),
        ((A**B) ** C, "a^b^c"),
        ((A * B) ** C, "(a*b)^c"),
        (A * B**C, "a*b^c"),
        (2**A, "2^a"),
        (-A, "-a"),
        (-(A**2), "-(a^2)"),
        ((-A) ** 2, "-a^2"),
        (-(A + B), "-(a+b)"),
        (-(A * B), "-(a*b)"),
        (np.negative(-A), "--a"),
        (A - -B, "a--b"),
        (A * -B, "a*-b"),
        (A - 3, "a-3"),
        (A + -3, "a+-3"),
        (-3 * A, "-3*a"),
        (A ** -1, "a^-1"),
        ((A < B) * (B <= C), "(a<b)*(b<=c)"),
        ((A + 1) > (B * 2), "a+1>b*2"),
        ((A > B) == (B > C), "a>b=(b>c)"),
        (A >= B, "a>=b"),
        (A != B, "a<>b"),
        (np.where(A > 0, A + 1, 0), "IF(a>0,a+1,0)"),
        (np.where(A > 0, "yes", 'a "b"'), 'IF(a>0,"yes","a ""b""")'),
        (np.minimum(A, B + 1), "MIN(a,b+1)"),
        (np.maximum(A, 0) * 2, "MAX(a,0)*2"),
        (np.floor(A / B), "INT(a/b)"),
        (np.ceil(A / B) * B, "-INT(-(a/b))*b"),
        (np.ceil(A), "-INT(-a)"),
        (np.ceil(A) ** 2, "-INT(-a)^2"),
        (2 - np.ceil(A), "2--INT(-a)"),
        (np.sqrt(A) + np.log(B), "SQRT(a)+LN(b)"),
        (np.log2(A) + np.log10(B) + np.exp(C), "LOG(a,2)+LOG10(b)+EXP(c)"),
        (call("ISERROR", A), "ISERROR(a)"),
        (call("LET", A, B, C), "_xlfn.LET(a,b,c)"),
        (call("SWITCH", A, "x", 1.0), '_xlfn.SWITCH(a,"x",1)'),
        (call("LAMBDA", A, B), "_xlfn.LAMBDA(a,b)"),
        (np.where(A > 0, B, error("#N/A")), "IF(a>0,b,#N/A)"),
        (np.where(A > 0, True, False), "IF(a>0,TRUE,FALSE)"),
    ],
)  # fmt: skip
def test_cell_text(tree, text):
    assert cell_text(tree) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1.0, "1"),
        (-2.5, "-2.5"),
        (1e6, "1000000"),
        (3.6e6, "3600000"),
        (1e14, "100000000000000"),
        (1e15, "1E+15"),
        (2.5e30, "2.5E+30"),
        (1e-4, "0.0001"),
        (1.5e-5, "1.5E-5"),
        (-1e-30, "-1E-30"),
        (0.1, "0.1"),
        (123456789012345.0, "123456789012345"),
    ],
)
def test_numbers(value, text):
    assert number_text(value) == cell_text(value) == text
    assert float(text) == value


def test_a_number_that_excel_would_round_is_refused():
    for value in (1 / 7 / 1e9, 2**53 + 2, math.pi):
        with pytest.raises(UntraceableError, match=r" needs more than Excel's 15 digits$"):
            number_text(value)


def test_quotients_of_small_numbers_are_written_as_such():
    assert cell_text(A * (1 / 3)) == "a*(1/3)"
    assert cell_text(8 / 3 * A) == "8/3*a"
    assert cell_text(-2 / 7 + A) == "-2/7+a"
    assert cell_text(A ** (1 / 3)) == "a^(1/3)"
    assert cell_text(A * 0.5) == "a*0.5"
    with pytest.raises(UntraceableError):
        cell_text(A * (1 / 1009))


class TestLet:
    def test_what_is_used_twice_is_bound_once(self):
        shared = A * B
        assert let_text(shared + np.sqrt(shared)) == "_xlfn.LET(_xlpm.part_1,a*b,_xlpm.part_1+SQRT(_xlpm.part_1))"

    def test_what_is_used_once_is_not(self):
        assert let_text(A * B + np.sqrt(A)) == "a*b+SQRT(a)"
        assert let_text(A) == "a"
        assert let_text(3.5) == "3.5"

    def test_bound_parts_use_earlier_ones(self):
        inner = A + B
        outer = inner * inner
        assert let_text(outer / (1 + outer)) == (
            "_xlfn.LET(_xlpm.part_1,a+b,_xlpm.part_2,_xlpm.part_1*_xlpm.part_1,_xlpm.part_2/(1+_xlpm.part_2))"
        )

    def test_a_minimum_is_an_if_that_lifts_over_ranges_and_binds_what_it_repeats(self):
        assert let_text(np.minimum(A, B)) == "IF(a<b,a,b)"
        assert let_text(np.maximum(A, 0)) == "IF(a>0,a,0)"
        assert let_text(np.minimum(A * 2, B)) == "_xlfn.LET(_xlpm.part_1,a*2,IF(_xlpm.part_1<b,_xlpm.part_1,b))"
        assert let_text(np.minimum(A, np.where(B > 0, 1, 2)) * 2) == (
            "_xlfn.LET(_xlpm.part_1,IF(b>0,1,2),IF(a<_xlpm.part_1,a,_xlpm.part_1)*2)"
        )
        assert Printer(minimum_as_if=True).text(np.minimum(A < B, C)) == "IF((a<b)<c,a<b,c)"

    def test_names_and_errors_are_never_bound(self):
        assert let_text(np.where(A > 0, error("#N/A"), np.where(B > 0, A, error("#N/A")))) == "IF(a>0,#N/A,IF(b>0,a,#N/A))"


def test_conditions_join_by_product():
    assert cell_text(all_hold([A > 0])) == "a>0"
    assert cell_text(all_hold([A > 0, B > 0, C < 1])) == "(a>0)*(b>0)*(c<1)"


def test_a_switch_of_texts():
    assert cell_text(text_switch(A, {"x": 2.0, "y": 3.0}, error("#VALUE!"))) == '_xlfn.SWITCH(LOWER(a),"x",2,"y",3,#VALUE!)'


UNARY = {
    "negative": (np.negative, lambda a: -a),
    "floor": (np.floor, math.floor),
    "ceil": (np.ceil, math.ceil),
    "sqrt of the square": (lambda a: np.sqrt(a * a), abs),
    "exp": (lambda a: np.exp(np.minimum(a, 3)), lambda a: math.exp(min(a, 3))),
}
BINARY = {
    "add": (np.add, lambda a, b: a + b),
    "subtract": (np.subtract, lambda a, b: a - b),
    "multiply": (np.multiply, lambda a, b: a * b),
    "divide": (lambda a, b: a / (b * b + 1), lambda a, b: a / (b * b + 1)),
    "power": (lambda a, b: a**2 + 2**b / 64, lambda a, b: a**2 + 2**b / 64),
    "minimum": (np.minimum, min),
    "maximum": (np.maximum, max),
    "choice": (lambda a, b: np.where(a < b, a * 2, b - 1), lambda a, b: a * 2 if a < b else b - 1),
    "comparison": (lambda a, b: (a >= b) * 3 + (a != b), lambda a, b: (a >= b) * 3 + (a != b)),
}


def random_tree(rng, depth, leaves):
    """A tree of symbols and its value, computed by Python alone; values stay small."""
    if depth == 0 or rng.random() < 0.15:
        return rng.choice([*leaves, (4.0, 4.0), (3.0, 3.0), (-2.0, -2.0)])
    if rng.random() < 0.3:
        on_symbols, on_floats = rng.choice(list(UNARY.values()))
        symbol, value = random_tree(rng, depth - 1, leaves)
        made = on_symbols(symbol), float(on_floats(value))
    else:
        on_symbols, on_floats = rng.choice(list(BINARY.values()))
        (left, a), (right, b) = (random_tree(rng, depth - 1, leaves) for _ in range(2))
        made = on_symbols(left, right), float(on_floats(a, b))
    return made if isinstance(made[0], Symbol) and abs(made[1]) < 10 else rng.choice(leaves)


def test_random_trees_in_an_engine(tmp_path):
    """What the printed text computes in CellRune is what the tree computes in Python: brackets and order are right."""
    rng = random.Random(5)
    trees, questions = [], []
    while len(trees) < 400:
        inputs = [round(rng.uniform(-4, 4), 3) for _ in range(3)]
        tree, value = random_tree(rng, 4, [(name(f"{{{i}}}"), x) for i, x in enumerate(inputs)])
        if isinstance(tree, Symbol) and tree.op != "name":
            trees.append((tree, value))
            questions.append(Question(inputs, (cell_text(tree), let_text(tree))))
    found = cellrune(ask(tmp_path / "trees.xlsx", questions))
    for (tree, value), question, answers in zip(trees, questions, found, strict=True):
        assert answers == pytest.approx((value, value), rel=1e-12, abs=1e-12), (question, tree)


class TestInline:
    def text(self, function, *arguments):
        return inline_text(FUNCTIONS[function], arguments)

    def test_arguments_are_addresses_names_numbers_or_expressions(self):
        assert self.text("MATMUL_FLOPS", "A1", "rows", "$B$2") == "2*A1*rows*$B$2"
        assert self.text("MATMUL_FLOPS", "'My Sheet'!A1", "Sheet1!b", "_x.y") == "2*'My Sheet'!A1*Sheet1!b*_x.y"
        assert self.text("MATMUL_FLOPS", "A1+1", " 2 ", "SUM(A1:A3)") == "2*(A1+1)*2*(SUM(A1:A3))"
        assert self.text("MATMUL_FLOPS", "a", "-1.5e3", "2.") == "2*a*-1500*2"
        assert self.text("MATMUL_FLOPS", ".5", "5E-1", "b") == "0.5*b"
        assert self.text("RIDGE_POINT", "A1/B1", "C1") == "(A1/B1)/C1"

    def test_blanks_take_their_defaults(self):
        assert self.text("KV_BYTES_PER_TOKEN", "a", "b", "c") == "2*a*b*c*2"
        assert self.text("KV_BYTES_PER_TOKEN", "a", "b", "c", None) == "2*a*b*c*2"
        assert self.text("KV_BYTES_PER_TOKEN", "a", "b", "c", "  ") == "2*a*b*c*2"
        assert self.text("KV_BYTES_PER_TOKEN", "a", "b", "c", "1") == "2*a*b*c"
        assert self.text("QKV_FLOPS", "n", "d", "h") == "2*n*d*(h+2*h)*(d/h)"

    def test_choices_and_flags(self):
        assert self.text("MLP_FLOPS", "n", "d", "f", '"SwiGLU"') == "6*n*d*f"
        assert self.text("MLP_TRAFFIC", "d", "f", "kind", "1").startswith('IF(kind="gelu",2,IF(kind="relu",2,')
        assert ",#VALUE!))))))))*d*f" in self.text("MLP_TRAFFIC", "d", "f", "kind", "1")
        true, false = (self.text("SCORE_FLOPS", "n", "d", "h", "k", flag) for flag in ("TRUE", "FALSE"))
        assert false == self.text("SCORE_FLOPS", "n", "d", "h", "k", "false()") == f"2*{true}"
        assert "1-flag/2" in self.text("SCORE_FLOPS", "n", "d", "h", "k", "flag")
        assert self.text("STAFF_COST", '"core"', "p") == "6000000+p*6000000"

    @pytest.mark.parametrize(
        ("function", "arguments", "says"),
        [
            ("MATMUL_FLOPS", ("a", None, "c"), "MATMUL_FLOPS: inner is left out"),
            ("MATMUL_FLOPS", ("a", " ", "c"), "MATMUL_FLOPS: inner is left out"),
            ("MLP_FLOPS", ("n", "d", "f", '"mish"'), "MLP_FLOPS: activation is 'mish'; it must be one of gelu, relu"),
            ("MLP_FLOPS", ("n", "d", "f", "2"), "MLP_FLOPS: activation is 2.0; it must be one of gelu, relu"),
        ],
    )
    def test_what_has_no_text_is_refused(self, function, arguments, says):
        with pytest.raises(UntraceableError) as refused:
            self.text(function, *arguments)
        assert str(refused.value).startswith(says)

    def test_a_wrong_count_is_refused(self):
        with pytest.raises(TypeError, match="takes 3 arguments, not 2"):
            self.text("MATMUL_FLOPS", "a", "b")


@pytest.mark.parametrize("name_", sorted(name for name, spec in FUNCTIONS.items() if not spec.untraceable))
def test_a_lambda_text_is_what_excel_stores(name_):
    text = lambda_text(FUNCTIONS[name_])
    arguments = ",".join(f"_xlpm.{parameter.name}" for parameter in FUNCTIONS[name_].parameters)
    assert text.startswith(f"_xlfn.LAMBDA({arguments},")
    assert len(text) <= LAMBDA_LIMIT
    assert text.count("(") == text.count(")")
    for function in ("LET(", "SWITCH(", "LAMBDA("):
        assert text.count(function) == text.count(f"_xlfn.{function}")
    folding = re.findall(r"[,(*](AND|OR|MIN|MAX|SUM)\(", text)
    assert not folding, "these make one value of a range"


def test_a_lambda_guards_errors_then_types_then_ranges():
    text = lambda_text(FUNCTIONS["RIDGE_POINT"])
    peak, bandwidth = "_xlpm.peak_flops", "_xlpm.bandwidth"
    assert text == (
        f"_xlfn.LAMBDA({peak},{bandwidth},IF(ISERROR({peak}),{peak},IF(ISERROR({bandwidth}),{bandwidth},"
        f"IF(ISNUMBER({peak})*ISNUMBER({bandwidth}),"
        f"IF(({peak}>=0)*({peak}<=1E+30)*({bandwidth}>=0)*({bandwidth}<=1E+30),{peak}/{bandwidth},#NUM!),#VALUE!))))"
    )


def test_a_text_too_long_for_a_name_is_refused(monkeypatch):
    monkeypatch.setattr("pycalc.lambdas.LAMBDA_LIMIT", 100)
    with pytest.raises(UntraceableError, match=r"^RIDGE_POINT: its LAMBDA has \d+ characters; Excel allows 100$"):
        lambda_text(FUNCTIONS["RIDGE_POINT"])


def test_a_look_up_has_no_text():
    for name_, spec in FUNCTIONS.items():
        if spec.untraceable:
            for render in (lambda_text, lambda spec: inline_text(spec, ["A1"] * len(spec.parameters))):
                with pytest.raises(UntraceableError, match=rf"^{name_}: "):
                    render(spec)

"""Formulas of a spec, and what a template may not say."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pycalc import quantities as q
from pycalc.errors import DeclarationError
from workbook_templates import units as u
from workbook_templates.formulas import Writer, names
from workbook_templates.registry import template
from workbook_templates.soundness import require_sound
from workbook_templates.spec import Input, Kpi, Line, Section, Template, quantity, section

TOKEN_COST = template("token_cost")


@pytest.mark.parametrize(
    ("formula", "calls", "plain"),
    [
        ("=a*2", "A*2", "A*2"),
        ("=RIDGE_POINT(a, b)*2", "RIDGE_POINT(A,B)*2", "(A/B)*2"),
        ("=RIDGE_POINT(a+1, b)", "RIDGE_POINT(A+1,B)", "(A+1)/B"),
        ("=MAX(RIDGE_POINT(a, b), 1)", "MAX(RIDGE_POINT(A,B),1)", "MAX(A/B,1)"),
        ("=COST_PER_MTOK(a, b)", "COST_PER_MTOK(A,B,1)", "A*1000000/(3600*B)"),
        ('="x, "&FIXED(a,2)&NA()', '"x, "&FIXED(A,2)&NA()', '"x, "&FIXED(A,2)&NA()'),
        ("=IF(a>=b,-a,b%)", "IF(A>=B,-A,B%)", "IF(A>=B,-A,B%)"),
    ],
)
def test_a_formula_in_both_modes(formula: str, calls: str, plain: str) -> None:
    assert Writer(inline=False).text(formula, str.upper) == calls
    assert Writer(inline=True).text(formula, str.upper) == plain


def test_defaults_that_other_arguments_give_are_written_out() -> None:
    writer = Writer(inline=False)
    text = writer.text("=LAYER_FLOPS(n, d)", {"n": "D4", "d": "Calc!$D$9"}.__getitem__)
    assert text == 'LAYER_FLOPS(D4,Calc!$D$9,1,1,Calc!$D$9,4*Calc!$D$9,"gelu",FALSE)'
    assert list(writer.used) == ["LAYER_FLOPS"]


def test_names_of_a_formula() -> None:
    assert list(names('=IF(a>1,RIDGE_POINT(b,c.d),"e")')) == ["a", "b", "c.d"]


def line(name: str, formula: str, unit: u.Unit = u.BYTES) -> Line:
    return Line(name, name, unit, formula)


def with_calc(*lines: Line) -> Template:
    return replace(TOKEN_COST, calc=(*TOKEN_COST.calc, Section("More", lines)))


FAULTS: list[tuple[Callable[[], Template], str]] = [
    (lambda: with_calc(line("x", "=y"), line("y", "=1")), "x uses what does not stand above it: \\['y'\\]"),
    (lambda: with_calc(line("weights", "=1")), "two rows have one name: \\['weights'\\]"),
    (lambda: with_calc(line("x", "=RIDGE_POINT(peak_flops, weights)")), "bandwidth takes bytes/s, weights is in bytes"),
    (lambda: with_calc(line("x", "=KV_BUDGET(own_memory_gb, weights)")), "gpu_bytes takes bytes, own_memory_gb is in GB"),
    (lambda: with_calc(line("x", "=KV_BUDGET(gpu_bytes, weights)", u.SECONDS)), "KV_BUDGET gives bytes, the row says s"),
    (lambda: with_calc(line("x", "=KV_BUDGET(gpu_bytes, weights)", u.GB)), "KV_BUDGET gives bytes, the row says GB"),
    (lambda: with_calc(line("x", "=KV_BUDGET(gpu_bytes)")), "takes 2 to 4 arguments, not 1"),
    (lambda: replace(TOKEN_COST, kpis=(Kpi("K", "no_such", u.GB, ""),)), "names that no row has: \\['no_such'\\]"),
    (lambda: replace(TOKEN_COST, headlines=("no_such",)), "names that no row has"),
    (lambda: replace(TOKEN_COST, inputs=(*TOKEN_COST.inputs, section("More", kv_bytes_input()))), "the name of a function"),
]


def kv_bytes_input() -> Input:
    return Input("kv_bytes", "K", q.BytesPerValue, u.BYTES_PER_VALUE, (1, 1, 1), (0, 2), "[N]")


@pytest.mark.parametrize(("faulty", "words"), FAULTS)
def test_an_unsound_template_is_refused(faulty: Callable[[], Template], words: str) -> None:
    require_sound(TOKEN_COST)
    with pytest.raises(DeclarationError, match=words):
        require_sound(faulty())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"unit": u.GB}, "GB measures bytes, not layers"),
        ({"bounds": (1, 1e9)}, "leaves a whole number from 0 to 1e\\+06"),
        ({"bounds": (-1, 8)}, "leaves a whole number"),
        ({"values": (1, 2, 513)}, "513 is not 1 to 512"),
        ({"values": (1, 2, 2.5)}, "2.5 is not 1 to 512"),
    ],
)
def test_an_input_states_a_unit_and_bounds_that_hold(changes: dict[str, Any], words: str) -> None:
    layers = next(row for row in TOKEN_COST.all_inputs() if row.name == "own_layers")
    with pytest.raises(DeclarationError, match=words):
        replace(layers, **changes)


def test_what_is_no_quantity_is_refused() -> None:
    with pytest.raises(DeclarationError, match="not annotated"):
        quantity(float)

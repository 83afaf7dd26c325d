"""Formulas as trees: precedence, references, and that nothing but a refusal comes of nonsense."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbook_templates.headless.columnar.parser import Parser, relative_text
from workbook_templates.headless.columnar.refusal import UnsupportedError
from workbook_templates.headless.columnar.syntax import (
    Call,
    Corner,
    Grouped,
    Infix,
    Literal,
    Named,
    Omitted,
    Percent,
    Prefix,
    Reference,
)

SIGNS = "( ) , ; { } + - * ^ % & = <> \" ' @ # ! : \\ é SUM( IF("
OPERANDS = "A1 $B$2 A1:B3 Sheet1!C4 1:2 1 .5 1E3 TRUE #N/A #REF! name [1]"
PIECES = st.sampled_from([*SIGNS.split(), *OPERANDS.split(), " ", '"a"', "'My Sheet'!A:A"])


def tree(text):
    return Parser(text, 5, 5).parsed()


def test_precedence():
    one, two, three = Literal(1.0), Literal(2.0), Literal(3.0)
    assert tree("-1^2") == Infix("^", Prefix("-", one), two)
    assert tree("1+2*3") == Infix("+", one, Infix("*", two, three))
    assert tree("1-2-3") == Infix("-", Infix("-", one, two), three)
    assert tree("2^-1%") == Infix("^", two, Percent(Prefix("-", one)))
    assert tree("1&2+3=3") == Infix("=", Infix("&", one, Infix("+", two, three)), three)
    assert tree("(1+2)*3") == Infix("*", Grouped(Infix("+", one, two)), three)
    assert tree("F(1,,g)") == Call("F", (one, Omitted(), Named("g")))


def test_references():
    first, last = Corner(-4, 3, False, True), Corner(3, -3, True, False)
    assert tree("'It''s'!$C1:B$3") == Reference("It's", first, last)
    assert tree("B2").area(1, 1) == (1048574, 16382, 1048574, 16382)
    assert tree("$B:$C").area(9, 9) == (1, 2, 1048576, 3)
    assert tree("3:3").area(6, 9) == (4, 1, 4, 16384)


@pytest.mark.parametrize("text", ["A1+$B2", "SUM(A$1:A1)*'A1 B2'!C3&\"A1\"", "LOG10(A1)+x1.y", "SUM(A:A,$2:3)"])
def test_a_filled_formula_keeps_its_key(text):
    from openpyxl.formula.translate import Translator

    moved = Translator("=" + text, "E5").translate_formula("H9")[1:]
    assert relative_text(moved, 9, 8) == relative_text(text, 5, 5)
    assert Parser(moved, 9, 8).parsed() == tree(text)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=20))
def test_nonsense_is_refused_and_no_more(text):
    with contextlib.suppress(UnsupportedError):
        tree(text)
    relative_text(text, 5, 5)

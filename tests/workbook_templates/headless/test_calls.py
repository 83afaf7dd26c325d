"""Calls in stored formulas: names, and arguments left out."""

import pytest

from workbook_templates.headless.calls import LEFT_OUT, called, ours, with_marks


@pytest.mark.parametrize(
    ("formula", "names"),
    [
        ("SUM(A1:A3)", {"SUM"}),
        ('IF(A1,\'My SUM(1)\'!B2,"MAX(""(1)")', {"IF"}),
        ("_xlfn.LET(_xlpm.x,KV_BYTES(1,2),_xlpm.x)", {"_xlfn.LET", "KV_BYTES"}),
        ("_xldudf_NS_KV_BYTES(1)+_xll.KV_BYTES(2)", {"_xldudf_NS_KV_BYTES", "_xll.KV_BYTES"}),
        ("Sheet1!A1*(B2)", set()),
    ],
)
def test_called(formula, names):
    assert called(formula) == names


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("KV_BYTES", "KV_BYTES"),
        ("_xldudf_KV_BYTES", "KV_BYTES"),
        ("_XLDUDF_MY.LLM_kv_bytes", "KV_BYTES"),
        ("_xldudf_NS_KV_BYTES_PER_TOKEN", "KV_BYTES_PER_TOKEN"),
        ("explain", "EXPLAIN"),
        ("NS_KV_BYTES", None),
        ("_xldudf_OTHER", None),
    ],
)
def test_ours(name, plain):
    assert ours(name) == plain


@pytest.mark.parametrize(
    ("formula", "marked"),
    [
        ("KV_BYTES(1,,2)", "KV_BYTES(1,-,2)"),
        ("KV_BYTES(1,2,)", "KV_BYTES(1,2,-)"),
        ("KV_BYTES( , 2 ,\n)", "KV_BYTES( -, 2 ,\n-)"),
        ("KV_BYTES(,)", "KV_BYTES(-,-)"),
        ("KV_BYTES()", "KV_BYTES()"),
        ("IF(A1,,2)", "IF(A1,,2)"),
        ("IF(A1,,KV_BYTES(IF(B1,,1),,(1+2)*3))", "IF(A1,,KV_BYTES(IF(B1,,1),-,(1+2)*3))"),
        ("KV_BYTES(\"a,,b\",'S,,1'!A1,{1,2;3,4})", "KV_BYTES(\"a,,b\",'S,,1'!A1,{1,2;3,4})"),
        ('KV_BYTES("a"",",,1)', 'KV_BYTES("a"",",-,1)'),
        ("_xll.KV_BYTES(T[[a],[b]],,1)", "_xll.KV_BYTES(T[[a],[b]],-,1)"),
    ],
)
def test_arguments_left_out_are_marked_in_our_calls_alone(formula, marked):
    assert with_marks(formula).replace(f'"{LEFT_OUT}"', "-") == marked

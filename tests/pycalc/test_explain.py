"""EXPLAIN: what each row says, for every function, and what it refuses."""

import pytest
from calls import NAMES, middle
from oracles import Question, ask, cellrune

from pycalc import FUNCTIONS, CellError, evaluate, explain_rows
from pycalc.errors import ArgumentError, ShapeError, UnknownNameError
from pycalc.explain import HEADER, find


def test_a_call_explained():
    assert explain_rows("cost_per_mtok", [2.5, 185]) == [
        ["symbol", "name", "value", "unit", "source"],
        ["p_h", "usd_per_hour", 2.5, "USD/hour", "given; Price of one GPU for an hour"],
        ["R", "tokens_per_second", 185, "tokens/s", "given; Tokens generated per second, all sequences together"],
        ["u", "utilisation", 1.0, "fraction", "default: 1; Share of the paid hours in which the GPU works at that rate"],
        ["=", "p_h*1000000/(3600*R)", "", "", "in symbols"],
        ["=", "2.5*1000000/(3600*185)", "", "", "in numbers"],
        ["c", "COST_PER_MTOK", 2.5e6 / (3600 * 185), "USD/Mtok", 'Devansh, "The Real Cost of Running AI", section 6.2'],
    ]


def test_defaults_that_follow_from_other_arguments_are_shown_as_numbers():
    rows = {row[1]: row for row in explain_rows("MLP_FLOPS", [4096, 2048])}
    assert rows["ffn_dim"][2] == 8192
    assert rows["ffn_dim"][4].startswith("default: 8*model_dim/matrices")
    assert rows["activation"][:4] == ["m", "activation", "gelu", ""]
    rows = {row[1]: row for row in explain_rows("MLP_FLOPS", [4096, 2048, None, "GLU"])}
    assert rows["activation"][2] == "GLU"
    assert rows["ffn_dim"][2] == pytest.approx(8 / 3 * 2048)


def test_symbols_that_are_no_names_stand_in_brackets():
    rows = explain_rows("HEAD_FLOPS", [10, 64, 8, 4, True])
    symbols, numbers = (row[1] for row in rows if row[0] == "=")
    assert "(h/g)" in symbols
    assert "(h/g)" not in numbers
    flag = next(row for row in rows if row[1] == "causal")
    assert flag[2:4] == [True, ""]


def test_a_number_of_too_many_digits_is_shown_in_full():
    rows = explain_rows("EDGE_MONTHLY_COST", [1e6, 0.3 / 36])
    assert ["=", "1000000*0.008333333333333333", "", "", "in numbers"] in rows


def test_a_refused_call_is_explained_by_its_reason():
    rows = explain_rows("KV_BYTES", [-1, 16, 8, 64])
    assert rows[0] == HEADER
    assert [row[2] for row in rows[1:-1]] == [-1, 16, 8, 64, "", ""]
    assert rows[-1] == [
        "M", "KV_BYTES", "#NUM!", "bytes", "KV_BYTES: tokens is -1 tokens; it must be a number from 0 to 1e+15",
    ]  # fmt: skip
    assert explain_rows("RIDGE_POINT", [1, 0])[-1][2] == "#DIV/0!"
    assert explain_rows("RIDGE_POINT", [CellError("#REF!"), 0])[-1][2] == "#REF!"
    assert explain_rows("RIDGE_POINT", [None, 1])[-1][2:] == [
        "#VALUE!",
        "FLOP/byte",
        "RIDGE_POINT: peak_flops is blank; it must be a number from 0 to 1e+30",
    ]
    optional = explain_rows("KV_BYTES", [-1, 16, 8, 64])[5]
    assert optional[4].startswith("default: 2; ")


@pytest.mark.parametrize(
    ("function", "args", "kind", "says"),
    [
        ("KV_BITES", [1], UnknownNameError, "no function 'KV_BITES'; near: KV_BYTES"),
        ("kv_bites", [1], UnknownNameError, "no function 'kv_bites'; near: KV_BYTES"),
        ("QQQQQQQ", [1], UnknownNameError, "no function 'QQQQQQQ'"),
        ("RIDGE_POINT", [1], ArgumentError, "RIDGE_POINT(peak_flops, bandwidth) takes 2 arguments, not 1"),
        ("RIDGE_POINT", [1, 2, 3], ArgumentError, "RIDGE_POINT(peak_flops, bandwidth) takes 2 arguments, not 3"),
        ("RIDGE_POINT", [[1, 2], 2], ShapeError, "EXPLAIN takes one value per argument, not a range"),
        ("RIDGE_POINT", [1, (2,)], ShapeError, "EXPLAIN takes one value per argument, not a range"),
    ],
)
def test_what_cannot_be_explained(function, args, kind, says):
    with pytest.raises(kind) as refused:
        explain_rows(function, args)
    assert type(refused.value) is kind
    assert refused.value.reason.startswith(says)
    assert refused.value.reason == says or "; near: " in says


def test_at_most_three_neighbours_are_named():
    with pytest.raises(UnknownNameError) as refused:
        find("FLOPS")
    assert refused.value.reason.count(",") <= 2
    assert find("kv_Bytes") is FUNCTIONS["KV_BYTES"]


@pytest.mark.parametrize("name", NAMES)
def test_every_function_explains_itself(name):
    spec = FUNCTIONS[name]
    args = list(middle(spec).values())
    rows = explain_rows(name, args)
    assert rows[0] == HEADER
    assert {len(row) for row in rows} == {5}
    arguments, formulas, result = rows[1:-3], rows[-3:-1], rows[-1]
    assert [row[1] for row in arguments] == [parameter.name for parameter in spec.parameters]
    assert [row[2] for row in arguments] == args
    assert [row[0] for row in arguments] == [parameter.quantity.symbol for parameter in spec.parameters]
    assert all(row[4].startswith("given; ") for row in arguments)
    assert [row[4] for row in formulas] == ["in symbols", "in numbers"]
    assert all(row[1] for row in formulas)
    assert result == [spec.result.symbol, name, evaluate(spec, args).value, spec.result.unit, spec.reference]
    short = explain_rows(name, args[: spec.required])
    origins = [row[4].partition(";")[0] for row in short[1 + spec.required : -3]]
    assert origins == [f"default: {parameter.default_text}" for parameter in spec.parameters[spec.required :]]
    assert all(row[2] != "" for row in short[1:-3])


def test_the_formula_in_numbers_gives_the_result_in_an_engine(tmp_path):
    """What EXPLAIN prints can be typed into a cell."""
    explained = {name: explain_rows(name, list(middle(FUNCTIONS[name]).values())) for name in NAMES}
    questions = [Question((), (rows[-2][1],)) for rows in explained.values()]
    for (name, rows), (answer,) in zip(explained.items(), cellrune(ask(tmp_path / "explained.xlsx", questions)), strict=True):
        value = rows[-1][2]
        assert answer == (value if isinstance(value, str | bool) else pytest.approx(value, rel=1e-12)), name

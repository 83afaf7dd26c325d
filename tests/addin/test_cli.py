"""What is typed, what is printed, and the exit status of it."""

import json
import math
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from addin.cli.typed import cell_text, cell_value, json_value
from pycalc import FUNCTIONS
from pycalc.errors import ArgumentError, CellError
from pycalc.record import REQUIRED
from pycalc.tables import TABLE_FUNCTIONS

SPECS = FUNCTIONS | TABLE_FUNCTIONS
ARGUMENT_KEYS = ["name", "symbol", "unit", "default", "low", "high", "meaning"]
FUNCTION_KEYS = ["name", "arguments", "unit", "summary", "source", "section", "lambda", "inline"]


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        ("LAYER_FLOPS 4096 2048", "549755813888"),
        ("layer_flops 4096 2048 32 8 64 8192 SwiGLU", "635655159808"),
        ("USERS_PER_GPU 80e9 3.5e9 268435456 2e9", "277"),
        ("COST_PER_MTOK 2.5 185", "3.7537537537537538"),
        ("QUADRATIC_SHARE 4096 2048", "0.25"),
        ("BOUND_BY 989e12 3350e9 1", "memory"),
        ("EDGE_FITS 3e9 5e8 4e9", "TRUE"),
        ("KV_BYTES 0 16 8 64 1", "0"),
    ],
)
def test_a_call_prints_the_value_as_a_cell_would_hold_it(llmecon, words, printed):
    assert llmecon("call", *words.split()).out == printed + "\n"
    value = llmecon("call", *words.split(), "--json").document
    assert list(value) == ["value"]
    assert cell_text(value["value"]) == printed


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["KV_BYTES", "-1", "16", "8", "64", "1"], "#NUM!", "tokens is -1"),
        (["KV_BYTES", "-1e3", "16", "8", "64", "1"], "#NUM!", "tokens is -1000"),
        (["KV_BYTES", "1e999", "16", "8", "64", "1"], "#NUM!", "tokens is inf"),
        (["EDGE_CROSSOVER", "500000", "1", "10", "750", "0.3"], "#N/A", ""),
        (["LAYER_FLOPS", "#n/a", "-1"], "#N/A", "tokens is #N/A"),
        (["LAYER_FLOPS", '"4096"', "2048"], "#VALUE!", 'the text "4096"'),
        (["LAYER_FLOPS", "true", "2048"], "#VALUE!", "tokens is True"),
        (["LAYER_FLOPS", "", "2048"], "#VALUE!", "tokens is blank"),
        (["LAYER_FLOPS", "--jsn", "2048"], "#VALUE!", 'the text "--jsn"'),
        (["RIDGE_POINT", "1", "0"], "#DIV/0!", "bandwidth is 0"),
        (["KV_BYTES", "{1,2}", "{1,2,3}", "8", "64"], "#VALUE!", "do not broadcast"),
    ],
)
def test_an_error_is_a_value_and_its_reason_is_told_aside(llmecon, words, code, reason):
    run = llmecon("call", *words)
    assert (run.status, run.out) == (0, code + "\n")
    assert reason in run.err
    as_json = llmecon("call", "--json", *words)
    assert as_json.status == 0
    assert as_json.document == {"error": code, "reason": run.err.strip()}
    assert as_json.err == ""


def test_a_blank_takes_the_default(llmecon):
    assert llmecon("call", "KV_BYTES", "4096", "16", "8", "64", "", '""').out == "134217728\n"


def test_after_two_dashes_all_is_a_value(llmecon):
    assert llmecon("call", "LAYER_FLOPS", "--", "--json", "2048").out == "#VALUE!\n"


def test_a_range_gives_rows_each_bad_cell_its_own_error(llmecon):
    words = ("call", "MATMUL_FLOPS", '{1,2;3,"x"}', "2", "{3;-1}")
    run = llmecon(*words)
    assert run.out == "12\t24\n#NUM!\t#VALUE!\n"
    reasons = run.err.splitlines()
    assert len(reasons) == 2
    errors = [{"error": code, "reason": reason} for code, reason in zip(("#NUM!", "#VALUE!"), reasons, strict=True)]
    assert llmecon(*words, "--json").document == {"value": [[12, 24], errors]}


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["call", "KV_BYTE", "1"], "KV_BYTES"),
        (["call", "NOTHING_LIKE_IT"], "'NOTHING_LIKE_IT'"),
        (["call", "LAYER_FLOPS", "1"], "takes 2 to 8 arguments, not 1"),
        (["call", "LAYER_FLOPS", *"123456789"], "takes 2 to 8 arguments, not 9"),
        (["explain", "RIDGE_POINT", "1"], "takes 2 arguments, not 1"),
        (["explain", "RIDGE_POINT", "{1,2}", "1"], "range"),
        (["call", "LAYER_FLOPS", "{1,2;3}", "1"], "{1,2;3}"),
        (["call", "LAYER_FLOPS", '{1,"2}', "1"], '{1,"2}'),
        (["call"], "NAME"),
        (["functions", "--jso"], "--json"),
        (["calls"], "call"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_line(llmecon, words, hint):
    run = llmecon(*words)
    assert (run.status, run.out) == (2, "")
    assert run.err.startswith("llmecon")
    assert run.err.count("\n") == 1
    assert hint in run.err


@pytest.mark.parametrize(
    "text", ["1_000", "١٢٣", "1,000", "30%", "nan", "inf", "0x10", "1e", "+", ".", "", " 1", "1 ", "TRUEE", "#NO!"]
)
def test_what_only_looks_like_a_number_is_none(text):
    assert cell_value(text) == (text or None)


@given(
    st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.sampled_from([CellError("#N/A"), CellError("#SPILL!")])
)
def test_what_is_printed_is_read_back_as_the_same_cell(value):
    assert cell_value(cell_text(value)) == value
    if isinstance(value, float):
        assert json.loads(json.dumps(json_value(value))) == value


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_in_quotes_is_that_text(text):
    quoted = '"' + text.replace('"', '""') + '"'
    assert cell_value(quoted) == (text or None)
    assert cell_value(f"{{{quoted},1}}") == [[text or None, 1.0]]


@given(st.text(string.punctuation + "01 eE").filter(lambda text: not text.startswith("{")))
def test_a_text_outside_braces_is_always_a_cell(text):
    assert isinstance(cell_value(text), float | str | bool | CellError | None)


@given(st.text('{},;"1 '))
@example("{1},2")
def test_what_is_in_braces_is_a_range_or_refused(text):
    try:
        value = cell_value(f"{{{text}}}")
    except ArgumentError:
        return
    rows = value if isinstance(value, list) else [[value]]
    assert len({len(row) for row in rows}) == 1
    assert all(isinstance(cell, float | str | None) for row in rows for cell in row)


def test_functions_describes_every_declaration(llmecon):
    documents = llmecon("functions", "--json").document
    assert {document["name"] for document in documents} == set(SPECS)
    for document in documents:
        spec = SPECS[document["name"]]
        assert list(document) == FUNCTION_KEYS
        repeated = ["argument_1…"] if getattr(spec, "repeated", "") else []
        assert [argument["name"] for argument in document["arguments"]] == [p.name for p in spec.parameters] + repeated
        assert all(document[key] for key in ("unit", "summary", "source", "section"))
        assert (document["lambda"] is None) == (document["inline"] is None)
        assert document["lambda"] is None or document["lambda"].startswith("_xlfn.LAMBDA(")


def test_functions_describes_arguments_by_what_may_be_typed(llmecon):
    for document in llmecon("functions", "--json").document:
        spec = SPECS[document["name"]]
        arguments = [argument for argument in document["arguments"] if argument["name"] != "argument_1…"]
        for argument, parameter in zip(arguments, spec.parameters, strict=True):
            assert list(argument) == ARGUMENT_KEYS
            assert argument["symbol"]
            assert argument["unit"]
            assert argument["meaning"]
            assert (argument["default"] is None) == (parameter.default is REQUIRED)
            if parameter.quantity.choices:
                assert argument["low"] is argument["high"] is None
                assert all(choice in argument["meaning"] for choice in parameter.quantity.choices)
                continue
            assert math.isfinite(argument["low"])
            assert math.isfinite(argument["high"])
            if isinstance(parameter.default, float | int):
                assert argument["low"] <= argument["default"] <= argument["high"]


def test_tables_are_a_line_per_row_where_nobody_looks(llmecon, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    lines = llmecon("functions").out.splitlines()
    assert len(lines) == 1 + len(SPECS)
    explained = llmecon("explain", "kv_bytes", "4096", "16", "8", "64").out
    assert explained.splitlines()[-1].split()[:4] == ["M", "KV_BYTES", "134217728", "bytes"]
    help_text = llmecon("--help").out
    assert not set("".join((*lines, explained, help_text))) & set(map(chr, range(32))) - {"\n"}


def test_no_words_show_the_help(llmecon):
    assert llmecon() == llmecon("--help")
    assert "functions" in llmecon().out


def test_the_version_is_the_package_s(llmecon):
    from pycalc import __version__

    assert llmecon("--version").out == f"llmecon {__version__}\n"


def test_quotes_that_never_end_are_refused_at_once(llmecon):
    """Found by fuzzing: with each way to pair the quotes tried, a hundred of them took years."""
    run = llmecon("call", "MATMUL_FLOPS", "{1," + '"' * 1_001 + "}", "2", "3")
    assert run.status == 2
    assert run.err.startswith("llmecon: {1,")

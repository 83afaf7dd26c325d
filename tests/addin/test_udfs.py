"""Our functions called as a cell calls them: through the real `XLPython().CallUDF` of classic xlwings."""

import dataclasses
import importlib
import itertools
import math
import random
import re
import sys
from decimal import Decimal
from unittest.mock import patch

import com_host
import pytest
from calls import TEXTS
from com_host import MISSING, ExcelRange, call, call_all

import pycalc
from addin.excel import udfs
from addin.excel.agreed import ERROR_NUMBERS
from addin.excel.classic import COM_ERROR_BASE, READ, to_excel
from pycalc import FUNCTIONS, CalcError
from pycalc.errors import EXCEL_ERRORS, CellError

NA, DIV0, NUM = -2146826246, -2146826281, -2146826252  # as COM hands them over, see xlwings' own `cell_errors`
SPILL, CALC = -2146826243, -2146826238  # too new for xlwings

# ---- the examples of the article


@pytest.mark.parametrize(
    ("name", "arguments", "value"),
    [
        ("LAYER_FLOPS", (4096.0, 2048.0, *[MISSING] * 6), 549755813888.0),
        ("LAYER_FLOPS", (4096.0, 2048.0, 32.0, 8.0, 64.0, 8192.0, "swiglu", MISSING), 635655159808.0),
        ("LAYER_FLOPS", (4096.0, 2048.0, *[MISSING] * 5, True), 549755813888.0 - 2 * 4096**2 * 2048),
        ("KV_BYTES", (32768.0, 16.0, 8.0, 64.0, 1.0, MISSING), 536870912.0),
        ("USERS_PER_GPU", (80e9, 3.5e9, 268435456.0, 2e9), 277.0),
        ("COST_PER_MTOK", (2.5, 185.0, MISSING), 2.5e6 / 3600 / 185),
        ("BOUND_BY", (989e12, 3350e9, 1.0), "memory"),
        ("EDGE_FITS", (1e9, 1e8, 3e9), True),
    ],
)
def test_a_scalar_call_gives_the_value(excel, name, arguments, value):
    given = excel(call, name, *arguments)
    assert given == value
    assert type(given) is type(value)


@pytest.mark.parametrize("cell", [32768.0, ExcelRange(32768.0), ((32768.0,),)])
def test_a_cell_of_any_kind_is_a_scalar(excel, cell):
    assert excel(call, "KV_BYTES", cell, 16.0, 8.0, 64.0, 1.0, MISSING) == 536870912.0


# ---- shapes


def test_a_thousand_cells_spill_as_a_thousand_scalars(excel):
    tokens = [float(1 + 37 * i) for i in range(1000)]
    column = excel(call, "KV_BYTES", ExcelRange(tuple((n,) for n in tokens)), 16.0, 8.0, 64.0, MISSING, MISSING)
    assert column == [[n] for n in excel(call_all, "KV_BYTES", [(n, 16.0, 8.0, 64.0, MISSING, MISSING) for n in tokens])]


def test_a_row_and_a_column_span_a_table(excel):
    row, column = ExcelRange(((1.0, 2.0, 3.0),)), ExcelRange(((10.0,), (20.0,)))
    assert excel(call, "MATMUL_FLOPS", row, column, 1.0) == [[20.0, 40.0, 60.0], [40.0, 80.0, 120.0]]


def test_an_array_constant_of_one_row_comes_without_rows(excel):
    assert excel(call, "MATMUL_FLOPS", (1.0, 2.0), 1.0, 1.0) == [2.0, 4.0]


# ---- what cells hold


def test_a_currency_cell_keeps_all_its_digits(excel):
    price = ExcelRange(0.00012345678, shown=Decimal("0.0001"))
    assert excel(call, "API_COST", 1e6, 0.0, price, 0.0) == 0.00012345678


def test_every_kind_of_cell_in_one_range_answers_for_itself(excel):
    cells = (4096.0, None, "", "4096", True, -1.0, NA, DIV0, SPILL, CALC, math.nan)
    answers = (8192.0, *["#VALUE!"] * 4, "#NUM!", "#N/A", "#DIV/0!", "#SPILL!", "#CALC!", "#NUM!")
    column = excel(call, "ATTENTION_CROSSOVER", ExcelRange(tuple((cell,) for cell in cells)))
    assert [row[0] for row in column] == list(answers)


@pytest.mark.parametrize(
    ("case", "name", "arguments", "answer"),
    [
        ("error argument", "MATMUL_FLOPS", (NA, 1.0, 1.0), "#N/A"),
        ("newer error argument", "MATMUL_FLOPS", (1.0, 1.0, SPILL), "#SPILL!"),
        ("first error wins", "MATMUL_FLOPS", ("x", DIV0, NUM), "#DIV/0!"),
        ("required blank", "MATMUL_FLOPS", (ExcelRange(None), 1.0, 1.0), "#VALUE!"),
        ("required left out", "MATMUL_FLOPS", (1.0, MISSING, 1.0), "#VALUE!"),
        ("optional blank", "COST_PER_MTOK", (3.6, 1e3, ExcelRange(None)), 1.0),
        ("optional left out", "COST_PER_MTOK", (3.6, 1e3, MISSING), 1.0),
        ("text", "MATMUL_FLOPS", ("twelve", 1.0, 1.0), "#VALUE!"),
        ("text of digits", "MATMUL_FLOPS", ("12", 1.0, 1.0), "#VALUE!"),
        ("boolean", "MATMUL_FLOPS", (True, 1.0, 1.0), "#VALUE!"),
        ("NaN", "MATMUL_FLOPS", (math.nan, 1.0, 1.0), "#NUM!"),
        ("infinite", "MATMUL_FLOPS", (math.inf, 1.0, 1.0), "#NUM!"),
        ("negative", "KV_BYTES", (-1.0, 16.0, 8.0, 64.0, 1.0, MISSING), "#NUM!"),
        ("fraction of a layer", "KV_BYTES", (1.0, 16.5, 8.0, 64.0, 1.0, MISSING), "#NUM!"),
        ("fractional mean tokens", "KV_BYTES", (0.5, 16.0, 8.0, 64.0, 1.0, MISSING), 8192.0),
        ("no tokens", "LAYER_FLOPS", (0.0, 2048.0, *[MISSING] * 6), 0.0),
        ("zero divisor", "RIDGE_POINT", (989e12, 0.0), "#DIV/0!"),
        ("overflow", "MATMUL_FLOPS", (1e300, 1e300, 1e300), "#NUM!"),
        ("model larger than the GPU", "USERS_PER_GPU", (80e9, 90e9, 1e9, MISSING), "#N/A"),
        ("no crossover", "EDGE_CROSSOVER", (500000.0, 1.0, 10.0, 750.0, 0.3), "#N/A"),
        ("unknown choice", "MLP_FLOPS", (1.0, 1.0, MISSING, "swish"), "#VALUE!"),
        ("shapes", "MATMUL_FLOPS", ((1.0, 2.0), (1.0, 2.0, 3.0), 1.0), "#VALUE!"),
    ],
)
def test_the_error_policy(excel, case, name, arguments, answer):
    assert excel(call, name, *arguments) == answer


def test_every_excel_error_has_a_number_and_is_read_by_it():
    assert set(ERROR_NUMBERS) == set(EXCEL_ERRORS)
    assert COM_ERROR_BASE + ERROR_NUMBERS["#N/A"] == NA
    assert READ[SPILL].code == "#SPILL!"


# ---- every function


LARGEST = {"bytes": 1e12, "bytes/token": 1e6, "bytes/s": 1e13, "FLOP/s": 1e16, "USD/hour": 100.0, "USD/Mtok": 100.0}


def points(spec, generator, count=40):
    """Arguments drawn within each parameter's range; optional ones are left out at times."""
    for _ in range(count):
        left_out = {p.name for p in spec.parameters if p.optional and p.name not in spec.together and generator.random() < 0.4}
        if generator.random() < 0.5:
            left_out |= set(spec.together)
        yield [None if p.name in left_out else drawn(p.quantity, generator) for p in spec.parameters]


def drawn(q, generator):
    if q.is_text:
        return generator.choice(TEXTS[q.symbol])
    if q.choices:
        return generator.choice(list(q.choices))
    if q.is_flag:
        return generator.random() < 0.5
    low, high = max(q.low, 0.0), min(q.high, LARGEST.get(q.unit, 1e6))
    number = low + (high - low) * 10 ** generator.uniform(-6, 0)
    return float(math.floor(number)) if q.whole else number


def answer(spec, arguments):
    """What the Python function says, errors by their code."""
    try:
        return getattr(pycalc, spec.name)(*arguments)
    except CalcError as refusal:
        return refusal.code


@pytest.mark.parametrize("spec", FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_cell_says_what_python_says(excel, spec):
    drawn_points = list(points(spec, random.Random(spec.name)))
    wanted = [answer(spec, arguments) for arguments in drawn_points]
    assert any(not (isinstance(value, str) and value.startswith("#")) for value in wanted), "the points show refusals only"
    cells = [[MISSING if value is None else value for value in arguments] for arguments in drawn_points]
    assert excel(call_all, spec.excel_name, cells) == wanted
    ranges = [ExcelRange(tuple((value,) for value in column)) for column in zip(*drawn_points, strict=True)]
    for (given,), value in zip(excel(call, spec.excel_name, *ranges), wanted, strict=True):
        assert given == (pytest.approx(value, rel=1e-14) if isinstance(value, float) else value)


# ---- EXPLAIN


def test_explain_spills_the_call_with_its_numbers(excel):
    cells = ["users_per_gpu", 80e9, ExcelRange(3.5e9), 268435456.0]
    rows = excel(call, "EXPLAIN", *cells, *[MISSING] * (most_arguments() - 3))
    assert rows == pycalc.explain_rows("USERS_PER_GPU", [80e9, 3.5e9, 268435456.0])
    assert rows[-1][:4] == ["U", "USERS_PER_GPU", 277.0, "users"]


def test_explain_shows_why_a_call_is_refused(excel):
    rows = excel(call, "EXPLAIN", "KV_BYTES", -1.0, 16.0, 8.0, *[MISSING] * (most_arguments() - 3))
    assert rows[-1][2] == "#VALUE!"
    assert "head_dim is blank" in rows[-1][4]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["NO_SUCH"], "#N/A"),
        ([ExcelRange(None)], "#VALUE!"),
        ([12.0], "#VALUE!"),
        ([DIV0], "#DIV/0!"),
        (["RIDGE_POINT", 1.0, 2.0, 3.0], "#VALUE!"),
        (["RIDGE_POINT", ExcelRange(((1.0,), (2.0,))), 2.0], "#VALUE!"),
    ],
)
def test_explain_refuses(excel, arguments, error):
    assert excel(call, "EXPLAIN", *arguments, *[MISSING] * (most_arguments() + 1 - len(arguments))) == error


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_explanation_holds_only_what_a_spilled_cell_can(name):
    for arguments in points(FUNCTIONS[name], random.Random(name), 5):
        for cell in itertools.chain(*to_excel(udfs.EXPLAIN(name, *arguments))):
            assert type(cell) in (float, str, bool)
            assert not isinstance(cell, str) or len(cell) <= 255


def most_arguments():
    return max(len(spec.parameters) for spec in FUNCTIONS.values())


# ---- tables of uncertainty


def test_a_simulation_and_a_tornado_spill(excel):
    left_out = [MISSING] * (most_arguments() - 2)
    rows = excel(call, "SIMULATE", "COST_PER_MTOK", MISSING, ExcelRange(7.0), ExcelRange("lognormal(2,3)"), 185.0, *left_out)
    simulated = pycalc.simulate("COST_PER_MTOK", ["lognormal(2,3)", 185.0], seed=7)
    assert rows[0] == ["statistic", "value", "unit"]
    assert rows[6] == ["P50", simulated.percentiles[50], "USD/Mtok"]
    assert rows[-2:] == [["draws", 100_000.0, "draws"], ["seed", 7.0, ""]]
    (_, row) = excel(call, "TORNADO", "COST_PER_MTOK", "lognormal(2,3)", 185.0, *left_out)
    assert row[:4] == ["usd_per_hour", 2.0, 3.0, "USD/hour"]
    assert excel(call, "SIMULATE", "COST_PER_MTOK", MISSING, MISSING, "tri(3,2,1)", 185.0, *left_out) == "#NUM!"


# ---- faults of our own


def call_a_broken_function():
    module = importlib.import_module(com_host.MODULE)
    broken = dataclasses.replace(FUNCTIONS["MATMUL_FLOPS"], body=lambda *_: {}["a secret"])
    with patch.dict(FUNCTIONS, MATMUL_FLOPS=broken), patch.object(module, "MATMUL_FLOPS", module.functions()["MATMUL_FLOPS"]):
        return call("MATMUL_FLOPS", 1.0, 1.0, 1.0)


def test_a_bug_of_ours_is_an_error_in_the_cell_and_a_line_in_the_log(excel, fault_log):
    assert excel(call_a_broken_function) == "#VALUE!"
    text = fault_log.read_text(encoding="utf-8")
    assert re.search(r"bug-[0-9a-f]{8}: MATMUL_FLOPS", text)
    assert "a secret" in text


# ---- without Windows, without xlwings


@pytest.mark.skipif(sys.platform == "win32", reason="there xlwings brings pywin32")
def test_without_pywin32_the_module_imports_and_its_functions_can_be_called():
    assert "pythoncom" not in sys.modules
    assert udfs.KV_BYTES([[32768.0]], [[16.0]], [[8.0]], [[64.0]], [[1.0]]) == 536870912.0
    assert udfs.KV_BYTES([[32768.0], [-1.0]], 16.0, 8.0, 64.0) == [[1073741824.0], [CellError("#NUM!")]]


def test_without_xlwings_the_import_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "xlwings", None)
    monkeypatch.delitem(sys.modules, "addin.excel.udfs")
    with pytest.raises(ImportError, match=r'pip install "llmecon\[excel\]"'):
        importlib.import_module("addin.excel.udfs")

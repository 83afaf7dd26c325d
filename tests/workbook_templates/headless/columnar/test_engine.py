"""Workbooks compiled into columns: what the engine reads, how it orders, what it refuses."""

import re

import numpy as np
import openpyxl
import pytest
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula
from openpyxl.worksheet.table import Table
from packages import zipped

from pycalc import FUNCTIONS, kv_bytes
from pycalc.errors import CellError
from pycalc.lambdas import lambda_text
from workbook_templates.headless.columnar.engine import ColumnarEngine
from workbook_templates.headless.columnar.refusal import NotColumnar
from workbook_templates.reading import open_package

INPUT = ("Data in", "A1")


def package(tmp_path, formulas, change=None, **names):
    """A sheet with a few values in "Data in", the input A1 among them, and these formulas in "Calc"."""
    workbook = openpyxl.Workbook()
    data = workbook.active
    data.title = "Data in"
    for row in ([2, "a", None, 1.5], [3, "b", True, 2.5], [5, "12", "x", 3.5]):
        data.append(row)
    calc = workbook.create_sheet("Calc")
    for address, formula in formulas.items():
        calc[address] = formula
    for name, text in names.items():
        workbook.defined_names[name] = DefinedName(name, attr_text=text)
    if change:
        change(workbook)
    workbook.save(tmp_path / "book.xlsx")
    return open_package(tmp_path / "book.xlsx")


def computed(tmp_path, formulas, given=(2.0,), change=None, **names):
    """The formulas' values for these values of the input, by address."""
    outputs = [("Calc", address) for address in formulas]
    engine = ColumnarEngine(package(tmp_path, formulas, change, **names), [INPUT], outputs)
    found = engine.evaluate({INPUT: list(given)})
    return {address: found["Calc", address] for address in formulas}


def refusal(tmp_path, formulas, change=None, **names):
    with pytest.raises(NotColumnar) as caught:
        computed(tmp_path, formulas, change=change, **names)
    return caught.value.code, caught.value.sheet, caught.value.cell, caught.value.what


def test_inputs_of_every_kind(tmp_path):
    given = [1.0, -2.5, "a", "12", True, None, CellError("#N/A"), ""]
    formulas = {"A1": "='Data in'!A1", "A2": "='Data in'!A1+1", "A3": "='Data in'!A1&\"|\"", "A4": "=SUM('Data in'!A1:A3)"}
    na, value = CellError("#N/A"), CellError("#VALUE!")
    assert computed(tmp_path, formulas, given) == {
        "A1": [1.0, -2.5, "a", "12", True, 0.0, na, ""],
        "A2": [2.0, -1.5, value, 13.0, 2.0, 1.0, na, value],
        "A3": ["1|", "-2.5|", "a|", "12|", "TRUE|", "|", na, "|"],
        "A4": [9.0, 5.5, 8.0, 8.0, 8.0, 8.0, na, 8.0],
    }


def test_numbers_alone_come_as_arrays(tmp_path):
    engine = ColumnarEngine(
        package(tmp_path, {"A1": "='Data in'!A1*2", "A2": "=IF('Data in'!A1>1,\"high\",1)"}),
        [INPUT],
        [("Calc", "A1"), ("Calc", "A2")],
    )
    found = engine.evaluate_numbers({INPUT: np.array([1.0, 2.0, np.nan])})
    assert found["Calc", "A1"] == [2.0, 4.0, CellError("#NUM!")]
    assert found["Calc", "A2"] == [1.0, "high", CellError("#NUM!")]
    assert engine.evaluate_numbers({INPUT: np.array([1.0, 2.0])})["Calc", "A1"].tolist() == [2.0, 4.0]


def test_an_input_replaces_its_formula_and_an_output_may_be_any_cell(tmp_path):
    book = package(tmp_path, {"A1": "=1/0", "A2": "=A1+1", "A3": 7, "A4": "=A3"})
    engine = ColumnarEngine(book, [("Calc", "A1")], [("Calc", a) for a in ("A1", "A2", "A3", "A4", "B9")])
    found = engine.evaluate({("Calc", "A1"): [1.0, 2.0]})
    assert [*found.values()] == [[1.0, 2.0], [2.0, 3.0], [7.0, 7.0], [7.0, 7.0], [None, None]]


def test_only_what_the_outputs_need_is_compiled(tmp_path):
    book = package(tmp_path, {"A1": "='Data in'!A1+1", "A2": "=NO_SUCH(1)"})
    assert ColumnarEngine(book, [INPUT], [("Calc", "A1")]).evaluate({INPUT: [1.0]}) == {("Calc", "A1"): [2.0]}


def test_names_of_every_kind(tmp_path):
    def local(workbook):
        workbook["Calc"].defined_names["local"] = DefinedName("local", attr_text="7")

    formulas = {"A1": "=Rate_*2", "A2": "=total+1", "A3": "=local", "A4": "=SUM(all_)", "A5": "=left_+1", "B5": "=left_+1"}
    names = {
        "rate_": "'Data in'!$A$1",
        "total": "SUM('Data in'!$A$1:$A$3)*2",
        "all_": "'Data in'!$A$1:$A$3",
        "left_": "Calc!XFD1",
    }
    found = computed(tmp_path, formulas, (2.0, 4.0), local, **names)
    assert found["A1"] == [4.0, 8.0]
    assert found["A2"] == [21.0, 25.0]
    assert found["A3"] == [7.0, 7.0]
    assert found["A4"] == [10.0, 12.0]
    assert found["B5"] == [found["A5"][0] + 1] * 2


def test_lambda_names_call_each_other_and_themselves(tmp_path):
    names = {
        "twice": "_xlfn.LAMBDA(_xlpm.a,2*_xlpm.a)",
        "both": "_xlfn.LAMBDA(_xlpm.a,_xlpm.b,twice(_xlpm.a)+_xlpm.b)",
        "factorial": "_xlfn.LAMBDA(_xlpm.n,IF(_xlpm.n<2,1,_xlpm.n*factorial(_xlpm.n-1)))",
        "optional": "_xlfn.LAMBDA(_xlpm.a,_xlop.b,IF(_xlfn.ISOMITTED(_xlpm.b),_xlpm.a,_xlpm.a*_xlpm.b))",
    }
    formulas = {
        "A1": "=both('Data in'!A1,1)",
        "A2": "=factorial('Data in'!A1)",
        "A3": "=optional('Data in'!A1)+optional('Data in'!A1,3)",
        "A4": "=_xlfn.LET(_xlpm.f,_xlfn.LAMBDA(_xlpm.x,_xlpm.x+1),_xlpm.f(_xlpm.f('Data in'!A1)))",
        "A5": "=_xlfn.LAMBDA(_xlpm.x,_xlpm.y,_xlpm.x*_xlpm.y)('Data in'!A1,3)",
    }
    found = computed(tmp_path, formulas, (2.0, 5.0), **names)
    assert [*found.values()] == [[5.0, 11.0], [2.0, 120.0], [8.0, 20.0], [4.0, 7.0], [6.0, 15.0]]


def test_our_functions_run_on_columns(tmp_path):
    formulas = {
        "A1": "=KV_BYTES('Data in'!A1,16,8,64,1)",
        "A2": "=_xldudf_LLMECON_KV_BYTES('Data in'!A1,16,8,64)",
        "A3": '=IFERROR(MLP_FLOPS(\'Data in\'!A1,8,,"swiglu"),"none")',
        "A4": "=BOUND_BY(989E12,3350E9,'Data in'!A1)",
        "A5": "=SUM(KV_BYTES('Data in'!A1:A2,16,8,64,1))",
        "A6": "=KV_BYTES('Data in'!A1,16,8)",
        "A7": '=GPU_SPEC("H100 SXM","bandwidth")*\'Data in\'!A1',
        "A8": "=EDGE_FITS('Data in'!A1,1E9,3E9)",
    }
    given = [2.0, -1.0, "x", 1e9]
    found = computed(tmp_path, formulas, given, KV_BYTES=lambda_text(FUNCTIONS["KV_BYTES"]))
    num, value = CellError("#NUM!"), CellError("#VALUE!")
    assert found["A1"] == [kv_bytes(2, 16, 8, 64, 1), num, value, kv_bytes(1e9, 16, 8, 64, 1)]
    assert found["A2"][0] == kv_bytes(2, 16, 8, 64)
    assert found["A3"][1:3] == ["none", "none"]
    assert found["A4"] == ["memory", num, value, "compute"]
    assert found["A5"] == [
        kv_bytes(2, 16, 8, 64, 1) + kv_bytes(3, 16, 8, 64, 1),
        num,
        value,
        found["A1"][3] + kv_bytes(3, 16, 8, 64, 1),
    ]
    assert found["A6"] == [value] * 4
    assert found["A7"][:3] == [6.7e12, -3.35e12, value]
    assert found["A8"] == [True, num, value, True]


def test_recurrences_run_through_several_rows(tmp_path):
    formulas = {"A1": "='Data in'!A1", "A2": "=A1*2", "A3": "=A2+1"}
    columns = "BCDEFGH"
    for before, column in zip("ABCDEFG", columns, strict=True):
        formulas |= {f"{column}1": f"={before}3", f"{column}2": f"={column}1*2", f"{column}3": f"={column}2+{before}1"}
    last = computed(tmp_path, formulas, (1.0, 2.0, -3.0))["H3"]

    def by_hand(start):
        one, three = start, start * 2 + 1
        for _ in columns:
            one, three = three, three * 2 + one
        return three

    assert last == [by_hand(1.0), by_hand(2.0), by_hand(-3.0)]


def test_a_recurrence_backwards_and_in_a_grid(tmp_path):
    formulas = {f"{c}{r}": f"={c}{r + 1}+{chr(ord(c) + 1)}{r}" for c in "ABC" for r in (1, 2, 3)}
    formulas |= {f"D{r}": "='Data in'!$A$1" for r in (1, 2, 3)} | {f"{c}4": 1 for c in "ABC"}
    assert computed(tmp_path, formulas, (1.0, 10.0))["A1"] == [20.0, 110.0]


def test_shared_formulas_are_read(tmp_path):
    book = package(tmp_path, {f"A{r}": f"='Data in'!$A$1*{r}+B{r}" for r in range(1, 5)} | {f"B{r}": r for r in range(1, 5)})
    parts = {name: book.read(name) for name in book.names}
    sheet = next(name for name in parts if name.endswith("sheet2.xml"))
    data = parts[sheet].decode()
    data = data.replace("<f>'Data in'!$A$1*1+B1</f>", '<f t="shared" si="0" ref="A1:A4">\'Data in\'!$A$1*2+B1</f>')
    parts[sheet] = re.sub(r"<f>'Data in'!\$A\$1\*[234]\+B[234]</f>", '<f t="shared" si="0"/>', data).encode()
    (tmp_path / "shared.xlsx").write_bytes(zipped(parts))
    outputs = [("Calc", f"A{r}") for r in range(1, 5)]
    engine = ColumnarEngine(open_package(tmp_path / "shared.xlsx"), [INPUT], outputs)
    assert [*engine.evaluate({INPUT: [10.0]}).values()] == [[21.0], [22.0], [23.0], [24.0]]


def test_arrays_fill_their_cells(tmp_path):
    formulas = {
        "A1": ArrayFormula("A1:A3", "='Data in'!A1:A3*2"),
        "B1": ArrayFormula("B1:B4", "='Data in'!A1:A3+1"),
        "C1": ArrayFormula("C1", "=SUM('Data in'!A1:A3*'Data in'!D1:D3)"),
        "C2": ArrayFormula("C2", "=SUM(IF('Data in'!A1:A3>2,'Data in'!A1:A3,0))"),
        "D1": "=SUM(A1:B3)",
    }
    places = [("Calc", a) for a in ("A1", "A2", "A3", "B4", "C1", "C2", "D1")]
    found = ColumnarEngine(package(tmp_path, formulas), [INPUT], places).evaluate({INPUT: [2.0, 10.0]})
    expected = [[4.0, 20.0], [6.0, 6.0], [10.0, 10.0], [CellError("#N/A")] * 2, [28.0, 40.0], [8.0, 18.0], [33.0, 57.0]]
    assert [*found.values()] == expected


def test_ranges_of_whole_columns_fixed_offsets_and_cells_in_line(tmp_path):
    formulas = {
        "A1": "=SUM('Data in'!A:A)",
        "A2": "=SUMIF('Data in'!A:A,\">2\",'Data in'!D:D)",
        "B2": "='Data in'!A1:A3*2",
        "A3": "=SUM(OFFSET('Data in'!$A$1,1,0,2,1))",
        "A4": "=INDIRECT(\"'Data in'!A\"&1)+1",
        "A5": "=ROWS('Data in'!A:A)+COLUMNS('Data in'!A1:C1)+ROW()+COLUMN(C1)",
        "A6": "=SUM('Data in'!1:1)",
        "A7": "=COUNTIF('Data in'!$B$1:$B$3,\"a\")+'Data in'!A1",
    }
    found = computed(tmp_path, formulas, (2.0, 4.0))
    assert [*found.values()] == [
        [10.0, 12.0],
        [6.0, 7.5],
        [6.0, 6.0],
        [8.0, 8.0],
        [3.0, 5.0],
        [1_048_576.0 + 3 + 5 + 3] * 2,
        [3.5, 5.5],
        [3.0, 5.0],
    ]


def test_ranges_that_move_and_grow_with_an_input(tmp_path):
    formulas = {
        "A1": "=OFFSET('Data in'!$D$1,'Data in'!A1,0)",
        "A2": "=SUM(OFFSET('Data in'!$D$1,0,0,'Data in'!A1,1))",
        "A3": "=SUM(OFFSET('Data in'!$A$2:$A$3,0,'Data in'!A1+1))",
        "A4": "=SUM('Data in'!$D$1:INDEX('Data in'!$D$1:$D$3,'Data in'!A1))",
        "A5": "=SUM(INDEX('Data in'!$A$2:$D$3,0,'Data in'!A1+2))",
        "A6": "=AVERAGE(INDEX('Data in'!$A$2:$D$3,'Data in'!A1,0))",
        "A7": "=SUMIF('Data in'!$A$1:$A$3,\">2\",'Data in'!$D$1)",
    }
    ref = CellError("#REF!")
    assert [*computed(tmp_path, formulas, (2.0, 1.0, 3.0)).values()] == [
        [3.5, 2.5, 0.0],
        [4.0, 1.5, 7.5],
        [6.0, 0.0, 0.0],
        [4.0, 1.5, 7.5],
        [6.0, 0.0, ref],
        [4.25, 2.75, ref],
        [6.0, 6.0, 7.5],
    ]


def test_an_error_comes_from_its_scenario_alone(tmp_path):
    formulas = {
        "A1": "=1/('Data in'!A1-2)",
        "A2": "=IFERROR(A1,9)",
        "A3": "=IF('Data in'!A1=2,5,A1)",
        "A4": "=SQRT('Data in'!A1-3)",
    }
    div, num = CellError("#DIV/0!"), CellError("#NUM!")
    assert [*computed(tmp_path, formulas, (2.0, 3.0)).values()] == [[div, 1.0], [9.0, 1.0], [5.0, 1.0], [num, 0.0]]


@pytest.mark.parametrize(
    ("formula", "code", "what"),
    [
        ("=NO_SUCH('Data in'!A1)", "UNKNOWN_FUNCTION", "the function NO_SUCH"),
        ("=SUM('Data in:Calc'!A1)", "REFERENCE", "a reference that is not read here: 'Data in:Calc'!A1"),
        ("=SUM(Sales[x])+'Data in'!A1", "REFERENCE", "a structured reference that is not read here: Sales[x]"),
        ("='Data in'!A1+[1]Other!A1", "REFERENCE", "a structured reference that is not read here: [1]Other!A1"),
        ("=NOW()+'Data in'!A1", "VOLATILE", "the function NOW"),
        ("=OFFSET('Data in'!$A$9,-'Data in'!$A$1,0)", "VOLATILE", "OFFSET to the left or upwards by numbers that change"),
        ("=INDIRECT(\"A\"&'Data in'!$A$1)", "VOLATILE", "INDIRECT with an argument that is not fixed"),
        (
            "=SUM('Data in'!A1:A3*2)",
            "INTERSECTION",
            "a range where one value is meant, within an expression that is given a range",
        ),
        ("=INDEX('Data in'!A1:D3,0,1)", "ARRAY_RESULT", "a range as the result of a formula for one cell"),
        ("=SUM(('Data in'!A1,'Data in'!A2))", "REFERENCE", "a union, an intersection or a range made by an expression"),
        ("=PMT('Data in'!A1)", "ARGUMENTS", "PMT with 1 arguments"),
        ("=TEXT('Data in'!A1,\"# ?/?\")", "FORMAT", "TEXT with the format # ?/?"),
        ("=B2+'Data in'!A1", "CIRCULAR", "a formula that depends on its own result"),
        ("=('Data in'!A1", "NOT_PARSED", "the formula ends too early"),
        ("=EXPLAIN(\"KV_BYTES\",'Data in'!A1)", "UNKNOWN_FUNCTION", "the function EXPLAIN, which gives a table"),
        ("=endless('Data in'!A1)", "RECURSION", "LAMBDA calls nested deeper than 150"),
    ],
)
def test_refusals_name_the_cell_and_what_is_not_known(tmp_path, formula, code, what):
    names = {"endless": "_xlfn.LAMBDA(_xlpm.n,endless(_xlpm.n+1))"}
    assert refusal(tmp_path, {"B2": formula}, **names) == (code, "Calc", "B2", what)


def test_files_that_are_not_for_columns(tmp_path):
    assert refusal(tmp_path, {"B2": DataTableFormula("B2:B4", r1="A1")})[:3] == ("DATA_TABLE", "Calc", "B2")

    def count_from_1904(workbook):
        workbook.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904

    assert refusal(tmp_path, {"B2": "=1"}, count_from_1904)[0] == "CALENDAR"

    def with_table(workbook):
        workbook["Data in"].append(["h1", "h2"])
        workbook["Data in"].add_table(Table(displayName="Sales", ref="A4:B5"))

    assert computed(tmp_path, {"B2": "='Data in'!A1"}, change=with_table) == {"B2": [2.0]}


def test_columns_must_fit(tmp_path):
    engine = ColumnarEngine(package(tmp_path, {"A1": "='Data in'!A1"}), [INPUT], [("Calc", "A1")])
    with pytest.raises(ValueError, match="the inputs are"):
        engine.evaluate({("Calc", "A9"): [1.0]})
    with pytest.raises(NotColumnar, match="there is no such sheet"):
        ColumnarEngine(package(tmp_path, {"A1": "=1"}), [("Nowhere", "A1")], [("Calc", "A1")])

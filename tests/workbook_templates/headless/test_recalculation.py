"""Workbooks computed headless: values right, everything else in the file untouched."""

import datetime
import io
import logging
import os
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula
from openpyxl.worksheet.table import Table

from pycalc import FUNCTIONS, kv_bytes, mlp_flops, simulate
from pycalc.cells import guarded
from pycalc.errors import CellError
from pycalc.lambdas import lambda_text
from workbook_templates.headless import engine, formula_book, recalculation
from workbook_templates.headless.package import RefusedCellError
from workbook_templates.headless.recalculation import fill_cached_values, recalculate
from workbook_templates.reading import RefusedFileError

ERROR, VALUE, NUM, NA = (CellError(code) for code in ("#DIV/0!", "#VALUE!", "#NUM!", "#N/A"))


def book(path: Path, formulas: dict[str, object], **names: str) -> Path:
    """A workbook with a few values in columns A to C of "Data in" and these formulas in "Calc"."""
    workbook = openpyxl.Workbook()
    data = workbook.active
    data.title = "Data in"
    for row in ([4096, "swiglu", None], [8192, "x", True], [-1, datetime.date(2026, 3, 5), 0.5]):
        data.append(row)
    data["D1"], data["D1"].data_type = "#N/A", "e"
    calc = workbook.create_sheet("Calc")
    for address, formula in formulas.items():
        calc[address] = formula
    for name, text in names.items():
        workbook.defined_names[name] = DefinedName(name, attr_text=text)
    chart = BarChart()
    chart.add_data(Reference(data, min_col=1, min_row=1, max_row=3))
    data.add_chart(chart, "F2")
    workbook.save(path)
    return path


def values(tmp_path: Path, formulas: dict[str, object], **names: str) -> dict[str, object]:
    result = recalculate(book(tmp_path / "book.xlsx", formulas, **names))
    return {address: value for (_, address), value in result.values.items()}


def parts(path: Path) -> list[tuple[str, tuple[int, ...], bytes]]:
    with zipfile.ZipFile(path) as archive:
        return [(info.filename, info.date_time, archive.read(info)) for info in archive.infolist()]


def test_values_of_every_kind(tmp_path):
    formulas = {
        "A1": "='Data in'!A1/3",
        "A2": "='Data in'!B1&\"!\"",
        "A3": "='Data in'!C2",
        "A4": "='Data in'!D1",
        "A5": "='Data in'!B3+1",
        "A6": "='Data in'!C1",
        "A7": '=""',
        "A8": "=1/0",
        "A9": "=A8+1",
        "A10": "=IF(A1>1,#NUM!,2)",
        "A11": "=1E300*1E300",
        "A12": "=TIME(6,0,0)",
        "A13": "=2^53",
    }
    expected = [4096 / 3, "swiglu!", True, NA, 46087.0, 0.0, "", ERROR, ERROR, NUM, NUM, 0.25, 2.0**53]
    result = recalculate(book(tmp_path / "book.xlsx", formulas))
    assert [*result.values.values()] == expected
    assert [*map(type, result.values.values())] == [*map(type, expected)]
    assert result.errors[("Calc", "A4")] == NA
    assert result.counts == {"number": 5, "text": 2, "boolean": 1, "#N/A": 1, "#DIV/0!": 2, "#NUM!": 2}


def test_our_functions_in_cells(tmp_path):
    formulas = {
        "A1": "=KV_BYTES('Data in'!A1,16,8,64,1)",
        "A2": "=MLP_FLOPS('Data in'!A1,2048,8192,'Data in'!B1)",
        "A3": "=kv_bytes(1,2,3,4)+_xll.KV_BYTES(1,2,3,4)+_xldudf_LLMECON_KV_BYTES(1,2,3,4)",
        "A4": '=MLP_FLOPS(4096,2048,,"swiglu")',
        "A5": "=MLP_FLOPS(4096,2048,'Data in'!C1,\"swiglu\")",
        "A6": "=KV_BYTES(,16,8,64,1)",
        "A7": "=KV_BYTES('Data in'!C1,16,8,64,1)",
        "A8": "=KV_BYTES('Data in'!B2,16,8,64,1)",
        "A9": '=KV_BYTES("12",16,8,64,1)',
        "A10": "=KV_BYTES('Data in'!C2,16,8,64,1)",
        "A11": "=KV_BYTES('Data in'!A3,16,8,64,1)",
        "A12": "=KV_BYTES(\"x\",1/0,'Data in'!D1,64,1)",
        "A13": "=KV_BYTES(1,16,8)",
        "A14": "=KV_BYTES(1,16,8,64,1,1,1)",
        "A15": "=USERS_PER_GPU(1E9,3E9,1)",
        "A16": "=RIDGE_POINT(1,0)",
        "A17": "=BOUND_BY(989E12,3350E9,1)",
        "A18": "=EDGE_FITS(1E9,1E9,3E9)",
        "A19": "=SUM(KV_BYTES('Data in'!A1:A2,16,8,64,1))",
        "A20": "=IFERROR(KV_BYTES(-1,16,8,64,1),7)",
    }
    swiglu = mlp_flops(4096, 2048, None, "swiglu")
    assert [*values(tmp_path, formulas).values()] == [
        kv_bytes(4096, 16, 8, 64, 1),
        mlp_flops(4096, 2048, 8192, "swiglu"),
        3 * kv_bytes(1, 2, 3, 4),
        swiglu,
        swiglu,
        *[VALUE] * 5,
        NUM,
        ERROR,
        VALUE,
        VALUE,
        NA,
        ERROR,
        "memory",
        True,
        kv_bytes(4096 + 8192, 16, 8, 64, 1),
        7.0,
    ]


def test_ranges_spill_and_each_bad_cell_shows_its_own_error(tmp_path):
    column = ArrayFormula("A1:A3", "=KV_BYTES('Data in'!A1:A3,16,8,64,{1,2})")
    path = book(tmp_path / "book.xlsx", {"A1": column, "A2": None, "C1": "=SUM(A1:A2)", "C2": "=B2"})
    computed = recalculate(path).on("Calc")
    assert computed["A1"] == kv_bytes(4096, 16, 8, 64, 1)
    assert computed["C1"] == kv_bytes(4096 + 8192, 16, 8, 64, 1)
    assert computed["C2"] == kv_bytes(8192, 16, 8, 64, 2)
    explained = values(
        tmp_path, {"A1": ArrayFormula("A1:E8", '=EXPLAIN("MATMUL_FLOPS",2,3,4)'), "G1": "=C8", "G2": "=INDEX(A1:E8,1,1)"}
    )
    assert explained["A1"] == explained["G2"] == "symbol"
    assert (
        48.0 in values(tmp_path, {"A1": ArrayFormula("A1:E8", '=EXPLAIN("MATMUL_FLOPS",2,3,4)'), "G1": "=MAX(C1:C8)"}).values()
    )


def test_tables_of_uncertainty_spill(tmp_path):
    formulas = {
        "A1": ArrayFormula("A1:C15", '=SIMULATE("COST_PER_MTOK",,7,D1,185)'),
        "D1": '="lognormal(2,"&1+2&")"',
        "E1": "=INDEX(A1:C15,7,2)",
        "F1": ArrayFormula("F1:N2", '=TORNADO("COST_PER_MTOK",D1,185)'),
        "O1": "=INDEX(F1:N2,2,3)",
        "P1": '=SIMULATE("COST_PER_MTOK",,,"tri(3,2,1)",185)',
    }
    computed = values(tmp_path, formulas)
    assert computed["E1"] == simulate("COST_PER_MTOK", ["lognormal(2,3)", 185], seed=7).percentiles[50]
    assert (computed["A1"], computed["F1"], computed["O1"], computed["P1"]) == ("statistic", "argument", 3.0, NUM)


def test_the_other_cells_of_an_array_get_their_values(tmp_path):
    """As Excel stores them: the anchor with the formula, the others with the values of last time."""
    formulas = {"A1": ArrayFormula("A1:A3", "=KV_BYTES('Data in'!A1:A3,16,8,64,1)"), "C1": '=MLP_FLOPS(1,2,,"gelu")', "A3": 0}
    path = book(tmp_path / "book.xlsx", formulas)
    result = fill_cached_values(path, path)
    assert result.on("Calc") == {"A1": kv_bytes(4096, 16, 8, 64, 1), "C1": mlp_flops(1, 2), "A3": NUM}
    assert openpyxl.load_workbook(path, data_only=True)["Calc"]["A3"].value == "#NUM!"


def test_our_function_serves_where_the_workbook_carries_its_lambda(tmp_path):
    named = {"KV_BYTES": lambda_text(FUNCTIONS["KV_BYTES"]), "price": "'Data in'!$A$1"}
    assert values(tmp_path, {"A1": "=KV_BYTES(price,16,8,64,1,1)"}, **named) == {"A1": kv_bytes(4096, 16, 8, 64, 1)}


def test_excel_tables_are_known(tmp_path):
    path = book(tmp_path / "book.xlsx", {"A1": "tokens", "A2": 1, "A3": 2, "C1": "=SUM(KV_BYTES(T[tokens],16,8,64,1))"})
    workbook = openpyxl.load_workbook(path)
    workbook["Calc"].add_table(Table(displayName="T", ref="A1:A3"))
    workbook.save(path)
    assert recalculate(path).values == {("Calc", "C1"): kv_bytes(3, 16, 8, 64, 1)}


def test_readers_see_the_values_and_nothing_else_changes(tmp_path):
    formulas = {
        "A1": "=1/3",
        "A2": '="a<b"',
        "A3": "=TRUE",
        "A4": "=1/0",
        "A5": "=DATE(2026,3,5)",
        "A6": "=LAYER_FLOPS(4096,2048)",
    }
    source = book(tmp_path / "book.xlsx", formulas)
    workbook = openpyxl.load_workbook(source)
    workbook["Calc"]["A5"].number_format = "yyyy-mm-dd"
    workbook.save(source)
    before, original = parts(source), source.read_bytes()
    target = tmp_path / "filled.xlsx"
    fill_cached_values(source, target)
    read = [row[0].value for row in openpyxl.load_workbook(target, data_only=True)["Calc"]["A1:A6"]]
    assert read == [1 / 3, "a<b", True, "#DIV/0!", datetime.datetime(2026, 3, 5), 549755813888]
    after = parts(target)
    assert [part[:2] for part in after] == [part[:2] for part in before]
    changed = [new[0] for old, new in zip(before, after, strict=True) if old != new]
    assert changed == ["xl/worksheets/sheet2.xml"]
    assert source.read_bytes() == original
    kept = [row[0].value for row in openpyxl.load_workbook(target)["Calc"]["A1:A6"]]
    assert kept == [*formulas.values()]


def test_the_same_input_gives_the_same_bytes(tmp_path):
    source = book(tmp_path / "book.xlsx", {"A1": "=KV_BYTES(1,16,8,64,1)", "A2": '="ä"'})
    first, second = tmp_path / "first.xlsx", tmp_path / "second.xlsx"
    fill_cached_values(source, first)
    fill_cached_values(first, second)
    fill_cached_values(source, source)
    assert first.read_bytes() == second.read_bytes() == source.read_bytes()


def test_a_formula_that_leaves_an_argument_out_is_stored_as_it_was(tmp_path):
    source = book(tmp_path / "book.xlsx", {"A1": '=MLP_FLOPS(1,2,,"gelu")'})
    fill_cached_values(source, source)
    assert openpyxl.load_workbook(source)["Calc"]["A1"].value == '=MLP_FLOPS(1,2,,"gelu")'


@pytest.mark.parametrize(("owner", "step"), [(recalculation, "with_parts"), (os, "fsync"), (Path, "replace")])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, owner, step):
    source, target = book(tmp_path / "book.xlsx", {"A1": "=1+1"}), tmp_path / "out.xlsx"
    target.write_bytes(b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(owner, step, full)
    with pytest.raises(OSError, match="No space"):
        fill_cached_values(source, target)
    assert target.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book.xlsx", "out.xlsx"]


@pytest.mark.parametrize(
    ("formula", "code", "words"),
    [
        ("=1+NO_SUCH(2)", "UNKNOWN_FUNCTION", "NO_SUCH"),
        ("=IFERROR(MMULT(A1:A2,A1:B1),0)", "UNKNOWN_FUNCTION", "MMULT"),
        ("=no_such_name+1", "UNKNOWN_NAME", "no_such_name"),
        ("=1+", "NOT_PARSED", "=1+"),
        ("=B7", "CIRCULAR", "own result"),
        ("=SUM('Data in':Calc!A1)", "NOT_COMPUTED", "not computed"),
        ("=[1]Sheet1!A1", "EXTERNAL_LINK", "another workbook"),
        (DataTableFormula(ref="B7:B8", dt2D=False, r1="A1"), "DATA_TABLE", "what-if"),
        ("='Data in'!A1:A3*2", "NOT_COMPUTED", "gives a range"),
        ("=KV_BYTES('Data in'!A1:A3,16,8,64,1)", "NOT_COMPUTED", "gives a range"),
        ("=UNLISTED(1)", "UNKNOWN_FUNCTION", "UNLISTED"),
    ],
)
def test_what_is_not_computed_is_refused_by_sheet_and_cell(tmp_path, formula, code, words):
    source = book(tmp_path / "book.xlsx", {"A1": "=1+1", "B7": formula}, UNLISTED="_xlfn.LAMBDA(_xlpm.a,_xlpm.a)")
    target = tmp_path / "out.xlsx"
    with pytest.raises(RefusedCellError, match=words) as refused:
        fill_cached_values(source, target)
    assert (refused.value.code, refused.value.sheet, refused.value.cell) == (code, "Calc", "B7")
    assert str(refused.value).startswith(f"{code}: {source}: Calc!B7: ")
    assert not target.exists()


def test_a_range_that_has_no_room_is_refused_too(tmp_path):
    source = book(tmp_path / "book.xlsx", {"B7": "='Data in'!A1:A3*2", "B8": 5})
    with pytest.raises(RefusedCellError, match=r"Calc!B7: .*gives a range"):
        recalculate(source)


def test_an_array_that_has_no_room_is_a_spill_error(tmp_path):
    formulas = {"B7": ArrayFormula("B7", "='Data in'!A1:A3*2"), "B8": 5, "C1": "=B7+1"}
    assert values(tmp_path, formulas) == dict.fromkeys(("B7", "C1"), CellError("#SPILL!"))


def test_a_formula_that_stops_the_engine_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(formula_book, "EXTERNAL", re.compile("never"))
    source = book(tmp_path / "book.xlsx", {"A1": "=1+1", "B7": "=[1]Sheet1!A1"})
    with pytest.raises(RefusedCellError, match="Undefined name") as refused:
        recalculate(source)
    assert (refused.value.code, refused.value.cell) == ("NOT_COMPUTED", "B7")


def test_a_calendar_from_1904_is_refused(tmp_path):
    source = book(tmp_path / "book.xlsx", {"A1": "=DATE(2026,1,1)"})
    workbook = openpyxl.load_workbook(source)
    workbook.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    workbook.save(source)
    with pytest.raises(RefusedFileError, match="CALENDAR") as refused:
        recalculate(source)
    assert refused.value.code == "CALENDAR"


def test_a_damaged_sheet_is_refused(tmp_path):
    source = book(tmp_path / "book.xlsx", {"A1": "=1+1"})
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, moment, part in parts(source):
            archive.writestr(zipfile.ZipInfo(name, moment), part.replace(b"</f>", b"</g>"))
    source.write_bytes(out.getvalue())
    with pytest.raises(RefusedFileError, match="CORRUPT") as refused:
        recalculate(source)
    assert "sheet2.xml" in str(refused.value)


def test_a_sheet_of_charts_alone_is_passed_over(tmp_path):
    source = book(tmp_path / "book.xlsx", {"A1": "=1+1"})
    workbook = openpyxl.load_workbook(source)
    chart = BarChart()
    chart.add_data(Reference(workbook["Data in"], min_col=1, min_row=1, max_row=3))
    workbook.create_chartsheet("Chart", 0).add_chart(chart)
    workbook.save(source)
    assert recalculate(source).values == {("Calc", "A1"): 2.0}


def test_a_bug_of_ours_is_logged_and_shows_an_error(tmp_path, monkeypatch, caplog):
    def body(*args):
        raise KeyError("slip")

    monkeypatch.setattr(engine, "worksheet_function", lambda name: guarded(name, body))
    with caplog.at_level(logging.ERROR):
        assert values(tmp_path, {"A1": "=KV_BYTES(1,16,8,64,1)"}) == {"A1": VALUE}
    assert "KV_BYTES(1.0, 16.0, 8.0, 64.0, 1.0)" in caplog.text

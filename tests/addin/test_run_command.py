"""``llmecon run`` as its user meets it: real workbooks, the values of another engine's scenarios, refusals that help."""

import csv
import json
import zipfile

import openpyxl
import pytest

from workbook_templates.headless.recalculation import recalculate

OUTPUTS = ("Calc!D65", "Calc!D46", "Dashboard!B5")


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A finished workbook, made once."""
    from addin.cli.status import run

    path = tmp_path_factory.mktemp("books") / "token_cost.xlsx"
    assert run(["new", "token_cost", "-o", str(path)]) == 0
    return path


@pytest.fixture
def table(tmp_path):
    def write(text, name="scenarios.csv"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def read(path):
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def test_each_row_is_what_the_workbook_gives_with_these_inputs(llmecon, book, table, tmp_path):
    rows = table("case,context,Inputs!D24,Inputs!D4\nsmall,4096,0.5,Bear\nlarge,65536,1,Base\n")
    run = llmecon("run", book, "--scenarios", rows, "-o", tmp_path / "out.csv", "--outputs", ",".join(OUTPUTS))
    assert run.status == 0
    found = read(tmp_path / "out.csv")
    assert list(found[0]) == ["case", "context", "Inputs!D24", "Inputs!D4", *OUTPUTS]
    for row in found:
        changed = openpyxl.load_workbook(book)
        inputs = changed["Inputs"]
        inputs["D14"], inputs["D24"], inputs["D4"] = float(row["context"]), float(row["Inputs!D24"]), row["Inputs!D4"]
        changed.save(tmp_path / "one.xlsx")
        values = recalculate(tmp_path / "one.xlsx").values
        assert [float(row[place]) for place in OUTPUTS] == [values[tuple(place.split("!"))] for place in OUTPUTS]


def test_a_named_input_goes_where_a_person_would_type_it(llmecon, book, table, tmp_path):
    """As ``new --set`` does: the live scenario's cell changes, and the checks, which compute all scenarios, still hold."""
    rows = table("case,utilisation\na,0.5\n")
    outputs = "Checks!D4,Calc!D65,Inputs!E24,Inputs!F24"
    assert llmecon("run", book, "--scenarios", rows, "-o", tmp_path / "out.csv", "--outputs", outputs).status == 0
    (row,) = read(tmp_path / "out.csv")
    assert llmecon("new", "token_cost", "-o", tmp_path / "one.xlsx", "--set", "utilisation=0.5").status == 0
    one = openpyxl.load_workbook(tmp_path / "one.xlsx", data_only=True)
    assert float(row["Calc!D65"]) == pytest.approx(one["Calc"]["D65"].value, rel=1e-12)
    assert (row["Checks!D4"], float(row["Inputs!E24"]), float(row["Inputs!F24"])) == ("0", 0.5, 0.6)


def test_where_the_table_chooses_the_scenario_a_named_input_goes_to_all_of_them(llmecon, book, table, tmp_path):
    rows = table("case,utilisation,Inputs!D4\na,0.5,Base\nb,0.5,Bear\n")
    outputs = "Checks!D4,Inputs!D24,Inputs!D25"
    assert llmecon("run", book, "--scenarios", rows, "-o", tmp_path / "out.csv", "--outputs", outputs).status == 0
    assert [[row["Checks!D4"], row["Inputs!D24"], row["Inputs!D25"]] for row in read(tmp_path / "out.csv")] == [
        ["0", "0.5", "0.5"],
        ["0", "0.5", "0.4"],
    ]


def test_without_outputs_the_formulas_of_the_sheets_of_results_are_read(llmecon, book, table, tmp_path):
    rows = table("k,context\na,4096\n")
    assert llmecon("run", book, "--scenarios", rows, "-o", tmp_path / "out.csv").status == 0
    (row,) = read(tmp_path / "out.csv")
    sheets = [sheet for sheet in openpyxl.load_workbook(book) if sheet.title in ("Sensitivity", "Dashboard")]
    formulas = {f"{s.title}!{c.coordinate}" for s in sheets for r in s.iter_rows() for c in r if c.data_type == "f"}
    assert set(row) == {"k", "context"} | formulas


def test_bad_rows_are_quarantined_with_line_and_reason(llmecon, book, table, tmp_path):
    rows = table(
        "k,context,Inputs!D4\n"
        "good,4096,Base\n"
        "low,1,Base\n"
        "text,4_096,Base\n"
        "arabic,١٢٣,Base\n"
        "missing,N/A,Base\n"
        "blank,,Base\n"
        "huge,1e999,Base\n"
        "list,4096,Basis\n"
        "good,8192,Base\n"
        ",8192,Base\n"
        "=cmd|'/c calc'!A1,8192,Base\n"
    )
    run = llmecon("run", book, "--scenarios", rows, "-o", tmp_path / "out.csv", "--outputs", "Calc!D65")
    assert run.status == 3
    assert [row["k"] for row in read(tmp_path / "out.csv")] == ["good", "'=cmd|'/c calc'!A1"]
    lost = read(tmp_path / "out.csv.quarantine.csv")
    assert [(row["line"], row["key"], row["code"]) for row in lost] == [
        ("3", "low", "OUT_OF_BOUNDS"),
        ("4", "text", "WRONG_TYPE"),
        ("5", "arabic", "WRONG_TYPE"),
        ("6", "missing", "WRONG_TYPE"),
        ("7", "blank", "MISSING"),
        ("8", "huge", "NOT_FINITE"),
        ("9", "list", "OUT_OF_BOUNDS"),
        ("10", "good", "DUPLICATE_KEY"),
        ("11", "", "MISSING"),
    ]
    assert "128" in lost[0]["reason"]
    assert "Base, Bull, Bear" in lost[6]["reason"]
    manifest = json.loads((tmp_path / "out.csv.manifest.json").read_text())
    assert manifest["rows"] == {"computed": 2, "quarantined": 9}


@pytest.mark.parametrize(
    ("heading", "hint"),
    [
        ("contxt", "did you mean context"),
        ("Inputs!ZZ1", "an empty cell"),
        ("Calc!D65", "holds a formula"),
        ("x", "name an input"),
    ],
)
def test_a_column_that_is_no_input_is_refused(llmecon, book, table, tmp_path, heading, hint):
    run = llmecon("run", book, "--scenarios", table(f"k,{heading}\na,1\n"), "-o", tmp_path / "out.csv")
    assert run.status == 2
    assert hint in run.err
    assert repr(heading) in run.err


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["-o", "out.txt"], "must end in .csv"),
        (["-o", "out.csv", "--outputs", "Calc!D65,nothing"], "'nothing' is no name"),
        (["-o", "out.csv", "--outputs", "context"], "a column of the table and an output"),
        (["-o", "out.csv", "--workers", "0"], "--workers is 0"),
        (["-o", "nowhere/out.csv"], "no such folder"),
        (["-o", "scenarios.csv"], "is read by this command"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_work(llmecon, book, table, tmp_path, monkeypatch, words, hint):
    monkeypatch.chdir(tmp_path)
    run = llmecon("run", book, "--scenarios", table("k,context\na,4096\n"), *words)
    assert run.status in (2, 74)
    assert hint in run.err


def test_a_workbook_without_results_says_so(llmecon, table, tmp_path):
    plain = openpyxl.Workbook()
    plain.active.title = "Inputs"
    plain.active["A1"] = 1
    plain.save(tmp_path / "plain.xlsx")
    rows = table("k,Inputs!A1\na,1\n")
    run = llmecon("run", tmp_path / "plain.xlsx", "--scenarios", rows, "-o", tmp_path / "out.csv")
    assert run.status == 2
    assert "--outputs" in run.err


@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
def test_tables_and_results_of_other_kinds_say_the_same(llmecon, book, table, tmp_path, kind):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    lines = [("a", 4096.0), ("=b", 8192.0), ("c", 1.0)]
    rows = table("k,context\n" + "".join(f"{key},{value}\n" for key, value in lines))
    if kind == "xlsx":
        sheet = openpyxl.Workbook()
        for row in (("k", "context"), *lines):
            sheet.active.append(row)
        sheet.active["A3"].data_type = "s"  # openpyxl takes it for a formula
        sheet.save(tmp_path / "scenarios.xlsx")
    else:
        pq.write_table(pa.table({"k": [k for k, _ in lines], "context": [c for _, c in lines]}), tmp_path / "scenarios.parquet")
    outputs = ("--outputs", "Calc!D65,Dashboard!B8,Checks!D4")
    assert llmecon("run", book, "--scenarios", rows, "-o", tmp_path / "out.csv", *outputs).status == 3
    other = tmp_path / f"out.{kind}"
    assert llmecon("run", book, "--scenarios", tmp_path / f"scenarios.{kind}", "-o", other, *outputs).status == 3
    (first, second) = read(tmp_path / "out.csv")
    if kind == "xlsx":
        cells = list(openpyxl.load_workbook(other).active.iter_rows())
        headings = [cell.value for cell in cells[0]]
        found = [dict(zip(headings, (cell.value for cell in row), strict=True)) for row in cells[1:]]
        assert cells[2][0].data_type == "s"
    else:
        found = pq.read_table(other).to_pylist()
    assert [row["k"] for row in found] == ["a", "=b"]
    for row, text in zip(found, (first, second), strict=True):
        assert row["Calc!D65"] == float(text["Calc!D65"])
        assert row["Dashboard!B8"] == text["Dashboard!B8"]


def test_a_workbook_per_scenario_is_the_template_with_its_inputs_and_values(llmecon, book, table, tmp_path):
    rows = table("k,context,Inputs!D4\nsmall,4096,Bear\na/b,65536,Base\n")
    words = ("run", book, "--scenarios", rows, "-o", tmp_path / "out.csv", "--outputs", "Calc!D65")
    assert llmecon(*words, "--workbooks", tmp_path / "books").status == 0
    assert sorted(path.name for path in (tmp_path / "books").iterdir()) == ["a%2Fb.xlsx", "small.xlsx"]
    for row, name in zip(read(tmp_path / "out.csv"), ("small", "a%2Fb"), strict=True):
        path = tmp_path / "books" / f"{name}.xlsx"
        values = openpyxl.load_workbook(path, data_only=True)
        assert values["Inputs"]["D14"].value == float(row["context"])
        assert values["Inputs"]["D4"].value == row["Inputs!D4"]
        assert values["Calc"]["D65"].value == float(row["Calc!D65"])
        typed = openpyxl.load_workbook(path)["Inputs"]
        assert [typed[cell].value for cell in ("E14", "F14", "G14")] == [float(row["context"])] * 3
        assert recalculate(path).values["Calc", "D65"] == float(row["Calc!D65"])
        with zipfile.ZipFile(path) as made, zipfile.ZipFile(book) as template:
            assert made.namelist() == template.namelist()
            others = [part for part in made.namelist() if not part.startswith("xl/worksheets/sheet")]
            assert all(made.read(part) == template.read(part) for part in others)


@pytest.mark.parametrize("engine", ["auto", "vector", "formualizer"])
def test_what_another_moment_would_change_is_refused(llmecon, table, tmp_path, engine):
    book = openpyxl.Workbook()
    book.active.title = "Inputs"
    book.active["B2"] = 1
    summary = book.create_sheet("Summary")
    summary["B2"], summary["B3"], summary["B4"] = "=SUM(B3:B4)", "=Inputs!B2*RAND()", "=Inputs!B2+1"
    summary["B5"] = "=TODAY()"
    book.save(tmp_path / "book.xlsx")
    rows = table("k,Inputs!B2\na,1\n")
    words = ("run", tmp_path / "book.xlsx", "--scenarios", rows, "-o", tmp_path / "out.csv", "--engine", engine, "--outputs")
    for outputs, cell, name in (("Summary!B4,Summary!B2", "B3", "RAND"), ("Summary!B5", "B5", "TODAY")):
        run = llmecon(*words, outputs)
        assert run.status == 2
        assert run.err.startswith(f"llmecon: VOLATILE: {tmp_path / 'book.xlsx'}: Summary!{cell}: {name} gives another value")
    assert not (tmp_path / "out.csv").exists()
    assert llmecon(*words, "Summary!B4").status == 0

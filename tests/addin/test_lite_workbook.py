"""The workbook of ``llmecon new --lite``: the workbook without it, and the code where xlwings Lite looks for it."""

import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest

from addin.lite import code, embedding

ADDED = [embedding.EXTENSION, embedding.PANES, embedding.PANES_RELATIONS]
LISTS = {"[Content_Types].xml", "_rels/.rels"}
EXTENSION = "{http://schemas.microsoft.com/office/webextensions/webextension/2010/11}"


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """The same workbook without the code and with it."""
    from addin.cli.status import run

    folder = tmp_path_factory.mktemp("books")
    plain, lite = folder / "plain.xlsx", folder / "lite.xlsx"
    assert run(["new", "token_cost", "-o", str(plain)]) == run(["new", "token_cost", "-o", str(lite), "--lite"]) == 0
    return plain, lite


def parts(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def kept_for_lite(path):
    """The properties of the web extension, as Office reads them and hands them to the add-in."""
    root = ElementTree.fromstring(parts(path)[embedding.EXTENSION])  # noqa: S314 - ours
    return {entry.get("name"): json.loads(entry.get("value")) for entry in root.iter(f"{EXTENSION}property")}


def test_all_else_is_byte_for_byte_the_workbook_without_it(books):
    plain, lite = map(parts, books)
    assert [*plain, *ADDED] == [*lite]
    assert {name for name in plain if plain[name] != lite[name]} == LISTS
    for name in LISTS:
        pieces = re.split(rb"(?=<(?:Override|Relationship|/Types|/Relationships)\b)", lite[name])
        assert b"".join(piece for piece in pieces if b"webextension" not in piece) == plain[name]


def test_the_parts_find_each_other(books):
    """From the package to the panes, from these to the extension, each of a type that Office knows."""
    held = parts(books[1])
    types = {entry.get("PartName"): entry.get("ContentType") for entry in ElementTree.fromstring(held["[Content_Types].xml"])}  # noqa: S314
    kind = "application/vnd.ms-office.webextension"
    assert types[f"/{embedding.EXTENSION}"] == f"{kind}+xml"
    assert types[f"/{embedding.PANES}"] == f"{kind}taskpanes+xml"
    (panes,) = relations(held["_rels/.rels"], "2011/relationships/webextensiontaskpanes")
    assert panes.get("Target") == embedding.PANES
    assert len({entry.get("Id") for entry in ElementTree.fromstring(held["_rels/.rels"])}) == held["_rels/.rels"].count(b" Id=")  # noqa: S314
    (extension,) = relations(held[embedding.PANES_RELATIONS], "2011/relationships/webextension")
    assert str(Path(embedding.PANES).parent / extension.get("Target")) == embedding.EXTENSION
    assert f'r:id="{extension.get("Id")}"'.encode() in held[embedding.PANES]


def relations(part, kind):
    root = ElementTree.fromstring(part)  # noqa: S314 - ours
    return [entry for entry in root if entry.get("Type") == f"http://schemas.microsoft.com/office/{kind}"]


def test_lite_finds_the_code_as_it_was_written(books):
    kept = kept_for_lite(books[1])
    assert kept["main.py"] == code.main_py()
    assert kept["requirements.txt"].split() == ["xlwings<1", "numpy"]
    assert kept["pyodideVersion"] == embedding.PYODIDE_VERSION
    assert kept["xlwingsSettingsWorkbook"] == {"startupBehavior": "taskpane"}
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", kept["xlwingsWorkbookId"])
    assert b'id="wa200008175"' in parts(books[1])[embedding.EXTENSION]


def test_no_function_is_called_like_a_name_of_the_workbook(books):
    """A custom function of a LAMBDA's name stops all of Lite's functions (xlwings-lite #33)."""
    names = {name.upper() for name in openpyxl.load_workbook(books[1]).defined_names}
    registered = set(re.findall(r'^@func\(namespace="(.*)"\)', code.main_py(), re.MULTILINE))
    assert "USERS_PER_GPU" in names
    assert registered == {"LLMECON"}
    assert not [name for name in names if name.startswith("LLMECON")]


def test_the_values_are_there_without_any_add_in(books):
    plain, lite = (openpyxl.load_workbook(path, data_only=True) for path in books)
    assert plain.sheetnames == lite.sheetnames
    assert all(list(plain[title].values) == list(lite[title].values) for title in plain.sheetnames)


def test_the_same_workbook_is_the_same_bytes_and_another_is_another(llmecon, books, tmp_path):
    again, other = tmp_path / "again.xlsx", tmp_path / "other.xlsx"
    llmecon("new", "token_cost", "-o", again, "--lite")
    llmecon("new", "token_cost", "-o", other, "--lite", "--set", "utilisation=0.5")
    assert again.read_bytes() == books[1].read_bytes()
    identities = [kept_for_lite(path)["xlwingsWorkbookId"] for path in (again, other)]
    assert len(set(identities)) == 2


def test_it_prints_the_results_and_what_to_do(llmecon, tmp_path):
    plain = llmecon("new", "token_cost", "-o", tmp_path / "cost.xlsx")
    lite = llmecon("new", "token_cost", "-o", tmp_path / "cost.xlsx", "--lite")
    assert (lite.status, lite.err) == (0, "")
    assert lite.out == f"{plain.out}{embedding.NEXT_STEP}\n"
    assert code.EXAMPLE in embedding.NEXT_STEP


def test_check_says_that_there_is_code_and_nothing_else(llmecon, books):
    plain, lite = (llmecon("check", path, "--json").document for path in books)
    assert plain["failed"] == []
    assert lite["failed"] == ["R08"]


def test_recalc_keeps_the_code(llmecon, books, tmp_path):
    out = tmp_path / "computed.xlsx"
    assert llmecon("recalc", books[1], "-o", out).status == 0
    assert parts(out) == parts(books[1])


def test_plain_formulas_may_have_the_functions_beside_them(llmecon, tmp_path):
    """For Excel 2021, which has no LAMBDA."""
    out = tmp_path / "cost.xlsx"
    assert llmecon("new", "token_cost", "-o", out, "--lite", "--functions", "inline").status == 0
    assert kept_for_lite(out)["main.py"] == code.main_py()
    assert "USERS_PER_GPU" not in openpyxl.load_workbook(out).defined_names


def test_a_workbook_whose_own_check_fails_is_written_and_is_a_finding(llmecon, tmp_path):
    out = tmp_path / "cost.xlsx"
    assert llmecon("new", "token_cost", "-o", out, "--lite", "--set", "context=4e6", "--set", "chip=RTX 4090").status == 3
    assert "main.py" in kept_for_lite(out)


@pytest.mark.parametrize(
    ("words", "status"),
    [(["--set", "contxt=1"], 2), (["--set", "context=-1"], 2)],
)
def test_a_refusal_leaves_the_old_file(llmecon, tmp_path, words, status):
    out = tmp_path / "cost.xlsx"
    out.write_bytes(b"old")
    run = llmecon("new", "token_cost", "-o", out, "--lite", *words)
    assert (run.status, run.out, run.err.count("\n")) == (status, "", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["cost.xlsx"]
    assert out.read_bytes() == b"old"


def test_a_full_disk_leaves_the_old_file(llmecon, tmp_path, monkeypatch):
    out = tmp_path / "cost.xlsx"
    out.write_bytes(b"old")

    def write(path, data):
        if path == out:
            raise OSError(28, "No space left on device", str(path))
        path.write_bytes(data)

    monkeypatch.setattr(embedding, "write_atomically", write)
    run = llmecon("new", "token_cost", "-o", out, "--lite")
    assert (run.status, run.out, run.err) == (74, "", f"llmecon: {out}: No space left on device\n")
    assert out.read_bytes() == b"old"


@pytest.mark.skipif(shutil.which("soffice") is None and "CI" not in os.environ, reason="LibreOffice is not installed")
def test_libreoffice_opens_it_and_reads_the_same(books, tmp_path):
    shown = []
    for path in books:
        profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
        words = [
            "soffice",
            profile,
            "--headless",
            "--convert-to",
            "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1",
        ]
        subprocess.run([*words, "--outdir", tmp_path / path.stem, path], check=True, capture_output=True, timeout=120)
        found = sorted((tmp_path / path.stem).iterdir())
        shown.append({sheet.name.removeprefix(f"{path.stem}-"): sheet.read_text("utf-8") for sheet in found})
    assert len(shown[0]) == len(openpyxl.load_workbook(books[0]).sheetnames)
    assert shown[0] == shown[1]

"""The commands about workbooks: what they write, refuse and find."""

import errno
import os

import openpyxl
import pytest

from workbook_templates.registry import templates


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A finished workbook, made once."""
    from addin.cli.status import run

    path = tmp_path_factory.mktemp("books") / "token_cost.xlsx"
    assert run(["new", "token_cost", "-o", str(path)]) == 0
    return path


def test_templates_say_for_whom_and_to_which_question(llmecon):
    documents = llmecon("templates", "--json").document
    assert [list(document) for document in documents] == [["name", "reader", "question", "sheets"]] * len(documents)
    assert [document["name"] for document in documents] == [template.name for template in templates()]
    assert all(f"{document['name']} " in llmecon("templates").out for document in documents)


def test_new_prints_what_the_workbook_holds(llmecon, tmp_path):
    out = tmp_path / "cost.xlsx"
    run = llmecon("new", "token_cost", "-o", out, "--set", "utilisation=1", "--set", "context=4096")
    assert (run.status, run.err) == (0, "")
    users = next(line.split() for line in run.out.splitlines() if line.startswith("Users per GPU"))
    rows = openpyxl.load_workbook(out, data_only=True)["Calc"].iter_rows(values_only=True)
    assert float(users[3]) in next(row for row in rows if "Users per GPU" in row)


def test_inline_formulas_call_nothing_of_ours(llmecon, book, tmp_path):
    out = tmp_path / "cost.xlsx"
    assert llmecon("new", "token_cost", "-o", out, "--functions", "inline").status == 0
    assert not [name for name in openpyxl.load_workbook(out).defined_names if name.isupper()]
    assert [name for name in openpyxl.load_workbook(book).defined_names if name.isupper()]


def test_inputs_that_break_the_workbook_s_own_checks_are_findings(llmecon, tmp_path):
    run = llmecon("new", "token_cost", "-o", tmp_path / "cost.xlsx", "--set", "context=4e6", "--set", "chip=RTX 4090")
    assert run.status == 3
    assert "check fails" in run.err


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["new", "token_costs", "-o", "x.xlsx"], "token_cost?"),
        (["new", "token_cost"], "-o"),
        (["new", "token_cost", "-o", "x.csv"], "must end in .xlsx"),
        (["new", "token_cost", "-o", "x.xlsx", "--set", "contxt=1"], "context"),
        (["new", "token_cost", "-o", "x.xlsx", "--set", "context"], "name=value"),
        (["new", "token_cost", "-o", "x.xlsx", "--set", "context=1_000"], "context is '1_000'"),
        (["new", "token_cost", "-o", "x.xlsx", "--set", "context=-1"], "context is -1"),
        (["new", "token_cost", "-o", "x.xlsx", "--functions", "both"], "'both' is not one of"),
        (["check", "missing.xlsx"], "MISSING: missing.xlsx"),
        (["check", "a\n\x1b[31m.xlsx"], "MISSING: a??[31m.xlsx"),
        (["new", "token_cost", "-o", "a\n\x1b[31m"], "a??[31m: the name"),
        (["check", "plain.xlsx"], "NOT_A_WORKBOOK: plain.xlsx"),
        (["recalc", "plain.xlsx", "-o", "x.xlsx"], "NOT_A_WORKBOOK: plain.xlsx"),
        (["recalc", "plain.xlsx", "-o", "x.csv"], "must end in .xlsx"),
        (["recalc", "plain.xlsx", "-o", "x.xlsx", "--engine", "abacus"], "'abacus' is not one of"),
    ],
)
def test_a_refusal_is_one_line_and_leaves_nothing(llmecon, tmp_path, monkeypatch, words, hint):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plain.xlsx").write_text("no workbook")
    run = llmecon(*words)
    assert (run.status, run.out, run.err.count("\n")) == (2, "", 1)
    assert hint in run.err
    assert [path.name for path in tmp_path.iterdir()] == ["plain.xlsx"]


@pytest.mark.parametrize("place", ["no_folder/x.xlsx", "file/x.xlsx", "folder.xlsx"])
def test_a_place_that_cannot_be_written_is_an_io_error(llmecon, tmp_path, place):
    (tmp_path / "file").touch()
    (tmp_path / "folder.xlsx").mkdir()
    run = llmecon("new", "token_cost", "-o", tmp_path / place)
    assert (run.status, run.out, run.err.count("\n")) == (74, "", 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.xlsx"]


def test_check_passes_what_new_makes(llmecon, book):
    run = llmecon("check", book)
    assert (run.status, run.err) == (0, "")
    report = llmecon("check", book, "--json").document
    assert report["passed"]
    assert len(report["rules"]) == 30


def test_check_finds_what_is_broken(llmecon, book, tmp_path):
    broken = openpyxl.load_workbook(book)
    broken["Inputs"].protection.disable()
    broken.save(tmp_path / "broken.xlsx")
    run = llmecon("check", tmp_path / "broken.xlsx", "--json")
    assert (run.status, run.err) == (3, "")
    assert "R29" in run.document["failed"]


def test_recalc_stores_what_the_formulas_give(llmecon, book, tmp_path):
    edited = openpyxl.load_workbook(book)  # saving drops every stored value
    edited.save(tmp_path / "edited.xlsx")
    run = llmecon("recalc", tmp_path / "edited.xlsx", "-o", tmp_path / "computed.xlsx")
    assert (run.status, run.err) == (0, "")
    computed, original = (openpyxl.load_workbook(path, data_only=True)["Calc"] for path in (tmp_path / "computed.xlsx", book))
    assert list(computed.values) == list(original.values)


def test_a_workbook_can_be_computed_in_place(llmecon, book, tmp_path):
    copy = tmp_path / "copy.xlsx"
    copy.write_bytes(book.read_bytes())
    assert llmecon("recalc", copy, "-o", copy).status == 0
    assert copy.read_bytes() == book.read_bytes()


def test_a_full_disk_leaves_the_old_file(llmecon, book, tmp_path, monkeypatch):
    def fsync(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    out = tmp_path / "cost.xlsx"
    out.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", fsync)
    run = llmecon("recalc", book, "-o", out)
    assert (run.status, run.out, run.err) == (74, "", f"llmecon: {out}: No space left on device\n")
    assert out.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [out]

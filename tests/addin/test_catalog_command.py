"""llmecon gpus, models and prices: every row with source, date and age; names found, near ones suggested."""

import datetime

import openpyxl
import pytest

from pycalc.catalog import records, store

OWN = """
[[chip]]
name = "L4"
vendor = "NVIDIA"
kind = "data centre"
bandwidth_gb_per_s = 290
source = "ours"
date = 2026-11-01
"""
ORIGIN = {"source", "tier", "date", "age_days", "stale", "user", "note"}


@pytest.fixture(autouse=True)
def shipped(monkeypatch):
    monkeypatch.setenv(store.VARIABLE, "")
    monkeypatch.setattr(records, "today", lambda: datetime.date(2026, 11, 25))


@pytest.mark.parametrize("command", ["gpus", "models", "prices"])
def test_every_row_has_its_origin(llmecon, command):
    run = llmecon(command, "--json")
    assert (run.status, run.err) == (0, "")
    assert len(run.document) > 50
    for row in run.document:
        assert row.keys() > ORIGIN
        assert row["source"]
        assert row["stale"] == (row["age_days"] > 90)
        assert row["age_days"] == (datetime.date(2026, 11, 25) - datetime.date.fromisoformat(row["date"])).days


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("h100 sxm", "H100 SXM"),
        ("A100-SXM-80GB", "A100 SXM 80GB"),
        ("RTX 4090", "RTX 4090"),
        ("l40s", "L40S"),
        ("Apple M2 Ultra", "Apple M2 Ultra"),
        ("snapdragon-8-elite", "Snapdragon 8 Elite"),
        ("radeon 7900xtx", "RX 7900 XTX"),
    ],
)
def test_one_chip_by_name(llmecon, typed, name):
    (chip,) = llmecon("gpus", typed, "--json").document
    assert chip["name"] == name
    assert chip["bandwidth_bytes_per_s"] > 0


def test_a_chip_and_its_rents(llmecon):
    (chip,) = llmecon("gpus", "H100 SXM", "--json").document
    assert (chip["bf16_flops"], chip["memory_bytes"], chip["fp4_flops"]) == (989e12, 80e9, None)
    assert (chip["generation"], chip["link_bytes_per_s"], chip["pcie_bytes_per_s"]) == ("Hopper", 450e9, 64e9)
    offers = {(rent["provider"], rent["term"]): rent for rent in chip["rents"]}
    assert offers["The article", "on demand"]["usd_per_hour"] == 2.5
    assert all(rent.keys() > ORIGIN for rent in chip["rents"])
    assert offers["Neoclouds", "1 year"]["stale"] is True


def test_the_beginning_of_a_name_lists_its_variants(llmecon):
    assert {chip["name"] for chip in llmecon("gpus", "h100", "--json").document} == {"H100 SXM", "H100 PCIe", "H100 NVL"}


@pytest.mark.parametrize(("command", "typed", "near"), [("gpus", "A41", "A40"), ("models", "Qwen2 57B", "Qwen2.5-7B")])
def test_a_near_name_is_suggested_and_not_taken(llmecon, command, typed, near):
    run = llmecon(command, typed, "--json")
    assert (run.status, run.out) == (2, "")
    assert f"near: {near}" in run.err


def test_a_table_for_grep_says_what_is_old(llmecon):
    run = llmecon("gpus", "H100 SXM")
    lines = run.out.splitlines()
    assert lines[1].split()[:7] == ["H100", "SXM", "80", "3,350", "989", "1,979", "-"]
    assert any("239 days old; techreaderdaily.com" in line for line in lines)
    assert run.err == f"more than 90 days old, as the last column says: 2 of {len(lines) - 3} rows\n"


def test_prices_and_models_as_tables(llmecon):
    assert llmecon("prices", "gpt-4o-mini").out.splitlines()[1].split()[:4] == ["openai/gpt-4o-mini", "0.15", "0.6", "0.075"]
    assert llmecon("models", "Llama 3.2 1B").out.splitlines()[1].split()[:2] == ["Llama-3.2-1B", "meta-llama"]


def test_the_users_rows_are_marked(llmecon, monkeypatch, tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(OWN)
    monkeypatch.setenv(store.VARIABLE, str(path))
    (chip,) = llmecon("gpus", "nvidia l4", "--json").document
    assert (chip["user"], chip["bandwidth_bytes_per_s"], chip["generation"]) == (True, 290e9, "Ada")
    assert "user; ours" in llmecon("gpus", "L4").out
    path.write_text(OWN.replace('"L4"', '"Acme X1"'))
    (chip,) = llmecon("gpus", "acme x1", "--json").document
    assert (chip["generation"], chip["link_bytes_per_s"], chip["pcie_bytes_per_s"]) == (None, None, None)
    path.write_text("[[chip]]\n")
    run = llmecon("gpus")
    assert (run.status, run.err) == (2, "llmecon: own.toml: chip 1: name is missing\n")


def test_a_call_cites_what_it_looks_up(llmecon):
    run = llmecon("call", "GPU_SPEC", "H100 SXM", "bandwidth")
    assert (run.status, run.out) == (0, "3350000000000\n")
    assert run.err.startswith("bytes/s; secondary; 2026-11-23; github stas00/ml-engineering")
    assert llmecon("call", "GPU_SPEC", "H100 SXM", "bandwidth", "--json").document == {"value": 3350000000000}
    run = llmecon("call", "GPU_SPEC", "{H100 SXM;A41}", "memory")
    assert run.out == "80000000000\n#N/A\n"
    assert 'no chip "A41" in the catalogue; near: A40' in run.err
    assert "bytes; secondary" in run.err


def test_a_call_of_an_old_row_says_so(llmecon, monkeypatch):
    monkeypatch.setattr(records, "today", lambda: datetime.date(2027, 3, 1))
    assert llmecon("call", "GPU_SPEC", "L4", "memory").err.startswith("bytes; 98 days old; secondary")
    assert "98 days old" in llmecon("explain", "GPU_SPEC", "L4", "memory").out


def test_a_workbook_is_recalculated_with_look_ups(llmecon, tmp_path):
    formulas = ['=GPU_SPEC(A1,"bandwidth")', '=GPU_SPEC("A41","memory")', '=MODEL_SPEC("Qwen3 14B","layers")', "=B1/2"]
    book = openpyxl.Workbook()
    book.active["A1"] = "h100-sxm"
    for row, text in enumerate(formulas, 1):
        book.active.cell(row, 2, text)
    book.save(tmp_path / "in.xlsx")
    assert llmecon("recalc", tmp_path / "in.xlsx", "-o", tmp_path / "out.xlsx").status == 0
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx", data_only=True).active
    assert [sheet.cell(row, 2).value for row in (1, 2, 3, 4)] == [3.35e12, "#N/A", 40, 1.675e12]

"""One function over tables: the same numbers as a call for each row, errors where rows are bad, files whole or not at all."""

import csv
import fcntl
import math
import os
import signal
import time

import numpy as np
import pytest

from pycalc import FUNCTIONS
from pycalc.cells import cell_function
from pycalc.errors import CellError
from workbook_templates.headless.sweep import run as sweep_module

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

NAMES = ("tokens", "layers", "kv_heads", "head_dim", "bytes_per_value")
BAD = (-1.0, math.nan, math.inf, 1e300)


@pytest.fixture
def table(tmp_path):
    """A thousand rows, four of which are bad, in batches of a hundred."""
    generator = np.random.default_rng(5)
    columns = {name: generator.integers(1, 5, 1_000).astype(float) for name in NAMES}
    for row, value in zip((3, 250, 251, 999), BAD, strict=True):
        columns["tokens"][row] = value
    arrow = pa.table({"id": [f"=r{i}" for i in range(1_000)], **columns})
    pq.write_table(arrow, tmp_path / "in.parquet", row_group_size=300)
    return arrow


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(sweep_module, "ROWS", 100)
    monkeypatch.setattr(sweep_module, "CSV_ROWS", 100)


def one_by_one(arrow):
    call = cell_function(FUNCTIONS["KV_BYTES"])
    return [call(*row) for row in zip(*(arrow[name].to_pylist() for name in NAMES), strict=True)]


def test_each_row_has_the_value_of_a_call_or_its_error(llmecon, table, tmp_path):
    run = llmecon("sweep", "KV_BYTES", "--table", tmp_path / "in.parquet", "-o", tmp_path / "out.parquet")
    assert run.status == 3
    assert "4 with an error" in run.out
    assert "tokens is -1" in run.err
    out = pq.read_table(tmp_path / "out.parquet")
    assert out.column_names == [*table.column_names, "kv_bytes", "kv_bytes_error"]
    assert out.select(["id", "layers"]).equals(table.select(["id", "layers"]))
    wanted = one_by_one(table)
    assert out["kv_bytes"].to_pylist() == [None if isinstance(w, CellError) else w for w in wanted]
    assert out["kv_bytes_error"].to_pylist() == [w.code if isinstance(w, CellError) else None for w in wanted]


def test_csv_and_parquet_give_the_same(llmecon, table, tmp_path):
    llmecon("sweep", "KV_BYTES", "--table", tmp_path / "in.parquet", "-o", tmp_path / "out.csv")
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text().splitlines()))
    assert [row["id"] for row in rows[:2]] == ["'=r0", "'=r1"]  # a text stays one
    wanted = [str(w) if isinstance(w, CellError) else repr(w).removesuffix(".0") for w in one_by_one(table)]
    assert [row["kv_bytes"] for row in rows] == wanted
    lines = (",".join([*NAMES]), *(",".join(row[name] for name in NAMES) for row in rows))
    (tmp_path / "again.csv").write_text("\n".join(lines) + "\n")
    assert llmecon("sweep", "KV_BYTES", "--table", tmp_path / "again.csv", "-o", tmp_path / "third.parquet").status == 3
    third = pq.read_table(tmp_path / "third.parquet").to_pylist()
    codes = {"nan": "#VALUE!", "inf": "#VALUE!"}  # in a csv file these are texts
    for row, text, expected in zip(third, rows, wanted, strict=True):
        assert (row["kv_bytes_error"] or repr(row["kv_bytes"]).removesuffix(".0")) == codes.get(text["tokens"], expected)


def test_blanks_take_defaults_and_names_are_looked_up(llmecon, tmp_path):
    table = {"model": ["Llama 3.1 8B", None, "no such"], "kv_bits": [8.0, 16.0, None]}
    pq.write_table(pa.table(table), tmp_path / "in.parquet")
    run = llmecon("sweep", "MODEL_KV_BYTES_PER_TOKEN", "--table", tmp_path / "in.parquet", "-o", tmp_path / "out.parquet")
    assert run.status == 3
    out = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert [row["model_kv_bytes_per_token"] for row in out] == [65536.0, None, None]
    assert [row["model_kv_bytes_per_token_error"] for row in out] == [None, "#VALUE!", "#N/A"]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"tokns": [1.0]}, "did you mean tokens"),
        ({"tokens": [1.0], "layers": [1.0]}, "has no column kv_heads"),
        ({**{name: [1.0] for name in NAMES}, "kv_bytes": [1.0]}, "the name of the result"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(llmecon, tmp_path, columns, words):
    pq.write_table(pa.table(columns), tmp_path / "in.parquet")
    run = llmecon("sweep", "KV_BYTES", "--table", tmp_path / "in.parquet", "-o", tmp_path / "out.csv")
    assert run.status == 2
    assert words in run.err
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == []


def test_a_table_that_breaks_in_the_middle_leaves_the_old_result(llmecon, tmp_path):
    good = "".join(f"{i},1,1,1,1\n" for i in range(500))
    (tmp_path / "in.csv").write_text(",".join(NAMES) + "\n" + good + "1,2\n")
    (tmp_path / "out.csv").write_text("old")
    run = llmecon("sweep", "KV_BYTES", "--table", tmp_path / "in.csv", "-o", tmp_path / "out.csv")
    assert run.status == 2
    assert "line 502" in run.err
    assert (tmp_path / "out.csv").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_a_second_sweep_to_one_output_is_refused(llmecon, table, tmp_path):
    draft = os.open(tmp_path / ".out.csv.draft", os.O_CREAT | os.O_RDWR)
    fcntl.flock(draft, fcntl.LOCK_EX)
    words = ("sweep", "KV_BYTES", "--table", tmp_path / "in.parquet", "-o", tmp_path / "out.csv")
    assert llmecon(*words).status == 75
    os.close(draft)
    assert llmecon(*words).status == 3


def test_a_signal_ends_a_sweep_and_leaves_nothing(start, tmp_path):
    lines = "".join(f"{i},1,1,1,1\n" for i in range(2_000_000))
    (tmp_path / "in.csv").write_text(",".join(NAMES) + "\n" + lines)
    words = ["sweep", "KV_BYTES", "--table", str(tmp_path / "in.csv"), "-o", str(tmp_path / "out.csv")]
    process = start("-c", f"import sys; sys.argv[1:] = {words!r}; from addin.cli import main; main()")
    until = time.monotonic() + 60
    while not (tmp_path / ".out.csv.draft").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]

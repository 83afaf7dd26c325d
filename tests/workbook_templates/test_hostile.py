"""Hostile files through the command line: each is refused in one line, with its code, and leaves nothing behind."""

import os

import pytest

hostile = pytest.importorskip("hostile", reason="needs pyarrow to make its parquet files")

CASES = [("book", *item) for item in hostile.BOOKS.items()] + [("table", *item) for item in hostile.TABLES.items()]
MEASURED = """
import resource, re
from addin.cli import main
try:
    main()
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    peak = re.search(r"VmHWM:\\s+([0-9]+)", open("/proc/self/status").read())[1]  # a child's maxrss counts its parent's
    print(peak, used.ru_utime + used.ru_stime)
"""
MOST_MEMORY, MOST_SECONDS = 256 << 20, 20


def command(folder, kind, file):
    """What reads the file: ``recalc`` a workbook, ``run`` a table."""
    if kind == "book" or (kind == "" and file.endswith(".xlsx")):
        return ["recalc", folder / file, "-o", folder / "out.xlsx"]
    (folder / "sound.xlsx").write_bytes(hostile.SOUND)
    return ["run", folder / "sound.xlsx", "--scenarios", folder / file, "-o", folder / "out.csv"]


def is_refused(run, folder, file, code):
    assert run.status == 2
    assert run.err.startswith(f"llmecon: {code}: {folder / file}: "), run.err
    assert run.err.count("\n") == 1
    assert not [path.name for path in folder.iterdir() if path.name.startswith((".", "out"))]


@pytest.mark.parametrize(("kind", "file", "case"), CASES, ids=[f"{kind}-{file}" for kind, file, _ in CASES])
def test_a_hostile_file_is_refused(llmecon, tmp_path, kind, file, case):
    content, code = case
    (tmp_path / file).write_bytes(content)
    is_refused(llmecon(*command(tmp_path, kind, file)), tmp_path, file, code)


def test_what_is_no_file_is_refused(llmecon, tmp_path):
    for file, code in hostile.strange(tmp_path).items():
        is_refused(llmecon(*command(tmp_path, "", file)), tmp_path, file, code)


def test_a_parquet_file_that_ends_its_reader_is_refused(llmecon, tmp_path, monkeypatch):
    """As pyarrow 26 does on a page index of the wrong size, where it calls abort."""
    (tmp_path / "sound.parquet").write_bytes(hostile.TABLE)
    monkeypatch.setattr("workbook_templates.headless.tables.parquet_table.TRIAL", "import os; os.abort()")
    is_refused(llmecon(*command(tmp_path, "table", "sound.parquet")), tmp_path, "sound.parquet", "CORRUPT")


def test_there_are_enough_of_them():
    assert len(CASES) >= 60


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="the peak of memory is read from /proc")
@pytest.mark.parametrize(("kind", "file", "case"), CASES, ids=[f"{kind}-{file}" for kind, file, _ in CASES])
def test_a_refusal_takes_little(start, tmp_path, kind, file, case):
    (tmp_path / file).write_bytes(case[0])
    process = start("-c", MEASURED, *map(str, command(tmp_path, kind, file)))
    out, _ = process.communicate()
    assert process.returncode == 2
    kibibytes, seconds = out.split()
    assert int(kibibytes) << 10 < MOST_MEMORY
    assert float(seconds) < MOST_SECONDS

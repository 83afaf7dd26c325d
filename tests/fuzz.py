"""Coverage-guided fuzzing of every reader of foreign files and of the formula readers, by atheris (development extra).

    python tests/fuzz.py TARGET [RUNS] [SECONDS]     one target
    python tests/fuzz.py all [RUNS] [SECONDS]        each in a process of its own; prints how many executions each had

A reader may answer with a table or with its own refusal; any other exception is a crash, kept as crash-… in the
current folder by libFuzzer.  A single execution that takes over ten seconds or 2 GB counts as a crash, too.
"""

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
import zipfile

import atheris

with atheris.instrument_imports(include=["workbook_templates", "pycalc", "addin", "openpyxl.formula"]):
    from addin.cli.typed import cell_value
    from pycalc.architecture.document import parse_config
    from pycalc.architecture.reading import read_architecture
    from pycalc.errors import CalcError
    from workbook_templates.headless.batch.shards import Shard
    from workbook_templates.headless.calls import called, with_marks
    from workbook_templates.headless.columnar.parser import Parser, relative_text
    from workbook_templates.headless.columnar.refusal import UnsupportedError
    from workbook_templates.headless.sheet_xml import DamagedSheetError, formula_cells
    from workbook_templates.headless.tables import open_table, survey
    from workbook_templates.headless.tables.parquet_table import inspect
    from workbook_templates.reading import RefusedFileError, open_package
    from workbook_templates.rules.references import Scope, read_formula

from packages import parts_of, zipped

FOLDER = tempfile.mkdtemp(prefix="fuzz-")
NO_SCOPE = Scope(["Sheet"], lambda sheet, name: None, {})


def _written(data, suffix):
    path = os.path.join(FOLDER, f"input{suffix}")
    with open(path, "wb") as file:
        file.write(data)
    return path


def _table(data, suffix):
    from pathlib import Path

    with contextlib.suppress(RefusedFileError):
        survey(open_table(Path(_written(data, suffix))))


def csv(data):
    _table(data, ".csv")


def parquet(data):
    """In a child, as the product does: pyarrow itself ends the process on some broken files, which is a refusal."""
    path = _written(data, ".parquet")
    child = os.fork()
    if not child:
        status = 0
        try:
            inspect(path, None)
        except RefusedFileError:
            status = 0
        except BaseException:
            status = 70
        os._exit(status)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == 70:
        raise RuntimeError("an exception that is no refusal")


def package(data):
    """The bytes of a package as they are."""
    with contextlib.suppress(RefusedFileError):
        open_package(_written(data, ".xlsx"))


def sheet(data):
    """A sheet's XML within a sound package, then as a table."""
    from workbook_templates.headless.tables.xlsx_table import XlsxTable

    changed = {name: data if name.endswith("sheet1.xml") else part for name, part in PARTS.items()}
    with contextlib.suppress(RefusedFileError):
        survey(XlsxTable(_written(zipped(changed, zipfile.ZIP_STORED), ".xlsx")))


def cells(data):
    with contextlib.suppress(DamagedSheetError):
        formula_cells(data)


def config(data):
    with contextlib.suppress(CalcError):
        read_architecture(parse_config(data, "config.json"), "config.json")


def formula(data):
    text = data.decode("utf-8", "replace")
    read_formula(f"={text}", "Sheet", 1, 1, NO_SCOPE)
    called(text)
    with_marks(text)


def columnar(data):
    """Parsed for the columnar engine."""
    text = data.decode("utf-8", "replace")
    with contextlib.suppress(UnsupportedError):
        Parser(text, 5, 5).parsed()
        relative_text(text, 5, 5)


def typed(data):
    with contextlib.suppress(CalcError):
        cell_value(data.decode("utf-8", "replace"))


def checkpoint(data):
    Shard.from_bytes(data, "plan")


def _sound_parts():
    import openpyxl

    book, saved = openpyxl.Workbook(), io.BytesIO()
    for row in (("key", "x", "y"), ("a", 1, True), ("b", 2.5, "text"), ("c", "=A1", None)):
        book.active.append(row)
    book.save(saved)
    return parts_of(saved.getvalue()), saved.getvalue()


def _seeds():
    import json

    import pyarrow as pa
    import pyarrow.parquet as pq

    flat = io.BytesIO()
    pq.write_table(pa.table({"k": ["a", "b"], "x": [1.0, None], "d": [1, 2]}), flat, compression="none")
    llama = {
        "model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 100,
        "num_key_value_heads": 2, "intermediate_size": 128, "tie_word_embeddings": False,
    }  # fmt: skip
    formulas = (
        "SUM(A1:B2,Sheet!C$3)*-2%",
        'IF(AND(x>1,"a""b"<>y),KV_BYTES(1,,2),{1,2;3,4})',
        "'a b'!A1+Table1[[#This Row],[c]]",
    )
    sheet_xml = PARTS["xl/worksheets/sheet1.xml"]
    return {
        "csv": [b"k,x,y\na,1,TRUE\n\"b,\"\"c\",2.5,\n", b"\xef\xbb\xbfk;x\r\na;1\r\n"],
        "parquet": [flat.getvalue()],
        "package": [BOOK],
        "sheet": [sheet_xml],
        "cells": [sheet_xml, sheet_xml.replace(b"<f>", b'<f t="array" ref="B4:C5">')],
        "config": [json.dumps(llama).encode()],
        "formula": [text.encode() for text in formulas],
        "columnar": [text.encode() for text in (*formulas, "LET(x,A1,LAMBDA(y,y+x)(2))", "-A$1:$B2^2%&{1,\"a\";TRUE,#N/A}")],
        "typed": [b"{1,2;3,x}", b'"12"', b"-1e5"],
        "checkpoint": [b'{"plan": "plan", "start": 0, "stop": 1, "sha256": "", "lengths": [2, 2], "kinds": []}\n[][]'],
    }  # fmt: skip


PARTS, BOOK = _sound_parts()
TARGETS = {f.__name__: f for f in (csv, parquet, package, sheet, cells, config, formula, columnar, typed, checkpoint)}
SHARES = {"parquet": 0.3, "package": 0.3, "sheet": 0.3}
"""Slow targets get a part of the runs; the quick ones make up for it."""


def fuzz(name, runs, seconds):
    corpus = os.path.join(FOLDER, "corpus")
    os.makedirs(corpus)
    for i, seed in enumerate(_seeds()[name]):
        with open(os.path.join(corpus, f"seed{i}"), "wb") as file:
            file.write(seed)
    limits = [f"-runs={runs}", f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-max_len=65536"]
    atheris.Setup([sys.argv[0], *limits, "-print_final_stats=1", corpus], TARGETS[name])
    atheris.Fuzz()


def fuzz_all(runs, seconds):
    total = crashes = 0
    for name in TARGETS:
        share = int(runs * SHARES.get(name, 1))
        said = subprocess.run([sys.executable, __file__, name, str(share), str(seconds)], capture_output=True, text=True)
        done = re.search(r"stat::number_of_executed_units: ([0-9]+)", said.stderr)
        count = int(done[1]) if done else 0
        total, crashes = total + count, crashes + (said.returncode != 0)
        print(f"{name:12}{count:>10,} executions, exit {said.returncode}", flush=True)
        if said.returncode:
            print(said.stderr[-2_000:])
    print(f"{'all':12}{total:>10,} executions, {crashes} crashed")
    return crashes


def main():
    name, runs, seconds = [*sys.argv[1:], *("all", "150000", "600")[len(sys.argv) - 1 :]]
    if name == "all":
        sys.exit(bool(fuzz_all(int(runs), int(seconds))))
    fuzz(name, int(runs), int(seconds))


if __name__ == "__main__":
    main()

"""A workbook and tables of scenarios for it, and a run of a batch in a process of its own."""

import sys
from pathlib import Path

import openpyxl
import pytest
from toy_engine import OUTPUT_FORMULA

HERE = Path(__file__).parent


@pytest.fixture
def toy_book(tmp_path):
    """Two inputs x and y, one output."""
    book = openpyxl.Workbook()
    inputs, outputs = book.active, book.create_sheet("Summary")
    inputs.title = "Inputs"
    inputs["B2"], inputs["B3"] = 1, 2
    outputs["B2"] = OUTPUT_FORMULA
    for name, cell in (("x", "$B$2"), ("y", "$B$3")):
        book.defined_names[name] = openpyxl.workbook.defined_name.DefinedName(name, attr_text=f"Inputs!{cell}")
    book.save(tmp_path / "book.xlsx")
    return tmp_path / "book.xlsx"


@pytest.fixture
def toy_rows(tmp_path):
    """Writes a table of scenarios: each x, and y = 1."""

    def write(xs, name="scenarios.csv"):
        (tmp_path / name).write_text("key,x,y\n" + "".join(f"k{i},{x},1\n" for i, x in enumerate(xs)))
        return tmp_path / name

    return write


@pytest.fixture
def batch(start, toy_book, tmp_path):
    """Starts ``llmecon run`` on the toy workbook; a fault and the step at which it comes may be named."""

    def begin(rows, *words, out="out.csv", engine="toy_engine:Engine", fault="none", step=0, env=None, **options):
        paths = {"PYTHONPATH": ":".join([str(HERE), *sys.path])}
        command = ("run", toy_book, "--scenarios", rows, "-o", tmp_path / out, *words)
        return start(str(HERE / "drive.py"), engine, fault, str(step), *map(str, command), env=paths | (env or {}), **options)

    return begin


@pytest.fixture
def finished(batch):
    """The same, waited for: exit status (a signal's as a shell tells it) and what stderr said."""

    def run(*args, **options):
        process = batch(*args, **options)
        _, err = process.communicate(timeout=120)
        status = process.returncode
        return (128 - status if status < 0 else status), err

    return run

"""Every formula cell of a whole workbook, as each engine computes it."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils.datetime import to_excel

from pycalc.cells import Cell
from pycalc.errors import CellError
from workbook_templates.headless.recalculation import recalculate

Values = Mapping[tuple[str, str], Cell]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DUST = 1e-13


def formula_cells(path: Path) -> list[tuple[str, str]]:
    """Sheet and address of every cell that holds a formula."""
    book = openpyxl.load_workbook(path)
    return [
        (sheet.title, cell.coordinate) for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"
    ]


def stored(path: Path) -> Values:
    """The values that the file holds beside its formulas."""
    book = openpyxl.load_workbook(path, data_only=True)
    return {(sheet, address): _cell(book[sheet][address].value) for sheet, address in formula_cells(path)}


def formualizer(path: Path) -> Values:
    return recalculate(path).values


def cellrune(path: Path, places: Iterable[tuple[str, str]] | None = None) -> Values:
    """Calls of our functions are computed by the LAMBDA names of the workbook; ``places`` are its formulas, if known."""
    import cellrune as engine

    found: dict[tuple[str, str], Cell] = {}
    with engine.Workbook.open_path(path) as book:
        book.recalculate()
        for sheet, address in formula_cells(path) if places is None else places:
            held = book.read_values(sheet, address, address)[0][0]
            found[sheet, address] = CellError(held["value"]) if held["kind"] == "error" else held["value"]
    return found


def libreoffice(path: Path, folder: Path) -> Values:
    """Plain formulas only; skips where LibreOffice is not installed, except in CI."""
    program = shutil.which("soffice")
    if program is None:
        missing = "LibreOffice (soffice) is not installed"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    out = folder / "out"
    command = [program, profile, "--headless", "--convert-to", "xlsx", "--outdir", str(out), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    book = openpyxl.load_workbook(out / path.name, data_only=True)
    return {(sheet, address): _cell(book[sheet][address].value) for sheet, address in formula_cells(path)}


def _cell(value: object) -> Cell:
    if isinstance(value, str) and value.startswith("#"):
        return CellError(value)
    if isinstance(value, datetime):
        return float(to_excel(value))
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value  # type: ignore[return-value]


def differences(one: Values, other: Values, relative: float = 1e-9) -> list[str]:
    """The cells in which two engines differ, numbers by more than a share.

    Where large numbers cancel, what is left is dust of the last bit: it may differ by the share
    ``DUST`` of the largest number in the cell's row.
    """
    assert one.keys() == other.keys()
    largest: dict[tuple[str, str], float] = {}
    for (sheet, address), value in one.items():
        if isinstance(value, float):
            row = (sheet, address.lstrip(LETTERS))
            largest[row] = max(largest.get(row, 0), abs(value))
    return [
        f"{'!'.join(place)}: {one[place]!r} or {other[place]!r}"
        for place in one
        if not _same(one[place], other[place], relative, DUST * largest.get((place[0], place[1].lstrip(LETTERS)), 0))
    ]


def _same(one: Cell, other: Cell, relative: float, dust: float) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= max(relative * max(abs(one), abs(other)), dust) + 1e-12
    return one == other

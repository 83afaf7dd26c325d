"""Scenarios of the finance model a second of processor time: the columnar engine and others, side by side in one run.

Run: python tests/benchmarks/bench_run.py [SCENARIOS]

Engines that know none of our functions get the same workbook with our formulas written out.
LibreOffice runs where soffice and its Python bridge (python3-uno) are, IronCalc where it is installed.
"""

import collections
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl

from workbook_templates.formulas import Writer
from workbook_templates.headless.calls import called, ours
from workbook_templates.headless.columnar.engine import ColumnarEngine
from workbook_templates.headless.engine import Engine
from workbook_templates.headless.formula_book import FormulaBook
from workbook_templates.reading import open_package

MODEL = Path(__file__).parents[1] / "reference" / "finance_model.xlsx"
INPUTS = ["C22", "C13", "C18", "C17", "C27"]
OUTPUTS = [f"B{row}" for row in range(3, 13)]
SECONDS = 5.0  # of each engine that computes one scenario after the other

Run = Callable[[list[float]], list[Any]]


def scenarios(count: int) -> list[list[float]]:
    chance = random.Random(7)
    limits = ((0.04, 0.07), (22_000, 36_000), (0.3, 0.55), (0.05, 0.15))
    contexts = [4096.0, 8192.0, 16384.0, 32768.0]
    return [[*(chance.uniform(*limit) for limit in limits), chance.choice(contexts)] for _ in range(count)]


def written_out(folder: Path) -> Path:
    """The model without calls of our functions, and without comments, at which IronCalc stops."""
    book = openpyxl.load_workbook(MODEL)
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                cell.comment = None
                if cell.data_type == "f" and any(map(ours, called(cell.value))):
                    cell.value = "=" + Writer(inline=True).text(cell.value, lambda name: name)
    book.save(folder / "native.xlsx")
    return folder / "native.xlsx"


def formualizer(path: Path) -> Run:
    book = FormulaBook(open_package(path))
    engine = Engine(book._for_engine(), set().union(*book.called.values()))

    def run(values: list[float]) -> list[Any]:
        for address, value in zip(INPUTS, values, strict=True):
            engine._book.set_value("Inputs", int(address[1:]), 3, value)
        engine._book.evaluate_all()
        return [engine.value("Summary", int(address[1:]), 2) for address in OUTPUTS]

    return run


def cellrune(path: Path) -> Run:
    import cellrune as engine

    book = engine.Workbook.open_path(path)

    def run(values: list[float]) -> list[Any]:
        for address, value in zip(INPUTS, values, strict=True):
            book.set_number("Inputs", address, value)
        book.recalculate()
        return [row[0].get("value") for row in book.read_values("Summary", OUTPUTS[0], OUTPUTS[-1])]

    return run


def ironcalc(path: Path) -> Run:
    import ironcalc as engine

    model = engine.load_from_xlsx(str(path), "en", "UTC", "en")

    def run(values: list[float]) -> list[Any]:
        for address, value in zip(INPUTS, values, strict=True):
            model.update_cell_with_number(0, int(address[1:]), 3, value)
        model.evaluate()
        return [model.get_cell_value(4, int(address[1:]), 2) for address in OUTPUTS]

    return run


def libreoffice(path: Path, rows: list[list[float]]) -> tuple[float, list[list[Any]]]:
    """In a process of the system's Python, which has the bridge; processor time of both processes."""
    script = Path(__file__).with_name("libreoffice_scenarios.py")
    task = json.dumps({"path": str(path), "inputs": INPUTS, "outputs": OUTPUTS, "rows": rows, "seconds": SECONDS})
    done = subprocess.run(
        ["/usr/bin/python3", str(script)], input=task, capture_output=True, text=True, timeout=180, check=True
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    return answer["rate"], answer["found"]


def one_by_one(run: Run, rows: list[list[float]]) -> tuple[float, list[list[Any]]]:
    """Scenarios a second of processor time, and what was found."""
    run(rows[0])
    found, start = [], time.process_time()
    for row in rows:
        found.append(run(row))
        if time.process_time() - start > SECONDS:
            break
    return len(found) / (time.process_time() - start), found


def columnar(rows: list[list[float]]) -> tuple[float, list[list[Any]], ColumnarEngine]:
    start = time.process_time()
    places = [("Inputs", address) for address in INPUTS]
    engine = ColumnarEngine(open_package(MODEL), places, [("Summary", address) for address in OUTPUTS])
    print(f"columnar: {time.process_time() - start:.2f} s to compile {MODEL.name}")
    table = np.array(rows)
    columns = {place: np.ascontiguousarray(table[:, i]) for i, place in enumerate(places)}
    start = time.process_time()
    found = engine.evaluate_numbers(columns)
    rate = len(rows) / (time.process_time() - start)
    return rate, np.array([np.asarray(column, np.float64) for column in found.values()]).T.tolist(), engine


def difference(found: list[list[Any]], ours_: list[list[Any]]) -> str:
    """The largest relative difference of numbers, and how many outputs are none there."""
    worst, none = 0.0, 0
    for row, own in zip(found, ours_, strict=False):
        for value, mine in zip(row, own, strict=True):
            if isinstance(value, int | float):
                worst = max(worst, abs(value - mine) / max(abs(mine), 1e-300))
            else:
                none += 1
    return f"differs from ours by {worst:.1e} at most" + (f", {none} values that are no number" if none else "")


def where_the_time_goes(engine: ColumnarEngine) -> None:
    """The formulas that take most, in one more block; and the floats that are read and written."""
    bound = engine._bound[max(engine._bound)]
    spent: collections.Counter[str] = collections.Counter()
    with engine._context.arithmetic():
        for _ in range(5):
            for (piece, _, out), frame in zip(bound._steps, bound._frames, strict=True):
                start = time.thread_time()
                bound._runner.compute(piece, frame, out)
                spent[piece.group.formula.text] += (time.thread_time() - start) / 5
    total, width = sum(spent.values()), bound.workspace.width
    print(f"  a block of {width} scenarios: {len(bound._steps)} operations on whole ranges, {total * 1e3:.1f} ms")
    for text, seconds in spent.most_common(8):
        print(f"  {seconds / total:6.1%}  ={text[:90]}")
    stored = bound.workspace.num.nbytes
    source, target = np.ones(1 << 24), np.zeros(1 << 24) + 1
    start = time.thread_time()
    for _ in range(3):
        np.copyto(target, source)
    bandwidth = 3 * 2 * source.nbytes / (time.thread_time() - start)
    least = 2 * stored / bandwidth
    print(f"  every cell written once and read once is {2 * stored / 1e6:.0f} MB a block, {least * 1e3:.1f} ms at the")
    print(f"  {bandwidth / 1e9:.1f} GB/s of a copy in memory; the block takes {total / least:.1f} times as long")


def main(count: int) -> None:
    rows = scenarios(count)
    rate, own, engine = columnar(rows)
    print(f"  columnar {rate:12,.0f} scenarios/s of processor time, {count:,} scenarios")
    where_the_time_goes(engine)
    rates = {}
    with tempfile.TemporaryDirectory() as folder:
        native = written_out(Path(folder))
        for name, make, path in (
            ("formualizer", formualizer, MODEL),
            ("cellrune", cellrune, native),
            ("ironcalc", ironcalc, native),
        ):
            try:
                rates[name], found = one_by_one(make(path), rows)
            except ImportError:
                print(f"  {name}: not installed")
                continue
            print(f"  {name:12} {rates[name]:8,.1f}/s; {difference(found, own)}")
        try:
            rates["libreoffice"], found = libreoffice(native, rows[:2000])
            print(f"  {'libreoffice':12} {rates['libreoffice']:8,.1f}/s; {difference(found, own)}")
        except (OSError, subprocess.SubprocessError) as fault:
            print(f"  libreoffice: not run ({fault})")
    fastest = max(rates, key=lambda name: rates[name])
    print(f"columnar is {rate / rates[fastest]:,.0f} times as fast as the fastest other engine, {fastest}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)

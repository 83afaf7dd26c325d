"""Every template through ``llmecon run`` with random scenarios: in columns, and scenario by scenario by Formualizer.

    python tests/template_batches.py [NAME…] [--rows 1000] [--functions addin|inline]

Each scenario sets all inputs, inside the bounds of their validation; what is compared is every formula of the
sheets of results and the sum of Checks.  Prints a line for each template, and what differs; run by hand, as the
engine of single scenarios takes minutes.
"""

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from random_inputs import random_sets
from workbook_engines import differences

from addin.cli.status import run
from pycalc.cells import Cell
from pycalc.errors import EXCEL_ERRORS, CellError
from workbook_templates.headless.formula_book import FormulaBook
from workbook_templates.overrides import with_overrides
from workbook_templates.reading import open_package
from workbook_templates.registry import TEMPLATES, template
from workbook_templates.spec import SCENARIOS

ENGINES = ("vector", "formualizer")
SHEETS = ("Sensitivity", "Dashboard")  # of results
SHOWN = 5


def write_scenarios(name: str, count: int, path: Path) -> None:
    """A table of all the template's inputs, of the scenario that the row chooses."""
    names = [row.name for row in template(name).all_inputs()]
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["key", "Inputs!D4", *names])
        for i, overrides in enumerate(random_sets(name, count)):
            chosen = with_overrides(template(name), overrides)
            live = SCENARIOS.index(chosen.scenario)
            values = {row.name: row.values[live] for row in chosen.all_inputs()}
            table.writerow([f"r{i}", chosen.scenario, *(values[name] for name in names)])


def computed(book: Path, table: Path, outputs: list[str], engine: str) -> tuple[int, float]:
    """Exit status and seconds."""
    begun = time.perf_counter()
    out = table.with_name(f"{engine}.csv")
    words = ["run", book, "--scenarios", table, "-o", out, "--outputs", ",".join(outputs), "--engine", engine]
    return run(list(map(str, words))), time.perf_counter() - begun


def rows(path: Path, outputs: list[str]) -> Iterator[tuple[str, dict[tuple[str, str], Cell]]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["key"], {tuple(place.rsplit("!", 1)): cell(row[place]) for place in outputs}  # type: ignore[misc]


def cell(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return CellError(text) if text in EXCEL_ERRORS else text


def compare(name: str, functions: str, count: int) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        book, table = Path(folder, "book.xlsx"), Path(folder, "scenarios.csv")
        assert run(["new", name, "-o", str(book), "--functions", functions]) == 0
        write_scenarios(name, count, table)
        results = (f"{sheet}!{cell.address}" for sheet, cell in FormulaBook(open_package(book)).formulas() if sheet in SHEETS)
        outputs = ["Checks!D4", *results]
        told = {engine: computed(book, table, outputs, engine) for engine in ENGINES}
        ours, reference = (rows(table.with_name(f"{engine}.csv"), outputs) for engine in ENGINES)
        faults, compared = [], 0
        for (key, one), (other_key, other) in zip(ours, reference, strict=True):
            assert key == other_key
            compared += 1
            faults += [f"{key}: {fault}" for fault in differences(one, other)]
    seconds = ", ".join(f"{engine} exit {status}, {spent:.1f} s" for engine, (status, spent) in told.items())
    print(f"{name:22}{functions:8}{compared:>6,} rows of {len(outputs):,} cells, {len(faults)} differ; {seconds}", flush=True)
    for fault in faults[:SHOWN]:
        print(f"    {fault}", flush=True)
    return compared == count and not faults and all(status == 0 for status, _ in told.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="templates; all by default")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--functions", choices=["addin", "inline"], default="addin")
    options = parser.parse_args()
    held = [compare(name, options.functions, options.rows) for name in options.names or TEMPLATES]
    sys.exit(not all(held))


if __name__ == "__main__":
    main()

"""A finance model of 60 months and 2,455 formulas, in columns and scenario by scenario.

`reference/finance_model.xlsx` is the workbook of this project's benchmarks: five sheets, charts,
calls of four functions of ours.  Its thousand scenarios change five inputs.
"""

import math
import random

import numpy as np
import pytest
from conftest import ROOT

from workbook_templates.headless.columnar.engine import ColumnarEngine
from workbook_templates.headless.engine import Engine
from workbook_templates.headless.formula_book import FormulaBook
from workbook_templates.headless.recalculation import recalculate
from workbook_templates.headless.sheet_xml import position
from workbook_templates.reading import open_package

MODEL = ROOT / "tests" / "reference" / "finance_model.xlsx"
RANGES = {
    ("Inputs", "C22"): lambda random: random.uniform(0.04, 0.07),
    ("Inputs", "C13"): lambda random: random.uniform(22_000, 36_000),
    ("Inputs", "C18"): lambda random: random.uniform(0.3, 0.55),
    ("Inputs", "C17"): lambda random: random.uniform(0.05, 0.15),
    ("Inputs", "C27"): lambda random: random.choice([4096.0, 8192.0, 16384.0, 32768.0]),
}
OUTPUTS = [("Summary", f"B{row}") for row in range(3, 13)]
IRR = {("Summary", "B5"), ("Summary", "B6")}


def scenarios(count, seed=7):
    chance = random.Random(seed)
    rows = [[draw(chance) for draw in RANGES.values()] for _ in range(count)]
    return dict(zip(RANGES, map(list, zip(*rows, strict=True)), strict=True))


@pytest.fixture(scope="module")
def engine():
    return ColumnarEngine(open_package(MODEL), list(RANGES), OUTPUTS)


def formualizer(columns, outputs):
    """Every scenario by the general engine."""
    book = FormulaBook(open_package(MODEL))
    general = Engine(book._for_engine(), set().union(*book.called.values()))
    found = {place: [] for place in outputs}
    for i in range(len(next(iter(columns.values())))):
        for (sheet, address), column in columns.items():
            general._book.set_value(sheet, *position(address), column[i])
        general._book.evaluate_all()
        for sheet, address in outputs:
            found[sheet, address].append(general.value(sheet, *position(address)))
    return found


@pytest.mark.parametrize("count", [25, pytest.param(1000, marks=pytest.mark.slow)])
def test_the_outputs_are_those_of_formualizer(engine, count):
    columns = scenarios(count)
    ours, reference = engine.evaluate(columns), formualizer(columns, OUTPUTS)
    for place in OUTPUTS:
        share = 1e-8 if place in IRR else 1e-9
        np.testing.assert_allclose(ours[place], reference[place], rtol=share, atol=0, err_msg=place[1])


def test_every_cell_is_that_of_formualizer_with_the_workbook_s_own_inputs():
    reference = recalculate(MODEL).values
    inputs = [("Inputs", f"C{row}") for row in range(4, 34)]
    engine = ColumnarEngine(open_package(MODEL), inputs, list(reference))
    held = engine.base_values()
    found = engine.evaluate({place: [value] for place, value in held.items()})
    different = [place for place, value in reference.items() if not _same(found[place][0], value)]
    assert len(reference) == 2455
    assert not different


def _same(one, other):
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9)
    return one == other


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_a_scenario_has_the_same_bits_whatever_is_computed_beside_it(engine, size):
    columns = scenarios(2100)
    whole = engine.evaluate_numbers({place: np.array(column) for place, column in columns.items()})
    starts = range(0, 2100, size) if size > 7 else [*range(0, 20 * size, size), *range(2100 - 20 * size, 2100, size)]
    for start in starts:
        stop = min(start + size, 2100)
        piece = engine.evaluate_numbers({place: np.array(column[start:stop]) for place, column in columns.items()})
        for place in OUTPUTS:
            assert piece[place].tobytes() == whole[place][start:stop].tobytes(), (place, start)


def test_order_does_not_matter(engine):
    columns = {place: np.array(column) for place, column in scenarios(300).items()}
    turned = engine.evaluate_numbers({place: column[::-1].copy() for place, column in columns.items()})
    for place, column in engine.evaluate_numbers(columns).items():
        assert turned[place][::-1].tobytes() == column.tobytes()

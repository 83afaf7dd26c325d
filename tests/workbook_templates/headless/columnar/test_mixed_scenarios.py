"""Scenarios whose cells are of different kinds, computed together: each as if it were alone."""

import random

import openpyxl
from generated_formulas import CELLS, ERRORS, VALUES, formulas
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from workbook_templates.headless.columnar.engine import ColumnarEngine
from workbook_templates.reading import open_package

INPUTS = [("Sheet", f"{letter}1") for letter in "ABCDEFGH"[:CELLS]]


@settings(max_examples=4, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(st.lists(formulas, min_size=60, max_size=60), st.integers(0, 1000))
def test_a_scenario_is_as_if_alone(tmp_path_factory, texts, seed):
    path = tmp_path_factory.mktemp("mixed") / "book.xlsx"
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    names = [address for _, address in INPUTS]
    for row, text in enumerate(texts, start=2):
        sheet.cell(row, 1, "=" + text.format(*names))
    workbook.save(path)
    outputs = [("Sheet", f"A{row}") for row in range(2, len(texts) + 2)]
    engine = ColumnarEngine(open_package(path), INPUTS, outputs)
    chance = random.Random(seed)
    scenarios = [[chance.choice(VALUES * 3 + ERRORS) for _ in INPUTS] for _ in range(30)]
    columns = {place: [scenario[i] for scenario in scenarios] for i, place in enumerate(INPUTS)}
    together = engine.evaluate(columns)
    for i in range(len(scenarios)):
        alone = engine.evaluate({place: [column[i]] for place, column in columns.items()})
        for (place, (value,)), text in zip(alone.items(), texts, strict=True):
            other = together[place][i]
            assert (type(value), repr(value)) == (type(other), repr(other)), (text, scenarios[i])

"""Formulas at random, computed by the columnar engine and two others.

Where the two agree with each other the columnar engine must agree with them; where they do not,
it must agree with one of them.  What Microsoft's documentation decides otherwise is kept in
test_documented.py, and the generator leaves it out.  For thousands of cases:
``COLUMNAR_CASES=100 pytest tests/workbook_templates/headless/columnar/test_differential.py``.
"""

import os
import tempfile
from pathlib import Path

from columnar_oracles import NotComputed, cellrune, columnar, formualizer, same, shown
from generated_formulas import questions
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from oracles import Question, ask

WORKBOOKS = int(os.environ.get("COLUMNAR_CASES", "6"))  # of 60 formulas each


@settings(
    max_examples=WORKBOOKS, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(st.lists(questions, min_size=10, max_size=10))
def test_generated_formulas_have_the_values_of_other_engines(asked):
    with tempfile.TemporaryDirectory() as folder:
        book = ask(Path(folder, "questions.xlsx"), [Question(cells, formulas) for cells, formulas in asked])
        moving, constant = columnar(book), columnar(book, moving=False)
        others = [cellrune(book), formualizer(book)]
    for row, (cells, formulas) in enumerate(asked):
        for column, formula in enumerate(formulas):
            ours = moving[row][column]
            told = [shown(cell) for cell in cells]
            assert not isinstance(ours, NotComputed), (formula, ours)
            assert same(ours, constant[row][column]), (formula, told, "as constants")
            given_ = [other[row][column] for other in others]
            known = [answer for answer in given_ if not isinstance(answer, NotComputed)]
            assert not known or any(same(ours, answer) for answer in known), (
                formula,
                told,
                shown(ours),
                list(map(shown, known)),
            )

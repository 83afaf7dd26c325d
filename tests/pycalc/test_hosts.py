"""Python, LAMBDA, plain formula and headless engine agree: same values, same errors, at random points and edges.

The points of all functions are asked in one workbook per engine (`oracles`), so a new function
is judged as soon as it is declared.
"""

import itertools
import math
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from calls import span
from oracles import Asked, Question, ask, cellrune, formualizer, libreoffice

from pycalc import FUNCTIONS
from pycalc.cells import Cell, cell_function
from pycalc.errors import CalcError, CellError
from pycalc.lambdas import inline_text, lambda_text
from pycalc.policy import number, require_in_range, require_together, with_defaults
from pycalc.record import Formula, Parameter

POINTS = 40
TRACEABLE = [spec for spec in FUNCTIONS.values() if not spec.untraceable]
NAMES = [spec.excel_name for spec in TRACEABLE]
LAMBDAS = {spec.excel_name: lambda_text(spec) for spec in TRACEABLE}
VALUE, NUM = CellError("#VALUE!"), CellError("#NUM!")


class Case(NamedTuple):
    """One set of arguments, and what each host makes of it."""

    args: tuple[Cell, ...]
    formula: str
    python: Any
    answers: dict[str, Cell]


def points(spec: Formula) -> list[tuple[Cell, ...]]:
    """Drawn with a seed of its own for each function, so that one more function moves no other's points."""
    rng = random.Random(spec.excel_name)
    return [tuple(draw(rng, spec)) for _ in range(POINTS)]


def draw(rng: random.Random, spec: Formula) -> Iterator[Cell]:
    """One set: mostly realistic numbers, some from the whole range, its edges, equal ones and blanks."""
    earlier: list[float] = [0.0, 1.0]
    whole_range, blanks = rng.random() < 0.3, rng.random() < 0.4
    for parameter in spec.parameters:
        value = draw_one(rng, spec, parameter, earlier, whole_range)
        yield None if blanks and parameter.optional and rng.random() < 0.6 else value
        if type(value) is float:
            earlier.append(value)


def draw_one(rng: random.Random, spec: Formula, parameter: Parameter, earlier: Sequence[float], whole_range: bool) -> Cell:
    q = parameter.quantity
    if q.choices:
        return rng.choice([spelled for choice in q.choices for spelled in (choice, choice.title(), choice.upper())])
    if q.is_flag:
        return rng.choice([True, False, 1.0, 0.0])
    kind, again = rng.random(), rng.choice(earlier)
    if kind < 0.1:
        return float(rng.choice((q.low, q.high)))
    if kind < 0.2 and q.low <= again <= q.high and not (q.whole and again % 1):
        return again
    low, high = (q.low, q.high) if whole_range else span(spec, parameter)
    low = max(low, min(1e-9, high))
    value = float(f"{math.exp(rng.uniform(math.log(low), math.log(high))):.15g}")  # what a file keeps of a number
    return float(min(max(round(value) if q.whole else value, q.low), q.high))


def is_inside(spec: Formula, args: Sequence[Cell]) -> bool:
    """Whether the arguments, defaults included, keep to the domain: there a plain formula must be right."""
    try:
        require_together(spec, args)
        given = [None if v is None else number(spec, p, v) for p, v in zip(spec.parameters, args, strict=True)]
        for parameter, value in zip(spec.parameters, with_defaults(spec, given), strict=True):
            require_in_range(spec, parameter, value)
    except CalcError:
        return False
    return True


def call(spec: Formula) -> str:
    return f"{spec.excel_name}({','.join(f'{{{i}}}' for i in range(len(spec.parameters)))})"


def plain(spec: Formula, args: Sequence[Cell]) -> str:
    """The inline formula on the cells of the row; blank ones are left out."""
    text = inline_text(spec, [None if value is None else f"argument_{i}_" for i, value in enumerate(args)])
    return re.sub(r"argument_(\d+)_", r"{\1}", text.replace("{", "{{").replace("}", "}}"))


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    questions = [Question(args, (call(spec), plain(spec, args))) for spec in TRACEABLE for args in points(spec)]
    return ask(tmp_path_factory.mktemp("hosts") / "points.xlsx", questions, LAMBDAS)


@pytest.fixture(scope="module")
def cases(asked: Asked) -> dict[str, list[Case]]:
    by_lambda, by_engine = cellrune(asked), formualizer(asked)
    found: dict[str, list[Case]] = {name: [] for name in NAMES}
    asked_of = [spec for spec in TRACEABLE for _ in range(POINTS)]
    for spec, question, lambdas, engine in zip(asked_of, asked.questions, by_lambda, by_engine, strict=True):
        answers = {
            "LAMBDA in CellRune": lambdas[0],
            "inline in CellRune": lambdas[1],
            "our function in Formualizer": engine[0],
            "inline in Formualizer": engine[1],
        }
        args = tuple(question.inputs)
        found[spec.excel_name].append(Case(args, question.formulas[1], cell_function(spec)(*args), answers))
    return found


def agree(expected: Cell, given: Cell, tolerance: float) -> bool:
    """Equal in kind and value."""
    if type(expected) is not float or type(given) is not float:
        return type(expected) is type(given) and expected == given
    return math.isclose(expected, given, rel_tol=tolerance)


@pytest.mark.parametrize("name", NAMES)
def test_every_host_gives_the_same(name: str, cases: dict[str, list[Case]]) -> None:
    spec, values = FUNCTIONS[name], 0
    floors = any(node.op in ("floor", "ceil") for node in spec.traced().walk())
    for args, formula, python, answers in cases[name]:
        inside = is_inside(spec, args)
        values += inside and not isinstance(python, CellError)
        for host, given in answers.items():
            if inside or not host.startswith("inline"):
                same = agree(python, given, 0 if floors else 1e-12)
                assert same, f"{host}: {given}, Python: {python} at {args}; ={formula}"
    assert values >= POINTS / 5, "too few points have a value to judge by"


def test_the_points_reach_every_kind_of_answer(cases: dict[str, list[Case]]) -> None:
    answers = [case.python for found in cases.values() for case in found]
    reached = {str(answer) if isinstance(answer, CellError) else type(answer) for answer in answers}
    assert reached == {float, str, bool, "#NUM!", "#N/A", "#DIV/0!", "#VALUE!"}


def test_ranges_are_computed_element_by_element(tmp_path: Path) -> None:
    """Each argument a range of three cells: one point, another, and one that has an error in it."""
    rows = [(spec, *good_pair(spec)) for spec in TRACEABLE]
    questions = []
    for spec, first, second in rows:
        wrong = [CellError("#REF!"), *first[1:]]
        ranges = ",".join(f"{{{3 * i}}}:{{{3 * i + 2}}}" for i in range(len(first)))
        cells = [value for triple in zip(first, second, wrong, strict=True) for value in triple]
        questions.append(Question(cells, [f"INDEX({spec.excel_name}({ranges}),1,{i})" for i in (1, 2, 3)], as_arrays=True))
    asked = ask(tmp_path / "ranges.xlsx", questions, LAMBDAS)
    for host in (cellrune, formualizer):
        for (spec, first, second), given in zip(rows, host(asked), strict=True):
            function = cell_function(spec)
            for expected, cell in zip((function(*first), function(*second), CellError("#REF!")), given, strict=True):
                assert agree(expected, cell, 1e-12), f"{spec.excel_name} in {host.__name__}: {given}"


def good_pair(spec: Formula) -> list[tuple[Cell, ...]]:
    """The first two points that have a value, all arguments given."""
    function = cell_function(spec)
    good = (args for args in points(spec) if None not in args and not isinstance(function(*args), CellError))
    return list(itertools.islice(good, 2))


def test_libreoffice_agrees_on_plain_formulas(asked: Asked, cases: dict[str, list[Case]]) -> None:
    asked_of = [(name, case) for name, found in cases.items() for case in found]
    for (name, case), (_, given) in zip(asked_of, libreoffice(asked), strict=True):
        if is_inside(FUNCTIONS[name], case.args) and not underflows(name, case.args):
            assert agree(case.python, given, 1e-12), f"{name}{case.args}: {given}, Python: {case.python}"


def underflows(name: str, args: Sequence[Cell]) -> bool:
    """LibreOffice makes #NUM! of a power too small for a float, which Excel takes as 0."""
    if name != "MOE_EXPERTS_TOUCHED":
        return False
    experts, active, batch = (float(value) for value in args)  # type: ignore[arg-type]
    idle = 1 - active / experts
    return idle > 0 and batch * math.log(idle) < math.log(1e-307)

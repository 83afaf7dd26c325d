"""The error policy for scalars, in every host that holds it: Python, the LAMBDA, the headless engine.

The expected errors are those of the policy's table, not what Python gives.
"""

import itertools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from calls import middle
from oracles import Question, ask, cellrune, formualizer

from pycalc import FUNCTIONS
from pycalc.cells import Cell, cell_function
from pycalc.errors import CellError
from pycalc.lambdas import lambda_text
from pycalc.record import Formula, Parameter

TRACEABLE = [spec for spec in FUNCTIONS.values() if not spec.untraceable]
NAMES = [spec.excel_name for spec in TRACEABLE]
VALUE, NUM = CellError("#VALUE!"), CellError("#NUM!")
REF, NA, DIV = CellError("#REF!"), CellError("#N/A"), CellError("#DIV/0!")


class Fault(NamedTuple):
    """A call with something wrong in it, and the error that it must give."""

    what: str
    args: tuple[Cell, ...]
    expected: CellError


def base(spec: Formula) -> tuple[Cell, ...]:
    """A call with nothing wrong in it."""
    return tuple(middle(spec).values())


def bad_types(spec: Formula, parameter: Parameter) -> Iterator[tuple[str, Cell]]:
    q = parameter.quantity
    yield "an unknown text", "no such thing"
    yield "a number as text", "12"
    yield "an empty text", ""
    if not parameter.optional or parameter.name in spec.together:
        yield "a blank", None
    if not q.is_flag:
        yield "a truth value", True
    if q.choices:
        yield "a number for a text", 2.0


def bad_ranges(parameter: Parameter) -> Iterator[tuple[str, Cell]]:
    q = parameter.quantity
    if q.choices:
        return
    yield "below its range", q.low - abs(q.low) - 1
    yield "above its range", q.high * 2 + 1
    if q.whole or q.is_flag:
        yield "a fraction", (q.low + q.high) // 2 + 0.5


def faults(spec: Formula) -> Iterator[Fault]:
    """Each argument in turn, then two faults at once in every pair of neighbours."""
    good = base(spec)
    slots = list(enumerate(spec.parameters))

    def call(what: str, expected: CellError, *changes: tuple[int, Cell]) -> Fault:
        args = list(good)
        for i, value in changes:
            args[i] = value
        names = " and ".join(spec.parameters[i].name for i, _ in changes)
        return Fault(f"{names}: {what}", tuple(args), expected)

    for i, parameter in slots:
        yield call("an error", REF, (i, REF))
        yield from (call(what, VALUE, (i, value)) for what, value in bad_types(spec, parameter))
        yield from (call(what, NUM, (i, value)) for what, value in bad_ranges(parameter))
    rng = random.Random(spec.excel_name)
    for (i, first), (j, second) in itertools.pairwise(slots):
        yield call("two errors, the first counts", DIV, (i, DIV), (j, NA))
        yield call("an error counts before a type", NA, (i, "x"), (j, NA))
        for range_of, type_of in (((i, first), j), ((j, second), i)):
            for what, value in bad_ranges(range_of[1]):
                wrong = rng.choice([given for _, given in bad_types(spec, spec.parameters[type_of])])
                yield call(f"a type counts before a range ({what})", VALUE, (range_of[0], value), (type_of, wrong))


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Fault, dict[str, Cell]]]]:
    asked_of = [(spec, fault) for spec in TRACEABLE for fault in [Fault("nothing", base(spec), NA), *faults(spec)]]
    calls = {
        spec.excel_name: f"{spec.excel_name}({','.join(f'{{{i}}}' for i in range(len(spec.parameters)))})" for spec in TRACEABLE
    }
    names = {spec.excel_name: lambda_text(spec) for spec in TRACEABLE}
    questions = [Question(fault.args, [calls[spec.excel_name]]) for spec, fault in asked_of]
    asked = ask(tmp_path_factory.mktemp("policy") / "faults.xlsx", questions, names)
    found: dict[str, list[tuple[Fault, dict[str, Cell]]]] = {name: [] for name in NAMES}
    for (spec, fault), (by_lambda,), (by_engine,) in zip(asked_of, cellrune(asked), formualizer(asked), strict=True):
        python = cell_function(spec)(*fault.args)
        assert not isinstance(python, list)
        hosts = {"Python": python, "LAMBDA in CellRune": by_lambda, "our function in Formualizer": by_engine}
        found[spec.excel_name].append((fault, hosts))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_host_holds_the_error_policy(name: str, answers: dict[str, list[tuple[Fault, dict[str, Cell]]]]) -> None:
    (_, right), *wrong = answers[name]
    assert not any(isinstance(value, CellError) for value in right.values()), "the call that the faults are put in is good"
    for fault, hosts in wrong:
        for host, given in hosts.items():
            assert given == fault.expected, f"{host}: {given} where {fault.what}; {fault.args}"


@pytest.mark.parametrize(
    ("name", "args", "error"),
    [
        ("RIDGE_POINT", (989e12, 0.0), "#DIV/0!"),
        ("USER_HOUR_COST", (2.5, 0.0), "#DIV/0!"),
        ("USERS_PER_GPU", (1e9, 3e9, 1e6, 2e9), "#N/A"),
        ("EDGE_CROSSOVER", (500_000.0, 1.0, 10.0, 750.0, 0.3), "#N/A"),
        ("MOE_EXPERTS_TOUCHED", (8.0, 9.0, 1.0), "#NUM!"),
    ],
)
def test_what_has_no_number(name: str, args: tuple[Cell, ...], error: str, tmp_path: Path) -> None:
    """Division by zero, what does not fit, what never happens, and a contradiction between arguments."""
    spec = FUNCTIONS[name]
    call = f"{name}({','.join(f'{{{i}}}' for i in range(len(args)))})"
    asked = ask(tmp_path / "none.xlsx", [Question(args, [call])], {name: lambda_text(spec)})
    assert [cell_function(spec)(*args), cellrune(asked)[0][0], formualizer(asked)[0][0]] == [CellError(error)] * 3

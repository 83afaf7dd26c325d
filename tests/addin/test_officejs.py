"""The custom functions in Node agree with Python: values, errors, ranges; one process answers all questions."""

import json
import math
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise, product
from typing import Any, NamedTuple

import numpy as np
import pytest
from calls import middle
from test_hosts import POINTS, agree, good_pair, points
from test_hosts_policy import faults

from addin.officejs import functions
from pycalc import FUNCTIONS
from pycalc.cells import WORKSHEET_NAMES, Cell, Rows, cell_function
from pycalc.errors import CellError
from pycalc.policy import with_defaults
from pycalc.record import Formula

NODE = shutil.which("node")
SPECS = {spec.excel_name: spec for spec in functions.included()}
REF = CellError("#REF!")
CODES = {"invalidValue": "#VALUE!", "notAvailable": "#N/A", "divisionByZero": "#DIV/0!", "invalidNumber": "#NUM!"}

EXCEL = """
const fs = require("fs"), vm = require("vm");
const { script, codes, calls } = JSON.parse(fs.readFileSync(0, "utf8"));
class CellError { constructor(code, message) { this.code = code; this.message = message; } }
const known = new Map();
globalThis.CustomFunctions = { associate: (id, body) => known.set(id, body), Error: CellError, ErrorCode: codes };
vm.runInThisContext(script);
function given(value) {
  if (Array.isArray(value)) return value.map(given);
  if (value === null || typeof value !== "object") return value;
  if ("missing" in value) return undefined;
  return "number" in value ? Number(value.number) : "code" in value ? new CellError(value.code) : value;
}
const kept = (key, value) => typeof value === "number" && !Number.isFinite(value) ? { number: String(value) } : value;
function answer([name, args]) {
  try { return known.get(name)(...args.map(given), { functionName: name }); }
  catch (error) { if (error instanceof CellError) return error; throw error; }
}
process.stdout.write(JSON.stringify({ names: [...known.keys()], answers: calls.map(answer) }, kept));
"""
"""Excel's part: it knows the functions by name, hands over cells, and its own object last."""

pytestmark = pytest.mark.skipif(NODE is None and "CI" not in os.environ, reason="node is not installed")


class Call(NamedTuple):
    """A function on cells, and what Python makes of it."""

    name: str
    args: Sequence[Any]
    expected: Cell | Rows


def call(name: str, *args: Any) -> Call:
    return Call(name, args, cell_function(FUNCTIONS[name])(*args))


def edges(spec: Formula) -> Iterator[Call]:
    """Each argument, and each pair of neighbours, at, just inside and just outside its ends, the others in the middle."""
    good = list(middle(spec).values())
    at = [list(edge_values(spec, i)) for i in range(len(good))]
    for i, values in enumerate(at):
        yield from (call(spec.excel_name, *good[:i], value, *good[i + 1 :]) for value in values)
    for (i, first), (_, second) in pairwise(enumerate(at)):
        for one, other in product(first[:4], second[:4]):
            yield call(spec.excel_name, *good[:i], one, other, *good[i + 2 :])
    for end in (0, 1):
        yield call(spec.excel_name, *(values[end] for values in at))


def edge_values(spec: Formula, i: int) -> Iterator[Cell]:
    q = spec.parameters[i].quantity
    if q.choices:
        yield from q.choices
        yield from (next(iter(q.choices)).upper(), "constructor", "__proto__", "")
        return
    yield from (q.low, q.high, max(q.low, 1e-300), min(q.high, 1.0))
    yield from (math.nextafter(q.low, math.inf), math.nextafter(q.high, -math.inf), -0.0, 2 * q.high + 1)
    yield from (math.nextafter(q.low, -math.inf), math.nextafter(q.high, math.inf), math.nan, math.inf, -math.inf)


def ranges(spec: Formula) -> Iterator[Call]:
    """Columns, rows, both, one bad element among good ones, and shapes that do not fit."""
    name = spec.excel_name
    (first, second), last = good_pair(spec), len(spec.parameters) - 1
    yield call(name, *([[one], [other], [REF]] for one, other in zip(first, second, strict=True)))
    yield call(name, *([[one, other]] for one, other in zip(first, second, strict=True)))
    yield call(name, *([[one]] for one in first))
    for i in range(last + 1):
        for bad in (REF, "text", None, -1.0, math.nan):
            yield call(name, *first[:i], [[first[i]], [bad], [second[i]]], *first[i + 1 :])
            yield call(name, *[[[value, value]] if j != i else bad for j, value in enumerate(first)])
    if last:
        yield call(name, [[first[0]], [second[0]], [first[0]]], *first[1:-1], [[first[-1], second[-1]]])
        yield call(name, [[first[0]] * 3] * 2, *first[1:-1], [[first[-1]] * 3])
        yield call(name, [[first[0]] * 3], *first[1:-1], [[first[-1]] * 2])
        yield call(name, [[first[0]]] * 2, *first[1:-1], [[first[-1]]] * 3)


def left_out(spec: Formula) -> Iterator[Call]:
    """Every optional argument alone left out, beside each other one out of its range, and all together."""
    good = list(middle(spec).values())
    optional = [i for i, parameter in enumerate(spec.parameters) if parameter.optional]
    for i in optional:
        missing = [*good[:i], None, *good[i + 1 :]]
        yield call(spec.excel_name, *missing)
        for j in (j for j, parameter in enumerate(spec.parameters) if j != i and parameter.quantity.is_number):
            yield from (call(spec.excel_name, *missing[:j], bad, *missing[j + 1 :]) for bad in (0.0, -1.0, 0.5, 1e31))
    yield call(spec.excel_name, *(None if i in optional else value for i, value in enumerate(good)))


@pytest.fixture(scope="module")
def questions() -> dict[tuple[str, str], list[Call]]:
    """By kind and function."""
    asked = {}
    for name, spec in SPECS.items():
        asked["points", name] = [call(name, *args) for args in points(spec)]
        asked["edges", name] = list(edges(spec))
        asked["faults", name] = [Call(name, fault.args, fault.expected) for fault in faults(spec)]
        asked["left out", name] = list(left_out(spec))
        asked["ranges", name] = list(ranges(spec))
    return asked


class Answers(NamedTuple):
    """What Node says to all questions, in their order."""

    names: list[str]
    by_question: dict[tuple[str, str], list[Rows]]


def ask(calls: Sequence[Call]) -> dict[str, Any]:
    document = {
        "script": functions.script(SPECS.values()),
        "codes": CODES,
        "calls": [(name, list(map(as_json, args))) for name, args, _ in calls],
    }
    run = subprocess.run([NODE, "-e", EXCEL], input=json.dumps(document), capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def answers(questions: dict[tuple[str, str], list[Call]]) -> Answers:
    told = ask([question for group in questions.values() for question in group])
    answers = iter(told["answers"])
    return Answers(told["names"], {key: [rows(next(answers)) for _ in group] for key, group in questions.items()})


def as_json(value: Any) -> Any:
    if isinstance(value, list):
        return list(map(as_json, value))
    if isinstance(value, CellError):
        return {"code": value.code}
    return {"number": str(value)} if isinstance(value, float) and not math.isfinite(value) else value


def rows(answer: Any) -> Rows:
    """What a function gives to Excel, as Python would: rows, or one error for the whole."""
    if isinstance(answer, dict):
        return [[CellError(answer["code"])]]
    return [[cell(value) for value in row] for row in answer]


def cell(value: Any) -> Cell:
    if isinstance(value, dict):
        return CellError(value["code"])
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


KINDS = ("points", "edges", "faults", "left out", "ranges")


def same(name: str, args: Sequence[Any], expected: Cell, given: Cell) -> bool:
    floors = any(node.op in ("floor", "ceil") for node in SPECS[name].traced().walk())
    if isinstance(expected, CellError) and expected != given:
        return overflows(SPECS[name], args)
    return agree(expected, given, 0 if floors else 1e-12)


def overflows(spec: Formula, args: Sequence[Any]) -> bool:
    """Whether a step leaves the finite numbers: what Python says then depends on whether numpy's float or its own did it."""
    try:
        with np.errstate(over="raise", invalid="raise", divide="ignore"):
            spec.body(*with_defaults(spec, [None if value is None else np.float64(value) for value in args]))
    except FloatingPointError:
        return True
    return False


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_custom_function_gives_what_python_gives(kind, name, questions, answers):
    for (_, args, expected), given in zip(questions[kind, name], answers.by_question[kind, name], strict=True):
        wanted = expected if isinstance(expected, list) else [[expected]]
        assert [len(row) for row in given] == [len(row) for row in wanted], args
        for one, other in zip(chain(*wanted), chain(*given), strict=True):
            assert same(name, args, one, other), f"{name}{args}: {given}, Python: {wanted}"


def test_the_questions_reach_every_kind_of_answer(questions):
    expected = [question.expected for group in questions.values() for question in group]
    assert len(expected) > POINTS * len(SPECS) * 5
    scalars = [answer for answer in expected if not isinstance(answer, list)]
    reached = {str(answer) if isinstance(answer, CellError) else type(answer) for answer in scalars}
    assert reached == {float, str, bool, "#NUM!", "#N/A", "#DIV/0!", "#VALUE!", "#REF!"}
    shapes = {(len(answer), len(answer[0])) for answer in expected if isinstance(answer, list)}
    assert shapes >= {(3, 1), (1, 2), (3, 2), (2, 3)}


def test_no_function_is_missing_or_extra(answers):
    assert answers.names == list(SPECS)
    assert set(SPECS) == {name for name, spec in FUNCTIONS.items() if not spec.untraceable}
    assert {*SPECS, *functions.left_out()} == WORKSHEET_NAMES
    assert not set(SPECS) & set(functions.left_out())


@pytest.mark.parametrize(
    ("name", "args", "code", "reason"),
    [
        ("KV_BYTES", [1, "x", 8, 64], "#VALUE!", "KV_BYTES: layers must be a whole number from 0 to 1000000"),
        ("SCORE_FLOPS", [1, 2, 1, 2, "yes"], "#VALUE!", "SCORE_FLOPS: causal must be TRUE or FALSE"),
        ("STAFF_COST", ["large"], "#VALUE!", "STAFF_COST: tier must be one of minimal, moderate, core"),
        (
            "EDGE_CROSSOVER_REQUESTS",
            [1, 2, 3, 4, None],
            "#VALUE!",
            "EDGE_CROSSOVER_REQUESTS: fixed_usd_per_month and mau are given together or not at all",
        ),
        ("MATMUL_FLOPS", [[[1, 2]], [[1, 2, 3]], 1], "#VALUE!", "MATMUL_FLOPS: the shapes of the ranges do not fit together"),
        ("MATMUL_FLOPS", [{"type": "Error", "basicValue": "#SPILL!"}, 1, 1], "#SPILL!", None),
        ("MATMUL_FLOPS", [1, {"type": "String", "basicValue": "1"}, 1], "#VALUE!", "MATMUL_FLOPS: inner must be"),
        ("MATMUL_FLOPS", [1, {"missing": True}, 1], "#VALUE!", "MATMUL_FLOPS: inner must be"),
        ("MATMUL_FLOPS", [1, {"type": "Entity", "text": "a city"}, 1], "#VALUE!", "MATMUL_FLOPS: inner must be"),
        ("MATMUL_FLOPS", [1, 2], "#VALUE!", "MATMUL_FLOPS: columns must be a number from 0 to 1000000000000000"),
    ],
)
def test_a_refusal_gives_its_reason(name, args, code, reason):
    (refusal,) = ask([Call(name, args, None)])["answers"]
    assert refusal["code"] == code
    assert reason is None or refusal["message"].startswith(reason)


def test_what_is_undefined_is_left_out():
    """As null is, which Excel passes according to its documentation."""
    told = ask([Call("KV_BYTES", [1, 16, 8, 64, {"missing": True}, {"missing": True}], None)])
    assert told["answers"] == [[[32768]]]


def test_a_range_of_many_cells_is_quick():
    column = [[float(i)] for i in range(1, 20_001)]
    (answer,) = ask([Call("KV_BYTES", [column, 16, 8, 64, None, None], None)])["answers"]
    assert rows(answer) == cell_function(FUNCTIONS["KV_BYTES"])(column, 16, 8, 64)

"""Internal rates of return and rates of annuities over payments at random, as two other engines find them."""

import random

import pytest
from columnar_oracles import cellrune, columnar, formualizer, same, shown
from oracles import Question, ask

FORMULAS = [
    "IRR({0}:{7})",
    "IRR({0}:{7},0.05)",
    "XIRR({0}:{7},{{45000,45100,45300,45400,45800,46000,46300,46400}})",
    "MIRR({0}:{7},0.1,0.05)",
    "XNPV(0.07,{0}:{7},{{45000,45100,45300,45400,45800,46000,46300,46400}})",
]


def payments(chance, may_lose):
    first = [-chance.uniform(50, 500)]
    row = first + [chance.uniform(-30 if may_lose else 5, 150) for _ in range(6)] + [chance.uniform(5, 400)]
    return [float(f"{payment:.6g}") for payment in row]


@pytest.mark.parametrize("may_lose", [False, True])
def test_rates_of_return(tmp_path, may_lose):
    chance = random.Random(5)
    questions = [Question(payments(chance, may_lose), FORMULAS) for _ in range(40)]
    asked = ask(tmp_path / "book.xlsx", questions)
    for question, ours, *others in zip(questions, columnar(asked), cellrune(asked), formualizer(asked), strict=True):
        for formula, own, *told in zip(FORMULAS, ours, *others, strict=True):
            assert all(same(own, answer, 1e-8) for answer in told), (
                formula,
                question.inputs,
                shown(own),
                list(map(shown, told)),
            )


def test_rates_of_annuities(tmp_path):
    chance = random.Random(6)
    questions = [
        Question(
            [chance.randint(3, 240), -chance.uniform(10, 90), chance.uniform(95, 120) * 10],
            ["RATE({0},{1},{2})", "NPER(0.01,{1},{2})"],
        )
        for _ in range(30)
    ]
    asked = ask(tmp_path / "book.xlsx", questions)
    for question, ours, *others in zip(questions, columnar(asked), cellrune(asked), formualizer(asked), strict=True):
        for own, *told in zip(ours, *others, strict=True):
            assert any(same(own, answer, 1e-7) for answer in told), (question.inputs, shown(own), list(map(shown, told)))

"""The page that compares calculators says what the references and this package say now."""

from pathlib import Path

import pytest
from benchmarks import compare_calculators as compare

PAGE = (Path(__file__).parents[1] / "docs" / "comparison.md").read_text("utf-8")


@pytest.mark.parametrize("model", compare.MODELS)
@pytest.mark.parametrize("figure", compare.FIGURES)
def test_our_column(model, figure, monkeypatch):
    monkeypatch.setenv("LLMECON_CATALOG", "")
    heading, _, tolerance = compare.FIGURES[figure]
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    right, found = compare.truth(model)[figure], compare.ours(model)[figure]
    assert f"| {model} | {right:,} | {compare.error_text(found, right, tolerance)} |" in section
    assert abs(found / right - 1) <= tolerance


def test_the_page_names_every_calculator_with_its_version():
    for name, rival in compare.RIVALS.items():
        line = next(line for line in PAGE.splitlines() if line.startswith(f"- **{name}**"))
        assert f"({rival.origin}): {rival.why}" in line
        assert f"{name}=={line.split()[2]}" in compare.__doc__


def test_a_calculator_that_is_not_installed_is_left_out():
    assert set(compare.figures_of_rivals()) <= set(compare.RIVALS)
    answers = {"kvfit": {"version": "1", **{model: {"cache": 1.0} for model in compare.MODELS}}}
    text = "\n".join(compare.page(answers))
    assert "**kvfit** 1" in text
    assert "hf-mem" not in text


@pytest.mark.parametrize(
    ("found", "text"),
    [(100, "exact"), (100.5, "+0.50%"), (102, "**+2.00%**"), (40, "**-60%**"), (100.0001, "+0.0001%")],
)
def test_an_error_is_bold_where_it_is_wrong(found, text):
    assert compare.error_text(found, 100, 0.01) == text

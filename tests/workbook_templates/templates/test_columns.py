"""Rows with columns, pickers, waterfalls: what the specification refuses and what the sheets hold."""

import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
import workbook_engines as engines

import pycalc
from pycalc import quantities as q
from pycalc.errors import DeclarationError
from workbook_templates import units as u
from workbook_templates.build import build
from workbook_templates.formulas import names
from workbook_templates.overrides import RefusedOverrideError, with_overrides
from workbook_templates.pickers import OWN_CHIP, OWN_MODEL, chip_picker, model_picker
from workbook_templates.recompute import moved_lines
from workbook_templates.registry import template
from workbook_templates.render import render
from workbook_templates.soundness import require_sound
from workbook_templates.spec import CaseInput, Cases, Choice, Line, Months, Step, Table, Template, Waterfall, axis, section

CAPACITY, FLEET = template("capacity"), template("fleet_npv")
MONTHS, TIERS = Months(60), Cases("sizes", "Size", ("S", "L"), "Sizes")


def line(name: str, formula: str, total: str = "") -> Line:
    return Line(name, name, u.USD, formula, total=total)


def calc(*sections: object) -> Template:
    return replace(FLEET, calc=(*FLEET.calc, *sections))  # type: ignore[arg-type]


def by_size(*values: float) -> CaseInput:
    return CaseInput("size_usd", "S", q.Usd, u.USD, values, (0, 10), "[N]")


REFUSED: list[tuple[Callable[[], Template], str]] = [
    (lambda: calc(section("x", line("x", "=revenue"))), "x reads revenue, which stands in other columns"),
    (lambda: calc(section("x", line("x", "=revenue"), over=TIERS)), "stands in other columns"),
    (lambda: calc(section("x", line("x", "=N(revenue.before)"))), "x reads revenue.before, which has no such columns"),
    (lambda: calc(section("x", line("x", "=SUM(capex.all)"))), "x reads capex.all, which has no such columns"),
    (lambda: calc(section("x", line("x", "=y"), line("y", "=1"), over=MONTHS)), "x uses what does not stand above it"),
    (lambda: calc(section("x", line("x", "=1", "=SUM(z.all)"), over=MONTHS)), "total of x uses what does not stand above"),
    (
        lambda: replace(FLEET, inputs=(*FLEET.inputs, section("x", by_size(1, 2)))),
        "an input by case needs a section over cases",
    ),
    (lambda: replace(FLEET, inputs=(*FLEET.inputs, section("x", by_size(1), over=TIERS))), "2 cases need as many values"),
    (lambda: replace(FLEET, blocks=(Table("t", "T", "", axis(FLEET_LAG, 1, 2), ("npv",)),)), "cannot compute again"),
    (
        lambda: replace(FLEET, blocks=tuple(replace(b, over=()) if b.name == "scenarios" else b for b in FLEET.blocks)),
        "over what",
    ),
    (lambda: replace(CAPACITY, inputs=(*CAPACITY.inputs, section("x", NO_CHIP))), "picks what the catalogue does not have"),
]
FLEET_LAG = next(row for row in FLEET.all_inputs() if row.name == "install_months")
NO_CHIP = Choice("second_chip", "GPU", ("H100 SXM", "H100 SXM", "Abacus"), "chips", "[N]")


@pytest.mark.parametrize(("faulty", "words"), REFUSED)
def test_what_a_sheet_could_not_show_is_refused(faulty: Callable[[], Template], words: str) -> None:
    with pytest.raises(DeclarationError, match=words):
        require_sound(faulty())


def test_a_choice_out_of_its_own_list_is_refused() -> None:
    with pytest.raises(DeclarationError, match="c is none of a, b"):
        Choice("letter", "L", ("a", "b", "c"), ("a", "b"), "[N]")


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"chip": "H1000"}, "chip is 'H1000'; it must be one of its list, such as H100"),
        ({"model": "gpt"}, "model is 'gpt'; it must be one of its list"),
    ],
)
def test_a_choice_that_no_list_has_is_refused(overrides: dict[str, str], words: str) -> None:
    with pytest.raises(RefusedOverrideError) as refusal:
        with_overrides(CAPACITY, overrides)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_choice_is_found_whatever_its_case() -> None:
    chosen = with_overrides(CAPACITY, {"chip": "h200 sxm", "scenario": "Bear"})
    values = {row.name: row.values for row in chosen.all_inputs()}
    assert values["chip"] == ("H100 SXM", "H100 SXM", "H200 SXM")


def test_a_line_moves_with_what_the_month_before_gives_it() -> None:
    lines = (line("open", "=N(close.before)"), line("close", "=open+x"), line("other", "=1"), line("sum", "=SUM(close.all)"))
    assert [found.name for found in moved_lines(lines, {"x"}, {"sum"})] == ["open", "close", "sum"]
    assert list(names("=SUM(close.all)+N(close.before)")) == ["close.all", "close.before"]


MODELS = model_picker().catalogue


@pytest.mark.parametrize("tokens", [1, 1000, 32_768, 131_072])
def test_the_models_of_the_catalogue_have_the_cache_that_pycalc_counts(tokens: int) -> None:
    columns = [column.name for column in MODELS.columns]
    assert len(MODELS.rows) > 70
    for row in MODELS.rows:
        if row.name.startswith("Article"):
            continue
        figure = dict(zip(columns, row.figures, strict=True))
        cache = figure["kv_values"] * tokens + figure["window_values"] * min(tokens, figure["window_tokens"])
        assert cache == pytest.approx(pycalc.model_kv_bytes(row.name, tokens, 8), rel=1e-3), row.name
        assert figure["state_mb"] * 1e6 == pycalc.model_state_bytes(row.name), row.name
        assert figure["active_b"] * 1e9 == pytest.approx(pycalc.model_parameters(row.name, True)), row.name


def test_every_row_of_a_catalogue_has_source_and_date_and_the_own_row_comes_first() -> None:
    for table, own in ((MODELS, OWN_MODEL), (chip_picker(("memory", "rent")).catalogue, OWN_CHIP)):
        assert table.options[0] == own
        assert all(row.source and row.date for row in table.rows)
        assert len(set(table.options)) == len(table.options)


def test_the_articles_rent_comes_first_else_the_middle_offer() -> None:
    rents = {row.name: row.figures[0] for row in chip_picker(("rent",)).catalogue.rows}
    assert rents["H100 SXM"] == 2.5
    assert rents["A100 SXM 80GB"] == 1.79  # of 1.39, 1.71, 1.79, 2.79, 3.43


def test_months_count_and_stand_in_the_same_column_on_every_sheet(tmp_path: Path) -> None:
    build(FLEET, tmp_path / "f.xlsx", "inline")
    book = openpyxl.load_workbook(tmp_path / "f.xlsx", data_only=True)
    for title in ("Time", "Calc_Months", "Sensitivity_Months"):
        assert [cell.value for cell in book[title]["F4:BM4"][0]] == list(range(1, 61))
    assert [cell.value.strftime("%Y-%m") for cell in book["Time"]["F6:R6"][0]][::12] == ["2027-01", "2028-01"]


def test_sparklines_lie_beside_the_rows_that_they_show(tmp_path: Path) -> None:
    build(FLEET, tmp_path / "f.xlsx")
    draft = render(FLEET)
    with zipfile.ZipFile(tmp_path / "f.xlsx") as archive:
        at = draft.book.sheetnames.index("Calc_Months") + 1
        sheet = archive.read(f"xl/worksheets/sheet{at}.xml").decode()
    found = re.findall(r"<xm:f>Calc_Months!F(\d+):BM\1</xm:f><xm:sqref>C(\d+)</xm:sqref>", sheet)
    assert len(found) == len([one for one in draft.trends if one[0] == "Calc_Months"]) > 5
    assert all(shown == cell for shown, cell in found)
    assert sheet.endswith("</extLst></worksheet>")


def test_a_waterfall_that_falls_below_zero_has_bars_on_both_sides(tmp_path: Path) -> None:
    steps = (Step("In", "pv_sale", "cost"), Step("Out", "pv_power", "less"), Step("Left", "shortfall", "total"))
    short = section("x", line("shortfall", "=pv_sale-pv_power"))
    blocks = (*(b for b in FLEET.blocks if b.name != "steps"), Waterfall("steps", "C", "", steps, u.USD))
    build(replace(FLEET, calc=(*FLEET.calc, short), blocks=blocks), tmp_path / "f.xlsx", "inline")
    sheet = openpyxl.load_workbook(tmp_path / "f.xlsx", data_only=True)["Sensitivity"]
    top = next(row for row in range(1, sheet.max_row) if sheet.cell(row, 2).value == "In")
    sale, power = (sheet.cell(top + i, 4).value for i in (0, 1))
    assert 0 < sale < power
    bars = [[sheet.cell(top + i, column).value for column in range(10, 14)] for i in range(3)]
    assert bars[0] == pytest.approx([0, sale, 0, 0])
    assert bars[1] == pytest.approx([0, sale, 0, sale - power])  # from the sale down through zero
    assert bars[2] == pytest.approx([0, 0, 0, sale - power])


def test_two_engines_count_the_months_alike(tmp_path: Path) -> None:
    """The first month reads the unit to its left, a text, as zero."""
    build(FLEET, tmp_path / "f.xlsx", "inline")
    for values in (engines.formualizer(tmp_path / "f.xlsx"), engines.cellrune(tmp_path / "f.xlsx")):
        assert [values["Time", cell] for cell in ("F4", "G4", "BM4")] == [1, 2, 60]

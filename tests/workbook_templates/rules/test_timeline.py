"""R10: one timeline on every sheet that runs over time."""

import pytest
from openpyxl.utils import get_column_letter

from workbook_templates.rules import check_workbook

MONTHS = 24
FIRST = 5  # column E


def run_over_time(book, first=FIRST, shift=0):
    """Two sheets over time: the periods counted on Time, shown on Calc_Months from column `first`, read with a shift."""
    time, months = book.create_sheet("Time"), book.create_sheet("Calc_Months")
    time.cell(4, FIRST, 1)
    for column in range(FIRST + 1, FIRST + MONTHS):
        time.cell(4, column, f"={get_column_letter(column - 1)}4+1")
    for column in range(first, first + MONTHS):
        months.cell(4, column, f"=Time!{get_column_letter(column + shift)}$4")
        months.cell(5, column, f"={get_column_letter(column)}4*12")


def counted(sheet, first):
    """The stored results of a row of periods."""
    return {(sheet, f"{get_column_letter(first + i)}4"): float(i + 1) for i in range(MONTHS)}


def r10(path):
    return next(verdict for verdict in check_workbook(path).verdicts if verdict.rule.id == "R10")


def test_a_workbook_without_time_has_no_timeline_to_judge(good):
    assert r10(good.path).status == "N/A"


def test_the_same_period_in_the_same_column_passes(good):
    path, _ = good.with_change(run_over_time, counted("Time", FIRST) | counted("Calc_Months", FIRST))
    assert r10(path).status == "PASS"


@pytest.mark.parametrize(
    ("how", "first_shown", "where"),
    [
        ({"shift": 1}, FIRST, "Calc_Months!E4"),
        ({"first": FIRST + 2, "shift": -2}, FIRST + 2, "Calc_Months!G4"),
    ],
)
def test_a_shifted_timeline_is_found(good, how, first_shown, where):
    results = counted("Time", FIRST) | counted("Calc_Months", first_shown)
    path, _ = good.with_change(lambda book: run_over_time(book, **how), results)
    assert [finding.where for finding in r10(path).findings] == [where]


def test_months_may_count_on_from_a_text_as_zero(good):
    """The first month has the formula of all others: N() of the heading to its left is 0."""

    def count_from_a_text(book):
        run_over_time(book)
        book["Time"].cell(4, FIRST - 1, "Unit")
        for column in range(FIRST, FIRST + MONTHS):
            book["Time"].cell(4, column, f"=N({get_column_letter(column - 1)}4)+1")

    path, _ = good.with_change(count_from_a_text, counted("Time", FIRST) | counted("Calc_Months", FIRST))
    assert r10(path).status == "PASS"


def test_periods_that_do_not_advance_are_found(good):
    results = counted("Time", FIRST) | counted("Calc_Months", FIRST) | {("Time", "H4"): 3.0}
    path, _ = good.with_change(run_over_time, results)
    assert "Time!H4" in [finding.where for finding in r10(path).findings]


def test_a_time_sheet_without_periods_is_found(good):
    def forget_the_periods(book):
        run_over_time(book)
        book.create_sheet("Time_2")["B2"] = "Periods to follow"

    path, _ = good.with_change(forget_the_periods, counted("Time", FIRST) | counted("Calc_Months", FIRST))
    assert [finding.where for finding in r10(path).findings] == ["Time_2"]


def test_typed_periods_are_compared_by_value(good):
    def type_periods(book):
        for title, start in (("Time", 1), ("Calc_Months", 2)):
            sheet = book.create_sheet(title)
            for i in range(MONTHS):
                sheet.cell(4, FIRST + i, start + i)

    path, _ = good.with_change(type_periods)
    finding = r10(path).findings[0]
    assert (finding.where, finding.what) == ("Calc_Months!E4", "shows 2, Time!E4 shows 1")

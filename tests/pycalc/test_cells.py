"""Formulas as a grid calls them: what goes in, what comes out, and what never does."""

import dataclasses
import logging
import math
from datetime import date, datetime, time
from decimal import Decimal

import numpy as np
import pytest

from pycalc import FUNCTIONS
from pycalc.cells import bug_id, call_on_cells, cell_function, serial, worksheet_function
from pycalc.errors import CellError
from pycalc.symbolic import Symbol

MATMUL, LAYER = FUNCTIONS["MATMUL_FLOPS"], FUNCTIONS["LAYER_FLOPS"]


def with_body(body):
    return dataclasses.replace(MATMUL, body=body)


@pytest.mark.parametrize(
    ("args", "cell"),
    [
        ((2, 3, 4), 48.0),
        ((2, 3, [[4]]), 48.0),
        ((2, 3, [[[[4]]]]), 48.0),
        ((2, 3, Decimal("0.5")), 6.0),
        ((2, 3, datetime(1900, 3, 1)), 2 * 2 * 3 * 61.0),
        ((2, 3, np.float64(4)), 48.0),
        ((2, 3), CellError("#VALUE!")),
        ((2, 3, 4, 5), CellError("#VALUE!")),
        ((2, 3, None), CellError("#VALUE!")),
        ((2, 3, "4"), CellError("#VALUE!")),
        ((2, 3, True), CellError("#VALUE!")),
        ((2, 3, -1), CellError("#NUM!")),
        ((2, 3, math.nan), CellError("#NUM!")),
        ((2, 3, 10**400), CellError("#NUM!")),
        ((CellError("#REF!"), "x", CellError("#N/A")), CellError("#REF!")),
        (([[1, 2], [3, 4]], [[1, 2, 3]], 1), CellError("#VALUE!")),
    ],
)
def test_scalars(args, cell):
    given = call_on_cells(MATMUL, args)
    assert given == cell
    assert type(given) is type(cell)


def test_a_range_keeps_its_shape_and_each_bad_cell_its_own_error():
    column = [[1.0], [None], ["x"], [-1], [CellError("#N/A")], [datetime(1900, 3, 1)]]
    assert call_on_cells(MATMUL, (column, 1, [[1, 2]])) == [
        [2.0, 4.0],
        [CellError("#VALUE!")] * 2,
        [CellError("#VALUE!")] * 2,
        [CellError("#NUM!")] * 2,
        [CellError("#N/A")] * 2,
        [122.0, 244.0],
    ]


def test_a_flat_list_is_a_column():
    assert call_on_cells(MATMUL, ([1, 2], 1, 1)) == [[2.0], [4.0]]


def test_an_optional_blank_is_left_out():
    assert call_on_cells(LAYER, (4096, 2048, None)) == 549755813888.0
    assert call_on_cells(LAYER, (4096, 2048, 32, 8, 64, 8192, "swiglu")) == 635655159808.0


@pytest.mark.parametrize(
    ("result", "cell"),
    [
        (math.nan, CellError("#NUM!")),
        (math.inf, CellError("#NUM!")),
        (np.float64(2), 2.0),
        (3, 3.0),
        (True, True),
        (np.bool_(False), False),
        ("memory", "memory"),
        (np.str_("memory"), "memory"),
    ],
)
def test_results_are_plain(result, cell):
    for args, unwrap in (((1, 1, 1), lambda rows: rows), (([[1], [1]], 1, 1), lambda rows: rows[1][0])):
        given = unwrap(call_on_cells(with_body(lambda rows, inner, columns: result), args))
        assert given == cell
        assert type(given) is type(cell)


def test_a_bug_is_logged_under_one_id_and_shown_as_an_error(caplog):
    def body(rows, inner, columns):
        if isinstance(inner, Symbol):
            return inner
        raise KeyError("slip")

    broken = cell_function(with_body(body))
    with caplog.at_level(logging.ERROR):
        assert broken(1, 2, "x") == CellError("#VALUE!")
        assert not caplog.records, "a refusal is no bug"
        assert [broken(1, 2, 3), broken([[1, 2]], 2, 3)] == [CellError("#VALUE!")] * 2
    first, second = caplog.records
    assert first.args[0] == second.args[0]
    assert first.getMessage() == f"{first.args[0]}: MATMUL_FLOPS(1, 2, 3)"
    assert first.exc_info


def test_bugs_at_other_places_have_other_ids():
    def caught(act):
        try:
            act()
        except Exception as bug:
            return bug_id(bug)

    def one():
        raise KeyError

    def other():
        raise KeyError

    assert len({caught(one), caught(one), caught(other), caught(lambda: 1 / 0)}) == 3
    assert bug_id(ValueError()).startswith("bug-")


def test_dates_are_serial_numbers():
    assert serial(date(2026, 3, 5)) == 46086
    assert serial(datetime(2026, 3, 5, 18)) == 46086.75
    assert serial(time(6)) == 0.25


def test_explain_asks_for_a_name_and_drops_what_is_left_out_at_the_end():
    explain = worksheet_function("EXPLAIN")
    assert explain(3.0, 1) == explain() == explain(None, 1) == CellError("#VALUE!")
    assert explain(CellError("#REF!"), 1) == CellError("#REF!")
    short = explain("KV_BYTES_PER_TOKEN", 16, 8, 64)
    assert explain("KV_BYTES_PER_TOKEN", 16, 8, 64, None) == short
    assert short[-1][2] == 32768
    assert explain("MATMUL_FLOPS", 1, None, None)[-1][2] == "#VALUE!", "a required blank stays where it is"
    assert explain("MATMUL_FLOPS", 1) == CellError("#VALUE!")


def test_a_bug_in_explain_is_logged_under_its_name(caplog, monkeypatch):
    monkeypatch.setattr("pycalc.explain.find", lambda name: 1 / 0)
    with caplog.at_level(logging.ERROR):
        assert worksheet_function("EXPLAIN")("KV_BYTES", 1) == CellError("#VALUE!")
    assert caplog.records[0].getMessage().endswith(": EXPLAIN('KV_BYTES', 1)")

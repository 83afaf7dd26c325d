"""Table functions: their declaration, their arguments by the policy, and every host that serves them."""

import pytest

from addin.cli.functions import call
from pycalc import FUNCTIONS, tables
from pycalc.cells import WORKSHEET_NAMES, worksheet_function
from pycalc.errors import ArgumentError, CellError, DeclarationError, DomainError
from pycalc.quantities import Gpus, UsdPerHour
from pycalc.symbolic import UntraceableError
from pycalc.tables import TABLE_FUNCTIONS, Table, table

VALUE, NUM, NA = (CellError(code) for code in ("#VALUE!", "#NUM!", "#N/A"))


@pytest.fixture
def registry(monkeypatch):
    """An empty registry in the place of the real one."""
    empty = {}
    monkeypatch.setattr(tables, "TABLE_FUNCTIONS", empty)
    return empty


def rent(usd_per_hour: UsdPerHour, gpus: Gpus = 8, most: UsdPerHour = None) -> Table:
    """Rent by the day.

    >>> rent(2)[1]
    ['day', 384]
    """
    return [["most", most], ["day", 24 * usd_per_hour * gpus], ["never", NA]]


def bill(usd_per_hour: UsdPerHour, gpus: Gpus = 8, *argument) -> Table:
    """Rent, and what else is given.

    >>> bill(2)
    [[2, 8]]
    """
    return [[usd_per_hour, gpus, *argument]]


def test_arguments_go_through_the_policy_and_blanks_take_defaults(registry):
    assert table("1", "a source")(rent) is rent
    declared = registry["RENT"]
    assert declared.rows(2) == declared.rows(2, None) == [["most", ""], ["day", 384.0], ["never", NA]]
    assert declared.rows(2, 1, 9)[:2] == [["most", 9.0], ["day", 48.0]]
    with pytest.raises(DomainError, match=r"^RENT: gpus is 1.5 GPUs; it must be a whole number from 1 to 1e\+06$"):
        declared.rows(2, 1.5)
    with pytest.raises(ArgumentError, match=r"^RENT: usd_per_hour is blank"):
        declared.rows(None)
    with pytest.raises(ArgumentError, match=r"^RENT: gpus is \[\[1, 2\]\]"):
        declared.rows(2, [[1, 2]])
    with pytest.raises(UntraceableError, match=r"^RENT: gives a table, which no formula does$"):
        declared.traced()
    assert [argument.optional for argument in declared.arguments] == [False, True, True]
    assert "settled by the function" in declared.arguments[2].help
    assert declared.count_fault(4) == "RENT(usd_per_hour, [gpus], [most]) takes 1 to 3 arguments, not 4"


def test_arguments_that_repeat_are_handed_on_as_they_are(registry):
    table("1", "a source", repeated="Further argument {}.")(bill)
    declared = registry["BILL"]
    assert declared.rows(2, None, "x", None, VALUE) == [[2.0, 8.0, "x", "", VALUE]]
    most = max(len(spec.parameters) for spec in FUNCTIONS.values())
    assert [argument.name for argument in declared.arguments] == [
        "usd_per_hour", "gpus", *(f"argument_{i}" for i in range(1, most + 1)),
    ]  # fmt: skip
    assert declared.arguments[2] == ("argument_1", True, "Further argument 1.")
    assert declared.usage == "BILL(usd_per_hour, [gpus], argument_1, …)"
    assert declared.count_fault(30) is None
    assert declared.count_fault(0) == "BILL(usd_per_hour, [gpus], argument_1, …) takes at least 1 arguments, not 0"


@pytest.mark.parametrize(("body", "repeated"), [(bill, ""), (lambda *, a: a, "Argument {}."), (lambda **a: a, "Argument {}.")])
def test_what_no_cell_could_call_is_refused(registry, body, repeated):
    with pytest.raises(DeclarationError, match="a cell has no keyword-only or starred arguments"):
        table("1", "a source", repeated)(body)
    assert not registry


def test_a_name_is_declared_once(registry, monkeypatch):
    monkeypatch.setitem(FUNCTIONS, "RENT", FUNCTIONS["KV_BYTES"])
    with pytest.raises(DeclarationError, match="a formula has that name"):
        table("1", "a source")(rent)
    assert not registry
    assert not set(TABLE_FUNCTIONS) & (set(FUNCTIONS) - {"RENT"})


def test_a_grid_and_the_command_line_serve_what_is_registered(registry, monkeypatch, capsys):
    assert set(TABLE_FUNCTIONS) < WORKSHEET_NAMES
    table("1", "a source")(rent)
    monkeypatch.setitem(TABLE_FUNCTIONS, "RENT", registry["RENT"])
    on_cells = worksheet_function("RENT")
    assert on_cells([[2]], None) == [["most", ""], ["day", 384.0], ["never", NA]]
    assert [on_cells(), on_cells(2, 1, 1, 1), on_cells("x"), on_cells(-1), on_cells(NA, "x")] == [VALUE, VALUE, VALUE, NUM, NA]
    call("rent", ["2"], as_json=False)
    assert capsys.readouterr().out == "most\t\nday\t384\nnever\t#N/A\n"
    call("RENT", ["2"], as_json=True)
    assert capsys.readouterr().out == '{"value": [["most", ""], ["day", 384], ["never", {"error": "#N/A"}]]}\n'
    call("RENT", ["-2"], as_json=False)
    assert capsys.readouterr().out == "#NUM!\n"

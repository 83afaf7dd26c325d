"""Formulas taken apart: what they read, call and hold, and whether a copy is a copy."""

import pytest

from workbook_templates.rules.references import LAST_COLUMN, LAST_ROW, Reference, Scope, Table, read_formula

COSTS = Table(Reference("Data", 2, 5, 4, 9), ("Month", "GPU", "Rent, $"))
NAMES = {"rate": (Reference("Inputs", 4, 9, 4, 9, "rate"),)}
SCOPE = Scope(["Jan", "Feb", "Mar", "My 'own' sheet", "Data"], lambda sheet, name: NAMES.get(name.casefold()), {"costs": COSTS})


def read(text, row=7, column=3):
    return read_formula(text, "Data", row, column, SCOPE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=$B$2+Jan!A1", [("Data", 2, 2, 2, 2), ("Jan", 1, 1, 1, 1)]),
        ("=SUM(D9:B2)", [("Data", 2, 2, 4, 9)]),
        ("='My ''own'' sheet'!AA10", [("My 'own' sheet", 27, 10, 27, 10)]),
        ("=SUM(B:C)", [("Data", 2, 1, 3, LAST_ROW)]),
        ("=SUM(3:4)", [("Data", 1, 3, LAST_COLUMN, 4)]),
        ("=SUM(Jan:Mar!B2)", [(month, 2, 2, 2, 2) for month in ("Jan", "Feb", "Mar")]),
        ("=SUM(Costs[GPU])", [("Data", 3, 5, 3, 9)]),
        ("=SUM(costs[[Month]:[Rent, $]])", [("Data", 2, 5, 4, 9)]),
        ("=SUM(Costs[Rent, $])", [("Data", 4, 5, 4, 9)]),
        ("=Costs[[#This Row],[GPU]]", [("Data", 3, 7, 3, 7)]),
        ("=[@GPU]*2", [("Data", 3, 7, 3, 7)]),
        ("=Rate*2", [("Inputs", 4, 9, 4, 9)]),
        ("=_xlfn.LET(_xlpm.x,A1,_xlpm.x*2)", [("Data", 1, 1, 1, 1)]),
        ("=_xlfn.ANCHORARRAY(B2)", [("Data", 2, 2, 2, 2)]),
    ],
)
def test_what_a_formula_reads(text, expected):
    formula = read(text)
    assert [reference[:5] for reference in formula.references] == expected
    assert not formula.unknown
    assert not formula.external


@pytest.mark.parametrize("text", ["=[1]Rates!A1", "='C:\\m\\[r.xlsx]Rates'!A1", "=[2]!rate", "=DDE|Topic!Item"])
def test_what_lies_outside_the_workbook(text):
    formula = read(text)
    assert formula.external
    assert not formula.references


def test_what_no_name_stands_for():
    assert read("=rat*2").unknown == ("rat",)
    assert read("=Lost[GPU]").unknown == ("Lost[GPU]",)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("=A1*0.3", (0.3,)),
        ("=A1*30%", (0.3,)),
        ("=A1-1E-09", (1e-9,)),
        ('=A1*"0.3"&"text"', (0.3,)),
        ("=SUM({1,2;5,7})", (1, 2, 5, 7)),
        ("=LOG10(A1)+R2_rate", ()),
    ],
)
def test_the_numbers_that_a_formula_holds(text, numbers):
    assert read(text).numbers == numbers


def test_functions_and_nesting():
    formula = read("=IF(A1>0,SUM(B1:B2),IF(A2>0,_xlfn.SINGLE(C1),_xlfn.XLOOKUP(A1,B1:B9,C1:C9)))")
    assert formula.functions == ("IF", "SUM", "IF", "XLOOKUP")
    assert formula.nested_if
    assert not read("=IF(A1>0,1,0)+IF(A2>0,1,0)").nested_if


@pytest.mark.parametrize(
    ("text", "is_link"),
    [("=Jan!A1", True), ("=+rate", True), ("=(A1)", True), ("=-A1", False), ("=A1:A2", False), ("=A1+0", False)],
)
def test_a_pure_link(text, is_link):
    assert read(text).is_link is is_link


def test_a_copy_has_the_shape_of_its_model_and_no_other_formula_has():
    assert read("=D$3*$B7+Jan!C6", row=7, column=3).shape == read("=E$3*$B8+Jan!D7", row=8, column=4).shape
    shapes = {read(text).shape for text in ("=D3", "=$D3", "=D$3", "=$D$3", "=D4", "=Jan!D3", "=D3*1", "=D3*2", "=rate")}
    assert len(shapes) == 9


def test_what_cannot_be_read_is_said():
    assert read("=SUM(A1))").fault
    assert not read("=SUM(A1)").fault


def test_the_length_that_counts_is_what_excel_shows():
    assert read("=_xlfn.LET(_xlpm.x,A1,_xlpm.x)").shown == "=LET(x,A1,x)"

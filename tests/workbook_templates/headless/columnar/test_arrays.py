"""Array formulas and arrays within functions, as CellRune computes them."""

import pytest
from columnar_oracles import NotComputed, cellrune, columnar, same, shown
from oracles import Question, ask

ROWS = [
    (3.0, 1.0, 2.0, 5.0, 4.0, -7.0, 1.5, 2.0),
    (3.0, "a", None, True, "2", -1.0, 2.0, 1.0),
    (1.0, 2.0, 2.0, 3.0, 4.5, 5.0, 7.0, 9.0),
    (-10.0, 4.0, 5.0, 6.0, 0.0, None, "x", 2.0),
]
ALL, FIRST, SECOND = "{0}:{7}", "{0}:{3}", "{4}:{7}"
ARRAYS = [
    f"SUM(({ALL}>1)*{ALL})",
    f"SUM(IF({ALL}>1,{ALL}))",
    f"MAX(IF({ALL}<3,{ALL}))",
    f'AVERAGE(IF({ALL}>0,{ALL},""))',
    f"MEDIAN(IF({ALL}>0,{ALL}))",
    f"STDEV(IF({ALL}>0,{ALL}))",
    f"INDEX({ALL},MATCH(1,({ALL}>1)*({ALL}<5),0))",
    f"SUM(ROUND({ALL},0))",
    f"SUM({FIRST}*{SECOND})",
    f"SUM(IF(({FIRST}>1)*({SECOND}>1),{FIRST}*{SECOND},0))",
    f"SUM(IFERROR({FIRST}/{SECOND},0))",
    f"COUNT(1/({ALL}>1))",
    f"MATCH(TRUE,{ALL}>2,0)",
    f"SUM(({ALL}-AVERAGE({ALL}))^2)",
    f'_xlfn.TEXTJOIN(",",TRUE,IF({ALL}>1,{ALL},""))',
    f"SUM(LARGE({ALL},{{{{1,2,3}}}}))",
    f"SUM(SUMIF({ALL},{{{{1,2}}}}))",
    f'SUM(COUNTIF({ALL},{{{{">1","<1"}}}}))',
    "SUM(CHOOSE({{1,2}},{0},{1}))",
    f"SUM(MATCH({{{{1,2}}}},{ALL},0))",
    f"SUM(_xlfn.XLOOKUP({{{{1,2}}}},{ALL},{ALL}))",
    f"NPV(0.1,{FIRST}*2)",
    f"SUM(TRANSPOSE({ALL}))",
    f"SUM({{{{1,2,3,4}}}}*{FIRST})",
    f"SUM(ISNUMBER({ALL})*1)",
    f"PRODUCT(1+{FIRST}/100)-1",
]
PLAIN = [
    f"SUMPRODUCT(({FIRST}>1)*{FIRST})",
    f"SUMPRODUCT(({FIRST}>1)*({SECOND}<3)*{FIRST})",
    f'SUMPRODUCT(--({FIRST}="a"),{SECOND})',
    f"SUMPRODUCT(ROUND({FIRST},0))",
    f"SUMPRODUCT(SUMIF({ALL},{{{{1,2}}}}))",
    f"SUMPRODUCT(({FIRST}>1)*1,{SECOND})",
    f"SUMPRODUCT(LARGE({ALL},{{{{1,2}}}}))",
    f"INDEX({ALL},MATCH(2,INDEX({ALL},0),0))",
    f"LOOKUP(2,1/({ALL}>1),{ALL})",
]


@pytest.mark.parametrize("moving", [True, False])
@pytest.mark.parametrize(("formulas", "as_arrays"), [(ARRAYS, True), (PLAIN, False)])
def test_arrays_are_computed_element_by_element(tmp_path, formulas, as_arrays, moving):
    questions = [Question(row, [formula], as_arrays) for row in ROWS for formula in formulas]
    asked = ask(tmp_path / "book.xlsx", questions)
    wrong = [
        f"{question.formulas[0]} on {question.inputs}: {shown(ours)}, not {shown(theirs)}"
        for question, (ours,), (theirs,) in zip(questions, columnar(asked, moving), cellrune(asked), strict=True)
        if not isinstance(theirs, NotComputed) and not same(ours, theirs)
    ]
    assert not wrong

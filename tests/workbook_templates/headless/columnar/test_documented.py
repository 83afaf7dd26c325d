"""Where engines disagree, Microsoft's documentation decides: each case, what it says, and who says otherwise.

"F" stands for Formualizer 0.13.0, "C" for CellRune 0.2.0, "L" for LibreOffice 25.2.  The sources
are the pages of support.microsoft.com named after the functions; those marked "observed" are
behaviour of Excel that its pages do not state.
"""

import pytest
from columnar_oracles import cellrune, columnar, formualizer, same, shown
from oracles import Question, ask

from pycalc.errors import CellError

DIV, NA, NUM, REF, VALUE = (CellError(code) for code in ("#DIV/0!", "#N/A", "#NUM!", "#REF!", "#VALUE!"))

CASES = [
    # formula, value, who disagrees, what decides
    ("0^0", NUM, "FL", "observed; POWER refuses it"),
    ("0^-1", DIV, "F", "POWER: a zero has no reciprocal"),
    ("(-8)^(1/3)", -2.0, "F", "observed: odd roots of negatives exist"),
    ("-2^2", 4.0, "", "operator precedence: negation before ^"),
    ("2^3^2", 64.0, "", "operator precedence: from left to right"),
    ("0.1+0.2=0.3", True, "F", "15 significant digits"),
    ("1-0.9=0.1", True, "F", "15 significant digits"),
    ("0.1+0.2-0.3", 0.0, "", "a last difference near zero is zero"),
    ("(0.1+0.2-0.3)", 5.551115123125783e-17, "", "not where it is in brackets"),
    ("LOG(5,1)", DIV, "F", "LOG: division by LN(1)"),
    ("MOD(5.3,0.1)", 5.3 - 0.1 * 52, "L", "MOD: n - d*INT(n/d)"),
    ("CEILING(-2.5,-2)", -4.0, "F", "CEILING: both negative rounds away from zero"),
    ("CEILING(2.5,-1)", NUM, "F", "CEILING: signs differ"),
    ("CEILING(3,0)", 0.0, "FC", "observed; LibreOffice agrees"),
    ("FLOOR(-2.5,-2)", -2.0, "F", "FLOOR: both negative rounds toward zero"),
    ("FLOOR(2.5,-2)", NUM, "F", "FLOOR: signs differ"),
    ("_xlfn.CEILING.MATH(-5.5,2,-1)", -6.0, "F", "CEILING.MATH: the example of the page"),
    ("_xlfn.FLOOR.MATH(-5.5,2,-1)", -4.0, "F", "FLOOR.MATH: the example of the page"),
    ("ROUNDUP(0.07*100,0)", 7.0, "", "15 significant digits"),
    ("ROUND(2.675,2)", 2.68, "", "15 significant digits"),
    ("INT((0.1+0.7)*10)", 7.0, "CL", "INT: down to the nearest integer, of the double"),
    ("IPMT(0.1/12,3,36,8000,100,1)", -62.89798373821693, "FC", "PMT's type 1: paid at the beginning; LibreOffice agrees"),
    ("PPMT(0.1/12,3,36,8000,100,1)", -195.4797514056684, "FC", "PMT's type 1: paid at the beginning; LibreOffice agrees"),
    ("RATE(360,-500,100000)", 0.0036559279523627453, "C", "the annuity has a root"),
    ("NPV(-1,1,2)", DIV, "F", "NPV: divided by (1+rate)"),
    ("XNPV(0.1,{-1,2},{10,5})", NUM, "F", "XNPV: no date before the first"),
    ("DB(1000000,100000,6,7,7)", 15845.098473848071, "F", "DB: the example of the page"),
    ("DATE(1900,2,29)", 60.0, "F", "1900 is held for a leap year"),
    ("EOMONTH(60,0)", 60.0, "FC", "1900 is held for a leap year"),
    ("DATE(10000,1,1)", NUM, "F", "DATE: a year of 10000 or more"),
    ("DATE(-1,1,1)", NUM, "F", "DATE: a year below 0"),
    ("EDATE(1,-1)", NUM, "F", "EDATE: not a valid date"),
    ("YEARFRAC(DATE(2012,7,30),DATE(2012,1,1),1)", 0.5765027322404371, "C", "YEARFRAC: days between two dates"),
    ('TEXT(123456,"0.00E+00")', "1.23E+05", "F", "TEXT: scientific notation"),
    ('TEXT(TRUE,"0")', "TRUE", "F", "TEXT formats numbers"),
    ('TEXT(1234.5,"#,##0.00_);(#,##0.00)")', "1,234.50 ", "F", "number formats: _) leaves a space"),
    ('PROPER("x2y")', "X2Y", "FC", "PROPER: letters that follow what is no letter"),
    ('VALUE("$1,000")', 1000.0, "F", "VALUE: the example of the page"),
    ('VALUE("")', VALUE, "", "VALUE: no recognised format"),
    ('"$1,000"+1', 1001.0, "F", "a text in arithmetic reads as VALUE does"),
    ('IF("TRUE",1,2)', 1.0, "F", "observed"),
    ('AND("x",TRUE)', VALUE, "C", "AND: arguments must evaluate to logical values"),
    ('MAX("x")', VALUE, "F", "MAX: text that cannot be translated into numbers"),
    ("MATCH(2,{1,2,2,3},1)", 3.0, "C", "observed: the last of equal ones"),
    ("MATCH(TRUE,{1,TRUE},0)", 2.0, "F", "a truth value is no number"),
    ("INDEX({1,2;3,4},-1,1)", VALUE, "F", "observed"),
    ('VLOOKUP(2,{1,"a";2,"b"},0,FALSE)', VALUE, "C", "VLOOKUP: column below 1"),
    ('SUMPRODUCT({1,"a",TRUE},{1,2,3})', 1.0, "F", "SUMPRODUCT: what is not numeric counts as zero"),
    ('SUM({1,"2",TRUE})', 1.0, "", "SUM: texts and truth values in arrays are ignored"),
    ('SUM("3",TRUE)', 4.0, "", "SUM: as arguments they count"),
    ('"a"<"-"', False, "", "sort order: hyphens are ignored"),
    ('"~"<"a"', True, "FC", "sort order: signs before letters"),
    ('1<"a"', True, "", "numbers before texts before truth values"),
    ('TRUE>"z"', True, "L", "numbers before texts before truth values"),
]

IN_CELLS = [
    ((3.0, "a", None, True, "2", CellError("#N/A")), "SUMPRODUCT({0}:{4})", 3.0, "F", "truth values count as zero"),
    ((3.0, "a", None, True, "2", CellError("#N/A")), "COUNTIF({0}:{5},{2})", 0.0, "C", "a blank criterion is a 0"),
    ((3.0, "a", None, True, "2", CellError("#N/A")), "VALUE({2})", 0.0, "FC", "observed; LibreOffice agrees"),
    ((3.0, "a", None, True, "2", CellError("#N/A")), 'COUNTIF({0}:{5},"#N/A")', 1.0, "FC", "observed: errors can be counted"),
    ((3.0, "a", None, True, "2", CellError("#N/A")), "CHOOSE({4},5,6)", 6.0, "F", "a text that reads as a number is one"),
    ((3.0, "a", None, True, "2", CellError("#N/A")), 'MATCH("A",{0}:{4},0)', 2.0, "", "case does not matter"),
    ((-10.0, 3.0, "x", 4.0, None, 5.0), "IRR({0}:{5})", 0.08896339469334466, "F", "IRR: text and blanks are ignored"),
    (
        (-10.0, 3.0, "x", 4.0, None, 5.0),
        "NPV(0.1,{0}:{5})",
        -10 / 1.1 + 3 / 1.1**2 + 4 / 1.1**3 + 5 / 1.1**4,
        "",
        "NPV: ignored",
    ),
    ((9.0, 7.0, 5.0, -30.0, -2.0, -8.0), "IRR({0}:{5})", 0.27607480067370316, "", "from gain to loss"),
]


QUESTIONS = [Question((), [text.replace("{", "{{").replace("}", "}}")]) for text, *_ in CASES]
QUESTIONS += [Question(cells, [text]) for cells, text, *_ in IN_CELLS]
DOCUMENTED = [value for _, value, *_ in CASES] + [value for _, _, value, *_ in IN_CELLS]
DISSENT = [dissent for *_, dissent, _ in CASES] + [dissent for *_, dissent, _ in IN_CELLS]


def agrees(answer, value):
    if isinstance(value, float) and abs(value) > 1e-9:
        return same(answer, value, 1e-12)
    return type(answer) is type(value) and answer == value


@pytest.mark.parametrize("moving", [True, False])
def test_the_columnar_engine_follows_the_documentation(tmp_path, moving):
    asked = ask(tmp_path / "book.xlsx", QUESTIONS)
    answers = [answer for (answer,) in columnar(asked, moving)]
    assert not [
        f"{question.formulas[0]}: {shown(answer)}, not {shown(value)}"
        for question, answer, value in zip(QUESTIONS, answers, DOCUMENTED, strict=True)
        if not agrees(answer, value)
    ]


@pytest.mark.parametrize(("name", "engine"), [("F", formualizer), ("C", cellrune)])
def test_who_disagrees_is_stated(tmp_path, name, engine):
    asked = ask(tmp_path / "book.xlsx", QUESTIONS)
    answers = [answer for (answer,) in engine(asked)]
    dissents = {
        question.formulas[0]
        for question, answer, value in zip(QUESTIONS, answers, DOCUMENTED, strict=True)
        if not agrees(answer, value) and not same(answer, value, 1e-9)
    }
    assert dissents == {question.formulas[0] for question, who in zip(QUESTIONS, DISSENT, strict=True) if name in who}

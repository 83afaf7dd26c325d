"""Formulas of finance models at random, over a row of cells of every kind."""

from hypothesis import strategies as st

from pycalc.cells import Cell
from pycalc.errors import CellError

CELLS = 8
NUMBERS = ("0", "1", "2", "3", "-1", "0.5", "12", "-7.25", "100", "10%", "1E3")
TEXTS = ('"a"', '"abc"', '""', '"12"', '"A"', '"b c"', '"TRUE"')
CRITERIA = ('">1"', '"<=2"', '"<>1"', '"a*"', '"A"', '"?"', "1", '"=2"', '"<>a"', "TRUE")
FORMATS = ('"0"', '"0.00"', '"#,##0.0"', '"0.0%"', '"0.00E+00"', '"#,##0;(#,##0)"', '"yyyy-mm-dd"', '"000"')

VALUES: tuple[Cell, ...] = (
    0.0,
    1.0,
    2.0,
    3.0,
    -1.0,
    0.5,
    12.75,
    100.0,
    -7.25,
    45000.0,
    "a",
    "abc",
    "b",
    "12",
    True,
    False,
    None,
)
ERRORS: tuple[Cell, ...] = (CellError("#N/A"), CellError("#DIV/0!"), CellError("#VALUE!"))

cells = st.tuples(*[st.sampled_from(VALUES * 3 + ERRORS)] * CELLS)
references = st.sampled_from([f"{{{i}}}" for i in range(CELLS)])
ranges = st.sampled_from([f"{{{i}}}:{{{j}}}" for i in range(CELLS) for j in range(i + 1, CELLS)])
whole = st.just(f"{{0}}:{{{CELLS - 1}}}")


def call(name: str, *arguments: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*arguments).map(lambda given: f"{name}({','.join(given)})")


def one_of_calls(names: str, *arguments: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(names.split()).flatmap(lambda name: call(name, *arguments))


def numbers(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    small = st.sampled_from(("0", "1", "2", "-1"))
    count = st.sampled_from(("1", "2", "3", "5"))
    rate = st.sampled_from(("0.1", "0.01", "0", "-0.05"))
    day = st.sampled_from(("45000", "45351", "45657.5", "36526", "DATE(2024,2,29)", "DATE(2023,12,31)"))
    return st.one_of(
        st.tuples(inner, st.sampled_from("+-*/^"), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
        inner.map(lambda t: f"-{t}"),
        inner.map(lambda t: f"{t}%"),
        one_of_calls("ABS INT SIGN SQRT EXP LN LOG10 N", inner),
        one_of_calls("ROUND ROUNDUP ROUNDDOWN TRUNC", inner, small),
        one_of_calls("MOD POWER CEILING FLOOR MROUND QUOTIENT", inner, count),
        one_of_calls("MIN MAX SUM AVERAGE COUNT COUNTA PRODUCT MEDIAN", ranges),
        one_of_calls("MIN MAX SUM AVERAGE PRODUCT", inner, inner, ranges),
        one_of_calls("STDEV VAR STDEVP VARP SUMSQ COUNTBLANK", ranges),
        one_of_calls("LARGE SMALL", ranges, count),
        one_of_calls("COUNTIF SUMIF AVERAGEIF", ranges, st.sampled_from(CRITERIA)),
        call("SUMIFS", whole, whole, st.sampled_from(CRITERIA), whole, st.sampled_from(CRITERIA)),
        call("COUNTIFS", whole, st.sampled_from(CRITERIA), whole, st.sampled_from(CRITERIA)),
        one_of_calls("_xlfn.MAXIFS _xlfn.MINIFS AVERAGEIFS", whole, whole, st.sampled_from(CRITERIA)),
        call("MATCH", inner, whole, st.just("0")),
        call("INDEX", whole, st.sampled_from(("1", "2", "8"))),
        call("SUMPRODUCT", whole, whole),
        call("SUMPRODUCT", st.tuples(whole, st.sampled_from(("TRUE", "1", "2"))).map(lambda t: f"({t[0]}>{t[1]})*1")),
        one_of_calls("YEAR MONTH DAY WEEKDAY", day | references),
        call("YEARFRAC", day, day, st.sampled_from(("0", "1", "2", "3", "4"))),
        call("DAYS360", day, day),
        call("NPER", rate, st.just("-100"), st.sampled_from(("500", "1000"))),
        call("DB", st.just("1000"), st.just("100"), st.just("5"), count, st.sampled_from(("12", "7"))),
        call(
            "CUMIPMT", st.just("0.01"), st.just("12"), st.just("1000"), st.just("2"), st.sampled_from(("2", "5")), st.just("0")
        ),
        call("_xlfn.XLOOKUP", inner, whole, whole, inner),
        call("HLOOKUP", inner, whole, st.just("1"), st.just("FALSE")),
        one_of_calls("PERCENTILE QUARTILE", ranges, st.sampled_from(("0", "0.5", "1"))),
        one_of_calls("SLOPE CORREL", whole, whole),
        one_of_calls("EDATE EOMONTH", day, small),
        call("DATE", st.sampled_from(("2024", "2023.9", "1999")), inner, small),
        one_of_calls("PMT PV FV", rate, count, inner),
        call("IPMT", rate, st.just("2"), st.just("5"), inner),
        call("PPMT", rate, st.just("2"), st.just("5"), inner),
        call("NPV", rate, ranges),
        call("RATE", count, st.just("-100"), st.sampled_from(("150", "250", "400"))),
        call("SLN", inner, inner, count),
        call("DDB", st.just("1000"), st.just("100"), st.just("5"), count),
        call("SYD", st.just("1000"), inner, st.just("5"), count),
        call("RANK", references, whole),
        one_of_calls("LEN", inner),
    )


def texts(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, inner).map(lambda t: f"({t[0]}&{t[1]})"),
        one_of_calls("LEFT RIGHT", inner, st.sampled_from(("0", "1", "2"))),
        call("MID", inner, st.sampled_from(("1", "2")), st.just("2")),
        one_of_calls("UPPER LOWER TRIM T", inner),
        call("SUBSTITUTE", inner, st.just('"a"'), st.just('"x"')),
        call("TEXT", st.sampled_from(NUMBERS) | references, st.sampled_from(FORMATS)),
        call("_xlfn.TEXTJOIN", st.just('"-"'), st.just("TRUE"), ranges),
        one_of_calls("PROPER CLEAN", inner),
        call("REPLACE", inner, st.just("1"), st.just("1"), inner),
        call("FIXED", st.sampled_from(NUMBERS) | references, st.sampled_from(("0", "1", "2"))),
        call("CONCATENATE", inner, inner),
        call("REPT", inner, st.sampled_from(("0", "2"))),
    )


def truths(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from(("=", "<>", "<", ">", "<=", ">=")), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
        one_of_calls("AND OR _xlfn.XOR", references, references),
        one_of_calls("AND OR", ranges),
        call("NOT", inner),
        one_of_calls("ISNUMBER ISTEXT ISERROR ISNA ISBLANK ISLOGICAL", inner),
        call("EXACT", inner, inner),
    )


def choices(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        call("IF", inner, inner, inner),
        one_of_calls("IFERROR _xlfn.IFNA", inner, inner),
        call("CHOOSE", st.sampled_from(("1", "2", "3")) | references, inner, inner, inner),
        call("_xlfn.IFS", inner, inner, st.just("TRUE"), inner),
        call("_xlfn.SWITCH", inner, st.just("1"), inner, st.just('"a"'), inner, inner),
        inner.map(lambda t: f"_xlfn.LET(_xlpm.x,{t},_xlpm.x+1)"),
    )


leaves = st.one_of(st.sampled_from(NUMBERS), st.sampled_from(TEXTS), references, references, st.sampled_from(("TRUE", "FALSE")))
formulas = st.recursive(
    leaves, lambda inner: st.one_of(numbers(inner), numbers(inner), texts(inner), truths(inner), choices(inner)), max_leaves=6
)
questions = st.tuples(cells, st.lists(formulas, min_size=6, max_size=6))

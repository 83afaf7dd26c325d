"""A second finance model of another style, made here: statements, a debt sweep, cohorts, a loan, returns, lookups, texts.

Every formula cell, for scenarios that change fourteen inputs, in columns and by Formualizer.
"""

import math
import random

import openpyxl
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName

from workbook_templates.headless.columnar.engine import ColumnarEngine
from workbook_templates.headless.engine import Engine
from workbook_templates.headless.formula_book import FormulaBook
from workbook_templates.headless.sheet_xml import position
from workbook_templates.reading import open_package

QUARTERS = 24
INPUTS = {
    "case": 2,
    "price": 120,
    "volume": 1000,
    "growth": 0.03,
    "unit_cost": 62.5,
    "fixed_cost": 21_000,
    "tax_rate": 0.21,
    "days_sales": 45,
    "debt": 400_000,
    "interest": 0.07,
    "minimum_cash": 25_000,
    "life": 8,
    "capex_share": 0.06,
    "exit_multiple": 7.5,
}
ROWS = {
    "date": ("=DATE(2026,3,31)", "=EOMONTH({p}{date},3)"),
    "year": ("=YEAR({c}{date})",) * 2,
    "quarter": ('="Q"&ROUNDUP(MONTH({c}{date})/3,0)',) * 2,
    "label": ('=TEXT({c}{date},"mmm yyyy")&" ("&{c}{quarter}&")"',) * 2,
    "factor": ("=INDEX(Cases!$B$2:$D$4,MATCH({c}{quarter},Cases!$F$2:$F$5,0)*0+1,case)",) * 2,
    "season": ("=VLOOKUP({c}{quarter},Cases!$F$2:$G$5,2,FALSE)",) * 2,
    "units": (
        "=ROUND(volume*{c}{season}*{c}{factor},0)",
        "=ROUND({p}{units}/{p}{season}*{c}{season}*(1+growth*{c}{factor}),0)",
    ),
    "revenue": ("={c}{units}*price*CHOOSE(case,1.05,1,0.92)",) * 2,
    "costs": ("=-{c}{units}*unit_cost-fixed_cost*(1+0.02)^({c}{year}-2026)",) * 2,
    "capex": ("=-{c}{revenue}*capex_share",) * 2,
    "depreciation": ("=SUMPRODUCT(($B$3:{c}$3>{c}$3-91.3*life)*$B${capex}:{c}${capex})/life",) * 2,
    "ebit": ("={c}{revenue}+{c}{costs}+{c}{depreciation}",) * 2,
    "interest_paid": ("=-debt*interest/4", "=-{p}{debt_end}*interest/4"),
    "profit": ("={c}{ebit}+{c}{interest_paid}",) * 2,
    "losses": ("=MAX(0,-{c}{profit})", "=MAX(0,{p}{losses}-{c}{profit})"),
    "taxed": ("=MAX(0,{c}{profit})", "=MAX(0,{c}{profit}-{p}{losses})"),
    "tax": ("=-{c}{taxed}*tax_rate",) * 2,
    "receivables": ("={c}{revenue}*days_sales/90",) * 2,
    "cash_before": (
        "={c}{ebit}-{c}{depreciation}+{c}{interest_paid}+{c}{tax}+{c}{capex}-{c}{receivables}",
        "={p}{cash}+{c}{ebit}-{c}{depreciation}+{c}{interest_paid}+{c}{tax}+{c}{capex}-({c}{receivables}-{p}{receivables})",
    ),
    "repaid": ("=MAX(0,MIN(debt,{c}{cash_before}-minimum_cash))", "=MAX(0,MIN({p}{debt_end},{c}{cash_before}-minimum_cash))"),
    "debt_end": ("=debt-{c}{repaid}", "={p}{debt_end}-{c}{repaid}"),
    "cash": ("={c}{cash_before}-{c}{repaid}",) * 2,
    "flow": ("=-debt", "={c}{cash}-{p}{cash}+{c}{repaid}+IF({c}$3=MAX($3:$3),exit_multiple*4*{c}{ebit},0)"),
    "cover": ("=IFERROR({c}{ebit}/-{c}{interest_paid},99)",) * 2,
    "sound": ("=AND({c}{cover}>=2,{c}{cash}>0)",) * 2,
    "status": ('=IF({c}{debt_end}<=0.005,"free",IF({c}{sound},"fine",IF(OR({c}{cover}<1),"breach","watch")))',) * 2,
    "loan_interest": ("=IPMT(interest/4,COLUMN()-1,24,-debt)",) * 2,
    "loan_principal": ("=PPMT(interest/4,COLUMN()-1,24,-debt,0,0)",) * 2,
    "trailing": ("={c}{revenue}", "=SUM(OFFSET({c}{revenue},0,-1,1,2))"),
    "share_of_year": ("={c}{revenue}/SUMIFS(${b}${revenue}:${l}${revenue},${b}${year}:${l}${year},{c}{year})",) * 2,
    "rank": ("=RANK({c}{revenue},${b}${revenue}:${l}${revenue})",) * 2,
    "band": ('=IFERROR(LOOKUP({c}{cover},Cases!$I$2:$I$5,Cases!$J$2:$J$5),"none")',) * 2,
}
SUMMARY = [
    "=SUM(Model!{revenue})",
    "=NPV(interest/4,Model!{flow})",
    "=IRR(Model!{flow})",
    "=XNPV(interest,Model!{flow},Model!{date})",
    "=XIRR(Model!{flow},Model!{date})",
    '=COUNTIF(Model!{status},"breach")',
    '=AVERAGEIFS(Model!{cover},Model!{status},"<>breach",Model!{year},">2026")',
    '=IFERROR(INDEX(Model!{label},MATCH("free",Model!{status},0)),"never")',
    "=_xlfn.XLOOKUP(MAX(Model!{revenue}),Model!{revenue},Model!{label})",
    "=LARGE(Model!{profit},3)-SMALL(Model!{profit},2)",
    "=MEDIAN(Model!{cover})+STDEV(Model!{cover})",
    '="Case "&case&": "&TEXT(B2,"#,##0")&", "&TEXT(tax_rate,"0.0%")&IF(B3<0," (loss)","")',
    '=SUMPRODUCT((Model!{year}=2028)*(Model!{quarter}="Q2")*Model!{revenue})',
    '=_xlfn.MAXIFS(Model!{cash},Model!{year},"<=2028")',
    "=YEARFRAC(MIN(Model!{date}),MAX(Model!{date}),1)",
    "=SUM(Model!{loan_principal})-debt",
    '=_xlfn.TEXTJOIN(", ",TRUE,Cases!B1:D1)&COUNTA(Cases!F2:F9)&COUNTBLANK(Cases!F2:F9)',
    '=_xlfn.SWITCH(case,1,"high",2,"base","low")&_xlfn.IFS(B3>0,"+",TRUE,"-")',
    "=PMT(interest/12,60,-debt)+PV(interest/12,60,-10)+FV(0,3,-5)+NPER(0.01,-500,10000)",
    "=ROUND(B2/1000,1)+INT(B4*100)/100+MOD(ROUND(B2,0),7)",
]


def model(path):
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "Inputs"
    for row, (name, value) in enumerate(INPUTS.items(), start=1):
        sheet.append([name, value])
        workbook.defined_names[name] = DefinedName(name, attr_text=f"Inputs!$B${row}")
    cases = workbook.create_sheet("Cases")
    for line in (
        ["", "high", "base", "low", None, "quarter", "season", None, "cover", "band"],
        ["factor", 1.2, 1.0, 0.7, None, "Q1", 0.9, None, -999, "under water"],
        ["", 1, 1, 1, None, "Q2", 1.0, None, 1, "thin"],
        ["", 1, 1, 1, None, "Q3", 0.95, None, 2, "sound"],
        ["", None, None, None, None, "Q4", 1.15, None, 6, "strong"],
    ):
        cases.append(line)
    sheet = workbook.create_sheet("Model")
    rows = {name: row for row, name in enumerate(ROWS, start=3)}
    last = get_column_letter(QUARTERS + 1)
    for name, (first, following) in ROWS.items():
        sheet.cell(rows[name], 1, name)
        for column in range(2, QUARTERS + 2):
            here, before = get_column_letter(column), get_column_letter(column - 1)
            text = (first if column == 2 else following).format(c=here, p=before, b="B", l=last, **rows)
            sheet.cell(rows[name], column, text)
    summary = workbook.create_sheet("Summary")
    ranges = {name: f"$B${row}:${last}${row}" for name, row in rows.items()}
    for row, text in enumerate(SUMMARY, start=2):
        summary.cell(row, 2, text.format(**ranges))
    workbook.save(path)


def test_every_cell_of_every_scenario_is_that_of_formualizer(tmp_path):
    path = tmp_path / "second.xlsx"
    model(path)
    book = FormulaBook(open_package(path))
    outputs = [(sheet, cell.address) for sheet, cell in book.formulas()]
    places = {("Inputs", f"B{row}"): value for row, value in enumerate(INPUTS.values(), start=1)}
    chance = random.Random(11)
    scenarios = [{place: float(value) for place, value in places.items()}]
    for _ in range(11):
        changed = {place: value * chance.uniform(0.7, 1.3) for place, value in places.items()}
        scenarios.append(changed | {("Inputs", "B1"): float(chance.choice([1, 2, 3]))})
    engine = ColumnarEngine(open_package(path), list(places), outputs)
    found = engine.evaluate({place: [scenario[place] for scenario in scenarios] for place in places})

    general = Engine(book._for_engine(), set().union(*book.called.values()))
    different = []
    for i, scenario in enumerate(scenarios):
        for (title, address), value in scenario.items():
            general._book.set_value(title, *position(address), value)
        general._book.evaluate_all()
        for title, address in outputs:
            theirs, ours = general.value(title, *position(address)), found[title, address][i]
            if isinstance(theirs, float) and isinstance(ours, float):
                if not math.isclose(theirs, ours, rel_tol=1e-8, abs_tol=1e-6):
                    different.append((i, title, address, theirs, ours))
            elif theirs != ours:
                different.append((i, title, address, theirs, ours))
    assert not different

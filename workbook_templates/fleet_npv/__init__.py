"""Sixty months of a GPU fleet: capital, depreciation, cash, its net present value, IRR and payback."""

from datetime import date

from workbook_templates import shared, style
from workbook_templates import units as u
from workbook_templates.fleet_npv.calc import CALC, MONTHS
from workbook_templates.fleet_npv.inputs import CHIPS, DISCOUNT, GPU_PRICE, INPUTS, MODELS, PRICE_FALL, UTILISATION
from workbook_templates.spec import (
    CategoryChart,
    Change,
    Check,
    Grid,
    HeatMap,
    Kpi,
    Levers,
    Line,
    Series,
    Step,
    Strip,
    Template,
    TornadoChart,
    Waterfall,
    WaterfallChart,
    axis,
    only_missing,
)

BY_FALL = Grid(
    "by_fall",
    "A  Discount rate and price fall",
    "Net present value in closed form for other rates; green earns more than it costs, red does not.",
    axis(PRICE_FALL, 0, 0.01, 0.02, 0.025, 0.03, 0.04, 0.05),
    (),
    axis(DISCOUNT, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25),
    ("owed_drag", "fixed_value"),
    Line("npv_at", "Net present value", u.USD, "=full_revenue*((1-tax)*(1-fees)*sold_at-owed_drag*owed_at)+fixed_value"),
    steps=(
        Line(
            "sold_at",
            "Months of full revenue, discounted",
            u.MONTHS_OF_VALUE,
            "=SUMPRODUCT(ramp.all,(1-price_fall)^(month.all-1),(1+discount)^(-month.all/12))",
        ),
        Line(
            "owed_at",
            "Months of it owed, discounted",
            u.MONTHS_OF_VALUE,
            "=SUMPRODUCT(owed.all,(1-price_fall)^(month.all-1),(1+discount)^(-month.all/12))",
        ),
    ),
    sign=True,
)

BY_PRICE = Grid(
    "by_price",
    "B  Utilisation and price of a GPU",
    "Net present value in closed form for other loads and prices; green earns more than it costs, red does not.",
    axis(UTILISATION, 0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.8),
    ("full_revenue",),
    axis(GPU_PRICE, 20_000, 25_000, 30_000, 35_000, 40_000, 50_000),
    ("fixed_value",),
    Line("npv_by_price", "Net present value", u.USD, "=full_revenue*revenue_value+fixed_value"),
    sign=True,
)

STEPS = Waterfall(
    "steps",
    "C  From revenue to value",
    "Present values: what is earned, what is spent, what is left.",
    (
        Step("Revenue", "pv_revenue", "cost"),
        Step("Fees", "pv_fees", "less"),
        Step("Power", "pv_power", "less"),
        Step("Space", "pv_space", "less"),
        Step("Staff", "pv_staff", "less"),
        Step("Tax", "pv_tax", "less"),
        Step("Owed", "pv_working", "less"),
        Step("Fleet", "pv_capex", "less"),
        Step("Sale", "pv_sale", "cost"),
        Step("NPV", "npv", "total"),
    ),
    u.USD,
    millions=True,
)

SCENARIOS = Strip(
    "scenarios",
    "D  Scenarios side by side",
    "All months for each scenario's own inputs, whichever is live; the months stand on Sensitivity_Months.",
    ("npv", "irr", "payback", "peak_funding", "roi", "hour_cost"),
    over=(MONTHS,),
    break_before=True,
)

LEVERS = Levers(
    "levers",
    "E  Levers, one at a time",
    "Each column moves one input to its Bull, then to its Bear value, in closed form; all others stay as they are live.",
    (
        "utilisation",
        "price",
        "price_fall",
        "gpu_price",
        "discount",
        "achieved_bandwidth",
        "colocation",
        "power_usd",
        "residual",
        "tier_place",
    ),
    "npv_closed",
    more_is_better=True,
    break_before=True,
)

TEMPLATE = Template(
    name="fleet_npv",
    title="GPU fleet: value over sixty months",
    reader="Investor, CFO",
    question="Does a GPU fleet that sells tokens earn back its cost, when, and at what return?",
    purpose="Capital, depreciation, revenue at a falling price, tax and cash by month; NPV, IRR, payback, peak funding.",
    how=(
        shared.CHOOSE_SCENARIO,
        "Pick model and GPU, or your own; type the price that you pay for the GPU.",
        "Read the Dashboard; follow a figure month by month on Calc_Months, year by year on Calc_Years.",
        "Trust it while every sheet says ALL CHECKS OK: the value is computed twice, the balance closes every month.",
    ),
    inputs=INPUTS,
    calc=CALC,
    catalogues=(MODELS.catalogue, CHIPS.catalogue),
    signs="Revenue and costs are positive in their own rows; cash and value are signed, minus = paid out",
    blocks=(BY_FALL, BY_PRICE, STEPS, SCENARIOS, LEVERS),
    kpis=(
        Kpi("Net present value", "npv", u.USD, "at the discount rate"),
        Kpi("IRR", "irr", u.SHARE, "annual, before financing"),
        Kpi("Payback", "payback", u.MONTHS, "month"),
        Kpi("Peak funding", "peak_funding", u.USD, "deepest cumulative cash"),
        Kpi("Return on cost", "roi", u.EVEN, "undiscounted"),
        Kpi("All-in cost", "hour_cost", u.USD_PER_GPU_HOUR, "of a GPU-hour"),
    ),
    reading=(
        '="The fleet costs $"&FIXED(capex/1E+06,2)&" M; its net present value is $"&FIXED(npv/1E+06,2)&" M."',
        '="The value is zero at a first price of $"&FIXED(even_price,3)&" per million tokens."',
        '=levers.top&" moves it most: "&TEXT(levers.worse,"$#,##0")&" to "&TEXT(levers.better,"+$#,##0")&"."',
    ),
    charts=(
        CategoryChart(
            "Cumulative cash: live, and in the three scenarios, $",
            "An area of the live case's cumulative cash over sixty months, and a line for each scenario.",
            "month",
            (
                Series("cumulative", "Live", kind="area", colour=style.PALE_TEAL),
                Series("scenarios.Bull.cumulative", "Bull", kind="line", colour=style.TEAL),
                Series("scenarios.Base.cumulative", "Base", kind="line", colour=style.NAVY),
                Series("scenarios.Bear.cumulative", "Bear", kind="line", colour=style.CORAL),
            ),
            across="month",
            format="$#,##0",
            every=6,
        ),
        CategoryChart(
            "Revenue and gross margin by year",
            "Columns of the revenue of five years; the gross margin as a line on the axis to the right.",
            "years",
            (
                Series("revenue_y", "Revenue", colour=style.NAVY),
                Series("gross_share_y", "Gross margin", kind="line", colour=style.CORAL, markers=True, second=True),
            ),
            format="$#,##0",
        ),
        WaterfallChart(
            "From revenue to value, present values, $",
            "Waterfall: revenue, less what it costs, and the sale of the fleet leave the net present value.",
            "steps",
            format="$#,##0",
        ),
        TornadoChart(
            "Levers: NPV with one input at its Bull or Bear value, $",
            "Tornado: change of the net present value when one input takes its Bull or Bear value, the strongest on top.",
            "levers",
            format="$#,##0",
            words=("Better", "Worse"),
        ),
        CategoryChart(
            "Free cash flow by year, $",
            "Columns of free cash flow in five years; cumulative cash at each year's end as a line.",
            "years",
            (
                Series("fcf_y", "Free cash flow", colour=style.NAVY),
                Series("cumulative_y", "Cumulative", kind="line", colour=style.AMBER, markers=True),
            ),
            format="$#,##0",
        ),
        HeatMap("NPV by discount rate (down) and price fall (across)", "by_fall", (0, 2, 3, 4, 6)),
    ),
    checks=(
        shared.SCENARIO_IS_KNOWN,
        Check("Every month is one of three kinds", "installing.total+ramping.total+steady.total=last_month", "Flags sum to 60"),
        Check(
            "The months hold no error", "ISNUMBER(SUM(calc_months.values))", "No #N/A, #DIV/0! or other error on Calc_Months"
        ),
        shared.PICKS_ARE_LISTED,
        Check("At least one user fits", "users>=1", "Else the fleet sells nothing"),
        Check(
            "Fixed assets close",
            "ABS(bought.total-depreciation.total-scrapped.total-assets_close.total)<=capex*1E-09",
            "Bought = depreciated + sold; nothing is left",
        ),
        Check(
            "Depreciation comes down to the residual",
            "ABS(depreciation.total+scrapped.total-sale-(capex-sale))<=capex*1E-09",
            "With what is written off at the sale, cost less residual",
        ),
        Check("Cumulative cash is the sum of all months", "ABS(cumulative.total-fcf.total)<=capex*1E-09", "Corkscrew closes"),
        Check(
            "All is paid and repaid",
            "ABS(owed_close.total)+ABS(loan_close.total)<=capex*1E-09",
            "No debtor, no loan at the end",
        ),
        Check(
            "The balance closes every month",
            "MAX(imbalance.all)-MIN(imbalance.all)<=capex*1E-06",
            "Assets = loan + owners' capital",
        ),
        Check("Years add up to the months", "ABS(fcf_y.total-fcf.total)<=capex*1E-09", "Calc_Years = Calc_Months"),
        Check(
            "NPV = closed form", "ABS(npv-npv_closed)<=capex*1E-09", "Two routes: sixty rows of cash, and one formula of flags"
        ),
        Check("Present values add up to NPV", "ABS(parts_sum-npv)<=capex*1E-09", "The waterfall ends at the value"),
        Check("NPV at the IRR is zero", "ABS(irr_gap)<=capex*1E-06", "Where there is an IRR"),
        Check("No IRR only where money never comes back", "ISNA(irr)=(fcf.total<=0)", "#N/A: all cash together is no gain"),
        Check(
            "No payback only where it never comes",
            "ISNA(payback)=(cumulative.total<0)",
            "#N/A: cumulative cash ends below zero",
        ),
        Check("No month's IRR but where there is one", "ISNA(irr_month)=(fcf.total<=0)", "#N/A as above"),
        only_missing("scenarios", "where a scenario's money never comes back"),
        only_missing("levers", "where a lever's model does not fit"),
        Check("Levers start from the live value", "ABS(levers.live-npv)<=capex*1E-09", "Third computation on Sensitivity"),
        shared.STRIP_AGREES,
    ),
    headlines=(
        "npv",
        "irr",
        "payback",
        "peak_funding",
        "roi",
        "hour_cost",
        "used_hour_cost",
        "even_price",
        "token_rate",
        "capex",
    ),
    changes=(Change("1.0.0", date(2026, 11, 25), "First version"),),
)

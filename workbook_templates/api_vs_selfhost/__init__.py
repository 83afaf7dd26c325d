"""From which volume on hosting a model oneself beats an API, staff included."""

from datetime import date

from workbook_templates import shared, style
from workbook_templates import units as u
from workbook_templates.api_vs_selfhost.calc import CALC, MONTHS
from workbook_templates.api_vs_selfhost.inputs import API, CHIPS, INPUTS, MODELS, PRICES, TIER, UTILISATION, VOLUME
from workbook_templates.spec import (
    WORD,
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
    Table,
    Template,
    TornadoChart,
    Waterfall,
    WaterfallChart,
    XyChart,
    axis,
    only_missing,
)

VOLUMES = (1, 5, 20, 50, 100, 200, 500, 1000, 2000)
APIS = (
    "[A] Flash-Lite",
    "[A] GPT-4o-mini",
    "[A] Haiku",
    "Flash-Lite 2.5",
    "GPT-4o-mini",
    "Claude 3 Haiku",
    "Haiku 4.5",
)

BY_VOLUME = Table(
    "by_volume",
    "A  Both costs by volume",
    "The calculation for other volumes, GPUs in whole numbers.",
    axis(VOLUME, *VOLUMES),
    ("api_total", "gpus", "staff", "rent_bill", "other", "tco", "saving", "self_mtok", "cheaper"),
)

WINNERS = Grid(
    "winners",
    "B  The cheaper of the two, by volume and utilisation",
    "Above, GPUs and the cost of hosting; below, who is cheaper. Utilisation is what one's own traffic allows.",
    axis(VOLUME, *VOLUMES),
    ("work_hours", "other", "api_total"),
    axis(UTILISATION, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1),
    (),
    Line("winner_at", "Cheaper", WORD, '=IF(api_total>tco_at,"Self-host","API")'),
    steps=(
        Line("fleet_at", "GPUs", u.GPUS, f"=MAX(min_gpus,{shared.whole_up('work_hours/(8760*utilisation)')})"),
        Line("tco_at", "Hosted, all in", u.USD_PER_YEAR, "=SELF_HOST_TCO(staff, fleet_at-included, rent, FALSE, other)"),
    ),
    winners=(("Self-host", style.GOOD_FILL), ("API", style.KEY_FILL)),
    break_before=True,
)

BY_API = Grid(
    "by_api",
    "C  Break-even by API and by size of the operation",
    "Tokens a month in billions; bold = below today's volume; #N/A = never. A dearer model may do more than one's own.",
    axis(API, *APIS),
    ("blended", "api_total", "saving"),
    axis(TIER, "Minimal", "Moderate", "Core"),
    ("fixed_year",),
    Line("even_at", "Break-even a month", u.BILLION_TOKENS, "=IF(within_at<=fleet_tokens,within_at,beyond_at)/12/1E+09"),
    steps=(
        Line(
            "within_at",
            "Equal within the first fleet",
            u.TOKENS_NARROW,
            "=BREAK_EVEN_TOKENS(fixed_year+fleet_rent, running_usd, blended)",
        ),
        Line(
            "beyond_at",
            "Equal beyond it",
            u.TOKENS_NARROW,
            "=BREAK_EVEN_TOKENS(MAX(0,fixed_year-included*gpu_year), marginal, blended)",
        ),
    ),
    bold_below="monthly_b",
    break_before=True,
)

STEPS = Waterfall(
    "steps",
    "D  What hosting costs, beside the API",
    "Where each bar of the dashboard's waterfall begins and ends.",
    (
        Step("Staff", "k_staff", "cost"),
        Step("GPUs at work", "k_busy", "cost"),
        Step("GPUs waiting", "k_idle", "waste"),
        Step("In the tier", "k_included", "less"),
        Step("Evaluation", "k_care", "cost"),
        Step("Running", "k_running", "cost"),
        Step("Hosted", "k_tco", "total"),
        Step("API", "k_api", "compare"),
    ),
    u.THOUSAND_USD,
)

SCENARIOS = Strip(
    "scenarios",
    "E  Scenarios side by side",
    "The whole calculation for each scenario's own inputs, whichever is live; the months stand on Sensitivity_Months.",
    ("saving", "api_total", "tco", "break_even_b", "price_even", "cash", "npv", "payback"),
    over=(MONTHS,),
    break_before=True,
)

LEVERS = Levers(
    "levers",
    "F  Levers, one at a time",
    "Each column moves one input to its Bull, then to its Bear value; all others stay as they are live.",
    (
        "monthly_b",
        "api",
        "tier",
        "position",
        "utilisation",
        "rent_level",
        "min_gpus",
        "compliance_usd",
        "eval_usd",
    ),
    "saving",
    more_is_better=True,
    break_before=True,
)

TEMPLATE = Template(
    name="api_vs_selfhost",
    title="API or self-hosting",
    reader="CFO",
    question="From which volume does hosting a model oneself pay, staff included?",
    purpose="A year's API bill beside the whole cost of one's own service, the volume that makes them equal, 36 months' cash.",
    how=(
        shared.CHOOSE_SCENARIO,
        "Pick API, model and GPU on Inputs from the lists, or pick your own and type its figures below.",
        shared.READ_DASHBOARD,
        shared.TRUST_CHECKS,
    ),
    inputs=INPUTS,
    calc=CALC,
    catalogues=(PRICES, MODELS.catalogue, CHIPS.catalogue),
    blocks=(BY_VOLUME, WINNERS, BY_API, STEPS, SCENARIOS, LEVERS),
    kpis=(
        Kpi("API, all in", "api_total", u.USD, "a year"),
        Kpi("Hosted, all in", "tco", u.USD, "a year"),
        Kpi("Saving by hosting", "saving", u.USD, "a year; minus = API cheaper"),
        Kpi("Break-even", "even_figure", WORD, "tokens a month"),
        Kpi("Payback", "payback_figure", WORD, "of 36, migration included"),
        Kpi("Cash after 36 months", "cash", u.USD, "against staying with the API"),
    ),
    reading=(
        '="At "&FIXED(monthly_b,0)&" B tokens a month: "&cheaper&" cheaper by $"&FIXED(ABS(saving),0)&" a year."',
        '="Break-even a month: "&even_words&"; at today\'s volume an API price of $"&FIXED(price_even,2)&"/Mtok."',
        '=levers.top&" moves most: +$"&FIXED(levers.better/1000,0)&"K, -$"&FIXED(-levers.worse/1000,0)&"K."',
    ),
    charts=(
        XyChart(
            "Cost a year by volume (log-log)",
            "Curves on log scales: the API's cost and the cost of hosting against tokens a month; the live case as diamonds.",
            "by_volume.across",
            (
                Series("by_volume.api_total", "API", colour=style.CORAL, markers=True),
                Series("by_volume.tco", "Hosted", colour=style.TEAL, markers=True),
                Series("kpi.api_total", "Live, API", kind="point", x="monthly_b", colour=style.AMBER),
                Series("kpi.tco", "Live, hosted", kind="point", x="monthly_b", colour=style.NAVY),
            ),
            across="tokens a month, billions",
            format="$#,##0",
            log_x=True,
            log=True,
        ),
        HeatMap("Who is cheaper: utilisation, by billions of tokens a month", "winners", (2, 3, 4, 5, 6)),
        CategoryChart(
            "Break-even by API and operation, B tokens a month (log; none = never)",
            "Columns on a log scale: the break-even volume for seven APIs and three sizes of operation.",
            "by_api.across",
            (
                Series("by_api.cells[0,]", "Minimal", colour=style.TEAL),
                Series("by_api.cells[1,]", "Moderate", colour=style.NAVY),
                Series("by_api.cells[2,]", "Core", colour=style.CORAL),
            ),
            log=True,
        ),
        CategoryChart(
            "Cumulative cash of moving, 36 months",
            "An area and columns: cumulative cash against staying with the API, and the net cash of each month.",
            "month",
            (
                Series("cumulative", "Cumulative", kind="area", colour=style.SKY),
                Series("net", "Net cash of the month", colour=style.NAVY),
            ),
            across="month",
            format="$#,##0",
            across_format="0",
            every=3,
        ),
        CategoryChart(
            "What hosting costs, by volume in B tokens a month",
            "Columns stacked to 100 %: staff, GPU rent and the rest at nine volumes.",
            "by_volume.across",
            (
                Series("by_volume.staff", colour=style.NAVY),
                Series("by_volume.rent_bill", colour=style.TEAL),
                Series("by_volume.other", colour=style.AMBER),
            ),
            across_format="#,##0",
            shares=True,
        ),
        WaterfallChart(
            "What hosting costs, beside the API, $K a year",
            "Waterfall: staff, GPUs at work and waiting, evaluation, running; the sum, and the API beside it.",
            "steps",
            format="$#,##0",
        ),
        CategoryChart(
            "A month's cost, API against hosting",
            "Lines: the API's bill and the cost of hosting in each of 36 months.",
            "month",
            (
                Series("bill_m", "API", kind="line", colour=style.CORAL),
                Series("host_m", "Hosted", kind="line", colour=style.TEAL),
            ),
            across="month",
            format="$#,##0",
            across_format="0",
            every=3,
        ),
        TornadoChart(
            "Levers: one input at its Bull or Bear value, $K a year",
            "Tornado: change of the yearly saving when one input takes its Bull or Bear value, the strongest lever on top.",
            "levers",
            format='$#,##0,"K"',
            words=("Hosting gains", "API gains"),
        ),
    ),
    checks=(
        shared.SCENARIO_IS_KNOWN,
        Check("Both costs are numbers", "ISNUMBER(api_total+tco+saving)", "No #N/A, #DIV/0! or other error in them"),
        Check(
            "No error but #N/A in the calculation",
            "ISERR(SUM(calc.values))=FALSE",
            "#N/A where there is no break-even or payback, or nothing fits; any other error is a fault",
            bare=True,
        ),
        Check(
            "No error but #N/A tier by tier",
            "ISERR(SUM(calc_tiers.values))=FALSE",
            "#N/A where a tier has no break-even or no payback; any other error is a fault",
            bare=True,
        ),
        Check(
            "The months hold no error",
            "ISERR(SUM(calc_months.values))=FALSE",
            "#N/A where the model does not fit; any other error is a fault",
            bare=True,
        ),
        Check(
            "API, model and GPU are in the lists",
            "ISNUMBER(api_row+model_row+chip_row)",
            "Else pick one from the list on Inputs",
        ),
        Check("Volume is positive", "tokens_year>0", "No cost per token without tokens"),
        Check("At least one session fits a GPU", "users>=1", "Else pick a larger GPU, fewer bits or a smaller model"),
        Check(
            "Bill = blended price x volume",
            "ABS(blended*tokens_year/1E+06-api_bill)<=api_bill*1E-09",
            "Two routes to one number",
        ),
        Check(
            "Lines of the hosting cost add up",
            "ABS(staff+rent_bill+other-tco)<=tco*1E-09",
            "Staff, rent, the rest, against SELF_HOST_TCO",
        ),
        Check(
            "Waterfall ends at the hosting cost",
            "ABS(k_parts-k_tco)<=k_tco*1E-09",
            "People, GPUs at work and waiting, the rest",
        ),
        Check(
            "GPUs do the work",
            "gpus*8760*utilisation>=work_hours*(1-1E-09)",
            "Hours of work fit the hours that the fleet can work",
        ),
        Check("Low end of each tier is below its high end", "SUMPRODUCT((tier_low.all>tier_high.all)*1)=0", "Inputs_Tiers"),
        Check(
            "Staff is that of the tier picked",
            "ABS(SUMPRODUCT((tiers.all=tier)*tier_staff.all)-staff)<=staff*1E-09",
            "Calc and Calc_Tiers",
        ),
        Check(
            "Break-even is missing only where there is none",
            "ISNUMBER(break_even)=(exists=1)",
            "None where each million more costs no less than from the API",
        ),
        Check("Costs are equal at the break-even", "ABS(gap)<=tco*1E-06", "The volume put in again, both costs in full"),
        Check("Break-even and saving agree", "(above=1)=(smooth_saving>0)", "Above it hosting is cheaper, below it the API"),
        Check(
            "Both are paid while migrating",
            "switched.total+migration_months=COUNT(month.all)",
            "The API is switched off after the migration",
        ),
        Check(
            "Cash adds up",
            "ABS(cumulative.total-cash)<=(bill_m.total+host_m.total)*1E-09",
            "Monthly cash and the cumulative line",
        ),
        Check(
            "First month is a twelfth of the year",
            "ABS(INDEX(host_m.all,1,1)*12-tco)<=tco*1E-09",
            "The months begin at today's costs",
        ),
        only_missing("by_volume", "where the model does not fit"),
        only_missing("by_api", "where hosting never pays"),
        only_missing("scenarios", "where a scenario has no break-even or no payback"),
        Check("Levers start from the live saving", "ABS(levers.live-saving)<=tco*1E-09", "Second computation on Sensitivity"),
        Check("The cheaper one is named", '(cheaper="Self-host")=(saving>0)', "Words against figures"),
        Check(
            "Never is said where it never comes",
            '(even_figure="never")+(payback_figure="never")=ISNA(break_even)+ISNA(payback)',
            "Break-even and payback on the dashboard",
        ),
        Check(
            "Hosting per token and over the API, put back",
            "ABS(tco_multiple*api_total-tco)+ABS(self_mtok*tokens_year/1E+06-tco)<=1E-09*tco",
            "Both give the year's bill",
        ),
        shared.STRIP_AGREES,
    ),
    headlines=(
        "saving",
        "api_total",
        "tco",
        "break_even_b",
        "price_even",
        "marginal",
        "gpus",
        "cash",
        "npv",
        "payback",
    ),
    changes=(Change("1.0.0", date(2026, 11, 25), "First version"),),
    signs="Costs are positive; savings and cash are positive where hosting is cheaper, negative where the API is",
)

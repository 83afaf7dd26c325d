"""From how many requests and users on a model on the device beats a cloud API."""

from datetime import date

from workbook_templates import shared, style
from workbook_templates import units as u
from workbook_templates.edge_vs_cloud.calc import CALC
from workbook_templates.edge_vs_cloud.inputs import (
    ABLE,
    API_USD,
    FALLBACK,
    INPUTS,
    LICENCE,
    MAU_M,
    MODELS,
    REQUESTS,
    YEARS_AHEAD,
)
from workbook_templates.spec import (
    WORD,
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

USE = (10, 20, 50, 100, 200, 500, 1000)

BY_REQUESTS = Table(
    "by_requests",
    "A  Both bills by requests per user",
    "The calculation for other requests; the cloud bill rises with them, that of the devices hardly.",
    axis(REQUESTS, *USE),
    ("requests_then", "cloud_all", "edge_total", "saving", "edge_multiple", "cheaper", "life_mtok"),
)

BY_MAU = Table(
    "by_mau",
    "B  The threshold of requests by the number of users",
    "Engineering is spread over more users: the threshold sinks to a floor that no number of users breaks.",
    axis(MAU_M, 1, 2, 5, 10, 20, 50, 100, 200, 500),
    ("cross_requests", "cross_floor", "saving", "cheaper"),
)

WINNERS = Grid(
    "winners",
    "C  Who wins, by users and requests",
    "Above, what the device saves in $M a month; below, the cheaper of the two.",
    axis(REQUESTS, *USE),
    ("user_gain",),
    axis(MAU_M, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
    ("able_users",),
    Line("winner_at", "Cheaper", WORD, '=IF(gain_at>0,"Device","Cloud")'),
    steps=(Line("gain_at", "Saving by the device", u.MILLION_USD_PER_MONTH, "=(user_gain*able_users-fixed)/1E+06"),),
    winners=(("Device", style.GOOD_FILL), ("Cloud", style.KEY_FILL)),
    break_before=True,
)

BY_LICENCE = Grid(
    "by_licence",
    "D  The threshold of requests by licence and cloud price",
    "Bold = below the requests of today's use: the device wins.",
    axis(LICENCE, 0.1, 0.2, 0.3, 0.5, 1, 2, 5),
    ("device_month",),
    axis(API_USD, 0.1, 0.15, 0.3, 0.6, 1.25, 2.5, 5),
    ("saved_mtok",),
    Line(
        "cross_at",
        "Threshold",
        u.REQUESTS_PER_MONTH,
        "=EDGE_CROSSOVER_REQUESTS(device_month, local_tokens, saved_mtok, fixed, able_users)",
    ),
    bold_below="requests_then",
    break_before=True,
)

BY_FALLBACK = Grid(
    "by_fallback",
    "E  What the device saves, by who can run it and what is sent on",
    "In $M a month at today's use: what better models and newer phones are worth.",
    axis(FALLBACK, 0, 0.05, 0.1, 0.2, 0.3, 0.5),
    ("user_gain",),
    axis(ABLE, 0.2, 0.4, 0.6, 0.8, 1),
    ("able_users",),
    Line("saved_at", "Saving by the device", u.MILLION_USD_PER_MONTH, "=(user_gain*able_users-fixed)/1E+06"),
    sign=True,
)

BY_YEAR = Table(
    "by_year",
    "F  Year by year",
    "Use grows, the cloud's price falls: the calculation for the years ahead.",
    axis(YEARS_AHEAD, 0, 1, 2, 3, 4, 5),
    ("requests_then", "price_then", "cross_requests", "cloud_all", "edge_total", "saving", "cheaper"),
)

STEPS = Waterfall(
    "steps",
    "G  From the cloud bill to the bill with devices",
    "Where each bar of the dashboard's waterfall begins and ends.",
    (
        Step("All cloud", "m_cloud", "cost"),
        Step("Moved", "m_moved", "less"),
        Step("Licences", "m_licences", "cost"),
        Step("Updates", "m_updates", "cost"),
        Step("Engineering", "m_fixed", "cost"),
        Step("Battery", "m_user", "waste"),
        Step("With devices", "m_total", "total"),
    ),
    u.MILLION_USD_PER_MONTH,
)

SCENARIOS = Strip(
    "scenarios",
    "H  Scenarios side by side",
    "The whole calculation for each scenario's own inputs, whichever is live.",
    ("saving", "cloud_all", "edge_total", "cross_requests", "cross_users", "price_even", "licence_even", "payback"),
    break_before=True,
)

LEVERS = Levers(
    "levers",
    "I  Levers, one at a time",
    "Each column moves one input to its Bull, then to its Bear value; all others stay as they are live.",
    (
        "requests",
        "mau_m",
        "tokens_per_request",
        "api_usd",
        "licence_usd",
        "updates_year",
        "able_share",
        "fallback",
        "platform_usd",
    ),
    "saving",
    more_is_better=True,
)

TEMPLATE = Template(
    name="edge_vs_cloud",
    title="Edge against cloud",
    reader="Product manager, investor",
    question="From how many requests and how many users on does a model on the device beat the cloud?",
    purpose="Two bills a month side by side, the requests and users at which they are equal, and when there are none.",
    how=(
        shared.CHOOSE_SCENARIO,
        "Change any amber cell; bounds, units and sources stand beside it.",
        shared.READ_DASHBOARD,
        shared.TRUST_CHECKS,
    ),
    inputs=INPUTS,
    calc=CALC,
    catalogues=(MODELS.catalogue,),
    blocks=(BY_REQUESTS, BY_MAU, WINNERS, BY_LICENCE, BY_FALLBACK, BY_YEAR, STEPS, SCENARIOS, LEVERS),
    kpis=(
        Kpi("Saving by the device", "saving", u.USD_PER_MONTH, "a month; minus = cloud wins"),
        Kpi("All in the cloud", "cloud_all", u.USD_PER_MONTH, "a month"),
        Kpi("With devices", "edge_total", u.USD_PER_MONTH, "a month, rest of cloud included"),
        Kpi("Threshold: requests", "requests_figure", WORD, "a user and month, at these users"),
        Kpi("Threshold: users", "users_figure", WORD, "at these requests"),
        Kpi("Licence that still pays", "licence_figure", WORD, "a device, at most"),
    ),
    reading=(
        '="At "&FIXED(requests_then,0)&" requests a month: "&cheaper&" cheaper by $"&FIXED(ABS(saving)/1E+06,2)&"M a month."',
        '="The device wins "&requests_words&" a user; with more users alone: "&users_words&"."',
        '=levers.top&" moves most: +$"&FIXED(levers.better/1E+06,2)&"M, -$"&FIXED(-levers.worse/1E+06,2)&"M."',
    ),
    charts=(
        XyChart(
            "Both bills by requests per user, $ a month (log-log)",
            "Curves on log scales: the cloud bill and that with devices against requests per user; the live case as diamonds.",
            "by_requests.requests_then",
            (
                Series("by_requests.cloud_all", "All in the cloud", colour=style.CORAL, markers=True),
                Series("by_requests.edge_total", "With devices", colour=style.TEAL, markers=True),
                Series("kpi.cloud_all", "Live, cloud", kind="point", x="requests_then", colour=style.AMBER),
                Series("kpi.edge_total", "Live, devices", kind="point", x="requests_then", colour=style.NAVY),
            ),
            across="requests per user and month",
            format="$#,##0",
            log_x=True,
            log=True,
        ),
        HeatMap("Who is cheaper: users, in millions, by requests a month", "winners", (1, 2, 3, 4, 5)),
        XyChart(
            "Requests from which the device wins, by users (log-log)",
            "Curves on log scales: the threshold of requests against the number of users, its floor, and the live case.",
            "by_mau.across",
            (
                Series("by_mau.cross_requests", "Threshold", colour=style.NAVY, markers=True),
                Series("by_mau.cross_floor", "Floor", colour=style.GREY, dash=True),
                Series("requests_then", "Today's use", kind="point", x="mau_m", colour=style.AMBER),
            ),
            across="monthly active users, millions",
            log_x=True,
            log=True,
        ),
        WaterfallChart(
            "From the cloud bill to the bill with devices, $M a month",
            "Waterfall: the cloud bill, what moves to devices, licences, updates, engineering, and the bill with devices.",
            "steps",
        ),
        XyChart(
            "Use against the threshold, year by year (log)",
            "Curves on a log scale: requests per user and the threshold of requests for this year and the next five.",
            "by_year.across",
            (
                Series("by_year.requests_then", "Requests per user", colour=style.TEAL, markers=True),
                Series("by_year.cross_requests", "Threshold", colour=style.NAVY, markers=True),
            ),
            across="years from today",
            across_format="0",
            log=True,
            span=(0, 5),
            steps=1,
        ),
        TornadoChart(
            "Levers: one input at its Bull or Bear value, $M a month",
            "Tornado: change of the monthly saving when one input takes its Bull or Bear value, the strongest lever on top.",
            "levers",
            format='$0.0,,"M"',
            words=("Device gains", "Cloud gains"),
        ),
    ),
    checks=(
        shared.SCENARIO_IS_KNOWN,
        Check("Both bills are numbers", "ISNUMBER(cloud_all+edge_total+saving)", "No #N/A, #DIV/0! or other error in them"),
        Check(
            "No error but #N/A in the calculation",
            "ISERR(SUM(calc.values))=FALSE",
            "#N/A where there is no threshold, or nothing to pay back the launch; any other error is a fault",
            bare=True,
        ),
        Check(
            "Threshold of requests is missing only where there is none",
            "ISNUMBER(cross_requests)=(price_then>user_mtok)",
            "None where the phone's own cost eats the cloud's price",
        ),
        Check(
            "Threshold of users is missing only where there is none",
            "ISNUMBER(cross_users)=(user_gain>0)",
            "None where a device costs more than it saves: more users would only lose more",
        ),
        Check(
            "Payback is missing only where nothing is saved", "ISNUMBER(payback)=(saving>0)", "None where the cloud is cheaper"
        ),
        Check(
            "Bills are equal at the threshold of requests",
            "ABS(gap_at_requests)<=MAX(device_bill,1)*1E-06",
            "The threshold put in again, both bills in full",
        ),
        Check(
            "Bills are equal at the threshold of users",
            "ABS(gap_at_users)<=MAX(fixed,1)*1E-06",
            "The threshold put in again, both bills in full",
        ),
        Check(
            "Thresholds and saving agree",
            "(above=1)=(saving>0)",
            "Above the threshold of requests the device is cheaper, below it the cloud",
        ),
        Check(
            "Gain per user adds up to the saving",
            "ABS(user_gain*able_users-fixed-saving)<=MAX(cloud_all,edge_total)*1E-09",
            "Two routes to one number",
        ),
        Check(
            "Waterfall ends at the bill with devices",
            "ABS(m_cloud-m_moved+m_added-m_total)<=MAX(m_cloud,m_total)*1E-09",
            "Cloud, moved, licences, updates, engineering, the user's cost",
        ),
        Check(
            "Tokens of a device's life, two routes",
            "ABS(life_tokens-requests_then*licence_months*tokens_per_request)<=life_tokens*1E-09",
            "By the day and by the month",
        ),
        Check(
            "The article's cost per token from its own days",
            "ABS(day_mtok*article_day*365*life_years*tokens_per_request/1E+06-licence_usd)<=licence_usd*1E-09",
            "All tokens of a device's life pay its licence",
        ),
        Check("Model and cache fit the device", 'fits="yes"', "Else pick a smaller model, fewer bits or a shorter context"),
        Check(
            "The device wins in C where it saves, and nowhere else",
            'COUNTIF(winners.cells,"Device")=COUNTIF(winners.gain_at,">0")',
            "Winners counted against savings",
        ),
        only_missing("by_requests", "where there is none"),
        only_missing("by_mau", "where there is no threshold"),
        only_missing("by_licence", "where the phone's own cost is no lower than the price"),
        only_missing("by_year", "where there is no threshold"),
        only_missing("scenarios", "where a scenario has no threshold or no payback"),
        Check(
            "Levers start from the live saving", "ABS(levers.live-saving)<=cloud_all*1E-09", "Second computation on Sensitivity"
        ),
        Check(
            "None is said where there is none",
            '(users_figure="none")=ISNA(cross_users)',
            "The threshold of users on the dashboard",
        ),
        Check(
            "No licence is named where none pays",
            '(licence_figure="none")=(licence_even<0)',
            "The licence that still pays, on the dashboard",
        ),
        Check(
            "Nothing is saved where the phone costs more",
            "ISNA(saved_mtok)=(price_then<=user_mtok)",
            "Per million tokens moved",
        ),
        Check("A user's bill, put back", "ABS(cloud_user*users-cloud_all)<=1E-09*cloud_all", "Times users, all of it"),
        shared.STRIP_AGREES,
    ),
    headlines=(
        "saving",
        "cloud_all",
        "edge_total",
        "cross_requests",
        "cross_users",
        "article_requests",
        "price_even",
        "licence_even",
        "payback",
        "life_mtok",
    ),
    changes=(Change("1.0.0", date(2026, 11, 25), "First version"),),
    signs="Bills are costs and positive; savings are positive where the device is cheaper, negative where the cloud is",
)

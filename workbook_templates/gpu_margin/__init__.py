"""What a GPU earns in an hour, what that costs, and what margin is left."""

from datetime import date

from workbook_templates import shared, style
from workbook_templates import units as u
from workbook_templates.gpu_margin.calc import CALC
from workbook_templates.gpu_margin.inputs import CHIPS, CONTEXT, INPUTS, MODELS, UTILISATION
from workbook_templates.spec import (
    WORD,
    Axis,
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

USES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9, 1)
GPUS = ("RTX 4090", "L40S", "A100 SXM 80GB", "H100 SXM", "H200 SXM", "B200 SXM", "B300 SXM")

STEPS = Waterfall(
    "steps",
    "A  From list price to gross margin",
    "Where each bar of the dashboard's waterfall begins and ends, for one GPU and one hour.",
    (
        Step("All hours", "capacity_value", "cost"),
        Step("Idle hours", "idle_loss", "less"),
        Step("Free tier", "free_loss", "less"),
        Step("Discounts", "discount_loss", "less"),
        Step("Revenue", "revenue", "total"),
        Step("Fees", "fee_cost", "less"),
        Step("Support", "support_cost", "less"),
        Step("GPU", "gpu_hour", "less"),
        Step("Staff", "staff_hour", "less"),
        Step("Margin", "margin", "total"),
    ),
    u.USD_PER_GPU_HOUR,
)

BY_USE = Table(
    "by_use",
    "B  Utilisation",
    "The GPU costs the same every hour; what it earns grows with use.",
    axis(UTILISATION, *USES),
    ("list_revenue", "revenue", "cogs", "margin", "margin_share", "user_margin"),
)

BY_PRICE = Grid(
    "by_price",
    "C  Price and utilisation",
    "Gross margin of a GPU-hour by the list price of the mix; green earns, red loses.",
    Axis("list_price", (0.05, 0.1, 0.175, 0.25, 0.4, 0.6, 1), "List price of the mix", u.USD_PER_MTOK, (0.001, 1000)),
    ("capacity_value", "kept_price"),
    axis(UTILISATION, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9, 1),
    (),
    Line(
        "margin_at",
        "Gross margin",
        u.USD_PER_GPU_HOUR,
        "=TOKEN_REVENUE(total_rate, kept_price, utilisation)-fixed_hour",
    ),
    sign=True,
    break_before=True,
)

BY_CONTEXT = Grid(
    "by_context",
    "D  Context and utilisation",
    "Gross margin in per cent of revenue; longer contexts leave room for fewer sessions.",
    axis(CONTEXT, 2048, 4096, 8192, 16384, 32768, 65536, 131072),
    ("users", "prompt_time", "out_rate", "capacity_value", "needed_use"),
    axis(UTILISATION, *USES),
    (),
    Line(
        "share_at",
        "Gross margin",
        u.WHOLE_SHARE,
        "=1-payment_fees-support_share-fixed_hour/(capacity_value*utilisation*(1-free_share)*(1-discount))",
    ),
    sign=True,
    legend=True,
    break_before=True,
)

BY_CHIP = Table(
    "by_chip",
    "E  GPU by GPU",
    "Each at its rent in the catalogue (an owned one at the price on Inputs); pick others in the amber row.",
    axis(CHIPS.choice, *GPUS),
    (
        "users",
        "total_rate",
        "capacity_value",
        "gpu_hour",
        "fixed_hour",
        "unit_cost",
        "kept_price",
        "needed_use",
        "margin",
        "margin_share",
        Line("ranked", "Cost per million tokens, for the ranking", u.USD_PER_MTOK, "=IF(ISNUMBER(unit_cost),unit_cost,1E+12)"),
    ),
    after=(
        Line("cheapest", "Least cost per million tokens", u.USD_PER_MTOK, "=MIN(by_chip.ranked)", key=True),
        Line("best_chip", "on", WORD, "=INDEX(by_chip.across,1,MATCH(cheapest,by_chip.ranked,0))", key=True),
    ),
)

SCENARIOS = Strip(
    "scenarios",
    "F  Scenarios side by side",
    "The whole calculation for each scenario's own inputs, whichever is live.",
    ("revenue", "cogs", "margin", "margin_share", "paid_share", "needed_use", "even_price", "target_price", "margin_year"),
    break_before=True,
)

LEVERS = Levers(
    "levers",
    "G  Levers, one at a time",
    "Each column moves one input to its Bull, then to its Bear value; all others stay as they are live.",
    (
        "utilisation",
        "price_out",
        "rent_level",
        "context",
        "free_share",
        "discount",
        "cache_hit",
        "weight_bits",
        "achieved_bandwidth",
        "achieved_compute",
    ),
    "margin",
    "users",
    more_is_better=True,
    break_before=True,
)

TEMPLATE = Template(
    name="gpu_margin",
    title="Revenue and margin per GPU-hour",
    reader="Investor, CFO",
    question="What does a GPU earn in an hour, what gross margin does that leave, and where does it break even?",
    purpose="From the tokens that a GPU serves to revenue, cost of revenue and gross margin, rented or owned.",
    how=(
        shared.CHOOSE_SCENARIO,
        shared.PICK_MODEL_AND_GPU,
        "Rented or Owned, on Inputs, says which cost the margin bears; both are computed.",
        shared.READ_DASHBOARD,
        shared.TRUST_CHECKS,
    ),
    inputs=INPUTS,
    calc=CALC,
    catalogues=(MODELS.catalogue, CHIPS.catalogue),
    blocks=(STEPS, BY_USE, BY_PRICE, BY_CONTEXT, BY_CHIP, SCENARIOS, LEVERS),
    kpis=(
        Kpi("Revenue", "revenue", u.USD_PER_GPU_HOUR, "per GPU-hour, invoiced"),
        Kpi("Gross margin", "margin", u.USD_PER_GPU_HOUR, "per GPU-hour"),
        Kpi("Gross margin", "margin_share", u.WHOLE_SHARE, "of revenue"),
        Kpi("Break-even utilisation", "needed_use", u.EVEN, "above 100%: never"),
        Kpi("Break-even list price", "even_price", u.CENTS_PER_MTOK, "per million tokens of the mix"),
        Kpi("Gross margin a year", "margin_year", u.USD_PER_YEAR, "per GPU"),
    ),
    reading=(
        (
            '="At "&TEXT(utilisation,"0%")&" use a GPU-hour earns $"&FIXED(kpi.revenue,2)&", costs $"'
            '&FIXED(cogs,2)&": "&margin_word&"."'
        ),
        (
            '="It breaks even "&even_word&" or $"&FIXED(kpi.even_price,2)&" per Mtok. Owned, the GPU costs $"'
            '&FIXED(owned_hour,2)&" an hour."'
        ),
        '=levers.top&" moves the margin most: -$"&FIXED(-levers.worse,2)&" to +$"&FIXED(levers.better,2)&"."',
    ),
    charts=(
        WaterfallChart(
            "From list price to gross margin, $ per GPU-hour",
            "Waterfall: all hours at list, less idle hours, free tier, discounts, fees, support, GPU, staff, to the margin.",
            "steps",
        ),
        XyChart(
            "Gross margin by utilisation and context (axis cut at -100%)",
            "Curves: gross margin in per cent of revenue against utilisation at four contexts.",
            "by_context.down",
            (
                Series("by_context.cells[1]", legend="by_context.legend[1]", colour=style.TEAL, markers=True),
                Series("by_context.cells[2]", legend="by_context.legend[2]", colour=style.NAVY, markers=True),
                Series("by_context.cells[3]", legend="by_context.legend[3]", colour=style.AMBER, markers=True),
                Series("by_context.cells[4]", legend="by_context.legend[4]", colour=style.CORAL, markers=True),
            ),
            across="utilisation",
            across_format="0%",
            format="0%",
            span=(0, 1),
            rise=(-1, 1),
            steps=0.2,
        ),
        XyChart(
            "Revenue and cost by utilisation, $ per GPU-hour",
            "Two lines against utilisation: revenue rises, cost hardly; they cross at break-even; live revenue as a diamond.",
            "by_use.across",
            (
                Series("by_use.revenue", "Revenue", colour=style.TEAL, markers=True),
                Series("by_use.cogs", "Cost of revenue", colour=style.CORAL, markers=True),
                Series("kpi.revenue", "Live", kind="point", x="utilisation", colour=style.AMBER),
            ),
            across="utilisation",
            across_format="0%",
            format="$#,##0.00",
            span=(0, 1),
            steps=0.2,
        ),
        TornadoChart(
            "Levers: one input at its Bull or Bear value, $ per GPU-hour",
            "Tornado: change of the gross margin when one input takes its Bull or Bear value, the strongest lever on top.",
            "levers",
            words=("More margin", "Less margin"),
        ),
        HeatMap("Gross margin by list price of the mix and utilisation, $ per GPU-hour", "by_price", (1, 2, 3, 4, 5)),
        CategoryChart(
            "GPU and staff per million tokens, by GPU, beside what is kept of the price",
            "Columns: cost of a million tokens on seven GPUs at the live utilisation; a line: what is kept of the list price.",
            "by_chip.across",
            (
                Series("by_chip.unit_cost", "GPU and staff", colour=style.SKY, labels="$0.00"),
                Series("by_chip.kept_price", "Kept of the price", kind="line", colour=style.CORAL),
            ),
            format="$0.00",
        ),
    ),
    checks=(
        shared.SCENARIO_IS_KNOWN,
        Check(
            "GPU is rented or owned",
            'OR(supply="Rented",supply="Owned")',
            "Any other word would be taken for rented",
        ),
        shared.WEIGHTS_FIT,
        Check("At least one session fits", "users>=1", "Else nothing is served: throughput and margin are #N/A"),
        Check(
            "Caches of all sessions fit",
            "weights+overhead_bytes+users*session<=gpu_bytes+1",
            "To the byte",
        ),
        Check(
            "Revenue bridge closes",
            "ABS(list_revenue*kept_share+fee_cost+support_cost-revenue)<=1E-09*capacity_value",
            "From used hours at list to what is invoiced, by shares and by amounts",
        ),
        Check(
            "Margin bridge closes",
            "ABS(revenue-fee_cost-support_cost-gpu_hour-staff_hour-margin)<=1E-09*cogs",
            "From revenue to gross margin; the waterfall ends there",
        ),
        Check(
            "Per cent and dollars agree",
            "ABS(margin_share*revenue-margin)<=1E-09*(revenue+cogs)",
            "Two routes to the margin",
        ),
        Check(
            "Break-even utilisation leaves no margin",
            "ABS(capacity_value*needed_use*kept_share-fixed_hour)<=1E-09*fixed_hour",
            "Put back into the revenue",
        ),
        Check(
            "Break-even is #N/A beyond all hours, else a number",
            "ISNA(even_use)=(needed_use>1)",
            "#N/A in even_use where not even full use breaks even",
        ),
        Check(
            "Break-even price leaves no margin",
            "ABS(list_revenue*even_price/list_price*kept_share-fixed_hour)<=1E-09*fixed_hour",
            "Put back into the revenue",
        ),
        Check(
            "Target price leaves the margin aimed at",
            "ABS(target_price*target_kept-unit_cost)<=1E-09*unit_cost",
            "Put back: free tier, discounts, fees, support and margin off, the cost is left",
        ),
        Check(
            "Paybacks are #N/A only where never",
            "COUNT(rent_payback,owned_payback)=(rent>cash_hour)+(margin+gpu_hour>cash_hour)",
            "#N/A where rent saved, or margin, does not cover the cash cost",
        ),
        Check(
            "Cash cost is the year's bill",
            "ABS(cash_hour*8760-rated_kw*(site_pue*usd_kwh*8760+colocation*12))<=1E-09*cash_hour*8760",
            "Electricity and colocation of a year, over all hours",
        ),
        Check(
            "Users pay the revenue",
            "ABS(user_revenue*month_requests*(1-free_share)*12-revenue_year*user_requests)<=1E-06*revenue_year",
            "Put back: what paying users bring in a year, by their requests",
        ),
        Check(
            "Requests write the year's tokens",
            "ABS(month_requests*answer*12-out_rate*utilisation*3600*8760)<=1E-09*month_requests*answer",
            "Twelve months of answers",
        ),
        Check(
            "Users leave the margin",
            "ABS(user_margin*revenue-user_revenue*margin)<=1E-09*(revenue+cogs)*user_revenue",
            "Contribution over revenue is the same of a user and of an hour",
        ),
        Check(
            "No error but #N/A in the calculation",
            "ISERR(SUM(calc.values))=FALSE",
            "#N/A where not one session fits, or what never happens; any other error is a fault",
            bare=True,
        ),
        only_missing("steps", "where not one session fits"),
        only_missing("by_use", "where not one session fits"),
        only_missing("by_price", "where not one session fits"),
        only_missing("by_context", "where not one session fits"),
        only_missing("by_chip", "where weights or a session do not fit"),
        only_missing("scenarios", "where a scenario's model does not fit"),
        only_missing("levers", "where a lever's value does not fit"),
        Check("Levers start from the live margin", "ABS(levers.live-margin)<=1E-09*(revenue+cogs)", "Second computation"),
        shared.STRIP_AGREES,
    ),
    headlines=(
        "margin",
        "margin_share",
        "revenue",
        "cogs",
        "needed_use",
        "even_price",
        "target_price",
        "margin_year",
        "out_rate",
        "rent_payback",
    ),
    signs="Revenue and costs are positive; margins and changes are signed, minus = loss",
    changes=(Change("1.0.0", date(2026, 11, 25), "First version"),),
)

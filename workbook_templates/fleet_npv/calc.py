"""From a GPU's tokens to sixty months of cash, and the same value once more in closed form."""

from workbook_templates import units as u
from workbook_templates.fleet_npv.inputs import CHIPS, MODELS
from workbook_templates.spec import Cases, Line, Months, section

MONTHS = Months(60)
YEARS = Cases("years", "Year", tuple(f"Year {i}" for i in range(1, 6)), "Years")

TIME = section(
    "Months",
    Line("starts", "Month begins", u.DATE, "=DATE(first_year,month,1)"),
    Line("model_year", "Year of the model", u.POSITION, "=-INT(-month/12)"),
    Line("installing", "Installing", u.FLAG, "=(month<=install_months)*1", "paid, not yet serving", total="sum"),
    Line(
        "ramping",
        "Ramping up",
        u.FLAG,
        "=(month>install_months)*(month<=install_months+ramp_months)",
        "utilisation grows",
        total="sum",
    ),
    Line("steady", "Steady", u.FLAG, "=(month>install_months+ramp_months)*1", "full utilisation", total="sum"),
    Line("operating", "Operating", u.FLAG, "=ramping+steady", "serves requests", total="sum"),
    Line(
        "depreciating",
        "Depreciating",
        u.FLAG,
        "=operating*(month<=install_months+life_months)",
        "straight line from the first request",
        total="sum",
    ),
    Line("terminal", "Last month", u.FLAG, "=(month=MAX(month.all))*1", "the fleet is sold", total="sum"),
    Line(
        "ramp",
        "Ramp",
        u.FACTOR,
        "=MIN(1,MAX(0,month-install_months)/ramp_months)",
        "share of the full utilisation",
        total="sum",
        trend=True,
    ),
    Line("owed", "Ramp, while customers still owe", u.FACTOR, "=ramp*(1-terminal)", "all is paid when the fleet is sold"),
    over=MONTHS,
    on="Time",
)

PICKED = section("1  Model and GPU picked, in base units", *MODELS.lines, *CHIPS.lines)

OUTPUT = section(
    "2  What a GPU sells",
    Line("overhead_bytes", "Activations and framework", u.BYTES, "=overhead_gb*1E+09"),
    Line(
        "weights", "Weights", u.BYTES, "=WEIGHT_BYTES(parameters, weight_bits, 0, 0, 0)", "P·b/8, without scales (article 5.4)"
    ),
    Line(
        "session",
        "Cache per session",
        u.BYTES,
        "=(kv_values*context+window_values*MIN(context,window_tokens))*kv_value_bytes+state_bytes",
        "2·L·g·d_k·B_v·n, windows and states besides (article 5.2, 5.7)",
    ),
    Line(
        "users",
        "Users per GPU",
        u.USERS,
        "=USERS_PER_GPU(gpu_bytes, weights, session, overhead_bytes)",
        "whole sessions (article 5.5); #N/A where the weights do not fit",
        key=True,
    ),
    Line("bandwidth_reached", "Bandwidth reached", u.BYTES_PER_S, "=bandwidth*achieved_bandwidth"),
    Line("compute_reached", "Compute reached", u.FLOP_PER_S, "=peak_flops*achieved_compute"),
    Line("batch", "Sequences decoded together", u.SEQUENCES, "=MAX(users,1)", "all users that fit"),
    Line(
        "step_seconds",
        "Step",
        u.SHORT_SECONDS,
        "=DECODE_SECONDS(weights, session, bandwidth_reached, batch, 1, 2*active_parameters, compute_reached)",
        "caches, and the slower of weights and computing; caches full (article 6.1)",
    ),
    Line("token_rate", "Tokens per second, full batch", u.TOKENS_PER_S, "=users/step_seconds", "one GPU", key=True),
    Line("full_mtok", "Sold in a month, all GPUs at work", u.MTOK, "=gpus*token_rate*3600*8760/12/1E+06", "8,760 hours a year"),
    Line("full_revenue", "Month's revenue at the first price", u.USD_PER_MONTH, "=full_mtok*utilisation*price", "ramped up"),
)

COSTS = section(
    "3  What it costs",
    Line("capex", "Fleet, server and network", u.USD, "=gpus*gpu_price*(1+surround)", "paid in month 1", key=True),
    Line("sale", "Sold for in the last month", u.USD, "=capex*residual"),
    Line("write_down", "Depreciation of a month", u.USD, "=(capex-sale)/life_months", "straight line down to the residual"),
    Line("fleet_kw", "Power of the site", u.KILOWATTS, "=gpus*gpu_watts/1000*pue", "rated power, machines and cooling"),
    Line("month_power", "Electricity of a month", u.USD_PER_MONTH, "=fleet_kw*8760/12*power_usd"),
    Line("month_space", "Colocation of a month", u.USD_PER_MONTH, "=fleet_kw*colocation"),
    Line("tier_row", "Number of the staff tier", u.POSITION, "=MATCH(tier,tiers.all,0)"),
    Line("staff_low", "Staff, low end of the tier", u.USD_PER_YEAR, "=INDEX(tier_low.all,1,tier_row)", "article 6.3"),
    Line(
        "staff_year",
        "Staff and operations",
        u.USD_PER_YEAR,
        "=staff_low+tier_place*(INDEX(tier_high.all,1,tier_row)-staff_low)",
        "from month 1 on",
    ),
    Line("month_rate", "Discount rate of a month", u.FINE_SHARE, "=(1+discount)^(1/12)-1", "compounds to the yearly rate"),
    Line("loan", "Loan", u.USD, "=capex*debt_share", "drawn in month 1, repaid evenly over the months to the last"),
)

PROFIT = section(
    "Profit",
    Line("unit_price", "Price of a million tokens", u.USD_PER_MTOK, "=price*(1-price_fall)^(month-1)", "falls every month"),
    Line("sold", "Sold", u.MTOK, "=full_mtok*utilisation*ramp", "million tokens", total="sum"),
    Line("revenue", "Revenue", u.USD, "=sold*unit_price", total="sum", key=True, trend=True),
    Line("fee_cost", "Fees and support", u.USD, "=revenue*fees", total="sum"),
    Line("power_cost", "Electricity", u.USD, "=month_power*operating", total="sum"),
    Line("space_cost", "Colocation", u.USD, "=month_space*operating", total="sum"),
    Line("gross_profit", "Gross profit", u.USD, "=revenue-fee_cost-power_cost-space_cost", total="sum", trend=True),
    Line(
        "gross_share", "Gross margin", u.SHARE, "=IF(revenue>0,gross_profit/revenue,0)", "0 before the first sale", trend=True
    ),
    Line("staff_cost_month", "Staff and operations", u.USD, "=staff_year/12", total="sum"),
    Line("ebitda", "EBITDA", u.USD, "=gross_profit-staff_cost_month", total="sum", key=True, trend=True),
    over=MONTHS,
)

ASSETS = section(
    "Fixed assets: opening + bought - depreciated - sold = closing",
    Line("assets_open", "Opening book value", u.USD, "=N(assets_close.before)"),
    Line("bought", "Bought", u.USD, "=capex*(month=1)", total="sum"),
    Line("depreciation", "Depreciation", u.USD, "=write_down*depreciating", total="sum"),
    Line("scrapped", "Book value of what is sold", u.USD, "=(assets_open+bought-depreciation)*terminal", total="sum"),
    Line("assets_close", "Closing book value", u.USD, "=assets_open+bought-depreciation-scrapped", total="last", trend=True),
    Line("proceeds", "Proceeds of the sale", u.USD, "=sale*terminal", total="sum"),
    over=MONTHS,
)

TAXES = section(
    "Tax, on the fleet without its loan",
    Line("ebit", "EBIT", u.USD, "=ebitda-depreciation+proceeds-scrapped", "the sale's gain or loss included", total="sum"),
    Line("tax_paid", "Tax", u.USD, "=ebit*tax", "a loss is relieved as it arises, against the group's profit", total="sum"),
    over=MONTHS,
)

WORKING = section(
    "Working capital: change = closing - opening",
    Line(
        "owed_close",
        "Closing, owed by customers",
        u.USD,
        "=full_revenue*owed*(1-price_fall)^(month-1)*days_to_pay*12/365",
        "days of revenue; all is paid by the last month",
        total="last",
    ),
    Line("owed_open", "Opening, owed by customers", u.USD, "=N(owed_close.before)"),
    Line("owed_change", "Change", u.USD, "=owed_close-owed_open", total="sum"),
    over=MONTHS,
)

CASH = section(
    "Free cash flow",
    Line(
        "fcf",
        "Free cash flow",
        u.USD,
        "=ebitda-tax_paid-bought+proceeds-owed_change",
        "before financing",
        total="sum",
        key=True,
        trend=True,
    ),
    Line("cash_open", "Opening, cumulative", u.USD, "=N(cumulative.before)"),
    Line("cumulative", "Cumulative", u.USD, "=cash_open+fcf", total="last", key=True, trend=True),
    Line("factor", "Discount factor", u.FACTOR, "=(1+month_rate)^(-month)", "end of month"),
    Line("present", "Present value", u.USD, "=fcf*factor", total="sum", trend=True),
    over=MONTHS,
)

FINANCING = section(
    "Loan: opening + drawn - repaid = closing; the owners' cash",
    Line("loan_open", "Opening loan", u.USD, "=N(loan_close.before)"),
    Line("drawn", "Drawn", u.USD, "=loan*(month=1)", total="sum"),
    Line("repaid", "Repaid", u.USD, "=loan/(MAX(month.all)-1)*(month>1)", "evenly", total="sum"),
    Line("loan_close", "Closing loan", u.USD, "=loan_open+drawn-repaid", total="last", trend=True),
    Line("interest_paid", "Interest", u.USD, "=loan_open*interest/12", total="sum"),
    Line(
        "owners_cash",
        "Cash to the owners",
        u.USD,
        "=fcf+drawn-repaid-interest_paid*(1-tax)",
        "interest saves tax",
        total="sum",
        key=True,
        trend=True,
    ),
    Line("net_income", "Net income", u.USD, "=(ebit-interest_paid)*(1-tax)", total="sum"),
    Line("retained_open", "Opening, earned and paid out", u.USD, "=N(retained.before)", "net income less cash to the owners"),
    Line("retained", "Closing, owners' capital", u.USD, "=retained_open+net_income-owners_cash", total="last"),
    Line(
        "imbalance",
        "Balance: assets - loan - capital",
        u.USD,
        "=ROUND(assets_close+owed_close-loan_close-retained,4)",
        "nothing",
    ),
    over=MONTHS,
)

BY_YEAR = section(
    "Year by year",
    Line("year_number", "Number", u.POSITION, "=MATCH(years,years.all,0)"),
    *(
        Line(f"{name}_y", label, u.USD, f"=SUMPRODUCT((model_year.all=year_number)*{name}.all)", note, key, total="sum")
        for name, label, note, key in (
            ("revenue", "Revenue", "", True),
            ("gross_profit", "Gross profit", "after fees, electricity, colocation", False),
            ("ebitda", "EBITDA", "after staff and operations", True),
            ("depreciation", "Depreciation", "", False),
            ("ebit", "EBIT", "the sale's gain or loss included", False),
            ("tax_paid", "Tax", "relief is negative", False),
            ("bought", "Capital expenditure", "", False),
            ("proceeds", "Proceeds of the sale", "", False),
            ("owed_change", "Change of working capital", "", False),
            ("fcf", "Free cash flow", "", True),
            ("owners_cash", "Cash to the owners", "", False),
        )
    ),
    Line("gross_share_y", "Gross margin", u.SHARE, "=gross_profit_y/MAX(revenue_y,1)", "0 in a year without a sale"),
    Line("cumulative_y", "Cumulative cash at year's end", u.USD, "=INDEX(cumulative.all,1,12*year_number)"),
    over=YEARS,
)

VALUE = section(
    "4  Value",
    Line("npv", "Net present value", u.USD, "=SUMPRODUCT(fcf.all,factor.all)", "explicit discount factors", key=True),
    Line(
        "irr_month",
        "IRR of a month",
        u.FINE_SHARE,
        "=IF(fcf.total>0,IRR(fcf.all,month_rate),NA())",
        "#N/A where the money never comes back; searched from the discount rate",
    ),
    Line("irr", "IRR, annual", u.SHARE, "=(1+irr_month)^12-1", "compounded", key=True),
    Line(
        "irr_gap",
        "NPV at the IRR",
        u.USD,
        "=IF(fcf.total>0,ROUND(SUMPRODUCT(fcf.all,(1+irr_month)^(-month.all)),2),0)",
        "nothing",
    ),
    Line(
        "payback",
        "Payback, month",
        u.MONTHS,
        '=IF(cumulative.total>=0,COUNTIF(cumulative.all,"<0")+1,NA())',
        "months below zero, and one; #N/A where it never comes",
        key=True,
    ),
    Line("peak_funding", "Peak funding", u.USD, "=-MIN(cumulative.all)", "the deepest point of cumulative cash", key=True),
    Line("roi", "Return on the fleet's cost", u.EVEN, "=fcf.total/capex", "undiscounted, over all months", key=True),
    Line("gpu_hours", "GPU-hours of the operating months", u.HOURS, "=gpus*8760/12*operating.total"),
    Line(
        "running_cost",
        "Cost of running it",
        u.USD,
        "=fee_cost.total+power_cost.total+space_cost.total+staff_cost_month.total",
    ),
    Line(
        "hour_cost",
        "All-in cost of a GPU-hour",
        u.USD_PER_GPU_HOUR,
        "=(running_cost+capex-sale)/gpu_hours",
        "undiscounted, before tax, used or not",
        key=True,
    ),
    Line(
        "used_hour_cost",
        "All-in cost of a used GPU-hour",
        u.USD_PER_GPU_HOUR,
        "=hour_cost*operating.total/(ramp.total*utilisation)",
    ),
    break_before=True,
)

PARTS = section(
    "6  Present values that add up to it",
    *(
        Line(f"pv_{name}", label, u.USD, f"=SUMPRODUCT({row}.all,factor.all)", note)
        for name, label, row, note in (
            ("revenue", "Revenue", "revenue", ""),
            ("fees", "Fees and support", "fee_cost", ""),
            ("power", "Electricity", "power_cost", ""),
            ("space", "Colocation", "space_cost", ""),
            ("staff", "Staff", "staff_cost_month", ""),
            ("tax", "Tax", "tax_paid", "less its relief"),
            ("capex", "Fleet", "bought", ""),
            ("working", "Working capital", "owed_change", "bound, and freed at the end"),
            ("sale", "Sale", "proceeds", ""),
        )
    ),
    Line(
        "parts_sum",
        "Together",
        u.USD,
        "=pv_revenue-pv_fees-pv_power-pv_space-pv_staff-pv_tax-pv_working-pv_capex+pv_sale",
    ),
    Line(
        "even_price",
        "First price at which NPV is zero",
        u.USD_PER_MTOK,
        "=price*(1-npv/MAX(full_revenue*revenue_value,1))",
        "value is linear in the price; see below",
        key=True,
    ),
)

CLOSED = section(
    "5  The value once more, in closed form",
    Line("last_month", "Last month", u.MONTHS, "=MAX(month.all)"),
    Line(
        "sold_months",
        "Months of full revenue, discounted",
        u.MONTHS_OF_VALUE,
        "=SUMPRODUCT(ramp.all,(1-price_fall)^(month.all-1),(1+discount)^(-month.all/12))",
        "ramp, falling price, discount",
    ),
    Line(
        "owed_months",
        "Months of it owed, discounted",
        u.MONTHS_OF_VALUE,
        "=SUMPRODUCT(owed.all,(1-price_fall)^(month.all-1),(1+discount)^(-month.all/12))",
        "nothing is owed in the last month",
    ),
    Line(
        "served_months",
        "Months of operation, discounted",
        u.MONTHS_OF_VALUE,
        "=SUMPRODUCT(operating.all,(1+discount)^(-month.all/12))",
    ),
    Line("staffed_months", "Months of staff, discounted", u.MONTHS_OF_VALUE, "=SUMPRODUCT((1+discount)^(-month.all/12))"),
    Line(
        "worn_months",
        "Months of depreciation, discounted",
        u.MONTHS_OF_VALUE,
        "=SUMPRODUCT(depreciating.all,(1+discount)^(-month.all/12))",
    ),
    Line("book_left", "Book value when sold", u.USD, "=capex-write_down*depreciating.total"),
    Line(
        "owed_drag",
        "Cost of waiting for the customers",
        u.FACTOR,
        "=days_to_pay*12/365*(1-(1+discount)^(-1/12))",
        "what is owed comes a month later, again and again",
    ),
    Line(
        "revenue_value",
        "Value of a month's revenue",
        u.MONTHS_OF_VALUE,
        "=(1-tax)*(1-fees)*sold_months-owed_drag*owed_months",
        "after fees, tax and waiting",
    ),
    Line(
        "running_value",
        "Electricity, colocation, staff",
        u.USD,
        "=(1-tax)*((month_power+month_space)*served_months+staff_year/12*staffed_months)",
        "after tax",
    ),
    Line(
        "sale_value",
        "Sale, after tax on its gain",
        u.USD,
        "=(sale-tax*(sale-book_left))*(1+discount)^(-last_month/12)",
    ),
    Line(
        "fixed_value",
        "All but revenue",
        u.USD,
        "=tax*write_down*worn_months+sale_value-running_value-capex*(1+discount)^(-1/12)",
        "depreciation saves tax",
    ),
    Line(
        "npv_closed",
        "Net present value, closed form",
        u.USD,
        "=full_revenue*revenue_value+fixed_value",
        "no month's row is read but the flags",
        key=True,
    ),
)

CALC = (TIME, PICKED, OUTPUT, COSTS, PROFIT, ASSETS, TAXES, WORKING, CASH, FINANCING, BY_YEAR, VALUE, CLOSED, PARTS)

"""From users and requests to two bills a month, and to the requests and the users at which they are equal."""

from workbook_templates import units as u
from workbook_templates.edge_vs_cloud.inputs import MODELS
from workbook_templates.spec import WORD, Line, section

PICKED = section("1  The model picked, in base units", *MODELS.lines)

FIT = section(
    "2  Whether the device can, and how fast",
    Line("weights", "Weights", u.BYTES, "=WEIGHT_BYTES(parameters, weight_bits, 0, 0, 0)", "P·b/8, without scales"),
    Line(
        "cache",
        "Cache at the context kept",
        u.BYTES,
        "=(kv_values*context+window_values*MIN(context,window_tokens))*kv_value_bytes+state_bytes",
        "2·L·g·d_k·B_v·n, windows and states besides (article 5.2, 5.7)",
    ),
    Line("budget", "Memory for AI", u.BYTES, "=budget_gb*1E+09", "decimal GB"),
    Line(
        "fits",
        "Model and cache fit",
        WORD,
        '=IF(EDGE_FITS(weights, cache, budget),"yes","no")',
        "article 8: 3-4 GB are there for AI",
        key=True,
    ),
    Line("read_bytes", "Weights read for a token", u.BYTES, "=weights*active_parameters/parameters", "active ones alone"),
    Line("phone_bandwidth", "Bandwidth", u.BYTES_PER_S, "=phone_gb_s*1E+09"),
    Line("phone_flops", "Compute reached", u.FLOP_PER_S, "=phone_tflops*1E+12"),
    Line("token_flops", "Operations for a token", u.FLOP_PER_TOKEN, "=2*active_parameters", "two per parameter (article 2.1)"),
    Line(
        "answer_rate",
        "Generation",
        u.FINE_TOKENS_PER_S,
        "=TOKENS_PER_SECOND(read_bytes, cache, phone_bandwidth, 1, phone_efficiency, token_flops, phone_flops, 1)",
        "the slower of reading weights and computing, cache full (article 4.5, 6.1)",
        key=True,
    ),
    Line("prompt_tokens", "Prompt of a request", u.TOKENS, "=tokens_per_request*(1-answer_share)"),
    Line(
        "prompt_seconds",
        "Wait for the first token",
        u.WAIT_SECONDS,
        "=PREFILL_SECONDS(prompt_tokens*token_flops, phone_flops)",
        "compute-bound; the article's 2-3 s (4.5) fits an NPU, its CPU's 0.05 TFLOPS would take a minute",
    ),
    Line(
        "request_seconds",
        "Time of a request",
        u.WAIT_SECONDS,
        "=prompt_seconds+tokens_per_request*answer_share/answer_rate",
        "prompt, then the answer token by token",
        key=True,
    ),
)

PHONE = section(
    "3  What the user's phone pays",
    Line(
        "power_request",
        "Electricity of a request",
        u.USD_PER_REQUEST,
        "=EDGE_ENERGY_COST(device_watts, request_seconds, power_usd)",
        "article 7.1 names the draw, not the money",
    ),
    Line(
        "wear_request",
        "Battery wear of a request",
        u.USD_PER_REQUEST,
        "=EDGE_ENERGY_COST(device_watts, request_seconds, wear_usd)",
        "each kWh through a battery brings its end nearer",
    ),
    Line(
        "phone_mtok",
        "Both, per million tokens",
        u.USD_PER_MTOK,
        "=(power_request+wear_request)*1E+06/tokens_per_request",
        "the article has a marginal cost near zero: so it is for the firm, not for the battery",
        key=True,
    ),
    Line("user_mtok", "Of it, what we count", u.USD_PER_MTOK, "=phone_mtok*user_share", "0 where the user simply bears it"),
)

YEAR = section(
    "4  Use and price in the year looked at",
    Line("users", "Monthly active users", u.USERS, "=mau_m*1E+06"),
    Line("requests_then", "Requests per user", u.REQUESTS_PER_MONTH, "=requests*(1+use_growth)^years_ahead"),
    Line("price_then", "Cloud price", u.USD_PER_MTOK, "=api_usd*(1-api_fall)^years_ahead"),
    Line("able_users", "Users with an able device", u.USERS, "=users*able_share"),
    Line(
        "local_tokens",
        "Tokens of a request kept on the device",
        u.TOKENS,
        "=tokens_per_request*(1-fallback)",
        "on average; the rest goes on to the cloud",
    ),
    Line(
        "moved_share",
        "Share of all tokens that leave the cloud",
        u.SHARE,
        "=able_share*(1-fallback)",
        "able devices, requests not sent on",
    ),
)

CLOUD = section(
    "5  All in the cloud",
    Line(
        "cloud_all",
        "Cloud bill",
        u.USD_PER_MONTH,
        "=CLOUD_MONTHLY_COST(users, requests_then, tokens_per_request, price_then)",
        "article 7.2: $1.125M at 50 requests, $11.25M at 500",
        key=True,
    ),
    Line("cloud_user", "a user", u.USD_PER_DEVICE_MONTH, "=cloud_all/users"),
)

EDGE = section(
    "6  With devices",
    Line("licence_month", "Licence per device", u.USD_PER_DEVICE_MONTH, "=licence_usd/licence_months", "over its life"),
    Line(
        "updates_month",
        "Updates per device",
        u.USD_PER_DEVICE_MONTH,
        "=update_usd*updates_year/12",
        "article 7.1 prices them, its crossover (7.2) leaves them out",
    ),
    Line(
        "device_month",
        "Device, both",
        u.USD_PER_DEVICE_MONTH,
        "=DEVICE_MONTHLY_COST(licence_usd, licence_months, update_usd, updates_year)",
        "the same whatever is asked of it",
        key=True,
    ),
    Line("fixed", "Engineering", u.USD_PER_MONTH, "=platforms*platform_usd", "no user changes it (article 7.1)"),
    Line(
        "device_bill",
        "Devices and engineering",
        u.USD_PER_MONTH,
        "=EDGE_MONTHLY_COST(able_users, device_month, fixed)",
        "flat in requests",
    ),
    Line(
        "cloud_kept",
        "Cloud bill that stays",
        u.USD_PER_MONTH,
        "=cloud_all*(1-moved_share)",
        "devices that cannot, requests sent on",
    ),
    Line(
        "user_bill",
        "The user's cost that we count",
        u.USD_PER_MONTH,
        "=able_users*requests_then*local_tokens*user_mtok/1E+06",
    ),
    Line("edge_total", "Bill with devices", u.USD_PER_MONTH, "=device_bill+cloud_kept+user_bill", key=True),
    Line(
        "saving", "Saving by the device", u.USD_PER_MONTH, "=cloud_all-edge_total", "negative: the cloud is cheaper", key=True
    ),
    Line("saving_share", "of the cloud bill", u.SHARE, "=saving/cloud_all"),
    Line(
        "edge_multiple", "Cloud bill over bill with devices", u.RATIO, "=cloud_all/edge_total", "article: 11x at 500 requests"
    ),
    Line("cheaper", "Cheaper", WORD, '=IF(saving>0,"Device","Cloud")', key=True),
)

THRESHOLDS = section(
    "7  Where the two are equal",
    Line(
        "saved_mtok",
        "Saved per million tokens moved",
        u.USD_PER_MTOK,
        "=IF(price_then>user_mtok,price_then-user_mtok,NA())",
        "#N/A where the phone's own cost is no lower: then there is no threshold",
    ),
    Line(
        "user_gain",
        "Gain per able user before engineering",
        u.USD_PER_DEVICE_MONTH,
        "=requests_then*local_tokens*(price_then-user_mtok)/1E+06-device_month",
        "only where it is positive can more users pay for the engineering",
    ),
    Line(
        "cross_requests",
        "Threshold of requests per user",
        u.TENTH_REQUESTS,
        "=EDGE_CROSSOVER_REQUESTS(device_month, local_tokens, saved_mtok, fixed, able_users)",
        "from there on the device wins, at these users; #N/A where it never does",
        key=True,
    ),
    Line(
        "cross_floor",
        "the same with users without end",
        u.TENTH_REQUESTS,
        "=EDGE_CROSSOVER_REQUESTS(device_month, local_tokens, saved_mtok)",
        "engineering spread to nothing: below it no number of users helps",
    ),
    Line(
        "cross_able",
        "Threshold of able users",
        u.USERS,
        "=EDGE_CROSSOVER(fixed, device_month, requests_then, local_tokens, saved_mtok)",
        "at these requests; 0 without engineering, #N/A where a device costs more than it saves",
    ),
    Line(
        "cross_users",
        "Threshold of users",
        u.USERS,
        "=cross_able/able_share",
        "able or not; from there on the device wins, at these requests",
        key=True,
    ),
    Line(
        "article_requests",
        "Requests, the article's way",
        u.TENTH_REQUESTS,
        "=EDGE_CROSSOVER_REQUESTS(licence_month, tokens_per_request, price_then)",
        "licence alone: 37.0; the article's $1.0M holds $0.17M that it does not explain and crosses at 44.4",
    ),
    Line(
        "price_even",
        "Cloud price at which they are equal",
        u.USD_PER_MTOK,
        "=(device_month+fixed/able_users)*1E+06/(requests_then*local_tokens)+user_mtok",
        "below it the cloud is cheaper",
        key=True,
    ),
    Line(
        "licence_even",
        "Highest licence that still pays",
        u.USD_PER_DEVICE,
        "=licence_months*(user_gain+licence_month-fixed/able_users)",
        "negative: not even a free licence pays",
        key=True,
    ),
    Line(
        "payback",
        "Months until the launch is paid back",
        u.TENTH_MONTHS,
        "=IF(saving>0,launch_usd/saving,NA())",
        "at the saving above; #N/A where there is none",
        key=True,
    ),
)

PROOF = section(
    "8  The thresholds put in again",
    Line(
        "cloud_at_requests",
        "Cloud bill at the threshold of requests",
        u.USD_PER_MONTH,
        "=CLOUD_MONTHLY_COST(users, cross_requests, tokens_per_request, price_then)",
    ),
    Line(
        "edge_at_requests",
        "Bill with devices there",
        u.USD_PER_MONTH,
        "=device_bill+cloud_at_requests*(1-moved_share*(1-user_mtok/price_then))",
    ),
    Line(
        "gap_at_requests",
        "Difference",
        u.USD_PER_MONTH,
        "=IF(ISNUMBER(cross_requests),cloud_at_requests-edge_at_requests,0)",
        "none; 0 where there is no threshold",
    ),
    Line(
        "above",
        "Use is above the threshold",
        u.FLAG,
        "=IF(ISNUMBER(cross_requests),(requests_then>cross_requests)*1,0)",
        "1 = yes",
    ),
    Line(
        "cloud_at_users",
        "Cloud bill at the threshold of users",
        u.USD_PER_MONTH,
        "=CLOUD_MONTHLY_COST(cross_users, requests_then, tokens_per_request, price_then)",
    ),
    Line(
        "edge_at_users",
        "Bill with devices there",
        u.USD_PER_MONTH,
        "=cross_able*device_month+fixed+cloud_at_users*(1-moved_share*(1-user_mtok/price_then))",
    ),
    Line(
        "gap_at_users",
        "Difference",
        u.USD_PER_MONTH,
        "=IF(ISNUMBER(cross_users),cloud_at_users-edge_at_users,0)",
        "none; 0 where there is no threshold",
    ),
)

TOKEN = section(
    "9  Per million tokens on the device",
    Line("life_years", "Life of a device", u.LIFE_YEARS, "=licence_months/12"),
    Line(
        "day_tokens",
        "Tokens of its life at the article's requests a day",
        u.TOKENS,
        "=DEVICE_LIFETIME_TOKENS(article_day, tokens_per_request, life_years)",
        "41.06M at 50 a day",
    ),
    Line(
        "day_mtok",
        "Licence per million of them",
        u.USD_PER_MTOK_FINE,
        "=EDGE_COST_PER_MTOK(licence_usd, day_tokens)",
        "$0.0073",
    ),
    Line(
        "life_tokens",
        "Tokens of its life at the requests above",
        u.TOKENS,
        "=DEVICE_LIFETIME_TOKENS(requests_then*12/365, tokens_per_request, life_years)",
        "1.35M at 50 a month: the article's $0.007 and its crossover are thirty times apart",
    ),
    Line(
        "life_mtok",
        "Licence per million of them",
        u.USD_PER_MTOK_FINE,
        "=EDGE_COST_PER_MTOK(licence_usd, life_tokens)",
        "$0.222",
    ),
    Line(
        "all_mtok",
        "All costs, per million tokens kept on it",
        u.USD_PER_MTOK_FINE,
        "=price_even",
        "licence, updates, engineering, user's cost: to compare with the cloud's price",
    ),
)

WORDS = section(
    "10  In words",
    Line(
        "requests_figure", "Requests, for the dashboard", WORD, '=IF(ISNUMBER(cross_requests),FIXED(cross_requests,0),"none")'
    ),
    Line("users_figure", "Users, for the dashboard", WORD, '=IF(ISNUMBER(cross_users),FIXED(cross_users/1E+06,1)&" M","none")'),
    Line("licence_figure", "Licence, for the dashboard", WORD, '=IF(licence_even>=0,"$"&FIXED(licence_even,2),"none")'),
    Line(
        "requests_words",
        "Threshold of requests",
        WORD,
        '=IF(ISNUMBER(cross_requests),"from "&FIXED(cross_requests,0)&" requests","never")',
    ),
    Line("users_words", "Threshold of users", WORD, '=IF(ISNUMBER(cross_users),"from "&users_figure&" users","never")'),
)

MILLIONS = section(
    "11  From one bill to the other, in millions a month",
    Line("m_cloud", "All in the cloud", u.MILLION_USD_PER_MONTH, "=cloud_all/1E+06"),
    Line("m_moved", "Moved to devices", u.MILLION_USD_PER_MONTH, "=(cloud_all-cloud_kept)/1E+06"),
    Line("m_licences", "Licences", u.MILLION_USD_PER_MONTH, "=able_users*licence_month/1E+06"),
    Line("m_updates", "Updates", u.MILLION_USD_PER_MONTH, "=able_users*updates_month/1E+06"),
    Line("m_fixed", "Engineering", u.MILLION_USD_PER_MONTH, "=fixed/1E+06"),
    Line("m_user", "The user's cost that we count", u.MILLION_USD_PER_MONTH, "=user_bill/1E+06"),
    Line("m_added", "Added, all of it", u.MILLION_USD_PER_MONTH, "=m_licences+m_updates+m_fixed+m_user"),
    Line("m_total", "With devices", u.MILLION_USD_PER_MONTH, "=edge_total/1E+06"),
)

CALC = (PICKED, FIT, PHONE, YEAR, CLOUD, EDGE, THRESHOLDS, PROOF, TOKEN, WORDS, MILLIONS)

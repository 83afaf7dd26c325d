"""What several figures have in common, the figures, and what follows from them."""

from pycalc.claims import Verdict
from workbook_templates import units as u
from workbook_templates.article_claims.claims import STATED
from workbook_templates.spec import Cases, Line, section

BASE_UNITS = section(
    "1  Base units",
    Line("h100_flops", "H100, compute", u.FLOP_PER_S, "=h100_tflops*1E+12"),
    Line("h100_bandwidth", "H100, bandwidth", u.BYTES_PER_S, "=h100_gb_s*1E+09"),
    Line("h100_bytes", "H100, memory", u.BYTES, "=h100_gb*1E+09", "decimal GB, as vendors count"),
    Line("phone_flops", "Phone CPU, compute", u.FLOP_PER_S, "=phone_gflops*1E+09"),
    Line("phone_bandwidth", "Phone, bandwidth", u.BYTES_PER_S, "=phone_gb_s*1E+09"),
    Line("overhead_bytes", "Activations and framework", u.BYTES, "=overhead_gb*1E+09"),
    Line("users_monthly", "Monthly users", u.USERS, "=mau_m*1E+06"),
)

LAYER = section(
    "2  A layer at the usual context",
    Line("mlp_flops", "MLP", u.FLOP, "=MLP_FLOPS(context_4k, small_dim)", "16nd² (article 2.6)"),
    Line(
        "gated_flops",
        "Gated MLP",
        u.FLOP,
        "=2*3*context_4k*small_dim*(8*small_dim/3)",
        "three matrices, 8d/3 wide (article 2.6)",
    ),
    Line(
        "projection_flops",
        "Projections of attention",
        u.FLOP,
        "=QKV_FLOPS(context_4k, small_dim)+OUTPUT_FLOPS(context_4k, small_dim)",
        "8nd² (article 2.1, 2.4)",
    ),
    Line("attention_part", "Attention in all", u.FLOP, "=ATTENTION_FLOPS(context_4k, small_dim)", "8nd² + 4n²d (article 2.5)"),
    Line("expert_flops", "One expert, one token", u.FLOP, "=MLP_FLOPS(1, small_dim)", "as many as two for each parameter"),
)

MIXTRAL = section(
    "3  Mixtral 8x7B, parameters",
    Line(
        "mix_attention",
        "Attention of a layer",
        u.PARAMETERS,
        "=QKV_FLOPS(1, mix_dim, mix_heads, mix_kv_heads, mix_head_dim)/2+mix_heads*mix_head_dim*mix_dim",
        "two operations for each parameter; the output projection",
    ),
    Line(
        "mix_shared",
        "What every token passes through",
        u.PARAMETERS,
        "=mix_layers*(mix_attention+mix_dim*mix_experts+2*mix_dim)+mix_dim+2*mix_vocabulary*mix_dim",
        "attention, router and norms of each layer, the last norm, embedding and head",
    ),
    Line("mix_expert", "One expert of every layer", u.PARAMETERS, "=mix_layers*3*mix_dim*mix_ffn", "three matrices"),
)

MEMORY = section(
    "4  Memory",
    Line(
        "cache_1b_32k",
        "1B-class model, cache at 32K",
        u.BYTES,
        "=KV_BYTES(context_32k, layers_1b, kv_heads, head_dim_1b, int8_bytes)",
        "2·L·g·d_k·B_v·n (article 5.2)",
    ),
    Line(
        "cache_1b_128k",
        "1B-class model, cache at 128K",
        u.BYTES,
        "=KV_BYTES(context_128k, layers_1b, kv_heads, head_dim_1b, int8_bytes)",
    ),
    Line(
        "cache_hybrid_32k",
        "Hybrid, cache at 32K",
        u.BYTES,
        "=KV_BYTES(context_32k, hybrid_layers, kv_heads, head_dim_1b, int8_bytes)",
        "six layers that attend (article 5.3)",
    ),
    Line("weights_1b", "1B-class model, weights", u.BYTES, "=WEIGHT_BYTES(params_1b*1E+09, int4_bits, 0, 0, 0)", "P·b/8"),
    Line("weights_7b", "7B model, weights", u.BYTES, "=WEIGHT_BYTES(params_7b*1E+09, int4_bits, 0, 0, 0)"),
    Line("weights_14b", "14B model, weights", u.BYTES, "=WEIGHT_BYTES(params_14b*1E+09, int4_bits, 0, 0, 0)"),
    Line(
        "session_4k",
        "7B model, a session at 4K",
        u.BYTES,
        "=KV_BYTES(context_4k, layers_7b, kv_heads, head_dim, int8_bytes)",
        "(article 5.5)",
    ),
    Line(
        "session_32k",
        "7B model, a session at 32K",
        u.BYTES,
        "=KV_BYTES(context_32k, layers_7b, kv_heads, head_dim, int8_bytes)",
    ),
    Line(
        "session_128k",
        "7B model, a session at 128K",
        u.BYTES,
        "=KV_BYTES(context_128k, layers_7b, kv_heads, head_dim, int8_bytes)",
    ),
    Line(
        "cache_14b",
        "14B model, cache at 32K",
        u.BYTES,
        "=KV_BYTES(context_32k, layers_14b, kv_heads, head_dim, int8_bytes)",
        "(article 6.1)",
    ),
)

MONEY = section(
    "5  Money",
    Line(
        "floor",
        "A million tokens at full use",
        u.USD_PER_MTOK,
        "=COST_PER_MTOK(h100_rent, token_rate)",
        "one sequence",
        key=True,
    ),
    Line("api_blend", "API, blended", u.USD_PER_MTOK, "=BLENDED_PRICE(api_in, api_out, parts_in, parts_out)", "(article 6.3)"),
    Line(
        "lifetime_tokens",
        "Tokens of a device's life",
        u.TOKENS,
        "=DEVICE_LIFETIME_TOKENS(requests_daily, request_tokens, life_months/12)",
        "(article 7.2)",
    ),
    Line("device_month", "Licence of a device, a month", u.USD_PER_MONTH_3, "=DEVICE_MONTHLY_COST(licence, life_months)"),
    Line(
        "cloud_many",
        "Cloud, many requests",
        u.USD_PER_MONTH,
        "=CLOUD_MONTHLY_COST(users_monthly, requests_many, request_tokens, cloud_price)",
    ),
)

CLAIMS = section("The article's figures, one by one", *STATED, on="Calc_Claims")

VERDICTS = Cases("word", "Verdict", tuple(Verdict), "Verdicts")
BY_VERDICT = section(
    "Figures by verdict",
    Line("with_verdict", "Figures", u.COUNT, "=COUNTIF(calc_claims.verdict,word)", "of the live inputs", total="sum", key=True),
    Line("recorded_as", "As recorded", u.COUNT, "=COUNTIF(calc_claims.recorded,word)", "by llmecon claims", total="sum"),
    over=VERDICTS,
)

CHAPTERS = Cases(
    "chapter",
    "Chapter",
    (
        "0 Highlights",
        "1 Attention",
        "2 Operations",
        "3 Two phases",
        "4 Roofline",
        "5 Memory",
        "6 Cost of a token",
        "7 Device or cloud",
    ),
    "Chapters",
)
BY_CHAPTER = section(
    "Figures by chapter of the article",
    Line(
        "in_chapter",
        "Figures",
        u.COUNT,
        '=COUNTIF(calc_claims.section,LEFT(chapter,1)&"*")',
        "by the first sign of the section",
        total="sum",
    ),
    Line(
        "hold",
        "Hold",
        u.COUNT,
        '=COUNTIFS(calc_claims.section,LEFT(chapter,1)&"*",calc_claims.verdict,"agrees")',
        "agrees",
        total="sum",
    ),
    Line(
        "nearly",
        "Off by a digit",
        u.COUNT,
        '=COUNTIFS(calc_claims.section,LEFT(chapter,1)&"*",calc_claims.verdict,"imprecise")',
        "imprecise",
        total="sum",
    ),
    Line(
        "in_1024s",
        "Right in powers of 1024",
        u.COUNT,
        '=COUNTIFS(calc_claims.section,LEFT(chapter,1)&"*",calc_claims.verdict,"units")',
        "units",
        total="sum",
    ),
    Line(
        "not_right",
        "Wrong",
        u.COUNT,
        '=COUNTIFS(calc_claims.section,LEFT(chapter,1)&"*",calc_claims.verdict,"wrong")',
        "wrong",
        total="sum",
    ),
    Line(
        "contradicts",
        "Contradicts other figures",
        u.COUNT,
        '=COUNTIFS(calc_claims.section,LEFT(chapter,1)&"*",calc_claims.verdict,"inconsistent")',
        "inconsistent",
        total="sum",
    ),
    Line(
        "one_sided",
        "Nothing to compare",
        u.COUNT,
        "=in_chapter-hold-nearly-in_1024s-not_right-contradicts",
        "assumption, derived",
        total="sum",
    ),
    over=CHAPTERS,
)

ANSWER = section(
    "6  How many hold",
    Line("examined", "Figures examined", u.COUNT, "=ROWS(calc_claims.verdict)", "one row each on Calc_Claims"),
    Line(
        "agree",
        "Figures that hold",
        u.COUNT,
        '=COUNTIF(calc_claims.verdict,"agrees")',
        "to the digits that are printed",
        key=True,
    ),
    Line(
        "slips",
        "Figures nearly right",
        u.COUNT,
        '=COUNTIF(calc_claims.verdict,"imprecise")+COUNTIF(calc_claims.verdict,"units")',
        "off by a digit, or powers of 1024 called MB and GB",
    ),
    Line(
        "wrong",
        "Figures that do not hold",
        u.COUNT,
        '=COUNTIF(calc_claims.verdict,"wrong")+COUNTIF(calc_claims.verdict,"inconsistent")',
        "not what the article's own inputs give",
        key=True,
    ),
    Line("compared", "Figures that can be compared", u.COUNT, "=SUM(calc_claims.both)", "printed and computable"),
    Line("share_agree", "Share that holds", u.SHARE, "=agree/compared", "of those that can be compared", key=True),
)

CORRECTION = section(
    "7  What the largest slips mean",
    Line(
        "floor_factor",
        "A million tokens, over what is printed",
        u.TIMES,
        "=floor/printed_floor",
        "a token's cost, multiplied by a thousand only",
        key=True,
    ),
    Line(
        "needed_rate",
        "Tokens a second for the printed cost",
        u.TOKENS_PER_S,
        "=h100_rent*1E+06/(3600*printed_floor)",
        "of one H100 at that rent",
    ),
    Line("needed_streams", "as so many sequences", u.SEQUENCES, "=needed_rate/token_rate", "if none slowed another down"),
    Line(
        "held_sequences",
        "Sequences that fit",
        u.USERS,
        "=USERS_PER_GPU(h100_bytes, weights_14b, cache_14b, overhead_bytes)",
        "the 14B model at 32K on an H100",
    ),
    Line(
        "batch_rate",
        "Tokens a second, all that fit",
        u.TOKENS_PER_S,
        "=TOKENS_PER_SECOND(weights_14b, cache_14b, h100_bandwidth, MAX(1,held_sequences), (low_share+high_share)/2)",
        "between the low and the high share of the bandwidth",
    ),
    Line("batch_cost", "A million tokens, all that fit", u.USD_PER_MTOK, "=COST_PER_MTOK(h100_rent, batch_rate)", "full use"),
    Line(
        "phone_needed",
        "Phone compute for a prompt in 2.5 s",
        u.GFLOPS,
        "=prompt_ms/1000*h100_flops/phone_wait/1E+09",
        "the middle of the article's 2-3 s",
    ),
    Line(
        "licence_needed",
        "Licence that costs what is printed",
        u.USD_CENTS,
        "=device_usd*life_months",
        "$1.0M a month for 100M devices",
    ),
)

CALC = (BASE_UNITS, LAYER, MIXTRAL, MEMORY, MONEY, CLAIMS, BY_VERDICT, BY_CHAPTER, ANSWER, CORRECTION)

"""Every figure of `pycalc.claims` with the formula that computes it from the inputs."""

from decimal import Decimal

from pycalc.claims import Claim, Verdict, claims
from workbook_templates import units as u
from workbook_templates.spec import Stated, Unit

HIGHLIGHTS = "0"
"""What stands before the article's first section, as a section."""
ABOVE = 1e-9
"""How much more than its bound a figure must be that the article gives as "more than"."""
NO_LIMIT = 1e99
BINARY = {"MB": 2**20 / 10**6, "GB": 2**30 / 10**9}
GIVEN_AS_FORMULA = {"n/B_p": 4096 / 2}
"""A figure that the article gives as a formula, at its own n and B_p."""

FORMULAS: dict[str, tuple[Unit, str]] = {
    "1.3-scores": (u.MILLIONS, "=context_4k^2/1E+06"),
    "1.4-std": (u.NUMBER, "=SQRT(vector_dim)"),
    "1.5-softmax": (u.RATIO, "=EXP(high_score-low_score)"),
    "1.8-gqa": (u.RATIO, "=all_heads/kv_heads"),
    "2.1-qkv": (u.GFLOP, "=QKV_FLOPS(context_4k, small_dim)/1E+09"),
    "2.2-score-4k": (u.GFLOP, "=SCORE_FLOPS(context_4k, small_dim)/1E+09"),
    "2.2-score-32k": (u.GFLOP, "=SCORE_FLOPS(context_32k, small_dim)/1E+09"),
    "2.5-crossover": (u.TOKENS, "=ATTENTION_CROSSOVER(small_dim)"),
    "2.6-mlp": (u.GFLOP, "=mlp_flops/1E+09"),
    "2.6-mlp-vs-proj": (u.RATIO, "=mlp_flops/projection_flops"),
    "2.6-mlp-vs-attn": (u.RATIO, "=mlp_flops/attention_part"),
    "2.6-swiglu": (u.RATIO, "=gated_flops/mlp_flops"),
    "2.6-moe-params": (u.RATIO, "=MOE_FLOPS(1, small_dim, 4*small_dim, expert_count)/expert_flops"),
    "2.6-mixtral-total": (u.BILLION_PARAMETERS, "=(mix_shared+mix_experts*mix_expert)/1E+09"),
    "2.6-mixtral-active": (u.BILLION_PARAMETERS, "=(mix_shared+mix_active*mix_expert)/1E+09"),
    "2.7-share-1k": (u.FINE_SHARE, "=QUADRATIC_SHARE(context_1k, small_dim)"),
    "2.7-share-4k": (u.FINE_SHARE, "=QUADRATIC_SHARE(context_4k, small_dim)"),
    "2.7-share-32k": (u.FINE_SHARE, "=QUADRATIC_SHARE(context_32k, small_dim)"),
    "2.7-share-128k": (u.FINE_SHARE, "=QUADRATIC_SHARE(context_128k, small_dim)"),
    "3.1-prefill-ai": (u.INTENSITY, "=PREFILL_INTENSITY(context_4k, fp16_bytes)"),
    "3.1-attn-ai": (u.INTENSITY, "=ATTENTION_INTENSITY(context_4k, fp16_bytes)"),
    "3.2-decode-ai-fp16": (u.INTENSITY, "=DECODE_INTENSITY(fp16_bytes)"),
    "3.2-decode-ai-int8": (u.INTENSITY, "=DECODE_INTENSITY(int8_bytes)"),
    "3.2-decode-ai-int4": (u.INTENSITY, "=DECODE_INTENSITY(int4_bytes)"),
    "4.1-compute-gap": (u.GAP, "=h100_flops/phone_flops"),
    "4.1-bw-gap": (u.GAP, "=h100_gb_s/phone_gb_s"),
    "4.2-ridge-h100": (u.INTENSITY, "=RIDGE_POINT(h100_flops, h100_bandwidth)"),
    "4.2-ridge-a100": (u.INTENSITY, "=RIDGE_POINT(a100_tflops*1E+12, a100_gb_s*1E+09)"),
    "4.2-ridge-snap": (u.INTENSITY, "=RIDGE_POINT(phone_flops, phone_bandwidth)"),
    "4.4-util-fp16": (u.FINE_SHARE, "=COMPUTE_UTILISATION(h100_flops, h100_bandwidth, DECODE_INTENSITY(fp16_bytes))"),
    "4.4-util-int4": (u.FINE_SHARE, "=COMPUTE_UTILISATION(h100_flops, h100_bandwidth, DECODE_INTENSITY(int4_bytes))"),
    "4.5-phone-bound": (u.GAP, "=DECODE_INTENSITY(int4_bytes)/RIDGE_POINT(phone_flops, phone_bandwidth)"),
    "4.5-prefill-phone": (u.WAIT_SECONDS, "=PREFILL_SECONDS(prompt_ms/1000*h100_flops, phone_flops)"),
    "5.3-bpt": (u.BYTES_PER_TOKEN, "=KV_BYTES_PER_TOKEN(layers_1b, kv_heads, head_dim_1b, int8_bytes)"),
    "5.3-4k": (u.MB, "=KV_BYTES(context_4k, layers_1b, kv_heads, head_dim_1b, int8_bytes)/1E+06"),
    "5.3-32k": (u.MB, "=cache_1b_32k/1E+06"),
    "5.3-128k": (u.GB_3, "=cache_1b_128k/1E+09"),
    "5.3-w-ratio": (u.RATIO, "=cache_1b_128k/weights_1b"),
    "5.3-hyb-bpt": (u.BYTES_PER_TOKEN, "=KV_BYTES_PER_TOKEN(hybrid_layers, kv_heads, head_dim_1b, int8_bytes)"),
    "5.3-hyb-32k": (u.MB, "=cache_hybrid_32k/1E+06"),
    "5.3-hyb-freed": (u.MB, "=(cache_1b_32k-cache_hybrid_32k)/1E+06"),
    "5.3-hyb-128k": (u.MB, "=KV_BYTES(context_128k, hybrid_layers, kv_heads, head_dim_1b, int8_bytes)/1E+06"),
    "5.4-70b": (u.GB_3, "=WEIGHT_BYTES(params_70b*1E+09, fp16_bits, 0, 0, 0)/1E+09"),
    "5.4-7b": (u.GB_3, "=weights_7b/1E+09"),
    "5.4-1b": (u.MB, "=weights_1b/1E+06"),
    "5.4-pool": (u.GB_3, "=KV_BUDGET(h100_bytes, weights_7b, overhead_bytes)/1E+09"),
    "5.5-session-4k": (u.MB, "=session_4k/1E+06"),
    "5.5-users-4k": (u.USERS, "=USERS_PER_GPU(h100_bytes, weights_7b, session_4k, overhead_bytes)"),
    "5.5-session-32k": (u.GB_3, "=session_32k/1E+09"),
    "5.5-users-32k": (u.USERS, "=USERS_PER_GPU(h100_bytes, weights_7b, session_32k, overhead_bytes)"),
    "5.5-users-128k": (u.USERS, "=USERS_PER_GPU(h100_bytes, weights_7b, session_128k, overhead_bytes)"),
    "5.6-user-hour-4k": (u.USD_PER_USER_HOUR, "=USER_HOUR_COST(h100_rent, served_4k)"),
    "5.6-user-hour-32k": (u.USD_PER_USER_HOUR, "=USER_HOUR_COST(h100_rent, served_32k)"),
    "5.6-user-hour-128k": (u.USD_PER_USER_HOUR, "=USER_HOUR_COST(h100_rent, served_128k)"),
    "5.6-35x": (u.RATIO, "=USER_HOUR_COST(h100_rent, served_128k)/USER_HOUR_COST(h100_rent, served_4k)"),
    "6.1-weights": (u.GB_3, "=weights_14b/1E+09"),
    "6.1-kv": (u.GB_3, "=cache_14b/1E+09"),
    "6.1-step": (u.GB_3, "=(weights_14b+cache_14b)/1E+09"),
    "6.1-ms": (u.MILLISECONDS_3, "=DECODE_SECONDS(weights_14b, cache_14b, h100_bandwidth)*1000"),
    "6.1-tps": (u.TOKENS_PER_S, "=TOKENS_PER_SECOND(weights_14b, cache_14b, h100_bandwidth)"),
    "6.1-tps-lo": (u.TOKENS_PER_S, "=TOKENS_PER_SECOND(weights_14b, cache_14b, h100_bandwidth, 1, low_share)"),
    "6.1-tps-hi": (u.TOKENS_PER_S, "=TOKENS_PER_SECOND(weights_14b, cache_14b, h100_bandwidth, 1, high_share)"),
    "6.2-per-token": (u.USD_PER_TOKEN, "=COST_PER_MTOK(h100_rent, token_rate)/1E+06"),
    "6.2-mtok-full": (u.USD_PER_MTOK_4, "=COST_PER_MTOK(h100_rent, token_rate)"),
    "6.2-mtok-30": (u.USD_PER_MTOK_4, "=COST_PER_MTOK(h100_rent, token_rate, utilisation)"),
    "6.2-mtok-10": (u.USD_PER_MTOK_4, "=COST_PER_MTOK(h100_rent, token_rate, low_utilisation)"),
    "0-floor": (u.USD_PER_MTOK_4, "=COST_PER_MTOK(h100_rent, token_rate)"),
    "7.2-self-hosted": (u.USD_PER_MTOK_4, "=COST_PER_MTOK(h100_rent, token_rate, utilisation)"),
    "6.2-spread": (u.RATIO, "=COST_PER_MTOK(h100_rent, token_rate, low_utilisation)/COST_PER_MTOK(h100_rent, token_rate)"),
    "6.3-api-gap": (u.RATIO_4, "=api_blend/floor"),
    "6.3-blend": (u.USD_PER_MTOK, "=BLENDED_PRICE(api_in, api_out, parts_in, parts_out)"),
    "6.3-tiers": (u.USD_PER_YEAR, "=NA()"),
    "7.2-lifetime-tokens": (u.MILLION_TOKENS, "=lifetime_tokens/1E+06"),
    "7.2-edge-mtok": (u.USD_PER_MTOK_4, "=EDGE_COST_PER_MTOK(licence, lifetime_tokens)"),
    "7.2-cloud-50": (
        u.MILLION_USD_PER_MONTH,
        "=CLOUD_MONTHLY_COST(users_monthly, requests_few, request_tokens, cloud_price)/1E+06",
    ),
    "7.2-cloud-100": (
        u.MILLION_USD_PER_MONTH,
        "=CLOUD_MONTHLY_COST(users_monthly, requests_some, request_tokens, cloud_price)/1E+06",
    ),
    "7.2-cloud-500": (u.MILLION_USD_PER_MONTH, "=cloud_many/1E+06"),
    "7.2-edge-month": (u.MILLION_USD_PER_MONTH, "=EDGE_MONTHLY_COST(users_monthly, device_month)/1E+06"),
    "7.2-11x": (u.RATIO, "=cloud_many/EDGE_MONTHLY_COST(users_monthly, device_usd)"),
    "7.2-crossover-requests": (u.REQUESTS_1, "=EDGE_CROSSOVER_REQUESTS(device_usd, request_tokens, cloud_price)"),
}
"""By the claim's id, the unit in which the sheet shows it and the formula, in that unit."""


def name_of(claim_id: str) -> str:
    """The name of a claim's line."""
    return "c_" + claim_id.replace(".", "_").replace("-", "_")


def _printed(claim: Claim, unit: Unit) -> str:
    """The article's figure in the sheet's unit and its own digits."""
    if claim.article is None:
        return "none"
    sign = "$" if unit.name.startswith("$") else ""
    if isinstance(claim.article, str):
        return claim.article if claim.verdict is Verdict.ASSUMPTION else f"{claim.article}".replace("-", " to ")
    scaled = claim.article.scaleb(2) if unit.name == "%" else _scaled(claim.article, unit)
    return f"{'~' if claim.about else ''}{sign}{scaled:,f}{'%' if unit.name == '%' else ''}"


def _in_short(printed: str, unit: str) -> str:
    """What is printed with its unit, which may say the sign already."""
    if unit in printed:
        return printed
    return f"{printed}{unit[1:]}" if unit.startswith("$") else f"{printed} {unit}"


def _scaled(figure: Decimal, unit: Unit) -> Decimal:
    """A figure in the unit, keeping its digits: units are powers of ten."""
    return figure.scaleb(-Decimal(str(unit.scale)).adjusted())


def _range(claim: Claim, scale: float) -> tuple[float, float]:
    """Between which ends the article's figure lies."""
    text = claim.article
    if text is None or claim.verdict is Verdict.ASSUMPTION:
        return 0, 0
    if isinstance(text, Decimal):
        return float(text) / scale, float(text) / scale
    if text in GIVEN_AS_FORMULA:
        return GIVEN_AS_FORMULA[text], GIVEN_AS_FORMULA[text]
    if text.startswith(">"):
        return float(text[1:]) + ABOVE, NO_LIMIT
    low, high = map(float, text.split("-"))
    return low, high


def _last_digit(claim: Claim) -> float:
    """A unit of the last digit that is printed; 0 where a text is."""
    if not isinstance(claim.article, Decimal):
        return 0
    exponent = claim.article.as_tuple().exponent
    return float(Decimal(1).scaleb(int(exponent)))


def _stated(claim: Claim) -> Stated:
    unit, formula = FORMULAS[claim.id]
    low, high = _range(claim, unit.scale)
    digit = _last_digit(claim) / unit.scale
    slack = digit if claim.about else digit / 2
    return Stated(
        name_of(claim.id),
        claim.claim,
        unit,
        formula,
        claim.note,
        at=HIGHLIGHTS if claim.section == "highlights" else claim.section,
        printed=_printed(claim, unit),
        in_short=_in_short(_printed(claim, unit), unit.name),
        low=low,
        high=high,
        bounds=(low - slack, high + slack) if low else (1, 0),
        near=2 * digit,
        binary=BINARY[unit.name] * low if unit.name in BINARY else 0,
        otherwise=claim.verdict
        if claim.verdict in (Verdict.ASSUMPTION, Verdict.DERIVED, Verdict.INCONSISTENT)
        else Verdict.WRONG,
        known=0 if claim.recomputed is None else claim.recomputed / unit.scale,
        recorded=claim.verdict,
    )


STATED = tuple(map(_stated, claims()))

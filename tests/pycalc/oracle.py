"""Every formula once more, in exact fractions, written from the article's equations and the cited papers.

Nothing here comes from the package: an equation takes all its arguments, flags as 0 and 1,
an activation as its number of matrices.  Where the package floors or compares, fractions
give the true answer, which floats must meet.
"""

from decimal import Decimal, localcontext
from fractions import Fraction
from math import ceil, floor
from typing import Any

MATRICES = {"relu": 2, "gelu": 2, "silu": 2, "relu2": 2, "glu": 3, "swiglu": 3, "geglu": 3, "reglu": 3}
STAFF_USD = {"minimal": (125_000, 190_000), "moderate": (500_000, 820_000), "core": (6_000_000, 12_000_000)}


def square(causal: bool) -> Fraction:
    return Fraction(1, 2) if causal else Fraction(1)


def scores(tokens: Any, heads: Any, head_dim: Any, causal: bool) -> Any:
    """One of the two n×n products of attention: 2 · n·n · d_k in each head."""
    return heads * 2 * tokens * head_dim * tokens * square(causal)


def projection(tokens: Any, model_dim: Any, width: Any) -> Any:
    return 2 * tokens * model_dim * width


def attention(tokens: Any, model_dim: Any, heads: Any, kv_heads: Any, head_dim: Any, causal: bool) -> Any:
    query, key, value = (projection(tokens, model_dim, h * head_dim) for h in (heads, kv_heads, kv_heads))
    output = projection(tokens, heads * head_dim, model_dim)
    return query + key + value + output + 2 * scores(tokens, heads, head_dim, causal)


def mlp(tokens: Any, model_dim: Any, ffn_dim: Any, activation: str) -> Any:
    return MATRICES[activation] * projection(tokens, model_dim, ffn_dim)


def layer(
    tokens: Any, model_dim: Any, heads: Any, kv_heads: Any, head_dim: Any, ffn_dim: Any, activation: str, causal: bool
) -> Any:
    return attention(tokens, model_dim, heads, kv_heads, head_dim, causal) + mlp(tokens, model_dim, ffn_dim, activation)


def experts_touched(experts: Any, active: Any, batch: Any) -> Fraction:
    """A fractional batch makes a fractional power: sixty decimal digits stand for the exact value."""
    with localcontext(prec=60):
        idle, exponent = (Decimal(x.numerator) / x.denominator for x in (1 - active / experts, batch))
        return experts * (1 - Fraction(idle**exponent if idle else 0))


def power(base: Fraction, exponent: Fraction) -> Fraction:
    """Sixty decimal digits of a power whose exponent may be a fraction."""
    with localcontext(prec=60):
        b, e = (Decimal(x.numerator) / x.denominator for x in (base, exponent))
        return Fraction(b**e if b else 0)


def annuity(capex_usd: Any, rate: Any, years: Any, residual_usd: Any) -> Any:
    """Equal payments at the end of each year whose worth today is the price less that of the residual value."""
    growth = power(1 + rate, years)
    return (capex_usd - residual_usd / growth) * rate * growth / (growth - 1)


def emitted(draft_tokens: Any, acceptance: Any) -> Any:
    """One token and each proposed one whose predecessors were all accepted: 1 + a + a² + … + a^g."""
    return sum(acceptance**i for i in range(int(draft_tokens) + 1))


def head(tokens: Any, model_dim: Any, head_dim: Any, queries_per_kv: Any, causal: bool) -> Any:
    """Query and output projection of its own, key and value shared, and both n×n products."""
    one = projection(tokens, model_dim, head_dim)
    return 2 * one + 2 * one / queries_per_kv + 2 * scores(tokens, 1, head_dim, causal)


def layer_weights(model_dim: Any, heads: Any, kv_heads: Any, head_dim: Any, ffn_dim: Any, activation: str) -> Any:
    attention_weights = model_dim * head_dim * (heads + kv_heads + kv_heads) + heads * head_dim * model_dim
    return attention_weights + MATRICES[activation] * model_dim * ffn_dim


def layer_traffic(
    added_layers: Any,
    context_tokens: Any,
    bytes_per_param: Any,
    bytes_per_value: Any,
    batch: Any,
    kv_heads: Any,
    head_dim: Any,
    **rest: Any,
) -> Any:
    weights = layer_weights(kv_heads=kv_heads, head_dim=head_dim, **rest) * bytes_per_param
    cache = context_tokens * kv_heads * (head_dim + head_dim) * bytes_per_value
    return added_layers * weights + added_layers * batch * cache


def edge_crossover(
    fixed_usd_per_month: Any,
    device_usd_per_month: Any,
    requests_per_month: Any,
    tokens_per_request: Any,
    cloud_usd_per_mtok: Any,
) -> Any:
    cloud_usd_per_month = requests_per_month * tokens_per_request * cloud_usd_per_mtok / 10**6
    return fixed_usd_per_month / (cloud_usd_per_month - device_usd_per_month)


def rent(seconds: Any, usd_per_hour: Any) -> Any:
    return usd_per_hour * seconds / 60 / 60


def step(
    weight_bytes: Any,
    kv_bytes: Any,
    bandwidth: Any,
    batch: Any,
    efficiency: Any,
    flops_per_token: Any,
    peak_flops: Any,
    compute_efficiency: Any,
    launch_seconds: Any,
) -> Any:
    reach = bandwidth * efficiency
    weights = max(weight_bytes / reach, batch * flops_per_token / (peak_flops * compute_efficiency))
    return batch * kv_bytes / reach + weights + launch_seconds


def gpu_revenue(
    context_tokens: Any,
    kv_bytes_per_token: Any,
    gpu_bytes: Any,
    weight_bytes: Any,
    bandwidth: Any,
    sale_usd_per_mtok: Any,
    overhead_bytes: Any,
    efficiency: Any,
    utilisation: Any,
    cache_fill: Any,
) -> Any:
    cache = context_tokens * kv_bytes_per_token
    users = floor((gpu_bytes - weight_bytes - overhead_bytes) / cache)
    seconds = (weight_bytes + users * cache * cache_fill) / (bandwidth * efficiency)
    return users / seconds * 3600 * utilisation * sale_usd_per_mtok / 10**6


def context_for_margin(usd_per_hour: Any, margin: Any, **gpu: Any) -> int:
    """By bisection: the revenue falls with every token of context."""
    low, high = 0, floor((gpu["gpu_bytes"] - gpu["weight_bytes"] - gpu["overhead_bytes"]) / gpu["kv_bytes_per_token"]) + 1
    while high - low > 1:
        tried = (low + high) // 2
        if gpu_revenue(Fraction(tried), **gpu) * (1 - margin) >= usd_per_hour:
            low = tried
        else:
            high = tried
    return low


def staff(tier: str, position: Any) -> Any:
    low, high = STAFF_USD[tier]
    return low * (1 - position) + high * position


def weights(parameters: Any, bits: Any, group_size: Any, scale_bits: Any, zero_bits: Any, wide_parameters: Any) -> Any:
    narrow = parameters - wide_parameters
    groups = narrow / group_size if group_size else 0
    return (narrow * bits + groups * (scale_bits + zero_bits) + wide_parameters * 16) / 8


EQUATIONS = {
    "API_COST": lambda input_tokens, output_tokens, input_price, output_price: (
        input_tokens / 10**6 * input_price + output_tokens / 10**6 * output_price
    ),
    "ATTENTION_CROSSOVER": lambda model_dim: 2 * model_dim,
    "ATTENTION_FLOPS": attention,
    "ATTENTION_INTENSITY": lambda tokens, bytes_per_value: tokens / bytes_per_value,
    # FlashAttention (2022), algorithm 0: read Q, K, write S; read S, write P; read P, V, write O
    "ATTENTION_TRAFFIC": lambda tokens, heads, head_dim, bytes_per_value, tiled: (
        heads * bytes_per_value * (4 * tokens * head_dim + (0 if tiled else 4 * tokens * tokens))
    ),
    "BATCH_TO_RIDGE": lambda peak_flops, bandwidth, bytes_per_param: peak_flops / bandwidth / (2 / bytes_per_param),
    "BLENDED_PRICE": lambda input_price, output_price, input_parts, output_parts: (
        (input_price * input_parts + output_price * output_parts) / (input_parts + output_parts)
    ),
    "BOUND_BY": lambda peak_flops, bandwidth, intensity: "compute" if intensity >= peak_flops / bandwidth else "memory",
    "BREAK_EVEN_TOKENS": lambda fixed_usd_per_year, marginal_usd_per_mtok, api_usd_per_mtok: (
        fixed_usd_per_year * 10**6 / (api_usd_per_mtok - marginal_usd_per_mtok)
    ),
    "BREAK_EVEN_UTILISATION": lambda usd_per_hour, tokens_per_second, sale_usd_per_mtok: (
        usd_per_hour / (tokens_per_second * 3600 / 10**6 * sale_usd_per_mtok)
    ),
    "CLOUD_MONTHLY_COST": lambda mau, requests_per_month, tokens_per_request, cloud_usd_per_mtok: (
        mau * requests_per_month * tokens_per_request / 10**6 * cloud_usd_per_mtok
    ),
    "COMPUTE_COST": lambda flops, peak_flops, usd_per_hour, compute_efficiency: rent(
        flops / peak_flops / compute_efficiency, usd_per_hour
    ),
    "COMPUTE_UTILISATION": lambda peak_flops, bandwidth, intensity: min(1, bandwidth * intensity / peak_flops),
    "ALLREDUCE_SECONDS": lambda message_bytes, gpus, link_bandwidth, delay_seconds: (
        # each of n GPUs sends n − 1 parts twice, to be summed and to be shared
        delay_seconds + 2 * (gpus - 1) * (message_bytes / gpus) / link_bandwidth
    ),
    "BATCHED_TOKENS_PER_SECOND": lambda batch, step_seconds, prefill_seconds, generated_tokens: (
        generated_tokens / (prefill_seconds + generated_tokens * step_seconds / batch)
    ),
    "CAPITAL_CHARGE": annuity,
    "GPU_WATTS": lambda rated_watts, activity: rated_watts * (1 + activity) * Fraction("0.43"),
    "OWNED_GPU_HOUR": lambda watts, usd_per_kwh, pue, staff_usd_per_year, **capital: (
        (annuity(**capital) + staff_usd_per_year) / (365 * 24) + watts * pue / 1000 * usd_per_kwh
    ),
    "POOL_HOURS": lambda input_tokens, input_tokens_per_second, output_tokens, output_tokens_per_second: (
        input_tokens / (input_tokens_per_second * 3600) + output_tokens / (output_tokens_per_second * 3600)
    ),
    "PREFILL_SHARE": lambda prefill_seconds, step_seconds, generated_tokens, batch: (
        1 / (1 + generated_tokens * step_seconds / (batch * prefill_seconds))
    ),
    "SPECULATIVE_SPEEDUP": lambda draft_tokens, acceptance, draft_cost, verify_cost: (
        emitted(draft_tokens, acceptance) / (draft_tokens * draft_cost + verify_cost)
    ),
    "SPECULATIVE_TOKENS": emitted,
    "CONTEXT_COST": lambda layers, kv_heads, head_dim, bandwidth, usd_per_hour, bytes_per_value, extra_tokens, efficiency: (
        10**6 * rent(extra_tokens * 2 * layers * kv_heads * head_dim * bytes_per_value / bandwidth / efficiency, usd_per_hour)
    ),
    "CONTEXT_FLOPS": lambda layers, heads, head_dim, extra_tokens: layers * heads * 2 * (2 * head_dim * extra_tokens),
    "CONTEXT_FOR_MARGIN": context_for_margin,
    "CONTEXT_TRAFFIC": lambda layers, kv_heads, head_dim, bytes_per_value, extra_tokens, sequences: (
        sequences * extra_tokens * 2 * layers * kv_heads * head_dim * bytes_per_value
    ),
    "COST_PER_MTOK": lambda usd_per_hour, tokens_per_second, utilisation: (
        usd_per_hour / (tokens_per_second * utilisation * 3600) * 10**6
    ),
    "DECODE_ATTENTION_INTENSITY": lambda bytes_per_value, queries_per_kv: 2 * queries_per_kv / bytes_per_value,
    "DECODE_INTENSITY": lambda bytes_per_param, batch: 2 * batch / bytes_per_param,
    "DECODE_SECONDS": step,
    "DEVICE_LIFETIME_TOKENS": lambda requests_per_day, tokens_per_request, years: (
        requests_per_day * tokens_per_request * 365 * years
    ),
    "DEVICE_MONTHLY_COST": lambda usd_per_device, months, update_usd, updates_per_year: (
        usd_per_device / months + update_usd * updates_per_year / 12
    ),
    "EDGE_COST_PER_MTOK": lambda usd_per_device, lifetime_tokens: 10**6 * usd_per_device / lifetime_tokens,
    "EDGE_CROSSOVER": edge_crossover,
    "EDGE_CROSSOVER_REQUESTS": lambda device_usd_per_month, tokens_per_request, cloud_usd_per_mtok, fixed_usd_per_month, mau: (
        (fixed_usd_per_month / mau + device_usd_per_month) / (tokens_per_request / 10**6 * cloud_usd_per_mtok)
    ),
    "EDGE_ENERGY_COST": lambda watts, seconds, usd_per_kwh: watts / 1000 * (seconds / 3600) * usd_per_kwh,
    "EDGE_FITS": lambda model_bytes, cache_bytes, memory_budget: memory_budget - model_bytes >= cache_bytes,
    "EDGE_MONTHLY_COST": lambda mau, device_usd_per_month, fixed_usd_per_month: (
        fixed_usd_per_month + device_usd_per_month * mau
    ),
    "GROSS_MARGIN": lambda revenue, cost: 1 - cost / revenue,
    "HEAD_COST": lambda tokens, model_dim, head_dim, peak_flops, usd_per_hour, queries_per_kv, causal, compute_efficiency: rent(
        head(tokens, model_dim, head_dim, queries_per_kv, causal) / peak_flops / compute_efficiency, usd_per_hour
    ),
    "HEAD_FLOPS": head,
    "HEAD_TRAFFIC": lambda context_tokens, model_dim, head_dim, queries_per_kv, bytes_per_param, bytes_per_value, batch: (
        (2 * model_dim * head_dim + 2 * model_dim * head_dim / queries_per_kv) * bytes_per_param
        + batch * context_tokens * (head_dim + head_dim) / queries_per_kv * bytes_per_value
    ),
    "HYBRID_STATE_BYTES": lambda layers, heads, head_dim, state_dim, bytes_per_value, conv_elements, sequences: (
        sequences * layers * bytes_per_value * (heads * head_dim * state_dim + conv_elements)
    ),
    "KV_BUDGET": lambda gpu_bytes, weight_bytes, overhead_bytes, memory_fraction: (
        memory_fraction * gpu_bytes - weight_bytes - overhead_bytes
    ),
    "KV_BYTES": lambda tokens, layers, kv_heads, head_dim, bytes_per_value, sequences: (
        sequences * tokens * layers * kv_heads * (head_dim + head_dim) * bytes_per_value
    ),
    "KV_BYTES_PER_TOKEN": lambda layers, kv_heads, head_dim, bytes_per_value: (
        layers * kv_heads * (head_dim + head_dim) * bytes_per_value
    ),
    "LAYER_COST": lambda step_bytes, bandwidth, usd_per_hour, batch, efficiency: (
        10**6 * rent(step_bytes / bandwidth / efficiency, usd_per_hour) / batch
    ),
    "LAYER_CROSSOVER": lambda model_dim: 6 * model_dim,
    "LAYER_FLOPS": layer,
    "LAYER_TRAFFIC": layer_traffic,
    "MATMUL_FLOPS": lambda rows, inner, columns: rows * columns * (inner + inner),
    "MATMUL_INTENSITY": lambda rows, inner, columns, bytes_per_value: (
        rows * columns * 2 * inner / ((rows * inner + inner * columns + rows * columns) * bytes_per_value)
    ),
    "MAX_CONTEXT": lambda gpu_bytes, weight_bytes, kv_bytes_per_token, users, overhead_bytes: floor(
        (gpu_bytes - weight_bytes - overhead_bytes) / users / kv_bytes_per_token
    ),
    # the mean of prompt + 1, prompt + 2, …, prompt + generated
    "MEAN_CONTEXT": lambda prompt_tokens, generated_tokens: (
        prompt_tokens + (generated_tokens + 1) / 2 if generated_tokens else prompt_tokens
    ),
    "MLA_KV_BYTES": lambda tokens, layers, latent_dim, rope_dim, bytes_per_value, sequences: (
        sequences * tokens * layers * latent_dim * bytes_per_value + sequences * tokens * layers * rope_dim * bytes_per_value
    ),
    "MLP_COST": lambda tokens, model_dim, peak_flops, usd_per_hour, ffn_dim, activation, compute_efficiency: rent(
        mlp(tokens, model_dim, ffn_dim, activation) / peak_flops / compute_efficiency, usd_per_hour
    ),
    "MLP_FLOPS": mlp,
    "MLP_TRAFFIC": lambda model_dim, ffn_dim, activation, bytes_per_param: (
        MATRICES[activation] * (model_dim * ffn_dim) * bytes_per_param
    ),
    "MOE_EXPERTS_TOUCHED": experts_touched,
    "MOE_FLOPS": lambda tokens, model_dim, ffn_dim, active, shared_experts, activation, routed_experts: (
        active * mlp(tokens, model_dim, ffn_dim, activation)
        + shared_experts * mlp(tokens, model_dim, ffn_dim, activation)
        + projection(tokens, model_dim, routed_experts)
    ),
    "OUTPUT_FLOPS": lambda tokens, model_dim, heads, head_dim: projection(tokens, heads * head_dim, model_dim),
    "PAGED_TOKENS": lambda tokens, block_tokens: ceil(tokens / block_tokens) * block_tokens,
    "PREFILL_INTENSITY": lambda tokens, bytes_per_param: 2 * tokens / bytes_per_param,
    "PREFILL_SECONDS": lambda flops, peak_flops, compute_efficiency, gpus: flops / gpus / peak_flops / compute_efficiency,
    "PRICE_FOR_MARGIN": lambda cost_usd_per_mtok, margin: cost_usd_per_mtok / (1 - margin),
    "QKV_FLOPS": lambda tokens, model_dim, heads, kv_heads, head_dim: (
        projection(tokens, model_dim, heads * head_dim) + 2 * projection(tokens, model_dim, kv_heads * head_dim)
    ),
    "QUADRATIC_SHARE": lambda tokens, model_dim: (
        4 * tokens**2 * model_dim / (24 * tokens * model_dim**2 + 4 * tokens**2 * model_dim)
    ),
    "REVENUE_PER_GPU_HOUR": gpu_revenue,
    "RIDGE_POINT": lambda peak_flops, bandwidth: peak_flops / bandwidth,
    "ROOFLINE": lambda peak_flops, bandwidth, intensity: min(peak_flops, bandwidth * intensity),
    "SCORE_FLOPS": lambda tokens, model_dim, heads, head_dim, causal: scores(tokens, heads, head_dim, causal),
    "SELF_HOST_TCO": lambda staff_usd_per_year, gpus, usd_per_hour, rent_included, other_usd_per_year, hours_per_year: (
        staff_usd_per_year + other_usd_per_year + (0 if rent_included else gpus * usd_per_hour * hours_per_year)
    ),
    "STAFF_COST": staff,
    "TOKENS_PER_SECOND": lambda batch, **rest: batch / step(batch=batch, **rest),
    "TOKEN_REVENUE": lambda tokens_per_second, sale_usd_per_mtok, utilisation: (
        tokens_per_second * utilisation * 3600 / 10**6 * sale_usd_per_mtok
    ),
    "TRANSFORMER_FLOPS": lambda tokens, model_dim, layers, vocabulary, **rest: (
        layers * layer(tokens, model_dim, **rest) + projection(tokens, model_dim, vocabulary)
    ),
    "USERS_PER_GPU": lambda gpu_bytes, weight_bytes, kv_bytes_per_user, overhead_bytes: floor(
        (gpu_bytes - weight_bytes - overhead_bytes) / kv_bytes_per_user
    ),
    "USER_HOUR_COST": lambda usd_per_hour, users: usd_per_hour / users,
    "VALUE_FLOPS": lambda tokens, model_dim, heads, head_dim, causal: scores(tokens, heads, head_dim, causal),
    "WEIGHT_BYTES": weights,
    "WINDOW_KV_BYTES": lambda tokens, window, global_layers, window_layers, kv_heads, head_dim, bytes_per_value, sequences: (
        sequences
        * kv_heads
        * (head_dim + head_dim)
        * bytes_per_value
        * (global_layers * tokens + window_layers * (window if window < tokens else tokens))
    ),
}
"""By worksheet name: the equation, taking the arguments by the names that the package gives them."""


def exact(name: str, values: dict[str, Any]) -> Any:
    """The equation on fractions; a text or a truth value passes as it is."""
    plain = {key: v if isinstance(v, str | bool) else Fraction(v) for key, v in values.items()}
    return EQUATIONS[name](**plain)

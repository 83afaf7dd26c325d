"""What must hold between calls of the functions, whatever the numbers: by function."""

import math

from calls import of
from properties import (
    WHOLE,
    Property,
    Values,
    affine,
    close,
    equals,
    falls,
    gated,
    holds,
    inverse,
    linear,
    never_falls,
    never_rises,
    rises,
    scales,
    swaps,
    times,
)


def parts_of_attention(v: Values) -> float:
    return sum(of(part, v) for part in ("QKV_FLOPS", "SCORE_FLOPS", "VALUE_FLOPS", "OUTPUT_FLOPS"))


def grouped(v: Values) -> Values:
    """Whole query heads on four key-value heads."""
    queries = math.ceil(v["queries_per_kv"])
    return v | {"queries_per_kv": queries, "kv_heads": 4, "heads": 4 * queries}


def pool(v: Values) -> float:
    return of("KV_BUDGET", v, memory_fraction=1)


def at_most(left: float, right: float) -> bool:
    return left <= right * (1 + 1e-12)


def keeps_margin(v: Values, context: float) -> bool:
    """Whether a GPU earns the margin at a context; the last digits of its revenue decide nothing."""
    return of("REVENUE_PER_GPU_HOUR", v, context_tokens=context) * (1 - v["margin"]) >= v["usd_per_hour"] * (1 - 1e-9)


def loses_margin(v: Values, context: float) -> bool:
    return of("REVENUE_PER_GPU_HOUR", v, context_tokens=context) * (1 - v["margin"]) < v["usd_per_hour"] * (1 + 1e-9)


def served(v: Values) -> float:
    """Revenue by way of the throughput of as many users as fit."""
    cache = v["kv_bytes_per_token"] * v["context_tokens"]
    users = of("USERS_PER_GPU", v, kv_bytes_per_user=cache)
    if users == 0:
        return 0
    read = {"kv_bytes": cache * v["cache_fill"], "batch": users}
    rate = of("TOKENS_PER_SECOND", {key: v[key] for key in ("weight_bytes", "bandwidth", "efficiency")}, **read)
    return of("TOKEN_REVENUE", v, tokens_per_second=rate)


PROPERTIES: dict[str, list[Property]] = {
    "API_COST": [
        scales(1, "input_tokens", "output_tokens"),
        scales(1, "input_price", "output_price"),
        *affine("input_tokens", "output_price"),
        equals(
            "is the blended price of all tokens",
            lambda v, r: (
                r,
                of("BLENDED_PRICE", v, input_parts=v["input_tokens"] / 1e18, output_parts=v["output_tokens"] / 1e18)
                * (v["input_tokens"] + v["output_tokens"])
                / 1e6,
            ),
        ),
    ],
    "ATTENTION_CROSSOVER": [
        *linear("model_dim"),
        equals("is a third of the layer's", lambda v, r: (3 * r, of("LAYER_CROSSOVER", v))),
        equals(
            "is where the square equals the projections",
            lambda v, r: (
                of("SCORE_FLOPS", v, tokens=r) + of("VALUE_FLOPS", v, tokens=r),
                of("QKV_FLOPS", v, tokens=r) + of("OUTPUT_FLOPS", v, tokens=r),
            ),
        ),
    ],
    "ATTENTION_FLOPS": [
        equals("is the sum of its parts", lambda v, r: (r, parts_of_attention(v))),
        *linear("head_dim"),
        *affine("model_dim", "kv_heads", "heads"),
        *rises("tokens"),
    ],
    "ATTENTION_INTENSITY": [
        *linear("tokens"),
        *inverse("bytes_per_value"),
        equals(
            "is half the projections'",
            lambda v, r: (2 * r, of("PREFILL_INTENSITY", v, bytes_per_param=v["bytes_per_value"])),
        ),
    ],
    "ATTENTION_TRAFFIC": [
        *linear("heads", "bytes_per_value"),
        *affine("head_dim"),
        equals(
            "tiled, grows with the tokens",
            lambda v, r: (
                of("ATTENTION_TRAFFIC", v, tiled=True, tokens=3 * v["tokens"]),
                3 * of("ATTENTION_TRAFFIC", v, tiled=True),
            ),
        ),
        equals(
            "moves four squares more untiled",
            lambda v, r: (
                of("ATTENTION_TRAFFIC", v, tiled=False),
                of("ATTENTION_TRAFFIC", v, tiled=True) + 4 * v["heads"] * v["tokens"] ** 2 * v["bytes_per_value"],
            ),
        ),
    ],
    "BATCH_TO_RIDGE": [
        *linear("peak_flops", "bytes_per_param"),
        *inverse("bandwidth"),
        equals("is where decoding reaches the ridge", lambda v, r: (r * of("DECODE_INTENSITY", v), of("RIDGE_POINT", v))),
    ],
    "BLENDED_PRICE": [
        scales(1, "input_price", "output_price"),
        scales(0, "input_parts", "output_parts"),
        *affine("input_price", "output_price"),
        holds(
            "lies between the two prices",
            lambda v, r: (
                at_most(min(v["input_price"], v["output_price"]), r) and at_most(r, max(v["input_price"], v["output_price"]))
            ),
        ),
    ],
    "BOUND_BY": [
        holds("is compute above the ridge", lambda v, r: of("BOUND_BY", v, intensity=2 * of("RIDGE_POINT", v)) == "compute"),
        holds("is memory below the ridge", lambda v, r: of("BOUND_BY", v, intensity=of("RIDGE_POINT", v) / 2) == "memory"),
        holds("is compute where all of the peak is used", lambda v, r: (r == "compute") == (of("COMPUTE_UTILISATION", v) == 1)),
        equals(
            "depends on the ratio of peak and bandwidth",
            lambda v, r: (r, of("BOUND_BY", times(v, 4, ("peak_flops", "bandwidth")))),
        ),
    ],
    "BREAK_EVEN_TOKENS": [
        *linear("fixed_usd_per_year"),
        scales(-1, "marginal_usd_per_mtok", "api_usd_per_mtok"),
        *falls("api_usd_per_mtok"),
        equals(
            "is where both cost the same",
            lambda v, r: (
                v["fixed_usd_per_year"] + r * v["marginal_usd_per_mtok"] / 1e6,
                of("API_COST", {}, input_tokens=r, output_tokens=0, input_price=v["api_usd_per_mtok"], output_price=0),
            ),
        ),
    ],
    "BREAK_EVEN_UTILISATION": [
        scales(0, "usd_per_hour", "sale_usd_per_mtok"),
        *inverse("tokens_per_second", "sale_usd_per_mtok"),
        equals("is where a GPU earns its rent", lambda v, r: (of("TOKEN_REVENUE", v, utilisation=r), v["usd_per_hour"])),
        equals("is where the price is the cost", lambda v, r: (of("COST_PER_MTOK", v, utilisation=r), v["sale_usd_per_mtok"])),
    ],
    "CLOUD_MONTHLY_COST": [
        *linear("mau", "requests_per_month", "tokens_per_request", "cloud_usd_per_mtok"),
        equals(
            "is an API's bill",
            lambda v, r: (
                r,
                of(
                    "API_COST",
                    {"output_tokens": 0, "output_price": 0, "input_price": v["cloud_usd_per_mtok"]},
                    input_tokens=v["mau"] * v["requests_per_month"] * v["tokens_per_request"],
                ),
            ),
        ),
    ],
    "COMPUTE_COST": [
        *linear("flops", "usd_per_hour"),
        *inverse("peak_flops", "compute_efficiency"),
        equals("is the rent of the seconds", lambda v, r: (r, of("PREFILL_SECONDS", v) / 3600 * v["usd_per_hour"])),
    ],
    "COMPUTE_UTILISATION": [
        holds("is a share", lambda v, r: 0 <= r <= 1),
        scales(0, "peak_flops", "bandwidth"),
        *never_falls("intensity", "bandwidth"),
        equals("is the roofline over the peak", lambda v, r: (r * v["peak_flops"], of("ROOFLINE", v))),
    ],
    "CONTEXT_COST": [
        *linear("layers", "extra_tokens", "usd_per_hour", "bytes_per_value"),
        *inverse("bandwidth", "efficiency"),
        equals("is the cost of its traffic", lambda v, r: (r, of("LAYER_COST", v, step_bytes=of("CONTEXT_TRAFFIC", v)))),
    ],
    "CONTEXT_FLOPS": [
        *linear("layers", "heads", "head_dim", "extra_tokens"),
        equals(
            "is a token's share of both squares",
            lambda v, r: (
                r * v["extra_tokens"],
                v["layers"] * (of("SCORE_FLOPS", v, tokens=v["extra_tokens"], model_dim=1))
                + v["layers"] * of("VALUE_FLOPS", v, tokens=v["extra_tokens"], model_dim=1),
            ),
        ),
    ],
    "CONTEXT_FOR_MARGIN": [
        holds("keeps the margin", lambda v, r: keeps_margin(v, r)),
        holds("is the longest that does", lambda v, r: loses_margin(v, r + 1)),
        *never_rises("usd_per_hour"),
        *never_falls("sale_usd_per_mtok", "bandwidth", "gpu_bytes"),
        WHOLE,
    ],
    "CONTEXT_TRAFFIC": [
        *linear("layers", "kv_heads", "extra_tokens", "sequences"),
        equals("is the cache of the added tokens", lambda v, r: (r, of("KV_BYTES", v, tokens=v["extra_tokens"]))),
    ],
    "COST_PER_MTOK": [
        *linear("usd_per_hour"),
        *inverse("tokens_per_second", "utilisation"),
        equals("as a price earns the rent", lambda v, r: (of("TOKEN_REVENUE", v, sale_usd_per_mtok=r), v["usd_per_hour"])),
    ],
    "DECODE_ATTENTION_INTENSITY": [
        *linear("queries_per_kv"),
        *inverse("bytes_per_value"),
        equals(
            "is the operations on the cache over its bytes",
            lambda v, r: (
                of("DECODE_ATTENTION_INTENSITY", grouped(v)),
                of("CONTEXT_FLOPS", grouped(v), layers=7, head_dim=64)
                / of("CONTEXT_TRAFFIC", grouped(v), layers=7, head_dim=64),
            ),
        ),
    ],
    "DECODE_INTENSITY": [
        *linear("batch"),
        *inverse("bytes_per_param"),
        equals("is a prompt's of as many tokens", lambda v, r: (r, of("PREFILL_INTENSITY", v, tokens=v["batch"]))),
    ],
    "DECODE_SECONDS": [
        equals("times the rate is the batch", lambda v, r: (r * of("TOKENS_PER_SECOND", v), v["batch"])),
        scales(-1, "bandwidth", "peak_flops", launch_seconds=0),
        scales(1, "weight_bytes", "kv_bytes", "flops_per_token", launch_seconds=0),
        *affine("kv_bytes", "launch_seconds"),
        *rises("kv_bytes", "batch"),
        *never_falls("weight_bytes", "flops_per_token"),
        *never_rises("peak_flops", "efficiency"),
    ],
    "DEVICE_LIFETIME_TOKENS": linear("requests_per_day", "tokens_per_request", "years"),
    "DEVICE_MONTHLY_COST": [
        scales(1, "usd_per_device", "update_usd"),
        *affine("usd_per_device", "update_usd", "updates_per_year"),
        *falls("months"),
    ],
    "EDGE_COST_PER_MTOK": [
        *linear("usd_per_device"),
        *inverse("lifetime_tokens"),
        equals("over all tokens is the device", lambda v, r: (r * v["lifetime_tokens"] / 1e6, v["usd_per_device"])),
    ],
    "EDGE_CROSSOVER": [
        equals(
            "is where both cost the same",
            lambda v, r: (of("CLOUD_MONTHLY_COST", v, mau=r), of("EDGE_MONTHLY_COST", v, mau=r)),
        ),
        *linear("fixed_usd_per_month"),
        scales(-1, "device_usd_per_month", "cloud_usd_per_mtok"),
        *falls("cloud_usd_per_mtok", "requests_per_month"),
    ],
    "EDGE_CROSSOVER_REQUESTS": [
        equals(
            "is where both cost the same",
            lambda v, r: (of("CLOUD_MONTHLY_COST", v, requests_per_month=r), of("EDGE_MONTHLY_COST", v)),
        ),
        scales(1, "device_usd_per_month", "fixed_usd_per_month"),
        *inverse("tokens_per_request", "cloud_usd_per_mtok"),
        *falls("mau"),
    ],
    "EDGE_ENERGY_COST": linear("watts", "seconds", "usd_per_kwh"),
    "EDGE_FITS": [
        swaps("model_bytes", "cache_bytes"),
        holds("is true of just enough", lambda v, r: of("EDGE_FITS", v, memory_budget=v["model_bytes"] + v["cache_bytes"])),
        holds(
            "is false of a byte less",
            lambda v, r: not of("EDGE_FITS", v, memory_budget=v["model_bytes"] + v["cache_bytes"] - 1),
        ),
        holds("stays true with more memory", lambda v, r: of("EDGE_FITS", v, memory_budget=3 * v["memory_budget"]) >= r),
    ],
    "EDGE_MONTHLY_COST": [
        *affine("mau", "device_usd_per_month"),
        scales(1, "device_usd_per_month", "fixed_usd_per_month"),
        equals("is the fixed cost without users", lambda v, r: (of("EDGE_MONTHLY_COST", v, mau=0), v["fixed_usd_per_month"])),
    ],
    "GROSS_MARGIN": [
        scales(0, "revenue", "cost"),
        *affine("cost"),
        *falls("cost"),
        *rises("revenue"),
        holds("is at most 1", lambda v, r: r <= 1),
    ],
    "HEAD_COST": [
        equals("is the rent of its operations", lambda v, r: (r, of("COMPUTE_COST", v, flops=of("HEAD_FLOPS", v)))),
        *linear("head_dim", "usd_per_hour"),
        *inverse("peak_flops"),
        *rises("tokens"),
    ],
    "HEAD_FLOPS": [
        equals(
            "times the heads is the layer's attention",
            lambda v, r: (grouped(v)["heads"] * of("HEAD_FLOPS", grouped(v)), of("ATTENTION_FLOPS", grouped(v))),
        ),
        *linear("head_dim"),
        *affine("model_dim"),
        *falls("queries_per_kv"),
    ],
    "HEAD_TRAFFIC": [
        equals(
            "times the heads is the layer's without its MLP",
            lambda v, r: (
                grouped(v)["heads"] * of("HEAD_TRAFFIC", grouped(v)),
                of("LAYER_TRAFFIC", grouped(v), added_layers=1, ffn_dim=0),
            ),
        ),
        *linear("head_dim"),
        scales(1, "bytes_per_param", "bytes_per_value"),
        *affine("context_tokens", "batch"),
    ],
    "HYBRID_STATE_BYTES": [*linear("layers", "bytes_per_value", "sequences"), *affine("state_dim", "conv_elements")],
    "KV_BUDGET": [
        equals(
            "and the rest fill the memory",
            lambda v, r: (r + v["weight_bytes"] + v["overhead_bytes"], v["gpu_bytes"] * v["memory_fraction"]),
        ),
        scales(1, "gpu_bytes", "weight_bytes", "overhead_bytes"),
        *falls("overhead_bytes"),
        *rises("gpu_bytes"),
    ],
    "KV_BYTES": [
        equals(
            "is the tokens' share times their number",
            lambda v, r: (r, of("KV_BYTES_PER_TOKEN", v) * v["tokens"] * v["sequences"]),
        ),
        *linear("tokens", "layers", "kv_heads", "bytes_per_value", "sequences"),
    ],
    "KV_BYTES_PER_TOKEN": [
        *linear("layers", "kv_heads", "head_dim", "bytes_per_value"),
        equals(
            "is a latent cache of keys and values",
            lambda v, r: (
                r,
                of(
                    "MLA_KV_BYTES",
                    v,
                    tokens=1,
                    latent_dim=v["kv_heads"] * v["head_dim"],
                    rope_dim=v["kv_heads"] * v["head_dim"],
                ),
            ),
        ),
    ],
    "LAYER_COST": [
        *linear("step_bytes", "usd_per_hour"),
        *inverse("bandwidth", "batch", "efficiency"),
        equals(
            "is the cost at the rate that its bytes allow",
            lambda v, r: (
                r,
                of("COST_PER_MTOK", v, tokens_per_second=v["batch"] / v["step_bytes"] * v["bandwidth"] * v["efficiency"]),
            ),
        ),
    ],
    "LAYER_CROSSOVER": [
        *linear("model_dim"),
        equals("is where the square is half", lambda v, r: (of("QUADRATIC_SHARE", v, tokens=r), 0.5)),
        equals(
            "is where the layer is twice its square",
            lambda v, r: (
                of("LAYER_FLOPS", v, tokens=r),
                2 * of("SCORE_FLOPS", v, tokens=r) + 2 * of("VALUE_FLOPS", v, tokens=r),
            ),
        ),
    ],
    "LAYER_FLOPS": [
        equals("is attention and MLP", lambda v, r: (r, of("ATTENTION_FLOPS", v) + of("MLP_FLOPS", v))),
        equals("is a stack of one", lambda v, r: (r, of("TRANSFORMER_FLOPS", v, layers=1, vocabulary=0))),
        *affine("ffn_dim", "model_dim"),
        *rises("tokens"),
    ],
    "LAYER_TRAFFIC": [
        *linear("added_layers"),
        scales(1, "bytes_per_param", "bytes_per_value"),
        *affine("context_tokens", "batch", "ffn_dim"),
        equals(
            "is weights and a cache",
            lambda v, r: (
                r,
                of("LAYER_TRAFFIC", v, context_tokens=0)
                + of("KV_BYTES", v, layers=v["added_layers"], tokens=v["context_tokens"], sequences=v["batch"]),
            ),
        ),
    ],
    "MATMUL_FLOPS": [*linear("rows", "inner", "columns"), swaps("rows", "columns"), swaps("rows", "inner")],
    "MATMUL_INTENSITY": [
        scales(1, "rows", "inner", "columns"),
        *inverse("bytes_per_value"),
        swaps("rows", "columns"),
        swaps("inner", "columns"),
        holds(
            "is less than if the right matrix alone were moved",
            lambda v, r: r < of("PREFILL_INTENSITY", v, tokens=v["rows"], bytes_per_param=v["bytes_per_value"]),
        ),
    ],
    "MAX_CONTEXT": [
        holds("fits", lambda v, r: at_most(r * v["users"] * v["kv_bytes_per_token"], pool(v))),
        holds("is the longest that fits", lambda v, r: at_most(pool(v), (r + 1) * v["users"] * v["kv_bytes_per_token"])),
        *never_rises("users", "kv_bytes_per_token", "overhead_bytes"),
        WHOLE,
    ],
    "MEAN_CONTEXT": [
        *affine("prompt_tokens", "generated_tokens"),
        equals(
            "is the mean over the steps",
            lambda v, r: (
                of("MEAN_CONTEXT", v, generated_tokens=int(v["generated_tokens"]) % 50 + 1),
                v["prompt_tokens"] + sum(range(1, int(v["generated_tokens"]) % 50 + 2)) / (int(v["generated_tokens"]) % 50 + 1),
            ),
        ),
        equals(
            "is the prompt where nothing is generated",
            lambda v, r: (of("MEAN_CONTEXT", v, generated_tokens=0), v["prompt_tokens"]),
        ),
    ],
    "MLA_KV_BYTES": [
        *linear("tokens", "layers", "bytes_per_value", "sequences"),
        *affine("latent_dim", "rope_dim"),
        swaps("latent_dim", "rope_dim"),
    ],
    "MLP_COST": [
        equals("is the rent of its operations", lambda v, r: (r, of("COMPUTE_COST", v, flops=of("MLP_FLOPS", v)))),
        gated("MLP_COST"),
        *linear("tokens", "ffn_dim"),
        *inverse("compute_efficiency"),
    ],
    "MLP_FLOPS": [
        equals(
            "is two products of matrices where the activation is plain",
            lambda v, r: (
                of("MLP_FLOPS", v, activation="relu"),
                2 * of("MATMUL_FLOPS", {}, rows=v["tokens"], inner=v["model_dim"], columns=v["ffn_dim"]),
            ),
        ),
        gated("MLP_FLOPS"),
        *linear("tokens", "model_dim", "ffn_dim"),
    ],
    "MLP_TRAFFIC": [
        gated("MLP_TRAFFIC"),
        *linear("model_dim", "ffn_dim", "bytes_per_param"),
        equals(
            "is what one token computes over the intensity",
            lambda v, r: (r * of("DECODE_INTENSITY", v), of("MLP_FLOPS", v, tokens=1)),
        ),
    ],
    "MOE_EXPERTS_TOUCHED": [
        holds("is between those of one token and all", lambda v, r: at_most(v["active"], r) and at_most(r, v["experts"])),
        equals("is the active ones of one token", lambda v, r: (of("MOE_EXPERTS_TOUCHED", v, batch=1), v["active"])),
        equals("is all where all are active", lambda v, r: (of("MOE_EXPERTS_TOUCHED", v, active=v["experts"]), v["experts"])),
        *never_falls("batch"),
        holds(
            "misses what two halves of a batch both miss",
            lambda v, r: close(
                (1 - of("MOE_EXPERTS_TOUCHED", v, batch=2 * v["batch"]) / v["experts"]),
                (1 - r / v["experts"]) ** 2,
                scale=1,
            ),
        ),
    ],
    "MOE_FLOPS": [
        equals(
            "of one expert is an MLP's",
            lambda v, r: (of("MOE_FLOPS", v, active=1, shared_experts=0, routed_experts=0), of("MLP_FLOPS", v)),
        ),
        equals(
            "counts shared experts as active ones",
            lambda v, r: (r, of("MOE_FLOPS", v, active=v["active"] + v["shared_experts"], shared_experts=0)),
        ),
        equals(
            "adds a router's product",
            lambda v, r: (
                r,
                of("MOE_FLOPS", v, routed_experts=0)
                + of("MATMUL_FLOPS", {}, rows=v["tokens"], inner=v["model_dim"], columns=v["routed_experts"]),
            ),
        ),
        *linear("tokens", "model_dim"),
    ],
    "OUTPUT_FLOPS": [
        *linear("tokens", "model_dim", "heads", "head_dim"),
        equals("is a third of queries, keys and values", lambda v, r: (3 * r, of("QKV_FLOPS", v, kv_heads=v["heads"]))),
    ],
    "PAGED_TOKENS": [
        holds("holds the tokens", lambda v, r: r >= v["tokens"]),
        holds("wastes less than a page", lambda v, r: r < v["tokens"] + v["block_tokens"]),
        holds("is whole pages", lambda v, r: r % v["block_tokens"] == 0),
        equals("leaves whole pages alone", lambda v, r: (of("PAGED_TOKENS", v, tokens=r), r)),
    ],
    "PREFILL_INTENSITY": [
        *linear("tokens"),
        *inverse("bytes_per_param"),
        equals(
            "is the operations over the weights' bytes",
            lambda v, r: (
                r * of("WEIGHT_BYTES", {}, parameters=4096, bits=8 * v["bytes_per_param"]),
                of("MATMUL_FLOPS", {}, rows=v["tokens"], inner=64, columns=64),
            ),
        ),
    ],
    "PREFILL_SECONDS": [
        *linear("flops"),
        *inverse("peak_flops", "compute_efficiency", "gpus"),
        equals(
            "is the rent at a dollar a second",
            lambda v, r: (r * v["gpus"], of("COMPUTE_COST", v, usd_per_hour=3600)),
        ),
    ],
    "PRICE_FOR_MARGIN": [
        *linear("cost_usd_per_mtok"),
        *rises("margin"),
        equals(
            "leaves the margin",
            lambda v, r: (1 - of("GROSS_MARGIN", {}, revenue=r, cost=v["cost_usd_per_mtok"]), 1 - v["margin"]),
        ),
    ],
    "QKV_FLOPS": [
        *linear("tokens", "model_dim", "head_dim"),
        *affine("heads", "kv_heads"),
        equals(
            "is one product with grouped columns",
            lambda v, r: (
                r,
                of(
                    "MATMUL_FLOPS",
                    {"rows": v["tokens"], "inner": v["model_dim"]},
                    columns=(v["heads"] + 2 * v["kv_heads"]) * v["head_dim"],
                ),
            ),
        ),
    ],
    "QUADRATIC_SHARE": [
        scales(0, "tokens", "model_dim"),
        *rises("tokens"),
        *falls("model_dim"),
        equals(
            "is the square's share of a layer",
            lambda v, r: (r * of("LAYER_FLOPS", v), of("SCORE_FLOPS", v) + of("VALUE_FLOPS", v)),
        ),
    ],
    "REVENUE_PER_GPU_HOUR": [
        equals("is that of the users who fit", lambda v, r: (r, served(v))),
        *linear("sale_usd_per_mtok", "utilisation", "bandwidth", "efficiency"),
        *never_rises("context_tokens", "kv_bytes_per_token", "overhead_bytes", "cache_fill"),
    ],
    "ALLREDUCE_SECONDS": [
        *affine("message_bytes", "delay_seconds"),
        holds("is the delay alone for one GPU", lambda v, r: of("ALLREDUCE_SECONDS", v, gpus=1) == v["delay_seconds"]),
        *never_falls("gpus"),
        scales(0, "message_bytes", "link_bandwidth"),
    ],
    "BATCHED_TOKENS_PER_SECOND": [
        equals(
            "is the step's rate without prompts",
            lambda v, r: (of("BATCHED_TOKENS_PER_SECOND", v, prefill_seconds=0) * v["step_seconds"], v["batch"]),
        ),
        equals(
            "gives with a prompt's time the share of the prompts",
            lambda v, r: (r / v["generated_tokens"] * v["prefill_seconds"], of("PREFILL_SHARE", v)),
        ),
        *never_falls("batch", "generated_tokens"),
        *never_rises("step_seconds", "prefill_seconds"),
        scales(-1, "step_seconds", "prefill_seconds"),
    ],
    "CAPITAL_CHARGE": [
        scales(1, "capex_usd", "residual_usd"),
        *affine("capex_usd", "residual_usd"),
        *rises("rate"),
        *falls("years", "residual_usd"),
        holds("pays back more than is used up", lambda v, r: r * v["years"] > v["capex_usd"] - v["residual_usd"]),
    ],
    "GPU_WATTS": [
        *linear("rated_watts"),
        *affine("activity"),
        holds("is below the rated power", lambda v, r: r < v["rated_watts"]),
        *rises("activity"),
    ],
    "OWNED_GPU_HOUR": [
        *affine("watts", "usd_per_kwh", "staff_usd_per_year"),
        *rises("capex_usd", "rate", "watts"),
        holds("rises with the site's power", lambda v, r: of("OWNED_GPU_HOUR", v, pue=v["pue"] + 1) > r),
        *falls("years"),
        equals(
            "is capital, staff and power",
            lambda v, r: (
                r * 8760,
                of("CAPITAL_CHARGE", v) + v["staff_usd_per_year"] + 8760 * v["pue"] * of("EDGE_ENERGY_COST", v, seconds=3600),
            ),
        ),
    ],
    "POOL_HOURS": [
        *affine("input_tokens", "output_tokens"),
        scales(1, "input_tokens", "output_tokens"),
        *falls("input_tokens_per_second", "output_tokens_per_second"),
        equals(
            "is both phases' tokens at one price over that price",
            lambda v, r: (
                r,
                v["input_tokens"]
                / 1e6
                * of("COST_PER_MTOK", {}, usd_per_hour=1, tokens_per_second=v["input_tokens_per_second"])
                + v["output_tokens"]
                / 1e6
                * of("COST_PER_MTOK", {}, usd_per_hour=1, tokens_per_second=v["output_tokens_per_second"]),
            ),
        ),
    ],
    "PREFILL_SHARE": [
        scales(0, "prefill_seconds", "step_seconds"),
        *rises("prefill_seconds", "batch"),
        *falls("step_seconds", "generated_tokens"),
        holds("is a share", lambda v, r: 0 < r < 1),
    ],
    "SPECULATIVE_SPEEDUP": [
        *rises("acceptance"),
        *falls("draft_cost", "verify_cost"),
        scales(-1, "draft_cost", "verify_cost"),
        holds("is below 1 where nothing is accepted", lambda v, r: of("SPECULATIVE_SPEEDUP", v, acceptance=0) < 1),
    ],
    "SPECULATIVE_TOKENS": [
        *rises("acceptance", "draft_tokens"),
        holds("is at least one", lambda v, r: r >= 1),
        holds("is at most all and one", lambda v, r: r <= v["draft_tokens"] + 1),
        equals(
            "is all and one where all are accepted",
            lambda v, r: (of("SPECULATIVE_TOKENS", v, acceptance=1), v["draft_tokens"] + 1),
        ),
    ],
    "RIDGE_POINT": [
        *linear("peak_flops"),
        *inverse("bandwidth"),
        equals("is where the roof is flat", lambda v, r: (of("ROOFLINE", v, intensity=r), v["peak_flops"])),
        equals("is not reached by half of it", lambda v, r: (of("ROOFLINE", v, intensity=r / 2), v["peak_flops"] / 2)),
    ],
    "ROOFLINE": [
        scales(1, "peak_flops", "bandwidth"),
        scales(1, "peak_flops", "intensity"),
        swaps("bandwidth", "intensity"),
        *never_falls("intensity"),
        holds("is at most the peak", lambda v, r: r <= v["peak_flops"]),
    ],
    "SCORE_FLOPS": [
        scales(2, "tokens"),
        *linear("heads", "head_dim"),
        equals("is as much as the values' sum", lambda v, r: (r, of("VALUE_FLOPS", v))),
        equals(
            "is half under a mask", lambda v, r: (of("SCORE_FLOPS", v, causal=False), 2 * of("SCORE_FLOPS", v, causal=True))
        ),
        scales(0, "model_dim"),
    ],
    "SELF_HOST_TCO": [
        *affine("gpus", "usd_per_hour", "hours_per_year", "other_usd_per_year"),
        scales(1, "staff_usd_per_year", "usd_per_hour", "other_usd_per_year"),
        equals(
            "is the rent more where staff does not pay it",
            lambda v, r: (
                of("SELF_HOST_TCO", v, rent_included=False),
                of("SELF_HOST_TCO", v, rent_included=True) + v["gpus"] * v["usd_per_hour"] * v["hours_per_year"],
            ),
        ),
    ],
    "STAFF_COST": [
        *affine("position"),
        *rises("position"),
        holds("is within the tiers", lambda v, r: 125e3 <= r <= 12e6),
        holds(
            "grows from tier to tier",
            lambda v, r: (
                of("STAFF_COST", v, tier="minimal") < of("STAFF_COST", v, tier="moderate") < of("STAFF_COST", v, tier="core")
            ),
        ),
    ],
    "TOKENS_PER_SECOND": [
        equals("times the step is the batch", lambda v, r: (r * of("DECODE_SECONDS", v), v["batch"])),
        scales(1, "bandwidth", "peak_flops", launch_seconds=0),
        *falls("kv_bytes", "launch_seconds"),
        *rises("batch"),
        *never_falls("bandwidth"),
    ],
    "TOKEN_REVENUE": [
        *linear("tokens_per_second", "sale_usd_per_mtok", "utilisation"),
        equals("as a cost gives the price", lambda v, r: (of("COST_PER_MTOK", v, usd_per_hour=r), v["sale_usd_per_mtok"])),
    ],
    "TRANSFORMER_FLOPS": [
        equals(
            "is its layers and the head's product",
            lambda v, r: (
                r,
                v["layers"] * of("LAYER_FLOPS", v)
                + of("MATMUL_FLOPS", {}, rows=v["tokens"], inner=v["model_dim"], columns=v["vocabulary"]),
            ),
        ),
        *affine("layers", "vocabulary", "ffn_dim"),
        *rises("tokens"),
    ],
    "USERS_PER_GPU": [
        holds("fit", lambda v, r: at_most(r * v["kv_bytes_per_user"], pool(v))),
        holds("are as many as fit", lambda v, r: at_most(pool(v), (r + 1) * v["kv_bytes_per_user"])),
        *never_rises("kv_bytes_per_user", "overhead_bytes"),
        *never_falls("gpu_bytes"),
        WHOLE,
    ],
    "USER_HOUR_COST": [
        *linear("usd_per_hour"),
        *inverse("users"),
        equals("times the users is the price", lambda v, r: (r * v["users"], v["usd_per_hour"])),
    ],
    "VALUE_FLOPS": [
        scales(2, "tokens"),
        *linear("heads", "head_dim"),
        equals(
            "is half under a mask", lambda v, r: (of("VALUE_FLOPS", v, causal=False), 2 * of("VALUE_FLOPS", v, causal=True))
        ),
        scales(0, "model_dim"),
    ],
    "WEIGHT_BYTES": [
        scales(1, "parameters", "wide_parameters"),
        *affine("bits", "scale_bits", "zero_bits"),
        *rises("scale_bits"),
        *falls("group_size"),
        equals(
            "counts wide parameters as sixteen bits",
            lambda v, r: (of("WEIGHT_BYTES", v, bits=16, group_size=0), 2 * v["parameters"]),
        ),
    ],
    "WINDOW_KV_BYTES": [
        equals(
            "is the whole cache where the window is longer",
            lambda v, r: (
                of("WINDOW_KV_BYTES", v, window=v["tokens"] + 1),
                of("KV_BYTES", v, layers=v["global_layers"] + v["window_layers"]),
            ),
        ),
        equals(
            "is the global layers' without a window",
            lambda v, r: (of("WINDOW_KV_BYTES", v, window=0), of("KV_BYTES", v, layers=v["global_layers"])),
        ),
        scales(1, "tokens", "window"),
        *linear("kv_heads", "sequences"),
        *never_falls("window"),
    ],
}

"""The article's figures, and what its own inputs give when this package computes them.

``claims.toml`` holds what the article says and the verdict; what is right is computed here,
each time, so that a fault of a formula cannot hide behind a stored figure.
"""

import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import partial
from importlib.resources import files
from typing import Any

from pycalc.cost import MILLION, blended_price, cost_per_mtok, user_hour_cost
from pycalc.edge import (
    cloud_monthly_cost,
    device_lifetime_tokens,
    device_monthly_cost,
    edge_cost_per_mtok,
    edge_crossover_requests,
    edge_monthly_cost,
)
from pycalc.flops import (
    attention_crossover,
    attention_flops,
    matmul_flops,
    mlp_flops,
    moe_flops,
    output_flops,
    qkv_flops,
    quadratic_share,
    score_flops,
)
from pycalc.kv import kv_bytes, kv_bytes_per_token
from pycalc.memory import FRAMEWORK_BYTES, kv_budget, users_per_gpu, weight_bytes
from pycalc.roofline import attention_intensity, compute_utilisation, decode_intensity, prefill_intensity, ridge_point
from pycalc.serving import decode_seconds, prefill_seconds, tokens_per_second


class Verdict(StrEnum):
    """How a figure of the article compares with what its own inputs give."""

    AGREES = "agrees"
    IMPRECISE = "imprecise"
    UNITS = "units"
    WRONG = "wrong"
    INCONSISTENT = "inconsistent"
    ASSUMPTION = "assumption"
    DERIVED = "derived"

    @property
    def meaning(self) -> str:
        """The verdict in a sentence."""
        return MEANINGS[self]


MEANINGS = {
    Verdict.AGREES: "Right to the digits that the article gives: off by no more than half a unit of the last one, "
    "a whole unit where it says about (~); or inside its range.",
    Verdict.IMPRECISE: "Near, off by less than two units of the last digit, but not what the article's own inputs give.",
    Verdict.UNITS: "Right in MiB or GiB, powers of 1024, which the article calls MB or GB.",
    Verdict.WRONG: "Not what the article's own inputs give.",
    Verdict.INCONSISTENT: "Contradicts other figures of the article.",
    Verdict.ASSUMPTION: "Given by the article without a derivation: there is nothing to recompute.",
    Verdict.DERIVED: "Not stated by the article: it follows from its figures.",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A figure of the article, what is right, and how the two compare."""

    id: str
    section: str
    claim: str
    unit: str
    verdict: Verdict
    recomputed: float | None
    article: Decimal | str | None = None
    """In base units and the article's digits; a text for a range, bound or formula; None where it states none."""
    about: bool = False
    """Whether the article hedges its figure."""
    note: str = ""

    @property
    def article_value(self) -> float | str | None:
        """What the article says, as a number where it is one."""
        return float(self.article) if isinstance(self.article, Decimal) else self.article


def claims() -> tuple[Claim, ...]:
    """Every figure of the article beside what is right, in the order in which they were examined.

    >>> cost = next(claim for claim in claims() if claim.id == "6.2-mtok-full")
    >>> cost.article_value, round(cost.recomputed, 2), cost.unit, str(cost.verdict)
    (0.0038, 3.75, 'USD/Mtok', 'wrong')
    """
    return tuple(_claim(**row) for row in _data()["claims"])


def section_titles() -> Mapping[str, str]:
    """The sections of the article that state figures, in its order, by what they are about."""
    titles: Mapping[str, str] = _data()["sections"]
    return titles


def _data() -> dict[str, Any]:
    text = (files("pycalc") / "claims.toml").read_text("utf-8")
    return tomllib.loads(text, parse_float=Decimal)  # Decimal keeps the digits as written: 1.0e6 is not 1e6


def _claim(id: str, verdict: str, article: Decimal | str | int | None = None, **row: Any) -> Claim:  # noqa: A002
    recompute = RECOMPUTE[id]
    return Claim(
        id=id,
        verdict=Verdict(verdict),
        article=Decimal(article) if isinstance(article, int) else article,
        recomputed=recompute and float(recompute()),
        **row,
    )


# The article's inputs, as its rows take them
K4, K32, K128 = 4096, 32768, 131072
WIDTH = 2048  # of its 1B-class model
H100_FLOPS, H100_BANDWIDTH, H100_BYTES, H100_PRICE = 989e12, 3350e9, 80e9, 2.5
PHONE_FLOPS, PHONE_BANDWIDTH = 50e9, 51e9  # Snapdragon 8 Elite CPU
FP16, INT8, INT4 = 2, 1, 0.5  # bytes
RATE = 185  # tokens/s, within the 40 to 60 % of the ceiling
MAU, TOKENS, LICENCE, LIFE_MONTHS, API_PRICE = 100e6, 750, 0.3, 36, 0.3

cache_1b = partial(kv_bytes, layers=16, kv_heads=8, head_dim=64, bytes_per_value=INT8)
cache_hybrid = partial(kv_bytes, layers=6, kv_heads=8, head_dim=64, bytes_per_value=INT8)
session = partial(kv_bytes, layers=32, kv_heads=8, head_dim=128, bytes_per_value=INT8)


def _users(context: float) -> Any:
    return users_per_gpu(H100_BYTES, weight_bytes(7e9, 4), session(context), FRAMEWORK_BYTES)


def _rate(efficiency: float = 1) -> Any:
    return tokens_per_second(weight_bytes(14e9, 4), session(K32), H100_BANDWIDTH, efficiency=efficiency)


def _mixtral(experts: int) -> Any:
    """Parameters of Mixtral 8x7B with so many of its experts, from the config.json of Mixtral-8x7B-v0.1.

    A weight of a matrix takes part in one multiply-add per token, two operations.
    """
    width, layers, heads, kv_heads, head_dim, ffn_dim, vocabulary = 4096, 32, 32, 8, 128, 14336, 32000
    attention = qkv_flops(1, width, heads, kv_heads, head_dim) + output_flops(1, width, heads, head_dim)
    matrices = (attention + moe_flops(1, width, ffn_dim, experts, activation="swiglu", routed_experts=8)) / 2
    norms = 2 * width
    embedding_and_head = 2 * vocabulary * width  # not tied
    return layers * (matrices + norms) + width + embedding_and_head


RECOMPUTE: dict[str, Callable[[], Any] | None] = {
    "1.3-scores": lambda: score_flops(K4, WIDTH) / matmul_flops(1, WIDTH, 1),
    "1.4-std": lambda: math.sqrt(64),
    "1.5-softmax": lambda: math.exp(10 - 8),
    "1.8-gqa": lambda: kv_bytes_per_token(16, 32, 64) / kv_bytes_per_token(16, 8, 64),
    "2.1-qkv": lambda: qkv_flops(K4, WIDTH),
    "2.2-score-4k": lambda: score_flops(K4, WIDTH),
    "2.2-score-32k": lambda: score_flops(K32, WIDTH),
    "2.5-crossover": lambda: attention_crossover(WIDTH),
    "2.6-mlp": lambda: mlp_flops(K4, WIDTH),
    "2.6-mlp-vs-proj": lambda: mlp_flops(K4, WIDTH) / (qkv_flops(K4, WIDTH) + output_flops(K4, WIDTH)),
    "2.6-mlp-vs-attn": lambda: mlp_flops(K4, WIDTH) / attention_flops(K4, WIDTH),
    "2.6-swiglu": lambda: mlp_flops(K4, WIDTH, activation="swiglu") / mlp_flops(K4, WIDTH),
    "2.6-moe-params": lambda: moe_flops(1, WIDTH, 4 * WIDTH, 32) / mlp_flops(1, WIDTH, 4 * WIDTH),
    "2.6-mixtral-total": lambda: _mixtral(experts=8),
    "2.6-mixtral-active": lambda: _mixtral(experts=2),
    "2.7-share-1k": lambda: quadratic_share(1024, WIDTH),
    "2.7-share-4k": lambda: quadratic_share(K4, WIDTH),
    "2.7-share-32k": lambda: quadratic_share(K32, WIDTH),
    "2.7-share-128k": lambda: quadratic_share(K128, WIDTH),
    "3.1-prefill-ai": lambda: prefill_intensity(K4, FP16),
    "3.1-attn-ai": lambda: attention_intensity(K4, FP16),
    "3.2-decode-ai-fp16": lambda: decode_intensity(FP16),
    "3.2-decode-ai-int8": lambda: decode_intensity(INT8),
    "3.2-decode-ai-int4": lambda: decode_intensity(INT4),
    "4.1-compute-gap": lambda: H100_FLOPS / PHONE_FLOPS,
    "4.1-bw-gap": lambda: H100_BANDWIDTH / PHONE_BANDWIDTH,
    "4.2-ridge-h100": lambda: ridge_point(H100_FLOPS, H100_BANDWIDTH),
    "4.2-ridge-a100": lambda: ridge_point(312e12, 2039e9),
    "4.2-ridge-snap": lambda: ridge_point(PHONE_FLOPS, PHONE_BANDWIDTH),
    "4.4-util-fp16": lambda: compute_utilisation(H100_FLOPS, H100_BANDWIDTH, decode_intensity(FP16)),
    "4.4-util-int4": lambda: compute_utilisation(H100_FLOPS, H100_BANDWIDTH, decode_intensity(INT4)),
    "4.5-phone-bound": lambda: decode_intensity(INT4) / ridge_point(PHONE_FLOPS, PHONE_BANDWIDTH),
    "4.5-prefill-phone": lambda: prefill_seconds(0.010 * H100_FLOPS, PHONE_FLOPS),
    "5.3-bpt": lambda: kv_bytes_per_token(16, 8, 64, INT8),
    "5.3-4k": lambda: cache_1b(K4),
    "5.3-32k": lambda: cache_1b(K32),
    "5.3-128k": lambda: cache_1b(K128),
    "5.3-w-ratio": lambda: cache_1b(K128) / weight_bytes(1.2e9, 4),
    "5.3-hyb-bpt": lambda: kv_bytes_per_token(6, 8, 64, INT8),
    "5.3-hyb-32k": lambda: cache_hybrid(K32),
    "5.3-hyb-freed": lambda: cache_1b(K32) - cache_hybrid(K32),
    "5.3-hyb-128k": lambda: cache_hybrid(K128),
    "5.4-70b": lambda: weight_bytes(70e9, 16),
    "5.4-7b": lambda: weight_bytes(7e9, 4),
    "5.4-1b": lambda: weight_bytes(1.2e9, 4),
    "5.4-pool": lambda: kv_budget(H100_BYTES, weight_bytes(7e9, 4), FRAMEWORK_BYTES),
    "5.5-session-4k": lambda: session(K4),
    "5.5-users-4k": lambda: _users(K4),
    "5.5-session-32k": lambda: session(K32),
    "5.5-users-32k": lambda: _users(K32),
    "5.5-users-128k": lambda: _users(K128),
    "5.6-user-hour-4k": lambda: user_hour_cost(H100_PRICE, 278),
    "5.6-user-hour-32k": lambda: user_hour_cost(H100_PRICE, 34),
    "5.6-user-hour-128k": lambda: user_hour_cost(H100_PRICE, 8),
    "5.6-35x": lambda: user_hour_cost(H100_PRICE, 8) / user_hour_cost(H100_PRICE, 278),
    "6.1-weights": lambda: weight_bytes(14e9, 4),
    "6.1-kv": lambda: session(K32),
    "6.1-step": lambda: weight_bytes(14e9, 4) + session(K32),
    "6.1-ms": lambda: decode_seconds(weight_bytes(14e9, 4), session(K32), H100_BANDWIDTH),
    "6.1-tps": lambda: _rate(),
    "6.1-tps-lo": lambda: _rate(efficiency=0.4),
    "6.1-tps-hi": lambda: _rate(efficiency=0.6),
    "6.2-per-token": lambda: cost_per_mtok(H100_PRICE, RATE) / MILLION,
    "6.2-mtok-full": lambda: cost_per_mtok(H100_PRICE, RATE),
    "6.2-mtok-30": lambda: cost_per_mtok(H100_PRICE, RATE, 0.3),
    "6.2-mtok-10": lambda: cost_per_mtok(H100_PRICE, RATE, 0.1),
    "0-floor": lambda: cost_per_mtok(H100_PRICE, RATE),
    "7.2-self-hosted": lambda: cost_per_mtok(H100_PRICE, RATE, 0.3),
    "6.2-spread": lambda: cost_per_mtok(H100_PRICE, RATE, 0.1) / cost_per_mtok(H100_PRICE, RATE),
    "6.3-api-gap": lambda: blended_price(0.1, 0.4, 1, 2) / cost_per_mtok(H100_PRICE, RATE),
    "6.3-blend": lambda: blended_price(0.1, 0.4, 1, 2),
    "6.3-tiers": None,
    "7.2-lifetime-tokens": lambda: device_lifetime_tokens(50, TOKENS, 3),
    "7.2-edge-mtok": lambda: edge_cost_per_mtok(LICENCE, device_lifetime_tokens(50, TOKENS, 3)),
    "7.2-cloud-50": lambda: cloud_monthly_cost(MAU, 50, TOKENS, API_PRICE),
    "7.2-cloud-100": lambda: cloud_monthly_cost(MAU, 100, TOKENS, API_PRICE),
    "7.2-cloud-500": lambda: cloud_monthly_cost(MAU, 500, TOKENS, API_PRICE),
    "7.2-edge-month": lambda: edge_monthly_cost(MAU, device_monthly_cost(LICENCE, LIFE_MONTHS)),
    "7.2-11x": lambda: cloud_monthly_cost(MAU, 500, TOKENS, API_PRICE) / edge_monthly_cost(MAU, 0.01),
    "7.2-crossover-requests": lambda: edge_crossover_requests(0.01, TOKENS, API_PRICE),
}
"""What is right, by the id of the claim; None where the article gives nothing to compute it from."""

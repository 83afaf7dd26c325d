"""Seconds, users and dollars of serving a model: plain formulas, and whole deployments on real chips.

The formulas are imported with the package; a deployment reads catalogues and constants when first asked for.
"""

from pycalc.serving.formulas import (
    allreduce_seconds,
    batched_tokens_per_second,
    decode_seconds,
    mean_context,
    pool_hours,
    prefill_seconds,
    prefill_share,
    speculative_speedup,
    speculative_tokens,
    tokens_per_second,
)
from pycalc.serving.functions import (
    serve_bound_by,
    serve_input_cost,
    serve_output_cost,
    serve_revenue,
    serve_tokens_per_second,
    serve_tpot,
    serve_ttft,
    serve_users,
)

__all__ = [
    "allreduce_seconds",
    "batched_tokens_per_second",
    "decode_seconds",
    "mean_context",
    "pool_hours",
    "prefill_seconds",
    "prefill_share",
    "serve_bound_by",
    "serve_input_cost",
    "serve_output_cost",
    "serve_revenue",
    "serve_tokens_per_second",
    "serve_tpot",
    "serve_ttft",
    "serve_users",
    "speculative_speedup",
    "speculative_tokens",
    "tokens_per_second",
]

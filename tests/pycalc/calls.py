"""Calls of every declared function: realistic arguments by name and unit, and a call by name."""

import math
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

import pycalc
from pycalc import FUNCTIONS
from pycalc.record import Formula, Parameter

NAMES = sorted(name for name, spec in FUNCTIONS.items() if not any(p.quantity.is_text for p in spec.parameters))
"""The functions of numbers; those that look names up have tests of their own."""

TEXTS: dict[str, tuple[str, ...]] = {
    "engine": ("auto", "vllm", "llama.cpp", "no such engine"),
    "field": ("bandwidth", "BF16 flops", "parameters"),
    "gpu": ("H100 SXM", "rtx-4090", "Snapdragon 8 Elite", "A100"),
    "model": ("Llama 3.1 8B", "gpt-4o-mini", "no such model"),
    "side": ("input", "Output", "cached input"),
}
"""By argument, names that some look-up knows and names that it refuses."""

KNOWN: dict[str, tuple[str, ...]] = {
    "model": (
        "Llama 3.1 8B",
        "Mixtral 8x7B",
        "Gemma 3 27B",
        "Phi 3 mini 4k instruct",
        "Qwen3-Next-80B-A3B",
        "DeepSeek-V3",
        "DeepSeek-V3.2",
        "Llama 4 Scout",
        "Jamba",
    ),
}
"""Names that are known, one for each kind of attention, cache and state."""

BY_UNIT: dict[str, tuple[float, float]] = {
    "1": (1, 4096),
    "1/year": (0.01, 0.5),
    "FLOP": (1e9, 1e18),
    "FLOP/byte": (0.1, 1e4),
    "FLOP/s": (1e12, 5e15),
    "FLOP/token": (1e9, 1e12),
    "GPUs": (1, 64),
    "TRUE/FALSE": (0, 1),
    "USD": (0.01, 1e4),
    "USD/Mtok": (0.01, 60),
    "USD/hour": (0.5, 20),
    "USD/kWh": (0.05, 0.5),
    "USD/month": (1, 1e6),
    "USD/year": (1e4, 1e7),
    "W": (0.5, 700),
    "bits": (1, 16),
    "bytes": (1e6, 1e9),
    "bytes/s": (1e11, 8e12),
    "bytes/token": (1e3, 1e6),
    "experts": (1, 8),
    "fraction": (0.05, 0.95),
    "heads": (1, 128),
    "hours": (24, 8760),
    "layers": (1, 128),
    "months": (6, 60),
    "parameters": (1e9, 1e12),
    "parts": (0.5, 20),
    "ratio": (1, 3),
    "requests/day": (1, 500),
    "requests/month": (10, 1000),
    "s": (0.001, 1e4),
    "sequences": (1, 512),
    "tokens": (1, 1e6),
    "tokens/s": (1, 1e5),
    "updates/year": (0, 12),
    "users": (1, 1e8),
    "weights": (16, 256),
    "years": (0.5, 10),
}
BY_NAME: dict[str, tuple[float, float]] = {
    "api_usd_per_mtok": (2, 60),
    "block_tokens": (1, 256),
    "bytes_per_param": (0.5, 4),
    "capex_usd": (1e4, 1e5),
    "bytes_per_value": (0.5, 4),
    "device_usd_per_month": (1e-5, 1e-4),
    "draft_cost": (0.01, 0.5),
    "draft_tokens": (1, 8),
    "experts": (8, 256),
    "gpu_bytes": (6e10, 3e11),
    "kv_bytes_per_token": (1e3, 1e5),
    "marginal_usd_per_mtok": (0.01, 1),
    "launch_seconds": (1e-5, 1e-2),
    "memory_fraction": (0.8, 1),
    "model_dim": (64, 16384),
    "overhead_bytes": (1e9, 4e9),
    "queries_per_kv": (1, 16),
    "residual_usd": (100, 9e3),
    "routed_experts": (0, 256),
    "shared_experts": (0, 4),
    "tokens_per_request": (100, 5000),
    "users": (1, 100),
    "vocabulary": (0, 256000),
    "weight_bytes": (1e9, 3e10),
    "wide_parameters": (1e6, 1e9),
}
BY_CALL: dict[tuple[str, str], tuple[float, float]] = {
    ("BREAK_EVEN_UTILISATION", "sale_usd_per_mtok"): (1, 60),
    ("BREAK_EVEN_UTILISATION", "tokens_per_second"): (1e4, 1e5),
    ("CONTEXT_FOR_MARGIN", "bandwidth"): (2e12, 8e12),
    ("CONTEXT_FOR_MARGIN", "efficiency"): (0.3, 0.95),
    ("CONTEXT_FOR_MARGIN", "margin"): (0, 0.6),
    ("CONTEXT_FOR_MARGIN", "sale_usd_per_mtok"): (0.5, 10),
    ("CONTEXT_FOR_MARGIN", "usd_per_hour"): (0.5, 4),
    ("CONTEXT_FOR_MARGIN", "utilisation"): (0.3, 1),
    ("EDGE_CROSSOVER", "cloud_usd_per_mtok"): (0.2, 60),
    ("OWNED_GPU_HOUR", "staff_usd_per_year"): (100, 1e4),
    ("REVENUE_PER_GPU_HOUR", "context_tokens"): (1, 1e5),
}
"""Within these, no function refuses: weights fit, an API costs more than the marginal token, and so on."""


def span(spec: Formula, parameter: Parameter) -> tuple[float, float]:
    """The realistic range of an argument."""
    name = parameter.name
    return BY_CALL.get((spec.excel_name, name)) or BY_NAME.get(name) or BY_UNIT[parameter.quantity.unit]


def realistic(spec: Formula, parameter: Parameter) -> st.SearchStrategy[Any]:
    """Values that a user might give."""
    q = parameter.quantity
    if q.is_text:
        return st.sampled_from(KNOWN[q.symbol])
    if q.choices:
        return st.sampled_from(sorted(q.choices))
    if q.is_flag:
        return st.booleans()
    low, high = span(spec, parameter)
    if parameter.name in ("model_dim", "heads", "kv_heads", "head_dim"):  # as models have them: one divides the other
        return st.integers(math.ceil(math.log2(low)), math.floor(math.log2(high))).map(lambda power: 2**power)
    return st.integers(int(low), int(high)) if q.whole else st.floats(low, high)


def calls(spec: Formula) -> st.SearchStrategy[dict[str, Any]]:
    """Calls with every argument given."""
    return st.fixed_dictionaries({parameter.name: realistic(spec, parameter) for parameter in spec.parameters})


def middle(spec: Formula) -> dict[str, Any]:
    """One realistic call with every argument given: the geometric middle of each range."""

    def value(parameter: Parameter) -> Any:
        q = parameter.quantity
        if q.choices:
            return max(q.choices)
        if q.is_flag:
            return True
        low, high = span(spec, parameter)
        centre = math.sqrt(max(low, high / 100) * high)
        return float(round(centre)) if q.whole else centre

    return {parameter.name: value(parameter) for parameter in spec.parameters}


def of(name: str, values: Mapping[str, Any], **changes: Any) -> Any:
    """The public function by its worksheet name, on those of the values that it takes."""
    values = {**values, **changes}
    taken = {parameter.name: values[parameter.name] for parameter in FUNCTIONS[name].parameters if parameter.name in values}
    return getattr(pycalc, name.lower())(**taken)

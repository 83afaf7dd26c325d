"""Checked functions against bare bodies and hand-written numpy: ratios, measured side by side in one run.

Run: python tests/benchmarks/bench_calc.py
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import pycalc
from pycalc import FUNCTIONS

ROWS = 1_000_000
ROUNDS = 15


def best(*candidates: Callable[[], Any], repeat: int = 1) -> list[float]:
    """The least seconds per call of each candidate, their rounds interleaved so that noise hits all alike."""
    times = [[] for _ in candidates]
    for _ in range(ROUNDS):
        for candidate, seconds in zip(candidates, times, strict=True):
            start = time.perf_counter()
            for _ in range(repeat):
                candidate()
            seconds.append((time.perf_counter() - start) / repeat)
    return [min(seconds) for seconds in times]


def scalars() -> None:
    print("a checked scalar call against the bare body")
    calls = {
        "MATMUL_FLOPS": (4096, 2048, 2048),
        "KV_BYTES": (32768, 16, 8, 64, 1),
        "LAYER_FLOPS": (4096, 2048),
        "USERS_PER_GPU": (80e9, 3.5e9, 268435456, 2e9),
        "COST_PER_MTOK": (2.5, 185, 0.3),
    }
    for name, args in calls.items():
        spec, function = FUNCTIONS[name], getattr(pycalc, name.lower())
        from pycalc.policy import with_defaults

        full = with_defaults(spec, spec.bind([float(a) for a in args]))
        checked, bare = best(lambda f=function, a=args: f(*a), lambda b=spec.body, a=full: b(*a), repeat=2000)
        print(f"  {name:16} {checked * 1e6:6.2f} µs checked, {bare * 1e6:6.2f} µs bare: {checked / bare:5.1f}x")


def arrays() -> None:
    print(f"{ROWS:,} rows against hand-written numpy on whole arrays (1.00 = equal speed, more is faster)")
    rng = np.random.default_rng(0)
    n = np.floor(rng.uniform(1, 1e5, ROWS))
    d = np.floor(rng.uniform(64, 16384, ROWS))
    h, g, k = (np.full(ROWS, v) for v in (32.0, 8.0, 128.0))
    f = np.floor(rng.uniform(1024, 65536, ROWS))
    weights, cache, batch = rng.uniform(1e9, 1e11, ROWS), rng.uniform(1e6, 1e9, ROWS), np.floor(rng.uniform(1, 256, ROWS))
    bandwidth, peak, price, rate = (
        rng.uniform(low, high, ROWS) for low, high in ((1e11, 8e12), (1e13, 2e15), (0.5, 8), (10, 9e3))
    )
    cases: dict[str, tuple[Callable[[], Any], Callable[[], Any], int]] = {
        "LAYER_FLOPS(n,d)": (
            lambda: pycalc.layer_flops(n, d), lambda: 24 * n * d**2 + 4 * n**2 * d, 2),
        "LAYER_FLOPS exact": (
            lambda: pycalc.layer_flops(n, d, h, g, k, f, "swiglu"),
            lambda: 2 * n * (d * h * k + 2 * d * g * k + h * k * d) + 4 * n**2 * h * k + 6 * n * d * f, 6),
        "DECODE_SECONDS": (
            lambda: pycalc.decode_seconds(weights, cache, bandwidth, batch, 0.8, 2.8e10, peak, 0.6, 1e-3),
            lambda: batch * cache / (bandwidth * 0.8)
            + np.maximum(weights / (bandwidth * 0.8), batch * 2.8e10 / (peak * 0.6)) + 1e-3, 5),
        "KV_BYTES": (lambda: pycalc.kv_bytes(n, 32, 8, 128, 2), lambda: 2 * 32 * 8 * 128 * 2 * n, 1),
        "RIDGE_POINT": (lambda: pycalc.ridge_point(peak, bandwidth), lambda: peak / bandwidth, 2),
        "COST_PER_MTOK": (lambda: pycalc.cost_per_mtok(price, rate, 0.3), lambda: price * 1e6 / (3600 * rate * 0.3), 2),
        "ATTENTION_CROSSOVER": (lambda: pycalc.attention_crossover(d), lambda: 2 * d, 1),
    }  # fmt: skip
    for name, (ours, hand, inputs) in cases.items():
        np.testing.assert_allclose(ours(), hand(), rtol=1e-12)
        a, b, copy = best(ours, hand, lambda: [n.copy() for _ in range(1)])
        passes = (a - b) / copy / inputs
        print(f"  {name:20} {a * 1e3:6.2f} ms, hand {b * 1e3:6.2f} ms: {b / a:5.2f}; {passes:+.1f} copies of it more per input")


if __name__ == "__main__":
    scalars()
    arrays()

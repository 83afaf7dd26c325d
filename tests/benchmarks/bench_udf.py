"""What a call through classic xlwings costs, against a UDF that does nothing; both without Excel and COM.

Run: python tests/benchmarks/bench_udf.py
"""

import sys
import tempfile
import time
import timeit
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "addin"))

import com_host
from com_host import MISSING, ExcelRange, call

NUMBERS = [80e9 + 1e6 * i for i in range(1000)]
CLEAN = ExcelRange(tuple((number,) for number in NUMBERS))
DIRTY = ExcelRange(tuple((number if i % 10 else "x",) for i, number in enumerate(NUMBERS)))
CALLS = {
    "KV_BYTES": (16.0, 8.0, 64.0, MISSING, MISSING),
    "LAYER_FLOPS": (2048.0, *[MISSING] * 6),
    "USERS_PER_GPU": (3.5e9, 268435456.0, MISSING),
    "BOUND_BY": (3350e9, 1.0),
    "MLP_FLOPS": (4096.0, 14336.0, "swiglu"),
}


def nothing(parameters):
    """A UDF of so many arguments that hands its first one back, as an xlwings user would write it."""
    import xlwings

    namespace = {}
    names = [f"a{i}" for i in range(parameters)]
    exec(f"def nothing({', '.join(f'{name}=None' for name in names)}):\n    return a0", namespace)  # noqa: S102
    function = namespace["nothing"]
    for name in names:
        function = xlwings.arg(name, ndim=2, err_to_str=True)(function)
    return xlwings.func(function)


def best(calls, repeats=15):
    """Processor seconds of each call, the least of several turns taken in alternation."""
    timers = [timeit.Timer(each, timer=time.process_time) for each in calls]
    number = max(1, int(0.02 / timers[0].timeit(1)))
    return [min(times) / number for times in zip(*([t.timeit(number) for t in timers] for _ in range(repeats)), strict=True)]


def main():
    com_host.install(Path(tempfile.gettempdir()) / "bench_udf.log")
    module = sys.modules[com_host.MODULE]
    print(f"{'function':<16}{'first argument':<22}{'nothing':>10}{'ours':>10}{'ratio':>8}")
    for name, rest in CALLS.items():
        module.NOTHING = nothing(len(rest) + 1)
        for label, first in (("a number", 80e9), ("1,000 cells", CLEAN), ("1,000 cells, 100 texts", DIRTY)):
            base, ours = best([partial(call, each, first, *rest) for each in ("NOTHING", name)])
            print(f"{name:<16}{label:<22}{base * 1e6:>7.0f} µs{ours * 1e6:>7.0f} µs{ours / base:>8.2f}")


if __name__ == "__main__":
    main()

"""The constants of a system from measurements of it.

Method: the constants that maximise the posterior under errors whose logarithms are Laplace-distributed, so that one
odd row moves little, around the constants of the engine's family as a log-normal prior, so that what the rows do
not tell stays as it was.  The search goes along one constant at a time with steps that shrink; nothing is random.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from pycalc.errors import DomainError
from pycalc.serving.deployment import Deployment
from pycalc.serving.engines import CONSTANTS, Efficiency
from pycalc.serving.estimate import Load, Times, demands, settled, timed
from pycalc.serving.timing import PERFECT, Demand

NOISE = 0.1
"""Scale of the Laplace errors: a typical row is a tenth off."""
LOOSE: Mapping[str, float] = {"layer_s": 0.8, "sequence_s": 0.8, "prompt_s": 0.8, "hop_s": 0.8}
STIFF = 0.25
"""Standard deviations of the prior, in logarithms: seconds differ more between systems than shares do."""
REACHED: Mapping[str, float] = {
    "weights": 0.96,
    "cache": 0.96,
    "compute_16": 0.75,
    "compute_8": 0.7,
    "compute_4": 0.6,
    "attention": 0.65,
}
"""About what the best systems reach; a fit that wants more has another error.

Decoding was never seen above 0.93 of the bandwidth; whole prompts on an H100 between 0.45 and 0.75 of the 16-bit peak.
"""
STEPS = (0.4, 0.2, 0.1, 0.05, 0.02, 0.01)
SWEEPS = 30
FEWEST, MOST = 3, 10_000


@dataclass(frozen=True)
class Observation:
    """A measurement; ``figure`` is one of `FITTED`."""

    deployment: Deployment
    load: Load
    figure: str
    measured: float
    name: str = ""

    def predicted(self, efficiency: Efficiency) -> float:
        """What the model gives with these constants."""
        return float(Table([self]).predicted(efficiency)[0])

    @property
    def error(self) -> float:
        """The estimate over the measurement, less one."""
        return self.predicted(self.deployment.replica.efficiency) / self.measured - 1


class Table:
    """Observations side by side, so that one set of constants is tried on all of them at once."""

    def __init__(self, observations: Sequence[Observation]) -> None:
        rows = []
        for o in observations:
            load, batch, _ = settled(o.deployment, o.load)
            asked = demands(o.deployment, load, batch)
            rows.append((asked, timed(o.deployment, load, batch, asked, PERFECT)))
        self._asked = [
            Demand(*(np.array(column) for column in zip(*(row[0][i] for row in rows), strict=True))) for i in range(3)
        ]
        self._loads: dict[str, Any] = {name: np.array([getattr(times, name) for _, times in rows], float) for name in LOADS}
        self._figures = np.array([FITTED.index(o.figure) for o in observations])
        self.measured = np.array([o.measured for o in observations])

    def predicted(self, efficiency: Efficiency) -> Any:
        """Of each observation its own figure."""
        first, share, step = (demand.on(efficiency).seconds for demand in self._asked)
        times = Times(first, share, step, **self._loads)
        return np.choose(self._figures, [times.tpot, times.figures()["tokens_per_s"], times.first, times.tpot_loaded])


FITTED = ("tpot_s", "tokens_per_s", "ttft_s", "tpot_loaded_s")
"""What can be observed; a loaded tpot has the other users' prompts in between."""
LOADS = ("input_tokens", "output_tokens", "batch", "copies", "emitted")


class Fit(NamedTuple):
    """Constants, and how far the rows are from them."""

    efficiency: Efficiency
    median_error: float
    worst_error: float
    before: float
    """Median error of the constants that the search began with."""


def fit(
    observations: Sequence[Observation],
    prior: Efficiency,
    constants: Sequence[str],
    loose: Mapping[str, float] = LOOSE,
    weights: Sequence[float] | None = None,
) -> Efficiency:
    """The constants of highest posterior; those not named stay as the prior has them.  Rows weigh 1 unless told."""
    start = {name: getattr(prior, name) for name in constants if getattr(prior, name) > 0}
    best = dict(start)
    table = Table(observations)
    measured = np.log(table.measured)
    weight = np.ones(len(observations)) if weights is None else np.asarray(weights, float)

    def loss(values: Mapping[str, float]) -> float:
        trial = prior.changed(values)
        rows = float(weight @ np.abs(np.log(table.predicted(trial)) - measured)) / NOISE
        return rows + sum((math.log(values[n] / start[n]) / loose.get(n, STIFF)) ** 2 / 2 for n in values)

    lowest = loss(best)
    for step in STEPS:
        for _ in range(SWEEPS):
            before = lowest
            for name in best:
                lowest, best = _along(name, step, loss, lowest, best)
            if before - lowest < 1e-6 * max(before, 1):
                break
    return prior.changed(best)


def _along(name: str, step: float, loss: Any, lowest: float, best: dict[str, float]) -> tuple[float, dict[str, float]]:
    """Walk along one constant while that helps."""
    low, high, _ = CONSTANTS[name]
    high = min(high, REACHED.get(name, high))
    for direction in (math.exp(step), math.exp(-step)):
        while True:
            trial = best | {name: min(max(best[name] * direction, low, 1e-9), high)}
            if trial[name] == best[name] or (found := loss(trial)) >= lowest:
                break
            lowest, best = found, trial
    return lowest, best


def spread_of(ratios: Sequence[float], share: float = 0.9) -> float:
    """The ratio within which so many of the measurements are, either way.

    >>> round(spread_of([1.0, 1.1, 0.8, 1.05]), 3)
    1.25
    """
    if not len(ratios):
        raise DomainError("no measurements")
    return float(np.exp(np.quantile(np.abs(np.log(ratios)), share, method="higher")))

"""Distributions as a cell writes them: ``tri(150, 185, 220)``, ``uniform(2, 3)``, ``lognormal(2, 3)``.

Each gives its quantiles, in plain numpy, so that a share drawn evenly between 0 and 1 becomes a
value.  Two equal ends are a constant.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pycalc.errors import ArgumentError, DomainError

EDGE = 2.0**-36
"""The least share asked for; 1 less it is the greatest. Below, `normal_quantiles` would need a third polynomial."""

FORMS = "tri(low, mode, high), uniform(low, high) or lognormal(p10, p90)"
WRITTEN = re.compile(r"\s*([a-z]\w*)\s*\((.*)\)\s*", re.IGNORECASE | re.DOTALL)
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

Shares: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Triangular:
    """Between two ends, most often near the mode; mean (low + mode + high) / 3.

    >>> Triangular(150, 185, 220).quantiles(np.array([0.5, 0.98]))
    array([185., 213.])
    """

    low: float
    mode: float
    high: float

    def __post_init__(self) -> None:
        _require_rising("tri", self.low, self.mode, self.high)

    def __str__(self) -> str:
        return _spelled("tri", self.low, self.mode, self.high)

    @property
    def ends(self) -> tuple[float, float]:
        return self.low, self.high

    def quantiles(self, shares: Shares) -> Shares:
        if self.low == self.high:
            return np.full_like(shares, self.low)
        width, rise, fall = self.high - self.low, self.mode - self.low, self.high - self.mode
        below = self.low + np.sqrt(shares * (width * rise))
        above = self.high - np.sqrt((1 - shares) * (width * fall))
        return np.where(shares < rise / width, below, above)


@dataclass(frozen=True, slots=True)
class Uniform:
    """Any value between two ends, each as likely.

    >>> Uniform(2, 4).quantiles(np.array([0.25]))
    array([2.5])
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        _require_rising("uniform", self.low, self.high)

    def __str__(self) -> str:
        return _spelled("uniform", self.low, self.high)

    @property
    def ends(self) -> tuple[float, float]:
        return self.low, self.high

    def quantiles(self, shares: Shares) -> Shares:
        return self.low + shares * (self.high - self.low)


@dataclass(frozen=True, slots=True)
class LogNormal:
    """A positive value whose logarithm is normal: a tenth lies below p10, a tenth above p90.

    >>> LogNormal(2, 3).quantiles(np.array([0.1, 0.9]))
    array([2., 3.])
    """

    p10: float
    p90: float

    def __post_init__(self) -> None:
        _require_rising("lognormal", self.p10, self.p90)
        if self.p10 <= 0:
            raise DomainError(f"{self}: p10 must be above 0")

    def __str__(self) -> str:
        return _spelled("lognormal", self.p10, self.p90)

    @property
    def ends(self) -> None:
        """It has none: what is drawn shows whether it stays in a range."""

    def quantiles(self, shares: Shares) -> Shares:
        normal = normal_quantiles(shares)
        sigma = (math.log(self.p90) - math.log(self.p10)) / (2 * Z90)
        lower = normal < 0  # counted from the nearer of p10 and p90, both of which come out exactly
        with np.errstate(over="ignore"):
            factors = np.exp(sigma * np.where(lower, normal + Z90, normal - Z90))
            return np.where(lower, self.p10, self.p90) * factors


Distribution: TypeAlias = Triangular | Uniform | LogNormal

KINDS: Mapping[str, tuple[Callable[..., Distribution], tuple[str, ...]]] = {
    "tri": (Triangular, ("low", "mode", "high")),
    "uniform": (Uniform, ("low", "high")),
    "lognormal": (LogNormal, ("p10", "p90")),
}
"""By the word that a cell writes: what it means and its numbers."""


def read_distribution(text: str) -> Distribution:
    """A distribution from its text, in any case and spacing; commas or semicolons part the numbers.

    Raises ArgumentError for what is none, DomainError for numbers out of order.

    >>> read_distribution("TRI( 150; 185; 220 )")
    Triangular(low=150.0, mode=185.0, high=220.0)
    >>> str(read_distribution("lognormal(2,3e9)"))
    'lognormal(2, 3000000000)'
    """
    written = WRITTEN.fullmatch(text)
    word = written[1].lower() if written else ""
    if written is None or word not in KINDS:
        raise ArgumentError(f"a distribution is {FORMS}")
    make, names = KINDS[word]
    numbers = [piece.strip() for piece in re.split("[,;]", written[2])]
    if len(numbers) != len(names) or not all(map(NUMBER.fullmatch, numbers)) or {",", ";"} <= set(written[2]):
        raise ArgumentError(f"{word} takes {len(names)} numbers: {word}({', '.join(names)})")
    return make(*map(float, numbers))


def normal_quantiles(shares: Shares) -> Shares:
    """Quantiles of the standard normal distribution, to 16 digits, for shares from `EDGE` to 1 - `EDGE`.

    M. J. Wichura, "Algorithm AS 241: The percentage points of the normal distribution", Applied
    Statistics 37 (1988), 477-484.

    >>> normal_quantiles(np.array([0.5, 0.975]))
    array([0.        , 1.95996398])
    """
    offset = shares - 0.5
    square = 0.180625 - offset * offset
    quantiles: Shares = offset * np.polyval(CENTRE[0], square) / np.polyval(CENTRE[1], square)
    outer = np.flatnonzero(np.abs(offset) > 0.425)
    beyond = np.minimum(shares[outer], 1 - shares[outer])
    root: Shares = np.sqrt(-np.log(beyond)) - 1.6
    quantiles[outer] = np.copysign(np.polyval(TAIL[0], root) / np.polyval(TAIL[1], root), offset[outer])
    return quantiles


CENTRE = (
    (
        2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
        13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608,
    ),
    (
        5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
        5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0,
    ),
)  # fmt: skip
TAIL = (
    (
        7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
        3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734,
    ),
    (
        1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
        0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0,
    ),
)  # fmt: skip
"""Numerators and denominators, the highest power first."""

Z90 = float(normal_quantiles(np.array([0.9]))[0])


def _require_rising(word: str, *numbers: Any) -> None:
    shown = _spelled(word, *numbers)
    if not all(map(math.isfinite, numbers)):
        raise DomainError(f"{shown}: the numbers must be finite")
    if list(numbers) != sorted(numbers):
        raise DomainError(f"{shown}: the numbers must not fall: {word}({', '.join(KINDS[word][1])})")


def _spelled(word: str, *numbers: float) -> str:
    return f"{word}({', '.join(f'{number:.15g}' for number in numbers)})"

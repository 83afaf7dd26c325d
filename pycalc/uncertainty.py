"""What a function's result may be where arguments are known only as distributions.

An argument is a value, or a distribution: one of `pycalc.distributions` or its text.  Draws are
stratified (a Latin hypercube): of n draws each argument has one in every n-th of its
distribution, so percentiles settle with far fewer draws than chance would need.  An argument's
draws depend on the seed, their number and its position, never on the other arguments.  With
one version of numpy they are the same on any machine, but for a logarithm's last digit.

Not every draw need have a value: there may be no crossover.  Such draws are counted, and all
statistics are over the others.  Where more than half have none there is no typical result: the
error of the first such draw is raised, with their share.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pycalc.distributions import EDGE, FORMS, Distribution, read_distribution
from pycalc.errors import ArgumentError, CalcError, DomainError, ShapeError, shorten
from pycalc.evaluation import checked, evaluate
from pycalc.explain import find
from pycalc.policy import SHOWN, is_number
from pycalc.quantities import Numeric, Quantity
from pycalc.record import Formula, Parameter

DRAW_COUNT = Quantity("N", "draws", "Number of draws", 100, 1e7, whole=True)
SEEDS = Quantity("seed", "1", "Start of the random numbers: the same seed, the same draws", 0, 1e15, whole=True)
DrawCount = Annotated[Numeric, DRAW_COUNT]
Seed = Annotated[Numeric, SEEDS]

DRAWS, SEED = 100_000, 1
PERCENTILES = (5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0)
LOW, MEDIAN, HIGH = 0.1, 0.5, 0.9
PER_BIN = 10  # draws whose results are averaged where a share of the variance is estimated

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Simulation:
    """The distribution of a result.  All figures but the base case are over the draws that have a value."""

    function: str
    unit: str
    draws: int
    seed: int
    mean: float
    standard_deviation: float
    minimum: float
    maximum: float
    percentiles: Mapping[float, float]
    """By percentage, 10 for P10; between two draws linearly."""
    without_value: float
    """Share of the draws for which the function has no value."""
    reason: str
    """Why the first of these has none; empty where all have one."""
    base_case: float | CalcError
    """The result with each distribution at its median, or why there is none."""


@dataclass(frozen=True, slots=True)
class Swing:
    """What one uncertain argument does to a result, the others at their medians."""

    argument: str
    low: float
    """The argument's P10."""
    high: float
    """The argument's P90."""
    unit: str
    at_low: float | CalcError
    at_high: float | CalcError
    result_unit: str
    variance_share: float | None
    """The part of the result's variance that the argument explains alone; see `tornado`."""

    @property
    def swing(self) -> float | CalcError:
        """How far apart the two results are."""
        if isinstance(self.at_low, CalcError):
            return self.at_low
        return self.at_high if isinstance(self.at_high, CalcError) else abs(self.at_high - self.at_low)


def simulate(
    function: str,
    args: Sequence[Any],
    draws: int = DRAWS,
    seed: int = SEED,
    percentiles: Sequence[float] = PERCENTILES,
) -> Simulation:
    """The distribution of a function's result, in its unit; TRUE counts as 1, FALSE as 0.

    Raises CalcError: an unknown function, a wrong count, what the function refuses, a text that is
    no distribution, a distribution that leaves the argument's range or stands for a whole number.

    >>> cost = simulate("COST_PER_MTOK", ["lognormal(2, 3)", 185, "tri(0.2, 0.4, 0.6)"])
    >>> f"{cost.percentiles[10]:.2f} to {cost.percentiles[90]:.2f} {cost.unit}"
    '6.74 to 13.40 USD/Mtok'
    """
    spec, given = _understood(function, args)
    draws, seed = _whole("draws", draws, DRAW_COUNT), _whole("seed", seed, SEEDS)
    wrong = [percentage for percentage in percentiles if not 0 <= percentage <= 100]
    if wrong:
        raise DomainError(f"percentile {wrong[0]:g} is none: they run from 0 to 100")
    columns = _columns(spec, given, _shares(given, draws, seed))
    values = _values(spec, given, columns, draws)
    lacking = np.isnan(values)
    without_value = np.count_nonzero(lacking) / draws
    reason = _refusal(spec, given, columns, int(lacking.argmax())) if without_value else None
    if reason and without_value > 0.5:
        share = f"; {without_value:.2%} of the draws have no value" if without_value < 1 else ""
        raise type(reason)(f"{reason.reason}{share}")
    having = values[~lacking] if reason else values
    return Simulation(
        function=spec.excel_name,
        unit=_unit(spec),
        draws=draws,
        seed=seed,
        **_moments(spec, having),
        percentiles=dict(zip(percentiles, np.percentile(having, percentiles).tolist(), strict=True)),
        without_value=without_value,
        reason=reason.reason if reason else "",
        base_case=_at_medians(spec, given),
    )


def tornado(function: str, args: Sequence[Any], draws: int = DRAWS, seed: int = SEED) -> list[Swing]:
    """What each uncertain argument does to a function's result, the widest swing first.

    An argument goes from its P10 to its P90 while the others stay at their medians.  Its share of
    the variance is Sobol's first-order index, var(E[result | argument]) / var(result), from the
    same draws as `simulate`; what the shares lack to 1 is due to arguments acting together.
    It is good to a per cent from 100,000 draws, and there is none where a draw has no value, which ties the
    arguments to each other, or where nothing varies.

    Raises CalcError as `simulate` does, and ArgumentError where no argument is uncertain.  A result
    without value is no refusal: its error stands in the row.

    >>> [swing.argument for swing in tornado("COST_PER_MTOK", ["lognormal(2, 3)", 185, "tri(0.2, 0.4, 0.6)"])]
    ['utilisation', 'usd_per_hour']
    """
    spec, given = _understood(function, args)
    draws, seed = _whole("draws", draws, DRAW_COUNT), _whole("seed", seed, SEEDS)
    uncertain = _uncertain(given)
    if not uncertain:
        raise ArgumentError(f"{spec.excel_name}: no argument is uncertain; one may be {FORMS}")
    shares = _shares(given, draws, seed)
    values = _values(spec, given, _columns(spec, given, shares), draws)
    low, high = ({i: _at(d, share) for i, d in uncertain.items()} for share in (LOW, HIGH))
    results = _one_at_a_time(spec, given, low, high)
    swings = [
        Swing(
            argument=spec.parameters[i].name,
            low=low[i],
            high=high[i],
            unit=spec.parameters[i].quantity.unit,
            at_low=results[2 * n],
            at_high=results[2 * n + 1],
            result_unit=_unit(spec),
            variance_share=variance_share(values, shares[i]),
        )
        for n, i in enumerate(uncertain)
    ]
    return sorted(swings, key=lambda swing: -swing.swing if isinstance(swing.swing, float) else math.inf)


def variance_share(results: Floats, shares: Floats) -> float | None:
    """Var(E[result | argument]) / var(result), the argument given by the shares drawn of its distribution.

    The variance between the means of bins, less what chance alone would put there; None where a
    result is NaN, all are equal, or they are too large to square.

    >>> shares = np.arange(10_000) / 10_000
    >>> f"{variance_share(3 * shares, shares):.3f}", f"{variance_share(np.cos(1e6 * shares), shares):.3f}"
    ('1.000', '0.000')
    """
    with np.errstate(over="ignore"):
        deviations = results - results[0]  # exactly 0 where all are equal
        deviations -= deviations.mean()
        total = float(deviations @ deviations)
    if not 0 < total < math.inf:
        return None
    bins = results.size // PER_BIN
    places = (shares * bins).astype(np.intp)  # none is empty: each stratum has a draw
    between = float((np.bincount(places, deviations) ** 2 / np.bincount(places)).sum()) / total
    return max(0.0, 1 - (1 - between) * (results.size - 1) / (results.size - bins))


def _understood(function: str, args: Sequence[Any]) -> tuple[Formula, list[Any]]:
    """The declaration, and its arguments with each text of a distribution read."""
    spec = find(function)
    if spec.result.is_text:
        raise ArgumentError(f"{spec.excel_name} gives a text, which has no distribution")
    fault = spec.count_fault(len(args))
    if fault:
        raise ArgumentError(fault)
    return spec, [_argument(spec, parameter, value) for parameter, value in zip(spec.parameters, args, strict=False)]


def _argument(spec: Formula, parameter: Parameter, value: Any) -> Any:
    """A value as it is, a distribution read and held against what the parameter allows."""
    q = parameter.quantity
    where = f"{spec.excel_name}: {parameter.name}"
    if isinstance(value, list | tuple | np.ndarray):
        raise ShapeError(f"{where} is a range; it must be one value")
    if isinstance(value, str) and q.is_number:
        try:
            value = read_distribution(value)
        except CalcError as refusal:
            raise type(refusal)(f'{where} is the text "{shorten(value, SHOWN)}": {refusal.reason}') from None
    if not isinstance(value, Distribution):
        return value
    if q.whole or not q.is_number:
        raise ArgumentError(f"{where} takes no distribution: it must be {q.span}")
    for end in value.ends or ():
        if not q.low <= end <= q.high:
            raise DomainError(f"{where} is {value} and reaches {end:.15g}; it must be {q.span}")
    return value


def _unit(spec: Formula) -> str:
    return "1 if TRUE" if spec.result.is_flag else spec.result.unit


def _whole(name: str, value: Any, q: Quantity) -> int:
    if not is_number(Parameter(name, q), value) or not q.low <= value <= q.high or value % 1:
        raise DomainError(f"{name} is {shorten(str(value), SHOWN)}; it must be {q.span}")
    return int(value)


def _uncertain(given: Sequence[Any]) -> dict[int, Distribution]:
    """The distributions by position."""
    return {i: value for i, value in enumerate(given) if isinstance(value, Distribution)}


def _shares(given: Sequence[Any], draws: int, seed: int) -> dict[int, Floats]:
    """For each uncertain argument, evenly drawn shares of its distribution: one in each of as many strata as draws."""
    return {i: _stratified(seed, i, draws) for i in _uncertain(given)}


def _stratified(seed: int, position: int, draws: int) -> Floats:
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(position,))))
    shares: Floats = generator.permutation(draws) + generator.random(draws)
    shares /= draws
    return np.clip(shares, EDGE, 1 - EDGE, out=shares)


def _columns(spec: Formula, given: Sequence[Any], shares: Mapping[int, Floats]) -> dict[int, Floats]:
    """The draws of each uncertain argument; refused where one leaves the argument's range."""
    columns = {}
    for i, distribution in _uncertain(given).items():
        column = columns[i] = distribution.quantiles(shares[i])
        q = spec.parameters[i].quantity
        outside = np.count_nonzero((column < q.low) | (column > q.high))
        if outside:
            share = f"{outside / column.size:.2%} of its draws leave the range"
            raise DomainError(
                f"{spec.excel_name}: {spec.parameters[i].name} is {distribution} and {share}; it must be {q.span}"
            )
    return columns


def _values(spec: Formula, given: Sequence[Any], columns: Mapping[int, Floats], draws: int) -> Floats:
    """The result of each draw, NaN where there is none."""
    result = np.asarray(checked(spec)(*(columns.get(i, value) for i, value in enumerate(given))), np.float64)
    return result if columns else np.full(draws, result)


def _refusal(spec: Formula, given: Sequence[Any], columns: Mapping[int, Floats], draw: int) -> CalcError:
    """Why that draw has no value."""
    result = _result(spec, [float(columns[i][draw]) if i in columns else value for i, value in enumerate(given)])
    return result if isinstance(result, CalcError) else DomainError(f"{spec.excel_name}: the result is no number")


def _result(spec: Formula, args: Sequence[Any]) -> float | CalcError:
    try:
        return float(evaluate(spec, args).value)
    except CalcError as refusal:
        return refusal


def _at_medians(spec: Formula, given: Sequence[Any]) -> float | CalcError:
    return _result(spec, [_at(value, MEDIAN) if isinstance(value, Distribution) else value for value in given])


def _at(distribution: Distribution, share: float) -> float:
    return float(distribution.quantiles(np.array([share]))[0])


def _one_at_a_time(
    spec: Formula, given: Sequence[Any], low: Mapping[int, float], high: Mapping[int, float]
) -> list[float | CalcError]:
    """Results with one argument at its low, then at its high, all others at their medians; argument by argument."""
    middle = [_at(value, MEDIAN) if isinstance(value, Distribution) else value for value in given]
    return [_result(spec, [*middle[:i], end[i], *middle[i + 1 :]]) for i in low for end in (low, high)]


def _moments(spec: Formula, values: Floats) -> dict[str, float]:
    """Mean, standard deviation and extremes."""
    with np.errstate(over="ignore"):
        deviations = values - values[0]  # exactly 0 where all are equal
        mean, deviation = float(values[0] + deviations.mean()), float(deviations.std())
    if not math.isfinite(deviation):
        raise DomainError(f"{spec.excel_name}: the results vary by more than a cell can hold")
    return {"mean": mean, "standard_deviation": deviation, "minimum": float(values.min()), "maximum": float(values.max())}

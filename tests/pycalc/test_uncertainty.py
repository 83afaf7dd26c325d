"""Uncertain arguments: results against closed forms, the same draws for the same seed, and what is refused."""

import dataclasses
import math
import re
from statistics import NormalDist

import numpy as np
import pytest

import pycalc
from pycalc import CellError
from pycalc.cells import worksheet_function
from pycalc.distributions import EDGE, FORMS, LogNormal, Triangular, Uniform, normal_quantiles, read_distribution
from pycalc.errors import (
    ArgumentError,
    CalcError,
    DivisionError,
    DomainError,
    InputError,
    NeverError,
    ShapeError,
    UnknownNameError,
)
from pycalc.uncertainty import DRAWS, SEED, simulate, tornado, variance_share

NORMAL = NormalDist()
Z90 = NORMAL.inv_cdf(0.9)
VALUE, NUM, NA = (CellError(code) for code in ("#VALUE!", "#NUM!", "#N/A"))


def itself(distribution, **options):
    """The distribution as it is drawn: 2·x·½·1."""
    return simulate("MATMUL_FLOPS", [distribution, 0.5, 1], **options)


def sigma(p10, p90):
    return math.log(p90 / p10) / (2 * Z90)


# ---- distributions


@pytest.mark.parametrize(
    ("text", "distribution", "spelled"),
    [
        ("tri(150,185,220)", Triangular(150, 185, 220), "tri(150, 185, 220)"),
        (" TRI ( 0.1 ; .2;3e-1 ) ", Triangular(0.1, 0.2, 0.3), "tri(0.1, 0.2, 0.3)"),
        ("Uniform(-1,+2.)", Uniform(-1, 2), "uniform(-1, 2)"),
        ("LogNormal(2E9;3e9)", LogNormal(2e9, 3e9), "lognormal(2000000000, 3000000000)"),
        ("tri(1,1,1)", Triangular(1, 1, 1), "tri(1, 1, 1)"),
    ],
)
def test_a_distribution_is_read_from_its_text(text, distribution, spelled):
    assert read_distribution(text) == distribution
    assert str(distribution) == spelled
    assert read_distribution(spelled) == distribution


@pytest.mark.parametrize(
    ("text", "error", "reason"),
    [
        ("", ArgumentError, f"^a distribution is {re.escape(FORMS)}$"),
        ("2 to 3", ArgumentError, "a distribution is"),
        ("normal(2,3)", ArgumentError, "a distribution is"),
        ("tri(1,2,3)+1", ArgumentError, "a distribution is"),
        ("tri 1,2,3", ArgumentError, "a distribution is"),
        ("tri(1,2)", ArgumentError, r"tri takes 3 numbers: tri\(low, mode, high\)$"),
        ("tri(1,2,3,4)", ArgumentError, "tri takes 3 numbers"),
        ("tri(1,2,)", ArgumentError, "tri takes 3 numbers"),
        ("tri(1,2;3)", ArgumentError, "tri takes 3 numbers"),
        ("tri(1,2,nan)", ArgumentError, "tri takes 3 numbers"),
        ("tri(1,2,3%)", ArgumentError, "tri takes 3 numbers"),
        ("tri(1,2,1_0)", ArgumentError, "tri takes 3 numbers"),
        ("uniform(1)", ArgumentError, r"uniform takes 2 numbers: uniform\(low, high\)$"),
        ("lognormal(1,x)", ArgumentError, r"lognormal takes 2 numbers: lognormal\(p10, p90\)$"),
        ("tri(3,2,4)", DomainError, r"tri\(3, 2, 4\): the numbers must not fall: tri\(low, mode, high\)$"),
        ("tri(1,3,2)", DomainError, "must not fall"),
        ("uniform(2,1)", DomainError, "must not fall"),
        ("lognormal(3,2)", DomainError, "must not fall"),
        ("lognormal(0,2)", DomainError, r"lognormal\(0, 2\): p10 must be above 0$"),
        ("lognormal(-1,2)", DomainError, "p10 must be above 0"),
        ("tri(1,2,1e999)", DomainError, "must be finite"),
    ],
)
def test_what_is_no_distribution(text, error, reason):
    with pytest.raises(error, match=reason) as refusal:
        read_distribution(text)
    assert type(refusal.value) is error


def test_normal_quantiles_are_the_standard_librarys():
    shares = np.concatenate([[EDGE, 1 - EDGE, 0.075, 0.925], np.geomspace(EDGE, 0.5, 500), 1 - np.geomspace(EDGE, 0.5, 500)])
    expected = [NORMAL.inv_cdf(share) for share in shares]
    assert normal_quantiles(shares) == pytest.approx(expected, rel=1e-14, abs=1e-15)


def test_quantiles_in_closed_form():
    # (x - low)² / ((high - low)(mode - low)) below the mode, and its mirror image above
    shares = np.array([0.0, 1 / 16, 0.25, 1 - 3 / 16, 1.0])
    assert Triangular(0, 1, 4).quantiles(shares).tolist() == [0, 0.5, 1, 2.5, 4]
    assert Triangular(0, 0, 1).quantiles(np.array([0.75]))[0] == 0.5
    assert Triangular(0, 1, 1).quantiles(np.array([0.25]))[0] == 0.5
    assert Uniform(2, 4).quantiles(np.array([0.25]))[0] == 2.5
    for p10, p90 in ((2, 3), (0.1, 0.7), (1e-9, 7e12), (5, 5)):
        assert LogNormal(p10, p90).quantiles(np.array([0.1, 0.9])).tolist() == [p10, p90]
    expected = math.sqrt(6) * math.exp(sigma(2, 3) * NORMAL.inv_cdf(0.3))
    assert LogNormal(2, 3).quantiles(np.array([0.3]))[0] == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("constant", [Triangular(5, 5, 5), Uniform(5, 5), LogNormal(5, 5)])
def test_equal_ends_are_a_constant(constant):
    assert set(constant.quantiles(np.array([EDGE, 0.5, 1 - EDGE]))) == {5}
    result = itself(constant)
    assert (result.mean, result.standard_deviation, result.minimum, result.maximum) == (5, 0, 5, 5)


# ---- results in closed form


def test_a_triangle_has_its_mean_and_variance():
    low, mode, high = 150, 185, 260
    result = itself("tri(150, 185, 260)")
    assert result.mean == pytest.approx((low + mode + high) / 3, rel=1e-5)
    variance = (low**2 + mode**2 + high**2 - low * mode - low * high - mode * high) / 18
    assert result.standard_deviation**2 == pytest.approx(variance, rel=1e-3)
    assert low < result.minimum < low + 1
    assert high - 1 < result.maximum < high
    assert result.unit == "FLOP"


def test_a_log_normal_keeps_its_percentiles_and_has_its_mean():
    result = itself("lognormal(2, 3)")
    expected = {share: math.sqrt(6) * math.exp(sigma(2, 3) * NORMAL.inv_cdf(share / 100)) for share in result.percentiles}
    assert list(expected) == [5, 10, 25, 50, 75, 90, 95]
    assert (expected[10], expected[90]) == pytest.approx((2, 3))
    assert result.percentiles == pytest.approx(expected, rel=1e-4)
    assert result.mean == pytest.approx(math.sqrt(6) * math.exp(sigma(2, 3) ** 2 / 2), rel=1e-4)


FACTORS = [(2, 3), (10, 40), (0.5, 0.6)]


def test_a_product_of_log_normals_is_log_normal():
    result = simulate("MATMUL_FLOPS", [LogNormal(*ends) for ends in FACTORS], percentiles=(1, 10, 50, 90, 99))
    median = 2 * math.prod(math.sqrt(p10 * p90) for p10, p90 in FACTORS)
    deviation = math.hypot(*(sigma(*ends) for ends in FACTORS))
    for percentage, value in result.percentiles.items():
        assert value == pytest.approx(median * math.exp(deviation * NORMAL.inv_cdf(percentage / 100)), rel=0.01)
    assert result.mean == pytest.approx(median * math.exp(deviation**2 / 2), rel=0.005)
    assert result.base_case == pytest.approx(median, rel=1e-14)


def test_the_shares_of_variance_of_a_product_of_log_normals():
    found = {swing.argument: swing for swing in tornado("MATMUL_FLOPS", [LogNormal(*ends) for ends in FACTORS])}
    whole = math.expm1(sum(sigma(*ends) ** 2 for ends in FACTORS))
    for argument, ends in zip(("rows", "inner", "columns"), FACTORS, strict=True):
        assert found[argument].variance_share == pytest.approx(math.expm1(sigma(*ends) ** 2) / whole, abs=0.01)
    assert list(found) == ["inner", "rows", "columns"]
    together = 1 - sum(swing.variance_share for swing in found.values())
    assert together == pytest.approx(1 - sum(math.expm1(sigma(*ends) ** 2) for ends in FACTORS) / whole, abs=0.015)
    assert together > 0.02, "the arguments act together, which no share holds"


def test_the_shares_of_variance_of_a_sum():
    """API_COST adds a·x and b·y: each share is the square of weight times width, over their sum."""
    found = tornado("API_COST", ["uniform(0, 1e6)", "uniform(0, 3e6)", 1, 1])
    assert [swing.argument for swing in found] == ["output_tokens", "input_tokens"]
    assert [swing.variance_share for swing in found] == pytest.approx([0.9, 0.1], abs=0.005)


@pytest.mark.parametrize("draws", [100, 1_000, 30_000])
def test_what_explains_nothing_has_no_share_and_what_explains_all_has_all(draws):
    generator = np.random.default_rng(7)
    shares = (generator.permutation(draws) + 0.5) / draws
    noise = generator.random(draws)
    assert variance_share(shares, shares) == pytest.approx(1, abs=0.02)
    assert variance_share(noise, shares) < 2.5 / math.sqrt(draws)
    assert variance_share(shares * 1e-9, shares) == pytest.approx(variance_share(shares, shares))
    assert variance_share(np.full(draws, 0.1), shares) is None
    assert variance_share(np.where(shares < 0.5, np.nan, 1), shares) is None
    assert variance_share(shares * 1e300, shares) is None


def test_a_share_of_variance_by_hand():
    """Two bins of ten with the means 1 and 2: between them 5 of the squares' sum 25, less what chance puts there."""
    shares = (np.arange(20) + 0.5) / 20
    results = np.array([0, 2] * 5 + [1, 3] * 5, np.float64)
    assert variance_share(results, shares) == pytest.approx(1 - 20 / 25 * 19 / 18, rel=1e-12)


def test_a_percentile_of_a_monotone_function_is_the_function_of_the_percentile():
    result = simulate("COST_PER_MTOK", [2.5, "tri(150, 185, 220)", 0.5])
    for percentage, value in result.percentiles.items():
        speed = Triangular(150, 185, 220).quantiles(np.array([1 - percentage / 100]))
        assert value == pytest.approx(pycalc.cost_per_mtok(2.5, speed, 0.5)[0], rel=1e-5)
    assert result.base_case == pytest.approx(result.percentiles[50], rel=1e-5)


def test_a_result_that_is_true_or_false_counts_as_one_or_zero():
    result = simulate("EDGE_FITS", ["uniform(1e9, 5e9)", 1e9, 4e9])
    assert result.mean == pytest.approx(0.5, abs=1e-4)
    assert (result.minimum, result.maximum, result.unit) == (0, 1, "1 if TRUE")


def test_a_model_is_named_beside_a_distribution():
    named = simulate("MODEL_KV_BYTES", ["Llama 3.1 8B", "uniform(1000, 3000)"])
    assert named.mean == pytest.approx(131072 * 2000, rel=1e-6)
    assert named.unit == "bytes"


def test_without_a_distribution_there_is_one_result():
    result = simulate("COST_PER_MTOK", [2.5, 185])
    assert {result.mean, result.minimum, result.maximum, *result.percentiles.values(), result.base_case} == {
        pycalc.cost_per_mtok(2.5, 185)
    }
    assert result.standard_deviation == 0


# ---- draws

COST = ["lognormal(2, 3)", "tri(150, 185, 220)", "tri(0.2, 0.4, 0.6)"]


def test_a_seed_gives_the_same_draws_and_another_others():
    first = simulate("COST_PER_MTOK", COST)
    assert first == simulate("COST_PER_MTOK", COST, DRAWS, SEED) == simulate("cost_per_mtok", COST)
    assert (first.function, first.draws, first.seed) == ("COST_PER_MTOK", DRAWS, SEED) == ("COST_PER_MTOK", 100_000, 1)
    other = simulate("COST_PER_MTOK", COST, seed=2)
    assert not set(first.percentiles.values()) & set(other.percentiles.values())
    assert list(first.percentiles.values()) == pytest.approx(list(other.percentiles.values()), rel=0.01)


def test_an_argument_keeps_its_draws_whatever_the_others_are():
    alone = simulate("MATMUL_FLOPS", [1, 0.5, "lognormal(2, 3)"])
    assert simulate("MATMUL_FLOPS", ["uniform(1, 1)", "lognormal(0.5, 0.5)", "lognormal(2, 3)"]) == alone
    elsewhere = itself("lognormal(2, 3)")
    assert elsewhere.mean != alone.mean, "the place of an argument decides its draws"


def test_two_arguments_are_drawn_apart():
    product = simulate("MATMUL_FLOPS", ["uniform(0, 1)", 0.5, "uniform(0, 1)"])
    assert product.mean == pytest.approx(1 / 4, rel=0.005)
    assert product.standard_deviation**2 == pytest.approx(1 / 9 - 1 / 16, rel=0.01)


def test_draws_are_stratified():
    """One in each hundredth: by chance alone 63 of the hundred would be met."""
    result = itself("uniform(0, 100)", draws=100, percentiles=[100 * i / 99 for i in range(100)])
    assert [math.floor(value + 1e-9) for value in result.percentiles.values()] == list(range(100))


# ---- draws without a value


def crossover(price):
    """A user of a million tokens a month costs the price in the cloud, and 1 USD on the device."""
    return simulate("EDGE_CROSSOVER", [1000, 1, 1000, 1000, price])


def test_draws_without_a_value_are_counted_and_left_out():
    result = crossover("uniform(0.5, 2)")
    assert result.without_value == pytest.approx(1 / 3, abs=1e-4)
    assert result.percentiles[50] == pytest.approx(1000 / 0.5, rel=1e-3)
    assert result.percentiles[25] == pytest.approx(1000 / 0.75, rel=1e-3)
    assert result.base_case == pytest.approx(1000 / 0.25)
    assert result.reason.startswith("EDGE_CROSSOVER: a user costs 0.")
    full = crossover("uniform(1.5, 2)")
    assert (full.without_value, full.reason) == (0, "")


def test_half_without_a_value_may_lack_a_base_case():
    result = crossover("uniform(0.5, 1.5)")
    assert result.without_value == pytest.approx(0.5, abs=1e-4)
    assert isinstance(result.base_case, NeverError)


def test_more_than_half_without_a_value_is_that_error():
    with pytest.raises(NeverError, match=r"^EDGE_CROSSOVER: a user costs 0\.\d+ USD .*; 51\.00% of the draws have no value$"):
        crossover("uniform(0.5, 1.4804)")
    with pytest.raises(NeverError, match=r" on the device$"):
        crossover("uniform(0.1, 0.5)")
    with pytest.raises(DivisionError, match=r"^COST_PER_MTOK: division by zero; tokens_per_second is 0$"):
        simulate("COST_PER_MTOK", ["tri(1, 2, 3)", 0])


def test_results_too_large_to_square_are_refused():
    with pytest.raises(DomainError, match=r"^API_COST: the results vary by more than a cell can hold$"):
        simulate_with_body(lambda *values: values[0] * 1e300)


def simulate_with_body(body):
    spec = pycalc.FUNCTIONS["API_COST"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(pycalc.FUNCTIONS, "API_COST", dataclasses.replace(spec, body=body))
        return simulate("API_COST", ["uniform(1, 2)", 1, 1, 1])


# ---- tornado


def test_a_tornado_has_the_widest_swing_first():
    found = tornado("COST_PER_MTOK", COST)
    assert [swing.argument for swing in found] == ["utilisation", "usd_per_hour", "tokens_per_second"]
    medians = [math.sqrt(6), 185, 0.4]
    rent = found[1]
    assert (rent.low, rent.high, rent.unit, rent.result_unit) == (2, 3, "USD/hour", "USD/Mtok")
    assert rent.at_low == pytest.approx(pycalc.cost_per_mtok(2, *medians[1:]), rel=1e-14)
    assert rent.at_high == pytest.approx(pycalc.cost_per_mtok(3, *medians[1:]), rel=1e-14)
    assert rent.swing == pytest.approx(pycalc.cost_per_mtok(1, *medians[1:]), rel=1e-14)
    use = found[0]
    assert use.low == pytest.approx(0.2 + math.sqrt(0.1 * 0.4 * 0.2))
    assert use.at_low > use.at_high
    assert use.swing == use.at_low - use.at_high


def test_a_tornado_without_some_values():
    found = tornado("EDGE_CROSSOVER", [1000, "uniform(0.9, 1.1)", 1000, "uniform(980, 990)", "uniform(0.5, 2)"])
    assert [swing.argument for swing in found] == ["device_usd_per_month", "tokens_per_request", "cloud_usd_per_mtok"]
    assert isinstance(found[-1].at_low, NeverError)
    assert found[-1].swing is found[-1].at_low
    assert found[-1].at_high > 0
    costly = tornado("EDGE_CROSSOVER", [1000, "uniform(0, 1.5)", 1000, 1000, 1])[0]
    assert costly.at_low > 0
    assert costly.swing is costly.at_high
    assert isinstance(costly.at_high, NeverError)
    assert {swing.variance_share for swing in found} == {None}


def test_a_constant_swings_by_nothing():
    constant, uncertain = reversed(tornado("COST_PER_MTOK", ["tri(2, 2, 2)", 185, "tri(0.2, 0.4, 0.6)"]))
    assert constant.swing == 0
    assert constant.variance_share < 0.001
    assert uncertain.variance_share == pytest.approx(1, abs=0.01)
    assert tornado("COST_PER_MTOK", ["tri(2, 2, 2)", 185])[0].variance_share is None


# ---- refusals

TEXT = f"a distribution is {FORMS}"
REFUSALS = [
    ("NO_SUCH", ["tri(1,2,3)"], UnknownNameError, "no function 'NO_SUCH'"),
    ("COST_PER_MTO", ["tri(1,2,3)"], UnknownNameError, "no function 'COST_PER_MTO'; near: COST_PER_MTOK, EDGE_COST_PER_MTOK"),
    ("BOUND_BY", ["tri(1,2,3)", 1, 1], ArgumentError, "BOUND_BY gives a text, which has no distribution"),
    ("RIDGE_POINT", ["tri(1,2,3)"], ArgumentError, "RIDGE_POINT(peak_flops, bandwidth) takes 2 arguments, not 1"),
    ("RIDGE_POINT", ["12", "tri(1,2,3)"], ArgumentError, f'RIDGE_POINT: peak_flops is the text "12": {TEXT}'),
    ("RIDGE_POINT", [1, "tri(3,2,1)"], DomainError,
     'RIDGE_POINT: bandwidth is the text "tri(3,2,1)": tri(3, 2, 1): the numbers must not fall: tri(low, mode, high)'),
    ("RIDGE_POINT", [[[1, 2]], "tri(1,2,3)"], ShapeError, "RIDGE_POINT: peak_flops is a range; it must be one value"),
    ("RIDGE_POINT", [np.ones(3), "tri(1,2,3)"], ShapeError, "RIDGE_POINT: peak_flops is a range; it must be one value"),
    ("RIDGE_POINT", [-1, "tri(1,2,3)"], DomainError,
     "RIDGE_POINT: peak_flops is -1 FLOP/s; it must be a number from 0 to 1e+30"),
    ("RIDGE_POINT", [None, "tri(1,2,3)"], ArgumentError,
     "RIDGE_POINT: peak_flops is blank; it must be a number from 0 to 1e+30"),
    ("RIDGE_POINT", [True, "tri(1,2,3)"], ArgumentError,
     "RIDGE_POINT: peak_flops is True; it must be a number from 0 to 1e+30"),
    ("RIDGE_POINT", [CellError("#REF!"), "tri(1,2,3)"], InputError, "RIDGE_POINT: peak_flops is #REF!, passed on"),
    ("KV_BYTES", [1, "tri(1,2,3)", 1, 1], ArgumentError,
     "KV_BYTES: layers takes no distribution: it must be a whole number from 0 to 1e+06"),
    ("KV_BYTES", [1, Triangular(1, 1, 1), 1, 1], ArgumentError,
     "KV_BYTES: layers takes no distribution: it must be a whole number from 0 to 1e+06"),
    ("MLP_FLOPS", ["tri(1,2,3)", 1, None, "tri(1,2,3)"], ArgumentError,
     'MLP_FLOPS: activation is the text "tri(1,2,3)"; it must be one of gelu, relu, silu, relu2, swiglu, geglu, reglu, glu'),
    ("MLP_FLOPS", [1, 1, None, Uniform(2, 3)], ArgumentError,
     "MLP_FLOPS: activation takes no distribution: it must be one of gelu, relu, silu, relu2, swiglu, geglu, reglu, glu"),
    ("HEAD_FLOPS", ["tri(1,2,3)", 64, 8, 4, "tri(0,0,1)"], ArgumentError,
     'HEAD_FLOPS: causal is the text "tri(0,0,1)"; it must be TRUE or FALSE'),
    ("COST_PER_MTOK", [1, 1, "tri(0.5,0.8,1.2)"], DomainError,
     "COST_PER_MTOK: utilisation is tri(0.5, 0.8, 1.2) and reaches 1.2; it must be a number from 0 to 1"),
    ("COST_PER_MTOK", [1, 1, "uniform(-0.5,0.8)"], DomainError,
     "COST_PER_MTOK: utilisation is uniform(-0.5, 0.8) and reaches -0.5; it must be a number from 0 to 1"),
    ("COST_PER_MTOK", [1, 1, "lognormal(0.5,1)"], DomainError,
     ("COST_PER_MTOK: utilisation is lognormal(0.5, 1) and 10.00% of its draws leave the range; "
      "it must be a number from 0 to 1")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "error", "reason"), REFUSALS)
def test_what_is_refused_and_in_which_words(name, args, error, reason):
    for ask in (simulate, tornado):
        with pytest.raises(CalcError) as refusal:
            ask(name, args)
        assert (type(refusal.value), refusal.value.reason) == (error, reason)


@pytest.mark.parametrize("ask", [simulate, tornado])
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"draws": 99}, r"^draws is 99; it must be a whole number from 100 to 1e\+07$"),
        ({"draws": 100.5}, r"^draws is 100.5; "),
        ({"draws": 10_000_001}, r"^draws is 10000001; "),
        ({"seed": 10**15 + 1}, r"^seed is 1000000000000001; "),
        ({"draws": "many"}, r"^draws is many; "),
        ({"draws": True}, r"^draws is True; "),
        ({"seed": -1}, r"^seed is -1; it must be a whole number from 0 to 1e\+15$"),
        ({"seed": math.nan}, r"^seed is nan; "),
    ],
)
def test_draws_and_seed_are_whole_numbers_in_a_range(ask, options, reason):
    with pytest.raises(DomainError, match=reason):
        ask("COST_PER_MTOK", COST, **options)


def test_a_distribution_may_reach_the_ends_of_the_range():
    result = simulate("COST_PER_MTOK", [2.5, 185, "uniform(0, 1)"])
    assert result.minimum == pytest.approx(pycalc.cost_per_mtok(2.5, 185), rel=1e-4)
    assert simulate("COST_PER_MTOK", ["lognormal(2, 2)", 185, "lognormal(1, 1)"]).mean == pycalc.cost_per_mtok(2, 185)
    assert simulate("GROSS_MARGIN", [10, "uniform(0, 0)"]).mean == pycalc.gross_margin(10, 0)


def test_a_long_text_is_cut():
    with pytest.raises(ArgumentError, match=rf'^COST_PER_MTOK: usd_per_hour is the text "{"x" * 39}…": a distribution is'):
        simulate("COST_PER_MTOK", ["x" * 100, 185])


def test_a_log_normal_beyond_all_numbers_is_refused():
    share = NORMAL.cdf((150 - 30) * 2 * Z90 / 300)  # above 1e30, in logarithms to base ten
    with pytest.raises(DomainError, match=rf"lognormal\(1, 1e\+300\) and {share:.2%} of its draws leave the range; it must"):
        simulate("RIDGE_POINT", ["lognormal(1, 1e300)", 1])


def test_percentiles_run_from_0_to_100():
    extremes = itself("uniform(0, 1)", percentiles=(0, 100))
    assert extremes.percentiles == {0: extremes.minimum, 100: extremes.maximum}
    for wrong in (-1, 100.5, math.nan):
        with pytest.raises(DomainError, match=rf"^percentile {wrong:g} is none: they run from 0 to 100$"):
            itself("uniform(0, 1)", percentiles=(50, wrong))


def test_a_tornado_needs_an_uncertain_argument():
    with pytest.raises(ArgumentError, match=r"^COST_PER_MTOK: no argument is uncertain; one may be tri\("):
        tornado("COST_PER_MTOK", [2.5, 185])


# ---- in a grid

on_grid = worksheet_function("SIMULATE")
tornado_on_grid = worksheet_function("TORNADO")


def test_a_simulation_spills():
    rows = on_grid("COST_PER_MTOK", None, None, *COST, None, None)
    result = simulate("COST_PER_MTOK", COST)
    unit = "USD/Mtok"
    assert rows == [
        ["statistic", "value", "unit"],
        ["mean", result.mean, unit],
        ["standard deviation", result.standard_deviation, unit],
        *([f"P{share}", result.percentiles[share], unit] for share in (5, 10, 25, 50, 75, 90, 95)),
        ["min", result.minimum, unit],
        ["max", result.maximum, unit],
        ["base case", result.base_case, unit],
        ["share without value", 0.0, "fraction"],
        ["draws", 100_000.0, "draws"],
        ["seed", 1.0, ""],
    ]
    other = on_grid("COST_PER_MTOK", 1000, 7, "lognormal(2,3)", [["tri(150;185;220)"]], "tri(0.2;0.4;0.6)")
    assert other[-2:] == [["draws", 1000.0, "draws"], ["seed", 7.0, ""]]
    assert other[1][1] == simulate("COST_PER_MTOK", COST, 1000, 7).mean


def test_a_base_case_without_value_is_an_error_in_its_cell():
    rows = dict(row[:2] for row in on_grid("EDGE_CROSSOVER", None, None, 1000, 1, 1000, 1000, "uniform(0.5,1.5)"))
    assert rows["base case"] == NA
    assert rows["share without value"] == pytest.approx(0.5, abs=1e-4)


def test_a_tornado_spills():
    found = tornado("COST_PER_MTOK", COST)
    headings, *rows = tornado_on_grid("COST_PER_MTOK", *COST, None)
    assert headings == [
        "argument", "P10", "P90", "unit", "result at P10", "result at P90", "swing", "result unit", "share of variance",
    ]  # fmt: skip
    assert rows == [
        [s.argument, s.low, s.high, s.unit, s.at_low, s.at_high, s.swing, "USD/Mtok", s.variance_share] for s in found
    ]
    never = tornado_on_grid("EDGE_CROSSOVER", 1000, 1, 1000, 1000, "uniform(0.5,2)")[1]
    assert never[4:] == [NA, 1000 / (1.85 - 1), NA, "users", NA]


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (("NO_SUCH", None, None, 1), NA),
        ((None, None, None, 1), VALUE),
        ((), VALUE),
        (("COST_PER_MTOK", None, None, 1), VALUE),
        (("COST_PER_MTOK", "x", None, *COST), VALUE),
        (("COST_PER_MTOK", 10, None, *COST), NUM),
        (("COST_PER_MTOK", None, 0.5, *COST), NUM),
        (("COST_PER_MTOK", None, None, "tri(1,2)", 1), VALUE),
        (("COST_PER_MTOK", None, None, "tri(3,2,1)", 1), NUM),
        (("COST_PER_MTOK", None, None, "tri(1,2,3)", [[1], [2]]), VALUE),
        (("COST_PER_MTOK", None, None, "tri(1,2,3)", CellError("#REF!")), CellError("#REF!")),
        (("COST_PER_MTOK", None, CellError("#REF!"), "tri(1,2,3)", 1), CellError("#REF!")),
        (("COST_PER_MTOK", None, None, "tri(1,2,3)", 0), CellError("#DIV/0!")),
        (("EDGE_CROSSOVER", None, None, 1000, 1, 1000, 1000, "uniform(0.1,0.5)"), NA),
    ],
)
def test_a_grid_shows_a_refusal_as_its_error(args, error):
    assert on_grid(*args) == error


def test_a_grid_shows_why_there_is_no_tornado():
    answers = [
        tornado_on_grid("NO_SUCH", "tri(1,2,3)"),
        tornado_on_grid("COST_PER_MTOK", 1, 2),
        tornado_on_grid("COST_PER_MTOK", 1, "tri(3,2,1)"),
        tornado_on_grid("COST_PER_MTOK", 1, "tri(1,2,3)", CellError("#REF!")),
        tornado_on_grid(),
    ]
    assert answers == [NA, VALUE, NUM, CellError("#REF!"), VALUE]

"""Each function against its equation in exact fractions, and its defaults against what is documented."""

from fractions import Fraction

import pytest
from calls import NAMES, calls, middle, of
from hypothesis import given
from oracle import EQUATIONS, MATRICES, exact

import pycalc
from pycalc import FUNCTIONS
from pycalc.record import Derived

DEFAULTS = {
    "activation": "gelu",
    "activity": 1,
    "batch": 1,
    "block_tokens": 16,
    "bytes_per_param": 2,
    "bytes_per_value": 2,
    "cache_fill": 1,
    "causal": False,
    "compute_efficiency": 1,
    "delay_seconds": 0,
    "draft_cost": 0,
    "conv_elements": 0,
    "efficiency": 1,
    "extra_tokens": 1,
    "fixed_usd_per_month": 0,
    "flops_per_token": 0,
    "gpus": 1,
    "group_size": 0,
    "hours_per_year": 8760,
    "launch_seconds": 0,
    "mau": 1,
    "memory_fraction": 1,
    "other_usd_per_year": 0,
    "overhead_bytes": 2e9,
    "peak_flops": 1,
    "position": 0.5,
    "pue": 1.25,
    "queries_per_kv": 1,
    "rent_included": False,
    "residual_usd": 0,
    "routed_experts": 0,
    "scale_bits": 16,
    "sequences": 1,
    "shared_experts": 0,
    "staff_usd_per_year": 0,
    "tiled": False,
    "update_usd": 0,
    "updates_per_year": 0,
    "usd_per_kwh": 0.08,
    "users": 1,
    "utilisation": 1,
    "verify_cost": 1,
    "vocabulary": 0,
    "wide_parameters": 0,
    "zero_bits": 0,
}
"""What an argument left out stands for, whatever the function."""


def close(got, want, scale=0):
    """Equal but for the rounding of floats, which is a share of the value or of what it is the difference of."""
    if isinstance(want, str | bool):
        return got == want and type(got) is type(want)
    return abs(Fraction(got) - want) <= Fraction(1, 10**12) * max(abs(want), scale)


def test_every_function_has_an_equation_and_is_public():
    assert sorted(EQUATIONS) == NAMES
    others = {"FUNCTIONS", "CalcError", "CellError", "__version__", "evaluate", "explain_rows", "simulate", "tornado"}
    assert sorted(pycalc.__all__) == sorted(others | {name.lower() for name in FUNCTIONS})


@pytest.mark.parametrize("name", NAMES)
def test_equation(name):
    @given(calls(FUNCTIONS[name]))
    def holds(values):
        assert close(of(name, values), exact(name, values), scale=1 if name == "GROSS_MARGIN" else 0)

    holds()


def documented_default(parameter, values):
    """The default by the documentation: a constant, or what the other arguments give."""
    dims = {"model_dim": 2048, "heads": 32, "kv_heads": 8, "head_dim": 64} | values
    if parameter == "kv_heads":
        return dims["heads"]
    if parameter == "head_dim":
        return dims["model_dim"] / dims["heads"]
    if parameter == "heads":
        return dims["model_dim"] / dims["head_dim"]
    if parameter == "ffn_dim":
        return {2: Fraction(4), 3: Fraction(8, 3)}[MATRICES[values["activation"]]] * dims["model_dim"]
    return DEFAULTS[parameter]


DIMENSIONS = {"model_dim": 2048, "heads": 32, "kv_heads": 8, "head_dim": 64, "ffn_dim": 8192}
OPTIONAL = [(name, p.name) for name in NAMES for p in FUNCTIONS[name].parameters if p.optional]


def test_constant_defaults_are_those_documented():
    constant = [p for name in NAMES for p in FUNCTIONS[name].parameters if p.optional and not isinstance(p.default, Derived)]
    assert {p.name for p in constant} == {*DEFAULTS}
    assert [(p.name, p.default) for p in constant] == [(p.name, DEFAULTS[p.name]) for p in constant]


@pytest.mark.parametrize(("name", "parameter"), OPTIONAL)
def test_what_is_left_out_takes_its_documented_default(name, parameter):
    spec = FUNCTIONS[name]
    values = {key: DIMENSIONS.get(key, value) for key, value in middle(spec).items()}
    left_out = {parameter, *spec.together} if parameter in spec.together else {parameter}
    given_ones = {key: value for key, value in values.items() if key not in left_out}
    # of two that come together, one counts nothing where it is zero, and the other then divides or multiplies it
    neutral = next(({key: 0} for key in ("fixed_usd_per_month", "flops_per_token") if key in spec.together), {})
    defaults = neutral if len(left_out) > 1 else {parameter: documented_default(parameter, values)}
    assert close(of(name, given_ones), exact(name, values | defaults))
    blank = [given_ones.get(p.name) for p in spec.parameters]
    assert getattr(pycalc, name.lower())(*blank) == of(name, given_ones), "a blank cell is an argument left out"


@pytest.mark.parametrize("name", [name for name in NAMES if FUNCTIONS[name].required < len(FUNCTIONS[name].parameters)])
def test_all_defaults_at_once(name):
    spec = FUNCTIONS[name]
    values = middle(spec) | {"model_dim": 2048}
    required = {p.name: values[p.name] for p in spec.parameters if not p.optional}
    defaults = {p.name: DEFAULTS[p.name] for p in spec.parameters if p.optional and p.name in DEFAULTS}
    # heads and their dimension count only by their product, the model dimension, unless keys are shared
    dimensions = {"heads": 16, "kv_heads": 16, "head_dim": 128, "ffn_dim": 4 * 2048}
    filled = {p.name: (defaults | dimensions | required)[p.name] for p in spec.parameters}
    assert close(of(name, required), exact(name, filled))


def test_the_gated_default_keeps_the_operations():
    for activation, matrices in MATRICES.items():
        assert pycalc.mlp_flops(1, 3072, activation=activation) == 16 * 3072**2
        assert pycalc.mlp_traffic(3072, activation=activation, bytes_per_param=1) == 8 * 3072**2
        assert pycalc.mlp_flops(1, 1, 1, activation) == 2 * matrices
        assert pycalc.mlp_flops(1, 1, 1, activation.upper()) == 2 * matrices


@pytest.mark.parametrize("name", sorted({name for name, parameter in OPTIONAL if parameter == "head_dim"}))
def test_heads_follow_from_their_dimension_and_the_other_way_round(name):
    values = middle(FUNCTIONS[name]) | DIMENSIONS
    del values["kv_heads"]
    by_heads = {key: value for key, value in values.items() if key != "head_dim"}
    by_dimension = {key: value for key, value in values.items() if key != "heads"}
    assert of(name, by_heads) == of(name, by_dimension) == of(name, values)


def test_caches_that_no_step_reads_leave_memory_to_set_the_context():
    for usd_per_hour in (0.5, 2.5, 25, 60):
        values = middle(FUNCTIONS["CONTEXT_FOR_MARGIN"]) | {"usd_per_hour": usd_per_hour, "cache_fill": 0}
        assert of("CONTEXT_FOR_MARGIN", values) == exact("CONTEXT_FOR_MARGIN", values)

"""What has no honest number: zero divisors, what does not fit, what never happens, what overflows."""

import math

import numpy as np
import pytest
from calls import NAMES, middle, of

import pycalc
from pycalc import FUNCTIONS, CalcError, evaluate
from pycalc.errors import ArgumentError, CellError, DivisionError, DoesNotFitError, DomainError, NeverError

DIVISORS = {
    "ALLREDUCE_SECONDS": "link_bandwidth",
    "ATTENTION_INTENSITY": "bytes_per_value",
    "BATCH_TO_RIDGE": "bandwidth",
    "BREAK_EVEN_UTILISATION": "tokens_per_second sale_usd_per_mtok",
    "COMPUTE_COST": "peak_flops compute_efficiency",
    "COMPUTE_UTILISATION": "peak_flops",
    "CONTEXT_COST": "bandwidth efficiency",
    "CONTEXT_FOR_MARGIN": "kv_bytes_per_token bandwidth sale_usd_per_mtok efficiency utilisation",
    "COST_PER_MTOK": "tokens_per_second utilisation",
    "DECODE_ATTENTION_INTENSITY": "bytes_per_value",
    "DECODE_INTENSITY": "bytes_per_param",
    "DECODE_SECONDS": "bandwidth efficiency peak_flops compute_efficiency",
    "DEVICE_MONTHLY_COST": "months",
    "EDGE_COST_PER_MTOK": "lifetime_tokens",
    "EDGE_CROSSOVER_REQUESTS": "tokens_per_request cloud_usd_per_mtok mau",
    "GROSS_MARGIN": "revenue",
    "HEAD_COST": "peak_flops compute_efficiency",
    "LAYER_COST": "bandwidth efficiency",
    "MATMUL_INTENSITY": "bytes_per_value",
    "MAX_CONTEXT": "kv_bytes_per_token users",
    "MLP_COST": "peak_flops compute_efficiency",
    "POOL_HOURS": "input_tokens_per_second output_tokens_per_second",
    "PREFILL_INTENSITY": "bytes_per_param",
    "PREFILL_SECONDS": "peak_flops compute_efficiency",
    "REVENUE_PER_GPU_HOUR": "context_tokens kv_bytes_per_token",
    "RIDGE_POINT": "bandwidth",
    "TOKENS_PER_SECOND": "bandwidth efficiency peak_flops compute_efficiency",
    "USERS_PER_GPU": "kv_bytes_per_user",
    "USER_HOUR_COST": "users",
}
"""Arguments that may not be zero because something is divided by them."""
OTHER_ZEROS = {
    ("BREAK_EVEN_TOKENS", "api_usd_per_mtok"): NeverError,
    ("CONTEXT_FOR_MARGIN", "gpu_bytes"): DoesNotFitError,
    ("EDGE_CROSSOVER", "cloud_usd_per_mtok"): NeverError,
    ("EDGE_CROSSOVER", "requests_per_month"): NeverError,
    ("EDGE_CROSSOVER", "tokens_per_request"): NeverError,
    ("KV_BUDGET", "gpu_bytes"): DoesNotFitError,
    ("KV_BUDGET", "memory_fraction"): DoesNotFitError,
    ("MAX_CONTEXT", "gpu_bytes"): DoesNotFitError,
    ("REVENUE_PER_GPU_HOUR", "gpu_bytes"): DoesNotFitError,
    ("USERS_PER_GPU", "gpu_bytes"): DoesNotFitError,
    ("WEIGHT_BYTES", "parameters"): DomainError,
}
"""A zero that something else forbids; every other zero is an argument like any other."""
ZEROS = [(name, p.name) for name in NAMES for p in FUNCTIONS[name].parameters if p.quantity.is_number and p.quantity.low == 0]


def refusal(call, *args):
    with pytest.raises(CalcError) as caught:
        call(*args)
    return caught.value


@pytest.mark.parametrize(("name", "argument"), ZEROS)
def test_zero(name, argument):
    spec, values = FUNCTIONS[name], middle(FUNCTIONS[name])
    kind = DivisionError if argument in DIVISORS.get(name, "").split() else OTHER_ZEROS.get((name, argument))
    column = evaluate(spec, list((values | {argument: [values[argument], 0, values[argument]]}).values()))
    if kind is None:
        assert column.errors == {}
        assert column.value[1] == of(name, values, **{argument: 0})
        return
    error = refusal(lambda: of(name, values, **{argument: 0}))
    assert type(error) is kind
    assert error.reason.startswith(f"{name}: ")
    assert error.reason.isprintable()
    assert {position: (type(e), e.reason) for position, e in column.errors.items()} == {1: (kind, error.reason)}
    assert [*np.isnan(column.value.astype(float))] == [False, True, False]
    if kind is DivisionError:
        assert isinstance(error, ZeroDivisionError)
        assert error.code == "#DIV/0!"
        assert error.reason == f"{name}: division by zero; {argument} is 0"


TOO_LARGE = "the result is larger than a cell can hold"
COMPUTE, FLEET = (
    f"{pair} are given together or not at all" for pair in ("flops_per_token and peak_flops", "fixed_usd_per_month and mau")
)
REFUSED = [
    ("BLENDED_PRICE", (0.1, 0.4, 0, 0), DivisionError, "division by zero; input_parts and output_parts are 0"),
    ("BLENDED_PRICE", (0, 0.4, 0, 0), DivisionError, "division by zero; input_price, input_parts and output_parts are 0"),
    ("MATMUL_INTENSITY", (0, 0, 8), DivisionError, "division by zero; rows and inner are 0"),
    ("PRICE_FOR_MARGIN", (0.4, 1), DivisionError, "division by zero"),
    ("TOKENS_PER_SECOND", (0, 0, 1e12), DivisionError, "division by zero; weight_bytes and kv_bytes are 0"),
    ("COMPUTE_UTILISATION", (0, 0, 1), DivisionError, "division by zero; peak_flops and bandwidth are 0"),
    ("USERS_PER_GPU", (9e9, 7e9, 0, 2e9), DivisionError, "division by zero; kv_bytes_per_user is 0"),
    ("MAX_CONTEXT", (9e9, 7e9, 0, 0, 2e9), DivisionError, "division by zero; kv_bytes_per_token and users are 0"),
    ("USERS_PER_GPU", (80e9, 79e9, 0), DoesNotFitError, "weights and overhead take 8.1e+10 bytes, the GPU offers 8e+10"),
    ("KV_BUDGET", (80e9, 70e9, 3e9, 0.9), DoesNotFitError, "weights and overhead take 7.3e+10 bytes, the GPU offers 7.2e+10"),
    ("EDGE_CROSSOVER", (5e5, 1, 10, 750, 0.3), NeverError, "a user costs 0.00225 USD a month in the cloud and 1 on the device"),
    ("EDGE_CROSSOVER", (0, 0, 0, 0, 0), NeverError, "a user costs 0 USD a month in the cloud and 0 on the device"),
    ("BREAK_EVEN_TOKENS", (1, 2, 2), NeverError, "each million tokens costs 2 USD of one's own and 2 from the API"),
    ("BREAK_EVEN_UTILISATION", (3.6, 1000, 0.5), NeverError, "the GPU would have to work 2 times all hours"),
    (
        "CONTEXT_FOR_MARGIN",
        (2.5, 0.99, 1e5, 80e9, 7e9, 1e11, 0.01),
        NeverError,
        "not even a context of one token leaves the margin",
    ),
    ("MOE_EXPERTS_TOUCHED", (8, 9, 1), DomainError, "active is 9; it must be no more than experts, 8"),
    (
        "WEIGHT_BYTES",
        (1e9, 4, 0, 0, 0, 2e9),
        DomainError,
        "wide_parameters is 2e+09; it must be no more than parameters, 1e+09",
    ),
    ("MAX_CONTEXT", (80e9, 7e9, 5e-324, 1), DomainError, TOO_LARGE),
    ("RIDGE_POINT", (1e30, 5e-324), DomainError, TOO_LARGE),
    ("USERS_PER_GPU", (1e30, 0, 5e-324, 0), DomainError, TOO_LARGE),
    ("DECODE_SECONDS", (1e30, 1e30, 5e-324), DomainError, TOO_LARGE),
    ("COST_PER_MTOK", (1e30, 5e-324, 1), DomainError, TOO_LARGE),
    (
        "QKV_FLOPS",
        (1, 2048, 3),
        DomainError,
        "head_dim is 682.666666666667, by default model_dim/heads; it must be a whole number from 1 to 1e+09",
    ),
    (
        "LAYER_FLOPS",
        (1, 2048, None, 8, 300),
        DomainError,
        "heads is 6.82666666666667 heads, by default model_dim/head_dim; it must be a whole number from 1 to 1e+06",
    ),
    ("DECODE_SECONDS", (1e9, 0, 1e12, 1, 1, 1e9), ArgumentError, COMPUTE),
    ("DECODE_SECONDS", (1e9, 0, 1e12, 1, 1, None, 1e15), ArgumentError, COMPUTE),
    ("EDGE_CROSSOVER_REQUESTS", (0.01, 750, 0.3, 5e5), ArgumentError, FLEET),
    ("EDGE_CROSSOVER_REQUESTS", (0.01, 750, 0.3, None, 1e6), ArgumentError, FLEET),
]
CODES = {DivisionError: "#DIV/0!", DoesNotFitError: "#N/A", NeverError: "#N/A", DomainError: "#NUM!", ArgumentError: "#VALUE!"}


@pytest.mark.parametrize(("name", "args", "kind", "reason"), REFUSED)
def test_refusal(name, args, kind, reason):
    error = refusal(getattr(pycalc, name.lower()), *args)
    assert (type(error), error.code, error.reason) == (kind, CODES[kind], f"{name}: {reason}")


@pytest.mark.parametrize(("name", "args", "kind", "reason"), REFUSED)
def test_refusal_in_an_array(name, args, kind, reason):
    """Alone in a column, in the midst of good rows, and where the first argument alone is an array."""
    spec = FUNCTIONS[name]
    good = list(middle(spec).values())[: len(args)]
    if kind is ArgumentError:
        columns = [None if value is None else [value] * 3 for value in args]
        error = refusal(lambda: evaluate(spec, columns))
        assert (error.code, error.reason) == (CODES[kind], f"{name}: {reason}")
        width = len(spec.parameters)
        rows = [[*args, *[None] * (width - len(args))], [*good[: spec.required], *[None] * (width - spec.required)]]
        columns = [list(column) for column in zip(*rows, strict=True)]
        assert {i: e.reason for i, e in evaluate(spec, columns).errors.items()} == {0: f"{name}: {reason}"}
        return
    found = evaluate(
        spec, [value if value is None else [good_one, value, good_one] for good_one, value in zip(good, args, strict=True)]
    )
    refused = {i: (type(e), e.reason) for i, e in found.errors.items()}
    assert refused[1] == (kind, f"{name}: {reason}")
    found = evaluate(spec, [[args[0]] * 3, *args[1:]])
    assert {i: (type(e), e.reason) for i, e in found.errors.items()} == dict.fromkeys(range(3), (kind, f"{name}: {reason}"))
    python = getattr(pycalc, name.lower())
    assert np.isnan(python(*[value if value is None else np.array([value, value], dtype=float) for value in args])).all()


def test_scalars_that_refuse_beside_an_array():
    """The body refuses before it has seen the array: in Python the call fails, on a sheet each cell does."""
    spec, args = FUNCTIONS["EDGE_CROSSOVER"], ([1, 2, "x"], 1, 10, 750, 0.3)
    assert type(refusal(pycalc.edge_crossover, *args)) is NeverError
    assert {i: type(e) for i, e in evaluate(spec, args).errors.items()} == {0: NeverError, 1: NeverError, 2: ArgumentError}
    assert type(refusal(pycalc.moe_experts_touched, 8, 9, [1, 2])) is DomainError
    assert np.isnan(pycalc.ridge_point([1, 2], 0)).all()


def test_a_wrong_count_of_arguments_is_a_slip_in_the_call():
    for call in (
        lambda: pycalc.matmul_flops(1, 2),
        lambda: pycalc.matmul_flops(1, 2, 3, 4),
        lambda: pycalc.matmul_flops(1, 2, rows=3),
        lambda: pycalc.matmul_flops(1, 2, colums=3),
        lambda: pycalc.matmul_flops(1, inner=2),
        lambda: pycalc.matmul_flops(),
        lambda: evaluate(FUNCTIONS["MATMUL_FLOPS"], (1, 2)),
    ):
        with pytest.raises(TypeError, match=r"^MATMUL_FLOPS\(rows, inner, columns\) ") as caught:
            call()
        assert not isinstance(caught.value, CalcError)
    assert pycalc.matmul_flops(2, columns=4, inner=3) == 48
    with pytest.raises(TypeError, match=r"^COST_PER_MTOK\(.*\[utilisation\]\) takes 2 to 3 arguments, not 1$"):
        pycalc.cost_per_mtok(1)
    with pytest.raises(TypeError, match=r"^MATMUL_FLOPS\(.*\) takes 3 arguments, not 4$"):
        pycalc.matmul_flops(1, 2, 3, 4)


def test_integers_do_not_wrap():
    """n²·d for n = 1e9 and d = 1e5 is 1e23, beyond the 64 bits of numpy's integers."""
    n, d = 10**9, 10**5
    for n_, d_ in (
        (n, d),
        (np.int64(n), np.int64(d)),
        (np.array(n), np.array(d)),
        (np.array([n]), np.array([d])),
        (np.array([n]), np.array(d)),
        (np.array(n), np.array([d])),
        (np.array([n], dtype=object), d),
        ([n], [d]),
        (np.array([n], dtype=np.uint32), np.array([d], dtype=np.int32)),
    ):
        assert np.all(pycalc.score_flops(n_, d_) == 2e23)
    assert pycalc.matmul_flops(np.array(4 * 10**9), np.array(4 * 10**9), [1.0]).tolist() == [3.2e19]
    assert pycalc.user_hour_cost(2**70, 1) == 2.0**70 == evaluate(FUNCTIONS["USER_HOUR_COST"], [[2**70], 1]).value[0]


def test_a_result_is_a_plain_float_text_or_truth_value():
    assert type(pycalc.users_per_gpu(80e9, 3.5e9, 1e9)) is float
    assert type(pycalc.users_per_gpu(np.float32(80e9), 3, 1)) is float
    assert type(pycalc.matmul_flops(1, 2, 3)) is float
    assert type(pycalc.roofline(1, 2, 3)) is float
    assert type(pycalc.staff_cost("core")) is float
    assert type(pycalc.bound_by(1, 2, 3)) is str
    assert type(pycalc.edge_fits(1, 2, np.float64(3))) is bool
    assert pycalc.bound_by([1, 9], 2, 3).tolist() == ["compute", "memory"]
    assert pycalc.edge_fits([1, 9], 2, 3).tolist() == [True, False]
    assert pycalc.edge_fits([1, -9], 2, 3).tolist() == [True, None]
    assert pycalc.bound_by([1, -9], 2, 3).tolist() == ["compute", None]
    assert math.isnan(pycalc.roofline([1, -9], 2, 3)[1])


def test_choices_and_flags_change_from_element_to_element():
    activations = ["relu", "SwiGLU", "mish", None, 3, CellError("#REF!"), True]
    found = evaluate(FUNCTIONS["MLP_FLOPS"], [1, 1, 1, activations])
    assert found.value[:2].tolist() == [4, 6]
    assert found.value[3] == 4, "a blank is an argument left out"
    assert {i: e.code for i, e in found.errors.items()} == {2: "#VALUE!", 4: "#VALUE!", 5: "#REF!", 6: "#VALUE!"}
    assert found.errors[2].reason == (
        'MLP_FLOPS: activation is the text "mish"; it must be one of gelu, relu, silu, relu2, swiglu, geglu, reglu, glu'
    )
    for dtype in (object, str):
        assert pycalc.mlp_flops(1, 1, 1, np.array(["relu", "glu"], dtype=dtype)).tolist() == [4, 6]
    flags = [True, 0, 1.0, None, "TRUE", 2, 0.5, np.True_]
    found = evaluate(FUNCTIONS["SCORE_FLOPS"], [1, 1, 1, 1, flags])
    assert found.value[[0, 1, 2, 3, 7]].tolist() == [1, 2, 1, 2, 1]
    assert {i: e.code for i, e in found.errors.items()} == {4: "#VALUE!", 5: "#NUM!", 6: "#NUM!"}
    assert pycalc.score_flops(1, 1, 1, 1, np.array([True, False])).tolist() == [1, 2]
    assert pycalc.score_flops(1, 1, 1, 1, np.array([1, 0], dtype=np.int8)).tolist() == [1, 2]


def test_ragged_lists_are_refused():
    errors = evaluate(FUNCTIONS["MATMUL_FLOPS"], [[[1, 2], [3]], 1, 1]).errors
    assert {i: (type(e), e.reason.partition(";")[0]) for i, e in errors.items()} == {
        0: (ArgumentError, "MATMUL_FLOPS: rows is [1, 2]"),
        1: (ArgumentError, "MATMUL_FLOPS: rows is [3]"),
    }

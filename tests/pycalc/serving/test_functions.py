"""The worksheet functions of serving: scalars, ranges, names that change from row to row, errors; the table that spills."""

import inspect
import json

import numpy as np
import pytest

import pycalc
from pycalc import FUNCTIONS, CellError
from pycalc.cells import worksheet_function
from pycalc.errors import CalcError
from pycalc.serving.estimate import FIGURES

VALUES = {
    "SERVE_TTFT": "ttft_s",
    "SERVE_TPOT": "tpot_s",
    "SERVE_TOKENS_PER_SECOND": "tokens_per_s",
    "SERVE_USERS": "max_users",
    "SERVE_INPUT_COST": "usd_per_mtok_input",
    "SERVE_OUTPUT_COST": "usd_per_mtok_output",
    "SERVE_BOUND_BY": "bound_by",
}
ASKED = {"model": "Llama 3.1 8B", "gpu": "H100 SXM"}


def of(name, **values):
    return getattr(pycalc, name.lower())(**{**ASKED, **values})


@pytest.fixture(scope="module")
def spilled():
    rows = worksheet_function("SERVE_ESTIMATE")("Llama 3.1 8B", "H100 SXM", 1, None, 16)
    return {row[0]: row for row in rows}


@pytest.mark.parametrize("name", VALUES)
def test_one_value_each_is_the_table_s(spilled, name):
    row = spilled[VALUES[name]]
    batch = {} if name == "SERVE_USERS" else {"batch": 16}
    if name == "SERVE_BOUND_BY":
        assert of(name, **batch) == row[2]
    else:
        levels = [of(name, **batch, level=level) for level in ("low", "mid", "high")]
        assert levels == pytest.approx(row[1:4], rel=1e-12)
        assert row[4] == FUNCTIONS[name].result.unit or name == "SERVE_USERS"


def test_the_table_holds_every_figure_and_what_it_rests_on(spilled):
    assert {*FIGURES} < {*spilled}
    assert {f"assumed: {name}" for name in ("engine", "constants", "chip", "memory", "load", "money", "band")} < {*spilled}
    step = sum(row[2] for name, row in spilled.items() if name.startswith("step: "))
    assert step >= spilled["tpot_s"][2]


def test_revenue_is_what_the_tokens_sell_for():
    hour = 3600 / 1e6
    expected = of("SERVE_TOKENS_PER_SECOND", batch=8) * 0.4 * hour
    expected += 2 * of("SERVE_TOKENS_PER_SECOND", batch=8) * 0.1 * hour  # 1,024 in, 512 out
    assert of("SERVE_REVENUE", batch=8, input_price=0.1, output_price=0.4) == pytest.approx(expected)
    by_context = of("SERVE_REVENUE", input_price=0, output_price=0.4, input_tokens=[500, 5000, 50000])
    assert (np.diff(by_context) < 0).all()


@pytest.mark.parametrize("name", [*VALUES, "SERVE_REVENUE"])
def test_ranges_are_their_elements(name):
    prices = {"input_price": 0.1, "output_price": 0.4} if name == "SERVE_REVENUE" else {}
    batches = {} if name == "SERVE_USERS" else {"batch": [1, 8, 1, None]}
    columns = {
        "model": ["Llama 3.1 8B", "Qwen3 14B", "Llama 3.1 8B", "Mixtral 8x7B"],
        "gpu": ["RTX 4090", "H100 SXM", "H200 SXM", "B200"],
        "gpus": [1, 2, 4, 1],
        "weight_bits": [8, 8, 16, 4.5],
        "input_tokens": [100, 2000, 300.5, 4000],
        **batches,
    }
    together = of(name, **columns, **prices)
    for i, value in enumerate(together.tolist()):
        one = of(name, **{key: column[i] for key, column in columns.items()}, **prices)
        assert value == (pytest.approx(one, rel=1e-12) if isinstance(one, float) else one)


def test_a_bad_element_is_its_own_cell():
    on_cells = worksheet_function("SERVE_TPOT")
    gpus = [["H100 SXM"], ["A100"], ["H100 SXM"], [None], [CellError("#REF!")]]
    rows = on_cells("Llama 3.1 8B", gpus, 1, None, [[1], [1], [-1], [1], [1]])
    assert [type(row[0]) for row in rows] == [float] + 4 * [CellError]
    assert [row[0].code for row in rows[1:]] == ["#N/A", "#NUM!", "#VALUE!", "#REF!"]


@pytest.mark.parametrize(
    ("name", "values", "code", "says"),
    [
        ("SERVE_TPOT", {"model": "Llama 3.1 9B"}, "#N/A", 'no model "Llama 3.1 9B"'),
        ("SERVE_TPOT", {"gpu": "H100"}, "#N/A", "has variants"),
        ("SERVE_TPOT", {"engine": "vlm"}, "#N/A", 'no engine "vlm"'),
        ("SERVE_TPOT", {"gpus": 1.5}, "#NUM!", "a whole number"),
        ("SERVE_TPOT", {"gpus": 6, "tensor": 4}, "#NUM!", "6 GPUs are no multiple of 4"),
        ("SERVE_TPOT", {"batch": 0}, "#NUM!", "batch is 0"),
        ("SERVE_TPOT", {"level": "middle"}, "#VALUE!", "one of low, mid, high"),
        ("SERVE_TPOT", {"model": "Llama 3.1 405B", "weight_bits": 16}, "#N/A", "give more GPUs or fewer bits"),
        ("SERVE_TPOT", {"weight_bits": 0.1}, "#NUM!", "weight_bits is 0.1"),
        ("SERVE_USERS", {"input_tokens": 1e9}, "#N/A", "not one sequence"),
        ("SERVE_OUTPUT_COST", {"gpu": "Apple M2 Ultra"}, "#N/A", "no rent of Apple M2 Ultra"),
        ("SERVE_TTFT", {"gpu": "Apple M6", "batch": 1, "weight_bits": 4.5}, "#N/A", "no public peak of Apple M6"),
        ("SERVE_OUTPUT_COST", {"utilisation": 0}, "#DIV/0!", "utilisation is 0"),
    ],
)
def test_refusals(name, values, code, says):
    with pytest.raises(CalcError) as refused:
        of(name, **values)
    assert refused.value.code == code
    assert says in refused.value.reason
    spec = FUNCTIONS[name]
    cells = [{**ASKED, **values}.get(p.name) for p in spec.parameters]
    assert worksheet_function(name)(*cells) == CellError(code)


def test_all_of_them_share_one_order_of_arguments():
    orders = [[p.name for p in FUNCTIONS[name].parameters] for name in VALUES]
    shared = ["model", "gpu", "gpus", "tensor", "batch", "input_tokens", "output_tokens", "weight_bits", "kv_bits", "engine"]
    for order in orders:
        assert [p for p in order if p in shared] == [p for p in shared if p in order]
    assert list(inspect.signature(pycalc.serve_tpot).parameters)[:2] == ["model", "gpu"]


def test_a_million_points_cost_no_million_look_ups():
    """Deployments are settled once: a thousand times the points take far less than a thousand times the time."""
    import time

    def seconds(count):
        random = np.random.default_rng(0)
        models = np.array(["Llama 3.1 8B", "Qwen3 14B", "Mixtral 8x7B"], object)[random.integers(0, 3, count)]
        gpus = np.array(["H100 SXM", "B200", "A100 SXM 80GB"], object)[random.integers(0, 3, count)]
        began = time.process_time()
        found = pycalc.serve_tpot(models, gpus, 2, None, random.uniform(1, 16, count), random.uniform(1, 4000, count), 512.0, 8)
        assert np.isfinite(found).all()
        return time.process_time() - began

    seconds(100)
    assert seconds(100_000) < 200 * seconds(100)


def test_call_and_the_engine_serve_them(llmecon):
    value = llmecon("call", "SERVE_TPOT", "Llama 3.1 8B", "H100 SXM", "1", "", "1", "--json").document["value"]
    assert value == of("SERVE_TPOT", gpus=1, batch=1)
    rows = llmecon("call", "SERVE_ESTIMATE", "Llama 3.1 8B", "H100 SXM", "--json").document["value"]
    assert rows[0] == ["figure", "low", "mid", "high", "unit", "meaning"]
    assert json.dumps(rows)

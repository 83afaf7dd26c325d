"""The functions that take a model's name: other people's counts, properties, arrays, refusals, hosts."""

import json
import math

import numpy as np
import openpyxl
import pytest
from calls import KNOWN, calls, of
from hypothesis import given, settings
from hypothesis import strategies as st
from properties import WHOLE, Property, equals, falls, holds, linear, never_falls, rises
from real_models import config, rows

import pycalc
from pycalc import FUNCTIONS, evaluate, explain_rows, model_flops, model_kv_bytes, model_parameters, model_spec
from pycalc.architecture import load
from pycalc.catalog import find_model
from pycalc.cells import cell_function, worksheet_function
from pycalc.errors import ArgumentError, CellError, DomainError, NotAvailableError, UnknownNameError
from pycalc.models import FLOPS_PARTS
from workbook_templates.headless.recalculation import recalculate

NAMES = [name for name in FUNCTIONS if name.startswith("MODEL_") and name != "MODEL_SPEC"]
NA = CellError("#N/A")


# ---- other people's numbers


@pytest.mark.parametrize("row", rows("parameters.csv"), ids=lambda row: row["model"])
def test_parameters_are_those_that_torch_counts(row):
    assert model_parameters(row["model"]) == int(row["params_total"])
    assert model_parameters(row["model"], True) == int(row["params_active"])


@pytest.mark.parametrize("row", rows("flops.csv"), ids=lambda row: f"{row['model']}-{row['n']}-{row['past']}")
def test_flops_are_those_that_torch_counts(row):
    """Torch computes masked products in full; the figures differ from its whole number by the nearest float."""
    parts = {"total": "total", "layers": "layers", "attention_matmul": "attn_matmul", "linear": "linear", "lm_head": "lm_head"}
    for part, column in parts.items():
        counted = int(row[f"flops_{column}"])
        assert model_flops(row["model"], int(row["n"]), int(row["past"]), True, part) == float(counted)


@pytest.mark.parametrize(
    ("name", "total", "active"),
    [("Mixtral 8x7B", 46.7, 12.9), ("DeepSeek-V3", 671, 37), ("Qwen3-235B-A22B", 235, 22), ("gpt-oss-120b", 117, 5.1)],
)
def test_parameters_are_those_that_the_makers_state(name, total, active):
    """OpenAI's 5.1 billion active leave the token embedding out; the other makers count all."""
    assert model_parameters(name) / 1e9 == pytest.approx(total, rel=0.003)
    left_out = model_spec(name, "embedding_parameters") if name.startswith("gpt") else 0
    assert (model_parameters(name, True) - left_out) / 1e9 == pytest.approx(active, rel=0.02)


def test_the_article_s_gpu_and_a_real_model():
    """USERS_PER_GPU of 80 GB and 4-bit weights in groups of 128, by the model's name instead of its dimensions."""
    weights = pycalc.model_weight_bytes("Llama 3.1 8B", 4, 128)
    cache = pycalc.model_sequence_bytes("Llama 3.1 8B", 4096, 8)
    assert cache == 4096 * 65536
    assert pycalc.users_per_gpu(80e9, weights, cache) == (80e9 - 5700591616 - 2e9) // 268435456


# ---- properties


def spelled_otherwise(says):
    def sides(v, r):
        return r, of(says, v, model=v["model"].upper().replace("-", " "))

    return equals("is the same in another spelling", sides)


def step(v):
    """What a token adds beyond every window."""
    before, after = (of("MODEL_KV_RESERVED_BYTES", v, tokens=n, sequences=1) for n in (1e6, 1e6 + 1))
    return after - before


PROPERTIES: dict[str, list[Property]] = {
    "MODEL_FLOPS": [
        *rises("tokens"),
        *never_falls("past"),
        holds("is no more than the full square", lambda v, r: of("MODEL_FLOPS", v, square=True) >= r),
        equals(
            "is layers and head",
            lambda v, r: (
                of("MODEL_FLOPS", v, part="total"),
                of("MODEL_FLOPS", v, part="layers") + of("MODEL_FLOPS", v, part="lm_head"),
            ),
        ),
        equals(
            "is linear in the tokens but for attention",
            lambda v, r: (of("MODEL_FLOPS", v, part="linear"), v["tokens"] * of("MODEL_FLOPS", v, tokens=1, part="linear")),
        ),
        holds(
            "multiplies and adds at most once per active parameter, the tied head's too",
            lambda v, r: (
                of("MODEL_FLOPS", v, tokens=1, part="linear") + of("MODEL_FLOPS", v, tokens=1, part="lm_head")
                <= 2 * of("MODEL_PARAMETERS", v, active=True) + 2 * model_spec(v["model"], "embedding_parameters")
            ),
        ),
        spelled_otherwise("MODEL_FLOPS"),
    ],
    "MODEL_KV_BYTES": [
        *linear("sequences"),
        *never_falls("kv_bits"),
        holds("is no more than the room", lambda v, r: r <= of("MODEL_KV_RESERVED_BYTES", v) * (1 + 1e-12)),
        spelled_otherwise("MODEL_KV_BYTES"),
    ],
    "MODEL_KV_BYTES_PER_TOKEN": [
        *never_falls("kv_bits"),
        holds("is what one more token adds to a long cache", lambda v, r: r == pytest.approx(step(v), rel=1e-8, abs=1e-3)),
        equals(
            "is as MODEL_SPEC at 16 bits",
            lambda v, r: (of("MODEL_KV_BYTES_PER_TOKEN", v, kv_bits=16), model_spec(v["model"], "kv_bytes_per_token")),
        ),
    ],
    "MODEL_KV_RESERVED_BYTES": [
        *linear("sequences"),
        *never_falls("tokens", "kv_bits"),
        holds(
            "is no less than its linear part",
            lambda v, r: r >= v["sequences"] * v["tokens"] * of("MODEL_KV_BYTES_PER_TOKEN", v) * (1 - 1e-12),
        ),
    ],
    "MODEL_PARAMETERS": [
        WHOLE,
        holds(
            "of one token are some of all",
            lambda v, r: 0 < of("MODEL_PARAMETERS", v, active=True) <= of("MODEL_PARAMETERS", v, active=False),
        ),
        equals(
            "is as MODEL_SPEC",
            lambda v, r: (r, model_spec(v["model"], "active_parameters" if v["active"] else "parameters")),
        ),
        spelled_otherwise("MODEL_PARAMETERS"),
    ],
    "MODEL_SEQUENCE_BYTES": [
        equals(
            "is the cache's room and the states",
            lambda v, r: (r, of("MODEL_KV_RESERVED_BYTES", v, sequences=1) + of("MODEL_STATE_BYTES", v, sequences=1)),
        ),
        *never_falls("tokens", "kv_bits"),
    ],
    "MODEL_STATE_BYTES": [
        *linear("sequences"),
        equals("is as MODEL_SPEC", lambda v, r: (r, v["sequences"] * model_spec(v["model"], "state_bytes"))),
        holds("is there for hybrids alone", lambda v, r: (r > 0) == (v["model"] in ("Qwen3-Next-80B-A3B", "Jamba"))),
    ],
    "MODEL_WEIGHT_BYTES": [
        *rises("bits", "scale_bits", "zero_bits"),
        *falls("group_size"),
        equals(
            "is two bytes a parameter at 16 bits",
            lambda v, r: (of("MODEL_WEIGHT_BYTES", v, bits=16, group_size=0), 2 * of("MODEL_PARAMETERS", v, active=False)),
        ),
        holds("is no less than all at these bits", lambda v, r: r >= v["bits"] / 8 * of("MODEL_PARAMETERS", v, active=False)),
    ],
}


def test_every_function_has_three_properties():
    assert sorted(PROPERTIES) == sorted(NAMES)
    assert {name: len(found) for name, found in PROPERTIES.items() if len(found) < 3} == {}


@pytest.mark.parametrize(
    ("name", "held"), [pytest.param(n, held, id=f"{n} {held.says}") for n, found in PROPERTIES.items() for held in found]
)
def test_property(name, held):
    @settings(max_examples=12)
    @given(calls(FUNCTIONS[name]))
    def holds(values):
        held.check(name, values)

    holds()


# ---- arrays


@pytest.mark.parametrize("name", NAMES)
def test_arrays_equal_their_elements(name):
    """Arrays are of float64; one element is a whole number, rounded once."""
    spec = FUNCTIONS[name]

    @settings(max_examples=6)
    @given(st.lists(calls(spec), min_size=3, max_size=3), st.booleans())
    def holds(table, names_vary):
        model = [call["model"] for call in table] if names_vary else table[0]["model"]
        columns = [[call[p.name] for call in table] for p in spec.parameters[1:]]
        found = evaluate(spec, [model, *columns])
        assert not found.errors
        for position, value in enumerate(np.asarray(found.value).reshape(-1).tolist()):
            name_here = model[position] if names_vary else model
            alone = evaluate(spec, [name_here, *(column[position] for column in columns)]).value
            assert math.isclose(value, alone, rel_tol=1e-14)

    if len(spec.parameters) > 1:
        holds()


@pytest.mark.parametrize("model", KNOWN["model"])
def test_a_fractional_count_lies_between_its_neighbours(model):
    """A mean of 1000.25 tokens: a quarter of the way from 1000 to 1001."""
    low, high = model_flops(model, 1000, 7), model_flops(model, 1001, 7)
    assert model_flops(model, 1000.25, 7) == pytest.approx(low + (high - low) / 4, rel=1e-14)
    assert model_flops(model, [1000, 1000.25], 7)[1] == pytest.approx(model_flops(model, 1000.25, 7), rel=1e-14)
    assert 2 * model_flops(model, 1000, 6.5) == pytest.approx(low + model_flops(model, 1000, 6), rel=1e-14)
    assert model_kv_bytes(model, 0) == 0


@pytest.mark.parametrize("tokens", [1, 4096, 10**6, 10**15])
def test_whole_numbers_are_exact_at_any_size(tokens):
    for name in KNOWN["model"]:
        exact = load(name).flops(tokens, 3).total
        assert model_flops(name, tokens, 3) == float(exact)


# ---- refusals


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_name_is_refused_with_its_neighbours(name):
    spec = FUNCTIONS[name]
    rest = [1.0] * (spec.required - 1)
    for _ in range(2):  # what was found wanting is kept
        with pytest.raises(UnknownNameError) as refused:
            getattr(pycalc, spec.name)("Llama 3.1 9B", *rest)
        assert refused.value.code == "#N/A"
        assert refused.value.reason.startswith(f'{name}: no model "Llama 3.1 9B" in the catalogue; near: Meta-Llama-3.1-8B')
    assert cell_function(spec)("Llama 3.1 9B", *rest) == NA
    assert cell_function(spec)([["Llama 3.1 8B"], ["Llama 3.1 9B"]], *rest)[1] == [NA]


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ((None, 1), ArgumentError, "model is blank"),
        ((8, 1), ArgumentError, "model is 8"),
        (("Llama 3.1 8B", "1"), ArgumentError, "tokens is the text"),
        (("Llama 3.1 8B", -1), DomainError, "tokens is -1 tokens"),
        (("Llama 3.1 8B", 1, 0, 2), DomainError, "square is 2"),
        (("Llama 3.1 8B", 1, 0, True, "head"), ArgumentError, "one of total, layers"),
        (("Llama 3.1", 1), UnknownNameError, "has variants, say which"),
        (("../../etc/passwd", 1), UnknownNameError, "no model"),
    ],
)
def test_refusals(arguments, error, says):
    with pytest.raises(error, match=says):
        model_flops(*arguments)


def test_ten_thousand_cells_of_a_wrong_name_search_for_neighbours_once(monkeypatch):
    from pycalc.catalog.names import Names

    searched = []
    search = Names.near
    monkeypatch.setattr(Names, "near", lambda names, wanted: searched.append(wanted) or search(names, wanted))
    rows = worksheet_function("MODEL_FLOPS")("no model of that name", [[float(i)] for i in range(1000)])
    assert rows == [[NA]] * 1000
    assert len(searched) == 1


# ---- the user's own models


HOUSE = """
[[model]]
name = "House 1"
maker = "us"
config = "house.json"
source = "our repository"
date = 2026-11-20
"""


def test_a_model_of_ones_own_is_read_anew_when_it_changes(own, tmp_path):
    document = json.loads(config("Meta-Llama-3.1-8B").read_text("utf-8"))
    catalogue = own(HOUSE)
    with pytest.raises(NotAvailableError, match=r"MODEL_PARAMETERS: .*house\.json: there is no such file"):
        model_parameters("house-1")
    found = []
    for layers in (32, 16):
        path = catalogue.parent / "house.json"
        path.write_text(json.dumps(document | {"num_hidden_layers": layers}), "utf-8")
        found.append(model_parameters("house-1"))
    assert found == [8030261248, 8030261248 - 16 * 218112000]
    assert explain_rows("MODEL_PARAMETERS", ["house 1"])[-1][4] == "user; secondary; 2026-11-20; our repository"


def test_a_config_that_is_not_understood_is_refused_by_name(own, tmp_path):
    catalogue = own(HOUSE)
    (catalogue.parent / "house.json").write_text('{"model_type": "abacus"}', "utf-8")
    with pytest.raises(NotAvailableError, match=r"House 1: the architecture 'abacus' \(model_type\) is not known") as refused:
        model_flops("House 1", 1)
    assert refused.value.code == "#N/A"


# ---- hosts


def test_explain_says_which_defaults_stand_for_fields_left_out():
    *_, formula, result = explain_rows("MODEL_FLOPS", ["opt-1.3b", 1])
    assert formula[4] == "no formula: looks up a catalogue, which no cell holds"
    assert result[4].startswith(find_model("opt-1.3b").citation)
    assert "enable_bias is not in the file; transformers takes true" in result[4]


def test_a_workbook_is_computed(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"], sheet["B1"] = "Llama 3.1 8B", 4096
    sheet["A2"], sheet["B2"] = "Llama 3.1 9B", 4096
    formulas = [
        "=MODEL_PARAMETERS(A1)",
        '=MODEL_FLOPS(A1,B1,,TRUE,"lm_head")',
        "=MODEL_KV_BYTES_PER_TOKEN(A1)*B1-MODEL_KV_BYTES(A1,B1)",
        "=MODEL_WEIGHT_BYTES(A1,4,128)",
        "=MODEL_FLOPS(A2,B2)",
        '=IFERROR(MODEL_STATE_BYTES(A2),"no such model")',
    ]
    for row, formula in enumerate(formulas, start=1):
        sheet.cell(row, 3, formula)
    book.save(tmp_path / "book.xlsx")
    found = recalculate(tmp_path / "book.xlsx").values
    assert [found["Sheet", f"C{row}"] for row in range(1, len(formulas) + 1)] == [
        8030261248.0,
        4303557230592.0,
        0.0,
        5700591616.0,
        NA,
        "no such model",
    ]


def test_the_command_line_agrees_with_the_command_model(llmecon):
    for name in ("Llama 3.1 8B", "DeepSeek-V3.2", "Qwen3-Next-80B-A3B"):
        told = llmecon("model", name, "--tokens", 4096, "--past", 100, "--kv-bits", 8, "--weight-bits", 4, "--json").document
        for function, arguments, figure in (
            ("MODEL_PARAMETERS", (), told["params_total"]),
            ("MODEL_PARAMETERS", ("TRUE",), told["params_active"]),
            ("MODEL_KV_BYTES", (4196, 8), told["kv_bytes"]),
            ("MODEL_KV_RESERVED_BYTES", (4196, 8), told["kv_reserved_bytes"]),
            ("MODEL_KV_BYTES_PER_TOKEN", (8,), told["kv_bytes_per_token"]),
            ("MODEL_STATE_BYTES", (), told["state_bytes"]),
            ("MODEL_WEIGHT_BYTES", (4,), told["weight_bytes"]),
            *(("MODEL_FLOPS", (4096, 100, "FALSE", part), told["flops"][part]) for part in FLOPS_PARTS),
        ):
            run = llmecon("call", function, name, *arguments, "--json")
            assert run.document == {"value": figure}
            assert find_model(name).citation in run.err

"""The rows as shipped: figures that others published, and what must hold of every row."""

import datetime

import pytest

from pycalc.architecture import load
from pycalc.catalog import catalog, find_chip, find_model, model_config_path, records, rents_of
from pycalc.catalog.records import TERMS

T, G = 1e12, 1e9
PUBLISHED = [
    # the article's section 4 and its round price of section 5.6
    ("H100 SXM", {"bf16_flops": 989 * T, "bandwidth": 3350 * G, "memory": 80 * G}),
    ("A100 SXM 80GB", {"bf16_flops": 312 * T, "bandwidth": 2039 * G}),
    ("Snapdragon 8 Elite", {"peak_flops": 50 * G, "bandwidth": 51 * G, "bf16_flops": None}),
    # NVIDIA aiconfigurator-core 0.12.0, systems/*.yaml
    ("A100 PCIe 80GB", {"bandwidth": 1935 * G, "power": 300}),
    ("H200", {"bandwidth": 4800 * G, "power": 700}),
    ("L4", {"bf16_flops": 121 * T, "fp8_flops": 242 * T, "power": 72}),
    ("A30", {"bandwidth": 933 * G, "int8_ops": 330 * T}),
    # data sheets and pages quoted in the rows
    ("TPU v6e", {"bf16_flops": 918 * T, "int8_ops": 1836 * T}),
    ("MI300X", {"bf16_flops": 1307 * T, "fp8_flops": 2615 * T, "bandwidth": 5300 * G}),
    ("RTX 4090", {"bf16_flops": 165.2 * T, "bandwidth": 1008 * G}),
    ("Apple M2 Ultra", {"bandwidth": 800 * G}),
    ("Groq LPU", {"memory": 230e6, "bandwidth": 80 * T, "fp16_flops": 188 * T, "bf16_flops": None, "power": None}),
    ("Cerebras WSE-3", {"memory": 44 * G, "bandwidth": 21e15, "peak_flops": None, "power": None}),
]


@pytest.mark.parametrize(("name", "figures"), PUBLISHED, ids=[name for name, _ in PUBLISHED])
def test_published_figures(name, figures):
    chip = find_chip(name)
    assert {attribute: getattr(chip, attribute) for attribute in figures} == figures


def test_every_row_has_a_source_and_a_day_that_is_past():
    rows = [*catalog().chips, *catalog().models, *catalog().rents]
    assert len(rows) > 200
    for row in rows:
        assert len(row.source) > 10, row
        assert datetime.date(2025, 1, 1) <= row.date <= records.today(), row
        assert row.user is False


def test_every_chip_says_something_of_its_memory():
    assert all(chip.bandwidth for chip in catalog().chips)


def test_every_config_is_used_and_every_model_has_one():
    folder = model_config_path("Llama 3.1 8B").parent
    assert {path.name for path in folder.glob("*.json")} == {model.config for model in catalog().models}


@pytest.mark.parametrize(
    ("name", "layers", "parameters"),
    [
        ("Llama 3.2 1B", 16, 1.24e9),
        ("Llama 3.2 3B", 28, 3.21e9),
        ("Llama 3 8B", 32, 8.03e9),
        ("Llama 3.3 70B", 80, 70.6e9),
        ("Llama 2 13B", 40, 13.0e9),
        ("Qwen2.5 3B", 36, 3.09e9),
        ("Qwen2.5 14B", 48, 14.8e9),
        ("Qwen2.5 32B", 64, 32.8e9),
        ("Qwen2.5 72B", 80, 72.7e9),
        ("Qwen3 14B", 40, 14.8e9),
        ("Gemma 2 9B", 42, 9.24e9),
        ("Mixtral 8x7B", 32, 46.7e9),
    ],
)
def test_models_have_the_sizes_that_their_makers_publish(name, layers, parameters):
    architecture = load(name)
    assert len(architecture.layers) == layers
    assert architecture.parameters().total == pytest.approx(parameters, rel=0.005)


def test_a_model_named_and_its_file_are_the_same():
    assert load("qwen3-14b") == load(str(model_config_path("Qwen3 14B")))
    assert find_model("Qwen3 14B").tier == "secondary"


def test_rents_by_term():
    rents = rents_of("h100-sxm")
    assert {rent.name for rent in rents} == {"H100 SXM"}
    assert ("The article", 2.5) in {(rent.provider, rent.usd_per_hour) for rent in rents}
    assert [rent.usd_per_hour for rent in rents_of("H800")] == [2]
    assert {rent.term for rent in catalog().rents} == set(TERMS) - {"owned"}


def test_a_longer_term_is_cheaper_for_the_same_machine():
    offers = {rent.term: rent.usd_per_hour for rent in rents_of("A100 SXM 40GB") if rent.provider == "Google Cloud"}
    assert offers["spot"] < offers["3 years"] < offers["1 year"] < offers["on demand"]

"""The rows as shipped: figures that others published, and what must hold of every row."""

import datetime

import pytest

from pycalc.architecture import load
from pycalc.catalog import catalog, find_chip, find_model, model_config_path, records, rents_of
from pycalc.catalog.records import GENERATIONS, TERMS

T, G = 1e12, 1e9
PUBLISHED = [
    # the article's section 4 and its round price of section 5.6
    # the makers' figures of the links, halved where they count both ways
    ("H100 SXM", {"generation": "Hopper", "link": 450 * G, "pcie": 64 * G}),
    ("A100 SXM 80GB", {"generation": "Ampere", "link": 300 * G, "pcie": 32 * G}),
    ("V100", {"generation": "Volta", "link": 150 * G, "pcie": 16 * G, "bf16_flops": None}),
    ("B200", {"generation": "Blackwell", "link": 900 * G}),
    ("H800", {"generation": "Hopper", "link": 200 * G}),
    ("A800", {"generation": "Ampere", "link": 200 * G}),
    ("MI300X", {"generation": "CDNA 3", "link": 448 * G, "pcie": 64 * G}),
    ("RTX 3090", {"generation": "Ampere", "link": 56.25 * G, "pcie": 32 * G}),
    ("RTX 4090", {"generation": "Ada", "link": None, "pcie": 32 * G}),
    ("A100 PCIe 80GB", {"link": None, "pcie": 32 * G}),
    ("RTX 4060 Ti 16GB", {"link": None, "pcie": 16 * G}),  # eight lanes
    ("Jetson AGX Orin 64GB", {"generation": "Ampere", "bandwidth": 204.8 * G}),
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
    ("H20", {"bf16_flops": 148 * T, "fp8_flops": 296 * T, "bandwidth": 4000 * G, "memory": 96 * G}),
    ("L20", {"bf16_flops": 119.5 * T, "int8_ops": 239 * T}),
    ("MI210", {"fp16_flops": 181 * T, "memory": 64 * G}),
    ("RTX 2080 Ti", {"fp16_flops": 53.8 * T, "bf16_flops": None, "bandwidth": 616 * G}),
    ("RX 9070 XT", {"fp16_flops": 194.6 * T, "bandwidth": 640 * G}),
    ("RTX 5000 Ada", {"bf16_flops": 261.1e12, "fp8_flops": 522.2e12}),
    ("RTX A4000", {"bf16_flops": 76.7 * T}),
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


def test_every_chip_has_a_generation_and_every_generation_a_chip():
    assert {chip.generation for chip in catalog().chips} == set(GENERATIONS)


def test_links_are_one_way_and_slower_than_the_memory():
    linked = [chip for chip in catalog().chips if chip.link]
    assert len(linked) > 20
    for chip in linked:
        assert chip.link < 2 * T, chip
        assert chip.link <= chip.bandwidth / 2, chip
        assert chip.link > (chip.pcie or 0), chip


def test_pcie_is_of_a_generation_and_a_width():
    carried = {chip.pcie for chip in catalog().chips if chip.pcie}
    assert carried <= {lanes * lane * G for lanes in (8, 16) for lane in (1, 2, 4)}


def test_consumer_cards_sum_in_fp32_at_twice_their_rate():
    """What is printed of them is twice or four times as much: sums in FP16, sparse figures."""
    cards = [chip for chip in catalog().chips if chip.brand == "GeForce" and chip.fp32_flops and chip.bf16_flops]
    assert len(cards) > 10
    for chip in cards:
        assert chip.bf16_flops == pytest.approx(2 * chip.fp32_flops, rel=0.01), chip


@pytest.mark.parametrize("name", ["RTX 6000 Ada", "RTX 5000 Ada", "RTX 4500 Ada", "RTX 4000 Ada", "RTX 2000 Ada", "RTX A5000"])
def test_workstation_cards_sum_in_fp32_at_the_full_rate(name):
    chip = find_chip(name)
    assert chip.bf16_flops == pytest.approx(4 * chip.fp32_flops, rel=0.01)


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
        ("Gemma 3 4B", 34, 3.88e9),
        ("Gemma 3 12B", 48, 11.77e9),
        ("GPT-J 6B", 28, 6.05e9),
        ("OLMoE-1B-7B", 16, 6.92e9),
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

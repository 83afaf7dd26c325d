"""Our functions against numbers that others published, measured or counted."""

import tomllib
from pathlib import Path

import pytest
from calls import NAMES

import pycalc

PUBLISHED = tomllib.loads((Path(__file__).parents[1] / "reference" / "published.toml").read_text("utf-8"))
FACTS = [(text, value, fact) for fact in PUBLISHED["fact"] for text, value in fact["calls"]]
EXAMPLES = [
    ("SCORE_FLOPS(4096, 2048)", 68719476736),
    ("ATTENTION_FLOPS(4096, 2048)", 274877906944),
    ("MLP_FLOPS(4096, 2048)", 274877906944),
    ('MLP_FLOPS(4096, 2048, 8192, "swiglu")', 412316860416),
    ("LAYER_FLOPS(4096, 2048)", 549755813888),
    ('LAYER_FLOPS(4096, 2048, 32, 8, 64, 8192, "swiglu")', 635655159808),
    ("QUADRATIC_SHARE(4096, 2048)", 0.25),
    ("ATTENTION_CROSSOVER(2048)", 4096),
    ("LAYER_CROSSOVER(2048)", 12288),
    ("PREFILL_INTENSITY(4096, 2)", 4096),
    ("DECODE_INTENSITY(2)", 1),
    ("KV_BYTES_PER_TOKEN(16, 8, 64, 1)", 16384),
    ("KV_BYTES(32768, 16, 8, 64, 1)", 536870912),
    ("WEIGHT_BYTES(7E9, 4)", 3.5e9),
    ("KV_BUDGET(80E9, 3.5E9)", 74.5e9),
    ("USERS_PER_GPU(80E9, 3.5E9, KV_BYTES(4096, 32, 8, 128, 1), 2E9)", 277),
    ("BLENDED_PRICE(0.1, 0.4, 1, 2)", 0.3),
    ("DEVICE_LIFETIME_TOKENS(50, 750, 3)", 41062500),
    ("CLOUD_MONTHLY_COST(100E6, 50, 750, 0.3)", 1125000),
]
CUT_EXAMPLES = [
    ("MOE_EXPERTS_TOUCHED(256, 8, 16)", "101.9"),
    ("RIDGE_POINT(989E12, 3350E9)", "295.22"),
    ("USER_HOUR_COST(2.5, 34)", "0.0735"),
    ("COST_PER_MTOK(2.5, 185)", "3.75375"),
    ("COST_PER_MTOK(2.5, 185, 0.3)", "12.5125"),
    ("EDGE_CROSSOVER(500000, 0.3/36, 100, 750, 0.3)", "35294117.6"),
    ("EDGE_CROSSOVER_REQUESTS(0.3/36, 750, 0.3)", "37.037"),
]
"""The examples of the functions' specification; of the second list it prints the first digits."""


def value(text):
    """A formula as a user would type it, computed by the public functions."""
    return eval(text, {"__builtins__": {}}, {name: getattr(pycalc, name.lower()) for name in NAMES})  # noqa: S307


@pytest.mark.parametrize(("text", "example"), EXAMPLES)
def test_example(text, example):
    assert value(text) == example


@pytest.mark.parametrize(("text", "digits"), CUT_EXAMPLES)
def test_example_to_its_printed_digits(text, digits):
    assert f"{value(text):.12f}".startswith(digits)


@pytest.mark.parametrize(("text", "published", "fact"), FACTS, ids=[text for text, _, _ in FACTS])
def test_fact(text, published, fact):
    assert value(text) == pytest.approx(published, rel=fact.get("within", 1e-12), abs=0), fact["source"]


@pytest.mark.parametrize("row", PUBLISHED["ceiling"], ids=lambda row: row["source"])
def test_no_measured_speed_exceeds_the_ceiling(row):
    ceiling = pycalc.tokens_per_second(row["weight_bytes"], 0, row["bandwidth"])
    assert 0.4 < row["tokens_per_second"] / ceiling <= 0.93
    assert pycalc.decode_seconds(row["weight_bytes"], 0, row["bandwidth"]) < 1 / row["tokens_per_second"]


def test_refusals_of_the_specification():
    for call in (
        lambda: pycalc.edge_crossover(500000, 1, 10, 750, 0.3),
        lambda: pycalc.users_per_gpu(80e9, 79e9, 1, 2e9),
    ):
        with pytest.raises(pycalc.CalcError) as refused:
            call()
        assert refused.value.code == "#N/A"
    assert pycalc.users_per_gpu(80e9, 70e9, 20e9, 2e9) == 0, "not one session fits beside the weights"
    assert pycalc.edge_crossover(0, 0.001, 100, 750, 0.3) == 0, "the device always is cheaper"
    assert pycalc.bound_by(50e9, 51e9, 4) == "compute"
    assert pycalc.edge_fits(3e9, 1e9, 4e9) is True
    assert pycalc.edge_fits(3e9, 1e9 + 1, 4e9) is False

"""Every figure of an estimate against the same calculation in plain Python, over layouts and loads."""

import itertools
from dataclasses import asdict, replace

import numpy as np
import pytest
from by_hand import Card, Setting, figures, prompt_seconds, step_parts, users, weights_per_chip

from pycalc.architecture import load
from pycalc.catalog import catalog
from pycalc.serving.deployment import deploy
from pycalc.serving.engines import ANY, GIB, Efficiency, Profile, engines
from pycalc.serving.estimate import Load, estimate
from pycalc.serving.money import Money
from pycalc.serving.timing import Speculation

CARDS = {
    "Llama 3.1 8B": Card(32, 4096, 32, 8, 128, 14336, 128256),
    "Mixtral 8x7B": Card(32, 4096, 32, 8, 128, 14336, 32000, 8, 2),
}
OWN = Efficiency(
    weights=0.71, cache=0.63, compute_16=0.47, compute_8=0.37, compute_4=0.23, attention=0.29, experts=0.41,
    layer_s=31e-6, routed_layer_s=17e-6, sequence_s=7e-6, prompt_s=2.3e-3, hop_s=11e-6, link=0.61,
    spread=19, routed_spread=19, prompt_spread=19,
)  # fmt: skip
LAYOUTS = [  # gpus, tensor, stages, experts shared
    (1, 1, 1, False),
    (4, 4, 1, False),
    (8, 2, 2, False),
    (6, 1, 3, False),
    (8, 8, 1, True),
    (8, 4, 2, True),
]
LOADS = [  # tokens in, tokens out, batch, cached
    (1000, 500, 1, 0),
    (300, 1, 3, 0),
    (20_000, 700, 4, 0.25),
    (9000, 64, 37, 0),
    (128, 2000, 200, 1),
]
SPECULATIONS = [None, Speculation(3, 0.6, 1.7e-3)]
CASES = [
    (model, layout, bits, spec)
    for model, layout, bits, spec in itertools.product(CARDS, LAYOUTS, (16, 8), SPECULATIONS)
    if CARDS[model].experts or not layout[3]
]


def pair(model, layout, bits=16, speculation=None, kv_bits=16, gpu="H200 SXM"):
    """The deployment, and the same as plain numbers."""
    gpus, tensor, stages, shared = layout
    chip = catalog().chips.find(gpu)
    deployment = deploy(
        load(model), chip, name=model, gpus=gpus, tensor=tensor, stages=stages, expert_parallel=shared or None,
        weight_bits=bits, kv_bits=kv_bits, engine="vLLM", profile=Profile("own", {ANY: OWN}), speculation=speculation,
    )  # fmt: skip
    narrow = (chip.fp8_flops, OWN.compute_8) if bits == 8 else (chip.peak_flops, OWN.compute_16)
    spec = (speculation.tokens, speculation.acceptance, speculation.draft_s) if speculation else (0, 0, 0)
    setting = Setting(
        chip.bandwidth, chip.peak_flops, *narrow, chip.link, tensor, stages, gpus // (tensor * stages), shared,
        engines().find("vLLM").chunk_tokens, bits, kv_bits, asdict(OWN), *spec,
    )  # fmt: skip
    return deployment, setting


@pytest.mark.parametrize(("model", "layout", "bits", "speculation"), CASES)
def test_every_figure(model, layout, bits, speculation):
    deployment, setting = pair(model, layout, bits, speculation)
    for n_in, n_out, batch, cached in LOADS:
        found = estimate(deployment, Load(n_in, n_out, batch, cached), Money(2.5, 0.7))
        for name, value in figures(CARDS[model], setting, n_in, n_out, batch, cached, 2.5, 0.7).items():
            assert float(getattr(found, name).mid) == pytest.approx(value, rel=1e-9), (name, n_in, batch)


@pytest.mark.parametrize(("model", "layout", "bits", "speculation"), CASES)
def test_every_part_of_a_step(model, layout, bits, speculation):
    deployment, setting = pair(model, layout, bits, speculation, kv_bits=8)
    for batch, context in ((1, 1), (2, 4096), (100, 700), (1, 100_000)):
        found = deployment.replica.step(batch, context).on(OWN)
        assert {k: float(v) for k, v in found._asdict().items()} == pytest.approx(
            step_parts(CARDS[model], setting, batch, context), rel=1e-9, abs=1e-18
        )


@pytest.mark.parametrize(("model", "layout"), [(m, layout) for m, layout, *_ in CASES[:: len(SPECULATIONS) * 2]])
def test_memory_and_users(model, layout):
    deployment, setting = pair(model, layout, 8)
    card, engine, chip = CARDS[model], deployment.engine, deployment.chip
    assert deployment.memory.weights == pytest.approx(weights_per_chip(card, setting), rel=1e-9)
    usable = chip.memory / 1e9 * GIB * 0.985 * engine.memory_fraction
    low, mid, high = engine.overhead
    if card.experts:
        high = max(high, engine.routed_overhead)
    most = engine.most_sequences * (setting.tensor if setting.experts_shared and engine.per_rank else 1)
    for tokens in (500, 1000, 8193, 30_000, 120_000):
        for which, overhead in enumerate((low, mid, high)):
            expected = users(card, setting, tokens, usable, overhead, engine.block_tokens, most)
            assert deployment.users(tokens, which) == expected, (tokens, which)


def test_prompts_over_many_chunks():
    for layout in LAYOUTS[:4]:
        deployment, setting = pair("Llama 3.1 8B", layout)
        for new, past in ((1, 0), (8192, 0), (8193, 10), (100_000, 50_000), (0, 700)):
            for loaded in (False, True):
                asked = (deployment.replica.prefill_share if loaded else deployment.replica.prefill_alone)(new, past)
                expected = prompt_seconds(CARDS["Llama 3.1 8B"], setting, new, past, loaded)
                assert float(asked.on(OWN).seconds) == pytest.approx(expected, rel=1e-9)


def test_the_largest_batch_that_keeps_the_targets():
    """One by one: no smaller answer than the last whole batch that keeps them."""
    deployment, setting = pair("Llama 3.1 8B", (1, 1, 1, False))
    card = CARDS["Llama 3.1 8B"]
    for name, target in (("tpot_loaded_s", 0.02), ("tpot_loaded_s", 0.0555), ("ttft_loaded_s", 0.04), ("ttft_loaded_s", 0.07)):
        option = {"tpot_loaded_s": "tpot_target", "ttft_loaded_s": "ttft_target"}[name]
        found = estimate(deployment, Load(1000, 300, **{option: target}), Money(1))
        held = int(deployment.users(1300))
        kept = [b for b in range(1, held + 1) if figures(card, setting, 1000, 300, b, 0, 1, 1)[name] <= target]
        assert kept == list(range(1, len(kept) + 1))
        assert float(found.batch) == len(kept)
        assert len(kept) < held


def test_the_band_is_the_spread_up_to_the_roofline():
    deployment, _ = pair("Llama 3.1 8B", (1, 1, 1, False))
    narrow = replace(OWN, spread=1.1, prompt_spread=1.05)
    deployment = replace(deployment, replica=replace(deployment.replica, efficiency=narrow))
    found = estimate(deployment, Load(1000, 500, 8), Money(1))
    for name, spread in (("tpot_s", 1.1), ("usd_per_mtok_output", 1.1), ("ttft_s", 1.05), ("usd_per_mtok_input", 1.05)):
        band = getattr(found, name)
        assert (band.mid / band.low, band.high / band.mid) == pytest.approx((spread, spread))
    rate = found.tokens_per_s
    assert (rate.mid / rate.low, rate.high / rate.mid) == pytest.approx((1.1, 1.1))


def test_defaults_are_a_thousand_tokens_in_and_half_of_it_out():
    deployment, _ = pair("Llama 3.1 8B", (1, 1, 1, False))
    plain, said = (estimate(deployment, load, Money(1)) for load in (Load(), Load(1024, 512)))
    assert plain.tokens_per_s.mid == said.tokens_per_s.mid
    assert np.all(plain.batch == said.batch)

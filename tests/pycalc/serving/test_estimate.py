"""Estimates: what must hold between them whatever the constants, and the days and ceilings that others published."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pycalc
from pycalc.architecture import load
from pycalc.catalog import catalog
from pycalc.errors import DoesNotFitError, DomainError, NeverError, NotAvailableError
from pycalc.serving.deployment import deploy
from pycalc.serving.engines import ANY, Efficiency, Profile
from pycalc.serving.estimate import FIGURES, RATES, Band, Load, estimate
from pycalc.serving.money import Money, rented
from pycalc.serving.request import Setup, answer
from pycalc.serving.timing import PERFECT, Speculation

UNIT = Efficiency(
    weights=1, cache=1, compute_16=1, compute_8=1, compute_4=1, attention=1, experts=1, layer_s=0, routed_layer_s=0,
    sequence_s=0, prompt_s=0, hop_s=0, link=1, spread=1, routed_spread=1, prompt_spread=1,
)  # fmt: skip
RENT = Money(2.0)
MODELS = ("Llama 3.1 8B", "Mixtral 8x7B", "DeepSeek-V3", "Gemma 3 27B", "Qwen3-Next-80B-A3B", "gpt-oss-120b")
CHIPS = ("H100 SXM", "H200 SXM", "B200 SXM", "MI300X", "A100 SXM 80GB")


def chip(name, **changes):
    return replace(catalog().chips.find(name), **changes)


def on(model, gpu="H200 SXM", **setup):
    return deploy(load(model), gpu if not isinstance(gpu, str) else chip(gpu), name=model, **{"weight_bits": 4.5, **setup})


deployments = st.builds(
    lambda model, gpu, gpus: on(model, gpu, gpus=gpus),
    st.sampled_from(MODELS),
    st.sampled_from(CHIPS),
    st.sampled_from([8, 16]),
)
loads = st.builds(
    Load,
    st.integers(1, 20_000).map(float),
    st.integers(2, 4_000).map(float),
    st.none() | st.integers(1, 8).map(float),
    st.sampled_from([0.0, 0.5]),
)


def figures(deployment, load):
    return estimate(deployment, load, RENT)


class TestWhateverTheLoad:
    @given(deployments, loads)
    def test_bands_are_in_order_and_never_above_the_roofline(self, deployment, load):
        found = figures(deployment, load)
        perfect = figures(replace(deployment, replica=replace(deployment.replica, efficiency=PERFECT)), load)
        for name in FIGURES:
            band = getattr(found, name)
            if not isinstance(band, Band):
                continue
            assert band.low <= band.mid <= band.high, name
            if name in RATES:
                assert band.high <= getattr(perfect, name).mid * (1 + 1e-12), name
            elif name.endswith("_s") and name != "ttft_loaded_s":  # a queue may be longer where steps are faster
                assert band.low >= getattr(perfect, name).mid * (1 - 1e-12), name

    @given(deployments, loads)
    def test_less_bandwidth_is_never_faster(self, deployment, load):
        slower = on(deployment.model, chip(deployment.chip.name, bandwidth=deployment.chip.bandwidth / 2), gpus=deployment.gpus)
        same = replace(slower, chip=deployment.chip, replica=replace(slower.replica, efficiency=deployment.replica.efficiency))
        before, after = figures(deployment, load), figures(same, load)
        assert after.tpot_s.mid >= before.tpot_s.mid
        assert after.ttft_s.mid >= before.ttft_s.mid
        assert after.tokens_per_s.mid <= before.tokens_per_s.mid

    @given(deployments, loads, st.floats(1, 3))
    def test_more_context_never_means_more_users(self, deployment, load, longer):
        more = replace(load, input_tokens=load.input_tokens * longer, batch=1.0)
        before, after = figures(deployment, replace(load, batch=1.0)), figures(deployment, more)
        assert after.max_users.mid <= before.max_users.mid
        assert after.tpot_s.mid >= before.tpot_s.mid
        assert before.max_users.low <= before.max_users.mid <= before.max_users.high

    @given(deployments, loads, st.floats(0.1, 0.9))
    def test_cost_falls_with_utilisation(self, deployment, load, utilisation):
        idle, busy = (estimate(deployment, load, Money(2.0, share)) for share in (utilisation, 1.0))
        for name in ("usd_per_mtok_input", "usd_per_mtok_output", "usd_per_mtok_blended", "usd_per_request"):
            assert getattr(idle, name).mid == pytest.approx(getattr(busy, name).mid / utilisation)

    @given(deployments, loads)
    def test_each_gpu_second_is_charged_once(self, deployment, load):
        """Input by its price and output by its are the request, and all requests of an hour the rent."""
        found = figures(deployment, load)
        by_phase = (load.input_tokens * found.usd_per_mtok_input.mid + load.output_tokens * found.usd_per_mtok_output.mid) / 1e6
        assert by_phase == pytest.approx(found.usd_per_request.mid)
        assert found.usd_per_request.mid * found.requests_per_s.mid * 3600 == pytest.approx(2.0 * deployment.gpus)
        blended = found.usd_per_mtok_blended.mid * (load.input_tokens + load.output_tokens) / 1e6
        assert blended == pytest.approx(found.usd_per_request.mid)

    @given(deployments, loads)
    def test_a_larger_batch_gives_more_in_all_and_each_user_less(self, deployment, load):
        one, four = (figures(deployment, replace(load, batch=b)) for b in (1.0, 4.0))
        assert four.tokens_per_s.mid >= one.tokens_per_s.mid
        assert four.tpot_s.mid >= one.tpot_s.mid
        assert four.tpot_loaded_s.mid >= four.tpot_s.mid

    @given(deployments, loads)
    def test_what_is_cached_need_not_be_processed(self, deployment, load):
        none, most = (figures(deployment, replace(load, cached=share)) for share in (0.0, 0.9))
        assert most.ttft_s.mid <= none.ttft_s.mid
        assert most.usd_per_mtok_input.mid <= none.usd_per_mtok_input.mid
        assert none.usd_per_mtok_cached_input.mid < none.usd_per_mtok_input.mid

    @given(deployments, loads)
    def test_the_closed_form_is_the_worksheet_function_s(self, deployment, load):
        found = figures(deployment, replace(load, batch=4.0))
        seconds = 3600 * 2.0 * deployment.replica.chips
        share = found.usd_per_mtok_input.mid * load.input_tokens / 1e6 * 3600 / (2.0 * deployment.replica.chips)
        assert seconds > 0
        steps = load.output_tokens - 1
        together = pycalc.batched_tokens_per_second(4, found.tpot_s.mid, share, steps) * load.output_tokens / steps
        assert found.tokens_per_s.mid == pytest.approx(together * deployment.replicas)
        assert found.prefill_share == pytest.approx(pycalc.prefill_share(share, found.tpot_s.mid, steps, 4))


class TestAgainstWhatOthersPublished:
    def test_batch_one_with_unit_efficiency_is_the_article_s_ceiling(self):
        """A model of 7 GB beside a cache of 2 GiB at 3,350 GB/s: about 370 tokens a second."""
        llama = load("Llama 2 7B")
        h100 = chip("H100 SXM")
        found = deploy(llama, h100, weight_bits=8, kv_bits=16, engine="llama.cpp", profile=Profile("unit", {ANY: UNIT}))
        assert found.replica.work.dense_bytes(found.replica.widths) == pytest.approx(7e9, rel=0.07)
        step = found.replica.step(1, 4096).on(UNIT)
        assert float(step.cache) == pytest.approx(2**31 / 3350e9)
        assert 1 / float(step.seconds) == pytest.approx(370, rel=0.05)
        assert 1 / float(step.seconds) == pytest.approx(
            pycalc.tokens_per_second(found.replica.work.dense_bytes(found.replica.widths), 2**31, 3350e9)
        )

    def test_deepseek_s_day_closes(self):
        """DeepSeek, open-infra-index day 6 (2025): 226.75 nodes of 8 at 2 USD an hour, 608 billion in, 168 out."""
        hours = pycalc.pool_hours(608e9, 73.7e3, 168e9, 14.8e3)
        assert hours / 24 == pytest.approx(226.75, rel=0.005)
        assert hours * 8 * 2 == pytest.approx(87072, rel=0.01)
        all_on_output = hours * 8 * 2 / 168e3
        assert all_on_output == pytest.approx(0.518, rel=0.01)
        assert hours * 8 * 2 / 776e3 == pytest.approx(0.112, rel=0.01)
        assert pycalc.cost_per_mtok(16, 14.8e3) == pytest.approx(0.30, rel=0.01)
        # phases charged apart add up to the same day
        by_phase = 608e3 * pycalc.cost_per_mtok(16, 73.7e3) + 168e3 * pycalc.cost_per_mtok(16, 14.8e3)
        assert by_phase == pytest.approx(hours * 16)

    def test_layer_split_speeds_up_no_single_answer(self):
        """RTX 4090: 54.34 tokens/s of Llama 3 8B in F16 on one card, 53.27, 52.69 and 52.12 on two, four, eight."""
        one, two, eight = (on("Llama 3.1 8B", "RTX 4090", gpus=n, weight_bits=16) for n in (1, 2, 8))
        times = [float(d.replica.step(1, 512).on(d.replica.efficiency).seconds) for d in (one, two, eight)]
        assert times[0] <= times[1] <= times[2] <= 1.1 * times[0]
        assert eight.users(1024) > 7 * two.users(1024) / 2 or eight.users(1024) == eight.most_sequences

    def test_engines_hold_about_as_many_sequences_as_their_logs_say(self):
        """vLLM 0.6 on an RTX 3090, Llama 3.1 8B in BF16: 1.56 sequences of 20,000 tokens (vllm issue 10517)."""
        found = on("Llama 3.1 8B", "RTX 3090", weight_bits=16, engine="vLLM", memory_fraction=0.9)
        low, high = (found.memory.left(which) / found.room(20_000) for which in (2, 0))
        assert low <= 1.56 <= high


class TestPools:
    def test_pools_of_their_own_do_the_work_of_all_in_the_same_hours(self):
        """Prompts and steps share the GPUs' time, whether on the same machines or apart."""
        found = on("Llama 3.1 70B", "H200 SXM", gpus=8)
        one = figures(found, Load(2000.0, 501.0, 64.0))
        requests = 1e6
        hours = pycalc.pool_hours(
            requests * 2000, one.prefill_pool_tokens_per_s.mid, requests * 500, one.decode_pool_tokens_per_s.mid
        )
        assert hours * 3600 == pytest.approx(requests / one.requests_per_s.mid)


class TestTargets:
    def test_the_batch_is_the_largest_that_keeps_them(self):
        found = on("Llama 3.1 8B", "H100 SXM", weight_bits=16)
        free = figures(found, Load(1000.0, 500.0))
        target = 0.6 * float(free.tpot_loaded_s.mid)
        kept = figures(found, Load(1000.0, 500.0, tpot_target=target))
        assert kept.tpot_loaded_s.mid <= target
        assert kept.users_bound_by == "latency"
        more = figures(found, Load(1000.0, 500.0, float(kept.batch) + 1))
        assert more.tpot_loaded_s.mid > target
        assert kept.batch < free.batch

    def test_targets_that_bind_nothing_change_nothing(self):
        found = on("Llama 3.1 8B", "H100 SXM", weight_bits=16)
        free = figures(found, Load(1000.0, 500.0))
        assert figures(found, Load(1000.0, 500.0, ttft_target=1e3, tpot_target=1e3)).batch == free.batch

    def test_arrays_of_loads_keep_them_one_by_one(self):
        found = on("Llama 3.1 8B", "H100 SXM", weight_bits=16)
        inputs = np.array([500.0, 2000.0, 8000.0])
        together = figures(found, Load(inputs, 500.0, tpot_target=0.02))
        alone = [float(figures(found, Load(n, 500.0, tpot_target=0.02)).batch) for n in inputs]
        assert together.batch.tolist() == alone

    def test_a_target_that_no_batch_keeps(self):
        with pytest.raises(NeverError, match="not even a batch of one"):
            figures(on("Llama 3.1 8B", "H100 SXM"), Load(1000.0, 500.0, tpot_target=1e-6))


class TestRefusals:
    def test_weights_that_do_not_fit(self):
        with pytest.raises(DoesNotFitError, match=r"Llama 3.1 70B needs 131\.\d GiB on each of 1 H100 SXM"):
            on("Llama 3.1 70B", "H100 SXM", weight_bits=16)

    def test_a_batch_that_does_not_fit(self):
        found = on("Llama 3.1 8B", "H100 SXM", weight_bits=16)
        with pytest.raises(DoesNotFitError, match="a batch of 5000 does not fit"):
            figures(found, Load(8000.0, 500.0, 5000.0))

    def test_not_one_sequence_fits(self):
        with pytest.raises(DoesNotFitError, match="not one sequence of 1000000 tokens"):
            figures(on("Llama 3.1 8B", "H100 SXM", weight_bits=16), Load(1e6 - 500, 500.0))

    def test_gpus_that_do_not_divide(self):
        with pytest.raises(DomainError, match="6 GPUs are no multiple of 4 × 1"):
            on("Llama 3.1 8B", "H100 SXM", gpus=6, tensor=4)

    def test_experts_in_parallel_without_experts(self):
        with pytest.raises(DomainError, match="has no experts"):
            on("Llama 3.1 8B", "H100 SXM", gpus=2, expert_parallel=True)

    @pytest.mark.parametrize(
        ("load", "text"),
        [
            (Load(-1.0, 10.0), "input_tokens is -1"),
            (Load(10.0, np.nan), "output_tokens is nan"),
            (Load(10.0, 10.0, 0.5), "batch is 0.5"),
            (Load(10.0, 10.0, cached=1.5), "cached is 1.5"),
        ],
    )
    def test_loads_that_are_none(self, load, text):
        with pytest.raises(DomainError, match=text):
            figures(on("Llama 3.1 8B", "H100 SXM"), load)

    def test_a_chip_without_bandwidth(self):
        with pytest.raises(NotAvailableError, match="no public figure of H100 SXM for bandwidth"):
            on("Llama 3.1 8B", chip("H100 SXM", bandwidth=None))

    def test_money(self):
        with pytest.raises(DomainError, match="usd_per_hour is -1"):
            Money(-1)
        with pytest.raises(DomainError, match="utilisation is 0"):
            Money(1, 0)


class TestSpeculation:
    def test_it_is_the_worksheet_function_s(self):
        found = on("Llama 3.1 70B", "H200 SXM", gpus=2, weight_bits=16)
        spec = Speculation(4, 0.8, 0.002)
        assert spec.emitted == pycalc.speculative_tokens(4, 0.8)
        guessed = replace(found, replica=replace(found.replica, speculation=spec))
        plain, faster = figures(found, Load(512.0, 256.0, 1.0)), figures(guessed, Load(512.0, 256.0, 1.0))
        verify = float(guessed.replica.step(1, 641).on(found.replica.efficiency).seconds) - 4 * 0.002
        ratio = pycalc.speculative_speedup(4, 0.8, 0.002 / float(plain.tpot_s.mid), verify / float(plain.tpot_s.mid))
        assert plain.tpot_s.mid / faster.tpot_s.mid == pytest.approx(ratio, rel=0.02)
        assert ratio > 1.5

    def test_nothing_accepted_is_slower(self):
        found = on("Llama 3.1 70B", "H200 SXM", gpus=2, weight_bits=16)
        guessed = replace(found, replica=replace(found.replica, speculation=Speculation(4, 0.0, 0.002)))
        assert figures(guessed, Load(512.0, 256.0, 1.0)).tpot_s.mid > figures(found, Load(512.0, 256.0, 1.0)).tpot_s.mid


class TestParallelism:
    def test_tensor_parallelism_shares_what_is_streamed_and_costs_collectives(self):
        one, four = (on("Llama 3.1 8B", "H100 SXM", gpus=n, weight_bits=16) for n in (1, 4))
        steps = [d.replica.step(8, 4096).on(d.replica.efficiency) for d in (one, four)]
        assert steps[1].weights == pytest.approx(steps[0].weights / 4)
        assert steps[1].cache == pytest.approx(steps[0].cache / 4)
        assert steps[0].links == 0 < steps[1].links
        assert steps[1].seconds > steps[0].seconds / 4

    def test_copies_multiply_throughput_and_users_alone(self):
        one, four = (on("Llama 3.1 8B", "H100 SXM", gpus=n, tensor=1, weight_bits=16) for n in (1, 4))
        a, b = (figures(d, Load(1000.0, 500.0)) for d in (one, four))
        assert b.tpot_s == a.tpot_s
        assert b.tokens_per_s.mid == pytest.approx(4 * a.tokens_per_s.mid)
        assert b.max_users.mid == 4 * a.max_users.mid
        assert b.usd_per_mtok_output.mid == pytest.approx(a.usd_per_mtok_output.mid)

    def test_shared_experts_leave_a_latent_cache_undivided_but_each_chip_its_own(self):
        split = on("DeepSeek-V3", "H200 SXM", gpus=8, tensor=8)
        shared = on("DeepSeek-V3", "H200 SXM", gpus=8, tensor=8, expert_parallel=True)
        assert shared.users(8192) > 4 * split.users(8192) or shared.users(8192) == shared.most_sequences
        assert shared.memory.weights > split.memory.weights

    def test_the_better_layout_is_taken_and_named(self):
        found = answer(load("DeepSeek-V3"), chip("H200 SXM"), Setup(8, weight_bits=4.5), Load(1000.0, 1000.0))
        forced = [
            answer(load("DeepSeek-V3"), chip("H200 SXM"), Setup(8, weight_bits=4.5, expert_parallel=e), Load(1000.0, 1000.0))
            for e in (True, False)
        ]
        best = max(f.estimate.tokens_per_s.mid for f in forced)
        assert found.estimate.tokens_per_s.mid == best
        assert ("experts in parallel" in found.assumptions["split"]) == (forced[0].estimate.tokens_per_s.mid == best)


def test_rents_are_medians_of_what_is_offered():
    h100 = chip("H100 SXM")
    offers = sorted(r.usd_per_hour for r in catalog().rents if r.name == "H100 SXM" and r.term == "on demand")
    assert offers[0] <= rented(h100).usd_per_gpu_hour <= offers[-1]
    assert "median of" in rented(h100).source
    assert rented(chip("Apple M4")) is None


def test_without_a_rent_there_are_no_dollars():
    found = answer(load("Llama 3.1 8B"), chip("Apple M2 Ultra"), Setup(weight_bits=4.5), Load(100.0, 100.0, 1.0))
    assert np.isnan(found.estimate.usd_per_mtok_output.mid)
    assert found.assumptions["money"] == "no rent of Apple M2 Ultra is known; give usd_per_hour"
    assert found.estimate.tpot_s.mid > 0

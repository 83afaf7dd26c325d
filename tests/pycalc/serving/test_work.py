"""Bytes and operations of whole models: against published counts and the architecture's own."""

import numpy as np
import pytest

from pycalc.architecture import load
from pycalc.architecture.quantisation import native_width
from pycalc.errors import NotAvailableError
from pycalc.serving.work import Widths, Work, native_widths


@pytest.fixture(scope="module")
def work():
    return lambda name: Work(load(name))


def test_experts_touched_are_those_of_deepseek_v3(work):
    """Expected distinct experts of 256 at 8 a token under uniform routing, published with the model's deployment."""
    routed = work("DeepSeek-V3").routed[0]
    touched = routed.touched(np.array([1, 16, 32, 64, 128]))
    assert np.round(touched).tolist() == [8, 102, 163, 222, 252]
    assert routed.touched(1e9) == pytest.approx(256)


@pytest.mark.parametrize("name", ["Llama 3.1 8B", "Mixtral 8x7B", "DeepSeek-V3", "gpt-oss-20b", "Llama 3.2 3B"])
def test_all_weights_are_somewhere(work, name):
    model, parameters = work(name), load(name).parameters()
    routed = sum(r.layers * r.experts * r.weights for r in model.routed)
    rest = parameters.total - routed - model.dense_weights
    tied = load(name).tied
    outside = parameters.embedding + (0 if tied else parameters.lm_head)
    assert outside <= rest < outside + 0.01 * parameters.total, "beside matrices, embedding and head there are norms and biases"
    assert model.memory_bytes(Widths(16)) == 2 * parameters.total


def test_gguf_width_is_of_the_whole_file(work):
    """Llama 3 8B in Q4_K_M is a file of 4.92 GB at 4.89 bits a weight (XiongjieDai, GPU-Benchmarks-on-LLM-Inference)."""
    assert work("Llama 3.1 8B").memory_bytes(Widths(4.89, scope="file")) == pytest.approx(4.92e9, rel=0.005)


def test_mxfp4_leaves_all_but_the_experts_wide(work):
    """OpenAI's gpt-oss-20b takes 13.8 GB as published, experts alone in MXFP4 (Ollama's listing of the file)."""
    architecture = load("gpt-oss-20b")
    widths = native_widths(architecture, None, 16, 16, "layers")
    assert (widths.weights, widths.scope) == (4.25, "experts")
    assert work("gpt-oss-20b").memory_bytes(widths) == pytest.approx(13.8e9, rel=0.005)


def test_a_step_streams_no_embedding_but_a_head_even_if_tied(work):
    for name in ("Llama 3.1 8B", "Llama 3.2 3B"):
        model = work(name)
        assert model.dense_bytes(Widths(16)) == 2 * (model.dense_weights + model.head_weights)
        assert model.dense_bytes(Widths(16)) < 2 * load(name).parameters().total + (
            2 * model.head_weights if load(name).tied else 0
        )


def test_operations_are_the_architecture_s(work):
    for name in ("Llama 3.1 8B", "DeepSeek-V3", "Qwen3-Next-80B-A3B"):
        flops, model = load(name).flops(1, 4096), work(name)
        ours = model.token_flops
        assert ours.dense + ours.routed == pytest.approx(flops.linear + flops.recurrence, rel=1e-12)
        assert model.attention_flops(1, 4096) == pytest.approx(flops.attention_matmul, rel=1e-12)
        assert model.head_flops == flops.lm_head


def test_caches_are_split_by_heads_and_latent_ones_not_at_all(work):
    llama, deepseek = work("Llama 3.1 8B"), work("DeepSeek-V3")
    whole = llama.cache_read(4096.0, 16)
    assert llama.cache_read(4096.0, 16, 4) == whole / 4
    assert llama.cache_read(4096.0, 16, 16) == whole / 8, "eight heads on sixteen ranks have copies"
    assert deepseek.cache_read(4096.0, 16, 8) == deepseek.cache_read(4096.0, 16) == 61 * 576 * 2 * 4096


def test_windows_bound_what_is_read_and_states_are_read_and_written(work):
    gemma, hybrid = work("Gemma 3 27B"), work("Qwen3-Next-80B-A3B")
    assert gemma.cache_read(131072.0, 16) < 0.25 * gemma.cache_room(131072.0, 16, windows_kept=True)
    states = load("Qwen3-Next-80B-A3B").state_bytes()
    assert hybrid.cache_read(0.0, 16) == 2 * states
    assert hybrid.cache_room(0.0, 16) == states


class TestNativeWidths:
    def test_schemes_that_are_known(self):
        group = {"weights": {"num_bits": 4, "group_size": 32, "symmetric": True, "strategy": "group"}}
        for stated, bits in (
            ({"quant_method": "fp8"}, 8),
            ({"quant_method": "mxfp4"}, 4.25),
            ({"quant_method": "awq", "bits": 4, "group_size": 128}, 4 + 20 / 128),
            ({"quant_method": "gptq", "bits": 8, "group_size": -1}, 8),
            ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, 4.5),
            ({"quant_method": "compressed-tensors", "config_groups": {"group_0": group}}, 4.5),
        ):
            assert native_width({"quantization_config": stated}).bits == bits, stated
            assert native_width({"text_config": {"quantization_config": stated}}).bits == bits

    def test_what_is_not_understood_has_no_width(self):
        two = {"config_groups": {"a": {}, "b": {}}, "quant_method": "compressed-tensors"}
        for stated in ({"quant_method": "aqlm"}, {"quant_method": "gptq", "bits": "4"}, two, {"bits": 4}):
            assert native_width({"quantization_config": stated}).bits is None
        assert native_width({}) is None
        assert native_width({"quantization_config": None}) is None

    def test_an_unknown_scheme_is_refused_unless_a_width_is_given(self):
        from dataclasses import replace

        from pycalc.architecture.quantisation import Native

        odd = replace(load("Llama 3.1 8B"), native=Native("aqlm", None))
        with pytest.raises(NotAvailableError, match=r"quantised by aqlm.*give weight_bits"):
            native_widths(odd, None, 16, 16, "layers")
        assert native_widths(odd, 2.0, 16, 16, "layers").weights == 2

    def test_attention_that_is_spared_leaves_experts_alone(self):
        assert load("Kimi-K2.5").native.experts_only
        assert load("Kimi-K2.5").native.bits == 4.5
        assert not load("DeepSeek-V3").native.experts_only

"""Real models: parameters and FLOPs to the last digit, caches as transformers and engines hold them."""

import math

import pytest
from real_models import model, rows

from pycalc.architecture import Architecture

STATED_TOTALS = {
    # what the makers publish, in billions, where transformers builds no such model or none was counted
    "Llama-3_3-Nemotron-Super-49B-v1": 49.9,
    "NVIDIA-Nemotron-3-Nano-30B-A3B-BF16": 31.6,
    "MiMo-7B-Base": 7.6,
    "MiniMax-M2.5": 229,
    "MiMo-V2-Flash": 309,
    "Kimi-K2-Instruct": 1026,
    "gpt-oss-20b": 20.9,
    "Qwen3-32B": 32.8,
    "DeepSeek-V4-Flash": 284.3,
}


@pytest.mark.parametrize("row", rows("parameters.csv"), ids=lambda row: row["model"])
def test_parameters(row: dict[str, str]) -> None:
    found = model(row["model"]).parameters()
    assert found.total == int(row["params_total"])
    assert found.active == int(row["params_active"])
    assert found.embedding == int(row["params_embedding"])
    assert found.lm_head == int(row["params_lm_head"])


@pytest.mark.parametrize("row", rows("flops.csv"), ids=lambda row: f"{row['model']}-{row['n']}-{row['past']}")
def test_flops_of_the_full_square(row: dict[str, str]) -> None:
    found = model(row["model"]).flops(int(row["n"]), int(row["past"]), square=True)
    assert found.total == int(row["flops_total"])
    assert found.layers == int(row["flops_layers"])
    assert found.attention_matmul == int(row["flops_attn_matmul"])
    assert found.linear == int(row["flops_linear"])
    assert found.lm_head == int(row["flops_lm_head"])


@pytest.mark.parametrize("row", rows("flops_hybrid.csv"), ids=lambda row: f"{row['model']}-{row['n']}-{row['past']}")
def test_flops_of_a_hybrid(row: dict[str, str]) -> None:
    """Matrices to the last digit; the recurrence is computed in chunks there and counted step by step here."""
    found = model(row["model"]).flops(int(row["n"]), int(row["past"]), square=True)
    assert found.linear == int(row["flops_linear"])
    assert found.lm_head == int(row["flops_lm_head"])
    assert found.total == pytest.approx(int(row["flops_total"]), rel=0.005)


@pytest.mark.parametrize("row", rows("cache.csv"), ids=lambda row: f"{row['model']}-{row['layer_index']}-{row['n_tokens']}")
def test_cache_and_states_of_a_layer(row: dict[str, str]) -> None:
    layer = model(row["model"]).layers[int(row["layer_index"])]
    cached = sum(mixer.stored_bytes(int(row["n_tokens"]), 16) for mixer in layer.mixers)
    states = sum(state.values * (4 if state.exact else 2) for mixer in layer.mixers for state in mixer.states)
    # a full window lacks its oldest key there, and has a counter of eight bytes
    assert cached + states == pytest.approx(int(row["bytes"]), rel=0.002)


@pytest.mark.parametrize("row", rows("engine_logs.csv"), ids=lambda row: f"{row['id']}-{row['cfg']}")
def test_what_engines_log_per_token(row: dict[str, str]) -> None:
    """Within 1.2 %: engines round their pools down to blocks and log GiB with two digits."""
    architecture = model(row["cfg"])
    bits = float(row["kvbits"])
    found = architecture.rank_kv_bytes_per_token(int(row["tp"]), int(bits) if bits.is_integer() else bits)
    if row["cfg"].startswith("Gemma-3"):  # that engine kept every layer in full
        found = architecture.kv_bytes_without_windows(1, bits)
    assert found == pytest.approx(float(row["measured_bytes_per_token_per_gpu"]), rel=0.012)


@pytest.mark.parametrize("name", STATED_TOTALS)
def test_totals_that_the_makers_state(name: str) -> None:
    assert model(name).parameters().total / 1e9 == pytest.approx(STATED_TOTALS[name], rel=0.005)


def test_longcat_flash_has_no_weights_for_experts_that_do_nothing() -> None:
    """The maker states 560 billion; transformers allocates half the weights of the 256 experts that do nothing."""
    from pycalc.architecture import read_architecture

    found: Architecture = read_architecture(
        {
            "model_type": "longcat_flash",
            "vocab_size": 131072,
            "hidden_size": 6144,
            "num_layers": 28,
            "ffn_hidden_size": 12288,
            "num_attention_heads": 64,
            "zero_expert_num": 256,
        }
    )
    assert found.parameters().total / 1e9 == pytest.approx(560, rel=0.005)


def test_states_of_a_hybrid() -> None:
    """SGLang's log of a 64-layer Qwen hybrid: 50.77 GiB of recurrent states for 360 sequences."""
    from pycalc.architecture import read_architecture

    found = read_architecture(
        {
            "model_type": "qwen3_5_text",
            "vocab_size": 248320,
            "hidden_size": 5120,
            "intermediate_size": 17408,
            "num_hidden_layers": 64,
            "num_attention_heads": 24,
            "num_key_value_heads": 4,
            "linear_num_value_heads": 48,
        }
    )
    recurrent = sum(
        4 * state.values for layer in found.layers for mixer in layer.mixers for state in mixer.states if state.exact
    )
    assert 360 * recurrent / 2**30 == pytest.approx(50.77, rel=0.005)
    assert found.kv_bytes_per_token(8) == 32768
    assert math.isclose(found.parameters().total, 26895998464)

"""Tiny models built by transformers, against our reading of their config.json: parameters, cache and FLOPs.

Needs the extra ``truth`` (torch and transformers); skipped where they are absent.
"""

import json
import math
import warnings
from typing import Any

import pytest

from pycalc.architecture import Architecture, read_architecture
from pycalc.architecture.mixers import Recurrence

torch = pytest.importorskip("torch", reason="the extra truth (torch, transformers) is not installed")
transformers = pytest.importorskip("transformers", reason="the extra truth (torch, transformers) is not installed")

TOKENS = 12
SMALL = {
    "vocab_size": 96,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
HEADED = SMALL | {"head_dim": 8}
EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 24}
LOCAL = {"num_local_experts": 4, "num_experts_per_tok": 2}
ROUTED = {
    "n_routed_experts": 4,
    "n_shared_experts": 1,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 24,
    "n_group": 1,
    "topk_group": 1,
}
LATENT = SMALL | {
    "num_key_value_heads": 4,
    "q_lora_rank": 16,
    "kv_lora_rank": 12,
    "qk_nope_head_dim": 8,
    "qk_rope_head_dim": 4,
    "v_head_dim": 10,
}
DELTA = HEADED | {
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 8,
    "linear_value_head_dim": 6,
    "layer_types": ["linear_attention", "linear_attention", "linear_attention", "full_attention"],
}
MAMBA2 = {
    "mamba_n_heads": 8,
    "mamba_d_head": 8,
    "mamba_n_groups": 2,
    "mamba_d_state": 6,
    "mamba_expand": 2,
    "mamba_chunk_size": 8,
}
NEO = {
    "vocab_size": 96,
    "hidden_size": 32,
    "num_layers": 4,
    "num_heads": 4,
    "attention_types": [[["global", "local"], 2]],
    "window_size": 64,
}
GPT = {"vocab_size": 96, "n_embd": 32, "n_layer": 4, "n_head": 4, "n_positions": 64, "rotary_dim": 4}

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("llama", SMALL),
    "llama-biases": ("llama", SMALL | {"attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True, "head_dim": 16}),
    "mistral-window": ("mistral", SMALL | {"sliding_window": 5}),
    "ministral": ("ministral", HEADED | {"sliding_window": 5}),
    "ministral3": ("ministral3", HEADED),
    "mixtral": ("mixtral", SMALL | LOCAL),
    "qwen2": ("qwen2", SMALL),
    "qwen2-window": ("qwen2", SMALL | {"use_sliding_window": True, "sliding_window": 5, "max_window_layers": 2}),
    "qwen2_moe": ("qwen2_moe", SMALL | EXPERTS | {"shared_expert_intermediate_size": 40, "mlp_only_layers": [1]}),
    "qwen2_moe-window": (
        "qwen2_moe",
        SMALL | EXPERTS | {"use_sliding_window": True, "sliding_window": 5, "max_window_layers": 3, "decoder_sparse_step": 2},
    ),
    "qwen3": ("qwen3", SMALL | {"head_dim": 12}),
    "qwen3_moe": ("qwen3_moe", HEADED | EXPERTS | {"decoder_sparse_step": 2}),
    "qwen3_next": ("qwen3_next", DELTA | EXPERTS | {"shared_expert_intermediate_size": 20}),
    "qwen3_5_text": ("qwen3_5_text", DELTA),
    "qwen3_5_moe_text": ("qwen3_5_moe_text", DELTA | EXPERTS | {"shared_expert_intermediate_size": 20}),
    "gemma": ("gemma", HEADED),
    "gemma2": ("gemma2", HEADED | {"sliding_window": 5}),
    "gemma3_text": ("gemma3_text", HEADED | {"sliding_window": 5, "num_hidden_layers": 7}),
    "gemma3n_text": (
        "gemma3n_text",
        HEADED
        | {
            "vocab_size_per_layer_input": 96,
            "hidden_size_per_layer_input": 6,
            "num_kv_shared_layers": 2,
            "num_hidden_layers": 6,
            "laurel_rank": 4,
            "sliding_window": 64,
            "layer_types": ["sliding_attention", "full_attention"] * 3,
            "activation_sparsity_pattern": [0.0] * 6,
        },
    ),
    "gemma4_text": (
        "gemma4_text",
        HEADED
        | {
            "num_hidden_layers": 6,
            "vocab_size_per_layer_input": 96,
            "hidden_size_per_layer_input": 6,
            "num_kv_shared_layers": 2,
            "layer_types": ["sliding_attention", "full_attention"] * 3,
            "sliding_window": 64,
            "global_head_dim": 16,
            "use_double_wide_mlp": True,
        },
    ),
    "gemma4_text-experts": (
        "gemma4_text",
        HEADED
        | {
            "hidden_size_per_layer_input": 0,
            "enable_moe_block": True,
            "num_experts": 4,
            "top_k_experts": 2,
            "moe_intermediate_size": 24,
            "attention_k_eq_v": True,
            "num_global_key_value_heads": 1,
            "global_head_dim": 16,
            "layer_types": ["sliding_attention", "full_attention"] * 2,
            "sliding_window": 5,
        },
    ),
    "vaultgemma": ("vaultgemma", HEADED | {"sliding_window": 5}),
    "phi": ("phi", SMALL | {"qk_layernorm": True}),
    "phi3": ("phi3", SMALL | {"sliding_window": 5}),
    "phimoe": ("phimoe", SMALL | LOCAL | {"attention_bias": True, "lm_head_bias": True}),
    "falcon-7b": ("falcon", {"vocab_size": 96, "hidden_size": 32, "num_hidden_layers": 4, "num_attention_heads": 4}),
    "falcon-old": (
        "falcon",
        {
            "vocab_size": 96,
            "hidden_size": 32,
            "num_hidden_layers": 4,
            "num_attention_heads": 4,
            "multi_query": False,
            "parallel_attn": False,
            "bias": True,
        },
    ),
    "falcon-new": (
        "falcon",
        {
            "vocab_size": 96,
            "hidden_size": 32,
            "num_hidden_layers": 4,
            "num_attention_heads": 4,
            "new_decoder_architecture": True,
            "num_kv_heads": 2,
        },
    ),
    "gpt2": ("gpt2", {key: value for key, value in GPT.items() if key != "rotary_dim"}),
    "gpt_bigcode": ("gpt_bigcode", {key: value for key, value in GPT.items() if key != "rotary_dim"}),
    "gpt_neo": ("gpt_neo", NEO),
    "gpt_neox": ("gpt_neox", {key: value for key, value in SMALL.items() if key != "num_key_value_heads"}),
    "gptj": ("gptj", GPT),
    "codegen": ("codegen", GPT),
    "bloom": ("bloom", {"vocab_size": 96, "hidden_size": 32, "n_layer": 4, "n_head": 4}),
    "opt": (
        "opt",
        {
            "vocab_size": 96,
            "hidden_size": 32,
            "num_hidden_layers": 4,
            "num_attention_heads": 4,
            "ffn_dim": 48,
            "word_embed_proj_dim": 32,
            "max_position_embeddings": 64,
        },
    ),
    "opt-350m": (
        "opt",
        {
            "vocab_size": 96,
            "hidden_size": 32,
            "num_hidden_layers": 4,
            "num_attention_heads": 4,
            "ffn_dim": 48,
            "word_embed_proj_dim": 16,
            "do_layer_norm_before": False,
            "max_position_embeddings": 64,
        },
    ),
    "xglm": (
        "xglm",
        {"vocab_size": 96, "d_model": 32, "num_layers": 4, "attention_heads": 4, "ffn_dim": 48, "max_position_embeddings": 64},
    ),
    "mpt": ("mpt", {"vocab_size": 96, "d_model": 32, "n_layers": 4, "n_heads": 4}),
    "stablelm": ("stablelm", SMALL | {"use_qkv_bias": True}),
    "stablelm-parallel": ("stablelm", SMALL | {"qk_layernorm": True, "use_parallel_residual": True}),
    "starcoder2": ("starcoder2", SMALL),
    "persimmon": ("persimmon", {key: value for key, value in SMALL.items() if key != "num_key_value_heads"}),
    "nanochat": ("nanochat", SMALL),
    "biogpt": (
        "biogpt",
        {key: value for key, value in SMALL.items() if key != "num_key_value_heads"} | {"max_position_embeddings": 64},
    ),
    "olmo": ("olmo", SMALL),
    "olmo2": ("olmo2", SMALL),
    "olmo3": ("olmo3", SMALL | {"sliding_window": 5}),
    "olmoe": ("olmoe", SMALL | {"num_experts": 4, "num_experts_per_tok": 2}),
    "flex_olmo": ("flex_olmo", SMALL | {"num_experts": 4, "num_experts_per_tok": 2}),
    "olmo_hybrid": ("olmo_hybrid", SMALL | {"num_key_value_heads": 4}),
    "granite": ("granite", SMALL | {"attention_bias": True}),
    "granitemoe": ("granitemoe", SMALL | LOCAL),
    "granitemoeshared": ("granitemoeshared", SMALL | LOCAL | {"shared_intermediate_size": 40}),
    "granite_swa": ("granite_swa", SMALL | {"sliding_window": 5}),
    "granitemoehybrid": (
        "granitemoehybrid",
        SMALL | LOCAL | MAMBA2 | {"shared_intermediate_size": 40, "layer_types": ["linear_attention", "full_attention"] * 2},
    ),
    "cohere": ("cohere", SMALL | {"use_qk_norm": True}),
    "cohere2": ("cohere2", SMALL | {"sliding_window": 5}),
    "glm": ("glm", HEADED),
    "glm4": ("glm4", HEADED),
    "glm4_moe": ("glm4_moe", SMALL | ROUTED | {"first_k_dense_replace": 2, "use_qk_norm": True}),
    "solar_open": ("solar_open", HEADED | ROUTED),
    "dots1": ("dots1", SMALL | ROUTED | {"first_k_dense_replace": 1, "max_window_layers": 2, "sliding_window": 5}),
    "hy_v3": ("hy_v3", HEADED | EXPERTS | {"num_shared_experts": 1}),
    "hunyuan_v1_dense": ("hunyuan_v1_dense", HEADED),
    "hunyuan_v1_moe": ("hunyuan_v1_moe", HEADED | {"num_experts": 4, "moe_topk": 2}),
    "gpt_oss": ("gpt_oss", HEADED | LOCAL | {"sliding_window": 5}),
    "afmoe": ("afmoe", HEADED | EXPERTS | {"num_shared_experts": 1, "sliding_window": 5}),
    "exaone4": ("exaone4", SMALL | {"sliding_window": 5}),
    "exaone_moe": ("exaone_moe", SMALL | EXPERTS | {"num_shared_experts": 1, "sliding_window": 5}),
    "mellum": ("mellum", HEADED | EXPERTS),
    "laguna": (
        "laguna",
        HEADED | EXPERTS | {"shared_expert_intermediate_size": 20, "num_attention_heads_per_layer": [4, 8, 4, 2]},
    ),
    "ernie4_5": ("ernie4_5", HEADED | {"use_bias": True}),
    "ernie4_5_moe": (
        "ernie4_5_moe",
        SMALL
        | {
            "moe_num_experts": 4,
            "moe_k": 2,
            "moe_intermediate_size": 24,
            "moe_num_shared_experts": 1,
            "moe_layer_end_index": 2,
        },
    ),
    "minimax_m2": ("minimax_m2", HEADED | LOCAL),
    "minimax": ("minimax", SMALL | LOCAL),
    "llama4_text": (
        "llama4_text",
        HEADED | LOCAL | {"intermediate_size_mlp": 40, "interleave_moe_layer_step": 2, "attention_chunk_size": 5},
    ),
    "mimo_v2_flash": (
        "mimo_v2_flash",
        HEADED
        | EXPERTS
        | {
            "v_head_dim": 6,
            "n_routed_experts": 4,
            "sliding_window": 5,
            "layer_types": ["full_attention", "sliding_attention"] * 2,
        },
    ),
    "deepseek_v2": ("deepseek_v2", LATENT | ROUTED | {"first_k_dense_replace": 1}),
    "deepseek_v2-lite": ("deepseek_v2", LATENT | ROUTED | {"q_lora_rank": None, "first_k_dense_replace": 1}),
    "deepseek_v3": ("deepseek_v3", LATENT | ROUTED | {"first_k_dense_replace": 1, "attention_bias": True}),
    "deepseek_v32": ("deepseek_v32", LATENT | ROUTED | {"index_head_dim": 8, "index_n_heads": 2, "index_topk": 6}),
    "glm_moe_dsa": (
        "glm_moe_dsa",
        LATENT | ROUTED | {"index_head_dim": 8, "index_n_heads": 2, "index_topk": 6, "index_topk_freq": 2},
    ),
    "glm4_moe_lite": ("glm4_moe_lite", LATENT | ROUTED),
    "minicpm3": ("minicpm3", LATENT),
    "youtu": ("youtu", LATENT),
    "deepseek_v4": (
        "deepseek_v4",
        {key: value for key, value in SMALL.items() if key not in ("intermediate_size", "num_key_value_heads")}
        | {
            "num_hidden_layers": 3,
            "head_dim": 16,
            "q_lora_rank": 12,
            "o_groups": 2,
            "o_lora_rank": 8,
            "moe_intermediate_size": 24,
            "n_routed_experts": 4,
            "num_experts_per_tok": 2,
            "index_n_heads": 2,
            "index_head_dim": 8,
            "index_topk": 2,
            "sliding_window": 8,
            "layer_types": ["sliding_attention", "compressed_sparse_attention", "heavily_compressed_attention"],
        },
    ),
    "kimi_linear": (
        "kimi_linear",
        {key: value for key, value in LATENT.items() if key != "q_lora_rank"}
        | {
            "num_experts": 4,
            "num_experts_per_token": 2,
            "moe_intermediate_size": 24,
            "linear_num_heads": 4,
            "linear_head_dim": 8,
            "layer_types": ["linear_attention", "full_attention"] * 2,
        },
    ),
    "jamba": (
        "jamba",
        SMALL | {"num_experts": 4, "mamba_dt_rank": 5, "mamba_d_state": 6, "attn_layer_period": 2, "attn_layer_offset": 1},
    ),
    "mamba": ("mamba", {"vocab_size": 96, "hidden_size": 32, "num_hidden_layers": 2, "state_size": 6}),
    "falcon_mamba": ("falcon_mamba", {"vocab_size": 96, "hidden_size": 32, "num_hidden_layers": 2, "state_size": 6}),
    "mamba2": (
        "mamba2",
        {
            "vocab_size": 96,
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "state_size": 6,
            "num_heads": 8,
            "head_dim": 8,
            "n_groups": 2,
            "chunk_size": 8,
        },
    ),
    "bamba": ("bamba", SMALL | MAMBA2 | {"attn_layer_indices": [1]}),
    "falcon_h1": ("falcon_h1", SMALL | MAMBA2 | {"mamba_d_ssm": 64, "mamba_rms_norm": True}),
    "nemotron_h": (
        "nemotron_h",
        HEADED
        | ROUTED
        | {
            "hybrid_override_pattern": "M*E-",
            "ssm_state_size": 6,
            "mamba_num_heads": 8,
            "mamba_head_dim": 8,
            "n_groups": 2,
            "chunk_size": 8,
            "moe_shared_expert_intermediate_size": 20,
            "moe_latent_size": 16,
        },
    ),
    "lfm2": ("lfm2", SMALL | {"layer_types": ["conv", "full_attention"] * 2, "block_multiple_of": 8}),
    "lfm2_moe": ("lfm2_moe", SMALL | EXPERTS | {"layer_types": ["conv", "full_attention"] * 2, "num_dense_layers": 1}),
    "recurrent_gemma": (
        "recurrent_gemma",
        SMALL | {"lru_width": 40, "num_hidden_layers": 3, "attention_window_size": 64, "head_dim": 8},
    ),
    "minimax_m3_vl_text": (
        "minimax_m3_vl_text",
        HEADED
        | LOCAL
        | {
            "dense_intermediate_size": 40,
            "shared_intermediate_size": 48,
            "index_n_heads": 2,
            "index_head_dim": 6,
            "index_block_size": 4,
            "index_topk_blocks": 2,
            "rotary_dim": 4,
            "layer_types": ["full_attention", "minimax_m3_sparse"] * 2,
            "mlp_layer_types": ["dense", "sparse", "sparse", "sparse"],
        },
    ),
    "smollm3": ("smollm3", SMALL | {"use_sliding_window": True, "sliding_window": 5}),
    "seed_oss": ("seed_oss", HEADED),
    "arcee": ("arcee", SMALL),
    "apertus": ("apertus", SMALL),
    "helium": ("helium", HEADED),
    "nemotron": ("nemotron", HEADED),
    "jais2": ("jais2", HEADED),
    "bitnet": ("bitnet", SMALL),
    "diffllama": ("diffllama", SMALL),
    "hyperclovax": ("hyperclovax", SMALL),
    "aria_text": ("aria_text", SMALL | {"moe_num_experts": 4, "moe_topk": 2, "moe_num_shared_experts": 1}),
}
COUNTED_OTHERWISE = {
    "deepseek_v4": "the streams are mixed by products without weights",
    "llama4_text": "transformers runs every expert on every token",
    "diffllama": "attention is computed twice over half the heads",
    "gemma3n_text": "the streams are mixed by products without weights",
}
CACHED_OTHERWISE = {
    "falcon-new": "transformers repeats keys and values for every head before it caches them",
    "deepseek_v4": "the compressed entries lie beside the layers' tensors; test_counts has them",
}
STATES_APART = {"minimax": "transformers keeps the states of linear attention outside the layers' tensors"}


def _built(model_type: str, values: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The model of transformers, and its config.json."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        transformers.logging.set_verbosity_error()
        rope = {"rope_parameters": {"rope_type": "default", "rope_theta": 10000.0}} if model_type in NEEDS_ROPE else {}
        config = transformers.AutoConfig.for_model(model_type, bos_token_id=1, eos_token_id=2, pad_token_id=0, **values, **rope)
        document = json.loads(config.to_json_string(use_diff=False))
        torch.manual_seed(0)
        model = transformers.AutoModelForCausalLM.from_config(
            config, attn_implementation="eager", experts_implementation="batched_mm"
        ).eval()
    return model, document


NEEDS_ROPE = ("ministral", "hunyuan_v1_dense", "hunyuan_v1_moe")


@pytest.fixture(params=CASES, ids=str)
def case(request: pytest.FixtureRequest) -> tuple[str, Any, Architecture]:
    model_type, values = CASES[request.param]
    model, document = _built(model_type, values)
    return request.param, model, read_architecture(document)


def _forward(model: Any) -> Any:
    tokens = torch.arange(3, 3 + TOKENS)[None]
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model(tokens, use_cache=True)


def test_parameters_are_those_that_transformers_builds(case: tuple[str, Any, Architecture]) -> None:
    name, model, ours = case
    assert ours.parameters().total == sum(parameter.numel() for parameter in model.parameters()), name


def _stack(model: Any, ours: Architecture) -> str:
    """Where the model of transformers keeps its list of layers."""
    stacks = (
        path
        for path, part in model.named_modules()
        if isinstance(part, torch.nn.ModuleList) and len(part) == len(ours.layers) and path.count(".") <= 2
    )
    return next(stacks)


def test_each_layer_has_the_parameters_that_transformers_builds(case: tuple[str, Any, Architecture]) -> None:
    name, model, ours = case
    stack = model.get_submodule(_stack(model, ours))
    built = [sum(parameter.numel() for parameter in layer.parameters()) for layer in stack]
    assert [layer.parameters for layer in ours.layers] == built, name


def test_the_cache_holds_what_transformers_keeps(case: tuple[str, Any, Architecture]) -> None:
    name, model, ours = case
    if name in CACHED_OTHERWISE:
        pytest.skip(CACHED_OTHERWISE[name])
    held = _forward(model)
    cache = getattr(held, "past_key_values", None) or getattr(held, "cache_params", None)
    if cache is None:
        pytest.skip("transformers keeps the states in the layers")
    kept = sum(
        tensor.numel()
        for layer in cache.layers
        for key, tensor in _tensors(layer)
        if key in ("keys", "values", "indexer_keys", "index_keys", "idx_keys")
    )
    # transformers drops the oldest key of a full window before the next token comes
    windows = sum(
        mixer.stored_bytes(TOKENS + 1, 16) - mixer.stored_bytes(TOKENS, 16) == 0 and mixer.entry
        for layer in ours.layers
        for mixer in layer.mixers
        if hasattr(mixer, "entry") and not mixer.shares_cache
    )
    assert ours.kv_reserved_bytes(TOKENS, 16) / 2 - windows == kept, name
    if name in STATES_APART:
        return
    state = sum(tensor.numel() for layer in cache.layers for key, tensor in _tensors(layer) if "states" in key)
    assert sum(state.values for layer in ours.layers for mixer in layer.mixers for state in mixer.states) == state, name


def _tensors(layer: Any) -> list[tuple[str, Any]]:
    found = []
    for key, value in vars(layer).items():
        values = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else [value]
        found += [(key, one) for one in values if isinstance(one, torch.Tensor)]
    return found


def test_flops_are_those_that_torch_counts(case: tuple[str, Any, Architecture]) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    name, model, ours = case
    if name in COUNTED_OTHERWISE:
        pytest.skip(COUNTED_OTHERWISE[name])
    if any(isinstance(mixer, Recurrence) for layer in ours.layers for mixer in layer.mixers):
        pytest.skip("torch counts the matrix products of its chunked fallback, not the recurrence")
    with FlopCounterMode(display=False) as counter:
        _forward(model)
    assert math.isclose(ours.flops(TOKENS, 0, square=True).total, counter.get_total_flops(), rel_tol=1e-9), name
    counted = counter.get_flop_counts()
    path = _stack(model, ours)
    for i, layer in enumerate(ours.layers):
        flops = sum(counted.get(f"{type(model).__name__}.{path}.{i}", {}).values())
        assert math.isclose(layer.flops(TOKENS, 0, square=True).total, flops, rel_tol=1e-9), (name, i)

"""Files of llama.cpp: keys read as config.json says the same, sizes as llama-bench reports them, and files that are refused."""

import json
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from real_models import config
from weight_files import BLOCKS, Shapes, gguf_model, text, write_gguf

from addin.cli.status import run
from pycalc.architecture import ConfigError, load, read_architecture
from pycalc.architecture.gguf import MAX_HEADER, TYPES, read_header

TINY = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "num_hidden_layers": 2,
    "vocab_size": 96,
}
KEYS, TENSORS = gguf_model("llama", TINY, "Q8_0")


def known(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(config(name).read_text(encoding="utf-8"))
    return document


def refused(path: Path) -> str:
    with pytest.raises(ConfigError) as refusal:
        load(str(path))
    line = str(refusal.value)
    assert len(line) <= 255
    return line


def medium(tensors: Shapes, layers: int) -> dict[str, Any]:
    """Q4_K_M: 6 bits for the head, and for values and down maps in the first and last eighth and each third layer between."""
    eighth = layers // 8
    more = {index for index in range(layers) if index < eighth or index >= 7 * layers // 8 or (index - eighth) % 3 == 2}
    wide = {f"blk.{index}.{part}.weight" for index in more for part in ("attn_v", "ffn_down")} | {"output.weight"}
    return {name: ("Q6_K" if name in wide else kind, shape) for name, (kind, shape) in tensors.items()}


def head_in_six(tensors: Shapes, layers: int) -> dict[str, Any]:
    return {**tensors, "output.weight": ("Q6_K", tensors["output.weight"][1])}


def plain(tensors: Shapes, layers: int) -> dict[str, Any]:
    return dict(tensors)


@pytest.mark.parametrize(
    ("name", "model", "kind", "mixed", "size", "parameters"),
    [
        # "size" in GiB and "params" in billions as llama-bench prints them in many reports
        ("llama", "Llama-2-7b-hf", "Q4_0", head_in_six, "3.56", "6.74"),
        ("llama", "Meta-Llama-3.1-8B", "Q4_K", medium, "4.58", "8.03"),
        ("qwen3moe", "Qwen3-30B-A3B", "Q8_0", plain, "30.25", "30.53"),
        ("gpt-oss", "gpt-oss-20b", "Q8_0", plain, "11.27", "20.91"),
        ("gpt-oss", "gpt-oss-120b", "Q8_0", plain, "59.02", "116.83"),
    ],
)
def test_sizes_that_llama_bench_reports(
    tmp_path: Path, name: str, model: str, kind: str, mixed: Callable[..., dict[str, Any]], size: str, parameters: str
) -> None:
    document = known(model)
    keys, tensors = gguf_model(name, document, kind)
    write_gguf(tmp_path / "x.gguf", keys, mixed(tensors, document["num_hidden_layers"]))
    stored = load(str(tmp_path / "x.gguf")).stored
    assert stored is not None
    assert f"{stored.bytes / 2**30:.2f}" == size
    assert f"{stored.parameters / 1e9:.2f}" == parameters


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("llama", "Meta-Llama-3.1-8B"),
        ("llama", "Llama-3.2-1B"),
        ("llama", "Mixtral-8x7B-v0.1"),
        ("qwen2", "Qwen2.5-7B"),
        ("qwen3", "Qwen3-0.6B"),
        ("qwen3moe", "Qwen3-235B-A22B"),
        ("gemma2", "Gemma-2-27b"),
        ("gemma3", "Gemma-3-27b-it"),
        ("olmo2", "OLMo-2-1124-13B"),
        ("gpt-oss", "gpt-oss-120b"),
        ("phi3", "Phi-3-mini-4k-instruct"),
    ],
)
def test_the_same_model_as_its_config_says(tmp_path: Path, name: str, model: str) -> None:
    keys, tensors = gguf_model(name, known(model), "BF16")
    write_gguf(tmp_path / "x.gguf", keys, tensors)
    found, said = load(str(tmp_path / "x.gguf")), load(str(config(model)))
    assert (found.parameters(), found.flops(64, 4096)) == (said.parameters(), said.flops(64, 4096))
    assert found.kv_bytes(5000) == said.kv_bytes(5000)
    assert found.layers == said.layers


EXPERTS = {"num_experts": 8, "num_experts_per_tok": 2}


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("gemma", {"model_type": "gemma", "head_dim": 32, "tie_word_embeddings": True}),
        ("granite", {"model_type": "granite", "tie_word_embeddings": True}),
        ("olmoe", {"model_type": "olmoe", **EXPERTS, "tie_word_embeddings": False}),
        ("command-r", {"model_type": "cohere", "tie_word_embeddings": True}),
        ("cohere2", {"model_type": "cohere2", "tie_word_embeddings": True, "sliding_window": 100, "num_hidden_layers": 8}),
        ("starcoder2", {"model_type": "starcoder2", "tie_word_embeddings": False}),
        (
            "qwen2moe",
            {"model_type": "qwen2_moe", **EXPERTS, "moe_intermediate_size": 32, "shared_expert_intermediate_size": 96},
        ),
    ],
)
def test_small_models_of_other_families(tmp_path: Path, name: str, document: dict[str, Any]) -> None:
    keys, tensors = gguf_model(name, TINY | document, "BF16")
    write_gguf(tmp_path / "x.gguf", keys, tensors)
    found, said = load(str(tmp_path / "x.gguf")), read_architecture(TINY | document)
    assert (found.layers, found.parameters(), found.flops(64, 4096)) == (said.layers, said.parameters(), said.flops(64, 4096))


def deepseek(document: dict[str, Any], *, compressed: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Keys and tensors of DeepSeek V3; since 2025 keys and values are unpacked by two maps."""
    hidden, heads, rank, queries = (
        document[key] for key in ("hidden_size", "num_attention_heads", "kv_lora_rank", "q_lora_rank")
    )
    nope, rope, value = (document[key] for key in ("qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim"))
    keys = gguf_model("deepseek2", document | {"num_experts": 0}, "BF16")[0]
    experts, wide = document["n_routed_experts"], document["moe_intermediate_size"]
    keys |= {
        f"deepseek2.{key}": one
        for key, one in {
            "leading_dense_block_count": document["first_k_dense_replace"],
            "expert_count": experts,
            "expert_used_count": document["num_experts_per_tok"],
            "expert_shared_count": document["n_shared_experts"],
            "expert_feed_forward_length": wide,
            "expert_gating_func": 2,
            "attention.q_lora_rank": queries,
            "attention.kv_lora_rank": rank,
            "rope.dimension_count": rope,
            "attention.key_length": rank + rope if compressed else nope + rope,
            "attention.value_length": rank if compressed else value,
        }.items()
    }
    if compressed:
        keys |= {"deepseek2.attention.key_length_mla": nope + rope, "deepseek2.attention.value_length_mla": value}
    tensors: dict[str, Any] = {
        "token_embd.weight": ("BF16", (hidden, document["vocab_size"])),
        "output.weight": ("BF16", (hidden, document["vocab_size"])),
        "output_norm.weight": ("F32", (hidden,)),
    }
    for index in range(document["num_hidden_layers"]):
        each: dict[str, tuple[int, ...]] = {
            "attn_norm": (hidden,),
            "ffn_norm": (hidden,),
            "attn_q_a": (hidden, queries),
            "attn_q_a_norm": (queries,),
            "attn_q_b": (queries, heads * (nope + rope)),
            "attn_kv_a_mqa": (hidden, rank + rope),
            "attn_kv_a_norm": (rank,),
            "attn_output": (heads * value, hidden),
        }
        if compressed:
            each |= {"attn_k_b": (nope, rank, heads), "attn_v_b": (rank, value, heads)}
        else:
            each["attn_kv_b"] = (rank, heads * (nope + value))
        if index < document["first_k_dense_replace"]:
            width = document["intermediate_size"]
            each |= {"ffn_gate": (hidden, width), "ffn_up": (hidden, width), "ffn_down": (width, hidden)}
        else:
            each |= {"ffn_gate_inp": (hidden, experts), "exp_probs_b": (experts,)}
            for part in ("gate", "up", "down"):
                each |= {f"ffn_{part}_exps": (hidden, wide, experts), f"ffn_{part}_shexp": (hidden, wide)}
        tensors |= {f"blk.{index}.{part}.weight": ("BF16", shape) for part, shape in each.items()}
        if "exp_probs_b" in each:
            tensors[f"blk.{index}.exp_probs_b.bias"] = tensors.pop(f"blk.{index}.exp_probs_b.weight")
    return keys, tensors


@pytest.mark.parametrize("compressed", [True, False])
def test_latent_attention(tmp_path: Path, compressed: bool) -> None:
    keys, tensors = deepseek(known("DeepSeek-V3"), compressed=compressed)
    write_gguf(tmp_path / "x.gguf", keys, tensors)
    found, said = load(str(tmp_path / "x.gguf")), load(str(config("DeepSeek-V3")))
    assert found.layers == said.layers
    assert found.parameters() == said.parameters()


@pytest.mark.parametrize("name", ["falcon-7b", "falcon-180B"])
def test_falcon(tmp_path: Path, name: str) -> None:
    document = known(name)
    hidden, heads, groups = document["hidden_size"], document["num_attention_heads"], document["num_kv_heads"]
    width, dim = document["ffn_hidden_size"], hidden // heads
    keys = gguf_model("falcon", document | {"intermediate_size": width, "num_key_value_heads": groups}, "BF16")[0]
    tensors: dict[str, Any] = {"token_embd.weight": ("BF16", (hidden, document["vocab_size"]))}
    norms = ["attn_norm", "attn_norm_2"] if groups > 1 else ["attn_norm"]
    tensors |= {f"output_norm.{part}": ("F32", (hidden,)) for part in ("weight", "bias")}
    for index in range(document["num_hidden_layers"]):
        layer = f"blk.{index}."
        tensors |= {f"{layer}{norm}.{part}": ("F32", (hidden,)) for norm in norms for part in ("weight", "bias")}
        tensors[f"{layer}attn_qkv.weight"] = ("BF16", (hidden, (heads + 2 * groups) * dim))
        tensors[f"{layer}attn_output.weight"] = ("BF16", (hidden, hidden))
        tensors[f"{layer}ffn_up.weight"] = ("BF16", (hidden, width))
        tensors[f"{layer}ffn_down.weight"] = ("BF16", (width, hidden))
    write_gguf(tmp_path / "x.gguf", keys, tensors)
    found, said = load(str(tmp_path / "x.gguf")), load(str(config(name)))
    assert (found.layers, found.parameters()) == (said.layers, said.parameters())


def test_patterns_of_windows_that_a_file_states(tmp_path: Path) -> None:
    document = known("Gemma-3-1b-it")
    keys, tensors = gguf_model("gemma3", document, "BF16")
    path = tmp_path / "x.gguf"
    for pattern in (6, [(index + 1) % 6 != 0 for index in range(document["num_hidden_layers"])]):
        write_gguf(path, keys | {"gemma3.attention.sliding_window_pattern": pattern}, tensors)
        assert load(str(path)).layers == load(str(config("Gemma-3-1b-it"))).layers
    write_gguf(path, keys | {"gemma3.attention.sliding_window_pattern": "odd"}, tensors)
    assert "attention.sliding_window_pattern is not understood" in refused(path)
    del keys["gemma3.attention.sliding_window"]
    write_gguf(path, keys, tensors)
    assert "the key attention.sliding_window is missing" in refused(path)


@pytest.mark.parametrize(
    ("kind", "bits"),
    [
        ("Q4_0", 4.5),
        ("Q8_0", 8.5),
        ("Q2_K", 2.625),
        ("Q3_K", 3.4375),
        ("Q4_K", 4.5),
        ("Q5_K", 5.5),
        ("Q6_K", 6.5625),
        ("MXFP4", 4.25),
        ("IQ1_S", 1.5625),
        ("IQ2_XXS", 2.0625),
        ("IQ4_NL", 4.5),
        ("IQ4_XS", 4.25),
        ("TQ1_0", 1.6875),
    ],
)
def test_bits_per_weight_that_ggml_documents(kind: str, bits: float) -> None:
    (size,) = (8 * size / values for label, values, size in TYPES.values() if label == kind)
    assert size == bits


def test_the_command_takes_a_file_of_any_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (tmp_path / "model-Q8_0.gguf", tmp_path / "sha256-0123"):
        write_gguf(path, KEYS, TENSORS)
        assert run(["model", str(path), "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        matrices = found["params_total"] - 5 * 64
        assert found["weight_bytes"] == matrices * 34 // 32 + 5 * 64 * 4
        assert found["kv_bytes_per_token"] == 2 * 2 * 2 * 16 * 2


def test_a_folder_of_such_files(tmp_path: Path) -> None:
    write_gguf(tmp_path / "x.gguf", KEYS, TENSORS)
    assert refused(tmp_path).endswith("is a folder without a config.json; give the path of a .gguf file itself")


def test_a_model_in_several_files(tmp_path: Path) -> None:
    first = dict(list(TENSORS.items())[:9])
    second = {name: tensor for name, tensor in TENSORS.items() if name not in first}
    names = [tmp_path / f"m-0000{index}-of-00002.gguf" for index in (1, 2)]
    write_gguf(names[0], KEYS | {"split.count": 2}, first)
    assert "m-00002-of-00002.gguf: there is no such file" in refused(names[0])
    write_gguf(names[1], {"split.count": 2}, second)
    for path in names:
        stored = load(str(path)).stored
        assert stored is not None
        assert (stored.files, stored.tensors) == (2, len(TENSORS))
    write_gguf(tmp_path / "m.gguf", KEYS | {"split.count": 2}, first)
    assert "is one of 2 files, but is not named" in refused(tmp_path / "m.gguf")


@pytest.mark.parametrize(
    ("keys", "tensors", "reason"),
    [
        ({"general.architecture": "mamba"}, {}, "the architecture 'mamba' is not understood in GGUF files"),
        ({"general.type": "adapter"}, {}, "the architecture 'llama' is not understood"),
        ({"llama.attention.sliding_window": 4096}, {}, "the key llama.attention.sliding_window is not understood"),
        ({"llama.expert_count": 8}, {}, "the key llama.expert_used_count is missing"),
        ({"llama.block_count": "two"}, {}, "the key llama.block_count is missing or no positive whole number"),
        ({"llama.nextn_predict_layers": 1.5}, {}, "the key llama.nextn_predict_layers is no whole number"),
        ({"llama.attention.value_length": 8}, {}, "value_length is 8, key_length 16"),
        ({"llama.attention.head_count_kv": [2, 1]}, {}, "the field num_key_value_heads is a list of 2"),
        ({}, {"blk.0.attn_k.weight": ("F32", (64, 64))}, "parameters, the architecture"),
        ({}, {"blk.0.extra.weight": ("F32", (64,))}, "hold 86,400 parameters, the architecture 86,336"),
        ({}, {"token_embd.weight": ("F32", (64,))}, "token_embd.weight is missing or no matrix"),
    ],
)
def test_models_that_are_refused(tmp_path: Path, keys: dict[str, Any], tensors: dict[str, Any], reason: str) -> None:
    write_gguf(tmp_path / "x.gguf", KEYS | keys, TENSORS | tensors)
    assert reason in refused(tmp_path / "x.gguf")


START = b"GGUF" + struct.pack("<I", 3)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is no GGUF file"),
        (b"GGML" + bytes(40), "is no GGUF file"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a pointer of Git LFS"),
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "is big-endian"),
        (b"GGUF" + struct.pack("<IQQ", 1, 0, 0), "is of version 1; versions 2 and 3 are read"),
        (START + struct.pack("<QQ", 2**63, 0), "says that 9,223,372,036,854,775,808 follow"),
        (START + struct.pack("<QQ", 0, 2**64 - 1), "says that 18,446,744,073,709,551,615 follow"),
        (START + struct.pack("<QQ", 0, 1), "ends within its header"),
        (START + struct.pack("<QQQ", 0, 1, 2**64 - 1), "follow at byte 24; up to"),
        (START + struct.pack("<QQQ", 0, 1, 99) + b"short", "ends within its header"),
        (START + struct.pack("<QQQ", 0, 1, 1) + b"\xff", "is not UTF-8"),
        (START + struct.pack("<QQ", 0, 2) + 2 * (text("a") + struct.pack("<IB", 0, 1)), "the key a occurs twice"),
        (START + struct.pack("<QQ", 0, 1) + text("a") + struct.pack("<I", 99), "has a value of type 99"),
        (START + struct.pack("<QQ", 0, 1) + text("a") + struct.pack("<IIQ", 9, 9, 1), "holds an array of type 9"),
        (START + struct.pack("<QQ", 0, 1) + text("a") + struct.pack("<IIQ", 9, 0, 2**62), "follow at byte"),
        (START + struct.pack("<QQ", 0, 1) + text("a") + struct.pack("<IIQ", 9, 10, MAX_HEADER), "ends within its header"),
        (START + struct.pack("<QQ", 0, 1) + text("a") + struct.pack("<IIQ", 9, 8, MAX_HEADER), "ends within its header"),
        (START + struct.pack("<QQ", 1, 0) + text("a") + struct.pack("<I", 9), "has 9 dimensions"),
        (START + struct.pack("<QQ", 1, 0) + text("a") + struct.pack("<IQIQ", 1, 8, 15, 0), "has the type 15"),
        (START + struct.pack("<QQ", 1, 0) + text("a") + struct.pack("<IQIQ", 1, 8, 2, 0), "whole blocks of Q4_0"),
        (START + struct.pack("<QQ", 1, 0) + text("a") + struct.pack("<IQQIQ", 2, 2**63, 2**63, 0, 0), "whole blocks of F32"),
        (START + struct.pack("<QQ", 1, 0) + text("a") + struct.pack("<IQIQ", 1, 8, 0, 32), "overlap or leave a gap at byte 0"),
        (START + struct.pack("<QQ", 1, 0) + text("a") + struct.pack("<IQIQ", 1, 8, 0, 0), "ends within the tensor a"),
        (
            START + struct.pack("<QQ", 2, 0) + 2 * (text("a") + struct.pack("<IQIQ", 1, 8, 0, 0)),
            "a name of a tensor occurs twice",
        ),
        (START + struct.pack("<QQ", 0, 1) + text("general.alignment") + struct.pack("<II", 4, 3), "is no power of two"),
    ],
)
def test_headers_that_are_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(data)
    began = time.monotonic()
    with pytest.raises(ConfigError) as refusal:
        read_header(path)
    assert reason in str(refusal.value)
    assert time.monotonic() - began < 5


def test_every_truncation_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.gguf"
    write_gguf(path, KEYS, TENSORS)
    data = path.read_bytes()
    for length in (*range(0, 2500, 7), len(data) - 1):
        path.write_bytes(data[:length])
        assert run(["model", str(path)]) == 2
        assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this system")
def test_a_fifo_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.gguf")
    assert "is no regular file; give the path of a .gguf file" in refused(tmp_path / "x.gguf")


def test_the_types_that_tests_write_are_those_that_are_read() -> None:
    assert {number: (label, values, size) for label, (number, values, size) in BLOCKS.items()}.items() <= TYPES.items()

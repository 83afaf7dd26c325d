"""What is no config.json, or none that is understood: one line that names file and field, never a number or a traceback."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from real_models import FOLDER, config

from pycalc.architecture import Architecture, ConfigError, load, read_architecture
from pycalc.architecture.document import MAX_BYTES, parse_config
from pycalc.architecture.families import table
from pycalc.architecture.readers import READERS
from pycalc.errors import TEXT_LIMIT, UnknownNameError

LLAMA = json.loads(config("Llama-3.2-1B").read_text(encoding="utf-8"))
CONFIGS = sorted((FOLDER / "configs").glob("*.json"), key=lambda path: path.stat().st_size)[:-1]


def refused(values: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as refusal:
        read_architecture(values, "x.json")
    line = str(refusal.value)
    assert line.startswith("x.json: ")
    assert "\n" not in line
    return line.removeprefix("x.json: ")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"hidden_size": "2048"}, "the field hidden_size is '2048', not a whole number"),
        ({"hidden_size": 2048.0}, "the field hidden_size is 2048.0, not a whole number"),
        ({"hidden_size": True}, "the field hidden_size is true, not a whole number"),
        ({"hidden_size": [2048]}, "the field hidden_size is a list of 1, not a whole number"),
        ({"hidden_size": -1}, "the field hidden_size is -1; a whole number from 1 to 2147483647 is meant"),
        ({"hidden_size": 0}, "the field hidden_size is 0; a whole number from 1 to 2147483647 is meant"),
        ({"hidden_size": 10**40}, "the field hidden_size is a number beyond reason; a whole number from 1"),
        ({"num_hidden_layers": 10**9}, "the field num_hidden_layers is 1000000000; a whole number from 1 to 10000"),
        ({"hidden_size": None}, "the field hidden_size is missing"),
        ({"num_key_value_heads": 7}, "the field num_key_value_heads is 7, which does not divide num_attention_heads 32"),
        (
            {"head_dim": None, "hidden_size": 2050},
            "the field num_attention_heads is 32, which does not divide hidden_size 2050",
        ),
        ({"tie_word_embeddings": 1}, "the field tie_word_embeddings is 1, not true or false"),
        ({"dtype": 16}, "the field dtype is 16, not a text"),
        ({"n_experts": 8}, "the field n_experts (8) is not understood for llama: it could change what is counted"),
        ({"layer_types": ["full_attention"]}, "the field layer_types (a list of 1) is not understood for llama"),
        ({"is_encoder_decoder": True}, "the field is_encoder_decoder is true, which is not understood for llama"),
        ({"model_type": "llama5"}, "the architecture 'llama5' (model_type) is not known"),
        ({"model_type": "bert"}, "the architecture 'bert' (model_type) is not known"),
        ({"model_type": None}, "the field model_type is missing"),
        ({"model_type": ["llama"]}, "the field model_type is no text"),
        (
            {"architectures": ["LlamaForSequenceClassification"]},
            "the field architectures names 'LlamaForSequenceClassification'",
        ),
        ({"architectures": "LlamaForCausalLM"}, "the field architectures is no list of texts"),
    ],
)
def test_a_field_that_is_not_understood(changes: dict[str, Any], reason: str) -> None:
    assert refused(LLAMA | changes).startswith(reason)


@pytest.mark.parametrize(
    "field", ["hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size"]
)
def test_a_size_without_which_there_is_no_model(field: str) -> None:
    assert refused({key: value for key, value in LLAMA.items() if key != field}) == f"the field {field} is missing"


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        ("Gemma-3-1b-it", {"layer_types": ["full_attention"] * 25}, "the field layer_types has 25 entries for 26 layers"),
        ("Gemma-3-1b-it", {"layer_types": ["lightning"] * 26}, "the field layer_types holds 'lightning'; understood are"),
        ("Gemma-3-1b-it", {"sliding_window": None}, "the field sliding_window is missing"),
        ("Mixtral-8x7B-v0.1", {"num_experts_per_tok": 9}, "the field num_experts_per_tok is 9, more than the 8 experts"),
        ("GLM-5.3", {"indexer_types": ["full"] * 77}, "the field indexer_types has 77 entries for 78 layers"),
        (
            "GLM-5.3",
            {"indexer_types": None, "index_topk_pattern": "FSX"},
            "the field index_topk_pattern is no text with F or S",
        ),
        (
            "NVIDIA-Nemotron-3-Nano-30B-A3B-BF16",
            {"hybrid_override_pattern": "M?"},
            "the field hybrid_override_pattern holds a layer",
        ),
        ("NVIDIA-Nemotron-3-Nano-30B-A3B-BF16", {"num_hidden_layers": 50}, "the field num_hidden_layers is 50, though 52"),
        ("Llama-3_3-Nemotron-Super-49B-v1", {"block_configs": [1] * 80}, "the field block_configs holds no object for layer 0"),
        ("Qwen3-Next-80B-A3B", {"attn_output_gate": False}, "the field attn_output_gate is false, which is not understood"),
        ("falcon-7b", {"num_kv_heads": 3, "multi_query": False}, "the field num_kv_heads is 3, though each of 71 heads"),
        ("opt-1.3b", {"layer_norm_elementwise_affine": False}, "the field layer_norm_elementwise_affine is false"),
        ("MiniMax-M2.5", {"use_qk_norm": False}, "the field use_qk_norm is false, which is not understood for minimax_m2"),
        (
            "MiniMax-M3",
            {"moe_layer_freq": [1]},
            "the field moe_layer_freq or sparse_attention_freq has no entry for each of 60",
        ),
        ("MiMo-V2-Flash", {"n_shared_experts": 1}, "the field n_shared_experts is not understood unless null"),
        ("Llama-4-Maverick-17B-128E-Instruct", {"text_config": 5}, "llama4 has no text_config"),
        ("Kimi-K2.5", {"text_config": {"model_type": "bert"}}, "text_config: the field hidden_size is missing"),
    ],
)
def test_a_fault_of_a_family(name: str, changes: dict[str, Any], reason: str) -> None:
    assert refused(json.loads(config(name).read_text(encoding="utf-8")) | changes).startswith(reason)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"[]", "holds no JSON object"),
        (b"null", "holds no JSON object"),
        (b'{"a": 1', "is no JSON at line 1, column 8"),
        (b"<html>", "is no JSON at line 1, column 1"),
        (b'{"a": NaN}', "holds NaN, which is no number"),
        (b'{"a": 1, "a": 1}', "the field a occurs twice"),
        (b'{"a": "\xff"}', "is not UTF-8 text at byte 7"),
        (json.dumps(LLAMA).encode("utf-16"), "is not UTF-8 text at byte 0"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "is nested deeper than 32 levels"),
        (b'{"a": ' + b"[" * 100_000, "is nested deeper than 32 levels"),
        (b'{"a": ' + b"1" * 100_000 + b"}", "holds a number with thousands of digits"),
        (b'{"hidden_size": 1e999}', "the field model_type is missing"),
    ],
)
def test_bytes_that_are_no_config(data: bytes, reason: str) -> None:
    with pytest.raises(ConfigError, match=rf"^x\.json: {reason}"):
        read_architecture(parse_config(data, "x.json"), "x.json")


def test_a_mark_of_byte_order_is_harmless() -> None:
    assert parse_config(b"\xef\xbb\xbf" + json.dumps(LLAMA).encode(), "x.json") == LLAMA


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    big = tmp_path / "big.json"
    big.write_bytes(b" " * (MAX_BYTES + 1))
    with pytest.raises(ConfigError, match=r"big.json: is larger than 4 MiB, which no config.json is"):
        load(str(big))
    with pytest.raises(ConfigError, match=r"none.json: there is no such file"):
        load(str(tmp_path / "none.json"))
    with pytest.raises(ConfigError, match=r": is a folder without a config.json"):
        load(str(tmp_path))
    with pytest.raises(UnknownNameError, match=r"Llama 9.*give the path of a config\.json"):
        load("Llama 9")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_fifo_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(ConfigError, match="is no regular file"):
        load(str(tmp_path / "pipe.json"))


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)


def read_or_refuse(document: dict[str, Any]) -> Architecture | str:
    """What comes of a document; everything but an answer or a one-line refusal fails the test."""
    try:
        found = read_architecture(document, "x.json")
    except ConfigError as refusal:
        line = str(refusal)
    else:
        return _sane(found)
    assert len(line) <= TEXT_LIMIT
    assert "\n" not in line
    return line


def _sane(found: Architecture) -> Architecture:
    parameters = found.parameters()
    assert 0 < parameters.active <= parameters.total
    assert found.flops(3, 5).total > 0
    assert found.kv_bytes(8) >= 0
    return found


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_value_in_any_field_is_read_or_refused(data: st.DataObject) -> None:
    document = json.loads(data.draw(st.sampled_from(CONFIGS)).read_text(encoding="utf-8"))
    inner = next((document[key] for key in ("text_config",) if key in document), document)
    field = data.draw(st.sampled_from(sorted(inner)))
    inner[field] = data.draw(JUNK)
    read_or_refuse(document)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(table().rows)), st.data())
def test_every_family_reads_or_refuses_a_bare_file(family: str, data: st.DataObject) -> None:
    """Small sizes under the family's own names, a field of its row set to something odd."""
    row = table().rows[family]
    sizes = {"hidden_size": 32, "num_hidden_layers": 4, "num_attention_heads": 4, "vocab_size": 96, "intermediate_size": 48}
    document: dict[str, Any] = {row.rename.get(key, key): value for key, value in sizes.items()} | {"model_type": family}
    if row.defaults:
        document[data.draw(st.sampled_from(sorted(row.defaults)))] = data.draw(JUNK)
    read_or_refuse(document)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(CONFIGS), st.integers(0, 10**6))
def test_a_truncated_file_is_refused(path: Path, cut: int) -> None:
    data = path.read_bytes()
    whole = data.rstrip()
    with pytest.raises(ConfigError, match=r"^x\.json: "):
        parse_config(data[: cut % len(whole)], "x.json")


def test_the_table_names_only_what_there_is() -> None:
    assert {row.reader for row in table().rows.values()} == set(READERS)
    for wrapper, text in table().wrappers.items():
        assert text in table().rows or wrapper in UNREAD_TEXT, wrapper


UNREAD_TEXT = {"emu3"}
"""Wrappers whose usual text model is not read; theirs is refused by its own name."""

"""Files of weights, written by the tests themselves: true headers, and holes where the weights would be."""

import json
import struct
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

BITS = {"F32": 32, "BF16": 16, "F16": 16, "F8_E4M3": 8, "U8": 8, "I32": 32, "I64": 64}
Shapes = Mapping[str, tuple[str, Sequence[int]]]
"""Type and shape by name."""


def header(tensors: Shapes) -> tuple[dict[str, Any], int]:
    """The entries of a .safetensors header and the bytes of its data."""
    entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    reached = 0
    for name, (kind, shape) in tensors.items():
        end = reached + prod(shape) * BITS[kind] // 8
        entries[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [reached, end]}
        reached = end
    return entries, reached


def write_safetensors(path: Path, tensors: Shapes) -> None:
    entries, room = header(tensors)
    write_raw(path, json.dumps(entries).encode(), room)


def write_raw(path: Path, text: bytes, room: int, length: int | None = None) -> None:
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text) if length is None else length) + text)
        file.truncate(8 + len(text) + room)


def llama_tensors(config: Mapping[str, Any], kind: str = "BF16") -> dict[str, tuple[str, Sequence[int]]]:
    """The tensors of a Llama as transformers names them."""
    hidden, width, heads = config["hidden_size"], config["intermediate_size"], config["num_attention_heads"]
    key = hidden // heads * config["num_key_value_heads"]
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (config["vocab_size"], hidden)}
    for index in range(config["num_hidden_layers"]):
        layer = f"model.layers.{index}."
        for name, shape in (
            ("self_attn.q_proj", (hidden, hidden)),
            ("self_attn.k_proj", (key, hidden)),
            ("self_attn.v_proj", (key, hidden)),
            ("self_attn.o_proj", (hidden, hidden)),
            ("mlp.gate_proj", (width, hidden)),
            ("mlp.up_proj", (width, hidden)),
            ("mlp.down_proj", (hidden, width)),
            ("input_layernorm", (hidden,)),
            ("post_attention_layernorm", (hidden,)),
        ):
            shapes[f"{layer}{name}.weight"] = shape
    shapes["model.norm.weight"] = (hidden,)
    if not config.get("tie_word_embeddings"):
        shapes["lm_head.weight"] = (config["vocab_size"], hidden)
    return {name: (kind, shape) for name, shape in shapes.items()}


def gpt_oss_tensors(config: Mapping[str, Any]) -> dict[str, tuple[str, Sequence[int]]]:
    """The tensors of gpt-oss: experts in blocks of 32 values of 4 bits with a scale of 8, all else in 16 bits."""
    hidden, experts, heads = config["hidden_size"], config["num_local_experts"], config["num_attention_heads"]
    width, dim, groups = config["intermediate_size"], config["head_dim"], config["num_key_value_heads"]
    shapes: dict[str, tuple[str, Sequence[int]]] = {}
    shapes["model.embed_tokens.weight"] = shapes["lm_head.weight"] = ("BF16", (config["vocab_size"], hidden))
    shapes["model.norm.weight"] = ("BF16", (hidden,))
    for index in range(config["num_hidden_layers"]):
        layer = f"model.layers.{index}."
        for name, rows, columns in (
            ("self_attn.q_proj", heads * dim, hidden),
            ("self_attn.k_proj", groups * dim, hidden),
            ("self_attn.v_proj", groups * dim, hidden),
            ("self_attn.o_proj", hidden, heads * dim),
            ("mlp.router", experts, hidden),
        ):
            shapes[f"{layer}{name}.weight"] = ("BF16", (rows, columns))
            shapes[f"{layer}{name}.bias"] = ("BF16", (rows,))
        shapes[f"{layer}self_attn.sinks"] = ("BF16", (heads,))
        for name in ("input_layernorm", "post_attention_layernorm"):
            shapes[f"{layer}{name}.weight"] = ("BF16", (hidden,))
        for name, rows, columns in (("gate_up_proj", 2 * width, hidden), ("down_proj", hidden, width)):
            shapes[f"{layer}mlp.experts.{name}_blocks"] = ("U8", (experts, rows, columns // 32, 16))
            shapes[f"{layer}mlp.experts.{name}_scales"] = ("U8", (experts, rows, columns // 32))
            shapes[f"{layer}mlp.experts.{name}_bias"] = ("BF16", (experts, rows))
    return shapes

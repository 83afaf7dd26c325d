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


def write_gguf(path: Path, keys: Mapping[str, Any], tensors: Shapes, *, short: int = 0) -> None:
    """A .gguf file of version 3; ``short`` leaves out so many bytes at its end."""
    entries, reached = b"", 0
    for name, (kind, shape) in tensors.items():
        number, values, size = BLOCKS[kind]
        entries += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, number, reached)
        end = reached + prod(shape) // values * size
        reached = -(-end // 32) * 32
    written = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys))
    written += b"".join(text(key) + value(one) for key, one in keys.items()) + entries
    with path.open("wb") as file:
        file.write(written)
        file.truncate((-(-len(written) // 32) * 32 + end if tensors else len(written)) - short)


BLOCKS = {
    "F32": (0, 1, 4),
    "Q4_0": (2, 32, 18),
    "Q8_0": (8, 32, 34),
    "Q4_K": (12, 256, 144),
    "Q6_K": (14, 256, 210),
    "BF16": (30, 1, 2),
    "MXFP4": (39, 32, 17),
}


def text(one: str) -> bytes:
    return struct.pack("<Q", len(one.encode())) + one.encode()


def value(one: Any) -> bytes:
    """A value with its type; lists are of texts, flags or whole numbers."""
    if isinstance(one, str):
        return struct.pack("<I", 8) + text(one)
    if isinstance(one, bool):
        return struct.pack("<IB", 7, one)
    if isinstance(one, float):
        return struct.pack("<If", 6, one)
    if isinstance(one, int):
        return struct.pack("<II", 4, one)
    inner = [value(item) for item in one]
    return struct.pack("<I", 9) + inner[0][:4] + struct.pack("<Q", len(inner)) + b"".join(item[4:] for item in inner)


def gguf_model(name: str, config: Mapping[str, Any], kind: str) -> tuple[dict[str, Any], dict[str, tuple[str, Sequence[int]]]]:
    """Keys and tensors as llama.cpp's converter writes them, matrices of the type, norms and routers in 32 bits."""
    hidden, layers, heads = config["hidden_size"], config["num_hidden_layers"], config["num_attention_heads"]
    groups, dim = config.get("num_key_value_heads", heads), config.get("head_dim") or hidden // heads
    width, experts = config["intermediate_size"], config.get("num_local_experts") or config.get("num_experts") or 0
    keys: dict[str, Any] = {
        "general.architecture": name,
        "tokenizer.ggml.tokens": [f"token {index}" for index in range(50)],
        f"{name}.block_count": layers,
        f"{name}.context_length": 4096,
        f"{name}.embedding_length": hidden,
        f"{name}.feed_forward_length": width,
        f"{name}.attention.head_count": heads,
        f"{name}.attention.head_count_kv": groups,
        f"{name}.attention.key_length": dim,
        f"{name}.attention.value_length": dim,
        f"{name}.rope.freq_base": 10000.0,
    }
    if config.get("sliding_window"):
        keys[f"{name}.attention.sliding_window"] = config["sliding_window"]
    if experts:
        wide = config.get("moe_intermediate_size", width)
        keys[f"{name}.expert_count"], keys[f"{name}.expert_used_count"] = experts, config["num_experts_per_tok"]
        keys[f"{name}.expert_feed_forward_length"] = wide
    shapes: dict[str, tuple[str, Sequence[int]]] = {"token_embd.weight": (kind, (hidden, config["vocab_size"]))}
    if not config.get("tie_word_embeddings"):
        shapes["output.weight"] = shapes["token_embd.weight"]
    shapes["output_norm.weight"] = ("F32", (hidden,))
    for index in range(layers):
        each: dict[str, tuple[str, Sequence[int]]] = {
            "attn_q.weight": (kind, (hidden, heads * dim)),
            "attn_k.weight": (kind, (hidden, groups * dim)),
            "attn_v.weight": (kind, (hidden, groups * dim)),
            "attn_output.weight": (kind, (heads * dim, hidden)),
            "attn_norm.weight": ("F32", (hidden,)),
            "ffn_norm.weight": ("F32", (hidden,)),
        }
        if experts:
            inner = "MXFP4" if name == "gpt-oss" else kind
            each["ffn_gate_inp.weight"] = ("F32", (hidden, experts))
            for part in ("gate", "up"):
                each[f"ffn_{part}_exps.weight"] = (inner, (hidden, wide, experts))
            each["ffn_down_exps.weight"] = (inner, (wide, hidden, experts))
        else:
            each |= {f"ffn_{part}.weight": (kind, (hidden, width)) for part in ("gate", "up")}
            each["ffn_down.weight"] = (kind, (width, hidden))
        if name in ("qwen3", "qwen3moe", "gemma3"):
            each |= {f"attn_{part}_norm.weight": ("F32", (dim,)) for part in "qk"}
        if name in ("olmo2", "olmoe"):
            each |= {"attn_q_norm.weight": ("F32", (heads * dim,)), "attn_k_norm.weight": ("F32", (groups * dim,))}
        if name in ("gemma2", "gemma3"):
            each |= {f"post_{part}_norm.weight": ("F32", (hidden,)) for part in ("attention", "ffw")}
        if name in ("qwen2", "qwen2moe", "gpt-oss"):
            each |= {f"attn_{part}.bias": ("F32", each[f"attn_{part}.weight"][1][1:]) for part in "qkv"}
        if name == "gpt-oss":
            each |= {"attn_output.bias": ("F32", (hidden,)), "attn_sinks.weight": ("F32", (heads,))}
            each["ffn_gate_inp.bias"] = ("F32", (experts,))
            each |= {f"ffn_{part}_exps.bias": ("F32", (wide, experts)) for part in ("gate", "up")}
            each["ffn_down_exps.bias"] = ("F32", (hidden, experts))
        _vary(name, each, config)
        shapes |= {f"blk.{index}.{part}": tensor for part, tensor in each.items()}
    if name == "starcoder2":
        shapes["output_norm.bias"] = ("F32", (hidden,))
    if name == "qwen2moe":
        keys["qwen2moe.expert_shared_feed_forward_length"] = config["shared_expert_intermediate_size"]
    return keys, shapes


def _vary(name: str, each: dict[str, tuple[str, Sequence[int]]], config: Mapping[str, Any]) -> None:
    """What a layer of some families has instead, or besides."""
    kind, hidden = each["attn_q.weight"][0], config["hidden_size"]
    if name in ("command-r", "cohere2"):
        del each["ffn_norm.weight"]
    if name == "phi3":
        fused = sum(each.pop(f"attn_{part}.weight")[1][1] for part in "qkv")
        each["attn_qkv.weight"] = (kind, (hidden, fused))
        each["ffn_up.weight"] = (kind, (hidden, 2 * each.pop("ffn_gate.weight")[1][1]))
    if name == "starcoder2":
        del each["ffn_gate.weight"]
        each |= {f"{part.removesuffix('.weight')}.bias": ("F32", shape[-1:]) for part, (_, shape) in list(each.items())}
    if name == "qwen2moe":
        shared = config["shared_expert_intermediate_size"]
        each |= {f"ffn_{part}_shexp.weight": (kind, (hidden, shared)) for part in ("gate", "up")}
        each |= {"ffn_down_shexp.weight": (kind, (shared, hidden)), "ffn_gate_inp_shexp.weight": ("F32", (hidden,))}

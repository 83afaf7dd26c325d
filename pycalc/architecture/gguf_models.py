"""A model from .gguf files: its keys put into the words of config.json, its tensors held against the architecture.

So FLOPs and caches come from the readers of config.json.  What llama.cpp takes where a key is
absent is taken here: as many heads of keys and values as of queries, and no window, since GGUF
states one only where llama.cpp keeps to it.
"""

import re
import tomllib
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pycalc.architecture.document import NAME_ROOM, ConfigError, shown
from pycalc.architecture.families import HEAD_DIM, LAYERS, TIED, VOCABULARY, WINDOW
from pycalc.architecture.gguf import Header, read_header
from pycalc.architecture.model import Architecture
from pycalc.architecture.reading import read_architecture
from pycalc.architecture.tensors import holding
from pycalc.errors import shorten

SPLIT = re.compile(r"(.*)-(\d{5})-of-(\d{5})\.gguf")
MOST_FILES = 2_000
SLIDING = "attention.sliding_window"
PATTERN = "attention.sliding_window_pattern"


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files("pycalc.architecture").joinpath("gguf.toml").read_text(encoding="utf-8"))


def load_gguf(path: Path) -> Architecture:
    """The model of a .gguf file, or of all files of its set."""
    where = shown(path)
    header = read_header(path)
    count = header.keys.get("split.count", 0)
    if type(count) is int and count > 1:
        header = _joined(path, count)
    architecture = read_architecture(_document(header, where), where)
    described = replace(architecture, notes=())
    return holding(described, header.tensors, max(count, 1), where, lambda tensor: tensor.numbers)


def _joined(path: Path, count: int) -> Header:
    """The header of a model in several files: the keys of the first, the tensors of all."""
    match = SPLIT.fullmatch(path.name)
    if not match or int(match[3]) != count or count > MOST_FILES:
        raise ConfigError(f"{shown(path)}: is one of {count} files, but is not named NAME-00001-of-{count:05}.gguf")
    headers = [read_header(path.parent / f"{match[1]}-{index:05}-of-{match[3]}.gguf") for index in range(1, count + 1)]
    tensors = [tensor for header in headers for tensor in header.tensors]
    if len({tensor.name for tensor in tensors}) != len(tensors):
        raise ConfigError(f"{shown(path)}: a tensor occurs in two of its {count} files")
    return Header(headers[0].keys, tensors)


def _document(header: Header, where: str) -> dict[str, Any]:
    """What a config.json would say."""
    name = header.keys.get("general.architecture")
    if not isinstance(name, str):
        raise ConfigError(f"{where}: the key general.architecture is missing")
    row = _table()["architectures"].get(name)
    if row is None or header.keys.get("general.type", "model") != "model":
        raise ConfigError(f"{where}: the architecture {shorten(ascii(name), NAME_ROOM)} is not understood in GGUF files")
    prefix = f"{name}."
    keys = {key.removeprefix(prefix): value for key, value in header.keys.items() if key.startswith(prefix)}
    with_experts = bool(keys.get("expert_count"))
    words = {**_table()["common"], **row.get("keys", {})}
    document: dict[str, Any] = {"model_type": row["model_type"]}
    if with_experts:
        own = dict(row.get("experts", {}))
        document["model_type"] = own.pop("model_type", row["model_type"])
        words |= {**_table()["experts"], **own}
        if "expert_used_count" not in keys:
            raise ConfigError(f"{where}: the key {prefix}expert_used_count is missing")
    _heads(keys, document, name, where)
    _windows(keys, document, row.get("windows"), where)
    tensors = {tensor.name: tensor for tensor in header.tensors}
    for key, value in keys.items():
        if key in words:
            if words[key] in document and document[words[key]] != value:
                raise ConfigError(f"{where}: the key {shown(prefix + key)} is {value!r}, another says {document[words[key]]!r}")
            document[words[key]] = value
        elif value not in (0, None) and not any(fnmatchcase(key, pattern) for pattern in _table()["harmless"]["keys"]):
            raise ConfigError(f"{where}: the key {shown(prefix + key)} is not understood: it could change what is counted")
    document |= {field: f"blk.0.{tensor}" in tensors for field, tensor in row.get("flags", {}).items()}
    table = tensors.get("token_embd.weight")
    if table is None or len(table.shape) != 2:
        raise ConfigError(f"{where}: the tensor token_embd.weight is missing or no matrix")
    document |= {VOCABULARY: table.shape[1], TIED: "output.weight" not in tensors}
    if name == "falcon":
        _falcon(document, "blk.0.attn_norm_2.weight" in tensors)
    return document


def _heads(keys: dict[str, Any], document: dict[str, Any], name: str, where: str) -> None:
    """Widths of heads, taken out of the keys; llama.cpp's own values where there are none."""
    sizes = {key: keys.get(key) for key in ("block_count", "embedding_length", "attention.head_count")}
    for key, size in sizes.items():
        if type(size) is not int or not 0 < size < 2**31:
            raise ConfigError(f"{where}: the key {name}.{key} is missing or no positive whole number")
    layers, hidden, heads = (keys[key] for key in sizes)
    ahead = keys.pop("nextn_predict_layers", 0)
    if type(ahead) is not int or ahead < 0:
        raise ConfigError(f"{where}: the key {name}.nextn_predict_layers is no whole number from 0")
    document[LAYERS] = keys["block_count"] = layers - ahead
    key, value = keys.pop("attention.key_length", None), keys.pop("attention.value_length", None)
    if name == "deepseek2":
        _latent(keys, document, key, value, where)
        return
    if key != value:
        raise ConfigError(f"{where}: the key {name}.attention.value_length is {value!r}, key_length {key!r}: not understood")
    if key is None and hidden % heads:
        raise ConfigError(f"{where}: the key {name}.attention.key_length is missing")
    document[HEAD_DIM] = hidden // heads if key is None else key
    keys.setdefault("attention.head_count_kv", heads)


def _latent(keys: dict[str, Any], document: dict[str, Any], key: Any, value: Any, where: str) -> None:
    """Widths of latent attention: since 2025 those of the heads stand in keys of their own."""
    rotary = keys.get("rope.dimension_count")
    key, value = keys.pop("attention.key_length_mla", key), keys.pop("attention.value_length_mla", value)
    if type(key) is not int or type(rotary) is not int:
        raise ConfigError(f"{where}: the key deepseek2.attention.key_length or rope.dimension_count is missing")
    document |= {"qk_nope_head_dim": key - rotary, "v_head_dim": value}
    keys.setdefault("attention.q_lora_rank", None)
    keys.pop("attention.head_count_kv", None)


def _windows(keys: dict[str, Any], document: dict[str, Any], windows: str | None, where: str) -> None:
    """The window and which layers have it, as a list of flags or as the length of a period."""
    if windows is None:
        return
    size, pattern = keys.pop(SLIDING, None) or None, keys.pop(PATTERN, None)
    if size is None and windows == "types":
        raise ConfigError(f"{where}: the key {SLIDING} is missing")
    document[WINDOW] = size
    if pattern is None:
        return
    layers = document[LAYERS]
    if type(pattern) is int and pattern > 0:
        pattern = [(index + 1) % pattern != 0 for index in range(min(layers, 10_000))]
    if windows != "types" or not isinstance(pattern, list) or not all(isinstance(one, bool) for one in pattern):
        raise ConfigError(f"{where}: the key {PATTERN} is not understood")
    document["layer_types"] = ["sliding_attention" if slides else "full_attention" for slides in pattern]


def _falcon(document: dict[str, Any], second_norm: bool) -> None:
    """Generations of Falcon, told by their heads and norms."""
    single = document.get("num_kv_heads") == 1
    document |= {"new_decoder_architecture": not single, "multi_query": single, "parallel_attn": True, "bias": False}
    if not single:
        document["num_ln_in_parallel_attn"] = 2 if second_norm else 1

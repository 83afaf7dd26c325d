"""The table of model families: how each differs from Llama, as data.

A row of families.toml says which fields of config.json a family reads, with transformers' defaults,
and what its layers hold.  `Family` documents the columns.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from importlib.resources import files
from typing import Any

HIDDEN = "hidden_size"
LAYERS = "num_hidden_layers"
HEADS = "num_attention_heads"
KV_HEADS = "num_key_value_heads"
HEAD_DIM = "head_dim"
WIDTH = "intermediate_size"
VOCABULARY = "vocab_size"
TIED = "tie_word_embeddings"
WINDOW = "sliding_window"
EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts")

Switch = bool | str
"""Yes, no, or the name of the field that says so."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """The feed-forward blocks of a family with experts; texts name fields."""

    experts: str
    top_k: str
    width: str = "moe_intermediate_size"
    sparse: str = "all"
    """Which layers have experts: a rule of `pycalc.architecture.readers.sparsity`."""
    shared: str = ""
    """Count of shared experts, each as wide as a routed one."""
    shared_width: str = ""
    """Or the width of the shared block."""
    shared_gate: bool = False
    router_bias: bool = False
    correction: bool = False
    """Whether the router's offsets are trained parameters; elsewhere they are buffers."""
    expert_bias: bool = False
    dense_width: str = WIDTH


@dataclass(frozen=True, slots=True)
class Family:
    """A row of the table."""

    like: str = ""
    reader: str = "decoder"
    rename: Mapping[str, str] = field(default_factory=dict)
    """Fields of Llama's name that have another here."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """What transformers takes where the file leaves a field out; "none" undoes an inherited default."""
    ignore: tuple[str, ...] = ()
    """Fields that change neither parameters nor FLOPs nor the cache."""
    require: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """The only values that are understood, besides null."""
    same: Mapping[str, str] = field(default_factory=dict)
    """Fields that stand for another one, or repeat its value."""
    norm_vectors: int = 1
    """Parameters of a norm per channel: 1 scale, 2 scale and shift, 0 none."""
    norms: int = 2
    final_norm: bool = True
    embedding_norm: bool = False
    gated: bool = True
    qkv_bias: Switch = False
    output_bias: Switch = False
    mlp_bias: Switch = False
    head_bias: Switch = False
    qk_norm: str = ""
    """Norms of queries and keys: head, one scale for all heads; heads, one each; full, over all heads."""
    qk_norm_if: Switch = True
    qk_norm_vectors: int = 1
    attention: str = "full"
    """Which layers look how far: a rule of `pycalc.architecture.readers.windows`."""
    types: tuple[str, ...] = ("full_attention",)
    period: str = ""
    """The field that says how many layers a repeat of sliding layers and one full layer has."""
    sinks: bool = False
    output_gate: str = ""
    """A gate on attention's output: full, a value per channel; heads, one per head."""
    mlp_extra: int = 0
    positions: str = ""
    """The field with the rows of a learned position table."""
    position_offset: int = 0
    moe: Mixture | None = None

    @property
    def aliases(self) -> dict[str, str]:
        """`same`, and the usual names for the count of experts."""
        names = {name: self.moe.experts for name in EXPERTS if name != self.moe.experts} if self.moe else {}
        return names | dict(self.same)


@dataclass(frozen=True, slots=True)
class Table:
    """families.toml, read."""

    rows: Mapping[str, Family]
    """By model_type."""
    harmless: tuple[str, ...]
    """Patterns of fields that change nothing that is counted, in any family."""
    off: tuple[str, ...]
    """Patterns of fields that change nothing as long as they are false."""
    require: Mapping[str, tuple[Any, ...]]
    wrappers: Mapping[str, str]
    """Multimodal model types, and the model_type of their text where the file does not say."""
    text_fields: tuple[str, ...]
    """Where a wrapper keeps the text model."""


@cache
def table() -> Table:
    """The table, inheritance resolved."""
    raw = tomllib.loads(files(__package__).joinpath("families.toml").read_text("utf-8"))
    common = raw.pop("common")
    return Table(
        rows={name: _row(name, raw) for name in raw},
        harmless=tuple(common["harmless"]),
        off=tuple(common["off"]),
        require=_tuples(common["require"]),
        wrappers=common["wrappers"],
        text_fields=tuple(common["text_fields"]),
    )


def _row(name: str, raw: Mapping[str, Mapping[str, Any]]) -> Family:
    columns = _inherited(name, raw)
    if odd := columns.keys() - {column.name for column in fields(Family)}:
        raise ValueError(f"families.toml: [{name}] has no column {min(odd)}")
    mixture = columns.get("moe")
    return Family(
        **columns
        | {
            "defaults": {name: value for name, value in columns.get("defaults", {}).items() if value != "none"},
            "ignore": tuple(columns.get("ignore", ())),
            "types": tuple(columns.get("types", ("full_attention",))),
            "require": _tuples(columns.get("require", {})),
            "moe": Mixture(**mixture) if mixture else None,
        }
    )


def _inherited(name: str, raw: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A row over the one that it is like: tables are merged, lists of ignored fields joined, the rest replaced."""
    own = raw[name]
    if "like" not in own:
        return dict(own)
    columns = _inherited(own["like"], raw)
    for column, value in own.items():
        if isinstance(value, dict):
            value = columns.get(column, {}) | value
        elif column == "ignore":
            value = [*columns.get(column, ()), *value]
        columns[column] = value
    return columns


def _tuples(values: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    return {key: tuple(allowed) for key, allowed in values.items()}

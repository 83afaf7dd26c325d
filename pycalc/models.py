"""Functions that take a model's name: exact parameters, FLOPs and bytes from its config.json.

The catalogue and a config.json are read when first asked; importing this module reads nothing.
"""

import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeAlias

import numpy as np

from pycalc.errors import NotAvailableError
from pycalc.formula import formula
from pycalc.lookups import CATALOGUE, LOOKS_UP, Figure
from pycalc.memory import bits_with_scales
from pycalc.quantities import (
    Bits,
    Bytes,
    ContextTokens,
    Flops,
    GroupSize,
    KvBytes,
    KvBytesPerToken,
    Numeric,
    Parameters,
    Quantity,
    ScaleBits,
    Sequences,
    Text,
    Tokens,
    Truth,
    WeightBytes,
    ZeroBits,
)

if TYPE_CHECKING:
    from pycalc.architecture import Architecture
    from pycalc.catalog import Model
    from pycalc.catalog.names import Names

Count: TypeAlias = Any

FLOPS_PARTS = ("total", "layers", "attention_matmul", "linear", "lm_head")

ModelName = Annotated[Text, Quantity("model", "text", 'Name of a model, "Llama 3.1 8B"; llmecon models lists them')]
ModelField = Annotated[
    Text,
    Quantity(
        "field",
        "text",
        '"parameters", "active_parameters", "embedding_parameters", "lm_head_parameters", "layers", "kv_bytes_per_token", '
        '"state_bytes", "weight_bytes" (the last three at 16 bits)',
    ),
]
Active = Annotated[Truth, Quantity("-", "TRUE/FALSE", "TRUE counts the parameters that one token uses, FALSE all", 0, 1)]
PastTokens = Annotated[Numeric, Quantity("p", "tokens", "Tokens already in the cache, before the new ones", 0, 1e15)]
Square = Annotated[Truth, Quantity("-", "TRUE/FALSE", "TRUE counts masked products in full, FALSE what a mask leaves", 0, 1)]
FlopsPart = Annotated[
    Numeric,
    Quantity(
        "part",
        "part",
        "What to count; layers leaves the head out, lm_head is the head on every new token",
        choices={part: float(i) for i, part in enumerate(FLOPS_PARTS)},
    ),
]
KvBits = Annotated[Numeric, Quantity("b_kv", "bits", "Bits per cached value, scales included: 16 for BF16, 8.5", 0, 64)]
StateBytes = Annotated[Numeric, Quantity("M_s", "bytes", "Memory of recurrent and convolution states")]


def architecture(name: str) -> "Architecture":
    """The model of that name in the catalogue, in any spelling.

    What was found, or why nothing was, is kept: a sheet asks thousands of times for one name.
    """
    from pycalc.catalog.store import catalog

    model = _kept(_find, catalog().models, name)
    return _kept(_read, model, _changed(model))  # type: ignore[no-any-return]


def _changed(model: "Model") -> int:
    """When a user's own config.json was changed; what is packaged does not change."""
    try:
        return os.stat(model.config).st_mtime_ns if model.user else 0
    except OSError:
        return 0


def _kept(look: Callable[..., Any], *args: Any) -> Any:
    found = look(*args)
    if isinstance(found, NotAvailableError):
        raise type(found)(found.reason)
    return found


@lru_cache(maxsize=1024)
def _find(models: "Names[Model]", name: str) -> "Model | NotAvailableError":
    try:
        return models.find(name)
    except NotAvailableError as refusal:
        return refusal.with_traceback(None)


@lru_cache(maxsize=256)
def _read(model: "Model", changed: int) -> "Architecture | NotAvailableError":
    from pycalc.architecture import read_architecture
    from pycalc.architecture.document import read_config

    try:
        return read_architecture(read_config(model.path), model.name)
    except NotAvailableError as refusal:
        return refusal.with_traceback(None)


def _cited(model: str, *_: Any) -> str:
    """The row of the catalogue, and which documented defaults stand for fields that its file leaves out."""
    from pycalc.catalog.store import catalog

    return "; ".join((_kept(_find, catalog().models, model).citation, *architecture(model).notes))


def _at(count: Callable[[Count], Count], tokens: Numeric) -> Count:
    """A count at so many tokens: exact for whole ones, between two of these on the line that joins them."""
    below = np.floor(tokens) if isinstance(tokens, np.ndarray) else int(tokens)
    value, part = count(below), tokens - below
    return value + part * (count(below + 1) - value) if np.any(part) else value


def _either(flag: Truth, count: Callable[[bool], Count]) -> Count:
    """A count with a choice, which may differ from element to element."""
    return np.where(flag, count(True), count(False)) if isinstance(flag, np.ndarray) else count(bool(flag))


def _width(bits: Numeric) -> Numeric:
    """Whole widths keep the arithmetic in whole numbers, which are exact at any size."""
    return int(bits) if isinstance(bits, float) and bits.is_integer() else bits


def _out(count: Count) -> Numeric:
    """A whole number of any size as the nearest float."""
    return count if isinstance(count, np.ndarray) else float(count)


class ModelCount(NamedTuple):
    """What can be asked of a model, its unit, and how the architecture answers."""

    unit: str
    of: Callable[["Architecture"], float]


MODEL_FIELDS: Mapping[str, ModelCount] = {
    "parameters": ModelCount("parameters", lambda model: model.parameters().total),
    "active_parameters": ModelCount("parameters", lambda model: model.parameters().active),
    "embedding_parameters": ModelCount("parameters", lambda model: model.parameters().embedding),
    "lm_head_parameters": ModelCount("parameters", lambda model: model.parameters().lm_head),
    "layers": ModelCount("layers", lambda model: len(model.layers)),
    "kv_bytes_per_token": ModelCount("bytes/token", lambda model: model.kv_bytes_per_token()),
    "state_bytes": ModelCount("bytes", lambda model: model.state_bytes()),
    "weight_bytes": ModelCount("bytes", lambda model: model.weight_bytes()),
}


def _field_source(model: str, field: str) -> str:
    from pycalc.catalog.fields import find_name

    return f"{MODEL_FIELDS[find_name(MODEL_FIELDS, field)].unit}; {_cited(model)}"


@formula("5.2", source=CATALOGUE, untraceable=LOOKS_UP, cites=_field_source)
def model_spec(model: ModelName, field: ModelField) -> Figure:
    """A model's exact count from its config.json.

    >>> model_spec("Llama 3.1 8B", "parameters")
    8030261248.0
    """
    from pycalc.catalog.fields import find_name

    return float(MODEL_FIELDS[find_name(MODEL_FIELDS, field)].of(architecture(model)))


@formula("2.7", source=CATALOGUE, untraceable=LOOKS_UP, cites=_cited)
def model_parameters(model: ModelName, active: Active = False) -> Parameters:
    """Parameters of the text model, a tied head counting 0: all that are stored, or those that one token uses.

    Mistral AI states 46.7 billion parameters of Mixtral 8x7B, 12.9 billion used per token:

    >>> model_parameters("Mixtral 8x7B"), model_parameters("Mixtral 8x7B", True)
    (46702792704.0, 12879925248.0)
    """
    counts = architecture(model).parameters()
    return _out(_either(active, lambda used: counts.active if used else counts.total))


@formula("2.7", source=CATALOGUE, untraceable=LOOKS_UP, cites=_cited)
def model_flops(
    model: ModelName, tokens: Tokens, past: PastTokens = 0, square: Square = False, part: FlopsPart = "total"
) -> Flops:
    """Exact FLOPs of a forward pass: new tokens after a past, causal attention, every layer, the head on every token.

    Torch's own counter, which masks nothing, on Llama 3.1 8B:

    >>> model_flops("Llama 3.1 8B", 1024, 0, True)
    15919296282624.0

    The next token after 4,096 and what of that is attention:

    >>> model_flops("Llama 3.1 8B", 1, 4096), model_flops("Llama 3.1 8B", 1, 4096, part="attention_matmul")
    (17157324800.0, 2148007936.0)
    """
    decoder = architecture(model)

    def operations(new: Count, before: Count) -> Count:
        def counted(whole: bool) -> Count:
            flops = decoder.flops(new, before, whole)
            if isinstance(part, np.ndarray):
                return np.select([part == i for i in range(len(FLOPS_PARTS))], [getattr(flops, p) for p in FLOPS_PARTS])
            return getattr(flops, FLOPS_PARTS[int(part)])

        return _either(square, counted)

    return _out(_at(lambda new: _at(lambda before: operations(new, before), past), tokens))


@formula("5.2", source=CATALOGUE, untraceable=LOOKS_UP, cites=_cited)
def model_kv_bytes_per_token(model: ModelName, kv_bits: KvBits = 16) -> KvBytesPerToken:
    """Bytes that one more token adds to the cache once every window is full.

    DeepSeek's latent attention keeps 576 values in each of 61 layers:

    >>> model_kv_bytes_per_token("Llama 3.1 8B"), model_kv_bytes_per_token("DeepSeek-V3", 8)
    (131072.0, 35136.0)
    """
    return _out(architecture(model).kv_bytes_per_token(_width(kv_bits)))


@formula("5.3", source=CATALOGUE, untraceable=LOOKS_UP, cites=_cited)
def model_kv_bytes(model: ModelName, tokens: ContextTokens, kv_bits: KvBits = 16, sequences: Sequences = 1) -> KvBytes:
    """Bytes of the cache that a decoding step reads at this context; MODEL_KV_RESERVED_BYTES is the room that it takes.

    Five of six layers of Gemma 3 27B look back over 1,024 tokens only:

    >>> model_kv_bytes("Llama 3.1 8B", 8192), model_kv_bytes("Gemma 3 27B", 8192)
    (1073741824.0, 1107296256.0)
    """
    decoder, bits = architecture(model), _width(kv_bits)
    return _out(_at(lambda context: decoder.kv_bytes(context, bits), tokens) * _width(sequences))


@formula("5.5", source=CATALOGUE, untraceable=LOOKS_UP, cites=_cited)
def model_kv_reserved_bytes(model: ModelName, tokens: ContextTokens, kv_bits: KvBits = 16, sequences: Sequences = 1) -> KvBytes:
    """Room that the cache takes at this context, without an engine's padding: what USERS_PER_GPU and KV_BUDGET need.

    Sparse attention keeps every token and reads the best 2,048:

    >>> model_kv_reserved_bytes("DeepSeek-V3.2", 131072) / model_kv_bytes("DeepSeek-V3.2", 131072) > 3
    True
    >>> model_kv_reserved_bytes("Llama 3.1 8B", 131072)
    17179869184.0
    """
    decoder, bits = architecture(model), _width(kv_bits)
    return _out(_at(lambda context: decoder.kv_reserved_bytes(context, bits), tokens) * _width(sequences))


@formula("5.7", source=CATALOGUE, untraceable=LOOKS_UP, cites=_cited)
def model_state_bytes(model: ModelName, sequences: Sequences = 1) -> StateBytes:
    """Memory of recurrent states, the same at any context, and 0 for a model without recurrent layers.

    >>> model_state_bytes("Qwen3-Next-80B-A3B"), model_state_bytes("Llama 3.1 8B")
    (77856768.0, 0.0)
    """
    return _out(architecture(model).state_bytes() * _width(sequences))


@formula("5.4", source=CATALOGUE, untraceable=LOOKS_UP, cites=_cited)
def model_weight_bytes(
    model: ModelName, bits: Bits = 16, group_size: GroupSize = 0, scale_bits: ScaleBits = 16, zero_bits: ZeroBits = 0
) -> WeightBytes:
    """Memory of the weights: the layers' matrices at these bits, with scales; embeddings, head and norms at 16 or more.

    >>> model_weight_bytes("Llama 3.1 8B"), model_weight_bytes("Llama 3.1 8B", 4, 128)
    (16060522496.0, 5700591616.0)
    """
    width = _width(bits_with_scales(bits, group_size, scale_bits, zero_bits))
    return _out(architecture(model).weight_bytes(width))


@formula("5.5", source=CATALOGUE, untraceable=LOOKS_UP, cites=_cited)
def model_sequence_bytes(model: ModelName, tokens: ContextTokens, kv_bits: KvBits = 16) -> Bytes:
    """Memory that one sequence takes at this context: the room of its cache and its recurrent states.

    >>> model_sequence_bytes("Qwen3-Next-80B-A3B", 4096)
    178520064.0
    """
    decoder, bits = architecture(model), _width(kv_bits)
    return _out(_at(lambda context: decoder.kv_reserved_bytes(context, bits), tokens) + decoder.state_bytes())

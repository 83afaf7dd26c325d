"""Gemma 3n and 4: per-layer inputs, shared keys and values, two geometries of attention."""

from collections.abc import Sequence
from dataclasses import replace

from pycalc.architecture.families import HIDDEN, KV_HEADS, VOCABULARY, WIDTH
from pycalc.architecture.fields import Fields
from pycalc.architecture.mixers import Attention
from pycalc.architecture.model import Architecture, Layer
from pycalc.architecture.parts import Experts, FeedForward, Loose, Matrix, Part, Table
from pycalc.architecture.readers.blocks import assemble, attention, norm
from pycalc.architecture.readers.windows import layer_types, reach_of


def _sharing(fields: Fields, count: int, attentions: Sequence[Attention]) -> list[Attention]:
    """The last layers take keys and values from an earlier layer and have no maps for them."""
    shared = fields.count("num_kv_shared_layers", 0, least=0, most=count - 1)
    own = count - shared
    return [
        mixer if index < own else replace(mixer, makes_keys=False, shares_cache=True, norm=mixer.head_dim)
        for index, mixer in enumerate(attentions)
    ]


def _per_layer_inputs(fields: Fields, count: int, width: int) -> tuple[Part, ...]:
    """The second embedding, a slice of it for each layer, and the map that mixes the first one in."""
    rows = fields.count("vocab_size_per_layer_input", fields.count(VOCABULARY))
    return Table(rows, count * width), Loose((Matrix(fields.count(HIDDEN), count * width),), width)


def _input_block(fields: Fields, width: int) -> Loose:
    """What a layer does with its own input: a gate, a map back and a norm."""
    hidden = fields.count(HIDDEN)
    return Loose((Matrix(hidden, width), Matrix(width, hidden)), norm(fields))


def gemma4(fields: Fields) -> Architecture:
    """Gemma 4: full layers with wider heads and, where attention_k_eq_v says so, keys that are the values."""
    count, hidden = fields.layers(), fields.count(HIDDEN)
    kinds = layer_types(fields, count)
    kinds[-1] = "full_attention"
    plain = attention(fields)
    equal = fields.flag("attention_k_eq_v")
    groups = fields.optional("num_global_key_value_heads")
    width = fields.count("global_head_dim")
    groups = groups if equal and groups else fields.count(KV_HEADS)
    width, groups = _overrides(fields, kinds, width, groups)
    full = replace(
        plain,
        head_dim=width,
        kv_heads=groups,
        norm=2 * width,
        key_is_value=equal,
    )
    if full.heads % full.kv_heads:
        raise fields.refuse("num_global_key_value_heads", f"is {full.kv_heads}, which does not divide {full.heads} heads")
    mixers = [full if kind == "full_attention" else replace(plain, reach=reach_of(fields, kind)) for kind in kinds]
    mixers = _sharing(fields, count, mixers)
    wide = fields.flag("use_double_wide_mlp")
    per_layer = fields.count("hidden_size_per_layer_input", 0, least=0)
    sparse = _gemma4_experts(fields) if fields.flag("enable_moe_block") else None
    fields.skip("num_experts", "top_k_experts", "moe_intermediate_size", "vocab_size_per_layer_input")
    layers = []
    for mixer in mixers:
        dense = FeedForward(hidden, fields.count(WIDTH) * (2 if wide and mixer.shares_cache else 1))
        parts: tuple[Part, ...] = (dense,)
        if sparse:
            parts = (replace(sparse, beside=dense),)
        if per_layer:
            parts = (*parts, _input_block(fields, per_layer))
        layers.append(Layer((mixer,), parts, norm(fields, 7 if sparse else 4)))
    return assemble(fields, layers, *(_per_layer_inputs(fields, count, per_layer) if per_layer else ()))


def _overrides(fields: Fields, kinds: Sequence[str], width: int, groups: int) -> tuple[int, int]:
    """The full layers' heads as transformers 5 writes them: an object per layer; all alike, or not understood."""
    if fields.raw("per_layer_config") is None:
        return width, groups
    full = {index for index, kind in enumerate(kinds) if kind == "full_attention"}
    stated = fields.table("per_layer_config")
    found = set()
    for key, values in stated.items():
        if not key.isascii() or not key.isdigit() or int(key) not in full or not isinstance(values, dict):
            raise fields.refuse("per_layer_config", "names something else than a full layer")
        own = fields.within(values, f"per_layer_config[{key}]")
        found.add((own.count("head_dim", width), own.count("num_key_value_heads", fields.count(KV_HEADS))))
        own.finish()
    if len(stated) != len(full) or len(found) != 1:
        raise fields.refuse("per_layer_config", "gives the full layers different heads, which is not understood")
    return found.pop()


def _gemma4_experts(fields: Fields) -> Experts:
    """Experts beside the dense block; the router scales its input and each expert."""
    hidden, total = fields.count(HIDDEN), fields.count("num_experts")
    used = fields.count("top_k_experts", most=total)
    routed = FeedForward(hidden, fields.count("moe_intermediate_size"), copies=total, used=used)
    return Experts(Matrix(hidden, total), routed, correction=hidden + total)


def gemma3n(fields: Fields) -> Architecture:
    """Gemma 3n: four alternating streams of the hidden state, a low-rank residual and per-layer inputs."""
    count, hidden = fields.layers(), fields.count(HIDDEN)
    plain = attention(fields)
    mixers = [replace(plain, reach=reach_of(fields, kind)) for kind in layer_types(fields, count)]
    mixers = _sharing(fields, count, mixers)
    streams, rank = fields.count("altup_num_inputs"), fields.count("laurel_rank")
    per_layer = fields.count("hidden_size_per_layer_input")
    stated = fields.raw(WIDTH)
    widths = fields.whole_items(WIDTH, least=1) if isinstance(stated, list) else [fields.count(WIDTH)] * count
    if widths is None or len(widths) != count:
        raise fields.refuse(WIDTH, f"is no width for each of {count} layers")
    around_attention = Loose(
        (
            Matrix(streams, streams),
            Matrix(streams, streams * streams),
            Matrix(hidden, streams),
            Matrix(hidden, rank),
            Matrix(rank, hidden),
        ),
        hidden + 2 * norm(fields),
    )
    layers = [
        Layer(
            (mixer,),
            (FeedForward(hidden, width), around_attention, _input_block(fields, per_layer)),
            norm(fields, 4),
        )
        for mixer, width in zip(mixers, widths, strict=True)
    ]
    streams_maps = Loose((Matrix(hidden, hidden),) * (2 * (streams - 1)))
    return assemble(fields, layers, streams_maps, *_per_layer_inputs(fields, count, per_layer))

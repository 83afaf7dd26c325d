"""GPT and the decoders of its years: plain MLPs, learned positions, fields with names of their own."""

from collections.abc import Sequence
from dataclasses import replace

from pycalc.architecture.families import HEADS, HIDDEN, KV_HEADS, TIED, WIDTH
from pycalc.architecture.fields import Fields
from pycalc.architecture.mixers import Attention
from pycalc.architecture.model import Architecture, Layer
from pycalc.architecture.parts import FeedForward, Loose, Matrix, Part, Table
from pycalc.architecture.reach import EVERYTHING, Reach, Window
from pycalc.architecture.readers.blocks import assemble, attention, feed_forward, norm


def _wide(fields: Fields, times: int = 4) -> FeedForward:
    """A block four times as wide as the model where no width is stated."""
    return feed_forward(fields, fields.optional(WIDTH) or times * fields.count(HIDDEN))


def _stacked(fields: Fields, mixers: Sequence[Attention], block: FeedForward, *around: Part) -> Architecture:
    norms = norm(fields, fields.family.norms)
    return assemble(fields, [Layer((mixer,), (block,), norms) for mixer in mixers], *around)


def gpt(fields: Fields) -> Architecture:
    """GPT-2, GPT-J, CodeGen."""
    return _stacked(fields, [attention(fields)] * fields.layers(), _wide(fields))


def gpt_bigcode(fields: Fields) -> Architecture:
    """StarCoder 1: one head of keys and values, where multi_query says so."""
    mixer = replace(attention(fields), kv_heads=1 if fields.flag("multi_query") else fields.count(HEADS))
    return _stacked(fields, [mixer] * fields.layers(), _wide(fields))


def gpt_neo(fields: Fields) -> Architecture:
    """GPT-Neo: global and local layers, listed in groups."""
    count = fields.layers()
    kinds: list[str] = []
    for group in fields.items("attention_types") or [[["global", "local"], count // 2]]:
        match group:
            case [list(names), int(times)] if all(name in ("global", "local") for name in names) and 0 < times <= count:
                kinds += names * times
            case _:
                raise fields.refuse("attention_types", "is no list of groups of global and local with a count")
    if len(kinds) != count:
        raise fields.refuse("attention_types", f"describes {len(kinds)} layers of {count}")
    fields.skip("attention_layers")
    local: Reach = Window(fields.count("sliding_window"))
    plain = attention(fields)
    return _stacked(fields, [replace(plain, reach=local if kind == "local" else EVERYTHING) for kind in kinds], _wide(fields))


def bloom(fields: Fields) -> Architecture:
    """BLOOM: older files call the width n_embed."""
    return _stacked(fields, [attention(fields)] * fields.layers(), _wide(fields))


def opt(fields: Fields) -> Architecture:
    """OPT: embeddings may be narrower than the model, with maps in and out."""
    hidden = fields.count(HIDDEN)
    narrow = fields.count("word_embed_proj_dim", hidden)
    if not fields.flag("layer_norm_elementwise_affine"):
        raise fields.refuse("layer_norm_elementwise_affine", "is false, which is not understood")
    final = fields.flag("do_layer_norm_before")
    model = _stacked(fields, [attention(fields)] * fields.layers(), feed_forward(fields))
    positions = tuple(part for part in model.around if isinstance(part, Table))
    around: tuple[Part, ...] = (*positions, Loose(extra=norm(fields) if final else 0))
    if narrow == hidden:
        return replace(model, around=around)
    rows = model.embedding.rows
    maps = Loose((Matrix(narrow, hidden), Matrix(hidden, narrow)))
    return replace(model, around=(*around, maps), embedding=Table(rows, narrow), head=Matrix(narrow, rows))


def mpt(fields: Fields) -> Architecture:
    """MPT: attention described in an object of its own, no biases."""
    count, hidden, heads = fields.layers(), fields.count(HIDDEN), fields.count(HEADS)
    if hidden % heads:
        raise fields.refuse(fields.name(HEADS), f"is {heads}, which does not divide d_model {hidden}")
    attn = fields.within(fields.raw("attn_config"), "attn_config")
    for field, allowed in (("attn_type", "multihead_attention"), ("qk_ln", False), ("prefix_lm", False)):
        value = attn.raw(field)
        if value is not None and value != allowed:
            raise attn.refuse(field, "has a value that is not understood")
    attn.skip(
        "attn_pdrop", "clip_qkv", "alibi", "alibi_bias_max", "attn_uses_sequence_id", "softmax_scale", "rope", "model_type"
    )
    attn.finish()
    mixer = Attention(hidden, heads, heads, hidden // heads)
    block = FeedForward(hidden, 4 * hidden, gated=False)
    return _stacked(fields, [mixer] * count, block)


def falcon(fields: Fields) -> Architecture:
    """Falcon: three generations of shared keys and values, and of norms beside parallel blocks."""
    heads = fields.count(HEADS)
    new, single = fields.flag("new_decoder_architecture"), fields.flag("multi_query")
    stated = fields.count("num_kv_heads", heads)
    groups = stated if new else 1 if single else heads
    if heads % groups:
        raise fields.refuse("num_kv_heads", f"is {groups}, which does not divide {heads} heads")
    if stated != groups and not single:
        raise fields.refuse("num_kv_heads", f"is {stated}, though each of {heads} heads has its own")
    in_parallel = fields.count("num_ln_in_parallel_attn", 2 if new else 1)
    norms = norm(fields, (2 if in_parallel == 2 else 1) if fields.flag("parallel_attn") else 2)
    fields.skip(KV_HEADS, TIED, "n_head_kv")
    block = feed_forward(fields, fields.optional("ffn_hidden_size") or 4 * fields.count(HIDDEN))
    mixer = replace(attention(fields), kv_heads=groups)
    return assemble(fields, [Layer((mixer,), (block,), norms)] * fields.layers())

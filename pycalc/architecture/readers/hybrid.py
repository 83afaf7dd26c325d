"""Models whose layers differ in kind: recurrences among attention, or recurrences alone."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from pycalc.architecture.families import HEADS, HIDDEN, KV_HEADS, WIDTH
from pycalc.architecture.fields import Fields
from pycalc.architecture.mixers import Mixer, Recurrence
from pycalc.architecture.model import Architecture, Layer
from pycalc.architecture.parts import Experts, FeedForward, Matrix, Part
from pycalc.architecture.reach import Window
from pycalc.architecture.readers.blocks import assemble, attention, blocks, experts, feed_forward, norm
from pycalc.architecture.readers.windows import FULL, layer_types, window
from pycalc.architecture.recurrences import gated_delta_net, lightning_attention, mamba, mamba2, short_convolution

LINEAR = ("linear_attention", "mamba", "recurrent", "conv")
RECURRENT_OR_FULL = (*FULL, *LINEAR)


def _layers(fields: Fields, kinds: Sequence[str], full: Mixer, recurrent: Mixer, parts: Sequence[Part]) -> Architecture:
    norms = norm(fields, fields.family.norms)
    layers = [Layer((full if kind in FULL else recurrent,), (part,), norms) for kind, part in zip(kinds, parts, strict=True)]
    return assemble(fields, layers)


def delta_hybrid(fields: Fields) -> Architecture:
    """Qwen3-Next, Qwen3.5: gated delta nets, each fourth layer gated attention whose gate comes with the queries."""
    count, hidden = fields.layers(), fields.count(HIDDEN)
    kinds = layer_types(fields, count, RECURRENT_OR_FULL)
    full = attention(fields)
    full = replace(full, extra=(Matrix(hidden, full.heads * full.head_dim, full.qkv_bias),))
    return _layers(fields, kinds, full, _delta_net(fields), blocks(fields, count))


def delta_hybrid_dense(fields: Fields) -> Architecture:
    """Qwen3.5 without experts."""
    fields.family = replace(fields.family, moe=None)
    return delta_hybrid(fields)


def olmo_hybrid(fields: Fields) -> Architecture:
    """OLMo Hybrid: gated delta nets among OLMo 2's layers."""
    count, heads = fields.layers(), fields.count(HEADS)
    kinds = layer_types(fields, count, RECURRENT_OR_FULL)
    key_heads = fields.count("linear_num_key_heads", heads)
    key_dim = fields.count("linear_key_head_dim", int(0.75 * fields.count(HIDDEN) / key_heads))
    recurrent = _delta_net(fields, key_heads, fields.count("linear_num_value_heads", heads), key_dim, 2 * key_dim)
    return _layers(fields, kinds, attention(fields), recurrent, blocks(fields, count))


def _delta_net(
    fields: Fields,
    key_heads: int | None = None,
    value_heads: int | None = None,
    key_dim: int | None = None,
    value_dim: int | None = None,
) -> Recurrence:
    return gated_delta_net(
        fields.count(HIDDEN),
        fields.count("linear_num_key_heads", key_heads),
        fields.count("linear_key_head_dim", key_dim),
        fields.count("linear_num_value_heads", value_heads),
        fields.count("linear_value_head_dim", value_dim),
        fields.count("linear_conv_kernel_dim"),
    )


def jamba(fields: Fields) -> Architecture:
    """Jamba: attention in one layer of each period, Mamba with norms inside in the rest."""
    count, hidden = fields.layers(), fields.count(HIDDEN)
    every, offset = fields.count("attn_layer_period"), fields.count("attn_layer_offset", least=0)
    fields.skip("layer_types", "layers_block_type")
    rank, state = _rank(fields, "mamba_dt_rank"), fields.count("mamba_d_state")
    recurrent = mamba(
        hidden,
        fields.count("mamba_expand") * hidden,
        state,
        fields.count("mamba_d_conv"),
        rank,
        bias=fields.flag("mamba_proj_bias"),
        conv_bias=fields.flag("mamba_conv_bias"),
        norms=rank + 2 * state,
    )
    kinds = [FULL[0] if index % every == offset else LINEAR[0] for index in range(count)]
    if fields.count("num_experts") == 1:  # one expert is a plain block, without a router
        fields.skip("num_experts_per_tok", "expert_layer_period", "expert_layer_offset")
        parts: Sequence[Part] = [feed_forward(fields)] * count
    else:
        parts = blocks(fields, count)
    return _layers(fields, kinds, attention(fields), recurrent, parts)


def _rank(fields: Fields, field: str) -> int:
    """The rank of the time step: a number, or a sixteenth of the width, rounded up."""
    if fields.raw(field) in (None, "auto"):
        return -(-fields.count(HIDDEN) // 16)
    return fields.count(field)


def mamba_model(fields: Fields) -> Architecture:
    """Mamba, Falcon Mamba: nothing but Mamba blocks."""
    hidden = fields.count(HIDDEN)
    inner = fields.count("expand") * hidden
    stated = fields.count(WIDTH, inner)
    if stated != inner:
        raise fields.refuse(WIDTH, f"is {stated}, not expand times hidden_size")
    mixer = mamba(
        hidden,
        inner,
        fields.count("state_size"),
        fields.count("conv_kernel"),
        _rank(fields, "time_step_rank"),
        bias=fields.flag("use_bias"),
        conv_bias=fields.flag("use_conv_bias"),
    )
    return assemble(fields, [Layer((mixer,), (), norm(fields))] * fields.layers())


def mamba2_model(fields: Fields) -> Architecture:
    """Mamba 2 alone."""
    hidden = fields.count(HIDDEN)
    heads, width = fields.count("num_heads"), fields.count("head_dim")
    if heads * width != fields.count("expand") * hidden:
        raise fields.refuse("num_heads", "times head_dim is not expand times hidden_size")
    mixer = mamba2(
        hidden,
        heads,
        width,
        fields.count("n_groups"),
        fields.count("state_size"),
        fields.count("conv_kernel"),
        bias=fields.flag("use_bias"),
        conv_bias=fields.flag("use_conv_bias"),
    )
    return assemble(fields, [Layer((mixer,), (), norm(fields))] * fields.layers())


def _bamba_mixer(fields: Fields, inner: int, normed: bool = True) -> Recurrence:
    """Mamba 2 under the names that Bamba, Granite and Falcon H1 give its fields."""
    heads = fields.count("mamba_n_heads")
    if inner % heads:
        raise fields.refuse("mamba_n_heads", f"is {heads}, which does not divide the inner width {inner}")
    width = inner // heads
    stated = fields.raw("mamba_d_head")
    if stated != "auto" and fields.checked("mamba_d_head", stated) != width:
        raise fields.refuse("mamba_d_head", f"is {stated}, though {heads} heads share {inner}")
    return mamba2(
        fields.count(HIDDEN),
        heads,
        width,
        fields.count("mamba_n_groups"),
        fields.count("mamba_d_state"),
        fields.count("mamba_d_conv"),
        bias=fields.flag("mamba_proj_bias"),
        conv_bias=fields.flag("mamba_conv_bias"),
        norm=normed,
    )


def bamba(fields: Fields) -> Architecture:
    """Bamba: Mamba 2, attention in the layers listed."""
    count = fields.layers()
    full = set(fields.whole_items("attn_layer_indices") or ())
    if any(index >= count for index in full):
        raise fields.refuse("attn_layer_indices", f"names a layer that is not among the {count}")
    fields.skip("layer_types", "layers_block_type")
    kinds = [FULL[0] if index in full else LINEAR[0] for index in range(count)]
    recurrent = _bamba_mixer(fields, fields.count("mamba_expand") * fields.count(HIDDEN))
    return _layers(fields, kinds, attention(fields), recurrent, blocks(fields, count))


def falcon_h1(fields: Fields) -> Architecture:
    """Falcon H1: attention and Mamba 2 side by side in each layer."""
    count = fields.layers()
    inner = fields.optional("mamba_d_ssm") or fields.count("mamba_expand") * fields.count(HIDDEN)
    fields.skip("mamba_expand", "layer_types")
    if fields.flag("projectors_bias") != fields.flag("mamba_proj_bias"):
        raise fields.refuse("projectors_bias", "differs from mamba_proj_bias, which is not understood")
    mixers = (_bamba_mixer(fields, inner, fields.flag("mamba_rms_norm")), attention(fields))
    norms = norm(fields, 2)
    return assemble(fields, [Layer(mixers, (block,), norms) for block in blocks(fields, count)])


def granite_hybrid(fields: Fields) -> Architecture:
    """Granite 4: Mamba 2 among attention, experts beside a shared block; without experts the shared block alone."""
    count, hidden = fields.layers(), fields.count(HIDDEN)
    stated = fields.per_layer("layer_types", count, RECURRENT_OR_FULL)
    older = fields.per_layer("layers_block_type", count, RECURRENT_OR_FULL)
    kinds = stated or older or [LINEAR[0]] * count
    shared = FeedForward(hidden, fields.count("shared_intermediate_size"))
    block: Part = shared
    if fields.count("num_local_experts", 0, least=0):
        mixture = fields.family.moe
        assert mixture is not None  # noqa: S101  the row has one
        block = experts(fields, mixture)
    fields.skip(WIDTH, "num_experts_per_tok")
    recurrent: Mixer = Mixer()
    if any(kind not in FULL for kind in kinds):
        recurrent = _bamba_mixer(fields, fields.count("mamba_expand") * hidden)
    fields.skip(*(field for field in fields.family.defaults if field.startswith("mamba_")))
    return _layers(fields, kinds, attention(fields), recurrent, [block] * count)


LETTERS = {"M": "mamba", "*": "attention", "-": "mlp", "E": "moe"}
NAMES = {"linear_attention": "mamba", "full_attention": "attention"} | {name: name for name in LETTERS.values()}


def nemotron_h(fields: Fields) -> Architecture:
    """Nemotron H: each layer is one thing: Mamba 2, attention, a plain block or experts, perhaps in a narrower space."""
    hidden = fields.count(HIDDEN)
    kinds = _nemotron_kinds(fields)
    stated = [fields.count(name) for name in ("head_dim", "attention_head_dim") if fields.given(name)]
    if len(set(stated)) > 1:
        raise fields.refuse("attention_head_dim", "differs from head_dim")
    fields.skip("head_dim", "attention_head_dim", "mamba_n_groups", "mamba_expand", "mamba_d_conv")
    norms = norm(fields)
    built: dict[str, Callable[[], Layer]] = {
        "mamba": lambda: Layer((_nemotron_mamba(fields),), (), norms),
        "attention": lambda: Layer((replace(attention(fields), head_dim=stated[0] if stated else 128),), (), norms),
        "mlp": lambda: Layer((), (feed_forward(fields),), norms),
        "moe": lambda: Layer((), (_nemotron_experts(fields, hidden),), norms),
    }
    once = {kind: built[kind]() for kind in sorted(set(kinds))}
    if "moe" not in once:
        fields.skip("n_routed_experts", "num_experts_per_tok", "moe_intermediate_size", "moe_shared_expert_intermediate_size")
    fields.skip(
        WIDTH, HEADS, KV_HEADS, "attention_bias", "mlp_bias", "mamba_proj_bias", "use_bias", "use_conv_bias", "conv_kernel"
    )
    fields.skip("mamba_num_heads", "mamba_head_dim", "n_groups", "ssm_state_size")
    return assemble(fields, [once[kind] for kind in kinds])


def _nemotron_kinds(fields: Fields) -> list[str]:
    stated = fields.items("layers_block_type") or fields.items("layer_types")
    pattern = fields.text("hybrid_override_pattern")
    fields.skip("layer_types", "layers_block_type")
    if stated is None and pattern is None:
        raise fields.missing("hybrid_override_pattern")
    names = stated or [LETTERS.get(letter) for letter in pattern or ""]
    kinds = [NAMES.get(name) if isinstance(name, str) else None for name in names]
    if not kinds or None in kinds:
        raise fields.refuse("hybrid_override_pattern", "holds a layer that is not understood; known are M, *, - and E")
    known = [kind for kind in kinds if kind]
    count = fields.count("num_hidden_layers", len(known), most=10_000)
    if count != len(known):
        raise fields.refuse("num_hidden_layers", f"is {count}, though {len(known)} layers are described")
    return known


def _nemotron_mamba(fields: Fields) -> Recurrence:
    return mamba2(
        fields.count(HIDDEN),
        fields.count("mamba_num_heads"),
        fields.count("mamba_head_dim"),
        fields.count("n_groups"),
        fields.count("ssm_state_size"),
        fields.count("conv_kernel"),
        bias=fields.flag("mamba_proj_bias") or fields.flag("use_bias"),
        conv_bias=fields.flag("use_conv_bias"),
    )


def _nemotron_experts(fields: Fields, hidden: int) -> Experts:
    mixture = fields.family.moe
    assert mixture is not None  # noqa: S101  the row has one
    block = experts(fields, mixture)
    narrow = fields.optional("moe_latent_size")
    if narrow is None:
        return block
    return replace(
        block, routed=replace(block.routed, model_dim=narrow), latent=(Matrix(hidden, narrow), Matrix(narrow, hidden))
    )


def minimax(fields: Fields) -> Architecture:
    """MiniMax-01: linear attention with a fixed decay, full attention in some layers, experts in all."""
    count = fields.layers()
    kinds = layer_types(fields, count, RECURRENT_OR_FULL)
    full = attention(fields)
    recurrent = lightning_attention(full.model_dim, full.heads, full.head_dim)
    return _layers(fields, kinds, full, recurrent, blocks(fields, count))


def lfm2(fields: Fields) -> Architecture:
    """LFM2: short convolutions, attention in some layers; the dense width is adjusted as Llama once did."""
    count, hidden = fields.layers(), fields.count(HIDDEN)
    full = fields.whole_items("full_attn_idxs")
    kinds = fields.per_layer("layer_types", count, ("conv", *FULL))
    if not kinds:
        if full is None:
            raise fields.missing("layer_types")
        kinds = [FULL[0] if index in full else "conv" for index in range(count)]
    recurrent = short_convolution(hidden, fields.count("conv_L_cache"), fields.flag("conv_bias"))
    if fields.family.moe:
        parts: Sequence[Part] = blocks(fields, count)
    else:
        parts = [FeedForward(hidden, _lfm2_width(fields))] * count
    model = _layers(fields, kinds, attention(fields), recurrent, parts)
    tied = fields.raw("tie_embedding")
    return model if tied is None else replace(model, tied=fields.flag("tie_embedding"))


def _lfm2_width(fields: Fields) -> int:
    width = fields.optional("block_ff_dim") or fields.count(WIDTH)
    fields.skip(WIDTH)
    if not fields.flag("block_auto_adjust_ff_dim"):
        fields.skip("block_multiple_of", "block_ffn_dim_multiplier")
        return width
    width = int(fields.number("block_ffn_dim_multiplier", 1) * int(2 * width / 3))
    multiple = fields.count("block_multiple_of")
    return -(-width // multiple) * multiple


def recurrent_gemma(fields: Fields) -> Architecture:
    """RecurrentGemma: gated linear recurrences, attention with a window in each third layer."""
    count, hidden, heads = fields.layers(), fields.count(HIDDEN), fields.count(HEADS)
    inner = fields.count("lru_width", hidden)
    pattern = fields.items("block_types") or ["recurrent", "recurrent", "attention"]
    if not set(map(str, pattern)) <= {"recurrent", "attention"}:
        raise fields.refuse("block_types", "holds a layer that is not understood; known are recurrent and attention")
    if inner % heads:
        raise fields.refuse("lru_width", f"is {inner}, which {heads} heads do not share evenly")
    gate = Matrix(inner // heads, inner // heads, True, copies=heads, used=heads)
    recurrent = Recurrence(
        (Matrix(hidden, inner, True), Matrix(hidden, inner, True), gate, gate, Matrix(inner, hidden, True)),
        extra=inner,
        conv_channels=inner,
        conv_kernel=fields.count("conv1d_width"),
        conv_bias=True,
        state=inner,
        per_state=5,
    )
    full = replace(attention(fields, Window(window(fields))), output_bias=True)
    block = FeedForward(hidden, fields.count(WIDTH) // 2, bias=True)
    kinds = [str(pattern[index % len(pattern)]) for index in range(count)]
    return _layers(fields, kinds, full, recurrent, [block] * count)

"""Decoders with a twist that the table of families cannot say."""

from dataclasses import replace

from pycalc.architecture.families import HEADS, HIDDEN, KV_HEADS, WIDTH, WINDOW
from pycalc.architecture.fields import Fields
from pycalc.architecture.mixers import Attention
from pycalc.architecture.model import Architecture, Layer
from pycalc.architecture.parts import Experts, FeedForward, Matrix, Part
from pycalc.architecture.reach import EVERYTHING, Window
from pycalc.architecture.readers.blocks import (
    assemble,
    attention,
    blocks,
    decoder,
    experts,
    feed_forward,
    head_dim,
    kv_heads,
    norm,
)
from pycalc.architecture.readers.windows import CHUNKED, FULL, SLIDING, reach_of, reaches


def hyperclovax(fields: Fields) -> Architecture:
    """HyperCLOVA X: Llama, with two more norms where use_post_norm says so."""
    more = norm(fields, 2) if fields.flag("use_post_norm") else 0
    model = decoder(fields)
    return replace(model, layers=tuple(replace(layer, norms=layer.norms + more) for layer in model.layers))


def helium(fields: Fields) -> Architecture:
    """Helium: Llama whose heads together are as wide as the model, since its output map is square."""
    if fields.count(HEADS) * head_dim(fields) != fields.count(HIDDEN):
        raise fields.refuse("head_dim", "times num_attention_heads is not hidden_size")
    return decoder(fields)


def diffllama(fields: Fields) -> Architecture:
    """DiffLlama: attention subtracts a second map, weighed by four vectors; its two halves' norm has no scale."""
    width = head_dim(fields)
    return _with_norm(decoder(fields), 4 * width)


def bitnet(fields: Fields) -> Architecture:
    """BitNet: a norm before each output map."""
    hidden, width = fields.count(HIDDEN), fields.count(WIDTH)
    model = _with_norm(decoder(fields), hidden)
    return replace(model, layers=tuple(replace(layer, norms=layer.norms + width) for layer in model.layers))


def _with_norm(model: Architecture, norm: int) -> Architecture:
    layers = []
    for layer in model.layers:
        mixers = tuple(replace(mixer, norm=norm) if isinstance(mixer, Attention) else mixer for mixer in layer.mixers)
        layers.append(replace(layer, mixers=mixers))
    return replace(model, layers=tuple(layers))


def stablelm(fields: Fields) -> Architecture:
    """StableLM: scales per head without shift, and one norm less where the blocks run in parallel."""
    count = fields.layers()
    heads, groups, width = fields.count(HEADS), kv_heads(fields), head_dim(fields)
    scales = (heads + groups) * width if fields.flag("qk_layernorm") else 0
    plain = replace(attention(fields), norm=scales)
    norms = norm(fields, 1 if fields.flag("use_parallel_residual") else 2)
    return assemble(fields, [Layer((plain,), (block,), norms) for block in blocks(fields, count)])


def laguna(fields: Fields) -> Architecture:
    """Laguna: query heads per layer, each with a gate of its own."""
    count = fields.layers()
    hidden, groups, width = fields.count(HIDDEN), fields.count(KV_HEADS), head_dim(fields)
    gating = fields.raw("gating")
    if gating not in (True, "per-head", "per_head"):
        raise fields.refuse("gating", "is not understood unless true or per-head")
    stated = fields.whole_items("num_attention_heads_per_layer", least=1)
    if stated is not None and len(stated) != count:
        raise fields.refuse("num_attention_heads_per_layer", f"has {len(stated)} entries for {count} layers")
    heads = stated or [fields.count(HEADS)] * count
    fields.skip(HEADS)
    bias = fields.switch(fields.family.qkv_bias)
    layers = [
        Layer(
            (
                Attention(
                    hidden,
                    own,
                    groups,
                    width,
                    reach=reach,
                    qkv_bias=bias,
                    output_bias=bias,
                    norm=2 * width,
                    extra=(Matrix(hidden, own),),
                ),
            ),
            (block,),
            norm(fields, 2),
        )
        for own, reach, block in zip(heads, reaches(fields, count), blocks(fields, count), strict=True)
    ]
    return assemble(fields, layers)


def hunyuan_moe(fields: Fields) -> Architecture:
    """Hunyuan: shared and routed experts, the counts stated once or per layer."""
    count = fields.layers()
    hidden, width = fields.count(HIDDEN), fields.count(WIDTH)
    total = fields.count("num_experts")
    used = _per_layer(fields, "moe_topk", count)
    widths = _per_layer(fields, "moe_intermediate_size", count, width)
    # transformers' class has one shared block as wide as the dense one, whatever the counts say
    shared = _per_layer(fields, "num_shared_expert", count, 1)
    plain = attention(fields)
    layers = []
    for own_used, own_width, own_shared in zip(used, widths, shared, strict=True):
        if own_width != width or own_shared != 1:
            raise fields.refuse("moe_intermediate_size", "with other shared experts than transformers builds is not understood")
        block = Experts(
            Matrix(hidden, total), FeedForward(hidden, own_width, copies=total, used=own_used), FeedForward(hidden, width)
        )
        layers.append(Layer((plain,), (block,), norm(fields, 2)))
    return assemble(fields, layers)


def _per_layer(fields: Fields, field: str, layers: int, default: int | None = None) -> list[int]:
    value = fields.raw(field)
    if isinstance(value, list):
        if len(value) != layers:
            raise fields.refuse(field, f"has {len(value)} entries for {layers} layers")
        return [fields.checked(field, item) for item in value]
    return [fields.count(field, default)] * layers


def llama4(fields: Fields) -> Architecture:
    """Llama 4: chunks in layers with rotary positions; experts in each so many layers, beside a shared one."""
    count = fields.layers()
    every = fields.count("interleave_moe_layer_step", 1)
    stated = fields.whole_items("moe_layers")
    sparse = set(stated) if stated is not None else set(range(every - 1, count, every))
    rope = fields.whole_items("no_rope_layers")
    interval = fields.count("no_rope_layer_interval", 4)
    if rope and len(rope) != count:
        raise fields.refuse("no_rope_layers", f"has {len(rope)} entries for {count} layers")
    rope = rope or [int((index + 1) % interval != 0) for index in range(count)]
    if fields.given("layer_types"):
        looks = reaches(fields, count)
    else:
        looks = [reach_of(fields, CHUNKED if rotary else FULL[0]) for rotary in rope]
        fields.skip("layer_types")
    mixture = fields.family.moe
    assert mixture is not None  # noqa: S101  the row has one
    with_experts = experts(fields, mixture)
    dense = feed_forward(fields, fields.count(mixture.dense_width))
    plain = attention(fields)
    layers = [
        Layer((replace(plain, reach=reach),), (with_experts if index in sparse else dense,), norm(fields, 2))
        for index, reach in enumerate(looks)
    ]
    return assemble(fields, layers)


def dbrx(fields: Fields) -> Architecture:
    """DBRX: attention and experts described in objects of their own."""
    count, hidden, heads = fields.layers(), fields.count(HIDDEN), fields.count(HEADS)
    attn = fields.within(fields.table("attn_config"), "attn_config")
    ffn = fields.within(fields.table("ffn_config"), "ffn_config")
    groups = attn.count("kv_n_heads", 1)
    if hidden % heads:
        raise fields.refuse(fields.name(HEADS), f"is {heads}, which does not divide d_model {hidden}")
    width = hidden // heads
    total, used = ffn.count("moe_num_experts", 4), ffn.count("moe_top_k", 1)
    block = Experts(Matrix(hidden, total), FeedForward(hidden, ffn.count("ffn_hidden_size", 3584), copies=total, used=used))
    attn.skip("clip_qkv", "attn_pdrop", "rope_theta")
    ffn.skip("ffn_act_fn", "moe_jitter_eps", "moe_loss_weight", "moe_normalize_expert_weights", HIDDEN)
    ffn.skip("uniform_expert_assignment")
    attn.finish()
    ffn.finish()
    fields.skip("attn_config", "ffn_config")
    mixer = Attention(hidden, heads, groups, width)
    return assemble(fields, [Layer((mixer,), (block,), norm(fields, 2))] * count)


def mimo_v2(fields: Fields) -> Architecture:
    """MiMo V2: layers with a window have KV heads of their own, and sinks; values are narrower than keys."""
    count = fields.layers()
    kinds = _mimo_kinds(fields, count)
    fields.skip("attention_chunk_size", "num_local_experts")
    size = fields.optional("sliding_window_size")
    size = fields.count(WINDOW, 129) if size is None else size + 1  # transformers counts the query too
    fields.skip(WINDOW)
    heads, groups, width = fields.count(HEADS), fields.count(KV_HEADS), fields.count("head_dim", 192)
    value = fields.count("v_head_dim", 128)
    for field, usual in (("swa_num_attention_heads", heads), ("swa_head_dim", width), ("swa_v_head_dim", value)):
        if fields.count(field, usual) != usual:
            raise fields.refuse(field, "differs from the full layers', which is not understood")
    bias = fields.switch(fields.family.qkv_bias)
    full = Attention(fields.count(HIDDEN), heads, groups, width, value, qkv_bias=bias)
    if fields.flag("add_full_attention_sink_bias"):
        raise fields.refuse("add_full_attention_sink_bias", "is true, which is not understood")
    sliding = replace(
        full,
        kv_heads=fields.count("swa_num_key_value_heads", 2 * groups),
        reach=Window(size),
        sinks=heads if fields.flag("add_swa_attention_sink_bias", True) else 0,
    )
    sparse = _mimo_sparse(fields, count)
    mixture = fields.family.moe
    assert mixture is not None  # noqa: S101  the row has one
    with_experts: Part = experts(fields, mixture)
    if fields.optional("n_shared_experts", least=0):
        raise fields.refuse("n_shared_experts", "is not understood unless null")
    dense: Part = feed_forward(fields)
    layers = [
        Layer((sliding if kind == SLIDING else full,), (with_experts if has else dense,), norm(fields, 2))
        for kind, has in zip(kinds, sparse, strict=True)
    ]
    return assemble(fields, layers)


def _mimo_kinds(fields: Fields, count: int) -> list[str]:
    pattern = fields.whole_items("hybrid_layer_pattern")
    stated = fields.per_layer("layer_types", count, ("full_attention", SLIDING))
    if pattern is not None and len(pattern) != count:
        raise fields.refuse("hybrid_layer_pattern", f"has {len(pattern)} entries for {count} layers")
    if stated:
        return stated
    full = [not one for one in pattern] if pattern is not None else [i == 0 or (i + 1) % 6 == 0 for i in range(count)]
    return ["full_attention" if is_full else SLIDING for is_full in full]


def _mimo_sparse(fields: Fields, count: int) -> list[bool]:
    stated = fields.per_layer("mlp_layer_types", count, ("dense", "sparse"))
    each = fields.whole_items("moe_layer_freq")
    if each is not None and len(each) != count:
        raise fields.refuse("moe_layer_freq", f"has {len(each)} entries for {count} layers")
    fields.skip("first_k_dense_replace")
    if stated:
        return [kind == "sparse" for kind in stated]
    return [bool(one) for one in each] if each is not None else [index > 0 for index in range(count)]


def nas(fields: Fields) -> Architecture:
    """DeciLM, found by search: each layer has attention, a linear map or nothing, and an MLP of a width of its own."""
    count = fields.layers()
    items = fields.items("block_configs")
    if items is None:
        raise fields.missing("block_configs")
    if len(items) != count:
        raise fields.refuse("block_configs", f"has {len(items)} entries for {count} layers")
    hidden, heads, width = fields.count(HIDDEN), fields.count(HEADS), head_dim(fields)
    bias, mlp_bias = fields.switch("attention_bias"), fields.switch("mlp_bias")
    fields.skip(KV_HEADS, WIDTH)
    layers = []
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            raise fields.refuse("block_configs", f"holds no object for layer {index}")
        where = fields.within(item, f"block_configs[{index}]")
        attn = where.within(where.table("attention"), "attention")
        ffn = where.within(where.table("ffn"), "ffn")
        mixers: tuple[Attention, ...] = ()
        parts: tuple[Part, ...] = ()
        if attn.flag("replace_with_linear") or ffn.flag("replace_with_linear"):
            raise where.refuse("replace_with_linear", "is true, which is not understood")
        if not attn.flag("no_op"):
            share = attn.count("n_heads_in_group")
            if heads % share:
                raise attn.refuse("n_heads_in_group", f"is {share}, which does not divide {heads} heads")
            size = attn.optional("window_length")
            mixers = (
                Attention(
                    hidden,
                    heads,
                    heads // share,
                    width,
                    reach=EVERYTHING if size is None else Window(size),
                    qkv_bias=bias,
                    output_bias=bias,
                ),
            )
        if not ffn.flag("no_op"):
            wide = int(2 * ffn.number("ffn_mult", 0) * hidden / 3) if ffn.given("ffn_mult") else ffn.count("intermediate_size")
            parts = (FeedForward(hidden, -(-wide // 256) * 256 if ffn.given("ffn_mult") else wide, bias=mlp_bias),)
        for field in ("num_sink_tokens", "sparsify"):
            for part in (attn, ffn):
                if part.raw(field) is not None:
                    raise part.refuse(field, "is not understood unless null")
        attn.skip("n_heads_in_group", "unshifted_sink", "use_prefill_window_in_sink_attention", "window_length")
        ffn.skip("ffn_mult", "intermediate_size", "hidden_act", "gated")
        where.skip("parallel_blocks")
        for part in (where, attn, ffn):
            part.finish()
        layers.append(Layer(mixers, parts, norm(fields, bool(mixers) + bool(parts))))
    return assemble(fields, layers)


def chatglm(fields: Fields) -> Architecture:
    """ChatGLM: few heads of keys and values where multi_query_attention says so."""
    count = fields.layers()
    groups = fields.count("multi_query_group_num") if fields.flag("multi_query_attention") else fields.count(HEADS)
    if fields.count(HEADS) % groups:
        raise fields.refuse("multi_query_group_num", f"is {groups}, which does not divide {fields.count(HEADS)} heads")
    mixer = replace(attention(fields), kv_heads=groups)
    layer = Layer((mixer,), (feed_forward(fields),), norm(fields, 2))
    return assemble(fields, [layer] * count)

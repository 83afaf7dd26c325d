"""Multi-head latent attention: DeepSeek, Kimi, GLM and their kin."""

from collections.abc import Sequence
from dataclasses import replace

from pycalc.architecture.families import HEADS, HIDDEN, WIDTH
from pycalc.architecture.fields import Fields
from pycalc.architecture.mixers import Indexer, LatentAttention, Recurrence
from pycalc.architecture.model import Architecture, Layer
from pycalc.architecture.parts import Experts, FeedForward, Matrix
from pycalc.architecture.reach import EVERYTHING, Reach, Selected, SelectedBlocks
from pycalc.architecture.readers.blocks import assemble, attention, blocks, experts, feed_forward, norm


def latent_attention(fields: Fields, reach: Reach = EVERYTHING) -> LatentAttention:
    """The attention that the fields describe."""
    return LatentAttention(
        fields.count(HIDDEN),
        fields.count(HEADS),
        fields.optional("q_lora_rank"),
        fields.count("kv_lora_rank"),
        fields.count("qk_nope_head_dim", least=0),
        fields.count("qk_rope_head_dim", least=0),
        fields.count("v_head_dim"),
        reach,
        fields.flag("attention_bias"),
    )


def latent(fields: Fields) -> Architecture:
    """DeepSeek V2 and V3: latent attention, a few dense layers, then experts."""
    plain = latent_attention(fields)
    return _stacked(fields, [plain] * fields.layers())


def _stacked(fields: Fields, mixers: Sequence[LatentAttention]) -> Architecture:
    parts = blocks(fields, len(mixers))
    norms = norm(fields, 2)
    return assemble(fields, [Layer((mixer,), (part,), norms) for mixer, part in zip(mixers, parts, strict=True)])


def latent_dense(fields: Fields) -> Architecture:
    """MiniCPM 3, Youtu: latent attention without experts."""
    layer = Layer((latent_attention(fields),), (feed_forward(fields),), norm(fields, 2))
    return assemble(fields, [layer] * fields.layers())


def latent_sparse(fields: Fields) -> Architecture:
    """DeepSeek V3.2, GLM 5: an indexer picks the tokens; a layer may reuse the choice of the one before."""
    count = fields.layers()
    rank = fields.optional("q_lora_rank")
    if rank is None:
        raise fields.missing("q_lora_rank")
    width = fields.count("index_head_dim")
    indexer = Indexer(fields.count(HIDDEN), rank, fields.count("index_n_heads"), width, norm=2 * width)
    without = latent_attention(fields, Selected(fields.count("index_topk")))
    full = replace(without, indexer=indexer)
    return _stacked(fields, [full if kind == "full" else without for kind in _indexers(fields, count)])


def _indexers(fields: Fields, count: int) -> list[str]:
    """Which layers run the indexer: stated, by a pattern, or each so many after an offset."""
    stated = fields.per_layer("indexer_types", count, ("full", "shared"))
    every = fields.count("index_topk_freq", 1, least=0) or 1
    offset = fields.count("index_skip_topk_offset", 2, least=0)
    pattern = fields.raw("index_topk_pattern")
    if stated:
        return stated
    if pattern is None:
        return ["full" if max(index - offset + 1, 0) % every == 0 else "shared" for index in range(count)]
    if not isinstance(pattern, str) or len(pattern) != count or not set(pattern) <= {"F", "S"}:
        raise fields.refuse("index_topk_pattern", "is no text with F or S for each layer")
    return ["full" if letter == "F" else "shared" for letter in pattern]


def minimax_m3(fields: Fields) -> Architecture:
    """MiniMax M3: an indexer per group of heads picks blocks of keys; grouped attention, not latent."""
    count, hidden = fields.layers(), fields.count(HIDDEN)
    own = fields.within(fields.raw("sparse_attention_config"), "sparse_attention_config")
    heads = own.count("sparse_num_index_heads", fields.count("index_n_heads"))
    width = own.count("sparse_index_dim", fields.count("index_head_dim"))
    size = own.count("sparse_block_size", fields.count("index_block_size"))
    best = own.count("sparse_topk_blocks", fields.count("index_topk_blocks"))
    each = own.whole_items("sparse_attention_freq")
    sparse = [bool(one) for one in each] if each is not None else [False] * count
    own.skip(
        "sparse_disable_index_value", "sparse_init_block", "sparse_local_block", "sparse_score_type", "use_sparse_attention"
    )
    own.finish()
    stated = fields.per_layer("layer_types", count, ("full_attention", "minimax_m3_sparse"))
    sparse = [kind == "minimax_m3_sparse" for kind in stated] if stated else sparse
    kinds = fields.per_layer("mlp_layer_types", count, ("dense", "sparse"))
    frequency = fields.whole_items("moe_layer_freq") if isinstance(fields.raw("moe_layer_freq"), list) else None
    mixed = [kind == "sparse" for kind in kinds] if kinds else [bool(one) for one in frequency or [1] * count]
    if len(sparse) != count or len(mixed) != count:
        raise fields.refuse("moe_layer_freq", f"or sparse_attention_freq has no entry for each of {count} layers")
    fields.skip("first_k_dense_replace")
    mixture = fields.family.moe
    assert mixture is not None  # noqa: S101  the row has one
    with_experts, dense = experts(fields, mixture), feed_forward(fields, fields.count(mixture.dense_width))
    for field in ("moe_intermediate_size", "shared_intermediate_size"):
        if fields.count(field, with_experts.routed.width) != with_experts.routed.width:
            raise fields.refuse(field, "differs from intermediate_size, which is not understood")
    full = attention(fields)
    indexer = Indexer(hidden, hidden, heads, width, norm=2 * width, weighted=False)
    picked = replace(full, reach=SelectedBlocks(best, size), indexer=indexer)
    layers = [
        Layer((picked if few else full,), (with_experts if many else dense,), norm(fields, 2))
        for few, many in zip(sparse, mixed, strict=True)
    ]
    return assemble(fields, layers)


def longcat(fields: Fields) -> Architecture:
    """LongCat Flash: two latent attentions and two dense blocks a layer, experts beside them.

    Of the chosen experts some are none at all; a token uses fewer than moe_topk, how many is not
    fixed, so all that it chooses are counted as real.
    """
    hidden = fields.count(HIDDEN)
    total, nothing, used = (
        fields.count("n_routed_experts"),
        fields.count("zero_expert_num", 0, least=0),
        fields.count("moe_topk"),
    )
    width = fields.count("expert_ffn_hidden_size")
    mixer, dense = latent_attention(fields), feed_forward(fields, fields.count(WIDTH))
    sparse = Experts(Matrix(hidden, total + nothing), FeedForward(hidden, width, copies=total, used=used))
    fields.notes.append("the experts that do nothing are counted as if each chosen expert were a real one")
    layer = Layer((mixer, mixer), (dense, dense, sparse), norm(fields, 4))
    return assemble(fields, [layer] * fields.layers())


def kimi_linear(fields: Fields) -> Architecture:
    """Kimi Linear: delta attention with a gate per channel in most layers, latent attention in the rest."""
    count = fields.layers()
    hidden = fields.count(HIDDEN)
    own = fields.within(fields.raw("linear_attn_config"), "linear_attn_config")
    heads = own.count("num_heads", fields.count("linear_num_heads", 32))
    width = own.count("head_dim", fields.count("linear_head_dim", 128))
    kernel = own.count("short_conv_kernel_size", fields.count("linear_conv_kernel_dim", 4))
    full = set(own.whole_items("full_attn_layers", least=1) or ())
    linear = set(own.whole_items("kda_layers", least=1) or ())
    own.finish()
    kinds = fields.per_layer("layer_types", count, ("linear_attention", "full_attention"))
    if kinds and not full | linear:
        full = {index for index, kind in enumerate(kinds, start=1) if kind == "full_attention"}
    elif full | linear != set(range(1, count + 1)) or full & linear:
        raise own.refuse("full_attn_layers", f"and kda_layers do not share {count} layers out")
    delta, plain = delta_attention(hidden, heads, width, kernel), latent_attention(fields)
    parts = blocks(fields, count)
    layers = [
        Layer((plain if index in full else delta,), (part,), norm(fields, 2)) for index, part in enumerate(parts, start=1)
    ]
    return assemble(fields, layers)


def delta_attention(hidden: int, heads: int, width: int, kernel: int) -> Recurrence:
    """The gated delta rule with a decay per channel; decay and output gate pass through a low rank."""
    inner = heads * width
    low = (Matrix(hidden, width), Matrix(width, inner))
    return Recurrence(
        (*[Matrix(hidden, inner)] * 3, *low, Matrix(hidden, heads), *low, Matrix(inner, hidden)),
        extra=inner + heads + width,
        conv_channels=3 * inner,
        conv_kernel=kernel,
        state=heads * width * width,
        per_state=7,
    )

"""Reading what most families share: attention, feed-forward blocks, experts, embeddings and head."""

from collections.abc import Sequence
from dataclasses import replace

from pycalc.architecture.families import HEAD_DIM, HEADS, HIDDEN, KV_HEADS, TIED, VOCABULARY, WIDTH, Mixture
from pycalc.architecture.fields import Fields
from pycalc.architecture.mixers import Attention
from pycalc.architecture.model import Architecture, Layer
from pycalc.architecture.parts import Experts, FeedForward, Loose, Matrix, Part, Table
from pycalc.architecture.reach import EVERYTHING, Reach
from pycalc.architecture.readers.sparsity import SPARSE
from pycalc.architecture.readers.windows import reaches

DTYPE_BITS = {"bfloat16": 16, "float16": 16, "half": 16, "float32": 32, "float": 32, "float64": 64}


def head_dim(fields: Fields) -> int:
    """The width of a head, stated or the model's width shared among the heads."""
    stated = fields.optional(HEAD_DIM)
    if stated is not None:
        return stated
    heads, hidden = fields.count(HEADS), fields.count(HIDDEN)
    if hidden % heads:
        raise fields.refuse(fields.name(HEADS), f"is {heads}, which does not divide {fields.name(HIDDEN)} {hidden}")
    return hidden // heads


def kv_heads(fields: Fields) -> int:
    """Heads of keys and values: as many as queries have, where nothing is said."""
    heads = fields.count(HEADS)
    groups = fields.count(KV_HEADS, heads)
    if heads % groups:
        raise fields.refuse(fields.name(KV_HEADS), f"is {groups}, which does not divide {fields.name(HEADS)} {heads}")
    return groups


def attention(fields: Fields, reach: Reach = EVERYTHING) -> Attention:
    """Attention as the family's row describes it."""
    family = fields.family
    heads, groups, width, hidden = fields.count(HEADS), kv_heads(fields), head_dim(fields), fields.count(HIDDEN)
    normed = {
        "": 0,
        "head": 2 * width,
        "heads": (heads + groups) * width,
        "full": (heads + groups) * width,
        "width": 2 * hidden,
    }[family.qk_norm]
    gates = {"": 0, "full": heads * width, "heads": heads}[family.output_gate]
    return Attention(
        hidden,
        heads,
        groups,
        width,
        reach=reach,
        qkv_bias=fields.switch(family.qkv_bias),
        output_bias=fields.switch(family.output_bias),
        norm=normed * family.qk_norm_vectors if fields.switch(family.qk_norm_if) else 0,
        sinks=heads if family.sinks else 0,
        extra=(Matrix(hidden, gates),) if gates else (),
    )


def feed_forward(fields: Fields, width: int | None = None) -> FeedForward:
    """A dense block as the family's row describes it."""
    family = fields.family
    return FeedForward(
        fields.count(HIDDEN),
        fields.count(WIDTH) if width is None else width,
        family.gated,
        fields.switch(family.mlp_bias),
        family.mlp_extra,
    )


def experts(fields: Fields, mixture: Mixture) -> Experts:
    """A block of experts as the family's row describes it."""
    hidden = fields.count(HIDDEN)
    total = fields.count(mixture.experts)
    used = fields.count(mixture.top_k)
    if used > total:
        raise fields.refuse(fields.name(mixture.top_k), f"is {used}, more than the {total} experts")
    width = fields.count(mixture.width)
    bias = fields.switch(fields.family.mlp_bias)
    routed = FeedForward(hidden, width, fields.family.gated, mixture.expert_bias, copies=total, used=used)
    shared_width = fields.count(mixture.shared_width, 0, least=0) if mixture.shared_width else 0
    if mixture.shared:
        shared_width = width * fields.count(mixture.shared, 0, least=0)
    return Experts(
        Matrix(hidden, total, mixture.router_bias),
        routed,
        FeedForward(hidden, shared_width, fields.family.gated, bias) if shared_width else None,
        shared_gate=mixture.shared_gate and shared_width > 0,
        correction=total if mixture.correction else 0,
    )


def blocks(fields: Fields, layers: int) -> list[Part]:
    """The feed-forward block of each layer."""
    mixture = fields.family.moe
    sparse = SPARSE[mixture.sparse](fields, layers) if mixture else [False] * layers
    with_experts = experts(fields, mixture) if mixture and any(sparse) else None
    dense = None if all(sparse) else feed_forward(fields, fields.count(mixture.dense_width) if mixture else None)
    fields.skip(WIDTH)
    chosen: list[Part] = []
    for is_sparse in sparse:
        block = with_experts if is_sparse else dense
        assert block is not None  # noqa: S101  each kind that occurs was read
        chosen.append(block)
    return chosen


def norm(fields: Fields, count: int = 1) -> int:
    """Parameters of so many norms over the model's width."""
    return count * fields.family.norm_vectors * fields.count(HIDDEN)


def assemble(fields: Fields, layers: Sequence[Layer], *around: Part) -> Architecture:
    """The model around its layers."""
    family = fields.family
    hidden = fields.count(HIDDEN)
    vocabulary = fields.count(VOCABULARY)
    ends = norm(fields, family.final_norm + family.embedding_norm)
    positions = [Table(fields.count(family.positions) + family.position_offset, hidden)] if family.positions else []
    tied = fields.flag(TIED)
    head = Matrix(hidden, vocabulary, fields.switch(family.head_bias))
    if tied and head.bias:
        around = (*around, Loose(extra=vocabulary))
    return Architecture(
        fields.model_type,
        Table(vocabulary, hidden),
        tuple(layers),
        head,
        tied,
        tuple(part for part in (Loose(extra=ends), *positions, *around) if part != Loose()),
        state_bits=_dtype_bits(fields),
        notes=tuple(fields.notes),
    )


def _dtype_bits(fields: Fields) -> int:
    stated = fields.text("dtype") or fields.text("torch_dtype")
    return DTYPE_BITS.get((stated or "").removeprefix("torch."), 16)


def decoder(fields: Fields) -> Architecture:
    """Most models: attention and a feed-forward block in each layer."""
    count = fields.layers()
    per_layer = zip(reaches(fields, count), blocks(fields, count), strict=True)
    plain = attention(fields)
    norms = norm(fields, fields.family.norms)
    return assemble(fields, [Layer((replace(plain, reach=reach),), (block,), norms) for reach, block in per_layer])

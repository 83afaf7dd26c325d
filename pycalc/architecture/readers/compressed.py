"""DeepSeek V4: a window, compressed entries beyond it, several streams of the hidden state, experts in every layer."""

from pycalc.architecture.compressed import CompressedAttention, Compressor, Entries
from pycalc.architecture.families import HEADS, HIDDEN, WINDOW
from pycalc.architecture.fields import Fields
from pycalc.architecture.model import Architecture, Layer
from pycalc.architecture.parts import Loose, Matrix
from pycalc.architecture.reach import Window
from pycalc.architecture.readers.blocks import assemble, experts, norm

SLIDING = "sliding_attention"
SPARSE = "compressed_sparse_attention"
HEAVY = "heavily_compressed_attention"
KINDS = {0: SLIDING, 4: SPARSE, 128: HEAVY}


def deepseek_v4(fields: Fields) -> Architecture:
    """The layers' kinds stand in layer_types, or as rates of compression in compress_ratios."""
    count, hidden = fields.layers(), fields.count(HIDDEN)
    rates = fields.raw("compress_rates") or {SPARSE: 4, HEAVY: 128}
    if rates != {SPARSE: 4, HEAVY: 128}:
        raise fields.refuse("compress_rates", "is not understood unless 4 and 128")
    kinds = _kinds(fields, count)
    built = {kind: _attention(fields, kind) for kind in sorted(set(kinds))}
    mixture = fields.family.moe
    assert mixture is not None  # noqa: S101  the row has one
    block = experts(fields, mixture)
    streams = fields.count("hc_mult")
    mixing = Matrix(streams * hidden, (2 + streams) * streams)
    around = Loose((mixing, mixing), 2 * (mixing.outputs + 3))
    fields.skip("mlp_layer_types", "num_hash_layers", "head_dim", WINDOW)
    layers = [Layer((built[kind],), (block, around), norm(fields, 2)) for kind in kinds]
    return assemble(fields, layers, Loose((Matrix(streams * hidden, streams),), streams + 1))


def _kinds(fields: Fields, count: int) -> list[str]:
    """Entries beyond the layers belong to multi-token prediction."""
    ratios = fields.whole_items("compress_ratios")
    stated = fields.items("layer_types")
    kinds = stated if stated is not None else [KINDS.get(ratio) for ratio in ratios] if ratios is not None else None
    if kinds is None:
        raise fields.missing("compress_ratios")
    if len(kinds) < count or any(kind not in KINDS.values() for kind in kinds[:count]):
        raise fields.refuse("compress_ratios", f"or layer_types has no entry that is understood for each of {count} layers")
    return list(kinds[:count])


def _attention(fields: Fields, kind: str) -> CompressedAttention:
    hidden, heads, width = fields.count(HIDDEN), fields.count(HEADS), fields.count("head_dim")
    groups = fields.count("o_groups")
    if heads % groups:
        raise fields.refuse("o_groups", f"is {groups}, which does not divide {heads} heads")
    index_heads, index_width, best = (fields.count(name) for name in ("index_n_heads", "index_head_dim", "index_topk"))
    sparse = kind == SPARSE
    rate = next(rate for rate, name in KINDS.items() if name == kind)
    return CompressedAttention(
        hidden,
        heads,
        width,
        fields.count("q_lora_rank"),
        groups,
        fields.count("o_lora_rank"),
        Window(fields.count(WINDOW)),
        Entries(rate, best if sparse else None) if rate else None,
        Compressor(hidden, width, rate, 2 if sparse else 1) if rate else None,
        index_heads if sparse else 0,
        Compressor(hidden, index_width, rate, 2) if sparse else None,
    )

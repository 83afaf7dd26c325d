"""What the reader may change, with bounds and sources: [A x.y] is the article's section, [N] our assumption."""

from dataclasses import replace
from typing import Any

from pycalc import quantities as q
from workbook_templates import shared
from workbook_templates import units as u
from workbook_templates.pickers import chip_picker
from workbook_templates.spec import CaseInput, Cases, Choice, Input, Unit, article, ours, section

CHIPS = chip_picker(("memory", "bandwidth", "peak", "rent"))
DESIGNS = Cases("designs", "Design", ("MHA", "GQA", "MQA", "MLA", "Sliding", "Hybrid", "MoE", "SSM"), "Designs")

DESIGN = Choice(
    "design",
    "Design",
    ("Hybrid", "Hybrid", "Hybrid"),
    DESIGNS.values,
    article("5.3", "6 of 16 layers attend; the designs are on the sheet Inputs_Designs"),
)
CONTEXT = Input(
    "context",
    "Context",
    q.ContextTokens,
    u.TOKENS,
    (32768, 8192, 131072),
    (128, 4_000_000),
    article("5.3", "32K; Bear: 128K; Bull: 8K [N]"),
)

PICK = section("Design and context", DESIGN, CONTEXT)


def _common(name: str, label: str, kind: Any, unit: Unit, value: float, bounds: tuple[float, float], source: str) -> Input:
    return Input(name, label, kind, unit, (value, value, value), bounds, source)


MODEL = section(
    "What all designs share",
    _common("model_dim", "Model dimension", q.ModelDim, u.DIMENSIONS, 2048, (64, 65_536), article("1.1", "Llama 3.2 1B")),
    _common("heads", "Query heads", q.Heads, u.HEADS, 32, (1, 256), article("1.8", "Llama 3.2: 32 query heads")),
    _common("head_dim", "Head dimension", q.HeadDim, u.DIMENSIONS, 64, (16, 1024), article("5.3", "d_k = 64")),
    _common(
        "vocabulary",
        "Vocabulary",
        q.Vocabulary,
        u.TOKENS,
        128256,
        (0, 1_000_000),
        ours("Llama 3.2; embedding and head are one"),
    ),
    replace(shared.WEIGHT_BITS, source=article("5.3", "INT4, scales left out; Bear: INT8 [N]")),
    Input(
        "kv_value_bytes",
        "Bytes per cached value",
        q.BytesPerValue,
        u.BYTES_PER_VALUE,
        (1, 1, 2),
        (0.25, 4),
        article("5.3", "INT8; Bear: FP16 [N]"),
    ),
    _common(
        "state_value_bytes",
        "Bytes per value of a state",
        q.BytesPerValue,
        u.BYTES_PER_VALUE,
        2,
        (0.25, 8),
        ours("FP16: errors of a recurrence add up (article 8)"),
    ),
    _common(
        "latent_dim",
        "Latent dimension",
        q.LatentDim,
        u.DIMENSIONS,
        512,
        (1, 65_536),
        ours("of MLA: DeepSeek-V2 and V3 keep 512"),
    ),
    _common(
        "rope_dim", "with position", q.RopeDim, u.DIMENSIONS, 64, (0, 4096), ours("of MLA: DeepSeek-V2 and V3 keep 64 more")
    ),
    _common(
        "window_tokens",
        "Sliding window",
        q.WindowTokens,
        u.TOKENS,
        4096,
        (16, 1_000_000),
        ours("Mistral 7B's; Gemma 3 slides over 1,024 or less"),
    ),
)

CLOUD = section(
    "In the cloud",
    CHIPS.choice,
    shared.RENT_LEVEL,
    shared.OVERHEAD,
    shared.ACHIEVED_BANDWIDTH,
    shared.ACHIEVED_COMPUTE,
    Input(
        "batch_limit",
        "Sequences at once, at most",
        q.Batch,
        u.SEQUENCES,
        (256, 512, 128),
        (1, 4096),
        ours("an engine's limit, where memory would hold more"),
    ),
    Input(
        "utilisation",
        "Utilisation",
        q.Utilisation,
        u.WHOLE_SHARE,
        (0.3, 0.6, 0.1),
        (0.01, 1),
        article("6.2", "30% for variable traffic, 10% as the low case; Bull [N]"),
    ),
)

PHONE = section(
    "On the phone",
    Input(
        "phone_memory_gb",
        "Memory for AI",
        q.Bytes,
        u.GB,
        (3.5, 4, 3),
        (0.1, 64),
        article("8", "3-4 GB available for AI on a phone"),
    ),
    _common("phone_gb_s", "Bandwidth", q.Bandwidth, u.GB_PER_S, 51, (1, 1000), article("4.1", "Snapdragon 8 Elite")),
    _common("phone_gflops", "Compute", q.PeakFlops, u.GFLOPS, 50, (1, 100_000), article("4.1", "Snapdragon 8 Elite CPU")),
    break_before=True,
)


def _weight(demand: str, label: str, value: float, why: str) -> Input:
    return _common(f"demand_{demand}", label, q.Fraction, u.WHOLE_SHARE, value, (0, 1), ours(why))


DEMANDS = section(
    "Weights of the six demands (article 8)",
    _weight("quadratic", "Quadratic term", 0.2, "together 100%; the article ranks none"),
    _weight("cache", "Cache", 0.2, "computed: bytes at the context against MHA"),
    _weight("bytes", "Bytes per step", 0.2, "computed: weights and cache of one stream against MHA"),
    _weight("kernels", "Kernels at hand", 0.1, "typed per operator on Inputs_Designs, averaged over the layers"),
    _weight("quantisation", "Quantisation", 0.1, "typed per operator on Inputs_Designs, averaged over the layers"),
    _weight("quality", "Quality at 1-3B", 0.2, "typed per design; nothing where model and cache do not fit on the phone"),
    _common(
        "quality_span",
        "Quality that counts in full",
        q.Fraction,
        u.WHOLE_SHARE,
        0.05,
        (0.001, 1),
        ours("5% above MHA scores all, 5% below nothing, the same half"),
    ),
    _common(
        "moved",
        "Change that counts as one",
        q.Fraction,
        u.WHOLE_SHARE,
        0.1,
        (0.001, 1),
        ours("of cache or weight bytes against MHA, for fewer, same, more"),
    ),
)

LAYERS = section(
    "Layers of each kind",
    CaseInput(
        "d_full",
        "Attend to all",
        q.CacheLayers,
        u.LAYERS,
        (16, 16, 16, 0, 3, 6, 16, 0),
        (0, 512),
        article("5.3", "16 layers; 6 of 16 in the hybrid; sliding: 1 in 6 global, rounded [N]"),
    ),
    CaseInput(
        "d_latent",
        "Latent attention",
        q.CacheLayers,
        u.LAYERS,
        (0, 0, 0, 16, 0, 0, 0, 0),
        (0, 512),
        ours("MLA: one latent vector per token for all heads"),
    ),
    CaseInput(
        "d_window",
        "Sliding window",
        q.WindowLayers,
        u.LAYERS,
        (0, 0, 0, 0, 13, 0, 0, 0),
        (0, 512),
        ours("five sliding layers to a global one, as in Gemma 3"),
    ),
    CaseInput(
        "d_other",
        "Convolution or recurrence",
        q.StateLayers,
        u.LAYERS,
        (0, 0, 0, 0, 0, 10, 0, 16),
        (0, 512),
        article("5.3", "the hybrid's other 10; SSM: all, as in Mamba-2 [N]"),
    ),
    over=DESIGNS,
)

PARTS = section(
    "Their parts",
    CaseInput(
        "d_kv",
        "Key-value heads",
        q.KvHeads,
        u.HEADS,
        (32, 8, 1, 8, 8, 8, 8, 8),
        (1, 256),
        article("1.8", "32 query heads share 8; MQA: all share 1; not used where no layer attends"),
    ),
    CaseInput(
        "d_state_heads",
        "Heads of a state",
        q.KvHeads,
        u.HEADS,
        (32, 32, 32, 32, 32, 32, 32, 64),
        (1, 4096),
        ours("heads x width = channels: d in a convolution, 2d in Mamba-2"),
    ),
    CaseInput(
        "d_state_width",
        "Width of such a head",
        q.HeadDim,
        u.DIMENSIONS,
        (64, 64, 64, 64, 64, 64, 64, 64),
        (1, 4096),
        ours("Mamba-2: 64"),
    ),
    CaseInput(
        "d_state",
        "State per channel",
        q.StateDim,
        u.VALUES,
        (3, 3, 3, 3, 3, 3, 3, 128),
        (1, 4096),
        ours("convolution: the 3 taps that LFM2 keeps; Mamba-2: 128"),
    ),
    CaseInput(
        "d_conv",
        "Convolution beside a recurrence",
        q.ConvElements,
        u.VALUES,
        (0, 0, 0, 0, 0, 0, 0, 13056),
        (0, 10_000_000),
        ours("Mamba-2: 3 past values of 2d + 2N channels"),
    ),
    CaseInput(
        "d_mixer",
        "Parameters of such a layer's operator",
        q.Ratio,
        u.SQUARES,
        (4, 4, 4, 4, 4, 4, 4, 6),
        (0, 100),
        ours("in squares of d: LFM2's convolution 4, Mamba-2 about 6"),
    ),
    CaseInput(
        "d_experts",
        "Experts of a layer",
        q.Experts,
        u.EXPERTS,
        (1, 1, 1, 1, 1, 1, 32, 1),
        (1, 1024),
        article("2.6", "32 experts; 1 where the MLP is dense"),
    ),
    CaseInput(
        "d_active",
        "Experts of a token",
        q.ActiveExperts,
        u.EXPERTS,
        (1, 1, 1, 1, 1, 1, 4, 1),
        (1, 1024),
        article("2.6", "top-4 routing"),
    ),
    CaseInput(
        "d_ffn",
        "Inner dimension of an MLP or expert",
        q.FfnDim,
        u.DIMENSIONS,
        (8192, 8192, 8192, 8192, 8192, 8192, 2048, 8192),
        (1, 1_000_000),
        ours("Llama 3.2 1B; an expert is a quarter, so that four compute as the dense MLP"),
    ),
    over=DESIGNS,
)

JUDGED = section(
    "What no formula gives",
    CaseInput(
        "d_kernel",
        "Kernels of attention and MLP",
        q.Fraction,
        u.WHOLE_SHARE,
        (1, 1, 1, 0.5, 1, 1, 0.5, 1),
        (0, 1),
        article("8", "standard attention is optimised; latent attention and routing in part [N]"),
    ),
    CaseInput(
        "d_kernel_other",
        "Kernels of the other operator",
        q.Fraction,
        u.WHOLE_SHARE,
        (1, 1, 1, 1, 1, 1, 1, 0),
        (0, 1),
        article("8", "short convolutions are optimised, custom scans fall back"),
    ),
    CaseInput(
        "d_quant",
        "INT4 in attention and MLP",
        q.Fraction,
        u.WHOLE_SHARE,
        (1, 1, 1, 1, 1, 1, 1, 1),
        (0, 1),
        article("8", "linear layers have stable ranges"),
    ),
    CaseInput(
        "d_quant_other",
        "INT4 in the other operator",
        q.Fraction,
        u.WHOLE_SHARE,
        (1, 1, 1, 1, 1, 1, 1, 0.5),
        (0, 1),
        article("8", "convolutions are stable, recurrences can amplify errors (a half [N])"),
    ),
    CaseInput(
        "d_quality",
        "Quality against MHA, same active size",
        q.Ratio,
        u.FINE_EVEN,
        (1, 0.998, 0.987, 1.01, 1, 1.03, 1.04, 0.98),
        (0, 2),
        ours("after Ainslie 2023, DeepSeek-V2, Waleffe 2024, none at 1-3B: measure yours"),
    ),
    over=DESIGNS,
)

INPUTS = (PICK, MODEL, CLOUD, PHONE, DEMANDS, CHIPS.own, LAYERS, PARTS, JUDGED)

"""Tensors as files list them, and those of the text model held against its architecture.

What is a part of the text model is told by the names that published checkpoints use.  A name that
is judged wrongly cannot pass: the parameters must add up to the architecture's to the last one.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from pycalc.architecture.document import NAME_ROOM, ConfigError
from pycalc.architecture.model import Architecture, Stored
from pycalc.errors import shorten

OTHER_TOWERS = frozenset(
    """
    visual vision vision_tower vision_model vision_encoder vision_embed_tokens vision_language_adapter patch_merger
    vision_projection multi_modal_projector mm_projector img_processor img_projection image_newline mlp1 aligner connector
    audio_tower audio_encoder embed_vision embed_audio audio talker token2wav code2wav
    """.split()
)
PREDICTION = frozenset("mtp mtp_layers mtp_block mtp_head nextn".split())
HEADS = ("lm_head.weight", "embed_out.weight", "output_layer.weight", "output.weight")
LAYER = re.compile(r"(?:^|\.)(?:layers|h|blocks|blk)\.(\d{1,6})\.")

BUFFER = re.compile(r"(?:^|[._])(?:inv_freq|masked_bias|rope_freqs\.weight|rope_factors_(?:long|short)\.weight)$")
MASK = re.compile(r"\.(?:attn|attention)\.bias$")
CORRECTION = re.compile(r"(?:e_score_correction_bias|\.expert_bias|exp_probs_b\.bias|exp_probs_b)$")
"""Offsets of a router's scores: trained parameters in some families, buffers in others."""
SCALE = re.compile(
    r"""(?:^|[._])(?:
        scales|scale_inv|biases|qzeros|g_idx|absmax|quant_map|nested_absmax|nested_quant_map|SCB|weight_format
      | (?:weight|input|output|k|v|q)_(?:global_)?scale(?:_2)?|weight_(?:zero_point|shape|g_idx)
      | quant_state\.bitsandbytes__\w+
    )$""",
    re.VERBOSE,
)
"""What stands beside quantised values: bytes of the model, none of its parameters."""

PLAIN = frozenset(("F64", "F32", "F16", "BF16", "F8_E5M2", "F8_E4M3", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "F4", "I8"))
PAIRS = re.compile(r"(?:_blocks|\.weight_packed|\.weight)$")
"""Two values of 4 bits in a byte: MXFP4, NVFP4, bitsandbytes."""
WORDS = re.compile(r"\.(?:qweight|weight_packed|weight)$")
"""As many values as fit, in a word of 32 bits: GPTQ, AWQ, compressed-tensors, MLX."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor: its name, its type as the file calls it, its shape and its bytes."""

    name: str
    kind: str
    shape: tuple[int, ...]
    bytes: int

    @property
    def numbers(self) -> int:
        return prod(self.shape)


def holding(
    architecture: Architecture, tensors: Iterable[Tensor], files: int, where: str, parameters: Callable[[Tensor], int]
) -> Architecture:
    """The architecture with what is stored of it, refused where the parameters are not the same.

    ``parameters`` says how many a tensor holds.
    """
    values = correction = size = count = left_out = 0
    for tensor in tensors:
        if _elsewhere(tensor, architecture):
            left_out += 1
            continue
        count += 1
        size += tensor.bytes
        if CORRECTION.search(tensor.name):
            correction += tensor.numbers
        else:
            values += parameters(tensor)
    described = architecture.parameters().total
    if described not in (values, values + correction):
        raise ConfigError(
            f"{where}: the tensors of the text model hold {values + correction:,} parameters, "
            f"the architecture {described:,}; neither is shown"
        )
    stored = Stored(described, size, count, left_out, files)
    return replace(architecture, stored=stored, notes=(*architecture.notes, str(stored)))


def _elsewhere(tensor: Tensor, architecture: Architecture) -> bool:
    """Whether the tensor is no part of the text model, or one that is computed or stored twice."""
    name = tensor.name
    if not (OTHER_TOWERS | PREDICTION).isdisjoint(name.split(".")) or BUFFER.search(name):
        return True
    if MASK.search(name) and len(tensor.shape) == 4:
        return True
    layer = LAYER.search(name)
    if layer and int(layer[1]) >= len(architecture.layers):
        return True
    return architecture.tied and (name in HEADS or name.endswith(tuple(f".{head}" for head in HEADS[:3])))


def parameters_in(tensor: Tensor, packed: int | None, where: str) -> int:
    """How many parameters a tensor of a .safetensors file holds; ``packed`` is the width of values in words of 32 bits."""
    if SCALE.search(tensor.name) or tensor.kind == "F8_E8M0":
        return 0
    if tensor.kind in PLAIN:
        return tensor.numbers
    if tensor.kind == "U8" and PAIRS.search(tensor.name):
        return 2 * tensor.numbers
    if tensor.kind in ("I32", "U32") and WORDS.search(tensor.name) and packed and 32 * tensor.numbers % packed == 0:
        return 32 * tensor.numbers // packed
    raise ConfigError(
        f"{where}: what the tensor {shorten(ascii(tensor.name)[1:-1], NAME_ROOM)} of type {tensor.kind} holds is not understood"
    )


def packed_width(document: Mapping[str, Any]) -> int | None:
    """The width of packed values that a config.json states, the same for all of them.

    >>> packed_width({"quantization_config": {"quant_method": "gptq", "bits": 4}})
    4
    """
    stated = document.get("quantization_config") or document.get("quantization")
    if not isinstance(stated, Mapping):
        text = document.get("text_config")
        return packed_width(text) if isinstance(text, Mapping) else None
    groups = stated.get("config_groups")
    if isinstance(groups, Mapping):
        weights = [group.get("weights") for group in groups.values() if isinstance(group, Mapping)]
        widths = [one.get("num_bits") for one in weights if isinstance(one, Mapping)]
    else:
        widths = [stated.get("bits")]
    known = {width for width in widths if type(width) is int and 0 < width <= 32}
    return known.pop() if len(known) == 1 and all(width in known for width in widths) else None

"""In which width a model's own files hold its weights, as its config.json says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MXFP4_BITS = 4.25
"""Four bits and an eight-bit scale for 32 (OCP Microscaling 1.0)."""
NVFP4_BITS = 4.5
"""Four bits and an eight-bit scale for 16."""
SCALE_BITS = 16


@dataclass(frozen=True, slots=True)
class Native:
    """The scheme by name, bits per narrowed weight with scales, and whether experts alone are narrowed.

    ``bits`` is None where the scheme is not understood: nobody may guess it then.
    """

    method: str
    bits: float | None
    experts_only: bool = False


def native_width(document: Mapping[str, Any]) -> Native | None:
    """What `quantization_config` says, of the model or of its text part; None where there is none.

    >>> native_width({"quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 128}}).bits
    4.15625
    """
    stated = document.get("quantization_config")
    if not isinstance(stated, Mapping):
        inner = document.get("text_config")
        stated = inner.get("quantization_config") if isinstance(inner, Mapping) else None
    if not isinstance(stated, Mapping) or not stated:
        return None
    method = stated.get("quant_method") or stated.get("quant_algo")
    name = method.lower() if isinstance(method, str) else "unnamed"
    return Native(name, _bits(name, stated), _spares_attention(stated))


def _bits(method: str, stated: Mapping[str, Any]) -> float | None:
    if method in ("fp8", "fbgemm_fp8"):
        return 8
    if method == "mxfp4":
        return MXFP4_BITS
    if method in ("gptq", "awq"):
        return _grouped(stated.get("bits"), stated.get("group_size"), zero_points=True)
    if method == "modelopt" and "NVFP4" in str(stated.get("quant_algo")):
        return NVFP4_BITS
    if method == "compressed-tensors":
        return _compressed(stated)
    return None


def _compressed(stated: Mapping[str, Any]) -> float | None:
    """One group of a compressed-tensors checkpoint; several widths in one model are not understood."""
    groups = stated.get("config_groups")
    weights = [group.get("weights") for group in groups.values()] if isinstance(groups, Mapping) else []
    if len(weights) != 1 or not isinstance(weights[0], Mapping):
        return None
    if "mxfp4" in str(stated.get("format")):
        return MXFP4_BITS
    if "nvfp4" in str(stated.get("format")):
        return NVFP4_BITS
    if weights[0].get("strategy") in ("channel", "tensor"):
        bits = weights[0].get("num_bits")
        return bits if isinstance(bits, int) else None
    return _grouped(weights[0].get("num_bits"), weights[0].get("group_size"), zero_points=not weights[0].get("symmetric", True))


def _grouped(bits: Any, group: Any, zero_points: bool) -> float | None:
    """Bits, a 16-bit scale and perhaps a zero point for each group."""
    if not isinstance(bits, int) or not isinstance(group, int) or isinstance(bits, bool) or not 0 < bits <= SCALE_BITS:
        return None
    return bits if group <= 0 else bits + (SCALE_BITS + bits * zero_points) / group


def _spares_attention(stated: Mapping[str, Any]) -> bool:
    """Whether attention is among what is left in full width; then so is all but the experts."""
    spared = stated.get("modules_to_not_convert") or stated.get("ignore") or ()
    return isinstance(spared, list) and any("self_attn" in str(name) for name in spared)

"""The command ``llmecon model``: what a model's config.json says it holds, computes and caches."""

from dataclasses import asdict
from typing import Any

from addin.cli.output import note, print_json, print_table
from addin.cli.status import RefusedError
from pycalc.architecture import Architecture, load

MOST_TOKENS = 10**12
WIDEST = 64
GIB = 1 << 30
DEFAULT_BITS = 16


def model(name: str, tokens: int, past: int, square: bool, kv_bits: float, weight_bits: float | None, as_json: bool) -> None:
    """Parameters, FLOPs and bytes of one model."""
    for option, value in (("--tokens", tokens), ("--past", past)):
        if not 0 <= value <= MOST_TOKENS:
            raise RefusedError(f"{option} is {value}; a whole number from 0 to {MOST_TOKENS} is meant")
    kv_width = _width("--kv-bits", kv_bits)
    weight_width = None if weight_bits is None else _width("--weight-bits", weight_bits)
    architecture = load(name)
    found = _figures(architecture, tokens, past, square, kv_width, weight_width)
    for line in architecture.notes:
        note(f"llmecon: {line}")
    if as_json:
        print_json(found)
        return
    stored = "as the files hold them" if architecture.stored and weight_bits is None else ""
    _print(architecture, found, tokens, past, square, stored)


def _width(option: str, bits: float) -> float:
    """A width in bits; whole widths keep the arithmetic in whole numbers."""
    if not 0 < bits <= WIDEST:
        raise RefusedError(f"{option} is {bits}; a width above 0 and up to {WIDEST} is meant")
    return int(bits) if bits == int(bits) else bits


def _figures(
    architecture: Architecture, tokens: int, past: int, square: bool, kv_bits: float, weight_bits: float | None
) -> dict[str, Any]:
    parameters = architecture.parameters()
    flops = architecture.flops(tokens, past, square)
    return {
        "params_total": parameters.total,
        "params_active": parameters.active,
        "params_embedding": parameters.embedding,
        "params_lm_head": parameters.lm_head,
        "weight_bytes": _whole(_weight_bytes(architecture, weight_bits)),
        "kv_bytes_per_token": _whole(architecture.kv_bytes_per_token(kv_bits)),
        "kv_bytes": _whole(architecture.kv_bytes(past + tokens, kv_bits)),
        "kv_reserved_bytes": _whole(architecture.kv_reserved_bytes(past + tokens, kv_bits)),
        "state_bytes": architecture.state_bytes(),
        **_stored(architecture),
        "flops": {
            "layers": flops.layers,
            "attention_matmul": flops.attention_matmul,
            "linear": flops.linear,
            "lm_head": flops.lm_head,
            "total": flops.total,
        },
    }


def _stored(architecture: Architecture) -> dict[str, Any]:
    """What the files hold, where they were read."""
    stored = architecture.stored
    return {} if stored is None else {"stored": {**asdict(stored), "bits_per_parameter": stored.bits}}


def _weight_bytes(architecture: Architecture, bits: float | None) -> float:
    """As stored, where files of the weights were read and no width is asked for."""
    if bits is None and architecture.stored:
        return architecture.stored.bytes
    found: float = architecture.weight_bytes(DEFAULT_BITS if bits is None else bits)
    return found


def _whole(value: float) -> float:
    """Without a fraction where there is none."""
    return int(value) if value == int(value) else value


def _print(architecture: Architecture, found: dict[str, Any], tokens: int, past: int, square: bool, stored: str) -> None:
    context = f"at {past + tokens:,} tokens"
    rows = [
        ("parameters", _count(found["params_total"]), "stored; text model, a tied head counts 0"),
        ("  active", _count(found["params_active"]), "that one token uses"),
        ("  embedding", _count(found["params_embedding"]), "token table"),
        ("  head", _count(found["params_lm_head"]), "tied to the embedding" if architecture.tied else ""),
        ("weights", _size(found["weight_bytes"]), stored or "layers' matrices at --weight-bits, the rest at 16 or more"),
        ("KV per token", f"{found['kv_bytes_per_token']:,} B", "that one more token adds, windows full"),
        ("KV read", _size(found["kv_bytes"]), f"by a step {context}"),
        ("KV reserved", _size(found["kv_reserved_bytes"]), f"per sequence {context}, no padding"),
        ("state", _size(found["state_bytes"]), "per sequence, whatever its length"),
    ]
    mask = "full square" if square else "causal"
    what = {
        "layers": f"{tokens:,} new tokens after {past:,}, {mask}",
        "attention_matmul": "scores and sum of values",
        "linear": "projections, MLPs, routers",
        "lm_head": "on every new token",
        "total": "layers and head",
    }
    rows += [(f"FLOPs {kind}", _count(value), what[kind]) for kind, value in found["flops"].items()]
    kinds = f"{architecture.model_type}, {len(architecture.layers)} layers of {_kinds(len(architecture.kinds))}"
    print_table(("figure", "value", "meaning"), rows, title=kinds)


def _kinds(count: int) -> str:
    return "one kind" if count == 1 else f"{count} kinds"


def _count(value: int) -> str:
    return f"{value:,}"


def _size(value: float) -> str:
    return f"{value:,} B" + (f" = {value / GIB:,.3f} GiB" if value >= GIB / 1000 else "")

"""How far each layer's attention looks: windows, chunks and their patterns."""

from collections.abc import Callable, Sequence

from pycalc.architecture.families import WINDOW
from pycalc.architecture.fields import Fields
from pycalc.architecture.reach import EVERYTHING, Chunk, Reach, Window

FULL = ("full_attention", "attention")
SLIDING = "sliding_attention"
CHUNKED = "chunked_attention"


def window(fields: Fields) -> int:
    """The size of the window that a layer asks for."""
    size = fields.optional(WINDOW)
    if size is None:
        raise fields.missing(WINDOW)
    return size


def layer_types(fields: Fields, layers: int, allowed: Sequence[str] = (*FULL, SLIDING, CHUNKED)) -> list[str]:
    """What mixes tokens in each layer: stated, or the family's pattern."""
    stated = fields.per_layer("layer_types", layers, allowed)
    pattern = list(fields.family.types)
    if fields.family.period:
        period = fields.count(fields.family.period, len(pattern))
        pattern = [pattern[0]] * (period - 1) + pattern[-1:]
    return stated or [pattern[index % len(pattern)] for index in range(layers)]


def reach_of(fields: Fields, kind: str) -> Reach:
    """How far a layer of the kind looks."""
    if kind == SLIDING:
        return Window(window(fields))
    if kind == CHUNKED:
        return Chunk(fields.count("attention_chunk_size"))
    return EVERYTHING


def _full(fields: Fields, layers: int) -> list[Reach]:
    return [EVERYTHING] * layers


def _types(fields: Fields, layers: int) -> list[Reach]:
    """layer_types, or the family's pattern."""
    fields.skip(WINDOW)
    return [reach_of(fields, kind) for kind in layer_types(fields, layers)]


def _every(fields: Fields, layers: int) -> list[Reach]:
    """Mistral: the window, if there is one, in each layer."""
    size = fields.optional(WINDOW)
    return [EVERYTHING if size is None else Window(size)] * layers


def _switched(fields: Fields, layers: int) -> list[Reach]:
    """Qwen3 MoE: the window in each layer, if use_sliding_window says so."""
    fields.skip("max_window_layers")
    if fields.flag("use_sliding_window"):
        return [Window(window(fields))] * layers
    fields.skip(WINDOW)
    return [EVERYTHING] * layers


def _chosen(fields: Fields, layers: int, slides: Callable[[int], bool]) -> list[Reach]:
    """layer_types, or the layers of which the rule says that they slide."""
    stated = fields.per_layer("layer_types", layers, (*FULL, SLIDING))
    kinds = stated or [SLIDING if slides(index) else FULL[0] for index in range(layers)]
    return [reach_of(fields, kind) for kind in kinds]


def _late(fields: Fields, layers: int) -> list[Reach]:
    """Qwen: the window from layer max_window_layers on, if use_sliding_window says so."""
    return _qwen(fields, layers, lambda index, limit: index >= limit)


def _alternate(fields: Fields, layers: int) -> list[Reach]:
    """Qwen2 MoE: the window in each second layer below max_window_layers, if use_sliding_window says so."""
    return _qwen(fields, layers, lambda index, limit: index % 2 == 0 and index < limit)


def _qwen(fields: Fields, layers: int, slides: Callable[[int, int], bool]) -> list[Reach]:
    switched = fields.flag("use_sliding_window")
    limit = fields.count("max_window_layers", layers, least=0)
    if fields.optional(WINDOW, least=0) and switched:
        return _chosen(fields, layers, lambda index: slides(index, limit))
    stated = fields.per_layer("layer_types", layers, (*FULL, SLIDING))
    if stated and SLIDING in stated:
        raise fields.refuse("layer_types", "holds sliding_attention, though use_sliding_window is not true")
    return [EVERYTHING] * layers


def _above(fields: Fields, layers: int) -> list[Reach]:
    """dots.llm1: the window from layer max_window_layers on."""
    size = fields.optional(WINDOW)
    limit = fields.count("max_window_layers", layers, least=0)
    return _chosen(fields, layers, lambda index: size is not None and index >= limit)


def _without_rope(fields: Fields, layers: int) -> list[Reach]:
    """SmolLM3: the window in layers without rotary positions, if use_sliding_window says so."""
    every = fields.count("no_rope_layer_interval", 4)
    stated = fields.whole_items("no_rope_layers")
    if stated is not None and len(stated) != layers:
        raise fields.refuse("no_rope_layers", f"has {len(stated)} entries for {layers} layers")
    rope = stated or [(index + 1) % every for index in range(layers)]
    slides = fields.flag("use_sliding_window") and fields.optional(WINDOW) is not None
    fields.skip(WINDOW)
    return _chosen(fields, layers, lambda index: slides and not rope[index])


def _all_types(fields: Fields, layers: int) -> list[Reach]:
    """Ministral: layer_types, or the window, if there is one, in each layer."""
    size = fields.optional(WINDOW)
    return _chosen(fields, layers, lambda index: size is not None)


def _pattern(fields: Fields, layers: int) -> list[Reach]:
    """EXAONE 4: layer_types, or a window in all but the last of each group, a number or a text such as LLLG."""
    fields.skip("sliding_window_pattern")
    size = fields.optional(WINDOW)
    pattern = fields.raw("sliding_window_pattern") if size else None
    if isinstance(pattern, str) and pattern and set(pattern) <= {"L", "G"}:
        return _chosen(fields, layers, lambda index: pattern[index % len(pattern)] == "L" and index < layers - 1)
    period = fields.checked("sliding_window_pattern", pattern) if pattern is not None else 1
    return _chosen(fields, layers, lambda index: (index + 1) % period != 0)


RULES: dict[str, Callable[[Fields, int], list[Reach]]] = {
    "full": _full,
    "types": _types,
    "every": _every,
    "switched": _switched,
    "late": _late,
    "alternate": _alternate,
    "above": _above,
    "without_rope": _without_rope,
    "all_types": _all_types,
    "pattern": _pattern,
}


def reaches(fields: Fields, layers: int) -> list[Reach]:
    """How far each layer's attention looks, by the family's rule."""
    return RULES[fields.family.attention](fields, layers)

"""Which layers have experts."""

from collections.abc import Callable

from pycalc.architecture.fields import Fields


def _all(fields: Fields, layers: int) -> list[bool]:
    return [True] * layers


def _types(fields: Fields, layers: int) -> list[bool]:
    """A list, or the first few dense."""
    dense = fields.count("first_k_dense_replace", 0, least=0)
    stated = fields.per_layer("mlp_layer_types", layers, ("dense", "sparse"))
    return [kind == "sparse" for kind in stated] if stated else [index >= dense for index in range(layers)]


def _dense_first(fields: Fields, layers: int) -> list[bool]:
    """DeepSeek: dense layers first, then each or each second with experts."""
    dense = fields.count("first_k_dense_replace", 0, least=0)
    every = fields.count("moe_layer_freq", 1)
    return [index >= dense and index % every == 0 for index in range(layers)]


def _some_dense(fields: Fields, layers: int) -> list[bool]:
    dense = fields.count("num_dense_layers", 0, least=0)
    return [index >= dense for index in range(layers)]


def _step(fields: Fields, layers: int) -> list[bool]:
    """Qwen: each so many layers, but for those listed."""
    step = fields.count("decoder_sparse_step", 1)
    dense = fields.whole_items("mlp_only_layers") or []
    return [index not in dense and (index + 1) % step == 0 for index in range(layers)]


def _between(fields: Fields, layers: int) -> list[bool]:
    """Ernie: each so many layers from the first to the last with experts."""
    every = fields.count("moe_layer_interval", 1)
    first = fields.count("moe_layer_start_index", 0, least=0)
    last = fields.count("moe_layer_end_index", layers - 1, least=-1)
    last = layers - 1 if last == -1 else last
    return [(index + 1) % every == 0 and first <= index <= last for index in range(layers)]


def _periodic(fields: Fields, layers: int) -> list[bool]:
    """Jamba: one layer of each period."""
    every = fields.count("expert_layer_period", 1)
    offset = fields.count("expert_layer_offset", 0, least=0)
    return [index % every == offset for index in range(layers)]


SPARSE: dict[str, Callable[[Fields, int], list[bool]]] = {
    "all": _all,
    "types": _types,
    "dense_first": _dense_first,
    "some_dense": _some_dense,
    "step": _step,
    "between": _between,
    "periodic": _periodic,
}

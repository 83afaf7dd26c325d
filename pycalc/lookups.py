"""Functions that look a name up in a catalogue: a chip's figures, a model's counts, an API's price.

The catalogues are read when first asked; importing this module reads nothing.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, NamedTuple

from pycalc.errors import NotAvailableError
from pycalc.formula import formula
from pycalc.quantities import HUGE, Numeric, Quantity, Text

if TYPE_CHECKING:
    from pycalc.architecture import Architecture
    from pycalc.catalog import Model

CATALOGUE = "a catalogue row that cites its own source"
LOOKS_UP = "looks up a catalogue, which no cell holds"

Gpu = Annotated[Text, Quantity("gpu", "text", 'Name of a chip as people write it, "H100 SXM"; llmecon gpus lists them')]
ModelName = Annotated[Text, Quantity("model", "text", 'Name of a model, "Llama 3.1 8B"; llmecon models lists them')]
PricedModel = Annotated[
    Text, Quantity("model", "text", 'Name of a model with an API, "gpt-4o-mini" or "groq/…"; llmecon prices lists them')
]
GpuField = Annotated[
    Text,
    Quantity(
        "field",
        "text",
        '"bandwidth", "memory", "power", "peak_flops", or a dense peak: "fp32_flops", "fp16_flops", "bf16_flops", '
        '"fp8_flops", "fp4_flops", "int8_ops"',
    ),
]
ModelField = Annotated[
    Text,
    Quantity(
        "field",
        "text",
        '"parameters", "active_parameters", "embedding_parameters", "lm_head_parameters", "layers", "kv_bytes_per_token", '
        '"state_bytes", "weight_bytes" (the last three at 16 bits)',
    ),
]
Side = Annotated[Text, Quantity("side", "text", '"input", "output" or "cached_input"')]
Figure = Annotated[Numeric, Quantity("x", "see field", "The figure in base units: bytes, bytes/s, FLOP/s, W, a count", 0, HUGE)]
UsdPerMtok = Annotated[Numeric, Quantity("p", "USD/Mtok", "Price of a million tokens", 0, 1e6)]


def _chip_source(gpu: str, field: str) -> str:
    from pycalc.catalog.fields import CHIP_FIELDS, find_field
    from pycalc.catalog.store import catalog

    return f"{find_field(CHIP_FIELDS, field).unit}; {catalog().chips.find(gpu).citation}"


@formula("4.1", source=CATALOGUE, untraceable=LOOKS_UP, cites=_chip_source)
def gpu_spec(gpu: Gpu, field: GpuField) -> Figure:
    """A chip's published figure, in base units.

    >>> gpu_spec("H100 SXM", "bandwidth")
    3350000000000.0
    """
    from pycalc.catalog.fields import CHIP_FIELDS, chip_value, find_field
    from pycalc.catalog.store import catalog

    return chip_value(catalog().chips.find(gpu), find_field(CHIP_FIELDS, field))


class ModelCount(NamedTuple):
    """What can be asked of a model, its unit, and how the architecture answers."""

    unit: str
    of: Callable[["Architecture"], float]


MODEL_FIELDS: Mapping[str, ModelCount] = {
    "parameters": ModelCount("parameters", lambda model: model.parameters().total),
    "active_parameters": ModelCount("parameters", lambda model: model.parameters().active),
    "embedding_parameters": ModelCount("parameters", lambda model: model.parameters().embedding),
    "lm_head_parameters": ModelCount("parameters", lambda model: model.parameters().lm_head),
    "layers": ModelCount("layers", lambda model: len(model.layers)),
    "kv_bytes_per_token": ModelCount("bytes/token", lambda model: model.kv_bytes_per_token()),
    "state_bytes": ModelCount("bytes", lambda model: model.state_bytes()),
    "weight_bytes": ModelCount("bytes", lambda model: model.weight_bytes()),
}


def _model_source(model: str, field: str) -> str:
    from pycalc.catalog.fields import find_name
    from pycalc.catalog.store import catalog

    return f"{MODEL_FIELDS[find_name(MODEL_FIELDS, field)].unit}; {catalog().models.find(model).citation}"


@formula("5.2", source=CATALOGUE, untraceable=LOOKS_UP, cites=_model_source)
def model_spec(model: ModelName, field: ModelField) -> Figure:
    """A model's exact count from its config.json.

    >>> model_spec("Llama 3.1 8B", "parameters")
    8030261248.0
    """
    from pycalc.catalog import find_model
    from pycalc.catalog.fields import find_name

    asked = MODEL_FIELDS[find_name(MODEL_FIELDS, field)]
    return float(asked.of(_architecture(find_model(model))))


@lru_cache(maxsize=64)
def _architecture(model: "Model") -> "Architecture":
    """A config.json is read once: a sheet asks for many figures of one model."""
    from pycalc.architecture import read_architecture
    from pycalc.architecture.document import read_config

    return read_architecture(read_config(model.path), model.name)


def _price_source(model: str, side: str) -> str:
    from pycalc.catalog.prices import prices

    row = prices().find(model)
    return "; ".join(filter(None, (row.name, row.note, row.citation)))


@formula("6.3", source=CATALOGUE, untraceable=LOOKS_UP, cites=_price_source)
def api_price(model: PricedModel, side: Side) -> UsdPerMtok:
    """What an API asks for a million tokens: the base price, the maker's own where several sell the model.

    >>> api_price("Gemini 2.5 Flash Lite", "output")
    0.4
    """
    from pycalc.catalog.fields import find_name
    from pycalc.catalog.prices import SIDES, prices

    price = prices().find(model)
    asked = find_name(SIDES, side)
    value: float | None = getattr(price, SIDES[asked])
    if value is None:
        raise NotAvailableError(f"{price.name} states no price for {asked}")
    return value

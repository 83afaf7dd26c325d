"""Functions that look a name up in a catalogue: a chip's figures, an API's price.

The catalogues are read when first asked; importing this module reads nothing.
"""

from typing import Annotated

from pycalc.errors import NotAvailableError
from pycalc.formula import formula
from pycalc.quantities import HUGE, Numeric, Quantity, Text

CATALOGUE = "a catalogue row that cites its own source"
LOOKS_UP = "looks up a catalogue, which no cell holds"

Gpu = Annotated[Text, Quantity("gpu", "text", 'Name of a chip as people write it, "H100 SXM"; llmecon gpus lists them')]
PricedModel = Annotated[
    Text, Quantity("model", "text", 'Name of a model with an API, "gpt-4o-mini" or "groq/…"; llmecon prices lists them')
]
GpuField = Annotated[
    Text,
    Quantity(
        "field",
        "text",
        '"bandwidth", "memory", "power", "link", "pcie", "peak_flops", or a dense peak: "fp32_flops", "fp16_flops", '
        '"bf16_flops", "fp8_flops", "fp4_flops", "int8_ops"',
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

"""What can be asked of a chip or a price by name, and in which unit the answer is."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from pycalc.catalog.names import key
from pycalc.catalog.records import Chip
from pycalc.errors import NotAvailableError, UnknownNameError, shorten

SHOWN = 40


class Field(NamedTuple):
    """A column of a catalogue as a formula asks for it."""

    attribute: str
    unit: str
    meaning: str
    others: tuple[str, ...] = ()
    """Further names that mean the same."""


CHIP_FIELDS: Mapping[str, Field] = {
    "bandwidth": Field("bandwidth", "bytes/s", "peak bandwidth of the memory", ("memory bandwidth",)),
    "memory": Field("memory", "bytes", "size of the memory as advertised", ("memory bytes",)),
    "power": Field("power", "W", "rated power", ("tdp",)),
    "link": Field("link", "bytes/s", "direct links to other chips, in one direction", ("link bandwidth",)),
    "pcie": Field("pcie", "bytes/s", "PCIe, in one direction", ("pcie bandwidth",)),
    "peak_flops": Field("peak_flops", "FLOP/s", "dense 16-bit peak: BF16, else FP16, else the one that is stated"),
    "fp32_flops": Field("fp32_flops", "FLOP/s", "peak in FP32, not TF32", ("fp32",)),
    "fp16_flops": Field("fp16_flops", "FLOP/s", "dense peak in FP16", ("fp16",)),
    "bf16_flops": Field("bf16_flops", "FLOP/s", "dense peak in BF16", ("bf16",)),
    "fp8_flops": Field("fp8_flops", "FLOP/s", "dense peak in FP8", ("fp8",)),
    "fp4_flops": Field("fp4_flops", "FLOP/s", "dense peak in FP4", ("fp4",)),
    "int8_ops": Field("int8_ops", "OP/s", "dense peak in INT8", ("int8", "int8_flops")),
}


def find_name(names: Collection[str], name: str, others: Mapping[str, str] | None = None) -> str:
    """The one of the names that is meant, in any spelling, or by one of its other names."""
    if name in names:
        return name
    wanted = key(name)
    known = {key(own): own for own in names} | {key(other): own for other, own in (others or {}).items()}
    if wanted not in known:
        raise UnknownNameError(f'no field "{shorten(name, SHOWN)}"; there are {", ".join(names)}')
    return known[wanted]


def find_field(fields: Mapping[str, Field], name: str) -> Field:
    """The field of that name, in any spelling."""
    if name in fields:
        return fields[name]
    others = {other: own for own, field in fields.items() for other in field.others}
    return fields[find_name(fields, name, others)]


def chip_value(chip: Chip, field: Field) -> float:
    """The figure, or why there is none."""
    value: float | None = getattr(chip, field.attribute)
    if value is None:
        known = [name for name, other in CHIP_FIELDS.items() if getattr(chip, other.attribute) is not None]
        raise NotAvailableError(f"no public figure of {chip.name} for the {field.meaning}; known: {', '.join(known)}")
    return value

"""Catalogue files read strictly: every fault names the file, the row and the field.

Columns carry their scale in their names, as data sheets print it (``bandwidth_gb_per_s``); rows
come out in base units.
"""

import datetime
import difflib
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from pycalc.catalog.names import key
from pycalc.catalog.records import GENERATIONS, TERMS, TIERS, CatalogError, Chip, Entry, Model, Price, Rent

MAX_BYTES = 4 << 20
KINDS = ("data centre", "workstation", "consumer", "apple", "phone", "cpu", "wafer")


@dataclass(frozen=True, slots=True)
class Text:
    """A column of texts: any, or one of a few."""

    required: bool = False
    choices: tuple[str, ...] = ()

    def read(self, value: Any) -> str:
        if not isinstance(value, str) or not (value.strip() or not self.required):
            raise ValueError(f"is {value!r}; it must be a text")
        if self.choices and value not in self.choices:
            close = difflib.get_close_matches(value, self.choices, n=1, cutoff=0.75)
            hint = f"is it {close[0]}?" if close else f"it must be one of {', '.join(self.choices)}"
            raise ValueError(f"is {value!r}; {hint}")
        return value


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of lists of texts."""

    required: bool = False

    def read(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(text, str) and key(text) for text in value):
            raise ValueError(f"is {value!r}; it must be a list of names")
        return tuple(value)


@dataclass(frozen=True, slots=True)
class Day:
    """A column of dates."""

    required: bool = False

    def read(self, value: Any) -> datetime.date:
        if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
            raise ValueError(f"is {value!r}; it must be a date such as 2026-11-23, without quotes")
        return value


@dataclass(frozen=True, slots=True)
class Number:
    """A column of numbers; ``low`` and ``high``, in base units, bound what is plausible."""

    low: float
    high: float
    scale: str = "1"
    to: str = ""
    """The attribute that it becomes, where that has another name."""
    whole: bool = False
    required: bool = False

    def read(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise ValueError(f"is {value!r}; it must be a number")
        scale = Decimal(self.scale)
        low, high = Decimal(self.low) / scale, Decimal(self.high) / scale
        if not (value == value and low <= value <= high):  # only NaN differs from itself
            raise ValueError(f"is {value}; plausible is {float(low):.6g} to {float(high):.6g}")
        if self.whole and value % 1:
            raise ValueError(f"is {value}; it must be a whole number")
        return int(value) if self.whole else float(value * scale)


Column = Text | Texts | Day | Number


def _peak(to: str) -> Number:
    return Number(1e9, 1e18, "1e12", to)


ENTRY: Mapping[str, Column] = {
    "name": Text(required=True),
    "source": Text(required=True),
    "date": Day(required=True),
    "tier": Text(choices=tuple(TIERS)),
    "note": Text(),
}
MONEY = Number(0, 1e6)
TABLES: Mapping[str, tuple[type[Entry], Mapping[str, Column]]] = {
    "chip": (
        Chip,
        {
            **ENTRY,
            "vendor": Text(required=True),
            "brand": Text(),
            "kind": Text(required=True, choices=KINDS),
            "generation": Text(choices=GENERATIONS),
            "aliases": Texts(),
            "memory_gb": Number(1e8, 1e13, "1e9", "memory"),
            "bandwidth_gb_per_s": Number(1e9, 1e17, "1e9", "bandwidth"),
            "power_w": Number(0.1, 1e5, to="power"),
            "link_gb_per_s": Number(1e9, 2e12, "1e9", "link"),
            "pcie_gb_per_s": Number(1e8, 3e11, "1e9", "pcie"),
            "fp32_tflops": _peak("fp32_flops"),
            "fp16_tflops": _peak("fp16_flops"),
            "bf16_tflops": _peak("bf16_flops"),
            "fp8_tflops": _peak("fp8_flops"),
            "fp4_tflops": _peak("fp4_flops"),
            "int8_tops": _peak("int8_ops"),
            "stated_tflops": _peak("stated_flops"),
        },
    ),
    "rent": (
        Rent,
        {
            **ENTRY,
            "usd_per_hour": Number(0.001, 1e4, required=True),
            "term": Text(required=True, choices=TERMS),
            "provider": Text(required=True),
            "region": Text(),
            "gpus": Number(1, 1e6, whole=True),
        },
    ),
    "model": (Model, {**ENTRY, "maker": Text(required=True), "config": Text(required=True), "aliases": Texts()}),
    "price": (
        Price,
        {
            **{name: column for name, column in ENTRY.items() if name != "name"},
            "provider": Text(required=True),
            "model": Text(required=True),
            "aliases": Texts(),
            "input_usd_per_mtok": MONEY,
            "output_usd_per_mtok": MONEY,
            "cached_input_usd_per_mtok": MONEY,
        },
    ),
}
RATIOS = {
    ("fp16_flops", "bf16_flops"): (1, 2),
    ("fp8_flops", "bf16_flops"): (1, 4),
    ("fp4_flops", "bf16_flops"): (1, 8),
    ("int8_ops", "bf16_flops"): (1, 4),
    ("bf16_flops", "fp32_flops"): (1, 100),
}
"""A sparse figure among dense ones, or a figure in the wrong column, leaves these."""

Row = TypeVar("Row", bound=Entry)


def read_tables(data: bytes, file: str, user: bool = False) -> dict[str, list[Entry]]:
    """The rows of a catalogue file by table.  ``[sources]`` may hold texts that many rows cite."""
    try:
        document = tomllib.loads(data.decode("utf-8-sig"), parse_float=Decimal)
    except (ValueError, RecursionError) as fault:  # of the decoder, of the parser, of a number with too many digits
        raise CatalogError(f"{file}: is no TOML: {fault}") from None
    sources = document.pop("sources", {})
    if not isinstance(sources, dict) or not all(isinstance(text, str) and text for text in sources.values()):
        raise CatalogError(f"{file}: [sources] holds texts by their short names")
    tables: dict[str, list[Entry]] = {}
    for table, rows in document.items():
        if table not in TABLES:
            raise CatalogError(f"{file}: unknown table {_near(table, TABLES)}")
        if not isinstance(rows, list):
            raise CatalogError(f"{file}: rows of {table} begin with [[{table}]]")
        tables[table] = [_row(table, row, _place(file, table, i, row), sources, user) for i, row in enumerate(rows, 1)]
    return tables


def _place(file: str, table: str, position: int, row: Any) -> str:
    """How an error calls the row: by file, position and, where it has one, name."""
    name = row.get("name", row.get("model", "")) if isinstance(row, dict) else ""
    return f"{file}: {table} {position}" + (f' "{name}"' if isinstance(name, str) and name else "")


def _row(table: str, row: Any, place: str, sources: Mapping[str, str], user: bool) -> Entry:
    if not isinstance(row, dict):
        raise CatalogError(f"{place}: is no table")
    record, columns = TABLES[table]
    for name in row:
        if name not in columns:
            raise CatalogError(f"{place}: unknown field {_near(name, columns)}")
    for name, column in columns.items():
        if column.required and name not in row:
            raise CatalogError(f"{place}: {name} is missing")
    values: dict[str, Any] = {"user": user}
    for name, value in row.items():
        column = columns[name]
        try:
            values[getattr(column, "to", "") or name] = column.read(value)
        except ValueError as fault:
            raise CatalogError(f"{place}: {name} {fault}") from None
    values["source"] = sources.get(values["source"], values["source"])
    if record is Price:
        values["name"] = f"{values['provider']}/{values['model']}"
    entry = record(**values)
    if isinstance(entry, Chip):
        _require_plausible(entry, place)
    return entry


def _require_plausible(chip: Chip, place: str) -> None:
    for (first, second), (low, high) in RATIOS.items():
        numerator, denominator = getattr(chip, first), getattr(chip, second)
        if numerator and denominator and not low <= numerator / denominator <= high:
            ratio = f"{numerator / denominator:.3g}"
            plausible = f"plausible is {low} to {high} (sparse figures are double)"
            raise CatalogError(f"{place}: {first} is {ratio} times {second}; {plausible}")


def _near(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"{name}; is it {close[0]}?" if close else f"{name}; known: {', '.join(known)}"


def require_unique(rows: Iterable[Row], file: str, names: Callable[[Row], Iterable[str]]) -> None:
    """Refuse two rows that claim one name, and a row that lists a name twice."""
    owner: dict[str, str] = {}
    for row in rows:
        for name in names(row):
            claimed = owner.setdefault(key(name), row.name)
            if claimed != row.name or (name != row.name and key(name) == key(row.name)):
                raise CatalogError(f'{file}: "{row.name}": the name "{name}" is already taken by "{claimed}"')

"""The commands that show the catalogues: chips with their rents, models, API prices."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from addin.cli.output import digits, note, print_json, print_table
from addin.cli.typed import json_value
from pycalc.catalog import STALE_DAYS, Chip, Entry, Model, Price, Rent, catalog, prices
from pycalc.catalog.fields import CHIP_FIELDS
from pycalc.catalog.names import Names
from pycalc.catalog.prices import SIDES
from pycalc.errors import UnknownNameError

Row = TypeVar("Row", bound=Entry)

UNIT_KEYS = {
    "memory": "memory_bytes",
    "bandwidth": "bandwidth_bytes_per_s",
    "power": "power_w",
    "link": "link_bytes_per_s",
    "pcie": "pcie_bytes_per_s",
    "int8_ops": "int8_ops_per_s",
}
ORIGIN = ("date", "source")


def list_gpus(name: str | None, as_json: bool) -> None:
    """Chips, or those whose name holds the text, and what renting them costs."""
    chips = _chosen(catalog().chips, name)
    rents = [rent for rent in catalog().rents if rent.name in {chip.name for chip in chips}]
    if as_json:
        print_json([_chip(chip, rents) for chip in chips])
        return
    headings = ("chip", "GB", "GB/s", "16 bit", "FP8", "FP4", "INT8", "W", *ORIGIN)
    peaks = ("peak_flops", "fp8_flops", "fp4_flops", "int8_ops")
    print_table(
        headings,
        [
            (
                chip.name,
                _scaled(chip.memory, 1e9),
                _scaled(chip.bandwidth, 1e9),
                *(_scaled(getattr(chip, peak), 1e12) for peak in peaks),
                _scaled(chip.power, 1),
                *_shown_origin(chip),
            )
            for chip in chips
        ],
        title="Chips: dense peaks in TFLOP/s; - is not public",
    )
    if rents:
        print()
        print_table(
            ("chip", "USD/hour", "term", "provider", "region", "GPUs", *ORIGIN),
            [
                (r.name, f"{r.usd_per_hour:.2f}", r.term, r.provider, r.region or "-", str(r.gpus), *_shown_origin(r))
                for r in rents
            ],
            title="Rents of one GPU",
        )
    _note_marks((*chips, *rents))


def list_models(name: str | None, as_json: bool) -> None:
    """Models whose config.json is at hand, or those whose name holds the text."""
    models = _chosen(catalog().models, name)
    if as_json:
        print_json([_model(model) for model in models])
        return
    print_table(("model", "maker", *ORIGIN), [(model.name, model.maker, *_shown_origin(model)) for model in models])
    _note_marks(models)


def list_prices(name: str | None, as_json: bool) -> None:
    """What APIs ask, or those of the models whose name holds the text."""
    rows = _chosen(prices(), name)
    if as_json:
        print_json([_price(row) for row in rows])
        return
    print_table(
        ("model", "input", "output", "cached input", *ORIGIN),
        [(row.name, *(_scaled(getattr(row, side), 1) for side in SIDES.values()), *_shown_origin(row)) for row in rows],
        title="USD per million tokens",
    )
    _note_marks(rows)


def _chosen(names: Names[Row], wanted: str | None) -> Sequence[Row]:
    """All rows; with a text the row of that name, else those whose name holds it."""
    if wanted is None:
        return list(names)
    try:
        return [names.find(wanted)]
    except UnknownNameError:
        if rows := names.containing(wanted):
            return rows
        raise


def _scaled(value: float | None, scale: float) -> str:
    return "-" if value is None else digits(value / scale)


def _shown_origin(row: Entry) -> tuple[str, str]:
    """Date and source, with what a reader must know first."""
    text = "; ".join(filter(None, (*row.marks, row.tier if row.tier != "secondary" else "", row.source)))
    return row.date.isoformat(), f"{text}. {row.note}" if row.note else text


def _note_marks(rows: Sequence[Entry]) -> None:
    old = sum(row.stale for row in rows)
    if old:
        note(f"more than {STALE_DAYS} days old, as the last column says: {old} of {len(rows)} rows")


def _origin(row: Entry) -> dict[str, Any]:
    return {
        "source": row.source,
        "tier": row.tier,
        "date": row.date.isoformat(),
        "age_days": row.age_days,
        "stale": row.stale,
        "user": row.user,
        "note": row.note,
    }


def _chip(chip: Chip, rents: Iterable[Rent]) -> dict[str, Any]:
    figures = {UNIT_KEYS.get(item, item): getattr(chip, field.attribute) for item, field in CHIP_FIELDS.items()}
    return {
        "name": chip.name,
        "aliases": list(chip.aliases),
        "vendor": chip.vendor,
        "kind": chip.kind,
        "generation": chip.generation or None,
        **{item: json_value(value) for item, value in figures.items()},
        **_origin(chip),
        "rents": [_rent(rent) for rent in rents if rent.name == chip.name],
    }


def _rent(rent: Rent) -> dict[str, Any]:
    return {
        "usd_per_hour": rent.usd_per_hour,
        "term": rent.term,
        "provider": rent.provider,
        "region": rent.region or None,
        "gpus": rent.gpus,
        **_origin(rent),
    }


def _model(model: Model) -> dict[str, Any]:
    return {"name": model.name, "aliases": list(model.aliases), "maker": model.maker, "config": model.config, **_origin(model)}


def _price(price: Price) -> dict[str, Any]:
    sides = {attribute: getattr(price, attribute) for attribute in SIDES.values()}
    return {"name": price.name, "provider": price.provider, "model": price.model, **sides, **_origin(price)}

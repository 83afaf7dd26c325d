"""The catalogues as plain rows, so that a workbook keeps the figures with which it was made."""

import datetime
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from pycalc.catalog.fields import CHIP_FIELDS
from pycalc.catalog.prices import SIDES, prices
from pycalc.catalog.records import Entry, Price
from pycalc.catalog.store import catalog

HEADER = ["Kind", "Name", "Item", "Value", "Unit", "Source", "Date", "Note"]

Cell: TypeAlias = str | float | datetime.date


def snapshot(chips: Iterable[str] | None = None, models: Iterable[str] = ()) -> list[list[Cell]]:
    """A header, then a row per figure: chips and their rents, and the API prices of the models.

    Without ``chips`` all of them; names in any spelling.  A row that is old, or the user's own,
    says so in its note.

    >>> snapshot(["H100 SXM"])[1][:5]
    ['chip', 'H100 SXM', 'bandwidth', 3350000000000.0, 'bytes/s']
    """
    rows = catalog()
    wanted = list(rows.chips) if chips is None else list(dict.fromkeys(map(rows.chips.find, chips)))
    table: list[list[Cell]] = [list(HEADER)]
    for chip in wanted:
        for item, field in CHIP_FIELDS.items():
            value = getattr(chip, field.attribute)
            if value is not None and item != "peak_flops":
                table.append(["chip", chip.name, item, value, field.unit, *_origin(chip)])
        if chip.stated_flops is not None:
            table.append(["chip", chip.name, "peak_flops", chip.stated_flops, CHIP_FIELDS["peak_flops"].unit, *_origin(chip)])
        for rent in rows.rents:
            if rent.name == chip.name:
                offer = ", ".join(filter(None, (rent.term, rent.provider, rent.region, f"{rent.gpus} GPUs" * (rent.gpus > 1))))
                table.append(["rent", chip.name, offer, rent.usd_per_hour, "USD/hour", *_origin(rent)])
    for name in models:
        table.extend(_prices(prices().find(name)))
    return table


def _prices(price: Price) -> Iterator[list[Cell]]:
    for side, attribute in SIDES.items():
        value = getattr(price, attribute)
        if value is not None:
            yield ["price", price.name, side, value, "USD/Mtok", *_origin(price)]


def _origin(row: Entry) -> list[Cell]:
    return [row.source, row.date, "; ".join(filter(None, (*row.marks, row.tier, row.note)))]

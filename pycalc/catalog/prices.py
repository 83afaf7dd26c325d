"""What APIs ask for a million tokens: the package genai-prices, with the user's rows over it.

The package's own data is read as installed; nothing is fetched.  Its own matching of models by
prefixes is not used, since a near name would be taken for another.
"""

import datetime
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from pycalc.catalog import records
from pycalc.catalog.names import Named, Names, key
from pycalc.catalog.records import Price
from pycalc.catalog.store import catalog

PACKAGE = "genai-prices"
SIDES = {
    "input": "input_usd_per_mtok",
    "output": "output_usd_per_mtok",
    "cached_input": "cached_input_usd_per_mtok",
}
COLUMNS = ("input_mtok", "output_mtok", "cache_read_mtok")


def prices() -> Names[Price]:
    """All prices as of today."""
    return _prices(records.today(), catalog().user_prices)


@lru_cache(maxsize=2)
def _prices(day: datetime.date, own: tuple[Price, ...]) -> Names[Price]:
    from genai_prices.data import providers

    changed = max((change for change in _changes(providers) if change <= day), default=datetime.date.min)
    source = f"PyPI {PACKAGE} {version(PACKAGE)}, as of its newest change of a price"
    rows = {key(row.name): row for row in _rows(providers, day, changed, source)}
    rows |= {key(row.name): row for row in own}
    makers = [provider for provider in providers if provider.model_match is not None]
    return Names("priced model", rows.values(), lambda row: _named(row, makers))


def _rows(providers: Any, day: datetime.date, changed: datetime.date, source: str) -> Iterator[Price]:
    noon = datetime.datetime.combine(day, datetime.time(12), datetime.UTC)
    for provider in providers:
        for model in provider.models:
            asked = model.get_prices(noon)
            values = [value for column in COLUMNS if (value := getattr(asked, column, None)) is not None]
            if not values:
                continue
            yield Price(
                name=f"{provider.id}/{model.id}",
                provider=provider.id,
                model=model.id,
                aliases=tuple(dict.fromkeys(alias for alias in (model.name, *_equals(model.match)) if alias)),
                source=source,
                date=changed,
                note=_note(values, model),
                input_usd_per_mtok=_base(asked, "input_mtok"),
                output_usd_per_mtok=_base(asked, "output_mtok"),
                cached_input_usd_per_mtok=_base(asked, "cache_read_mtok"),
            )


def _base(asked: Any, column: str) -> float | None:
    """The price of the first tier; float, as a cell has it."""
    value = getattr(asked, column, None)
    value = getattr(value, "base", value)
    return None if value is None else float(value)


def _note(values: Sequence[Any], model: Any) -> str:
    """What the base price leaves out."""
    tiers = sorted({tier.start for value in values for tier in getattr(value, "tiers", ())})
    above = f"dearer above {', '.join(f'{start:,}' for start in tiers)} tokens of input" if tiers else ""
    dated = model.prices if isinstance(model.prices, list) else []
    varies = any(hasattr(price.constraint, "start_time") for price in dated)
    return "; ".join(filter(None, (above, "varies with the hour, here at noon UTC" * varies)))


def _equals(clause: Any) -> Iterator[str]:
    """The further ids that a model goes by, where the package lists them in full."""
    if hasattr(clause, "equals"):
        yield clause.equals
    for part in getattr(clause, "or_", ()):
        yield from _equals(part)


def _changes(providers: Any) -> Iterator[datetime.date]:
    """Every day on which the package knows a price to change."""
    for provider in providers:
        for model in provider.models:
            dated = [*(model.prices if isinstance(model.prices, list) else ()), *(model.price_variants or ())]
            for price in dated:
                start = getattr(price.constraint, "start_date", None)
                if start:
                    yield start


def _named(row: Price, makers: Sequence[Any]) -> Named:
    """A bare name means the maker's own price; a reseller's needs the provider before it."""
    bare = (row.model, *row.aliases)
    full = [f"{row.provider} {name}" for name in bare]
    if row.user or row.provider == _maker(row.model, makers):
        return Named(row.name, (*bare, *full))
    return Named(row.name, full, bare)


def _maker(model: str, makers: Sequence[Any]) -> str | None:
    """The provider to which the package ascribes models so called."""
    name = model.rpartition("/")[2].lower()
    return next((provider.id for provider in makers if provider.model_match.is_match(name)), None)

"""The catalogues in memory: ours, with the user's rows over them, read when first asked for."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from pycalc.catalog.names import Named, Names, joined, key, words
from pycalc.catalog.reading import MAX_BYTES, read_tables, require_unique
from pycalc.catalog.records import CatalogError, Chip, Entry, Model, Price, Rent
from pycalc.errors import UnknownNameError

VARIABLE = "LLMECON_CATALOG"
SETTINGS = ("APPDATA", "XDG_CONFIG_HOME", "HOME")
TABLES: Mapping[type[Entry], str] = {Chip: "chip", Rent: "rent", Model: "model", Price: "price"}

Row = TypeVar("Row", bound=Entry)
Aliased = TypeVar("Aliased", Chip, Model)


@dataclass(frozen=True)
class Catalog:
    """Rows by their names; rents in the order of the file."""

    chips: Names[Chip]
    models: Names[Model]
    rents: tuple[Rent, ...]
    user_prices: tuple[Price, ...]


def user_file() -> Path | None:
    """The user's own catalogue, if there is one.

    The environment's LLMECON_CATALOG names it, or says with an empty text that there is none;
    else it is catalog.toml in the folder llmecon where the platform keeps settings.
    """
    path, _ = _user_file()
    return path


def _user_file() -> tuple[Path | None, int]:
    """The file and when it was changed; quick, since every look-up in a sheet asks."""
    path = _place(os.environ.get(VARIABLE), sys.platform, *map(os.environ.get, SETTINGS))
    try:
        return path, os.stat(path).st_mtime_ns if path else 0
    except OSError as fault:
        if VARIABLE not in os.environ:
            return None, 0
        raise CatalogError(f"the catalogue {path} cannot be read: {fault.strerror or fault}") from None


@lru_cache(maxsize=8)
def _place(named: str | None, platform: str, roaming: str | None, settings: str | None, home: str | None) -> Path | None:
    """Where the file is or would be; None where there is to be none, or the user has no home."""
    if named is not None:
        return Path(named) if named else None
    try:
        if platform == "win32":
            folder = Path(roaming or Path.home() / "AppData" / "Roaming")
        elif platform == "darwin":
            folder = Path.home() / "Library" / "Application Support"
        else:
            folder = Path(settings or Path.home() / ".config")
    except RuntimeError:
        return None
    return folder / "llmecon" / "catalog.toml"


def catalog() -> Catalog:
    """The catalogues as they are now; when the user's file has changed it is read again."""
    path, changed = _user_file()
    try:
        return _merged(path, changed)
    except OSError as fault:
        raise CatalogError(f"the catalogue {path} cannot be read: {fault.strerror or fault}") from None


@lru_cache(maxsize=2)
def _merged(path: Path | None, changed: int) -> Catalog:
    own = _tables(path) if path else {}
    chips = Names("chip", _over(_ours(Chip, "chips.toml"), _of(own, Chip)), _named_chip)
    return Catalog(
        chips=chips,
        models=Names("model", _over(_ours(Model, "models.toml"), _of(own, Model)), _named_model),
        rents=_rents(_ours(Rent, "rents.toml"), _of(own, Rent), chips),
        user_prices=_of(own, Price),
    )


@cache
def _ours(record: type[Row], file: str) -> tuple[Row, ...]:
    rows = _of(read_tables((files("pycalc.catalog") / file).read_bytes(), file), record)
    if record is not Rent:
        require_unique(rows, file, _claimed)
    return rows


def _tables(path: Path) -> dict[str, list[Entry]]:
    """The user's rows; the paths of their config.json files are seen from the catalogue's folder."""
    with path.open("rb") as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise CatalogError(f"{path.name}: is larger than {MAX_BYTES >> 20} MiB")
    tables = read_tables(data, path.name, user=True)
    for table in set(tables) - {TABLES[Rent]}:
        require_unique(tables[table], path.name, _claimed)
    models = [replace(row, config=str(path.absolute().parent / row.config)) for row in _of(tables, Model)]
    return {**tables, TABLES[Model]: list(models)}


def _of(tables: Mapping[str, Sequence[Entry]], record: type[Row]) -> tuple[Row, ...]:
    return tuple(row for row in tables.get(TABLES[record], ()) if isinstance(row, record))


def _claimed(row: Entry) -> tuple[str, ...]:
    """The names by which no other row may go."""
    return (row.name, *getattr(row, "aliases", ()))


def _over(ours: Sequence[Aliased], own: Sequence[Aliased]) -> list[Aliased]:
    """The user's rows in place of ours of the same name, whose other names they inherit."""
    rows: list[Aliased] = list(ours)
    for mine in own:
        names = set(map(key, _claimed(mine)))
        overridden = [old for old in rows if names & set(map(key, _claimed(old)))]
        inherited = [name for old in overridden for name in _claimed(old) if key(name) not in names]
        rows = [old for old in rows if old not in overridden]
        rows.append(_heir(mine, inherited, {getattr(old, "generation", "") for old in overridden}))
    return rows


def _heir(row: Aliased, names: Sequence[str], generations: set[str]) -> Aliased:
    """With the other names, and with the generation that the row need not repeat: neither is a figure."""
    heir = replace(row, aliases=(*row.aliases, *names))
    if isinstance(heir, Chip) and not heir.generation and len(generations) == 1:
        return replace(heir, generation=generations.pop())
    return heir


def _named_chip(chip: Chip) -> Named:
    return Named(chip.name, _chip_spellings(chip))


def _chip_spellings(chip: Chip) -> Iterator[str]:
    """With and without maker and brand before it, and the size of the memory anywhere in it."""
    memory = f"{chip.memory / 1e9:g}gb" if chip.memory else ""
    makers = dict.fromkeys(("", chip.vendor, chip.brand, f"{chip.vendor} {chip.brand}"))
    for name in _claimed(chip):
        yield from (f"{maker} {name}" for maker in makers)
        parts = [word for word in words(name) if word != memory]
        for i in range(len(parts) + 1) if memory else ():
            yield from (" ".join((maker, *parts[:i], memory, *parts[i:])) for maker in makers)


def _named_model(model: Model) -> Named:
    """With and without the maker before it."""
    names = _claimed(model)
    return Named(model.name, (*names, *(f"{model.maker} {name}" for name in names)))


def _rents(ours: Sequence[Rent], own: Sequence[Rent], chips: Names[Chip]) -> tuple[Rent, ...]:
    """All rents, by the chip's own name; the user's in place of ours for the same offer."""
    offers: dict[tuple[str, ...], Rent] = {}
    for rent in (*ours, *own):
        try:
            chip = chips.find(rent.name).name
        except UnknownNameError as fault:
            raise CatalogError(f'rent of "{rent.name}" by {rent.provider}: {fault.reason}') from None
        offer = chip, rent.term, joined(words(rent.provider)), joined(words(rent.region)), str(rent.gpus)
        offers[offer] = replace(rent, name=chip)
    return tuple(offers.values())

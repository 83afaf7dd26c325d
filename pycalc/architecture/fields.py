"""The fields of one config.json: typed, within bounds, each accounted for.

What is read is noted; at the end, a field that was neither read nor known to be harmless is
refused by name, since it could change what is counted.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from pycalc.architecture.document import NAME_ROOM, ConfigError
from pycalc.architecture.families import HEADS, HIDDEN, LAYERS, VOCABULARY, WIDTH, Family, table
from pycalc.errors import shorten

MOST = 2**31 - 1
"""No width, count or vocabulary of a model comes near it."""
MOST_LAYERS = 10_000
CORE = (HIDDEN, LAYERS, HEADS, WIDTH, VOCABULARY)
"""Sizes without which a file does not describe a model, whatever transformers would take."""
VALUE_ROOM = 40


class Fields:
    """The fields of a text model, under the names that Llama's config.json uses."""

    def __init__(self, values: Mapping[str, Any], family: Family, model_type: str, where: str, *, nested: bool = False) -> None:
        self.family = family
        self.model_type = model_type
        self.where = where
        self.nested = nested
        self.notes: list[str] = []
        aliases = {original: alias for alias, original in family.aliases.items() if alias in values and original not in values}
        self._values = {original: values[alias] for original, alias in aliases.items()} | dict(values)
        self._used: set[str] = set()

    def name(self, field: str) -> str:
        """The family's name of a field."""
        return self.family.rename.get(field, field)

    def refuse(self, field: str, reason: str) -> ConfigError:
        """The refusal of a field; raise it."""
        return ConfigError(f"{self.where}: the field {shorten(_plain(field), NAME_ROOM)} {reason}")

    def raw(self, field: str) -> Any:
        """The field's value as it stands, or where the file has no such field transformers' default, or None."""
        name = self.name(field)
        self._used.add(name)
        if name in self._values or name not in self.family.defaults or (field in CORE and not self.nested):
            return self._values.get(name)
        value = self.family.defaults[name]
        note = f"{name} is not in the file; transformers takes {_shown(value)}"
        if value is not False and note not in self.notes:
            self.notes.append(note)
        return value

    def given(self, field: str) -> bool:
        """Whether the file states the field; asking does not account for it."""
        return self._values.get(self.name(field)) is not None

    def count(self, field: str, default: int | None = None, *, least: int = 1, most: int = MOST) -> int:
        """A whole number within bounds."""
        value = self.raw(field)
        if value is None:
            if default is None:
                raise self.missing(field)
            return default
        return self.checked(field, value, least, most)

    def checked(self, field: str, value: Any, least: int = 1, most: int = MOST) -> int:
        """A value as a whole number within bounds."""
        name = self.name(field)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.refuse(name, f"is {_shown(value)}, not a whole number")
        if not least <= value <= most:
            raise self.refuse(name, f"is {_shown(value)}; a whole number from {least} to {most} is meant")
        return value

    def optional(self, field: str, *, least: int = 1) -> int | None:
        """A whole number, or None where the file says null or nothing."""
        value = self.raw(field)
        return None if value is None else self.checked(field, value, least)

    def missing(self, field: str) -> ConfigError:
        """The refusal of a file that lacks the field."""
        return self.refuse(self.name(field), "is missing")

    def flag(self, field: str, default: bool = False) -> bool:
        """True or false."""
        value = self.raw(field)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.refuse(self.name(field), f"is {_shown(value)}, not true or false")
        return value

    def switch(self, answer: bool | str) -> bool:
        """What a family states, or the field that it names says."""
        return self.flag(answer) if isinstance(answer, str) else answer

    def number(self, field: str, default: float) -> float:
        """A finite positive number."""
        value = self.raw(field)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < MOST:
            raise self.refuse(self.name(field), f"is {_shown(value)}, not a positive number")
        return float(value)

    def text(self, field: str) -> str | None:
        """A text, or None."""
        value = self.raw(field)
        if value is not None and not isinstance(value, str):
            raise self.refuse(self.name(field), f"is {_shown(value)}, not a text")
        return value

    def table(self, field: str) -> Mapping[str, Any]:
        """An object of its own."""
        value = self.raw(field)
        if not isinstance(value, Mapping):
            raise self.missing(field) if value is None else self.refuse(self.name(field), "is no object")
        return value

    def items(self, field: str) -> Sequence[Any] | None:
        """A list, or None."""
        value = self.raw(field)
        if value is not None and not isinstance(value, list):
            raise self.refuse(self.name(field), f"is {_shown(value)}, not a list")
        return value

    def whole_items(self, field: str, *, least: int = 0) -> list[int] | None:
        """A list of whole numbers, or None."""
        items = self.items(field)
        return None if items is None else [self.checked(field, item, least) for item in items]

    def per_layer(self, field: str, layers: int, allowed: Sequence[str]) -> list[str] | None:
        """A list with one of the allowed texts per layer, or None."""
        items = self.items(field)
        if items is None:
            return None
        if len(items) != layers:
            raise self.refuse(self.name(field), f"has {len(items)} entries for {layers} layers")
        for item in items:
            if item not in allowed:
                raise self.refuse(self.name(field), f"holds {_shown(item)}; understood are {', '.join(allowed)}")
        return list(items)

    def layers(self) -> int:
        """How many layers there are."""
        return self.count(LAYERS, most=MOST_LAYERS)

    def skip(self, *fields: str) -> None:
        """Account for fields that change nothing here."""
        self._used.update(self.name(field) for field in fields)

    def within(self, values: Any, field: str) -> "Fields":
        """The fields of an object in a field, none where it is null, to be finished on its own."""
        if values is None:
            values = {}
        if not isinstance(values, Mapping):
            raise self.refuse(field, f"is {_shown(values)}, not an object")
        return Fields(values, Family(), self.model_type, f"{self.where}: {field}", nested=True)

    def finish(self) -> None:
        """Refuse what could change the counts and was not read; null says nothing, so it changes nothing."""
        stated = {name: value for name, value in self._values.items() if value is not None}
        required = {**table().require, **self.family.require}
        for name, allowed in required.items():
            if name in stated and name not in self._used and stated[name] not in allowed:
                raise self.refuse(name, f"is {_shown(stated[name])}, which is not understood for {self.model_type}")
        for name, original in self.family.aliases.items():
            if name in stated and original in stated and stated[name] != stated[original]:
                raise self.refuse(name, f"is {_shown(stated[name])}, though {original} is {_shown(stated[original])}")
        known = self._used | {*required, *self.family.aliases}
        harmless = (*table().harmless, *self.family.ignore)
        for name, value in stated.items():
            patterns = (*harmless, *table().off) if value is False else harmless
            if name not in known and not any(fnmatchcase(name, pattern) for pattern in patterns):
                raise self.refuse(
                    name, f"({_shown(value)}) is not understood for {self.model_type}: it could change what is counted"
                )


def _plain(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)


def _shown(value: Any) -> str:
    """A value in a message, short whatever it is."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else f"a list of {len(value)}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**30:
        return "a number beyond reason"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return shorten(_plain(repr(value)), VALUE_ROOM)

"""The spreadsheet's own functions, entered by name where they are written."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from workbook_templates.headless.columnar.values import Values

Implementation: TypeAlias = Callable[..., Values]


@dataclass(frozen=True, slots=True)
class Native:
    """A function on values.

    It takes the `Context` and its arguments, None for those that are not given.  ``modes`` has a
    letter for each argument: v one value, r a range as it is, a an array computed element by
    element; the letters before a * repeat without end.
    """

    compute: Implementation
    modes: str
    least: int
    repeated: int

    @property
    def most(self) -> int | None:
        """How many arguments it takes, None where there is no end."""
        return None if self.repeated else len(self.modes)

    def mode(self, place: int) -> str:
        """The letter of an argument."""
        if place < len(self.modes):
            return self.modes[place]
        return self.modes[len(self.modes) - self.repeated + (place - len(self.modes)) % self.repeated]


NATIVE: dict[str, Native] = {}


def native(names: str, modes: str, least: int | None = None, repeated: int = 0) -> Callable[[Implementation], Implementation]:
    """Enter a function under its names; the last ``repeated`` arguments may come again and again."""

    def enter(compute: Implementation) -> Implementation:
        for name in names.split():
            NATIVE[name] = Native(compute, modes, len(modes) if least is None else least, repeated)
        return compute

    return enter

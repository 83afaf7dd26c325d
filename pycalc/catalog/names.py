"""Names as people write them: the same name found, a near one suggested, never taken.

Case, spaces, hyphens and brackets do not matter, but for a gap between two figures: Qwen2 57B is
not Qwen2.5 7B, whatever is left out between them.
"""

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from pycalc.errors import UnknownNameError, shorten

WORD = re.compile(r"[^\W_]+(?:\.(?=\d)[^\W_]+)*")
NOISE = frozenset(("gpu", "tm"))
SHOWN = 40
NEAR = 6


def words(name: str) -> list[str]:
    """The words of a name, without those that say nothing.

    >>> words("NVIDIA A100-SXM4-80GB"), words("Llama_3.1 8B"), words("M3 Max 40-Core GPU")
    (['nvidia', 'a100', 'sxm4', '80gb'], ['llama', '3.1', '8b'], ['m3', 'max', '40', 'core'])
    """
    return [word for word in WORD.findall(unicodedata.normalize("NFKC", name).casefold()) if word not in NOISE]


def joined(parts: Iterable[str]) -> str:
    """Words run together; a gap stays where it parts two figures.

    >>> joined(words("RTX-4090")), joined(words("Qwen2 57B")), joined(words("Qwen2.5 7B"))
    ('rtx4090', 'qwen2-57b', 'qwen2.5-7b')
    """
    text = ""
    for part in parts:
        text += f"-{part}" if text[-1:].isdigit() and part[0].isdigit() else part
    return text


@lru_cache(maxsize=4096)  # a sheet asks for the same few names in thousands of cells
def key(name: str) -> str:
    """What two spellings of one name have in common."""
    return joined(words(name))


class Named(NamedTuple):
    """A row's own name, the ways in which it may be written, and names that only suggest it."""

    name: str
    forms: Iterable[str]
    hints: Iterable[str] = ()


T = TypeVar("T")


class Names(Generic[T]):
    """Rows by every spelling of their names; a row's own name goes before another's spelling."""

    def __init__(self, what: str, rows: Iterable[T], named: Callable[[T], Named]) -> None:
        self.what = what
        self._rows: dict[str, T] = {}
        self._own: dict[str, str] = {}
        self._exact: dict[str, set[str]] = {}
        self._begun: dict[str, set[str]] = {}
        for row in rows:
            name, forms, hints = named(row)
            self._rows[name] = row
            self._own[key(name)] = name
            for form in {name: None, **dict.fromkeys(forms)}:
                parts = words(form)
                self._exact.setdefault(joined(parts), set()).add(name)
                for length in range(1, len(parts)):
                    self._begun.setdefault(joined(parts[:length]), set()).add(name)
            for hint in hints:
                self._begun.setdefault(key(hint), set()).add(name)

    def __iter__(self) -> Iterator[T]:
        return iter(self._rows.values())

    def find(self, name: str) -> T:
        """The row of that name; UnknownNameError with the variants or the nearest names."""
        wanted = key(name)
        found = {self._own[wanted]} if wanted in self._own else self._exact.get(wanted, set())
        if len(found) == 1:
            return self._rows[next(iter(found))]
        shown = shorten(name, SHOWN)
        variants = sorted(found or self._begun.get(wanted, set()))
        if len(variants) > 1:
            raise UnknownNameError(f'the {self.what} "{shown}" has variants, say which: {_listed(variants)}')
        near = variants or self.near(wanted)
        raise UnknownNameError(f'no {self.what} "{shown}" in the catalogue' + (f"; near: {_listed(near)}" if near else ""))

    def near(self, wanted: str) -> list[str]:
        """Names that are spelled nearly so, the nearest first."""
        spelled = difflib.get_close_matches(wanted, self._exact, n=3 * NEAR, cutoff=0.6)
        inside = [spelling for spelling in self._exact if len(wanted) > 2 and wanted in spelling]
        return list(dict.fromkeys(name for spelling in (*spelled, *inside) for name in sorted(self._exact[spelling])))[:NEAR]

    def containing(self, text: str) -> list[T]:
        """Rows with a spelling that holds the text: a filter, not a choice."""
        wanted = key(text)
        names = {name for spelling, found in self._exact.items() if wanted in spelling for name in found}
        return [row for name, row in self._rows.items() if name in names]


def _listed(names: list[str], room: int = 160) -> str:
    """As many of the names as a cell's error has room for."""
    shown: list[str] = []
    for name in names:
        if sum(map(len, shown)) + 2 * len(shown) + len(name) > room:
            return ", ".join(shown) + ", …"
        shown.append(name)
    return ", ".join(shown)

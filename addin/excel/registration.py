r"""How Excel comes to know the add-in: its list of add-ins to open, and its folders to trust.

Excel reads the values OPEN, OPEN1, OPEN2, … of its Options when it starts and writes them when
it ends, numbered anew; an add-in that the user unticks goes to Add-in Manager.  So ours is found
by the file that it names, never by a number, and none of this is touched while Excel runs.
A folder is trusted by a key LocationN that holds its path.  xlwings' COM server needs no entry
at all: its DLL makes up a class id for each Excel, and the server registers it in memory.
"""

import re
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

from addin.excel.windows import Registry

EXCEL = r"HKCU\Software\Microsoft\Office\16.0\Excel"
OPTIONS = rf"{EXCEL}\Options"
UNTICKED = rf"{EXCEL}\Add-in Manager"
DISABLED = rf"{EXCEL}\Resiliency\DisabledItems"
TRUSTED = rf"{EXCEL}\Security\Trusted Locations"
DESCRIPTION = "llmecon: the add-in LLM economics; llmecon addin uninstall removes it"
FIRST_LOCATION = 20  # Excel numbers its own from 0 when it first runs


def opened(registry: Registry) -> list[tuple[int, str, str]]:
    """What Excel opens when it starts: number, name of the value, what it holds, in order."""
    found = []
    for name, value in registry.values(OPTIONS).items():
        if match := re.fullmatch(r"OPEN(\d*)", name, re.IGNORECASE):
            found.append((int(match[1] or 0), name, str(registry.expanded(value))))
    return sorted(found)


def names(entry: str, addin: Path) -> bool:
    r"""Whether an entry, such as ``/R "D:\a.xlam"``, opens this file."""
    unswitched = re.sub(r"^(\s*/\w+\s+)+", "", entry)
    return PureWindowsPath(unswitched.strip().strip('"')) == PureWindowsPath(addin)


def registered(registry: Registry, addin: Path) -> str | None:
    """The name of the value that opens the add-in."""
    return next((name for _, name, entry in opened(registry) if names(entry, addin)), None)


def register(registry: Registry, addin: Path) -> None:
    """Let Excel open the add-in: under the first number that is free, so that no other's entry is touched."""
    taken = {number for number, _, _ in opened(registry)}
    free = next(number for number in range(len(taken) + 1) if number not in taken)
    registry.set(OPTIONS, _open(free), f'"{addin}"')
    registry.delete(UNTICKED, _unticked(registry, addin) or str(addin))


def unregister(registry: Registry, addin: Path) -> None:
    """Take the add-in off both lists; those behind it move up, since Excel may stop at a gap."""
    while name := registered(registry, addin):
        _remove(registry, name)
    if unticked := _unticked(registry, addin):
        registry.delete(UNTICKED, unticked)


def _remove(registry: Registry, name: str) -> None:
    """Remove one entry and close the gap; at no moment is another's entry missing."""
    behind = {number: (other, registry.values(OPTIONS)[other]) for number, other, _ in opened(registry)}
    number = next(each for each, (other, _) in behind.items() if other == name)
    last = name
    while number + 1 in behind:
        following, value = behind[number + 1]
        registry.put(OPTIONS, last, value)
        number, last = number + 1, following
    registry.delete(OPTIONS, last)


def _open(number: int) -> str:
    return f"OPEN{number or ''}"


def _unticked(registry: Registry, addin: Path) -> str | None:
    return next((name for name in registry.values(UNTICKED) if PureWindowsPath(name) == PureWindowsPath(addin)), None)


def listed(registry: Registry, addin: Path) -> bool:
    """Whether Excel knows of the add-in, ticked or not."""
    return bool(registered(registry, addin) or _unticked(registry, addin))


def disabled(registry: Registry, addin: Path) -> bool:
    """Whether Excel keeps the add-in from loading after a crash: each value is numbers, then texts in UTF-16."""
    held = [value.data for value in registry.values(DISABLED).values()]
    texts = [data.decode("utf-16-le", "ignore") for data in held if isinstance(data, bytes)]
    return any(str(addin).casefold() in text.casefold() for text in texts)


def locations(registry: Registry) -> Iterator[tuple[str, PureWindowsPath, bool]]:
    """The folders that this user's Excel trusts: key, path, whether those below are trusted as well."""
    for name in registry.subkeys(TRUSTED):
        key = rf"{TRUSTED}\{name}"
        if path := registry.get(key, "Path"):
            yield key, PureWindowsPath(str(path)), bool(registry.get(key, "AllowSubFolders"))


def trusted(registry: Registry, folder: Path) -> bool:
    """Whether Excel trusts this folder, by itself or with one above it."""
    sought = PureWindowsPath(folder)
    return any(sought == path or (deep and path in sought.parents) for _, path, deep in locations(registry))


def trust(registry: Registry, folder: Path) -> None:
    """Let Excel run the macros of what is in this one folder, and not of what is below it."""
    taken = {name.casefold() for name in registry.subkeys(TRUSTED)}
    free = next(f"Location{number}" for number in range(FIRST_LOCATION, 1 << 31) if f"location{number}" not in taken)
    key = rf"{TRUSTED}\{free}"
    registry.create(key)
    try:
        registry.set(key, "Path", f"{folder}\\")
        registry.set(key, "AllowSubFolders", 0)
        registry.set(key, "Description", DESCRIPTION)
    except BaseException:
        registry.delete_key(key)
        raise


def untrust(registry: Registry, folder: Path) -> None:
    """Take back `trust`, under whatever number it is now."""
    for key, path, _ in list(locations(registry)):
        if path == PureWindowsPath(folder):
            registry.delete_key(key)

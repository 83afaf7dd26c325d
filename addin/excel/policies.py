r"""Settings that keep Excel from loading the add-in or from starting Python, whoever made them; they are only read.

The user's own are those of the Trust Center, under ``Software\Microsoft``; an administrator's are
under ``Software\Policies``.  Names and meanings are those of Microsoft's policy templates; that
Intune writes Defender's rules to Policy Manager is second-hand.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from addin.excel.windows import Registry

OWN = r"HKCU\Software\Microsoft\Office\16.0"
ADMINISTRATORS = (
    r"HKCU\Software\Policies\Microsoft\Office\16.0",
    r"HKCU\Software\Policies\Microsoft\Cloud\Office\16.0",
    r"HKLM\Software\Policies\Microsoft\Office\16.0",
)
DEFENDER = (
    r"HKLM\Software\Policies\Microsoft\Windows Defender\Windows Defender Exploit Guard\ASR\Rules",
    r"HKLM\Software\Microsoft\Windows Defender\Windows Defender Exploit Guard\ASR\Rules",
    r"HKLM\Software\Policies\Microsoft\Windows Defender\Policy Manager",
)


class Block(NamedTuple):
    """A value that blocks, below one of the roots."""

    key: str
    name: str
    value: int
    meaning: str


UNLISTED = r"Excel\Resiliency"

MACRO_BLOCKS = (
    Block("Common", "VBAOff", 1, "VBA is switched off in Office"),
    Block(r"Excel\Security", "DisableAllAddins", 1, "all add-ins are switched off"),
    Block(r"Excel\Security", "RequireAddinSig", 1, "add-ins must be signed by a trusted publisher"),
    Block(r"Common\Security", "RequireAlwaysOnMacroSig", 1, "add-ins must be signed by a trusted publisher"),
    Block(r"Excel\Security\Trusted Locations", "AllLocationsDisabled", 1, "no folder is trusted"),
    Block(r"Common\Security\Trusted Locations", "Allow User Locations", 0, "only an administrator's folders are trusted"),
    Block(UNLISTED, "RestrictToList", 1, "only listed add-ins may load, and llmecon.xlam is not listed"),
)

RULES = {
    "d4f940ab-401b-4efc-aadc-ad5f3c50688a": "Excel may start no program, so no Python (xlwings #1420)",
    "92e97fa1-2edf-4476-bdd6-9dd0b4dddc7b": "macros may not call Windows, so the DLL that starts Python is out of reach",
}
BLOCKING = {"1", "6"}  # block, and warn
LISTED = {"1", "2"}  # always loaded, and left to the user


class Found(NamedTuple):
    """A setting that blocks: where it is, what it means, and who can change it."""

    where: str
    meaning: str
    by_administrator: bool


def blocked_macros(registry: Registry) -> Iterator[Found]:
    """What of Office's settings keeps an unsigned add-in in a trusted folder of the user's from loading.

    The setting for macros in general (VBAWarnings) is not among these: a trusted folder overrides it.
    """
    for root in (OWN, *ADMINISTRATORS):
        for block in MACRO_BLOCKS:
            if block.key == UNLISTED and str(registry.get(rf"{root}\{UNLISTED}\AddinList", "llmecon.xlam")) in LISTED:
                continue
            if registry.get(rf"{root}\{block.key}", block.name) == block.value:
                yield Found(rf"{root}\{block.key}: {block.name} is {block.value}", block.meaning, root != OWN)


def blocked_processes(registry: Registry) -> Iterator[Found]:
    """Rules of Microsoft Defender that do not let Excel start Python; what only administrators may read stays unknown."""
    for key in DEFENDER:
        with suppress(PermissionError):
            yield from _blocking_rules(registry, key)


def _blocking_rules(registry: Registry, key: str) -> Iterator[Found]:
    listed = str(registry.get(key, "ASRRules") or "").casefold()  # Intune's list: rule=state|rule=state
    states = dict(rule.partition("=")[::2] for rule in listed.split("|"))
    for rule, meaning in RULES.items():
        if str(registry.get(key, rule) or states.get(rule, "")) in BLOCKING:
            yield Found(rf"{key}: {rule}", meaning, True)

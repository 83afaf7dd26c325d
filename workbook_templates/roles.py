"""What each sheet of a model is for: one table, read by the renderer and by the rules.

A role is told by how the sheet's name begins, case, spaces and punctuation aside, so that
"Calc", "Calc_Opex" and "Calculations" are all calculation sheets.
"""

import re
from enum import StrEnum


class Role(StrEnum):
    """What a sheet is for, in the order in which a workbook shows them."""

    COVER = "cover"
    INPUTS = "inputs"
    TIME = "time"
    CALC = "calc"
    OUTPUTS = "outputs"
    CHECKS = "checks"
    LOG = "log"
    CATALOGUE = "catalogue"
    AUDIT = "audit"
    LIST = "list"


SHEET_NAMES: dict[Role, tuple[str, ...]] = {
    Role.COVER: ("Cover", "About", "Welcome", "ReadMe"),
    Role.INPUTS: ("Inputs", "Assumptions", "Drivers"),
    Role.TIME: ("Time",),
    Role.CALC: ("Calc", "Workings"),
    Role.OUTPUTS: ("Sensitivity", "Dashboard", "Outputs", "Summary", "Results"),
    Role.CHECKS: ("Checks",),
    Role.LOG: ("ChangeLog", "Log", "Version"),
    Role.CATALOGUE: ("Catalogue", "Catalog"),
    Role.AUDIT: ("Audit",),
    Role.LIST: ("List",),
}
"""How the names of the sheets with a role begin."""

REQUIRED = (Role.COVER, Role.INPUTS, Role.CALC, Role.OUTPUTS, Role.CHECKS, Role.LOG)
"""The roles that every model has a sheet for."""

FLOW: dict[Role, int] = {
    Role.LIST: 0,
    Role.CATALOGUE: 0,
    Role.LOG: 0,
    Role.INPUTS: 1,
    Role.TIME: 2,
    Role.CALC: 3,
    Role.OUTPUTS: 4,
    Role.AUDIT: 5,
    Role.CHECKS: 6,
    Role.COVER: 7,
}
"""A sheet reads only sheets of its own rank or a lower one."""


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()


_PREFIXES = tuple((_plain(start), role) for role, names in SHEET_NAMES.items() for start in names)


def role_of(sheet_name: str) -> Role | None:
    """The role that a sheet's name tells, None where it tells none.

    >>> role_of("Calc_Opex"), role_of("change log"), role_of("Sheet1")
    (<Role.CALC: 'calc'>, <Role.LOG: 'log'>, None)
    """
    plain = _plain(sheet_name)
    return next((role for prefix, role in _PREFIXES if plain.startswith(prefix)), None)

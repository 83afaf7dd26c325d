"""What each sheet of a model is for: one table, read by the renderer and by the rules.

A role is told by the words with which the sheet's name begins, so that "Calc", "Calc_Opex" and
"Calculations 2" are calculation sheets, and "Logistics" is no log.
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
    Role.INPUTS: ("Inputs", "Input", "Assumptions", "Drivers"),
    Role.TIME: ("Time", "Timeline", "Timing"),
    Role.CALC: ("Calc", "Calcs", "Calculation", "Calculations", "Workings"),
    Role.OUTPUTS: ("Outputs", "Output", "Sensitivity", "Sensitivities", "Dashboard", "Summary", "Results"),
    Role.CHECKS: ("Checks", "Check"),
    Role.LOG: ("ChangeLog", "Log", "Version", "Versions"),
    Role.CATALOGUE: ("Catalogue", "Catalog"),
    Role.AUDIT: ("Audit",),
    Role.LIST: ("List", "Lists"),
}
"""With which words the names of the sheets of a role begin."""

REQUIRED = (Role.COVER, Role.INPUTS, Role.CALC, Role.OUTPUTS, Role.CHECKS, Role.LOG)
"""The roles that every model has a sheet for."""

FLOW: dict[Role, int] = {
    Role.LIST: 0,
    Role.CATALOGUE: 0,
    Role.INPUTS: 1,
    Role.TIME: 2,
    Role.CALC: 3,
    Role.OUTPUTS: 4,
    Role.AUDIT: 5,
    Role.CHECKS: 6,
    Role.COVER: 7,
    Role.LOG: 7,
}
"""A sheet reads only sheets of its own rank or a lower one."""


WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_]+")
_ROLES = {name.casefold(): role for role, names in SHEET_NAMES.items() for name in names}


def role_of(sheet_name: str) -> Role | None:
    """The role that a sheet's name tells, None where it tells none.

    >>> role_of("Calc_Opex"), role_of("change log"), role_of("Logistics")
    (<Role.CALC: 'calc'>, <Role.LOG: 'log'>, None)
    """
    words = WORD.findall(sheet_name)
    starts = ("".join(words[:count]).casefold() for count in range(len(words), 0, -1))
    return next((_ROLES[start] for start in starts if start in _ROLES), None)

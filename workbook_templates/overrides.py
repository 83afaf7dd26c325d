"""Values given when a workbook is made: they take the place of the live scenario's.

A refusal is one line that names the input, what was given and what is right.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import replace

from workbook_templates.spec import PERCENT, SCENARIOS, Input, Template

NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
SELECTOR = "scenario"


class RefusedOverrideError(ValueError):
    """An override that names no input, is no number, or is out of bounds."""


def with_overrides(template: Template, overrides: Mapping[str, str | float]) -> Template:
    """The template with these values in its live scenario; ``scenario`` chooses that one."""
    known = {row.name: row for row in template.all_inputs()}
    for name in overrides:
        if name not in known and name != SELECTOR:
            raise RefusedOverrideError(_unknown(name, [*known, SELECTOR]))
    scenario = _scenario(overrides.get(SELECTOR, template.scenario))
    given = {name: _value(known[name], value) for name, value in overrides.items() if name != SELECTOR}
    sections = tuple(
        replace(section, rows=tuple(_moved(row, given, scenario) if isinstance(row, Input) else row for row in section.rows))
        for section in template.inputs
    )
    return replace(template, inputs=sections, scenario=scenario)


def _unknown(name: str, known: list[str]) -> str:
    start = [other for other in known if name and other.startswith(name.lower())]
    near = start or difflib.get_close_matches(name.lower(), known, 3, 0.6)
    return f"no input is called {name!r}; " + (
        f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
    )


def _scenario(given: str | float) -> str:
    for scenario in SCENARIOS:
        if str(given).casefold() == scenario.casefold():
            return scenario
    raise RefusedOverrideError(f"{SELECTOR} is {given!r}; it must be one of {', '.join(SCENARIOS)}")


def _value(row: Input, given: str | float) -> float:
    """The number that was given, in the sheet's unit."""
    right = f"it must be a {'whole ' if row.whole else ''}number from {row.bounds[0]:g} to {row.bounds[1]:g}"
    right += " (a fraction, 0.3 for 30%)" if row.unit.name == PERCENT else f" {row.unit.name}"
    if isinstance(given, bool) or (isinstance(given, str) and not NUMBER.fullmatch(given.strip())):
        raise RefusedOverrideError(f"{row.name} is {given!r}, not a number; {right}")
    value = float(given)
    if row.fault(value):
        raise RefusedOverrideError(f"{row.name} is {value:.15g}; {right}")
    return int(value) if value % 1 == 0 else value


def _moved(row: Input, given: Mapping[str, float], scenario: str) -> Input:
    if row.name not in given:
        return row
    at = SCENARIOS.index(scenario)
    base, bull, bear = (given[row.name] if i == at else value for i, value in enumerate(row.values))
    return replace(
        row, values=(base, bull, bear), source=f"[set] {scenario} given when this workbook was made; else {row.source}"
    )

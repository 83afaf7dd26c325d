"""Values given when a workbook is made: they take the place of the live scenario's.

A refusal is one line that names the input, what was given and what is right.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workbook_templates.spec import PERCENT, SCENARIOS, Choice, Input, Template

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
    given = {name: _value(template, known[name], value) for name, value in overrides.items() if name != SELECTOR}
    changed = {name: _moved(known[name], given, scenario) for name in given}
    sections = tuple(
        replace(section, rows=tuple(changed.get(row.name, row) for row in section.rows)) for section in template.inputs
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


def _value(template: Template, row: Input | Choice, given: str | float) -> str | float:
    return _number(row, given) if isinstance(row, Input) else _text(template, row, str(given))


def _text(template: Template, row: Choice, given: str) -> str:
    """The text of the list that was meant, whatever its case."""
    options = template.catalogue(row.options).options if isinstance(row.options, str) else row.options
    found = next((option for option in options if option.casefold() == given.strip().casefold()), None)
    if found is None:
        near = difflib.get_close_matches(given, options, 3, 0.5) or list(options)[:12]
        raise RefusedOverrideError(f"{row.name} is {given!r}; it must be one of its list, such as {', '.join(near)}")
    return found


def _number(row: Input, given: str | float) -> float:
    """The number that was given, in the sheet's unit."""
    right = f"it must be a {'whole ' if row.whole else ''}number from {row.bounds[0]:g} to {row.bounds[1]:g}"
    right += " (a fraction, 0.3 for 30%)" if row.unit.name == PERCENT else f" {row.unit.name}"
    if isinstance(given, bool) or (isinstance(given, str) and not NUMBER.fullmatch(given.strip())):
        raise RefusedOverrideError(f"{row.name} is {given!r}, not a number; {right}")
    value = float(given)
    if row.fault(value):
        raise RefusedOverrideError(f"{row.name} is {value:.15g}; {right}")
    return int(value) if value % 1 == 0 else value


def _moved(row: Input | Choice, given: Mapping[str, str | float], scenario: str) -> Input | Choice:
    """The row with what was given in the place of the live scenario's value."""
    at = SCENARIOS.index(scenario)
    values: Any = tuple(given[row.name] if i == at else value for i, value in enumerate(row.values))
    return replace(row, values=values, source=f"[set] {scenario} given when this workbook was made; else {row.source}")

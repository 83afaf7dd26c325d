"""From a template to a finished file: overrides, rendering, cached values, headline results."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pycalc.cells import Cell
from workbook_templates.headless.recalculation import fill_cached_values, recalculate
from workbook_templates.overrides import with_overrides
from workbook_templates.package import workbook_bytes
from workbook_templates.render import render
from workbook_templates.spec import Template

Functions = Literal["addin", "inline"]


@dataclass(frozen=True, slots=True)
class Headline:
    """A result that the reader came for, in the unit that the sheet shows."""

    name: str
    label: str
    value: Cell
    unit: str


@dataclass(frozen=True, slots=True)
class Built:
    """What a workbook says once it is made."""

    headlines: tuple[Headline, ...]
    failing: tuple[str, ...]
    """The labels of the checks that do not hold."""


def build(
    template: Template,
    path: Path,
    functions: Functions = "addin",
    overrides: Mapping[str, str | float] | None = None,
    audit: bool = False,
) -> Built:
    """Write the workbook with its cached values, whole or not at all, and give its results.

    ``functions`` says whether cells call our functions (with their LAMBDA names in the workbook)
    or hold plain formulas; ``audit`` adds a sheet on which both are compared.  Raises
    `RefusedOverrideError`.
    """
    chosen = with_overrides(template, overrides or {})
    with tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder, f"{chosen.name}.xlsx")
        if audit:  # what pycalc's own functions give, cell by cell
            drawn.write_bytes(workbook_bytes(render(chosen)))
        draft = render(chosen, inline=functions == "inline", audit=recalculate(drawn).values if audit else None)
        drawn.write_bytes(workbook_bytes(draft))
        computed = fill_cached_values(drawn, path)

    def value(name: str) -> Cell:
        place = draft.places[name]
        return computed.values[place.sheet, place.cell.replace("$", "")]

    lines = {line.name: line for line in chosen.all_lines()}
    headlines = tuple(Headline(name, lines[name].label, value(name), lines[name].unit.name) for name in chosen.headlines)
    return Built(headlines, tuple(check.label for check in chosen.all_checks() if value(check.label) != 0))

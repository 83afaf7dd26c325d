"""What a template's workbook says, by the names of its lines; and the same workbook with a cell overwritten."""

from pathlib import Path
from typing import Any

import openpyxl
import workbook_engines as engines

from workbook_templates.build import build
from workbook_templates.overrides import with_overrides
from workbook_templates.page import Place
from workbook_templates.registry import template
from workbook_templates.render import render
from workbook_templates.spec import SCENARIOS


def inputs(name: str, overrides: dict[str, Any]) -> dict[str, Any]:
    """The live inputs by name, in the sheet's units."""
    chosen = with_overrides(template(name), overrides)
    return {row.name: row.values[SCENARIOS.index(chosen.scenario)] for row in chosen.all_inputs()}


def lines(name: str, path: Path, mode: Any = "addin", **overrides: Any) -> dict[str, Any]:
    """Every line that stands once, by name, of a workbook made there."""
    build(template(name), path, mode, overrides)
    values, places, overs = engines.stored(path), render(template(name)).places, template(name).overs()
    return {line.name: values[at(places[line.name])] for line in template(name).all_lines() if overs[line.name] is None}


def row(name: str, path: Path, of: str) -> list[Any]:
    """The values of a row with columns, such as ``by_requests.saving``."""
    values = engines.stored(path)
    return [values[at(place)] for place in render(template(name)).places[of].cells()]


def at(place: Place) -> tuple[str, str]:
    """A place as the engines name it; of several cells the first."""
    return place.sheet, place.cell.partition(":")[0].replace("$", "")


def silent(name: str, label: str, sound: Path, faulty: Path, where: str | tuple[str, str], text: str | float) -> list[str]:
    """Who does not flag a cell, or the first of a line, overwritten with this text: the check, or a sheet, by engine."""
    places = render(template(name)).places
    sheet, cell = at(places[where]) if isinstance(where, str) else where
    book = openpyxl.load_workbook(sound)
    book[sheet][cell] = text
    book.save(faulty)
    found = []
    for engine in (engines.formualizer, engines.cellrune):
        values = engine(faulty)
        flags = [value for value in values.values() if value in ("ALL CHECKS OK", "CHECK FAILED")]
        if values[at(places[label])] != 1:
            found.append(f"{engine.__name__}: {label}")
        if flags != ["CHECK FAILED"] * len(template(name).sheets):
            found.append(f"{engine.__name__}: {flags}")
    return found

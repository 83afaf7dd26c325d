"""What must hold of a template before it is drawn: known names, agreeing units, no clash with a function."""

from collections import Counter
from collections.abc import Iterator

import pycalc
from pycalc.errors import DeclarationError
from workbook_templates.formulas import Call, names, parse, require_units
from workbook_templates.spec import Grid, Input, Levers, Line, Strip, Template, Unit, Waterfall


def require_sound(template: Template) -> None:
    """Refuse a template that some sheet could not show, or that would show a wrong unit."""
    rows: tuple[Input | Line, ...] = (*template.all_inputs(), *template.all_lines())
    twice = [name for name, count in Counter(row.name for row in rows).items() if count > 1]
    _demand(template, not twice, "two rows have one name", twice)
    clash = [row.name for row in template.all_inputs() if row.name.upper() in pycalc.FUNCTIONS]
    _demand(template, not clash, "an input has the name of a function", clash)
    units = {row.name: _unit_in_formulas(row.unit) for row in rows}
    known = {row.name for row in template.all_inputs()}
    for line in template.all_lines():
        _require_line(template, line, known, units)
        known.add(line.name)
    for line, moved in _own_lines(template):
        units |= {line.name: _unit_in_formulas(line.unit)}
        _require_line(template, line, known | moved, units)
        known.add(line.name)
    unknown = set(_named(template)) - known
    _demand(template, not unknown, "names that no row has", sorted(unknown))


def _demand(template: Template, holds: bool, fault: str, what: object) -> None:
    if not holds:
        raise DeclarationError(f"{template.name}: {fault}: {what}")


def _unit_in_formulas(unit: Unit) -> str:
    """The unit that a bare name carries into a call; a scaled one fits no argument of ours."""
    return unit.base if unit.scale == 1 else unit.name


def _require_line(template: Template, line: Line, known: set[str], units: dict[str, str]) -> None:
    unknown = set(names(line.formula)) - known
    _demand(template, not unknown, f"{line.name} uses what does not stand above it", sorted(unknown))
    require_units(line.formula, units)
    parts = parse(line.formula)
    spec = parts[0].declared if len(parts) == 1 and isinstance(parts[0], Call) else None
    if spec is not None and spec.result.unit != _unit_in_formulas(line.unit):
        raise DeclarationError(f"{line.name}: {spec.excel_name} gives {spec.result.unit}, the row says {line.unit.name}")


def _own_lines(template: Template) -> Iterator[tuple[Line, set[str]]]:
    """The lines that grids add, with the axes they stand under."""
    for block in template.blocks:
        if isinstance(block, Grid):
            moved = {block.across.name, block.down.name}
            yield from ((item, moved) for item in (*block.lines, *block.down_lines, block.cell) if isinstance(item, Line))


def _named(template: Template) -> Iterator[str]:
    """The names by which blocks, figures and headlines ask for rows."""
    for block in template.blocks:
        if isinstance(block, Grid):
            yield from (item for item in (*block.lines, *block.down_lines) if isinstance(item, str))
            yield from (name for name in (block.across.name, block.down.name, block.bold_below, block.room) if name)
        elif isinstance(block, Strip):
            yield from block.outputs
        elif isinstance(block, Levers):
            yield from (*block.drivers, block.output, block.room)
        elif isinstance(block, Waterfall):
            yield from (step.line for step in block.steps)
    yield from (kpi.name for kpi in template.kpis)
    yield from template.headlines

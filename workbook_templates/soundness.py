"""What must hold of a template before it is drawn: known names, agreeing units and columns, no clash with a function."""

from collections import Counter
from collections.abc import Iterator

import pycalc
from pycalc.errors import DeclarationError
from workbook_templates.formulas import Call, names, parse, require_units
from workbook_templates.page import PARTS
from workbook_templates.recompute import moved_lines, rows_of
from workbook_templates.spec import (
    CaseInput,
    Choice,
    Grid,
    Levers,
    Line,
    Months,
    Over,
    Section,
    Strip,
    Table,
    Template,
    Unit,
    Waterfall,
    stated_names,
)


def require_sound(template: Template) -> None:
    """Refuse a template that some sheet could not show, or that would show a wrong unit."""
    rows = (*template.all_inputs(), *template.case_inputs(), *template.all_lines())
    twice = [name for name, count in Counter(row.name for row in rows).items() if count > 1]
    _demand(template, not twice, "two rows have one name", twice)
    clash = [row.name for row in rows if not isinstance(row, Line) and row.name.upper() in pycalc.FUNCTIONS]
    _demand(template, not clash, "an input has the name of a function", clash)
    _require_cases(template)
    _require_lines(template)
    for block in template.blocks:
        _require_movable(template, block)


def _demand(template: Template, holds: bool, fault: str, what: object) -> None:
    if not holds:
        raise DeclarationError(f"{template.name}: {fault}: {what}")


def _require_cases(template: Template) -> None:
    """Each kind of input where it belongs, a value for each case, names to pick that the catalogue has."""
    for section in template.inputs:
        for row in section.rows:
            fits = isinstance(row, CaseInput) == (section.over is not None)
            _demand(template, fits, "an input by case needs a section over cases, any other a section without", row.name)
            if isinstance(row, CaseInput) and section.over:
                counts = len(row.values) == section.over.count
                _demand(template, counts, f"{section.over.count} cases need as many values", row.name)
            if isinstance(row, Choice) and isinstance(row.options, str):
                strange = set(row.values) - set(template.catalogue(row.options).options)
                _demand(template, not strange, f"{row.name} picks what the catalogue does not have", sorted(strange))


def _require_lines(template: Template) -> None:
    overs = template.overs()
    units = _Units({row.name: _unit_in_formulas(row.unit) for row in (*template.all_inputs(), *template.case_inputs())})
    units |= {f"{table.name}.{column.name}": column.unit.name for table in template.catalogues for column in table.columns}
    units |= {line.name: _unit_in_formulas(line.unit) for line in template.all_lines()}
    known = {row.name for row in (*template.all_inputs(), *template.case_inputs())} | {"scenario", "scenario_index"}
    known |= {f"{table.name}.{name}" for table in template.catalogues for name in ("names", *(c.name for c in table.columns))}
    known |= {over.name for over in overs.values() if over} | set(stated_names(template.calc))
    for section in template.calc:
        own = {line.name for line in section.lines()}
        for line in section.lines():
            _require_columns(template, section, line, overs)
            later = own if isinstance(section.over, Months) else set()
            _require_line(template, line, known, later, units)
            known.add(line.name)
    blocks = tuple(f"{block.name}." for block in template.blocks)
    for line, moved in _own_lines(template):
        known |= {name for name in rows_of(line.formula) if name.startswith(blocks)}
        units |= {line.name: _unit_in_formulas(line.unit)}
        _require_line(template, line, known | moved, set(), units)
        known.add(line.name)
    unknown = set(_named(template)) - known
    _demand(template, not unknown, "names that no row has", sorted(unknown))


class _Units(dict[str, str]):
    """The unit of a row, and of its parts."""

    def __missing__(self, name: str) -> str:
        base, _, part = name.rpartition(".")
        if part in PARTS and base in self:
            return self[base]
        raise KeyError(name)


def _unit_in_formulas(unit: Unit) -> str:
    """The unit that a bare name carries into a call; a scaled one fits no argument of ours."""
    return unit.base if unit.scale == 1 else unit.name


def _require_columns(template: Template, section: Section, line: Line, overs: dict[str, Over | None]) -> None:
    """A bare name must stand once, or have the same columns; a part needs columns."""
    for formula, here in ((line.formula, section.over), (line.total if line.total[:1] == "=" else "", None)):
        for name in names(formula) if formula else ():
            base, _, part = name.rpartition(".")
            if part in PARTS and base in overs:
                fits = overs[base] is not None and (part != "before" or isinstance(section.over, Months))
                _demand(template, fits, f"{line.name} reads {name}, which has no such columns", base)
            elif overs.get(name) is not None:
                _demand(template, overs[name] == here, f"{line.name} reads {name}, which stands in other columns", name)


def _require_line(template: Template, line: Line, known: set[str], later: set[str], units: dict[str, str]) -> None:
    """``later`` are lines of the section whose month before may be read."""
    unknown = set(rows_of(line.formula)) - known
    before = {name.removesuffix(".before") for name in names(line.formula) if name.endswith(".before")} & later
    unknown -= before
    _demand(template, not unknown, f"{line.name} uses what does not stand above it", sorted(unknown))
    if line.total[:1] == "=":
        unknown = set(rows_of(line.total)) - known - {line.name}
        _demand(template, not unknown, f"the total of {line.name} uses what does not stand above it", sorted(unknown))
    require_units(line.formula, units)
    parts = parse(line.formula)
    spec = parts[0].declared if len(parts) == 1 and isinstance(parts[0], Call) else None
    if spec is not None and spec.result.unit != _unit_in_formulas(line.unit):
        raise DeclarationError(f"{line.name}: {spec.excel_name} gives {spec.result.unit}, the row says {line.unit.name}")


def _own_lines(template: Template) -> Iterator[tuple[Line, set[str]]]:
    """The lines that tables and grids add, with the axes they stand under."""
    for block in template.blocks:
        if isinstance(block, Table):
            yield from ((item, {block.across.name}) for item in (*block.lines, *block.after) if isinstance(item, Line))
        elif isinstance(block, Grid):
            moved = {block.across.name, block.down.name}
            items = (*block.lines, *block.down_lines, *block.steps, block.cell, *block.after)
            yield from ((item, moved) for item in items if isinstance(item, Line))


def _require_movable(template: Template, block: object) -> None:
    """What a block computes again must stand once: a row with columns is computed again by a strip alone."""
    overs = template.overs()
    for moved, items in _recomputed(block):
        own = [item for item in items if isinstance(item, Line)]
        wanted = {item if isinstance(item, str) else item.name for item in items}
        for line in moved_lines((*template.all_lines(), *own), moved, wanted):
            fault = f"{line.name} has columns, which this block cannot compute again"
            _demand(template, overs.get(line.name) is None, fault, line.name)
    if isinstance(block, Strip):
        inputs = {row.name for row in template.all_inputs()}
        lines = moved_lines(template.all_lines(), inputs, set(block.outputs))
        missing = {overs[line.name] for line in lines} - {None, *block.over}
        _demand(template, not missing, f"the strip {block.name} must say over what its lines run", missing)


def _recomputed(block: object) -> Iterator[tuple[set[str], tuple[str | Line, ...]]]:
    """What moves, and what is computed again for it."""
    if isinstance(block, Table | Grid):
        yield {block.across.name}, block.lines
    if isinstance(block, Grid):
        yield {block.down.name}, block.down_lines
    if isinstance(block, Levers):
        yield set(block.drivers), (block.output,)


def _named(template: Template) -> Iterator[str]:
    """The names by which blocks, figures and headlines ask for rows."""
    for block in template.blocks:
        if isinstance(block, Table | Grid):
            yield from (item for item in block.lines if isinstance(item, str))
            yield block.across.name
        if isinstance(block, Grid):
            yield from (item for item in block.down_lines if isinstance(item, str))
            yield from filter(None, (block.down.name, block.bold_below, block.bold_above, block.room))
        elif isinstance(block, Strip):
            yield from block.outputs
        elif isinstance(block, Levers):
            yield from filter(None, (*block.drivers, block.output, block.room))
        elif isinstance(block, Waterfall):
            yield from (step.line for step in block.steps)
    yield from (kpi.name for kpi in template.kpis)
    yield from template.headlines

"""The sensitivity sheet: the calculation once more for other values, in closed form.

Every block computes again exactly the lines that it moves, with the formulas of the
calculation; a name that does not move is read from Calc or Inputs.
"""

from collections.abc import Mapping, Sequence

from openpyxl.formatting.rule import ColorScaleRule
from openpyxl.utils import get_column_letter

from workbook_templates import style
from workbook_templates.page import Draft, Page, Place
from workbook_templates.recompute import moved_lines
from workbook_templates.sheets import SCENARIO_COLUMNS
from workbook_templates.spec import SCENARIOS, Axis, CurveChart, Grid, Line, Strip

FIRST = 4  # column D
SHEET = "Sensitivity"


def letters_from(count: int, start: int = FIRST) -> list[str]:
    """Letters of adjoining columns."""
    return [get_column_letter(start + i) for i in range(count)]


def wanted_lines(draft: Draft, items: Sequence[str | Line], moved: set[str]) -> tuple[Line, ...]:
    """The named lines with all between, and the block's own."""
    own = tuple(item for item in items if isinstance(item, Line))
    wanted = {item if isinstance(item, str) else item.name for item in items}
    again = moved_lines((*draft.template.all_lines(), *own), moved, wanted)
    return (*again, *(line for line in own if line not in again))


def draw_lines(
    page: Page, block: str, lines: Sequence[Line], columns: Mapping[str, Mapping[str, str]], moved: Mapping[str, int]
) -> dict[str, int]:
    """Lines as rows, the same formula in each column; gives the row of every name that moves.

    ``columns`` holds, by letter, the names that stand elsewhere for this column alone.
    """
    rows, letters = dict(moved), list(columns)
    for line in lines:
        page.label(line.label, line.unit.name, line.key)
        for letter, elsewhere in columns.items():
            local = {**elsewhere, **{name: f"{letter}{row}" for name, row in rows.items()}}
            shown = line.unit.narrow or line.unit.format
            page.formula(f"{letter}{page.row}", line.formula, shown, line.key, local)
        rows[line.name] = page.row
        page.draft.places[f"{block}.{line.name}"] = _row_of(page, letters)
        page.row += 1
    return rows


def _row_of(page: Page, letters: Sequence[str]) -> Place:
    return Place(SHEET, f"${letters[0]}${page.row}:${letters[-1]}${page.row}")


def _axis_cells(page: Page, axis: Axis, cells: Sequence[str]) -> None:
    for cell, value in zip(cells, axis.values, strict=True):
        page.put(cell, value, style.INPUT, axis.unit.format)
    page.allow_numbers(f"{cells[0]}:{cells[-1]}", axis.label, axis.bounds, axis.whole, axis.unit.spelt(axis.bounds), axis.label)


def draw_grid(page: Page, grid: Grid) -> None:
    """The across axis with its lines, then the cells over both axes."""
    draft, letters, top = page.draft, letters_from(len(grid.across.values)), page.row
    page.label(grid.across.label, grid.across.unit.name)
    _axis_cells(page, grid.across, [f"{letter}{top}" for letter in letters])
    draft.places[f"{grid.name}.across"] = _row_of(page, letters)
    page.row += 1
    lines = wanted_lines(draft, grid.lines, {grid.across.name})
    rows = draw_lines(page, grid.name, lines, {letter: {} for letter in letters}, {grid.across.name: top})
    if any(isinstance(chart, CurveChart) and chart.grid == grid.name for chart in draft.template.charts):
        page.label("Legend", "text")
        for letter in letters:
            page.put(f"{letter}{page.row}", f'=FIXED({letter}{top},0)&" {grid.across.unit.name}"', style.CALC)
        draft.places[f"{grid.name}.legend"] = _row_of(page, letters)
        page.row += 1
    _draw_cells(page, grid, letters, rows)


def _draw_cells(page: Page, grid: Grid, letters: Sequence[str], rows: Mapping[str, int]) -> None:
    """The part over two axes, with the lines of the down axis to its right."""
    draft, head = page.draft, page.row
    beside = wanted_lines(draft, grid.down_lines, {grid.down.name})
    side = dict(zip((line.name for line in beside), letters_from(len(beside), FIRST + len(letters) + 1), strict=True))
    titles = {side[line.name]: line.label for line in beside}
    page.heads({"B": f"{grid.cell.label}, {grid.cell.unit.name}", "C": grid.down.unit.name, **titles})
    for letter in letters:
        page.put(f"{letter}{head}", f"={letter}{rows[grid.across.name]}", style.HEAD, grid.across.unit.format)
    first, last = page.row, page.row + len(grid.down.values) - 1
    _axis_cells(page, grid.down, [f"C{row}" for row in range(first, last + 1)])
    for row in range(first, last + 1):
        page.put(f"B{row}", grid.down.label, style.LABEL)
        by_row = {grid.down.name: f"$C{row}"} | {name: f"${letter}{row}" for name, letter in side.items()}
        for line in beside:
            page.formula(f"{side[line.name]}{row}", line.formula, line.unit.format, local=by_row)
        for letter in letters:
            local = {name: f"{letter}${at}" for name, at in rows.items()} | by_row
            page.formula(f"{letter}{row}", grid.cell.formula, grid.cell.unit.format, local=local)
    page.row = last + 1
    _colour_cells(page, grid, f"{letters[0]}{first}:{letters[-1]}{last}", rows)
    draft.places[f"{grid.name}.cells"] = Place(SHEET, f"${letters[0]}${first}:${letters[-1]}${last}")
    draft.places[f"{grid.name}.down"] = Place(SHEET, f"$C${first}:$C${last}")
    for name, letter in side.items():
        draft.places[f"{grid.name}.{name}"] = Place(SHEET, f"${letter}${first}:${letter}${last}")


def _colour_cells(page: Page, grid: Grid, area: str, rows: Mapping[str, int]) -> None:
    """Grey where it does not fit, bold where it is cheaper, a pale single hue over the rest."""
    add, cell = page.sheet.conditional_formatting.add, area.partition(":")[0]
    letter, row = cell[0], cell[1:]
    if grid.room:  # COUNTIF, because an error in the counted cell is no match rather than an error
        least = f"$C{row}" if grid.room_for == grid.down.name else grid.room_for
        unfit = style.when(f'COUNTIF({letter}${rows[grid.room]},">="&{least})=0', colour=style.RULE, fill=style.WHITE)
        unfit.stopIfTrue = True
        add(area, unfit)
    if grid.bold_below:
        level = page.draft.places[grid.bold_below].seen_from(SHEET)
        add(area, style.when(f"{cell}<{level}", colour=style.NAVY, bold=True))
    low, high = style.HEAT
    add(area, ColorScaleRule("min", None, low, "percentile", 50, low, "max", None, high))


def draw_strip(page: Page, strip: Strip) -> None:
    """Every scenario's own inputs, a column each."""
    draft, letters, top = page.draft, letters_from(len(SCENARIOS)), page.row
    page.heads({"B": "Line", "C": "Unit", **dict(zip(letters, SCENARIOS, strict=True))})
    draft.places[f"{strip.name}.names"] = Place(SHEET, f"${letters[0]}${top}:${letters[-1]}${top}")
    inputs = {row.name: draft.places[row.name].cell.rpartition("$")[2] for row in draft.template.all_inputs()}
    columns = {
        letter: {name: f"Inputs!{column}{row}" for name, row in inputs.items()}
        for letter, column in zip(letters, SCENARIO_COLUMNS.values(), strict=True)
    }
    draw_lines(page, strip.name, wanted_lines(draft, strip.outputs, set(inputs)), columns, {})
    live = style.when(f"{letters[0]}${top}={draft.places['scenario'].seen_from(SHEET)}", fill=style.KEY_FILL)
    page.sheet.conditional_formatting.add(f"{letters[0]}{top + 1}:{letters[-1]}{page.row - 1}", live)

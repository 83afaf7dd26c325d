"""The sensitivity sheet: the calculation once more for other values, in closed form.

Every block computes again exactly the lines that it moves, with the formulas of the
calculation; a name that does not move is read from Calc or Inputs.
"""

from collections.abc import Iterator, Mapping, Sequence

from openpyxl.formatting.rule import ColorScaleRule, Rule
from openpyxl.utils import get_column_letter

from workbook_templates import style
from workbook_templates.input_sheets import options_of
from workbook_templates.page import Draft, Local, Page, Place
from workbook_templates.recompute import moved_lines
from workbook_templates.spec import Axis, Grid, Line, Table

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
    page: Page, block: str, lines: Sequence[Line], letters: Sequence[str], moved: Mapping[str, int]
) -> dict[str, int]:
    """Lines as rows, the same formula in each column; gives the row of every name that moves."""
    rows = dict(moved)
    for line in lines:
        page.label(line.label, line.unit.name, line.key)
        for letter in letters:
            local = {name: f"{letter}{row}" for name, row in rows.items()}
            page.formula(f"{letter}{page.row}", line.formula, line.unit.tight, line.key, local)
        rows[line.name] = page.row
        page.draft.places[f"{block}.{line.name}"] = row_of(page, letters)
        page.row += 1
    return rows


def row_of(page: Page, letters: Sequence[str]) -> Place:
    """The row where the page stands, over these columns."""
    return Place(SHEET, f"${letters[0]}${page.row}:${letters[-1]}${page.row}")


def _axis_cells(page: Page, axis: Axis, cells: Sequence[str]) -> None:
    for cell, value in zip(cells, axis.values, strict=True):
        page.put(cell, value, style.INPUT, axis.unit.format)
    area = f"{cells[0]}:{cells[-1]}"
    if axis.options:
        page.allow_list(area, axis.label, *options_of(page.draft, axis.options))
    else:
        page.allow_numbers(area, axis.label, axis.bounds, axis.whole, axis.unit.spelt(axis.bounds), axis.label)


def draw_table(page: Page, table: Table | Grid) -> dict[str, int]:
    """The across axis with its lines; gives their rows."""
    draft, letters, top = page.draft, letters_from(len(table.across.values)), page.row
    page.label(table.across.label, table.across.unit.name)
    _axis_cells(page, table.across, [f"{letter}{top}" for letter in letters])
    draft.places[f"{table.name}.across"] = row_of(page, letters)
    page.row += 1
    lines = wanted_lines(draft, table.lines, {table.across.name})
    rows = draw_lines(page, table.name, lines, letters, {table.across.name: top})
    if table.legend:
        page.label("Legend", "text")
        for letter in letters:
            words = f'FIXED({letter}{top},0)&" {table.across.unit.name}"'
            page.put(f"{letter}{page.row}", f"={words}", style.CALC)
        draft.places[f"{table.name}.legend"] = row_of(page, letters)
        page.row += 1
    return rows


def draw_grid(page: Page, grid: Grid) -> None:
    """The across axis with its lines, then the steps and the cells over both axes."""
    rows = draw_table(page, grid)
    letters = letters_from(len(grid.across.values))
    matrices: dict[str, int] = {}
    for cell in (*grid.steps, grid.cell):
        matrices[cell.name] = _draw_matrix(page, grid, cell, letters, rows, matrices)
    first = matrices[grid.cell.name]
    _colour_cells(page, grid, f"{letters[0]}{first}:{letters[-1]}{page.row - 1}", rows)


def _draw_matrix(
    page: Page, grid: Grid, cell: Line, letters: Sequence[str], rows: Mapping[str, int], matrices: Mapping[str, int]
) -> int:
    """Cells over both axes, with the lines of the down axis to the right of the first matrix; gives its first row.

    ``matrices`` are those drawn before, by their first rows.
    """
    draft, head, count = page.draft, page.row, len(grid.down.values)
    first, last = head + 1, head + count
    origin = min((first, *matrices.values()))  # where the axis and the lines beside it stand
    beside = wanted_lines(draft, grid.down_lines, {grid.down.name})
    side = dict(zip((line.name for line in beside), letters_from(len(beside), FIRST + len(letters) + 1), strict=True))
    titles = {side[line.name]: line.label for line in beside} if origin == first else {}
    page.heads({"B": f"{cell.label}, {cell.unit.name}", "C": grid.down.unit.name, **titles})
    for letter in letters:
        page.put(f"{letter}{head}", f"={letter}{rows[grid.across.name]}", style.HEAD, grid.across.unit.format)
    if origin == first:
        _axis_cells(page, grid.down, [f"C{row}" for row in range(first, last + 1)])
        draft.places[f"{grid.name}.down"] = Place(SHEET, f"$C${first}:$C${last}")
        for name, letter in side.items():
            draft.places[f"{grid.name}.{name}"] = Place(SHEET, f"${letter}${first}:${letter}${last}")
    for row in range(first, last + 1):
        at = origin + row - first
        page.put(f"B{row}", grid.down.label, style.LABEL)
        if origin != first:
            page.put(f"C{row}", f"=C{at}", style.CALC, grid.down.unit.format)
        by_row: Local = {grid.down.name: f"$C{at}"} | {name: f"${letter}{at}" for name, letter in side.items()}
        for line in beside if origin == first else ():
            page.formula(f"{side[line.name]}{row}", line.formula, line.unit.tight, local=by_row)
        for letter in letters:
            local = {name: f"{letter}${found}" for name, found in rows.items()} | dict(by_row)
            local |= {name: f"{letter}{start + row - first}" for name, start in matrices.items()}
            page.formula(f"{letter}{row}", cell.formula, cell.unit.tight, local=local)
    page.row = last + 1
    place = Place(SHEET, f"${letters[0]}${first}:${letters[-1]}${last}")
    draft.places[f"{grid.name}.{'cells' if cell is grid.cell else cell.name}"] = place
    return first


def _colour_cells(page: Page, grid: Grid, area: str, rows: Mapping[str, int]) -> None:
    """Grey where it does not fit, then winners by their words, signs, or bold and a pale single hue."""
    add, cell = page.sheet.conditional_formatting.add, area.partition(":")[0]
    letter, row = cell[0], cell[1:]
    if grid.room:  # COUNTIF, because an error in the counted cell is no match rather than an error
        least = f"$C{row}" if grid.room_for == grid.down.name else grid.room_for
        unfit = style.when(f'COUNTIF({letter}${rows[grid.room]},">="&{least})=0', colour=style.RULE, fill=style.WHITE)
        unfit.stopIfTrue = True
        add(area, unfit)
    for rule in rules_of(page.draft, grid, cell, SHEET):
        add(area, rule)


def rules_of(draft: Draft, grid: Grid, cell: str, sheet: str) -> Iterator[Rule]:
    """The conditional formats of a grid's cells, the first of which is given, wherever they are shown."""
    for level, sign in ((grid.bold_below, "<"), (grid.bold_above, ">")):
        if level:
            yield style.when(f"{cell}{sign}{draft.places[level].seen_from(sheet)}", colour=style.NAVY, bold=True)
    for text, fill in grid.winners:
        yield style.when(f'{cell}="{text}"', fill=fill, colour=style.BLACK)
    if grid.sign:
        yield style.when(f"{cell}>0", fill=style.GOOD_FILL)
        yield style.when(f"{cell}<0", fill=style.BAD_FILL)
    if not (grid.winners or grid.sign):
        low, high = style.HEAT
        yield ColorScaleRule("min", None, low, "percentile", 50, low, "max", None, high)

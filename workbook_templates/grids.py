"""The sensitivity sheet: the calculation once more for other values, in closed form.

Every block computes again exactly the lines that it moves, with the formulas of the
calculation; a name that does not move is read from Calc or Inputs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from openpyxl.formatting.rule import ColorScaleRule, Rule
from openpyxl.utils import get_column_letter

from workbook_templates import style
from workbook_templates.input_sheets import options_of
from workbook_templates.page import Draft, Page, Place
from workbook_templates.recompute import moved_lines, rows_of
from workbook_templates.spec import Axis, Grid, Line, Table

FIRST = 4  # column D
SHEET = "Sensitivity"


def letters_from(count: int, start: int = FIRST) -> list[str]:
    """Letters of adjoining columns."""
    return [get_column_letter(start + i) for i in range(count)]


def wanted_lines(draft: Draft, items: Sequence[str | Line], moved: set[str]) -> tuple[Line, ...]:
    """The named lines with all between, and the block's own; what does not move is read from the calculation."""
    own = tuple(item for item in items if isinstance(item, Line))
    wanted = {item if isinstance(item, str) else item.name for item in items}
    lines = (*draft.template.all_lines(), *own)
    again = {line.name for line in moved_lines(lines, moved, wanted)}
    still = wanted - again - {line.name for line in own} - moved
    return tuple(
        replace(line, formula=f"={line.name}") if line.name in still else line
        for line in lines
        if line.name in again or line.name in wanted - moved
    )


def draw_lines(
    page: Page,
    block: str,
    lines: Sequence[Line],
    letters: Sequence[str],
    moved: Mapping[str, int],
    heads: Mapping[str, str] | None = None,
) -> dict[str, int]:
    """Lines as rows, the same formula in each column; gives the row of every name that moves.

    With ``heads``, these stand on each further page that the lines take.
    """
    rows = dict(moved)
    places = page.over_pages(len(lines)) if heads else [page.row + i for i in range(len(lines))]
    for line, row in zip(lines, places, strict=True):
        page.turn_to(row, heads or {})
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
    heads = {"B": table.across.label, "C": table.across.unit.name, **{letter: f"={letter}${top}" for letter in letters}}
    rows = draw_lines(page, table.name, lines, letters, {table.across.name: top}, heads)
    if table.legend:
        page.label("Legend", "text")
        for letter in letters:
            words = f'FIXED({letter}{top},0)&" {table.across.unit.name}"'
            page.put(f"{letter}{page.row}", f"={words}", style.CALC)
        draft.places[f"{table.name}.legend"] = row_of(page, letters)
        page.row += 1
    return rows


def draw_grid(page: Page, grid: Grid) -> None:
    """The across axis with its lines, the down axis with its own, then the steps and the cells over both axes."""
    _GridDrawing(page, grid).draw()


class _GridDrawing:
    """Where the parts of a grid stand.

    A down axis that moves a chain of lines is drawn as a table first, its values side by side;
    the rows of the matrices then read it by their number.  Where each line is read by the cells
    themselves, the axis and the lines stand beside the cells at once.
    """

    def __init__(self, page: Page, grid: Grid) -> None:
        self.page, self.grid, self.count = page, grid, len(grid.down.values)
        self.letters = letters_from(len(grid.across.values))
        self.beside, self.chain = beside_of(page.draft, grid)
        side = letters_from(len(self.beside), FIRST + len(self.letters) + 1)
        self.side = {line.name: letter for line, letter in zip(self.beside, side, strict=True)}
        self.rows: Mapping[str, int] = {}
        self.table: Mapping[str, int] = {}
        self.matrices: dict[str, int] = {}

    def draw(self) -> None:
        self.rows = draw_table(self.page, self.grid)
        if self.chain:
            self._draw_chain()
        for cell in (*self.grid.steps, self.grid.cell):
            self._draw_matrix(cell)
        first = self.matrices[self.grid.cell.name]
        _colour_cells(self.page, self.grid, f"{self.letters[0]}{first}:{self.letters[-1]}{self.page.row - 1}", self.rows)

    def _draw_chain(self) -> None:
        page, down, letters = self.page, self.grid.down, letters_from(self.count)
        if not page.keep(len(self.chain) + 3):
            page.row += 1
        page.label(down.label, down.unit.name)
        _axis_cells(page, down, [f"{letter}{page.row}" for letter in letters])
        page.row += 1
        self.table = draw_lines(page, self.grid.name, self.chain, letters, {down.name: page.row - 1})
        page.row += 1

    def _draw_matrix(self, cell: Line) -> None:
        page, grid = self.page, self.grid
        page.keep(self.count + 1 + len(grid.after))
        head = page.row
        is_first, first, last = not self.matrices, head + 1, head + self.count
        origin = min((first, *self.matrices.values()))  # where the axis and the lines beside it stand
        titles = {self.side[line.name]: line.label for line in self.beside} if is_first else {}
        of = cell.label if cell.label == cell.unit.name else f"{cell.label}, {cell.unit.name}"
        heads = {"B": of, "C": grid.down.unit.name, **titles}
        page.heads(heads, middle="".join(("C", *titles)), tall=bool(titles))
        for letter in self.letters:
            page.put(f"{letter}{head}", f"={letter}{self.rows[grid.across.name]}", style.HEAD, grid.across.unit.format)
        if is_first:
            self._draw_side(first, last)
        for row in range(first, last + 1):
            page.put(f"B{row}", grid.down.label, style.LABEL)
            if not is_first:
                page.put(f"C{row}", f"=C{origin + row - first}", style.CALC, grid.down.unit.format)
            for letter in self.letters:
                local = {name: f"{letter}${found}" for name, found in self.rows.items()}
                local |= self._by_row(origin + row - first)
                local |= {name: f"{letter}{start + row - first}" for name, start in self.matrices.items()}
                page.formula(f"{letter}{row}", cell.formula, cell.unit.tight, local=local)
        page.row = last + 1
        self.matrices[cell.name] = first
        place = Place(SHEET, f"${self.letters[0]}${first}:${self.letters[-1]}${last}")
        page.draft.places[f"{grid.name}.{'cells' if cell is grid.cell else cell.name}"] = place

    def _by_row(self, row: int) -> dict[str, str]:
        """What the names that the down axis moves stand for in a row of the first matrix."""
        return {self.grid.down.name: f"$C{row}"} | {name: f"${letter}{row}" for name, letter in self.side.items()}

    def _draw_side(self, first: int, last: int) -> None:
        """The values of the down axis, and what depends on them alone and the cells read."""
        page, grid = self.page, self.grid
        for name, letter in ((grid.down.name, "C"), *self.side.items()):
            place = Place(SHEET, f"${letter}${first}:${letter}${last}")
            page.draft.places[f"{grid.name}.{'down' if name == grid.down.name else name}"] = place
        if not self.chain:
            _axis_cells(page, grid.down, [f"C{row}" for row in range(first, last + 1)])
        for row in range(first, last + 1):
            if self.chain:
                page.put(f"C{row}", self._picked(grid.down.name, first, row), style.CALC, grid.down.unit.format)
            for line in self.beside:
                cell = f"{self.side[line.name]}{row}"
                if self.chain:
                    page.put(cell, self._picked(line.name, first, row), style.CALC, line.unit.tight)
                else:
                    page.formula(cell, line.formula, line.unit.tight, local=self._by_row(row))

    def _picked(self, name: str, first: int, row: int) -> str:
        """The value of the table of the down axis that belongs to a row."""
        letters, at = letters_from(self.count), self.table[name]
        return f"=INDEX(${letters[0]}${at}:${letters[-1]}${at},1,ROWS($B${first}:$B{row}))"


def axes_of(block: Table | Grid) -> tuple[Axis, ...]:
    """The axes of a block."""
    return (block.across, block.down) if isinstance(block, Grid) else (block.across,)


def beside_of(draft: Draft, grid: Grid) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """The lines beside a grid's cells, and the chain that leads to them where not all are read by the cells."""
    lines = wanted_lines(draft, grid.down_lines, {grid.down.name})
    read = {name for cell in (*grid.steps, grid.cell) for name in rows_of(cell.formula)}
    shown = {item.name for item in grid.down_lines if isinstance(item, Line)}
    beside = tuple(line for line in lines if line.name in read or line.name in shown)
    return (beside, ()) if len(beside) == len(lines) else (beside, lines)


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

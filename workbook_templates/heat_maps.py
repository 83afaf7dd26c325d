"""A grid of the sensitivity sheet shown on the dashboard, in the place of a chart."""

from workbook_templates import style
from workbook_templates.grids import SHEET, rules_of
from workbook_templates.page import Page, Place
from workbook_templates.spec import Grid, HeatMap

SHORT = 14  # letters that the first column shows in full


def draw_heat_map(page: Page, spec: HeatMap, columns: str, top: int, rows: int) -> None:
    """A title, the axis across, and as many rows of the down axis as there is room for, with the grid's own colours."""
    draft = page.draft
    grid = next(b for b in draft.template.blocks if isinstance(b, Grid) and b.name == spec.grid)
    across = draft.places[f"{grid.name}.across"].cells()
    cells = draft.places[f"{grid.name}.cells"]
    first, labelled = (int(draft.places[f"{grid.name}.{part}"].cell.split("$")[2].rstrip(":")) for part in ("cells", "down"))
    letters = columns[1 : 1 + len(spec.columns)]
    for letter in columns:
        page.put(f"{letter}{top}", None, style.SECTION)
    page.put(f"{columns[0]}{top}", spec.title, style.SECTION)
    words = grid.down.label if grid.down.options or len(grid.down.label) <= SHORT else grid.down.unit.name
    page.put(f"{columns[0]}{top + 1}", words, style.HEAD_MIDDLE)
    for letter, column in zip(letters, spec.columns, strict=True):
        page.put(f"{letter}{top + 1}", f"={across[column].seen_from(page.title)}", style.HEAD, grid.across.unit.format)
    count = min(len(grid.down.values), rows - 3)
    sources = cells.cells()
    for i in range(count):
        row, source = top + 2 + i, first + i
        page.put(f"{columns[0]}{row}", f"={SHEET}!$C{labelled + i}", style.SCENARIO, grid.down.unit.format)
        for letter, column in zip(letters, spec.columns, strict=True):
            home = sources[column].cell.split("$")[1]
            page.put(f"{letter}{row}", f"={SHEET}!{home}{source}", style.LINK, grid.cell.unit.tight)
    for i, run in enumerate(spec.runs):
        ends = [(letters[at], sources[spec.columns[at]].cell.split("$")[1]) for at in (run[0], run[-1])]
        (left, home), (right, last) = ends
        draft.places[f"shown.{grid.name}.run{i}"] = Place(page.title, f"${left}${top + 2}:${right}${top + 1 + count}")
        draft.places[f"{grid.name}.run{i}"] = Place(SHEET, f"${home}${first}:${last}${first + count - 1}")
    area = f"{letters[0]}{top + 2}:{letters[-1]}{top + 1 + count}"
    for rule in rules_of(draft, grid, f"{letters[0]}{top + 2}", page.title):
        page.sheet.conditional_formatting.add(area, rule)

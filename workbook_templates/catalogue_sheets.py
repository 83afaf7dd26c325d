"""The snapshot of a catalogue: what may be picked, with source and date in each row."""

from openpyxl.utils import get_column_letter

from workbook_templates import style
from workbook_templates.page import Draft, Page, Place
from workbook_templates.spec import Catalogue

FIRST = 3  # column C


def draw_catalogues(draft: Draft) -> None:
    for table in draft.template.catalogues:
        _draw(draft, table)


def _draw(draft: Draft, table: Catalogue) -> None:
    letters = [get_column_letter(FIRST + i) for i in range(len(table.columns))]
    source, day = (get_column_letter(FIRST + len(letters) + i) for i in (0, 1))
    widths = {"B": 36, **dict.fromkeys(letters, 13.0), source: 86, day: 14}
    page = Page(draft, table.sheet, widths, style.GREY)
    page.frame(table.title, "As known when this workbook was made; it does not change by itself")
    heads = {letter: column.label for letter, column in zip(letters, table.columns, strict=True)}
    page.heads({"B": "Name", **heads, source: "Source", day: "Date"}, source, "".join((*letters, day)), tall=True)
    units = {letter: column.unit.name for letter, column in zip(letters, table.columns, strict=True)}
    page.heads({"B": "Unit", **units}, middle="".join((*letters, day)))
    first = page.row
    page.put(f"B{first}", table.own, style.LABEL)
    for letter in letters:
        page.put(f"{letter}{first}", "own", style.UNIT)
    page.put(f"{source}{first}", "the figures that you type on Inputs", style.NOTE)
    page.put(f"{day}{first}", "–", style.UNIT)
    for row in table.rows:
        page.row += 1
        page.put(f"B{page.row}", row.name, style.LABEL)
        for letter, column, figure in zip(letters, table.columns, row.figures, strict=True):
            page.put(f"{letter}{page.row}", figure, style.CALC, column.format)
        page.put(f"{source}{page.row}", row.source, style.NOTE)
        page.put(f"{day}{page.row}", row.date.isoformat(), style.UNIT)
    for name, letter in (
        ("names", "B"),
        *((column.name, letter) for column, letter in zip(table.columns, letters, strict=True)),
    ):
        draft.places[f"{table.name}.{name}"] = Place(table.sheet, f"${letter}${first}:${letter}${page.row}")
    page.finish("1:5", freeze="C6")

"""The bars of a waterfall: where each begins and ends, above zero and below it."""

from workbook_templates import style
from workbook_templates.grids import SHEET, letters_from
from workbook_templates.page import Page, Place
from workbook_templates.spec import Waterfall

KINDS = {"cost": "adds", "waste": "adds", "less": "takes off", "total": "stands", "compare": "stands"}
HEADS = ("Amount", "Kind", "Change", "After it", "Low end", "High end", "Up from", "Up by", "Down from", "Down by")
WATERFALL_WIDTH = len(HEADS) + 1
PARTS = {"bases": "J", "heights": "K", "low_bases": "L", "low_heights": "M", "labels": "N"}
"""The columns that the chart reads: a bar that crosses zero has a part on each side."""


def draw_waterfall(page: Page, waterfall: Waterfall) -> None:
    """Bars that add or take off begin where the last one ended, the others at zero."""
    letters = letters_from(WATERFALL_WIDTH)
    heads = dict(zip(letters, (*HEADS, "On the axis"), strict=True))
    page.heads({"B": "Bar", "C": "Unit", **heads}, letters[-1], "CE")
    first, shown = page.row, waterfall.unit.tight
    for step in waterfall.steps:
        r = page.row
        page.label(step.label, waterfall.unit.name)
        page.formula(f"D{r}", f"={step.line}", shown)
        page.put(f"E{r}", KINDS[step.kind], style.UNIT)
        for letter, text in (
            ("F", f'=D{r}*((E{r}="adds")-(E{r}="takes off"))'),
            ("G", f"=SUM(F${first}:F{r})"),
            ("H", f'=IF(E{r}="stands",MIN(D{r},0),MIN(G{r},G{r}-F{r}))'),
            ("I", f'=IF(E{r}="stands",MAX(D{r},0),MAX(G{r},G{r}-F{r}))'),
            ("J", f"=MAX(0,H{r})"),
            ("K", f"=MAX(0,I{r})-J{r}"),
            ("L", f"=MIN(0,I{r})"),
            ("M", f"=MIN(0,H{r})-L{r}"),
        ):
            page.put(f"{letter}{r}", text, style.CALC, shown)
        amount = f'FIXED(D{r}/1E+06,2)&" M"' if waterfall.millions else f'TEXT(D{r},"{waterfall.unit.format}")'
        page.put(f"N{r}", f'=B{r}&" "&{amount}', style.LABEL)
        page.row += 1
    for part, letter in PARTS.items():
        page.draft.places[f"{waterfall.name}.{part}"] = Place(SHEET, f"${letter}${first}:${letter}${page.row - 1}")

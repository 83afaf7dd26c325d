"""The audit sheet: each cell that calls our functions, computed again by other routes beside it.

The call itself, the plain formula, what the model's cell holds, and what pycalc computed when the
workbook was made; a function that any host computed otherwise would show as a difference.
"""

import re
from collections.abc import Mapping

from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token
from openpyxl.worksheet.hyperlink import Hyperlink

from pycalc.cells import Cell
from workbook_templates import style
from workbook_templates.formulas import Writer
from workbook_templates.page import Draft, Page

SHEET = "Audit"
FIRST = 8  # the row of the first comparison
CELL = re.compile(r"\$?[A-Z]{1,3}\$?[0-9]+(:\$?[A-Z]{1,3}\$?[0-9]+)?")
DIFFERENCE = "0.0E+00"


def draw_audit(draft: Draft, computed: Mapping[tuple[str, str], Cell]) -> None:
    """A row for each call that has a number; ``computed`` are pycalc's values by sheet and cell."""
    page = Page(draft, SHEET, {"B": 30, "C": 22, "D": 22, "E": 22, "F": 22, "G": 22, "H": 40}, style.GREY)
    page.frame(
        "Audit", "Each call of our functions by four routes; computed in Python when made, with the inputs of that moment"
    )
    calls, plain = draft.writer if not draft.writer.inline else Writer(False), Writer(True)
    rows = [call for call in draft.calls if call[0] != "Checks" and isinstance(computed.get(call[:2]), float)]
    first, last = FIRST, FIRST - 1 + len(rows)
    page.label("Largest difference", "share", key=True)
    page.put("D4", f"=MAX(G{first}:G{last})", style.KEY, DIFFERENCE)
    page.row = 5
    page.label("Cells compared", "count")
    page.put("D5", f"=COUNT(F{first}:F{last})", style.CALC, "0")
    page.row = FIRST - 1
    heads = ("Our function", "Plain formula", "In the model", "pycalc, when made", "Largest difference", "Line")
    page.heads({"B": "Cell", **dict(zip("CDEFGH", heads, strict=True))}, "H", "")
    for sheet, cell, text, local, label in rows:
        r, resolve = page.row, draft.resolver(sheet, local, cell.rstrip("0123456789"))
        page.put(f"B{r}", f"{sheet}!{cell}", style.HYPER)
        page.sheet[f"B{r}"].hyperlink = Hyperlink(ref=f"B{r}", location=f"'{sheet}'!{cell}", display=f"{sheet}!{cell}")
        page.sheet[f"B{r}"].style = style.HYPER
        shown = draft.book[sheet][cell].number_format
        page.put(f"C{r}", "=" + _seen_from_outside(calls.text(text, resolve), sheet), style.LINK, shown)
        page.put(f"D{r}", "=" + _seen_from_outside(plain.text(text, resolve), sheet), style.LINK, shown)
        page.put(f"E{r}", f"={sheet}!{cell}", style.LINK, shown)
        page.put(f"F{r}", computed[sheet, cell], style.CALC, shown)
        page.put(f"G{r}", f"=MAX(ABS(C{r}-D{r}),ABS(C{r}-E{r}),ABS(C{r}-F{r}))/MAX(ABS(F{r}),1E-12)", style.CALC, DIFFERENCE)
        page.put(f"H{r}", label, style.NOTE)
        page.row += 1
    if draft.writer.inline:
        draft.writer.used.update(calls.used)
    page.row -= 1
    page.finish("1:7", freeze="C8")


def _seen_from_outside(text: str, sheet: str) -> str:
    """A formula with its sheet's name before each cell of its own."""
    return "".join(
        f"{sheet}!{token.value}"
        if token.type == Token.OPERAND and token.subtype == Token.RANGE and CELL.fullmatch(token.value)
        else token.value
        for token in Tokenizer(f"={text}").items
    )

"""Tables of stated figures: what is printed, what is computed here, how far apart they are, and a verdict.

What the source prints stands on a sheet of its own, as a catalogue does, row for row beside the table.
"""

from collections.abc import Sequence
from typing import Any

from openpyxl.styles import Alignment
from openpyxl.worksheet.pagebreak import Break, ColBreak

from workbook_templates import style
from workbook_templates.grids import letters_from
from workbook_templates.page import ROW_HEIGHT, Draft, Page, Place
from workbook_templates.spec import SCENARIOS, Section, Stated, StatedStrip, Unit, is_stated
from workbook_templates.spec.book import stated_sheet

FIRST = 6  # the row of the first figure, on both sheets
FURTHEST = 10  # how many of the furthest are listed
COLUMNS = {
    "section": ("B", "§", 6.0),
    "claim": ("C", "Figure", 68.0),
    "unit": ("D", "Unit", 13.0),
    "printed": ("E", "Article says", 15.0),
    "recomputed": ("F", "Recomputed", 15.0),
    "difference": ("G", "Off by, %", 11.0),
    "verdict": ("H", "Verdict, word", 14.0),
    "note": ("I", "Note", 78.0),
    "how": ("J", "Computed as", 70.0),
    "figure": ("K", "Nearest figure", 13.0),
    "both": ("L", "Both known, flag", 11.0),
    "within": ("M", "Holds, flag", 9.0),
    "near": ("N", "Near, flag", 9.0),
    "binary": ("O", "In 1024s, flag", 9.0),
    "log_ratio": ("P", "Article over right, decades", 12.0),
    "size": ("Q", "To rank by, decades", 12.0),
    "known": ("R", "pycalc gives", 13.0),
    "gap": ("S", "Gap to it, ratio", 11.0),
    "number": ("T", "Number, #", 9.0),
}
"""The table: letter, heading and width of each column; a heading says the unit where it is not the row's."""
DATA = {
    "claim": ("B", "Figure", 62.0),
    "unit": ("C", "Unit", 13.0),
    "printed": ("D", "Article says", 24.0),
    "low": ("E", "Low end", 13.0),
    "high": ("F", "High end", 13.0),
    "from": ("G", "Holds from", 13.0),
    "to": ("H", "Holds to", 13.0),
    "near": ("I", "Near below", 13.0),
    "binary": ("J", "In 1024s", 13.0),
    "known": ("K", "pycalc gives", 15.0),
    "recorded": ("L", "Recorded verdict", 16.0),
    "otherwise": ("M", "Else", 13.0),
    "source": ("N", "Source", 46.0),
    "date": ("O", "Date", 13.0),
    "short": ("P", "In short", 32.0),
}
"""What is printed, and what follows from its digits."""


def draw_stated(draft: Draft, section: Section) -> None:
    """The figures of a section on their sheet, and what is printed of them on another."""
    rows = [row for row in section.rows if isinstance(row, Stated)]
    data = stated_sheet(section)
    _draw_data(draft, data, rows)
    letters = {part: letter for part, (letter, _, _) in COLUMNS.items()}
    widths = {letter: width for letter, _, width in COLUMNS.values()}
    page = Page(draft, section.sheet, widths, style.GREY)
    page.frame(section.title, "One row, one figure of the article: as printed, computed again, and the verdict", flag="I")
    page.heads({letter: text for letter, text, _ in COLUMNS.values()}, "CIJ", "DEGHKLMNOPQRST", tall=True)
    page.row = FIRST - 1
    _draw_gap(page)
    for row in rows:
        _draw_row(page, row, data, letters)
    _place(draft, section.sheet, section.sheet, letters, page.row - 1)
    _colour_verdicts(page, letters["verdict"], page.row - 1)
    _draw_furthest(page, section.sheet)
    page.sheet.col_breaks = ColBreak()
    page.sheet.col_breaks.append(Break(id=page.sheet["I1"].column))
    page.finish("1:4", freeze="D5", wide=2)
    page.sheet.print_title_cols = "A:C"


def _colour_verdicts(page: Page, letter: str, last: int) -> None:
    """Green where the figure holds, red where it is neither right nor nearly so."""
    top = f"{letter}{FIRST}"
    for words, fill in ((("agrees",), style.GOOD_FILL), (("wrong", "inconsistent"), style.BAD_FILL)):
        for word in words:
            page.sheet.conditional_formatting.add(f"{top}:{letter}{last}", style.when(f'{top}="{word}"', fill=fill))


def _draw_gap(page: Page) -> None:
    """A thin row, so that both sheets have the same rows."""
    page.height(4)
    page.row += 1


def _place(draft: Draft, prefix: str, sheet: str, letters: dict[str, str], last: int) -> None:
    for part, letter in letters.items():
        draft.places.setdefault(f"{prefix.lower()}.{part}", Place(sheet, f"${letter}${FIRST}:${letter}${last}"))
    draft.places.setdefault(f"{prefix.lower()}.values", Place(sheet, f"$F${FIRST}:$S${last}"))


def _draw_data(draft: Draft, sheet: str, rows: Sequence[Stated]) -> None:
    page = Page(draft, sheet, {letter: width for letter, _, width in DATA.values()}, style.GREY)
    page.frame(
        "What is printed", "The article's figures in their digits; – where it states none. They do not change by themselves"
    )
    page.heads({letter: text for letter, text, _ in DATA.values()}, "BLMNP", "CDO", tall=True)
    _draw_gap(page)
    letters = {part: letter for part, (letter, _, _) in DATA.items()}
    for row in rows:
        shown = _or_none(row.unit)
        cells: dict[str, tuple[Any, str, str]] = {
            "claim": (row.label, style.LABEL, ""),
            "unit": (row.unit.name, style.UNIT, ""),
            "printed": (row.printed, style.UNIT, ""),
            "recorded": (row.recorded, style.LABEL, ""),
            "otherwise": (row.otherwise, style.LABEL, ""),
            "source": (f"[A {row.at}] the article, section {row.at}; pycalc.claims", style.NOTE, ""),
            "date": (draft.template.when.isoformat(), style.UNIT, ""),
            "short": (f"§ {row.at}: {row.in_short}", style.LABEL, ""),
        }
        numbers = (row.low, row.high, *row.bounds, row.near, row.binary, row.known)
        for part, number in zip(("low", "high", "from", "to", "near", "binary", "known"), numbers, strict=True):
            cells[part] = (number, style.CALC, shown)
        for part, (value, named, number_format) in cells.items():
            page.put(f"{letters[part]}{page.row}", value, named, number_format)
        page.row += 1
    for part in ("low", "high", "from", "to", "recorded", "short"):
        cells_ = f"${letters[part]}${FIRST}:${letters[part]}${page.row - 1}"
        draft.places[f"calc_{sheet.partition('_')[2].lower()}.{part}"] = Place(sheet, cells_)
    page.row -= 1
    page.finish("1:4", freeze="C5")


def _or_none(unit: Unit) -> str:
    """A unit's format that shows nothing as a dash, and no upper end as such."""
    return f'[>=1E+90]"no limit";[=0]"–";{unit.format}'


def _draw_row(page: Page, row: Stated, data: str, at: dict[str, str]) -> None:
    draft, r = page.draft, page.row
    source = {part: f"{data}!{letter}{r}" for part, (letter, _, _) in DATA.items()}
    f = {part: f"{letter}{r}" for part, letter in at.items()}
    page.put(f["section"], row.at, style.UNIT)
    page.put(f["claim"], row.label, style.LABEL)
    page.put(f["unit"], row.unit.name, style.UNIT)
    page.put(f["printed"], row.printed, style.UNIT)
    page.formula(f["recomputed"], row.formula, row.unit.format, key=True)
    page.put(f["how"], row.formula.removeprefix("="), style.NOTE)
    _draw_note(page, f["note"], row.note)
    page.put(
        f["figure"],
        f"=IF(ISNUMBER({f['recomputed']}),MEDIAN({source['low']},{f['recomputed']},{source['high']}),0)",
        style.LINK,
        _or_none(row.unit),
    )
    known = f"{f['both']}=1"
    for part, text, number_format, named in (
        ("both", f'=({f["figure"]}>0)*COUNTIF({f["recomputed"]},">0")', "0", style.CALC),
        ("difference", f'=IF({known},{f["figure"]}/{f["recomputed"]}-1,"–")', "+0.0%;-0.0%;0.0%", style.CALC),
        (
            "within",
            f"=IF({known},({f['recomputed']}>={source['from']})*({f['recomputed']}<={source['to']}),0)",
            "0",
            style.LINK,
        ),
        ("near", f"=IF({known},(ABS({f['recomputed']}-{f['figure']})<{source['near']})*1,0)", "0", style.LINK),
        ("binary", f"=IF({known},(ROUND({f['recomputed']}-{source['binary']},6)=0)*1,0)", "0", style.LINK),
        (
            "verdict",
            f'=CHOOSE(1+MAX(3*{f["binary"]},2*{f["within"]},{f["near"]}),{source["otherwise"]},"imprecise","agrees","units")',
            "General",
            style.LINK,
        ),
        ("log_ratio", f"=IF({known},LOG10({f['figure']}/{f['recomputed']}),0)", "+0.00;-0.00;0.00", style.CALC),
        ("size", f"=ABS({f['log_ratio']})-{f['number']}/1E+09", "0.000", style.CALC),
        ("known", f"={source['known']}", _or_none(row.unit), style.LINK),
        (
            "gap",
            f"=IF(COUNT({f['recomputed']})*{f['known']}<>0,ABS({f['recomputed']}/{f['known']}-1),0)",
            "0.0E+00",
            style.CALC,
        ),
        ("number", f"=ROWS(D${FIRST}:D{r})", "0", style.CALC),
    ):
        page.put(f[part], text, named, number_format)
    draft.places[row.name] = Place(page.title, f"${at['recomputed']}${r}")
    page.row += 1


def _draw_note(page: Page, cell: str, text: str) -> None:
    """A note, on two lines where it is long."""
    target = page.put(cell, text or None, style.NOTE)
    width = next(width for letter, _, width in COLUMNS.values() if cell.startswith(letter))
    if lines := len(text) // (1.2 * width):
        target.alignment = Alignment(horizontal="left", vertical="center", indent=1, wrap_text=True)
        page.height(ROW_HEIGHT * (1 + lines))


def _draw_furthest(page: Page, sheet: str) -> None:
    """The figures that are furthest off, in the order of how many powers of ten."""
    draft = page.draft

    def column(part: str) -> str:
        return draft.places[f"{sheet.lower()}.{part}"].seen_from(sheet, "all")

    page.section("Furthest off")
    first = page.row
    for _ in range(FURTHEST):
        r = page.row
        texts = (
            ("B", f"=INDEX({column('section')},T{r},1)", style.LABEL, "0"),
            ("C", f"=INDEX({column('claim')},T{r},1)", style.LABEL, "0"),
            ("E", f"=INDEX({column('printed')},T{r},1)", style.LABEL, "0"),
            ("F", f"=INDEX({column('log_ratio')},T{r},1)", style.KEY, "+0.00;-0.00;0.00"),
            ("I", f"=INDEX({column('short')},T{r},1)", style.LINK, "0"),
            ("Q", f"=LARGE({column('size')},ROWS(D${first}:D{r}))", style.CALC, "0.000"),
            ("T", f"=MATCH(Q{r},{column('size')},0)", style.CALC, "0"),
        )
        page.put(f"D{r}", "decades", style.UNIT)
        for letter, text, named, number_format in texts:
            page.put(f"{letter}{r}", text, named, number_format)
        page.row += 1
    for part, letter in (("furthest", "F"), ("furthest_labels", "I")):
        draft.places[f"{sheet.lower()}.{part}"] = Place(sheet, f"${letter}${first}:${letter}${page.row - 1}")
    page.row -= 1


def count_held(page: Page, strip: StatedStrip, rows: Sequence[Stated]) -> None:
    """Beside each figure of a strip whether it holds, a column for each scenario; below, how many do."""
    draft, sheet = page.draft, page.title
    count, shown = len(SCENARIOS), letters_from(2 * len(SCENARIOS) + 1)
    letters, flags = shown[:count], shown[count + 1 :]
    first, last = (int(draft.places[f"{strip.name}.{row.name}"].row) for row in (rows[0], rows[-1]))
    head = int(draft.places[f"{strip.name}.names"].row)
    for letter, flag in zip(letters, flags, strict=True):
        page.put(f"{flag}{head}", f'={letter}{head}&" holds"', style.HEAD)
    data = next(stated_sheet(section) for section in draft.template.calc if is_stated(section))
    for row in rows:
        source = {part: f"{data}!{letter}{draft.places[row.name].row}" for part, (letter, _, _) in DATA.items()}
        at = int(draft.places[f"{strip.name}.{row.name}"].row)
        for letter, flag in zip(letters, flags, strict=True):
            x = f"{letter}{at}"
            inside = f"({x}>={source['from']})*({x}<={source['to']})*(ROUND({x}-{source['binary']},6)<>0)"
            page.put(f"{flag}{at}", f"=IF(ISNUMBER({x}),{inside},0)", style.LINK, "0")
    line = next(line for line in draft.template.all_lines() if line.name == strip.count)
    page.label(line.label, line.unit.name, key=True)
    for letter, flag in zip(letters, flags, strict=True):
        page.put(f"{letter}{page.row}", f"=SUM({flag}{first}:{flag}{last})", style.KEY, line.unit.format)
    draft.places[f"{strip.name}.{strip.count}"] = Place(sheet, f"${letters[0]}${page.row}:${letters[-1]}${page.row}")
    page.row += 1

"""The calculation once more for every scenario's own inputs, whichever is live.

What stands once has a column for each scenario on the sensitivity sheet; what has columns of its
own stands on a sheet over those, a block for each scenario.
"""

from collections.abc import Mapping, Sequence

from openpyxl.utils import column_index_from_string, get_column_letter

from workbook_templates import style
from workbook_templates.columns import HEAD, columns_of, draw_rows, finish_columns, open_page
from workbook_templates.grids import SHEET, letters_from, row_of, wanted_lines
from workbook_templates.input_sheets import SCENARIO_COLUMNS
from workbook_templates.page import Draft, Local, Page, Place
from workbook_templates.spec import SCENARIOS, Line, Over, Stated, StatedStrip, Strip
from workbook_templates.spec.book import run_sheet
from workbook_templates.stated_sheets import count_held


def draw_strip(page: Page, strip: Strip) -> None:
    """The scalars of the strip; the rows with columns go on sheets of their own, and both read each other."""
    draft, letters, top = page.draft, letters_from(len(SCENARIOS)), page.row
    off = letters_from(strip_width(strip))[-1]
    heads = {"B": "Line", "C": "Unit", off: "Off live", **dict(zip(letters, SCENARIOS, strict=True))}
    page.heads(heads)
    draft.places[f"{strip.name}.names"] = Place(SHEET, f"${letters[0]}${top}:${letters[-1]}${top}")
    inputs = {row.name: draft.places[row.name].row for row in draft.template.all_inputs()}
    lines, overs = wanted_lines(draft, strip.outputs, set(inputs)), draft.template.overs()
    once = [line for line in lines if overs[line.name] is None]
    runs = [_Run(draft, over, [line for line in lines if overs[line.name] == over]) for over in strip.over]
    rows = page.over_pages(len(once))
    columns: dict[str, dict[str, str | Place]] = {}
    beside: dict[str, dict[str, str]] = {}
    for letter, scenario, column in zip(letters, SCENARIOS, SCENARIO_COLUMNS.values(), strict=True):
        local: dict[str, str | Place] = {name: Place("Inputs", f"${column}${row}") for name, row in inputs.items()}
        beside[letter] = {name: f"Inputs!{column}${row}" for name, row in inputs.items()}  # one formula along the row
        local |= {line.name: Place(SHEET, f"${letter}${row}") for line, row in zip(once, rows, strict=True)}
        for run in runs:
            local |= run.places(scenario)
        columns[letter] = local
    for line, row in zip(once, rows, strict=True):
        page.turn_to(row, heads)
        draw_again(page, strip.name, line, {letter: local | beside[letter] for letter, local in columns.items()})
    if isinstance(strip, StatedStrip):
        count_held(page, strip, [line for line in once if isinstance(line, Stated)])
    for run in runs:
        run.draw(strip, dict(zip(SCENARIOS, columns.values(), strict=True)))
    _draw_off(page, strip, once, letters, off, runs)
    live = style.when(f"{letters[0]}${top}={draft.places['scenario'].seen_from(SHEET)}", fill=style.KEY_FILL)
    further = [row for row, before in zip(rows[1:], rows, strict=False) if row != before + 1]
    for first, beyond in zip([top + 1, *further], [*(row - 1 for row in further), page.row], strict=True):
        page.sheet.conditional_formatting.add(f"{letters[0]}{first}:{letters[-1]}{beyond - 1}", live)


def _draw_off(
    page: Page, strip: Strip, lines: Sequence[Line], letters: Sequence[str], off: str, runs: Sequence["_Run"]
) -> None:
    """Beside each line that has a number, 1 where the live scenario's column is not what the calculation gives.

    Below, how many cells of the sheets over months or cases are not.
    """
    draft = page.draft
    index = draft.places["scenario_index"].seen_from(SHEET)
    rows = [int(draft.places[f"{strip.name}.{line.name}"].row) for line in lines]
    for line, row in zip(lines, rows, strict=True):
        live = draft.places[line.name].seen_from(SHEET)
        again = f"INDEX({letters[0]}{row}:{letters[-1]}{row},1,{index})"
        page.put(f"{off}{row}", f"=IF(COUNT({live})=1,({again}<>{live})*1,0)", style.LINK, "0")
    last = page.row - 1
    for run in runs:
        page.label(f"Off live on {run.title}", "cells")
        page.put(f"{off}{page.row}", f"=SUM({run.off})", style.LINK, "0")
        last = page.row
        page.row += 1
    draft.places[f"{strip.name}.off"] = Place(SHEET, f"${off}${rows[0] if rows else last}:${off}${last}")


def strip_width(strip: Strip) -> int:
    """The columns of a strip: its scenarios, whether figures hold in each, and whether the live one is off, with gaps."""
    return (len(SCENARIOS) + 1) * (2 if isinstance(strip, StatedStrip) else 1) + 1


def draw_again(page: Page, block: str, line: Line, columns: Mapping[str, Local]) -> None:
    """A line as a row, the same formula in each column, whose names are all settled."""
    page.label(line.label, line.unit.name, line.key)
    for letter, local in columns.items():
        seen = {name: place for name, place in local.items() if name != line.name}  # what does not move is read from Calc
        page.formula(f"{letter}{page.row}", line.formula, line.unit.tight, line.key, seen)
    page.draft.places[f"{block}.{line.name}"] = row_of(page, list(columns))
    page.row += 1


class _Run:
    """The blocks over months, or over cases: title, header, rows, for one scenario after the other."""

    def __init__(self, draft: Draft, over: Over, lines: Sequence[Line]) -> None:
        self.draft, self.over, self.lines = draft, over, lines
        self.title = run_sheet(over)
        self.height = len(lines) + 2  # a gap, the scenario's name
        self.off = ""
        """Where it says line by line how many cells are off the calculation."""

    def places(self, scenario: str) -> dict[str, Place]:
        first = HEAD + 2 + self.height * SCENARIOS.index(scenario)
        at = columns_of(self.over)
        return {line.name: at.place(self.title, first + i) for i, line in enumerate(self.lines)}

    def draw(self, strip: Strip, local: Mapping[str, Local]) -> None:
        heading = "Every scenario", "Once more for each scenario's own inputs"
        page = open_page(self.draft, self.title, self.over, heading, style.TEAL)
        for scenario in SCENARIOS:
            if scenario != SCENARIOS[0]:  # each page and each view begin with the header, which stays
                page.new_page()
            page.section(scenario, gap=scenario != SCENARIOS[0])
            places = self.places(scenario)
            self.draft.places |= {f"{strip.name}.{scenario}.{name}": place for name, place in places.items()}
            draw_rows(page, self.over, self.lines, places, local[scenario])
            self._draw_off(page, scenario, places)
        finish_columns(page, self.over)

    def _draw_off(self, page: Page, scenario: str, places: Mapping[str, Place]) -> None:
        """Right of the notes, how many cells of the live scenario's lines are not what the calculation gives."""
        at, first = columns_of(self.over), int(next(iter(places.values())).row)
        column = get_column_letter(column_index_from_string(at.last) + 1)
        index = self.draft.places["scenario_index"].seen_from(self.title)
        page.put(f"{column}{first - 1}", "Off live", style.HEAD)
        for line in self.lines:
            own, live = places[line.name], self.draft.places[line.name]
            total = f"+({own.total}<>{live.sheet}!{live.total})" if line.total else ""
            cells = f"SUMPRODUCT(--({own.cell}<>{live.sheet}!{live.cell})){total}"
            text = f"=IF({index}={SCENARIOS.index(scenario) + 1},{cells},0)"
            page.put(f"{column}{own.row}", text, style.LINK, "0")
            last = own.row
        self.off = f"{self.title}!${column}${HEAD + 2}:${column}${last}"

"""The sensitivity sheet, block by block, and the levers that feed the tornado."""

from collections.abc import Sequence

from workbook_templates import style
from workbook_templates.grids import SHEET, axes_of, beside_of, draw_grid, draw_lines, draw_table, letters_from, wanted_lines
from workbook_templates.input_sheets import SCENARIO_COLUMNS
from workbook_templates.page import Draft, Page, Place
from workbook_templates.spec import SCENARIOS, Block, Grid, Levers, StatedStrip, Strip, Table, Waterfall
from workbook_templates.strips import draw_strip, strip_width
from workbook_templates.waterfalls import WATERFALL_WIDTH, draw_waterfall


def draw_sensitivity(draft: Draft) -> None:
    """All blocks of the template, one under the other."""
    widest = letters_from(max(_width(draft, block) for block in draft.template.blocks))
    axes = [axis for block in draft.template.blocks if isinstance(block, Table | Grid) for axis in axes_of(block)]
    width = 15.0 if any(axis.options for axis in axes) else 12.5
    label = 68 if any(isinstance(block, StatedStrip) for block in draft.template.blocks) else 34
    widths = {"B": label, "C": width + 0.5, **dict.fromkeys(widest, width)}
    if any(isinstance(block, Waterfall) for block in draft.template.blocks):
        widths[letters_from(WATERFALL_WIDTH)[-1]] = 22.0  # a bar's name with its amount
    page = Page(draft, SHEET, widths, style.TEAL)
    page.frame("Sensitivity", "The calculation once more for other values: closed form, no data tables")
    for i, block in enumerate(draft.template.blocks):
        breaks = block.break_before and i > 0
        if breaks:
            page.new_page()
        breaks = breaks or (i > 0 and page.keep(_height(draft, block)))
        page.section(block.title, gap=i > 0 and not breaks)
        page.put(f"B{page.row}", block.reading, style.SUBTITLE)
        page.height(20)
        page.row += 1
        top = page.row
        _draw_block(page, block)
        last = letters_from(_width(draft, block))[-1]
        draft.places[f"{block.name}.area"] = Place(SHEET, f"$D${top}:${last}${page.row - 1}")
        for line in block.after if isinstance(block, Table | Grid) else ():
            page.label(line.label, line.unit.name, line.key)
            page.formula(f"D{page.row}", line.formula, line.unit.format, line.key)
            draft.places[line.name] = Place(SHEET, f"$D${page.row}")
            page.row += 1
    page.row -= 1
    page.finish("1:3", freeze="D4")


def _width(draft: Draft, block: Block) -> int:
    if isinstance(block, Table):
        return len(block.across.values)
    if isinstance(block, Grid):
        beside, _ = beside_of(draft, block)
        return max(len(block.across.values) + 1 + len(beside), len(block.down.values))
    if isinstance(block, Waterfall):
        return WATERFALL_WIDTH
    if isinstance(block, Levers):
        return 1 + len(block.drivers)
    return strip_width(block)


def _height(draft: Draft, block: Block) -> int:
    """The rows of a block that should stay together: those of a grid up to its first matrix, of levers the ranking."""
    if isinstance(block, Table | Grid):
        return len(wanted_lines(draft, block.lines, {block.across.name})) + len(block.after) + 5
    if isinstance(block, Levers):
        return len(block.drivers) + 12
    return len(block.steps) + 4 if isinstance(block, Waterfall) else len(block.outputs) + 4


def _draw_block(page: Page, block: Block) -> None:
    if isinstance(block, Table):
        draw_table(page, block)
    elif isinstance(block, Grid):
        draw_grid(page, block)
    elif isinstance(block, Strip):
        draw_strip(page, block)
    elif isinstance(block, Levers):
        _LeverTables(page, block).draw()
    else:
        draw_waterfall(page, block)


class _LeverTables:
    """The ranking first, then the changes it ranks, then the two computations behind them."""

    def __init__(self, page: Page, levers: Levers) -> None:
        self.page, self.levers = page, levers
        template = page.draft.template
        self.inputs = {row.name: row for row in template.all_inputs()}
        self.labels = [self.inputs[name].label for name in levers.drivers]
        wanted = [levers.output, *filter(None, [levers.room])]
        lines = wanted_lines(page.draft, wanted, set(levers.drivers))
        self.lines = (*(line for line in lines if line.name != levers.output), *(x for x in lines if x.name == levers.output))
        self.unit = self.lines[-1].unit
        self.letters = letters_from(1 + len(levers.drivers))
        count = len(levers.drivers)
        self.changes = page.row + count + 2  # header of the changes, under the ranking and a gap
        self.tables = [self.changes + 8 + i * (count + len(self.lines) + 2) for i in range(len(SCENARIOS) - 1)]

    def draw(self) -> None:
        self._draw_ranking()
        self.page.row = self.changes
        self._draw_changes()
        for top, scenario in zip(self.tables, SCENARIOS[1:], strict=True):
            self.page.row = top
            self.page.new_page()
            self._draw_computation(scenario)

    def _place(self, part: str, cell: str) -> None:
        self.page.draft.places[f"{self.levers.name}.{part}"] = Place(SHEET, cell)

    def _row(self, row: int) -> str:
        drivers = self.letters[1:]
        return f"${drivers[0]}${row}:${drivers[-1]}${row}"

    def _draw_ranking(self) -> None:
        """Levers in the order of their swings, by formula."""
        page, first = self.page, self.page.row + 1
        page.heads({"B": "Strongest lever first", "C": "Rank", "D": "Better", "E": "Worse", "F": "Swing"}, middle="")
        better, worse, swing, rank = range(self.changes + 3, self.changes + 7)
        for r in range(first, first + len(self.labels)):
            page.put(f"C{r}", f"=SUM(C{r - 1},1)", style.CALC, "0")
            at = f"MATCH($C{r},{self._row(rank)},0)"
            page.put(f"B{r}", f"=INDEX({self._row(self.changes)},1,{at})", style.LABEL)
            for letter, row in zip("DEF", (better, worse, swing), strict=True):
                page.put(f"{letter}{r}", f"=INDEX({self._row(row)},1,{at})", style.CALC, self.unit.change)
        last = first + len(self.labels) - 1
        for part, letter in (("top", "B"), ("better", "D"), ("worse", "E")):
            self._place(part, f"${letter}${first}")
            self._place(f"{part}s", f"${letter}${first}:${letter}${last}")

    def _draw_changes(self) -> None:
        """What the output changes by at the Bull and the Bear value of each lever."""
        page, letters = self.page, self.letters
        self._heads("Change of the result")
        bull, bear, better, worse, swing = range(page.row, page.row + 5)
        ends = [top + len(self.levers.drivers) + len(self.lines) for top in self.tables]
        live = f"${letters[0]}${ends[0]}"
        self._place("live", live)
        changes = [f"=IF({self._fits(end)}=1,{{0}}{end}-{live},0)" for end in ends]
        swings = f"${letters[1]}{swing}:{{0}}{swing}"
        shown = self.unit.change
        best, worst = ("MAX", "MIN") if self.levers.more_is_better else ("MIN", "MAX")
        for label, unit, text, number_format in (
            ("At the Bull value (0 where it does not fit)", self.unit.name, changes[0], shown),
            ("At the Bear value (0 where it does not fit)", self.unit.name, changes[1], shown),
            ("Better", self.unit.name, f"={best}({{0}}{bull}:{{0}}{bear},0)", shown),
            ("Worse", self.unit.name, f"={worst}({{0}}{bull}:{{0}}{bear},0)", shown),
            # rounded, so that RANK and COUNTIF agree on what is equal
            ("Swing", self.unit.name, f"=ROUND(ABS({{0}}{worse}-{{0}}{better}),6)", shown),
            ("Rank", "#", f"=RANK({{0}}{swing},{self._row(swing)})+COUNTIF({swings},{{0}}{swing})-1", "0"),
        ):
            page.label(label, unit)
            for letter in letters[1:]:
                page.put(f"{letter}{page.row}", text.format(letter), style.CALC, number_format)
            page.row += 1

    def _fits(self, end: int) -> str:
        """1 where the case of a column can be computed and holds somebody; ``end`` is the row of its result."""
        if not self.levers.room:
            return f"COUNT({{0}}{end})"
        back = len(self.lines) - [line.name for line in self.lines].index(self.levers.room) - 1
        return f'COUNTIF({{0}}{end - back},">=1")'

    def _draw_computation(self, scenario: str) -> None:
        """The inputs, each moved in the column that bears its name and live elsewhere, and all that follows."""
        page, head, rows = self.page, self.page.row, {}
        self._heads(f"One input at its {scenario} value", "None")
        for name in self.levers.drivers:
            source = self.inputs[name]
            page.label(source.label, source.unit.name)
            other = f"Inputs!${SCENARIO_COLUMNS[scenario]}{page.draft.places[name].cell[2:]}"
            for letter in self.letters:
                text = f"=IF({letter}${head}=$B{page.row},{other},{name})"
                page.put(f"{letter}{page.row}", text, style.LINK, source.unit.format)
            rows[name] = page.row
            page.row += 1
        moved = style.when(f"{self.letters[0]}${head}=$B{head + 1}", fill=style.KEY_FILL, bold=True)
        page.sheet.conditional_formatting.add(f"{self.letters[0]}{head + 1}:{self.letters[-1]}{page.row - 1}", moved)
        draw_lines(page, f"{self.levers.name}.{scenario}", self.lines, self.letters, rows)

    def _heads(self, title: str, first: str = "") -> None:
        texts: Sequence[str] = (first, *self.labels)
        heads = dict(zip(self.letters, texts, strict=True))
        self.page.heads({"B": title, "C": "Unit", **heads}, middle="".join(("C", *self.letters)), tall=True)

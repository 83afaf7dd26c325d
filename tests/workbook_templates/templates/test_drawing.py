"""What a reader sees: styles, charts, printing, accessibility."""

import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from workbook_templates import style
from workbook_templates.build import build
from workbook_templates.registry import template

TOKEN_COST = template("token_cost")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("drawing") / "token_cost.xlsx"
    build(TOKEN_COST, made)
    return made


@pytest.fixture(scope="module")
def book(path: Path) -> Any:
    return openpyxl.load_workbook(path)


def test_every_cell_takes_a_named_style_of_ours(book: Any) -> None:
    ours = {named.name for named in style.named_styles()}
    strange = [
        f"{s.title}!{c.coordinate}"
        for s in book
        for row in s.iter_rows()
        for c in row
        if c.value is not None and c.style not in ours
    ]
    assert strange == []


def test_only_inputs_are_unlocked(book: Any) -> None:
    open_cells = [c for s in book for row in s.iter_rows() for c in row if c.value is not None and not c.protection.locked]
    assert {c.style for c in open_cells} == {style.INPUT}
    assert {c.parent.title for c in open_cells} == {"Inputs", "Sensitivity", "Cover"}
    assert all(sheet.protection.sheet and not sheet.protection.password for sheet in book)


def test_numbers_fit_their_columns(book: Any, path: Path) -> None:
    """No ### at the widths given: the text as Excel formats it is shorter than the column."""
    values = openpyxl.load_workbook(path, data_only=True)
    tight = []
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                value = values[sheet.title][cell.coordinate].value
                if isinstance(value, int | float) and cell.style not in (style.KPI_VALUE, style.SCENARIO_VALUE):
                    shown = shown_as(value, cell.number_format)
                    if len(shown) > sheet.column_dimensions[cell.column_letter].width - 2:
                        tight.append(f"{sheet.title}!{cell.coordinate} {shown}")
    assert tight == []


def shown_as(value: float, number_format: str) -> str:
    """Roughly what Excel shows for the formats that this project uses."""
    pattern = number_format.split(";")[0]
    digits = len(re.sub(r"[^0#].*", "", pattern.partition(".")[2]))
    if "E+" in pattern:
        return f"{value:.{digits}E}"
    text = f"{value:.{digits}%}" if "%" in pattern else f"{value:{',' if ',' in pattern else ''}.{digits}f}"
    return "".join(sign for sign in "+$" if sign in pattern) + text + ("x" if "x" in pattern else "")


def test_four_charts_with_titles_axes_and_alternative_texts(book: Any, path: Path) -> None:
    charts = book["Dashboard"]._charts
    assert len(charts) == 4
    for chart in charts:
        assert chart.title is not None
        assert not chart.x_axis.delete
        assert not chart.y_axis.delete
    with zipfile.ZipFile(path) as archive:
        drawing = archive.read("xl/drawings/drawing1.xml").decode()
    assert re.findall(r'name="Chart \d" descr="(\w+)', drawing) == ["Columns", "Curves", "Waterfall", "Tornado"]


def test_charts_lie_side_by_side_below_the_words_and_above_the_page_end(book: Any) -> None:
    sheet = book["Dashboard"]
    boxes = [(c.anchor._from.col, c.anchor._from.row, c.anchor.to.col, c.anchor.to.row) for c in sheet._charts]
    for i, (left, top, right, bottom) in enumerate(boxes):
        assert left < right
        assert 9 < top < bottom < sheet.max_row + 40
        for other_left, other_top, other_right, other_bottom in boxes[i + 1 :]:
            assert right < other_left or other_right < left or bottom < other_top or other_bottom < top
    last = int(sheet.print_area.rpartition("$")[2])
    assert max(box[3] for box in boxes) < last <= max(box[3] for box in boxes) + 2


def test_the_dashboard_prints_on_one_landscape_page(book: Any) -> None:
    setup = book["Dashboard"].page_setup
    assert (setup.orientation, setup.fitToWidth, setup.fitToHeight) == ("landscape", 1, 1)


def test_validation_texts_are_short_enough_for_excel(book: Any) -> None:
    for sheet in book:
        for rule in sheet.data_validations.dataValidation:
            assert len(rule.errorTitle) <= 32
            assert len(rule.promptTitle) <= 32
            assert len(rule.error) <= 225
            assert len(rule.prompt) <= 255


def test_the_cover_links_to_every_other_sheet(book: Any) -> None:
    cover = book["Cover"]
    links = [cell.hyperlink.location for row in cover.iter_rows() for cell in row if cell.hyperlink]
    assert links == [f"'{title}'!A1" for title in TOKEN_COST.sheets[1:]]

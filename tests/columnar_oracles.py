"""The columnar engine and two others as judges of formulas; an engine that computes a cell not at all says None."""

from typing import NamedTuple

from openpyxl.utils import get_column_letter
from oracles import SHEET, Asked, _from_cellrune

from pycalc.cells import Cell
from pycalc.errors import CellError
from workbook_templates.headless.columnar.engine import ColumnarEngine
from workbook_templates.headless.columnar.refusal import NotColumnar
from workbook_templates.headless.engine import Engine
from workbook_templates.headless.formula_book import FormulaBook
from workbook_templates.reading import open_package


class NotComputed(NamedTuple):
    """An engine's refusal of one cell."""

    reason: str


Answer = Cell | NotComputed


def columnar(asked: Asked, moving: bool = True) -> list[tuple[Answer, ...]]:
    """With the cells of the questions as inputs that change, or as constants."""
    inputs = {
        (SHEET, f"{get_column_letter(column)}{row}"): float(value) if type(value) is int else value
        for row, question in enumerate(asked.questions, start=1)
        for column, value in enumerate(question.inputs, start=1)
        if moving and value != ""
    }
    places = [[(SHEET, address) for address in row] for row in asked.addresses()]
    open_ = [place for row in places for place in row]
    refused: dict[tuple[str, str], Answer] = {}
    package = open_package(asked.path)
    while True:
        try:
            found = ColumnarEngine(package, list(inputs), open_).evaluate({place: [value] for place, value in inputs.items()})
        except NotColumnar as refusal:
            open_.remove((refusal.sheet, refusal.cell))
            refused[refusal.sheet, refusal.cell] = NotComputed(str(refusal))
            continue
        return [tuple(refused[place] if place in refused else found[place][0] for place in row) for row in places]


def cellrune(asked: Asked) -> list[tuple[Answer, ...]]:
    import cellrune as engine

    first, width = asked.first_column, max(len(question.formulas) for question in asked.questions)
    with engine.Workbook.open_path(asked.path) as workbook:
        workbook.recalculate()
        last = f"{get_column_letter(first + width - 1)}{len(asked.questions)}"
        rows = workbook.read_values(SHEET, f"{get_column_letter(first)}1", last)

    def answer(held: dict[str, object]) -> Answer:
        return NotComputed(str(held)) if held["kind"] == "unavailable" else _from_cellrune(held)

    return [tuple(map(answer, row[: len(q.formulas)])) for row, q in zip(rows, asked.questions, strict=True)]


def formualizer(asked: Asked) -> list[tuple[Answer, ...]]:
    """Cell by cell, so that one that it cannot compute does not stop the others."""
    book = FormulaBook(open_package(asked.path))
    engine = Engine(book._for_engine(), set().union(*book.called.values()))
    by_address = {cell.address: cell.position for _, cell in book.formulas()}

    def answer(address: str) -> Answer:
        try:
            engine._book.evaluate_cell(SHEET, *by_address[address])
            return engine.value(SHEET, *by_address[address])
        except Exception as fault:  # the engine raises what it likes
            return NotComputed(str(fault))

    return [tuple(map(answer, row)) for row in asked.addresses()]


def same(one: Answer, other: Answer, share: float = 1e-9) -> bool:
    """Whether two engines give the same value, numbers to a share of their size."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= share * max(abs(one), abs(other)) + 1e-9
    return type(one) is type(other) and one == other


def shown(answer: Answer) -> str:
    return answer.code if isinstance(answer, CellError) else repr(answer)

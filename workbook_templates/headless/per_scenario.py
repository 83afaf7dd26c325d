"""Formualizer as an engine of scenarios: loaded once, then set, computed and read for each in turn."""

from collections.abc import Mapping, Sequence

from pycalc.cells import Cell
from workbook_templates.headless.engine import NotComputedError
from workbook_templates.headless.formula_book import FormulaBook
from workbook_templates.headless.scenarios import Place
from workbook_templates.headless.sheet_xml import position
from workbook_templates.reading import Package


class FormualizerEngine:
    """Any workbook that `recalc` computes; a formula in the place of an input gives way to the scenario's value."""

    def __init__(self, package: Package, inputs: Sequence[Place], outputs: Sequence[Place]) -> None:
        self._book = FormulaBook(package)
        self._engine = self._book.computed()
        self._inputs = {place: (place[0], *position(place[1])) for place in inputs}
        self._outputs = {place: (place[0], *position(place[1])) for place in outputs}
        self._computed()

    def evaluate(self, columns: Mapping[Place, Sequence[Cell]]) -> Mapping[Place, list[Cell]]:
        """One list per output; raises `RefusedFileError` where a scenario makes a formula one that is not computed."""
        cells = [self._inputs[place] for place in columns]
        results: dict[Place, list[Cell]] = {place: [] for place in self._outputs}
        for values in zip(*columns.values(), strict=True):
            for cell, value in zip(cells, values, strict=True):
                self._engine.set(*cell, value)
            for column, value in zip(results.values(), self._computed(), strict=True):
                column.append(value)
        return results

    def _computed(self) -> list[Cell]:
        try:
            self._engine.compute((sheet, *cell.position) for sheet, cell in self._book.formulas())
            return [self._engine.value(*cell) for cell in self._outputs.values()]
        except NotComputedError as fault:
            raise self._book.refusal(fault) from None

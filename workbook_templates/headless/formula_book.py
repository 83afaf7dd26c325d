"""The formulas of a workbook, held to what the engine computes, and loaded into it."""

import re
from collections.abc import Iterator
from functools import cached_property

from pycalc.errors import shorten
from workbook_templates.headless.calls import called, with_marks
from workbook_templates.headless.engine import Engine, NotComputedError, unknown_functions
from workbook_templates.headless.package import RefusedCellError, with_parts
from workbook_templates.headless.sheet_xml import DamagedSheetError, SheetCell, formula_cells, with_formulas, with_values
from workbook_templates.reading import DISTRUST, Package, RefusedFileError

SHOWN = 60  # characters of a formula in a refusal
SINGLE = ("normal", "shared")  # kinds of formulas that fill one cell
EXTERNAL = re.compile(r"\[[0-9]+\][^\]\[]*!")


class FormulaBook:
    """A workbook's formulas; `computed` is an engine in which each has its value."""

    def __init__(self, package: Package) -> None:
        self.package = package
        kinds = {part: kind for kind, part in package.relations(package.workbook_part).values()}
        self.parts = {sheet: part for sheet, part in package.sheet_parts.items() if kinds[part] == "worksheet"}
        self.cells = {sheet: self._read(part) for sheet, part in self.parts.items()}

    def _read(self, part: str) -> list[SheetCell]:
        try:
            return formula_cells(self.package.read(part))
        except DamagedSheetError as fault:
            raise self.package.refuse("CORRUPT", f"{part} cannot be read ({fault})", DISTRUST) from None

    @cached_property
    def called(self) -> dict[tuple[str, str], set[str]]:
        """The functions that each formula calls."""
        return {(sheet, cell.address): called(cell.formula) for sheet, cell in self.formulas() if cell.formula}

    def formulas(self) -> Iterator[tuple[str, SheetCell]]:
        return ((sheet, cell) for sheet, cells in self.cells.items() for cell in cells)

    def computed(self) -> Engine:
        """The engine after every formula is computed; a formula that it cannot compute is refused."""
        self._require_computable()
        try:
            tables = any(name.startswith("xl/tables/") for name in self.package.names)
            engine = Engine(self._for_engine(), set().union(*self.called.values()), tables)
            engine.compute((sheet, *cell.position) for sheet, cell in self.formulas())
            self._require_single(engine)
        except NotComputedError as fault:
            raise self.refusal(fault) from None
        return engine

    def refusal(self, fault: NotComputedError) -> RefusedFileError:
        """What the engine gave up on, as a refusal of the file or of the cell."""
        code, reason, cure = fault.args
        found = (cell for sheet, cell in self.formulas() if (sheet, *cell.position) == fault.place)
        cell = None if fault.place is None else next(found, None)
        if cell is None or fault.place is None:
            return self.package.refuse(code, reason, cure)
        return self._refused(fault.place[0], cell, code, reason, cure)

    def _refused(self, sheet: str, cell: SheetCell, code: str, reason: str, cure: str) -> RefusedFileError:
        shown = f"{reason}: ={shorten(cell.formula, SHOWN)}" if cell.formula else reason
        return RefusedCellError(code, self.package.file, sheet, cell.address, shown, cure)

    def _require_computable(self) -> None:
        """Refuse what the engine computes wrongly, or turns into an error that IFERROR can hide."""
        unknown = unknown_functions(set().union(*self.called.values()))
        for sheet, cell in self.formulas():
            missing = min(self.called.get((sheet, cell.address), set()) & unknown, default=None)
            if missing:
                reason = f"the function {missing} is not computed here"
                raise self._refused(sheet, cell, "UNKNOWN_FUNCTION", reason, "write it with other functions")
            if cell.kind == "dataTable":
                raise self._refused(sheet, cell, "DATA_TABLE", "a what-if data table is not computed here", "use formulas")
            if cell.formula and EXTERNAL.search(cell.formula):
                reason = "the formula refers to another workbook"
                raise self._refused(sheet, cell, "EXTERNAL_LINK", reason, "bring its values in")
        properties = self.package.xml(self.package.workbook_part).find("{*}workbookPr")
        if properties is not None and properties.get("date1904", "0") not in ("0", "false"):
            raise self.package.refuse("CALENDAR", "counts its dates from 1904", "save it with the 1900 calendar")

    def _require_single(self, engine: Engine) -> None:
        """Refuse a range as the result of a formula for one cell: Excel would cut it to one value, another than the first."""
        blocked = {
            (sheet, cell.address): cell.kind for sheet, cell in self.formulas() if engine.is_blocked(sheet, *cell.position)
        }
        handed_on = "array" in blocked.values()  # a blocked array gives its #SPILL! to those that refer to it
        for sheet, cell in self.formulas():
            has_no_room = (sheet, cell.address) in blocked and not handed_on
            if cell.kind in SINGLE and (has_no_room or engine.spills(sheet, cell.address)):
                reason, cure = "the formula gives a range, but is stored for one cell", "refer to one cell, or make it an array"
                raise NotComputedError("NOT_COMPUTED", reason, cure, (sheet, *cell.position))

    def _for_engine(self) -> bytes:
        """The file as the engine reads it.

        Arguments of ours that are left out are marked as such, and the other cells of an array
        are emptied: their old values would stand in its way.
        """
        changed: dict[str, bytes] = {}
        for sheet, part in self.parts.items():
            cells = self.cells[sheet]
            marked = {i: with_marks(cell.formula) for i, cell in enumerate(cells) if cell.formula}
            texts = {i: text for i, text in marked.items() if text != cells[i].formula}
            members = [cell for cell in cells if cell.formula is None]
            if texts or members:
                emptied = with_values(self.package.read(part), members, dict.fromkeys(cell.address for cell in members))
                changed[part] = with_formulas(emptied, texts)
        return with_parts(self.package, changed) if changed else self.package.content

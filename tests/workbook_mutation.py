"""The mutation score of the workbooks: one formula cell broken at a time, and what notices it.

Run by hand: ``python tests/workbook_mutation.py token_cost --sample 100``.  A break is noticed by
the checks (the master of the sheet Checks flips in some scenario), by the thirty rules of
``llmecon check``, or by parity (the sheet Audit shows a difference); or the workbook can no longer
be computed.  Cells are drawn row by row, so that long runs of one formula, which the rules keep
equal, do not count more than others.  A break after which every formula cell holds the same value
in all scenarios and for random inputs is equivalent, and counted apart.
"""

import argparse
import math
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from multiprocessing import Pool
from pathlib import Path
from typing import Any

from lxml import etree
from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token
from openpyxl.utils import column_index_from_string, get_column_letter

from pycalc.cells import Cell
from workbook_templates.build import build
from workbook_templates.headless.calls import with_marks
from workbook_templates.headless.engine import NotComputedError
from workbook_templates.headless.formula_book import FormulaBook
from workbook_templates.headless.package import with_parts
from workbook_templates.headless.recalculation import fill_cached_values, recalculate
from workbook_templates.headless.sheet_xml import formula_cells
from workbook_templates.reading import RefusedFileError, open_package
from workbook_templates.registry import TEMPLATES, template
from workbook_templates.rules import check_workbook
from workbook_templates.rules.references import CELLS
from workbook_templates.spec import SCENARIOS, Input, Template

Place = tuple[str, str]  # sheet and address
MODES = ("addin", "inline")
ENOUGH = 100  # mutants of a template and mode
RANDOM_INPUTS = 20
MASTER, LARGEST = ("Checks", "D4"), ("Audit", "D4")
PARITY = 1e-9
ANCHOR, ANCHORS_SHARE = "anchor dropped", 0.25  # it changes no value before the cell is copied
SPREADSHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
OPERATORS = {"+": "-", "-": "+", "*": "/", "/": "*", "^": "*", "<": ">", ">": "<", "<=": ">", ">=": "<", "=": "<>", "<>": "="}
FUNCTIONS = {
    "MAX": "MIN",
    "MIN": "MAX",
    "SUM": "MAX",
    "AVERAGE": "SUM",
    "COUNT": "SUM",
    "SUMPRODUCT": "SUM",
    "LARGE": "SMALL",
    "SMALL": "LARGE",
    "INT": "ABS",
    "ROUND": "ROUNDUP",
    "ABS": "INT",
    "ROWS": "COLUMNS",
    "COLUMNS": "ROWS",
    "COUNTIF": "SUMIF",
    "SUMIF": "COUNTIF",
    "ISNUMBER": "ISTEXT",
    "MEDIAN": "MAX",
    "RANK": "COUNTIF",
    "LOG10": "LN",
    "EXP": "LN",
    "SQRT": "EXP",
}


@dataclass(frozen=True)
class Mutant:
    """A formula cell with a change; without a formula, its value stands there instead."""

    sheet: str
    address: str
    kind: str
    before: str
    after: str | None

    def __str__(self) -> str:
        after = "its value" if self.after is None else f"={self.after}"
        return f"{self.sheet}!{self.address}: {self.kind}: ={self.before} ⇒ {after}"


def tokens_of(formula: str) -> list[Any]:
    return list(Tokenizer(f"={formula}").items)


def changes(formula: str, names: list[str], is_number: bool) -> Iterator[tuple[str, str | None]]:
    """Every change of a formula: kind and new text."""
    tokens = tokens_of(formula)

    def text(at: int, value: str, until: int = 0) -> str:
        return "".join([*(t.value for t in tokens[:at]), value, *(t.value for t in tokens[max(until, at + 1) :])])

    for i, token in enumerate(tokens):
        if token.type == Token.OP_IN and token.value in OPERATORS:
            yield "operator swapped", text(i, OPERATORS[token.value])
            if token.value in "*/" and (end := _operand_end(tokens, i + 1)):
                yield "factor dropped", text(i, "", end)
        elif token.type == Token.FUNC and token.subtype == Token.OPEN:
            if (name := token.value[:-1]) in FUNCTIONS:
                yield "function swapped", text(i, FUNCTIONS[name] + "(")
            yield from (("arguments swapped", "".join(swapped)) for swapped in _swaps(tokens, i))
        elif token.type == Token.OPERAND and token.subtype == Token.NUMBER:
            number = float(token.value)
            yield "constant altered", text(i, f"{number + 1:.15g}")
            yield "constant altered", text(i, f"{number * 1.1:.15g}" if number else "2")
        elif token.type == Token.OPERAND and token.subtype == Token.RANGE:
            yield from ((kind, text(i, other)) for kind, other in _moved(token.value, names))
    if is_number:
        yield "sign flipped", f"-({formula})"
    yield "replaced by its value", None


def _operand_end(tokens: list[Any], at: int) -> int:
    """Where the operand that begins here ends: a value, or a call or bracket to its close."""
    depth = 0
    for i in range(at, len(tokens)):
        token = tokens[i]
        depth += (token.subtype == Token.OPEN) - (token.subtype == Token.CLOSE)
        if token.type == Token.OP_PRE:
            continue
        if depth == 0:
            return i + 1
    return 0


def _swaps(tokens: list[Any], at: int) -> Iterator[list[str]]:
    """The call that opens here with two adjoining arguments changed over."""
    depth, starts, end = 0, [at + 1], 0
    for i in range(at, len(tokens)):
        token = tokens[i]
        depth += (token.subtype == Token.OPEN) - (token.subtype == Token.CLOSE)
        if depth == 1 and token.type == Token.SEP:
            starts.append(i + 1)
        if depth == 0:
            end = i
            break
    values = [token.value for token in tokens]
    bounds = [*starts, end + 1]
    for first, second, after in zip(bounds, bounds[1:], bounds[2:], strict=False):
        one, other = values[first : second - 1], values[second : after - 1]
        if one != other:
            yield [*values[:first], *other, ",", *one, *values[after - 1 :]]


def _moved(text: str, names: list[str]) -> Iterator[tuple[str, str]]:
    """A reference a row or a column away, or without an anchor; a name gives way to its neighbour's."""
    if text in names:
        at = names.index(text)
        for step in (-1, 1):
            if 0 <= at + step < len(names):
                yield "reference shifted", names[at + step]
        return
    home, mark, body = text.rpartition("!")
    match = CELLS.fullmatch(body)
    if match is None:
        return
    corners = [match.group(1, 2, 3, 4)] + ([match.group(5, 6, 7, 8)] if match[6] else [])
    for down, right in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        moved = [_corner(*corner, down, right) for corner in corners[-1:]]
        kept = ["".join(corner) for corner in corners[:-1]]
        if all(moved):
            yield "reference shifted", home + mark + ":".join([*kept, *(one or "" for one in moved)])
    if "$" in body:
        yield ANCHOR, home + mark + body.replace("$", "", 1)


def _corner(dollar: str, letters: str, mark: str, row: str, down: int, right: int) -> str | None:
    column, line = column_index_from_string(letters) + right, int(row) + down
    return f"{dollar}{get_column_letter(column)}{mark}{line}" if column > 0 and line > 0 else None


class LoadedBook:
    """A sound workbook kept in the engine, which computes again only what a changed cell reaches."""

    def __init__(self, path: Path) -> None:
        self.book = FormulaBook(open_package(path))
        self.cells = {(sheet, cell.address): cell for sheet, cell in self.book.formulas()}
        self.engine = self.book.computed()
        self.sound = self._values()

    def values(self, mutant: Mutant, delivered: Cell) -> Mapping[Place, Cell] | None:
        """What every formula cell holds with the mutant, None where it is not computed; the sound cell is put back."""
        cell = self.cells[mutant.sheet, mutant.address]
        assert cell.kind in ("normal", "shared"), f"{mutant}: an array's cell is not changed in place"
        try:
            if mutant.after is None:
                self.engine.set(mutant.sheet, *cell.position, delivered)
            else:
                self._write(mutant.sheet, cell.position, mutant.after)
            values = self._values()
            if mutant.after is not None and self.engine.spills(mutant.sheet, mutant.address):
                values = None
        except (NotComputedError, ValueError, RuntimeError):
            values = None
        if values is None:
            self.engine = self.book.computed()
            return None
        self._write(mutant.sheet, cell.position, mutant.before)
        assert _equal(self._values(), self.sound), f"{mutant}: the sound workbook does not come back"
        return values

    def stays(self, mutant: Mutant, delivered: Cell) -> bool:
        """Whether every other cell holds the same with the mutant, and its own, unless its value is typed over it."""
        values = self.values(mutant, delivered)
        return values is not None and _equal(_others(values, mutant), self.sound)

    def _write(self, sheet: str, position: tuple[int, int], text: str) -> None:
        self.engine._book.sheet(sheet).set_formula(*position, f"={with_marks(text)}")

    def _values(self) -> dict[Place, Cell]:
        self.engine.compute(())
        return {place: self.engine.value(place[0], *cell.position) for place, cell in self.cells.items()}


class Subject:
    """A template in one mode: its workbook in every scenario and for random inputs, each as it should be."""

    def __init__(self, name: str, mode: str, folder: Path) -> None:
        self.name, self.mode, self.folder = name, mode, folder
        self.template = template(name)

    def _made(self, label: str, overrides: Mapping[str, Any], audit: bool = False) -> Path:
        path = self.folder / f"{self.name}_{self.mode}_{label}.xlsx"
        build(self.template, path, self.mode, overrides, audit)  # type: ignore[arg-type]
        return path

    @cached_property
    def delivered(self) -> Path:
        """The workbook as it is delivered, which mutants change."""
        return self._made("delivered", {})

    def _loaded(self, label: str, audit: bool = False) -> list[LoadedBook]:
        return [LoadedBook(self._made(f"{scenario}{label}", {"scenario": scenario}, audit)) for scenario in SCENARIOS]

    @cached_property
    def scenarios(self) -> list[LoadedBook]:
        return self._loaded("")

    @cached_property
    def audited(self) -> list[LoadedBook]:
        return self._loaded("_audited", audit=True)

    @cached_property
    def random_books(self) -> list[LoadedBook]:
        dice = random.Random(self.name)
        return [LoadedBook(self._made(f"random{i}", drawn(self.template, dice))) for i in range(RANDOM_INPUTS)]

    @cached_property
    def sound(self) -> Mapping[Place, Cell]:
        """What the formula cells of the delivered workbook hold."""
        return recalculate(self.delivered).values

    def mutants(self, count: int, dice: random.Random) -> list[Mutant]:
        """So many changes: a row at random, a cell of it, a kind of change, one such change."""
        package = open_package(self.delivered)
        names = [row.name for row in self.template.all_inputs()]
        rows: dict[tuple[str, int], list[Any]] = {}
        for sheet, part in package.sheet_parts.items():
            for cell in formula_cells(package.read(part)):
                rows.setdefault((sheet, cell.position[0]), []).append(cell)
        found: dict[Mutant, None] = {}
        places = sorted(rows)
        while len(found) < count:
            sheet, _ = place = dice.choice(places)
            cell = dice.choice(rows[place])
            is_number = isinstance(self.sound[sheet, cell.address], float)
            kinds: dict[str, list[str | None]] = {}
            for kind, after in changes(cell.formula, names, is_number):
                if after != cell.formula:
                    kinds.setdefault(kind, []).append(after)
            ordered = sorted(kinds)
            kind = dice.choices(ordered, [ANCHORS_SHARE if kind == ANCHOR else 1 for kind in ordered])[0]
            found[Mutant(sheet, cell.address, kind, cell.formula, dice.choice(kinds[kind]))] = None
        return list(found)

    def fate(self, mutant: Mutant) -> str:
        """What notices the mutant: checks, rules or parity; else that it survives, or is equivalent."""
        delivered, same = self.sound[mutant.sheet, mutant.address], True
        for book in self.scenarios:
            values = book.values(mutant, delivered)
            if values is None:
                return "refused"
            if values[MASTER] != 0:
                return "checks"
            same = same and _equal(_others(values, mutant), book.sound)
        if same and (mutant.kind == ANCHOR or all(book.stays(mutant, delivered) for book in self.random_books)):
            return "equivalent"
        changed = self.folder / "mutant.xlsx"
        mutate(self.delivered, changed, mutant)
        try:
            fill_cached_values(changed, changed)
        except RefusedFileError:  # a cell that depends on the mutant gives a range
            return "refused"
        if not check_workbook(changed).passed:
            return "rules"
        shown = (book.values(mutant, delivered) for book in self.audited)
        return "parity" if any(values is None or not _is_small(values[LARGEST]) for values in shown) else "survived"


def _others(values: Mapping[Place, Cell], mutant: Mutant) -> Mapping[Place, Cell]:
    """The values without that which is typed over its cell."""
    typed = (mutant.sheet, mutant.address) if mutant.after is None else None
    return {place: value for place, value in values.items() if place != typed}


def _is_small(value: Cell) -> bool:
    return isinstance(value, float) and value <= PARITY


def _equal(one: Mapping[Place, Cell], other: Mapping[Place, Cell]) -> bool:
    """Whether these formula cells hold the same in the other workbook."""
    for place, value in one.items():
        right = other[place]
        if isinstance(value, float) and isinstance(right, float):
            if not math.isclose(value, right, rel_tol=1e-12, abs_tol=1e-15):
                return False
        elif value != right:
            return False
    return True


def mutate(source: Path, target: Path, mutant: Mutant) -> None:
    """A copy of the workbook with the mutant's cell; without a formula, with the value stored there."""
    package = open_package(source)
    part = package.sheet_parts[mutant.sheet]
    tree = etree.fromstring(package.read(part))
    cell = _cell_of(tree, mutant.address)
    if mutant.after is None:
        cell.remove(cell.find(f"{SPREADSHEET}f"))
    else:
        cell.find(f"{SPREADSHEET}f").text = mutant.after
    data = etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True)
    target.write_bytes(with_parts(package, {part: data}))


def _cell_of(tree: Any, address: str) -> Any:
    return next(cell for cell in tree.iter(f"{SPREADSHEET}c") if cell.get("r") == address)


def drawn(chosen: Template, dice: random.Random) -> dict[str, Any]:
    """Inputs near the live ones: each between two thirds and one and a half of it, inside its bounds."""
    found: dict[str, Any] = {"scenario": dice.choice(SCENARIOS)}
    for row in chosen.all_inputs():
        if isinstance(row, Input):
            value = float(f"{row.values[SCENARIOS.index(found['scenario'])] * dice.uniform(2 / 3, 3 / 2):.6g}")
            found[row.name] = min(max(round(value) if row.whole else value, row.bounds[0]), row.bounds[1])
    return found


_subject: Subject


def _start(name: str, mode: str, folder: str) -> None:
    global _subject
    home = Path(folder, str(os.getpid()))
    home.mkdir()
    _subject = Subject(name, mode, home)


def _fate(mutant: Mutant) -> tuple[Mutant, str]:
    return mutant, _subject.fate(mutant)


CAUGHT = ("checks", "rules", "parity", "refused")


def score(fates: Mapping[str, int]) -> float:
    """The share that is noticed of the mutants that are not equivalent."""
    told = sum(fates.values()) - fates.get("equivalent", 0)
    return sum(fates.get(kind, 0) for kind in CAUGHT) / max(told, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description="The mutation score of the workbook templates.")
    parser.add_argument("names", nargs="*", help="templates; all by default")
    parser.add_argument("--sample", type=int, default=ENOUGH, help="mutants of each template and mode")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    in_all = Counter[str]()
    for name in options.names or TEMPLATES:
        for mode in options.modes.split(","):
            with tempfile.TemporaryDirectory() as folder:
                found = Subject(name, mode, Path(folder)).mutants(options.sample, random.Random(f"{options.seed}{name}{mode}"))
                fates = Counter[str]()
                with Pool(options.jobs, _start, (name, mode, folder)) as pool:
                    for mutant, fate in pool.imap_unordered(_fate, found, chunksize=4):
                        fates[fate] += 1
                        if fate == "survived":
                            print(f"  {mutant}", flush=True)
            in_all += fates
            told = ", ".join(f"{fates[kind]} {kind}" for kind in (*CAUGHT, "survived", "equivalent"))
            print(f"{name:20} {mode:7} {score(fates):6.1%} of {fates.total() - fates['equivalent']}: {told}", flush=True)
    print(f"{'all':28} {score(in_all):6.1%} of {in_all.total() - in_all['equivalent']}")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()

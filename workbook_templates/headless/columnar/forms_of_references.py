"""Functions that look at references: where they are, how large, and references that others are made of."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from workbook_templates.headless.columnar.compiler import Compiler, Evaluate, Frame, Mode, variable
from workbook_templates.headless.columnar.context import OMITTED
from workbook_templates.headless.columnar.forms import form
from workbook_templates.headless.columnar.parser import Parser
from workbook_templates.headless.columnar.refusal import UnsupportedError
from workbook_templates.headless.columnar.syntax import (
    MAX_COLUMN,
    MAX_ROW,
    Call,
    Corner,
    Grouped,
    Named,
    Node,
    Omitted,
    Reference,
)
from workbook_templates.headless.columnar.values import NUMBER, REF, SINGLE, TEXT, VALUE, Values, constant, error, truth
from workbook_templates.headless.columnar.workspace import Fixed


def reference_of(compiler: Compiler, node: Node) -> Reference | None:
    """The reference that an argument is, also by a name."""
    while isinstance(node, Grouped):
        node = node.inner
    if isinstance(node, Named) and variable(node.name) not in compiler.scope.variables:
        found = compiler.book.named(compiler.sheet, node.name)
        return reference_of(compiler, found) if found is not None and found != node else None
    return node if isinstance(node, Reference) else None


def _extent(compiler: Compiler, node: Node, mode: Mode, axis: int) -> Evaluate:
    reference = reference_of(compiler, node)
    if reference is None:
        value = compiler.node(node, Mode.ARRAY)
        return lambda frame: Values(np.full(SINGLE, float(value(frame).size[axis])))

    def evaluate(frame: Frame) -> Values:
        def extent(row: float, column: float) -> float:
            top, left, bottom, right = reference.area(int(row), int(column))
            return float((bottom - top, right - left)[axis] + 1)

        return _by_cell(frame, extent)

    return evaluate


def _by_cell(frame: Frame, compute: Callable[[float, float], float]) -> Values:
    """A number that depends on the formula's cell alone."""
    rows, columns = frame.rows.num[0, 0, :, 0].tolist(), frame.columns.num[0, 0, :, 0].tolist()
    numbers = [compute(row, column) for row, column in zip(rows, columns, strict=True)]
    return Values(np.array(numbers, np.float64)[None, None, :, None])


@form("ROWS", 1, 1)
def rows(compiler: Compiler, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
    return _extent(compiler, arguments[0], mode, 0)


@form("COLUMNS", 1, 1)
def columns(compiler: Compiler, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
    return _extent(compiler, arguments[0], mode, 1)


def _position(compiler: Compiler, arguments: tuple[Node, ...], mode: Mode, axis: int) -> Evaluate:
    if not arguments or isinstance(arguments[0], Omitted):
        return lambda frame: (frame.rows, frame.columns)[axis]
    reference = reference_of(compiler, arguments[0])
    if reference is None:
        raise UnsupportedError("REFERENCE", f"{('ROW', 'COLUMN')[axis]} of what is no reference")

    def evaluate(frame: Frame) -> Values:
        first = _by_cell(frame, lambda row, column: float(reference.area(int(row), int(column))[axis]))
        if mode is not Mode.ARRAY:
            return first
        top, left, bottom, right = reference.area(int(frame.rows.num.flat[0]), int(frame.columns.num.flat[0]))
        steps = np.arange((bottom - top, right - left)[axis] + 1, dtype=np.float64)
        steps = steps[:, None, None, None] if axis == 0 else steps[None, :, None, None]
        return Values(first.num + steps, ranged=True)

    return evaluate


@form("ROW", 0, 1)
def row(compiler: Compiler, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
    return _position(compiler, arguments, mode, 0)


@form("COLUMN", 0, 1)
def column(compiler: Compiler, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
    return _position(compiler, arguments, mode, 1)


@form("ISREF", 1, 1)
def isref(compiler: Compiler, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
    is_reference = reference_of(compiler, arguments[0]) is not None
    return lambda frame: truth(np.full(SINGLE, is_reference))


SUBTOTALS = "AVERAGE COUNT COUNTA MAX MIN PRODUCT STDEV STDEVP SUM VAR VARP".split()


@form("SUBTOTAL", 2)
def subtotal(compiler: Compiler, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
    """As the function that its number names, where no other subtotal lies in the ranges and no row is hidden."""
    number = _whole(compiler, arguments[0], "SUBTOTAL")
    if not (1 <= number <= 11 or 101 <= number <= 111):
        return lambda frame: error(VALUE)
    references = [reference_of(compiler, argument) for argument in arguments[1:]]
    for reference in references:
        if reference is None:
            raise UnsupportedError("REFERENCE", "SUBTOTAL of what is no reference")
        sheet = compiler.sheet if reference.sheet is None else compiler.book.positions[reference.sheet.casefold()]
        compiler.nested.add(sheet)
        if compiler.book.sheets[sheet].has_hidden_rows:
            raise UnsupportedError("HIDDEN", "SUBTOTAL on a sheet with hidden rows")
    return compiler.node(Call(SUBTOTALS[number % 100 - 1], arguments[1:]), mode)


def _fixed(compiler: Compiler, node: Node, what: str) -> Values:
    """The value of an argument that no scenario changes, before anything is computed: of literals and plain cells."""
    scratch = Compiler(compiler.book, compiler.context, compiler.sheet, compiler.origin, compiler.inputs)
    evaluate = scratch.node(node, Mode.ONE)
    sources = []
    for link in scratch.links:
        corner = link.reference.first
        spot = (corner.row, corner.column)
        sheet = compiler.book.sheets[link.sheet]
        moves = spot in sheet.formulas or (link.sheet, spot) in compiler.inputs
        if link.reference.first != link.reference.last or not (corner.fixed_row and corner.fixed_column) or moves:
            raise UnsupportedError("VOLATILE", f"{what} with an argument that is not fixed")
        sources.append(Fixed(constant(sheet.values.get(spot), compiler.context.texts)))
    one = Values(np.ones(SINGLE))
    return evaluate(Frame(compiler.context, sources, one, one))


def _is_fixed(compiler: Compiler, node: Node) -> bool:
    try:
        _fixed(compiler, node, "OFFSET")
    except UnsupportedError as fault:
        if fault.code == "VOLATILE":
            return False
        raise
    return True


def _whole(compiler: Compiler, node: Node, what: str) -> int:
    value = compiler.context.number(_fixed(compiler, node, what))
    if not value.are(NUMBER):
        raise UnsupportedError("VOLATILE", f"{what} with an argument that is no number")
    return int(np.trunc(value.num.flat[0]))


@form("OFFSET", 3, 5)
def offset(compiler: Compiler, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
    """A reference moved and resized by numbers, which do not change where it may lie anywhere."""
    from workbook_templates.headless.columnar.forms_of_ranges import moving_offset  # it imports this module

    if not all(isinstance(argument, Omitted) or _is_fixed(compiler, argument) for argument in arguments[1:]):
        return moving_offset(compiler, arguments, mode)
    base = reference_of(compiler, arguments[0])
    if base is None:
        raise UnsupportedError("REFERENCE", "OFFSET of what is no reference")
    down, right = (_whole(compiler, argument, "OFFSET") for argument in arguments[1:3])
    first, last = _moved(base.first, down, right), _moved(base.last, down, right)
    sizes = [None if isinstance(argument, Omitted) else _whole(compiler, argument, "OFFSET") for argument in arguments[3:]]
    for axis, size in enumerate(sizes):
        if size is None:
            continue
        if size < 1:
            raise UnsupportedError("REFERENCE", "OFFSET with a size below one")
        start = (first.row, first.column)[axis]
        name, flag = (("row", "fixed_row"), ("column", "fixed_column"))[axis]
        last = replace(last, **{name: start + size - 1, flag: getattr(first, flag)})
    if _off_sheet(first) or _off_sheet(last):
        return lambda frame: error(REF)
    return compiler.reference(Reference(base.sheet, first, last), mode)


def _moved(corner: Corner, down: int, right: int) -> Corner:
    return replace(corner, row=corner.row + down, column=corner.column + right)


def _off_sheet(corner: Corner) -> bool:
    off_row = corner.fixed_row and not 1 <= corner.row <= MAX_ROW
    return off_row or (corner.fixed_column and not 1 <= corner.column <= MAX_COLUMN)


@form("INDIRECT", 1, 1)
def indirect(compiler: Compiler, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
    """The reference that a text spells, where the text does not change."""
    value = _fixed(compiler, arguments[0], "INDIRECT")
    if value is OMITTED or not value.are(TEXT):
        return lambda frame: error(REF)
    node = Parser(compiler.context.string(value.num.flat[0]), 0, 0).parsed()
    if isinstance(node, Named):
        found = reference_of(compiler, node)
        return compiler.node(found, mode) if found is not None else lambda frame: error(REF)
    if not isinstance(node, Reference):
        return lambda frame: error(REF)
    first, last = (replace(corner, fixed_row=True, fixed_column=True) for corner in (node.first, node.last))
    return compiler.reference(Reference(node.sheet, first, last), mode)

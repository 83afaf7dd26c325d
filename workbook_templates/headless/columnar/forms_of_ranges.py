"""Ranges whose place or size changes: OFFSET by numbers that change, ``A1:INDEX(…)``, SUMIF's short third argument.

The cells that may be meant must be known beforehand, so such a range is read whole, from its
first cell on, and the elements that are not meant count as blanks.
"""

from dataclasses import replace

import numpy as np

from workbook_templates.headless.columnar.compiler import RANGES, Compiler, Evaluate, Frame, Mode
from workbook_templates.headless.columnar.forms import form
from workbook_templates.headless.columnar.forms_of_references import reference_of
from workbook_templates.headless.columnar.functions.lookup import gathered
from workbook_templates.headless.columnar.functions.registry import NATIVE
from workbook_templates.headless.columnar.refusal import UnsupportedError
from workbook_templates.headless.columnar.syntax import MAX_COLUMN, MAX_ROW, Node, Omitted, Reference
from workbook_templates.headless.columnar.values import (
    BLANK,
    REF,
    Floats,
    Mask,
    Values,
    fault,
    first_faults,
    joined,
    with_faults,
)


def _numbers(compiler: Compiler, arguments: tuple[Node, ...], mode: Mode) -> list[Evaluate | None]:
    return [None if isinstance(one, Omitted) else compiler.node(one, mode.within) for one in arguments]


def _whole(frame: Frame, number: Evaluate) -> Values:
    value = frame.context.number(number(frame))
    return Values(np.trunc(value.num), value.kind)


def moving_offset(compiler: Compiler, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
    """A range that lies right of or below its base by numbers that change between scenarios."""
    base = reference_of(compiler, arguments[0])
    if base is None:
        raise UnsupportedError("REFERENCE", "OFFSET of what is no reference")
    down, right, *sizes = _numbers(compiler, arguments[1:], mode)
    if down is None or right is None:
        raise UnsupportedError("ARGUMENTS", "OFFSET without its rows or columns")
    height, width = (*sizes, None, None)[:2]
    last = replace(base.last, row=MAX_ROW, column=MAX_COLUMN, fixed_row=True, fixed_column=True)
    if _is_zero(arguments[1]) and height is None:
        last = replace(last, row=base.last.row, fixed_row=base.last.fixed_row)
    elif _is_zero(arguments[2]) and width is None:
        last = replace(last, column=base.last.column, fixed_column=base.last.fixed_column)
    region = compiler.reference(Reference(base.sheet, base.first, last), Mode.RANGE)
    rows, columns = _shape(base)

    def evaluate(frame: Frame) -> Values:
        dr, dc = _whole(frame, down), _whole(frame, right)
        h, w = (None if size is None else _whole(frame, size) for size in (height, width))
        held = region(frame)
        faults = first_faults([one for one in (dr, dc, h, w) if one is not None])
        if (dr.num < 0).any() or (dc.num < 0).any():
            raise UnsupportedError("VOLATILE", "OFFSET to the left or upwards by numbers that change")
        if h is None and w is None:
            return with_faults(_block(held, dr.num, dc.num, rows, columns), faults)
        tall, wide = (rows if h is None else h.num), (columns if w is None else w.num)
        bad = np.asarray((np.asarray(tall) < 1) | (np.asarray(wide) < 1))
        i = np.arange(float(held.size[0]))[:, None, None, None]
        j = np.arange(float(held.size[1]))[None, :, None, None]
        meant = (i >= dr.num) & (i < dr.num + tall) & (j >= dc.num) & (j < dc.num + wide)
        faults = joined(faults, fault(bad, REF) if bad.ndim == 4 and bad.any() else None)
        return with_faults(_masked(held, meant), faults)

    return evaluate


def _is_zero(node: Node) -> bool:
    return isinstance(node, Omitted) or getattr(node, "value", None) == 0.0


def _shape(reference: Reference) -> tuple[int, int]:
    top, left, bottom, right = reference.area(MAX_ROW // 2, MAX_COLUMN // 2)
    return bottom - top + 1, right - left + 1


def _block(held: Values, down: Floats, right: Floats, rows: int, columns: int) -> Values:
    """As many rows and columns, beginning so far down and right; what lies beyond the used cells is blank."""
    r = down + np.arange(float(rows))[:, None, None, None]
    c = right + np.arange(float(columns))[None, :, None, None]
    inside = (r < held.size[0]) & (c < held.size[1])
    picked = gathered(held, r * held.size[1] + c, inside)
    found = Values(picked.num, picked.kind, ranged=True)
    return found if inside.all() else _masked(found, inside)


def _masked(held: Values, meant: Mask) -> Values:
    return Values(np.where(meant, held.num, 0.0), np.where(meant, held.kinds, np.uint8(BLANK)), ranged=True)


def range_to_index(compiler: Compiler, first: Reference, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
    """``A1:INDEX(A1:A9,n)``: the elements after the n-th count as blanks."""
    target = reference_of(compiler, arguments[0]) if arguments else None
    if target is None or target.sheet != first.sheet or not 2 <= len(arguments) <= 3 or mode not in (Mode.RANGE, Mode.ARRAY):
        raise UnsupportedError("REFERENCE", "a range made by an expression")
    region = compiler.reference(Reference(first.sheet, first.first, target.last), Mode.RANGE)
    numbers = _numbers(compiler, arguments[1:], mode)
    rows, columns = _shape(target)
    if len(numbers) == 1:
        numbers = [None, numbers[0]] if rows == 1 and columns > 1 else [numbers[0], None]

    def evaluate(frame: Frame) -> Values:
        held = region(frame)
        meant: Mask = np.ones((1, 1, 1, 1), np.bool_)
        faults = None
        for axis, (number, size) in enumerate(zip(numbers, (rows, columns), strict=True)):
            if number is None:
                continue
            asked = _whole(frame, number)
            before = held.size[axis] - size
            places = np.arange(float(held.size[axis]))
            places = places[:, None, None, None] if axis == 0 else places[None, :, None, None]
            last = np.where(asked.num == 0, float(size), asked.num)
            meant = meant & (places < before + last)
            faults = joined(faults, joined(first_faults([asked]), fault((last < 1) | (last > size), REF)))
        return with_faults(_masked(held, meant), faults)

    return evaluate


RANGES["INDEX"] = range_to_index


@form("SUMIF", 2, 3)
def sumif(compiler: Compiler, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
    return _resized(compiler, "SUMIF", arguments, mode)


@form("AVERAGEIF", 2, 3)
def averageif(compiler: Compiler, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
    return _resized(compiler, "AVERAGEIF", arguments, mode)


def _resized(compiler: Compiler, name: str, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
    """The third argument is as large as the first and begins where it says."""
    tested = reference_of(compiler, arguments[0])
    summed = reference_of(compiler, arguments[2]) if len(arguments) > 2 else None
    if tested is not None and summed is not None and not _same_size(tested, summed):
        a, b, start = tested.first, tested.last, summed.first
        if (a.fixed_row, a.fixed_column) != (b.fixed_row, b.fixed_column):
            raise UnsupportedError("ARGUMENTS", f"{name} of ranges that differ in size")
        last = replace(start, row=start.row + b.row - a.row, column=start.column + b.column - a.column)
        arguments = (*arguments[:2], Reference(summed.sheet, start, last))
    return compiler.native(name, NATIVE[name], arguments, mode)


def _same_size(one: Reference, other: Reference) -> bool:
    corners = ((one.first, other.first), (one.last, other.last))
    alike = all((a.fixed_row, a.fixed_column) == (b.fixed_row, b.fixed_column) for a, b in corners)
    return alike and _shape(one) == _shape(other)

"""Looking values up: MATCH, INDEX, VLOOKUP, HLOOKUP, LOOKUP, XMATCH, XLOOKUP."""

import numpy as np

from workbook_templates.headless.columnar.context import OMITTED, Context
from workbook_templates.headless.columnar.functions.registry import native
from workbook_templates.headless.columnar.functions.searching import Found, exact, next_in_order, sorted_match
from workbook_templates.headless.columnar.refusal import UnsupportedError
from workbook_templates.headless.columnar.values import (
    ERROR,
    NA,
    REF,
    SINGLE,
    VALUE,
    Faults,
    Floats,
    Mask,
    Values,
    choose,
    error,
    fault,
    first_faults,
    joined,
    plain,
    settled,
    with_faults,
)

ONE = Values(np.ones(SINGLE))


def _single(context: Context, value: Values | None, default: float, what: str) -> float:
    """An option that must be the same in all scenarios."""
    if value is None or value is OMITTED:
        return 0.0 if value is OMITTED else default
    number = context.number(value)
    if number.num.size > 1 and (number.num != number.num.flat[0]).any():
        raise UnsupportedError("ARGUMENTS", f"{what} that changes between scenarios")
    if number.may_be(ERROR):
        raise UnsupportedError("ARGUMENTS", f"{what} that is an error")
    return float(number.num.flat[0])


def key_of(key: Values) -> Values:
    """What is looked for; a blank is a zero."""
    return plain(key)


def found_values(found: Found, key: Values) -> Values:
    """Positions, counted from one; #N/A where there is none, the key's own error before that."""
    faults = joined(first_faults([key]), fault(~found.mask, NA))
    return settled(found.place + 1, faults)


@native("MATCH", "vav", 2)
def match(context: Context, key: Values, held: Values, kind: Values | None) -> Values:
    if 1 not in held.size:
        return error(NA)
    way = _single(context, kind, 1.0, "the third argument of MATCH")
    key = key_of(key)
    if way == 0:
        return found_values(exact(context, held, key), key)
    return found_values(sorted_match(context, held, key, ascending=way > 0), key)


def _by_mode(context: Context, held: Values, key: Values, mode: float, search: float) -> Found:
    if mode not in (0, -1, 1, 2) or search not in (1, -1, 2, -2):
        raise UnsupportedError("ARGUMENTS", "a mode of XLOOKUP or XMATCH that is not known")
    if search in (1, 2) or mode != 0:
        found = exact(context, held, key, wild=mode == 2, last=search == -1)
    else:
        found = exact(context, held, key, last=True)
    if mode in (-1, 1):
        near = next_in_order(context, held, key, smaller=mode == -1, last=search == -1)
        return Found(np.where(found.mask, found.place, near.place), found.mask | near.mask)
    return found


@native("XMATCH", "vavv", 2)
def xmatch(context: Context, key: Values, held: Values, mode: Values | None, search: Values | None) -> Values:
    way, order = (_single(context, value, default, "a mode of XMATCH") for value, default in ((mode, 0.0), (search, 1.0)))
    return found_values(_by_mode(context, held, key, way, order), key)


@native("XLOOKUP", "vaavvv", 3)
def xlookup(
    context: Context,
    key: Values,
    held: Values,
    results: Values,
    missing: Values | None,
    mode: Values | None,
    search: Values | None,
) -> Values:
    """A blank looks for a blank, as Microsoft documents for a value left out."""
    if 1 not in held.size or held.size[0] * held.size[1] != results.size[0] * results.size[1]:
        if held.size[0] != results.size[0] and held.size[1] != results.size[1]:
            return error(VALUE)
        raise UnsupportedError("ARRAY", "XLOOKUP that gives a row or a column")
    way, order = (_single(context, value, default, "a mode of XLOOKUP") for value, default in ((mode, 0.0), (search, 1.0)))
    found = _by_mode(context, held, key, way, order)
    picked = gathered(results, found.place, found.mask)
    if missing is None or missing is OMITTED:
        picked = with_faults(picked, fault(~found.mask, NA))
    else:
        picked = choose(np.broadcast_to(found.mask, found.mask.shape), picked, missing)
    return with_faults(picked, first_faults([key]))


def gathered(held: Values, place: Floats, mask: Mask) -> Values:
    """The elements at these places, counted in reading order; where the mask does not hold, anything."""
    rows, columns = held.size
    index = np.where(mask, place, 0).astype(np.intp)
    num, kind = _taken(held.num, index, rows, columns), held.kind
    if not isinstance(kind, int):
        kind = _taken(kind, index, rows, columns)
        first = int(kind.flat[0])
        kind = first if (kind == first).all() else kind
    return Values(num, kind)


def _taken(array: np.ndarray, index: np.ndarray, rows: int, columns: int) -> np.ndarray:
    flat = np.broadcast_to(array, (rows, columns, *array.shape[2:])).reshape(rows * columns, *array.shape[2:])
    if flat.shape[1:] == (1, 1):
        return np.asarray(flat[:, 0, 0][index])
    if index.size == 1:
        return np.asarray(flat[int(index.flat[0])][None, None])
    lanes = np.broadcast_shapes(flat.shape[1:], index.shape[2:])
    wide = np.broadcast_to(flat, (flat.shape[0], *lanes))
    asked = np.broadcast_to(index, (*index.shape[:2], *lanes)).reshape(-1, *lanes)
    return np.take_along_axis(wide, asked, axis=0).reshape(*index.shape[:2], *lanes)


@native("INDEX", "rvvv", 2)
def index(context: Context, held: Values, row: Values, column: Values | None, area: Values | None) -> Values:
    """An element; a whole row or column where the other is zero."""
    if area is not None and _single(context, area, 1.0, "the area of INDEX") != 1:
        return error(REF)
    rows, columns = held.size
    if column is None and rows == 1 and columns > 1:
        row, column = ONE, row
    down = context.number(row)
    across = context.number(ONE if column is None else column)
    faults = first_faults((down, across))
    r, c = np.trunc(down.num), np.trunc(across.num)
    if r.size == 1 and c.size == 1 and faults is None and (r.flat[0] == 0 or c.flat[0] == 0 or column is None):
        whole = _whole(held, int(r.flat[0]), int(c.flat[0]) if column is not None or columns == 1 else 0)
        if whole is not None:
            return whole
    if (r == 0).any() or (c == 0).any():
        if rows > 1 and (r == 0).all() and r.shape[:2] == c.shape[:2] == (1, 1):
            r = np.arange(1.0, rows + 1)[:, None, None, None]
        elif columns > 1 and (c == 0).all() and r.shape[:2] == c.shape[:2] == (1, 1):
            c = np.arange(1.0, columns + 1)[None, :, None, None]
        r, c = _of_vector(held, r, c)
    bad = (r < 1) | (r > rows) | (c < 1) | (c > columns)
    faults = joined(faults, joined(fault((r < 0) | (c < 0), VALUE), fault(bad, REF)))
    picked = gathered(held, (r - 1) * columns + (c - 1), ~bad)
    return with_faults(Values(picked.num, picked.kind, ranged=True), faults)


def _of_vector(held: Values, r: Floats, c: Floats) -> tuple[Floats, Floats]:
    """A zero along the one row or column of a vector means that one."""
    rows, columns = held.size
    if rows == 1:
        r = np.where(r == 0, 1.0, r)
    if columns == 1:
        c = np.where(c == 0, 1.0, c)
    if (r == 0).any() or (c == 0).any():
        raise UnsupportedError("ARRAY", "INDEX that gives a row or a column in some scenarios")
    return r, c


def _whole(held: Values, row: int, column: int) -> Values | None:
    rows, columns = held.size
    if row > rows or column > columns or row < 0 or column < 0:
        return error(VALUE) if row < 0 or column < 0 else error(REF)
    if row and column:
        return None
    down = slice(row - 1, row) if row else slice(None)
    across = slice(column - 1, column) if column else slice(None)

    def cut(array: np.ndarray) -> np.ndarray:
        return np.broadcast_to(array, (rows, columns, *array.shape[2:]))[down, across]

    return Values(cut(held.num), held.kind if isinstance(held.kind, int) else cut(held.kind), ranged=True)


def _table(context: Context, name: str, key: Values, table: Values, which: Values, near: Values | None, down: bool) -> Values:
    rows, columns = table.size
    length = columns if down else rows
    is_near = True if near is None else bool(_single(context, near, 1.0, f"the last argument of {name}"))
    edge = (slice(None), slice(0, 1)) if down else (slice(0, 1), slice(None))

    def cut(array: np.ndarray) -> np.ndarray:
        return np.broadcast_to(array, (rows, columns, *array.shape[2:]))[edge]

    first = Values(cut(table.num), table.kind if isinstance(table.kind, int) else cut(table.kind), ranged=True)
    key = key_of(key)
    found = sorted_match(context, first, key, ascending=True) if is_near else exact(context, first, key)
    number = context.number(which)
    place = np.trunc(number.num)
    faults: Faults | None = joined(first_faults([key]), first_faults([number]))
    faults = joined(faults, joined(fault(place < 1, VALUE), fault(place > length, REF)))
    faults = joined(faults, fault(~found.mask, NA))
    inside = found.mask & (place >= 1) & (place <= length)
    spot = found.place * columns + place - 1 if down else (place - 1) * columns + found.place
    return with_faults(gathered(table, spot, inside), faults)


@native("VLOOKUP", "vavv", 3)
def vlookup(context: Context, key: Values, table: Values, column: Values, near: Values | None) -> Values:
    return _table(context, "VLOOKUP", key, table, column, near, down=True)


@native("HLOOKUP", "vavv", 3)
def hlookup(context: Context, key: Values, table: Values, row: Values, near: Values | None) -> Values:
    return _table(context, "HLOOKUP", key, table, row, near, down=False)


@native("LOOKUP", "vaa", 2)
def lookup(context: Context, key: Values, held: Values, results: Values | None) -> Values:
    """In a vector; of a table, along its longer side, the answer from its last row or column."""
    rows, columns = held.size
    if results is None and 1 not in (rows, columns):
        last = Values(np.full(SINGLE, float(rows if columns > rows else columns)))
        return _table(context, "LOOKUP", key, held, last, ONE, down=columns <= rows)
    key = key_of(key)
    found = sorted_match(context, held, key, ascending=True)
    target = held if results is None else results
    if target.size[0] * target.size[1] < rows * columns:
        return error(NA)
    return with_faults(gathered(target, found.place, found.mask), joined(first_faults([key]), fault(~found.mask, NA)))

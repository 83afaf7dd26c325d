"""Functions that give arrays: for array formulas, and within functions that take ranges."""

import numpy as np

from workbook_templates.headless.columnar.context import Context
from workbook_templates.headless.columnar.functions.aggregates import total
from workbook_templates.headless.columnar.functions.registry import native
from workbook_templates.headless.columnar.refusal import UnsupportedError
from workbook_templates.headless.columnar.values import BLANK, NUMBER, VALUE, Values, error, fault, first_faults, settled


@native("TRANSPOSE", "r")
def transpose(context: Context, value: Values) -> Values:
    kind = value.kind if isinstance(value.kind, int) else value.kind.swapaxes(0, 1)
    return Values(value.num.swapaxes(0, 1), kind, ranged=True)


@native("MMULT", "aa")
def mmult(context: Context, left: Values, right: Values) -> Values:
    """The product of two matrices, all of numbers."""
    if left.size[1] != right.size[0]:
        return error(VALUE)
    kinds = [value.kinds for value in (left, right)]
    if any(((kind != NUMBER).any()) for kind in kinds):
        if first_faults((left, right)) is None:
            return error(VALUE)
        raise UnsupportedError("ARRAY", "MMULT of errors")
    middle = left.size[1]
    a, b = (np.broadcast_to(value.num, (*value.size, *value.num.shape[2:])) for value in (left, right))
    context.faulty = False
    terms = np.stack([a[:, i][:, None] * b[i][None] for i in range(middle)])
    product = total(terms)[0]
    bad = ~np.isfinite(product)
    return settled(np.where(bad, 0.0, product), fault(bad, VALUE)) if context.faulty else Values(product, NUMBER, True)


@native("SEQUENCE", "vvvv", 1)
def sequence(context: Context, *given: Values | None) -> Values:
    """Numbers in rows, their count the same in all scenarios."""
    numbers = [None if value is None or value.are(BLANK) else context.number(value) for value in given]
    sizes = []
    for number in numbers[:2]:
        if number is not None and (number.num.size != 1 or not number.are(NUMBER)):
            raise UnsupportedError("ARRAY", "SEQUENCE of a size that changes between scenarios")
        sizes.append(1 if number is None else int(number.num.flat[0]))
    rows, columns = sizes
    if rows < 1 or columns < 1:
        return error(VALUE)
    start, step = (1.0 if number is None else number.num for number in numbers[2:])
    places = np.arange(float(rows * columns)).reshape(rows, columns, 1, 1)
    faults = first_faults([number for number in numbers[2:] if number is not None])
    found = settled(start + step * places, faults)
    return Values(found.num, found.kind, ranged=True)

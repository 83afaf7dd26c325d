"""A formula as an Excel LAMBDA, guarded by the error policy, and as plain text for a cell.

The LAMBDA checks what Python checks, in the same order, without AND or OR, so that it lifts
over ranges: errors pass on (the first argument's first), then types, then ranges, then the
body.  All its arguments are required by Excel; a blank one takes the default where Python
has one.  The inline text is the bare body: it is right inside the domain, and a workbook's
validations and checks stand guard.
"""

import re
from collections.abc import Sequence
from functools import reduce
from typing import Any

from pycalc.excel import PARAMETER, all_hold, cell_text, let_text, text_switch
from pycalc.policy import default_value, with_defaults
from pycalc.record import Derived, Formula, Parameter
from pycalc.symbolic import Symbol, UntraceableError, call, error, name

LAMBDA_LIMIT = 8192
ATOM = re.compile(r"(?:(?:'[^']+'|\w+)!)?(?:[A-Za-z_\\][\w.\\]*|\$?[A-Z]{1,3}\$?[0-9]+)")
NUMBER = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
TRUTHS = {"TRUE": True, "FALSE": False, "TRUE()": True, "FALSE()": False}


def lambda_text(spec: Formula) -> str:
    """The text of a defined name that computes the formula in Excel 365, without the equals sign."""
    spec.require_traceable()
    given = [name(PARAMETER + parameter.name) for parameter in spec.parameters]
    values = _values(spec, given)
    pairs = list(zip(spec.parameters, values, strict=True))
    guarded = spec.body(*values)
    ranges = [test for parameter, value in pairs for test in _range_tests(parameter, value)]
    if ranges:
        guarded = Symbol("if", all_hold(ranges), guarded, error("#NUM!"))
    tests = [_type_test(parameter, value) for parameter, value in pairs] + _together_tests(spec)
    guarded = Symbol("if", all_hold(tests), guarded, error("#VALUE!"))
    for symbol in reversed(given):
        guarded = Symbol("if", call("ISERROR", symbol), symbol, guarded)
    text = f"_xlfn.LAMBDA({','.join(symbol.args[0] for symbol in given)},{let_text(guarded)})"
    if len(text) > LAMBDA_LIMIT:
        raise UntraceableError(f"{spec.excel_name}: its LAMBDA has {len(text)} characters; Excel allows {LAMBDA_LIMIT}")
    return text


def _values(spec: Formula, given: Sequence[Symbol]) -> list[Any]:
    """What the body works on: blanks replaced by defaults, texts by the numbers they stand for."""
    symbols = {parameter.name: symbol for parameter, symbol in zip(spec.parameters, given, strict=True)}
    values: dict[str, Any] = dict(symbols)
    for parameter in spec.parameters:
        if parameter.optional and not isinstance(parameter.default, Derived):
            values[parameter.name] = Symbol(
                "if", call("ISBLANK", symbols[parameter.name]), parameter.default, symbols[parameter.name]
            )
        if parameter.quantity.choices:
            values[parameter.name] = text_switch(values[parameter.name], parameter.quantity.choices, error("#VALUE!"))
    open_ = [parameter for parameter in spec.parameters if isinstance(parameter.default, Derived)]
    while open_:
        parameter = open_.pop(0)
        unknown = [other.name for other in open_ if other.name in parameter.default.needs]
        default = default_value(parameter, values)
        if unknown:  # a rule sees None where the argument that it leans on is left out too
            blanks = all_hold([call("ISBLANK", symbols[other]) for other in unknown])
            default = Symbol("if", blanks, default_value(parameter, values | dict.fromkeys(unknown)), default)
        symbol = symbols[parameter.name]
        values[parameter.name] = Symbol("if", call("ISBLANK", symbol), default, symbol)
    return list(values.values())


def _type_test(parameter: Parameter, value: Any) -> Any:
    if parameter.quantity.is_flag:
        return Symbol("add", call("ISLOGICAL", value), call("ISNUMBER", value))
    return call("ISNUMBER", value)


def _together_tests(spec: Formula) -> list[Any]:
    """That the arguments which belong together are all blank or all given."""
    blank = [call("ISBLANK", name(PARAMETER + together)) for together in spec.together]
    return [Symbol("equal", blank[0], other) for other in blank[1:]]


def _range_tests(parameter: Parameter, value: Any) -> list[Any]:
    q = parameter.quantity
    if q.choices:
        return []
    if q.is_flag:  # TRUE counts as 1 only in arithmetic
        return [Symbol("equal", Symbol("multiply", value, value), Symbol("multiply", value, 1))]
    tests = [Symbol("greater_equal", value, q.low), Symbol("less_equal", value, q.high)]
    return [*tests, Symbol("equal", call("INT", value), value)] if q.whole else tests


def inline_text(spec: Formula, arguments: Sequence[str | None]) -> str:
    """The body as a formula for a cell, its arguments texts: addresses, names, numbers, expressions."""
    spec.require_traceable()
    bound = spec.bind([None if text is None or not text.strip() else _argument(text.strip()) for text in arguments])
    for i, parameter in enumerate(spec.parameters):
        if bound[i] is None and not parameter.optional:
            raise UntraceableError(f"{spec.excel_name}: {parameter.name} is left out")
        if parameter.quantity.choices and bound[i] is not None:
            bound[i] = _choice(spec, parameter, bound[i])
    return cell_text(spec.body(*with_defaults(spec, bound)))


def _argument(text: str) -> Any:
    if NUMBER.fullmatch(text):
        return float(text)
    if text.upper() in TRUTHS:
        return TRUTHS[text.upper()]
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].replace('""', '"')
    return name(text if ATOM.fullmatch(text) else f"({text})")


def _choice(spec: Formula, parameter: Parameter, value: Any) -> Any:
    """A written choice is settled here; a cell that holds one is looked up by nested IFs, old as Excel."""
    choices = parameter.quantity.choices or {}
    if isinstance(value, Symbol):
        start: Any = error("#VALUE!")
        return reduce(
            lambda rest, item: Symbol("if", Symbol("equal", value, item[0]), item[1], rest), list(choices.items())[::-1], start
        )
    if str(value).lower() not in choices:
        raise UntraceableError(f"{spec.excel_name}: {parameter.name} is {value!r}; it must be {parameter.quantity.span}")
    return choices[str(value).lower()]

"""Functions that look at their arguments as they are written, or compute only some of them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from workbook_templates.headless.columnar.compiler import FORMS, Compiler, Evaluate, Form, Frame, Mode, variable
from workbook_templates.headless.columnar.context import OMITTED
from workbook_templates.headless.columnar.operators import INFIX
from workbook_templates.headless.columnar.refusal import UnsupportedError
from workbook_templates.headless.columnar.syntax import Named, Node
from workbook_templates.headless.columnar.values import (
    BOOL,
    ERROR,
    NA,
    SINGLE,
    VALUE,
    Mask,
    Values,
    choose,
    error,
    truth,
    with_faults,
)

FALSE, ZERO = Values(np.zeros(SINGLE), BOOL), Values(np.zeros(SINGLE))


def form(names: str, least: int, most: int | None = None) -> Callable[[Form], Form]:
    """Enter a form under its names, with the number of arguments that it takes."""

    def enter(build: Form) -> Form:
        def counted(compiler: Compiler, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
            if len(arguments) < least or (most is not None and len(arguments) > most):
                raise UnsupportedError("ARGUMENTS", f"{names.split()[0]} with {len(arguments)} arguments")
            return build(compiler, arguments, mode)

        for name in names.split():
            FORMS[name] = counted
        return counted

    return enter


def branch(frame: Frame, holds: Mask, yes: Evaluate, no: Evaluate) -> Values:
    """One of two values by a mask; one that no element needs is not computed."""
    if holds.all():
        return _given(yes(frame), holds)
    if not holds.any():
        return _given(no(frame), holds)
    return choose(holds, _given(yes(frame)), _given(no(frame)))


def _given(value: Values, like: Mask | None = None) -> Values:
    """An argument left empty between commas is a zero; a single value fills the array that is asked for."""
    value = ZERO if value is OMITTED else value
    if like is not None and like.shape[:2] != (1, 1) and value.size == (1, 1):
        return Values(np.broadcast_to(value.num, (*like.shape[:2], *value.num.shape[2:])), value.kind)
    return value


@form("IF", 1, 3)
def if_(compiler: Compiler, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
    condition = compiler.node(arguments[0], mode.within)
    yes = compiler.node(arguments[1], mode) if len(arguments) > 1 else lambda frame: truth(np.ones(SINGLE, bool))
    no = compiler.node(arguments[2], mode) if len(arguments) > 2 else lambda frame: FALSE

    def evaluate(frame: Frame) -> Values:
        holds, faults = frame.context.truth(condition(frame))
        return with_faults(branch(frame, holds, yes, no), faults)

    return evaluate


@form("IFS", 2)
def ifs(compiler: Compiler, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
    if len(arguments) % 2:
        raise UnsupportedError("ARGUMENTS", "IFS with a test that has no value")
    result: Evaluate = lambda frame: error(NA)  # noqa: E731 - the last link of a chain
    for test, value in zip(arguments[-2::-2], arguments[::-2], strict=True):
        result = _tested(compiler.node(test, mode.within), compiler.node(value, mode), result)
    return result


def _tested(test: Evaluate, yes: Evaluate, no: Evaluate) -> Evaluate:
    def evaluate(frame: Frame) -> Values:
        holds, faults = frame.context.truth(test(frame))
        return with_faults(branch(frame, holds, yes, no), faults)

    return evaluate


@form("IFERROR", 2, 2)
def iferror(compiler: Compiler, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
    return _caught(compiler, arguments, mode, lambda value: value.where(ERROR))


@form("IFNA", 2, 2)
def ifna(compiler: Compiler, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
    return _caught(compiler, arguments, mode, lambda value: value.where(ERROR) & (value.num == NA))


def _caught(compiler: Compiler, arguments: tuple[Node, ...], mode: Mode, bad: Callable[[Values], Mask]) -> Evaluate:
    tried, instead = (compiler.node(argument, mode.within) for argument in arguments)

    def evaluate(frame: Frame) -> Values:
        value = tried(frame)
        value = ZERO if value is OMITTED else value
        if not value.may_be(ERROR):
            return value
        mask = bad(value)
        if mask.shape != value.num.shape and value.num.size > mask.size:
            mask = np.broadcast_to(mask, np.broadcast_shapes(mask.shape, value.num.shape))
        return branch(frame, mask, instead, lambda _: value)

    return evaluate


@form("CHOOSE", 2)
def choose_(compiler: Compiler, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
    number = compiler.node(arguments[0], mode.within)
    choices = [compiler.node(argument, mode) for argument in arguments[1:]]

    def evaluate(frame: Frame) -> Values:
        asked = frame.context.number(number(frame))
        places = np.trunc(asked.num)
        result = error(VALUE)
        for place, choice in enumerate(choices, start=1):
            here = places == place
            if here.any():
                result = branch(frame, here, choice, _constantly(result))
        return with_faults(result, (asked.where(ERROR), asked.num))

    return evaluate


def _constantly(value: Values) -> Evaluate:
    return lambda frame: value


@form("SWITCH", 3)
def switch(compiler: Compiler, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
    subject = compiler.node(arguments[0], mode.within)
    pairs = list(zip(arguments[1::2], arguments[2::2], strict=False))
    cases = [(compiler.node(match, mode.within), compiler.node(value, mode)) for match, value in pairs]
    default = compiler.node(arguments[-1], mode) if len(arguments) % 2 == 0 else _constantly(error(NA))

    def evaluate(frame: Frame) -> Values:
        value = subject(frame)
        result = default
        for match, then in reversed(cases):
            equal = INFIX["="](frame.context, value, match(frame))
            result = _matched(equal, then, result)
        found = result(frame)
        return with_faults(found, (value.where(ERROR), value.num) if value.may_be(ERROR) else None)

    return evaluate


def _matched(equal: Values, then: Evaluate, otherwise: Evaluate) -> Evaluate:
    holds = (equal.num != 0) & (equal.kinds == BOOL)
    return lambda frame: branch(frame, holds, then, otherwise)


@form("LET", 3)
def let(compiler: Compiler, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
    if not len(arguments) % 2:
        raise UnsupportedError("ARGUMENTS", "LET without a result")
    outer = compiler.scope
    bound: list[tuple[str, Evaluate]] = []
    inner = Mode.ARRAY if mode is Mode.ARRAY else Mode.RANGE
    for target, definition in zip(arguments[:-1:2], arguments[1:-1:2], strict=True):
        if not isinstance(target, Named):
            raise UnsupportedError("LAMBDA", "a name of LET that is no name")
        key = variable(target.name)
        made = compiler.function(definition)
        if made is not None:
            compiler.scope = replace(compiler.scope, functions=(*compiler.scope.functions, (key, made)))
            continue
        bound.append((key, compiler.node(definition, inner)))
        compiler.scope = replace(compiler.scope, variables=compiler.scope.variables | {key})
    result = compiler.node(arguments[-1], mode)
    compiler.scope = outer

    def evaluate(frame: Frame) -> Values:
        frame = replace(frame, variables=dict(frame.variables))
        for key, value in bound:
            frame.variables[key] = value(frame)
        return result(frame)

    return evaluate


@form("ISOMITTED", 1, 1)
def isomitted(compiler: Compiler, arguments: tuple[Node, ...], mode: Mode) -> Evaluate:
    value = compiler.node(arguments[0], mode)
    return lambda frame: truth(np.full(SINGLE, value(frame) is OMITTED))

"""A spec's formula as the text of a cell: names become addresses, our functions calls or plain text.

>>> writer = Writer(inline=False)
>>> writer.text("=KV_BYTES_PER_TOKEN(layers, kv_heads, 128)*context", str.upper)
'KV_BYTES_PER_TOKEN(LAYERS,KV_HEADS,128,2)*CONTEXT'
>>> Writer(inline=True).text("=KV_BYTES_PER_TOKEN(layers, kv_heads, 128)*context", str.upper)
'(2*LAYERS*KV_HEADS*128*2)*CONTEXT'
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token

import pycalc
from pycalc.errors import DeclarationError
from pycalc.excel import cell_text, number_text
from pycalc.lambdas import ATOM, inline_text
from pycalc.policy import default_value, with_defaults
from pycalc.record import Derived, Formula
from pycalc.symbolic import name as symbol


@dataclass(frozen=True, slots=True)
class Name:
    """A name of the spec."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function, ours or the spreadsheet's."""

    function: str
    args: tuple["Parts", ...]

    @property
    def declared(self) -> Formula | None:
        return pycalc.FUNCTIONS.get(self.function)


Parts = tuple[str | Name | Call, ...]


@functools.cache
def parse(formula: str) -> Parts:
    """The formula's pieces: texts that stay as they are, names, calls."""
    parts, _ = _until(Tokenizer(formula if formula.startswith("=") else f"={formula}").items, 0)
    return parts


def _until(tokens: list[Token], at: int) -> tuple[Parts, int]:
    """The pieces up to the comma or bracket that ends this argument, and the place of that."""
    parts: list[str | Name | Call] = []
    while at < len(tokens):
        token = tokens[at]
        if token.type == Token.SEP or (token.type == Token.FUNC and token.subtype == Token.CLOSE):
            break
        if token.type == Token.FUNC:
            call, at = _call(tokens, at)
            parts.append(call)
            continue
        if token.type == Token.OPERAND and token.subtype == Token.RANGE:
            parts.append(Name(token.value))
        elif token.type != Token.WSPACE:
            parts.append(token.value)
        at += 1
    return tuple(parts), at


def _call(tokens: list[Token], at: int) -> tuple[Call, int]:
    function, args = tokens[at].value[:-1], []
    while tokens[at].subtype != Token.CLOSE:
        parts, at = _until(tokens, at + 1)
        args.append(parts)
    return Call(function, tuple(args) if args != [()] else ()), at + 1


def names(formula: str) -> Iterator[str]:
    """The names that a formula uses."""
    return _names(parse(formula))


def _names(parts: Parts) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Name):
            yield part.text
        elif isinstance(part, Call):
            for argument in part.args:
                yield from _names(argument)


def require_units(formula: str, units: Mapping[str, str]) -> None:
    """Refuse a bare name given to one of our functions in another unit than the argument's.

    >>> require_units("=RIDGE_POINT(peak, peak)", {"peak": "FLOP/s"})
    Traceback (most recent call last):
    pycalc.errors.DeclarationError: RIDGE_POINT: bandwidth takes bytes/s, peak is in FLOP/s
    """
    for call in _calls(parse(formula)):
        spec = call.declared
        if spec is None:
            continue
        if fault := spec.count_fault(len(call.args)):
            raise DeclarationError(fault)
        for parameter, argument in zip(spec.parameters, call.args, strict=False):
            if len(argument) == 1 and isinstance(argument[0], Name) and units[argument[0].text] != parameter.quantity.unit:
                given = argument[0].text
                want = f"{parameter.name} takes {parameter.quantity.unit}"
                raise DeclarationError(f"{spec.excel_name}: {want}, {given} is in {units[given]}")


def calls_ours(formula: str) -> bool:
    """Whether a formula calls one of our functions."""
    return any(call.declared is not None for call in _calls(parse(formula)))


def _calls(parts: Parts) -> Iterator[Call]:
    for part in parts:
        if isinstance(part, Call):
            yield part
            for argument in part.args:
                yield from _calls(argument)


@dataclass
class Writer:
    """Writes formulas in one of the two modes, and remembers the functions called."""

    inline: bool
    used: dict[str, Formula] = field(default_factory=dict)

    def text(self, formula: str, resolve: Callable[[str], str]) -> str:
        """The formula without its equals sign."""
        return self._text(parse(formula), resolve)

    def _text(self, parts: Parts, resolve: Callable[[str], str]) -> str:
        alone = len(parts) == 1
        return "".join(
            part
            if isinstance(part, str)
            else resolve(part.text)
            if isinstance(part, Name)
            else self._called(part, resolve, alone)
            for part in parts
        )

    def _called(self, call: Call, resolve: Callable[[str], str], alone: bool) -> str:
        args = [self._text(argument, resolve) for argument in call.args]
        spec = call.declared
        if spec is None:
            return f"{call.function}({','.join(args)})"
        if self.inline:
            text = inline_text(spec, args)
            return text if alone else f"({text})"
        self.used[spec.excel_name] = spec
        return f"{spec.excel_name}({','.join(_complete(spec, args))})"


def _complete(spec: Formula, args: list[str]) -> list[str]:
    """All arguments as text: a LAMBDA needs each, a short call would need the add-in."""
    given = [
        *(symbol(text if ATOM.fullmatch(text) else f"({text})") for text in args),
        *([None] * (len(spec.parameters) - len(args))),
    ]
    values = with_defaults(spec, given)
    for parameter, value in list(zip(spec.parameters, values, strict=True))[len(args) :]:
        if isinstance(parameter.default, Derived):
            args.append(cell_text(value))
        elif isinstance(parameter.default, str):
            args.append(f'"{parameter.default}"')
        elif isinstance(parameter.default, bool):
            args.append(str(parameter.default).upper())
        else:
            args.append(number_text(default_value(parameter, {})))
    return args

"""Which functions a stored formula calls, and which arguments of ours it leaves out."""

import re
from collections.abc import Iterator

from pycalc.cells import WORKSHEET_NAMES

LEFT_OUT = "\ue000left out"
"""Stands for an argument left out, which the engine would pass as a zero."""

QUOTED = re.compile(r""""(?:[^"]|"")*"|'(?:[^']|'')*'""")
CALL = re.compile(r"(?<![\w.\\!'])([A-Za-z_\\][\w.]*)\(")
PIECE = re.compile(rf"""{QUOTED.pattern}|\{{[^}}]*\}}|[A-Za-z_\\][\w.]*\(|[(),]|\s+|[^"'{{(),\s]""")
OPTIONAL_SPACE = re.compile(r"[(,]\s*[,)]")

CHANGING = ("NOW", "TODAY", "RAND", "RANDBETWEEN", "RANDARRAY")
"""Functions that give another value each time."""


def called(formula: str) -> set[str]:
    """Names of the functions that a formula calls, as it spells them.

    >>> sorted(called('IF(A1>1,_xlfn.LET(_xlpm.x,2,_xlpm.x),"SUM(")'))
    ['IF', '_xlfn.LET']
    """
    return set(CALL.findall(QUOTED.sub('""', formula)))


def ours(name: str) -> str | None:
    """Our function that a stored name means: plain, of an XLL, or of an Office add-in with a namespace.

    >>> [ours(name) for name in ("kv_bytes", "_xll.KV_BYTES", "_xldudf_LLMECON_KV_BYTES", "SUM")]
    ['KV_BYTES', 'KV_BYTES', 'KV_BYTES', None]
    """
    plain = name.upper().removeprefix("_XLL.")
    words = plain.removeprefix("_XLDUDF_").replace(".", "_").split("_")
    starts = range(len(words)) if plain.startswith("_XLDUDF_") else range(1)
    tails = ("_".join(words[start:]) for start in starts)
    return next((tail for tail in tails if tail in WORKSHEET_NAMES), None)


def with_marks(formula: str) -> str:
    """The formula with `LEFT_OUT` where a call of ours leaves an argument out.

    >>> with_marks('SUM(1,,MLP_FLOPS(A1,,"a,b")*2)').replace(LEFT_OUT, "-")
    'SUM(1,,MLP_FLOPS(A1,"-","a,b")*2)'
    """
    return "".join(_marked(formula)) if OPTIONAL_SPACE.search(formula) and any(map(ours, called(formula))) else formula


def _marked(formula: str) -> Iterator[str]:
    open_calls: list[bool] = []
    last = ""
    for match in PIECE.finditer(formula):
        piece = match[0]
        if piece in (",", ")") and open_calls and open_calls[-1] and (last == "," or (last == "(" and piece == ",")):
            yield f'"{LEFT_OUT}"'
        if piece.endswith("("):
            open_calls.append(piece != "(" and ours(piece[:-1]) is not None)
        elif piece == ")" and open_calls:
            open_calls.pop()
        yield piece
        if not piece.isspace():
            last = "(" if piece.endswith("(") else piece

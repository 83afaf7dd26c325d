"""The VBA of the add-in: one wrapper for each function, and the few procedures that they share.

The wrappers are those that xlwings would generate, with these differences.  A range is handed
over as what it holds, so that a call is one message to Python, and not a dozen back to Excel.
The call itself, the cached connection and the true errors are in one place, `CallPython`.  The
function wizard's help stands in the text, where Excel itself would write it.
"""

import textwrap
from functools import cache
from importlib.resources import files

from addin.declared import WorksheetFunction, worksheet_functions
from addin.excel.agreed import ERROR_NUMBERS, XLWINGS
from addin.excel.ovba import Kind, Module
from pycalc.errors import TEXT_LIMIT

PROJECT = "llmecon"
SETTINGS = "llmecon.conf"  # the sheet that says which Python
BUILT_IN_GROUPS = 19  # of the function wizard; ours is the next
LINE = 1000  # characters; VBA takes 1,023 in a line and 24 continuations of it
ASCII = str.maketrans({"²": "^2", "·": "*", "×": "x", "−": "-", "–": "-", "…": "...", "’": "'", "≤": "<=", "≥": ">="})


def modules() -> list[Module]:
    """The whole project: the two documents that every workbook has, and our three."""
    return [
        Module("ThisWorkbook", "", Kind.WORKBOOK),
        Module("Sheet1", "", Kind.WORKSHEET),
        Module("PythonServer", _text("PythonServer.cls", xlwings=XLWINGS, settings=SETTINGS), Kind.CLASS),
        Module("Functions", _functions()),
        Module("Ribbon", _text("Ribbon.bas")),
    ]


def _text(name: str, **values: str) -> str:
    """A file of this package's VBA, each <name> in it replaced by its value."""
    text = (files("addin.excel") / "vba" / name).read_text("utf-8")
    for key, value in values.items():
        text = text.replace(f"<{key}>", value)
    return text


@cache
def _functions() -> str:
    cases = "\n".join(f'        Case "{code}": AsCell = CVErr({number})' for code, number in ERROR_NUMBERS.items())
    shared = _text("Functions.bas").replace("        ' <errors>", cases)
    return shared + "".join(f"\n{wrapper(function)}" for function in worksheet_functions())


def wrapper(function: WorksheetFunction) -> str:
    """The VBA function that a cell calls.

    >>> from pycalc import FUNCTIONS
    >>> spec = FUNCTIONS["MATMUL_FLOPS"]
    >>> print(wrapper(WorksheetFunction("MATMUL_FLOPS", "Operations: 2n²·d.", spec.parameters)))
    Function MATMUL_FLOPS(rows, inner, columns)
    Attribute MATMUL_FLOPS.VB_Description = "Operations: 2n^2*d."
    Attribute MATMUL_FLOPS.VB_ProcData.VB_Invoke_Func = " \\n20"
        MATMUL_FLOPS = CallPython("MATMUL_FLOPS", Array(Held(rows), Held(inner), Held(columns)))
    End Function
    <BLANKLINE>
    """
    name = function.name
    parameters = ", ".join(f"Optional {given.name}" if given.optional else given.name for given in function.arguments)
    arguments = ", ".join(f"Held({given.name})" for given in function.arguments)
    lines = [
        _broken(f"Function {name}({parameters})"),
        f'Attribute {name}.VB_Description = "{in_ascii(function.summary)}"',
        f'Attribute {name}.VB_ProcData.VB_Invoke_Func = " \\n{BUILT_IN_GROUPS + 1}"',
        _broken(f'    {name} = CallPython("{name}", Array({arguments}))'),
        "End Function",
    ]
    return "\n".join(lines) + "\n"


def _broken(line: str) -> str:
    """The line as VBA's editor takes it."""
    return " _\n        ".join(textwrap.wrap(line, LINE, drop_whitespace=True, break_long_words=False, break_on_hyphens=False))


def in_ascii(text: str) -> str:
    """A text for VBA, whose letters are those of the user's code page, as one line in quotes holds it.

    >>> in_ascii('2n²·d − "none"')
    '2n^2*d - ""none""'
    """
    spelt = text.translate(ASCII)
    if not (spelt.isascii() and spelt.isprintable()):
        raise ValueError(f"{text!r} has a character that VBA cannot hold; say in {__name__}.ASCII how it is spelt there")
    return spelt[:TEXT_LIMIT].replace('"', '""')

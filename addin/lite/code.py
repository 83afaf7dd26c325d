"""The workbook's ``main.py``: each function as xlwings Lite registers it, and the Python that computes them all.

The functions are written out, so that Lite's editor shows what a workbook asks to be trusted with.
pycalc follows as an archive: packages come from PyPI, where it need not be, and ``main.py`` is the one module whose
place in a workbook is known.
"""

import base64
import io
import json
import tarfile
import textwrap
from importlib.metadata import distribution

from addin.bundle import bundle
from addin.declared import NAMESPACE, WorksheetFunction, worksheet_functions
from pycalc.version import __version__

EXAMPLE = f"={NAMESPACE}.KV_BYTES(32768, 16, 8, 64)"
"""What to type first; a name without the namespace is the workbook's LAMBDA, if it has one."""

REQUIREMENTS = "xlwings<1\nnumpy\n"
"""``requirements.txt``; which numpy is Pyodide's affair."""

OURS = ("lite/__init__.py", "lite/cells.py")
"""What of the add-in runs inside Excel."""

WIDTH = 120

HEAD = '''\
"""
# llmecon {version}

The cost of running a language model, from FLOPs to dollars: {count} functions, such as `{example}`.

They need xlwings Lite, which fetches Python and numpy, and nothing else on this computer. For a default leave the
argument out, as in `F(A1,, 2)`: Excel may hand over an empty cell as 0. Ranges give ranges; errors are passed on.

`llmecon new --lite` wrote this file; edits are lost when it is written again. MIT licence. The archive at the end
(base64 of a tar.bz2) is the Python that computes: pycalc, and the prices of the package genai-prices; with licences.
"""

import base64
import io
import sys
import tarfile
import tempfile

from xlwings import arg, func
'''

TAIL = '''

def unpack(archive):
    """Put the packages where Python finds them, before others of their names."""
    folder = tempfile.mkdtemp(prefix="llmecon-")
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(archive)), mode="r:bz2") as packed:
        packed.extractall(folder, filter="data")
    sys.path.insert(0, folder)


unpack(
    """
{archive}
"""
)
from addin.lite.cells import call
'''


def main_py() -> str:
    """The module; the same text wherever the same versions are installed."""
    functions = list(worksheet_functions())
    head = HEAD.format(version=__version__, count=len(functions), example=EXAMPLE)
    lines = "\n".join(textwrap.wrap(base64.b64encode(archive()).decode(), WIDTH))
    return head + "".join(map(_adapter, functions)) + TAIL.format(archive=lines)


def _adapter(function: WorksheetFunction) -> str:
    """No type hints, which xlwings would act on; whole ranges, and errors as texts."""
    names = [argument.name for argument in function.arguments]
    declared = [f"{argument.name}=None" if argument.optional else argument.name for argument in function.arguments]
    options = [
        f"@arg({_literal(argument.name)}, ndim=2, err_to_str=True, doc={_literal(argument.help)})\n"
        for argument in function.arguments
    ]
    return (
        f"\n\n@func(namespace={_literal(NAMESPACE)})\n{''.join(options)}"
        f"def {function.name}({', '.join(declared)}):\n"
        f"    {_literal(function.summary)}\n"
        f"    return call({', '.join([_literal(function.name), *names])})\n"
    )


def _literal(text: str) -> str:
    """A text as Python writes it, JSON being a part of that."""
    return json.dumps(text, ensure_ascii=False)


def archive() -> bytes:
    """The packages; bzip2 takes a fifth less than zip's own compression, and Pyodide has it."""
    held = bundle(OURS) | {"LICENSE": _licence()}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:bz2", format=tarfile.USTAR_FORMAT) as tar:
        for path, data in sorted(held.items()):
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def _licence() -> bytes:
    return next(path.read_binary() for path in distribution("llmecon").files or () if path.match("licenses/LICENSE"))

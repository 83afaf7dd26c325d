"""``llmecon addin libreoffice``: the extension as a file, the same bytes wherever the same versions are installed."""

import io
import zipfile
from importlib.resources import files
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from addin.bundle import bundle
from addin.cli.workbooks import require_place
from addin.declared import WorksheetFunction, worksheet_functions
from addin.libreoffice import INTERFACE, SERVICE
from addin.libreoffice.component import BUNDLE, OLDEST_NUMPY, OLDEST_PYTHON, SITE
from addin.libreoffice.typelibrary import type_library
from pycalc.version import __version__
from workbook_templates.headless.package import write_atomically

SUFFIX = ".oxt"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest moment that a zip file can hold
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
OLDEST_OFFICE = "7.4"
CATEGORY = "Add-In"  # Calc has a fixed list of these

PARTS = {
    f"{SERVICE}.rdb": "application/vnd.sun.star.uno-typelibrary;type=RDB",
    "component.py": "application/vnd.sun.star.uno-component;type=Python",
    "CalcAddIns.xcu": "application/vnd.sun.star.configuration-data",
}
"""What LibreOffice registers, in this order."""

OURS = ("declared.py", "faults.py", "libreoffice/__init__.py", "libreoffice/errors.py", "libreoffice/functions.py")
"""What of the add-in runs inside LibreOffice."""

ABOUT = f"""\
The cost of running a language model: {{count}} functions for Calc, from FLOPs to dollars.

They need Python {OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} or newer in LibreOffice, and for it numpy \
{OLDEST_NUMPY[0]}.{OLDEST_NUMPY[1]} or newer. On Debian and Ubuntu: apt install python3-numpy. \
Elsewhere LibreOffice brings a Python of its own, without numpy; until it has one, a bar above the sheet \
says how to get it. The variable {SITE} can name a folder of packages that has it.
"""


def command_build(out: Path) -> None:
    """Write the extension to a file and say so in one line."""
    require_place(out, SUFFIX)
    data = extension()
    write_atomically(out, data)
    count = sum(1 for _ in worksheet_functions())
    print(f"{out}: {count} functions for LibreOffice Calc, {len(data):,} bytes; to add it: unopkg add {out}")


def extension() -> bytes:
    """The whole file."""
    functions = list(worksheet_functions())
    parts = {
        "META-INF/manifest.xml": manifest().encode(),
        "description.xml": description().encode(),
        "about.txt": ABOUT.format(count=len(functions)).encode(),
        f"{SERVICE}.rdb": types(functions),
        "component.py": files("addin.libreoffice").joinpath("component.py").read_bytes(),
        "CalcAddIns.xcu": configuration(functions).encode(),
    }
    folder = Path(BUNDLE).name
    parts.update((f"{folder}/{path}", data) for path, data in sorted(bundle(OURS).items()))
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, data in parts.items():
            info = zipfile.ZipInfo(path, EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system, info.external_attr = 3, 0o644 << 16  # as on Unix, wherever it is made
            archive.writestr(info, data)
    return written.getvalue()


def types(functions: list[WorksheetFunction]) -> bytes:
    """A method for each function, called as the function is."""
    methods = {function.name: [argument.name for argument in function.arguments] for function in functions}
    return type_library(SERVICE, INTERFACE, methods)


def manifest() -> str:
    """Which parts are what to LibreOffice."""
    entries = "".join(
        f' <manifest:file-entry manifest:media-type="{kind}" manifest:full-path="{path}"/>\n' for path, kind in PARTS.items()
    )
    return f'{HEAD}<manifest:manifest xmlns:manifest="http://openoffice.org/2001/manifest">\n{entries}</manifest:manifest>\n'


def description() -> str:
    """What the extension manager shows."""
    return f"""{HEAD}<description xmlns="http://openoffice.org/extensions/description/2006" \
xmlns:l="http://libreoffice.org/extensions/description/2011" xmlns:xlink="http://www.w3.org/1999/xlink">
 <identifier value="{SERVICE}"/>
 <version value="{__version__}"/>
 <dependencies><l:LibreOffice-minimal-version value="{OLDEST_OFFICE}" name="LibreOffice {OLDEST_OFFICE}"/></dependencies>
 <display-name><name lang="en">llmecon: the cost of LLM inference</name></display-name>
 <extension-description><src xlink:href="about.txt" lang="en"/></extension-description>
</description>
"""


def configuration(functions: list[WorksheetFunction]) -> str:
    """All that Calc knows of the functions before it loads them: help, and the name by which .xlsx files call each.

    The order of the arguments it takes from the type library.
    """
    nodes = "".join(_node(function.name, _function(function)) for function in functions)
    return f"""{HEAD}<oor:component-data xmlns:oor="http://openoffice.org/2001/registry" \
xmlns:xs="http://www.w3.org/2001/XMLSchema" oor:name="CalcAddIns" oor:package="org.openoffice.Office">
<node oor:name="AddInInfo"><node oor:name="{SERVICE}" oor:op="replace"><node oor:name="AddInFunctions">
{nodes}</node></node></node>
</oor:component-data>
"""


def _function(function: WorksheetFunction) -> str:
    arguments = "".join(
        _node(argument.name, _text("DisplayName", argument.name) + _text("Description", argument.help))
        for argument in function.arguments
    )
    return (
        _text("DisplayName", function.name)
        + _text("Description", function.summary)
        + _text("CompatibilityName", function.name)
        + f'<prop oor:name="Category"><value>{CATEGORY}</value></prop>\n'
        + f'<node oor:name="Parameters">\n{arguments}</node>\n'
    )


def _node(name: str, held: str) -> str:
    return f'<node oor:name={quoteattr(name)} oor:op="replace">\n{held}</node>\n'


def _text(name: str, text: str) -> str:
    return f'<prop oor:name="{name}"><value xml:lang="en-US">{escape(text)}</value></prop>\n'

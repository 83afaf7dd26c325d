"""The add-in for Excel on Windows as one file, which any machine can build.

Nothing in it is taken from a running Excel: the workbook's parts are written here, the VBA is
our own (see `wrappers`), and the help of the functions is where Excel itself would save it.
"""

import io
import zipfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from addin.declared import WorksheetFunction, worksheet_functions
from addin.excel.agreed import CATEGORY, UDF_MODULE
from addin.excel.ovba import project
from addin.excel.wrappers import BUILT_IN_GROUPS, PROJECT, SETTINGS, modules
from pycalc.errors import TEXT_LIMIT
from pycalc.version import __version__
from workbook_templates import registry
from workbook_templates.headless.package import write_atomically

INTERPRETER = r"%LOCALAPPDATA%\llmecon\venv\Scripts\python.exe"
"""Where ``llmecon addin install`` puts an environment of its own."""

OPEN_XML = "http://schemas.openxmlformats.org"
MICROSOFT = "http://schemas.microsoft.com/office"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def command_build(out: Path) -> None:
    """``llmecon addin build``."""
    from addin.cli.workbooks import require_place

    require_place(out, ".xlam")
    write_atomically(out, build())
    print(f"{out}: {sum(1 for _ in worksheet_functions())} functions, llmecon {__version__}")


def build(interpreter: str = INTERPRETER) -> bytes:
    """The add-in that starts this interpreter; the same one gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, part in parts(interpreter).items():
            entry = zipfile.ZipInfo(name)  # dated 1980
            entry.create_system = 0
            archive.writestr(entry, part, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def parts(interpreter: str) -> dict[str, bytes]:
    """The parts of the package by name."""
    texts = {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _relationships(
            {
                "xl/workbook.xml": f"{OPEN_XML}/officeDocument/2006/relationships/officeDocument",
                "docProps/core.xml": f"{OPEN_XML}/package/2006/relationships/metadata/core-properties",
                "customUI/customUI.xml": f"{MICROSOFT}/2006/relationships/ui/extensibility",
            }
        ),
        "docProps/core.xml": _properties(),
        "customUI/customUI.xml": _ribbon(),
        "xl/workbook.xml": _workbook(),
        "xl/_rels/workbook.xml.rels": _relationships(
            {
                "worksheets/sheet1.xml": f"{OPEN_XML}/officeDocument/2006/relationships/worksheet",
                "styles.xml": f"{OPEN_XML}/officeDocument/2006/relationships/styles",
                "vbaProject.bin": f"{MICROSOFT}/2006/relationships/vbaProject",
            }
        ),
        "xl/worksheets/sheet1.xml": _settings(interpreter),
        "xl/styles.xml": _styles(),
    }
    return {name: (HEAD + text).encode() for name, text in texts.items()} | {"xl/vbaProject.bin": project(PROJECT, modules())}


def _content_types() -> str:
    kinds = {
        "/xl/workbook.xml": "application/vnd.ms-excel.addin.macroEnabled.main+xml",
        "/xl/worksheets/sheet1.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml",
        "/xl/styles.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml",
        "/xl/vbaProject.bin": "application/vnd.ms-office.vbaProject",
        "/docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
    }
    overrides = "".join(f'<Override PartName="{part}" ContentType="{kind}"/>' for part, kind in kinds.items())
    return (
        f'<Types xmlns="{OPEN_XML}/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{overrides}</Types>'
    )


def _relationships(targets: Mapping[str, str]) -> str:
    lines = (
        f'<Relationship Id="rId{number}" Type="{kind}" Target="{target}"/>'
        for number, (target, kind) in enumerate(targets.items(), 1)
    )
    return f'<Relationships xmlns="{OPEN_XML}/package/2006/relationships">{"".join(lines)}</Relationships>'


def _properties() -> str:
    """What Excel's list of add-ins shows."""
    return (
        f'<cp:coreProperties xmlns:cp="{OPEN_XML}/package/2006/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(CATEGORY)}</dc:title>'
        f"<dc:description>The cost of running a language model, from FLOPs to dollars (llmecon {__version__})</dc:description>"
        "</cp:coreProperties>"
    )


def _ribbon() -> str:
    """The ribbon of the package, one button for each template in its menu."""
    buttons = "".join(
        f"<button id={quoteattr(f'new_{template.name}')} tag={quoteattr(template.name)} label={quoteattr(template.title)} "
        f'supertip={quoteattr(template.question)} onAction="Ribbon.InsertTemplate"/>'
        for template in registry.templates()
    )
    text = (files("addin.excel") / "vba" / "ribbon.xml").read_text("utf-8")
    return text.replace("<templates/>", buttons).replace("{version}", __version__)


def _workbook() -> str:
    """The book: its one sheet, and the function wizard's group and help of every argument."""
    help_of_arguments = "".join(map(_argument_help, sorted(worksheet_functions())))
    return (
        f'<workbook xmlns="{OPEN_XML}/spreadsheetml/2006/main" xmlns:r="{OPEN_XML}/officeDocument/2006/relationships">'
        '<workbookPr codeName="ThisWorkbook"/><bookViews><workbookView visibility="hidden"/></bookViews>'
        f'<sheets><sheet name="{SETTINGS}" sheetId="1" r:id="rId1"/></sheets>'
        f'<functionGroups builtInGroupCount="{BUILT_IN_GROUPS}"><functionGroup name={quoteattr(CATEGORY)}/></functionGroups>'
        f'<extLst><ext uri="{{8193D73E-4604-4355-AFF4-8A2333D13BE4}}" xmlns:x14="{MICROSOFT}/spreadsheetml/2009/9/main">'
        f"<x14:definedNames>{help_of_arguments}</x14:definedNames></ext></extLst></workbook>"
    )


def _argument_help(function: WorksheetFunction) -> str:
    lines = (
        f'<x14:argumentDescription index="{index}">{escape(argument.help[:TEXT_LIMIT])}</x14:argumentDescription>'
        for index, argument in enumerate(function.arguments)
    )
    return (
        f'<x14:definedName name="{function.name}"><x14:argumentDescriptions count="{len(function.arguments)}">'
        f"{''.join(lines)}</x14:argumentDescriptions></x14:definedName>"
    )


def _settings(interpreter: str) -> str:
    """The sheet of settings, a name that xlwings' users know and a value in each row."""
    settings = {
        "INTERPRETER_WIN": interpreter,
        "UDF MODULES": UDF_MODULE,
        "ADD_WORKBOOK_TO_PYTHONPATH": "False",  # said for who looks it up: Python is started isolated
    }
    lines = (
        f'<row r="{number}">{_cell(f"A{number}", name)}{_cell(f"B{number}", value)}</row>'
        for number, (name, value) in enumerate(settings.items(), 1)
    )
    return (
        f'<worksheet xmlns="{OPEN_XML}/spreadsheetml/2006/main"><sheetPr codeName="Sheet1"/>'
        f'<cols><col min="1" max="2" width="40" customWidth="1"/></cols><sheetData>{"".join(lines)}</sheetData></worksheet>'
    )


def _cell(address: str, text: str) -> str:
    return f'<c r="{address}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'


def _styles() -> str:
    """The least that Excel takes for a set of styles."""
    return (
        f'<styleSheet xmlns="{OPEN_XML}/spreadsheetml/2006/main">'
        '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )

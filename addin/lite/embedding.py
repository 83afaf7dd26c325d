"""The code in the workbook: the parts in which Excel keeps what belongs to xlwings Lite, as Lite itself writes them.

Nothing here was opened in Excel.  Names, values and relationships are those of workbooks that Lite saved.
"""

import hashlib
import io
import json
import tempfile
import uuid
import zipfile
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import quoteattr

from addin.lite.code import EXAMPLE, REQUIREMENTS, main_py
from workbook_templates import build
from workbook_templates.headless.package import with_parts, write_atomically
from workbook_templates.opened import PACKAGE_RELATIONS
from workbook_templates.reading import Package
from workbook_templates.spec import Template

STORE_ID = "wa200008175"
"""xlwings Lite in Microsoft's store, from which Excel loads it."""

ADDIN_VERSION, PYODIDE_VERSION = "1.0.0.0-35", "0.27.5"
"""Those of the workbooks that served as models; Lite starts the Pyodide that a workbook names."""

NEXT_STEP = f"In Excel: open it, Home > Add-ins > xlwings Lite (free), Trust and Continue; then type {EXAMPLE}"

TYPES, RELATIONS = "[Content_Types].xml", "_rels/.rels"
EXTENSION, PANES = "xl/webextensions/webextension1.xml", "xl/webextensions/taskpanes.xml"
PANES_RELATIONS = "xl/webextensions/_rels/taskpanes.xml.rels"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MICROSOFT = "http://schemas.microsoft.com/office"
POINTER = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def build_with_code(
    template: Template, path: Path, functions: build.Functions, overrides: Mapping[str, str | float], audit: bool = False
) -> build.Built:
    """`workbook_templates.build.build`, the code in the workbook before it is written, whole or not at all."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder, path.name)
        built = build.build(template, plain, functions, overrides, audit)
        write_atomically(path, with_code(Package(str(path), plain.read_bytes())))
    return built


def with_code(package: Package) -> bytes:
    """The workbook with the parts of Lite added; the two parts that list all others name them, the rest is as it was."""
    listed = {
        TYPES: _with_last(
            package.read(TYPES),
            f'<Override PartName="/{PANES}" ContentType="application/vnd.ms-office.webextensiontaskpanes+xml"/>'
            f'<Override PartName="/{EXTENSION}" ContentType="application/vnd.ms-office.webextension+xml"/>',
        ),
        RELATIONS: _with_last(
            package.read(RELATIONS),
            f'<Relationship Id="lite" Type="{MICROSOFT}/2011/relationships/webextensiontaskpanes" Target="{PANES}"/>',
        ),
    }
    added = {EXTENSION: _extension(package.content), PANES: _panes(), PANES_RELATIONS: _panes_relations()}
    whole = io.BytesIO(with_parts(package, listed))
    moment = package.zip.infolist()[0].date_time
    with zipfile.ZipFile(whole, "a") as archive:
        for name, text in added.items():
            entry = zipfile.ZipInfo(name, moment)
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, text, zipfile.ZIP_DEFLATED)
    return whole.getvalue()


def _with_last(part: bytes, element: str) -> bytes:
    """A list in XML with one more entry at its end."""
    head, close, tail = part.rpartition(b"</")
    return head + element.encode() + close + tail


def _extension(content: bytes) -> str:
    """The add-in that the workbook refers to, and what it keeps there, each a text in JSON."""
    kept = {
        "main.py": main_py(),
        "requirements.txt": REQUIREMENTS,
        "pyodideVersion": PYODIDE_VERSION,
        "addinVersion": ADDIN_VERSION,
        "xlwingsWorkbookId": str(_identity("workbook", content)),
        "xlwingsSettingsWorkbook": {"startupBehavior": "taskpane"},
    }
    properties = "".join(f'<we:property name="{name}" value={quoteattr(json.dumps(value))}/>' for name, value in kept.items())
    store = 'version="1.0.0.0" store="{}" storeType="OMEX"'
    return (
        f'{HEAD}<we:webextension xmlns:we="{MICROSOFT}/webextensions/webextension/2010/11"'
        f' id="{{{str(_identity("extension", content)).upper()}}}">'
        f'<we:reference id="{STORE_ID}" {store.format("en-US")}/><we:alternateReferences>'
        f'<we:reference id="{STORE_ID}" {store.format(STORE_ID.upper())}/></we:alternateReferences>'
        f"<we:properties>{properties}</we:properties><we:bindings/>"
        f'<we:snapshot xmlns:r="{POINTER}"/></we:webextension>'
    )


def _identity(of: str, content: bytes) -> uuid.UUID:
    """The same for the same workbook, and for no other."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{of} {hashlib.sha256(content).hexdigest()}")


def _panes() -> str:
    """Lite's pane, open with the workbook: it asks whether to trust the code, without which nothing is computed."""
    return (
        f'{HEAD}<wetp:taskpanes xmlns:wetp="{MICROSOFT}/webextensions/taskpanes/2010/11">'
        '<wetp:taskpane dockstate="right" visibility="1" width="438" row="2">'
        f'<wetp:webextensionref xmlns:r="{POINTER}" r:id="rId1"/></wetp:taskpane></wetp:taskpanes>'
    )


def _panes_relations() -> str:
    return (
        f'{HEAD}<Relationships xmlns="{PACKAGE_RELATIONS}"><Relationship Id="rId1"'
        f' Type="{MICROSOFT}/2011/relationships/webextension" Target="{Path(EXTENSION).name}"/></Relationships>'
    )

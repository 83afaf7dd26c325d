"""What a running LibreOffice knows of our extension, as one document of JSON: run by the Python that has UNO.

It imports late what only that Python has, since pytest looks into every file for doctests.
"""

import json
import subprocess
import sys
import time
from pathlib import Path


def functions(context, desktop):
    """As its function wizard has them: the sentence, and each argument's name and help."""
    known = context.ServiceManager.createInstanceWithContext("com.sun.star.sheet.FunctionDescriptions", context)
    found = {}
    for place in range(known.Count):
        described = {held.Name: held.Value for held in known.getByIndex(place)}
        found[described["Name"]] = [described["Description"], *([a.Name, a.Description] for a in described["Arguments"] or ())]
    return found


def types(context, desktop):
    """As its own reader of type libraries has them."""
    manager = context.getByName("/singletons/com.sun.star.reflection.theTypeDescriptionManager")
    interface = manager.getByHierarchicalName("llmecon.XFunctions")
    methods = {
        method.MemberName: [
            method.ReturnType.Name,
            *([parameter.Name, parameter.Type.Name, parameter.isIn(), parameter.isOut()] for parameter in method.Parameters),
        ]
        for method in interface.Members
    }
    return {"bases": [base.Name for base in interface.BaseTypes], "methods": methods}


def bar(context, desktop, book=None):
    """What the first cell of a workbook shows, or of a new one with a call, and whether our bar is above the sheet."""
    place = Path(book).as_uri() if book else "private:factory/scalc"
    document = desktop.loadComponentFromURL(place, "_blank", 0, ())
    cell = document.Sheets.getByIndex(0).getCellRangeByName("A1")
    if book is None:
        cell.setFormula("=MATMUL_FLOPS(1;2;3)")
    shown, deadline = cell.getString(), time.monotonic() + 20
    while not document.CurrentController.hasInfobar("llmecon") and time.monotonic() < deadline:
        time.sleep(0.1)
    found = [shown, document.CurrentController.hasInfobar("llmecon")]
    document.close(True)
    return found


def main(what, program, options, *words):
    from calc_host import NAME, connect, uno

    command = [program, *json.loads(options), "--headless", "--norestore", "--nologo", "--nodefault"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen([*command, f"--accept=pipe,name={NAME};urp"], **quiet)
    try:
        desktop = connect(process)
        own = uno.getComponentContext()
        resolver = own.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", own)
        context = resolver.resolve(f"uno:pipe,name={NAME};urp;StarOffice.ComponentContext")
        print(json.dumps({"functions": functions, "types": types, "bar": bar}[what](context, desktop, *words)))
        desktop.terminate()
        process.wait(20)
    finally:
        process.kill()


if __name__ == "__main__":
    main(*sys.argv[1:])

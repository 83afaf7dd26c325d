"""LibreOffice Calc driven over UNO, for `calc`: requests come as lines of JSON, and so do the answers.

Run by a Python that has UNO, which is the system's and not the tests' own: nothing but the
standard library is imported.  While Calc computes, a call that reaches our stand-in for the
Python server goes out as a line too, and the next line in is its answer.

An error in a cell is a whole number here, as COM hands it over; all other numbers are floats.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import uno
import unohelper
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
from com.sun.star.script.provider import XScript

NAME = f"llmecon_tests_{os.getpid()}"  # two runs of the tests do not meet
COM_ERROR_BASE = 0x800A0000 - (1 << 32)
ERRORS = {521: 2000, 532: 2007, 519: 2015, 524: 2023, 525: 2029, 503: 2036, 32767: 2042}
"""LibreOffice's numbers of errors to Excel's."""


def say(message):
    print(json.dumps(message), flush=True)


def hear():
    line = sys.stdin.readline()
    if not line:
        raise EOFError("the tests have ended")
    return json.loads(line)


class Answerer(unohelper.Base, XScript):
    """What VBA calls in place of the COM server: hands the call on, and the answer back."""

    def __init__(self, truths):
        self.truths = truths

    def invoke(self, params, indexes, outs):
        name, *arguments = params
        say({"call": name, "arguments": [self.held(*argument) for argument in arguments[0]] if arguments else []})
        answer = hear()
        if "fault" in answer:
            raise uno.RuntimeException(answer["fault"], self)
        return as_tuples(answer["value"]), (), ()

    def held(self, value=None):
        """An argument as COM would hand it over: a range by what its cells hold."""
        if isinstance(value, tuple) and len(value) == 1 and hasattr(value[0], "getDataArray"):
            (value,) = value
            rows = [[self.cell(value, x, y, cell) for x, cell in enumerate(row)] for y, row in enumerate(value.getDataArray())]
            return rows[0][0] if len(rows) == len(rows[0]) == 1 else rows
        if isinstance(value, tuple):
            return [list(map(self.held, row)) if isinstance(row, tuple) else self.held(row) for row in value]
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

    def cell(self, cells, x, y, value):
        """What `Value2` is of one cell: None for a blank, a whole number for an error."""
        if value is None:
            return COM_ERROR_BASE + ERRORS[cells.getCellByPosition(x, y).getError()]
        place = cells.getRangeAddress()
        if (place.Sheet, place.StartColumn + x, place.StartRow + y) in self.truths:
            return bool(value)
        return None if value == "" else value


def is_formula(cell):
    return isinstance(cell, bool) or (isinstance(cell, str) and cell.startswith("="))


def as_tuples(value):
    return tuple(map(as_tuples, value)) if isinstance(value, list) else value


class Calc:
    """The office and the one document that is open."""

    def __init__(self, program, profile):
        options = ["--headless", "--norestore", "--nologo", "--nodefault", f"--accept=pipe,name={NAME};urp"]
        profile_option = f"-env:UserInstallation={Path(profile).as_uri()}"
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen([program, profile_option, *options], **quiet)
        self.desktop = connect(self.process)
        self.document, self.truths = None, set()

    def open(self, path, answered):
        """Open a file with its macros; the VBA modules as LibreOffice has read them."""
        if self.document:
            self.document.close(True)
        options = {"Hidden": True, "MacroExecutionMode": 4, "FilterName": "Calc MS Excel 2007 VBA XML"}
        properties = tuple(PropertyValue(name, 0, value, 0) for name, value in options.items())
        self.document = self.desktop.loadComponentFromURL(Path(path).as_uri(), "_blank", 0, properties)
        self.truths.clear()
        if answered:
            script = "vnd.sun.star.script:llmecon.Host.SetAnswerer?language=Basic&location=document"
            self.document.getScriptProvider().getScript(script).invoke((Answerer(self.truths),), (), ())
        library = self.document.BasicLibraries.getByName("llmecon")
        return {name: library.getByName(name) for name in library.getElementNames()}

    def sheet(self, name):
        sheets = self.document.getSheets()
        if not sheets.hasByName(name):
            sheets.insertNewByName(name, sheets.getCount())
        return sheets.getByName(name)

    def write(self, sheet, address, rows):
        """Numbers and texts into cells exactly as they are; a text that begins with = is a formula."""
        cells = self.sheet(sheet).getCellRangeByName(address)
        place = cells.getRangeAddress()
        cells.setDataArray(as_tuples([["" if cell is None or is_formula(cell) else cell for cell in row] for row in rows]))
        for y, row in enumerate(rows):
            for x, cell in enumerate(row):
                if isinstance(cell, bool):
                    self.truths.add((place.Sheet, place.StartColumn + x, place.StartRow + y))
                if is_formula(cell):
                    formula = f"={cell}()".upper() if isinstance(cell, bool) else cell
                    cells.getCellByPosition(x, y).setFormula(formula)

    def read(self, sheet, address):
        return self.sheet(sheet).getCellRangeByName(address).getDataArray()

    def spill(self, sheet, address, formula):
        """The values of a formula that is entered for a whole range."""
        cells = self.sheet(sheet).getCellRangeByName(address)
        cells.setArrayFormula(formula)
        return cells.getDataArray()

    def end(self):
        if self.document:
            self.document.close(True)
        self.desktop.terminate()
        self.process.wait(20)


def connect(process):
    context = uno.getComponentContext()
    resolver = context.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", context)
    deadline = time.monotonic() + 60
    while True:
        try:
            remote = resolver.resolve(f"uno:pipe,name={NAME};urp;StarOffice.ComponentContext")
            return remote.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", remote)
        except NoConnectException:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def main(program, profile):
    calc = Calc(program, profile)
    try:
        say({"done": "started"})
        while request := hear():
            say({"done": getattr(calc, request["do"])(*request["with"])})
    except EOFError:
        pass
    finally:
        try:
            calc.end()
        finally:
            calc.process.kill()


if __name__ == "__main__":
    main(*sys.argv[1:])

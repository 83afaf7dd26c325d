"""LibreOffice Calc in the place of Excel: opens our add-in, runs its VBA, and calls back into these tests."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

LOCAL = r"D:\Local"  # of the Windows user that the office takes itself to run for
HOST = Path(__file__).with_name("calc_host.py")


def program() -> str | None:
    return shutil.which("soffice")


def python_with_uno() -> str | None:
    """The system's Python, to which its package python3-uno belongs."""
    folders = [*os.environ.get("PATH", "").split(os.pathsep), "/usr/bin"]
    found = [python for folder in folders if (python := shutil.which("python3", path=folder))]
    knows = (python for python in found if not subprocess.run([python, "-c", "import uno"], capture_output=True).returncode)
    return next(knows, None)


class Calc:
    """The office as a process of its own; ``answer`` is asked for each call of the VBA, and may raise."""

    def __init__(self, soffice: str, python: str, profile: Path) -> None:
        words, environment = [python, str(HOST), soffice, str(profile)], os.environ | {"LOCALAPPDATA": LOCAL}
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "encoding": "utf-8"}
        self.process = subprocess.Popen(words, env=environment, **streams)
        self.answer: Callable[..., object] = refuse
        self.hear()

    def hear(self):
        """What was asked for; the calls that come before it are answered."""
        for line in self.process.stdout:
            message = json.loads(line)
            if "done" in message:
                return message["done"]
            try:
                self.say({"value": self.answer(message["call"], message["arguments"])})
            except Exception as fault:
                self.say({"fault": f"{type(fault).__name__}: {fault}"})
        raise EOFError(f"LibreOffice has ended: {self.process.wait(20)}")

    def say(self, message):
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def ask(self, what, *arguments):
        self.say({"do": what, "with": arguments})
        return self.hear()

    def close(self):
        with self.process:
            self.process.stdin.close()
            try:
                self.process.wait(30)
            finally:
                self.process.kill()


def refuse(name, arguments):
    raise AssertionError(f"{name} was called")


# ---- our add-in as LibreOffice can run it

SUBSTITUTIONS = {
    "PythonServer": {  # LibreOffice has no DLL to load: the tests answer for Python
        "    LoadDll\n    If ActivateServer(result, StartCommand(), 1) <> 0 Then "
        'Err.Raise vbObjectError + 1, "llmecon", CStr(result)\n    Set Connection = result\n': (
            '    Answerer.invoke Array("connect", Array(Array(StartCommand()))), Array(), Array()\n'
            "    Set Connection = New StandIn\n"
        ),
    },
    "Functions": {  # its Range.Value2 has no errors: the host reads the cells
        "    NumbersOf = cells.Value2\n": "    NumbersOf = Array(cells.CellRange)\n",
    },
}
"""All that is not the add-in's own text in what LibreOffice runs."""

HOST_MODULE = """\
Option Explicit
Public Answerer As Variant

Sub SetAnswerer(given As Variant)
    Answerer = given
End Sub
"""

STAND_IN = """\
Option Explicit

' In the place of xlwings' server; UNO knows arrays of arrays only, and takes an Empty for a zero
Public Function CallUDF(ByVal udfModule As Variant, ByVal functionName As Variant, ByVal arguments As Variant) As Variant
    Dim place As Long, row As Long, column As Long
    Dim result As Variant, rows() As Variant
    For place = LBound(arguments) To UBound(arguments)
        If IsEmpty(arguments(place)) Then arguments(place) = Array() Else arguments(place) = Array(arguments(place))
    Next place
    result = Answerer.invoke(Array(udfModule & "." & functionName, arguments), Array(), Array())
    CallUDF = result
    If Not IsArray(result) Then Exit Function
    If Not IsArray(result(0)) Then Exit Function
    ReDim rows(UBound(result), UBound(result(0)))
    For row = 0 To UBound(result)
        For column = 0 To UBound(result(0))
            rows(row, column) = result(row)(column)
        Next column
    Next row
    CallUDF = rows
End Function
"""


def runnable(name: str, text: str) -> str:
    """A module's text with the substitutions, each of which must be possible."""
    for ours, theirs in SUBSTITUTIONS.get(name, {}).items():
        assert text.count(ours) == 1, f"{name} no longer holds {ours!r}"
        text = text.replace(ours, theirs)
    return text

"""Scenarios in LibreOffice, for bench_run.py; run by the Python that has its bridge: a task in, an answer out, both JSON."""

import json
import os
import subprocess
import sys
import tempfile
import time
import uuid

import uno
from com.sun.star.beans import PropertyValue


def connect(pipe):
    resolver = uno.getComponentContext().ServiceManager.createInstance("com.sun.star.bridge.UnoUrlResolver")
    for _ in range(600):
        try:
            return resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except Exception:
            time.sleep(0.1)
    raise SystemExit("LibreOffice does not answer")


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") + time.process_time()


def main():
    task = json.load(sys.stdin)
    pipe = f"bench{uuid.uuid4().hex}"
    with tempfile.TemporaryDirectory() as folder:
        command = ["/usr/lib/libreoffice/program/soffice.bin", f"-env:UserInstallation=file://{folder}/profile"]
        command += ["--headless", "--norestore", "--nologo", "--nodefault", f"--accept=pipe,name={pipe};urp;"]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            context = connect(pipe)
            desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
            hidden = PropertyValue()
            hidden.Name, hidden.Value = "Hidden", True
            book = desktop.loadComponentFromURL(f"file://{task['path']}", "_blank", 0, (hidden,))
            book.calculateAll()
            book.enableAutomaticCalculation(False)
            cells = [book.Sheets.getByName("Inputs").getCellRangeByName(address) for address in task["inputs"]]
            summary = book.Sheets.getByName("Summary")
            outputs = summary.getCellRangeByName(f"{task['outputs'][0]}:{task['outputs'][-1]}")
            found, start = [], processor_seconds(process.pid)
            for row in task["rows"]:
                for cell, value in zip(cells, row):  # noqa: B905 - the system's Python may be older than strict
                    cell.Value = value
                book.calculate()
                found.append([value for (value,) in outputs.getDataArray()])
                spent = processor_seconds(process.pid) - start
                if spent > task["seconds"]:
                    break
            print(json.dumps({"rate": len(found) / spent, "found": found}))
            book.close(True)
        finally:
            process.terminate()
            process.wait(20)


main()

"""Scenarios in LibreOffice, for bench_run.py; run by the Python that has its bridge: a task in, an answer out, both JSON."""

import json
import os
import signal
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


def stat(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()
    except OSError:
        return None


def processor_seconds(session):
    """Of all processes that the office started, and of this one: the launcher runs the program as its child."""
    found = filter(None, map(stat, filter(str.isdigit, os.listdir("/proc"))))
    ticks = sum(int(fields[11]) + int(fields[12]) for fields in found if int(fields[3]) == session)
    return ticks / os.sysconf("SC_CLK_TCK") + time.process_time()


def main():
    task = json.load(sys.stdin)
    pipe = f"bench{uuid.uuid4().hex}"
    with tempfile.TemporaryDirectory() as folder:
        command = ["soffice", f"-env:UserInstallation=file://{folder}/profile"]
        command += ["--headless", "--norestore", "--nologo", "--nodefault", f"--accept=pipe,name={pipe};urp;"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
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
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)


main()

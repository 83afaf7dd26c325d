"""What a workbook costs: each template made in a process of its own, imports and cached values included.

Run: python tests/benchmarks/bench_new.py
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from workbook_templates.registry import TEMPLATES

ROUNDS = 5
AS_INSTALLED = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def cpu_seconds(*words: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "addin.cli", *words]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=AS_INSTALLED, cwd=Path(__file__).parents[2])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for name in TEMPLATES:
            for functions in ("addin", "inline"):
                book = Path(folder, f"{name}_{functions}.xlsx")
                made = [cpu_seconds("new", name, "-o", str(book), "--functions", functions) for _ in range(ROUNDS)]
                checked = [cpu_seconds("check", str(book)) for _ in range(ROUNDS)]
                size = book.stat().st_size / 1000
                print(f"{name:12} {functions:7} new {min(made):.2f} CPU s, check {min(checked):.2f} CPU s, {size:.0f} kB")

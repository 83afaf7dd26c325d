"""What starting costs: importing pycalc beside importing numpy, and the command line's help.

Each is a process of its own; of many runs, taken in turn so that a busy machine is busy for all,
the least CPU time counts.
"""

import os
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUNS = 15
AS_INSTALLED = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
HELP = "import sys; sys.argv = ['llmecon', '--help']\nfrom addin.cli import main\ntry: main()\nexcept SystemExit: pass\n"
CALL = HELP.replace("'--help'", "'call', 'LAYER_FLOPS', '4096', '2048'")
SCRIPTS = {"nothing": "", "numpy": "import numpy", "pycalc": "import pycalc", "llmecon --help": HELP, "llmecon call": CALL}
HEAVY = ("numpy", "pandas", "openpyxl", "lxml", "formualizer", "pydantic", "rich", "typer")


def cpu_seconds(script):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env=AS_INSTALLED)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def loaded(script):
    """The heavy packages that a script has loaded when it ends, and how many modules in all."""
    script += "\nimport sys; print(*sys.modules, file=sys.stderr)"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True, env=AS_INSTALLED)
    modules = run.stderr.split()
    return [name for name in HEAVY if name in modules], len(modules)


if __name__ == "__main__":
    rounds = [{name: cpu_seconds(script) for name, script in SCRIPTS.items()} for _ in range(RUNS)]
    least = {name: min(times[name] for times in rounds) for name in SCRIPTS}
    for name, script in SCRIPTS.items():
        heavy, count = loaded(script)
        print(f"{name:15} {least[name] * 1e3:6.0f} ms CPU  {count:4} modules  {', '.join(heavy) or '-'}")
    ratio = (least["pycalc"] - least["nothing"]) / (least["numpy"] - least["nothing"])
    print(f"import pycalc / import numpy: {ratio:.2f}; as whole processes {least['pycalc'] / least['numpy']:.2f}")

"""The command line as its user meets it, for all tests."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
collect_ignore = ["fuzz.py"]  # a program that needs an extra of its own


@dataclass(frozen=True)
class Run:
    """How a run of the command line ended and what it said."""

    status: int
    out: str
    err: str

    @property
    def document(self):
        return json.loads(self.out)


@pytest.fixture
def llmecon(capsys, monkeypatch, tmp_path):
    """Runs a command line in this process, its fault log in the test's own folder."""
    from addin.cli.status import run

    monkeypatch.setenv("LLMECON_LOG", str(tmp_path / "faults.log"))

    def type_in(*words):
        status = run(list(map(str, words)))
        return Run(int(status), *capsys.readouterr())

    return type_in


@pytest.fixture
def start(tmp_path):
    """Starts Python as a process of its own, with the project importable; ended with the test."""
    started = []

    def popen(*args, env=None, **options):
        environment = os.environ | {"PYTHONPATH": str(ROOT), "LLMECON_LOG": str(tmp_path / "faults.log")} | (env or {})
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "encoding": "utf-8"} | options
        process = subprocess.Popen([sys.executable, *args], env=environment, **streams)
        started.append(process)
        return process

    yield popen
    for process in started:
        with process:
            process.kill()


def pytest_addoption(parser):
    """How many random sets of inputs each template is computed for."""
    parser.addoption("--random-inputs", type=int, default=3, help="random sets of inputs for each workbook template")

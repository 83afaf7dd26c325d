"""A LibreOffice of the tests' own: its settings and its extensions lie in a folder of theirs, nothing else is touched."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from calc import python_with_uno

HOST = Path(__file__).with_name("libreoffice_host.py")
OLDEST = (25, 2)
"""The first version tried that finds add-in functions by their names in .xlsx files; 7.4 does not."""


def unusable(soffice: str | None, unopkg: str | None, python: str | None) -> str | None:
    """What keeps these tests from running, if anything."""
    if soffice is None or unopkg is None or python is None:
        return "LibreOffice (soffice, unopkg) or its Python bridge (python3-uno) is not installed"
    said = subprocess.run([soffice, "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"(\d+)\.(\d+)[\d.]*", said)
    assert version, said
    if (int(version[1]), int(version[2])) < OLDEST:
        return f"LibreOffice is {version[0]}; names of add-in functions in .xlsx files need {OLDEST[0]}.{OLDEST[1]}"
    if subprocess.run([python, "-c", "import numpy"], capture_output=True, check=False).returncode:
        return f"LibreOffice's Python ({python}) has no numpy (package python3-numpy)"
    return None


def path_without_venv() -> str:
    """LibreOffice's Python would take the first python3 on the path for its own home, that of an active venv too."""
    scripts = Path(sys.executable).parent
    return os.pathsep.join(place for place in os.environ.get("PATH", "").split(os.pathsep) if Path(place) != scripts)


class Office:
    """The programs of LibreOffice with a folder of settings and extensions."""

    def __init__(self, folder: Path) -> None:
        found = shutil.which("soffice"), shutil.which("unopkg"), python_with_uno()
        if reason := unusable(*found):
            pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
        self.soffice, self.unopkg, self.python = map(str, found)
        self.profile, self.extensions, self.faults = folder / "profile", folder / "extensions", folder / "faults.log"

    @property
    def options(self):
        """Extensions count as shared, since root may not have others, but the place of the shared ones is ours."""
        places = {"UserInstallation": self.profile, "UNO_SHARED_PACKAGES_CACHE": self.extensions}
        return [f"-env:{name}={place.as_uri()}" for name, place in places.items()]

    def run(self, *words, **variables):
        environment = os.environ | {"PATH": path_without_venv(), "LLMECON_LOG": str(self.faults)} | variables
        return subprocess.run(list(map(str, words)), env=environment, capture_output=True, text=True, timeout=120, check=False)

    def package(self, what, *words, **variables):
        return self.run(self.unopkg, what, "--shared", *words, *self.options, **variables)

    def convert(self, book, to, **variables):
        """The workbook as LibreOffice computes and saves it, and what was said on the standard error."""
        to.mkdir()
        done = self.run(self.soffice, *self.options, "--headless", "--convert-to", "xlsx", "--outdir", to, book, **variables)
        assert done.returncode == 0, done.stderr
        return to / book.name, done.stderr

    def ask(self, what, *words, **variables):
        """What `libreoffice_host` finds out."""
        done = self.run(self.python, HOST, what, self.soffice, json.dumps(self.options), *words, **variables)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def leftovers(self):
        """The files of extensions."""
        return [path for path in self.extensions.rglob("*") if path.is_file() and "llmecon" in path.name]

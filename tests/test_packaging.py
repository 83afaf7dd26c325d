"""What a stranger installs: the right files, no more dependencies than are imported, no trace of our machines."""

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from itertools import chain

import pytest
from conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PACKAGES = ("pycalc", "addin", "workbook_templates")
MACHINE = re.compile(
    r"(?<![\w.])/(?:tmp|root|home|work|mnt|opt|Users)/\w|C:\\\\Users|https?://(?:localhost|[0-9]+\.)|index-url|find-links"
)


def name_of(requirement):
    """The distribution's name, spelled as its package is."""
    return re.match(r"[\w-]+", requirement)[0].replace("-", "_")


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a clone")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def imports_of(package):
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module.partition(".")[0]


def test_what_is_imported_is_what_is_required():
    required = {name_of(requirement) for requirement in PROJECT["dependencies"]}
    excel = {name_of(requirement) for requirement in PROJECT["optional-dependencies"]["excel"]}
    foreign = set(chain.from_iterable(map(imports_of, PACKAGES))) - set(PACKAGES) - sys.stdlib_module_names
    assert required <= foreign <= required | excel


def test_no_file_names_a_machine():
    own = {ROOT / "tests" / "test_packaging.py"}
    texts = ((path, path.read_text("utf-8", "replace")) for path in tracked() if path not in own)
    found = [f"{path.relative_to(ROOT)}: {match[0]}" for path, text in texts for match in MACHINE.finditer(text)]
    assert not found


def test_the_ci_script_can_be_run():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


@pytest.mark.parametrize("pattern", ["llmecon new token_cost", "pytest$"])
def test_the_readme_has_the_commands_that_ci_runs(pattern):
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert f"as_in_readme '{pattern}'" in script
    lines = re.findall(rf"^python3 -m venv .*{pattern}.*", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert len(lines) == 1


def test_the_wheel_holds_every_module_and_its_data(tmp_path):
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path], cwd=ROOT, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = {path.relative_to(ROOT).as_posix() for path in tracked() if path.relative_to(ROOT).parts[0] in PACKAGES}
    assert wanted <= held
    assert not [name for name in held if name.startswith("tests")]

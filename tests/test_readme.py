"""The README is true: its examples are run, its two commands are those that CI runs."""

import doctest
import re
import shlex

import pytest
from conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def examples():
    """Each command in a console block with what follows it."""
    for block in blocks("console"):
        for command, shown in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
            yield pytest.param(command, shown, id=command)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One folder for all examples: some use what others wrote."""
    return tmp_path_factory.mktemp("readme")


@pytest.mark.parametrize(("command", "shown"), list(examples()))
def test_an_example_prints_what_is_shown(llmecon, folder, monkeypatch, command, shown):
    monkeypatch.chdir(folder)
    program, *words = shlex.split(command)
    assert program == "llmecon"
    run = llmecon(*words)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert doctest.OutputChecker().check_output(shown, run.out + run.err, flags), run.out + run.err


def test_the_python_example_runs():
    (block,) = blocks("python")
    test = doctest.DocTestParser().get_doctest(block, {}, "README.md", "README.md", 0)
    assert test.examples
    assert doctest.DocTestRunner().run(test).failed == 0


def test_the_commands_of_the_contract_so_far_are_shown(llmecon):
    shown = set(re.findall(r"llmecon ([a-z]+)", README))
    listed = llmecon("--help").out.partition("Commands:")[2]
    assert set(re.findall(r"^  ([a-z]+)  ", listed, re.MULTILINE)) <= shown

"""What xlwings' own import makes of our functions: VBA wrappers, and help for the function wizard."""

import re

import com_host
import pytest

from addin.excel.classic import ExactCells
from pycalc import FUNCTIONS
from pycalc.formula import VBA_KEYWORDS
from pycalc.tables import TABLE_FUNCTIONS

SPECS = FUNCTIONS | TABLE_FUNCTIONS
NAMES = list(SPECS)

USED_BY_THE_WRAPPER = frozenset("activeworkbook app application caller err failed thisworkbook xlpy".split())


@pytest.fixture(scope="session")
def vba(excel):
    return excel(com_host.vba)


@pytest.fixture(scope="session")
def wrappers(vba):
    """Each function's parameter list and body, by name."""
    found = re.findall(r"^Function (\w+)\((.*?)\)$(.*?)^End Function$", vba.replace(" _\n", ""), re.MULTILINE | re.DOTALL)
    assert len(found) == vba.count("End Function")
    return {name: (parameters, body) for name, parameters, body in found}


@pytest.fixture(scope="session")
def registered(excel):
    return excel(com_host.registered)


def declared(name):
    """The parameters that a wrapper must have."""
    spec = SPECS[name]
    names = [f"Optional {p.name}" if p.optional else p.name for p in spec.parameters]
    if getattr(spec, "repeated", ""):
        most = max(len(spec.parameters) for spec in FUNCTIONS.values())
        names += [f"Optional argument_{i}" for i in range(1, most + 1)]
    return names


def test_every_function_has_one_wrapper(wrappers, vba):
    assert sorted(wrappers) == sorted(NAMES)
    assert vba.count("\nEnd Function") == len(NAMES)
    assert len({name.lower() for name in wrappers}) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_wrapper_hands_its_parameters_over_in_order(wrappers, name):
    parameters, body = wrappers[name]
    assert parameters.split(", ") == declared(name)
    plain = parameters.replace("Optional ", "")
    assert body.count(f'XLPy.CallUDF("{com_host.MODULE}", "{name}", Array({plain})') == 2


@pytest.mark.parametrize("name", NAMES)
def test_the_names_are_vba_names(wrappers, name):
    names = [name, *wrappers[name][0].replace("Optional ", "").split(", ")]
    assert all(re.fullmatch(r"[A-Za-z]\w{0,254}", each, re.ASCII) for each in names)
    lowered = [each.lower() for each in names]
    assert not (VBA_KEYWORDS | USED_BY_THE_WRAPPER) & set(lowered)
    assert len(set(lowered)) == len(lowered), "VBA takes a parameter named like its function for a second declaration"


def test_the_text_is_what_the_vba_editor_takes(vba):
    assert vba.isascii()
    assert max(map(len, vba.splitlines())) <= 1023
    assert " _\n" * 25 not in re.sub(r"[^\n]*( _\n)", r"\1", vba), "a statement has at most 24 continuations"


def test_functions_run_at_open_and_in_the_wizard_and_are_not_volatile(vba):
    assert "Controls(1).Enabled" not in vba
    assert "Volatile" not in vba


@pytest.mark.parametrize("name", NAMES)
def test_help_reaches_the_wizard(registered, name):
    function = registered[name]
    texts = [argument["doc"] for argument in function["args"]]
    assert function["ret"]["doc"] == SPECS[name].summary
    assert texts[: len(SPECS[name].parameters)] == [parameter.help for parameter in SPECS[name].parameters]
    assert all(0 < len(text) <= 255 for text in [*texts, function["ret"]["doc"]])
    assert function["category"] == "LLM economics"


@pytest.mark.parametrize("name", NAMES)
def test_every_argument_and_result_goes_through_our_converter(registered, name):
    function = registered[name]
    assert {argument["options"]["convert"] for argument in [*function["args"], function["ret"]]} == {ExactCells}
    assert not any(argument.get("optional") for argument in function["args"])

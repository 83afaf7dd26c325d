"""Our VBA beside what the real generator of xlwings writes for the same registered functions."""

import re
import zipfile
from io import BytesIO
from xml.etree import ElementTree

import com_host
import pytest

from addin.declared import worksheet_functions
from addin.excel import wrappers, xlam
from addin.excel.agreed import CATEGORY

NAMES = [function.name for function in worksheet_functions()]
FUNCTION = re.compile(r"^Function (\w+)\((.*?)\)$(.*?)^End Function$", re.MULTILINE | re.DOTALL)
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
X14 = "{http://schemas.microsoft.com/office/spreadsheetml/2009/9/main}"


def parsed(vba):
    """Each public function's parameters and body by name, lines joined."""
    joined = re.sub(r" _\r?\n\s*", " ", vba)
    return {name: (re.split(r",\s*", parameters), body) for name, parameters, body in FUNCTION.findall(joined)}


@pytest.fixture(scope="module")
def theirs(excel):
    return parsed(excel(com_host.vba))


@pytest.fixture(scope="module")
def registered(excel):
    return excel(com_host.registered)


@pytest.fixture(scope="module")
def ours():
    module = next(module for module in wrappers.modules() if module.name == "Functions")
    return parsed(module.text)


def test_the_same_functions(ours, theirs):
    assert list(ours) == NAMES
    assert sorted(ours) == sorted(theirs)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_parameters_in_the_same_order(ours, theirs, name):
    assert ours[name][0] == theirs[name][0]


@pytest.mark.parametrize("name", NAMES)
def test_the_same_arguments_reach_the_same_function(ours, theirs, name):
    (called,) = re.findall(r'CallPython\("(\w+)", Array\((.*)\)\)$', ours[name][1], re.MULTILINE)
    module, function, listed = re.search(r'CallUDF\("([\w.]+)", "(\w+)", Array\((.*?)\)', theirs[name][1]).groups()
    assert called[0] == function == name
    assert re.findall(r"Held\((\w+)\)", called[1]) == re.split(r",\s*", listed)
    assert module == com_host.MODULE


@pytest.mark.parametrize("name", NAMES)
def test_the_wizard_says_what_xlwings_would_have_it_say(ours, registered, name):
    (said,) = re.findall(rf'^Attribute {name}.VB_Description = "(.*)"$', ours[name][1], re.MULTILINE)
    assert said == wrappers.in_ascii(registered[name]["ret"]["doc"])


def test_the_wizard_has_our_group_and_the_help_of_every_argument(registered):
    with zipfile.ZipFile(BytesIO(xlam.build())) as archive:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - our own
    (group,) = book.iter(f"{MAIN}functionGroup")
    assert group.get("name") == CATEGORY == {function["category"] for function in registered.values()}.pop()
    helped = {
        name.get("name"): [text.text for text in name.iter(f"{X14}argumentDescription")]
        for name in book.iter(f"{X14}definedName")
    }
    assert helped == {name: [argument["doc"] for argument in registered[name]["args"]] for name in NAMES}

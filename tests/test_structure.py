"""The architecture, kept by test: imports run one way, modules stay small and say what they are."""

import ast
from graphlib import TopologicalSorter
from itertools import chain

import pytest
from conftest import ROOT

import pycalc

PACKAGES = ("pycalc", "addin", "workbook_templates")
CORE = [
    "version",
    "errors",
    "quantities",
    "symbolic",
    "excel",
    "record",
    "policy",
    "blocks",
    "evaluation",
    "float_faults",
    "formula",
]
LONGEST = 450  # lines of a module

MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
}
TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in MODULES.items()}


def imported(nodes):
    """The modules of ours that these statements import."""
    for node in nodes:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            within = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in MODULES else node.module for name in within]
        else:
            continue
        yield from (name for name in names if name in MODULES)


def test_no_import_runs_back_to_where_it_came_from():
    graph = {name: set(imported(tree.body)) - {name} for name, tree in TREES.items()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(MODULES)


def test_the_core_is_built_bottom_up():
    for height, name in enumerate(CORE):
        below = {f"pycalc.{module}" for module in CORE[:height]} | {"pycalc"}
        assert set(imported(ast.walk(TREES[f"pycalc.{name}"]))) <= below, name


@pytest.mark.parametrize(("package", "unknown"), [("pycalc", PACKAGES[1:]), ("workbook_templates", ("addin",))])
def test_no_package_knows_its_users(package, unknown):
    found = chain.from_iterable(imported(ast.walk(tree)) for name, tree in TREES.items() if name.split(".")[0] == package)
    assert not [name for name in found if name.split(".")[0] in unknown]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_is_and_stays_small(name):
    assert ast.get_docstring(TREES[name])
    assert len(MODULES[name].read_text("utf-8").splitlines()) <= LONGEST


def test_all_of_pycalc_is_sorted_and_complete():
    constants_classes_functions = sorted(pycalc.__all__, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert pycalc.__all__ == constants_classes_functions
    exported = {name for name in pycalc.__all__ if getattr(getattr(pycalc, name), "__wrapped__", None)}
    assert exported == {spec.name for spec in pycalc.FUNCTIONS.values()}

"""The mutation score of pycalc: small changes made to its code, and how many of them the tests notice.

Run by hand, with the development extra: ``python tests/mutation.py --sample 1000``.
mutmut's own runner passes over decorated functions, which here are all the formulas, and over
default values.  So its mutation operators are applied to every function of a module, to
lambdas and to the numbers of declarations; each mutant lives in a forked process, whose tests
import the changed source in the place of the file.  Not mutated: annotations, docstrings, the
words of the nomenclature and of sources, and what compiles to the same code.
"""

import argparse
import ast
import difflib
import importlib.abc
import importlib.machinery
import os
import random
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
DATA = {"__init__", "version"}
FIRST = "refusals published equations symbolic excel_text explain cells formula_declarations".split()
THEN = "policy evaluation properties catalog/test_lookups".split()
HOSTS = "hosts_policy hosts".split()
FORMULAS = set("cost edge flops formulas kv memory ownership questions roofline".split())
UNCERTAIN = set("distributions tables uncertainty uncertainty_tables".split())
TEXTS = set("cells excel lambdas symbolic".split())
LENIENT = re.compile(r",\s*strict=(?:True|False|None)|,\s*(?=\))")  # zip's strict asserts what holds by construction
SECONDS = 120  # for all tests of a mutant; one that hangs has been noticed
QUICKLY = ["-x", "-q", "-n", "0", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
BEFOREHAND = ("numpy", "hypothesis", "pytest", "openpyxl", "cellrune")


@dataclass(frozen=True)
class Mutant:
    """A module with one change."""

    path: Path
    source: str
    line: int
    change: str

    @property
    def module(self) -> str:
        return ".".join(self.path.relative_to(ROOT).with_suffix("").parts)


def mutants(path: Path) -> Iterator[Mutant]:
    """All changes of a module, in the order of its lines."""
    import libcst as cst
    from libcst.metadata import MetadataWrapper, PositionProvider
    from mutmut.mutation.file_mutation import NEVER_MUTATE_FUNCTION_CALLS
    from mutmut.mutation.mutators import mutation_operators

    wrapper = MetadataWrapper(cst.parse_module(path.read_text("utf-8")))
    module, positions = wrapper.module, wrapper.resolve(PositionProvider)
    original = module.code
    unchanged = ast.dump(ast.parse(original))

    def visit(node: cst.CSTNode, inside: bool) -> Iterator[tuple[cst.CSTNode, cst.CSTNode]]:
        if isinstance(node, cst.Annotation | cst.Decorator | cst.Import | cst.ImportFrom):
            return
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value in NEVER_MUTATE_FUNCTION_CALLS:
            return
        inside = inside or isinstance(node, cst.FunctionDef | cst.Lambda)
        for kind, operator in mutation_operators:
            if isinstance(node, kind) and (inside or isinstance(node, cst.BaseNumber)):
                yield from ((node, new) for new in operator(node))
        for child in node.children:
            yield from visit(child, inside)

    lines = original.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    for node, new in visit(module, False):
        place = positions[node]
        start, end = (starts[at.line - 1] + at.column for at in (place.start, place.end))
        before, after = module.code_for_node(node), module.code_for_node(new)
        if original[start:end] == before:
            source = original[:start] + after + original[end:]
        else:
            source = module.deep_replace(node, new).code  # brackets around a node are not in its place
        try:
            if ast.dump(ast.parse(source)) == unchanged or LENIENT.sub("", source) == LENIENT.sub("", original):
                continue
        except SyntaxError:
            continue
        yield Mutant(path, source, place.start.line, difference(original, source))


def difference(old: str, new: str) -> str:
    """The lines that differ, as far as they do."""
    changed = [line for line in difflib.ndiff(old.splitlines(), new.splitlines()) if line[0] in "+-"]
    return " ⇒ ".join(" ".join(line[2:].split()) for line in changed)


class Changed(importlib.abc.MetaPathFinder):
    """Finds the module where it is, and loads the mutant's source instead."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        if fullname != self.mutant.module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        source, place = self.mutant.source, str(self.mutant.path)

        class Loader(importlib.machinery.SourceFileLoader):
            def get_code(self, fullname: str) -> Any:
                return compile(source, place, "exec", dont_inherit=True)

        assert spec is not None
        spec.loader = Loader(fullname, place)
        return spec


def files_for(mutant: Mutant) -> list[list[str]]:
    """Test files in groups, those that are likely to notice first; fewer make the score too low, never too high."""
    own, folder = mutant.path.stem, mutant.path.parent.name
    if folder in ("architecture", "catalog"):
        return [[f"tests/pycalc/{folder}"]]
    if folder == "serving" and own not in FORMULAS:
        return [["tests/pycalc/serving"], ["tests/addin/test_serve_command.py"]]
    if own in ("claims", "models", "lookups"):
        return [["tests/pycalc/test_claims.py"] if own == "claims" else ["tests/pycalc/catalog", "tests/pycalc/architecture"]]
    if own in UNCERTAIN:
        return [["tests/pycalc/test_uncertainty.py", "tests/pycalc/test_tables.py", f"pycalc/{own}.py"]]
    groups = [FIRST, ["properties"] if own in FORMULAS else THEN, *([HOSTS] if own in TEXTS else [])]
    files = [[f"tests/pycalc/{name if '/' in name else f'test_{name}'}.py" for name in group] for group in groups]
    files[1].append(str(mutant.path.relative_to(ROOT)) if own in FORMULAS else "pycalc")  # the examples in docstrings
    return files


def start(mutant: Mutant | None, files: list[str]) -> int:
    """Fork a process that exits with 0 where the tests notice nothing."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.setsid()
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        if mutant:
            sys.meta_path.insert(0, Changed(mutant))
        import pytest

        import pycalc  # noqa: F401 -- a mutant that cannot be imported needs no tests

        status = int(pytest.main([*QUICKLY, *files]))
    finally:
        os._exit(status)
    return 0


def outcomes(found: list[Mutant], jobs: int) -> Iterator[tuple[Mutant, bool]]:
    """Each mutant as soon as its fate is known: True where it survived."""
    waiting = [(mutant, files_for(mutant)) for mutant in reversed(found)]
    running: dict[int, tuple[Mutant, list[list[str]], float]] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant, (files, *rest) = waiting.pop()
            running[start(mutant, files)] = mutant, rest, time.monotonic()
        child, status = os.waitpid(-1, os.WNOHANG)
        if not child:
            for late in [child for child, (_, _, since) in running.items() if time.monotonic() - since > SECONDS]:
                os.killpg(late, signal.SIGKILL)
            time.sleep(0.01)
            continue
        mutant, rest, _ = running.pop(child)
        if status == 0 and rest:
            waiting.append((mutant, rest))
        else:
            yield mutant, status == 0


def main() -> None:
    parser = argparse.ArgumentParser(description="The mutation score of pycalc.")
    parser.add_argument("modules", nargs="*", type=Path, help="files; all of pycalc's own modules by default")
    parser.add_argument("--sample", type=int, default=0, help="so many mutants, drawn evenly; all by default")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--match", default="", help="only changes that contain this text")
    options = parser.parse_args()
    os.chdir(ROOT)
    sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests/pycalc")]
    for package in BEFOREHAND:  # once, before the forks
        __import__(package)
    paths = [path.resolve() for path in options.modules] or sorted(
        p for p in (ROOT / "pycalc").glob("*.py") if p.stem not in DATA
    )
    found = [mutant for path in paths for mutant in mutants(path) if options.match in mutant.change]
    total = len(found)
    if 0 < options.sample < total:
        found = sorted(random.Random(options.seed).sample(found, options.sample), key=lambda m: (m.path, m.line))
    print(f"{len(found)} of {total} mutants in {len(paths)} modules", flush=True)
    for files in {tuple(files) for mutant in found for files in files_for(mutant)}:
        if os.waitpid(start(None, list(files)), 0)[1]:
            sys.exit(f"the tests fail without any change: {' '.join(files)}")
    tried, survived = Counter[str](), Counter[str]()
    for mutant, alive in outcomes(found, options.jobs):
        tried[mutant.module] += 1
        survived[mutant.module] += alive
        if alive:
            print(f"{mutant.path.relative_to(ROOT)}:{mutant.line}: {mutant.change}", flush=True)
    for module, count in sorted(tried.items()):
        print(f"{module:24} {count:5} mutants, {1 - survived[module] / count:6.1%} noticed")
    print(f"{'all':24} {tried.total():5} mutants, {1 - survived.total() / tried.total():6.1%} noticed")


if __name__ == "__main__":
    main()

"""Which engine computes scenarios: the one table of them, and how one is chosen."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbook_templates.headless.scenarios import Place, ScenarioEngine
from workbook_templates.reading import Package, RefusedFileError

ENGINES = {
    "vector": "workbook_templates.headless.columnar.engine:ColumnarEngine",
    "formualizer": "workbook_templates.headless.per_scenario:FormualizerEngine",
}
AUTO = "auto"
FALLBACK = "formualizer"


@dataclass(frozen=True, slots=True)
class Chosen:
    """An engine made ready, its name, and why it is not the first choice where it is not."""

    name: str
    engine: ScenarioEngine
    note: str = ""


def choose(name: str, package: Package, inputs: Sequence[Place], outputs: Sequence[Place]) -> Chosen:
    """The engine of that name; ``auto`` is the columnar one where it takes the workbook; a class may be named, too."""
    try:
        first = "vector" if name == AUTO else name
        return Chosen(first, _engine(first)(package, inputs, outputs))
    except Exception as fault:
        if not _is_not_columnar(fault):
            raise
        if name != AUTO:
            raise RefusedFileError("NOT_COLUMNAR", package.file, str(fault), f"take --engine {FALLBACK}") from None
        note = f"not computed in columns ({fault}); computed by {FALLBACK}, scenario by scenario"
    return Chosen(FALLBACK, _engine(FALLBACK)(package, inputs, outputs), note)


def _is_not_columnar(fault: Exception) -> bool:
    """Whether the columnar engine leaves the workbook to others."""
    return type(fault).__name__ == "NotColumnar" or isinstance(fault, _NotInstalledError)


class _NotInstalledError(Exception):
    """The engine is not part of this installation."""


def _engine(name: str) -> Any:
    module, _, attribute = ENGINES.get(name, name).partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as fault:
        if fault.name is None or not module.startswith(fault.name):
            raise
        raise _NotInstalledError(f"the engine {name} is not part of this installation") from None

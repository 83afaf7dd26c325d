"""Which engine computes scenarios: the one table of them, and how one is chosen."""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbook_templates.headless.columnar.refusal import NotColumnar
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
    first = "vector" if name == AUTO else name
    try:
        return Chosen(first, _engine(first)(package, inputs, outputs))
    except NotColumnar as fault:
        if name != AUTO:
            raise RefusedFileError("NOT_COLUMNAR", package.file, str(fault), f"take --engine {FALLBACK}") from None
        note = f"not computed in columns ({fault}); computed by {FALLBACK}, scenario by scenario"
    return Chosen(FALLBACK, _engine(FALLBACK)(package, inputs, outputs), note)


def _engine(name: str) -> Any:
    module, _, attribute = ENGINES.get(name, name).partition(":")
    return getattr(importlib.import_module(module), attribute)

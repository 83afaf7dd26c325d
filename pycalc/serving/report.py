"""An answer as rows and as a document: what cells and the command show."""

from typing import Any

import numpy as np

from pycalc.serving.estimate import COMPUTED, FIGURES, UNITS, Band
from pycalc.serving.request import Answer

HEADER = ["figure", "low", "mid", "high", "unit", "meaning"]


def figures(found: Answer) -> dict[str, Any]:
    """Every figure by name: a band, a number or a text; None where there is no value, the assumptions saying why."""
    unknown = COMPUTED if found.deployment.replica.hardware.peak_16 is None else frozenset()
    return {name: None if name in unknown else _plain(getattr(found.estimate, name)) for name in FIGURES}


def _plain(value: Any) -> Any:
    if isinstance(value, Band):
        low, mid, high = (float(v) for v in value)
        return {"low": low, "mid": mid, "high": high} if np.isfinite(mid) else None
    found = np.asarray(value).item()
    return found if isinstance(found, str) or np.isfinite(found) else None


def rows(found: Answer) -> list[list[Any]]:
    """The figures, then the parts of a decode step, then what was assumed."""
    table: list[list[Any]] = [HEADER]
    for name, value in figures(found).items():
        unit, meaning = UNITS[name]
        band = [value.get(level) for level in ("low", "mid", "high")] if isinstance(value, dict) else [None, value, None]
        table.append([name, *band, unit, meaning])
    for name, part in found.estimate.step._asdict().items():
        table.append([f"step: {name}", None, float(part), None, "s", "part of a decode step"])
    table += [[f"assumed: {name}", None, None, None, "", text] for name, text in found.assumptions.items()]
    return table

"""Inputs of a template at random, inside the bounds of their validation."""

import random
from collections.abc import Iterator
from typing import Any

from workbook_templates.registry import template
from workbook_templates.spec import SCENARIOS, Input, Template

SHARES = (0.1, 0.4, 1)
"""How many of the inputs a set moves: all of them at once rarely make a model that fits."""


def drawn(chosen: Template, dice: random.Random) -> dict[str, Any]:
    """Inputs anywhere inside their validation's bounds: even over the decades where these are far apart."""
    found: dict[str, Any] = {}
    share = dice.choice(SHARES)
    for row in chosen.all_inputs():
        if dice.random() > share:
            continue
        if not isinstance(row, Input):
            options = chosen.catalogue(row.options).options if isinstance(row.options, str) else row.options
            found[row.name] = dice.choice(tuple(options))
            continue
        low, high = row.bounds
        is_wide = low > 0 and high / low > 100
        value = low * (high / low) ** dice.random() if is_wide else dice.uniform(low, high)
        value = float(f"{value:.6g}")
        found[row.name] = min(max(round(value) if row.whole else value, low), high)
    return found


def random_sets(name: str, count: int) -> Iterator[dict[str, Any]]:
    dice = random.Random(name)
    for _ in range(count):
        yield drawn(template(name), dice) | {"scenario": dice.choice(SCENARIOS)}

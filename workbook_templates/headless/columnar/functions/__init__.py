"""The functions that the columnar engine computes; each module enters its own in the registry."""

from workbook_templates.headless.columnar.functions import (
    aggregates,
    annuities,
    cash_flows,
    conditional,
    dates,
    information,
    lookup,
    matrices,
    rounding,
    statistics,
    text,
)

__all__ = [
    "aggregates",
    "annuities",
    "cash_flows",
    "conditional",
    "dates",
    "information",
    "lookup",
    "matrices",
    "rounding",
    "statistics",
    "text",
]

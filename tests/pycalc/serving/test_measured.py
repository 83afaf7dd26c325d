"""Estimates against systems that others measured: published figures, and times per token under load.

The tables hold a few dozen rows with their sources; `tests/benchmarks/validate_serving.py` takes hundreds.
"""

from pathlib import Path

import numpy as np
import pytest
from benchmarks import serving_truth

from pycalc.serving.timing import PERFECT

REFERENCE = Path(__file__).parents[2] / "reference"


@pytest.fixture(scope="module")
def rows():
    found = list(serving_truth.rows(REFERENCE / "serving.csv", REFERENCE))
    found += serving_truth.silicon(REFERENCE / "serving_loaded.csv")
    assert not [row.id for row in found if row.refused]
    return found


def ratios(rows, *kinds, routed=None):
    chosen = [row.observation for row in rows if row.kind in kinds and routed in (None, row.routed)]
    assert len(chosen) >= 4
    return np.array([o.predicted(o.deployment.replica.efficiency) / o.measured for o in chosen])


def test_one_sequence(rows):
    assert np.median(np.abs(ratios(rows, "b1", routed=False) - 1)) <= 0.12
    assert np.median(np.abs(ratios(rows, "b1", routed=True) - 1)) <= 0.25


def test_full_load_and_batches(rows):
    assert np.median(np.abs(ratios(rows, "maxload", "batched") - 1)) <= 0.25
    assert np.median(np.abs(ratios(rows, "maxload", routed=True) - 1)) <= 0.25


def test_times_per_token_under_load(rows):
    assert np.median(np.abs(ratios(rows, "loaded", routed=False) - 1)) <= 0.15
    assert np.median(np.abs(ratios(rows, "loaded", routed=True) - 1)) <= 0.25


def test_first_tokens(rows):
    assert np.median(np.abs(ratios(rows, "prefill", "prompt") - 1)) <= 0.4


def test_bands_hold_what_they_say(rows):
    """Nine of ten by construction; 85 of 100 is what the acceptance of this package asks."""
    inside = []
    for row in rows:
        o = row.observation
        e = o.deployment.replica.efficiency
        spread = e.prompt_spread if row.kind in ("prompt", "prefill") else o.deployment.spread
        inside.append(1 / spread <= o.predicted(e) / o.measured <= spread)
    assert np.mean(inside) >= 0.85


def test_nothing_is_above_the_roofline(rows):
    for row in rows:
        o = row.observation
        faster = 1 if o.figure == "tokens_per_s" else -1
        mid, best = (o.predicted(e) for e in (o.deployment.replica.efficiency, PERFECT))
        assert mid**faster <= best**faster * (1 + 1e-12), row.id

"""At least three metamorphic properties of every function, on realistic calls."""

import pytest
from calls import NAMES, calls
from hypothesis import given, settings
from property_table import PROPERTIES

from pycalc import FUNCTIONS

EACH = [pytest.param(name, held, id=f"{name} {held.says}") for name, found in PROPERTIES.items() for held in found]


def test_every_function_has_three_properties():
    assert sorted(PROPERTIES) == NAMES
    assert {name: len({held.says for held in found}) for name, found in PROPERTIES.items() if len(found) < 3} == {}


@pytest.mark.parametrize(("name", "held"), EACH)
def test_property(name, held):
    @settings(max_examples=12)
    @given(calls(FUNCTIONS[name]))
    def holds(values):
        held.check(name, values)

    holds()

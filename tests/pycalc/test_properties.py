"""At least three metamorphic properties of every function, on realistic calls."""

import pytest
from calls import NAMES, calls
from hypothesis import given, note
from property_table import PROPERTIES

from pycalc import FUNCTIONS


def test_every_function_has_three_properties():
    assert sorted(PROPERTIES) == NAMES
    assert {name: len({held.says for held in found}) for name, found in PROPERTIES.items() if len(found) < 3} == {}


@pytest.mark.parametrize("name", NAMES)
def test_properties(name):
    @given(calls(FUNCTIONS[name]))
    def holds(values):
        for held in PROPERTIES[name]:
            note(f"{name} {held.says}")
            held.check(name, values)

    holds()

"""The good workbook, built once."""

import pytest
from seeding import Good


@pytest.fixture(scope="session")
def good(tmp_path_factory):
    return Good(tmp_path_factory.mktemp("rules"))

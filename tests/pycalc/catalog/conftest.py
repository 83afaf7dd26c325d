"""The catalogues as shipped, on a fixed day; a test that wants the user's rows writes them."""

import datetime

import pytest

from pycalc.catalog import records, store

TODAY = datetime.date(2026, 11, 25)


@pytest.fixture(autouse=True)
def shipped(monkeypatch):
    monkeypatch.setenv(store.VARIABLE, "")
    monkeypatch.setattr(records, "today", lambda: TODAY)


@pytest.fixture
def own(monkeypatch, tmp_path):
    """Writes the user's catalogue; each text takes the place of the last."""

    def write(text):
        path = tmp_path / f"own{len(list(tmp_path.iterdir()))}.toml"
        path.write_text(text, "utf-8")
        monkeypatch.setenv(store.VARIABLE, str(path))
        return path

    return write

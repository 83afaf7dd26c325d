"""API prices from the package genai-prices: the maker's own, nothing fetched, nothing near taken."""

import datetime
import socket

import pytest

from pycalc import api_price
from pycalc.catalog import find_price, prices, records
from pycalc.errors import NotAvailableError, UnknownNameError

ARTICLE = [
    ("Gemini 2.5 Flash-Lite", "google/gemini-2.5-flash-lite", 0.1, 0.4),
    ("gpt-4o-mini", "openai/gpt-4o-mini", 0.15, 0.6),
    ("Claude 3 Haiku", "anthropic/claude-3-haiku", 0.25, 1.25),
]


@pytest.mark.parametrize(("name", "full", "given", "answered"), ARTICLE)
def test_the_prices_that_the_article_quotes(name, full, given, answered):
    assert find_price(name.replace("Claude 3 Haiku", "claude-3-haiku")).name == full
    assert (api_price(full, "input"), api_price(full, "Output")) == (given, answered)


def test_a_cached_token_is_cheaper():
    assert 0 < api_price("gpt-4o-mini", "cached_input") < api_price("gpt-4o-mini", "input")


def test_a_resellers_price_needs_its_name():
    with pytest.raises(UnknownNameError, match=r"has variants, say which: .*openrouter/qwen/qwen3-14b"):
        find_price("Qwen3 14B")
    assert find_price("openrouter/qwen/qwen3-14b").provider == "openrouter"


@pytest.mark.parametrize("name", ["gpt-4o-minimal", "claude-3-haiku-2", "no such model"])
def test_a_prefix_is_no_match(name):
    """The package itself takes any name that begins like one that it knows."""
    with pytest.raises(UnknownNameError, match=f'no priced model "{name}"'):
        find_price(name)


def test_a_side_without_a_price():
    voyage = next(row for row in prices() if row.output_usd_per_mtok is None and row.input_usd_per_mtok is not None)
    with pytest.raises(NotAvailableError, match=f"API_PRICE: {voyage.name} states no price for output"):
        api_price(voyage.name, "output")
    with pytest.raises(UnknownNameError, match='no field "both"; there are input, output, cached_input'):
        api_price("gpt-4o-mini", "both")


def test_every_row_names_the_package_and_a_day_that_is_past():
    rows = list(prices())
    assert len(rows) > 1000
    assert {row.source.partition(",")[0].rpartition(" ")[0] for row in rows} == {"PyPI genai-prices"}
    assert all(datetime.date(2026, 1, 1) <= row.date <= records.today() for row in rows)


def test_nothing_is_fetched(monkeypatch):
    def refuse(*args, **named):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    from pycalc.catalog.prices import _prices

    assert len(list(_prices.__wrapped__(records.today(), ()))) > 1000


def test_a_price_that_changes_is_the_one_of_the_day():
    from pycalc.catalog.prices import _prices

    early, late = (_prices.__wrapped__(day, ()) for day in (datetime.date(2026, 3, 1), records.today()))
    changed = [row.name for row in late if early.find(row.name).input_usd_per_mtok != row.input_usd_per_mtok]
    assert changed

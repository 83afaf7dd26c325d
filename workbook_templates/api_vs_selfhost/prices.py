"""What APIs ask, as a frozen snapshot to pick from: the article's three prices, then those of the installed catalogue."""

from functools import cache

from pycalc.catalog.prices import prices
from pycalc.errors import UnknownNameError
from workbook_templates import units as u
from workbook_templates.pickers import READ_ON
from workbook_templates.spec import Catalogue, Column, Datum, article

OWN_PRICE = "Own price"
ARTICLE_PRICES = (
    ("[A] Flash-Lite", 0.3, "$0.30 blended, so for input and output alike"),
    ("[A] GPT-4o-mini", 0.6, "$0.60 for output, here for all tokens, as the article compares it"),
    ("[A] Haiku", 1.25, "$1.25 for output, here for all tokens, as the article compares it"),
)
CHOSEN = {
    "Flash-Lite 2.5": "google/gemini-2.5-flash-lite",
    "Flash 2.5": "google/gemini-2.5-flash",
    "Gemini Pro 2.5": "google/gemini-2.5-pro",
    "GPT-4o-mini": "openai/gpt-4o-mini",
    "GPT-4o": "openai/gpt-4o",
    "GPT-4.1-nano": "openai/gpt-4.1-nano",
    "GPT-4.1-mini": "openai/gpt-4.1-mini",
    "GPT-4.1": "openai/gpt-4.1",
    "GPT-5-nano": "openai/gpt-5-nano",
    "GPT-5-mini": "openai/gpt-5-mini",
    "GPT-5": "openai/gpt-5",
    "Claude 3 Haiku": "anthropic/claude-3-haiku",
    "Haiku 3.5": "anthropic/claude-3-5-haiku-latest",
    "Haiku 4.5": "anthropic/claude-haiku-4-5",
    "Sonnet 4.5": "anthropic/claude-sonnet-4-5",
    "Mistral Small": "mistral/mistral-small-latest",
    "Mistral Large": "mistral/mistral-large",
    "DeepSeek Chat": "deepseek/deepseek-chat",
    "Grok 4 Fast": "x-ai/grok-4-fast-reasoning",
    "Llama 3.1 8B": "groq/llama-3.1-8b-instant",
}
"""General models by text, from several makers, small to large; short names fit the columns."""


@cache
def api_prices() -> Catalogue:
    """The snapshot; a name that the installed catalogue no longer has is left out."""
    rows = [Datum(name, (price, price), article("6.3", text), READ_ON) for name, price, text in ARTICLE_PRICES]
    for name, full in CHOSEN.items():
        try:
            price = prices().find(full)
        except UnknownNameError:
            continue
        if price.input_usd_per_mtok and price.output_usd_per_mtok:
            source = f"{price.name}, {price.source}" + (f"; {price.note}" if price.note else "")
            rows.append(Datum(name, (price.input_usd_per_mtok, price.output_usd_per_mtok), source, price.date))
    columns = (Column("input_usd", "Input", u.USD_PER_MTOK), Column("output_usd", "Output", u.USD_PER_MTOK))
    return Catalogue("apis", "Catalogue of API prices", "APIs", OWN_PRICE, columns, tuple(rows))

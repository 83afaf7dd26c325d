"""The templates by name; each is imported only when it is asked for."""

import difflib
from collections.abc import Iterator
from importlib import import_module

from workbook_templates.spec import Template

TEMPLATES = {
    "token_cost": "workbook_templates.token_cost",
    "capacity": "workbook_templates.capacity",
    "fleet_npv": "workbook_templates.fleet_npv",
    "article_claims": "workbook_templates.article_claims",
}
"""Name to the module whose ``TEMPLATE`` it is."""


class UnknownTemplateError(LookupError):
    """No template has that name."""


def template(name: str) -> Template:
    """A template by its name."""
    if name not in TEMPLATES:
        near = difflib.get_close_matches(name.lower(), TEMPLATES, 1, 0.5)
        hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(TEMPLATES)}"
        raise UnknownTemplateError(f"no template is called {name!r}; {hint}")
    found = import_module(TEMPLATES[name]).TEMPLATE
    assert isinstance(found, Template)  # noqa: S101
    return found


def templates() -> Iterator[Template]:
    """All templates, in the order of the list."""
    return map(template, TEMPLATES)

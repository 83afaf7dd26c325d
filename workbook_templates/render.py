"""A template as an openpyxl workbook: the sheets drawn in the order of reading, then put in the order of tabs."""

from collections.abc import Mapping
from typing import Any

from openpyxl import Workbook
from openpyxl.workbook.defined_name import DefinedName

from pycalc.cells import Cell
from pycalc.lambdas import lambda_text
from workbook_templates import style
from workbook_templates.audit_sheet import SHEET as AUDIT
from workbook_templates.audit_sheet import draw_audit
from workbook_templates.calc_sheets import draw_calc
from workbook_templates.catalogue_sheets import draw_catalogues
from workbook_templates.dashboard import draw_dashboard
from workbook_templates.formulas import Writer
from workbook_templates.input_sheets import draw_inputs
from workbook_templates.levers import draw_sensitivity
from workbook_templates.page import Draft
from workbook_templates.sheets import draw_checks, draw_cover, draw_log
from workbook_templates.soundness import require_sound
from workbook_templates.spec import Template

AUTHOR = "llmecon"
DRAWN = (draw_catalogues, draw_inputs, draw_calc, draw_sensitivity, draw_dashboard, draw_checks, draw_log, draw_cover)
"""In the order in which each finds the cells that it reads."""


def render(template: Template, inline: bool = False, audit: Mapping[tuple[str, str], Cell] | None = None) -> Draft:
    """The workbook drawn; ``inline`` writes plain formulas instead of calls of our functions.

    ``audit`` are pycalc's values by sheet and cell; given them, the workbook has an audit sheet.
    """
    require_sound(template)
    book = Workbook()
    book.remove(book.active)
    for named in style.named_styles():
        book.add_named_style(named)
    draft = Draft(template, book, Writer(inline))
    if audit is not None:
        draft.sheets = (*template.sheets[:-1], AUDIT, template.sheets[-1])
    for draw in DRAWN:
        draw(draft)
    if audit is not None:
        draw_audit(draft, audit)
    book._sheets.sort(key=lambda sheet: draft.sheets.index(sheet.title))
    _define_names(draft)
    _describe(book, template)
    book.calculation.fullCalcOnLoad = True
    return draft


def _define_names(draft: Draft) -> None:
    """The live inputs, and the LAMBDA of every function that a cell calls."""
    for place in draft.places.values():
        if place.defined:
            draft.book.defined_names[place.defined] = DefinedName(place.defined, attr_text=f"{place.sheet}!{place.cell}")
    for name, spec in sorted(draft.writer.used.items()):
        draft.book.defined_names[name] = DefinedName(name, attr_text=lambda_text(spec), comment=spec.summary[:255])


def _describe(book: Any, template: Template) -> None:
    properties = book.properties
    properties.title, properties.subject = template.title, template.question
    properties.description = template.purpose
    properties.creator = properties.lastModifiedBy = AUTHOR
    properties.keywords = "LLM inference, cost per token, GPU"
    properties.category = "Financial model"
    properties.version = template.version

"""The gallery shows every workbook, with its question as it stands in the workbook."""

import importlib.util

import pytest
from conftest import ROOT

from workbook_templates.registry import TEMPLATES


@pytest.fixture(scope="module")
def gallery():
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "docs" / "gallery.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_command_writes(gallery):
    assert gallery.PAGE.read_text("utf-8") == gallery.page()


def test_every_workbook_has_a_small_picture(gallery):
    pictures = {path.stem: path.stat().st_size for path in gallery.PICTURES.glob("*.png")}
    assert pictures.keys() == TEMPLATES.keys()
    assert max(pictures.values()) <= gallery.BIGGEST

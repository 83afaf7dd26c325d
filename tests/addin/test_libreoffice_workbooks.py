"""A finished workbook whose cells call our functions, computed anew by LibreOffice with the extension."""

import openpyxl
import pytest

from workbook_templates import build, registry


@pytest.mark.parametrize("name", [template.name for template in registry.templates()])
def test_every_cell_is_computed_as_it_was_delivered(office, tmp_path, name):
    path = tmp_path / f"{name}.xlsx"
    build.build(registry.template(name), path)
    delivered = values(path)
    again, _ = office.convert(path, tmp_path / "again")
    computed = values(again)
    assert delivered.keys() == computed.keys()
    for place, value in delivered.items():
        assert computed[place] == (pytest.approx(value, rel=1e-9) if isinstance(value, float | int) else value), place


def values(path):
    """What the formula cells hold; a blank text and a blank are one."""
    formulas, shown = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    return {
        (sheet.title, cell.coordinate): shown[sheet.title][cell.coordinate].value or ""
        for sheet in formulas
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }

"""What stock readers drop from a workbook, taken from its parts: cached values, validations, charts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from workbook_templates.reading import MAIN, Package

X14 = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
CHART_TYPES = ("drawingml.chart+xml", "drawing.chartex+xml", "ms-office.chartex+xml")


@dataclass(frozen=True, slots=True)
class Result:
    """The value stored under a formula: ``text`` as stored, None where the formula was never calculated."""

    text: str | None
    is_error: bool = False
    number: float | None = None


@dataclass(frozen=True, slots=True)
class Validation:
    """A data validation as stored: the areas as text, ``kind`` and bounds as Excel writes them."""

    areas: str
    kind: str
    operator: str
    first: str
    second: str
    stops: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart part: where it stands and what its reader misses."""

    where: str
    has_title: bool
    hidden_axes: tuple[str, ...]
    formulas: tuple[str, ...]


def cached_results(package: Package, part: str) -> dict[str, Result]:
    """Address → result, for the formula cells of a sheet."""
    found = {}
    for cell in package.elements(part, f"{{{MAIN}}}c"):
        if cell.find(f"{{{MAIN}}}f") is not None:
            found[cell.get("r") or ""] = _result(cell)
    return found


def _result(cell: Any) -> Result:
    kind = cell.get("t") or "n"
    value = cell.find(f"{{{MAIN}}}v")
    if value is None:
        return Result(None)
    text = value.text or ""
    if kind in ("n", "b") and text:
        try:
            return Result(text, number=float(text))
        except ValueError:
            return Result(text, is_error=True)
    return Result(None if kind == "n" else text, is_error=kind == "e")


def later_validations(package: Package, part: str) -> Iterator[Validation]:
    """The validations that Excel 2010 and later keep in a sheet's extensions."""
    if X14.encode() not in package.read(part):
        return
    for entry in package.xml(part).iter(f"{{{X14}}}dataValidation"):
        first, second, areas = (_text(entry, tag) for tag in ("formula1", "formula2", "sqref"))
        stops = entry.get("showErrorMessage") in ("1", "true") and entry.get("errorStyle") in (None, "stop")
        yield Validation(areas, entry.get("type") or "none", entry.get("operator") or "between", first, second, stops)


def _text(entry: Any, tag: str) -> str:
    node = entry.find(f"{{*}}{tag}")
    return "" if node is None else "".join(node.itertext()).strip()


def charts(package: Package) -> tuple[Chart, ...]:
    """Every chart of the package, named by its sheet where a sheet shows it."""
    places = dict(_chart_places(package))
    parts = [part for part, kind in package.content_types.items() if kind.endswith(CHART_TYPES)]
    return tuple(_chart(package.xml(part), places.get(part, part)) for part in parts if part in package.names)


def _chart_places(package: Package) -> Iterator[tuple[str, str]]:
    workbook = package.relations(package.workbook_part).values()
    titles = {part: title for title, part in package.sheet_parts.items()}
    for sheet in [part for kind, part in workbook if kind in ("worksheet", "chartsheet")]:
        for kind, drawing in package.relations(sheet).values():
            if kind == "drawing":
                shown = [part for k, part in package.relations(drawing).values() if k in ("chart", "chartEx")]
                yield from ((part, f"{titles.get(sheet, sheet)} chart {i}") for i, part in enumerate(shown, 1))


def _chart(root: Any, where: str) -> Chart:
    title = next((node.find("{*}title") for node in root.iter("{*}chart") if node.find("{*}plotArea") is not None), None)
    text = "" if title is None else "".join(node.text or "" for node in title.iter("{*}t", "{*}v", "{*}f"))
    removed = any(node.get("val", "1") in ("1", "true") for node in root.iter("{*}autoTitleDeleted"))
    formulas = tuple(node.text or "" for node in root.iter("{*}f"))
    return Chart(where, bool(text.strip()) and not removed, tuple(_hidden_axes(root)), formulas)


def _hidden_axes(root: Any) -> Iterator[str]:
    """The directions in which a chart shows no axis; a second axis may hide behind a first one."""
    axes = {_value(axis, "axId"): axis for axis in root.iter("{*}catAx", "{*}valAx", "{*}dateAx", "{*}serAx")}
    plots = [[_value(node, ".") for node in plot.findall("{*}axId")] for area in root.iter("{*}plotArea") for plot in area]
    for direction, name in enumerate(("category axis", "value axis")):
        drawn = [axes[ids[direction]] for ids in plots if len(ids) > direction and ids[direction] in axes]
        # Without a delete element Excel hides the axis: its default is true.
        if drawn and all(_value(axis, "delete", "1") in ("1", "true") for axis in drawn):
            yield name


def _value(node: Any, tag: str, default: str = "") -> str:
    found = node if tag == "." else node.find(f"{{*}}{tag}")
    return default if found is None else found.get("val", "1")

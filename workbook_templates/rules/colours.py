"""Colours as a reader sees them: theme, tint and index resolved, then named by hue."""

import colorsys
from typing import Any

from openpyxl.styles.colors import COLOR_INDEX

RGB = tuple[int, int, int]
BLACK: RGB = (0, 0, 0)
WHITE: RGB = (255, 255, 255)
# The order in which styles count a theme's colours: light and dark change places in each pair.
THEME_ORDER = (
    "lt1",
    "dk1",
    "lt2",
    "dk2",
    "accent1",
    "accent2",
    "accent3",
    "accent4",
    "accent5",
    "accent6",
    "hlink",
    "folHlink",
)
NEAR_BLACK = 0x48
SYSTEM_TEXT, SYSTEM_WINDOW = 64, 65


def theme_colours(root: Any) -> tuple[RGB, ...]:
    """The twelve colours of a theme part, in the order that styles count them."""
    scheme = root.find(".//{*}clrScheme")
    found = {}
    for entry in [] if scheme is None else scheme:
        value = next(iter(entry), None)
        code = None if value is None else value.get("lastClr") or value.get("val")
        found[entry.tag.rpartition("}")[2]] = _hex(code) or BLACK
    return tuple(found.get(key, BLACK) for key in THEME_ORDER)


def _hex(code: Any) -> RGB | None:
    """The last six hexadecimal digits of an RGB or ARGB code."""
    try:
        number = int(str(code)[-6:], 16)
    except ValueError:
        return None
    return number >> 16, number >> 8 & 255, number & 255


def resolve(colour: Any, theme: tuple[RGB, ...]) -> RGB | None:
    """What an openpyxl colour looks like; None where it is automatic."""
    if colour is None or colour.type == "auto":
        return None
    base: RGB | None
    if colour.type == "theme":
        base = theme[colour.theme] if 0 <= colour.theme < len(theme) else BLACK
    elif colour.type == "indexed":
        if colour.indexed in (SYSTEM_TEXT, SYSTEM_WINDOW):
            return None
        base = _hex(COLOR_INDEX[colour.indexed]) if 0 <= colour.indexed < len(COLOR_INDEX) else None
    else:
        base = _hex(colour.rgb)
    return base and _tinted(base, float(colour.tint or 0))


def _tinted(colour: RGB, tint: float) -> RGB:
    """Lighter for a positive tint, darker for a negative one (ECMA-376, 18.8.3)."""
    if not tint:
        return colour
    hue, light, saturation = colorsys.rgb_to_hls(*(part / 255 for part in colour))
    light = light * (1 + tint) if tint < 0 else light * (1 - tint) + tint
    red, green, blue = (round(255 * part) for part in colorsys.hls_to_rgb(hue, light, saturation))
    return red, green, blue


def ink(colour: RGB | None) -> str:
    """What a reviewer would call the colour of a font or a fill."""
    if colour is None or max(colour) <= NEAR_BLACK:
        return "black"
    hue, light, saturation = colorsys.rgb_to_hls(*(part / 255 for part in colour))
    degrees = 360 * hue
    if light > 0.97:
        return "white"
    if saturation < 0.25:
        return "grey"
    if 200 <= degrees <= 262:
        return "blue" if light > 0.3 else "navy"
    if 85 <= degrees <= 175:
        return "green"
    return "red" if degrees <= 22 or degrees >= 335 else "another colour"


def font_ink(cell: Any, theme: tuple[RGB, ...]) -> str:
    return ink(resolve(cell.font.color, theme))


def is_filled(cell: Any, theme: tuple[RGB, ...]) -> bool:
    """Whether the cell has a background other than white."""
    pattern = getattr(cell.fill, "patternType", None)
    if pattern is None:
        return getattr(cell.fill, "tagname", "") == "gradientFill" and bool(cell.fill.stop)
    return pattern != "none" and resolve(cell.fill.fgColor, theme) not in (None, WHITE)

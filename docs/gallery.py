"""The gallery: each workbook's dashboard as a picture, and the page that shows them.

Run by hand, with LibreOffice and poppler: ``python docs/gallery.py``, or with the names of some
templates.  The workbooks are made here, drawn by LibreOffice, and the page of the dashboard is
cut to what is on it, at a width that a page of text shows.
"""

import argparse
import os
import re
import subprocess
import tempfile
from pathlib import Path

from workbook_templates.build import build
from workbook_templates.registry import TEMPLATES, template, templates
from workbook_templates.spec import Template

HERE = Path(__file__).parent
PICTURES = HERE / "gallery"
PAGE = HERE / "gallery.md"
POINTS = 130  # dots per inch
FOOTER = 0.43  # inches at the foot of a page, which are no part of the picture
MARGIN = 12  # dots left around what is drawn
COLOURS = 128
BIGGEST = 150_000  # bytes of a picture


def main() -> None:
    parser = argparse.ArgumentParser(description="Pictures of the dashboards.")
    parser.add_argument("names", nargs="*", help="templates; all by default")
    names = parser.parse_args().names or TEMPLATES
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            picture = draw(template(name), Path(folder))
            print(f"{picture.relative_to(HERE.parent)}  {picture.stat().st_size:,} bytes")
    PAGE.write_text(page(), "utf-8")


HEAD = """# Gallery

The dashboard of each workbook as LibreOffice prints it, made by `python docs/gallery.py`;
`llmecon new NAME -o FILE.xlsx` makes the workbook.
"""


def page() -> str:
    """The text with the pictures: for each workbook its question and its reader."""
    return HEAD + "".join(
        f"\n## {one.name}\n\n{one.question} For: {one.reader}.\n\n![{one.title}](gallery/{one.name}.png)\n"
        for one in templates()
    )


def draw(chosen: Template, folder: Path) -> Path:
    """The dashboard of a workbook as a picture."""
    book = folder / f"{chosen.name}.xlsx"
    build(chosen, book, "inline")
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    run("soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", folder, book)
    printed = book.with_suffix(".pdf")
    number = dashboard_page(printed)
    run("pdftoppm", "-r", POINTS, "-f", number, "-l", number, "-png", "-singlefile", printed, folder / chosen.name)
    target = PICTURES / f"{chosen.name}.png"
    shrink(folder / f"{chosen.name}.png", target)
    return target


def dashboard_page(printed: Path) -> int:
    """The number of the page whose footer names the dashboard."""
    text = subprocess.run(["pdftotext", "-layout", printed, "-"], check=True, capture_output=True, text=True).stdout
    for page_number, one in enumerate(text.split("\f"), start=1):
        if re.search(r"^.*version \S+ +Dashboard +Page", one, re.MULTILINE):
            return page_number
    raise SystemExit(f"{printed.name}: no page is the dashboard's")


def shrink(source: Path, target: Path) -> None:
    """Cut to what is drawn, in few colours."""
    from PIL import Image, ImageChops

    with Image.open(source) as opened:
        drawn = opened.convert("RGB").crop((0, 0, opened.width, opened.height - round(FOOTER * POINTS)))
    inked = ImageChops.difference(drawn, Image.new("RGB", drawn.size, "white")).getbbox() or (0, 0, *drawn.size)
    ends = (min(edge + MARGIN, size) for edge, size in zip(inked[2:], drawn.size, strict=True))
    cut = drawn.crop((*(max(edge - MARGIN, 0) for edge in inked[:2]), *ends))
    cut.quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)
    size = os.path.getsize(target)
    if size > BIGGEST:
        raise SystemExit(f"{target.name} has {size:,} bytes, more than {BIGGEST:,}")


def run(*words: object) -> None:
    subprocess.run([str(word) for word in words], check=True, capture_output=True, timeout=180)


if __name__ == "__main__":
    main()

"""``llmecon addin officejs``: the folder that is served to Excel, written whole or not at all."""

import errno
import html
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from string import Template

from addin.cli.status import RefusedError
from addin.declared import NAMESPACE
from addin.officejs import functions, icons
from pycalc.version import __version__

MANIFEST_ID = "6b2d3c0e-4a57-4d0f-9c8e-2f5b1d7a90c3"
"""Says to Office that this add-in is this add-in: never another."""

LOCAL_HOST = "localhost:3000"
LOCAL_URL = f"https://{LOCAL_HOST}"
"""Where Microsoft's own tools serve an add-in that is being tried."""

URL = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~-]+)*/?")
NOT_OURS_BUT_HARMLESS = {".DS_Store"}  # the Finder leaves one wherever it looks


def command_build(out: Path, url: str | None = None) -> None:
    """Write the add-in for that address into a new folder, or over an earlier build, and say what was written."""
    url = url or LOCAL_URL
    if not URL.fullmatch(url):
        raise RefusedError(f"{url}: the address must be https://HOST or https://HOST/PATH, no more")
    place = out.resolve()
    _require_place(out, place)
    built = build(url.rstrip("/"))
    _write(place, built)
    print(f"{out}: {len(functions.included())} functions, {NAMESPACE}.NAME in Excel, for {url}")
    for name, data in built.items():
        print(f"  {name:<20}{len(data):>9,} bytes")
    print(f"not in it: {', '.join(functions.left_out())}")


def build(url: str) -> dict[str, bytes]:
    """The files by name; the same bytes on any machine."""
    specs = functions.included()
    fields = {
        "id": MANIFEST_ID,
        "version": __version__,
        "url": url,
        "namespace": NAMESPACE,
        "count": str(len(specs)),
        "left_out": _wrapped(functions.left_out()),
    }
    listed = [f"<dt>{html.escape(spec.usage)}</dt>\n<dd>{html.escape(spec.summary)}</dd>" for spec in specs]
    texts = {
        "README.txt": _filled("README.txt", fields),
        "functions.html": _filled("functions.html", fields),
        "functions.js": functions.script(specs),
        "functions.json": functions.metadata(specs),
        "manifest.xml": _filled("manifest.xml", fields),
        "taskpane.html": _filled("taskpane.html", fields | {"functions": "\n".join(listed)}),
    }
    pictures = {f"assets/icon-{size}.png": icons.png(size) for size in icons.SIZES}
    return {name: text.encode() for name, text in texts.items()} | pictures


def _filled(name: str, fields: Mapping[str, str]) -> str:
    text = resources.files("addin.officejs").joinpath("static", name).read_text("utf-8")
    return Template(text).substitute(fields)


def _wrapped(names: list[str], width: int = 100) -> str:
    """Names in lines for reading."""
    lines = [""]
    for name in names:
        if len(lines[-1]) + len(name) > width:
            lines.append("")
        lines[-1] += f"{name}, "
    return "\n".join(line.rstrip() for line in lines).rstrip(",")


def _require_place(out: Path, place: Path) -> None:
    """Refuse a place where the folder could not be put, and a folder that holds what is not ours."""
    if not place.parent.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "there is no such folder", str(out.parent))
    if not place.exists():
        return
    if not place.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(out))
    held = {path.relative_to(place).as_posix() for path in place.rglob("*") if not path.is_dir()}
    foreign = sorted(held - set(build(LOCAL_URL)) - NOT_OURS_BUT_HARMLESS)
    if foreign:
        raise RefusedError(f"{out}: it holds {foreign[0]}, which is no part of the add-in; name a new or an empty folder")
    if held - NOT_OURS_BUT_HARMLESS and not _is_ours(place / "manifest.xml"):
        raise RefusedError(f"{out}: it is not empty and holds no earlier build of the add-in; name a new folder")


def _is_ours(manifest: Path) -> bool:
    return manifest.is_file() and f"<Id>{MANIFEST_ID}</Id>".encode() in manifest.read_bytes()


def _write(place: Path, built: Mapping[str, bytes]) -> None:
    """All files into a folder beside it, which then takes the place; a failure leaves what was there before."""
    draft = Path(tempfile.mkdtemp(prefix=f".{place.name}.", suffix=".tmp", dir=place.parent))
    new, old = draft / "new", draft / "old"
    try:
        for name, data in built.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            with (new / name).open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        if place.exists():
            place.rename(old)
        new.rename(place)
    except OSError as fault:
        raise OSError(fault.errno, fault.strerror, str(place)) from fault
    finally:  # whatever ended it, a signal too
        if old.exists() and not place.exists():
            old.rename(place)
        shutil.rmtree(draft, ignore_errors=True)

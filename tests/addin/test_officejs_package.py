"""The folder that is served to Excel: metadata, manifest, pages, pictures; and how the command writes and refuses."""

import errno
import json
import os
import re
import struct
import zlib
from html.parser import HTMLParser
from pathlib import Path

import pytest
from lxml import etree

from addin.cli.status import RefusedError, Stopped
from addin.officejs import functions, icons, package
from pycalc.errors import TEXT_LIMIT
from pycalc.version import __version__

URL = "https://example.org/llm-econ"
BUILT = package.build(URL)
SPECS = functions.included()
MANIFEST = etree.fromstring(BUILT["manifest.xml"])
OFFICE = "{http://schemas.microsoft.com/office/appforoffice/1.1}"
OVERRIDES = "{http://schemas.microsoft.com/office/taskpaneappversionoverrides}"
TYPES = "{http://schemas.microsoft.com/office/officeappbasictypes/1.0}"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


# ---- functions.json, by "Manually create JSON metadata" and "Custom functions naming" of Microsoft's documentation


def test_the_metadata_has_what_excel_reads():
    document = json.loads(BUILT["functions.json"])
    assert list(document) == ["allowErrorForDataTypeAny", "functions"]
    assert document["allowErrorForDataTypeAny"] is True
    assert [function["id"] for function in document["functions"]] == [spec.excel_name for spec in SPECS]
    for function, spec in zip(document["functions"], SPECS, strict=True):
        assert list(function) == ["id", "name", "description", "parameters", "result"]
        assert function["name"] == function["id"]
        assert re.fullmatch(r"[A-Z][A-Z0-9_.]{2,63}", function["id"])
        assert function["description"] == spec.summary
        assert function["result"] == {"type": "any", "dimensionality": "matrix"}
        assert [parameter["name"] for parameter in function["parameters"]] == [p.name for p in spec.parameters]
        assert len(function["parameters"]) <= 128
        for argument, parameter in zip(function["parameters"], spec.parameters, strict=True):
            assert argument == {
                "name": parameter.name,
                "description": parameter.help,
                "type": "any",
                "dimensionality": "matrix",
            } | ({"optional": True} if parameter.optional else {})
            assert 1 <= len(argument["description"]) <= TEXT_LIMIT


# ---- manifest.xml, by Microsoft's schema and its own example of custom functions


def texts(*path):
    return [element.text for element in MANIFEST.iterfind("/".join(path))]


def test_the_manifest_says_who_and_for_what():
    assert MANIFEST.tag == f"{OFFICE}OfficeApp"
    assert MANIFEST.get(TYPE) == "TaskPaneApp"
    order = """Id Version ProviderName DefaultLocale DisplayName Description IconUrl HighResolutionIconUrl SupportUrl Hosts
    Requirements DefaultSettings Permissions"""
    assert [child.tag for child in MANIFEST] == [*(OFFICE + name for name in order.split()), f"{OVERRIDES}VersionOverrides"]
    assert texts(f"{OFFICE}Version") == [f"{__version__}.0"]
    assert re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,5}){3}", f"{__version__}.0")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", texts(f"{OFFICE}Id")[0])
    (requirement,) = MANIFEST.iter(f"{OFFICE}Set")
    assert dict(requirement.attrib) == {"Name": "CustomFunctionsRuntime", "MinVersion": "1.3"}  # the first with all errors


def test_the_manifest_names_script_page_metadata_and_namespace():
    (point,) = MANIFEST.iterfind(f".//{OVERRIDES}AllFormFactors/{OVERRIDES}ExtensionPoint")
    assert point.get(TYPE) == "CustomFunctions"
    assert [child.tag.removeprefix(OVERRIDES) for child in point] == ["Script", "Page", "Metadata", "Namespace"]
    found = {child.tag.removeprefix(OVERRIDES): resource(child[0] if len(child) else child) for child in point}
    assert found == {
        "Script": f"{URL}/functions.js",
        "Page": f"{URL}/functions.html",
        "Metadata": f"{URL}/functions.json",
        "Namespace": "LLMECON",
    }


def resource(element):
    """The value that a resource of this id has."""
    (found,) = (known for known in MANIFEST.iter(f"{TYPES}*") if known.get("id") == element.get("resid"))
    return found.get("DefaultValue")


def test_every_resource_is_used_exists_and_is_short_enough():
    used = {element.get("resid") for element in MANIFEST.iter() if element.get("resid")}
    known = {element.get("id"): element for element in MANIFEST.iter(f"{TYPES}Image", f"{TYPES}Url", f"{TYPES}String")}
    known = {key: element for key, element in known.items() if key}
    assert used == set(known)
    for key, element in known.items():
        longest = {f"{TYPES}ShortStrings": 125, f"{TYPES}LongStrings": 250}.get(element.getparent().tag, 2048)
        assert len(key) <= 32
        assert 0 < len(element.get("DefaultValue")) <= longest


def test_every_address_is_a_file_of_the_folder():
    addresses = set(re.findall(rb'"(https://[^"]+)"', BUILT["manifest.xml"]))
    assert {address.decode().removeprefix(f"{URL}/") for address in addresses} == set(BUILT) - {"manifest.xml"}


def test_a_ribbon_button_opens_the_pane_with_pictures_of_three_sizes():
    (control,) = MANIFEST.iter(f"{OVERRIDES}Control")
    assert [image.get("size") for image in control.iter(f"{TYPES}Image")] == ["16", "32", "80"]
    (action,) = control.iter(f"{OVERRIDES}Action")
    assert (action.get(TYPE), resource(action.find(f"{OVERRIDES}SourceLocation"))) == ("ShowTaskpane", f"{URL}/taskpane.html")


# ---- the pages, the pictures, the words


class Page(HTMLParser):
    """The scripts of a page, and whether each of its elements is closed."""

    def __init__(self, text):
        super().__init__()
        self.scripts, self.open, self.inline, self.terms = [], [], "", 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag != "meta":
            self.open.append(tag)
        if tag == "script":
            self.scripts.append(dict(attributes)["src"])
        self.terms += tag == "dt"

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        self.inline += text.strip() if self.open and self.open[-1] == "script" else ""


@pytest.mark.parametrize(
    ("name", "scripts"), [("functions.html", ["custom-functions-runtime.js", "functions.js"]), ("taskpane.html", ["office.js"])]
)
def test_a_page_loads_its_scripts_in_order(name, scripts):
    page = Page(BUILT[name].decode())
    assert not page.open
    assert not page.inline
    assert [script.rpartition("/")[2] for script in page.scripts] == scripts
    assert all(script in BUILT or script.startswith("https://appsforoffice.microsoft.com/lib/") for script in page.scripts)
    assert page.terms == (len(SPECS) if name == "taskpane.html" else 0)


@pytest.mark.parametrize("size", icons.SIZES)
def test_an_icon_is_a_picture_of_its_size(size):
    data = BUILT[f"assets/icon-{size}.png"]
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, place = {}, 8
    while place < len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        chunks[kind] = data[place + 8 : place + 8 + length]
        assert struct.unpack_from(">I", data, place + 8 + length)[0] == zlib.crc32(kind + chunks[kind])
        place += 12 + length
    assert list(chunks) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    assert struct.unpack(">IIBB3x", chunks[b"IHDR"]) == (size, size, 1, 3)
    pixels = zlib.decompress(chunks[b"IDAT"])
    assert len(pixels) == size * (1 + size // 8)
    white = sum(byte.bit_count() for byte in pixels)
    assert white == 3 * (4 + 7 + 10) * (size // 16) ** 2  # three bars


def test_the_words_say_how_to_use_it_and_what_is_not_in_it():
    readme = BUILT["README.txt"].decode()
    assert re.findall(r"^([1-5])\. (\w+)", readme, re.MULTILINE) == [
        *zip("12345", "Host Mac Web Windows Use".split(), strict=True)
    ]
    assert f"{len(SPECS)} functions" in readme
    assert URL in readme
    assert "=LLMECON.KV_BYTES(" in readme
    assert all(re.search(rf"\b{name}\b", readme) for name in functions.left_out())
    assert max(map(len, readme.splitlines())) <= 120
    assert not re.search(r"\$\w", readme)


# ---- the command


def held(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_command_writes_the_folder_and_says_what_is_in_it(llmecon, tmp_path):
    out = tmp_path / "office"
    run = llmecon("addin", "officejs", "-o", out)
    assert (run.status, run.err) == (0, "")
    assert held(out) == set(BUILT)
    lines = run.out.splitlines()
    assert lines[0].startswith(f"{out}: {len(SPECS)} functions, LLMECON.NAME in Excel, for https://")
    assert [line.split()[0] for line in lines[1:-1]] == list(BUILT)
    assert lines[-1].startswith("not in it: GPU_SPEC, ")
    assert lines[-1].removeprefix("not in it: ").split(", ") == functions.left_out()
    assert os.listdir(tmp_path) == ["office"]
    assert out.stat().st_mode & 0o777 == 0o777 & ~umask()


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_an_address_of_one_s_own_is_in_every_place(tmp_path):
    package.command_build(tmp_path / "office", f"{URL}/")
    assert {name: (tmp_path / "office" / name).read_bytes() for name in BUILT} == BUILT
    local = package.build(package.LOCAL_URL)
    assert [name for name in BUILT if local[name] != BUILT[name]] == ["README.txt", "manifest.xml"]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org",
        "example.org",
        "https://",
        "https://example.org/a b",
        'https://example.org/"/>',
        "https://example.org/?a=1",
        "https://example.org/#a",
        "https://me@example.org",
        "https://example.org//a",
        "https://example.org:port",
        "https://example.org\n",
    ],
)
def test_an_address_that_excel_could_not_load_is_refused(tmp_path, url):
    with pytest.raises(RefusedError, match="the address must be https://HOST"):
        package.command_build(tmp_path / "office", url)
    assert not os.listdir(tmp_path)


def test_an_earlier_build_and_an_empty_folder_are_written_over(llmecon, tmp_path):
    out = tmp_path / "office"
    out.mkdir()
    assert llmecon("addin", "officejs", "-o", out).status == 0
    first = (out / "manifest.xml").read_bytes()
    (out / "functions.js").write_text("an older script")
    (out / "assets" / "icon-64.png").unlink()
    (out / ".DS_Store").touch()
    assert llmecon("addin", "officejs", "-o", out).status == 0
    assert held(out) == set(BUILT)
    assert (out / "manifest.xml").read_bytes() == first
    assert os.listdir(tmp_path) == ["office"]


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"notes.txt": "mine"}, "it holds notes.txt, which is no part"),
        ({"README.txt": "mine"}, "no earlier build"),
        ({"manifest.xml": "<Id>another</Id>", "functions.js": ""}, "no earlier build"),
        ({"manifest.xml": f"<Id>{package.MANIFEST_ID}</Id>", "assets/logo.png": ""}, "it holds assets/logo.png"),
    ],
)
def test_a_folder_with_something_else_in_it_is_left_alone(llmecon, tmp_path, files, why):
    out = tmp_path / "office"
    for name, text in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(text)
    run = llmecon("addin", "officejs", "-o", out)
    assert (run.status, run.out, run.err.count("\n")) == (2, "", 1)
    assert why in run.err
    assert {name: (out / name).read_text() for name in held(out)} == files
    assert os.listdir(tmp_path) == ["office"]


@pytest.mark.parametrize("place", ["no_folder/office", "file/office", "file"])
def test_a_place_that_cannot_be_written_is_an_io_error(llmecon, tmp_path, place):
    (tmp_path / "file").touch()
    run = llmecon("addin", "officejs", "-o", tmp_path / place)
    assert (run.status, run.out, run.err.count("\n")) == (74, "", 1)
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("earlier", [True, False])
@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "No space left on device"), Stopped(15)])
@pytest.mark.parametrize("at", [1, 5, len(BUILT)])
def test_a_full_disk_or_a_signal_leaves_what_was_there(tmp_path, monkeypatch, earlier, fault, at):
    out, calls = tmp_path / "office", []
    if earlier:
        package.command_build(out, URL)

    def fsync(descriptor):
        calls.append(descriptor)
        if len(calls) == at:
            raise fault

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(type(fault)):
        package.command_build(out)
    assert os.listdir(tmp_path) == (["office"] if earlier else [])
    assert not earlier or {name: (out / name).read_bytes() for name in held(out)} == BUILT


@pytest.mark.parametrize("fault", [OSError(errno.EACCES, "Permission denied"), Stopped(15)])
def test_a_failure_between_old_and_new_puts_the_old_one_back(tmp_path, monkeypatch, fault):
    out, rename = tmp_path / "office", Path.rename
    package.command_build(out, URL)

    def failing(path, target):
        if path.name == "new":
            raise fault
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(type(fault)):
        package.command_build(out)
    assert os.listdir(tmp_path) == ["office"]
    assert {name: (out / name).read_bytes() for name in held(out)} == BUILT

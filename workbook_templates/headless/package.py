"""A workbook's file written again: all parts as they were but for a few."""

import copy
import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

from workbook_templates.reading import Package, RefusedFileError


class RefusedCellError(RefusedFileError):
    """A cell that is not computed; nothing is written."""

    def __init__(self, code: str, file: str, sheet: str, cell: str, reason: str, cure: str) -> None:
        super().__init__(code, file, f"{sheet}!{cell}: {reason}", cure)
        self.sheet, self.cell = sheet, cell


def with_parts(package: Package, changed: Mapping[str, bytes]) -> bytes:
    """The whole file again: same parts, same order, same time stamps; only these parts are new."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for info in package.zip.infolist():
            part = changed[info.filename] if info.filename in changed else package.read(info.filename)
            archive.writestr(copy.copy(info), part, info.compress_type)  # writing notes sizes and places in it
    return out.getvalue()


def write_atomically(path: Path, data: bytes) -> None:
    """The old file or the new one, never a part of it; a failure names that file and leaves nothing behind."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as fault:
        raise OSError(fault.errno, fault.strerror, str(path)) from fault
    finally:
        draft.unlink(missing_ok=True)

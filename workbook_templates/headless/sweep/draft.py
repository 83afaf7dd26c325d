"""A file that is written for a long time and appears at once: one writer, nothing left behind."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbook_templates.headless.batch import BusyError
from workbook_templates.headless.batch.store import sync_folder


@contextmanager
def draft_of(out: Path) -> Iterator[Path]:
    """The place to write to; it gets the name of the output if all goes well, else it goes."""
    draft = out.with_name(f".{out.name}.draft")
    descriptor = _held(draft, out)
    try:
        yield draft
        os.fsync(descriptor)
        draft.replace(out)
        sync_folder(out.parent)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _held(draft: Path, out: Path) -> int:
    """The draft's descriptor, locked: a process that dies lets go of it."""
    while True:
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(descriptor, 20, 0)
            os.close(descriptor)
            known = owner.decode("ascii", "replace").strip() if owner.strip().isdigit() else "another"
            raise BusyError(f"{out}: is being written by process {known}; wait for it") from None
        if draft.exists() and os.path.samestat(draft.stat(), os.fstat(descriptor)):
            os.ftruncate(descriptor, 0)
            return descriptor
        os.close(descriptor)

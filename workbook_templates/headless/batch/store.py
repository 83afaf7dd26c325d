"""Where the shards of a run lie until its result is published: one folder beside the output.

The folder is the lock, too: whoever holds it is the only run on that output, and a process that
dies lets go of it.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from workbook_templates.headless.batch import BusyError
from workbook_templates.headless.batch.shards import Shard

SHARD = re.compile(r"([0-9]+)-([0-9]+)\.shard")
DRAFT = ".draft"
OWNER = "pid"


class Store:
    """The folder of one output, held by this process; use it in a ``with`` statement."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self.folder = out.with_name(f"{out.name}.checkpoints")
        self._descriptor = -1

    def __enter__(self) -> "Store":
        while True:
            self.folder.mkdir(exist_ok=True)
            try:
                descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            except FileNotFoundError:  # its last holder was just done
                continue
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                raise BusyError(f"{self._out}: is being computed by process {self._owner()}; wait for it") from None
            except BaseException:
                os.close(descriptor)
                raise
            if _is_there(self.folder, descriptor):  # not removed by its last holder in between
                self._descriptor = descriptor
                break
            os.close(descriptor)
        try:
            for left in self.folder.glob(f"*{DRAFT}"):
                left.unlink()
            (self.folder / OWNER).write_text(str(os.getpid()))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Let go; a folder that holds no shard goes."""
        for left in self.folder.glob(f"*{DRAFT}"):
            left.unlink(missing_ok=True)
        if not any(self.folder.glob("*.shard")):
            self.remove()
        os.close(self._descriptor)

    def remove(self) -> None:
        """The shards have served."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _owner(self) -> str:
        try:
            return (self.folder / OWNER).read_text().strip() or "unknown"
        except OSError:
            return "unknown"

    def resume(self, plan: str) -> list[tuple[int, int]]:
        """The stretches of rows that this plan has done, in order; files of other plans and broken ones go."""
        spans = []
        for path in self.folder.glob("*.shard"):
            shard = self._read(path, plan)
            if shard is None:
                path.unlink()
            else:
                spans.append((shard.start, shard.stop))
        done: list[tuple[int, int]] = []
        for start, stop in sorted(spans, key=lambda span: (span[0], -span[1])):
            if done and start < done[-1][1]:
                self._path(start, stop).unlink()
            else:
                done.append((start, stop))
        return done

    def save(self, shard: Shard, plan: str) -> None:
        """Put a shard on disk, whole or not at all."""
        write_draft(self._path(shard.start, shard.stop), shard.to_bytes(plan))

    def shards(self, plan: str) -> Iterator[Shard]:
        """All shards in the order of their rows."""
        spans = sorted(
            (int(match[1]), int(match[2])) for path in self.folder.iterdir() if (match := SHARD.fullmatch(path.name))
        )
        for start, stop in spans:
            shard = self._read(self._path(start, stop), plan)
            if shard is None:
                raise OSError(0, "a checkpoint was damaged while the run went on; run it again", str(self._path(start, stop)))
            yield shard

    def draft(self, name: str) -> Path:
        """The place of a result before it is published."""
        return self.folder / f"{name}{DRAFT}"

    def _path(self, start: int, stop: int) -> Path:
        return self.folder / f"{start:012}-{stop:012}.shard"

    def _read(self, path: Path, plan: str) -> Shard | None:
        return Shard.from_bytes(path.read_bytes(), plan)


def write_draft(path: Path, data: bytes) -> None:
    """A file whole or not at all, and on the disk when this returns; a failure leaves nothing behind."""
    draft = path.with_name(path.name + DRAFT)
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as fault:
        draft.unlink(missing_ok=True)
        raise OSError(fault.errno, fault.strerror, str(path)) from fault


def sync_folder(folder: Path) -> None:
    """See that names given in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_there(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False

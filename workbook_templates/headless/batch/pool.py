"""Worker processes that compute tasks; a task that kills, hangs or fails its worker is halved until one row is left."""

import os
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol

from workbook_templates.headless.batch.shards import Column
from workbook_templates.headless.batch.task import Task
from workbook_templates.headless.batch.worker import Failed, Job, Ready
from workbook_templates.reading import RefusedFileError

PROGRAM = "import sys; from workbook_templates.headless.batch.worker import main; main(int(sys.argv[1]))"
START_SECONDS = 300.0
"""How long an engine may take to load."""
SHARD_SECONDS = 1.0
"""What a task should take, so that its checkpoint costs little."""
GROWTH, MAX_ROWS = 4, 16_384
PATIENCE = 10
"""How many times its usual seconds a task may take, besides the seconds for a single row."""


@dataclass(frozen=True, slots=True)
class Done:
    """A task, or a part of one, with its outputs; or a single row and why it has none."""

    task: Task
    outputs: Sequence[Column] = ()
    failed: Failed | None = None


class Pace:
    """How many rows make up about a second's work; grows from one row as it learns."""

    def __init__(self) -> None:
        self.rows = 1
        self.seconds_per_row = 0.0

    def learn(self, rows: int, seconds: float) -> None:
        self.seconds_per_row = max(seconds / rows, 0.5 * self.seconds_per_row)
        fitting = int(SHARD_SECONDS / max(self.seconds_per_row, 1e-9))
        self.rows = max(1, min(fitting, GROWTH * max(rows, 1), MAX_ROWS))


class Tasks(Protocol):
    """Where tasks come from."""

    def __call__(self, size: int, /) -> Task | None:
        """The next task of about so many rows; None after the last."""


@dataclass(slots=True)
class _Worker:
    process: subprocess.Popen[bytes]
    connection: Connection
    deadline: float
    task: Task | None = None
    is_ready: bool = False
    began: float = 0.0


class Pool:
    """Worker processes; use it in a ``with`` statement, which leaves none behind."""

    def __init__(self, job: Job, workers: int, row_seconds: float) -> None:
        self._job, self._wanted, self._row_seconds = job, workers, row_seconds
        self._workers: list[_Worker] = []
        self._again: deque[Task] = deque()
        self._ready: Ready | None = None
        self.pace = Pace()

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.wait()
            worker.connection.close()

    def start(self) -> Ready:
        """One worker with its engine loaded: whatever is wrong with the workbook is known from here on."""
        worker = self._spawn()
        while self._ready is None:
            for _ in self._answers([worker]):
                pass
        return self._ready

    def run(self, tasks: Tasks) -> Iterator[Done]:
        """Each task, or its parts, as they are done."""
        last = False
        while True:
            for worker in [w for w in self._workers if w.is_ready and w.task is None]:
                task = self._again.popleft() if self._again else None if last else tasks(self.pace.rows)
                if task is None:
                    last = True
                    break
                if not task.size:  # all its rows are lost already
                    yield Done(task)
                    continue
                yield from self._give(worker, task)
            busy = [worker for worker in self._workers if worker.task is not None]
            if last and not busy and not self._again:
                return
            if len(self._workers) < self._wanted and (not last or self._again):
                self._spawn()
            waiting = [worker for worker in self._workers if worker.task is not None or not worker.is_ready]
            yield from self._answers(waiting)

    def _spawn(self) -> _Worker:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - this very Python
                [sys.executable, "-P", "-c", PROGRAM, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        worker = _Worker(process, Connection(ours.detach()), time.monotonic() + START_SECONDS)
        self._workers.append(worker)
        try:
            worker.connection.send(self._job)
        except OSError:
            raise self._refusal(Failed("ABORTED", "the process that should compute it ends", "see that Python runs")) from None
        return worker

    def _give(self, worker: _Worker, task: Task) -> Iterator[Done]:
        worker.task, worker.began = task, time.monotonic()
        worker.deadline = worker.began + self._row_seconds + PATIENCE * task.size * self.pace.seconds_per_row
        try:
            worker.connection.send(task.columns)
        except OSError:
            yield from self._lost(worker, "ABORTED", "ends the process that computes it")

    def _answers(self, workers: Sequence[_Worker]) -> Iterator[Done]:
        """Wait until one of these says something, ends, or has had its time."""
        if not workers:
            return
        first = min(worker.deadline for worker in workers)
        heard = wait([worker.connection for worker in workers], max(0.0, first - time.monotonic()))
        for worker in workers:
            if worker.connection in heard:
                try:
                    answer = worker.connection.recv()
                except (EOFError, OSError):
                    yield from self._lost(worker, "ABORTED", "ends the process that computes it")
                else:
                    yield from self._heard(worker, answer)
            elif time.monotonic() >= worker.deadline:
                yield from self._lost(worker, "TIMEOUT", f"takes longer than {self._row_seconds:g} s")

    def _heard(self, worker: _Worker, answer: Any) -> Iterator[Done]:
        if isinstance(answer, Ready):
            worker.is_ready = True
            self._ready = answer
            self._job = replace(self._job, engine=answer.engine)  # the others need not choose again
            return
        task, worker.task = worker.task, None
        if task is None:
            raise self._refusal(answer)
        if isinstance(answer, Failed):
            yield from self._split(task, answer, may_retry=False)
        else:
            self.pace.learn(task.size, time.monotonic() - worker.began)
            yield Done(task, answer)

    def _lost(self, worker: _Worker, code: str, reason: str) -> Iterator[Done]:
        """A worker is no more, or must not go on; its task is tried again in halves."""
        worker.process.kill()
        worker.process.wait()
        worker.connection.close()
        self._workers.remove(worker)
        if worker.task is None:
            raise self._refusal(Failed(code, "the workbook " + reason, "make it smaller"))
        yield from self._split(worker.task, Failed(code, "the scenario " + reason), may_retry=code == "ABORTED")

    def _split(self, task: Task, failed: Failed, may_retry: bool) -> Iterator[Done]:
        if task.size > 1:
            self._again.extendleft(reversed(task.halves()))
        elif may_retry and not task.tries:  # something else may have ended the process
            task.tries += 1
            self._again.appendleft(task)
        else:
            yield Done(task, failed=failed)

    def _refusal(self, failed: Failed) -> RefusedFileError:
        return RefusedFileError(failed.code, self._job.file, failed.reason, failed.cure)

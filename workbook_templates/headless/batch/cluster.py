"""The same tasks on an existing Dask cluster: each of its threads keeps a worker process of ours."""

import importlib
import threading
import time
from collections.abc import Iterator
from typing import Any

from workbook_templates.headless.batch.pool import Done, Pace, Pool, Tasks
from workbook_templates.headless.batch.task import Task
from workbook_templates.headless.batch.worker import Job, Ready
from workbook_templates.reading import RefusedFileError

CONNECT_SECONDS = 10
AHEAD = 2
"""Tasks that wait at the cluster for each of its threads."""

_kept = threading.local()


def ready(job: Job, row_seconds: float) -> Ready:
    """On the cluster: the engine loaded."""
    return _pool(job, row_seconds)[1]


def computed(job: Job, task: Task, row_seconds: float) -> tuple[list[Done], float]:
    """On the cluster: a task and the seconds that it took."""
    pool, _ = _pool(job, row_seconds)
    began, given = time.monotonic(), iter([task])
    return list(pool.run(lambda size: next(given, None))), time.monotonic() - began


def _pool(job: Job, row_seconds: float) -> tuple[Pool, Ready]:
    """This thread's worker process; that of an earlier job goes."""
    if getattr(_kept, "job", None) != (job, row_seconds):
        if hasattr(_kept, "pool"):
            _kept.job = None
            _kept.pool.__exit__()
        _kept.pool = Pool(job, 1, row_seconds)
        _kept.ready = _kept.pool.start()
        _kept.job = (job, row_seconds)
    return _kept.pool, _kept.ready


class Cluster:
    """A pool whose workers are elsewhere; use it in a ``with`` statement."""

    def __init__(self, job: Job, address: str, row_seconds: float) -> None:
        try:
            self._dask = importlib.import_module("distributed")
        except ImportError:
            cure = "install llmecon[dask], or leave --dask out"
            raise RefusedFileError("NO_DASK", address, "needs dask and distributed, which are not installed", cure) from None
        self._job, self._address, self._row_seconds = job, address, row_seconds
        self._client: Any = None
        self.pace = Pace()

    def __enter__(self) -> "Cluster":
        try:
            self._client = self._dask.Client(self._address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as fault:
            raise OSError(0, f"no Dask scheduler answers ({fault or 'in time'})", self._address) from None
        return self

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            self._client.close()

    def start(self) -> Ready:
        """One engine loaded on the cluster."""
        self._everywhere = self._client.scatter(self._job, broadcast=True, hash=False)
        return self._result(self._client.submit(ready, self._everywhere, self._row_seconds, pure=False))  # type: ignore[no-any-return]

    def run(self, tasks: Tasks) -> Iterator[Done]:
        """Each task as it is done; always some wait at the cluster."""
        threads = max(1, sum(self._client.nthreads().values()))
        done = self._dask.as_completed(loop=self._client.loop)
        waiting = 0
        task: Task | None = None
        while True:
            while waiting < AHEAD * threads and (task := tasks(self.pace.rows)) is not None:
                if not task.size:
                    yield Done(task)
                    continue
                done.add(self._client.submit(computed, self._everywhere, task, self._row_seconds, pure=False))
                waiting += 1
            if not waiting:
                return
            found, seconds = self._result(next(done))
            waiting -= 1
            self.pace.learn(sum(part.task.size for part in found), seconds)
            yield from found

    def _result(self, future: Any) -> Any:
        try:
            return future.result()
        except RefusedFileError:
            raise
        except Exception as fault:
            reason = f"the cluster failed ({type(fault).__name__}: {fault}); run it again to go on"
            raise OSError(0, reason, self._address) from None


def workers(job: Job, address: str | None, count: int, row_seconds: float) -> Pool | Cluster:
    """Where to compute: on this machine, or on the cluster at the address."""
    return Pool(job, count, row_seconds) if address is None else Cluster(job, address, row_seconds)

"""What a worker process does: make the engine ready once, then compute what it is sent.

A worker is expendable.  It may be killed at any moment, it limits its own memory, it ends with
its parent.
"""

import ctypes
import resource
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeAlias

import numpy as np

from pycalc.cells import Cell, bug_id
from workbook_templates.headless.batch.shards import Column
from workbook_templates.headless.columnar.refusal import NotColumnar
from workbook_templates.headless.engines import choose
from workbook_templates.headless.scenarios import Place, ScenarioEngine
from workbook_templates.reading import Package, RefusedFileError

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Job:
    """What all workers of a run have in common."""

    file: str
    content: bytes
    engine: str
    inputs: Sequence[Sequence[Place]]
    """The cells that each column fills."""
    outputs: Sequence[Place]
    memory: int
    """Bytes that computing may take beyond what the loaded engine takes."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The engine is loaded: which one it is, and why if it is not the first choice."""

    engine: str
    note: str


@dataclass(frozen=True, slots=True)
class Failed:
    """What was asked cannot be computed."""

    code: str
    reason: str
    cure: str = ""


Columns: TypeAlias = list[Column]
Answer: TypeAlias = Ready | Failed | Columns


def main(descriptor: int) -> None:
    """The life of a worker, at the other end of a socket."""
    _be_expendable()
    connection = Connection(descriptor)
    try:
        job = connection.recv()
        engine = _load(connection, job)
        if engine is not None:
            _limit_memory(job.memory)
            while True:
                connection.send(computed(engine, job, connection.recv()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the parent is gone


def _load(connection: Connection, job: Job) -> ScenarioEngine | None:
    try:
        chosen = choose(job.engine, Package(job.file, job.content), [*chain.from_iterable(job.inputs)], job.outputs)
    except RefusedFileError as refusal:
        connection.send(Failed(refusal.code, refusal.reason, refusal.cure))
    except Exception as fault:
        reason = f"cannot be computed by {job.engine}: {type(fault).__name__}: {fault} ({bug_id(fault)})"
        connection.send(Failed("FAULT", reason, "take another --engine"))
    else:
        connection.send(Ready(chosen.name, chosen.note))
        return chosen.engine
    return None


def computed(engine: ScenarioEngine, job: Job, columns: Sequence[Sequence[Cell]]) -> Columns | Failed:
    """The columns of the outputs, or why they cannot be had together."""
    try:
        given = {place: column for places, column in zip(job.inputs, columns, strict=True) for place in places}
        on_numbers = getattr(engine, "evaluate_numbers", None)  # the columnar engine's short way
        if on_numbers is not None and all(set(map(type, column)) == {float} for column in columns):
            results = on_numbers({place: np.array(column) for place, column in given.items()})
        else:
            results = engine.evaluate(given)
        return [Column.of(results[place]) for place in job.outputs]
    except RefusedFileError as refusal:
        return Failed(refusal.code, refusal.reason)
    except NotColumnar as fault:  # what a scenario's values ask for, such as OFFSET to the left
        return Failed("NOT_COLUMNAR", f"is not computed in columns ({fault}); take --engine formualizer")
    except MemoryError:
        return Failed("MEMORY", "needs more memory than a worker may take")
    except Exception as fault:
        return Failed("FAULT", f"{type(fault).__name__}: {fault} ({bug_id(fault)})")


def _be_expendable() -> None:
    for number in (signal.SIGINT, signal.SIGHUP):  # of the whole terminal; the parent decides what becomes of workers
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_memory(extra: int) -> None:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:  # no Linux
        return
    limit = pages * resource.getpagesize() + extra
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))

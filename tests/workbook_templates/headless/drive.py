"""``llmecon`` with the toy engine in a process of its own, and with a fault at a chosen step to the disk.

    python drive.py ENGINE FAULT STEP run BOOK ...

FAULT is none, kill-before, kill-after (a step), eio or full; STEP counts the steps from one.
"""

import errno
import os
import signal
import sys
from functools import partial

STEPS = ("fsync", "replace", "unlink", "rmdir")
ERRORS = {"eio": errno.EIO, "full": errno.ENOSPC}


def inject(fault, step):
    """Wrap what reaches the disk; the fault comes at the step of that number, an error at all later ones too."""
    count = 0

    def wrapped(real, *args, **options):
        nonlocal count
        count += 1
        if fault in ERRORS and count >= step and real in (os_fsync, os_replace):
            raise OSError(ERRORS[fault], os.strerror(ERRORS[fault]), str(args[0]))
        if fault == "kill-before" and count == step:
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            return real(*args, **options)
        finally:
            if fault == "kill-after" and count == step:
                os.kill(os.getpid(), signal.SIGKILL)

    os_fsync, os_replace = os.fsync, os.replace
    for name in STEPS:
        setattr(os, name, partial(wrapped, getattr(os, name)))


def main():
    from addin.cli import main as llmecon
    from addin.cli import run
    from workbook_templates.headless.batch.run import Options

    engine, fault, step, *words = sys.argv[1:]
    run.options = lambda _, workers, row_seconds, dask, workbooks: Options(
        engine, workers or 2, row_seconds, dask=dask, workbooks=workbooks
    )
    if fault != "none":
        inject(fault, int(step))
    sys.argv = ["llmecon", *words]
    llmecon()


if __name__ == "__main__":
    main()

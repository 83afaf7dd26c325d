"""Where a fault of our own is written, so that users are told an id instead of a traceback."""

import logging
import os
from pathlib import Path


def log_path() -> Path:
    """The file named by LLMECON_LOG, else one in the user's own folder for program state."""
    if named := os.environ.get("LLMECON_LOG"):
        return Path(named)
    windows, state = os.environ.get("LOCALAPPDATA"), os.environ.get("XDG_STATE_HOME")
    return Path(windows or state or Path.home() / ".local" / "state") / "llmecon" / "faults.log"


class FaultLog(logging.Handler):
    """Appends to the log; a log that cannot be written disturbs nobody, ``written`` says so."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        self.written = False

    def emit(self, record: logging.LogRecord) -> None:
        try:
            path = log_path()
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as log:
                log.write(self.format(record) + "\n")
            self.written = True
        except (OSError, RuntimeError):  # the latter where the user has no home
            self.written = False

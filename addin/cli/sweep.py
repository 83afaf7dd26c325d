"""The command that computes one function for every row of a table."""

import time
from pathlib import Path

from addin.cli.output import note
from addin.cli.run import SECONDS_BETWEEN_LINES, require_result
from addin.cli.status import Status
from pycalc.explain import find
from workbook_templates.headless.sweep import sweep as compute


def sweep(name: str, table: Path, out: Path) -> Status:
    """The table with a column for the result."""
    spec = find(name)
    require_result(out, (table,))
    last = time.monotonic()

    def report(rows: int) -> None:
        nonlocal last
        if time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            note(f"llmecon: {rows:,} rows")

    done = compute(spec, table, out, report)
    print(f"{out}: {done.rows:,} rows of {spec.excel_name}" + (f", {done.errors:,} with an error" if done.errors else ""))
    if done.errors:
        note(f"llmecon: the first error: {done.reason}")
    return Status.FINDINGS if done.errors else Status.DONE

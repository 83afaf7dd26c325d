"""The command line ``llmecon``.

`app` declares what can be typed, the other modules do it; `status` decides how each run
ends.  What computes or reads workbooks is imported by the command that needs it, so that
help and errors come at once.
"""

import sys
from typing import NoReturn


def main() -> NoReturn:
    """The console command."""
    try:
        from addin.cli.status import at_process_level, run

        sys.exit(at_process_level(lambda: run(sys.argv[1:])))
    except KeyboardInterrupt:  # before or after the command's own care
        sys.exit(130)

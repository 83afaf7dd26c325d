"""``python -m addin.cli``: the command line where the script is not on the path."""

from addin.cli import main

main()

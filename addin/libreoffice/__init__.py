"""The functions as an extension for LibreOffice Calc: built anywhere, run by LibreOffice's own Python.

`extension` writes the file, with `typelibrary` and `addin.bundle`; LibreOffice loads `component`, which
serves what `functions` offers.  `component` and `errors` are read by any Python 3, since it may be
too old for the rest: they say so.
"""

SERVICE = "llmecon"
"""Before a function's name where LibreOffice stores a formula in its own format: ``LLMECON.KV_BYTES``."""

INTERFACE = "XFunctions"
"""The interface of our functions, in a module called like the service."""

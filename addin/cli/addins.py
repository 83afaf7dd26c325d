"""The commands ``llmecon addin …``: the functions packaged for Excel and LibreOffice."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Package the functions for Excel and LibreOffice, install them, find out what is wrong.")


@app.command()
def officejs(
    out: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The folder to write.")],
    url: Annotated[str | None, typer.Option("--url", metavar="URL", help="Where the folder will be served.")] = None,
) -> None:
    """Write the custom-functions add-in for Excel on Mac, web and Windows: static files, no Python."""
    from addin.officejs import package

    package.command_build(out, url)

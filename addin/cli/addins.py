"""The commands ``llmecon addin …``: the functions packaged for Excel and LibreOffice."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Package the functions for Excel and LibreOffice, install them, find out what is wrong.")


@app.command()
def build(out: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.xlam", help="The add-in to write.")]) -> None:
    """Build the add-in for Excel on Windows, ready to load; any machine can."""
    from addin.excel import xlam

    xlam.command_build(out)


@app.command()
def install() -> None:
    """Install the add-in in Excel on this machine (Windows): environment, add-in, registration."""
    from addin.excel import installation

    raise typer.Exit(installation.command_install())


@app.command()
def uninstall() -> None:
    """Undo install."""
    from addin.excel import installation

    raise typer.Exit(installation.command_uninstall())


@app.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False) -> None:
    """Check the installation. Each failure comes with its cure; the exit status is 3 where there is one."""
    from addin.excel import doctor as checks

    raise typer.Exit(checks.command_doctor(as_json))


@app.command()
def libreoffice(
    out: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.oxt", help="The extension to write.")],
) -> None:
    """Build the extension for LibreOffice Calc."""
    from addin.libreoffice import extension

    extension.command_build(out)


@app.command()
def officejs(
    out: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The folder to write.")],
    url: Annotated[str | None, typer.Option("--url", metavar="URL", help="Where the folder will be served.")] = None,
) -> None:
    """Write the custom-functions add-in for Excel on Mac, web and Windows: static files, no Python."""
    from addin.officejs import package

    package.command_build(out, url)

"""What can be typed: commands, arguments, options and their help; the work is done elsewhere."""

from typing import Annotated, Any

import typer

from addin.cli.output import on_terminal

CELLS = """Each ARG is what a cell would hold: -1 and 80e9 are numbers, TRUE a boolean, #N/A an error,
"" a blank, {1,2;3,4} a range of two rows, anything else a text, and so is a number in quotes ('"12"')."""

Name = Annotated[str, typer.Argument(metavar="NAME", help="A worksheet function, in capitals or not.", show_default=False)]
Args = Annotated[list[str] | None, typer.Argument(metavar="ARG…", help="Its arguments, as cells.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]

VALUES_MAY_BEGIN_WITH_A_DASH = {"ignore_unknown_options": True}

app = typer.Typer(
    help="The cost of running a language model, from FLOPs to dollars.",
    add_completion=False,
    rich_markup_mode="rich" if on_terminal() else None,
)


def command() -> Any:
    """The whole command line, ready to be given words."""
    return typer.main.get_command(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        from pycalc.version import __version__

        print(f"llmecon {__version__}")
        raise typer.Exit()


Version = Annotated[bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")]


@app.callback()
def options(version: Version = False) -> None:
    """The cost of running a language model, from FLOPs to dollars."""


@app.command(context_settings=VALUES_MAY_BEGIN_WITH_A_DASH, epilog=CELLS)
def call(name: Name, args: Args = None, as_json: Json = False) -> None:
    """Compute one function as a cell would: a value, or an Excel error with its reason on stderr."""
    from addin.cli import functions

    functions.call(name, args or [], as_json)


@app.command(context_settings=VALUES_MAY_BEGIN_WITH_A_DASH, epilog=CELLS)
def explain(name: Name, args: Args = None) -> None:
    """Show a function's formula with the numbers in it, the units and the source."""
    from addin.cli import functions

    functions.explain(name, args or [])


@app.command("functions")
def list_functions(as_json: Json = False) -> None:
    """List the worksheet functions with arguments, units and sources."""
    from addin.cli import functions

    functions.list_functions(as_json)


@app.command("claims")
def list_claims(as_json: Json = False) -> None:
    """List the article's figures beside what is right, and why."""
    from addin.cli import claims

    claims.list_claims(as_json)

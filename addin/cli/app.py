"""What can be typed: commands, arguments, options and their help; the work is done elsewhere."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from addin.cli.output import on_terminal

CELLS = """Each ARG is what a cell would hold: -1 and 80e9 are numbers, TRUE a boolean, #N/A an error,
"" a blank, {1,2;3,4} a range of two rows, anything else a text, and so is a number in quotes ('"12"')."""

OWN_ROWS = """Rows of your own override these: the file that LLMECON_CATALOG names, else llmecon/catalog.toml where
the platform keeps settings (~/.config, ~/Library/Application Support, %APPDATA%)."""

Name = Annotated[str, typer.Argument(metavar="NAME", help="A worksheet function, in capitals or not.", show_default=False)]
Args = Annotated[list[str] | None, typer.Argument(metavar="ARG…", help="Its arguments, as cells.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Filter = Annotated[
    str | None, typer.Argument(metavar="NAME", help="Only this row, or those whose name holds it.", show_default=False)
]

Book = Annotated[Path, typer.Argument(metavar="BOOK", help="A workbook (.xlsx).", show_default=False)]
Out = Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The file to write.", show_default=False)]

VALUES_MAY_BEGIN_WITH_A_DASH = {"ignore_unknown_options": True}


class Form(StrEnum):
    """What the cells of a new workbook hold."""

    ADDIN = "addin"
    INLINE = "inline"


class Engine(StrEnum):
    """What computes a workbook's formulas."""

    AUTO = "auto"
    FORMUALIZER = "formualizer"


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
    """Compute one function as a cell would. An Excel error is a value too; its reason goes to stderr."""
    from addin.cli import functions

    functions.call(name, args or [], as_json)


@app.command(context_settings=VALUES_MAY_BEGIN_WITH_A_DASH, epilog=CELLS)
def explain(name: Name, args: Args = None) -> None:
    """Show a formula with the numbers in it, units and source."""
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


@app.command("templates")
def list_templates(as_json: Json = False) -> None:
    """List the workbooks that can be made, and their questions."""
    from addin.cli import workbooks

    workbooks.list_templates(as_json)


@app.command()
def new(
    template: Annotated[str, typer.Argument(metavar="TEMPLATE", help="Its name; templates lists them.", show_default=False)],
    out: Out,
    functions: Annotated[
        Form, typer.Option(help="Calls of our functions, or plain formulas for any spreadsheet.")
    ] = Form.ADDIN,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Another value for an input.", show_default=False)
    ] = None,
) -> None:
    """Make a finance workbook. Its formulas are live and computed; the headline results are printed."""
    from addin.cli import workbooks

    raise typer.Exit(workbooks.new(template, out, functions.value, settings or []))


@app.command()
def check(book: Book, as_json: Json = False) -> None:
    """Check a workbook by thirty rules of sound modelling. The exit status is 3 where one is broken."""
    from addin.cli import workbooks

    raise typer.Exit(workbooks.check(book, as_json))


@app.command()
def recalc(
    book: Book, out: Out, engine: Annotated[Engine, typer.Option(help="What computes; auto chooses.")] = Engine.AUTO
) -> None:
    """Compute every formula of a workbook. The values are stored in a copy, all else untouched."""
    from addin.cli import workbooks

    workbooks.recalc(book, out)


@app.command()
def model(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME|PATH",
            help="A model of the catalogue, or a path: a config.json, a model's folder, a .safetensors or .gguf file.",
            show_default=False,
        ),
    ],
    tokens: Annotated[int, typer.Option(metavar="N", help="New tokens of the forward pass.")] = 1,
    past: Annotated[int, typer.Option(metavar="N", help="Tokens already in the cache.")] = 0,
    square: Annotated[bool, typer.Option("--square", help="Count masked products in full.")] = False,
    kv_bits: Annotated[float, typer.Option(metavar="B", help="Width of cached values, such as 8.5.")] = 16,
    weight_bits: Annotated[
        float | None, typer.Option(metavar="B", help="Width of the layers' matrices, scales included; as stored, else 16.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what a model holds, computes and caches."""
    from addin.cli import model as command

    command.model(name, tokens, past, square, kv_bits, weight_bits, as_json)


@app.command("models", epilog=OWN_ROWS)
def list_models(name: Filter = None, as_json: Json = False) -> None:
    """List the models that are known by name, with source and date."""
    from addin.cli import catalog

    catalog.list_models(name, as_json)


@app.command("gpus", epilog=OWN_ROWS)
def list_gpus(name: Filter = None, as_json: Json = False) -> None:
    """List chips and what renting them costs, with source and date."""
    from addin.cli import catalog

    catalog.list_gpus(name, as_json)


@app.command("prices", epilog=OWN_ROWS)
def list_prices(name: Filter = None, as_json: Json = False) -> None:
    """List what APIs ask for a million tokens, with source and date."""
    from addin.cli import catalog

    catalog.list_prices(name, as_json)

"""What can be typed: commands, arguments, options and their help; the work is done elsewhere."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from addin.cli import addins
from addin.cli.output import on_terminal

CELLS = """Each ARG is what a cell would hold: -1 and 80e9 are numbers, TRUE a boolean, #N/A an error,
"" a blank, {1,2;3,4} a range of two rows, anything else a text, and so is a number in quotes ('"12"')."""

DISTRIBUTIONS = """An ARG may also be a distribution: tri(low, mode, high), uniform(low, high), or lognormal(p10, p90),
of which a tenth lies below p10 and a tenth above p90."""

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
Result = Annotated[
    Path, typer.Option("-o", "--output", metavar="FILE", help="The file to write: .csv, .xlsx or .parquet.", show_default=False)
]

ModelOrPath = Annotated[
    str,
    typer.Argument(
        metavar="NAME|PATH",
        help="A model of the catalogue, or a path: a config.json, a model's folder, a .safetensors or .gguf file.",
        show_default=False,
    ),
]

VALUES_MAY_BEGIN_WITH_A_DASH = {"ignore_unknown_options": True}


class Form(StrEnum):
    """What the cells of a new workbook hold."""

    ADDIN = "addin"
    INLINE = "inline"


class Engine(StrEnum):
    """What computes a workbook's formulas."""

    AUTO = "auto"
    VECTOR = "vector"
    FORMUALIZER = "formualizer"


app = typer.Typer(
    help="The cost of running a language model, from FLOPs to dollars.",
    add_completion=False,
    rich_markup_mode="rich" if on_terminal() else None,
)


app.add_typer(addins.app, name="addin")


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


@app.command(context_settings=VALUES_MAY_BEGIN_WITH_A_DASH, epilog=f"{CELLS}\n\n{DISTRIBUTIONS}")
def simulate(
    name: Name,
    args: Args = None,
    draws: Annotated[int, typer.Option(metavar="N", help="Draws of each distribution.")] = 100_000,
    seed: Annotated[int, typer.Option(metavar="S", help="The same seed gives the same draws.")] = 1,
    percentiles: Annotated[str, typer.Option(metavar="P,…", help="Which percentiles.")] = "5,10,25,50,75,90,95",
    tornado: Annotated[bool, typer.Option("--tornado", help="Show besides what each uncertain argument does.")] = False,
    as_json: Json = False,
) -> None:
    """Show what a result may be where arguments are distributions: mean, percentiles, extremes."""
    from addin.cli import simulate as command

    command.simulate(name, args or [], draws, seed, percentiles, tornado, as_json)


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
    lite: Annotated[
        bool, typer.Option("--lite", help="Embed the functions, for xlwings Lite in Excel on Mac, web and Windows.")
    ] = False,
    audit: Annotated[
        bool, typer.Option("--audit", help="A sheet that computes each call of our functions by four routes.")
    ] = False,
) -> None:
    """Make a finance workbook. Its formulas are live and computed; the headline results are printed."""
    from addin.cli import workbooks

    raise typer.Exit(workbooks.new(template, out, functions.value, settings or [], audit, lite))


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

    workbooks.recalc(book, out, engine.value)


@app.command()
def run(
    book: Book,
    scenarios: Annotated[
        Path, typer.Option(metavar="FILE", help="A row per scenario: .csv, .xlsx or .parquet.", show_default=False)
    ],
    out: Result,
    outputs: Annotated[
        str | None,
        typer.Option(metavar="NAME|CELL,…", help="What to read.", show_default="the formulas of the sheets of results"),
    ] = None,
    workers: Annotated[int | None, typer.Option(metavar="N", help="Processes.", show_default="one per core")] = None,
    engine: Annotated[Engine, typer.Option(help="What computes; auto chooses.")] = Engine.AUTO,
    row_seconds: Annotated[float, typer.Option(metavar="S", help="What one scenario may take.")] = 20,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Compute on this Dask cluster.", show_default=False)
    ] = None,
    workbooks: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write one workbook per scenario there, too.", show_default=False)
    ] = None,
) -> None:
    """Compute a workbook for every scenario of a table.

    The first column is the scenario's key, the others are headed by the name or the Sheet!Cell of an input. The exit
    status is 3 where scenarios had to be set aside; these are listed in a file beside the output, with reasons. A run
    that was stopped goes on where it was when it is started again.
    """
    from addin.cli import run as command

    raise typer.Exit(
        command.run(book, scenarios, out, outputs, command.options(engine.value, workers, row_seconds, dask, workbooks))
    )


@app.command()
def sweep(
    name: Name,
    table: Annotated[Path, typer.Option(metavar="FILE", help="A row per call: .csv or .parquet.", show_default=False)],
    out: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="The table with its results.", show_default=False)
    ],
) -> None:
    """Compute one function for every row of a table of any size.

    Columns are headed by the names of arguments; others are carried along. A row that the function refuses gets an
    error for its result; the exit status is 3 where there are such rows.
    """
    from addin.cli import sweep as command

    raise typer.Exit(command.sweep(name, table, out))


@app.command()
def model(
    name: ModelOrPath,
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


@app.command("serve-estimate")
def serve_estimate(
    name: ModelOrPath,
    gpu: Annotated[str, typer.Argument(metavar="GPU", help="A chip of the catalogue; gpus lists them.", show_default=False)],
    gpus: Annotated[int, typer.Option(metavar="N", help="GPUs of the deployment.")] = 1,
    tp: Annotated[int | None, typer.Option(metavar="T", help="GPUs that share each layer.", show_default="all")] = None,
    pp: Annotated[int | None, typer.Option(metavar="P", help="Stages of layers.", show_default="as the engine does")] = None,
    ep: Annotated[bool | None, typer.Option("--ep/--no-ep", help="Share experts, not layers.", show_default=False)] = None,
    batch: Annotated[float | None, typer.Option(metavar="B", help="Sequences together.", show_default="as fit")] = None,
    input_tokens: Annotated[float, typer.Option("--input", metavar="I", help="Tokens of a prompt.")] = 1024,
    output_tokens: Annotated[float, typer.Option("--output", metavar="O", help="Tokens of an answer.")] = 512,
    cached: Annotated[float, typer.Option(metavar="F", help="Share of the prompt that is in the cache already.")] = 0,
    weight_bits: Annotated[
        float | None, typer.Option(metavar="B", help="Width of weights.", show_default="the model's")
    ] = None,
    kv_bits: Annotated[float, typer.Option(metavar="B", help="Width of cached values.")] = 16,
    engine: Annotated[str, typer.Option(metavar="NAME", help="vLLM, TensorRT-LLM, SGLang, llama.cpp, MLX, ...")] = "auto",
    memory_fraction: Annotated[
        float | None, typer.Option(metavar="F", help="Share of the memory.", show_default="the engine's")
    ] = None,
    profile: Annotated[Path | None, typer.Option(metavar="FILE", help="Constants from calibrate.", show_default=False)] = None,
    usd_per_hour: Annotated[
        float | None, typer.Option(metavar="USD", help="Price of a GPU's hour.", show_default="the catalogue's median")
    ] = None,
    utilisation: Annotated[float, typer.Option(metavar="F", help="Share of the hours at that rate.")] = 1,
    ttft_target: Annotated[
        float | None, typer.Option(metavar="S", help="Largest batch whose first token comes in time.", show_default=False)
    ] = None,
    tpot_target: Annotated[
        float | None, typer.Option(metavar="S", help="The same for the later tokens.", show_default=False)
    ] = None,
    api: Annotated[str | None, typer.Option(metavar="MODEL", help="Compare with this model's API.", show_default=False)] = None,
    draft: Annotated[
        str | None, typer.Option(metavar="MODEL", help="A draft model that speculates.", show_default=False)
    ] = None,
    draft_tokens: Annotated[int, typer.Option(metavar="G", help="Tokens that it proposes, 4 with --draft.")] = 0,
    acceptance: Annotated[float, typer.Option(metavar="A", help="Share of these that hold.")] = 0.7,
    as_json: Json = False,
) -> None:
    """Estimate seconds, users and dollars of serving a model. Each estimate has a band and its reasons."""
    from addin.cli import serve

    given = serve.Options(
        gpus, tp, pp, ep, batch, input_tokens, output_tokens, cached, weight_bits, kv_bits, engine, memory_fraction, profile,
        usd_per_hour, utilisation, ttft_target, tpot_target, api, draft, draft_tokens, acceptance,
    )  # fmt: skip
    serve.serve_estimate(name, gpu, given, as_json)


@app.command()
def calibrate(
    rows: Annotated[Path, typer.Argument(metavar="ROWS.csv", help="Measurements of one system.", show_default=False)],
    out: Annotated[
        Path, typer.Option("-o", "--output", metavar="PROFILE.toml", help="The profile to write.", show_default=False)
    ],
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Its name.", show_default="the file's")] = None,
    model: Annotated[str | None, typer.Option(metavar="MODEL", help="Where no column says.", show_default=False)] = None,
    gpu: Annotated[str | None, typer.Option(metavar="GPU", help="Likewise.", show_default=False)] = None,
    gpus: Annotated[str | None, typer.Option(metavar="N", help="Likewise.", show_default="1")] = None,
    tp: Annotated[str | None, typer.Option(metavar="T", help="Likewise.", show_default="all")] = None,
    weight_bits: Annotated[str | None, typer.Option(metavar="B", help="Likewise.", show_default="the model's")] = None,
    kv_bits: Annotated[str | None, typer.Option(metavar="B", help="Likewise.", show_default="16")] = None,
    engine: Annotated[str | None, typer.Option(metavar="NAME", help="Likewise.", show_default="auto")] = None,
) -> None:
    """Fit the constants of one's own system to measured rows.

    Columns: batch, context (or input and output), and one of tpot_s, tpot_ms, tokens_per_s, ttft_s, ttft_ms.
    """
    from addin.cli import serve

    defaults = {
        "model": model, "gpu": gpu, "gpus": gpus, "tp": tp, "weight_bits": weight_bits, "kv_bits": kv_bits, "engine": engine,
    }  # fmt: skip
    serve.calibrate_file(rows, out, name, defaults)


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

"""Drop-downs of chips and models: a frozen snapshot of the catalogue, the reader's own row, and the lines that pick.

Whatever is picked, the lines give it in base units under the same names, so that a calculation
never asks where a figure came from.
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from pycalc import quantities as q
from pycalc.architecture import Architecture
from pycalc.catalog import Chip, Model, Rent, catalog, rents_of
from pycalc.errors import NotAvailableError
from pycalc.models import architecture
from workbook_templates import units as u
from workbook_templates.spec import Catalogue, Choice, Column, Datum, Input, Line, Section, Unit, article, ours

OWN_CHIP, OWN_MODEL = "Own GPU", "Own model"
READ_ON = date(2026, 11, 23)
"""The day on which the article was read."""
TOLERANCE = 1e-3  # of a cache's size, by which the columns may miss what the architecture says
LONG = 2_000_000  # tokens, longer than any window
CONTEXTS = (512, 4_096, 32_768, 131_072)


@dataclass(frozen=True, slots=True)
class Field:
    """A figure of a catalogue: its column, the reader's own value, the line that picks one of the two."""

    column: Column
    own: tuple[Input, ...]
    """What the reader types; several where the figure follows from them."""
    line: Line
    """Its formula holds {own} and {picked}."""

    def picking(self, row: str, table: str) -> Line:
        """The line as it picks from a table by the number of the row."""
        line = self.line
        own, _, scale = line.formula.partition(" | ")
        picked = f"=IF({row}=1,{own},INDEX({table}.{self.column.name},{row})){scale}"
        return Line(line.name, line.label, line.unit, picked, line.note, line.key)


@dataclass(frozen=True, slots=True)
class Picker:
    """What a template takes of a picker."""

    catalogue: Catalogue
    choice: Choice
    own: Section
    """Inputs that hold where the reader picks the own row."""
    lines: tuple[Line, ...]
    """They stand at the head of the calculation."""


def _own(name: str, label: str, kind: Any, unit: Unit, value: float, bounds: tuple[float, float], source: str) -> Input:
    return Input(name, label, kind, unit, (value, value, value), bounds, source)


UNKNOWN = "not known"
TYPED = "H100 SXM, to be replaced by yours"
CHIP_FIELDS: dict[str, Field] = {
    "memory": Field(
        Column("memory_gb", "Memory", u.WHOLE_GB, UNKNOWN),
        (_own("own_memory_gb", "Memory", q.GpuBytes, u.WHOLE_GB, 80, (4, 2048), article("5.4", TYPED)),),
        Line("gpu_bytes", "GPU memory", u.BYTES, "own_memory_gb | *1E+09", "decimal GB, as vendors count"),
    ),
    "bandwidth": Field(
        Column("bandwidth_gb_s", "Bandwidth", u.GB_PER_S),
        (_own("own_bandwidth_gb_s", "Memory bandwidth", q.Bandwidth, u.GB_PER_S, 3350, (20, 50_000), article("4.1", TYPED)),),
        Line("bandwidth", "Memory bandwidth", u.BYTES_PER_S, "own_bandwidth_gb_s | *1E+09"),
    ),
    "peak": Field(
        Column("peak_tflops", "16-bit peak", u.TFLOPS),
        (_own("own_peak_tflops", "16-bit peak", q.PeakFlops, u.TFLOPS, 989, (0.05, 50_000), article("4.1", TYPED)),),
        Line("peak_flops", "Peak compute, 16 bits", u.FLOP_PER_S, "own_peak_tflops | *1E+12", "dense, without sparsity"),
    ),
    "peak8": Field(
        Column("peak8_tflops", "8-bit peak", u.TFLOPS),
        (_own("own_peak8_tflops", "8-bit peak", q.PeakFlops, u.TFLOPS, 1979, (0.05, 100_000), ours(TYPED)),),
        Line("peak8_flops", "Peak compute, 8 bits", u.FLOP_PER_S, "own_peak8_tflops | *1E+12", "the 16-bit peak without FP8"),
    ),
    "power": Field(
        Column("power_w", "Power", u.WATTS),
        (_own("own_power_w", "Power", q.Watts, u.WATTS, 700, (1, 5000), ours(TYPED)),),
        Line("gpu_watts", "Rated power", u.WATTS, "own_power_w | "),
    ),
    "rent": Field(
        Column("rent", "Rent", u.USD_PER_GPU_HOUR, UNKNOWN),
        (_own("own_rent", "Rent", q.UsdPerHour, u.USD_PER_GPU_HOUR, 2.5, (0.01, 100), article("5.6", TYPED)),),
        Line("list_rent", "Rent in the catalogue", u.USD_PER_GPU_HOUR, "own_rent | ", "on demand, before your level of rents"),
    ),
}


def chip_picker(
    fields: tuple[str, ...],
    values: tuple[str, str, str] = ("H100 SXM",) * 3,
    source: str = "",
    optional: tuple[str, ...] = (),
) -> Picker:
    """A picker of GPUs that have all the fields: memory, bandwidth, peak, peak8, power, rent.

    A chip may lack an optional one; its figure is then 0, which the calculation must take for unknown.
    """
    chosen = [CHIP_FIELDS[name] for name in fields]
    table = _chips(fields, optional)
    return Picker(
        table,
        Choice("chip", "GPU", values, table.name, source or article("4.1", "H100 SXM; the list is the sheet Catalogue_Chips")),
        Section(f"{OWN_CHIP}: used where it is picked above", tuple(row for field in chosen for row in field.own)),
        (
            Line("chip_row", "Row of the GPU picked", u.POSITION, "=MATCH(chip,chips.names,0)", "1 = your own"),
            *(field.picking("chip_row", "chips") for field in chosen),
        ),
    )


@cache
def _chips(fields: tuple[str, ...], optional: tuple[str, ...]) -> Catalogue:
    """The snapshot: a row for each chip of which all is known that is not optional."""
    rows = []
    for chip in catalog().chips:
        rent = _rent(chip.name)
        found = {name: _chip_figure(chip, rent, name) for name in fields}
        figures = [0.0 if figure is None and name in optional else figure for name, figure in found.items()]
        known = [figure for figure in figures if figure is not None]
        if len(known) == len(fields):
            priced = rent if rent is not None and "rent" in fields else None
            source = chip.source + (f"; rent: {priced.provider}, {priced.term}, {priced.source}" if priced else "")
            when = min(chip.date, priced.date) if priced else chip.date
            rows.append(Datum(chip.name, tuple(known), source, when))
    columns = tuple(CHIP_FIELDS[name].column for name in fields)
    return Catalogue("chips", "Catalogue of GPUs", "Chips", OWN_CHIP, columns, tuple(rows))


def _chip_figure(chip: Chip, rent: Rent | None, field: str) -> float | None:
    """A figure in the column's unit; None where it is not public."""
    found = {
        "memory": chip.memory,
        "bandwidth": chip.bandwidth,
        "peak": chip.peak_flops,
        "peak8": chip.fp8_flops or chip.int8_ops or chip.peak_flops,
        "power": chip.power,
        "rent": rent.usd_per_hour if rent else None,
    }[field]
    return None if found is None else found / CHIP_FIELDS[field].column.unit.scale


def _rent(chip: str) -> Rent | None:
    """The article's rent where it gives one, else the middle one of the offers on demand."""
    offers = sorted((rent for rent in rents_of(chip) if rent.term == "on demand"), key=lambda rent: rent.usd_per_hour)
    given = next((rent for rent in offers if rent.tier == "article"), None)
    if given or not offers:
        return given
    middle = statistics.median_low(rent.usd_per_hour for rent in offers)
    return next(rent for rent in offers if rent.usd_per_hour == middle)


MODEL_14B = "the article's 14B class"
_MODEL_DIM = _own(
    "own_model_dim", "Model dimension", q.ModelDim, u.DIMENSIONS, 5120, (64, 65_536), ours("Qwen3 14B, config.json")
)
_LAYERS = _own("own_layers", "Layers", q.Layers, u.LAYERS, 32, (1, 512), article("6.1", MODEL_14B))
MODEL_FIELDS: dict[str, Field] = {
    "parameters": Field(
        Column("parameters_b", "Parameters", u.BILLION_PARAMETERS),
        (
            _own(
                "own_parameters_b", "Parameters", q.Parameters, u.BILLION_PARAMETERS, 14, (0.1, 5000), article("6.1", MODEL_14B)
            ),
        ),
        Line("parameters", "Parameters", u.PARAMETERS, "own_parameters_b | *1E+09", "all that are stored"),
    ),
    "active": Field(
        Column("active_b", "Active", u.BILLION_PARAMETERS),
        (_own("own_active_b", "Active parameters", q.ActiveParameters, u.BILLION_PARAMETERS, 14, (0.1, 5000), ours("dense")),),
        Line("active_parameters", "Active parameters", u.PARAMETERS, "own_active_b | *1E+09", "that one token passes through"),
    ),
    "kv": Field(
        Column("kv_values", "KV values per token", u.VALUES),
        (
            _LAYERS,
            _own("own_kv_heads", "KV heads", q.KvHeads, u.HEADS, 8, (1, 256), article("6.1", "grouped-query attention")),
            _own("own_head_dim", "Head dimension", q.HeadDim, u.DIMENSIONS, 128, (16, 1024), article("6.1", "128 per head")),
        ),
        Line(
            "kv_values", "KV values per token", u.VALUES, "2*own_layers*own_kv_heads*own_head_dim | ", "2·L·g·d_k (article 5.2)"
        ),
    ),
    "window": Field(
        Column("window_values", "in windows", u.VALUES),
        (),
        Line("window_values", "KV values in sliding windows", u.VALUES, "0 | ", "besides; they stop growing at the window"),
    ),
    "reach": Field(
        Column("window_tokens", "Window", u.TOKENS),
        (),
        Line("window_tokens", "Window", u.TOKENS, "0 | "),
    ),
    "state": Field(
        Column("state_mb", "State", u.MB),
        (),
        Line("state_bytes", "Recurrent state per sequence", u.BYTES, "0 | *1E+06", "the same at any context"),
    ),
    "split": Field(
        Column("kv_split", "KV split", u.RANKS),
        (),
        Line("kv_split", "Ranks that the cache can be split over", u.RANKS, "own_kv_heads | ", "1 for a latent cache"),
    ),
    "attention": Field(
        Column("attention_flops", "FLOP per pair", u.FLOP_PER_PAIR),
        (_MODEL_DIM,),
        Line(
            "pair_flops",
            "Operations per pair of tokens",
            u.FLOP_PER_PAIR,
            "4*own_layers*own_model_dim | ",
            "4·L·d: scores and values (article 2.5)",
        ),
    ),
    "layers": Field(Column("layers", "Layers", u.LAYERS), (), Line("layers", "Layers", u.LAYERS, "own_layers | ")),
    "dim": Field(
        Column("model_dim", "Dimension", u.DIMENSIONS),
        (_MODEL_DIM,),
        Line("model_dim", "Model dimension", u.DIMENSIONS, "own_model_dim | "),
    ),
    "linear": Field(
        Column("linear_flops", "Prompt, per token", u.FLOP_PER_TOKEN),
        (),
        Line(
            "linear_flops",
            "Linear operations per token",
            u.FLOP_PER_TOKEN,
            "2*own_active_b*1E+09 | ",
            "of a prompt, head left out: config.json; the article's rows 24Ld²; own 2 per active parameter",
        ),
    ),
    "prompt_pair": Field(
        Column("prompt_pair_flops", "Prompt, per pair", u.FLOP_PER_PAIR),
        (),
        Line(
            "prompt_pair_flops",
            "Operations per pair of tokens",
            u.FLOP_PER_PAIR,
            "4*own_layers*own_model_dim | ",
            "4·L·d: scores and values (article 2.5), of layers that look back over all",
        ),
    ),
    "prompt_window": Field(
        Column("prompt_window_flops", "in windows", u.FLOP_PER_PAIR),
        (),
        Line(
            "prompt_window_flops",
            "Operations per pair in sliding windows",
            u.FLOP_PER_PAIR,
            "0 | ",
            "besides; pairs no further apart than the window",
        ),
    ),
}
PLANNING = ("parameters", "active", "kv", "window", "reach", "state", "split", "attention")
"""What a planner of memory and speed needs of a model."""
PROMPT = ("layers", "dim", "linear", "prompt_pair", "prompt_window")
"""What the operations of a whole prompt need; a prompt may be computed otherwise than a decode step."""


def model_picker(
    values: tuple[str, str, str] = ("Article 14B",) * 3,
    source: str = "",
    fields: tuple[str, ...] = PLANNING,
) -> Picker:
    """A picker of models; the fields are those of MODEL_FIELDS."""
    chosen = [MODEL_FIELDS[name] for name in fields]
    own = {row.name: row for field in chosen for row in field.own}
    table = _models(fields)
    words = source or article("6.1", "14B; the list is the sheet Catalogue_Models")
    return Picker(
        table,
        Choice("model", "Model", values, table.name, words),
        Section(f"{OWN_MODEL}: used where it is picked above", tuple(own.values())),
        (
            Line("model_row", "Row of the model picked", u.POSITION, "=MATCH(model,models.names,0)", "1 = your own"),
            *(field.picking("model_row", "models") for field in chosen),
        ),
    )


ARTICLE_MODELS = (
    ("Article 7B", 7, 4096, "5.5", "7B, 32 layers, 8 KV heads of 128; d 4,096 [N]"),
    ("Article 14B", 14, 5120, "6.1", "14B, 32 layers, 8 KV heads of 128; d 5,120 [N]"),
)


@cache
def _models(fields: tuple[str, ...]) -> Catalogue:
    """The article's models, then those of the catalogue whose cache the columns describe."""
    rows = [
        Datum(name, _figures(fields, _article_figure(billions, dim)), article(section, text), READ_ON)
        for name, billions, dim, section, text in ARTICLE_MODELS
    ]
    for model in sorted(catalog().models, key=lambda model: model.name.casefold()):
        found = _model_figures(model)
        if found is not None:
            rows.append(Datum(model.name, _figures(fields, found.__getitem__), f"{model.maker}; {model.source}", model.date))
    return Catalogue(
        "models", "Catalogue of models", "Models", OWN_MODEL, tuple(MODEL_FIELDS[name].column for name in fields), tuple(rows)
    )


def _figures(fields: tuple[str, ...], figure: Callable[[str], float]) -> tuple[float, ...]:
    return tuple(figure(name) / MODEL_FIELDS[name].column.unit.scale for name in fields)


def _article_figure(billions: float, dim: int) -> Callable[[str], float]:
    layers, heads, head_dim = 32, 8, 128
    return {
        "parameters": billions * 1e9,
        "active": billions * 1e9,
        "kv": 2.0 * layers * heads * head_dim,
        "window": 0.0,
        "reach": 0.0,
        "state": 0.0,
        "split": float(heads),
        "attention": 4.0 * layers * dim,
        "layers": float(layers),
        "dim": float(dim),
        "linear": 24.0 * layers * dim**2,
        "prompt_pair": 4.0 * layers * dim,
        "prompt_window": 0.0,
    }.__getitem__


def _model_figures(model: Model) -> dict[str, float] | None:
    """What the columns say of a model; None where its cache is no sum of full layers and one window."""
    try:
        found = architecture(model.name)
    except NotAvailableError:
        return None
    values = [found.kv_reserved_bytes(tokens, 8) for tokens in (1, LONG)]
    full = found.kv_bytes_per_token(8)
    windowed = values[0] - full
    window = (values[1] - full * LONG) / windowed if windowed else 0
    for tokens in CONTEXTS:
        true = found.kv_bytes(tokens, 8)
        if abs(full * tokens + windowed * min(tokens, window) - true) > TOLERANCE * true:
            return None
    counts = found.parameters()
    attention = (found.flops(1, 2 * LONG).attention_matmul - found.flops(1, LONG).attention_matmul) / LONG
    shared = found.rank_kv_bytes_per_token(8, 8)
    return {
        "parameters": float(counts.total),
        "active": float(counts.active),
        "kv": float(full),
        "window": float(windowed),
        "reach": float(window),
        "state": float(found.state_bytes()),
        "split": round(full / shared, 6) if shared else 1.0,
        "attention": float(attention),
        **_prompt_figures(found, round(window)),
    }


def _prompt_figures(model: Architecture, window: int) -> dict[str, float]:
    """What makes a prompt's operations, each pair of tokens counted both ways as the article does."""
    token = model.flops(1, 0)
    once, twice, thrice = (model.flops(times * LONG, 0).attention_matmul for times in (1, 2, 3))
    pair = (thrice - 2 * twice + once) / LONG**2
    windowed = 2 * once - pair * LONG * (LONG + 1)
    return {
        "layers": float(len(model.layers)),
        "dim": float(model.embedding.columns),
        "linear": float(token.linear + token.recurrence),
        "prompt_pair": pair,
        "prompt_window": windowed / (window * (2 * LONG - window)) if window else 0.0,
    }

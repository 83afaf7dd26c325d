"""Constants of a user's own system: from measured rows, to and from a file of their own."""

import csv
import io
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from pycalc.architecture import load as load_model
from pycalc.architecture.document import open_regular
from pycalc.catalog import catalog
from pycalc.catalog.records import today
from pycalc.errors import CalcError, DomainError
from pycalc.serving.calibration import FEWEST, MOST, Observation, Table, fit, spread_of
from pycalc.serving.deployment import deploy
from pycalc.serving.engines import ANY, AUTO, CONSTANTS, Efficiency, Profile
from pycalc.serving.estimate import Load
from pycalc.serving.work import WIDE_BITS

MAX_BYTES = 4 << 20
FIGURES: Mapping[str, tuple[str, float]] = {
    "tpot_s": ("tpot_s", 1.0),
    "tpot_ms": ("tpot_s", 1e-3),
    "tokens_per_s": ("tokens_per_s", 1.0),
    "ttft_s": ("ttft_s", 1.0),
    "ttft_ms": ("ttft_s", 1e-3),
}
"""Columns that hold a measurement: what it is of, and its scale."""
NUMBERS = {"batch", "context", "input", "output", "gpus", "tp", "weight_bits", "kv_bits", *FIGURES}
TEXTS = {"model", "gpu", "engine"}
STEPS = ("weights", "cache", "layer_s", "routed_layer_s", "sequence_s", "hop_s", "link")
WORK = ("compute_16", "compute_8", "compute_4", "experts")
PROMPT = ("attention", "prompt_s")


@dataclass(frozen=True, slots=True)
class Calibration:
    """A profile and how well it holds: errors are shares of the measurement, "before" those of the packaged constants."""

    profile: Profile
    median_error: float
    worst_error: float
    worst_line: int
    before: float
    left_out: float
    """Median error where each row is estimated from the others."""
    rows: int


class RowsError(CalcError):
    """A table of measurements that cannot be used; the text names file, line and column."""


def calibrate(path: Path, name: str, defaults: Mapping[str, str]) -> Calibration:
    """Fit the constants of a system to the rows of a CSV file; ``defaults`` stand for columns that it has not.

    Columns: batch, context (or input and output), one of tpot_s, tpot_ms, tokens_per_s, ttft_s, ttft_ms; model, gpu,
    gpus, tp, weight_bits, kv_bits, engine where no default is given.  tokens_per_s is that of all sequences; beside a
    context it is of decoding alone.
    """
    lines = _read(path)
    observations = [_observation(path.name, line, {**defaults, **record}) for line, record in lines]
    systems = {(o.deployment.chip.name, o.deployment.engine.name) for o in observations}
    if len(systems) > 1:
        shown = "; ".join(sorted(f"{engine} on {chip}" for chip, engine in systems))
        raise RowsError(f"{path.name}: holds measurements of several systems: {shown}; calibrate each by itself")
    prior = observations[0].deployment.replica.efficiency
    names = _told(observations)
    fitted = fit(observations, prior, names)
    table = Table(observations)
    errors = np.abs(table.predicted(fitted) / table.measured - 1)
    before = np.abs(table.predicted(prior) / table.measured - 1)
    out = _left_out(observations, prior, names)
    spread = max(spread_of(out), 1.03)
    constants = fitted.changed({"spread": spread, "routed_spread": spread, "prompt_spread": spread, "rows": len(observations)})
    worst = int(np.argmax(errors))
    return Calibration(
        Profile(name, {ANY: constants}),
        float(np.median(errors)),
        float(errors[worst]),
        lines[worst][0],
        float(np.median(before)),
        float(np.median(np.abs(np.array(out) - 1))),
        len(observations),
    )


def _told(observations: Sequence[Observation]) -> tuple[str, ...]:
    """The constants that such rows can tell: attention over prompts only where prompts are in the figures."""
    prompts = any(o.figure != "tpot_s" for o in observations)
    return (*STEPS, *WORK, *(PROMPT if prompts else ()))


def _left_out(observations: Sequence[Observation], prior: Efficiency, names: Sequence[str]) -> list[float]:
    """Ratios of estimate and measurement, each from the other rows; in ten parts where there are many rows."""
    parts = [observations[i::10] for i in range(10)] if len(observations) > 20 else [[o] for o in observations]
    ratios = []
    for part in parts:
        rest = [o for o in observations if o not in part]
        fitted = fit(rest, prior, names)
        ratios += [o.predicted(fitted) / o.measured for o in part]
    return ratios


def _read(path: Path) -> list[tuple[int, dict[str, str]]]:
    """The rows by line, strictly: every cell has a column, every column a known name."""
    data = _bytes(path, "a table of measurements")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise RowsError(f"{path.name}: is no UTF-8 text: byte {fault.start} is {data[fault.start]:#x}") from None
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as fault:
        raise RowsError(f"{path.name}: is no CSV table: {fault}") from None
    if not table or not any(cell.strip() for cell in table[0]):
        raise RowsError(f"{path.name}: is empty; its first line names the columns")
    head = [cell.strip().lower() for cell in table[0]]
    for column in head:
        if column not in NUMBERS | TEXTS:
            raise RowsError(f"{path.name}: line 1: no column {column!r} is known; known: {', '.join(sorted(NUMBERS | TEXTS))}")
        if head.count(column) > 1:
            raise RowsError(f"{path.name}: line 1: the column {column} is there twice")
    rows = []
    for line, cells in enumerate(table[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(head):
            raise RowsError(f"{path.name}: line {line}: has {len(cells)} cells, the head {len(head)}")
        rows.append((line, {key: cell.strip() for key, cell in zip(head, cells, strict=True) if cell.strip()}))
    if not FEWEST <= len(rows) <= MOST:
        raise RowsError(f"{path.name}: holds {len(rows)} measurements; {FEWEST} to {MOST} are needed")
    return rows


def _bytes(path: Path, what: str) -> bytes:
    """All of a regular file of a modest size."""
    with open_regular(path, path.name, what) as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise RowsError(f"{path.name}: is larger than {MAX_BYTES >> 20} MiB")
    return data


def _observation(file: str, line: int, record: Mapping[str, str]) -> Observation:
    where = f"{file}: line {line}"
    numbers = {key: _number(where, key, value) for key, value in record.items() if key in NUMBERS}
    given = [column for column in FIGURES if column in numbers]
    if len(given) != 1:
        raise RowsError(f"{where}: has {'no' if not given else 'more than one'} measurement of {', '.join(FIGURES)}")
    for column in ("model", "gpu"):
        if column not in record:
            raise RowsError(f"{where}: names no {column}; add a column or give --{column}")
    figure, scale = FIGURES[given[0]]
    measured = numbers[given[0]] * scale
    batch = numbers.get("batch", 1.0)
    if "context" in numbers and ("input" in numbers or "output" in numbers):
        raise RowsError(f"{where}: has a context and an input or output; one or the other is meant")
    if "context" in numbers:
        load = Load(max(numbers["context"] - 1, 0), 1, batch)
        if figure == "tokens_per_s":
            figure, measured = "tpot_s", batch / measured
    elif "input" in numbers:
        load = Load(numbers["input"], numbers.get("output", 1.0), batch)
    else:
        raise RowsError(f"{where}: has neither a context nor an input")
    try:
        deployment = deploy(
            load_model(record["model"]),
            catalog().chips.find(record["gpu"]),
            name=record["model"],
            gpus=_whole(where, "gpus", numbers.get("gpus", 1.0)),
            tensor=_whole(where, "tp", numbers["tp"]) if "tp" in numbers else None,
            weight_bits=numbers.get("weight_bits"),
            kv_bits=numbers.get("kv_bits", WIDE_BITS),
            engine=record.get("engine", AUTO),
        )
        observation = Observation(deployment, load, figure, measured, f"line {line}")
        Table([observation])
    except CalcError as refusal:
        raise RowsError(f"{where}: {refusal.reason}") from None
    return observation


def _number(where: str, column: str, text: str) -> float:
    """A plain decimal number above 0; nothing else that float() takes."""
    if not text.isascii() or "_" in text:
        raise RowsError(f"{where}: {column} is {text!r}; a number is meant")
    try:
        value = float(text)
    except ValueError:
        raise RowsError(f"{where}: {column} is {text!r}; a number is meant") from None
    if not 0 < value < 1e12:
        raise RowsError(f"{where}: {column} is {text}; a number above 0 is meant")
    return value


def _whole(where: str, column: str, value: float) -> int:
    if value % 1:
        raise RowsError(f"{where}: {column} is {value:g}; a whole number is meant")
    return int(value)


def profile_text(found: Calibration, source: str) -> str:
    """The file of a profile, TOML."""
    constants = found.profile.by_class[ANY]
    lines = [
        "# Constants of one system; llmecon serve-estimate --profile FILE uses them.",
        f"name = {_quoted(found.profile.name)}",
        f"source = {_quoted(source)}",
        f"date = {today().isoformat()}",
        f"rows = {found.rows}",
        f"median_error = {found.median_error:.4f}",
        f"worst_error = {found.worst_error:.4f}",
        f"left_out_error = {found.left_out:.4f} # each row estimated from the others",
        "",
        "[constants]",
    ]
    for name, (_, _, meaning) in CONSTANTS.items():
        lines.append(f"{name} = {getattr(constants, name):.6g} # {meaning}")
    lines += [f"{name} = {getattr(constants, name):.4g}" for name in ("spread", "routed_spread", "prompt_spread")]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    clean = "".join(c if c.isprintable() else " " for c in text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{clean}"'


def read_profile(path: Path) -> Profile:
    """A profile from its file; every fault names the file and the field."""
    data = _bytes(path, "a profile")
    try:
        table: dict[str, Any] = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise RowsError(f"{path.name}: is no profile: {fault}") from None
    constants, name = table.get("constants"), table.get("name")
    if not isinstance(constants, dict) or not isinstance(name, str):
        raise RowsError(f"{path.name}: is no profile: name or [constants] is missing")
    known = {f.name for f in fields(Efficiency)} - {"rows", "source"}
    for key, value in constants.items():
        if key not in known:
            raise RowsError(f"{path.name}: constants: {key} is not known; known: {', '.join(sorted(known))}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise RowsError(f"{path.name}: constants: {key} is {value!r}; a number is meant")
    rows = table.get("rows")
    try:
        efficiency = Efficiency(
            **{key: float(value) for key, value in constants.items()},
            rows=rows if isinstance(rows, int) else 0,
            source=f"{path.name}, {table.get('source', 'a profile')} of {table.get('date', 'an unknown day')}",
        )
    except DomainError as refusal:
        raise RowsError(f"{path.name}: {refusal.reason}") from None
    return Profile(name, {ANY: efficiency})

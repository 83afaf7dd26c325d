"""What the adapters of other calculators share.  It runs in their environments: the standard library only.

An adapter reads rows as JSON on its standard input, as `compare_serving.py` writes them, and answers with
`{"version", "answers", "per_cpu_second"}` on its standard output.  An answer has, of these, what its calculator gives:

- `step_s`: seconds of a decode step at the row's batch, the time per output token of each sequence
- `prefill_s`: seconds in which the prompts of the whole batch are processed
- `output_tok_s`: output tokens per second of all sequences, prompts included, where the calculator says so itself
- `refused`: why there is none
"""

import itertools
import json
import math
import os
import random
import sys
import time
from importlib.metadata import version

FIGURES = ("step_s", "prefill_s", "output_tok_s")
TIMED_SECONDS = 3


class RefusedError(Exception):
    """The calculator does not do this row."""


def listed(table, key, what):
    """The entry of a table of names, or a refusal that says which is missing."""
    if key not in table:
        raise RefusedError(f"no {what} {key!r}")
    return table[key]


def known_chip(row, *figures):
    """The chip of the row with these figures, or a refusal."""
    chip = row["chip"]
    if not chip or any(chip[figure] is None for figure in figures):
        raise RefusedError(f"no figures of {row['gpu']!r}")
    return chip


def known_shape(row):
    """The dimensions of the row's model, or a refusal."""
    if row["shape"] is None:
        raise RefusedError("no config of the model")
    return row["shape"]


def one_sequence(row):
    """A refusal where the row is a batch, which the calculator has no word for."""
    if row["batch"] != 1:
        raise RefusedError("batches are not its business")


def nearest(table, bits):
    """The entry of a table by bits that is nearest; the first of two as near."""
    return table[min(table, key=lambda known: abs(known - bits))]


def asked(estimate, row):
    """The calculator's answer, or its refusal: whatever it raises is its answer."""
    try:
        answer = estimate(row)
    except Exception as refusal:
        return {"refused": f"{type(refusal).__name__}: {refusal}"[:300]}
    figures = {name: float(answer[name]) for name in FIGURES if answer.get(name) is not None}
    if any(not math.isfinite(value) or value <= 0 for value in figures.values()):
        return {"refused": f"answers with {figures}"}
    return figures or {"refused": "none of the figures"}


def per_cpu_second(estimate, rows):
    """Rows estimated per second of CPU time, in random order, all of them estimated before.

    Each time round their prompts are a token longer, so that no answer is remembered.
    """
    if not rows:
        return None
    rows = random.Random(0).sample(rows, len(rows))
    done, start = 0, time.process_time()
    for longer in itertools.count(1):
        for row in rows:
            asked(estimate, {**row, "isl": row["isl"] + longer})
            done += 1
            if (spent := time.process_time() - start) >= TIMED_SECONDS:
                return done / spent
    return None


def serve(package, estimate):
    """Answers the rows on the standard input; what the calculator prints goes to the standard error."""
    rows = json.load(sys.stdin)
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        answers = [asked(estimate, row) for row in rows]
        done = [row for row, answer in zip(rows, answers, strict=True) if "refused" not in answer]
        json.dump({"version": version(package), "answers": answers, "per_cpu_second": per_cpu_second(estimate, done)}, out)

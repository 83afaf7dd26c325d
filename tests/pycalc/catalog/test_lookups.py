"""GPU_SPEC, MODEL_SPEC and API_PRICE, age, citations, and the rows that a workbook keeps."""

import datetime
import subprocess
import sys

import pytest

from pycalc import FUNCTIONS, evaluate, explain_rows, gpu_spec, model_spec
from pycalc.catalog import STALE_DAYS, catalog, find_chip, records, snapshot
from pycalc.catalog.fields import CHIP_FIELDS
from pycalc.catalog.snapshot import HEADER
from pycalc.cells import cell_function
from pycalc.errors import ArgumentError, CellError, InputError, NotAvailableError, UnknownNameError
from pycalc.lambdas import lambda_text
from pycalc.models import MODEL_FIELDS
from pycalc.symbolic import UntraceableError


def test_a_figure_in_base_units():
    assert gpu_spec("H100 SXM", "bandwidth") == 3.35e12
    assert (gpu_spec("H100 SXM", "link bandwidth"), gpu_spec("RTX 4090", "PCIe bandwidth")) == (450e9, 32e9)
    assert model_spec("Llama 3.1 8B", "kv_bytes_per_token") == 2 * 32 * 8 * 128 * 2


@pytest.mark.parametrize("spelled", ["bf16_flops", "BF16", "bf16 FLOPS", "bf16-flops"])
def test_a_field_in_any_spelling(spelled):
    assert gpu_spec("H100 SXM", spelled) == 989e12


@pytest.mark.parametrize("field", CHIP_FIELDS)
def test_every_field_of_a_chip_is_documented(field):
    assert gpu_spec("B200", field) > 0
    assert f'"{field}"' in FUNCTIONS["GPU_SPEC"].parameters[1].help


@pytest.mark.parametrize("field", MODEL_FIELDS)
def test_every_field_of_a_model_is_documented(field):
    assert model_spec("Jamba", field) > 0
    assert f'"{field}"' in FUNCTIONS["MODEL_SPEC"].parameters[1].help


def test_what_is_not_public_says_so():
    with pytest.raises(NotAvailableError) as refused:
        gpu_spec("Snapdragon 8 Elite", "bf16_flops")
    expected = "GPU_SPEC: no public figure of Snapdragon 8 Elite for the dense peak in BF16; known: bandwidth, peak_flops"
    assert refused.value.reason == expected
    with pytest.raises(NotAvailableError, match="no public figure of RTX 4090 for "):
        gpu_spec("RTX 4090", "link")


@pytest.mark.parametrize(
    ("arguments", "error", "code"),
    [
        (("A41", "memory"), UnknownNameError, "#N/A"),
        (("L4", "colour"), UnknownNameError, "#N/A"),
        ((None, "memory"), ArgumentError, "#VALUE!"),
        (("", "memory"), ArgumentError, "#VALUE!"),
        ((4090, "memory"), ArgumentError, "#VALUE!"),
        ((True, "memory"), ArgumentError, "#VALUE!"),
        (("L4", CellError("#REF!")), InputError, "#REF!"),
    ],
)
def test_refusals(arguments, error, code):
    with pytest.raises(error) as refused:
        gpu_spec(*arguments)
    assert refused.value.code == code


def test_a_range_of_names():
    chips = [["H100 SXM"], ["A41"], ["L4"]]
    outcome = evaluate(FUNCTIONS["GPU_SPEC"], [chips, "memory"])
    assert outcome.value[[0, 2], 0].tolist() == [80e9, 24e9]
    assert type(outcome.errors[1]) is UnknownNameError
    assert cell_function(FUNCTIONS["GPU_SPEC"])(chips, "memory") == [[80e9], [CellError("#N/A")], [24e9]]


@pytest.mark.parametrize("name", ["GPU_SPEC", "MODEL_SPEC", "API_PRICE"])
def test_no_cell_can_look_up(name):
    with pytest.raises(UntraceableError, match="looks up a catalogue"):
        lambda_text(FUNCTIONS[name])


def test_explain_cites_the_row():
    *_, formula, result = explain_rows("GPU_SPEC", ["h100sxm", "bandwidth"])
    assert formula[4] == "no formula: looks up a catalogue, which no cell holds"
    assert result[:4] == ["x", "GPU_SPEC", 3.35e12, "see field"]
    assert result[4] == f"bytes/s; {find_chip('H100 SXM').citation}"
    assert "openai/gpt-4o-mini" in explain_rows("API_PRICE", ["gpt-4o-mini", "input"])[-1][4]
    assert "parameters; secondary" in explain_rows("MODEL_SPEC", ["Qwen3 14B", "parameters"])[-1][4]


@pytest.mark.parametrize(("days", "marks"), [(0, ()), (STALE_DAYS, ()), (STALE_DAYS + 1, (f"{STALE_DAYS + 1} days old",))])
def test_a_row_older_than_ninety_days_says_so(monkeypatch, days, marks):
    chip = find_chip("L4")
    monkeypatch.setattr(records, "today", lambda: chip.date + datetime.timedelta(days))
    assert (chip.age_days, chip.stale, chip.marks) == (days, bool(marks), marks)
    assert explain_rows("GPU_SPEC", ["L4", "memory"])[-1][4] == f"bytes; {chip.citation}"
    assert all(mark in chip.citation for mark in marks)


def test_a_snapshot_holds_every_figure_with_its_origin():
    header, *rows = snapshot(["H100 SXM", "Snapdragon 8 Elite"], ["gpt-4o-mini"])
    assert header == HEADER
    facts = {(kind, name, item): (value, unit) for kind, name, item, value, unit, *_ in rows}
    assert facts["chip", "H100 SXM", "bandwidth"] == (3.35e12, "bytes/s")
    assert facts["chip", "Snapdragon 8 Elite", "peak_flops"] == (5e10, "FLOP/s")
    assert ("chip", "H100 SXM", "peak_flops") not in facts, "it is the BF16 figure over again"
    assert facts["rent", "H100 SXM", "on demand, The article"] == (2.5, "USD/hour")
    assert facts["price", "openai/gpt-4o-mini", "output"] == (0.6, "USD/Mtok")
    for *_, source, day, note in rows:
        assert source
        assert isinstance(day, datetime.date)
        assert isinstance(note, str)


def test_a_snapshot_holds_the_links():
    facts = {item: (value, unit) for _, _, item, value, unit, *_ in snapshot(["A100 SXM 80GB"])}
    assert (facts["link"], facts["pcie"]) == ((300e9, "bytes/s"), (32e9, "bytes/s"))


def test_a_snapshot_marks_what_is_old_and_what_is_the_users():
    day = "239 days old; secondary; A market level of March 2026, not one provider's offer."
    assert day in {row[-1] for row in snapshot(["H100 SXM"])}


def test_a_whole_snapshot_names_every_chip():
    assert {row[1] for row in snapshot()[1:]} == {chip.name for chip in catalog().chips}


def test_importing_reads_no_catalogue():
    code = "import sys, pycalc; print([m for m in sys.modules if m.startswith(('pycalc.catalog', 'genai_prices'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

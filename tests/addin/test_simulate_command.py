"""``llmecon simulate``: the distribution of a result, and which argument moves it."""

import pytest

from pycalc import FUNCTIONS, simulate, tornado
from pycalc.uncertainty import DRAWS, PERCENTILES, SEED

COST = ["lognormal(2, 3)", "TRI(150;185;220)", "tri(0.2,0.4,0.6)"]
NEVER = [1000, 1, 1000, 1000, "uniform(0.5,1.5)"]


def test_the_table_is_for_reading(llmecon):
    result = simulate("COST_PER_MTOK", COST)
    lines = llmecon("simulate", "cost_per_mtok", *COST).out.splitlines()
    assert lines[0].split() == ["statistic", "value", "unit"]
    assert len({line.index("USD/Mtok") for line in lines if "USD/Mtok" in line}) == 1, "columns are aligned"
    shown = {line.split("  ")[0]: line.split("  ", 1)[1].split() for line in lines}
    assert shown["mean"] == [f"{result.mean:.4g}", "USD/Mtok"]
    assert shown["P90"] == [f"{result.percentiles[90]:.4g}", "USD/Mtok"]
    assert shown["base case"] == [f"{result.base_case:.4g}", "USD/Mtok"]
    assert shown["share without value"] == ["0", "fraction"]
    assert [line.split()[0] for line in lines[3:10]] == ["P5", "P10", "P25", "P50", "P75", "P90", "P95"]


def test_the_document_has_all_digits(llmecon):
    result = simulate("COST_PER_MTOK", COST)
    run = llmecon("simulate", "COST_PER_MTOK", *COST, "--json")
    assert (run.status, run.err) == (0, "")
    assert run.document == {
        "function": "COST_PER_MTOK",
        "unit": "USD/Mtok",
        "mean": result.mean,
        "standard_deviation": result.standard_deviation,
        "percentiles": {f"P{share:g}": result.percentiles[share] for share in PERCENTILES},
        "min": result.minimum,
        "max": result.maximum,
        "base_case": result.base_case,
        "share_without_value": 0,
        "reason": None,
        "draws": DRAWS,
        "seed": SEED,
    }


def test_draws_seed_and_percentiles_can_be_chosen(llmecon):
    options = ["--draws", 2000, "--seed", 9, "--percentiles", "50, 99.9,50"]
    document = llmecon("simulate", "COST_PER_MTOK", *options, *COST, "--json").document
    result = simulate("COST_PER_MTOK", COST, 2000, 9, (50, 99.9))
    assert document["percentiles"] == {"P50": result.percentiles[50], "P99.9": result.percentiles[99.9]}
    assert (document["mean"], document["draws"], document["seed"]) == (result.mean, 2000, 9)


def test_a_tornado_follows(llmecon):
    found = tornado("COST_PER_MTOK", COST, 2000, 9)
    words = ["simulate", "COST_PER_MTOK", *COST, "--tornado", "--draws", "2000", "--seed", "9"]
    first, second = llmecon(*words).out.split("\n\n")
    assert first.splitlines()[0].startswith("statistic")
    headings, *rows = second.splitlines()
    assert headings.split("  ")[0] == "argument"
    assert [row.split()[0] for row in rows] == [swing.argument for swing in found]
    assert rows[1].split()[1:4] == ["2", "3", "USD/hour"]
    document = llmecon(*words, "--json").document
    assert document["mean"] == simulate("COST_PER_MTOK", COST, 2000, 9).mean
    assert document["tornado"][0] == {
        "argument": "utilisation",
        "p10": found[0].low,
        "p90": found[0].high,
        "unit": "fraction",
        "result_at_p10": found[0].at_low,
        "result_at_p90": found[0].at_high,
        "swing": found[0].swing,
        "result_unit": "USD/Mtok",
        "share_of_variance": found[0].variance_share,
    }


def test_what_has_no_value_is_told(llmecon):
    reason = simulate("EDGE_CROSSOVER", NEVER).reason
    run = llmecon("simulate", "EDGE_CROSSOVER", *NEVER, "--tornado")
    assert run.status == 0
    assert run.err == f"50.00% of the draws have no value, the first: {reason}\n"
    assert "#N/A" in next(line for line in run.out.splitlines() if line.startswith("base case"))
    document = llmecon("simulate", "EDGE_CROSSOVER", *NEVER, "--tornado", "--json").document
    assert document["share_without_value"] == pytest.approx(0.5, abs=1e-4)
    assert document["reason"] == reason
    assert document["base_case"]["error"] == document["tornado"][0]["swing"]["error"] == "#N/A"
    assert document["tornado"][0]["share_of_variance"] is None


def test_a_text_can_be_a_name(llmecon):
    document = llmecon("simulate", "MODEL_KV_BYTES", "Llama 3.1 8B", "uniform(1000,3000)", "--json").document
    assert document["mean"] == pytest.approx(131072 * 2000, rel=1e-5)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["COST_PER_MTO", "1"], "near: COST_PER_MTOK"),
        (["COST_PER_MTOK", "1"], "takes 2 to 3 arguments, not 1"),
        (["COST_PER_MTOK", "1", "tri(1,2)"], 'tokens_per_second is the text "tri(1,2)": tri takes 3 numbers'),
        (["COST_PER_MTOK", "1", "185", "tri(0.5,0.9,1.2)"], "reaches 1.2; it must be a number from 0 to 1"),
        (["COST_PER_MTOK", "1", "{1,2}"], "tokens_per_second is a range"),
        (["COST_PER_MTOK", "1", "185", "--tornado"], "no argument is uncertain"),
        (["COST_PER_MTOK", "tri(1,2,3)", "0"], "division by zero"),
        (["COST_PER_MTOK", *COST, "--draws", "1"], "draws is 1; it must be a whole number from 100"),
        (["COST_PER_MTOK", *COST, "--draws", "many"], "--draws"),
        (["COST_PER_MTOK", *COST, "--seed", "-1"], "seed is -1"),
        (
            ["COST_PER_MTOK", *COST, "--percentiles", "5,median"],
            "--percentiles takes numbers from 0 to 100, as in 5,50,95; 'median'",
        ),
        (["COST_PER_MTOK", *COST, "--percentiles", ""], "--percentiles takes numbers"),
        (["COST_PER_MTOK", *COST, "--percentiles", "5,101"], "percentile 101 is none"),
        ([], "NAME"),
    ],
)
def test_a_refusal_is_one_line(llmecon, words, hint):
    run = llmecon("simulate", *words)
    assert (run.status, run.out) == (2, "")
    assert run.err.startswith("llmecon")
    assert run.err.count("\n") == 1
    assert hint in run.err


def test_a_cell_s_way_of_asking_prints_the_same_table(llmecon):
    run = llmecon("call", "SIMULATE", "COST_PER_MTOK", "", "", *COST)
    rows = [line.split("\t") for line in run.out.splitlines()]
    assert rows[0] == ["statistic", "value", "unit"]
    assert float(rows[1][1]) == simulate("COST_PER_MTOK", COST).mean
    assert llmecon("call", "TORNADO", "COST_PER_MTOK", *COST, "--json").document["value"][1][0] == "utilisation"
    listed = {document["name"] for document in llmecon("functions", "--json").document}
    assert {"SIMULATE", "TORNADO", *FUNCTIONS} <= listed

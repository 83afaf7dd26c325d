"""``llmecon claims``: the contract's JSON, lines for a pipe, a page for a terminal."""

import io
import json
import re

import pytest
from rich.console import Console

from addin.cli.claims import report
from addin.cli.status import run
from pycalc.claims import Verdict, claims

KEYS = ["id", "section", "claim", "article_value", "recomputed", "unit", "verdict", "note"]


def page(width, **options):
    stream = io.StringIO()
    Console(file=stream, width=width, **options).print(report(claims()))
    return stream.getvalue()


def test_json_holds_the_keys_of_the_contract(capsys):
    assert run(["claims", "--json"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert err == ""
    assert [list(row) for row in document] == [KEYS] * len(claims())
    by_id = {row["id"]: row for row in document}
    assert by_id["6.2-mtok-full"]["article_value"] == 0.0038
    assert by_id["6.2-mtok-full"]["recomputed"] == pytest.approx(2.5e6 / (3600 * 185), rel=1e-12)
    assert by_id["5.3-32k"]["recomputed"] == 536870912
    assert by_id["3.1-attn-ai"]["article_value"] == "n/B_p"
    assert by_id["6.3-tiers"]["recomputed"] is None
    assert by_id["7.2-crossover-requests"]["article_value"] is None


def test_a_pipe_gets_a_line_per_figure_without_control_characters(capsys):
    assert run(["claims"]) == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split() == ["§", "id", "figure", "article", "right", "unit", "verdict", "why"]
    assert {line.split()[1] for line in lines} == {claim.id for claim in claims()}
    assert len(lines) == len(claims())
    assert "".join((heading, *lines)).isprintable()
    wrong = next(line for line in lines if "6.2-mtok-full" in line)
    assert re.search(r" ~0\.0038 +3\.754 +USD/Mtok +wrong +low by 1000×", wrong)


@pytest.mark.parametrize("width", [80, 120])
def test_a_page_fits_its_terminal_and_loses_no_word(width):
    text = page(width)
    assert max(map(len, text.splitlines())) <= width
    words = set(text.split())
    for claim in claims():
        assert set(f"{claim.claim} {claim.note}".split()) <= words


def test_a_page_shows_both_figures_in_one_scale_and_explains_the_verdicts():
    text = page(120)
    assert re.search(r"Cache of the 1B model at 32K +512 +536\.9 MB +units", text)
    assert re.search(r"Compute of an H100 over a Snapdragon 8 Elite CPU +20,000 +19,780× +agrees", text)
    assert re.search(r"Time of a decode step on an H100 +~2\.7 +2\.731 ms +agrees", text)
    legend = " ".join(text.rpartition("─")[2].split())
    for verdict in Verdict:
        count = sum(claim.verdict == verdict for claim in claims())
        assert f"{count} {verdict} {verdict.meaning}" in legend


def test_colours_are_for_terminals():
    assert "\x1b" not in page(80)
    coloured = page(80, force_terminal=True, color_system="standard", no_color=False)
    assert "\x1b[1;31mwrong" in coloured
    assert "\x1b[32magrees" in coloured

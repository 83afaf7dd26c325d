"""A catalogue file that breaks the schema is refused with file, row and field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycalc.catalog import CatalogError, catalog
from pycalc.catalog.reading import read_tables
from pycalc.errors import TEXT_LIMIT

GOOD = {
    "name": '"X1"',
    "vendor": '"Acme"',
    "kind": '"data centre"',
    "source": '"its data sheet"',
    "date": "2026-11-01",
    "bf16_tflops": "100",
    "bandwidth_gb_per_s": "1000",
}
RENT = {
    "name": '"H100 SXM"',
    "usd_per_hour": "2",
    "term": '"spot"',
    "provider": '"Acme"',
    "source": '"x"',
    "date": "2026-11-01",
}


def row(table="chip", base=GOOD, **changes):
    lines = [f"{field} = {value}" for field, value in {**base, **changes}.items() if value is not None]
    return "\n".join((f"[[{table}]]", *lines, ""))


def refusal(text):
    with pytest.raises(CatalogError) as refused:
        read_tables(text.encode() if isinstance(text, str) else text, "chips.toml")
    assert refused.value.code == "#N/A"
    assert len(refused.value.reason) <= TEXT_LIMIT
    return refused.value.reason


BROKEN = {
    "an unknown field": (row(bandwith_gb_per_s="1"), 'chip 1 "X1": unknown field bandwith_gb_per_s; is it bandwidth_gb_per_s?'),
    "no source": (row(source=None), 'chip 1 "X1": source is missing'),
    "no date": (row(date=None), 'chip 1 "X1": date is missing'),
    "an empty source": (row(source='" "'), "source is ' '; it must be a text"),
    "a date in quotes": (
        row(date='"2026-11-01"'),
        "date is '2026-11-01'; it must be a date such as 2026-11-23, without quotes",
    ),
    "a date with a time": (row(date="2026-11-01T00:00:00"), "it must be a date"),
    "a text for a number": (row(power_w='"700"'), "power_w is '700'; it must be a number"),
    "a truth value for a number": (row(power_w="true"), "power_w is True; it must be a number"),
    "not a number": (row(power_w="nan"), "power_w is NaN; plausible is 0.1 to 100000"),
    "an endless number": (row(power_w="inf"), "power_w is Infinity; plausible is 0.1 to 100000"),
    "a number past all floats": (row(power_w="1e999999"), "power_w is 1E+999999; plausible"),
    "a number of too many digits": (row(power_w="1" * 5000), "is no TOML"),
    "a deep nest": ("a = " + "[" * 5000, "is no TOML"),
    "a bandwidth in bytes": (row(bandwidth_gb_per_s="3.35e12"), "bandwidth_gb_per_s is 3.35E+12; plausible is 1 to 1e+08"),
    "a link in bytes": (row(link_gb_per_s="450e9"), "link_gb_per_s is 4.50E+11; plausible is 1 to 2000"),
    "a link both ways": (row(link_gb_per_s="3600"), "link_gb_per_s is 3600; plausible is 1 to 2000"),
    "PCIe in bits": (row(pcie_gb_per_s="512"), "pcie_gb_per_s is 512; plausible is 0.1 to 300"),
    "no name": (row(name=None), "chip 1: name is missing"),
    "an unknown kind": (row(kind='"gpu"'), "kind is 'gpu'; it must be one of data centre, workstation, consumer, apple"),
    "a generation misspelled": (row(generation='"Hoper"'), "chip 1 \"X1\": generation is 'Hoper'; is it Hopper?"),
    "a generation of nobody": (
        row(generation='"GA102"'),
        "chip 1 \"X1\": generation is 'GA102'; it must be one of Volta, Turing, Ampere, Ada, Hopper, Blackwell",
    ),
    "aliases as a text": (row(aliases='"X"'), "aliases is 'X'; it must be a list of names"),
    "an alias of signs only": (row(aliases='["-"]'), "it must be a list of names"),
    "a sparse figure": (
        row(fp8_tflops="401"),
        "fp8_flops is 4.01 times bf16_flops; plausible is 1 to 4 (sparse figures are double)",
    ),
    "columns exchanged": (row(fp8_tflops="50"), "fp8_flops is 0.5 times bf16_flops"),
    "an unknown table": (row("chips"), "unknown table chips; is it chip?"),
    "a single bracket": ("[chip]\nname = 'X'\n", "rows of chip begin with [[chip]]"),
    "rows that are no tables": ("chip = [1]\n", "chip 1: is no table"),
    "sources that are no texts": ("[sources]\na = 1\n", "[sources] holds texts by their short names"),
    "a term of rent": (row("rent", RENT, term='"monthly"'), "term is 'monthly'; it must be one of on demand, spot, 1 year"),
    "part of a GPU": (row("rent", RENT, gpus="1.5"), "gpus is 1.5; it must be a whole number"),
    "a free GPU": (row("rent", RENT, usd_per_hour="0"), "usd_per_hour is 0; plausible is 0.001 to 10000"),
    "broken TOML": ("[[chip]", "is no TOML"),
    "a repeated key": ("[[chip]]\nname = 'a'\nname = 'b'\n", "is no TOML"),
    "no text at all": (b"\xff\xfe", "is no TOML"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_fault_is_named(fault):
    text, expected = BROKEN[fault]
    reason = refusal(text)
    assert reason.startswith("chips.toml: ")
    assert expected in reason


def test_a_good_row_is_in_base_units():
    (chip,) = read_tables(row(memory_gb="0.23", fp16_tflops="165.2", bf16_tflops="165.2").encode(), "chips.toml")["chip"]
    assert (chip.memory, chip.fp16_flops, chip.bandwidth, chip.peak_flops) == (2.3e8, 165.2e12, 1e12, 165.2e12)
    assert (chip.fp8_flops, chip.power, chip.tier, chip.user) == (None, None, "secondary", False)
    assert (chip.generation, chip.link, chip.pcie) == ("", None, None)


def test_links_are_in_bytes():
    text = row(generation='"Hopper"', link_gb_per_s="56.25", pcie_gb_per_s="63")
    (chip,) = read_tables(text.encode(), "chips.toml")["chip"]
    assert (chip.generation, chip.link, chip.pcie) == ("Hopper", 56.25e9, 63e9)


def test_a_source_may_be_cited_by_its_short_name():
    text = '[sources]\nsheet = "Acme X1 data sheet"\n' + row(source='"sheet"')
    assert read_tables(text.encode(), "chips.toml")["chip"][0].source == "Acme X1 data sheet"


@pytest.mark.parametrize(
    ("second", "taken"),
    [('name = "x-1"', "x-1"), ('name = "X2"\naliases = ["X 1"]', "X 1"), ('name = "X2"\naliases = ["x2"]', "x2")],
)
def test_a_name_belongs_to_one_row(own, second, taken):
    own(row() + row(name=None) + second)
    with pytest.raises(CatalogError, match=f'the name "{taken}" is already taken by'):
        catalog()


def outcome(data):
    """The rows, or the reason why there are none."""
    try:
        return [entry for entries in read_tables(data, "own.toml").values() for entry in entries], None
    except CatalogError as refused:
        return [], refused.reason


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_rubbish_is_refused_or_holds_nothing(data):
    entries, reason = outcome(data)
    assert not entries
    assert reason is None or reason.startswith("own.toml: ")


@given(st.integers(0, 200), st.sampled_from(["", "\0", "[", '"', "= 1", "\n[[chip]]\n"]))
def test_a_damaged_file_is_refused_in_one_line_or_still_sound(at, damage):
    text = row(memory_gb="80") + row("rent", RENT)
    entries, reason = outcome((text[:at] + damage + text[at + len(damage) :]).encode())
    assert all(entry.source and entry.date for entry in entries)
    assert reason is None or (reason.startswith("own.toml: ") and reason.isprintable())

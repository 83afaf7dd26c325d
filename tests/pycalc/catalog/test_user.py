"""The user's own file: its rows override ours, with a mark, and its faults are theirs to read."""

import json
import os
import sys

import pytest

from pycalc import gpu_spec, model_spec
from pycalc.catalog import CatalogError, catalog, find_chip, find_model, find_price, rents_of, store, user_file

CHIP = """
[[chip]]
name = "h100-sxm"
vendor = "NVIDIA"
kind = "data centre"
bandwidth_gb_per_s = 3000
source = "our own measurement"
date = 2026-11-20
"""
RENT = """
[[rent]]
name = "H100 SXM"
usd_per_hour = 1.75
term = "3 years"
provider = "Acme"
source = "our contract"
date = 2026-11-20

[[rent]]
name = "H100 SXM"
usd_per_hour = 2.6
term = "on demand"
provider = "the article"
source = "our own"
date = 2026-11-20
"""
MODEL = """
[[model]]
name = "House 1"
maker = "us"
config = "house/config.json"
source = "our repository"
date = 2026-11-20
"""
PRICE = """
[[price]]
provider = "openai"
model = "gpt-4o-mini"
input_usd_per_mtok = 0.11
source = "our contract"
date = 2026-11-20
"""


def test_a_chip_is_overridden_as_a_whole_and_keeps_its_other_names(own):
    own(CHIP)
    chip = find_chip("NVIDIA H100 SXM5")
    assert (chip.name, chip.bandwidth, chip.bf16_flops, chip.user, chip.marks) == ("h100-sxm", 3e12, None, True, ("user",))
    assert chip.citation == "user; secondary; 2026-11-20; our own measurement"
    assert gpu_spec("H100 SXM", "bandwidth") == 3e12
    assert find_chip("H100 PCIe").user is False
    assert "H100 SXM" not in {row.name for row in catalog().chips}


def test_the_generation_of_an_overridden_chip_need_not_be_repeated_but_its_link_must(own):
    own(CHIP)
    assert (find_chip("H100 SXM").generation, find_chip("H100 SXM").link) == ("Hopper", None)
    own(CHIP + 'generation = "Blackwell"\n')
    assert find_chip("H100 SXM").generation == "Blackwell"
    own(CHIP + 'aliases = ["A100 SXM 80GB"]\n')
    assert find_chip("A100 SXM 80GB").generation == "", "of one chip in place of two it is not known"


def test_an_unknown_generation_is_refused_by_name(own):
    path = own(CHIP + 'generation = "Hoper"\n')
    with pytest.raises(CatalogError) as refused:
        find_chip("L4")
    assert refused.value.reason == f"{path.name}: chip 1 \"h100-sxm\": generation is 'Hoper'; is it Hopper?"


def test_a_new_chip_is_added(own):
    own(CHIP.replace("h100-sxm", "Acme X1"))
    assert find_chip("acme x1").user
    assert find_chip("acme x1").generation == ""
    assert find_chip("H100 SXM").bandwidth == 3.35e12


def test_a_rent_is_added_and_the_same_offer_replaced(own):
    own(RENT)
    offers = {(rent.provider, rent.term): rent for rent in rents_of("H100 SXM")}
    assert offers["Acme", "3 years"].user
    assert offers["the article", "on demand"].usd_per_hour == 2.6
    assert ("The article", "on demand") not in offers


def test_a_rent_of_an_unknown_chip_is_refused(own):
    own(RENT.replace("H100 SXM", "H1000"))
    with pytest.raises(CatalogError, match='rent of "H1000" by Acme: no chip "H1000"'):
        catalog()


def test_a_price_is_overridden(own):
    own(PRICE)
    price = find_price("GPT-4o mini")
    assert (price.input_usd_per_mtok, price.output_usd_per_mtok, price.user) == (0.11, None, True)


def test_a_model_by_a_config_beside_the_catalogue(own):
    path = own(MODEL)
    (path.parent / "house").mkdir()
    config = json.loads(find_model("Llama 3.2 1B").path.read_text("utf-8")) | {"num_hidden_layers": 2}
    (path.parent / "house" / "config.json").write_text(json.dumps(config), "utf-8")
    assert find_model("us/House-1").user
    assert model_spec("House 1", "layers") == 2


def test_a_changed_file_is_read_again(own):
    path = own(CHIP)
    assert find_chip("H100 SXM").bandwidth == 3e12
    path.write_text(CHIP.replace("3000", "3100"), "utf-8")
    os.utime(path, ns=(1, 1))
    assert find_chip("H100 SXM").bandwidth == 3.1e12


def test_a_fault_names_the_users_file(own):
    path = own(CHIP.replace("3000", '"3000"'))
    with pytest.raises(CatalogError) as refused:
        gpu_spec("L4", "memory")
    expected = f"GPU_SPEC: {path.name}: chip 1 \"h100-sxm\": bandwidth_gb_per_s is '3000'; it must be a number"
    assert refused.value.reason == expected


@pytest.mark.parametrize("what", ["missing", "folder"])
def test_a_file_that_is_named_must_be_there(monkeypatch, tmp_path, what):
    path = tmp_path / "none.toml" if what == "missing" else tmp_path
    monkeypatch.setenv(store.VARIABLE, str(path))
    with pytest.raises(CatalogError, match="cannot be read"):
        catalog()


@pytest.mark.parametrize(
    ("platform", "variable", "folder"),
    [
        ("linux", "XDG_CONFIG_HOME", ""),
        ("linux", "HOME", ".config"),
        ("win32", "APPDATA", ""),
        ("darwin", "HOME", "Library/Application Support"),
    ],
)
def test_the_file_lies_where_the_platform_keeps_settings(monkeypatch, tmp_path, platform, variable, folder):
    monkeypatch.delenv(store.VARIABLE)
    for other in ("XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setattr(sys, "platform", platform)
    assert user_file() is None
    path = tmp_path / folder / "llmecon" / "catalog.toml"
    path.parent.mkdir(parents=True)
    path.write_text(CHIP, "utf-8")
    assert user_file() == path
    assert find_chip("H100 SXM").user

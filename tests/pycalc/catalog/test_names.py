"""Names as people write them: found in any spelling, refused when near or ambiguous."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycalc.catalog import catalog, find_chip, find_model
from pycalc.catalog.names import Named, Names, key
from pycalc.errors import TEXT_LIMIT, UnknownNameError

SPELLED = {
    "H100 SXM": ("h100 sxm", "H100-SXM", "h100sxm5", "NVIDIA H100 80GB HBM3", "H100-SXM-80GB", "H100 SXM5 80 GB"),
    "A100 SXM 80GB": ("A100-SXM4-80GB", "NVIDIA A100 80GB SXM", "a100 sxm 80gb", "A100_SXM_80GB"),
    "A100 PCIe 80GB": ("NVIDIA A100 80GB PCIe", "A100-PCIE-80GB"),
    "H200 SXM": ("H200", "NVIDIA H200", "H200 141GB"),
    "RTX 4090": ("NVIDIA GeForce RTX 4090", "rtx4090", "RTX-4090 24GB", "4090"),
    "L40S": ("NVIDIA L40S", "l40s 48GB"),
    "L4": ("nvidia l4",),
    "A40": ("NVIDIA A40", "A40 48GB"),
    "RTX A6000": ("A6000", "NVIDIA RTX A6000"),
    "MI300X": ("AMD Instinct MI300X", "mi300x 192GB"),
    "TPU v5e": ("Google TPU v5e", "Cloud TPU v5e", "tpu-v5e"),
    "Apple M2 Ultra": ("M2 Ultra", "Apple M2 Ultra 76-core GPU", "M2 Ultra 192GB"),
    "Apple M3 Max 40-core": ("M3 Max 40‑Core GPU", "M3 Max 40 core"),  # the hyphen is U+2011
    "DGX Spark": ("GB10", "DGX Spark (GB10)", "NVIDIA DGX Spark GB10"),
    "Snapdragon 8 Elite": ("Qualcomm Snapdragon® 8 Elite", "snapdragon 8 elite CPU"),
    "Groq LPU": ("LPU", "groq lpu"),
    "Cerebras WSE-3": ("WSE3", "cerebras wse 3"),
}
AMBIGUOUS = {
    "H100": "H100 NVL, H100 PCIe, H100 SXM",
    "h100 80gb": "H100 PCIe, H100 SXM",
    "A100": "A100 PCIe 80GB, A100 SXM 40GB, A100 SXM 80GB",
    "A100 SXM": "A100 SXM 40GB, A100 SXM 80GB",
    "M3 Max": "Apple M3 Max 30-core, Apple M3 Max 40-core",
    "GH200": "GH200 141GB, GH200 96GB",
    "Snapdragon 8": "Snapdragon 8 Elite, Snapdragon 8 Gen 3",
}
NEAR = {"A41": "A40", "H20": "H200 SXM", "L40": "L40S", "MI300": "MI300X", "RTX 4900": "RTX 4090"}
MODELS = {
    "Meta-Llama-3.1-8B": ("Llama 3.1 8B", "llama-3.1-8b", "meta-llama/Llama-3.1-8B-Instruct", "LLAMA_3.1_8B"),
    "Qwen2.5-7B": ("qwen 2.5 7b", "Qwen/Qwen2.5-7B-Instruct"),
    "Qwen3-14B": ("Qwen3 14B", "qwen/qwen3-14b"),
    "Mixtral-8x7B-v0.1": ("mixtral 8x7b", "mistralai/Mixtral-8x7B-Instruct-v0.1"),
    "Llama-3_3-Nemotron-Super-49B-v1": ("Llama 3.3 Nemotron Super 49B",),
    "gpt-oss-120b": ("GPT-OSS 120B", "openai/gpt-oss-120b"),
}


@pytest.mark.parametrize(("name", "spelled"), [(name, text) for name, texts in SPELLED.items() for text in (name, *texts)])
def test_a_chip_in_every_spelling(name, spelled):
    assert find_chip(spelled).name == name


@pytest.mark.parametrize(("name", "spelled"), [(name, text) for name, texts in MODELS.items() for text in (name, *texts)])
def test_a_model_in_every_spelling(name, spelled):
    assert find_model(spelled).name == name


@pytest.mark.parametrize(("name", "variants"), AMBIGUOUS.items())
def test_an_ambiguous_name_is_refused_with_its_variants(name, variants):
    with pytest.raises(UnknownNameError) as refused:
        find_chip(name)
    assert refused.value.reason == f'the chip "{name}" has variants, say which: {variants}'


@pytest.mark.parametrize(("name", "near"), NEAR.items())
def test_a_near_name_is_suggested_first_and_never_taken(name, near):
    with pytest.raises(UnknownNameError) as refused:
        find_chip(name)
    assert refused.value.reason.partition("near: ")[2].split(", ")[0] == near


@pytest.mark.parametrize("name", ["", " ", "GPU", "🙂", "nothing of the kind", "=1+1", "x" * 1000])
def test_what_is_no_name_at_all(name):
    with pytest.raises(UnknownNameError) as refused:
        find_chip(name)
    assert len(refused.value.reason) <= TEXT_LIMIT


def test_a_spelling_that_two_rows_share_is_refused_but_a_rows_own_name_is_its_own():
    names = Names("thing", ["X", "Y Z"], lambda row: Named(row, ("both", "X")))
    assert names.find("x") == "X"
    with pytest.raises(UnknownNameError, match='the thing "Both" has variants, say which: X, Y Z'):
        names.find("Both")


def test_figures_do_not_run_together():
    """Qwen2-57B-A14B is a model, and no other spelling of Qwen2.5-7B."""
    assert len({key(name) for name in ("Qwen2 57B", "Qwen2.5 7B", "Qwen25 7B", "Qwen2 5 7B")}) == 4
    with pytest.raises(UnknownNameError):
        find_model("Qwen2 57B")


def test_every_name_and_alias_finds_its_own_row():
    for names in (catalog().chips, catalog().models):
        for row in names:
            assert [names.find(name) for name in (row.name, *row.aliases)] == [row] * (1 + len(row.aliases))


@given(st.data())
def test_one_slip_of_a_digit_never_finds_another_chip(data):
    """The slip that costs most: an unknown A40 taken for an H200."""
    chip = data.draw(st.sampled_from(list(catalog().chips)))
    digits = [i for i, character in enumerate(chip.name) if character.isdigit()]
    if not digits:
        return
    i = data.draw(st.sampled_from(digits))
    slipped = chip.name[:i] + data.draw(st.sampled_from("0123456789")) + chip.name[i + 1 :]
    spelled = {key(name) for row in catalog().chips for name in (row.name, *row.aliases)}
    try:
        found = find_chip(slipped)
    except UnknownNameError:
        return
    sizes = {key(f"{base} {row.memory / 1e9:g}gb") for row in [found] if row.memory for base in (row.name, *row.aliases)}
    assert key(slipped) in spelled | sizes

"""Names as people write them: found in any spelling, refused when near or ambiguous."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycalc.catalog import catalog, find_chip, find_model
from pycalc.catalog.names import Named, Names, key
from pycalc.errors import TEXT_LIMIT, UnknownNameError

SPELLED = {
    "H100 SXM": ("h100 sxm", "H100-SXM", "h100sxm5", "NVIDIA H100 80GB HBM3", "H100-SXM-80GB", "H100 SXM5 80 GB"),
    "A100 SXM 80GB": ("A100-SXM4-80GB", "NVIDIA A100 80GB SXM", "a100 sxm 80gb", "A100_SXM_80GB", "A100-SXM-80GB"),
    "A100 PCIe 80GB": ("NVIDIA A100 80GB PCIe", "A100-PCIE-80GB", "A100-80GB PCIe", "A100 80GB PCIe"),
    "H200 SXM": ("H200", "NVIDIA H200", "H200 141GB", "H200-SXM"),
    "H20": ("NVIDIA H20", "H20 96GB", "H20-SXM"),
    "A800 SXM": ("A800", "A800-SXM4-80GB", "NVIDIA A800 80GB"),
    "L20": ("NVIDIA L20", "L20 48GB"),
    "A2": ("NVIDIA A2", "A2 16GB"),
    "MI210": ("AMD Instinct MI210", "MI210 64GB"),
    "RTX 4090": ("NVIDIA GeForce RTX 4090", "rtx4090", "RTX-4090 24GB", "4090", "4090 24GB"),
    "RTX 4080 Super": ("4080 Super", "NVIDIA GeForce RTX 4080 SUPER", "RTX 4080 Super 16GB"),
    "RTX 4070 Ti Super": ("4070 Ti Super", "RTX 4070 Ti SUPER 16GB", "rtx4070tisuper"),
    "RTX 4070 Ti": ("4070 Ti 12GB",),
    "RTX 4060 Ti 16GB": ("4060 Ti 16GB", "RTX 4060 Ti"),
    "RTX 3090 Ti": ("3090 Ti", "GeForce RTX 3090 Ti 24GB"),
    "RTX 3080 Ti": ("3080 Ti 12GB",),
    "RTX 3080 10GB": ("3080 10GB", "RTX 3080", "NVIDIA GeForce RTX 3080"),
    "RTX 3070": ("3070 8GB", "3070"),
    "RTX 3060 12GB": ("RTX 3060", "3060 12GB", "NVIDIA GeForce RTX 3060"),
    "RTX 2080 Ti": ("2080Ti", "RTX 2080 Ti 11GB"),
    "RTX 5000 Ada": ("RTX 5000 Ada 32GB", "NVIDIA RTX 5000 Ada Generation"),
    "RTX 6000 Ada": ("RTX 6000 Ada 48GB",),
    "RTX PRO 5000 Blackwell": ("NVIDIA RTX PRO 5000", "RTX PRO 5000 Blackwell 48GB"),
    "RTX A2000 12GB": ("RTX A2000", "A2000 12GB"),
    "RTX A400": ("NVIDIA A400",),
    "Jetson AGX Orin 64GB": ("Jetson Orin (AGX 64GB)", "NVIDIA Jetson AGX Orin", "AGX Orin 64GB"),
    "Jetson Orin Nano": ("Jetson Orin Nano 8GB", "Orin Nano"),
    "Arc B580": ("Intel Arc B580", "B580 12GB"),
    "Arc A770": ("Intel Arc A770 16GB", "A770"),
    "Radeon AI PRO R9700": ("R9700", "AMD AI Pro R9700", "AMD Radeon AI Pro R9700", "R9700 32GB"),
    "Radeon PRO W7700": ("AMD Pro W7700", "W7700", "AMD Radeon Pro W7700"),
    "RX 7900 XTX": ("7900 XTX", "AMD Radeon RX 7900 XTX", "RX7900XTX 24GB"),
    "RX 9070 XT": ("AMD RX 9070 XT", "9070XT"),
    "RX 6700 XT": ("AMD RX 6700 XT", "RX 6700 XT 12GB"),
    "L40S": ("NVIDIA L40S", "l40s 48GB"),
    "L4": ("nvidia l4",),
    "A40": ("NVIDIA A40", "A40 48GB"),
    "RTX A6000": ("A6000", "NVIDIA RTX A6000", "RTX A6000 48GB"),
    "MI300X": ("AMD Instinct MI300X", "mi300x 192GB"),
    "TPU v5e": ("Google TPU v5e", "Cloud TPU v5e", "tpu-v5e"),
    "Apple M2 Ultra": (
        "M2 Ultra",
        "Apple M2 Ultra 76-core GPU",
        "M2 Ultra 192GB",
        "M2 Ultra 76-core",
        "M2 Ultra 76-Core GPU 192GB",
    ),
    "Apple M1 Max": ("M1 Max 32-core", "M1 Max 32‑Core GPU 64GB"),
    "Apple M1 Ultra": ("M1 Ultra (48 GPU Core) 64GB",),
    "Apple M3 Max 40-core": ("M3 Max 40‑Core GPU", "M3 Max 40 core", "M3 Max 40‑Core GPU 64GB"),  # the hyphen is U+2011
    "DGX Spark": ("GB10", "DGX Spark (GB10)", "NVIDIA DGX Spark GB10"),
    "Snapdragon 8 Elite": ("Qualcomm Snapdragon® 8 Elite", "snapdragon 8 elite CPU"),
    "Snapdragon 8 Elite Gen 5": ("Snapdragon 8 Elite Gen 5 (v81 NPU)", "Qualcomm Snapdragon 8 Elite Gen 5"),
    "Snapdragon 8 Gen 1": ("Snapdragon 8 Gen 1 CPU",),
    "Raspberry Pi 5": ("Pi 5 - 16GB", "Raspberry Pi 5 16GB", "Pi 5"),
    "AmpereOne A192-32X": ("AmpereOne A192-32X - 512GB", "AmpereOne A192-32X (512GB)"),
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
    "Snapdragon 8": "Snapdragon 8 Elite, Snapdragon 8 Elite Gen 5, Snapdragon 8 Gen 1, Snapdragon 8 Gen 2, Snapdragon 8 Gen 3",
    "A100 80GB": "A100 PCIe 80GB, A100 SXM 80GB",
    "Jetson Orin": "Jetson AGX Orin 64GB, Jetson Orin Nano, Jetson Orin Nano Super",
    "RX 7900": "RX 7900 XT, RX 7900 XTX",
}
NEAR = {"A41": "A40", "H30": "H20", "L40": "L40S", "MI300": "MI300X", "RTX 4091": "RTX 4090", "RTX 3080 12GB": "RTX 3080 Ti"}
OTHERS = (
    "RTX 3060 8GB",
    "RTX 4060 Ti 8GB",
    "RTX PRO 5000 72GB",
    "Jetson AGX Orin 32GB",
    "Arc A770 8GB",
    "RX 7900 GRE",
    "RX 9070",
)
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


@pytest.mark.parametrize("name", OTHERS)
def test_a_sister_with_other_memory_or_another_ending_is_not_taken(name):
    """They are slower, or unlike in ways that nobody has entered."""
    with pytest.raises(UnknownNameError):
        find_chip(name)


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
    spelled = {
        key(f"{maker}{name}") for row in catalog().chips for name in (row.name, *row.aliases) for maker in ("", "Apple ")
    }
    try:
        found = find_chip(slipped)
    except UnknownNameError:
        return
    sizes = {key(f"{base} {row.memory / 1e9:g}gb") for row in [found] if row.memory for base in (row.name, *row.aliases)}
    assert key(slipped) in spelled | sizes

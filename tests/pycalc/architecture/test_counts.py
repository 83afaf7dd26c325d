"""Pairs of attention against a count one by one; sums, sweeps and chunks against each other."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from real_models import config, model

from pycalc.architecture import read_architecture
from pycalc.architecture.compressed import Entries
from pycalc.architecture.reach import EVERYTHING, Chunk, Reach, Selected, SelectedBlocks, Window

SMALL = st.integers(1, 9)
COUNTS = st.integers(0, 60)
REACHES = st.one_of(
    st.just(EVERYTHING),
    SMALL.map(Window),
    SMALL.map(Chunk),
    SMALL.map(Selected),
    st.builds(SelectedBlocks, SMALL, SMALL),
)
SWEPT = ("Meta-Llama-3.1-8B", "gpt-oss-120b", "DeepSeek-V3", "GLM-5.3", "Qwen3-Next-80B-A3B", "MiniMax-M3", "DeepSeek-V4-Flash")


def keys_seen(reach: Reach, position: int) -> int:
    """How many keys the query at a position sees, by the definition of the kind."""
    match reach:
        case Window(size) | Selected(size):
            return min(position + 1, size)
        case Chunk(size):
            return position % size + 1
        case SelectedBlocks(count, size):
            others = min(position // size, count - 1)
            return others * size + position % size + 1
        case _:
            return position + 1


@given(REACHES, COUNTS, COUNTS)
def test_pairs_are_those_counted_one_by_one(reach: Reach, tokens: int, past: int) -> None:
    assert reach.pairs(tokens, past) == sum(keys_seen(reach, position) for position in range(past, past + tokens))


@given(REACHES, st.integers(1, 60))
def test_the_last_token_reads_what_it_sees(reach: Reach, tokens: int) -> None:
    assert reach.read(tokens) == keys_seen(reach, tokens - 1)
    assert reach.read(0) == 0
    assert reach.read(tokens) <= reach.stored(tokens) <= tokens


@given(REACHES, COUNTS, COUNTS)
def test_a_mask_only_takes_away(reach: Reach, tokens: int, past: int) -> None:
    assert reach.pairs(tokens, past) <= reach.pairs(tokens, past, square=True) <= tokens * (past + tokens)


@given(REACHES, st.lists(COUNTS, min_size=1, max_size=5), COUNTS)
def test_arrays_count_as_numbers_do(reach: Reach, tokens: list[int], past: int) -> None:
    many = np.array(tokens, dtype=float)
    assert reach.pairs(many, float(past)).tolist() == [reach.pairs(one, past) for one in tokens]
    assert reach.read(many).tolist() == [reach.read(one) for one in tokens]
    assert reach.stored(many).tolist() == [reach.stored(one) for one in tokens]


@given(st.integers(1, 9), st.none() | SMALL, COUNTS, COUNTS)
def test_compressed_entries_are_those_counted_one_by_one(rate: int, best: int | None, tokens: int, past: int) -> None:
    entries = Entries(rate, best)
    seen = [(position + 1) // rate for position in range(past, past + tokens)]
    assert entries.pairs(tokens, past) == sum(seen if best is None else (min(one, best) for one in seen))
    assert entries.all_pairs(tokens, past) == sum(seen)
    assert entries.stored(tokens) == tokens // rate
    assert entries.read(tokens) == min(tokens // rate, best or tokens)


def test_a_compressed_cache_holds_what_transformers_keeps() -> None:
    """A window of 128, and after 1,000 tokens 250 entries and keys of the indexer, or 7 entries, by kind of layer."""
    architecture = model("DeepSeek-V4-Flash")
    sliding, heavy, sparse = (architecture.layers[index].mixers[0] for index in (0, 3, 2))
    assert sliding.stored_bytes(1000, 16) == 2 * 512 * 128
    assert heavy.stored_bytes(1000, 16) == 2 * 512 * (128 + 7)
    assert sparse.stored_bytes(1000, 16) == 2 * (512 * (128 + 250) + 128 * 250)
    assert sparse.read_bytes(100_000, 16) == 2 * (512 * (128 + 512) + 128 * 25_000)
    assert architecture.kv_bytes_per_token() == 21 * 2 * 640 / 4 + 20 * 2 * 512 / 128


@pytest.mark.parametrize("name", SWEPT)
def test_a_sweep_gives_what_single_calls_give(name: str) -> None:
    architecture = model(name)
    tokens = np.array([0.0, 1.0, 127.0, 4096.0, 100_000.0])
    swept = architecture.flops(tokens, 300.0)
    for index, count in enumerate(tokens):
        single = architecture.flops(int(count), 300)
        assert swept.total[index] == pytest.approx(single.total, rel=1e-12)
        assert swept.layers[index] == pytest.approx(single.layers, rel=1e-12)
        assert architecture.kv_bytes(tokens, 8)[index] == architecture.kv_bytes(int(count), 8)
        assert architecture.kv_reserved_bytes(tokens, 8.5)[index] == architecture.kv_reserved_bytes(int(count), 8.5)


@pytest.mark.parametrize(
    "name", ["Meta-Llama-3.1-8B", "gpt-oss-120b", "Llama-4-Maverick-17B-128E-Instruct", "Qwen3-Next-80B-A3B"]
)
def test_chunks_of_a_prompt_cost_what_the_prompt_costs(name: str) -> None:
    architecture = model(name)
    whole = architecture.flops(10_000)
    parts = [architecture.flops(2_500, past) for past in range(0, 10_000, 2_500)]
    assert whole.total == sum(part.total for part in parts)


def test_latent_attention_takes_the_cheaper_way() -> None:
    """Alone after a long past the absorbed products are cheaper than expanding the past; a prompt expands."""
    architecture = model("DeepSeek-V3")
    mixer = architecture.layers[0].mixers[0]
    assert architecture.flops(1, 4095).attention_matmul == 61 * 4096 * 2 * 128 * (512 + 64 + 512)
    assert architecture.flops(4096).attention_matmul == 61 * 2 * 128 * (192 + 128) * 4096 * 4097 // 2
    assert mixer.stored_bytes(1000, 16) == 1000 * 576 * 2


def test_layers_add_up() -> None:
    architecture = model("GLM-5.3")
    total = architecture.parameters().total
    parts = sum(layer.parameters for layer in architecture.layers) + sum(part.parameters for part in architecture.around)
    assert total == parts + architecture.embedding.parameters + architecture.head.parameters
    flops = architecture.flops(7, 5)
    layers = [layer.flops(7, 5) for layer in architecture.layers]
    assert flops.layers == sum(layer.total for layer in layers)
    assert flops.total == flops.layers + flops.lm_head
    assert flops.linear == 7 * sum(layer.token_flops for layer in architecture.layers)


def test_an_indexer_in_eight_bits_keeps_a_scale() -> None:
    architecture = model("GLM-5.3")
    assert architecture.kv_bytes_per_token(8) == 78 * 576 + 21 * (128 + 4)
    assert architecture.kv_bytes_per_token(16) == 2 * (78 * 576 + 21 * 128)
    assert architecture.kv_bytes(100_000, 8) == 78 * 2048 * 576 + 21 * 132 * 100_000
    assert architecture.kv_reserved_bytes(100_000, 8) == 100_000 * architecture.kv_bytes_per_token(8)


def test_windows_cap_what_is_read_and_kept() -> None:
    architecture = model("Gemma-3-1b-it")  # 22 layers with a window of 512, 4 without, one KV head of 256
    assert architecture.kv_bytes_per_token() == 4 * 1024
    assert architecture.kv_bytes(2000) == (4 * 2000 + 22 * 512) * 1024
    assert architecture.kv_bytes_without_windows(2000) == 26 * 2000 * 1024


def test_weights_narrow_in_the_layers_matrices_only() -> None:
    architecture = model("Meta-Llama-3.1-8B")
    matrices = 32 * (2 * 4096 * (4096 + 1024) + 3 * 4096 * 14336)
    rest = architecture.parameters().total - matrices
    assert architecture.weight_bytes() == 2 * 8030261248
    assert architecture.weight_bytes(4) == matrices // 2 + 2 * rest
    assert architecture.weight_bytes(4.25) == matrices * 4.25 / 8 + 2 * rest
    assert architecture.weight_bytes(32) == 4 * 8030261248


def test_a_cache_is_split_by_heads_and_a_latent_one_is_not() -> None:
    assert model("Meta-Llama-3.1-8B").rank_kv_bytes_per_token(4) == 131072 / 4
    assert model("Meta-Llama-3.1-8B").rank_kv_bytes_per_token(16) == 131072 / 8
    assert model("DeepSeek-V3").rank_kv_bytes_per_token(8) == 70272


def test_defaults_that_stand_for_missing_fields_are_told() -> None:
    values = json.loads(config("Qwen3-4B").read_text(encoding="utf-8"))
    del values["head_dim"]
    found = read_architecture(values)
    assert found.parameters() == model("Qwen3-4B").parameters()
    assert "head_dim is not in the file; transformers takes 128" in found.notes


def test_a_repeat_of_the_same_fact_must_agree() -> None:
    values = json.loads(config("gpt-oss-120b").read_text(encoding="utf-8"))
    with pytest.raises(ValueError, match="experts_per_token is 5, though num_experts_per_tok is 4"):
        read_architecture(values | {"experts_per_token": 5})

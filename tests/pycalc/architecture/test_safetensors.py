"""Folders with weights: the headers held against config.json, true bytes, and files that are refused."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from real_models import config
from weight_files import Shapes, gpt_oss_tensors, header, llama_tensors, write_raw, write_safetensors

from addin.cli.status import run
from pycalc.architecture import ConfigError, load
from pycalc.architecture.safetensors import MAX_HEADER, read_tensors

TINY = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "num_hidden_layers": 2,
    "vocab_size": 100,
    "tie_word_embeddings": False,
}


def folder(path: Path, document: dict[str, Any], tensors: Shapes) -> Path:
    (path / "config.json").write_text(json.dumps(document), encoding="utf-8")
    write_safetensors(path / "model.safetensors", tensors)
    return path


def known(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(config(name).read_text(encoding="utf-8"))
    return document


def refused(path: Path) -> str:
    with pytest.raises(ConfigError) as refusal:
        load(str(path))
    return str(refusal.value)


@pytest.mark.parametrize(
    ("name", "tensors", "total_size"),
    [
        # metadata.total_size of model.safetensors.index.json as published with the weights
        ("Meta-Llama-3.1-8B", llama_tensors, 16060522496),
        ("gpt-oss-20b", gpt_oss_tensors, 13761264768),
    ],
)
def test_published_sizes(tmp_path: Path, name: str, tensors: Callable[[Any], Shapes], total_size: int) -> None:
    document = known(name)
    found = load(str(folder(tmp_path, document, tensors(document))))
    assert found.stored is not None
    assert found.stored.bytes == total_size
    assert found.stored.parameters == load(str(config(name))).parameters().total


def test_the_command_shows_what_is_stored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder(tmp_path, TINY, llama_tensors(TINY, "F8_E4M3"))
    for path in (tmp_path, tmp_path / "model.safetensors"):
        assert run(["model", str(path), "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["weight_bytes"] == found["params_total"]
        assert found["stored"]["bits_per_parameter"] == 8
    assert run(["model", str(tmp_path), "--json", "--weight-bits", "16"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["weight_bytes"] == 2 * found["params_total"]
    assert "weights as stored: 21 tensors, 8 bits per parameter" in printed.err


def test_what_is_no_part_of_the_text_model_is_left_out(tmp_path: Path) -> None:
    tied = TINY | {"tie_word_embeddings": True}
    others: Shapes = {
        "lm_head.weight": ("BF16", (100, 64)),
        "visual.blocks.0.attn.qkv.weight": ("BF16", (64, 64)),
        "model.layers.2.eh_proj.weight": ("BF16", (64, 128)),
        "mtp.fc.weight": ("BF16", (64, 128)),
        "model.layers.0.self_attn.rotary_emb.inv_freq": ("F32", (8,)),
    }
    found = load(str(folder(tmp_path, tied, {**llama_tensors(tied), **others})))
    assert found.stored is not None
    assert (found.stored.tensors, found.stored.left_out) == (20, 5)
    assert found.stored.bytes == 2 * found.parameters().total


def test_four_bits_in_words_with_scales_beside(tmp_path: Path) -> None:
    """GPTQ in groups of 32: 4 bits, 16 for a scale and 4 for a zero point per group."""
    document = TINY | {"quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 32}}
    tensors = dict(llama_tensors(TINY))
    matrices = 0
    for name in [name for name in tensors if name.endswith("_proj.weight")]:
        rows, columns = tensors.pop(name)[1]
        matrices += rows * columns
        stem = name.removesuffix("weight")
        tensors[f"{stem}qweight"] = ("I32", (columns // 8, rows))
        tensors[f"{stem}qzeros"] = ("I32", (columns // 32, rows // 8))
        tensors[f"{stem}scales"] = ("F16", (columns // 32, rows))
    found = load(str(folder(tmp_path, document, tensors)))
    assert found.stored is not None
    assert found.stored.bytes == matrices * (4 + 20 / 32) / 8 + 2 * (found.parameters().total - matrices)
    (tmp_path / "config.json").write_text(json.dumps(TINY), encoding="utf-8")
    assert "of type I32 holds is not understood" in refused(tmp_path)


def test_shards(tmp_path: Path) -> None:
    tensors = llama_tensors(TINY)
    first = dict(list(tensors.items())[:9])
    second = {name: tensor for name, tensor in tensors.items() if name not in first}
    names = [f"model-0000{index}-of-00002.safetensors" for index in (1, 2)]
    folder(tmp_path, TINY, {})
    (tmp_path / "model.safetensors").unlink()
    write_safetensors(tmp_path / names[0], first)
    assert f"{names[1]} is missing, so the weights are not complete" in refused(tmp_path)
    write_safetensors(tmp_path / names[1], second)
    index = tmp_path / "model.safetensors.index.json"
    for path in (tmp_path, tmp_path / names[0], index.parent):
        stored = load(str(path)).stored
        assert stored is not None
        assert (stored.files, stored.tensors) == (2, 21)
        index.write_text(json.dumps({"weight_map": dict.fromkeys(first, names[0]) | dict.fromkeys(second, names[1])}))
    write_safetensors(tmp_path / names[1], tensors)
    assert "occurs in another file too" in refused(tmp_path)
    (tmp_path / names[1]).unlink()
    assert f"{names[1]} is missing" in refused(tmp_path)
    index.write_text(json.dumps({"weight_map": {"a": "../model.safetensors"}}))
    assert "../model.safetensors, which is no .safetensors file of its folder" in refused(tmp_path)
    index.write_text(json.dumps({"weight_map": {"a": 1}}))
    assert "weight_map is no object that names a file for each tensor" in refused(tmp_path)


def test_a_folder_with_files_that_nothing_explains(tmp_path: Path) -> None:
    folder(tmp_path, TINY, llama_tensors(TINY))
    (tmp_path / "model.safetensors").rename(tmp_path / "weights.safetensors")
    assert load(str(tmp_path)).stored
    write_safetensors(tmp_path / "adapter.safetensors", {"a": ("F32", (1,))})
    assert "it is not known whether weights.safetensors is of the model" in refused(tmp_path)


def test_a_missing_config_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(tmp_path).endswith("is a folder without a config.json")
    path = tmp_path / "model.safetensors"
    assert refused(path).endswith("there is no such file")
    write_safetensors(path, llama_tensors(TINY))
    assert run(["model", str(path)]) == 2
    assert "the layers are described by a config.json, which is missing in" in capsys.readouterr().err


def test_a_folder_with_a_config_only(tmp_path: Path) -> None:
    folder(tmp_path, TINY, {})
    (tmp_path / "model.safetensors").unlink()
    found = load(str(tmp_path))
    assert found.stored is None
    assert found.notes[-1] == "no .safetensors files beside; weights not checked"


def test_other_parameters_than_the_config_says(tmp_path: Path) -> None:
    tensors = llama_tensors(TINY)
    total = load(str(folder(tmp_path, TINY, tensors))).parameters().total
    write_safetensors(tmp_path / "model.safetensors", {**tensors, "lm_head.bias": ("BF16", (100,))})
    assert f"hold {total + 100:,} parameters, the architecture {total:,}; neither is shown" in refused(tmp_path)


ONE = {"a": ("F32", (2, 3))}


def entry(**changes: Any) -> bytes:
    entries, _ = header(ONE)
    entries["a"] |= changes
    return json.dumps(entries).encode()


@pytest.mark.parametrize(
    ("text", "room", "reason"),
    [
        (entry(dtype="F12"), 24, "has the type 'F12', which is not known"),
        (entry(dtype=["F32"]), 24, "has the type ['F32'], which is not known"),
        (entry(shape=[2, -3]), 24, "has a shape that is no list"),
        (entry(shape=[2, 3.0]), 24, "has a shape that is no list"),
        (entry(shape=[True, 6]), 24, "has a shape that is no list"),
        (entry(shape=[1] * 9), 24, "has a shape that is no list of up to 8"),
        (entry(shape=[2**62, 2**62]), 24, "holds 24 bytes, which do not fit its shape and type F32"),
        (entry(shape=6), 24, "has a shape that is no list"),
        (entry(data_offsets=[24, 0]), 24, "has data_offsets that are no begin and end"),
        (entry(data_offsets=[-24, 0]), 24, "has data_offsets that are no begin and end"),
        (entry(data_offsets=[0, 2**64]), 24, "has data_offsets that are no begin and end"),
        (entry(data_offsets=[8, 32]), 32, "overlap or leave a gap at byte 0"),
        (entry(extra=1), 24, "is not described by dtype, shape and data_offsets"),
        (entry(), 23, "its tensors need 24 bytes of data; the file has 23"),
        (entry(), 25, "its tensors need 24 bytes of data; the file has 25"),
        (b'{"a": 1}', 0, "is not described by dtype"),
        (b'{"__metadata__": {"a": 1}}', 0, "__metadata__ is no object of texts"),
        (b'{"a": {}, "a": {}}', 0, "the field a occurs twice"),
        (b'{"a": ' + b"[" * 9999, 0, "is nested deeper than 32 levels"),
        (b"[]", 0, "has a header that does not begin with {"),
        (b"", 0, "has a header that does not begin with {"),
        (b"{\xff}", 0, "is not UTF-8 text at byte 1"),
        (b'{"a": ', 0, "is no JSON at line 1"),
    ],
)
def test_headers_that_are_refused(tmp_path: Path, text: bytes, room: int, reason: str) -> None:
    path = tmp_path / "model.safetensors"
    write_raw(path, text, room)
    with pytest.raises(ConfigError) as refusal:
        read_tensors(path)
    assert reason in str(refusal.value)
    assert len(str(refusal.value)) <= 255


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "has 0 bytes, too few"),
        (b"\x02\0\0\0\0\0\0", "has 7 bytes, too few"),
        (b"\x02\0\0\0\0\0\0\0{", "ends within its header of 2 bytes"),
        (b"\xff" * 8 + b"{}", f"says that its header has {2**64 - 1:,} bytes; up to {MAX_HEADER:,} are read"),
        (b"\0\0\0\0\0\0\0\x02{}", f"says that its header has {2**57:,} bytes"),  # the other byte order
        (b"version https://git-lfs.github.com/spec/v1\n", "is a pointer of Git LFS, not the file itself"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    with pytest.raises(ConfigError) as refusal:
        read_tensors(path)
    assert reason in str(refusal.value)


def test_tensors_that_share_bytes_are_refused(tmp_path: Path) -> None:
    entries, _ = header({"a": ("F32", (2,)), "b": ("F32", (2,))})
    entries["b"]["data_offsets"] = [4, 12]
    write_raw(tmp_path / "x.safetensors", json.dumps(entries).encode(), 12)
    with pytest.raises(ConfigError, match="overlap or leave a gap at byte 4"):
        read_tensors(tmp_path / "x.safetensors")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this system")
def test_a_fifo_is_refused_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder(tmp_path, TINY, {})
    path = tmp_path / "model.safetensors"
    path.unlink()
    os.mkfifo(path)
    assert run(["model", str(tmp_path)]) == 2
    assert "is no regular file; give the path of a .safetensors file" in capsys.readouterr().err

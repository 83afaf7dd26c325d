"""The command ``llmecon model``: the document that acceptance relies on, and refusals with exit status 2."""

import json
from typing import Any

import pytest
from real_models import config

from addin.cli.status import run


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = run(["model", *words])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def document(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    status, out, _ = answer(capsys, *words, "--json")
    assert status == 0
    found: dict[str, Any] = json.loads(out)
    return found


def test_the_document_of_a_model(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, str(config("Meta-Llama-3.1-8B")), "--tokens", "128", "--square")
    assert found == {
        "params_total": 8030261248,
        "params_active": 8030261248,
        "params_embedding": 525336576,
        "params_lm_head": 525336576,
        "weight_bytes": 16060522496,
        "kv_bytes_per_token": 131072,
        "kv_bytes": 128 * 131072,
        "kv_reserved_bytes": 128 * 131072,
        "state_bytes": 0,
        "flops": {
            "layers": 1795296329728,
            "attention_matmul": 8589934592,
            "linear": 1786706395136,
            "lm_head": 134486163456,
            "total": 1929782493184,
        },
    }


def test_widths_may_be_fractional(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, str(config("gpt-oss-20b")), "--kv-bits", "8.5", "--past", "99", "--weight-bits", "4.25")
    assert found["kv_bytes_per_token"] == 13056
    assert found["kv_bytes"] == 100 * 2 * 13056
    matrices = 24 * 2880 * (2 * 64 * (64 + 8) + 32 + 3 * 2880 * 32)
    assert found["weight_bytes"] == matrices * 4.25 / 8 + 2 * (found["params_total"] - matrices)


def test_a_pattern_and_its_past(capsys: pytest.CaptureFixture[str]) -> None:
    one = document(capsys, str(config("Llama-3.2-1B")), "--past", "4096")
    assert one["flops"]["attention_matmul"] == 16 * 4 * 2048 * 4097
    assert one["flops"]["lm_head"] == 2 * 2048 * 128256
    assert one["kv_bytes"] == 4097 * 32768


def test_the_table_for_a_reader(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = answer(capsys, str(config("Jamba-v0.1")), "--past", "1023")
    assert status == 0
    assert "51,570,323,328" in out
    assert "KV per token" in out
    assert "by a step at 1,024 tokens" in out


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("no such model",), 'llmecon: no model "no such model"'),
        (("missing.json",), "llmecon: missing.json: there is no such file"),
        ((str(config("Llama-3.2-1B")), "--tokens", "-1"), "llmecon: --tokens is -1; a whole number from 0"),
        ((str(config("Llama-3.2-1B")), "--kv-bits", "0"), "llmecon: --kv-bits is 0.0; a width above 0"),
        ((str(config("Llama-3.2-1B")), "--kv-bits", "nan"), "llmecon: --kv-bits is nan; a width above 0"),
        ((str(config("Llama-3.2-1B")), "--weight-bits", "65"), "llmecon: --weight-bits is 65.0; a width above 0"),
    ],
)
def test_refusals_end_with_two(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], reason: str) -> None:
    status, out, error = answer(capsys, *words, "--json")
    assert (status, out) == (2, "")
    assert error.startswith(reason)
    assert error.count("\n") == 1

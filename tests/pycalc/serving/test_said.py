"""What an estimate says of itself: the assumptions, the refusals, the parts of a step."""

from dataclasses import fields, replace

import pytest

import pycalc
from pycalc import FUNCTIONS
from pycalc.architecture import load
from pycalc.catalog import catalog
from pycalc.cells import worksheet_function
from pycalc.errors import CalcError, DoesNotFitError, DomainError
from pycalc.serving import report
from pycalc.serving.deployment import UNNAMED_SPREAD, deploy
from pycalc.serving.engines import ANY, CONSTANTS, Efficiency, Engine, Profile, choose_engine
from pycalc.serving.estimate import Load, estimate
from pycalc.serving.money import Money
from pycalc.serving.request import Setup, answer
from pycalc.serving.timing import Step

find = catalog().chips.find


def asked(model="Llama 3.1 8B", gpu="H100 SXM", setup=None, load_=None, **options):
    return answer(load(model), find(gpu), setup or Setup(), load_ or Load(1000.0, 500.0, 8.0), name=model, **options)


class TestAssumptions:
    def test_of_a_mixture_on_several_chips_word_for_word(self):
        found = asked("Mixtral 8x7B", setup=Setup(8, 4, 2, True, 8, 16, "vLLM")).assumptions
        assert found["split"] == "tensor 4, stages 2, replicas 1, experts in parallel"
        assert found["widths"] == "8 bits a weight (layers), 16 for the rest, 16 a cached value"
        assert found["arithmetic"] == "matrix products in 8 bits, attention in 16"
        assert found["links"] == "450 GB/s in one direction between chips, all as within one node"
        assert found["load"] == "1000 tokens in, 500 out, batch 8"
        assert found["engine"].startswith("vLLM, as asked; ")
        assert found["constants"].startswith("vllm on Hopper HBM: ")
        assert found["constants"].endswith(" measurements")
        assert found["chip"].startswith("H100 SXM: 3350 GB/s, 80 GB; ")

    def test_of_one_chip(self):
        found = asked(load_=Load(1000.0, 500.0, cached=0.5, ttft_target=2, tpot_target=0.05)).assumptions
        assert "links" not in found
        assert found["split"] == "tensor 1, stages 1, replicas 1"
        assert found["load"] == (
            "1000 tokens in, of which 0.5 cached, 500 out, batch as many as fit and keep the targets, "
            "TTFT at most 2 s, TPOT at most 0.05 s"
        )
        assert found["engine"].startswith("vLLM, the usual in a data centre; ")
        assert "batch" not in found

    def test_of_consumer_cards_without_a_bridge(self):
        four = asked(gpu="RTX 3090", setup=Setup(4, engine="vLLM")).assumptions["links"]
        two = asked(gpu="RTX 3090", setup=Setup(2, engine="vLLM")).assumptions["links"]
        assert four.endswith(" GB/s of PCIe in one direction, as no other links join them")
        assert two.endswith(" GB/s in one direction between chips, all as within one node")

    def test_a_batch_beyond_the_engine_s_own_share(self):
        chip = find("H100 SXM")
        plain = deploy(load("Llama 3.1 8B"), chip, weight_bits=16)
        held = float(plain.users(20_500))
        found = asked(setup=Setup(weight_bits=16), load_=Load(20_000.0, 500.0, held + 1)).assumptions["batch"]
        assert found == f"more than the {held:g} that fit by the engine's own share of the memory"

    def test_money(self):
        found = asked(usd_per_hour=3.0, utilisation=0.5).assumptions["money"]
        assert found.startswith("3 USD per GPU and hour (")
        assert found.endswith("), utilisation 0.5")

    def test_a_draft_model(self):
        draft = load("Llama 3.2 1B")
        found = asked(draft=draft, draft_tokens=4, acceptance=0.8, load_=Load(1000.0, 500.0, 2.0))
        alone = deploy(draft, find("H100 SXM"))
        seconds = float(alone.replica.step(2, 1250).on(alone.replica.efficiency).seconds)
        assert found.assumptions["speculation"] == (
            f"4 draft tokens at 0.8 acceptance give 3.36 a step; a draft step takes {seconds * 1e3:.3g} ms"
        )
        assert float(found.estimate.step.draft) == pytest.approx(4 * seconds)
        free = asked(draft_tokens=4, acceptance=1).estimate
        assert float(free.step.draft) == 0
        assert free.tpot_s.mid < asked().estimate.tpot_s.mid

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            ({"draft_tokens": 65}, "draft_tokens is 65; it must be a whole number from 1 to 64"),
            ({"draft_tokens": 1.5}, "draft_tokens is 1.5; it must be a whole number"),
            ({"draft_tokens": -1}, "draft_tokens is -1; it must be a whole number"),
            ({"draft_tokens": 2, "acceptance": 1.1}, "acceptance is 1.1; it must be from 0 to 1"),
        ],
    )
    def test_drafts_that_are_none(self, options, says):
        with pytest.raises(DomainError, match=says):
            asked(**options)

    def test_the_name_of_a_model_without_one_is_its_type(self):
        assert deploy(load("Llama 3.1 8B"), find("H100 SXM")).model == "llama"
        assert deploy(load("Llama 3.1 8B"), find("H100 SXM"), name="ours").model == "ours"


class TestBand:
    def test_it_is_wider_where_nobody_named_the_engine(self):
        narrow = Profile("own", {ANY: Efficiency(spread=1.1, routed_spread=1.2)})
        own = deploy(load("Llama 3.1 8B"), find("H100 SXM"), profile=narrow)
        assert (own.spread, UNNAMED_SPREAD) == (1.1, 1.25)
        assert replace(own, engine_unnamed=True).spread == 1.25
        assert deploy(load("Mixtral 8x7B"), find("H200 SXM"), profile=narrow).spread == 1.2
        assert not own.engine_unnamed
        assert deploy(load("Llama 3.1 8B"), find("H100 SXM")).engine_unnamed
        assert not deploy(load("Llama 3.1 8B"), find("H100 SXM"), engine="vLLM").engine_unnamed

    def test_its_width_is_said(self):
        found = asked()
        spread, prompts = found.deployment.spread, found.deployment.replica.efficiency.prompt_spread
        assert f"within a factor of {spread:.2f} of" in found.assumptions["band"]
        assert f"times of prompts {prompts:.2f};" in found.assumptions["band"]


class TestConstants:
    @pytest.mark.parametrize("name", CONSTANTS)
    def test_both_ends_of_a_range_are_inside(self, name):
        low, high, meaning = CONSTANTS[name]
        for value in (low, high):
            assert getattr(Efficiency(**{name: value}), name) == value
        for value in (low - 1e-6, high + 1e-6):
            with pytest.raises(DomainError) as refused:
                Efficiency(**{name: value})
            assert refused.value.reason == (
                f"the constant {name} ({meaning}) is {value!r}; it must be from {low:g} to {high:g}"
            )

    @pytest.mark.parametrize("name", ["spread", "routed_spread", "prompt_spread"])
    def test_spreads(self, name):
        for value in (1, 20):
            assert getattr(Efficiency(**{name: value}), name) == value
        for value in (0.9, 21):
            with pytest.raises(DomainError, match=f"^{name} is {value}; it must be from 1 to 20$"):
                Efficiency(**{name: value})

    def test_a_class_of_chips_without_constants(self):
        profile = Profile("own", {"Ada": Efficiency(), "Apple": Efficiency()})
        with pytest.raises(CalcError) as refused:
            profile.on(find("H100 SXM"))
        assert refused.value.reason == "no constants of own for H100 SXM; there are Ada, Apple"

    @pytest.mark.parametrize(
        ("bits", "gguf"),
        [
            *((3.29, 0), (3.3, 1), (3.95, 1), (4.5, 0), (4.51, 1), (4.99, 1), (5, 0), (5.5, 1), (5.75, 1), (6, 0)),
            *((6.5, 1), (6.62, 1), (7, 0), (8, 0), (8.5, 1), (8.6, 0), (9, 0)),
        ],
    )
    def test_widths_that_only_gguf_files_have(self, bits, gguf):
        engine, why = choose_engine("auto", find("H100 SXM"), bits)
        assert engine.name == ("llama.cpp" if gguf else "vLLM")
        assert why == (f"{bits:g} bits a weight is the width of a GGUF file" if gguf else "the usual in a data centre")

    def test_what_an_engine_has_unless_its_row_says_otherwise(self):
        plain = {f.name: f.default for f in fields(Engine)}
        assert (plain["chunk_tokens"], plain["block_tokens"], plain["most_sequences"]) == (8192, 1, 1)


class TestLoads:
    @pytest.mark.parametrize(
        ("load_", "says"),
        [
            (Load(1e9 + 1, 10.0), "input_tokens is 1000000001.0; it must be from 0 to 1e+09"),
            (Load(10.0, -1.0), "output_tokens is -1.0; it must be from 0 to 1e+09"),
            (Load(10.0, 1.0, cached=-0.1), "cached is -0.1; it must be from 0 to 1"),
            (Load(10.0, 1.0, 1e6 + 1), "batch is 1000001.0; it must be from 1 to 1e+06"),
            (Load([10.0, -3.0, -4.0], 1.0), "input_tokens is -3.0; it must be from 0 to 1e+09"),
        ],
    )
    def test_what_is_none_is_named(self, load_, says):
        with pytest.raises(DomainError) as refused:
            estimate(deploy(load("Llama 3.1 8B"), find("H100 SXM")), load_, Money(1))
        assert refused.value.reason == says

    def test_the_largest_batch_there_is(self):
        small = deploy(load("Qwen3 0.6B"), find("B300 SXM"), gpus=8, engine="vLLM")
        with pytest.raises(DoesNotFitError, match="a batch of 1e\\+06 does not fit: 8 B300 SXM hold "):
            estimate(small, Load(10_000.0, 1.0, 1e6), Money(1))

    def test_what_bounds_the_users(self):
        many = deploy(load("Llama 3.1 8B"), find("H200 SXM"), gpus=8, engine="vLLM")
        assert estimate(many, Load(100.0, 100.0), Money(1)).users_bound_by == "sequences of the engine"
        assert estimate(many, Load(100_000.0, 100.0), Money(1)).users_bound_by == "memory"
        assert estimate(many, Load(100.0, 100.0, 3.0), Money(1)).users_bound_by == "the batch asked for"


class TestReport:
    def test_rows(self):
        found = asked()
        rows = report.rows(found)
        assert rows[0] == ["figure", "low", "mid", "high", "unit", "meaning"]
        parts = [row for row in rows if row[0].startswith("step: ")]
        step = found.estimate.step._asdict()
        assert parts == [
            [f"step: {name}", None, float(step[name]), None, "s", "part of a decode step"] for name in Step._fields
        ]
        assert [row for row in rows if row[0].startswith("assumed: ")] == [
            [f"assumed: {name}", None, None, None, "", text] for name, text in found.assumptions.items()
        ]

    def test_what_has_no_value_is_none(self):
        apple = report.figures(asked("Llama 3.1 8B", "Apple M6", Setup(weight_bits=4.5), Load(100.0, 100.0, 1.0)))
        assert apple["ttft_s"] is None
        assert apple["tpot_s"]["mid"] > 0
        assert apple["usd_per_request"] is None


SERVED = [name for name in FUNCTIONS if name.startswith("SERVE_") and name != "SERVE_ESTIMATE"]


class TestFunctions:
    @pytest.mark.parametrize("name", SERVED)
    def test_what_is_left_out_is_one_gpu_and_512_tokens_out_of_1024(self, name):
        call = getattr(pycalc, name.lower())
        given = {"input_price": 0.1, "output_price": 0.4} if name == "SERVE_REVENUE" else {}
        plain = call("Llama 3.1 8B", "H100 SXM", **given)
        assert plain == call("Llama 3.1 8B", "H100 SXM", gpus=1, input_tokens=1024, output_tokens=512, **given)

    def test_the_table_too_and_its_split(self):
        table = worksheet_function("SERVE_ESTIMATE")
        assert table("Llama 3.1 8B", "H100 SXM") == table("Llama 3.1 8B", "H100 SXM", 1, None, None, 1024, 512)
        split = {row[0]: row[5] for row in table("Llama 3.1 8B", "H100 SXM", 4, 2)}
        assert split["assumed: split"] == "tensor 2, stages 1, replicas 2"

    def test_a_refusal_names_the_model(self):
        with pytest.raises(CalcError, match=r"^SERVE_TPOT: Llama 3.1 405B needs "):
            pycalc.serve_tpot("Llama 3.1 405B", "H100 SXM", weight_bits=16)

"""Constants from measurements: what a system was made with is found again, and bad rows are named."""

from dataclasses import replace

import numpy as np
import pytest

from pycalc.architecture import load
from pycalc.catalog import catalog
from pycalc.errors import CalcError, DomainError
from pycalc.serving.calibration import Observation, Table, fit, spread_of
from pycalc.serving.deployment import deploy
from pycalc.serving.engines import ANY, CONSTANTS, Efficiency, chip_classes, choose_engine, engines, profiles
from pycalc.serving.estimate import Load
from pycalc.serving.profile import calibrate, profile_text, read_profile

TRUE = Efficiency(weights=0.7, cache=0.6, layer_s=90e-6, sequence_s=8e-6, compute_16=0.45)


def system():
    return deploy(load("Llama 3.1 8B"), catalog().chips.find("A100 SXM 80GB"), name="Llama 3.1 8B", weight_bits=16)


def measured(batch, context, noise=1.0):
    deployment = system()
    seconds = float(deployment.replica.step(batch, context).on(TRUE).seconds) * noise
    return Observation(deployment, Load(context - 1, 1, batch), "tpot_s", seconds)


POINTS = [(1, 512), (1, 16000), (4, 1000), (8, 4000), (16, 1000), (32, 4000), (64, 2000), (128, 500), (200, 2000), (256, 300)]


class TestFit:
    def test_a_system_is_found_again(self):
        rows = [measured(*point) for point in POINTS]
        prior = rows[0].deployment.replica.efficiency
        found = fit(rows, prior, ("weights", "cache", "layer_s", "sequence_s", "compute_16"))
        table = Table(rows)
        before, after = (np.abs(table.predicted(e) / table.measured - 1) for e in (prior, found))
        assert np.median(before) > 0.08
        assert np.median(after) < 0.02
        new = measured(48, 6000)
        assert new.predicted(found) == pytest.approx(new.measured, rel=0.05)

    def test_one_odd_row_moves_little(self):
        clean = [measured(*point) for point in POINTS]
        odd = [*clean[:-1], measured(*POINTS[-1], noise=5)]
        prior = clean[0].deployment.replica.efficiency
        names = ("weights", "cache", "layer_s")
        assert fit(odd, prior, names).weights == pytest.approx(fit(clean, prior, names).weights, rel=0.1)

    def test_what_no_row_tells_stays(self):
        rows = [measured(1, 512), measured(1, 600), measured(1, 700)]
        prior = rows[0].deployment.replica.efficiency
        found = fit(rows, prior, ("weights", "link", "compute_4"))
        assert (found.link, found.compute_4) == (prior.link, prior.compute_4)

    def test_the_table_is_the_estimate(self):
        """Side by side the observations give what each gives alone."""
        rows = [measured(*point) for point in POINTS]
        rows += [
            replace(rows[0], figure=figure, load=Load(900, 300, 4)) for figure in ("tokens_per_s", "ttft_s", "tpot_loaded_s")
        ]
        assert Table(rows).predicted(TRUE).tolist() == [row.predicted(TRUE) for row in rows]

    def test_the_spread_holds_nine_of_ten(self):
        ratios = np.exp(np.linspace(-1, 1, 101))
        spread = spread_of(ratios)
        inside = np.mean((ratios >= 1 / spread) & (ratios <= spread))
        assert 0.9 <= inside <= 0.93
        with pytest.raises(DomainError):
            spread_of([])


class TestConstants:
    def test_every_engine_has_a_family_with_a_row_for_any_chip(self):
        for engine in engines():
            assert ANY in profiles()[engine.family].by_class, engine.name
            assert engine.source
            low, mid, high = engine.overhead
            assert 0 <= low <= mid <= high
            assert 0 < engine.memory_fraction <= 1

    def test_every_chip_that_has_a_bandwidth_is_served(self):
        for chip in catalog().chips:
            for profile in profiles().values():
                assert profile.on(chip)[0].source

    def test_constants_are_within_what_was_ever_reached(self):
        for profile in profiles().values():
            for name, e in profile.by_class.items():
                assert max(e.weights, e.cache) <= 0.96, (profile.name, name)
                assert max(e.compute_16, e.compute_8, e.compute_4, e.attention) <= 0.75
                assert 1.05 <= e.spread <= 6
                assert e.prompt_spread >= 1.05

    @pytest.mark.parametrize("name", CONSTANTS)
    def test_constants_out_of_range_are_refused_by_name(self, name):
        with pytest.raises(DomainError, match=f"the constant {name} "):
            Efficiency(**{name: 7.0})

    def test_classes_go_from_close_to_wide(self):
        find = catalog().chips.find
        assert chip_classes(find("H100 SXM")) == ("Hopper HBM", "HBM")
        assert chip_classes(find("L40S")) == ("Ada", "NVIDIA")
        assert chip_classes(find("Apple M4 Pro")) == ("Apple M4", "Apple")

    def test_the_usual_engine(self):
        find = catalog().chips.find
        for chip, bits, name in (
            ("H100 SXM", None, "vLLM"),
            ("H100 SXM", 4.85, "llama.cpp"),
            ("H100 SXM", 4.5, "vLLM"),
            ("RTX 4090", 16, "llama.cpp"),
            ("Apple M2 Ultra", None, "llama.cpp"),
            ("Snapdragon 8 Elite", 4, "ExecuTorch"),
        ):
            assert choose_engine("auto", find(chip), bits)[0].name == name
        assert choose_engine("sglang", find("RTX 4090"), None)[0].name == "SGLang"
        assert choose_engine("TRT-LLM", find("H100 SXM"), None)[0].name == "TensorRT-LLM"
        with pytest.raises(CalcError, match='no engine "vlm"'):
            choose_engine("vlm", find("H100 SXM"), None)


HEAD = "model,gpu,batch,context,tpot_ms,weight_bits\n"
ROWS = [f"Llama 3.1 8B,A100 SXM 80GB,{b},{c},{measured(b, c).measured * 1e3:.5f},16" for b, c in POINTS]


@pytest.fixture
def table(tmp_path):
    def write(text, name="rows.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


class TestCalibrate:
    def test_a_table_gives_a_profile_that_reads_back(self, table, tmp_path):
        found = calibrate(table(HEAD + "\n".join(ROWS)), "ours", {})
        assert found.rows == len(ROWS)
        assert found.median_error < 0.03 < found.before
        assert found.left_out < 0.1
        path = tmp_path / "ours.toml"
        path.write_text(profile_text(found, "a test"), "utf-8")
        profile = read_profile(path)
        assert profile.name == "ours"
        own, read = found.profile.by_class[ANY], profile.by_class[ANY]
        for name in CONSTANTS:
            assert getattr(read, name) == pytest.approx(getattr(own, name), rel=1e-5)
        assert "ours.toml, a test of " in read.source

    def test_options_stand_for_columns(self, table):
        lines = [row.replace("Llama 3.1 8B,A100 SXM 80GB,", "") for row in ROWS]
        text = "batch,context,tpot_ms,weight_bits\n" + "\n".join(lines)
        defaults = {"model": "Llama 3.1 8B", "gpu": "A100 SXM 80GB"}
        assert calibrate(table(text), "x", defaults).rows == len(ROWS)

    def test_rates_of_decoding_are_times(self, table):
        rates = []
        for b, c in POINTS:
            rates.append(f"Llama 3.1 8B,A100 SXM 80GB,{b},{c},{b / measured(b, c).measured:.5f},16")
        by_rate = calibrate(table(HEAD.replace("tpot_ms", "tokens_per_s") + "\n".join(rates)), "x", {})
        by_time = calibrate(table(HEAD + "\n".join(ROWS)), "x", {})
        assert by_rate.profile.by_class[ANY].weights == pytest.approx(by_time.profile.by_class[ANY].weights, rel=1e-3)

    def test_every_column_is_used(self, table):
        """What a column says is what the deployment of its row has."""
        from pycalc.serving import profile

        head = "model,gpu,batch,input,output,tokens_per_s,weight_bits,kv_bits,gpus,tp,engine\n"
        row = "Llama 3.1 8B,A100 SXM 80GB,8,1000,200,{},8,8,4,2,SGLang"
        lines = profile._read(table(head + "\n".join(row.format(rate) for rate in (900, 1000, 1100))))
        line, record = lines[0]
        seen = profile._observation("rows.csv", line, record)
        replica = seen.deployment.replica
        assert (line, seen.name, seen.figure, seen.measured) == (2, "line 2", "tokens_per_s", 900)
        assert (seen.load.input_tokens, seen.load.output_tokens, seen.load.batch) == (1000, 200, 8)
        assert (seen.deployment.gpus, replica.tensor, replica.widths.cache, replica.widths.weights) == (4, 2, 8, 8)
        assert seen.deployment.engine.name == "SGLang"
        assert seen.deployment.model == "Llama 3.1 8B"
        plain = {key: record[key] for key in ("model", "gpu", "input")} | {"ttft_ms": "70"}
        seen = profile._observation("rows.csv", 3, plain)
        assert (seen.figure, seen.measured) == ("ttft_s", pytest.approx(0.07))
        assert (seen.load.output_tokens, seen.load.batch) == (1, 1)
        assert (seen.deployment.gpus, seen.deployment.replica.widths.cache) == (1, 16)
        assert seen.deployment.engine.name == "vLLM"
        assert seen.deployment.engine_unnamed

    def test_prompts_tell_of_prompts_only(self):
        from pycalc.serving import profile

        steps = [measured(*point) for point in POINTS[:3]]
        assert not {"attention", "prompt_s"} & {*profile._told(steps)}
        assert {"attention", "prompt_s"} < {*profile._told([*steps, replace(steps[0], figure="ttft_s")])}

    def test_many_rows_are_left_out_in_ten_parts(self):
        """With more than twenty rows ten fits do; every row is estimated once, from rows that it is none of."""
        from pycalc.serving import profile

        rows = [measured(batch, 500 * i) for i in range(1, 8) for batch in (1, 8, 32)]
        rows[4] = replace(rows[4], measured=rows[4].measured * 2)
        prior = rows[0].deployment.replica.efficiency
        ratios = profile._left_out(rows, prior, ("weights", "layer_s"))
        assert len(ratios) == len(rows)
        assert sorted(ratios)[0] == pytest.approx(0.5, rel=0.15)

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "is empty"),
            (b"\xff\xfe\x00", "is no UTF-8 text"),
            (HEAD, "holds 0 measurements; 3 to"),
            (HEAD + "\n".join(ROWS[:2]), "holds 2 measurements"),
            ("model,gpu,batch,kontext,tpot_ms\n" + ROWS[0], "line 1: no column 'kontext' is known"),
            ("batch,batch\n1,2\n", "the column batch is there twice"),
            (HEAD + "\n".join([*ROWS, "Llama 3.1 8B,A100 SXM 80GB,1,512"]), "line 12: has 4 cells, the head 6"),
            (HEAD + "\n".join([*ROWS[:3], ROWS[3].replace(",8,", ",eight,")]), "line 5: batch is 'eight'"),
            (HEAD + "\n".join([*ROWS[:3], ROWS[3].replace(",8,", ",1_0,")]), "line 5: batch is '1_0'"),
            (HEAD + "\n".join([*ROWS[:3], ROWS[3].replace(",8,", ",١,")]), "line 5: batch is '١'"),
            (HEAD + "\n".join([*ROWS[:3], ROWS[3].replace(",8,", ",nan,")]), "line 5: batch is nan"),
            (HEAD + "\n".join([*ROWS[:3], ROWS[3].replace(",8,", ",-8,")]), "line 5: batch is -8"),
            (HEAD + "\n".join([*ROWS[:3], ROWS[3].replace("A100 SXM 80GB", "A100")]), 'line 5: the chip "A100" has variants'),
            (HEAD + "\n".join([*ROWS[:3], ROWS[3].replace("3.1 8B", "3.1 9B")]), 'line 5: no model "Llama 3.1 9B"'),
            (HEAD + "\n".join([*ROWS[:3], ROWS[3].replace("A100 SXM 80GB", "H100 SXM")]), "several systems"),
            (HEAD + "\n".join([*ROWS[:3], ROWS[3].replace(",8,", ",100000,")]), "line 5: a batch of 100000 does not fit"),
            (HEAD.replace("context", "output") + "\n".join(ROWS), "has neither a context nor an input"),
            (HEAD.replace("tpot_ms,weight_bits", "weight_bits,kv_bits") + "\n".join(ROWS), "has no measurement of tpot_s"),
            (HEAD.replace("model,gpu", "gpu,engine") + "\n".join(ROWS), "names no model; add a column or give --model"),
            (HEAD.replace("weight_bits", "input") + "\n".join(ROWS), "line 2: has a context and an input or output"),
            (HEAD.replace("weight_bits", "output") + "\n".join(ROWS), "line 2: has a context and an input or output"),
            (
                HEAD.replace("weight_bits", "ttft_s") + "\n".join(ROWS),
                "line 2: has more than one measurement of tpot_s, tpot_ms",
            ),
            (
                HEAD.replace("weight_bits", "gpus") + "\n".join(r[:-2] + "1.5" for r in ROWS),
                "line 2: gpus is 1.5; a whole number",
            ),
            (HEAD.replace("weight_bits", "tp") + "\n".join(r[:-2] + "2.5" for r in ROWS), "line 2: tp is 2.5; a whole number"),
            (
                HEAD.replace("weight_bits", "tp") + "\n".join(r[:-2] + "3" for r in ROWS),
                "line 2: 1 GPUs are no multiple of 3 × 1",
            ),
            (HEAD + "x" * (4 << 20), "is larger than 4 MiB"),
            (HEAD + '"a', "is no CSV table"),
        ],
    )
    def test_what_is_wrong_is_named(self, table, text, says):
        with pytest.raises(CalcError, match=r"rows\.csv: ") as refused:
            calibrate(table(text), "x", {})
        assert says in str(refused.value)

    def test_no_regular_file_is_read(self, tmp_path):
        import os

        os.mkfifo(tmp_path / "rows.csv")
        with pytest.raises(CalcError, match=r"rows\.csv: .*is no regular file.*a table of measurements"):
            calibrate(tmp_path / "rows.csv", "x", {})
        with pytest.raises(CalcError, match=r"rows\.csv: .*is no regular file.*a profile"):
            read_profile(tmp_path / "rows.csv")


class TestProfiles:
    GOOD = 'name = "x"\nrows = 3\n[constants]\nweights = 0.7\n'

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("weights = 0.7", "name or [constants] is missing"),
            ("name = ", "is no profile"),
            (GOOD + "wieghts = 0.7", "constants: wieghts is not known; known: "),
            (GOOD.replace("0.7", '"0.7"'), "constants: weights is '0.7'; a number is meant"),
            (GOOD.replace("0.7", "true"), "constants: weights is True"),
            (GOOD.replace("0.7", "nan"), "constants: weights is nan"),
            (GOOD.replace("0.7", "7.0"), "the constant weights (share of the bandwidth"),
        ],
    )
    def test_what_is_wrong_is_named(self, table, text, says):
        with pytest.raises(CalcError, match=r"own\.toml: ") as refused:
            read_profile(table(text, "own.toml"))
        assert says in str(refused.value)

    def test_what_it_rests_on_is_kept(self, table):
        plain = read_profile(table(self.GOOD, "own.toml")).by_class[ANY]
        assert (plain.rows, plain.source) == (3, "own.toml, a profile of an unknown day")
        full = read_profile(table('source = "the lab"\ndate = 2026-01-02\n' + self.GOOD, "own.toml")).by_class[ANY]
        assert full.source == "own.toml, the lab of 2026-01-02"
        with pytest.raises(CalcError, match=r"constants: source is not known; known: attention, cache, .*, weights$"):
            read_profile(table(self.GOOD + 'source = "x"', "own.toml"))
        with pytest.raises(CalcError, match="spread is 21"):
            read_profile(table(self.GOOD + "spread = 21", "own.toml"))

    def test_it_governs_the_estimate(self, table):
        profile = read_profile(table(self.GOOD + "layer_s = 0.001", "own.toml"))
        with_own = deploy(load("Llama 3.1 8B"), catalog().chips.find("H100 SXM"), profile=profile)
        assert with_own.replica.efficiency.layer_s == 0.001
        assert "own.toml" in with_own.assumptions["constants"]
        assert float(with_own.replica.step(1, 10).on(with_own.replica.efficiency).launches) == pytest.approx(0.032, rel=0.01)

"""The commands serve-estimate and calibrate as their users type them."""

import tomllib

import pytest

BANDS = (
    "ttft_s tpot_s tokens_per_s_user tokens_per_s max_users usd_per_mtok_input usd_per_mtok_output usd_per_mtok_blended"
).split()


@pytest.fixture
def estimate(llmecon):
    return lambda *words: llmecon("serve-estimate", *words, "--json").document


class TestServeEstimate:
    def test_the_document_has_what_the_contract_names(self, estimate):
        found = estimate("Llama 3.1 8B", "H100 SXM", "--gpus", 2, "--tp", 2, "--batch", 8, "--input", 2000, "--output", 500)
        for name in BANDS:
            band = found[name]
            assert list(band) == ["low", "mid", "high"]
            assert 0 < band["low"] <= band["mid"] <= band["high"]
        assert found["bound_by"] == "weight bandwidth"
        assert found["batch"] == 8
        assert found["assumptions"]["split"] == "tensor 2, stages 1, replicas 1"
        assert found["assumptions"]["load"] == "2000 tokens in, 500 out, batch 8"
        assert {"engine", "constants", "widths", "chip", "memory", "links", "money", "band"} < {*found["assumptions"]}

    def test_a_config_json_is_as_good_as_a_name(self, estimate):
        from real_models import config

        by_path = estimate(str(config("Llama-3.2-1B")), "RTX 4090", "--batch", 1)
        by_name = estimate("Llama 3.2 1B", "RTX 4090", "--batch", 1)
        assert by_path["tpot_s"] == by_name["tpot_s"]

    def test_widths_matter(self, estimate):
        wide, narrow = (estimate("Llama 3.1 8B", "H100 SXM", "--batch", 1, "--weight-bits", bits) for bits in (16, 8))
        assert narrow["tpot_s"]["mid"] < wide["tpot_s"]["mid"]
        cache = estimate("Llama 3.1 8B", "H100 SXM", "--kv-bits", 8)
        assert cache["max_users"]["mid"] > 1.5 * estimate("Llama 3.1 8B", "H100 SXM")["max_users"]["mid"]

    def test_without_a_batch_it_is_full_load(self, estimate):
        found = estimate("Llama 3.1 70B", "H100 SXM", "--gpus", 4, "--input", 8000)
        assert found["batch"] == found["max_users"]["mid"]
        assert found["users_bound_by"] == "memory"

    def test_targets_bound_the_batch(self, estimate):
        found = estimate("Llama 3.1 8B", "H100 SXM", "--tpot-target", 0.02, "--ttft-target", 1)
        assert found["tpot_loaded_s"]["mid"] <= 0.02
        assert found["ttft_loaded_s"]["mid"] <= 1
        assert found["users_bound_by"] == "latency"

    def test_one_s_own_price_and_use(self, estimate):
        at_two, half = (estimate("Llama 3.1 8B", "H100 SXM", "--usd-per-hour", 2, "--utilisation", use) for use in (1, 0.5))
        assert half["usd_per_mtok_output"]["mid"] == pytest.approx(2 * at_two["usd_per_mtok_output"]["mid"])
        assert "2 USD per GPU and hour (as given), utilisation 0.5" in half["assumptions"]["money"]

    def test_beside_an_api(self, estimate, llmecon):
        words = "Llama 3.1 8B", "H100 SXM", "--usd-per-hour", 2, "--api", "gpt-4o-mini"
        api = estimate(*words)["api"]
        assert api["usd_per_mtok_blended"] == pytest.approx((2 * 0.15 + 0.6) / 3)
        assert api["margin"] == pytest.approx(1 - 2 / api["revenue_usd_per_gpu_hour"])
        assert api["break_even_utilisation"] == pytest.approx(2 / api["revenue_usd_per_gpu_hour"])
        assert "api margin" in llmecon("serve-estimate", *words).out

    def test_a_draft_model_is_faster_where_it_is_right(self, estimate):
        plain = estimate("Llama 3.1 70B", "H100 SXM", "--gpus", 4, "--batch", 1)
        words = "Llama 3.1 70B", "H100 SXM", "--gpus", 4, "--batch", 1, "--draft", "Llama 3.2 1B"
        assert estimate(*words, "--acceptance", 0.8)["tpot_s"]["mid"] < plain["tpot_s"]["mid"]
        assert estimate(*words, "--acceptance", 0)["tpot_s"]["mid"] > plain["tpot_s"]["mid"]

    def test_a_chip_without_a_public_peak_has_no_first_token(self, estimate):
        found = estimate("Llama 3.1 8B", "Apple M6", "--batch", 1, "--weight-bits", 4.5)
        assert found["ttft_s"] is None
        assert found["usd_per_mtok_output"] is None
        assert found["tpot_s"]["mid"] > 0
        assert "no public peak of Apple M6" in found["assumptions"]["compute"]
        assert "no rent of Apple M6" in found["assumptions"]["money"]

    def test_what_has_no_value_is_null(self, estimate):
        found = estimate("Llama 3.1 8B", "H100 SXM", "--input", 0, "--output", 10)
        assert found["usd_per_mtok_input"] is None
        assert found["usd_per_mtok_output"]["mid"] > 0
        found = estimate("Llama 3.1 8B", "H100 SXM", "--output", 0)
        assert found["usd_per_mtok_output"] is None
        assert found["tokens_per_s"]["mid"] == 0

    def test_a_batch_that_fits_only_beyond_the_engine_s_share_says_so(self, estimate):
        most = estimate("Llama 3.1 8B", "H100 SXM", "--input", 8000)["max_users"]["mid"]
        assert "batch" not in estimate("Llama 3.1 8B", "H100 SXM", "--input", 8000, "--batch", most)["assumptions"]
        beyond = estimate("Llama 3.1 8B", "H100 SXM", "--input", 8000, "--batch", most + 2)
        assert beyond["assumptions"]["batch"].startswith(f"more than the {most:g} that fit")

    def test_for_people_it_is_a_table(self, llmecon):
        out = llmecon("serve-estimate", "Llama 3.1 8B", "H100 SXM").out
        assert out.splitlines()[0].split() == ["figure", "low", "mid", "high", "unit", "meaning"]
        assert "time per output token" in out
        assert "nine of ten measurements" in out

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (("Llama 3.1 9B", "H100 SXM"), 'no model "Llama 3.1 9B"'),
            (("Llama 3.1 8B", "H100"), 'the chip "H100" has variants'),
            (("Llama 3.1 8B", "H100 SXM", "--gpus", 0), "--gpus is 0; it must be from 1"),
            (("Llama 3.1 8B", "H100 SXM", "--gpus", 3, "--tp", 2), "3 GPUs are no multiple of 2"),
            (("Llama 3.1 8B", "H100 SXM", "--batch", -1), "batch is -1"),
            (("Llama 3.1 8B", "H100 SXM", "--input", "nan"), "input_tokens is nan"),
            (("Llama 3.1 8B", "H100 SXM", "--weight-bits", 0), "--weight-bits is 0"),
            (("Llama 3.1 8B", "H100 SXM", "--kv-bits", "inf"), "--kv-bits is inf"),
            (("Llama 3.1 8B", "H100 SXM", "--utilisation", 0), "utilisation is 0"),
            (("Llama 3.1 8B", "H100 SXM", "--engine", "vlm"), 'no engine "vlm"'),
            (("Llama 3.1 405B", "H100 SXM", "--weight-bits", 16), "give more GPUs or fewer bits"),
            (("Llama 3.1 8B", "H100 SXM", "--tpot-target", 1e-6), "not even a batch of one"),
            (("Llama 3.1 8B", "H100 SXM", "--profile", "no.toml"), "no.toml: there is no such file"),
            (("Llama 3.1 8B", "H100 SXM", "--api", "gpt-9"), "gpt-9"),
            (("Llama 3.1 8B", "H100 SXM", "--ep"), "has no experts"),
            (("Llama 3.1 8B", "H100 SXM", "--draft", "Llama 3.2 1B", "--acceptance", 2), "acceptance is 2"),
            (("Llama 3.1 8B",), "GPU"),
        ],
    )
    def test_what_is_wrong_takes_one_line_and_status_2(self, llmecon, words, says):
        run = llmecon("serve-estimate", *words)
        assert run.status == 2
        assert run.out == ""
        assert says in run.err
        assert len(run.err.splitlines()) == 1


class TestCalibrate:
    @pytest.fixture
    def rows(self, tmp_path):
        path = tmp_path / "rows.csv"
        lines = [
            f"{b},{c},{(9 + 0.05 * b + b * c * 9e-5) * 1.2:.4f}"
            for b, c in ((1, 500), (4, 900), (16, 900), (32, 2000), (64, 500))
        ]
        path.write_text("batch,context,tpot_ms\n" + "\n".join(lines), "utf-8")
        return path

    def test_measurements_become_a_profile_that_estimates_use(self, llmecon, rows, tmp_path, estimate):
        out = tmp_path / "mine.toml"
        run = llmecon("calibrate", rows, "-o", out, "--model", "Llama 3.1 8B", "--gpu", "H100 SXM")
        assert run.status == 0, run.err
        assert "median error" in run.out
        table = tomllib.loads(out.read_text("utf-8"))
        assert (table["name"], table["rows"]) == ("mine", 5)
        words = "Llama 3.1 8B", "H100 SXM", "--batch", 16, "--input", 900, "--output", 1
        measured = 9 + 0.05 * 16 + 16 * 900 * 9e-5
        own, packaged = (estimate(*words, *more)["tpot_s"]["mid"] * 1e3 for more in (("--profile", out), ()))
        assert abs(own - 1.2 * measured) < abs(packaged - 1.2 * measured)
        assert own == pytest.approx(1.2 * measured, rel=0.08)

    def test_a_bad_row_leaves_no_profile(self, llmecon, rows, tmp_path):
        rows.write_text(rows.read_text("utf-8").replace("\n16,", "\nsixteen,"), "utf-8")
        out = tmp_path / "mine.toml"
        run = llmecon("calibrate", rows, "-o", out, "--model", "Llama 3.1 8B", "--gpu", "H100 SXM")
        assert (run.status, run.out) == (2, "")
        assert "rows.csv: line 4: batch is 'sixteen'" in run.err
        assert not out.exists()

    def test_the_name_must_be_that_of_a_profile(self, llmecon, rows, tmp_path):
        run = llmecon("calibrate", rows, "-o", tmp_path / "mine.txt", "--model", "Llama 3.1 8B", "--gpu", "H100 SXM")
        assert run.status == 2
        assert "must end in .toml" in run.err

    def test_a_folder_that_is_not_there(self, llmecon, rows, tmp_path):
        run = llmecon("calibrate", rows, "-o", tmp_path / "no" / "x.toml", "--model", "Llama 3.1 8B", "--gpu", "H100 SXM")
        assert run.status == 74

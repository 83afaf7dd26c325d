"""Batches disturbed: killed at any step, on a full disk, by signals, by rows; what was there before is never torn."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import time

import pytest
from toy_engine import ABORTS, HANGS, IS_KILLED, RAISES, SWELLS

KILLED = 128 + signal.SIGKILL
ROWS = 30
PUBLISHED = 11  # the step at which the output gets its name
OLD = "what was there before\n"


def expected(xs, lost=()):
    lines = [f"k{i},{x},1,{2 * x + 1}\n" for i, x in enumerate(xs) if i not in lost]
    return "key,x,y,Summary!B2\n" + "".join(lines)


@pytest.fixture
def rows(toy_rows):
    return toy_rows(range(100, 100 + ROWS))


WHOLE = expected(range(100, 100 + ROWS))


def left_over(folder):
    """Files that a finished run should have taken away."""
    kept = {"book.xlsx", "scenarios.csv", "out.csv", "out.csv.manifest.json", "faults.log", "out.csv.quarantine.csv"}
    return {path.name for path in folder.iterdir()} - kept


def disturbed_then_resumed(finished, rows, folder, fault, step):
    """One run with a fault at a step, one without; whether the fault came at all."""
    out = folder / "out.csv"
    shutil.rmtree(folder / "out.csv.checkpoints", ignore_errors=True)
    (folder / "out.csv.manifest.json").unlink(missing_ok=True)
    out.write_text(OLD)
    status, _ = finished(rows, fault=fault, step=step)
    assert out.read_text() in (OLD, WHOLE)
    if status == 0:
        return False
    assert status == KILLED
    assert finished(rows)[0] == 0
    assert out.read_text() == WHOLE
    assert not left_over(folder)
    return True


@pytest.mark.parametrize(("fault", "step"), [("kill-before", 1), ("kill-after", 2), ("kill-after", 11), ("kill-before", 16)])
def test_a_run_that_is_killed_goes_on_from_where_it_was(finished, rows, tmp_path, fault, step):
    assert disturbed_then_resumed(finished, rows, tmp_path, fault, step)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["kill-before", "kill-after"])
def test_a_run_may_be_killed_at_every_step_to_the_disk(finished, rows, tmp_path, fault):
    steps = itertools.takewhile(lambda step: disturbed_then_resumed(finished, rows, tmp_path, fault, step), itertools.count(1))
    assert len(list(steps)) > 15


@pytest.mark.parametrize(("fault", "step"), [("full", 1), ("eio", 4), ("full", 9), ("eio", 12)])
def test_a_disk_that_fails_leaves_the_old_result_and_no_draft(finished, rows, tmp_path, fault, step):
    (tmp_path / "out.csv").write_text(OLD)
    status, err = finished(rows, fault=fault, step=step)
    assert status == 74
    assert err.splitlines()[-1].startswith("llmecon: ")
    published = step > PUBLISHED
    assert (tmp_path / "out.csv").read_text() == (WHOLE if published else OLD)
    assert not list(tmp_path.rglob("*.draft"))
    assert finished(rows)[0] == 0
    assert (tmp_path / "out.csv").read_text() == WHOLE
    assert not left_over(tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@pytest.mark.parametrize("call", ["fsync", "rename", "unlink", "unlinkat", "rmdir"])
@pytest.mark.parametrize("effect", ["signal=KILL", "error=EIO", "error=ENOSPC"])
def test_faults_that_the_system_makes(finished, rows, tmp_path, toy_book, call, effect, batch):
    """The same from outside the process: strace makes the k-th call fail, or kills at it."""
    for k in (1, 2, 4, 6):
        (tmp_path / "out.csv").write_text(OLD)
        process = batch(rows, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        process.send_signal(signal.SIGSTOP)
        tracer = subprocess.Popen(
            ["strace", "-q", "-o", "/dev/null", "-e", f"inject={call}:{effect}:when={k}", "-p", str(process.pid)],
            stderr=subprocess.DEVNULL,
        )
        time.sleep(0.3)
        process.send_signal(signal.SIGCONT)
        status = process.wait(60)
        tracer.wait(10)
        assert status in (0, 74, -signal.SIGKILL)
        assert (tmp_path / "out.csv").read_text() in (OLD, WHOLE)
        assert finished(rows)[0] == 0
        assert (tmp_path / "out.csv").read_text() == WHOLE
        assert not left_over(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_end_a_run_at_once_and_whole(batch, finished, toy_rows, tmp_path, number):
    rows = toy_rows(range(100, 300))
    (tmp_path / "out.csv").write_text(OLD)
    process = batch(rows, engine="toy_engine:SlowEngine")
    wait_for(tmp_path / "out.csv.checkpoints", "*.shard")
    sent = time.monotonic()
    process.send_signal(number)
    process.communicate(timeout=20)
    assert time.monotonic() - sent < 2
    assert process.returncode == 128 + number
    assert (tmp_path / "out.csv").read_text() == OLD
    assert not list(tmp_path.rglob("*.draft"))
    done = sorted(path.name for path in (tmp_path / "out.csv.checkpoints").glob("*.shard"))
    assert done
    assert finished(rows, engine="toy_engine:SlowEngine")[0] == 0
    assert (tmp_path / "out.csv").read_text() == expected(range(100, 300))


def wait_for(folder, pattern):
    until = time.monotonic() + 60
    while not list(folder.glob(pattern)):
        assert time.monotonic() < until
        time.sleep(0.02)


def test_no_worker_outlives_a_parent_that_is_killed(batch, toy_rows, tmp_path):
    process = batch(toy_rows(range(100, 300)), engine="toy_engine:SlowEngine")
    wait_for(tmp_path / "out.csv.checkpoints", "*.shard")
    children = set(subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True).stdout.split())
    assert children
    process.kill()
    process.wait()
    until = time.monotonic() + 10
    while any(os.path.exists(f"/proc/{child}") for child in children):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_second_run_on_an_output_is_told_who_has_it(batch, finished, toy_rows, tmp_path):
    rows = toy_rows(range(100, 300))
    first = batch(rows, engine="toy_engine:SlowEngine")
    wait_for(tmp_path / "out.csv.checkpoints", "*.shard")
    status, err = finished(rows, engine="toy_engine:SlowEngine")
    assert status == 75
    assert str(first.pid) in err
    first.kill()
    first.communicate()
    assert finished(rows, engine="toy_engine:Engine")[0] == 0


@pytest.mark.parametrize(
    ("bad", "code"), [(ABORTS, "ABORTED"), (IS_KILLED, "ABORTED"), (SWELLS, "MEMORY"), (RAISES, "FAULT"), (HANGS, "TIMEOUT")]
)
def test_a_row_that_breaks_the_engine_loses_only_itself(finished, toy_rows, tmp_path, bad, code):
    xs = [*range(100, 117), int(bad), *range(200, 212)]
    status, _ = finished(toy_rows(xs), "--row-seconds", "2")
    assert status == 3
    assert (tmp_path / "out.csv").read_text() == expected(xs, lost={17})
    heading, line = (tmp_path / "out.csv.quarantine.csv").read_text().splitlines()
    assert heading == "line,key,code,reason"
    assert line.startswith(f"19,k17,{code},")


def shards(folder):
    return {path.name: path.stat().st_mtime_ns for path in (folder / "out.csv.checkpoints").glob("*.shard")}


@pytest.fixture
def half_done(batch, toy_rows, tmp_path):
    """A run that was killed after some shards."""
    rows = toy_rows(range(100, 160))
    process = batch(rows, engine="toy_engine:SlowEngine")
    until = time.monotonic() + 60
    while len(shards(tmp_path)) < 3:
        assert time.monotonic() < until
        time.sleep(0.02)
    process.kill()
    process.communicate()
    return rows


def test_a_damaged_checkpoint_is_computed_again(finished, half_done, tmp_path):
    path = min((tmp_path / "out.csv.checkpoints").glob("*.shard"))
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    assert finished(half_done, engine="toy_engine:SlowEngine")[0] == 0
    assert (tmp_path / "out.csv").read_text() == expected(range(100, 160))


def test_no_shard_of_another_table_is_used(finished, half_done, toy_rows, tmp_path):
    toy_rows(range(500, 560))
    assert finished(half_done, engine="toy_engine:SlowEngine")[0] == 0
    assert (tmp_path / "out.csv").read_text() == expected(range(500, 560))


def test_a_finished_run_is_not_computed_again(finished, rows, tmp_path):
    assert finished(rows)[0] == 0
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("out.csv*")}
    process_status, _ = finished(rows)
    assert process_status == 0
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("out.csv*")} == before
    (tmp_path / "out.csv").write_text(OLD)
    assert finished(rows)[0] == 0
    assert (tmp_path / "out.csv").read_text() == WHOLE


def test_the_bytes_do_not_depend_on_workers_locale_time_zone_or_hash_seed(finished, toy_rows, tmp_path):
    xs = [*range(100, 140), int(ABORTS), *range(200, 240)]
    seen = set()
    environments = [{}, {"LC_ALL": "C", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "1"}, {"TZ": "UTC", "PYTHONHASHSEED": "2"}]
    for number, (workers, env) in enumerate(zip("142", environments, strict=True)):
        assert finished(toy_rows(xs), "--workers", workers, out=f"out{number}.csv", env=env)[0] == 3
        files = [tmp_path / f"out{number}.csv{end}" for end in ("", ".quarantine.csv", ".manifest.json")]
        content = [path.read_text() for path in files]
        content[2] = json.dumps({key: value for key, value in json.loads(content[2]).items() if key != "files"})
        seen.add(tuple(content))
    assert len(seen) == 1


def test_progress_nobody_reads_stops_nothing(batch, rows, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    process = batch(rows, stderr=writing)
    os.close(writing)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert (tmp_path / "out.csv").read_text() == WHOLE


def test_progress_is_plain_lines_without_a_terminal(finished, rows):
    status, err = finished(rows)
    assert status == 0
    assert f"{ROWS} of {ROWS} scenarios" in err
    assert err.replace("\n", "").isprintable()

"""A sweep: every row is accounted for, whatever becomes of its process."""

import os
import signal
import threading
from dataclasses import replace

import numpy as np
import pytest
from conftest import complaint

from segkit.benchmark import Setting, combinations, sweep
from segkit.benchmark.worker import Client
from segkit.errors import SegkitError
from segkit.runtime.settings import runtimes

ORDINARY = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")


def test_a_row_has_everything(tiny):
    report = sweep([Setting(tiny, threads=2)], runs=5, rounds=2, warmup=2)
    (row,) = report.results
    assert (row.status, row.reason, row.complete, row.wrong) == ("ok", "", True, False)
    assert row.applied["runtime"] == "litert" and row.applied["version"] == runtimes()["litert"]
    assert (row.applied["delegate"], row.applied["threads"]) == ("xnnpack", 2)
    assert (row.applied["operators_taken"], row.applied["operators"]) == (3, 3)
    assert len(row.runs_ms) == 5 and row.rounds == [3, 2]
    assert 0 < row.min_ms <= row.p05_ms <= row.median_ms <= row.p95_ms
    assert row.interval_ms[0] <= row.median_ms <= row.interval_ms[1]
    assert row.load_ms > 0 and row.first_ms > 0 and 0 < row.copy_ms < row.load_ms + row.first_ms
    assert [sorted(batch) for batch in row.batches] == [
        ["copy_ms", "first_ms", "load_ms", "megahertz", "throttled"]] * 2
    assert row.bytes == os.path.getsize(tiny) and 1 < row.base_mib < row.peak_mib < 1000
    assert row.agreement["equal"] == 1 and 0 <= row.agreement["max_abs"] < 1e-3
    assert report.machine["cores"]["allowed"] >= 1 and report.machine["runtimes"] == runtimes()
    assert report.complete


def test_runtimes_and_delegates_are_applied(tiny, measure):
    settings = combinations([tiny], list(runtimes()), ["xnnpack", "none", "reference"])
    for setting, row in zip(settings, measure(*settings)):
        assert row.asked == setting and row.ok, row.reason
        assert (row.applied["runtime"], row.applied["delegate"]) == (setting.runtime, setting.delegate)
        assert (row.applied["operators_taken"] > 0) == (setting.delegate == "xnnpack")
        assert row.agreement["equal"] == 1


@pytest.mark.parametrize("values, status, words", [
    ({"delegate": "gpu", "api": "interpreter"}, "refused", "use the api compiled"),
    ({"runtime": "tflite", "api": "compiled"}, "refused", "only LiteRT"),
    ({"delegate": "/no/such/library.so"}, "unavailable", "no delegate library"),
    ({"model": "no/such.tflite"}, "unavailable", "there is no file"),
    ({"model": "no-such-model"}, "unavailable", "no model is called")])
def test_what_cannot_run_is_a_row_with_a_reason(one, values, status, words):
    row = one(**values)
    assert row.status == status and words in row.reason
    assert row.runs_ms == [] and row.complete and row.median_ms is None


def test_a_runtime_that_is_not_installed_is_unavailable(tiny, measure, monkeypatch, tmp_path):
    """A sitecustomize that hides the package stands for a machine without it."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'tflite_runtime' else find(name, *a)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (row,) = measure(Setting(tiny, "tflite"))
    assert row.status == "unavailable" and "pip install tflite-runtime" in row.reason


def test_another_input_size(one):
    row = one(size=(16, 48))
    assert row.ok and row.agreement["equal"] == 1, row.reason
    assert row.applied["operators_taken"] == 3


def test_a_delegate_that_answers_wrongly_is_marked(one, library):
    right, wrong = one(delegate=str(library("adds"))), one(delegate=str(library("subtracts")))
    assert right.ok and not right.wrong and right.applied["operators_taken"] == 1
    assert wrong.ok and wrong.wrong and wrong.agreement["equal"] < 0.99
    nothing = one(delegate=str(library("nothing")))
    assert nothing.ok and nothing.applied["delegate"] == "none"


@pytest.mark.parametrize("kind, status, words", [
    ("create_fails", "refused", "not plugged in"),
    ("create_crashes", "failed", "SIGSEGV"),
    ("create_exits", "failed", "while it loaded the model (exit 0)"),
    ("prepare_fails", "refused", "is no model that litert can load with the delegate"),
    ("prepare_crashes", "failed", "while it loaded the model (was killed by SIGSEGV)"),
    ("invoke_crashes", "failed", "in the timed runs (was killed by SIGSEGV)")])
def test_a_delegate_that_fails_is_a_row_with_its_words(one, library, kind, status, words, capfd):
    row = one(delegate=str(library(kind)))
    assert row.status == status and words in row.reason
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def victim(monkeypatch):
    """A function that makes `progress`: it sends a signal to the worker of one setting."""
    impatient, ask = set(), Client.ask

    def send(setting, number, stage):
        def progress(step):
            if step.setting == setting and step.stage == stage:
                os.kill(step.pid, number)
                impatient.add(step.pid)

        return progress

    monkeypatch.setattr(Client, "ask", lambda self, do, timeout, **values: ask(
        self, do, 1 if self.pid in impatient else timeout, **values))
    return send


@ORDINARY
@pytest.mark.parametrize("name, words", [("SIGKILL", "SIGKILL"), ("SIGSEGV", "SIGSEGV"),
                                         ("SIGSTOP", "did not answer within 1 s")])
def test_a_worker_that_dies_or_hangs_loses_its_row_only(tiny, measure, victim, name, words):
    settings = combinations([tiny], threads=[1, 2, 3])
    rows = measure(*settings, progress=victim(settings[1], getattr(signal, name), "round 2 of 2"))
    assert [row.status for row in rows] == ["ok", "failed", "ok"]
    assert words in rows[1].reason and "in the timed runs" in rows[1].reason
    assert [len(row.runs_ms) for row in rows] == [4, 0, 4]


def test_a_delegate_that_hangs_is_stopped(tiny, library, victim):
    setting = Setting(tiny, delegate=str(library("prepare_hangs")))
    (row,) = sweep([setting], runs=1, progress=victim(setting, 0, "load")).results
    assert row.status == "failed" and "while it loaded the model" in row.reason


def test_no_worker_is_left_behind(tiny, measure):
    pids = set()
    measure(*combinations([tiny], threads=[1, 2]), progress=lambda step: pids.add(step.pid))
    import psutil

    assert len(pids - {None}) == 4 and not any(psutil.pid_exists(pid) for pid in pids - {None})


def test_rounds_take_turns(tiny, measure):
    steps = []
    settings = combinations([tiny], threads=[1, 2, 3])
    measure(*settings, progress=lambda s: steps.append((s.stage, s.setting.threads, s.done, s.total)))
    assert [threads for stage, threads, *_ in steps if stage == "round 1 of 2"] == [1, 2, 3]
    assert [threads for stage, threads, *_ in steps if stage == "round 2 of 2"] == [3, 2, 1]
    done = [done for *_, done, _ in steps]
    assert done == sorted(done) and {total for *_, total in steps} == {3 * 3}


def test_progress_reaches_its_end_although_rows_fail(tiny, measure):
    steps = []
    measure(Setting("no.tflite"), Setting(tiny), Setting(tiny, delegate="gpu"), progress=steps.append)
    assert [step.result.status for step in steps if step.result] == ["unavailable", "refused", "ok"]
    assert steps[-1].total == 3 * 3 and steps[-1].done == steps[-1].total - 1  # the last step is being told


def test_each_batch_has_a_process_of_its_own(tiny, measure):
    """The luck of one process must not look like a property of the setting."""
    seen = {}
    measure(*combinations([tiny], threads=[1, 2]), progress=lambda step: seen.setdefault(
        (step.setting.threads, step.stage), step.pid))
    batches = [pid for (_, stage), pid in seen.items() if stage.startswith("round")]
    assert len(set(batches)) == len(batches) == 4


@pytest.mark.parametrize("how", ["event", "interrupt"])
def test_cancel_and_resume(tiny, how):
    settings = combinations([tiny], threads=[1, 2])
    event = threading.Event()

    def progress(step):
        if step.stage == "round 2 of 3" and step.setting.threads == 1:
            event.set()
            if how == "interrupt":
                raise KeyboardInterrupt

    part = sweep(settings, runs=6, progress=progress, cancel=event if how == "event" else None)
    assert not part.complete and len(part.results) == 2
    assert [len(row.runs_ms) for row in part.results] in ([2, 4], [4, 4])  # 2, 1 is round 2's order
    assert all(row.status == "ok" and row.notes[-1].startswith("stopped after") for row in part.results)
    early = [list(row.runs_ms) for row in part.results]
    whole = sweep(settings, runs=6, resume=part)
    assert whole.complete and [len(row.runs_ms) for row in whole.results] == [6, 6]
    for row, had in zip(whole.results, early):
        assert row.runs_ms[:len(had)] == had and row.rounds == [2, 2, 2]
        assert not any("stopped" in note for note in row.notes) and row.agreement
    again = sweep(settings, runs=6, resume=whole)
    assert [row.runs_ms for row in again.results] == [row.runs_ms for row in whole.results]


def test_a_sweep_that_is_cancelled_at_once_has_all_rows(tiny):
    report = sweep(combinations([tiny], threads=[1, 2]), cancel=lambda: True)
    assert [row.status for row in report.results] == ["failed", "failed"]
    assert all("stopped before" in row.reason for row in report.results) and not report.complete


def test_a_result_of_another_machine_is_not_resumed(tiny):
    part = sweep([Setting(tiny)], runs=2, rounds=1)
    with pytest.raises(SegkitError) as raised:
        sweep([Setting(tiny)], runs=3, rounds=1, resume=part)
    assert "runs" in complaint(raised)
    part = replace(part, machine={**part.machine, "cpu": "another"})
    with pytest.raises(SegkitError) as raised:
        sweep([Setting(tiny)], runs=2, rounds=1, resume=part)
    assert "another" in complaint(raised)


def test_a_budget_of_time_makes_fewer_runs(tiny, measure):
    (row,) = measure(Setting(tiny), runs=100_000, rounds=2, seconds=0.02)
    assert row.ok and row.complete and 2 <= len(row.runs_ms) < 100_000
    assert any("of 100000 runs in the 0.02 s allowed" in note for note in row.notes)


@pytest.mark.parametrize("wrong", [{"runs": 0}, {"runs": 1.5}, {"rounds": 0}, {"warmup": 0},
                                   {"seconds": 0}, {"seconds": float("nan")}])
def test_numbers_that_make_no_sense_are_one_line(tiny, wrong):
    with pytest.raises(SegkitError) as raised:
        sweep([Setting(tiny)], **wrong)
    assert next(iter(wrong)) in complaint(raised)


def test_settings_share_one_input_and_one_reference(tiny, measure, monkeypatch):
    from segkit.benchmark import agreement

    monkeypatch.setattr(agreement.References, "_known", {})
    calls, calculate = [], agreement.References._calculate
    monkeypatch.setattr(agreement.References, "_calculate", lambda self, *arguments: calls.append(1)
                        or calculate(self, *arguments))
    measure(*combinations([tiny], threads=[1, 2]))
    assert len(calls) == 1
    first, second = (agreement.make_inputs([{"shape": [1, 8, 8, 3], "dtype": "int8", "scale": 1 / 128,
                                             "zero_point": 0}]) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first[0].dtype == np.int8 and first[0].std() > 10

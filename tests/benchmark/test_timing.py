"""The timed loop, and intervals that hold the truth as often as they promise."""

import numpy as np
import pytest

from segkit.benchmark.timing import (
    batches_of,
    by_turns,
    interval_of_median,
    interval_of_ratio,
    median_ms,
    milliseconds,
    ratio,
    t95,
    timed,
)

TIMES = 2000  # simulated measurements: 95 % is then known to within 1 % (two deviations)


def simulated(rng, batches, runs, process, batch, run, slow=0.03):
    """Milliseconds of one measurement: (batches, runs).

    Args:
        process, batch, run: standard deviations, as shares, of what a process, the machine's
            state in a batch, and a single run bring.
        slow: the share of the runs that something disturbs.
    """
    effects = (rng.normal(0, process, (batches, 1)) + rng.normal(0, batch, (batches, 1))
               + rng.normal(0, run, (batches, runs)))
    late = rng.exponential(0.3, (batches, runs)) * (rng.random((batches, runs)) < slow)
    return 10 * np.exp(effects + late)


def share_inside(intervals, truth):
    return np.mean([low <= truth <= high for low, high in intervals])


@pytest.mark.parametrize("batches, runs", [(3, 10), (10, 3)])
@pytest.mark.parametrize("process, batch", [(0.01, 0.01), (0.0, 0.03), (0.02, 0.0), (0.0, 0.0)])
def test_an_interval_of_95_percent_holds_the_truth_in_95_percent(batches, runs, process, batch):
    rng = np.random.default_rng(batches)
    # What the interval is for: the middle of the medians of many processes.
    medians = np.median(simulated(rng, 20_000, runs, process, batch, 0.02), axis=1)
    truth = np.exp(np.mean(np.log(medians)))
    found = [interval_of_median(list(simulated(rng, batches, runs, process, batch, 0.02).ravel()),
                                [runs] * batches) for _ in range(TIMES)]
    assert 0.93 < share_inside(found, truth) < 0.97


@pytest.mark.parametrize("batches, runs", [(4, 3), (10, 3)])
@pytest.mark.parametrize("process", [0.0, 0.005, 0.02])
def test_an_interval_of_a_ratio_holds_the_truth_in_95_percent(batches, runs, process):
    """Both drift together, and each process has luck of its own."""
    rng, found = np.random.default_rng(100 + batches), []
    for _ in range(TIMES):
        drift = np.exp(np.cumsum(rng.normal(0, 0.03, (batches, 1)), axis=0))
        one, other = (drift * simulated(rng, batches, runs, process, 0.005, 0.02) for _ in "ab")
        found.append(interval_of_ratio(one.tolist(), (1.1 * other).tolist())[1:])
    assert 0.93 < share_inside(found, 1.1) < 0.97


def test_one_process_for_all_batches_would_not_do():
    """The reason for new processes: what all batches share is luck that the interval cannot see."""
    rng, found = np.random.default_rng(5), []
    for _ in range(1000):
        one, other = (np.exp(rng.normal(0, 0.01)) * simulated(rng, 8, 3, 0, 0.002, 0.01)
                      for _ in "ab")
        found.append(interval_of_ratio(one.tolist(), other.tolist())[1:])
    assert share_inside(found, 1) < 0.75


def test_a_difference_of_five_percent_is_found():
    rng = np.random.default_rng(6)
    found = [interval_of_ratio(simulated(rng, 10, 3, 0.01, 0.005, 0.02).tolist(),
                               (1.05 * simulated(rng, 10, 3, 0.01, 0.005, 0.02)).tolist())
             for _ in range(200)]
    assert np.mean([low > 1 for _, low, _ in found]) > 0.9
    assert np.median([middle for middle, *_ in found]) == pytest.approx(1.05, rel=0.01)


def test_one_batch_has_no_interval():
    assert interval_of_median([1.0, 2.0, 3.0, 4.0], [4]) == (None, None)


def test_batches_may_differ_in_size():
    assert batches_of([1, 2, 3, 4, 5], [2, 3]) == [[1, 2], [3, 4, 5]]
    assert batches_of([1, 2], [2, 0]) == [[1, 2]]
    low, high = interval_of_median([10, 10, 10, 11, 11], [3, 2])
    assert low < np.sqrt(110) < high


@pytest.mark.parametrize("freedom", [1, 2, 7, 30, 31, 60, 500])
def test_student_s_t(freedom):
    from scipy import stats  # takes long to import, and every worker reads this file

    assert t95(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=2e-3)


def test_the_timed_loop_times_every_run_and_nothing_else():
    clock = iter(range(0, 1000, 7))
    calls = []
    taken = timed(lambda: calls.append(1), 5, end=10_000, clock=lambda: next(clock))
    assert taken == [7] * 5 and len(calls) == 5
    clock = iter(range(0, 1000, 7))
    assert timed(lambda: None, 5, end=20, clock=lambda: next(clock)) == [7, 7]


def test_warm_up_runs_do_not_count(monkeypatch):
    calls = []
    monkeypatch.setattr("segkit.benchmark.timing.timed", lambda run, runs: [
        calls.append(run()) or ns for ns in (9e9, 1e6, 3e6, 2e6)[:runs]])
    assert median_ms(lambda: None, runs=3, warm=1) == 2 and len(calls) == 4


def test_work_is_timed_by_turns():
    order = []
    spent = by_turns({name: (lambda name=name: order.append(name)) for name in "ab"}, rounds=3, warm=1)
    assert order == list("abbaabba") and {name: len(times) for name, times in spent.items()} == {
        "a": 3, "b": 3}
    assert ratio([1, 2, 4], [3, 2, 8]) == 2


@pytest.mark.parametrize("value, told", [(0.421, "0.42 ms"), (4.2, "4.20 ms"), (12.34, "12.3 ms"),
                                         (1370.4, "1370 ms"), (None, "")])
def test_a_time_in_words(value, told):
    assert milliseconds(value) == told and milliseconds(value, "") == told.removesuffix(" ms")

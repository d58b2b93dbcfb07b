"""Measure many settings, or compare two of them: who takes turns, how often, and in which order."""

import copy
from dataclasses import dataclass

import numpy as np

from segkit.benchmark import machine
from segkit.benchmark.results import Report, Result
from segkit.benchmark.settings import Setting
from segkit.benchmark.steps import Row, Steps
from segkit.benchmark.timing import batches_of, interval_of_ratio
from segkit.errors import SegkitError
from segkit.runtime.isolated import Cancelled


def sweep(settings, runs=30, seconds=None, rounds=3, warmup=3, timeout=120, progress=None,
          cancel=None, resume=None, environment=None):
    """Measure settings, each batch of runs in a process of its own.

    The settings take turns: in each of the ``rounds`` every setting gets a new process that makes
    a part of its runs, and every second round goes in reverse order. A slow minute of the machine
    then hits all settings alike, and no process's luck decides.

    Args:
        settings: a list of :class:`Setting`.
        runs: timed runs of each setting.
        seconds: None, or a budget for the timed runs of one setting; a slow one then makes fewer
            runs, at least one a round, and its row says so.
        rounds: into how many rounds the runs are divided; with one there is no interval.
        warmup: runs of each process that are not counted, the first one included; after a second
            of them it is enough.
        timeout: seconds after which a step that does not answer is given up.
        progress: a function that takes a :class:`Progress`.
        cancel: a threading.Event, or a function that says whether to stop.
        resume: a :class:`Report` of the same machine and options that was cut short: its
            finished rounds are taken over, rows that could not run are tried again.
        environment: variables that the workers get in addition.

    Returns:
        a :class:`Report` with a :class:`Result` for every setting, whatever happened to it. After
        a cancel or an interrupt (Ctrl+C) the rows that are not complete say so.

    Raises:
        SegkitError: a number that makes no sense, or ``resume`` does not fit.
    """
    for name, value in (("runs", runs), ("rounds", rounds), ("warmup", warmup)):
        if not isinstance(value, (int, np.integer)) or value < 1:
            raise SegkitError(f"{name} must be a whole number of at least 1, not {value!r}")
    if seconds is not None and not seconds > 0:
        raise SegkitError(f"seconds must be more than 0, not {seconds!r}")
    work = Steps(runs, seconds, min(rounds, runs), warmup, timeout, environment, progress, cancel)
    report = Report(machine.facts(), [], {"runs": runs, "seconds": seconds, "rounds": work.rounds,
                                          "warmup": warmup})
    had = _had(resume, report)
    report.results = [had.get(setting) or Result(setting) for setting in settings]
    rows = [Row(result) for result in report.results if not result.complete]
    work.total = len(rows) * (work.rounds + 1)
    try:
        for number in range(work.rounds):
            for row in rows[::-1] if number % 2 else rows:
                work.guarded(row, work.batch, number)
        for row in rows:
            work.guarded(row, work.finish)
    except (Cancelled, KeyboardInterrupt):
        pass
    finally:
        for row in rows:
            row.close()
    for result in report.results:
        if not result.complete:
            _cut_short(result, runs)
    return report


def _had(resume, report):
    """The results that need not be measured (any further): setting -> result."""
    if resume is None:
        return {}
    pairs = [(fact, resume.machine.get(fact), report.machine[fact])
             for fact in ("cpu", "system", "runtimes")]
    pairs += [(name, resume.options.get(name), value) for name, value in report.options.items()]
    for name, then, now in pairs:
        if then != now:
            raise SegkitError(f"the result to resume does not fit: its {name} is {then}, "
                              f"here it is {now}")
    kept = {result.asked: copy.deepcopy(result) for result in resume.results if result.ok}
    for result in kept.values():
        if not result.complete:
            result.notes = []
    return kept


def _cut_short(result, runs):
    if result.runs_ms:
        result.finish()
        result.notes.append(f"stopped after {len(result.runs_ms)} of {runs} runs")
    else:
        result.status, result.reason = "failed", "the sweep was stopped before this setting's runs"


@dataclass
class Comparison:
    """Two settings that were measured in turns.

    Attributes:
        first, second: the :class:`Setting` objects.
        ratio: time of the second divided by that of the first: the geometric mean of the ratios
            of the pairs of batches.
        low, high: its 95 % interval, see :func:`segkit.benchmark.timing.interval_of_ratio`.
        first_ms, second_ms: lists of batches, each a list of times; batch i of both ran one after
            the other.
    """

    first: Setting
    second: Setting
    ratio: float
    low: float
    high: float
    first_ms: list
    second_ms: list

    @property
    def different(self):
        """Whether the interval leaves no room for a ratio of 1."""
        return self.low > 1 or self.high < 1

    def __str__(self):
        pair = f"{self.second.label} against {self.first.label}"
        interval = f"{self.ratio:.2f} (95 % interval {self.low:.2f} to {self.high:.2f})"
        if not self.different:
            return f"{pair}: no difference was shown, the ratio of the times is {interval}"
        return f"{pair}: the ratio of the times is {interval}"


def compare(first, second, batches=10, runs=3, warmup=3, timeout=120, cancel=None,
            environment=None):
    """Measure two settings in turns, A B B A A B, and give the ratio of their times.

    Args:
        first, second: :class:`Setting` objects.
        batches: how many turns each of them gets, each in a new process.
        runs: timed runs in a turn; one run that is not counted comes before them.
        warmup, timeout, cancel, environment: as for :func:`sweep`.

    Returns:
        a :class:`Comparison`.

    Raises:
        SegkitError: one of them cannot be measured, or the caller cancelled.
    """
    if batches < 2 or runs < 1:
        raise SegkitError("a comparison takes at least 2 batches of at least 1 run, "
                          f"not {batches} of {runs}")
    work = Steps(batches * runs, None, batches, warmup, timeout, environment, None, cancel)
    rows = [Row(Result(setting)) for setting in (first, second)]
    for number in range(batches):
        for row in rows[::-1] if number % 2 else rows:
            work.one_batch(row, number, "the comparison")
    times = [batches_of(row.result.runs_ms, row.result.rounds) for row in rows]
    return Comparison(first, second, *interval_of_ratio(*times), *times)

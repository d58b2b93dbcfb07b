"""Many settings, each measured in a process of its own, in rounds that take turns."""

import copy

import numpy as np
import psutil

from segkit.benchmark import machine
from segkit.benchmark.client import Cancelled
from segkit.benchmark.results import Report, Result
from segkit.benchmark.rows import Progress, Row, Steps
from segkit.errors import SegkitError

__all__ = ["Progress", "sweep"]

LEAST_FREE = 1 << 30  # bytes of memory that stay free while workers are started
MOST_TOGETHER = 100  # workers: each takes three of the files that a process may have open


def sweep(settings, runs=30, seconds=None, rounds=3, warmup=3, timeout=120, progress=None,
          cancel=None, resume=None, environment=None):
    """Measure settings, each in a process of its own.

    All processes are started first, at most 100 and as many as fit into memory; then each in turn
    runs a part of its runs while the others wait, in ``rounds`` rounds, every second one in reverse
    order: a slow minute of the machine then hits all settings alike.

    Args:
        settings: a list of :class:`Setting`.
        runs: timed runs of each setting.
        seconds: None, or a budget for the timed runs of one setting; a slow one then makes fewer
            runs, at least one a round, and its row says so.
        rounds: into how many rounds the runs are divided.
        warmup: runs that are not counted, the first one included; after a second of them it is
            enough.
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
    cancelled = getattr(cancel, "is_set", cancel) or (lambda: False)
    work = Steps(runs, seconds, min(rounds, runs), warmup, timeout, environment, progress,
                 cancelled)
    report = Report(machine.facts(), [], {"runs": runs, "seconds": seconds, "rounds": work.rounds,
                                          "warmup": warmup})
    had = _had(resume, report)
    report.results = [had.get(setting) or Result(setting) for setting in settings]
    rows = [Row(result) for result in report.results if not result.complete]
    work.total = len(rows) * (work.rounds + 2)
    try:
        while rows:
            rows = _group(work, rows)
    except (Cancelled, KeyboardInterrupt):
        pass
    finally:
        for row in rows:
            work.close(row)
    for result in report.results:
        if not result.complete:
            _cut_short(result, runs)
    return report


def _group(work, rows):
    """Measure as many rows together as fit into memory; the rest."""
    group = []
    for row in rows:
        running = sum(other.running for other in group)
        if running >= MOST_TOGETHER or (running and psutil.virtual_memory().available < LEAST_FREE):
            break
        group.append(row)
        work.guarded(row, work.start)
    for number in range(work.rounds):
        for row in group[::-1] if number % 2 else group:
            if row.running:
                work.guarded(row, work.round, number)
    for row in group:
        if row.running:
            work.guarded(row, work.finish)
    return rows[len(group):]


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

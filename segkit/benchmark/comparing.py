"""Is one setting faster than another? Both run in turns, and an interval answers."""

from dataclasses import dataclass

from segkit.benchmark.client import Cancelled
from segkit.benchmark.results import Result
from segkit.benchmark.rows import Row, Steps
from segkit.benchmark.settings import Setting
from segkit.benchmark.statistics import interval_of_ratio
from segkit.errors import SegkitError


@dataclass
class Comparison:
    """Two settings that were measured in turns.

    Attributes:
        first, second: the :class:`Setting` objects.
        ratio: median time of the second divided by that of the first.
        low, high: 95 % bootstrap interval of the ratio.
        first_ms, second_ms: lists of batches, each a list of times; batch i of the second ran
            right after batch i of the first.
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
            return f"{pair}: no difference was shown, the ratio of the medians is {interval}"
        return f"{pair}: the ratio of the medians is {interval}"


def compare(first, second, batches=20, runs=3, warmup=3, timeout=120, cancel=None,
            environment=None):
    """Measure two settings in turns, A B A B, and give the ratio of their times.

    Args:
        first, second: :class:`Setting` objects.
        batches: how many turns each of them gets.
        runs: timed runs in a turn; one run that is not counted comes before them.
        warmup, timeout, cancel, environment: as for :func:`segkit.benchmark.sweep`.

    Returns:
        a :class:`Comparison`.

    Raises:
        SegkitError: one of them cannot be measured, or the caller cancelled.
    """
    if batches < 2 or runs < 1:
        raise SegkitError("a comparison takes at least 2 batches of at least 1 run, "
                          f"not {batches} of {runs}")
    cancelled = getattr(cancel, "is_set", cancel) or (lambda: False)
    work = Steps(batches * runs, None, batches, warmup, timeout, environment, None, cancelled)
    rows = [Row(Result(setting)) for setting in (first, second)]
    try:
        for row in rows:
            _checked(work, row, work.start)
        for number in range(batches):
            for row in rows:
                _checked(work, row, work.round, number)
    except Cancelled as cancelled:
        raise SegkitError("the comparison was stopped before its end") from cancelled
    finally:
        for row in rows:
            work.close(row)
    times = [[row.result.runs_ms[i * runs:(i + 1) * runs] for i in range(batches)] for row in rows]
    return Comparison(first, second, *interval_of_ratio(*times), *times)


def _checked(work, row, step, *arguments):
    work.guarded(row, step, *arguments)
    if not row.running:
        raise SegkitError(f"{row.setting.label} cannot be compared, it was {row.result.status}: "
                          f"{row.result.reason}")

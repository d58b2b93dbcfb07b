"""The timed loop, and what is made of its times: medians, ratios, intervals, words.

An interval stands on batches, each measured in a process of its own, because runs of one process
share what was good or bad luck for all of them: where its memory lies, how warm the processor is.
Sources: Student, The Probable Error of a Mean, Biometrika 6, 1908 (the t-interval); T. Kalibera,
R. Jones, Rigorous Benchmarking in Reasonable Time, 2013, section 5 (repetition at each level).
"""

from math import inf, sqrt
from statistics import median
from time import perf_counter_ns

import numpy as np

from segkit.languages import digits

# 97.5 % points of Student's t with 1, 2, 3 and more degrees of freedom.
_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
      2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
      2.052, 2.048, 2.045, 2.042)


def timed(run, runs, end=inf, clock=perf_counter_ns):
    """Nanoseconds of each run; stops early after the time ``end``. Nothing else happens here."""
    taken = []
    for _ in range(runs):
        start = clock()
        run()
        stop = clock()
        taken.append(stop - start)
        if stop > end:
            break
    return taken


def median_ms(run, runs=9, warm=1):
    """How long a function takes: the median of several runs, after some that do not count.

    Args:
        run: a function without arguments.
        runs: how often it is timed; ``warm`` runs come before them.

    Returns:
        milliseconds, a float.
    """
    return median(timed(run, warm + runs)[warm:]) / 1e6


def by_turns(works, rounds=15, warm=2):
    """Time several pieces of work, one run of each in every round.

    Whatever slows the machine down for a while then slows all of them alike, and every second
    round runs backwards: none is always the one after the same other. They share one
    process: see :func:`segkit.benchmark.compare` for an interval that also samples processes.

    Args:
        works: dictionary from name to a function without arguments.
        rounds: how often each is timed.
        warm: runs of each before that, which are not counted.

    Returns:
        dictionary from name to a list of milliseconds, one for each round.
    """
    spent = {name: [] for name in works}
    for turn in range(warm + rounds):
        for name in list(works)[::-1 if turn % 2 else 1]:
            spent[name] += [ns / 1e6 for ns in timed(works[name], 1)]
    return {name: times[warm:] for name, times in spent.items()}


def ratio(first, second):
    """How many times the time of ``first`` the ``second`` takes: median over the rounds' ratios.

    Args:
        first, second: lists of milliseconds from the same call of :func:`by_turns`.
    """
    return median(b / a for a, b in zip(first, second))


def batches_of(values, sizes):
    """A list of values cut into batches of the given sizes."""
    ends = np.cumsum([0, *sizes])
    return [list(values[a:b]) for a, b in zip(ends, ends[1:]) if b > a]


def interval_of_median(values, sizes):
    """Where the typical time lies: 95 % t-interval on the logarithms of the batches' medians.

    Args:
        values: milliseconds, in their order.
        sizes: how many of them belong to each batch.

    Returns:
        (low, high) in milliseconds; (None, None) for fewer than 2 batches: one process alone does
        not tell how much the next one would differ.
    """
    medians = [median(batch) for batch in batches_of(values, sizes)]
    if len(medians) < 2:
        return None, None
    return tuple(_interval(np.log(medians))[1:])


def interval_of_ratio(first, second):
    """Ratio of two settings measured in pairs of batches, with its 95 % interval.

    Args:
        first, second: lists of batches (lists of milliseconds); batch i of both ran one after
            the other, each in a process of its own.

    Returns:
        (ratio, low, high): the geometric mean of the pairs' ratios of medians, second divided by
        first, and the t-interval on their logarithms.
    """
    return _interval([np.log(median(b) / median(a)) for a, b in zip(first, second)])


def _interval(logarithms):
    """(middle, low, high) of a t-interval, no longer as logarithms."""
    count = len(logarithms)
    middle = float(np.mean(logarithms))
    wide = t95(count - 1) * float(np.std(logarithms, ddof=1)) / sqrt(count)
    return tuple(float(np.exp(value)) for value in (middle, middle - wide, middle + wide))


def t95(freedom):
    """The 97.5 % point of Student's t; beyond 30 degrees of freedom at most 0.1 % too large."""
    return _T[freedom - 1] if freedom <= len(_T) else 1.96 + 2.5 / freedom


def milliseconds(value, unit=" ms"):
    """A time in words: "0.42 ms", "4.20 ms", "12.3 ms", "1370 ms"; nothing for None."""
    if value is None:
        return ""
    return digits(value, f".{2 if value < 10 else 1 if value < 100 else 0}f") + unit

"""Medians, intervals and ratios of times; resampled because times follow no simple law.

Source: B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13 (the
percentile interval).
"""

import numpy as np

DRAWS, CONFIDENCE = 1000, 0.95


def interval_of_median(values, rounds=None, draws=DRAWS):
    """Where the median of ``values`` lies: (low, high), 95 % bootstrap interval.

    Args:
        values: numbers.
        rounds: how many of them belong to each round, in order. Given, a resample first
            draws rounds and then values in them: what changes from round to round (other
            programs, heat) then widens the interval, as it should.

    Returns:
        (low, high), or (None, None) for fewer than 3 values.
    """
    if len(values) < 3:
        return None, None
    groups = _groups(values, rounds)
    rng = np.random.default_rng(0)  # the same draws each time: a report must not change by itself
    if len({len(group) for group in groups}) == 1:
        table = np.stack(groups)
        picks = rng.integers(0, len(table), (draws, len(table), 1))
        within = rng.integers(0, table.shape[1], (draws, *table.shape))
        medians = np.median(table[picks, within].reshape(draws, -1), axis=1)
    else:
        medians = [np.median(_resample(groups, rng)) for _ in range(draws)]
    return _percentiles(medians)


def interval_of_ratio(first, second, draws=DRAWS):
    """Ratio of the medians of pairs of batches, with its 95 % bootstrap interval.

    Args:
        first, second: lists of batches (lists of times); batch i of both ran one after the other,
            so a resample draws pairs of batches and then times in each.

    Returns:
        (ratio, low, high): median of all of ``second`` divided by that of ``first``.
    """
    rng, ratios = np.random.default_rng(0), []
    for _ in range(draws):
        picks = rng.integers(0, len(first), len(first))
        a, b = (np.median(np.concatenate([rng.choice(side[i], len(side[i])) for i in picks]))
                for side in (first, second))
        ratios.append(b / a)
    ratio = np.median(np.concatenate(second)) / np.median(np.concatenate(first))
    return (float(ratio), *_percentiles(ratios))


def _groups(values, rounds):
    values = np.asarray(values, float)
    if not rounds or sum(rounds) != len(values) or len(rounds) < 2:
        return [values]
    return np.split(values, np.cumsum(rounds)[:-1])


def _resample(groups, rng):
    picks = rng.integers(0, len(groups), len(groups))
    return np.concatenate([rng.choice(groups[i], len(groups[i])) for i in picks])


def _percentiles(values):
    edge = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(values, [edge, 100 - edge])
    return float(low), float(high)

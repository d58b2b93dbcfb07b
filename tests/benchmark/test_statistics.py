"""Intervals: they hold the truth as often as they promise, and widen where rounds differ."""

import numpy as np
import pytest

from segkit.benchmark.statistics import interval_of_median, interval_of_ratio


def test_the_interval_of_the_median_holds_the_truth():
    rng, hits = np.random.default_rng(1), 0
    for _ in range(100):
        low, high = interval_of_median(rng.lognormal(3, 0.2, 30), draws=300)
        hits += low <= np.exp(3) <= high
    assert 88 <= hits <= 100  # 95 of 100 are promised


def test_rounds_that_differ_widen_the_interval():
    rng = np.random.default_rng(2)
    values = np.concatenate([rng.normal(mean, 0.1, 10) for mean in (10, 10.5, 11)])
    narrow, wide = interval_of_median(values), interval_of_median(values, [10, 10, 10])
    assert wide[1] - wide[0] > 1.5 * (narrow[1] - narrow[0])
    uneven = interval_of_median(values[:-3], [10, 10, 7])
    assert uneven[0] == pytest.approx(wide[0], abs=0.3)


def test_few_values_have_no_interval():
    assert interval_of_median([1.0, 2.0]) == (None, None)


def test_intervals_are_the_same_each_time():
    values = np.random.default_rng(3).normal(10, 1, 30)
    assert interval_of_median(values) == interval_of_median(values)


@pytest.mark.parametrize("factor", [1.0, 1.3])
def test_the_ratio_is_found_although_both_drift(factor):
    rng = np.random.default_rng(4)
    drift = np.linspace(1, 2, 20)
    first = [10 * d + rng.normal(0, 0.2, 5) for d in drift]
    second = [10 * factor * d + rng.normal(0, 0.2, 5) for d in drift]
    ratio, low, high = interval_of_ratio(first, second, draws=300)
    assert low <= ratio <= high and (low <= 1 <= high) == (factor == 1)
    assert ratio == pytest.approx(factor, rel=0.1)

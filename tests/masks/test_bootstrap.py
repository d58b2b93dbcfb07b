"""Intervals over photos hold what they promise, and pairing makes differences sharp."""

import numpy as np
import pytest

from segkit.errors import SegkitError
from segkit.masks import bootstrap, metrics


def photos(count, right, rng, side=100):
    """Confusion matrices of two classes; `right` is how many of a photo's pixels are found."""
    found = np.clip(right, 0, 1) * side
    matrices = np.zeros((count, 3, 3))
    matrices[:, 1, 1], matrices[:, 1, 0], matrices[:, 0, 0] = found, side - found, side
    return np.rint(matrices).astype(int)


@pytest.fixture
def pair():
    rng = np.random.default_rng(1)
    hard = rng.uniform(0.2, 0.9, 60)
    return photos(60, hard, rng), photos(60, hard + rng.uniform(0.01, 0.05, 60), rng)


def test_the_value_is_mean_iou_of_the_sum(pair):
    assert bootstrap.estimate(pair[0]).value == pytest.approx(metrics.mean_iou(pair[0].sum(axis=0)))
    each = metrics.iou_per_class(pair[0].sum(axis=0))
    assert bootstrap.estimate(pair[0], classes=[1]).value == pytest.approx(each[1])


def test_classes_that_are_only_predicted_do_not_count(pair):
    stray = pair[0].copy()
    stray[:, 0, 2] += 1
    assert bootstrap.estimate(stray).value == pytest.approx(metrics.mean_iou(stray.sum(axis=0)))


def test_a_difference_is_shown_where_intervals_overlap(pair):
    first, second = map(bootstrap.estimate, pair)
    assert first.high > second.low, "the two intervals overlap"
    gain = bootstrap.gain(*pair)
    assert gain.shown and gain.value == pytest.approx(second.value - first.value)
    assert bootstrap.gain(*pair[::-1]).value == pytest.approx(-gain.value)


def test_no_difference_is_not_shown(pair):
    same = bootstrap.gain(pair[0], pair[0])
    assert (same.value, same.low, same.high, same.shown) == (0, 0, 0, False)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    """Sets of 60 photos from a large population: the true gain lies inside in about 95 of 100."""
    rng = np.random.default_rng(2)

    def draw(count):
        hard = rng.uniform(0.2, 0.9, count)
        return photos(count, hard, rng), photos(count, hard + rng.normal(0.02, 0.06, count), rng)

    first, second = draw(100_000)
    true = metrics.mean_iou(second.sum(axis=0)) - metrics.mean_iou(first.sum(axis=0))
    gains = [bootstrap.gain(*draw(60), rounds=400, seed=seed) for seed in range(300)]
    held = np.mean([gain.low <= true <= gain.high for gain in gains])
    assert 0.91 <= held <= 0.98


def test_what_cannot_be_compared_is_a_sentence(pair):
    with pytest.raises(SegkitError, match="same photos"):
        bootstrap.gain(pair[0], pair[1][:10])
    with pytest.raises(SegkitError, match="same photos"):
        bootstrap.gain(pair[0], 2 * pair[1])
    with pytest.raises(SegkitError, match="no confusion matrices"):
        bootstrap.estimate(pair[0][0])

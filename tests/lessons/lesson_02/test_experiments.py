"""segkit.lessons.lesson_02.experiments on masks whose damage can be counted by hand."""

import numpy as np
import pytest

from segkit import photos
from segkit.errors import SegkitError
from segkit.lessons.lesson_02 import experiments
from segkit.masks import metrics


@pytest.fixture
def mask():
    """A square of 10 x 10 pixels of class 3, and one pixel of class 7."""
    mask = np.zeros((40, 40), np.uint8)
    mask[10:20, 10:20] = 3
    mask[30, 30] = 7
    return mask


@pytest.mark.parametrize("kind", experiments.KINDS)
def test_no_damage_and_no_change_of_what_was_given(kind, mask):
    function, words = experiments.KINDS[kind]
    before = mask.copy()
    assert np.array_equal(function(mask, 0), mask)
    worse = function(mask, 16)
    assert worse.shape == mask.shape and worse.dtype == mask.dtype and not np.array_equal(worse, mask)
    assert set(np.unique(worse)) <= {0, 3, 7}
    assert np.array_equal(mask, before) and "16" in words(16)
    with pytest.raises(SegkitError, match="0 or more, not -1"):
        function(mask, -1)


def test_shifted_repeats_the_left_edge(mask):
    mask[5, 0] = 9
    moved = experiments.shifted(mask, 3)
    assert np.array_equal(moved[:, 3:], mask[:, :-3]) and (moved[5, :4] == 9).all()


def test_grown_and_eroded_by_two_pixels(mask):
    assert (experiments.grown(mask, 2) == 7).sum() == 13  # a disc of radius 2
    assert (experiments.eroded(mask, 2) == 3).sum() == 6 * 6
    assert not (experiments.eroded(mask, 2) == 7).any()


def test_coarse_has_one_class_in_each_block(mask):
    blocks = experiments.coarse(mask, 8).reshape(5, 8, 5, 8)
    assert (blocks == blocks[:, :1, :, :1]).all()


def test_small_objects_go_one_by_one(mask):
    assert set(np.unique(experiments.without_small(mask, 1))) == {0, 3}
    assert set(np.unique(experiments.without_small(mask, 10))) == {0}


def test_speckled_hits_the_share_that_was_asked_for():
    mask = np.arange(21, dtype=np.uint8).repeat(100).reshape(42, 50)
    changed = (experiments.speckled(mask, 50) != mask).mean()
    assert 0.42 < changed < 0.53  # half of the pixels, and one in 21 draws the class it had
    assert np.array_equal(experiments.speckled(mask, 50), experiments.speckled(mask, 50))


def test_more_damage_is_never_better_on_the_sample_photo():
    truth = metrics.ignore_around(photos.voc_truth())
    whole = metrics.fill_ignored(truth)
    for function, _ in experiments.KINDS.values():
        found = [metrics.mean_iou(metrics.confusion_matrix(truth, function(whole, n))) for n in (0, 4, 32)]
        assert found[0] == 1 and found == sorted(found, reverse=True)

"""segkit.masks.metrics against small masks whose answer can be counted by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from segkit.errors import SegkitError
from segkit.masks import metrics


def square(size=20, start=5, stop=15, index=1, dtype=np.uint8):
    mask = np.zeros((size, size), dtype)
    mask[start:stop, start:stop] = index
    return mask


def test_confusion_matrix_counts_truth_in_rows():
    truth = np.array([[0, 0, 1], [1, 2, 255]], np.uint8)
    prediction = np.array([[0, 1, 1], [0, 2, 2]], np.uint8)
    matrix = metrics.confusion_matrix(truth, prediction, classes=3)
    assert matrix.tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 1]]


def test_figures_by_hand():
    matrix = np.array([[6, 2, 0], [1, 1, 0], [0, 0, 0]])
    assert metrics.iou_per_class(matrix)[:2] == pytest.approx([6 / 9, 1 / 4])
    assert np.isnan(metrics.iou_per_class(matrix)[2])
    assert metrics.mean_iou(matrix) == pytest.approx((6 / 9 + 1 / 4) / 2)
    assert metrics.pixel_accuracy(matrix) == pytest.approx(0.7)
    assert metrics.mean_accuracy(matrix) == pytest.approx((6 / 8 + 1 / 2) / 2)
    assert metrics.frequency_weighted_iou(matrix) == pytest.approx(0.8 * 6 / 9 + 0.2 / 4)


def test_a_class_that_is_only_predicted_is_not_averaged():
    matrix = np.array([[8, 0, 2], [0, 5, 0], [0, 0, 0]])
    assert metrics.mean_iou(matrix) == pytest.approx((0.8 + 1.0) / 2)


def test_nothing_counted_is_nan_not_zero():
    empty = metrics.confusion_matrix(np.full((2, 2), 255), np.zeros((2, 2), int))
    for figure in (metrics.mean_iou, metrics.pixel_accuracy, metrics.mean_accuracy,
                   metrics.frequency_weighted_iou):
        assert np.isnan(figure(empty))


@pytest.mark.parametrize("truth, prediction, words", [
    (np.zeros((2, 3), int), np.zeros((3, 2), int), r"truth \(2, 3\), prediction \(3, 2\); bring"),
    (np.zeros((2, 2)), np.zeros((2, 2), int), "true mask holds float64"),
    (np.zeros((2, 2), int), np.zeros((2, 2), np.float32), "predicted mask holds float32.*argmax"),
    (np.full((2, 2), 21), np.zeros((2, 2), int), "true mask holds class 21; expected 0 to 20"),
    (np.zeros((2, 2), int), np.full((2, 2), -1), "predicted mask holds class -1"),
    (np.zeros((2, 2), int), np.array([[0, 255], [0, 1]]), "class 255.*255 only in the truth"),
])
def test_bad_masks_are_named(truth, prediction, words):
    with pytest.raises(SegkitError, match=words):
        metrics.confusion_matrix(truth, prediction)


@pytest.mark.parametrize("figure", [metrics.iou_per_class, metrics.mean_iou, metrics.pixel_accuracy,
                                    metrics.mean_accuracy, metrics.frequency_weighted_iou])
def test_a_mask_is_no_confusion_matrix(figure):
    with pytest.raises(SegkitError, match=r"shape \(20, 30\) is no confusion matrix"):
        figure(np.zeros((20, 30), np.uint8))


@pytest.mark.parametrize("function", [metrics.boundary, metrics.fill_ignored, metrics.ignore_around,
                                      lambda mask: metrics.dilate(mask, 1),
                                      lambda mask: metrics.boundary_f(mask, mask),
                                      lambda mask: metrics.trimap_iou(mask, mask)])
def test_measures_of_outlines_want_one_mask(function):
    for shape in ((2, 5, 5), (5,), (0, 5)):
        with pytest.raises(SegkitError, match="pass one mask"):
            function(np.zeros(shape, np.uint8))


def near_by_hand(mask, pixels):
    """Every distance, one by one."""
    y, x = np.mgrid[:mask.shape[0], :mask.shape[1]]
    there = np.argwhere(mask)
    squares = (y[..., None] - there[:, 0]) ** 2 + (x[..., None] - there[:, 1]) ** 2
    return squares.min(axis=-1, initial=10 ** 9) <= pixels ** 2


@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=25)), st.integers(0, 12))
def test_dilate_agrees_with_every_distance(mask, pixels):
    assert np.array_equal(metrics.dilate(mask, pixels), near_by_hand(mask, pixels))


@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=12),
              elements=st.sampled_from([0, 1, 2, 255, 255])))
def test_filled_pixels_take_a_nearest_class(mask):
    filled = metrics.fill_ignored(mask)
    known = np.argwhere(mask != 255)
    assert np.array_equal(filled[mask != 255], mask[mask != 255]) and filled.dtype == mask.dtype
    if not len(known):
        return
    for place in np.argwhere(mask == 255):
        steps = abs(known - place).sum(axis=1)
        nearest = known[steps == steps.min()]
        assert filled[tuple(place)] in mask[nearest[:, 0], nearest[:, 1]]


def test_dilate_is_a_disc():
    dot = np.zeros((11, 11), bool)
    dot[5, 5] = True
    y, x = np.mgrid[-5:6, -5:6]
    assert np.array_equal(metrics.dilate(dot, 3), x * x + y * y <= 9)
    assert np.array_equal(metrics.dilate(dot, 0), dot)
    with pytest.raises(SegkitError, match="-1 pixels"):
        metrics.dilate(dot, -1)


def test_masks_may_lie_in_memory_in_any_order():
    mask = square(30, 5, 12)
    for view in (np.asfortranarray(mask), mask[::-1].copy()[::-1], np.repeat(mask, 2, axis=1)[:, ::2]):
        assert np.array_equal(metrics.dilate(view, 3), metrics.dilate(mask, 3))
        assert np.array_equal(metrics.fill_ignored(view, 1), metrics.fill_ignored(mask, 1))
        assert metrics.boundary_f(view, mask) == 1


def test_boundary_f_falls_only_beyond_the_tolerance():
    truth = square()
    assert metrics.boundary_f(truth, truth, 0) == 1
    moved = np.roll(truth, 2, axis=1)
    assert metrics.boundary_f(truth, moved, 2) == 1
    assert metrics.boundary_f(truth, moved, 1) < 1
    assert metrics.boundary_f(truth, np.zeros_like(truth), 2) == 0
    assert np.isnan(metrics.boundary_f(np.zeros((4, 4), int), np.zeros((4, 4), int), 2))


def test_boundary_f_looks_through_the_ignored_band():
    truth = square()
    banded = truth.copy()
    banded[metrics.boundary(truth)] = 255
    differs = np.argwhere(metrics.fill_ignored(banded) != truth)
    # The corner pixels of the square are as near to the outside as to the inside.
    assert {tuple(place) for place in differs} <= {(5, 5), (5, 14), (14, 5), (14, 14)}
    assert metrics.boundary_f(banded, truth, 1) == 1


def test_fill_ignored_ends_on_a_mask_without_a_class():
    assert (metrics.fill_ignored(np.full((3, 3), 255, np.uint8)) == 255).all()


def test_trimap_sees_only_the_band():
    truth = square(40, 10, 30)
    wrong_far_off = truth.copy()
    wrong_far_off[0:3, 0:3] = 1
    wrong_at_the_edge = truth.copy()
    wrong_at_the_edge[10:12, 10:30] = 0
    assert metrics.trimap_iou(truth, wrong_far_off, 3) == 1
    assert metrics.trimap_iou(truth, wrong_at_the_edge, 3) < metrics.mean_iou(
        metrics.confusion_matrix(truth, wrong_at_the_edge)) < 1
    assert np.isnan(metrics.trimap_iou(np.zeros((5, 5), int), np.zeros((5, 5), int), 2))


def test_ignore_around_marks_the_background_near_objects_only():
    truth = square(20, 5, 15)
    truth[7, 7] = 2  # touches the object: no background between them, no band
    banded = metrics.ignore_around(truth, 3)
    near = metrics.dilate(truth > 0, 3)
    assert banded.dtype == np.uint8 and truth[0, 0] == banded[0, 0] == 0
    assert (banded[near & (truth == 0)] == 255).all()
    assert np.array_equal(banded[~near | (truth > 0)], truth[~near | (truth > 0)])
    assert np.array_equal(metrics.ignore_around(banded, 0), banded)  # an ignored pixel is no object


def test_nothing_counted_has_no_boundary():
    nothing = np.full((6, 6), 255)
    assert np.isnan(metrics.boundary_f(nothing, square(6, 2, 4)))
    assert np.isnan(metrics.trimap_iou(nothing, square(6, 2, 4)))


def test_boundary_f_by_hand():
    """Two classes; one predicted outline pixel in two lies near a true one, and the reverse."""
    truth, prediction = np.zeros((9, 30), int), np.zeros((9, 30), int)
    truth[:, 10:20] = prediction[:, 10:25] = 1
    # Outlines: columns 9, 10, 19, 20 in truth; 9, 10, 24, 25 predicted; the same for both classes.
    assert metrics.boundary_f(truth, prediction, 3) == pytest.approx(0.5)
    assert metrics.boundary_f(truth, prediction, 4) == pytest.approx(0.75)
    assert metrics.boundary_f(truth, prediction, 5) == 1


def test_summary_is_what_the_single_functions_say():
    truth, prediction = metrics.ignore_around(square(40, 10, 30)), square(40, 12, 32)
    matrix = metrics.confusion_matrix(truth, prediction)
    found = metrics.summary(truth, prediction)
    assert list(found) == ["pixel accuracy", "mean accuracy", "frequency-weighted IoU", "mean IoU",
                           "boundary F", "trimap IoU"]
    assert found["mean IoU"] == metrics.mean_iou(matrix) < found["pixel accuracy"] < 1
    assert found["mean accuracy"] == metrics.mean_accuracy(matrix)
    assert found["boundary F"] == metrics.boundary_f(truth, prediction)
    assert found["trimap IoU"] == metrics.trimap_iou(truth, prediction)

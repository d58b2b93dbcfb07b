"""segkit.metrics against small masks whose answer can be counted by hand."""

import numpy as np
import pytest

from segkit import metrics
from segkit.errors import SegkitError


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
    assert metrics.frequency_weighted_iou(matrix) == pytest.approx(0.8 * 6 / 9 + 0.2 / 4)


def test_a_class_that_is_only_predicted_is_not_averaged():
    matrix = np.array([[8, 0, 2], [0, 5, 0], [0, 0, 0]])
    assert metrics.mean_iou(matrix) == pytest.approx((0.8 + 1.0) / 2)


def test_nothing_counted_is_nan_not_zero():
    empty = metrics.confusion_matrix(np.full((2, 2), 255), np.zeros((2, 2), int))
    for figure in (metrics.mean_iou, metrics.pixel_accuracy, metrics.frequency_weighted_iou):
        assert np.isnan(figure(empty))


@pytest.mark.parametrize("truth, prediction, words", [
    (np.zeros((2, 3), int), np.zeros((3, 2), int), "differ in size"),
    (np.zeros((2, 2)), np.zeros((2, 2), int), "truth mask holds float64"),
    (np.full((2, 2), 21), np.zeros((2, 2), int), "truth mask holds class 21"),
    (np.zeros((2, 2), int), np.full((2, 2), -1), "prediction mask holds class -1"),
])
def test_bad_masks_are_named(truth, prediction, words):
    with pytest.raises(SegkitError, match=words):
        metrics.confusion_matrix(truth, prediction)


def test_dilate_is_a_disc():
    dot = np.zeros((11, 11), bool)
    dot[5, 5] = True
    y, x = np.mgrid[-5:6, -5:6]
    assert np.array_equal(metrics.dilate(dot, 3), x * x + y * y <= 9)
    assert np.array_equal(metrics.dilate(dot, 0), dot)
    with pytest.raises(SegkitError, match="-1 pixels"):
        metrics.dilate(dot, -1)


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

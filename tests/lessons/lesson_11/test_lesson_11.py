"""Lesson 11: similarity, prototypes, a head by hand, the stored evidence, the figures, the explorer."""

import json

import numpy as np
import pytest

from segkit import models, photos
from segkit.errors import SegkitError
from segkit.lessons.lesson_11 import experiments, figures
from segkit.lessons.lesson_11.explorer import explorer
from segkit.networks.teaching.features import Seen
from segkit.networks.teaching.outlines import drawn, listed, points

RNG = np.random.default_rng(0)
PHOTO = np.zeros((40, 60, 3), np.uint8)


@pytest.fixture
def seen():
    """Maps of a made-up photo: in the left half the first channel of both maps is 1, in the right half -1."""
    maps = []
    for size, channels in ((9, 3), (5, 4)):
        one = RNG.normal(0, 0.1, (size, size, channels)).astype(np.float32)
        one[..., 0] += np.where(np.arange(size) < size / 2, 1, -1)
        maps.append(one)
    return Seen(PHOTO, tuple(maps), np.zeros((9, 9, 2), np.float32))


@pytest.fixture
def left():
    """(truth, marks): the class is the left half."""
    truth = np.zeros((40, 60), bool)
    truth[:, :30] = True
    marks = np.zeros((40, 60), np.uint8)
    for row in (2, 12, 20, 28, 37):
        marks[row, [3, 12, 24]], marks[row, [36, 48, 56]] = 2, 1
    return truth, marks


def test_iou_of_masks():
    one, other = np.zeros((2, 10), bool)
    one[:4], other[2:6] = True, True
    assert experiments.iou(one, other) == 2 / 6 and experiments.iou(one & False, one & False) == 0


def test_cosine_compares_directions():
    rows = np.array([[2.0, 0], [0, 5], [-1, 0]])
    np.testing.assert_allclose(experiments.cosine(rows, np.array([3.0, 0])), [1, 0, -1], atol=1e-6)


@pytest.mark.parametrize("way", [experiments.by_prototype, experiments.by_points])
def test_both_ways_find_the_half_that_was_marked(way, seen, left):
    truth, marks = left
    assert experiments.iou(way(seen, marks), truth) > 0.7


@pytest.mark.parametrize("maps", ["low", "high", "both"])
def test_a_head_of_one_map_leaves_the_other_alone(maps, seen, left):
    truth, _ = left
    mask = experiments.from_all(seen, truth, maps)
    assert experiments.iou(mask, truth) > 0.85
    silent = {"low": 1, "high": 0}.get(maps)
    if silent is not None:  # what is not looked at may be anything
        other = [np.full_like(one, 7) if n == silent else one for n, one in enumerate(seen.maps)]
        changed = experiments.from_all(Seen(PHOTO, tuple(other), seen.logits), truth, maps)
        np.testing.assert_array_equal(changed, mask)


def test_a_pixel_has_its_place_on_the_grid(seen):
    values = np.zeros(seen.fine ** 2)
    values[experiments.place(seen, 44, 12)] = 1
    assert experiments.at_photo(seen, values)[12, 44] > 0.5


def test_the_evidence_meets_the_bar_and_is_whole():
    found = experiments.evidence()
    things = {(row["class"], row["photo"]) for row in found["own"]}
    assert things == {thing for thing in listed() if thing[0] != "shuttle"}
    for row in found["own"] + found["imagenet"]:
        for way in experiments.WAYS:
            assert len(row[way]) == found["draws"] and all(0 <= value <= 1 for value in row[way])
    rocket = next(row for row in found["own"] if row["class"] == "rocket" and row["count"] == 20)
    assert min(rocket["spread"]) >= 0.75
    assert found["kept"]["before"] - found["kept"]["after"]["rocket on rocket"] <= 0.01


@pytest.mark.parametrize("content", [None, "no json"])
def test_damaged_evidence_is_a_sentence(content, tmp_path, monkeypatch):
    monkeypatch.setattr(models, "DATA", tmp_path)
    (tmp_path / "teaching").mkdir()
    if content is not None:
        (tmp_path / experiments.STORED).write_text(content)
    with pytest.raises(SegkitError, match="evidence.json cannot be read"):
        experiments.evidence()


def test_alike_names_every_photo():
    maps = {"a": np.full((40, 60), 0.9), "b": np.where(np.arange(60) < 15, 0.6, 0.1) + np.zeros((40, 1))}
    alt = figures.alike({"a": PHOTO, "b": PHOTO}, maps, (10, 20)).alt
    assert "One point of a, at 10, 20" in alt and "a 100 % and b 25 %" in alt


def test_masks_say_iou_and_marks(left):
    truth, marks = left
    alt = figures.masks(PHOTO, {"half": truth, "none": ~truth}, truth, marks).alt
    assert "15 points of the class and 15 of the rest" in alt and "half IoU 1.0 and none IoU 0.0" in alt
    assert "half 50 %" in figures.masks(PHOTO, {"half": truth}).alt
    assert "one IoU 1.0 and two IoU 0.0" in figures.elsewhere({"one": (PHOTO, truth, truth),
                                                               "two": (PHOTO, ~truth, truth)}).alt


def test_a_wrong_gradient_is_seen():
    slope = RNG.normal(size=9)
    assert "equal to one part in 1,000" in figures.slope(slope, slope * 1.0001).alt
    assert "not equal" in figures.slope(slope, slope[::-1]).alt


def test_spreading_counts_what_is_sure(left):
    chance = np.full((40, 60), 0.5)
    chance[:, :15], chance[:, 45:] = 1, 0
    alt = figures.spreading(PHOTO, left[1], chance).alt
    assert "30 marks" in alt and "sure of 50 % of the pixels, and calls 25 % the class" in alt


def test_curves_tell_the_medians():
    rows = [{"class": name, "photo": "p", "count": count, "prototype": [0.1, 0.2, 0.3], "points": [count / 200] * 3,
             "spread": [0.9] * 3} for name in "ab" for count in (20, 100)]
    alt = figures.curves(rows).alt
    assert "IoU of 2 things with 20 and 100 marks" in alt
    assert "prototypes 0.20, 0.20; head, points alone 0.10, 0.50; head, points spread 0.90, 0.90" in alt
    json.dumps(alt)


def test_bars_name_their_values():
    assert figures.bars({"a": 630.52, "b": 1}, "work", " M").alt == "work: a 630.5 M, b 1 M."


def test_explorer_follows_its_controls():
    shown = explorer("helmet on astronaut", "prototype", 20)
    truth = drawn("helmet", "astronaut")
    assert shown.still is not None and "20 points of the class" in shown.alt
    seen = {shown.words.value}
    for control, value in (("way", "points"), ("way", "spread"), ("count", 5), ("thing", "cap on hopper")):
        shown.controls[control].value = value
        assert shown.message.value == "" and shown.words.value not in seen
        seen.add(shown.words.value)
    assert points(truth, 5).shape == photos.sample("astronaut").shape[:2]

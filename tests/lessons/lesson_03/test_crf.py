"""The CRF of lesson 03: what a pixel listens to, where the CRF helps, and where it fails."""

import numpy as np
import pytest

from segkit import photos, plots
from segkit.lessons.lesson_03 import crf, crf_figures, explorer
from segkit.reference import Pairwise, mean_field_step


def test_influence_is_what_a_step_of_the_crf_adds_up():
    """With two classes and flat scores, one step turns the influence of the others into odds."""
    scene = crf.scene("drawn: same colour")
    q = np.random.default_rng(0).dirichlet([1, 1], scene.photo.shape[:2]).astype(np.float32)
    unary = np.zeros_like(q)
    for pairwise in (Pairwise(), Pairwise(position_sigma=3, colour_sigma=30)):
        step = mean_field_step(q, unary, scene.photo, pairwise)
        for row, column in ((0, 0), (24, 33), (20, 50)):
            heard = (crf.influence(scene.photo, row, column, pairwise)[..., None] * q).sum(axis=(0, 1))
            wanted = np.exp(heard[1] - heard[0])
            assert step[row, column, 1] / step[row, column, 0] == pytest.approx(wanted, rel=1e-3)


def test_half_of_an_influence_is_the_fewest_pixels():
    assert crf.half(np.array([[1, 1, 4], [1, 1, 0]])) == pytest.approx(1 / 6)
    assert crf.half(np.ones((4, 5))) == 0.5


@pytest.mark.parametrize("pixel", [(0, 0), (23, 31), (45, 61)])
def test_the_enlarged_part_lies_in_the_map_around_the_pixel(pixel):
    _, axes = plots.figure(2)
    crf_figures._enlarge(*axes[0], pixel, (46, 62))
    (left, right), (bottom, top) = axes[0, 1].get_xlim(), axes[0, 1].get_ylim()
    assert -0.5 <= left < pixel[1] < right <= 61.5 and -0.5 <= top < pixel[0] < bottom <= 45.5
    assert (right - left, bottom - top) == (23, 17)


def test_the_pole_is_lost_and_comes_back_with_a_narrow_colour_sigma():
    scene = crf.scene("drawn: thin pole")
    before, after = (crf.quality(scene, crf.beliefs(scene)[i].argmax(axis=-1))[0] for i in (0, -1))
    assert before == 1 and after < 0.95
    kept = crf.beliefs(scene, Pairwise(colour_sigma=3))[-1].argmax(axis=-1)
    assert crf.quality(scene, kept)[0] == 1


def test_a_thing_of_its_background_s_colour_shrinks_and_faster_with_a_far_reach():
    scene = crf.scene("drawn: same colour")
    end = {sigma: crf.quality(scene, crf.beliefs(scene, Pairwise(position_sigma=sigma))[-1].argmax(axis=-1))[0]
           for sigma in (3, 10, 30)}
    assert end[30] <= end[10] < 1 and end[3] >= end[10]


def test_most_changed_is_the_pixel_that_gains_most_for_its_true_class():
    scene = crf.scene("drawn: same colour")
    made = np.zeros((2, 48, 64, 2), np.float32)
    made[0] = 0.5
    made[1, ..., 0] = 1
    row, column = crf.most_changed(scene, made)
    assert scene.truth[row, column] == 0
    made[1, 24, 33] = 0, 1
    made[1, 0, 0] = 0.9, 0.1
    assert crf.most_changed(scene._replace(truth=None), made) == (0, 1)


def test_explorer_follows_its_controls(model_path):
    for name in ("trunk", "head-v1"):
        model_path(name)
    seen = explorer.crf_explorer("drawn: thin pole")
    for name, value in (("row", 24), ("column", 13), ("step", 0)):
        seen.controls[name].value = value
    assert "row 24, column 13 believes at step 0 and at step 0" in seen.words.value
    assert "Mean IoU at step 0: 1.00." in seen.words.value
    seen.controls["step"].value = 6
    assert "Mean IoU at step 6: 0.8" in seen.words.value
    seen.controls["photo"].value = "voc"
    seen.controls["row"].value = 60  # the small photo ends before
    assert seen.message.value == "" and "row 45" in seen.words.value


def test_sharpen_takes_a_scene_without_a_truth():
    photo = photos.sample("cat")
    scene = crf.scene_of(photo, np.random.default_rng(0).normal(size=(17, 17, 21)))
    mask = np.zeros(scene.photo.shape[:2], np.uint8)
    alt = crf_figures.sharpen(scene, (2, 3), crf.influence(scene.photo, 2, 3), mask, mask + 1).alt
    assert "changes the class of 100 % of the pixels." in alt and "mean IoU" not in alt

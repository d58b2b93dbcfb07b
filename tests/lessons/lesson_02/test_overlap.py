"""The playground of lesson 02 and the pairs of mistakes: their words agree with what can be computed by hand."""

import numpy as np
import pytest

from segkit import photos
from segkit.lessons.lesson_02 import experiments, overlap_figures
from segkit.lessons.lesson_02.explorer import playground, regions
from segkit.masks import metrics


def test_measures_of_three_numbers():
    found = overlap_figures.scores(6, 3, 1)
    assert found == pytest.approx({"IoU (Jaccard)": 0.6, "Dice (F1)": 0.75, "precision": 6 / 7, "recall": 2 / 3})
    assert set(overlap_figures.scores(0, 0, 0).values()) == {0.0}


def test_the_counts_agree_with_the_confusion_matrix():
    true, claimed = np.zeros((2, 20, 30), bool)
    true[5:15, 5:20], claimed[8:18, 10:25] = True, True
    matrix = metrics.confusion_matrix(true.astype(int), claimed.astype(int), classes=2)
    assert overlap_figures.counted(true, claimed) == (matrix[1, 1], matrix[1, 0], matrix[0, 1])
    values = overlap_figures.scores(*overlap_figures.counted(true, claimed))
    assert values["IoU (Jaccard)"] == pytest.approx(metrics.iou_per_class(matrix)[1])


def test_half_of_a_rectangle_has_an_iou_of_a_third():
    explorer = playground()
    explorer.controls["left"].value = 35
    assert "IoU (Jaccard) 0.33, Dice (F1) 0.50, precision 0.50 and recall 0.50" in explorer.words.value
    explorer.controls["left"].value = 20
    assert "= 2.00 / 2.00 = 1.00" in explorer.words.value


def test_dice_follows_from_the_iou_for_every_region():
    explorer = playground()
    for region in regions():
        explorer.controls["region"].value = region
        left, right = explorer.words.value.split("Dice = ")
        dice = left.split("Dice (F1) ")[1][:4]
        assert right.rstrip("</p>.").split(" = ")[-1][:4] == dice
    assert explorer.message.value == ""


def test_the_pairs_of_the_lesson_are_alike_in_one_measure_only():
    truth = metrics.ignore_around(photos.voc_truth())
    whole = metrics.fill_ignored(truth)
    for same, other, one, two in (
            ("mean IoU", "boundary F", experiments.shrunk(whole, 4), experiments.without_small(whole, 1)),
            ("pixel accuracy", "mean IoU", experiments.grown(whole, 16), experiments.without_small(whole, 3))):
        first, second = metrics.summary(truth, one), metrics.summary(truth, two)
        assert abs(first[same] - second[same]) < 0.01 and abs(first[other] - second[other]) > 0.2
        alt = overlap_figures.alike(photos.sample("voc"), truth, [(same, other, {"a": one, "b": two})]).alt
        assert f"a: {same} {first[same]:.2f}, {other} {first[other]:.2f}; b: " in alt

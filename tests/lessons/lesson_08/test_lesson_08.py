"""Lesson 08: every way to a right answer, and what the mistakes of preparation do."""

import numpy as np
import pytest
from lesson_files import said
from PIL import Image

from segkit import Segmenter, photos
from segkit.errors import SegkitError
from segkit.lessons.lesson_08 import experiments, figures
from segkit.masks import resize
from segkit.models import entries

# --- exercises: what their data does not hold -----------------------------------------------------


def resized(photo):
    return resize.resize_bilinear(np.ascontiguousarray(photo), 257, 257)


def enlarged(method):
    return lambda mask, height, width: np.array(Image.fromarray(mask).resize((width, height), method))


@pytest.mark.parametrize("name, answer", [
    ("normalise", lambda photo: resized(photo) / 127.5 - 1),
    ("normalise", lambda photo: (resized(photo) / 127.5 - 1)[None]),
    ("normalise", lambda photo: resized(photo) / 255 * 2 - 1),
    ("colour-order", lambda bgr: resized(bgr[:, :, [2, 1, 0]]) / 127.5 - 1),
    ("mask-size", enlarged(Image.Resampling.NEAREST)),
    ("centre-crop", lambda photo: resized(photo[:, 75:375])),
    ("centre-crop", lambda photo: resized(photo[:, 76:376])),
])
def test_every_way_to_the_right_answer_counts(name, answer, capsys):
    assert said(name, answer, capsys).startswith("right: ")


@pytest.mark.parametrize("method", ["HAMMING", "LANCZOS"])
def test_whatever_way_classes_are_mixed_it_is_noticed(method, capsys):
    assert "cannot be mixed" in said("mask-size", enlarged(Image.Resampling[method]), capsys)


@pytest.mark.parametrize("name, answer, hint", [
    ("normalise", lambda photo: resized(photo) * 3, "the shape is right, the values are not"),
    ("normalise", lambda photo: photo, "returns the shape (300, 451, 3)"),
    ("normalise", lambda photo: "text", "returns the shape ()"),
    ("mask-size", lambda mask, *_: mask, "returns the shape (5, 7)"),
    ("mask-size", lambda *_: np.zeros((300, 451)), "the values are not"),
    ("centre-crop", lambda photo: photo[:257, :257], "the values are not"),
])
def test_an_answer_that_no_mistake_explains(name, answer, hint, capsys):
    out = said(name, answer, capsys)
    assert out.startswith("hint: ") and out.count("\n") == 1 and hint in out


def test_photos_of_exercises_are_not_square():
    """Otherwise an answer with rows and columns exchanged would pass."""
    height, width = photos.sample("cat").shape[:2]
    assert height != width


# --- mistakes of preparation ----------------------------------------------------------------------


def test_mistakes_are_measured_against_the_right_way(model_path):
    rows = experiments.measure(Segmenter(model_path("deeplabv3")), ["voc", "cat"])
    right, *wrong = rows
    assert set(right.changed.values()) == {0.0}
    assert len(wrong) == 4 and all(max(row.changed.values()) > 0.005 for row in wrong)
    assert right.iou == pytest.approx(0.309, abs=0.01)


def test_blended_masks_hold_classes_that_were_not_there():
    mask = np.zeros((4, 4), np.uint8)
    mask[:, 2:] = 15
    assert set(np.unique(experiments.blended_mask(mask, 100, 100))) > {0, 7, 15}


def test_each_mistake_has_a_matrix_for_each_photo():
    photo, truth = photos.sample("voc"), photos.voc_truth()
    found = experiments.confusions(Segmenter("deeplab-f32"), [(photo, truth), (photo[:200], truth[:200])])
    assert list(found) == [experiments.RIGHT, "divided by 255", "BGR as RGB", "mask blended",
                           "stretched, called cropped"]
    assert all(matrices.shape == (2, 21, 21) for matrices in found.values())
    assert {matrices[0].sum() for matrices in found.values()} == {(truth != 255).sum()}


def test_what_mistakes_cost_was_measured_on_photos_that_nobody_chose_on():
    costs = experiments.costs()
    assert [words.split()[1] for words in costs] == ["VOC", "VOC", "photos,"]
    for rows in costs.values():
        assert len(rows) == 4 and all(cost.low <= cost.value <= cost.high for cost in rows.values())
        assert rows["stretched, called cropped"].high < 0


def test_a_damaged_file_of_measurements_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(entries, "DATA", tmp_path)
    with pytest.raises(SegkitError, match="mistakes.npz cannot be read"):
        experiments.many_photos()


# --- figures --------------------------------------------------------------------------------------


def test_a_forgotten_scale_leaves_one_grey_picture():
    eight, photo = Segmenter("deeplab"), photos.sample("cat")
    right = eight.prepare(photo)[0]
    forgotten = np.zeros_like(right)
    alt = figures.whole_numbers(eight, photo, {"right": right, "scale forgotten": forgotten}).alt
    assert alt.startswith("2 inputs of type int8 from one photo. right: stored numbers from -1")
    assert "scale forgotten: stored numbers from 0 to 0, which stand for" in alt and "found: cat" in alt


def test_mistakes_tell_the_middle_and_the_worst_photo():
    rows = [experiments.Row("BGR", {"a": 0.1, "b": 0.3, "c": 0.2}, 0.5)]
    assert figures.mistakes(rows).alt == "Pixels whose class changed on 3 photos, in the median: BGR 20 % (most on b)."

"""Lesson 08: every way to a right answer, and what the mistakes of preparation do."""

import numpy as np
import pytest
from lesson_files import said
from PIL import Image

from segkit import photos
from segkit.lessons.lesson_08 import experiments
from segkit.masks import resize

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
    from segkit import Segmenter

    rows = experiments.measure(Segmenter(model_path("deeplabv3")), ["voc", "cat"])
    right, *wrong = rows
    assert set(right.changed.values()) == {0.0}
    assert len(wrong) == 4 and all(max(row.changed.values()) > 0.005 for row in wrong)
    assert right.iou == pytest.approx(0.309, abs=0.01)


def test_blended_masks_hold_classes_that_were_not_there():
    mask = np.zeros((4, 4), np.uint8)
    mask[:, 2:] = 15
    assert set(np.unique(experiments.blended_mask(mask, 100, 100))) > {0, 7, 15}

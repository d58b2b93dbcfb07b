"""Exercises give each typical wrong answer its own hint; the start says what is missing."""

import cv2
import numpy as np
import pytest
from lesson_files import said
from PIL import Image

from segkit import lessons, models, photos
from segkit.errors import SegkitError
from segkit.lessons.lesson_00 import exercises
from segkit.lessons.lesson_08 import experiments
from segkit.masks import resize


def resized(photo):
    return resize.resize_bilinear(np.ascontiguousarray(photo), 257, 257)


def enlarged(method, swap=False):
    def enlarge(mask, height, width):
        size = (height, width) if swap else (width, height)
        return np.array(Image.fromarray(mask).resize(size, method))
    return enlarge


def square(photo, top, left, side):
    return resized(photo[top:top + side, left:left + side])


def broken(*_):
    raise ValueError("no\nluck")


WRONG = [
    ("normalise", lambda photo: experiments.divided_by_255(photo), "from 0 to 1"),
    ("normalise", lambda photo: resized(photo) / 127.5, "from 0 to 2"),
    ("normalise", lambda photo: (resized(photo) - 127.5) / 255, "-0.5 to 0.5"),
    ("normalise", resized, "still the pixels"),
    ("normalise", lambda photo: (resized(photo) - 128) / 128, "8-bit models"),
    ("normalise", lambda photo: resized(photo) * 3, "the values are not"),
    ("normalise", lambda photo: photo, "returns the shape (300, 451, 3)"),
    ("normalise", np.zeros(3), "without brackets"),
    ("normalise", broken, "stopped with ValueError: no luck"),
    ("normalise", lambda photo: "text", "returns the shape ()"),
    ("colour-order", experiments.bgr_as_rgb, "blue still comes first"),
    ("colour-order", lambda bgr: experiments.bgr_as_rgb(bgr[:, ::-1]), "mirrors the photo"),
    ("colour-order", lambda bgr: experiments.bgr_as_rgb(bgr[::-1]), "upside down"),
    ("colour-order", lambda bgr: experiments.bgr_as_rgb(bgr[::-1, ::-1, ::-1]), "all three axes"),
    ("colour-order", lambda bgr: experiments.bgr_as_rgb(bgr[..., [1, 0, 2]]), "by one place"),
    ("mask-size", experiments.blended_mask, "cannot be mixed"),
    ("mask-size", enlarged(Image.Resampling.BICUBIC), "cannot be mixed"),
    ("mask-size", enlarged(Image.Resampling.NEAREST, swap=True), "changed places"),
    ("mask-size", lambda mask, *_: mask, "returns the shape (5, 7)"),
    ("mask-size", lambda mask, h, w: resize.resize_nearest((mask > 0) * np.uint8(255), h, w), "255"),
    ("mask-size", lambda mask, h, w: cv2.resize(mask, (w, h), interpolation=cv2.INTER_NEAREST), "half a cell"),
    ("mask-size", broken, "stopped with ValueError"),
    ("normalise", lambda photo: resized(photo) - 127.5, "divide, too"),
    ("colour-order", lambda bgr: resized(bgr[..., ::-1]), "still pixels"),
    ("centre-crop", lambda photo: square(photo, 0, 151, 300), "bottom right corner"),
    ("centre-crop", experiments.stretched_not_cropped, "this stretches"),
    ("centre-crop", lambda photo: square(photo, 0, 0, 300), "top left corner"),
    ("centre-crop", lambda photo: square(photo, 21, 97, 257), "leaves out more"),
    ("centre-crop", lambda photo: photo[:257, :257], "the values are not"),
]


@pytest.mark.parametrize("name, answer, hint", WRONG)
def test_each_wrong_answer_gets_its_hint(name, answer, hint, capsys):
    out = said(name, answer, capsys)
    assert out.startswith("hint: ") and out.count("\n") == 1
    assert hint in out


@pytest.mark.parametrize("name, answer", [
    ("normalise", lambda photo: resized(photo) / 127.5 - 1),
    ("normalise", lambda photo: (resized(photo) / 127.5 - 1)[None]),
    ("normalise", lambda photo: resized(photo) / 255 * 2 - 1),
    ("colour-order", lambda bgr: experiments.bgr_as_rgb(bgr[:, :, [2, 1, 0]])),
    ("mask-size", enlarged(Image.Resampling.NEAREST)),
    ("mask-size", resize.resize_nearest),
    ("centre-crop", lambda photo: square(photo, 0, 75, 300)),
    ("centre-crop", lambda photo: square(photo, 0, 76, 300)),
])
def test_every_way_to_the_right_answer_counts(name, answer, capsys):
    assert said(name, answer, capsys).startswith("right: ")


def test_an_answer_may_change_what_it_gets(capsys):
    def in_place(mask, height, width):
        result = resize.resize_nearest(mask, height, width)
        mask[:] = 0
        return result

    assert said("mask-size", in_place, capsys).startswith("right: ")
    assert said("mask-size", in_place, capsys).startswith("right: ")


@pytest.mark.parametrize("answer, start, hint", [
    ("hopper", "right: ", "more than the next one"),
    ("voc", "hint: ", "each is small"),
    ("cat", "hint: ", "almost no person"),
    ("astronaut", "hint: ", "another photo has more"),
])
def test_largest_person(answer, start, hint, capsys, model_path):
    model_path(models.default())
    out = said("largest-person", answer, capsys)
    assert out.startswith(start) and hint in out


@pytest.mark.parametrize("answer", ["me", 15, ["hopper"]])
def test_largest_person_wants_the_name_of_a_photo(answer, capsys):
    assert "one of astronaut, cat" in said("largest-person", answer, capsys)


def test_largest_person_without_a_model_is_a_hint(cache, monkeypatch, capsys):
    monkeypatch.setattr(models, "fetch", lambda *_: (_ for _ in ()).throw(OSError("off")))
    exercises._person_shares.cache_clear()
    out = said("largest-person", "hopper", capsys)
    assert out.startswith("hint: the model ") and "is not here" in out


@pytest.mark.parametrize("name", lessons.exercises())
def test_no_answer_yet(name, capsys):
    assert said(name, None, capsys).startswith("not answered yet")


def test_unknown_exercise_names_the_known_ones():
    with pytest.raises(SegkitError, match="largest-person"):
        lessons.check("nothing", 1)


def test_course_finds_the_lessons_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(models, "DATA", tmp_path / "data")
    assert not any(lesson.here for lesson in lessons.course())
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "04-deeplab-v2.ipynb").touch()
    assert [lesson.number for lesson in lessons.course() if lesson.here] == ["04"]


def test_start_says_what_is_missing_and_marked_cells_are_skipped(cache, monkeypatch, capsys):
    monkeypatch.setattr(models, "fetch", lambda *_: (_ for _ in ()).throw(OSError("off")))
    lessons.start("deeplabv3")
    out = capsys.readouterr().out
    assert "the model deeplabv3 (deeplabv3.tflite) is not here" in out and "SEGKIT_MODELS" in out
    exec("".join(lessons._skip([f"{lessons.MARK} deeplabv3\n", "1 / 0\n"])))
    out = capsys.readouterr().out
    assert out.startswith("skipped: this cell needs the model deeplabv3") and "SEGKIT_MODELS" in out
    assert lessons._skip(["2 + 2\n"]) == ["2 + 2\n"]


def test_start_with_the_model_skips_nothing(model_path, capsys):
    model_path("deeplabv3")
    lessons.start("deeplabv3")
    assert capsys.readouterr().out.startswith("The model deeplabv3 is here")
    cell = [f"{lessons.MARK} deeplabv3\n", "1\n"]
    assert lessons._skip(cell) == cell


def test_start_finds_the_default_model(capsys):
    lessons.start()
    assert capsys.readouterr().out.startswith(f"The model {models.default()} is here")


def test_start_with_an_unknown_name_names_a_near_one(capsys):
    lessons.start("deeplabv")
    assert "did you mean deeplabv3" in capsys.readouterr().out


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


def test_photos_of_exercises_are_not_square():
    """Otherwise an answer with rows and columns exchanged would pass."""
    height, width = photos.sample("cat").shape[:2]
    assert height != width

"""What a lesson says at its start, and the parts that all lessons share."""

import pytest
from lesson_files import said

from segkit import lessons, models
from segkit.errors import SegkitError


def test_an_exercise_without_its_model_is_a_hint(cache, monkeypatch, capsys):
    monkeypatch.setattr("segkit.models.files.fetch", lambda *_: (_ for _ in ()).throw(OSError("off")))
    lessons.exercise.cache_clear()
    out = said("upper-half", 0.5, capsys)
    lessons.exercise.cache_clear()
    assert out.startswith("hint: the model ") and "is not here" in out


def test_unknown_exercise_names_the_known_ones():
    with pytest.raises(SegkitError, match="upper-half"):
        lessons.check("nothing", 1)


def test_course_finds_the_lessons_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(models, "DATA", tmp_path / "data")
    assert not any(lesson.here for lesson in lessons.course())
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "04-deeplab-v2.ipynb").touch()
    assert [lesson.number for lesson in lessons.course() if lesson.here] == ["04"]


def test_start_says_what_is_missing_and_marked_cells_are_skipped(cache, monkeypatch, capsys):
    monkeypatch.setattr("segkit.models.files.fetch", lambda *_: (_ for _ in ()).throw(OSError("off")))
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

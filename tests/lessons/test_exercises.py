"""Every exercise of every lesson: the right answer, and each typical mistake with its hint."""

import pytest
from lesson_files import said

from segkit import lessons


@pytest.mark.parametrize("name", lessons.exercises())
def test_the_right_answer_is_right_and_says_why(name, capsys):
    exercise = lessons.exercise(name)
    assert said(name, exercise.right, capsys) == f"right: {exercise.why}\n"
    assert exercise.why.endswith((".", "?")) and "\n" not in exercise.why


@pytest.mark.parametrize("name", lessons.exercises())
def test_each_typical_mistake_gets_its_hint(name, capsys):
    mistakes = lessons.exercise(name).mistakes
    assert len(mistakes) >= 2
    for answer, hint in mistakes:
        assert said(name, answer, capsys) == f"hint: {hint}\n"


@pytest.mark.parametrize("name", lessons.exercises())
def test_no_answer_and_an_answer_of_another_kind(name, capsys):
    assert said(name, None, capsys).startswith("not answered yet")
    assert said(name, object(), capsys).startswith("hint: the answer is")

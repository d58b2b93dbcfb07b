"""The solutions in the lessons are right, and the code that the exercises begin with is not."""

import re

import pytest
from lesson_files import LESSONS, exercises, read

from segkit import lessons, models

FOUND = [pytest.param(*exercise, id=exercise[0]) for path in LESSONS for exercise in exercises(read(path))]
NEED_A_MODEL = {"largest-person"}


@pytest.mark.parametrize("name, stub, solution", FOUND)
def test_solution_is_right(name, stub, solution, capsys, model_path):
    if name in NEED_A_MODEL:
        model_path(models.default())
    scope = {"lessons": lessons}
    exec(stub, scope)
    assert capsys.readouterr().out.startswith("not answered yet")
    exec(solution, scope)
    assert capsys.readouterr().out.startswith("right: ")


@pytest.mark.parametrize("name, stub, solution", FOUND)
def test_what_the_exercise_begins_with_gets_a_hint_of_its_own(name, stub, solution, capsys):
    function = re.search(r"^def (\w+)", stub, re.MULTILINE)
    if not function:
        pytest.skip("this exercise begins with nothing")
    scope = {"lessons": lessons}
    exec(stub, scope)
    capsys.readouterr()
    lessons.check(name, scope[function[1]])
    out = capsys.readouterr().out
    assert out.startswith("hint: ") and "the shape is right, the values are not" not in out


def test_every_exercise_stands_in_a_lesson():
    assert {param.values[0] for param in FOUND} == set(lessons.exercises())

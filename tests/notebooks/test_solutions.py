"""The solutions in the lessons are right, and the code that the exercises begin with is not."""

import re

import pytest
from lesson_files import LESSONS, exercises, read

from segkit import lessons, models

FOUND = [pytest.param(*exercise, id=exercise[0]) for path in LESSONS for exercise in exercises(read(path))]
NEED_A_MODEL = {"upper-half"}


@pytest.mark.parametrize("name, stub, solution", FOUND)
def test_solution_is_right(name, stub, solution, capsys, model_path):
    if name in NEED_A_MODEL:
        model_path(models.default())
    scope = {"lessons": lessons}
    exec(stub, scope)
    assert capsys.readouterr().out.startswith("not answered yet")
    exec(solution, scope)
    assert capsys.readouterr().out.startswith("right: ")


WRONG_AT_FIRST = [param for param in FOUND if re.search(r"^def \w+", param.values[1], re.MULTILINE)]


@pytest.mark.parametrize("name, stub, solution", WRONG_AT_FIRST)
def test_a_function_to_correct_gets_a_hint_of_its_own(name, stub, solution, capsys):
    function = re.search(r"^def (\w+)", stub, re.MULTILINE)
    scope = {"lessons": lessons}
    exec(stub, scope)
    capsys.readouterr()
    lessons.check(name, scope[function[1]])
    out = capsys.readouterr().out
    assert out.startswith("hint: ") and "the shape is right, the values are not" not in out


def test_every_exercise_stands_in_a_lesson():
    assert {param.values[0] for param in FOUND} == set(lessons.exercises())

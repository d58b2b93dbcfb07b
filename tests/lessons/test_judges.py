"""What the judges of `segkit.lessons.exercise` say where no typical mistake explains an answer."""

import numpy as np
import pytest

from segkit.lessons.exercise import choice, function, number


def broken(x):
    raise ValueError("no\nluck")


doubled = function([np.arange(4.0)], right=lambda x: 2 * x, why="twice.",
                   also=[lambda x: x + x[::-1]], mistakes=[(lambda x: x, "still the same")])
one_number = function([3, 5], right=lambda a, b: a * b, why="a product.", mistakes=[])


@pytest.mark.parametrize("exercise, answer, hint", [
    (doubled, np.zeros(4), "without brackets"),
    (doubled, broken, "stopped with ValueError: no luck"),
    (doubled, lambda x: x, "still the same"),
    (doubled, lambda x: x[:2], "the shape (2,); (4,) is needed"),
    (doubled, lambda x: "four", "the shape ()"),
    (doubled, lambda x: np.array(["a"] * 4), "numbers are needed"),
    (doubled, lambda x: 2 * x[::-1], "in another order"),
    (doubled, lambda x: 3 * x, "from 0.00 to 9.00 and should run from 0.00 to 6.00"),
    (one_number, lambda a, b: a + b, "for the arguments 3, 5 your function gives 8; 15 is right"),
    (number(5, "five.", [(4, "one more")]), 4, "one more"),
    (number(5, "five.", [(4, "one more")]), 4.5, "too small"),
    (number(5, "five.", []), 6, "too large"),
    (number(5, "five.", []), "5", "one number, not str"),
    (number(5, "five.", []), True, "one number, not bool"),
    (choice("a", "first.", {"b": "second"}), "b", "second"),
    (choice("a", "first.", {"b": "second"}), "c", "one of 'a', 'b'"),
])
def test_a_wrong_answer_gets_a_hint(exercise, answer, hint):
    right, said = exercise.verdict(answer)
    assert not right and hint in said and "\n" not in said


@pytest.mark.parametrize("exercise, answer", [
    (doubled, lambda x: x + x), (doubled, lambda x: (x + x)[None]),
    (doubled, lambda x: x + x[::-1]),
    (one_number, lambda a, b: b * a), (number(0.5, "half.", [], tolerance=0.1), np.float32(0.55)),
    (choice("a", "first.", {"b": "second"}), "a"),
])
def test_a_right_answer_gets_the_reason(exercise, answer):
    assert exercise.verdict(answer) == (True, exercise.why)


def test_an_answer_may_change_what_it_gets():
    def in_place(x):
        x *= 2
        return x

    assert doubled.verdict(in_place)[0] and doubled.verdict(in_place)[0]

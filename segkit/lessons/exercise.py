"""How an exercise that asks for a function is judged: by what the function returns."""

import numpy as np

from segkit.errors import one_line


def judge(answer, given, right, wrong, why):
    """Judge a function by what it returns.

    Args:
        answer: the reader's function.
        given: its arguments.
        right: the array that it should return.
        wrong: list of (array of a typical wrong answer, hint).
        why: the reason that is printed with "right".
    """
    if not callable(answer):
        return False, ("the answer is the function itself: write its name without brackets and "
                       f"arguments; this is {type(answer).__name__}")
    try:
        got = np.asarray(answer(*(g.copy() if isinstance(g, np.ndarray) else g for g in given)))
    except Exception as error:  # noqa: BLE001 - whatever the reader's code raises becomes a hint
        return False, f"your function stopped with {type(error).__name__}: {one_line(error)}"
    right = np.asarray(right)
    if got.shape == (1, *right.shape):
        got = got[0]
    for array, hint in wrong:
        if same(got, np.asarray(array)):
            return False, hint
    if same(got, right):
        return True, why
    if got.shape != right.shape:
        return False, f"your function returns the shape {got.shape}; {right.shape} is needed"
    if not right.ndim:
        asked = ("for the arguments " + ", ".join(map(str, given))
                 if all(np.isscalar(g) for g in given) else "here")
        return False, f"the values are not right yet: {asked} your function gives {got}; {right} is right"
    if got.dtype.kind in "fiu" and same(np.sort(got, axis=None), np.sort(right, axis=None)):
        return False, "these are the right values in another order"
    return False, (f"the shape is right, the values are not: they run from {got.min():.2f} to "
                   f"{got.max():.2f} and should run from {right.min():.2f} to {right.max():.2f}")


def same(one, other):
    """Equal shapes and equal values, up to rounding in float32."""
    return (one.shape == other.shape and one.dtype.kind in "fiu"
            and np.allclose(one, other, atol=1e-3))


def judge_number(answer, right, wrong, why, tolerance=0.0):
    """Judge a number.

    Args:
        answer: what the reader wrote.
        right: the right number.
        wrong: list of (number of a typical wrong answer, hint).
        why: the reason that is printed with "right".
        tolerance: how far from a number an answer may lie and still be taken for it.
    """
    if isinstance(answer, (bool, np.bool_)) or not isinstance(answer, (int, float, np.number)):
        return False, f"the answer is one number, not {type(answer).__name__}"
    if abs(answer - right) <= tolerance:
        return True, why
    for number, hint in wrong:
        if abs(answer - number) <= tolerance:
            return False, hint
    return False, f"{answer:g} is too {'small' if answer < right else 'large'}"


def judge_choice(answer, right, wrong, why):
    """Judge a choice among names.

    Args:
        answer: what the reader wrote.
        right: the right name.
        wrong: dictionary from every other name to its hint.
        why: the reason that is printed with "right".
    """
    if isinstance(answer, str) and answer == right:
        return True, why
    if isinstance(answer, str) and answer in wrong:
        return False, wrong[answer]
    return False, f"the answer is one of {', '.join(map(repr, sorted([right, *wrong])))}"

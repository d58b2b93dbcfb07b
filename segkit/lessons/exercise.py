"""An exercise as data: what is right and why, and the typical mistakes with their hints.

A lesson's folder has a module ``exercises`` with ``EXERCISES``: a dictionary from the name of
an exercise to a function that makes its :class:`Exercise`. It is made when a reader first asks.
"""

from dataclasses import dataclass

import numpy as np

from segkit.errors import one_line
from segkit.languages import say


@dataclass(frozen=True, eq=False)
class Exercise:
    """One exercise.

    Attributes:
        judge: takes an answer; None where it is right, else a hint in one line.
        right: an answer that is right.
        why: the reason that is printed with "right".
        mistakes: tuple of (wrong answer, hint): what readers typically write.
    """

    judge: object
    right: object
    why: str
    mistakes: tuple

    def verdict(self, answer):
        """(whether the answer is right, the words to print)."""
        hint = self.judge(answer)
        return (True, self.why) if hint is None else (False, hint)


def function(given, right, why, mistakes, also=(), seen_as=None, notice=None):
    """An exercise that asks for a function, judged by what the function returns.

    Args:
        given: list of its arguments.
        right: a function that is right.
        why: the reason that is printed with "right".
        mistakes: list of (function with a typical mistake, hint).
        also: functions whose result counts as right as well.
        seen_as: turns a function into one that returns a single array, for answers of several
            parts; what it raises becomes a hint.
        notice: takes (result, *given) of an answer that is none of these, and returns a hint or
            None: for a mistake that can be made in more ways than can be listed.
    """
    def result(answer):
        return _called(seen_as(answer) if seen_as else answer, given)

    def judge(answer):
        if not callable(answer):
            return say("the answer is the function itself: write its name without brackets and arguments; "
                       "this is {kind}", kind=type(answer).__name__)
        try:
            got = result(answer)
        except Exception as error:  # noqa: BLE001 - whatever the reader's code raises becomes a hint
            return say("your function stopped with {kind}: {error}", kind=type(error).__name__,
                       error=one_line(error))
        wanted = [result(one) for one in (right, *also)]
        if got.shape == (1, *wanted[0].shape):
            got = got[0]
        if any(same(got, one) for one in wanted):
            return None
        for mistake, hint in mistakes:
            if same(got, result(mistake)):
                return hint
        return (notice and notice(got, *given)) or _difference(got, wanted[0], given)

    return Exercise(judge, right, why, tuple(mistakes))


def number(right, why, mistakes, tolerance=0.0):
    """An exercise that asks for a number.

    Args:
        right: the right number.
        why: the reason that is printed with "right".
        mistakes: list of (number of a typical wrong answer, hint).
        tolerance: how far from a number an answer may lie and still be taken for it.
    """
    def judge(answer):
        if isinstance(answer, (bool, np.bool_)) or not isinstance(answer, (int, float, np.number)):
            return say("the answer is one number, not {kind}", kind=type(answer).__name__)
        if abs(answer - right) <= tolerance:
            return None
        for wrong, hint in mistakes:
            if abs(answer - wrong) <= tolerance:
                return hint
        if answer < right:
            return say("{answer:g} is too small", answer=answer)
        return say("{answer:g} is too large", answer=answer)

    return Exercise(judge, right, why, tuple(mistakes))


def choice(right, why, mistakes):
    """An exercise that asks for one of several names.

    Args:
        right: the right name.
        why: the reason that is printed with "right".
        mistakes: dictionary from every other name to its hint.
    """
    def judge(answer):
        if isinstance(answer, str) and answer == right:
            return None
        if isinstance(answer, str) and answer in mistakes:
            return mistakes[answer]
        return say("the answer is one of {listed}", listed=", ".join(map(repr, sorted([right, *mistakes]))))

    return Exercise(judge, right, why, tuple(mistakes.items()))


def _called(function, given):
    """What a function returns, as an array; it gets copies, so that it may change its arguments."""
    got = np.asarray(function(*(g.copy() if isinstance(g, np.ndarray) else g for g in given)))
    return got.astype(float) if got.dtype == bool else got


def same(one, other):
    """Equal shapes and equal values, up to rounding in float32."""
    return (one.shape == other.shape and one.dtype.kind in "fiu"
            and np.allclose(one, other, atol=1e-3, equal_nan=True))


def _difference(got, right, given):
    """How an answer differs from the right one, where no typical mistake explains it."""
    if got.shape != right.shape:
        return say("your function returns the shape {shape}; {wanted} is needed", shape=got.shape,
                   wanted=right.shape)
    if got.dtype.kind not in "fiu":
        return say("your function returns {dtype}; numbers are needed", dtype=got.dtype)
    if not right.ndim:
        asked = (say("for the arguments {listed}", listed=", ".join(map(str, given)))
                 if all(np.isscalar(g) for g in given) else say("here"))
        return say("the values are not right yet: {asked} your function gives {got}; {right} is right",
                   asked=asked, got=got, right=right)
    if same(np.sort(got, axis=None), np.sort(right, axis=None)):
        return say("these are the right values in another order")
    return (say("the shape is right, the values are not: they run from {lowest:.2f} to {highest:.2f} and "
                "should run from {low:.2f} to {high:.2f}", lowest=got.min(), highest=got.max(),
                low=right.min(), high=right.max()))

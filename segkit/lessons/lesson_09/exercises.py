"""The exercises of lesson 09: a function to correct, a number to work out, a row to choose."""

import numpy as np

from segkit.lessons.exercise import choice, function, number

ONE_THREAD, TWO_THREADS = 40, 25  # milliseconds: the exercise's own numbers
WARMUP = 5  # runs


def _typical_time():
    rng = np.random.default_rng(9)
    taken = np.concatenate([[95, 60, 41, 38, 36], rng.normal(30, 0.8, 24), [71, 66, 58]])
    return function(
        given=[taken, WARMUP],
        right=lambda taken, warmup: np.median(taken[warmup:]),
        why="the median of the warm runs stays near the typical run, whatever the slow ones do.",
        mistakes=[
            (lambda taken, warmup: np.mean(taken),
             "this is the mean of all runs, warm-up included: two things to change"),
            (lambda taken, warmup: np.mean(taken[warmup:]),
             "the warm-up is out; but a few slow runs still pull the mean up"),
            (lambda taken, warmup: np.median(taken),
             "the median is right; the warm-up runs still count"),
            (lambda taken, warmup: np.min(taken[warmup:]),
             "this is the fastest run: what the hardware can do, not what to expect"),
            (lambda taken, warmup: np.median(taken[:warmup]),
             "these are the warm-up runs alone: count the runs after them"),
            (lambda taken, warmup: np.median(taken[:-warmup]),
             "the warm-up runs are the first ones, not the last ones"),
        ])


def _parallel_share():
    saved = ONE_THREAD - TWO_THREADS
    share = 2 * saved / ONE_THREAD
    return number(share, f"{saved} ms are saved, and two threads save half of the parallel work: "
                         f"{2 * saved} of {ONE_THREAD} ms.", [
        (1 - share, "this is the share that is not parallel: the question asks for the other one"),
        (saved / ONE_THREAD, "this is the share of the time that was saved; two threads save only "
                             "half of the parallel work"),
        (TWO_THREADS / ONE_THREAD, "this is the new time as a share of the old one; which part of "
                                   "the work became shorter, and by how much?"),
        (ONE_THREAD / TWO_THREADS, "this is the speed-up; a share lies between 0 and 1"),
        (100 * share, "give a share between 0 and 1, not per cent"),
    ], tolerance=0.005)


def _honest_row():
    return choice("B", "all operators were taken, the answer agrees, and many warm runs lie behind "
                       "the number.", {
        "A": "the accelerator took none of the operators: the CPU did the work, and this is its "
             "time under another name",
        "C": "look at the last column: for more than half of the pixels, the answer is another "
             "one. A fast wrong answer is no answer",
        "D": "this is the first run alone: it holds the cold start, and one run has no spread",
    })


EXERCISES = {"typical-time": _typical_time, "parallel-share": _parallel_share,
             "honest-row": _honest_row}

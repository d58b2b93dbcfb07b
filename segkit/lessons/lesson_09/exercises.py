"""The exercises of lesson 09: a function to correct, a number to work out, a row to choose."""

import numpy as np

from segkit.languages import say
from segkit.lessons.exercise import choice, function, number

ONE_THREAD, TWO_THREADS = 40, 25  # milliseconds: the exercise's own numbers
WARMUP = 5  # runs


def _typical_time():
    rng = np.random.default_rng(9)
    taken = np.concatenate([[95, 60, 41, 38, 36], rng.normal(30, 0.8, 24), [71, 66, 58]])
    return function(
        given=[taken, WARMUP],
        right=lambda taken, warmup: np.median(taken[warmup:]),
        why=say("the median of the warm runs stays near the typical run, whatever the slow ones do."),
        mistakes=[
            (lambda taken, warmup: np.mean(taken),
             say("this is the mean of all runs, warm-up included: two things to change")),
            (lambda taken, warmup: np.mean(taken[warmup:]),
             say("the warm-up is out; but a few slow runs still pull the mean up")),
            (lambda taken, warmup: np.median(taken),
             say("the median is right; the warm-up runs still count")),
            (lambda taken, warmup: np.min(taken[warmup:]),
             say("this is the fastest run: what the hardware can do, not what to expect")),
            (lambda taken, warmup: np.median(taken[:warmup]),
             say("these are the warm-up runs alone: count the runs after them")),
            (lambda taken, warmup: np.median(taken[:-warmup]),
             say("the warm-up runs are the first ones, not the last ones")),
        ])


def _parallel_share():
    saved = ONE_THREAD - TWO_THREADS
    share = 2 * saved / ONE_THREAD
    return number(share, say("{saved} ms are saved, and two threads save half of the parallel work: {saved2} "
                             "of {one_thread} ms.", saved=saved, saved2=2 * saved, one_thread=ONE_THREAD), [
        (1 - share, say("this is the share that is not parallel: the question asks for the other one")),
        (saved / ONE_THREAD, say("this is the share of the time that was saved; two threads save only half of "
                                 "the parallel work")),
        (TWO_THREADS / ONE_THREAD, say("this is the new time as a share of the old one; which part of the "
                                       "work became shorter, and by how much?")),
        (ONE_THREAD / TWO_THREADS, say("this is the speed-up; a share lies between 0 and 1")),
        (100 * share, say("give a share between 0 and 1, not per cent")),
    ], tolerance=0.005)


def _honest_row():
    return choice("B", say("all operators were taken, the answer agrees, and many warm runs lie behind the "
                           "number."), {
        "A": say("the accelerator took none of the operators: the CPU did the work, and this is its time "
                 "under another name"),
        "C": say("look at the last column: for more than half of the pixels, the answer is another one. A "
                 "fast wrong answer is no answer"),
        "D": say("this is the first run alone: it holds the cold start, and one run has no spread"),
    })


EXERCISES = {"typical-time": _typical_time, "parallel-share": _parallel_share,
             "honest-row": _honest_row}

"""The answers of lesson 09: a function to correct, a number to work out, a row to choose."""

import numpy as np

from segkit.lessons.exercise import judge, judge_choice, judge_number

ONE_THREAD, TWO_THREADS = 40, 25  # milliseconds: the exercise's own numbers
WARMUP = 5  # runs


def _typical_time(answer):
    rng = np.random.default_rng(9)
    taken = np.concatenate([[95, 60, 41, 38, 36], rng.normal(30, 0.8, 24), [71, 66, 58]])
    warm = taken[WARMUP:]
    return judge(answer, [taken, WARMUP], np.median(warm), [
        (np.mean(taken), "this is the mean of all runs, warm-up included: two things to change"),
        (np.mean(warm), "the warm-up is out; but a few slow runs still pull the mean up"),
        (np.median(taken), "the median is right; the warm-up runs still count"),
        (np.min(warm), "this is the fastest run: what the hardware can do, not what to expect"),
        (np.median(taken[:WARMUP]), "these are the warm-up runs alone: count the runs after them"),
        (np.median(taken[:-WARMUP]), "the warm-up runs are the first ones, not the last ones"),
    ], "the median of the warm runs stays near the typical run, whatever the slow ones do.")


def _parallel_share(answer):
    saved = ONE_THREAD - TWO_THREADS
    share = 2 * saved / ONE_THREAD
    return judge_number(answer, share, [
        (1 - share, "this is the share that is not parallel: the question asks for the other one"),
        (saved / ONE_THREAD, "this is the share of the time that was saved; two threads save only "
                             "half of the parallel work"),
        (TWO_THREADS / ONE_THREAD, "this is the new time as a share of the old one; which part of "
                                   "the work became shorter, and by how much?"),
        (ONE_THREAD / TWO_THREADS, "this is the speed-up; a share lies between 0 and 1"),
        (100 * share, "give a share between 0 and 1, not per cent"),
    ], f"{saved} ms are saved, and two threads save half of the parallel work: {2 * saved} of "
       f"{ONE_THREAD} ms.", tolerance=0.005)


def _honest_row(answer):
    return judge_choice(answer, "B", {
        "A": "the accelerator took none of the operators: the CPU did the work, and this is its "
             "time under another name",
        "C": "look at the last column: for more than half of the pixels, the answer is another "
             "one. A fast wrong answer is no answer",
        "D": "this is the first run alone: it holds the cold start, and one run has no spread",
    }, "all operators were taken, the answer agrees, and many warm runs lie behind the number.")


JUDGES = {"typical-time": _typical_time, "parallel-share": _parallel_share,
          "honest-row": _honest_row}

"""The exercises of lesson 10: two numbers to work out, two functions to correct."""

import numpy as np

from segkit.languages import message, say
from segkit.lessons.exercise import function, number
from segkit.plots import results


def _layer_bytes():
    given, made = 640, 128
    weights = given * made
    return number(
        weights + 4 * made,
        say("{given} x {made} weights of one byte, and {made} scales of 4 bytes: the scales cost little "
            "beside the weights.", given=given, made=made), [
            (weights, say("these are the weights; the scales are numbers in the file, too")),
            (4 * weights, say("this is float32; a weight of 8 bits takes one byte")),
            (4 * (weights + made),
             say("4 bytes are right for a scale; a weight of 8 bits takes one byte")),
            (weights + made, say("a scale is a float32 number: it takes 4 bytes, not one")),
            (weights + 4, say("with one scale for each output channel there is more than one scale")),
            (weights + 4 * given, say("the scales belong to the channels that come out, not to those that go "
                                      "in")),
            (8 * weights + 32 * made, say("these are bits; a byte has 8 of them")),
        ])


def _largest_error():
    step = 6 / 255
    return number(
        step / 2,
        say("half a step: 6 / 255 / 2. Larger and smaller numbers have the same largest error."), [
            (step, say("this is a whole step; a number is rounded to the nearest stored one, up or down")),
            (6 / 256 / 2, say("256 stored numbers have 255 steps between them")),
            (6 / 256, say("256 stored numbers have 255 steps between them, and rounding goes to the nearer of "
                          "two")),
            (6 / 127 / 2, say("127 steps are those of weights, whose zero point is 0; here all 256 numbers "
                              "serve the range from 0 to 6")),
            (6 / 127, say("127 steps are those of weights; and rounding goes to the nearer of two stored "
                          "numbers")),
            (0.5, say("half a step is right; now say how wide a step is in real numbers")),
        ], tolerance=1.5e-5)


def _counted(values, scale):
    return np.rint(values / scale)


def _quantise():
    values = np.random.default_rng(7).uniform(-1.5, 7.5, (5, 6, 4)).astype(np.float32)
    scale, zero_point = np.float32(6 / 255), -128
    values[0, 0] = scale * np.float32([0.7, 10.7, 100.3, 200.7])  # truncating would show
    return function(
        given=[values, scale, zero_point],
        right=lambda v, s, z: np.clip(_counted(v, s) + z, -128, 127),
        why=say("divide, round, add the zero point, cut: what does not fit gets the last number."),
        mistakes=[
            (lambda v, s, z: _counted(v, s),
             say("the zero point is missing: which stored number stands for 0? And 8 bits end at -128 and "
                 "127")),
            (lambda v, s, z: _counted(v, s) + z,
             say("some numbers leave the 8 bits: cut them to -128 and 127 with np.clip")),
            (lambda v, s, z: (_counted(v, s) + z).astype(np.int64).astype(np.int8),
             say("numbers over 127 came round to the other end: cut with np.clip before they are int8")),
            (lambda v, s, z: np.clip(_counted(v, s), -128, 127),
             say("the zero point is missing: add it before you cut")),
            (lambda v, s, z: np.clip(_counted(v, s) - z, -128, 127),
             say("the zero point is added here; it is taken away on the way back")),
            (lambda v, s, z: np.clip(np.rint(v * s) + z, -128, 127),
             say("the scale is the width of a step: divide by it to count the steps")),
            (lambda v, s, z: np.clip(np.trunc(v / s) + z, -128, 127),
             say("round to the nearest number with np.rint; cutting the decimals off doubles the largest "
                 "error")),
            (lambda v, s, z: np.clip(_counted(v, s) + z, 0, 127),
             say("int8 runs from -128 to 127, not from 0")),
        ])


def _on_front(costs, quality):
    points = dict(enumerate(zip(costs, quality)))
    return np.isin(np.arange(len(costs)), results.front(points))


def _no_more(costs):
    """[i, j]: choice j costs no more than choice i."""
    return costs[None, :] <= costs[:, None]


def _as_good(quality):
    return quality[None, :] >= quality[:, None]


def _better_in_one(costs, quality):
    """[i, j]: choice j is cheaper or better than choice i."""
    return (costs[None, :] < costs[:, None]) | (quality[None, :] > quality[:, None])


_NONE_LEFT = message("no choice is left: one goes only where one and the same other costs no more AND is "
              "as good AND is better in one of the two (each choice is as good as itself)")


def _pareto_front():
    # The last two have an equal cost; the third and the fifth have an equal quality.
    costs = np.array([4.0, 2.0, 7.0, 3.0, 9.0, 5.0, 5.0])
    quality = np.array([0.40, 0.31, 0.52, 0.29, 0.52, 0.46, 0.43])
    return function(
        given=[costs, quality],
        right=_on_front,
        why=say("nobody has to look at the others: for each of them there is one that costs no more, is as "
                "good, and is better in one of the two."),
        mistakes=[
            (lambda c, q: c == c.min(),
             say("this keeps only the cheapest; a dearer one stays if it is better than all cheaper")),
            (lambda c, q: q == q.max(),
             say("this keeps only the best; a worse one stays if it is cheaper than all better ones")),
            (lambda c, q: ~_better_in_one(c, q).any(axis=1), say(_NONE_LEFT)),
            (lambda c, q: ~(_no_more(c) & _as_good(q)).any(axis=1), say(_NONE_LEFT)),
            (lambda c, q: ~((c[None, :] < c[:, None]) & (q[None, :] > q[:, None])).any(axis=1),
             say("this leaves choices that have a rival of equal cost and more quality, or of equal quality "
                 "and less cost; < and > have to become <= and >=, with one real difference")),
            (lambda c, q: ~_on_front(c, q),
             say("these are the choices that are beaten; the others were asked for")),
            (lambda c, q: np.ones(len(c)), say("some of these choices are beaten by another")),
        ])


EXERCISES = {"layer-bytes": _layer_bytes, "largest-error": _largest_error, "quantise": _quantise,
             "pareto-front": _pareto_front}

"""The answers of lesson 10: two numbers to work out, two functions to correct."""

import numpy as np

from segkit.graph import Graph
from segkit.lessons.exercise import judge, judge_number
from segkit.lessons.lesson_10 import experiments


def _layer_bytes(answer):
    layer = next(o for o in Graph("deeplab").operators
                 if o.name == "CONV_2D" and o.inputs[1].shape == (128, 1, 1, 640))
    made, *_, given = layer.inputs[1].shape
    weights = given * made
    return judge_number(answer, weights + 4 * made, [
        (weights, "these are the weights; the scales are numbers in the file, too"),
        (4 * weights, "this is float32; a weight of 8 bits takes one byte"),
        (4 * (weights + made), "4 bytes are right for a scale; a weight of 8 bits takes one byte"),
        (weights + made, "a scale is a float32 number: it takes 4 bytes, not one"),
        (weights + 4, "with one scale for each output channel there is more than one scale"),
        (weights + 4 * given, "the scales belong to the channels that come out, not to those that "
                              "go in"),
        (8 * weights + 32 * made, "these are bits; a byte has 8 of them"),
    ], f"{given} x {made} weights of one byte, and {made} scales of 4 bytes: the scales cost "
       "little beside the weights.")


def _largest_error(answer):
    step = 6 / 255
    return judge_number(answer, step / 2, [
        (step, "this is a whole step; a number is rounded to the nearest stored one, up or down"),
        (6 / 256 / 2, "256 stored numbers have 255 steps between them"),
        (6 / 256, "256 stored numbers have 255 steps between them, and rounding goes to the nearer "
                  "of two"),
        (6 / 127 / 2, "127 steps are those of weights, whose zero point is 0; here all 256 numbers "
                      "serve the range from 0 to 6"),
        (6 / 127, "127 steps are those of weights; and rounding goes to the nearer of two stored "
                  "numbers"),
        (0.5, "half a step is right; now say how wide a step is in real numbers"),
    ], "half a step: 6 / 255 / 2. Larger and smaller numbers have the same largest error.",
        tolerance=1.5e-5)


def _quantise(answer):
    rng = np.random.default_rng(7)
    values = rng.uniform(-1.5, 7.5, (5, 6, 4)).astype(np.float32)
    scale, zero_point = np.float32(6 / 255), -128
    values[0, 0] = scale * np.float32([0.7, 10.7, 100.3, 200.7])  # truncating would show
    real = np.rint(values / scale)
    right = np.clip(real + zero_point, -128, 127)
    cut = np.clip(np.trunc(values / scale) + zero_point, -128, 127)
    return judge(answer, [values, scale, zero_point], right, [
        (real, "the zero point is missing: which stored number stands for 0? And 8 bits end at "
               "-128 and 127"),
        (real + zero_point, "some numbers leave the 8 bits: cut them to -128 and 127 with np.clip"),
        ((real + zero_point).astype(np.int64).astype(np.int8),
         "numbers over 127 came round to the other end: cut with np.clip before they are int8"),
        (np.clip(real, -128, 127), "the zero point is missing: add it before you cut"),
        (np.clip(real - zero_point, -128, 127), "the zero point is added here; it is taken away on "
                                                "the way back"),
        (np.clip(np.rint(values * scale) + zero_point, -128, 127),
         "the scale is the width of a step: divide by it to count the steps"),
        (cut, "round to the nearest number with np.rint; cutting the decimals off doubles the "
              "largest error"),
        (np.clip(right, 0, 127), "int8 runs from -128 to 127, not from 0"),
    ], "divide, round, add the zero point, cut: what does not fit gets the last number.")


def _front(answer):
    costs = np.array([4.0, 2.0, 7.0, 3.0, 9.0, 5.0])
    quality = np.array([0.40, 0.31, 0.52, 0.29, 0.50, 0.46])
    points = {n: pair for n, pair in enumerate(zip(costs, quality))}
    right = np.isin(np.arange(len(costs)), experiments.pareto(points))
    cheaper, better = costs[:, None] > costs[None], quality[:, None] < quality[None]
    return judge(answer, [costs, quality], right.astype(float), [
        ((~cheaper.any(axis=1)).astype(float),
         "this keeps only the cheapest; a dearer choice stays if it is better than all cheaper"),
        ((~better.any(axis=1)).astype(float),
         "this keeps only the best; a worse choice stays if it is cheaper than all better ones"),
        ((~(cheaper | better).any(axis=1)).astype(float),
         "a choice goes only where one and the same other is cheaper AND better: use & in place "
         "of |"),
        ((~right).astype(float), "these are the choices that are beaten; the others were asked "
                                 "for"),
        (np.ones(len(costs)), "one of these choices is both dearer and worse than another"),
    ], "nobody has to look at the others: for each of them there is a cheaper and better one.")


def _as_numbers(judge_it):
    """Let a judge see True and False as 1 and 0: masks are compared as numbers."""
    def judged(answer):
        if not callable(answer):
            return judge_it(answer)
        return judge_it(lambda *given: np.asarray(answer(*given)).astype(float))

    return judged


JUDGES = {"layer-bytes": _layer_bytes, "largest-error": _largest_error,
          "quantise": _quantise, "pareto-front": _as_numbers(_front)}

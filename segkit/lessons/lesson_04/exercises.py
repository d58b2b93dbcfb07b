"""The answers of lesson 04: fields of view, the sum of the branches, valid weights."""

import numpy as np

from segkit import reference
from segkit.lessons.exercise import judge, judge_number
from segkit.lessons.lesson_04 import experiments

RATES = (1, 4, 6, 9, 12)


def _span(answer):
    span = reference.effective_kernel(3, 6)
    right = (span - 1) * 16
    return judge_number(answer, right, [
        (span, "these are cells of the map; one cell stands for 16 pixels of the input"),
        (span * 16, "close: count the steps between the outer weights, not the cells"),
        (6 * 16, "this is the way from the middle to one side; the kernel reaches to both sides"),
        (3 * 6, "the weights are 6 cells apart: three weights have two gaps between them"),
        (3 * 16, "this is a kernel of rate 1 with its three cells; here the weights are 6 apart"),
    ], f"two gaps of 6 cells, and each cell is a step of 16 pixels: {right} of the 257 pixels.")


def _branches():
    """Three small branches that keep the number of channels, so that a chain of them runs, too."""
    kernel = np.linspace(-1, 1, 27).reshape(3, 3, 3)

    def branch(rate):
        return lambda x: reference.depthwise_conv2d(x, kernel, np.ones(3), rate=rate)

    return [branch(rate) for rate in (1, 2, 3)]


def _sum(answer):
    features = np.sin(np.arange(7 * 6 * 3, dtype=np.float32)).reshape(7, 6, 3)
    branches = _branches()
    each = [branch(features) for branch in branches]
    chain = features
    for branch in branches:
        chain = branch(chain)
    return judge(answer, [features, branches], sum(each), [
        (each[0], "this is the answer of the first branch alone; every branch has to be heard"),
        (np.mean(each, axis=0), "this is the mean; DeepLab v2 adds the scores"),
        (np.max(each, axis=0), "this keeps only the loudest branch at each place; DeepLab v2 adds"),
        (np.concatenate(each, axis=2), "this stacks the channels, as DeepLab v3 does; the scores "
                                       "of one class have to be added to those of the same class"),
        (chain, "here each branch reads what the one before it made; in ASPP all of them read the "
                "same features"),
    ], "every branch reads the same features, and the scores of each class are added.")


def _valid(answer):
    function = answer
    if callable(answer):
        def function(size):
            return [answer(size, rate) for rate in RATES]

    size, rates = 17, np.array(RATES)
    right = np.array([(experiments.valid_weights(size, rate) == 9).mean() for rate in RATES])
    along = np.maximum(size - 2 * rates, 0) / size
    return judge(function, [size], right, [
        (np.ones(len(RATES)), "with zeros around the map every place has an answer, but not every "
                              "place uses all its weights: the rate has to come in"),
        (along, "this is the share along one axis; a place has to be good along both"),
        ((np.maximum(size - rates, 0) / size) ** 2, "a kernel reaches over the border on two sides "
                                                    "of the map, and this counts one"),
        ((1 - 2 * rates / size) ** 2, "right for small rates; for a large one, size - 2 * rate is "
                                      "less than 0, and its square is not: stop at 0"),
        (right * size ** 2, "these are counts of places; divide by the number of all places"),
    ], f"along each axis, size - 2 x rate places are far enough from both borders: {right[1]:.2f} "
       f"of all places at rate {RATES[1]}, and none at rate {RATES[3]}.")


def _too_large(answer):
    size = 33
    right = next(rate for rate in range(1, size + 1)
                 if not (experiments.valid_weights(size, rate) == 9).any())
    return judge_number(answer, right, [
        (right - 1, "at this rate one place is left that uses all nine weights: the middle"),
        (9, "this is the rate for the 17 x 17 cells of the lesson; here the map has 33 x 33"),
        (size, "from this rate on, only the middle weight is left; the nine are gone much earlier"),
        (size // 3, "three weights with two gaps: the gaps have to fit, not three times the rate"),
        (size - 1, "this is the last rate with which two weights of a row can meet the map; all "
                   "nine are gone earlier"),
    ], f"the kernel spans 2 x {right} + 1 = {2 * right + 1} cells, and the map has {size}.")


JUDGES = {"aspp-span": _span, "aspp-sum": _sum, "valid-weights": _valid,
          "rate-too-large": _too_large}

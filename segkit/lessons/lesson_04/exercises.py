"""The exercises of lesson 04: the span of a branch, the sum of the branches, valid weights."""

import numpy as np

from segkit import reference
from segkit.languages import say
from segkit.lessons.exercise import function, number
from segkit.lessons.lesson_04 import experiments

RATES = (1, 4, 6, 9, 12)


def _span():
    rate, step = 5, 8  # the lesson prints the spans at output stride 16
    span = reference.effective_kernel(3, rate)
    right = (span - 1) * step
    return number(right, say("two gaps of {rate} cells, and each cell is a step of {step} pixels: {right} of "
                             "the 257 pixels.", rate=rate, step=step, right=right), [
        (span, say("these are cells of the map; one cell is a step of {step} pixels of the input", step=step)),
        (span * step, say("close: count the steps between the outer weights, not the cells")),
        (rate * step, say("this is the way from the middle to one side; the kernel reaches to both sides")),
        (2 * rate * 16, say("this is output stride 16; at 8 a cell is a step of 8 pixels")),
        (3 * rate, say("the weights are {rate} cells apart: three weights have two gaps between them",
                       rate=rate)),
        (3 * step, say("this is a kernel of rate 1 with its three cells; here the weights are {rate} apart",
                       rate=rate)),
    ])


def _branches():
    """Three small branches that keep the number of channels, so that a chain of them runs, too."""
    kernel = np.linspace(-1, 1, 27).reshape(3, 3, 3)

    def branch(rate):
        return lambda x: reference.depthwise_conv2d(x, kernel, np.ones(3), rate=rate)

    return [branch(rate) for rate in (1, 2, 3)]


def _decided(joined):
    """A way to decide: the class with the highest score in what ``joined`` makes of all scores."""
    return lambda features, branches: joined([b(features) for b in branches]).argmax(axis=2)


def _chain(features, branches):
    for branch in branches:
        features = branch(features)
    return features.argmax(axis=2)


def _majority(features, branches):
    votes = np.stack([branch(features).argmax(axis=2) for branch in branches])
    counts = [(votes == index).sum(axis=0) for index in range(votes.max() + 1)]
    return np.stack(counts, axis=2).argmax(axis=2)


def _sum():
    features = np.sin(np.arange(7 * 6 * 3, dtype=np.float32)).reshape(7, 6, 3)
    return function(
        given=[features, _branches()],
        right=_decided(sum),
        why=say("every branch reads the same features; their scores are added class by class, and only then "
                "the highest one decides."),
        mistakes=[
            (_decided(lambda scores: scores[0]),
             say("this is the decision of the first branch alone; every branch has to be heard")),
            (lambda features, branches: sum(branch(features) for branch in branches),
             say("these are the added scores; each cell still needs one class, the one with the highest "
                 "score")),
            (_majority,
             say("here each branch decides first, and then the majority; a weak yes counts as much as a "
                 "strong one. Add the scores first")),
            (_decided(lambda scores: np.max(scores, axis=0)),
             say("this listens only to the loudest branch at each place; DeepLab v2 adds")),
            (_decided(lambda scores: np.concatenate(scores, axis=2)),
             say("this stacks the channels, as DeepLab v3 does, so the place of the highest one is no class; "
                 "the scores of one class have to be added to those of the same class")),
            (lambda features, branches: sum(b(features).argmax(axis=2) for b in branches),
             say("this adds class indices; an index is a name, not an amount. Add the scores")),
            (_chain,
             say("here each branch reads what the one before it made; in ASPP all of them read the same "
                 "features")),
        ])


def _of_rates(answer):
    """Let a function of (size, rate) be judged by what it says for several rates."""
    return lambda size: [answer(size, rate) for rate in RATES]


def _valid():
    full = [(experiments.valid_weights(17, rate) == 9).mean() for rate in RATES]
    return function(
        given=[17],
        right=lambda size, rate: (max(size - 2 * rate, 0) / size) ** 2,
        why=say("along each axis, size - 2 x rate places are far enough from both borders: {full:.2f} of all "
                "places at rate {rates}, and none at rate {rates2}.", full=full[1], rates=RATES[1],
                rates2=RATES[3]),
        seen_as=_of_rates,
        mistakes=[
            (lambda size, rate: 1.0,
             say("with zeros around the map every place has an answer, but not every place uses all its "
                 "weights: the rate has to come in")),
            (lambda size, rate: max(size - 2 * rate, 0) / size,
             say("this is the share along one axis; a place has to be good along both")),
            (lambda size, rate: (max(size - rate, 0) / size) ** 2,
             say("a kernel reaches over the border on two sides of the map, and this counts one")),
            (lambda size, rate: (1 - 2 * rate / size) ** 2,
             say("right for small rates; for a large one, size - 2 * rate is less than 0, and its square is "
                 "not: stop at 0")),
            (lambda size, rate: max(size - 2 * rate, 0) ** 2,
             say("these are counts of places; divide by the number of all places")),
        ])


def _too_large():
    size = 33
    right = next(rate for rate in range(1, size + 1)
                 if not (experiments.valid_weights(size, rate) == 9).any())
    return number(right, say("the kernel spans 2 x {right} + 1 = {right2} cells, and the map has {size}.",
                             right=right, right2=2 * right + 1, size=size), [
        (right - 1, say("at this rate one place is left that uses all nine weights: the middle")),
        (9, say("this is the rate for the 17 x 17 cells of the lesson; here the map has 33 x 33")),
        (size, say("from this rate on, only the middle weight is left; the nine are gone much earlier")),
        (size // 3, say("three weights with two gaps: the gaps have to fit, not three times the rate")),
        (size - 1, say("this is the last rate with which two weights of a row can meet the map; all nine are "
                       "gone earlier")),
    ])


EXERCISES = {"aspp-span": _span, "aspp-sum": _sum, "valid-weights": _valid,
             "rate-too-large": _too_large}

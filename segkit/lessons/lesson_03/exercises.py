"""The exercises of lesson 03: arithmetic of atrous convolution, and a function that does it."""

import numpy as np

from segkit.errors import SegkitError
from segkit.languages import say
from segkit.lessons.exercise import Exercise, function, number
from segkit.reference import effective_kernel, gridding, receptive_field

WIDEST = [1, 3, 9]  # each rate is the width that the layers before it cover


def _field():
    layers = [(3, 2, 1), (3, 1, 1), (3, 1, 2)]  # (kernel, stride, rate), as the lesson writes them
    right = receptive_field(layers).size
    return number(right, say("1 + 2 + 4 + 8 = {right}: each layer adds 2 x its rate, times the strides before "
                             "it.", right=right), [
        (receptive_field([(3, 2, 1), (3, 1, 1), (3, 1, 1)]).size,
         say("the rate is missing: the weights of the third layer lie 2 places apart, and each place is a "
             "step of 2 pixels")),
        (receptive_field([(3, 1, 1), (3, 1, 1), (3, 1, 2)]).size,
         say("the stride is missing: behind the first layer, one place is a step of 2 pixels")),
        (receptive_field([(3, 1, 1)] * 3).size,
         say("this is the field of three plain layers; stride and rate both make it wider")),
        (right - 1, say("this is the way from the first to the last pixel; count the first one, too")),
        (right + 2, say("the stride of a layer counts for the layers behind it, not for itself")),
        (3 * 3 * effective_kernel(3, 2), say("widths are not multiplied: neighbouring kernels overlap, so "
                                             "each layer adds its steps")),
    ])


def _along(step=lambda rate: rate, width=None, turn=1, pace=lambda rate: 1):
    """The paper's y[i] = sum over k of x[i + rate * k] * w[k]; each argument is a way to be wrong.

    Args:
        step: how far weight k + 1 reads from weight k, by the rate.
        width: how far apart the weights are taken to lie where the outputs are counted.
        turn: -1 turns the weights round.
        pace: how many outputs lie from one that is kept to the next.
    """
    def line(x, weights, rate):
        outputs = len(x) - (width or step)(rate) * (len(weights) - 1)
        return sum(w * x[k * step(rate):][:outputs]
                   for k, w in enumerate(weights[::turn]))[::pace(rate)]

    return line


def _line():
    rate = 3
    return function(
        given=[np.array([3., 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]), np.array([1., 2, -1]), rate],
        right=_along(),
        why=say("weight k reads x from k * rate on, and every rate has the same number of weights."),
        mistakes=[
            (_along(lambda rate: 1), say("this is rate 1: the inputs still lie side by side; the rate belongs "
                                         "into both lines of the function")),
            (_along(lambda rate: 1, width=lambda rate: rate),
             say("the number of outputs is right, but the inputs lie side by side; weight k reads x from k * "
                 "rate on")),
            (_along(pace=lambda rate: rate),
             say("this leaves outputs out, which is a stride; the rate leaves inputs out")),
            (_along(turn=-1), say("the weights are turned round; the first weight belongs to the first input")),
            (_along(lambda rate: rate + 1), say("rate {rate} means steps of {rate}, so {rate2} inputs are "
                                                "left out between two weights", rate=rate, rate2=rate - 1)),
        ])


def _keep():
    return number(4, say("two steps of 2 are gone, so the inputs of the layer lie 2 x 2 = 4 times as dense; "
                         "rate 4 picks out those that it saw in training."), [
        (1, say("rate 1 is what the layer has now; on the denser map, it would see less of the photo than it "
                "saw in training")),
        (2, say("one step of 2 that is gone asks for rate 2; here two of them are gone")),
        (3, say("rates multiply as steps do: two steps of 2 make 4")),
        (8, say("8 is the new output stride; the rate makes up for the steps that are gone")),
        (16, say("rate 16 would make up for four steps of 2; two are gone")),
    ])


def _rates():
    """The three rates that see furthest without a hole."""
    form = say("the answer is a list of three whole numbers of 1 or more, such as [1, 1, 1]")
    widest = receptive_field([(3, 1, rate) for rate in WIDEST]).size

    def judge(answer):
        try:
            rates = [int(rate) for rate in answer]
            good = len(rates) == 3 and rates == list(answer)
            field = receptive_field([(3, 1, rate) for rate in rates]).size if good else 0
        except (TypeError, ValueError, SegkitError):
            good = False
        if not good:
            return form
        if unseen := int((gridding(rates) == 0).sum()):
            return (say("these rates span {field} x {field} pixels, but {unseen} of them are not seen: a rate "
                        "may be at most as large as the width that the others cover", field=field,
                        unseen=unseen))
        if field < widest:
            return (say("these rates see all {field} x {field} pixels; a rate may be as large as the width "
                        "that the others already cover, so more is possible", field=field))
        return None

    return Exercise(judge, WIDEST, (
        say("the layers cover 3, then 9, then {widest} pixels, and {widest} x {widest} pixels have {widest2} "
            "weights: each pixel is read on one path only.", widest=widest, widest2=9 * len(WIDEST))), (
        ([2, 2, 2], say("these rates span 13 x 13 pixels, but 120 of them are not seen: a rate may be at most "
                        "as large as the width that the others cover")),
        ([1, 3, 10], say("these rates span 29 x 29 pixels, but 112 of them are not seen: a rate may be at "
                         "most as large as the width that the others cover")),
        ([1, 2, 3], say("these rates see all 13 x 13 pixels; a rate may be as large as the width that the "
                        "others already cover, so more is possible")),
        ([1, 2, 7], say("these rates see all 21 x 21 pixels; a rate may be as large as the width that the "
                        "others already cover, so more is possible")),
        *((answer, form) for answer in ([1, 5], [1.5, 1.5, 3], [6, 0, 0], 6, "123")),
    ))


EXERCISES = {"field-by-hand": _field, "atrous-line": _line, "keep-the-field": _keep,
             "no-holes": _rates}

"""The answers of lesson 03: arithmetic of atrous convolution, and a function that does it."""

import numpy as np

from segkit.errors import SegkitError
from segkit.lessons.exercise import judge, judge_number
from segkit.reference import effective_kernel, gridding, receptive_field

WANTED = 13  # pixels that the reader's three layers should see


def _field(answer):
    layers = [(3, 2, 1), (3, 1, 1), (3, 1, 2)]  # (kernel, stride, rate), as in section 2
    right = receptive_field(layers).size
    return judge_number(answer, right, [
        (receptive_field([(3, 2, 1), (3, 1, 1), (3, 1, 1)]).size,
         "the rate is missing: the weights of the third layer lie 2 places apart, and each place "
         "is a step of 2 pixels"),
        (receptive_field([(3, 1, 1), (3, 1, 1), (3, 1, 2)]).size,
         "the stride is missing: behind the first layer, one place is a step of 2 pixels"),
        (receptive_field([(3, 1, 1)] * 3).size,
         "this is the field of three plain layers; stride and rate both make it wider"),
        (right - 1, "this is the way from the first to the last pixel; count the first one, too"),
        (right + 2, "the stride of a layer counts for the layers behind it, not for itself"),
        (3 * 3 * effective_kernel(3, 2), "widths are not multiplied: neighbouring kernels overlap, "
                                         "so each layer adds its steps"),
    ], f"1 + 2 + 4 + 8 = {right}: each layer adds 2 x its rate, times the strides before it.")


def _along(x, weights, rate, step=None):
    """The paper's y[i] = sum over k of x[i + rate * k] * weights[k], where all inputs are there."""
    step = rate if step is None else step
    outputs = len(x) - rate * (len(weights) - 1)
    return np.array([sum(w * x[i + step * k] for k, w in enumerate(weights))
                     for i in range(outputs)])


def _line(answer):
    x, rate = np.array([3., 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]), 3
    weights = np.array([1., 2, -1])
    right = _along(x, weights, rate)
    return judge(answer, [x, weights, rate], right, [
        (_along(x, weights, 1), "this is rate 1: the inputs still lie side by side; the rate "
                                "belongs into both lines of the function"),
        (_along(x, weights, rate, 1), "the number of outputs is right, but the inputs lie side by "
                                      "side; weight k reads x from k * rate on"),
        (right[::rate], "this leaves outputs out, which is a stride; the rate leaves inputs out"),
        (_along(x, weights[::-1], rate), "the weights are turned round; the first weight belongs "
                                         "to the first input"),
        (_along(x, weights, rate + 1), f"rate {rate} means steps of {rate}, so {rate - 1} inputs "
                                       "are left out between two weights"),
    ], "weight k reads x from k * rate on, and every rate has the same number of weights.")


def _keep(answer):
    return judge_number(answer, 4, [
        (1, "rate 1 is what the layer has now; on the denser map, it would see less of the photo "
            "than it saw in training"),
        (2, "one step of 2 that is gone asks for rate 2; here two of them are gone"),
        (3, "rates multiply as steps do: two steps of 2 make 4"),
        (8, "8 is the new output stride; the rate makes up for the steps that are gone"),
        (16, "rate 16 would make up for four steps of 2; two are gone"),
    ], "two steps of 2 are gone, so the inputs of the layer lie 2 x 2 = 4 times as dense; rate 4 "
       "picks out those that it saw in training.")


def _rates(answer):
    """Three rates that see 13 pixels, every one of them: more than one answer is right."""
    try:
        rates = [int(rate) for rate in answer]
        good = len(rates) == 3 and rates == list(answer)
        field = receptive_field([(3, 1, rate) for rate in rates]).size if good else 0
    except (TypeError, ValueError, SegkitError):
        good = False
    if not good:
        return False, "the answer is a list of three whole numbers of 1 or more, such as [1, 1, 1]"
    if field != WANTED:
        return False, (f"these rates see {field} pixels; to see {WANTED}, they have to add up to "
                       f"{(WANTED - 1) // 2}")
    unseen = int((gridding(rates) == 0).sum())
    if unseen:
        return False, (f"the field is {WANTED} pixels wide, but {unseen} pixels inside it are not "
                       "seen: all three rates share a factor")
    return True, (f"rates {', '.join(map(str, rates))} see all {WANTED} x {WANTED} pixels with "
                  f"{9 * len(rates)} weights.")


JUDGES = {"field-by-hand": _field, "atrous-line": _line, "keep-the-field": _keep,
          "no-holes": _rates}

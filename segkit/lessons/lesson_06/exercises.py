"""The exercises of lesson 06: the scores' grid, costs, the decoder's join, paired intervals."""

import cv2
import numpy as np

from segkit import reference
from segkit.languages import say
from segkit.lessons.exercise import function, number


def _grid_step():
    places = 65
    step = (257 - 1) // (places - 1)
    return number(step, say("(257 - 1) / ({places} - 1) = {step} pixels: the features of output stride 4 give "
                            "scores four times as close as those of 16.", places=places, step=step), [
        (16, say("this is the distance in DeepLab v3, with its 17 places; the decoder works on 65")),
        (places, say("this is the number of places along each side; the question is how far they lie apart")),
        (257 / places, say("the first place lies on pixel 0 and the last one on pixel 256, so there is one "
                           "distance less than there are places")),
        (places - 1, say("this is the number of distances; how long is each, if all together are 256?")),
    ], tolerance=0.02)


def _separable_cost():
    return function(
        given=[33, 29, 5, 48, 80],  # no two of them equal: none can stand for another
        right=lambda h, w, k, i, o: h * w * i * (k * k + o),
        why=say("depthwise k x k for each input channel, then 1 x 1 from all inputs to each output."),
        mistakes=[
            (lambda h, w, k, i, o: h * w * k * k * i * o,
             say("this is the dense convolution; a separable one filters each channel by itself, then mixes "
                 "the channels")),
            (lambda h, w, k, i, o: h * w * k * k * i,
             say("this is the depthwise half alone; the pointwise one mixes the channels")),
            (lambda h, w, k, i, o: h * w * i * o,
             say("this is the pointwise half alone; the depthwise one filters each channel")),
            (lambda h, w, k, i, o: i * (k * k + o),
             say("right for one place; the layer works at height x width of them")),
            (lambda h, w, k, i, o: h * w * (k * k + i * o),
             say("one filter of k x k is not enough: each input channel has its own")),
            (lambda h, w, k, i, o: h * w * o * (k * k + i),
             say("the depthwise half works on the input's channels, before they are mixed")),
        ])


def _spread(high, low, **convention):
    return reference.resize_bilinear(high, *low.shape[:2], **convention)


def _narrowed(low, kernel):
    return reference.conv2d(low, kernel)


def _joined(spread, low_of=_narrowed):
    """A way to join: what ``spread`` makes of (high, low), then what ``low_of`` makes of low."""
    return lambda low, high, kernel: np.concatenate(
        [spread(high, low), low_of(low, kernel)], axis=2)


def _aligned(high, low):
    return _spread(high, low, align_corners=True)


def _repeated(high, low):
    return np.kron(high, np.ones((4, 4, 1)))[:low.shape[0], :low.shape[1]]


def _nearest(high, low):
    return cv2.resize(high, low.shape[1::-1], interpolation=cv2.INTER_NEAREST)


def _at_coarse(low, high, kernel):
    low = reference.resize_bilinear(low, *high.shape[:2], align_corners=True)
    return np.concatenate([high, _narrowed(low, kernel)], axis=2)


def _decoder_join():
    values = np.random.default_rng(6)
    high = values.normal(size=(5, 4, 3)).astype(np.float32)
    low = values.normal(size=(17, 13, 4)).astype(np.float32)
    kernel = values.normal(size=(1, 1, 4, 2)).astype(np.float32)
    steps = (say("each place takes one coarse neighbour, which makes steps; features are amounts and may be "
                 "mixed: resize bilinearly"))
    return function(
        given=[low, high, kernel],
        right=_joined(_aligned),
        why=say("the coarse map is spread to the fine one, the fine one is narrowed, and the channels lie one "
                "behind the other."),
        mistakes=[
            (_joined(_aligned, lambda low, kernel: low),
             say("the low-level features still have all their channels: the 1 x 1 convolution narrows them "
                 "first")),
            (_at_coarse,
             say("this takes the low-level features down to the coarse grid, and their fine places are lost; "
                 "spread the others instead")),
            (_joined(_spread),
             say("the corners of the two maps do not lie on each other: set align_corners=True")),
            (_joined(lambda high, low: _spread(high, low, half_pixel_centers=True)),
             say("this is the convention of half pixels; DeepLab aligns the corners")),
            (_joined(_repeated), steps),
            (_joined(_nearest), steps),
            (lambda low, high, kernel: np.concatenate([_narrowed(low, kernel), _aligned(high, low)],
                                                      axis=2),
             say("both are there, in the other order; the layer that follows expects the high-level channels "
                 "first")),
            (lambda low, high, kernel: _aligned(high, low),
             say("the low-level features are missing: join both along the channels")),
        ])


def _ends(values, percentiles=(2.5, 97.5)):
    return np.percentile(values, percentiles)


def _paired_interval():
    values = np.random.default_rng(6)
    hard = values.uniform(0.2, 0.9, 40)  # how hard a photo is weighs more than which head sees it
    first = hard + values.normal(0, 0.02, 40)
    second = hard + 0.02 + values.normal(0, 0.02, 40)
    return function(
        given=[first, second, values.integers(0, 40, (500, 40))],
        right=lambda a, b, draws: _ends((b - a)[draws].mean(axis=1)),
        why=say("both heads see the same photos in each draw, so a hard photo lowers both numbers and leaves "
                "their difference."),
        mistakes=[
            (lambda a, b, draws: _ends(b[draws].mean(axis=1) - a[draws[::-1]].mean(axis=1)),
             say("here each head has photos of its own; use the same draw for both")),
            (lambda a, b, draws: _ends(b[draws].mean(axis=1)) - _ends(a[draws].mean(axis=1)),
             say("these are two intervals, one taken from the other; take the difference in each draw, and "
                 "the percentiles at the end")),
            (lambda a, b, draws: _ends((a - b)[draws].mean(axis=1)),
             say("this is what the first head gains over the second; turn the difference round")),
            (lambda a, b, draws: _ends(b - a),
             say("this says how far single photos differ; the mean of many moves less: draw photos, and take "
                 "the mean of each draw")),
            (lambda a, b, draws: _ends((b - a)[draws].mean(axis=1), (5, 95)),
             say("between these percentiles lie 90 of 100 draws; 95 are asked for")),
            (lambda a, b, draws: _ends((b - a)[draws].mean(axis=0)),
             say("the mean runs over the photos of one draw, the last axis of draws")),
            (lambda a, b, draws: (b - a)[draws].mean(axis=1),
             say("these are the differences of all draws; the interval is from their 2.5th to their 97.5th "
                 "percentile")),
        ])


EXERCISES = {"grid-step": _grid_step, "separable-cost": _separable_cost,
             "decoder-join": _decoder_join, "paired-interval": _paired_interval}

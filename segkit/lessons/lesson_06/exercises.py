"""The answers of lesson 06: the grid of the scores, costs, the decoder's join, and intervals."""

import cv2
import numpy as np

from segkit import reference
from segkit.lessons.exercise import judge, judge_choice, judge_number


def _grid_step(answer):
    places = 65
    step = (257 - 1) // (places - 1)
    return judge_number(answer, step, [
        (16, "this is the distance in DeepLab v3, with its 17 places; the decoder works on 65"),
        (places, "this is the number of places along each side; the question is how far they lie "
                 "apart"),
        (257 / places, "the first place lies on pixel 0 and the last one on pixel 256, so there is "
                       "one distance less than there are places"),
        (places - 1, "this is the number of distances; how long is each, if all together are 256?"),
    ], f"(257 - 1) / ({places} - 1) = {step} pixels: the features of output stride 4 give scores "
       "four times as close as those of output stride 16.", tolerance=0.02)


def _separable_cost(answer):
    given = (33, 29, 5, 48, 80)  # no two of them equal: none can stand for another
    height, width, k, inside, outside = given
    places = height * width
    return judge(answer, given, np.asarray(places * inside * (k * k + outside)), [
        (np.asarray(places * k * k * inside * outside), "this is the dense convolution; a "
         "separable one filters each channel by itself, then mixes the channels"),
        (np.asarray(places * k * k * inside), "this is the depthwise half alone; the pointwise one "
         "mixes the channels"),
        (np.asarray(places * inside * outside), "this is the pointwise half alone; the depthwise "
         "one filters each channel"),
        (np.asarray(inside * (k * k + outside)), "right for one place; the layer works at height x "
         "width of them"),
        (np.asarray(places * (k * k + inside * outside)), "one filter of k x k is not enough: each "
         "input channel has its own"),
        (np.asarray(places * outside * (k * k + inside)), "the depthwise half works on the input's "
         "channels, before they are mixed"),
    ], "depthwise k x k for each input channel, then 1 x 1 from all inputs to each output.")


def _decoder_join(answer):
    values = np.random.default_rng(6)
    high = values.normal(size=(5, 4, 3)).astype(np.float32)
    low = values.normal(size=(17, 13, 2)).astype(np.float32)
    size = low.shape[:2]
    wide = reference.resize_bilinear(high, *size, align_corners=True)
    repeated = high.repeat(4, axis=0).repeat(4, axis=1)[:size[0], :size[1]]
    nearest = cv2.resize(high, size[::-1], interpolation=cv2.INTER_NEAREST)
    steps = ("each place takes one coarse neighbour, which makes steps; features are amounts and "
             "may be mixed: resize bilinearly")
    small = reference.resize_bilinear(low, *high.shape[:2], align_corners=True)

    def join(*parts):
        return np.concatenate(parts, axis=2)

    return judge(answer, [low, high], join(wide, low), [
        (join(high, small), "this takes the low-level features down to the coarse grid, and their "
                            "fine places are lost; spread the others instead"),
        (join(reference.resize_bilinear(high, *size), low), "the corners of the two maps do not "
         "lie on each other: set align_corners=True"),
        (join(reference.resize_bilinear(high, *size, half_pixel_centers=True), low), "this is "
         "the convention of half pixels; DeepLab aligns the corners"),
        (join(repeated, low), steps),
        (join(nearest, low), steps),
        (join(low, wide), "both are there, in the other order; the layer that follows expects the "
                          "high-level channels first"),
        (wide, "the low-level features are missing: join both along the channels"),
    ], "the coarse map is spread to the fine one, and the channels lie one behind the other.")


def _wide_interval(answer):
    return judge_choice(answer, "not shown", {
        "B is better": "B's number is higher on these photos; the intervals say that other photos "
                       "of the same kind could well turn it round",
        "both are equal": "that is not shown either: a difference may be there, and too small for "
                          "so few photos",
        "A is better": "not even these photos say so: B has the higher number",
    }, "the difference is much smaller than the intervals are wide; more photos, or a comparison "
       "photo by photo, could tell.")


JUDGES = {"grid-step": _grid_step, "separable-cost": _separable_cost,
          "decoder-join": _decoder_join, "wide-interval": _wide_interval}

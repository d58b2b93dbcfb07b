"""The answers of lesson 05: image pooling, folding, rates and costs at another output stride."""

import numpy as np

from segkit import reference
from segkit.lessons.exercise import judge, judge_number


def _image_pooling(answer):
    features = np.sin(np.arange(6 * 5 * 4, dtype=np.float32) ** 1.5).reshape(6, 5, 4)
    mean = features.mean(axis=(0, 1))

    def spread(values):
        return np.broadcast_to(values, features.shape)

    return judge(answer, [features], spread(mean), [
        (mean, "this is one vector for the whole image; every cell needs it, so repeat it over "
               "height and width"),
        (mean[None, None], "the numbers are right, and stand in one cell; repeat it over height "
                           "and width"),
        (features.mean(axis=2), "this is a mean over the channels; the mean runs over height and "
                                "width, and each channel keeps its own"),
        (spread(features.mean(axis=2, keepdims=True)), "this is a mean over the channels; the mean "
         "runs over height and width, and each channel keeps its own"),
        (spread(features.max(axis=(0, 1))), "this is the maximum; DeepLab v3 takes the mean"),
        (spread(features.sum(axis=(0, 1))), "this is the sum; it would grow with the size of the "
                                            "map, so divide by the number of cells"),
        (spread(features.mean()), "this is one number for all channels; each channel has its own "
                                  "mean"),
        (spread(features.mean(axis=0, keepdims=True)), "this is a mean of each column; take the "
                                                       "mean over the rows as well"),
    ], "one mean for each channel, and the same vector in every cell.")


def _parameters():
    """Kernel, mean, variance, gamma, beta of a small layer; one variance is tiny."""
    kernel = np.cos(np.arange(27, dtype=np.float32)).reshape(1, 1, 3, 9)[..., :3]
    return [np.ascontiguousarray(kernel), *(np.array(values, np.float32) for values in (
        [1, -2, 0.5], [4, 0.001, 0.25], [1.5, 0.5, 2], [0.1, 1, -3]))]


def _flat(kernel, bias):
    return np.concatenate([np.ravel(kernel), np.ravel(bias)])


def _fold(answer):
    given = _parameters()
    kernel, mean, variance, gamma, beta = given
    scale = gamma / np.sqrt(variance + 1e-3)
    function = answer
    if callable(answer):
        def function(*arguments):
            got = answer(*arguments)
            if not isinstance(got, (tuple, list)) or len(got) != 2:
                raise ValueError("return two arrays, the kernel and the bias")
            return _flat(*got)

    bias = beta - mean * scale
    bare = gamma / np.sqrt(variance)
    squared = gamma / (variance + 1e-3)
    return judge(function, given, _flat(*reference.fold_batch_norm(kernel, None, *given[1:])), [
        (_flat(kernel * scale, beta), "the mean is missing: what is taken away before the scale "
                                      "has to go into the bias"),
        (_flat(kernel * scale, beta - mean), "the mean is taken away before the scale, so in the "
                                             "bias it has to be scaled, too"),
        (_flat(kernel * scale, beta + mean * scale), "the mean is taken away, not added"),
        (_flat(kernel * scale, -mean * scale), "beta is missing: it is added at the end, so it "
                                               "belongs to the bias"),
        (_flat(kernel * scale, beta - mean * gamma), "the bias lacks the root: the mean is scaled "
                                                     "by the whole of gamma / sqrt(variance + "
                                                     "epsilon)"),
        (_flat(kernel * scale / gamma, beta - mean * scale / gamma), "gamma is missing: it "
         "multiplies what was divided by the root"),
        (_flat(kernel, bias), "the bias is right; the kernel has to be scaled as well"),
        (_flat(kernel * bare, beta - mean * bare), "epsilon is missing: variance + epsilon stands "
                                                   "under the root"),
        (_flat(kernel * squared, beta - mean * squared), "the root is missing: divide by the "
         "standard deviation, not by the variance"),
        (_flat(kernel * scale[:, None], bias), "the scale belongs to the output channels, the last "
                                               "axis of the kernel; here it is on the inputs"),
    ], "scale = gamma / sqrt(variance + epsilon) goes into the kernel, beta - mean x scale into "
       "the bias.")


def _rate(answer):
    return judge_number(answer, 18, [
        (9, "with the same rate, the cells that it reads lie half as far apart on the photo"),
        (4.5, "the other way: a cell is now a smaller step, so more of them are needed"),
        (36, "the step is half as long, not a quarter"),
        (144, "this is the step in pixels of the photo; how many cells of 8 pixels is that?"),
        (12, "this is what the middle rate, 6, becomes; the question is about 9"),
    ], "16 / 8 = 2, so each rate is doubled: a step of 18 cells of 8 pixels is as long as one of 9 "
       "cells of 16.")


def _cost(answer):
    kernel = (1, 1, 192, 128)
    right = reference.multiply_adds(33, 33, kernel) / reference.multiply_adds(17, 17, kernel)
    return judge_number(answer, right, [
        (4, "close: that is the limit for a very large photo; count the cells of 33 x 33 and of "
            "17 x 17"),
        (2, "twice as many along one axis; the map has two"),
        (33 / 17, "this is the ratio along one axis; the map has two"),
        (33 ** 2, "these are the cells at stride 8; divide by the cells at stride 16"),
        (1, "the kernel is the same, but it works at every cell, and there are more of them"),
        (1 / right, "this is the other way round"),
        (33 ** 2 - 17 ** 2, "this is how many cells more there are; divide, do not subtract"),
    ], f"33 x 33 cells in place of 17 x 17: {right:.2f} multiply-adds for each one before, whatever "
       "the kernel.", tolerance=0.05)


JUDGES = {"image-pooling": _image_pooling, "fold-batch-norm": _fold, "rate-at-stride-8": _rate,
          "cost-at-stride-8": _cost}

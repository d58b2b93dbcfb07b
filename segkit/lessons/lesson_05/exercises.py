"""The exercises of lesson 05: image pooling, folding, rates and costs at output stride 8."""

import numpy as np

from segkit import reference
from segkit.languages import say
from segkit.lessons.exercise import function, number


def _spread(values, x):
    """The same values in every cell of a map."""
    return np.broadcast_to(values, x.shape)


def _image_pooling():
    features = np.sin(np.arange(6 * 5 * 4, dtype=np.float32) ** 1.5).reshape(6, 5, 4)
    return function(
        given=[features],
        right=lambda x: _spread(x.mean(axis=(0, 1)), x),
        why=say("one mean for each channel, and the same vector in every cell."),
        mistakes=[
            (lambda x: x.mean(axis=(0, 1)),
             say("this is one vector for the whole image; every cell needs it, so repeat it over height and "
                 "width")),
            (lambda x: x.mean(axis=(0, 1))[None, None],
             say("the numbers are right, and stand in one cell; repeat it over height and width")),
            (lambda x: x.mean(axis=2),
             say("this is a mean over the channels; the mean runs over height and width, and each channel "
                 "keeps its own")),
            (lambda x: _spread(x.mean(axis=2, keepdims=True), x),
             say("this is a mean over the channels; the mean runs over height and width, and each channel "
                 "keeps its own")),
            (lambda x: _spread(x.max(axis=(0, 1)), x),
             say("this is the maximum; DeepLab v3 takes the mean")),
            (lambda x: _spread(x.sum(axis=(0, 1)), x),
             say("this is the sum; it would grow with the size of the map, so divide by the number of cells")),
            (lambda x: _spread(x.mean(), x),
             say("this is one number for all channels; each channel has its own mean")),
            (lambda x: _spread(x.mean(axis=0, keepdims=True), x),
             say("this is a mean of each column; take the mean over the rows as well")),
        ])


def _layer():
    """Kernel, mean, variance, gamma, beta of a small layer; one variance is tiny."""
    kernel = np.cos(np.arange(27, dtype=np.float32)).reshape(1, 1, 3, 9)[..., :3]
    return [np.ascontiguousarray(kernel), *(np.array(values, np.float32) for values in (
        [1, -2, 0.5], [4, 0.001, 0.25], [1.5, 0.5, 2], [0.1, 1, -3]))]


def _folded(kernel_of, bias_of, scale_of=lambda gamma, variance: gamma / np.sqrt(variance + 1e-3)):
    """A way to fold: kernel_of(kernel, scale) and bias_of(beta, mean, scale)."""
    def fold(kernel, mean, variance, gamma, beta):
        scale = scale_of(gamma, variance)
        return kernel_of(kernel, scale), bias_of(beta, mean, scale)

    return fold


def _scaled(kernel, scale):
    return kernel * scale


def _moved(beta, mean, scale):
    return beta - mean * scale


def _flat(fold):
    """Let a function that returns (kernel, bias) be judged by one array."""
    def flat(*given):
        got = fold(*given)
        if not isinstance(got, (tuple, list)) or len(got) != 2:
            raise ValueError(say("return two arrays, the kernel and the bias"))
        return np.concatenate([np.ravel(part) for part in got])

    return flat


def _fold():
    return function(
        given=_layer(),
        right=lambda kernel, *norm: reference.fold_batch_norm(kernel, None, *norm),
        why=say("scale = gamma / sqrt(variance + epsilon) goes into the kernel, beta - mean x scale into the "
                "bias."),
        seen_as=_flat,
        mistakes=[
            (_folded(_scaled, lambda beta, mean, scale: beta),
             say("the mean is missing: what is taken away before the scale has to go into the bias")),
            (_folded(_scaled, lambda beta, mean, scale: beta - mean),
             say("the mean is taken away before the scale, so in the bias it has to be scaled, too")),
            (_folded(_scaled, lambda beta, mean, scale: beta + mean * scale),
             say("the mean is taken away, not added")),
            (_folded(_scaled, lambda beta, mean, scale: -mean * scale),
             say("beta is missing: it is added at the end, so it belongs to the bias")),
            (lambda k, m, v, g, b: (k * g / np.sqrt(v + 1e-3), b - m * g),
             say("the bias lacks the root: the mean is scaled by the whole of gamma / sqrt(variance + "
                 "epsilon)")),
            (_folded(_scaled, _moved, lambda gamma, variance: 1 / np.sqrt(variance + 1e-3)),
             say("gamma is missing: it multiplies what was divided by the root")),
            (_folded(lambda kernel, scale: kernel, _moved),
             say("the bias is right; the kernel has to be scaled as well")),
            (_folded(_scaled, _moved, lambda gamma, variance: gamma / np.sqrt(variance)),
             say("epsilon is missing: variance + epsilon stands under the root")),
            (_folded(_scaled, _moved, lambda gamma, variance: gamma / (variance + 1e-3)),
             say("the root is missing: divide by the standard deviation, not by the variance")),
            (_folded(lambda kernel, scale: kernel * scale[:, None], _moved),
             say("the scale belongs to the output channels, the last axis of the kernel; here it is on the "
                 "inputs")),
        ])


def _forgotten():
    return number(2 * 9 * 8, say("two gaps of 9 cells, and a cell is now a step of 8 pixels: half of the "
                                 "training's 288. The doubled rate, 18, gives them back."), [
        (2 * 9 * 16, say("this is how wide the kernel was in the training, with cells of 16 pixels; at output "
                         "stride 8 a cell is a smaller step")),
        (9 * 8, say("this is one gap; three weights have two gaps between them")),
        (2 * 9, say("these are steps of the map; how many pixels of the photo is each of them?")),
        (19 * 8, say("close: count the steps between the outer weights, not the cells")),
        (3 * 9 * 8, say("three weights have two gaps between them, not three")),
    ])


def _cost():
    kernel = (1, 1, 192, 128)
    right = reference.multiply_adds(33, 33, kernel) / reference.multiply_adds(17, 17, kernel)
    return number(right, say("33 x 33 cells in place of 17 x 17: {right:.2f} multiply-adds for each one "
                             "before, whatever the kernel.", right=right), [
        (4, say("close: that is the limit for a very large photo; count the cells of 33 x 33 and of 17 x 17")),
        (2, say("twice as many along one axis; the map has two")),
        (33 / 17, say("this is the ratio along one axis; the map has two")),
        (33 ** 2, say("these are the cells at stride 8; divide by the cells at stride 16")),
        (1, say("the kernel is the same, but it works at every cell, and there are more of them")),
        (1 / right, say("this is the other way round")),
        (33 ** 2 - 17 ** 2, say("this is how many cells more there are; divide, do not subtract")),
    ], tolerance=0.05)


EXERCISES = {"image-pooling": _image_pooling, "fold-batch-norm": _fold,
             "rate-not-doubled": _forgotten, "cost-at-stride-8": _cost}

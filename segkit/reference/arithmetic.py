"""Sizes, receptive fields and costs: what the DeepLab papers calculate, on whole numbers.

Each function looks at one axis where the other one goes the same way. Sizes and paddings are in
pixels of the map that a layer reads.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from operator import index
from typing import NamedTuple

import numpy as np

from segkit.errors import SegkitError
from segkit.languages import say
from segkit.reference.checks import positive


class Layer(NamedTuple):
    """One convolution or pooling along one axis: size of its kernel, stride, atrous rate."""

    kernel: int
    stride: int = 1
    rate: int = 1


class ReceptiveField(NamedTuple):
    """What one output looks at: `size` input pixels; the next output's lie `stride` further on."""

    size: int
    stride: int


def effective_kernel(kernel: int, rate: int = 1) -> int:
    """The pixels that an atrous kernel spans, along an axis: kernel + (kernel - 1)(rate - 1).

    Chen et al., https://arxiv.org/abs/1606.00915, section 3.1. SegkitError for a number below 1.
    """
    return (positive("kernel size", kernel) - 1) * positive("rate", rate) + 1


def same_padding(size: int, kernel: int, stride: int = 1, rate: int = 1) -> tuple[int, int]:
    """The padding (before, after) of an axis that gives ceil(size / stride) outputs: "same".

    TensorFlow's rule: an odd number puts the extra pixel at the end. Source: "Notes on padding",
    https://www.tensorflow.org/api_docs/python/tf/nn. SegkitError for a number below 1.
    """
    size, stride = positive("size", size), positive("stride", stride)
    outputs = -(-size // stride)  # rounded up
    total = max((outputs - 1) * stride + effective_kernel(kernel, rate) - size, 0)
    return total // 2, total - total // 2


def padding_pair(size: int, kernel: int, stride: int, padding: str | Sequence[int],
                 rate: int) -> tuple[int, int]:
    """(before, after) for "same", "valid" or a pair; SegkitError for anything else."""
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise SegkitError(say("unknown padding {padding!r}; there are 'same', 'valid' and pixels",
                                  padding=padding))
        return same_padding(size, kernel, stride, rate) if padding == "same" else (0, 0)
    try:
        before, after = (index(pixels) for pixels in padding)
    except (TypeError, ValueError):
        before = after = -1
    if min(before, after) < 0:
        raise SegkitError(say("the padding of an axis is {padding!r}; give two whole numbers of 0 or more",
                              padding=padding))
    return before, after


def output_size(size: int, kernel: int, stride: int = 1, padding: str | Sequence[int] = "same",
                rate: int = 1) -> int:
    """How many outputs a layer has along an axis of `size` pixels.

    `padding` is "same", "valid" or (before, after). SegkitError where the kernel does not fit once,
    for an unknown padding, and for a number below 1.
    """
    size, stride = positive("size", size), positive("stride", stride)
    span = effective_kernel(kernel, rate)
    padded = size + sum(padding_pair(size, kernel, stride, padding, rate))
    if padded < span:
        raise SegkitError(say("a kernel of size {kernel} and rate {rate} spans {span} pixels; it does not fit "
                              "into an axis of {padded} pixels, padding included", kernel=kernel, rate=rate,
                              span=span, padded=padded))
    return (padded - span) // stride + 1


def receptive_field(layers: Iterable[Layer | Sequence[int]]) -> ReceptiveField:
    """How many input pixels one output of a stack of layers depends on, along one axis.

    `layers` run from input to output; each is a `Layer`, or a tuple (kernel,), (kernel, stride) or
    (kernel, stride, rate). A layer widens the field by its effective kernel less one, in steps of
    the stride that the layers before it have reached. An empty stack sees one pixel.

    Source: Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks",
    Distill 2019, https://doi.org/10.23915/distill.00021. SegkitError for a number below 1, and for
    a layer that has none or more than three.
    """
    size, reached = 1, 1
    for layer in layers:
        try:
            kernel, stride, rate = Layer(*layer)
        except TypeError as error:
            raise SegkitError(say("{layer!r} is no layer; give (kernel, stride, rate)", layer=layer)) from error
        size += (effective_kernel(kernel, rate) - 1) * reached
        reached *= positive("stride", stride)
    return ReceptiveField(size, reached)


def gridding(rates: Sequence[int], kernel: int = 3) -> np.ndarray:
    """How many paths lead from each input pixel to one output of a stack of atrous layers.

    The layers have kernels of `kernel` x `kernel`, stride 1 and the given rates. The result is
    (n, n) int64, where n is the stack's receptive field; the output lies over its middle. A zero is
    a pixel that the output cannot see: rates with a common factor leave a grid of zeros.

    Source: Wang et al., "Understanding Convolution for Semantic Segmentation",
    https://arxiv.org/abs/1702.08502, who call it gridding. SegkitError for a number below 1 and
    for more paths than an int64 can count.
    """
    taps = positive("kernel size", kernel)
    if np.ndim(rates) != 1:
        raise SegkitError(say("the rates are {rates!r}; give a list, one rate for each layer", rates=rates))
    if taps ** (2 * len(rates)) > np.iinfo(np.int64).max:
        raise SegkitError(say("{rates} layers of {taps}x{taps} have more paths than an int64 can count; take "
                              "fewer layers", rates=len(rates), taps=taps))
    line = np.ones(1, np.int64)
    for rate in rates:
        comb = np.zeros(effective_kernel(taps, rate), np.int64)
        comb[::rate] = 1
        line = np.convolve(line, comb)
    # All taps count alike, so a path is a way down and, independent of it, a way across.
    return np.outer(line, line)


def multiply_adds(height: int, width: int, kernel_shape: Sequence[int]) -> int:
    """Multiply-adds of a convolution: each number of its kernel works once for each OUTPUT pixel.

    `height` and `width` are the output's, in pixels: stride and rate show in them alone.
    `kernel_shape` is (kh, kw, C_in / groups, C_out), or for a depthwise convolution (kh, kw, C) or
    (kh, kw, C, M). SegkitError for a number below 1.
    """
    if np.ndim(kernel_shape) != 1:
        raise SegkitError(say("the kernel's shape is no tuple of numbers; give kernel.shape"))
    numbers = [positive("size in the kernel's shape", number) for number in kernel_shape]
    return positive("height", height) * positive("width", width) * math.prod(numbers)

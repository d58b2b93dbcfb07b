"""Convolutions, batch normalisation and activations.

A kernel of kh x kw has kh * kw taps. For one tap, all outputs together read the same map, shifted
to the tap's place: one slice of the padded input. The rate says how far the slices lie apart, the
stride is their step. A convolution is the sum of kh * kw matrix products; no loop runs over pixels.

Sources: Chen et al., DeepLab v2, https://arxiv.org/abs/1606.00915, section 3.1 (atrous
convolution); Ioffe and Szegedy, https://arxiv.org/abs/1502.03167, section 3.1 (batch norm); the
operators CONV_2D and DEPTHWISE_CONV_2D of https://ai.google.dev/edge/litert.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from segkit.errors import SegkitError
from segkit.languages import say
from segkit.reference.arithmetic import output_size, padding_pair
from segkit.reference.checks import array, feature_map, pair, per_channel, positive

Pair = int | tuple[int, int]
Padding = str | Sequence[Sequence[int]]


def _each_axis(padding: Padding) -> tuple:
    """The padding of rows and of columns, which may be words or pairs of pixels."""
    try:
        vertical, horizontal = (padding, padding) if isinstance(padding, str) else padding
    except (TypeError, ValueError) as error:
        raise SegkitError(say("the padding is {padding!r}; give 'same', 'valid' or ((top, bottom), (left, "
                              "right))", padding=padding)) from error
    return vertical, horizontal


def taps(x: np.ndarray, size: tuple[int, int], stride: Pair, padding: Padding, rate: Pair,
         fill: float = 0.0) -> Iterator[tuple[int, int, np.ndarray]]:
    """For each tap (i, j) of a kernel of `size`: what it reads, a view of (H_out, W_out, C).

    `x` is (H, W, C), `fill` the value of its padding. SegkitError as in `output_size`.
    """
    stride, rate = pair("stride", stride), pair("rate", rate)
    paddings = _each_axis(padding)
    margins = [padding_pair(*axis) for axis in zip(x.shape, size, stride, paddings, rate)]
    height, width = (output_size(*axis) for axis in zip(x.shape, size, stride, margins, rate))
    padded = np.pad(x, (*margins, (0, 0)), constant_values=fill) if np.any(margins) else x
    for i in range(size[0]):
        for j in range(size[1]):
            rows, columns = padded[i * rate[0]::stride[0]], slice(j * rate[1], None, stride[1])
            yield i, j, rows[:height, columns][:, :width]


def conv2d(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None = None, stride: Pair = 1,
           padding: Padding = "same", rate: Pair = 1, groups: int = 1) -> np.ndarray:
    """2-D convolution, (H, W, C_in) -> (H_out, W_out, C_out) float32.

    Args:
        x: (H, W, C_in) feature map.
        kernel: (kh, kw, C_in / groups, C_out). It is not flipped: what the field calls a
            convolution is a cross-correlation.
        bias: (C_out,) or None.
        stride, rate: one number, or (vertical, horizontal). The rate is the atrous rate.
        padding: "same" gives ceil(size / stride) outputs, with an odd pixel of zeros at the bottom
            and right; "valid" adds none; ((top, bottom), (left, right)) adds so many.
        groups: the channels are cut into so many parts; each part of the outputs reads only its
            own part of the inputs.

    Raises:
        SegkitError: shapes that do not fit together, a kernel that is larger than the padded map,
            an unknown padding, a number below 1.
    """
    x = feature_map(x)
    kernel = array("kernel", kernel, (4,), "(kh, kw, C_in / groups, C_out)")
    groups = positive("number of groups", groups)
    outputs = kernel.shape[3]
    if x.shape[2] != kernel.shape[2] * groups or outputs % groups:
        raise SegkitError(say("a kernel of shape {shape} with groups={groups} does not fit a feature map of "
                              "shape {shape2}: it takes {groups2} channels, and {outputs} outputs must be a "
                              "multiple of the groups", shape=kernel.shape, groups=groups, shape2=x.shape,
                              groups2=kernel.shape[2] * groups, outputs=outputs))
    bias = per_channel("bias", bias, outputs)
    if groups > 1:
        parts = zip(np.split(x, groups, axis=2), np.split(kernel, groups, axis=3))
        return np.concatenate([conv2d(part, own, None, stride, padding, rate)
                               for part, own in parts], axis=2) + bias
    total = None
    for i, j, seen in taps(x, kernel.shape[:2], stride, padding, rate):
        product = seen.reshape(-1, x.shape[2]) @ kernel[i, j]
        total = product if total is None else np.add(total, product, out=total)
    return (total + bias).reshape(*seen.shape[:2], outputs)


def depthwise_conv2d(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None = None,
                     stride: Pair = 1, padding: Padding = "same", rate: Pair = 1) -> np.ndarray:
    """Each channel filtered by itself, (H, W, C) -> (H_out, W_out, C * M) float32.

    The kernel is (kh, kw, C), or (kh, kw, C, M) for M outputs from each channel: output c * M + m
    is the m-th of channel c. The bias is (C * M,) or None. The rest is as in `conv2d`.
    """
    x = feature_map(x)
    kernel = array("depthwise kernel", kernel, (3, 4), "(kh, kw, C) or (kh, kw, C, M)")
    if x.shape[2] != kernel.shape[2]:
        raise SegkitError(say("a depthwise kernel of shape {shape} takes {channels} channels; the feature map "
                              "has shape {shape2}", shape=kernel.shape, channels=kernel.shape[2],
                              shape2=x.shape))
    multiplier = kernel.shape[3] if kernel.ndim == 4 else 1
    outputs = x.shape[2] * multiplier
    bias, kernel = per_channel("bias", bias, outputs), kernel.reshape(*kernel.shape[:2], outputs)
    if multiplier > 1:
        x = np.repeat(x, multiplier, axis=2)
    total = None
    for i, j, seen in taps(x, kernel.shape[:2], stride, padding, rate):
        product = seen * kernel[i, j]
        total = product if total is None else np.add(total, product, out=total)
    return total + bias


def _norm_terms(channels: int, mean, variance, gamma, beta, epsilon: float):
    """Scale and shift of a batch norm at inference, (channels,) each: y = scale * x + shift."""
    given = {"mean": mean, "variance": variance, "gamma": gamma, "beta": beta}
    for name, values in given.items():
        if values is None:
            raise SegkitError(say("the {name} is missing; expected ({channels},)", name=name,
                                  channels=channels))
        given[name] = per_channel(name, values, channels)
    mean, variance, gamma, beta = given.values()
    if not (variance + epsilon > 0).all():
        raise SegkitError(say("variance + epsilon must be more than 0; it is {lowest} somewhere",
                              lowest=(variance + epsilon).min()))
    scale = gamma / np.sqrt(variance + np.float32(epsilon))
    return scale, beta - scale * mean


def batch_norm(x: np.ndarray, mean: np.ndarray, variance: np.ndarray, gamma: np.ndarray,
               beta: np.ndarray, epsilon: float = 1e-3) -> np.ndarray:
    """Batch normalisation at inference: gamma * (x - mean) / sqrt(variance + epsilon) + beta.

    `x` is (H, W, C), the answer has its shape, float32. `mean` and `variance` are those of the
    training data, `gamma` and `beta` were learned; all four are (C,). Source: Ioffe and Szegedy,
    https://arxiv.org/abs/1502.03167, section 3.1. SegkitError for other shapes, and where
    variance + epsilon is not positive.
    """
    x = feature_map(x)
    scale, shift = _norm_terms(x.shape[2], mean, variance, gamma, beta, epsilon)
    return x * scale + shift


def fold_batch_norm(kernel: np.ndarray, bias: np.ndarray | None, mean: np.ndarray,
                    variance: np.ndarray, gamma: np.ndarray, beta: np.ndarray,
                    epsilon: float = 1e-3, depthwise: bool = False):
    """The one convolution that does what a convolution and the batch norm after it did.

    At inference both are linear. The norm's scale goes into the kernel, its shift into the bias;
    so batch norm vanishes from a model file.

    Args:
        kernel, bias: as in `conv2d`; with `depthwise`, as in `depthwise_conv2d`.
        mean, variance, gamma, beta, epsilon: as in `batch_norm`, (C_out,) each.
        depthwise: which of the two the kernel belongs to; of four axes both can have.

    Returns:
        (kernel, bias): float32, the kernel in its old shape, the bias (C_out,).

    Raises:
        SegkitError: shapes that do not fit together, variance + epsilon not positive.
    """
    axes = "(kh, kw, C) or (kh, kw, C, M)" if depthwise else "(kh, kw, C_in / groups, C_out)"
    kernel = array("kernel", kernel, (3, 4) if depthwise else (4,), axes)
    outputs = kernel.shape[2:] if depthwise else kernel.shape[3:]
    channels = int(np.prod(outputs))
    scale, shift = _norm_terms(channels, mean, variance, gamma, beta, epsilon)
    bias = per_channel("bias", bias, channels)
    return kernel * scale.reshape(outputs), bias * scale + shift


def relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0), of any shape, float32."""
    return np.maximum(np.asarray(x, np.float32), np.float32(0))


def relu6(x: np.ndarray) -> np.ndarray:
    """min(max(x, 0), 6), of any shape, float32: the activation of the mobile networks."""
    return np.clip(np.asarray(x, np.float32), np.float32(0), np.float32(6))


def softmax(x: np.ndarray) -> np.ndarray:
    """Scores to probabilities along the last axis, of any shape, float32: they add up to 1."""
    x = np.asarray(x, np.float32)
    # Less the largest, so that no exponential overflows; the quotient stays the same.
    power = np.exp(x - x.max(axis=-1, keepdims=True))
    return power / power.sum(axis=-1, keepdims=True)

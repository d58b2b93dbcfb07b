"""What DeepLab builds from convolutions: ASPP, image pooling, separable convolutions, a decoder.

A block's weights are `Convolution` tuples, in the order of the data. Where the papers have a batch
norm, it is folded into kernel and bias (`fold_batch_norm`).

Sources: Chen et al., DeepLab v2, https://arxiv.org/abs/1606.00915, section 3.2; v3,
https://arxiv.org/abs/1706.05587, section 3.3; v3+, https://arxiv.org/abs/1802.02611, section 3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from segkit.errors import SegkitError
from segkit.languages import say
from segkit.reference.checks import feature_map
from segkit.reference.layers import Padding, Pair, conv2d, depthwise_conv2d, relu
from segkit.reference.resample import resize_bilinear


class Convolution(NamedTuple):
    """One convolution of a block, with stride 1 and "same" padding.

    Attributes:
        kernel: (kh, kw, C_in, C_out); three axes, (kh, kw, C), make it a depthwise one.
        bias: (C_out,) or None.
        rate: the atrous rate, one number or (vertical, horizontal).
        activation: a function of the result, as `relu` or `relu6`; None: none, as for logits.
    """

    kernel: np.ndarray
    bias: np.ndarray | None = None
    rate: Pair = 1
    activation: Callable[[np.ndarray], np.ndarray] | None = relu


Chain = Convolution | Sequence[Convolution]


def chain(x: np.ndarray, convolutions: Chain) -> np.ndarray:
    """One `Convolution` after the other, (H, W, C_in) -> (H, W, C_out) float32.

    A single one may stand for itself, without a list. SegkitError as in `conv2d`.
    """
    x = feature_map(x)
    for step in [convolutions] if isinstance(convolutions, Convolution) else convolutions:
        convolve = depthwise_conv2d if np.ndim(step.kernel) == 3 else conv2d
        x = convolve(x, step.kernel, step.bias, rate=step.rate)
        x = x if step.activation is None else step.activation(x)
    return x


def separable_conv(x: np.ndarray, depthwise_kernel: np.ndarray, pointwise_kernel: np.ndarray,
                   depthwise_bias: np.ndarray | None = None,
                   pointwise_bias: np.ndarray | None = None, stride: Pair = 1,
                   padding: Padding = "same", rate: Pair = 1,
                   activation: Callable[[np.ndarray], np.ndarray] | None = None) -> np.ndarray:
    """A filter in space, channel by channel, then a mix of the channels: (H, W, C) -> (..., C_out).

    With a rate over 1 it is the atrous separable convolution of DeepLab v3+, section 3.1.

    Args:
        x: (H, W, C) feature map.
        depthwise_kernel, depthwise_bias, stride, padding, rate: as in `depthwise_conv2d`.
        pointwise_kernel, pointwise_bias: (1, 1, C, C_out) and (C_out,) or None.
        activation: a function between the two, as `relu6`; None: none.

    Returns:
        (H_out, W_out, C_out) float32.

    Raises:
        SegkitError: as in `conv2d`, and where the pointwise kernel is not 1x1.
    """
    if np.shape(pointwise_kernel)[:2] != (1, 1):
        raise SegkitError(say("the pointwise kernel has shape {shape}; expected (1, 1, C, C_out)",
                              shape=np.shape(pointwise_kernel)))
    x = depthwise_conv2d(x, depthwise_kernel, depthwise_bias, stride, padding, rate)
    x = x if activation is None else activation(x)
    return conv2d(x, pointwise_kernel, pointwise_bias)


def image_pooling(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None = None,
                  activation: Callable[[np.ndarray], np.ndarray] | None = None) -> np.ndarray:
    """Features of the whole image at each pixel, (H, W, C) -> (H, W, C_out) float32.

    The map's mean, a 1x1 convolution, and back to the map's size: one pixel that is resized
    bilinearly is repeated. `kernel` is (1, 1, C, C_out), `bias` (C_out,) or None, `activation` a
    function or None. Source: DeepLab v3, section 3.3. SegkitError as in `conv2d`.
    """
    x = feature_map(x)
    image = conv2d(x.mean(axis=(0, 1), keepdims=True), kernel, bias)
    image = image if activation is None else activation(image)
    return np.tile(image, (*x.shape[:2], 1))


def aspp(x: np.ndarray, branches: Sequence[Chain], project: Chain | None = None,
         image: Convolution | None = None) -> np.ndarray:
    """Atrous spatial pyramid pooling, (H, W, C) -> (H, W, C_out) float32.

    Branches with several rates look at one map at once. They are joined in one of two ways:

    - without `project`, as in DeepLab v2: each branch ends in class scores, and these are added;
    - with `project`, as in DeepLab v3: the branches' channels lie one behind the other, in the
      order of `branches` and with those of `image` last, and `project` mixes them.

    Args:
        x: (H, W, C) feature map.
        branches: at least one; each a `Convolution` or several, that run one after the other.
        project: likewise; in the paper one 1x1 convolution.
        image: the 1x1 convolution of `image_pooling`; only with `project`.

    Raises:
        SegkitError: no branch, `image` without `project`, branches that cannot be added, and as
            in `conv2d`.
    """
    x = feature_map(x)
    results = [chain(x, branch) for branch in branches]
    if not results:
        raise SegkitError(say("ASPP got no branches; give at least one"))
    if project is not None:
        if image is not None:
            results.append(image_pooling(x, image.kernel, image.bias, image.activation))
        return chain(np.concatenate(results, axis=2), project)
    if image is not None:
        raise SegkitError(say("image pooling belongs to DeepLab v3's ASPP; give a project, too"))
    channels = [result.shape[2] for result in results]
    if len(set(channels)) > 1:
        raise SegkitError(say("the branches give {channels} channels and cannot be added; let each end in as "
                              "many class scores", channels=channels))
    return sum(results)


def decoder(low: np.ndarray, high: np.ndarray, narrow: Chain, refine: Chain,
            align_corners: bool = True) -> np.ndarray:
    """DeepLab v3+'s decoder, (H, W, C_low) and (h, w, C_high) -> (H, W, C_out) float32.

    `narrow` takes the low-level features to few channels, so that they do not outweigh the high
    ones; these are resized to (H, W) and laid before them; `refine` works on both. Resize the
    result, 4 times larger in the paper, for the photo.

    Args:
        low: features of the trunk's early layers: fine places, little meaning.
        high: the result of `aspp`.
        narrow: a 1x1 `Convolution`, or several convolutions.
        refine: the 3x3 convolutions, the last of them to class scores.
        align_corners: as in `resize_bilinear`.

    Raises:
        SegkitError: as in `conv2d`.
    """
    low, high = feature_map(low), feature_map(high)
    wide = resize_bilinear(high, *low.shape[:2], align_corners=align_corners)
    return chain(np.concatenate([wide, chain(low, narrow)], axis=2), refine)

"""Pooling and bilinear resizing of feature maps, as the operators of a model file do them.

AVERAGE_POOL_2D, MAX_POOL_2D and RESIZE_BILINEAR of https://ai.google.dev/edge/litert. Photos and
masks are resized in `segkit.masks.resize`.
"""

from __future__ import annotations

from functools import reduce

import numpy as np

from segkit.errors import SegkitError
from segkit.languages import say
from segkit.reference.checks import feature_map, pair, positive
from segkit.reference.layers import Padding, Pair, taps


def _windows(x: np.ndarray, size: Pair, stride: Pair | None, padding: Padding, fill: float):
    """What each place in a window reads, and how many pixels that are no padding a window has."""
    size = pair("size of the window", size)
    stride = size if stride is None else stride
    inside = np.ones((*x.shape[:2], 1), np.float32)
    count = sum(seen for _, _, seen in taps(inside, size, stride, padding, 1))
    if not count.all():
        raise SegkitError(say("a window of {size} lies in the padding {padding!r} alone; pad by less than the "
                              "window", size=size, padding=padding))
    return (seen for _, _, seen in taps(x, size, stride, padding, 1, fill)), count


def average_pool(x: np.ndarray, size: Pair, stride: Pair | None = None,
                 padding: Padding = "valid") -> np.ndarray:
    """Mean of each window, (H, W, C) -> (H_out, W_out, C) float32.

    Pixels of padding are not counted: a window at the edge is the mean of the pixels that it has.

    Args:
        x: (H, W, C) feature map.
        size: of the window, one number or (vertical, horizontal), in pixels.
        stride: likewise; None: the size, so that the windows lie side by side.
        padding: as in `conv2d`.

    Raises:
        SegkitError: another rank, an unknown padding, a window that is larger than the padded map
            or lies in the padding alone.
    """
    x = feature_map(x)
    seen, count = _windows(x, size, stride, padding, 0)
    return sum(seen) / count


def max_pool(x: np.ndarray, size: Pair, stride: Pair | None = None,
             padding: Padding = "valid") -> np.ndarray:
    """Largest value of each window, (H, W, C) -> (H_out, W_out, C) float32; padding never wins.

    Arguments and errors as in `average_pool`.
    """
    x = feature_map(x)
    seen, _ = _windows(x, size, stride, padding, -np.inf)
    return reduce(np.maximum, seen, np.float32(-np.inf))


def _neighbours(size: int, wanted: int, align_corners: bool, half_pixel_centers: bool):
    """For each of `wanted` outputs along an axis: the pixel before, the one after, its weight.

    Positions are float32, as in the runtimes: the last digit of a position is theirs, too.
    """
    scale = np.float32(size / wanted)
    if align_corners and wanted > 1:
        scale = np.float32((size - 1) / (wanted - 1))
    place = np.arange(wanted, dtype=np.float32)
    half = np.float32(0.5 if half_pixel_centers else 0)
    place = (place + half) * scale - half
    before = np.maximum(np.floor(place).astype(np.intp), 0)
    after = np.minimum(np.ceil(place).astype(np.intp), size - 1)
    return before, after, place - before.astype(np.float32)


def resize_bilinear(x: np.ndarray, height: int, width: int, align_corners: bool = False,
                    half_pixel_centers: bool = False) -> np.ndarray:
    """Bilinear interpolation, (H, W, C) -> (height, width, C) float32, in one of three conventions.

    They differ in the place of the source that output i of n looks at, for a side of s pixels:

    - neither flag: i * s / n. The first pixels coincide; the result leans to the top left.
    - `align_corners`: i * (s - 1) / (n - 1). The corner pixels' centres coincide. DeepLab's.
    - `half_pixel_centers`: (i + 0.5) * s / n - 0.5. The corners' outer edges coincide.

    Outside the map its edge goes on. With both flags set, a rank that is not 3, or a size below 1,
    SegkitError is raised. RESIZE_BILINEAR does the same, and refuses both flags together, too.
    """
    x = feature_map(x)
    height, width = positive("height", height), positive("width", width)
    if align_corners and half_pixel_centers:
        raise SegkitError(say("align_corners and half_pixel_centers are two conventions; choose one"))
    flags = align_corners, half_pixel_centers
    before, after, weight = _neighbours(x.shape[0], height, *flags)
    weight = weight[:, None, None]
    x = x[before] * (1 - weight) + x[after] * weight
    before, after, weight = _neighbours(x.shape[1], width, *flags)
    weight = weight[:, None]
    return x[:, before] * (1 - weight) + x[:, after] * weight

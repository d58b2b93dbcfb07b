"""Photo to the model's input size, and class map back to the photo's size.

Pixel centres sit at half-integers: output pixel i of n looks at the place
(i + 0.5) * size / n - 0.5 of the source, which is the identity where the sizes
agree. The cost depends on the size of the output alone, because only the pixels
that are looked at are touched.
"""

from dataclasses import dataclass
from math import isfinite

import cv2
import numpy as np

from segkit.errors import SegkitError
from segkit.languages import say

FITS = ("stretch", "letterbox")
GREY = 127.5  # what fills the bars of a letterbox: zero after the usual normalisation


@dataclass(frozen=True)
class Region:
    """Where a photo lies in the model's input: rows and columns, in input pixels."""

    top: int
    left: int
    height: int
    width: int


def fit_region(photo_size, input_size, fit):
    """The part of the input that a photo fills.

    Args:
        photo_size, input_size: (height, width).
        fit: "stretch" fills the whole input and changes the aspect ratio;
            "letterbox" keeps the aspect ratio and centres the photo.
    """
    (photo_height, photo_width), (height, width) = photo_size, input_size
    if fit == "stretch":
        return Region(0, 0, height, width)
    scale = min(height / photo_height, width / photo_width)
    inner_height = max(1, round(photo_height * scale))
    inner_width = max(1, round(photo_width * scale))
    return Region((height - inner_height) // 2, (width - inner_width) // 2,
                  inner_height, inner_width)


def resize_bilinear(photo, height, width):
    """Sample a photo with plain bilinear interpolation (no antialiasing).

    Each output pixel mixes the four source pixels around its place. A photo
    that is much larger than the output is thinned out, not averaged: this is
    what phone libraries do.

    Args:
        photo: (H, W, C) uint8.

    Returns:
        (height, width, C) float32 with whole numbers from 0 to 255: OpenCV
        calculates in integers and rounds to the nearest.
    """
    return resize_pixels(photo, height, width).astype(np.float32)


def resize_pixels(photo, height, width):
    """:func:`resize_bilinear` whose answer stays uint8; the photo itself where the sizes agree."""
    if photo.shape[:2] != (height, width):
        photo = cv2.resize(photo, (width, height), interpolation=cv2.INTER_LINEAR)
    return photo.reshape(height, width, -1)


def resize_nearest(mask, height, width, region=None):
    """Sample a class map: each output pixel takes the class at its place.

    Classes are names, not amounts: mixing two of them would give a third one.

    Args:
        mask: (h, w) array of class indices.
        region: the part of ``mask`` to look at, as (top, left, height, width) in
            pixels of the mask, fractions allowed; None: all of it.

    Returns:
        (height, width) array of the mask's dtype.

    Raises:
        SegkitError: the region is not finite.
    """
    top, left, part_height, part_width = region or (0, 0, *mask.shape)
    if not all(map(isfinite, (top, left, part_height, part_width))):
        raise SegkitError(say("a part of a mask is four finite numbers, not {region}", region=region))
    rows = _places(top, part_height, height, mask.shape[0])
    columns = _places(left, part_width, width, mask.shape[1])
    return mask.take(columns, axis=1).take(rows, axis=0)


def blended_mask(mask, height, width):
    """The mistake that :func:`resize_nearest` avoids: a class map enlarged like brightness.

    Args:
        mask: (h, w) uint8 class indices.

    Returns:
        (height, width) uint8; between class 0 and class 15 it holds every class from 1 to 14.
    """
    return np.rint(resize_bilinear(mask, height, width)[..., 0]).astype(np.uint8)


def _places(start, length, count, size):
    """The pixels nearest to ``count`` places in [start, start + length) of an axis."""
    place = start + (np.arange(count) + 0.5) * (length / count)
    return np.clip(place.astype(np.intp), 0, size - 1)

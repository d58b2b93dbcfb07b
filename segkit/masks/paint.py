"""A mask painted over its photo."""

import cv2
import numpy as np

from segkit.errors import SegkitError
from segkit.languages import say
from segkit.masks import labels


def paint(photo, mask, opacity=0.5):
    """A photo with every class of a mask but the background painted over it.

    Args:
        photo: (H, W, 3) uint8 RGB.
        mask: (H, W) uint8 class indices; 255 (ignore) is painted light grey.
        opacity: 0 (only the photo) to 1 (only the colours).

    Returns:
        (H, W, 3) uint8 RGB, in the colours of :func:`segkit.masks.labels.screen_palette`.

    Raises:
        SegkitError: an opacity outside 0 to 1, or arrays of another type or shape.
    """
    if not 0 <= opacity <= 1:
        raise SegkitError(say("opacity must lie between 0 and 1, not {opacity}", opacity=opacity))
    if photo.dtype != np.uint8 or mask.dtype != np.uint8 or photo.shape != (*mask.shape, 3):
        raise SegkitError(say("a photo of {dtype} {shape} and a mask of {dtype2} {shape2} cannot be painted; "
                              "give uint8 of the shapes (H, W, 3) and (H, W)", dtype=photo.dtype,
                              shape=photo.shape, dtype2=mask.dtype, shape2=mask.shape))
    colours = cv2.applyColorMap(mask, labels.screen_palette()[:, None])
    painted = cv2.addWeighted(photo, 1 - opacity, colours, opacity, 0)
    return cv2.copyTo(photo, (mask == labels.BACKGROUND).view(np.uint8), painted)


def paint_flat(photo, mask):
    """A mask almost opaque over its photo in light greys, on which every class keeps its colour.

    With :func:`paint`, a person in dark clothes looks like a dining table.

    Args:
        photo: (H, W, 3) uint8 RGB.
        mask: (H, W) uint8 class indices, 255 = ignore.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        SegkitError: arrays of another type or shape.
    """
    grey = (photo @ np.float32([0.299, 0.587, 0.114]) / 4 + 190).astype(np.uint8)
    return paint(np.dstack([grey] * 3), mask, 0.85)

"""Photo to the model's input size, and class map back to the photo's size.

Pixel centres sit at half-integers: output pixel i of n looks at the place
(i + 0.5) * size / n - 0.5 of the source, which is the identity where the sizes
agree. NumPy's C loops do the work. The cost depends on the size of the output
alone, because only the pixels that are looked at are touched.
"""

from dataclasses import dataclass

import numpy as np

FITS = ("stretch", "letterbox")
BAND = 32  # rows that are worked on at a time
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
        (height, width, C) float32, in the range of the photo.
    """
    if photo.shape[:2] == (height, width):
        return photo.astype(np.float32)
    channels = photo.shape[2]
    y0, y1, fraction_y = _neighbours(photo.shape[0], height)
    x0, x1, fraction_x = _neighbours(photo.shape[1], width)
    fraction_x = np.repeat(fraction_x, channels)  # one for each number in a row

    def mixed_rows(y):
        rows = photo.take(y, axis=0)
        left = rows.take(x0, axis=1).reshape(len(y), -1).astype(np.float32)
        right = rows.take(x1, axis=1).reshape(len(y), -1).astype(np.float32)
        return _mix(left, right, fraction_x)

    result = np.empty((height, width * channels), np.float32)
    for top in range(0, height, BAND):  # band by band: what is needed stays in the cache
        band = slice(top, top + BAND)
        result[band] = _mix(mixed_rows(y0[band]), mixed_rows(y1[band]), fraction_y[band, None])
    return result.reshape(height, width, channels)


def resize_nearest(mask, height, width, region=None):
    """Sample a class map: each output pixel takes the class at its place.

    Classes are names, not amounts: mixing two of them would give a third one.

    Args:
        mask: (h, w) array of class indices.
        region: the part of ``mask`` to look at, as (top, left, height, width) in
            pixels of the mask, fractions allowed; None: all of it.

    Returns:
        (height, width) array of the mask's dtype.
    """
    top, left, part_height, part_width = region or (0, 0, *mask.shape)
    rows = _places(top, part_height, height, mask.shape[0])
    columns = _places(left, part_width, width, mask.shape[1])
    return mask.take(columns, axis=1).take(rows, axis=0)


def _mix(first, second, fraction):
    """first + (second - first) * fraction, in the memory of the two."""
    second -= first
    second *= fraction
    first += second
    return first


def _neighbours(size, count):
    """For ``count`` places along an axis: the pixel before, the one behind, the fraction."""
    place = np.clip((np.arange(count) + 0.5) * (size / count) - 0.5, 0, size - 1)
    before = place.astype(np.intp)
    behind = np.minimum(before + 1, size - 1)
    return before, behind, (place - before).astype(np.float32)


def _places(start, length, count, size):
    """The pixels nearest to ``count`` places in [start, start + length) of an axis."""
    place = start + (np.arange(count) + 0.5) * (length / count)
    return np.clip(place.astype(np.intp), 0, size - 1)

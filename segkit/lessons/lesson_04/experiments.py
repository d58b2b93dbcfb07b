"""Objects and filters of several sizes: a smaller photo, what an atrous filter reaches and sees.

Sources: Chen et al., DeepLab v3, https://arxiv.org/abs/1706.05587, section 3.3 and figure 4 (valid
weights); Luo et al., "Understanding the Effective Receptive Field in Deep Convolutional Neural
Networks", https://arxiv.org/abs/1701.04128 (that a network sees less than its receptive field).
"""

import cv2
import numpy as np

from segkit import reference
from segkit.errors import SegkitError
from segkit.languages import say
from segkit.masks import resize

GREY = 127  # of the canvas: near 0 after normalisation


def shrunk(photo, scale):
    """A photo, smaller, in the middle of a plain grey canvas of its old size.

    So the objects in it become small, and nothing else comes in. Pixels are averaged, as a camera
    does from further away.

    Args:
        photo: (H, W, 3) uint8 RGB.
        scale: of the sides, over 0 and up to 1; 1 gives the photo itself.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        SegkitError: another scale.
    """
    top, left, height, width = window(photo.shape[:2], scale)
    canvas = np.full_like(photo, GREY)
    canvas[top:top + height, left:left + width] = cv2.resize(photo, (width, height),
                                                             interpolation=cv2.INTER_AREA)
    return canvas


def window(size, scale):
    """Where :func:`shrunk` puts a photo of ``size`` (H, W): (top, left, height, width), pixels."""
    if not 0 < scale <= 1:
        raise SegkitError(say("the scale is {scale!r}; it must be over 0 and at most 1", scale=scale))
    height, width = (max(1, round(side * scale)) for side in size)
    return (size[0] - height) // 2, (size[1] - width) // 2, height, width


def object_at(scale, mask, height, width):
    """Where an object of the full-size photo is after :func:`shrunk`, on a map of any size.

    Args:
        scale: as there.
        mask: (H, W) bool: the object in the full-size photo.
        height, width: of the map, in cells.

    Returns:
        (height, width) bool; at least one cell, the object's middle, where ``mask`` has a pixel.
    """
    top, left, *inner = window(mask.shape, scale)
    small = np.zeros(mask.shape, bool)
    small[top:top + inner[0], left:left + inner[1]] = resize.resize_nearest(mask, *inner)
    cells = resize.resize_nearest(small, height, width)
    if small.any() and not cells.any():
        row, column = np.argwhere(small).mean(axis=0)
        cells[int(row * height / mask.shape[0]), int(column * width / mask.shape[1])] = True
    return cells


def taps(row, column, rate, size):
    """The cells that the nine weights of a 3x3 kernel meet.

    Args:
        row, column: the cell in the middle.
        rate: the atrous rate.
        size: (H, W) of the feature map, in cells.

    Returns:
        (9, 2) int cells (row, column), and (9,) bool: whether the cell lies on the map.
    """
    steps = rate * np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)])
    cells = steps + (row, column)
    return cells, ((cells >= 0) & (cells < size)).all(axis=1)


def valid_weights(size, rate):
    """How many weights of a 3x3 kernel meet the feature map, and not the zeros around it.

    A map of ones is filtered with a kernel of ones: each weight that meets the map adds 1.

    Args:
        size: side of the square feature map, in cells.
        rate: the atrous rate.

    Returns:
        (size, size) int, 1 to 9, for each place of the kernel's middle.
    """
    counts = reference.conv2d(np.ones((size, size, 1)), np.ones((3, 3, 1, 1)), rate=rate)
    return np.rint(counts[..., 0]).astype(int)


def receptive_field(graph):
    """The pixels of the input, along an axis, that one cell of a chain of layers depends on.

    Args:
        graph: a :class:`segkit.graph.Graph` whose convolutions follow each other, as a trunk's do.

    Returns:
        :class:`segkit.reference.ReceptiveField`
    """
    return reference.receptive_field(
        (operator.parameters["kernel"][0], operator.parameters["stride"][0], operator.rate[0])
        for operator in graph.operators if "CONV" in operator.name)


def what_matters(trunk, branches, photo, cell, places=11):
    """Where on a photo the answer of each branch, at one cell, comes from: an occlusion map.

    A grey square covers one part of the photo after the other, and the change of each response at
    the cell is measured: the length of the difference vector.

    Args:
        trunk: a :class:`segkit.networks.heads.Trunk`.
        branches: dictionary from name to a function from features (H, W, C) to (H, W, C_out).
        photo: (H, W, 3) uint8 RGB.
        cell: (row, column) of the feature map.
        places: squares along each side of the photo.

    Returns:
        dictionary from name to (places, places) float64.
    """
    def answers(picture):
        high = trunk.features(picture).high
        return {name: branch(high)[cell] for name, branch in branches.items()}

    whole = answers(photo)
    changes = {name: np.zeros((places, places)) for name in branches}
    edges = [np.linspace(0, side, places + 1).round().astype(int) for side in photo.shape[:2]]
    for row, column in np.ndindex(places, places):
        covered = photo.copy()
        covered[edges[0][row]:edges[0][row + 1], edges[1][column]:edges[1][column + 1]] = GREY
        for name, answer in answers(covered).items():
            changes[name][row, column] = np.linalg.norm(answer - whole[name])
    return changes


def half_of(changes):
    """The share of the photo's area (0 to 1) that is behind half of all change in such a map."""
    ordered = np.sort(changes, axis=None)[::-1].cumsum()
    return (np.searchsorted(ordered, ordered[-1] / 2) + 1) / changes.size

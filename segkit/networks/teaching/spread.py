"""From a few marks to many: a random walker carries them over the photo, and stops at edges.

A few pixels say little: a straight line through forty points of 216 numbers can lie anywhere. Their
neighbours that look alike say the same thing, and there are thousands. The walker starts at a point
and steps to a neighbour with a probability that falls with the difference of their colours; the
answer is the probability that it meets a mark of the class before another mark.
Source: L. Grady, Random walks for image segmentation, IEEE PAMI 2006,
https://doi.org/10.1109/TPAMI.2006.233, as scikit-image has it.
"""

import warnings

import cv2
import numpy as np

from segkit.networks.teaching.scribbles import CLASS, NOT_CLASS

# How much an edge holds the walker up. Of 300, 1000 and 3000 the middle one had the highest mean
# IoU over seven outlines of data/teaching/outlines.json with 20 marks of each side.
BETA = 1000
SURE = 0.8  # points that the walker gives to one side with at least this probability are learned from


def spread(photo, marks):
    """How probable it is that each point of a grid belongs to the class.

    Args:
        photo: (H, W, 3) uint8 RGB.
        marks: (n, n) uint8 scribbles on the points, see
            :func:`segkit.networks.teaching.scribbles.on_grid`.

    Returns:
        (n, n) float32 from 0 to 1. Where only one kind of marks is there, nothing can be told of
        the others: they get 0.5.
    """
    there = [(marks == kind).any() for kind in (NOT_CLASS, CLASS)]
    if not all(there) or marks.all():
        return np.select([marks == NOT_CLASS, marks == CLASS], [0, 1], 0.5).astype(np.float32)
    from skimage.segmentation import random_walker  # takes a while to import

    colours = cv2.cvtColor(_points(photo, len(marks)), cv2.COLOR_RGB2LAB) / 100
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a faster solver could be installed
        found = random_walker(colours, marks.astype(np.int32), beta=BETA, mode="cg_j", tol=1e-3,
                              channel_axis=-1, return_full_prob=True)
    return found[1].astype(np.float32)


def _points(photo, count):
    """The colour of each point of a grid over the photo: (n, n, 3) float32 from 0 to 1."""
    twice = cv2.resize(photo, (2 * count - 1,) * 2, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(cv2.GaussianBlur(twice, (3, 3), 0)[::2, ::2].astype(np.float32) / 255)

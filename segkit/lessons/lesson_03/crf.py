"""What a pixel of a dense CRF listens to, and small scenes on which the CRF helps or fails."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from segkit import photos
from segkit.languages import message
from segkit.masks import labels, metrics, resize
from segkit.reference import (
    Pairwise,
    average_pool,
    mean_field_step,
    resize_bilinear,
    softmax,
    unary_from_logits,
)

SHRINK = 8  # our CRF adds up all pairs of pixels, so photos are made this much smaller
DRAWN = (message("drawn: thin pole"), message("drawn: same colour"))


class Scene(NamedTuple):
    """What a CRF works on.

    Attributes:
        photo: (h, w, 3) float32 RGB, 0 to 255, small.
        unary: (h, w, C) float32 unary energies.
        names: the C classes.
        truth: (h, w) uint8 true class indices, 255 = ignore; None where nobody knows them.
    """

    photo: np.ndarray
    unary: np.ndarray
    names: tuple
    truth: np.ndarray


def influence(photo, row, column, pairwise=Pairwise()):
    """How much each pixel counts for one pixel of the CRF of :mod:`segkit.reference`.

    Args:
        photo: (H, W, 3), 0 to 255.
        row, column: the pixel.
        pairwise: weights and sigmas; both kernels count.

    Returns:
        (H, W) float64, the pixel's own place is 0; the sum is that of the two weights.
    """
    away = np.square(np.indices(photo.shape[:2]) - np.array([row, column])[:, None, None]).sum(axis=0)
    colours = np.asarray(photo, np.float64)
    alike = np.square(colours - colours[row, column]).sum(axis=-1)
    total = 0
    for weight, squares in ((pairwise.appearance, away / pairwise.position_sigma ** 2
                             + alike / pairwise.colour_sigma ** 2),
                            (pairwise.smoothness, away / pairwise.smoothness_sigma ** 2)):
        kernel = np.exp(-squares / 2)
        total = total + weight * kernel / kernel.sum()
    total[row, column] = 0
    return total


def half(influence):
    """The smallest share of the pixels, 0 to 1, from which half of an :func:`influence` comes."""
    rising = np.sort(influence, axis=None)[::-1].cumsum()
    return (np.searchsorted(rising, rising[-1] / 2) + 1) / influence.size


def scene_of(photo, logits, truth=None):
    """A photo, a head's scores and a true mask, small enough for the CRF.

    Args:
        photo: (H, W, 3) uint8 RGB.
        logits: (n, m, 21) class scores.
        truth: (H, W) true class indices, 255 = ignore, or None.

    Returns:
        :class:`Scene`.
    """
    small = average_pool(photo, SHRINK)
    size = small.shape[:2]
    scores = resize_bilinear(logits, *size, align_corners=True)
    return Scene(small, unary_from_logits(scores), labels.VOC,
                 None if truth is None else resize.resize_nearest(truth, *size))


@lru_cache
def scene(name):
    """A :class:`Scene` by its name: a sample photo with the scores of our v1 head, or a drawn one."""
    if name in DRAWN:
        return _drawn(name)
    from segkit.networks.heads import SegmentationHead, Trunk

    photo = photos.sample(name)
    truth = metrics.ignore_around(photos.voc_truth()) if name == "voc" else None
    return scene_of(photo, SegmentationHead("v1").logits(Trunk(16).features(photo)), truth)


def _drawn(name):
    """A thing before a wall, and scores that are right, but blurred."""
    y, x = np.mgrid[:48, :64]
    wall, blue, pale = np.array([[150., 150, 150], [40, 90, 170], [156, 156, 156]])
    disc = (x - 40) ** 2 + (y - 24) ** 2 < 140
    if name == "drawn: thin pole":  # two pixels wide, and nearly of the wall's colour
        pole = abs(x - 13.5) < 1
        truth, coats = disc | pole, ((disc, blue), (pole, pale))
    else:  # the left half of the disc has the wall's colour
        truth, coats = disc, ((disc & (x >= 40), blue),)
    photo = np.broadcast_to(wall, (*truth.shape, 3)).copy()
    for where, colour in coats:
        photo[where] = colour
    share = truth.astype(np.float32)
    for _ in range(2):
        around = np.pad(share, 1, mode="edge")
        share = (around[:-2, 1:-1] + around[2:, 1:-1] + around[1:-1, :-2] + around[1:-1, 2:]
                 + 4 * share) / 8
    logits = np.stack([np.full_like(share, 0.45), share], axis=-1) * 5
    return Scene(photo.astype(np.float32), unary_from_logits(logits), (message("wall"), message("thing")),
                 truth.astype(np.uint8))


def beliefs(found, pairwise=Pairwise(), steps=6):
    """What every pixel believes, step by step.

    Args:
        found: a :class:`Scene`.
        pairwise: weights and sigmas.
        steps: how many mean-field steps.

    Returns:
        (steps + 1, h, w, C) float32; the first are the scores alone.
    """
    made = [softmax(-found.unary)]
    for _ in range(steps):
        made.append(mean_field_step(made[-1], found.unary, found.photo, pairwise))
    return np.stack(made)


def most_changed(found, made):
    """(row, column) of the pixel that changes its mind most.

    Args:
        found: a :class:`Scene`; with a truth, the pixel that gains most for its true class.
        made: what :func:`beliefs` returns.
    """
    gain = made[-1] - made[0]
    if found.truth is None:
        change = np.abs(gain).max(axis=-1)
    else:
        known = found.truth != labels.IGNORE
        true = np.where(known, found.truth, 0)[..., None].astype(int)
        change = np.where(known, np.take_along_axis(gain, true, axis=-1)[..., 0], 0)
    return tuple(int(place) for place in np.unravel_index(change.argmax(), change.shape))


def quality(found, mask):
    """(mean IoU, boundary F within 1 pixel) of a mask of a scene with a truth."""
    return (metrics.mean_iou(metrics.confusion_matrix(found.truth, mask)),
            metrics.boundary_f(found.truth, mask, pixels=1))

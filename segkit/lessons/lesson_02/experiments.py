"""Worse versions of a mask, each worse in one way, to see which measure of segkit.masks.metrics notices.

Every function takes an (H, W) mask of class indices without ignored pixels (see
:func:`segkit.masks.metrics.fill_ignored`) and an amount, where 0 means no damage, and returns a new
mask of the same shape and type. All of them raise SegkitError for an amount below 0.
"""

import cv2
import numpy as np

from segkit.errors import SegkitError
from segkit.languages import message, say, say_many
from segkit.masks import metrics, resize
from segkit.masks.labels import BACKGROUND


def _checked(amount):
    if not amount >= 0:
        raise SegkitError(say("the amount of damage must be 0 or more, not {amount}", amount=amount))
    return amount


def shifted(mask, pixels):
    """Everything lies this many pixels too far to the right; the left edge is repeated."""
    columns = np.arange(mask.shape[1]) - int(_checked(pixels))
    return mask[:, np.clip(columns, 0, mask.shape[1] - 1)]


def grown(mask, pixels):
    """Objects reach this many pixels into the background: outlines are drawn too generously."""
    near = metrics.dilate(mask != BACKGROUND, _checked(pixels))
    return np.where(near, metrics.fill_ignored(mask, BACKGROUND), mask)


def eroded(mask, pixels):
    """Objects lose this many pixels to the background: outlines are drawn too tightly."""
    lost = metrics.dilate(mask == BACKGROUND, _checked(pixels))
    return np.where(lost, mask.dtype.type(BACKGROUND), mask)


def coarse(mask, pixels):
    """One class for each block of this many pixels, as in an output of that stride, enlarged."""
    block = max(1, int(_checked(pixels)))
    height, width = mask.shape
    small = resize.resize_nearest(mask, -(-height // block), -(-width // block))
    return resize.resize_nearest(small, height, width)


def without_small(mask, percent):
    """Connected areas of one class under this share of the photo (0 to 100) become background.

    At 100 nothing is left but a class that fills the whole photo. Pixels are connected through
    their four sides.
    """
    least = _checked(percent) / 100 * mask.size
    left = mask.copy()
    for index in set(np.unique(mask)) - {BACKGROUND}:
        _, areas, facts, _ = cv2.connectedComponentsWithStats((mask == index).view(np.uint8),
                                                              connectivity=4)
        small = facts[:, cv2.CC_STAT_AREA] < least
        small[0] = False  # everything else than this class
        left[small[areas]] = BACKGROUND
    return left


def speckled(mask, percent, seed=0):
    """This share of the pixels (0 to 100) takes the class of a pixel drawn from the whole mask."""
    chance = np.random.default_rng(seed)
    hit = chance.random(mask.shape) < _checked(percent) / 100
    drawn = (chance.random(mask.shape) * mask.size).astype(np.intp)
    return np.where(hit, mask.ravel()[drawn], mask)


KINDS = {
    message("moved to the right"): (shifted, lambda n: say_many("by {count} pixel", "by {count} pixels", n)),
    message("grown"): (grown, lambda n: say_many("by {count} pixel", "by {count} pixels", n)),
    message("shrunk"): (eroded, lambda n: say_many("by {count} pixel", "by {count} pixels", n)),
    message("in coarse blocks"): (coarse, lambda n: say_many("of {count} pixel", "of {count} pixels", n)),
    message("without small objects"): (without_small, lambda n: say("under {share} % of the photo", share=n)),
    message("speckled"): (speckled, lambda n: say("on {share} % of the pixels", share=n)),
}
"""Name of a kind of damage -> (its function, a function from the amount to its words)."""

"""Things on the sample photos that no model of this project knows, with their outlines, to measure on.

The outlines are data: ``data/teaching/outlines.json`` says how they were drawn.
"""

import json

import cv2
import numpy as np

from segkit import models, photos
from segkit.errors import SegkitError
from segkit.languages import say
from segkit.networks.teaching.scribbles import CLASS, NOT_CLASS

NEAR = (5, 40)  # pixels from the outline in which half of the marks beside a thing lie


def outlines():
    """The file with the outlines, a pathlib.Path."""
    return models.DATA / "teaching" / "outlines.json"


def listed():
    """[(class, name of the sample photo)] of all outlines."""
    return [(one["class"], one["photo"]) for one in _read()]


def drawn(name, photo):
    """Where a thing is on a sample photo: (H, W) bool.

    Raises:
        SegkitError: nobody drew it.
    """
    one = next((one for one in _read() if (one["class"], one["photo"]) == (name, photo)), None)
    if one is None:
        raise SegkitError(say("there is no outline of {name!r} on the photo {photo!r}; there are ", name=name,
                              photo=photo)
                          + ", ".join(say("{a} on {b}", a=a, b=b) for a, b in listed()))
    truth = np.zeros(photos.sample(photo).shape[:2], np.uint8)
    for kind, value in (("inside", 1), ("outside", 0)):
        for polygon in one[kind]:  # in sixteenths of a pixel
            cv2.fillPoly(truth, [np.rint(np.array(polygon) * 16).astype(np.int32)], value, shift=4)
    return truth > 0


def points(truth, count, seed=0):
    """Scribbles as a person might set them, drawn by chance.

    The marks of the class lie inside, away from the edge where the thing is wide enough. Of the
    others one half lies near the thing and the other anywhere.

    Args:
        truth: (H, W) bool.
        count: points of each side.

    Returns:
        (H, W) uint8 scribbles.
    """
    inside = cv2.distanceTransform(np.pad(truth, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    beside = cv2.distanceTransform((~truth).astype(np.uint8), cv2.DIST_L2, 5)
    rng, marks = np.random.default_rng(seed), np.zeros(truth.shape, np.uint8)
    near = np.flatnonzero((beside > NEAR[0]) & (beside < NEAR[1]))
    far = np.flatnonzero(beside >= NEAR[1])
    far = far if len(far) >= count else near
    for places, number, kind in ((np.flatnonzero(inside >= min(3, inside.max() / 2)), count, CLASS),
                                 (near, count - count // 2, NOT_CLASS), (far, count // 2, NOT_CLASS)):
        marks.ravel()[rng.choice(places, number, replace=False)] = kind
    return marks


def _read():
    return json.loads(outlines().read_text(encoding="utf-8"))["outlines"]

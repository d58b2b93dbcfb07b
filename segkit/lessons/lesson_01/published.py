"""Published models for the two easier tasks: a label and boxes, with names of their own.

They are optional downloads, see ``segkit models``. Both take the pixels as they are, 8
bits each. Sources: M. Sandler and others, "MobileNetV2", https://arxiv.org/abs/1801.04381
(classifier, 1001 ImageNet classes); W. Liu and others, "SSD: Single Shot MultiBox
Detector", https://arxiv.org/abs/1512.02325 (detector, COCO classes).
"""

import numpy as np

from segkit import models, photos
from segkit.errors import SegkitError
from segkit.languages import say
from segkit.masks import resize
from segkit.networks.heads import Box, ClassScore


def classify(session, photo, count=5):
    """Name what a photo shows.

    Args:
        session: ``segkit.open_session("mobilenet-v2")``.
        photo: anything that :func:`segkit.photos.load` takes; it is stretched to the input.
        count: how many answers at most; a score that 8 bits round to 0 is none.

    Returns:
        list of :class:`segkit.networks.heads.ClassScore`, the highest score first. The scores of all
        classes sum to 1: the model chooses one class for the photo (softmax).

    Raises:
        SegkitError: the session's model is no classifier of 8-bit pixels.
    """
    photo = photos.load(photo)
    _check(session, "classify")
    scores = session.outputs[0].real(session.run(_pixels(session, photo))[0])
    names = models.class_names(session.path, session.model)
    best = np.argsort(-scores, kind="stable")[:count]
    return [ClassScore(int(i), names[i].split(",")[0], float(scores[i]))
            for i in best if scores[i] > 0]


def detect(session, photo, least=0.5):
    """Find objects and their boxes.

    Args:
        session: ``segkit.open_session("ssd-mobilenet-v1")``.
        photo: anything that :func:`segkit.photos.load` takes; it is stretched to the input.
        least: boxes with a lower score (0 to 1) are left out.

    Returns:
        list of :class:`segkit.networks.heads.Box`, the highest score first; edges in pixels of the
        photo. ``index`` counts COCO's classes from 0, person, as the file's own labels do.
        The model itself keeps its ten best boxes and takes away those that overlap.

    Raises:
        SegkitError: the session's model is no detector of 8-bit pixels.
    """
    photo = photos.load(photo)
    _check(session, "detect")
    places, kinds, scores, count = session.run(_pixels(session, photo))
    height, width = photo.shape[:2]
    names = models.class_names(session.path, session.model)
    found = []
    for i in range(int(count[0])):
        top, left, bottom, right = places[0, i].clip(0, 1)
        if scores[0, i] >= least:
            kind = int(kinds[0, i])
            found.append(Box(kind, names[kind], float(scores[0, i]), float(left * width),
                             float(top * height), float(right * width), float(bottom * height)))
    return sorted(found, key=lambda box: -box.score)


def _check(session, task):
    known = session.model and session.model.task == task
    if not known or session.inputs[0].dtype != np.uint8:
        what = (say("its task is to {task}", task=session.model.task) if session.model
                else say("the catalogue does not know it"))
        raise SegkitError(say("{name} is no published model that can {task}: {what}", name=session.path.name,
                              task=task, what=what))


def _pixels(session, photo):
    """(1, h, w, 3) uint8: the photo at the size of the input."""
    height, width = session.inputs[0].shape[1:3]
    return resize.resize_bilinear(photo, height, width).astype(np.uint8)[None]

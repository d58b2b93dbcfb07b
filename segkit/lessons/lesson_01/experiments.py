"""What follows from a mask without a model: labels, pieces, boxes; and what each answer costs.

A label, boxes and a mask are three answers to one photo. From a mask the other two
follow; these functions do that. Nothing leads back: :func:`masks_in_box` counts how
many masks one box leaves open.
"""

from collections import namedtuple

import cv2
import numpy as np

from segkit.benchmark.timing import median_ms as milliseconds
from segkit.errors import SegkitError
from segkit.languages import say
from segkit.masks import boxes as edges
from segkit.masks import labels
from segkit.networks.heads import Box

BOX_BYTES = 1 + 4 * 2  # a class in one byte, four edges in two bytes each

Cost = namedtuple("Cost", "answer file_bytes output_bytes answer_bytes milliseconds")
Cost.__doc__ = """What one kind of answer costs.

answer: "label", "boxes" or "mask"; file_bytes: of the head's .tflite file; output_bytes:
what the head gives back; answer_bytes: the answer itself, as :func:`costs` counts it;
milliseconds: the middle one (median) of several runs of the head alone.
"""


def labels_of(mask, names=labels.VOC):
    """The classes of a mask: the answer of a perfect classifier.

    Args:
        mask: (H, W) class indices; the background and 255 (ignore) do not count.
        names: the class names in the order of their indices.

    Returns:
        list of names, in the order of the class indices.
    """
    return [names[i] for i in np.unique(mask) if i not in (labels.BACKGROUND, labels.IGNORE)]


def pieces(mask, stuff=(labels.BACKGROUND,)):
    """Number the connected pieces of a mask.

    Two pixels belong to one piece where they have the same class and touch, at a side
    or at a corner. The work is done by :func:`skimage.measure.label`.

    Args:
        mask: (H, W) class indices.
        stuff: classes that are not numbered; 255 (ignore) never is.

    Returns:
        (H, W) int32: 1, 2, 3 and so on for the pieces, row by row; 0 elsewhere.
    """
    from skimage.measure import label  # here, because it takes a while to import

    things = np.where(np.isin(mask, [*stuff, labels.IGNORE]), -1, mask.astype(np.int32))
    return label(things, background=-1).astype(np.int32)


def boxes_of(numbers, mask, names=labels.VOC, least=1):
    """The box around each numbered region: with true numbers, the answer of a perfect detector.

    Args:
        numbers: (H, W) integers; each number but 0 is one object, as in :attr:`Scene.instances
            <segkit.lessons.lesson_01.scenes.Scene>` or from :func:`pieces`.
        mask: (H, W) class indices; an object has the class of its first pixel.
        names: the class names in the order of their indices.
        least: regions of fewer pixels are left out.

    Returns:
        list of :class:`segkit.networks.heads.Box` in the order of the numbers; the score is 1, and
        the edges lie outside the last pixel: ``right - left`` is the width in pixels.
    """
    found, first, sizes = np.unique(numbers, return_index=True, return_counts=True)
    keep = (found > 0) & (sizes >= least)
    height, width = numbers.shape
    shares = edges.mask_boxes(numbers, found[keep])[:, 2:]
    pixels = np.rint(shares * [width, height, width, height])
    kinds = mask.ravel()[first[keep]]
    return [Box(int(k), names[k], 1.0, *map(float, row)) for k, row in zip(kinds, pixels)]


def fill(boxes, height, width):
    """The mask that one gets by filling boxes: smaller boxes lie on larger ones.

    Args:
        boxes: list of :class:`segkit.networks.heads.Box`, edges in pixels.

    Returns:
        (height, width) uint8 class indices; 0 outside all boxes.
    """
    mask = np.zeros((height, width), np.uint8)
    for box in sorted(boxes, key=lambda b: (b.left - b.right) * (b.bottom - b.top)):
        left, top, right, bottom = (max(0, round(edge)) for edge in box[3:])
        mask[top:bottom, left:right] = box.index
    return mask


def blur_outside(photo, keep):
    """A photo that is sharp where ``keep`` is true and blurred elsewhere.

    Args:
        photo: (H, W, 3) uint8 RGB.
        keep: (H, W) bool.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    blurred = cv2.GaussianBlur(photo, (0, 0), sigmaX=max(photo.shape) / 60)
    return np.where(keep[..., None], photo, blurred)


def masks_in_box(height, width):
    """How many different masks have one and the same box of height x width pixels.

    A mask has this box if it touches all four edges. Masks that miss an edge are taken
    away from all 2 ** (height * width) ones, those that miss two are added again, and so
    on (inclusion and exclusion).

    Args:
        height, width: whole numbers, 1 or more.

    Returns:
        an int; it has hundreds of digits for boxes of usual size.

    Raises:
        SegkitError: a size under 1.
    """
    if height < 1 or width < 1:
        raise SegkitError(say("a box of {height} x {width} pixels is none; both must be 1 or more",
                              height=height, width=width))

    def ways(count, size):  # edges that are missed on one axis: 0, 1 or both -> rows left over
        return [(1, size), (-2, size - 1), (1, max(size - 2, 0))][count]

    total = 0
    for rows in range(3):
        for columns in range(3):
            (sign, high), (other, wide) = ways(rows, height), ways(columns, width)
            total += sign * other * 2 ** (high * wide)
    return total


def costs(features, classifier, detector, segmenter, runs=9):
    """What a label, boxes and a mask cost for one photo.

    The answer is counted in a plain form: one byte for each class with a score over 0.5,
    :data:`BOX_BYTES` for each box, one byte for each pixel of the mask.

    Args:
        features: :class:`segkit.networks.heads.Features`.
        classifier, detector, segmenter: the three kinds of head in :mod:`segkit.networks.heads`.
        runs: how often each head runs; the middle time counts.

    Returns:
        list of three :class:`Cost`.
    """
    likely = sum(score.score > 0.5 for score in classifier.classify(features))
    sizes = {"label": likely, "boxes": BOX_BYTES * len(detector.detect(features)),
             "mask": segmenter.segment(features).mask.size}
    return [Cost(answer, head.session.path.stat().st_size, head.run(features).nbytes, sizes[answer],
                 milliseconds(lambda head=head: head.run(features), runs))
            for answer, head in zip(sizes, (classifier, detector, segmenter))]

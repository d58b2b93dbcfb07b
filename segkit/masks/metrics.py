"""How good is a mask: pixel accuracy, intersection over union, and what happens at the boundaries.

Every function takes class-index masks, (H, W) of any integer type, and most work on one
*confusion matrix*: cell ``[t, p]`` counts the pixels that are class ``t`` in truth and class ``p``
in the prediction. Matrices add up, so a data set is measured by summing its photos' matrices;
that sum, not a mean over photos, is PASCAL VOC's figure.

Sources: Everingham et al., "The PASCAL Visual Object Classes (VOC) Challenge", IJCV 2010,
https://doi.org/10.1007/s11263-009-0275-4, section 4.2 (IoU, and pixels that nobody counts);
Long, Shelhamer and Darrell, "Fully Convolutional Networks for Semantic Segmentation", CVPR 2015,
https://arxiv.org/abs/1411.4038, section 5 (the four measures on one matrix);
Csurka et al., "What is a good evaluation measure for semantic segmentation?", BMVC 2013,
https://doi.org/10.5244/C.27.32 (boundary F);
Kohli, Ladicky and Torr, "Robust Higher Order Potentials for Enforcing Label Consistency", IJCV
2009, https://doi.org/10.1007/s11263-008-0202-0 (trimap), used by DeepLab v1,
https://arxiv.org/abs/1412.7062, section 5, and v2, https://arxiv.org/abs/1606.00915, section 4.1.
"""

from __future__ import annotations

import cv2
import numpy as np

from segkit.errors import SegkitError
from segkit.languages import message, say
from segkit.masks.labels import BACKGROUND, IGNORE


def _whole_numbers(mask, name: str) -> np.ndarray:
    """A mask as an array; SegkitError where it does not hold class indices."""
    mask = np.asarray(mask)
    if mask.dtype.kind not in "biu":
        raise SegkitError(say("the {name} mask holds {dtype}; a mask holds class indices (integers), for "
                              "example scores.argmax(axis=-1)", name=name, dtype=mask.dtype))
    return mask


def _flat(mask, name: str) -> np.ndarray:
    """A mask as an array of one height and one width; SegkitError for anything else."""
    mask = _whole_numbers(mask, name)
    if mask.ndim != 2 or not mask.size:
        raise SegkitError(say("the {name} mask has the shape {shape}; pass one mask, (H, W)", name=name,
                              shape=mask.shape))
    return mask


def _pair(truth, prediction) -> tuple[np.ndarray, np.ndarray]:
    """Both masks as int64 arrays of one shape; SegkitError where they are not masks of one size."""
    truth, prediction = _whole_numbers(truth, "true"), _whole_numbers(prediction, "predicted")
    if truth.shape != prediction.shape:
        raise SegkitError(say("the masks differ in size: truth {shape}, prediction {shape2}; bring the "
                              "prediction to the size of the truth with segkit.masks.resize.resize_nearest",
                              shape=truth.shape, shape2=prediction.shape))
    return truth.astype(np.int64), prediction.astype(np.int64)


def _square(matrix) -> np.ndarray:
    """A confusion matrix as float64; SegkitError where it cannot be one."""
    matrix = np.asarray(matrix, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise SegkitError(say("an array of shape {shape} is no confusion matrix; pass what "
                              "confusion_matrix(truth, prediction) returns", shape=matrix.shape))
    if np.isnan(matrix).any():
        raise SegkitError(say("the confusion matrix holds NaN (not a number) in place of counts; pass what "
                              "confusion_matrix(truth, prediction) returns"))
    return matrix


def confusion_matrix(truth: np.ndarray, prediction: np.ndarray, classes: int = 21,
                     ignore: int = IGNORE) -> np.ndarray:
    """Count the pixels by true class and predicted class.

    Args:
        truth, prediction: masks of one shape, (H, W) or any other.
        classes: how many there are; class indices run from 0 to classes - 1.
        ignore: pixels with this true value are left out.

    Returns:
        (classes, classes) int64, true classes in the rows.

    Raises:
        SegkitError: masks of different size, values that are no integers, or a class index
            outside 0 to classes - 1.
    """
    truth, prediction = _pair(truth, prediction)
    keep = truth != ignore
    truth, prediction = truth[keep], prediction[keep]
    for name, values in (("true", truth), ("predicted", prediction)):
        outside = values[(values < 0) | (values >= classes)]
        if outside.size:
            raise SegkitError(say("the {name} mask holds class {first}; expected 0 to {classes}, and {ignore} "
                                  "only in the truth, for pixels that are not counted", name=name,
                                  first=outside[0], classes=classes - 1, ignore=ignore))
    counts = np.bincount(truth * classes + prediction, minlength=classes * classes)
    return counts.reshape(classes, classes)


def iou_per_class(matrix: np.ndarray) -> np.ndarray:
    """Intersection over union of each class.

    Args:
        matrix: (C, C) confusion matrix.

    Returns:
        (C,) float64 in [0, 1]. NaN for a class without a pixel in truth and prediction alike: it
        neither was there nor was it claimed.

    Raises:
        SegkitError: the matrix is not square, or holds NaN.
    """
    matrix = _square(matrix)
    hit = np.diag(matrix)
    union = matrix.sum(axis=0) + matrix.sum(axis=1) - hit
    return np.divide(hit, union, out=np.full(len(hit), np.nan), where=union > 0)


def mean_iou(matrix: np.ndarray) -> float:
    """Mean IoU over the classes that occur in truth, in [0, 1]; NaN if no pixel was counted.

    A class that is only predicted, never true, is no part of the mean (its pixels count against
    the classes that they were taken from), so that one stray pixel cannot move a mean over 18
    classes by a nineteenth. SegkitError as in :func:`iou_per_class`.
    """
    occurs = _square(matrix).sum(axis=1) > 0
    return float(iou_per_class(matrix)[occurs].mean()) if occurs.any() else float("nan")


def pixel_accuracy(matrix: np.ndarray) -> float:
    """Share of the counted pixels whose class is right, in [0, 1]; NaN if no pixel was counted.

    SegkitError as in :func:`iou_per_class`.
    """
    matrix = _square(matrix)
    return float(np.trace(matrix) / matrix.sum()) if matrix.sum() else float("nan")


def mean_accuracy(matrix: np.ndarray) -> float:
    """Share of each true class's pixels that are right, averaged over the classes in truth.

    In [0, 1]; NaN if no pixel was counted. SegkitError as in :func:`iou_per_class`.
    """
    matrix = _square(matrix)
    true = matrix.sum(axis=1)
    occurs = true > 0
    return float((np.diag(matrix)[occurs] / true[occurs]).mean()) if occurs.any() else float("nan")


def frequency_weighted_iou(matrix: np.ndarray) -> float:
    """IoU averaged with each class weighted by its true pixels, in [0, 1]; NaN if none was counted.

    SegkitError as in :func:`iou_per_class`.
    """
    frequency = _square(matrix).sum(axis=1)
    if not frequency.sum():
        return float("nan")
    return float((frequency * np.nan_to_num(iou_per_class(matrix))).sum() / frequency.sum())


def boundary(mask: np.ndarray) -> np.ndarray:
    """(H, W) bool: pixels with another value directly right of, left of, below or above them.

    A line is therefore two pixels wide, one on each side. SegkitError: not one mask, (H, W).
    """
    mask = _flat(mask, "given")
    edge = np.zeros(mask.shape, dtype=bool)
    right, down = mask[:, 1:] != mask[:, :-1], mask[1:] != mask[:-1]
    edge[:, 1:] |= right
    edge[:, :-1] |= right
    edge[1:] |= down
    edge[:-1] |= down
    return edge


def dilate(mask: np.ndarray, pixels: float) -> np.ndarray:
    """(H, W) bool: every pixel at most `pixels` (Euclidean) away from a true one.

    Raises:
        SegkitError: pixels < 0, or not one mask, (H, W).
    """
    if not pixels >= 0:
        raise SegkitError(say("a distance of {pixels} pixels was asked for; it must be 0 or more",
                              pixels=pixels))
    mask = _flat(mask, "given").astype(bool)
    if not mask.any():
        return mask
    distance = cv2.distanceTransform((~mask).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return distance <= pixels + 1e-3  # float32: far below the step from one distance to the next


def fill_ignored(mask: np.ndarray, ignore: int = IGNORE) -> np.ndarray:
    """The mask with each ignored pixel given the class of a nearest counted one (city-block).

    VOC's masks hide the boundary itself under a band of ignored pixels; a boundary measure needs
    a line in its middle. Same shape and type; a mask without a counted pixel stays as it is.

    Raises:
        SegkitError: not one mask, (H, W).
    """
    mask = _flat(mask, "given")
    hole = mask == ignore
    if hole.all() or not hole.any():
        return mask.copy()
    _, nearest = cv2.distanceTransformWithLabels(hole.view(np.uint8), cv2.DIST_L1, 3,
                                                 labelType=cv2.DIST_LABEL_PIXEL)
    # OpenCV numbers the counted pixels and says for each pixel which one is nearest to it.
    classes = np.empty(nearest.max() + 1, mask.dtype)
    classes[nearest[~hole]] = mask[~hole]
    return classes[nearest]


def ignore_around(mask: np.ndarray, pixels: float = 5, ignore: int = IGNORE) -> np.ndarray:
    """The mask with the background at most `pixels` away from an object set to `ignore`.

    This is how VOC's own files look: people cannot say to the pixel where an object ends, so a
    band around each object is not counted. Same shape and type, which must be able to hold
    `ignore`. SegkitError as in :func:`dilate`.
    """
    mask = _flat(mask, "given")
    objects = (mask != BACKGROUND) & (mask != ignore)
    return np.where(dilate(objects, pixels) & ~objects, mask.dtype.type(ignore), mask)


def boundary_f(truth: np.ndarray, prediction: np.ndarray, pixels: float = 2,
               ignore: int = IGNORE) -> float:
    """Boundary F of one photo: do the outlines lie within `pixels` of each other?

    For each class, precision is the share of predicted outline pixels that a true one lies near,
    recall the reverse, F their harmonic mean; the result is the mean over the classes in either
    mask. Ignored truth takes the nearest class first (:func:`fill_ignored`).

    Args:
        truth, prediction: (H, W) masks of one size.
        pixels: how far apart two outlines may lie.
        ignore: true value of pixels that are not counted.

    Returns:
        a float in [0, 1]; NaN if neither mask has an outline, or if no pixel is counted.

    Raises:
        SegkitError: as in :func:`confusion_matrix` and :func:`dilate`.
    """
    truth, prediction = _pair(truth, prediction)
    truth = fill_ignored(truth, ignore)
    if (truth == ignore).all():
        return float("nan")
    scores = []
    for index in np.union1d(truth, prediction):
        real, guess = boundary(truth == index), boundary(prediction == index)
        if not real.any() and not guess.any():
            continue
        precision = (guess & dilate(real, pixels)).sum() / max(guess.sum(), 1)
        recall = (real & dilate(guess, pixels)).sum() / max(real.sum(), 1)
        both = precision + recall
        scores.append(2 * precision * recall / both if both else 0.0)
    return float(np.mean(scores)) if scores else float("nan")


def trimap_matrix(truth: np.ndarray, prediction: np.ndarray, pixels: float = 5, classes: int = 21,
                  ignore: int = IGNORE) -> np.ndarray:
    """The confusion matrix of a "trimap": only the pixels near a change of class in truth.

    A change to `ignore` counts as one: that is where VOC's boundaries are. Sum the matrices over
    photos. Arguments, result and errors as in :func:`confusion_matrix`; `pixels` is how near.
    """
    truth, prediction = _pair(truth, prediction)
    band = dilate(boundary(truth), pixels)
    return confusion_matrix(np.where(band, truth, ignore), prediction, classes, ignore)


def trimap_iou(truth: np.ndarray, prediction: np.ndarray, pixels: float = 5, classes: int = 21,
               ignore: int = IGNORE) -> float:
    """Mean IoU of one photo within `pixels` of the true boundaries, in [0, 1]; NaN without any.

    Arguments and errors as in :func:`trimap_matrix`.
    """
    return mean_iou(trimap_matrix(truth, prediction, pixels, classes, ignore))


def summary(truth: np.ndarray, prediction: np.ndarray) -> dict[str, float]:
    """All measures of one photo by name, each in [0, 1] or NaN, at their usual distances.

    Errors as in :func:`confusion_matrix` and :func:`boundary_f`.
    """
    matrix = confusion_matrix(truth, prediction)
    return {message("pixel accuracy"): pixel_accuracy(matrix),
            message("mean accuracy"): mean_accuracy(matrix),
            message("frequency-weighted IoU"): frequency_weighted_iou(matrix),
            message("mean IoU"): mean_iou(matrix),
            message("boundary F"): boundary_f(truth, prediction),
            message("trimap IoU"): trimap_iou(truth, prediction)}

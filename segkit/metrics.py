"""How good is a mask: pixel accuracy, intersection over union, and what happens at the boundaries.

Every function takes class-index masks, (H, W) of any integer type, and most work on one *confusion matrix*: cell
``[t, p]`` counts the pixels that are class ``t`` in truth and class ``p`` in the prediction. Matrices add up, so a
data set is measured by summing its photos' matrices; that sum, not a mean over photos, is PASCAL VOC's figure.

Sources: Everingham et al., "The PASCAL Visual Object Classes (VOC) Challenge", IJCV 2010, section 4.2 (IoU);
Long, Shelhamer and Darrell, "Fully Convolutional Networks", CVPR 2015, section 5 (pixel accuracy, frequency-weighted
IoU); Csurka et al., "What is a good evaluation measure for semantic segmentation?", BMVC 2013 (boundary F); Kohli,
Ladicky and Torr, IJCV 2009, section 6 (trimap), used by DeepLab v2, https://arxiv.org/abs/1606.00915, section 4.1.
"""

from __future__ import annotations

import numpy as np

from segkit.errors import SegkitError
from segkit.labels import IGNORE


def _pair(truth: np.ndarray, prediction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both masks as int64 arrays of one (H, W); SegkitError where they are not masks of one size."""
    truth, prediction = np.asarray(truth), np.asarray(prediction)
    for name, mask in (("truth", truth), ("prediction", prediction)):
        if not (np.issubdtype(mask.dtype, np.integer) or mask.dtype == bool):
            raise SegkitError(f"the {name} mask holds {mask.dtype}; a mask holds class indices (integers)")
    if truth.shape != prediction.shape:
        raise SegkitError(f"the masks differ in size: truth {truth.shape}, prediction {prediction.shape}")
    return truth.astype(np.int64), prediction.astype(np.int64)


def confusion_matrix(truth: np.ndarray, prediction: np.ndarray, classes: int = 21, ignore: int = IGNORE) -> np.ndarray:
    """Count of pixels by (true class, predicted class), (classes, classes) int64.

    Pixels whose truth is `ignore` are left out. Raises SegkitError for masks of different size, for values that are
    no integers, and for a class index outside 0..classes-1.
    """
    truth, prediction = _pair(truth, prediction)
    keep = truth != ignore
    truth, prediction = truth[keep], prediction[keep]
    for name, values in (("truth", truth), ("prediction", prediction)):
        if values.size and (values.min() < 0 or values.max() >= classes):
            raise SegkitError(f"the {name} mask holds class {values.max() if values.min() >= 0 else values.min()}; "
                              f"expected 0 to {classes - 1}")
    return np.bincount(truth * classes + prediction, minlength=classes * classes).reshape(classes, classes)


def iou_per_class(matrix: np.ndarray) -> np.ndarray:
    """Intersection over union of each class, (classes,) float64 in [0, 1].

    NaN for a class without a pixel in truth and prediction alike: it neither was there nor was it claimed.
    """
    matrix = np.asarray(matrix, dtype=np.float64)
    hit = np.diag(matrix)
    union = matrix.sum(axis=0) + matrix.sum(axis=1) - hit
    return np.divide(hit, union, out=np.full(len(hit), np.nan), where=union > 0)


def mean_iou(matrix: np.ndarray) -> float:
    """Mean IoU over the classes that occur in truth, a float in [0, 1]; NaN if no pixel was counted.

    A class that is only predicted, never true, is no part of the mean (its pixels count against the classes that
    they were taken from), so that one stray pixel cannot move a mean over 18 classes by a nineteenth.
    """
    occurs = np.asarray(matrix).sum(axis=1) > 0
    return float(iou_per_class(matrix)[occurs].mean()) if occurs.any() else float("nan")


def pixel_accuracy(matrix: np.ndarray) -> float:
    """Share of the counted pixels whose class is right, in [0, 1]; NaN if no pixel was counted."""
    matrix = np.asarray(matrix, dtype=np.float64)
    return float(np.trace(matrix) / matrix.sum()) if matrix.sum() else float("nan")


def frequency_weighted_iou(matrix: np.ndarray) -> float:
    """IoU averaged with each class weighted by its true pixels, in [0, 1]; NaN if no pixel was counted."""
    matrix = np.asarray(matrix, dtype=np.float64)
    frequency = matrix.sum(axis=1)
    if not frequency.sum():
        return float("nan")
    return float((frequency * np.nan_to_num(iou_per_class(matrix))).sum() / frequency.sum())


def boundary(mask: np.ndarray) -> np.ndarray:
    """(H, W) bool: pixels with another value directly right of or below them, or left of or above them."""
    mask = np.asarray(mask)
    edge = np.zeros(mask.shape, dtype=bool)
    right, down = mask[:, 1:] != mask[:, :-1], mask[1:] != mask[:-1]
    edge[:, 1:] |= right
    edge[:, :-1] |= right
    edge[1:] |= down
    edge[:-1] |= down
    return edge


def dilate(mask: np.ndarray, pixels: int) -> np.ndarray:
    """(H, W) bool: every pixel at most `pixels` (Euclidean) away from a true one. SegkitError if pixels < 0."""
    if pixels < 0:
        raise SegkitError(f"a distance of {pixels} pixels was asked for; it must be 0 or more")
    mask = np.asarray(mask, dtype=bool)
    height, width = mask.shape
    padded = np.pad(mask, pixels)
    grown = np.zeros_like(mask)
    for y in range(-pixels, pixels + 1):
        for x in range(-pixels, pixels + 1):
            if x * x + y * y <= pixels * pixels:
                grown |= padded[pixels + y:pixels + y + height, pixels + x:pixels + x + width]
    return grown


def fill_ignored(mask: np.ndarray, ignore: int = IGNORE) -> np.ndarray:
    """The mask with each ignored pixel given the class of a nearest counted one (city-block), same shape and type.

    VOC's masks hide the boundary itself under a band of ignored pixels; a boundary measure needs a line in its middle.
    """
    filled = np.array(mask)
    if not (filled != ignore).any():
        return filled
    while (hole := filled == ignore).any():
        # One ring of the hole at a time, from all four sides; the copy keeps this ring's pixels from spreading on.
        before = np.pad(filled, 1, constant_values=ignore)
        for shifted in (before[1:-1, :-2], before[1:-1, 2:], before[:-2, 1:-1], before[2:, 1:-1]):
            take = hole & (shifted != ignore)
            filled[take] = shifted[take]
            hole &= ~take
    return filled


def boundary_f(truth: np.ndarray, prediction: np.ndarray, pixels: int = 2, ignore: int = IGNORE) -> float:
    """Boundary F of one photo, in [0, 1]: do the outlines lie within `pixels` of each other?

    For each class, precision is the share of predicted outline pixels that a true one lies near, recall the reverse,
    F their harmonic mean; the result is the mean over the classes in either mask. NaN if neither has an outline.
    Ignored truth takes the nearest class first (`fill_ignored`). SegkitError as in `confusion_matrix` and `dilate`.
    """
    truth, prediction = _pair(truth, prediction)
    truth = fill_ignored(truth, ignore)
    scores = []
    for index in np.union1d(truth, prediction):
        real, guess = boundary(truth == index), boundary(prediction == index)
        if not real.any() and not guess.any():
            continue
        precision = (guess & dilate(real, pixels)).sum() / max(guess.sum(), 1)
        recall = (real & dilate(guess, pixels)).sum() / max(real.sum(), 1)
        scores.append(2 * precision * recall / (precision + recall) if precision + recall else 0.0)
    return float(np.mean(scores)) if scores else float("nan")


def trimap_matrix(truth: np.ndarray, prediction: np.ndarray, pixels: int = 5, classes: int = 21,
                  ignore: int = IGNORE) -> np.ndarray:
    """The confusion matrix of only those pixels at most `pixels` from a change of class in truth (a "trimap").

    A change to `ignore` counts as one: that is where VOC's boundaries are. Sum the matrices over photos.
    """
    truth, prediction = _pair(truth, prediction)
    band = dilate(boundary(truth), pixels)
    return confusion_matrix(np.where(band, truth, ignore), prediction, classes, ignore)


def trimap_iou(truth: np.ndarray, prediction: np.ndarray, pixels: int = 5, classes: int = 21,
               ignore: int = IGNORE) -> float:
    """Mean IoU of one photo within `pixels` of the true boundaries, in [0, 1]; NaN where truth has none."""
    return mean_iou(trimap_matrix(truth, prediction, pixels, classes, ignore))

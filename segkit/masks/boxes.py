"""Boxes: the detecting head's answer decoded, boxes around masks, their overlap.

A box is a row (class, score, left, top, right, bottom); the edges are shares of the photo, 0 to 1.
"""

from __future__ import annotations

import numpy as np

from segkit.errors import SegkitError
from segkit.languages import say

OBJECTS = 20


def mask_boxes(best: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Boxes that enclose each class's cells in a class map.

    Args:
        best: (h, w) class map.
        classes: the class indices, each of which occurs.

    Returns:
        (n, 6) float32 rows (class, 1, left, top, right, bottom).

    Raises:
        SegkitError: a class does not occur.
    """
    height, width = best.shape
    rows = []
    for index in classes:
        y, x = np.nonzero(best == index)
        if not len(y):
            raise SegkitError(say("class {index} has no cell in the class map; leave it out", index=index))
        rows.append((index, 1.0, x.min() / width, y.min() / height,
                     (x.max() + 1) / width, (y.max() + 1) / height))
    return np.array(rows, np.float32).reshape(-1, 6)


def decode(output: np.ndarray, least: float = 0.3, overlap: float = 0.5) -> np.ndarray:
    """Boxes (n, 6): class, score, left, top, right, bottom as shares of the photo; best first.

    `output` is (h, w, 24) as the exported head gives it. A cell is a centre where no neighbour
    scores higher; of two boxes of one class that overlap by more than `overlap` (IoU) the better
    stays.
    """
    scores = 1 / (1 + np.exp(-output[..., :OBJECTS].astype(np.float32)))
    height, width = scores.shape[:2]
    padded = np.pad(scores, ((1, 1), (1, 1), (0, 0)))
    highest = np.max([padded[y:y + height, x:x + width] for y in range(3) for x in range(3)],
                     axis=0)
    rows, columns, kinds = np.nonzero((scores >= highest) & (scores >= least))
    left, top, right, bottom = output[rows, columns, OBJECTS:].astype(np.float32).T
    x, y = columns / (width - 1), rows / (height - 1)
    boxes = np.column_stack([kinds + 1, scores[rows, columns, kinds],
                             x - left, y - top, x + right, y + bottom])
    boxes = boxes[np.argsort(-boxes[:, 1], kind="stable")]
    boxes[:, 2:] = boxes[:, 2:].clip(0, 1)
    kept: list[np.ndarray] = []
    for box in boxes:
        if all(box[0] != other[0] or box_iou(box[2:], other[2:]) <= overlap for other in kept):
            kept.append(box)
    return np.array(kept, np.float32).reshape(-1, 6)


def box_iou(first: np.ndarray, second: np.ndarray) -> float:
    """Intersection over union of two boxes (left, top, right, bottom)."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    both = max(width, 0) * max(height, 0)
    area = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (first, second))
    return float(both / (area - both)) if area > both else 0.0

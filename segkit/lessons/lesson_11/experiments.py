"""What only lesson 11 computes: similarity, prototypes, a head by hand, and the stored evidence."""

import json

import numpy as np

from segkit import models
from segkit.errors import SegkitError, one_line
from segkit.languages import say
from segkit.masks import resize
from segkit.networks.teaching.features import enlarged
from segkit.networks.teaching.head import Head
from segkit.networks.teaching.scribbles import CLASS, NOT_CLASS, on_grid

STORED = "teaching/evidence.json"
INPUT = 257  # pixels: the side of the model's input
WAYS = ("prototype", "points", "spread")


def iou(found, truth):
    """Intersection over union of two (H, W) bool masks; 0 where both are empty."""
    return float((found & truth).sum() / max(1, (found | truth).sum()))


def standardised(rows):
    """(n, d) features with mean 0 and standard deviation 1 in each channel."""
    return (rows - rows.mean(axis=0)) / (rows.std(axis=0) + 1e-6)


def cosine(rows, vector):
    """The cosine of the angle between each row (n, d) and a vector (d,): (n,) from -1 to 1."""
    return rows @ vector / (np.linalg.norm(rows, axis=1) * np.linalg.norm(vector) + 1e-9)


def marked(seen, marks, side=INPUT):
    """(rows, labels) of the points that scribbles mark: (n, d) features and (n,) bool.

    Args:
        seen: :class:`segkit.networks.teaching.features.Seen`.
        marks: (H, W) uint8 scribbles.
        side: of the model's input.
    """
    grid = on_grid(marks, side, seen.fine).ravel()
    points = np.flatnonzero(grid)
    return seen.rows(points), grid[points] == CLASS


def place(seen, x, y, side=INPUT):
    """The point of the fine grid that lies nearest to a pixel (x, y) of the photo: a flat index."""
    marks = np.zeros(seen.photo.shape[:2], np.uint8)
    marks[y, x] = NOT_CLASS
    return int(np.flatnonzero(on_grid(marks, side, seen.fine))[0])


def at_photo(seen, values, side=INPUT):
    """Values of the fine grid, (n * n,), at the photo's size: (H, W) float32."""
    grid = np.asarray(values, np.float32).reshape(seen.fine, seen.fine)
    return resize.resize_nearest(enlarged(grid, side), *seen.photo.shape[:2])


def by_prototype(seen, marks, side=INPUT):
    """A mask without any training: each point gets the side whose mean feature is more similar.

    Source: J. Snell and others, Prototypical Networks for Few-shot Learning,
    https://arxiv.org/abs/1703.05175 (with Euclidean distance; here it is the cosine).

    Returns:
        (H, W) bool.
    """
    rows = standardised(seen.rows())
    grid = on_grid(marks, side, seen.fine).ravel()
    yes, no = (cosine(rows, rows[grid == kind].mean(axis=0)) for kind in (CLASS, NOT_CLASS))
    return at_photo(seen, yes - no, side) > 0


def by_points(seen, marks, maps="both", side=INPUT):
    """A mask from a head that is fitted to the marked points alone.

    Args:
        maps: "low" (stride 4), "high" (stride 16) or "both".

    Returns:
        (H, W) bool.
    """
    rows, labels = marked(seen, marks, side)
    channels = [one.shape[2] for one in seen.maps]
    keep = {"low": slice(0, channels[0]), "high": slice(channels[0], None), "both": slice(None)}[maps]
    head = _fitted(rows[:, keep], labels, rows.shape[1], keep, channels)
    return enlarged_mask(head, seen, side)


def from_all(seen, truth, maps="both", side=INPUT):
    """The mask of a head that is fitted to the true mask itself: the most that these maps can do."""
    return by_points(seen, np.where(truth, CLASS, NOT_CLASS).astype(np.uint8), maps, side)


def enlarged_mask(head, seen, side=INPUT):
    """Where a head's score is over 0, (H, W) bool; the old classes are not asked."""
    return resize.resize_nearest(enlarged(head.score(seen), side) > 0, *seen.photo.shape[:2])


def _fitted(rows, labels, count, keep, channels):
    """A head whose weights are 0 outside of the channels that are kept."""
    head, _ = Head.fitted(rows, labels.astype(float), None, np.zeros(len(rows)), (rows.shape[1],))
    weights = np.zeros(count, np.float32)
    weights[keep] = head.weights[0]
    return Head(tuple(np.split(weights, [channels[0]])), head.bias)


def evidence():
    """What ``python tools/teaching.py`` measured: a dictionary, see :data:`STORED`.

    Raises:
        SegkitError: the file cannot be read.
    """
    file = models.DATA / STORED
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SegkitError(say("{name} cannot be read ({why}); get a fresh copy of the project",
                              name=file.name, why=one_line(error))) from error

"""From scores to classes: which class wins at each pixel.

:class:`Argmax` is what a network uses: measured with the models of data/models/, at 257 x 257 and
1200 x 600 pixels, its shortcut saves 7 % of the whole way from photo to mask (median of 32 runs).
"""

import numpy as np

from segkit.errors import SegkitError
from segkit.languages import say

FLAT = 32  # whole numbers that differ by less may lie near a straight line by chance


class Argmax:
    """:func:`class_map` for one network: whether its shortcut holds is seen in the first scores.

    Args:
        grid: (height, width) of the scores before the graph's last operator, RESIZE_BILINEAR,
            spread them; None where there is none.
    """

    def __init__(self, grid):
        self.grid, self.step = grid, None

    def __call__(self, scores):
        """(H, W) uint8 class indices of (H, W, C) scores."""
        if self.step is None:
            self.step = grid_step(scores, self.grid)
        return class_map(scores, self.step or 1)


def class_map(scores, step=1):
    """The class with the highest score, for each pixel.

    Args:
        scores: (H, W, C) array, one score (logit) for each class.
        step: what :func:`grid_step` said of this model's scores; 1 looks at every pixel.

    Returns:
        (H, W) uint8 class indices.

    Raises:
        SegkitError: a score is not a number (NaN), so that no class wins.

    With a step the answer is the same and comes sooner. Between four grid points
    bilinear interpolation takes weighted means, and a weighted mean keeps order:
    where one class wins at all four points, it wins everywhere between them.
    Only the other cells need a closer look. (Two float scores that are equal but
    for rounding may fall either way. Rounding to whole numbers keeps order, too, so
    8-bit scores give the very same answer.)
    """
    points = scores[::step, ::step]  # between grid points a NaN comes from a grid point
    if scores.dtype.kind == "f":
        flat = points.ravel()
        if np.isnan(np.dot(flat, flat)):  # one pass sees any NaN
            raise SegkitError(say("the scores hold NaN (not a number), so no class can win; the model's file "
                                  "or its input is damaged"))
    if step == 1:
        return scores.argmax(axis=-1).astype(np.uint8)
    corners = points.argmax(axis=-1).astype(np.uint8)
    first = corners[:-1, :-1]
    agree = ((first == corners[:-1, 1:]) & (first == corners[1:, :-1])
             & (first == corners[1:, 1:]))
    mask = np.empty(scores.shape[:2], np.uint8)
    mask[:-1, :-1] = first.repeat(step, axis=0).repeat(step, axis=1)
    mask[-1], mask[:, -1] = scores[-1].argmax(axis=-1), scores[:, -1].argmax(axis=-1)
    # The cells as a (rows, step, columns, step) view: their first pixel is a grid point.
    tiled = (len(first), step, -1, step)
    cells, cell_scores = (a[:-1, :-1].reshape(*tiled, *a.shape[2:]) for a in (mask, scores))
    rows, columns = np.nonzero(~agree)
    cells[rows, :, columns] = cell_scores[rows, :, columns].argmax(axis=-1)
    return mask


def grid_step(scores, grid):
    """Pixels from one grid point to the next where scores were spread from a grid.

    Args:
        scores: (H, W, C) scores for some photo.
        grid: as in :class:`Argmax`.

    Returns:
        the step; 1 where every pixel stands for itself; None where scores are too flat to tell.
        Resizing has several conventions; this one is confirmed by the scores
        themselves, which must be a straight line from one grid point to the next.
    """
    height, width = scores.shape[:2]
    if grid is None or min(grid) < 2 or scores.dtype.kind not in "fi":
        return 1
    step = (height - 1) // (grid[0] - 1)
    if step < 2 or (height - 1, width - 1) != (step * (grid[0] - 1), step * (grid[1] - 1)):
        return 1
    points = scores[::step, ::step].astype(np.float32)  # differences of 8-bit numbers need room
    span, whole = np.ptp(points), scores.dtype.kind == "i"
    if span < FLAT if whole else span == 0:
        return None
    rounding = 0.501 if whole else 2e-5 * span  # whole numbers lie within one half of the line
    for away in range(1, step):
        part = away / step
        down = points[:-1] * (1 - part) + points[1:] * part
        across = points[:, :-1] * (1 - part) + points[:, 1:] * part
        if not (np.allclose(down, scores[away::step, ::step], rtol=0, atol=rounding)
                and np.allclose(across, scores[::step, away::step], rtol=0, atol=rounding)):
            return 1
    return step
